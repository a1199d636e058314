/* The journal on a disk that is full, after a crash, and when logrotate takes it away. */
#include "common/system/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/floatprobe-journal-XXXXXX";
static char path[128], moved[128];

static int setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", directory);
	snprintf(moved, sizeof moved, "%s/journal.jsonl.1", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(directory);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	return 0;
}

/* From here on no file of this process grows beyond `octets`: a full disk, as write(2) shows it (EFBIG). */
static void limit_file_size(rlim_t octets)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void write_line(struct journal *journal, json_int_t n)
{
	journal_write(journal, json_pack("{s:s, s:I}", "type", "probe", "n", n));
}

/* Every line of the file must be an object with a number greater than the one before. Returns how many there are. */
static unsigned count_lines(const char *file)
{
	FILE *f = fopen(file, "r");
	char line[256];
	unsigned lines = 0;
	json_int_t before = -1;

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		json_t *object = json_loads(line, 0, NULL);
		assert_non_null(object);
		json_int_t n = json_integer_value(json_object_get(object, "n"));
		assert_true(n > before);
		before = n;
		json_decref(object);
		lines++;
	}
	fclose(f);
	return lines;
}

static void put_file(const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_file(const char *file, const char *text)
{
	char buf[512] = "";
	FILE *f = fopen(file, "r");
	assert_non_null(f);
	buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(buf, text);
}

static void appends_whole_lines_in_key_order(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	assert_non_null(journal);
	journal_write(journal, json_pack("{s:s, s:f, s:n}", "type", "path", "ms", 0.123, "cause"));
	assert_file(path, "");
	assert_true(journal_flush(journal));
	assert_file(path, "{\"type\":\"path\",\"ms\":0.123,\"cause\":null}\n");
	assert_true(journal_close(journal));

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777 & ~0640, 0);
}

static void closing_writes_what_is_buffered(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	for (int i = 0; i < 50000; i++)
		write_line(journal, i);
	assert_true(journal_close(journal));
	assert_int_equal(count_lines(path), 50000);
}

static void ends_the_line_that_a_crash_left(void **state)
{
	(void)state;
	put_file("{\"n\":1}\n{\"n\":2,\"sta");
	struct journal *journal = journal_open(path);
	write_line(journal, 3);
	journal_close(journal);
	assert_file(path, "{\"n\":1}\n{\"n\":2,\"sta\n{\"type\":\"probe\",\"n\":3}\n");

	journal = journal_open(path);
	write_line(journal, 4);
	journal_close(journal);
	assert_file(path, "{\"n\":1}\n{\"n\":2,\"sta\n{\"type\":\"probe\",\"n\":3}\n{\"type\":\"probe\",\"n\":4}\n");
}

static void a_short_shortage_loses_nothing(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	limit_file_size(1000);
	for (int i = 0; i < 100; i++)
		write_line(journal, i);
	assert_false(journal_flush(journal));
	assert_false(journal_flush(journal));
	limit_file_size(RLIM_INFINITY);
	assert_true(journal_flush(journal));
	assert_int_equal(journal_lost(journal), 0);
	assert_int_equal(count_lines(path), 100);
	assert_true(journal_close(journal));
}

static void a_long_shortage_loses_counted_lines_and_tears_none(void **state)
{
	(void)state;
	const unsigned lines = 30000;
	struct journal *journal = journal_open(path);
	limit_file_size(12345);
	for (unsigned i = 0; i < lines; i++)
		write_line(journal, i);
	assert_true(journal_lost(journal) > 0);
	limit_file_size(RLIM_INFINITY);
	write_line(journal, lines);
	assert_true(journal_flush(journal));
	assert_int_equal(count_lines(path) + journal_lost(journal), lines + 1);
	assert_true(journal_close(journal));
}

static void a_full_device_at_the_end_is_counted(void **state)
{
	(void)state;
	struct journal *journal = journal_open("/dev/full");
	assert_non_null(journal);
	write_line(journal, 1);
	write_line(journal, 2);
	assert_false(journal_flush(journal));
	assert_int_equal(journal_lost(journal), 0);
	assert_false(journal_close(journal));
}

static void goes_on_in_a_new_file_after_logrotate(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	write_line(journal, 1);
	assert_int_equal(rename(path, moved), 0);
	assert_true(journal_reopen(journal));
	write_line(journal, 2);
	assert_true(journal_close(journal));
	assert_file(moved, "{\"type\":\"probe\",\"n\":1}\n");
	assert_file(path, "{\"type\":\"probe\",\"n\":2}\n");
}

/* The rest of a torn line must not open the new file, nor glue itself to the next line of the same file. */
static void reopening_on_a_full_disk_starts_with_a_whole_line(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		struct journal *journal = journal_open(path);
		limit_file_size(30);
		write_line(journal, 1); /* 23 octets */
		write_line(journal, 2);
		write_line(journal, 3);
		if (!same)
			assert_int_equal(rename(path, moved), 0);
		assert_false(journal_flush(journal));
		assert_true(journal_reopen(journal));
		assert_true(journal_reopen(journal));
		limit_file_size(RLIM_INFINITY);
		assert_int_equal(journal_lost(journal), 1);
		assert_true(journal_close(journal));
		assert_file(path, same ? "{\"type\":\"probe\",\"n\":1}\n{\"type\"\n{\"type\":\"probe\",\"n\":3}\n"
				       : "{\"type\":\"probe\",\"n\":3}\n");
		remove_files(NULL);
	}
}

/* Who makes room on a full disk empties the file: the rest of the torn line must not open it. */
static void check_emptied(bool reopened)
{
	struct journal *journal = journal_open(path);
	limit_file_size(30);
	write_line(journal, 1); /* 23 octets */
	write_line(journal, 2);
	write_line(journal, 3);
	assert_false(journal_flush(journal));
	if (reopened)
		assert_true(journal_reopen(journal));
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(truncate(path, 0), 0);
	assert_true(journal_flush(journal));
	assert_int_equal(journal_lost(journal), 1);
	assert_true(journal_close(journal));
	assert_file(path, "{\"type\":\"probe\",\"n\":3}\n");
	remove_files(NULL);
}

static void a_full_file_that_is_emptied_starts_with_a_whole_line(void **state)
{
	(void)state;
	check_emptied(false);
	check_emptied(true);
}

static void the_old_file_goes_on_if_the_new_one_cannot_be_opened(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_false(journal_reopen(journal));
	write_line(journal, 1);
	assert_true(journal_close(journal));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(count_lines(moved), 1);
}

/* Nobody reads: opening must not wait for a reader, nor writing for room. */
static void a_pipe_never_blocks(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(journal_open(path));
	assert_int_equal(errno, ENXIO);

	int reader = open(path, O_RDONLY | O_NONBLOCK);
	struct journal *journal = journal_open(path);
	assert_non_null(journal);
	for (int i = 0; i < 20000; i++)
		write_line(journal, i);
	assert_false(journal_flush(journal));
	close(reader);
	assert_false(journal_flush(journal));
	assert_false(journal_close(journal));
}

static void standard_output_is_written_as_it_is(void **state)
{
	(void)state;
	fflush(stdout);
	int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDOUT_FILENO);
	struct journal *journal = journal_open(JOURNAL_STDOUT);
	write_line(journal, 1);
	bool whole = journal_close(journal);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_true(whole);
	assert_int_equal(count_lines(path), 1);
}

static void nothing_is_a_journal_too(void **state)
{
	(void)state;
	assert_null(journal_open("/dev/null/journal"));
	journal_write(NULL, json_object());
	assert_true(journal_flush(NULL));
	assert_int_equal(journal_lost(NULL), 0);
	assert_true(journal_close(NULL));

	struct journal *journal = journal_open(path);
	journal_write(journal, NULL);
	assert_true(journal_close(journal));
	assert_file(path, "");
}

static void a_file_that_is_removed_is_replaced(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	assert_non_null(journal);
	write_line(journal, 1);
	assert_true(journal_flush(journal));
	assert_int_equal(unlink(path), 0);
	write_line(journal, 2);
	assert_true(journal_flush(journal));
	assert_file(path, "{\"type\":\"probe\",\"n\":2}\n");
	assert_int_equal(rename(path, moved), 0); /* which is no removal */
	write_line(journal, 3);
	assert_true(journal_close(journal));
	assert_int_equal(count_lines(moved), 2);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* As on a disk that became read-only. */
static void what_cannot_be_replaced_is_kept(void **state)
{
	(void)state;
	struct journal *journal = journal_open(path);
	assert_non_null(journal);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	write_line(journal, 1);
	assert_false(journal_flush(journal));
	write_line(journal, 2);
	assert_false(journal_flush(journal));
	assert_int_equal(rmdir(path), 0);
	assert_true(journal_flush(journal));
	assert_int_equal(journal_lost(journal), 0);
	assert_true(journal_close(journal));
	assert_int_equal(count_lines(path), 2);
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(appends_whole_lines_in_key_order),
		TEST(closing_writes_what_is_buffered),
		TEST(ends_the_line_that_a_crash_left),
		TEST(a_short_shortage_loses_nothing),
		TEST(a_long_shortage_loses_counted_lines_and_tears_none),
		TEST(a_full_device_at_the_end_is_counted),
		TEST(goes_on_in_a_new_file_after_logrotate),
		TEST(a_file_that_is_removed_is_replaced),
		TEST(what_cannot_be_replaced_is_kept),
		TEST(reopening_on_a_full_disk_starts_with_a_whole_line),
		TEST(a_full_file_that_is_emptied_starts_with_a_whole_line),
		TEST(the_old_file_goes_on_if_the_new_one_cannot_be_opened),
		TEST(a_pipe_never_blocks),
		TEST(standard_output_is_written_as_it_is),
		TEST(nothing_is_a_journal_too),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
