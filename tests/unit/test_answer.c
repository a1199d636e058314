/* What an evidence answer says of flows and arrivals. */
#include "tests/unit/reflector_scene.h"

static void evidence_tells_of_the_flows_asked_for(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 6, 999 }, .flows_len = 2, .attempts_len = 1 };
	struct endpoint source = sample_endpoint_v6(3, 4711);
	struct outcome out;

	query.attempts[0] = (struct evidence_attempt){ .client = sample_endpoint_v4(9, 55), .id = 31 };
	ask(w, (struct request){ .flow = 6, .seq = 1, .source = source });
	pass(w, 2 * S);
	ask(w, (struct request){ .flow = 6, .seq = 3, .source = source });
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.outcome, REFLECTOR_ANSWERED);
	assert_int_equal(out.reply.role, PACKET_ANSWER);
	assert_true(out.answer.boot_id == BOOT_ID);
	assert_int_equal(out.answer.uptime_ms, 3000);
	assert_int_equal(out.answer.socket_drops, 12);
	assert_int_equal(w->attempt.id, 31);

	assert_int_equal(out.answer.flows_len, 2);
	assert_true(out.answer.flows[0].id == 6);
	assert_true(out.answer.flows[0].known);
	assert_int_equal(out.answer.flows[0].idle_ms, 1000);
	assert_true(endpoint_same_address(&out.answer.flows[0].source, &source));
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 2), RECEIPTS_MISSING);
	assert_true(out.answer.flows[1].id == 999);
	assert_false(out.answer.flows[1].known);
}

/* Frames that come beside what a socket hears: how long ago was that? The query itself is of a flow, too. */
static void evidence_tells_when_a_socket_heard_the_client(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 999 }, .flows_len = 1 };
	struct endpoint source = sample_endpoint_v4(3, 0), other = sample_endpoint_v4(4, 0);
	struct endpoint arrived_on = sample_endpoint_v4(26, 0);
	struct request probe = { .flow = 6, .seq = 1, .source = source };
	struct request question = { .flow = 5, .query = &query, .source = other };

	w->frames = (struct evidence_frames){ .client = source, .local = arrived_on, .transport = PACKET_UDP };
	question.seq = 1;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	ask(w, probe);
	pass(w, 2 * S);
	question.seq = 2;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, 2000);
	w->frames.transport = PACKET_TCP;
	question.seq = 9;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	w->frames.transport = PACKET_UDP;
	w->frames.local = other;
	question.seq = 10;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
	w->frames.local = arrived_on;
	w->frames.client = other;
	question.seq = 11;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, 0);
	w->frames.client = source;
	pass(w, 100 * S);
	question.seq = 12;
	assert_int_equal(ask(w, question).answer.frames[0].heard_ms, EVIDENCE_HEARD_MAX);
}

static void evidence_without_ids_tells_of_the_latest_first(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	const uint64_t expected[] = { 5, 1, 3, 2 };
	struct outcome out;

	ask(w, (struct request){ .who = BOB, .flow = 44, .seq = 1 });
	for (uint64_t flow = 1; flow <= 3; flow++)
		ask(w, (struct request){ .flow = flow, .seq = 1 });
	ask(w, (struct request){ .flow = 1, .seq = 2 });
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.answer.flows_len, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(out.answer.flows[i].id == expected[i]);
}

/* What the server says of others at the place where it is asked. */
static unsigned arrivals_told(struct world *w, unsigned who, uint32_t seq, uint32_t *idle_ms)
{
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1, .places_len = 1 };
	struct outcome out;

	query.places[0] = (struct evidence_place){ sample_endpoint_v4(26, SERVER_PORT), PACKET_UDP };
	out = ask(w, (struct request){ .who = who, .flow = 77, .seq = seq, .query = &query });
	*idle_ms = out.answer.arrivals[0].idle_ms;
	return out.answer.arrivals_len;
}

static void new_flows_of_others_are_told(void **state)
{
	struct world *w = *state;
	uint32_t idle_ms;

	ask(w, (struct request){ .flow = 5, .seq = 1, .direct = true }); /* of a port that was used before */
	assert_int_equal(arrivals_told(w, BOB, 1, &idle_ms), 0);
	ask(w, (struct request){ .flow = 5, .seq = 2, .direct = true, .flags = PACKET_NEW_PORT });
	pass(w, 2 * S);
	assert_int_equal(arrivals_told(w, BOB, 2, &idle_ms), 1);
	assert_int_equal(idle_ms, 2000);
	assert_int_equal(arrivals_told(w, ALICE, 1, &idle_ms), 0); /* her own */
	ask(w, (struct request){ .who = BOB, .flow = 6, .seq = 1, .direct = true, .flags = PACKET_NEW_PORT });
	pass(w, 1 * S);
	assert_int_equal(arrivals_told(w, ALICE, 2, &idle_ms), 1);
	assert_int_equal(idle_ms, 1000);
	assert_int_equal(arrivals_told(w, BOB, 3, &idle_ms), 1);
	assert_int_equal(idle_ms, 3000);
}

/* State of an older mapping may have led them here: that says nothing of who holds the address. */
static void translated_flows_are_not_told(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1, .places_len = 2 };
	struct outcome out;

	query.places[0] = (struct evidence_place){ sample_endpoint_v4(5, SERVER_PORT), PACKET_UDP };
	query.places[1] = (struct evidence_place){ sample_endpoint_v4(26, SERVER_PORT), PACKET_UDP };
	ask(w, (struct request){ .flow = 5, .seq = 1, .flags = PACKET_NEW_PORT });
	out = ask(w, (struct request){ .who = BOB, .flow = 77, .seq = 1, .query = &query });
	assert_int_equal(out.answer.arrivals_len, 0);
}

static void a_copy_is_no_arrival(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .direct = true, .flags = PACKET_NEW_PORT };
	uint32_t idle_ms;

	ask(w, r);
	pass(w, 5 * S);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(arrivals_told(w, BOB, 1, &idle_ms), 1);
	assert_int_equal(idle_ms, 5000);
}

static void queries_are_limited_and_must_open(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct request r = { .flow = 5, .seq = 1, .query = &query, .spoil = QUERY_LEN - 1 };
	unsigned answered = 0;

	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_EVIDENCE);
	assert_int_equal(w->collected, 0);
	r.spoil = 0;
	for (unsigned i = 0; i < 100; i++) {
		r.seq++;
		answered += ask(w, r).outcome == REFLECTOR_ANSWERED;
	}
	assert_int_equal(w->collected, answered);
	assert_in_range(answered, 10, 20);
	pass(w, 1 * S);
	r.seq++;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
	r.who = BOB;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
}

/* All answers are lost on their way: the client goes on asking directly, and through others. */
static void direct_queries_leave_room_for_those_of_witnesses(void **state)
{
	struct world *w = *state;
	struct evidence_query direct = { .flows_len = 0 }, handed_on = { .relayed = true };
	struct request r = { .flow = 5, .seq = 1, .query = &direct };
	unsigned answered = 0, limited = 0;

	for (unsigned i = 0; i < 100; i++, r.seq++)
		limited += ask(w, r).outcome == REFLECTOR_DROPPED_EVIDENCE;
	assert_true(limited > 0);
	r.query = &handed_on;
	for (unsigned i = 0; i < 100; i++, r.seq++)
		answered += ask(w, r).outcome == REFLECTOR_ANSWERED;
	assert_in_range(answered, 10, 20);
	r.query = &direct;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_EVIDENCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(evidence_tells_of_the_flows_asked_for),
		TEST(evidence_tells_when_a_socket_heard_the_client),
		TEST(evidence_without_ids_tells_of_the_latest_first),
		TEST(new_flows_of_others_are_told),
		TEST(translated_flows_are_not_told),
		TEST(a_copy_is_no_arrival),
		TEST(queries_are_limited_and_must_open),
		TEST(direct_queries_leave_room_for_those_of_witnesses),
	};

	return cmocka_run_group_tests_name("answer", tests, set_up_keys, NULL);
}
