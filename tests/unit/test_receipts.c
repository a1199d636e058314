#include "common/core/receipts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void nothing_is_known_of_an_empty_window(void **state)
{
	struct receipts r = { 0 };

	(void)state;
	assert_int_equal(receipts_status(&r, 0), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&r, 1), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&r, UINT32_MAX), RECEIPTS_UNKNOWN);
}

/* One line a step: number, what noting it says, and then first, newest, received, duplicates, late. */
static void notes_are_counted(void **state)
{
	static const struct {
		uint32_t seq;
		enum receipts_mark mark;
		uint32_t first, newest, received;
		uint16_t duplicates, late;
	} steps[] = {
		{ 10, RECEIPTS_NEW, 10, 10, 1, 0, 0 },        /* the first one */
		{ 10, RECEIPTS_DUPLICATE, 10, 10, 1, 1, 0 },  /* again */
		{ 11, RECEIPTS_NEW, 10, 11, 2, 1, 0 },        /* the next one */
		{ 9, RECEIPTS_NEW, 10, 11, 3, 1, 0 },         /* before the first: reordered */
		{ 9, RECEIPTS_DUPLICATE, 10, 11, 3, 2, 0 },   /* .. and again */
		{ 266, RECEIPTS_NEW, 10, 266, 4, 2, 0 },      /* 11 is now the oldest in the window */
		{ 11, RECEIPTS_DUPLICATE, 10, 266, 4, 3, 0 }, /* .. and still known */
		{ 10, RECEIPTS_LATE, 10, 266, 4, 3, 1 },      /* one behind the window */
		{ 12, RECEIPTS_NEW, 10, 266, 5, 3, 1 },       /* a hole is filled */
		{ 522, RECEIPTS_NEW, 10, 522, 6, 3, 1 },      /* the whole window goes */
		{ 267, RECEIPTS_NEW, 10, 522, 7, 3, 1 },      /* its oldest place, empty */
		{ 266, RECEIPTS_LATE, 10, 522, 7, 3, 2 },
		{ UINT32_MAX, RECEIPTS_NEW, 10, UINT32_MAX, 8, 3, 2 },
		{ UINT32_MAX, RECEIPTS_DUPLICATE, 10, UINT32_MAX, 8, 4, 2 },
		{ 1, RECEIPTS_LATE, 10, UINT32_MAX, 8, 4, 3 },
	};
	struct receipts r = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		assert_int_equal(receipts_note(&r, steps[i].seq), steps[i].mark);
		assert_int_equal(r.first, steps[i].first);
		assert_int_equal(r.newest, steps[i].newest);
		assert_int_equal(r.received, steps[i].received);
		assert_int_equal(r.duplicates, steps[i].duplicates);
		assert_int_equal(r.late, steps[i].late);
	}
}

static void status_speaks_of_the_window_only(void **state)
{
	struct receipts r = { 0 };

	(void)state;
	receipts_note(&r, 100);
	receipts_note(&r, 103);
	receipts_note(&r, 98);
	assert_int_equal(receipts_status(&r, 100), RECEIPTS_ARRIVED);
	assert_int_equal(receipts_status(&r, 101), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&r, 103), RECEIPTS_ARRIVED);
	assert_int_equal(receipts_status(&r, 104), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&r, UINT32_MAX), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&r, 99), RECEIPTS_UNKNOWN); /* before the first .. */
	assert_int_equal(receipts_status(&r, 98), RECEIPTS_ARRIVED); /* .. unless it is seen to have arrived */
	assert_int_equal(receipts_status(&r, 0), RECEIPTS_UNKNOWN);

	receipts_note(&r, 356);
	assert_int_equal(receipts_status(&r, 101), RECEIPTS_MISSING); /* the oldest place */
	assert_int_equal(receipts_status(&r, 100), RECEIPTS_UNKNOWN); /* fallen out, although it had arrived */
}

/* Every distance that the window can move, over a pattern that shows each bit. */
static void window_moves_by_any_distance(void **state)
{
	(void)state;
	for (uint32_t distance = 1; distance <= RECEIPTS_WINDOW + 1; distance++) {
		struct receipts r = { 0 };

		for (uint32_t seq = 1; seq <= 1000; seq++)
			if (seq % 3 == 1)
				receipts_note(&r, seq);
		receipts_note(&r, 1000 + distance);
		for (uint32_t seq = 1000 + distance - RECEIPTS_WINDOW + 1; seq < 1000 + distance; seq++)
			assert_int_equal(receipts_status(&r, seq),
					 seq <= 1000 && seq % 3 == 1 ? RECEIPTS_ARRIVED : RECEIPTS_MISSING);
	}
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Knuth's and Lewis's generator: the same numbers every time */
	return *state >> 16;
}

/* Against a plain array of what arrived, in random order with repeats. */
static void agrees_with_a_plain_array(void **state)
{
	enum { NUMBERS = 3000 };
	static bool arrived[NUMBERS + 1];
	struct receipts r = { 0 };
	uint32_t received = 0, random = 1;

	(void)state;
	for (uint32_t step = 1; step <= 20000; step++) {
		uint32_t centre = 1 + step * (NUMBERS - 300) / 20000;
		uint32_t seq = centre + next_random(&random) % 300;
		bool late = r.received > 0 && seq + RECEIPTS_WINDOW <= r.newest;
		enum receipts_mark expected = late ? RECEIPTS_LATE : arrived[seq] ? RECEIPTS_DUPLICATE : RECEIPTS_NEW;

		assert_int_equal(receipts_note(&r, seq), expected);
		if (expected == RECEIPTS_NEW) {
			arrived[seq] = true;
			received++;
		}
		assert_int_equal(r.received, received);
	}
}

static void counters_saturate(void **state)
{
	struct receipts r = { 0 };

	(void)state;
	receipts_note(&r, 1);
	receipts_note(&r, 1000);
	for (unsigned i = 0; i < UINT16_MAX + 10u; i++) {
		receipts_note(&r, 1000);
		receipts_note(&r, 1);
	}
	assert_int_equal(r.duplicates, UINT16_MAX);
	assert_int_equal(r.late, UINT16_MAX);
}

static void what_is_forgotten_is_unknown(void **state)
{
	(void)state;
	for (uint32_t upto = 0; upto <= 410; upto++) {
		struct receipts r = { 0 };
		for (uint32_t seq = 1; seq <= 400; seq++)
			if (seq % 7)
				receipts_note(&r, seq);
		receipts_forget(&r, upto);
		for (uint32_t seq = 145; seq <= 400; seq++)
			assert_int_equal(receipts_status(&r, seq), seq <= upto ? RECEIPTS_UNKNOWN
								   : seq % 7   ? RECEIPTS_ARRIVED
									       : RECEIPTS_MISSING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_of_an_empty_window), cmocka_unit_test(notes_are_counted),
		cmocka_unit_test(status_speaks_of_the_window_only),    cmocka_unit_test(window_moves_by_any_distance),
		cmocka_unit_test(agrees_with_a_plain_array),           cmocka_unit_test(counters_saturate),
		cmocka_unit_test(what_is_forgotten_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
