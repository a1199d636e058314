/* A journal: JSON objects, one a line, appended to a file. A full disk is reported once, counted, and survived:
 * what fits stays buffered and goes on at the very octet where the disk was full, so that no line is torn. */
#ifndef FLOATPROBE_JOURNAL_H
#define FLOATPROBE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How a JSON line of ours is written, here and on stdout. */
#define JOURNAL_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

struct journal;

/* In the place of a path: what standard output is, also where /dev/stdout cannot be opened (a socket of systemd's). */
#define JOURNAL_STDOUT "-"

/* Append to path (0640 if it is new). If a crash left it without a line end, one is written first. NULL, with errno
 * set, if it can't be opened. */
struct journal *journal_open(const char *path);
/* Takes over the reference (NULL is ignored, journal NULL too). Buffered: journal_flush hands it to the kernel. */
void journal_write(struct journal *journal, json_t *object);
/* Write out what is buffered; call it from a timer or at once for few lines. false: some had to stay buffered. */
bool journal_flush(struct journal *journal);
/* The file may have been moved away (logrotate): flush, open path again. false, with errno set: could not; the old one
 * goes on. */
bool journal_reopen(struct journal *journal);
/* Lines that could not be written, ever. */
uint64_t journal_lost(const struct journal *journal);
/* Flush, fsync, close. false: lines had to be given up. */
bool journal_close(struct journal *journal);

#endif
