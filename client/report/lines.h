/* The lines of a file, in bounded memory. */
#ifndef FLOATPROBE_LINES_H
#define FLOATPROBE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_LEN_MAX = 256 * 1024 };

struct lines {
	int fd;
	char *buffer;
	size_t at, len;  /* what is read and not handed out yet */
	uint64_t number; /* of the newest line, from 1 */
	bool ended;
	int error; /* errno of a read that failed; 0: none */
};

enum lines_kind {
	LINES_END, /* of the file, or an error */
	LINES_WHOLE,
	LINES_TORN, /* the last one, without a line feed */
	LINES_LONG, /* longer than LINES_LEN_MAX; it is left out */
};

/* Takes the descriptor. false: no memory, and the descriptor is closed. */
bool lines_open(struct lines *lines, int fd) __attribute__((warn_unused_result));
/* Before the first line is taken: does the file begin with these octets? */
bool lines_begin_with(struct lines *lines, const char *octets, size_t len);
/* line: without its line feed, until the next call. */
enum lines_kind lines_next(struct lines *lines, const char **line, size_t *len);
void lines_close(struct lines *lines);

#endif
