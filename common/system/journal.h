/* A journal: JSON objects, one a line, appended to a file. A full disk is reported once, counted, and survived;
 * a line is written whole or not at all as far as the file system lets us (a torn line is ended before the next). */
#ifndef FLOATPROBE_JOURNAL_H
#define FLOATPROBE_JOURNAL_H

#include <jansson.h>
#include <stdint.h>

struct journal;

/* Append to path (0640). NULL, with errno set, if it can't be opened. */
struct journal *journal_open(const char *path);
/* Takes over the reference (NULL is ignored, journal NULL too). Buffered: journal_flush makes it durable. */
void journal_write(struct journal *journal, json_t *object);
/* Write out what is buffered; call it from a timer or at once for few lines. */
void journal_flush(struct journal *journal);
/* The file may have been moved away (logrotate): flush, open path again. false: could not; the old one goes on. */
int journal_reopen(struct journal *journal);
/* Lines that could not be written, ever. */
uint64_t journal_lost(const struct journal *journal);
void journal_close(struct journal *journal); /* flush, fsync, close */

#endif
