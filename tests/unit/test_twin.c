#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/path/twin.h"

#define MS     INT64_C(1000000)
#define SECOND (1000 * MS)

static const struct endpoint asked = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = 8620 };
static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = 8620 };

static void reply(struct twin *t, uint32_t seq, bool twin, const struct endpoint *source)
{
	const struct packet_reply r = {
		.role = PACKET_REPLY,
		.seq = seq,
		.flow_id = t->prober.flow_id,
		.boot_id = 1,
		.flags = twin ? PACKET_TWIN : 0,
	};
	int64_t now_ns = (int64_t)seq * SECOND + 10 * MS;

	twin_reply(t, &r, &asked, source, now_ns, now_ns);
}

/* Ten probes, a second apart. */
static void start(struct twin *t)
{
	twin_init(t, 42, SECOND);
	for (int64_t i = 1; i <= 10; i++)
		assert_int_equal(twin_send(t, i * SECOND, i * SECOND), i);
}

static void each_fate_of_a_twin_is_told_apart(void **state)
{
	struct twin_counts n;
	struct twin t;

	(void)state;
	start(&t);
	for (uint32_t seq = 1; seq <= 9; seq++)
		reply(&t, seq, false, &asked);
	for (uint32_t seq = 1; seq <= 3; seq++)
		reply(&t, seq, true, &asked);
	for (uint32_t seq = 4; seq <= 5; seq++)
		reply(&t, seq, true, &droplet);
	reply(&t, 10, true, &droplet); /* its pinned sibling was lost: that says nothing about pinning */
	twin_count(&t, 20 * SECOND, &n);
	assert_int_equal(n.pinned, 9);
	assert_int_equal(n.both, 3);
	assert_int_equal(n.elsewhere, 2);
	assert_int_equal(n.missing, 4);
	assert_true(endpoint_equal(&n.source, &droplet));
}

static bool expire(struct twin *t, int64_t second)
{
	return twin_expire(t, second * SECOND);
}

/* The server is asked when the first one is missing, and then not before half of the ring is new. */
static void the_server_is_asked_once_and_seldom_again(void **state)
{
	struct twin t;

	(void)state;
	start(&t);
	assert_true(twin_next_deadline(&t) == 2 * SECOND);
	assert_false(expire(&t, 2)); /* its pinned sibling was lost too */
	reply(&t, 2, false, &asked);
	assert_false(expire(&t, 2));
	assert_true(expire(&t, 3));
	assert_true(t.needs_evidence);
	reply(&t, 3, false, &asked);
	assert_false(expire(&t, 4)); /* it was said */
	assert_true(t.needs_evidence);
	twin_told(&t);
	assert_false(t.needs_evidence);
	for (int64_t i = 11; i <= 100; i++) {
		twin_send(&t, i * SECOND, i * SECOND);
		reply(&t, (uint32_t)i, false, &asked);
		assert_int_equal(expire(&t, i + 1), i == 11 + TWIN_RING_LEN / 2);
	}
	assert_true(twin_next_deadline(&t) == INT64_MAX);
}

static void nobody_wonders_while_twins_come(void **state)
{
	struct twin t;

	(void)state;
	start(&t);
	for (uint32_t seq = 1; seq <= 10; seq++)
		reply(&t, seq, false, &asked);
	assert_true(expire(&t, 2));
	reply(&t, 3, true, &droplet);
	assert_false(t.needs_evidence);
	assert_false(expire(&t, 20));
	assert_false(t.needs_evidence);
}

/* An error counts for the very twin that is missing. */
static void an_error_of_the_server_s_counts_for_its_own_twin(void **state)
{
	struct twin_counts n;
	struct twin t;

	(void)state;
	start(&t);
	for (uint32_t seq = 1; seq <= 3; seq++)
		reply(&t, seq, false, &asked);
	reply(&t, 2, true, &asked); /* it came after all */
	twin_refused(&t, 2, &droplet);
	twin_refused(&t, 4, &droplet); /* its pinned sibling did not come either */
	twin_refused(&t, 0, &droplet);
	twin_refused(&t, 11, &droplet);
	twin_count(&t, 20 * SECOND, &n);
	assert_int_equal(n.refused, 0);
	twin_refused(&t, 3, &droplet);
	twin_count(&t, 20 * SECOND, &n);
	assert_int_equal(n.missing, 2);
	assert_int_equal(n.refused, 1);
	assert_true(endpoint_equal(&n.refused_source, &droplet));
}

static void nothing_is_missing_before_its_time(void **state)
{
	struct twin_counts n;
	struct twin t;

	(void)state;
	start(&t);
	reply(&t, 10, false, &asked);
	twin_count(&t, 10 * SECOND + 500 * MS, &n);
	assert_int_equal(n.pinned, 0);
	twin_count(&t, 11 * SECOND, &n);
	assert_int_equal(n.missing, 1);
}

static void what_was_never_sent_or_is_long_gone_is_ignored(void **state)
{
	struct twin_counts n;
	struct twin t;

	(void)state;
	start(&t);
	for (int64_t i = 11; i <= 100; i++)
		twin_send(&t, i * SECOND, i * SECOND);
	reply(&t, 0, true, &droplet);
	reply(&t, 1, true, &droplet);
	reply(&t, 101, true, &droplet);
	reply(&t, UINT32_MAX, true, &droplet);
	twin_count(&t, 200 * SECOND, &n);
	assert_int_equal(n.pinned, 0);
	assert_true(endpoint_is_unknown(&n.source));
}

static void a_slot_that_is_used_again_has_forgotten_its_twin(void **state)
{
	struct twin_counts n;
	struct twin t;

	(void)state;
	start(&t);
	reply(&t, 1, false, &asked);
	reply(&t, 1, true, &asked);
	for (int64_t i = 11; i <= TWIN_RING_LEN + 1; i++)
		twin_send(&t, i * SECOND, i * SECOND);
	reply(&t, TWIN_RING_LEN + 1, false, &asked);
	twin_count(&t, 200 * SECOND, &n);
	assert_int_equal(n.pinned, 1);
	assert_int_equal(n.missing, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fate_of_a_twin_is_told_apart),
		cmocka_unit_test(the_server_is_asked_once_and_seldom_again),
		cmocka_unit_test(nobody_wonders_while_twins_come),
		cmocka_unit_test(an_error_of_the_server_s_counts_for_its_own_twin),
		cmocka_unit_test(nothing_is_missing_before_its_time),
		cmocka_unit_test(what_was_never_sent_or_is_long_gone_is_ignored),
		cmocka_unit_test(a_slot_that_is_used_again_has_forgotten_its_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
