/* A journal: a file to which JSON objects are appended, one per line. If a write fails, the lines stay in a buffer and
 * the next flush continues at the octet where the write stopped, so no line is torn. The log reports the first failure
 * and the recovery. Lines that do not fit in the buffer are lost and counted. */
#ifndef FLOATPROBE_JOURNAL_H
#define FLOATPROBE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Format of all JSON lines, in journals and on stdout. */
#define JOURNAL_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

struct journal;

/* Path for standard output. Unlike /dev/stdout it also works where stdout is a socket, as under systemd. */
#define JOURNAL_STDOUT "-"

/* Open path for appending; a new file has mode 0640. If the file does not end in a line feed, one is written before the
 * first line. Returns NULL with errno set on an error. */
struct journal *journal_open(const char *path);
/* The file that is written, as it was named. */
const char *journal_place(const struct journal *journal);
/* Add a line to the buffer. Takes over the reference to object. An object that is NULL could
 * not be made for want of memory: it counts as a lost line. If journal is NULL, nothing is written. */
void journal_write(struct journal *journal, json_t *object);
/* Write the buffer to the file. Returns false if lines stay in the buffer. */
bool journal_flush(struct journal *journal);
/* Flush, then open path again, after logrotate has moved the file. On an error it returns false with errno set and
 * keeps the old file. */
bool journal_reopen(struct journal *journal);
/* What to do about an error of journal_open or journal_reopen: text that begins with "; ", or "". */
const char *journal_remedy(int error);
/* Is it a pipe or socket that nobody reads any more? */
bool journal_is_unread(const struct journal *journal);
/* Number of lines lost since journal_open. */
uint64_t journal_lost(const struct journal *journal);
/* Flush, fsync, close, free. Returns false if lines are lost. */
bool journal_close(struct journal *journal);

#endif
