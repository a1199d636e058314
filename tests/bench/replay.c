#include "tests/bench/source.h"

#include <stdlib.h>

enum { RING_MAX = 4096 };

struct replay {
	struct source source;
	uint8_t *ring;
	size_t len, at;
};

static uint8_t *next(struct source *source)
{
	struct replay *r = (struct replay *)source;
	uint8_t *packet = r->ring + r->at * source->size;
	r->at = (r->at + 1) % r->len;
	source->sent++;
	return packet;
}

static void reply(struct source *source, const uint8_t *buf)
{
	(void)buf;
	source->answered++;
}

static uint64_t received(const struct source *source)
{
	return source->answered;
}

struct source *source_replay(FILE *file, size_t size)
{
	struct replay *r = calloc(1, sizeof *r);
	if (!r || !(r->ring = malloc(RING_MAX * size)))
		abort();
	r->source = (struct source){ .size = size, .next = next, .reply = reply, .received = received };
	r->len = fread(r->ring, size, RING_MAX, file);
	if (r->len == 0) {
		fprintf(stderr, "load: no packets to replay\n");
		exit(1);
	}
	return &r->source;
}
