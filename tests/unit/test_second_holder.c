/* When what another server heard proves that two hold an address (second_holder.h), and when it does not. */
#include "client/path/second_holder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { RING = 64, HIM, ANOTHER, BOOT = 7 };

static struct prober_record ring[RING];
static struct prober prober;
static struct second_holder second_holder;
static int64_t now_ns;

static int setup(void **state)
{
	(void)state;
	prober_init(&prober, 42, S, ring, RING);
	memset(&second_holder, 0, sizeof second_holder);
	now_ns = 1000 * S;
	return 0;
}

/* Answered within 20 ms. */
static void answered_by(unsigned server)
{
	struct packet_reply reply = { .seq = prober_send(&prober, now_ns, now_ns), .flow_id = 42, .boot_id = BOOT };

	prober_reply(&prober, &reply, server, true, now_ns + 20 * MS, now_ns + 20 * MS, false);
	second_holder_answered(&second_holder, &prober, reply.seq);
}

static void lost(void)
{
	prober_settle(&prober, prober_send(&prober, now_ns, now_ns), PROBER_LOST);
}

/* One answer a second. */
static void answers(unsigned n, unsigned server)
{
	for (; n > 0; n--) {
		answered_by(server);
		now_ns += S;
	}
}

/* Half a second ago, as a question of 10 ms knows it. */
static void heard_by(unsigned server)
{
	second_holder_heard(&second_holder, server, now_ns - 510 * MS, now_ns - 500 * MS);
}

static bool proven(void)
{
	return second_holder_is_proven(&second_holder, &prober, now_ns);
}

static void two_moments_apart_are_a_proof(void **state)
{
	(void)state;
	answers(12, HIM);
	heard_by(ANOTHER);
	assert_false(proven());
	answers(12, HIM);
	assert_false(proven());
	heard_by(ANOTHER);
	assert_false(proven()); /* no answer since then yet */
	answers(1, HIM);
	assert_true(proven());
	answers(58, HIM);
	assert_true(proven());
	answers(4, HIM);
	assert_false(proven()); /* over */
}

static void a_proof_ends_with_its_holder(void **state)
{
	(void)state;
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(1, HIM);
	assert_true(proven());
	answers(1, ANOTHER);
	assert_false(proven());
}

/* The probe that is answered may have left before the moment was over. */
static void an_answer_to_an_earlier_probe_does_not_enclose_a_moment(void **state)
{
	(void)state;
	answers(12, HIM);
	for (int i = 0; i < 30; i++) {
		second_holder_heard(&second_holder, ANOTHER, now_ns - 510 * MS, now_ns + 1);
		answered_by(HIM);
		assert_false(proven());
		second_holder.to_ns = 0;
		now_ns += S;
	}
}

static void the_same_moment_twice_is_one(void **state)
{
	int64_t from_ns;

	(void)state;
	answers(12, HIM);
	from_ns = now_ns - 500 * MS;
	for (int i = 0; i < 30; i++) {
		second_holder_heard(&second_holder, ANOTHER, from_ns, from_ns + 10 * MS);
		answers(1, HIM);
		assert_false(proven());
	}
}

static void a_move_is_not(void **state)
{
	(void)state;
	answers(20, ANOTHER);
	/* In both directions: at first others still go to who had it .. */
	for (int i = 0; i < 9; i++) {
		answers(1, HIM);
		heard_by(ANOTHER);
	}
	answers(40, HIM);
	assert_false(proven());
	/* .. or go to who will have it, before we do */
	heard_by(ANOTHER);
	answers(4, HIM);
	assert_false(proven());
	heard_by(ANOTHER);
	answers(3, ANOTHER);
	assert_false(proven());
	answers(60, ANOTHER);
	assert_false(proven());
}

static void moments_of_two_holders_do_not_add_up(void **state)
{
	(void)state;
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(12, HIM);
	answers(1, ANOTHER);
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(1, HIM);
	assert_false(proven());
	answers(11, HIM);
	heard_by(ANOTHER);
	answers(1, HIM);
	assert_true(proven());
}

/* Between answers that are far apart, the address may have been elsewhere and come back. */
static void rare_answers_prove_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		now_ns += 5 * S;
		heard_by(ANOTHER);
		answers(1, HIM);
		assert_false(proven());
	}
	answers(1, HIM);
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 6; k++, now_ns += S)
			lost();
		heard_by(ANOTHER);
		answers(1, HIM);
		assert_false(proven());
	}
}

static void moments_that_may_lie_outside_do_not_count(void **state)
{
	(void)state;
	answers(12, HIM);
	for (int i = 0; i < 30; i++) {
		/* The question took so long that our answer may have been before or after. */
		second_holder_heard(&second_holder, ANOTHER, now_ns - 6 * S, now_ns - 500 * MS);
		answers(1, HIM);
		assert_false(proven());
	}
}

static void a_second_second_holder_waits(void **state)
{
	(void)state;
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(1, HIM);
	heard_by(ANOTHER + 1);
	answers(12, HIM);
	heard_by(ANOTHER);
	answers(1, HIM);
	assert_true(proven());
	assert_int_equal(second_holder.server, ANOTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup(f, setup)
		TEST(two_moments_apart_are_a_proof),
		TEST(a_proof_ends_with_its_holder),
		TEST(an_answer_to_an_earlier_probe_does_not_enclose_a_moment),
		TEST(the_same_moment_twice_is_one),
		TEST(a_move_is_not),
		TEST(moments_of_two_holders_do_not_add_up),
		TEST(rare_answers_prove_nothing),
		TEST(moments_that_may_lie_outside_do_not_count),
		TEST(a_second_second_holder_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
