/* Receipts in evidence answers: the direction of losses over UDP; and what servers are asked about. */
#include "tests/unit/settle_scene.h"

static void a_receipt_of_any_server_proves_return(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 10);
	assert_int_equal(s->path->loss->receipt_server, 7);
	assert_int_equal(s->path->loss->witness[1], -1);
	assert_true(endpoint_same_address(&s->path->facts.arrived_on, &anchor));
	assert_true(endpoint_equal(&s->path->facts.receipt_source, &client));
}

/* The address moved during the outage: whoever answers the query last, the newest receipt tells where it is. */
static void the_newest_receipt_tells_who_has_the_address(void **state)
{
	struct scene *s = *state;
	struct evidence_answer old = answer_of(1, true, 1, 4, 0xf), new = answer_of(1, true, 5, 10, 0x3f);

	hear(s, 7, -1, &new, NULL);
	s->path->facts.arrived_on = client; /* as the newest answer says, which another server gave */
	hear(s, 3, -1, &old, NULL);
	assert_int_equal(s->path->loss->receipt_server, 7);
	assert_true(endpoint_same_address(&s->path->loss->receipt_on, &anchor));
	assert_int_equal(tally(s).return_lost, 10);
}

static void forward_needs_the_word_of_every_server(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0);

	hear(s, 3, -1, &none, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_false(settle_wanted(s->path, 0)); /* it has said what it knows */
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, 3, &none, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(s->path->loss->witness[0], -1);
	assert_int_equal(s->path->loss->witness[1], 3);
	assert_false(settle_wanted(s->path, 1));
}

/* Server 3 knows nothing, server 7 neither, but it has lost its memory 5 s before it answers. */
/* A datagram that waits at another socket of the server may be the probe that its receipts lack. */
static void what_is_not_read_yet_may_have_arrived(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0);

	hear(s, 3, -1, &none, NULL);
	none.unread_ms = (uint32_t)((s->asked_ns - 100 * SECOND) / 1000000); /* since before the first probe */
	hear(s, 7, -1, &none, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_true(settle_wanted(s->path, 1));
	none.unread_ms = 1;
	hear(s, 7, -1, &none, NULL);
	assert_in_range(tally(s).forward_lost, 9, 10);
}

static void expect_blindness(struct scene *s, uint64_t uptime_ms, uint64_t evicted_ms)
{
	struct evidence_answer none = answer_of(1, false, 0, 0, 0), blind = none;

	blind.uptime_ms = uptime_ms;
	blind.evicted_ms = evicted_ms;
	hear(s, 3, -1, &none, NULL);
	hear(s, 7, -1, &blind, NULL);
	/* the probes of seconds 108 to 110 left after that, the others before */
	assert_int_equal(tally(s).forward_lost, 3);
	assert_int_equal(tally(s).lost, 7);
}

static void a_server_that_started_since_proves_no_absence(void **state)
{
	expect_blindness(*state, 5000, UINT64_MAX);
}

static void a_server_that_forgot_a_flow_since_proves_no_absence(void **state)
{
	expect_blindness(*state, HOUR_MS, 5000);
}

/* An answer that says nothing of this path's flow is not the server's word on it; one that does not know the flow is,
 * but tells nothing of who had its probes, and where. */
static void an_empty_word_is_no_word(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0), empty = none, another = none;

	empty.flows_len = 0;
	another.flows[0].id = 77;
	hear(s, 3, -1, &none, NULL);
	hear(s, 7, -1, &empty, NULL);
	hear(s, 7, -1, &another, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, -1, &none, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(s->path->loss->receipt_server, -1);
	assert_true(endpoint_is_unknown(&s->path->facts.arrived_on));
}

static void who_may_not_answer_here_has_nothing_to_say(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	hear(s, 5, -1, &a, NULL);
	assert_int_equal(tally(s).lost, 10);
}

/* What is said is about a second ago: at the first four, then when there are twice as many, four times as many .. */
static void refusals_are_asked_about_ever_more_seldom(void **state)
{
	struct scene *s = *state;
	struct prober *b = &s->path->prober;
	unsigned asked = 0;

	for (uint32_t seq = 1; seq <= 10; seq++)
		prober_settle(b, seq, PROBER_IMPOSTOR);
	assert_false(settle_wanted(s->path, 0));
	for (int64_t i = 0; i < 64; i++) {
		prober_settle(b, prober_send(b, (200 + i) * SECOND, (200 + i) * SECOND), PROBER_REFUSED);
		assert_true(settle_wanted(s->path, 1)); /* this server never says anything */
		if (!settle_wanted(s->path, 0))
			continue;
		s->path->loss->has_window[0] = true;
		s->path->loss->windows[0].asked_ns = (200 + i) * SECOND;
		asked++;
	}
	assert_int_equal(asked, 8);
	assert_false(settle_wanted(s->path, 0));
}

static struct evidence_answer heard_others(const struct path *p)
{
	return (struct evidence_answer){
		.arrivals = { { { p->endpoint, PACKET_UDP }, 500 } },
		.arrivals_len = 1,
	};
}

static void who_does_not_answer_here_is_asked_for_others(void **state)
{
	struct scene *s = *state;
	struct path *p = s->path;
	struct evidence_query query = { .places_len = 0 };
	size_t from = 0;

	p->endpoint = anchor;
	p->held = -1;
	s->target.expect_reachable = true;
	settle_ask_places(&s->paths, 3, &from, &query);
	assert_int_equal(query.places_len, 0); /* nobody answers */
	p->prober.holder = 0;
	settle_ask_places(&s->paths, 3, &from, &query);
	assert_int_equal(query.places_len, 0); /* it does itself */
	p->held = 0;
	settle_ask_places(&s->paths, 7, &from, &query);
	assert_int_equal(query.places_len, 0); /* this flow may be led by old state */
	p->held = -1;
	settle_ask_places(&s->paths, 7, &from, &query);
	assert_int_equal(query.places_len, 1);
	assert_true(endpoint_equal(&query.places[0].endpoint, &anchor));
	assert_int_equal(query.places[0].transport, PACKET_UDP);
}

static void others_heard_elsewhere_make_a_second_holder(void **state)
{
	struct scene *s = *state;
	struct path *p = s->path;
	struct evidence_answer a;

	p->endpoint = anchor;
	p->held = -1;
	s->target.expect_reachable = true;
	p->prober.holder = 0;
	assert_true(paths_set(&s->paths, memcpy(malloc(sizeof p), &p, sizeof p), 1, leaving, NULL)); /* it has moved */
	a = heard_others(p);
	hear(s, 3, -1, &a, NULL);
	assert_null(p->second_holder); /* the holder itself */
	a.arrivals[0].place.transport = PACKET_TCP;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* another protocol */
	a = heard_others(p);
	hear(s, 5, -1, &a, NULL);
	assert_null(p->second_holder); /* who may not answer here */
	s->target.expect_reachable = false;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* nobody is to answer */
	s->target.expect_reachable = true;
	p->held = 0;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* old state may lead this flow */
	p->held = -1;
	hear(s, 7, -1, &a, NULL);
	assert_non_null(p->second_holder);
	assert_int_equal(p->second_holder->server, 7);
	assert_true(p->second_holder->from_ns == 112 * SECOND - 501 * MS);
	assert_true(p->second_holder->to_ns == 112 * SECOND + s->answered_after_ns - 500 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_receipt_of_any_server_proves_return),
		TEST(the_newest_receipt_tells_who_has_the_address),
		TEST(forward_needs_the_word_of_every_server),
		TEST(what_is_not_read_yet_may_have_arrived),
		TEST(a_server_that_started_since_proves_no_absence),
		TEST(a_server_that_forgot_a_flow_since_proves_no_absence),
		TEST(an_empty_word_is_no_word),
		TEST(who_may_not_answer_here_has_nothing_to_say),
		TEST(refusals_are_asked_about_ever_more_seldom),
		TEST(who_does_not_answer_here_is_asked_for_others),
		TEST(others_heard_elsewhere_make_a_second_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
