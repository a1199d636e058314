/* What the tests of configurations share: a directory of their own with key files, and the comparison of everything
 * that diag_log says with what it has to say. */
#ifndef FLOATPROBE_CONFIG_FIXTURE_H
#define FLOATPROBE_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/config/diag.h"
#include "common/core/seal.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Secret keys a.key, b.key, c.key from the seeds 1, 2, 3 (31 zeros behind); their public keys. */
#define KEY_A "ed25519:zswVB9wd3XKVlRwpCIjwla25BE0bc9aW5t8GXWg71Pw="
#define KEY_B "ed25519:a3nFfmoJUjkoLASBjpYRLz8DpAAbqXpWTCOFKj8epfw="
#define KEY_C "ed25519:2tvRhKLVJvHr3VwG/a2TWbIodZtNf3nWZon6JUqthUY="

static char fixture_dir[] = "/tmp/floatprobe-config-XXXXXX";

static inline void fixture_write_octets(const char *name, const void *octets, size_t len)
{
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void fixture_write(const char *name, const char *text)
{
	fixture_write_octets(name, text, strlen(text));
}

static inline void fixture_write_key(const char *name, const char *text)
{
	(void)unlink(name);
	fixture_write(name, text);
	assert_int_equal(chmod(name, 0600), 0);
}

/* cmocka group setup: everything happens in the directory, so that messages have short file names. */
static inline int fixture_setup(void **state)
{
	(void)state;
	if (!seal_start() || !mkdtemp(fixture_dir) || chdir(fixture_dir) < 0)
		return -1;
	fixture_write_key("a.key", "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	fixture_write_key("b.key", "floatprobe-secret:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	fixture_write_key("c.key", "floatprobe-secret:AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	return 0;
}

static inline int fixture_teardown(void **state)
{
	char command[64];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", fixture_dir);
	return chdir("/") < 0 || system(command) != 0 ? -1 : 0;
}

static inline void fixture_take_line(void *out, enum log_level level, const char *line)
{
	(void)level;
	fprintf(out, "%s\n", line);
}

/* All that diags say, as text to be freed. */
static inline char *fixture_text(const struct diag_list *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	log_to(fixture_take_line, out);
	diag_log(diags);
	log_to(NULL, NULL);
	fclose(out);
	return text;
}

static inline void fixture_expect(const char *what, struct diag_list *diags, const char *expected)
{
	char *text = fixture_text(diags);
	if (strcmp(text, expected) != 0) {
		fprintf(stderr, "%s\n--- said\n%s--- expected\n%s", what, text, expected);
		fail();
	}
	free(text);
	diag_free(diags);
}

#endif
