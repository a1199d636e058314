#include "client/report/journals.h"

#include "client/report/intake.h"
#include "client/report/lines.h"
#include "client/report/record.h"
#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERRORS_LOGGED = 5 };

struct journal_file {
	const char *path;
	struct lines lines;
	char owner[RECORD_NAME_LEN];
	int64_t begin_ns;
	bool regular, read;
	dev_t device;
	ino_t inode;
};

/* -- files -- */

/* "boot-01.jsonl", "boot-01.jsonl.1" and "/var/log/boot-01.jsonl-20260501" are of boot-01, if nothing else is known. */
static void name_owner(struct journal_file *f)
{
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	const char *suffix = strstr(name, ".json");

	if (strcmp(f->path, "-") == 0)
		name = "standard input";
	snprintf(f->owner, sizeof f->owner, "%.*s", suffix ? (int)(suffix - name) : RECORD_NAME_LEN - 1, name);
}

/* The time of the first record, from which the files get their order. The position stays where it was. */
static void find_begin(struct journal_file *f, struct record *record)
{
	struct lines peek;
	const char *line;
	size_t len;
	char error[RECORD_ERROR_LEN];
	int fd = f->regular ? open(f->path, O_RDONLY | O_CLOEXEC) : -1;

	f->begin_ns = INT64_MAX;
	if (fd < 0 || !lines_open(&peek, fd))
		return;
	while (f->begin_ns == INT64_MAX && lines_next(&peek, &line, &len) == LINES_WHOLE) {
		if (record_read(line, len, record, error) == RECORD_READ)
			f->begin_ns = record->time_ns;
	}
	lines_close(&peek);
}

/* The command that makes a journal of what a log rotation has compressed; NULL: it is not compressed. */
static const char *decompressor(struct lines *lines)
{
	static const struct {
		char magic[4];
		size_t len;
		const char *command;
	} kinds[] = { { "\x1f\x8b", 2, "zcat" },
		      { "\x28\xb5\x2f\xfd", 4, "zstdcat" },
		      { "\3757zX", 4, "xzcat" },
		      { "BZh", 3, "bzcat" } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (lines_begin_with(lines, kinds[i].magic, kinds[i].len))
			return kinds[i].command;
	}
	return NULL;
}

static int open_lines(struct journal_file *f, int fd)
{
	const char *command;

	if (!lines_open(&f->lines, fd))
		return -ENOMEM;
	command = decompressor(&f->lines);
	if (!command)
		return 0;
	log_error("the journal %s is compressed; write `%s %s | floatprobe report - OTHER-JOURNALS`", f->path, command,
		  strcmp(f->path, "-") == 0 ? "FILE" : f->path);
	lines_close(&f->lines);
	return -EINVAL;
}

static int open_file(struct journal_file *f, const char *path, struct record *record)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC), error;
	struct stat st;

	f->path = path;
	if (fd < 0 || fstat(fd, &st) < 0 || (S_ISDIR(st.st_mode) && (errno = EISDIR))) {
		error = errno;
		log_error("cannot read the journal %s: %s", path, strerror(error));
		if (fd >= 0)
			close(fd);
		return -error;
	}
	f->regular = S_ISREG(st.st_mode) && !standard;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	error = open_lines(f, fd);
	if (error)
		return error;
	name_owner(f);
	find_begin(f, record);
	return 0;
}

static int by_begin(const void *a, const void *b)
{
	int64_t x = ((const struct journal_file *)a)->begin_ns, y = ((const struct journal_file *)b)->begin_ns;

	return (x > y) - (x < y);
}

static bool is_read_already(const struct journal_file *files, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (files[i].regular && files[k].device == files[i].device && files[k].inode == files[i].inode)
			return true;
	}
	return false;
}

/* -- lines -- */

static void complain(struct journals *j, const struct journal_file *f, const char *error)
{
	if (j->wrong++ < ERRORS_LOGGED)
		log_warning("%s:%llu: %s", f->path, (unsigned long long)f->lines.number, error);
}

static bool read_line(struct journals *j, struct history *h, const struct journal_file *f, const char *line, size_t len,
		      struct record *record, bool torn)
{
	char error[RECORD_ERROR_LEN];

	j->lines++;
	switch (record_read(line, len, record, error)) {
	case RECORD_READ:
		return intake_add(h, record, f->owner);
	case RECORD_OTHER:
		j->other++;
		return true;
	case RECORD_WRONG:
		if (torn)
			j->torn++;
		else if (len > 0)
			complain(j, f, error);
		return true;
	}
	return true;
}

static int read_file(struct journals *j, struct history *h, struct journal_file *f, struct record *record)
{
	const char *line;
	size_t len;

	for (;;) {
		enum lines_kind kind = lines_next(&f->lines, &line, &len);
		if (kind == LINES_END)
			break;
		if (kind == LINES_LONG)
			complain(j, f, "the line is too long");
		else if (!read_line(j, h, f, line, len, record, kind == LINES_TORN))
			return -ENOMEM;
	}
	if (f->lines.error)
		log_error("cannot read the journal %s: %s", f->path, strerror(f->lines.error));
	return -f->lines.error;
}

static int read_files(struct journals *j, struct history *h, struct journal_file *files, unsigned len,
		      struct record *record)
{
	int status = 0;

	qsort(files, len, sizeof *files, by_begin);
	for (unsigned i = 0; i < len && status == 0; i++) {
		if (is_read_already(files, i))
			log_warning("%s was named twice; it is read once", files[i].path);
		else
			status = read_file(j, h, &files[i], record);
	}
	if (j->wrong > ERRORS_LOGGED)
		log_warning("%llu lines in all are no records; they are left out", (unsigned long long)j->wrong);
	return status;
}

int journals_read(struct journals *journals, struct history *history, char *const *paths, unsigned paths_len)
{
	struct journal_file *files = calloc(paths_len + 1, sizeof *files);
	struct record *record = malloc(sizeof *record);
	unsigned opened = 0;
	int status = files && record ? 0 : -ENOMEM;

	*journals = (struct journals){ 0 };
	while (status == 0 && opened < paths_len) {
		status = open_file(&files[opened], paths[opened], record);
		opened += status == 0;
	}
	if (status == 0)
		status = read_files(journals, history, files, opened, record);
	for (unsigned i = 0; i < opened; i++)
		lines_close(&files[i].lines);
	free(files);
	free(record);
	return status;
}
