#include "client/report/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lines_open(struct lines *lines, int fd)
{
	*lines = (struct lines){ .fd = fd, .buffer = malloc(LINES_LEN_MAX) };
	if (!lines->buffer)
		close(fd);
	return lines->buffer != NULL;
}

void lines_close(struct lines *lines)
{
	close(lines->fd);
	free(lines->buffer);
}

/* Move what is left to the begin, and read behind it. */
static void fill(struct lines *l)
{
	ssize_t n;

	memmove(l->buffer, l->buffer + l->at, l->len);
	l->at = 0;
	do
		n = read(l->fd, l->buffer + l->len, LINES_LEN_MAX - l->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		l->error = errno;
	l->ended = n <= 0;
	l->len += n > 0 ? (size_t)n : 0;
}

bool lines_begin_with(struct lines *lines, const char *octets, size_t len)
{
	while (lines->len < len && !lines->ended)
		fill(lines);
	return lines->len >= len && memcmp(lines->buffer, octets, len) == 0;
}

static void take(struct lines *l, size_t len)
{
	l->at += len;
	l->len -= len;
}

/* Skip the rest of a line that does not fit. */
static enum lines_kind skip_long(struct lines *l)
{
	const char *feed = NULL;

	while (!feed && !(l->ended && l->len == 0)) {
		feed = memchr(l->buffer + l->at, '\n', l->len);
		take(l, feed ? (size_t)(feed + 1 - (l->buffer + l->at)) : l->len);
		if (!feed && !l->ended)
			fill(l);
	}
	return LINES_LONG;
}

enum lines_kind lines_next(struct lines *lines, const char **line, size_t *len)
{
	struct lines *l = lines;
	const char *feed = memchr(l->buffer + l->at, '\n', l->len);

	while (!feed && !l->ended && l->len < LINES_LEN_MAX) {
		size_t known = l->len;
		fill(l);
		feed = memchr(l->buffer + known, '\n', l->len - known);
	}
	if (!feed && l->len == 0)
		return LINES_END;
	l->number++;
	if (!feed && l->len == LINES_LEN_MAX)
		return skip_long(l);
	*line = l->buffer + l->at;
	*len = feed ? (size_t)(feed - *line) : l->len;
	take(l, feed ? *len + 1 : *len);
	return feed ? LINES_WHOLE : LINES_TORN;
}
