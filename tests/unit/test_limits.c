/* Requests without a slot for this server, and floods: what they cost others. */
#include "tests/unit/reflector_scene.h"

/* All but the flow may be forged: nothing is kept of it, and nothing told of what is known. */
static void without_a_slot_the_signature_decides(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct request r = { .flow = 5, .seq = 1, .no_slot = true, .flags = PACKET_WANT_TWIN, .len = 2 * PROBE_LEN };
	struct outcome out;

	for (; r.seq <= 3; r.seq++) {
		out = ask(w, r);
		assert_int_equal(out.outcome, REFLECTOR_REPLIED_BARE);
		assert_int_equal(out.reply.flags, 0);
		assert_int_equal(out.reply.status, PACKET_OK);
		assert_int_equal(out.reply.receipts.received, 0);
		assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	}
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_BARE); /* nor are its copies known */
	pass(w, 3 * S);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_false(out.answer.flows[0].known);
	assert_true(out.answer.evicted_ms == 3000); /* so it proves no loss */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 9 }).reply.flags, PACKET_NEW_FLOW);
	assert_int_equal(ask(w, r).reply.receipts.received, 0);
	r.spoil = WIRE_SIGNATURE(1);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_BAD_SIGNATURE);
}

static void without_a_slot_the_time_must_be_right(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    ask(w, (struct request){ .flow = 5, .seq = 1, .no_slot = true, .skew_ns = -61 * S }).reply.status,
	    PACKET_CLOCK_SKEW);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .no_slot = true, .skew_ns = -59 * S }).outcome,
			 REFLECTOR_REPLIED_BARE);
}

static void without_a_slot_only_probes_are_taken(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	assert_int_equal(ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .query = &query }).outcome,
			 REFLECTOR_DROPPED_FOR_ANOTHER);
	assert_int_equal(ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .relay = true }).outcome,
			 REFLECTOR_DROPPED_FOR_ANOTHER);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE); /* nobody was refused */
	assert_int_equal(w->collected, 0);
}

/* What the link saw is told, unless the socket may have got it: a question for another server was no probe. */
static void a_question_for_another_server_hides_no_probe(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	ask(w, (struct request){ .flow = 6, .seq = 1, .no_slot = true, .query = &query });
	assert_int_equal(ask(w, (struct request){ .flow = 7, .seq = 1, .query = &query }).answer.captures_len, 1);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) });
	assert_int_equal(ask(w, (struct request){ .flow = 7, .seq = 2, .query = &query }).answer.captures_len, 0);
}

/* Alice makes new flows. Her flow 5 and Bob's go on meanwhile. Returns how many of the new ones were kept. */
static unsigned make_flows(struct world *w, unsigned count, const struct endpoint *source)
{
	static uint64_t id = 1000;
	static uint32_t seq;
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		struct outcome out = ask(w, (struct request){ .flow = ++id, .seq = 1, .source = *source });

		assert_true(out.outcome == REFLECTOR_REPLIED || out.outcome == REFLECTOR_REPLIED_NO_FLOW ||
			    out.outcome == REFLECTOR_DROPPED_NO_FLOW);
		assert_int_equal(out.reply.receipts.received, out.outcome == REFLECTOR_REPLIED);
		kept += out.outcome == REFLECTOR_REPLIED;
		if (i % 4 != 0)
			continue;
		seq++;
		assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = seq }).reply.receipts.received, seq);
		assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = seq }).reply.receipts.received,
				 seq);
	}
	return kept;
}

static void new_flows_are_limited(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 77 }, .flows_len = 1 };
	const struct endpoint here = sample_endpoint_v4(1, 1), there = sample_endpoint_v6(1, 1);
	const uint64_t *counts = reflector_counts(w->reflector);

	assert_int_equal(make_flows(w, 10000, &here), 10000); /* as at the new holder of an address */
	assert_in_range(make_flows(w, 30000, &here), 20000, 25000);
	assert_in_range(make_flows(w, 30000, &there), 15000, 20000); /* other prefixes have a limit together */
	assert_int_equal(make_flows(w, 100, &there), 0);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_REFUSED);
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_NO_FLOW);
	assert_int_equal(counts[REFLECTOR_REPLIED_NO_FLOW], 10000);
	assert_in_range(counts[REFLECTOR_DROPPED_NO_FLOW], 10000, 15000);
	pass(w, 1 * S);
	assert_in_range(make_flows(w, 1000, &there), 100, 400);
	/* What it has not kept may have arrived. */
	assert_true(ask(w, (struct request){ .flow = 5, .seq = 30000, .query = &query }).answer.evicted_ms == 0);
}

static void junk_without_a_slot_stays_in_its_prefix(void **state)
{
	struct world *w = *state;
	struct request junk = { .seq = 1, .no_slot = true, .spoil = WIRE_SIGNATURE(1) };
	struct request good = { .flow = 5, .seq = 1, .no_slot = true };
	unsigned verified = 0;

	junk.source = sample_endpoint_v4(1, 1);
	junk.source.address[12] = 203;
	for (unsigned i = 0; i < 1000; i++) {
		junk.source.address[15] = (uint8_t)i;
		verified += ask(w, junk).outcome == REFLECTOR_DROPPED_BAD_SIGNATURE;
	}
	assert_in_range(verified, 1, 30);
	assert_int_equal(ask(w, junk).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);

	junk.source = sample_endpoint_v6(1, 1);
	for (unsigned i = 0; i < 1000; i++) {
		junk.source.address[15] = (uint8_t)i;
		ask(w, junk);
	}
	assert_int_equal(ask(w, junk).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
	good.seq = 2;
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);
	/* Nor does it take from another client of the same prefix. */
	good.source = junk.source;
	good.who = BOB;
	assert_int_equal(ask(w, good).outcome, REFLECTOR_REPLIED_BARE);
}

/* More junk of each kind than there are flows, between any two probes; a flow made by it would push ours out. */
static void a_flood_of_junk_takes_nothing_from_a_flow(void **state)
{
	struct world *w = *state;

	for (uint32_t seq = 1; seq <= 20; seq++) {
		struct outcome out = ask(w, (struct request){ .flow = 5, .seq = seq, .heard = seq - 1 });

		assert_int_equal(out.outcome, REFLECTOR_REPLIED);
		assert_int_equal(out.reply.receipts.received, seq);
		for (uint32_t i = 1; i <= 2 * FLOWS_MAX; i++) {
			ask(w, (struct request){ .flow = i, .seq = seq + 1, .spoil = WIRE_SEQ + 3 });
			ask(w, (struct request){ .flow = i + 100, .seq = 1, .spoil = WIRE_SIGNATURE(1) });
			ask(w, (struct request){ .flow = i, .seq = seq + 1, .no_slot = true });
			ask(w, (struct request){ .flow = i + 100, .seq = 1, .skew_ns = -3600 * S });
			ask(w, (struct request){ .who = STRANGER, .flow = i, .seq = 1, .tcp = i % 2 });
		}
		pass(w, 100 * MS);
	}
}

static void a_client_cannot_push_out_another_s_flow(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct outcome out;

	ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1 });
	for (uint64_t flow = 1; flow <= 100; flow++)
		ask(w, (struct request){ .flow = flow, .seq = 1 });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NEW);
	assert_true(w->event.full);
	assert_int_equal(reflector_evictions(w->reflector), 101 - flows_len(reflector_flows(w->reflector)));
	assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 2 }).reply.flags, 0);
	/* And who lost flows is told so. */
	pass(w, 5 * S);
	out = ask(w, (struct request){ .flow = 100, .seq = 2, .query = &query });
	assert_int_equal(out.answer.evicted_ms, 5000);
	out = ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 3, .query = &query });
	assert_true(out.answer.evicted_ms == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_slot_the_signature_decides),
		TEST(without_a_slot_the_time_must_be_right),
		TEST(without_a_slot_only_probes_are_taken),
		TEST(a_question_for_another_server_hides_no_probe),
		TEST(new_flows_are_limited),
		TEST(junk_without_a_slot_stays_in_its_prefix),
		TEST(a_flood_of_junk_takes_nothing_from_a_flow),
		TEST(a_client_cannot_push_out_another_s_flow),
	};

	return cmocka_run_group_tests_name("limits", tests, set_up_keys, NULL);
}
