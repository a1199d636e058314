/* For the targets that read configurations: a directory of their own, with a key file, where each input becomes a file.
 * What follows a form feed in it becomes a second file, in a directory `parts`, which the first one may name in one of
 * its lists of files (`targets_from` and the like). */
#ifndef FLOATPROBE_YAML_FILE_H
#define FLOATPROBE_YAML_FILE_H

#include "common/config/diag.h"
#include "common/core/seal.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In libc's place, with libc's names: no pattern of an input may wander through the machine's file system. */
int glob(const char *__pattern, int __flags, int (*__errfunc)(const char *, int), glob_t *__pglob)
{
	(void)__pattern;
	(void)__flags;
	(void)__errfunc;
	*__pglob = (glob_t){ 0 };
	return GLOB_NOMATCH;
}

static char yaml_dir[] = "/tmp/floatprobe-fuzz-XXXXXX";
static char yaml_input[64], yaml_key[64], yaml_parts[64], yaml_part[64];

static void yaml_write(const char *file, const void *octets, size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0 && write(fd, octets, len) == (ssize_t)len);
	close(fd);
}

static void yaml_remove(void)
{
	unlink(yaml_input);
	unlink(yaml_key);
	unlink(yaml_part);
	rmdir(yaml_parts);
	rmdir(yaml_dir);
}

static void yaml_start(void)
{
	static const char secret[] = "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	FUZZ_CHECK(seal_start() && mkdtemp(yaml_dir));
	atexit(yaml_remove);
	snprintf(yaml_input, sizeof yaml_input, "%s/input.yaml", yaml_dir);
	snprintf(yaml_key, sizeof yaml_key, "%s/a.key", yaml_dir);
	snprintf(yaml_parts, sizeof yaml_parts, "%s/parts", yaml_dir);
	snprintf(yaml_part, sizeof yaml_part, "%s/parts/a.yaml", yaml_dir);
	FUZZ_CHECK(mkdir(yaml_parts, 0700) == 0);
	yaml_write(yaml_key, secret, sizeof secret - 1);
}

/* The path of a file with these octets in it. */
static const char *yaml_file(const uint8_t *data, size_t size)
{
	const uint8_t *part = size ? memchr(data, '\f', size) : NULL;
	size_t len = part ? (size_t)(part - data) : size;

	if (!yaml_input[0])
		yaml_start();
	yaml_write(yaml_input, data, len);
	if (part)
		yaml_write(yaml_part, part + 1, size - len - 1);
	else
		unlink(yaml_part);
	return yaml_input;
}

static void yaml_take_line(void *context, enum log_level level, const char *line)
{
	(void)context;
	(void)level;
	FUZZ_CHECK(*line && !strchr(line, '\n'));
}

/* There is a result exactly where there is no error; every message can be shown. */
static void yaml_check(const struct diag_list *diags, const void *config)
{
	FUZZ_CHECK((config == NULL) == (diags->errors > 0));
	log_to(yaml_take_line, NULL);
	diag_log(diags);
}

#endif
