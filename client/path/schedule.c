#include "client/path/schedule.h"

#include "common/core/thresholds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLEET = 256,      /* with fewer timers there is little to share */
	TOGETHER = 20,    /* probes of a moment of the grid, at most, if the grid can be so narrow */
	JITTER_STEPS = 4, /* a jitter of fewer steps to each side would be none */
	GRID_MIN_NS = 2 * 1000 * 1000,
};

void schedule_start(struct schedule_timer *timer, const struct schedule *schedule, void *owner, int64_t first_ns)
{
	*timer = (struct schedule_timer){
		.schedule = schedule,
		.owner = owner,
		.due_ns = first_ns,
		.slot_ns = first_ns,
		.burst_ns = first_ns,
	};
}

static int64_t on_grid(int64_t time_ns, int64_t grid_ns)
{
	return grid_ns > 0 ? time_ns - time_ns % grid_ns : time_ns;
}

static int64_t jitter(const struct schedule *s, uint32_t random)
{
	int64_t span_ns = s->every_ns / 1000 * s->jitter_permille;
	int64_t jitter_ns = (int64_t)((double)span_ns * ((double)random / (double)UINT32_MAX * 2 - 1));

	return span_ns < JITTER_STEPS * s->grid_ns ? jitter_ns : on_grid(jitter_ns, s->grid_ns);
}

/* Advance to the first slot in the future. */
static void next_slot(struct schedule_timer *t, int64_t now_ns, uint32_t random)
{
	const struct schedule *s = t->schedule;
	int64_t steps = 1;

	if (t->slot_ns + s->every_ns <= now_ns)
		steps = (now_ns - t->slot_ns) / s->every_ns + 1;
	t->slot_ns += steps * s->every_ns;
	t->slots++;
	t->skipped += (uint64_t)steps - 1;
	t->burst_ns = t->slot_ns + jitter(s, random);
	if (t->burst_ns <= now_ns)
		t->burst_ns = t->slot_ns;
	t->due_ns = t->burst_ns;
	t->sent = 0;
}

bool schedule_misses(const struct schedule_timer *t, int64_t now_ns)
{
	const struct schedule *s = t->schedule;

	return now_ns - t->due_ns > SCHEDULE_LATE_NS && s->slots_max == 0 &&
	       s->every_ns - (now_ns - t->slot_ns) % s->every_ns <= SCHEDULE_SOON_NS;
}

int64_t schedule_grid_ns(const struct schedule *s, uint64_t timers)
{
	int64_t grid_ns = timers < FLEET ? GRID_MIN_NS : SCHEDULE_GRID_MAX_NS;

	while (grid_ns > GRID_MIN_NS && (int64_t)(timers * s->count) * grid_ns > TOGETHER * s->every_ns)
		grid_ns /= 2;
	return grid_ns;
}

int64_t schedule_phase_ns(uint64_t number, int64_t span_ns, int64_t grid_ns)
{
	uint64_t share = number * UINT64_C(0x9E3779B97F4A7C15); /* of 2^64: the golden ratio */
	int64_t phase_ns = (int64_t)((double)span_ns * ((double)(share >> 11) / (double)(UINT64_C(1) << 53)));

	return on_grid(phase_ns, grid_ns);
}

bool schedule_equal(const struct schedule *a, const struct schedule *b)
{
	struct schedule on_same_grid = *a;

	on_same_grid.grid_ns = b->grid_ns;
	return memcmp(&on_same_grid, b, sizeof *b) == 0;
}

bool schedule_advance(struct schedule_timer *t, int64_t now_ns, uint32_t random)
{
	const struct schedule *s = t->schedule;

	while (++t->sent < s->count) {
		t->due_ns = t->burst_ns + (int64_t)t->sent * s->spacing_ns;
		if (t->due_ns > now_ns)
			return true;
		t->skipped++; /* do not send the rest of a late burst at once */
	}
	next_slot(t, now_ns, random);
	return s->slots_max == 0 || t->slots < s->slots_max;
}

bool schedule_queue_init(struct schedule_queue *q, size_t capacity)
{
	*q = (struct schedule_queue){ .capacity = capacity };
	q->heap = calloc(capacity ? capacity : 1, sizeof *q->heap);
	return q->heap != NULL;
}

void schedule_queue_free(struct schedule_queue *q)
{
	free(q->heap);
	*q = (struct schedule_queue){ 0 };
}

static void place(struct schedule_queue *q, size_t i, struct schedule_entry entry)
{
	q->heap[i] = entry;
	entry.timer->queue_index = i;
}

/* Put the timer where it belongs, from place i on. */
static void sift(struct schedule_queue *q, size_t i, struct schedule_timer *timer)
{
	const struct schedule_entry entry = { timer->due_ns, timer };

	while (i > 0 && q->heap[(i - 1) / 2].due_ns > entry.due_ns) {
		place(q, i, q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (size_t child; (child = 2 * i + 1) < q->len; i = child) {
		if (child + 1 < q->len && q->heap[child + 1].due_ns < q->heap[child].due_ns)
			child++;
		if (q->heap[child].due_ns >= entry.due_ns)
			break;
		place(q, i, q->heap[child]);
	}
	place(q, i, entry);
}

void schedule_queue_push(struct schedule_queue *q, struct schedule_timer *timer)
{
	assert(q->len < q->capacity);
	q->len++;
	sift(q, q->len - 1, timer);
}

struct schedule_timer *schedule_queue_first(const struct schedule_queue *q)
{
	return q->len ? q->heap[0].timer : NULL;
}

void schedule_queue_moved(struct schedule_queue *q, struct schedule_timer *timer)
{
	sift(q, timer->queue_index, timer);
}

void schedule_queue_remove(struct schedule_queue *q, struct schedule_timer *timer)
{
	size_t i = timer->queue_index;

	if (i >= q->len || q->heap[i].timer != timer)
		return;
	q->len--;
	if (i < q->len)
		sift(q, i, q->heap[q->len].timer);
}
