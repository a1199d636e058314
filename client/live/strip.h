/* The recent probes of a path as a strip of characters, the newest one last. Pure. */
#ifndef FLOATPROBE_STRIP_H
#define FLOATPROBE_STRIP_H

#include "client/path/prober.h"

#include <stdint.h>

enum { STRIP_MAX = 128, STRIP_NOBODY = UINT8_MAX, STRIP_HOLDERS = 4 };

struct strip_mark {
	char symbol;
	uint8_t holder; /* which server answered, as a number from 0; STRIP_NOBODY */
};

struct strip {
	struct strip_mark marks[STRIP_MAX];
	unsigned len;
};

/* Without colour, too, each outcome can be told from the others, and the answers of the first STRIP_HOLDERS servers. */
#define STRIP_ANSWERED ".:;," /* by the number of the server */
#define STRIP_FORWARD  '>'
#define STRIP_RETURN   '<'
#define STRIP_LOST     '?'
#define STRIP_UNSENT   'x'
#define STRIP_WAITING  '_'

/* holder: the number of the server that answered. */
struct strip_mark strip_mark(enum prober_outcome outcome, unsigned holder);

/* The newest probes of a prober, as many as there is room for. each: so many probes share a mark, which is the worst of
 * them. */
void strip_read(const struct prober *prober, unsigned each, struct strip *strip);

/* Put the worse one of two strips' probes, position by position from the newest one, into `strip`. */
void strip_merge(struct strip *strip, const struct strip *other);

#endif
