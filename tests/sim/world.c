#include "tests/sim/world.h"

#include "common/system/clock.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_NS (INT64_C(1767225600) * S) /* 2026-01-01, when every world begins */

static struct {
	int64_t now_ns;
	uint64_t order, random;
	struct event **heap; /* heap[1..len] */
	size_t len, capacity;
	const struct world_clock *clock;
} world;

/* -- random numbers, libsodium's too -- */

uint64_t world_random(void)
{
	/* splitmix64 */
	uint64_t z = world.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

double world_uniform(double low, double high)
{
	return low + (high - low) * (double)(world_random() >> 11) / (double)(UINT64_C(1) << 53);
}

int64_t world_between(int64_t low, int64_t high)
{
	return low + (int64_t)(world_random() % (uint64_t)(high - low + 1));
}

bool world_chance(double p)
{
	return p > 0 && world_uniform(0, 1) < p;
}

static const char *random_name(void)
{
	return "world";
}

static uint32_t random_word(void)
{
	return (uint32_t)world_random();
}

static void random_fill(void *const buf, const size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)world_random();
}

static randombytes_implementation random_source = {
	.implementation_name = random_name,
	.random = random_word,
	.buf = random_fill,
};

/* -- time -- */

void world_start(uint64_t seed)
{
	world.now_ns = 0;
	world.order = 0;
	world.random = seed;
	world.clock = NULL;
	randombytes_set_implementation(&random_source);
}

void world_end(void)
{
	for (size_t i = 1; i <= world.len; i++)
		world.heap[i]->place = 0;
	world.len = 0;
}

int64_t world_now(void)
{
	return world.now_ns;
}

void world_enter(const struct world_clock *clock)
{
	world.clock = clock;
}

const struct world_clock *world_entered(void)
{
	return world.clock;
}

int64_t clock_mono_ns(void)
{
	return world.now_ns + world.clock->mono_ns;
}

int64_t clock_boot_ns(void)
{
	return clock_mono_ns();
}

int64_t clock_real_ns(void)
{
	return EPOCH_NS + world.now_ns + world.clock->real_ns;
}

/* -- events: a binary heap -- */

static bool before(const struct event *a, const struct event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(size_t i, struct event *event)
{
	world.heap[i] = event;
	event->place = i;
}

static void sift(size_t i)
{
	struct event *event = world.heap[i];

	for (; i > 1 && before(event, world.heap[i / 2]); i /= 2)
		place(i, world.heap[i / 2]);
	for (size_t child; (child = 2 * i) <= world.len; i = child) {
		if (child < world.len && before(world.heap[child + 1], world.heap[child]))
			child++;
		if (!before(world.heap[child], event))
			break;
		place(i, world.heap[child]);
	}
	place(i, event);
}

static void make_room(void)
{
	if (world.len + 1 < world.capacity)
		return;
	world.capacity = world.capacity ? 2 * world.capacity : 1024;
	world.heap = realloc(world.heap, world.capacity * sizeof(struct event *));
	if (!world.heap) {
		perror("sim");
		abort();
	}
}

void world_schedule(struct event *event, int64_t at_ns)
{
	event->at_ns = at_ns > world.now_ns ? at_ns : world.now_ns;
	event->order = world.order++;
	if (!event->place) {
		make_room();
		place(++world.len, event);
	}
	sift(event->place);
}

void world_cancel(struct event *event)
{
	size_t i = event->place;

	if (!i)
		return;
	event->place = 0;
	if (i == world.len--)
		return;
	place(i, world.heap[world.len + 1]);
	sift(i);
}

void world_run(int64_t until_ns)
{
	while (world.len > 0 && world.heap[1]->at_ns <= until_ns) {
		struct event *event = world.heap[1];

		world.now_ns = event->at_ns;
		world_cancel(event);
		event->happens(event);
	}
	world.now_ns = until_ns;
}
