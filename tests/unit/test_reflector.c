/* The reflector: what it replies, to whom, and what it refuses. */
#include "tests/unit/reflector_scene.h"

static void the_first_probe_makes_a_flow(void **state)
{
	struct world *w = *state;
	struct outcome out = ask(w, (struct request){ .flow = 5, .seq = 9 });
	struct endpoint source = sample_endpoint_v4(200, 40000), arrived_on = sample_endpoint_v4(26, SERVER_PORT);

	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.role, PACKET_REPLY);
	assert_int_equal(out.reply.status, PACKET_OK);
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW);
	assert_true(out.reply.boot_id == BOOT_ID);
	assert_true(endpoint_equal(&out.reply.seen_source, &source));
	assert_true(endpoint_equal(&out.reply.arrived_on, &arrived_on));
	assert_int_equal(out.reply.ttl, 61);
	assert_int_equal(out.reply.tos, 0x20);
	assert_true(out.reply.received_ns == w->real_ns);
	assert_true(out.reply.replied_ns == w->real_ns + 1000);
	assert_int_equal(out.reply.receipts.first, 9);
	assert_int_equal(out.reply.receipts.received, 1);

	out = ask(w, (struct request){ .flow = 5, .seq = 11, .heard = 1 });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.flags, 0);
	assert_int_equal(receipts_status(&out.reply.receipts, 9), RECEIPTS_ARRIVED);
	assert_int_equal(receipts_status(&out.reply.receipts, 10), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&out.reply.receipts, 11), RECEIPTS_ARRIVED);
	assert_int_equal(reflector_counts(w->reflector)[REFLECTOR_REPLIED], 2);
}

static void replies_are_signed_on_request(void **state)
{
	struct world *w = *state;
	unsigned signed_replies = 0;
	struct outcome out;

	out = ask(w, (struct request){ .flow = 5, .seq = 1, .flags = PACKET_SIGN_REPLY });
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW | PACKET_SIGNED);
	for (uint32_t seq = 2; seq <= 1001; seq++) {
		out = ask(w, (struct request){ .flow = 5, .seq = seq, .flags = PACKET_SIGN_REPLY });
		assert_int_equal(out.outcome, REFLECTOR_REPLIED);
		signed_replies += out.reply.flags == PACKET_SIGNED;
	}
	assert_in_range(signed_replies, 1, 999);
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1002, .flags = PACKET_SIGN_REPLY });
	assert_int_equal(out.reply.flags, PACKET_SIGNED);
}

static void a_restart_is_a_new_boot_id_and_a_new_flow(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	reflector_free(w->reflector);
	w->reflector = make_reflector(w, BOOT_ID + 1, 2);
	out = ask(w, (struct request){ .flow = 5, .seq = 600000, .heard = 599999 });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_true(out.reply.boot_id == BOOT_ID + 1);
	assert_int_equal(out.reply.flags, PACKET_NEW_FLOW);
	assert_int_equal(out.reply.receipts.first, 600000);
}

static void a_flow_may_change_its_transport_and_source(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	out = ask(w, (struct request){ .flow = 5, .seq = 2, .tcp = true, .source = sample_endpoint_v6(7, 1234) });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(out.reply.receipts.received, 2);
	assert_int_equal(out.reply.flags, 0);
}

/* Answered, but so late that nothing follows from it: the answer may have come too late. What came in time holds, that
 * of other flows, too. */
static void what_is_read_late_is_no_receipt(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5, 6, 7 }, .flows_len = 3 };
	struct outcome out;

	ask(w, (struct request){ .flow = 6, .seq = 3 });
	for (uint32_t seq = 1; seq <= 8; seq++)
		out = ask(w, (struct request){ .flow = 5, .seq = seq, .waited_ns = seq < 5 ? 0 : 9 * S - seq * S });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(receipts_status(&out.reply.receipts, 4), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.reply.receipts, 8), RECEIPTS_UNKNOWN);
	out = ask(w, (struct request){ .flow = 5, .seq = 10 });
	for (uint32_t seq = 1; seq <= 8; seq++)
		assert_int_equal(receipts_status(&out.reply.receipts, seq), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.reply.receipts, 9), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&out.reply.receipts, 10), RECEIPTS_ARRIVED);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 4 }).reply.flags,
			 PACKET_DUPLICATE); /* it is known */
	pass(w, 1 * S);
	out = ask(w, (struct request){ .flow = 8, .seq = 1, .query = &query });
	assert_true(out.answer.evicted_ms == UINT64_MAX);
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 8), RECEIPTS_UNKNOWN);
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 9), RECEIPTS_MISSING);
	assert_int_equal(receipts_status(&out.answer.flows[0].receipts, 10), RECEIPTS_ARRIVED);
	assert_int_equal(receipts_status(&out.answer.flows[1].receipts, 2), RECEIPTS_MISSING); /* it began with 3 */
	assert_int_equal(receipts_status(&out.answer.flows[1].receipts, 3), RECEIPTS_ARRIVED);
	assert_false(out.answer.flows[2].known);
}

static void late_replies_do_not_go_unheard(void **state)
{
	struct world *w = *state;

	for (uint32_t seq = 1; seq <= 20; seq++) {
		ask(w, (struct request){ .flow = 5, .seq = seq, .waited_ns = 1 * S });
		assert_true(w->event.kind != REFLECTOR_EVENT_UNHEARD);
		pass(w, 1 * S);
	}
}

static void what_is_no_packet_is_dropped(void **state)
{
	struct world *w = *state;
	uint8_t octets[PROBE_LEN] = { 0 };
	struct reflector_request request = { .buf = octets, .transport = PACKET_UDP, .now_ns = w->now_ns };

	for (request.len = 0; request.len <= sizeof octets; request.len++)
		assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_DROPPED_MALFORMED);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_FLOW_MAGIC }).outcome,
			 REFLECTOR_DROPPED_MALFORMED);
	/* It says UDP and comes by TCP. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_PROBE_PROTOCOL }).outcome,
			 REFLECTOR_DROPPED_MALFORMED);
}

static void a_mac_that_does_not_hold_is_dropped(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_SEQ + 3 }).outcome,
			 REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) }).outcome,
			 REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1 }).reply.flags, PACKET_NEW_FLOW);
}

static uint32_t altered_of(const struct evidence_answer *answer)
{
	return answer->counters_len > 0 && answer->counters[0].kind == EVIDENCE_ALTERED ? answer->counters[0].value : 0;
}

/* Whatever octet something on the way alters: it came to the socket, and that it is missing proves nothing. */
static void what_is_altered_on_the_way_is_counted_for_its_client(void **state)
{
	static const size_t octets[] = { WIRE_SEQ + 3,      WIRE_LOCATION,  WIRE_FLOW,    WIRE_FLOW_MAGIC,
					 WIRE_FLOW_VERSION, WIRE_FLOW_ROLE, WIRE_FLOW_ID, WIRE_PROBE_PROTOCOL,
					 WIRE_AUTH,         WIRE_SLOTS,     WIRE_MACS(1) };
	const uint32_t len = sizeof octets / sizeof *octets;
	const struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct world *w = *state;
	struct outcome out;

	for (uint32_t i = 0; i < len; i++)
		ask(w, (struct request){ .flow = 5, .seq = 1 + i, .bad_signature = true, .spoil = octets[i] });
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_int_equal(altered_of(&out.answer), len);
	assert_int_equal(out.answer.captures_len, 0);
	out = ask(w, (struct request){ .who = BOB, .flow = 6, .seq = 1, .query = &query });
	assert_int_equal(altered_of(&out.answer), 0);
	assert_int_equal(out.answer.captures_len, 1);
}

static void what_names_another_client_or_comes_over_tcp_is_not_counted(void **state)
{
	const struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_PROBE_CLIENT_KEY + WIRE_KEY_LEN - 1 });
	ask(w, (struct request){ .flow = 5, .seq = 2, .spoil = WIRE_MACS(1), .tcp = true });
	ask(w, (struct request){ .flow = 5, .seq = 3, .spoil = WIRE_FLOW_VERSION, .tcp = true });
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_int_equal(altered_of(&out.answer), 0);
}

/* Whoever alters a signature, of a known flow or another one, makes the server compute a MAC and nothing more. */
static void a_signature_is_under_the_mac(void **state)
{
	struct world *w = *state;
	struct request spoilt = { .flow = 5, .seq = 1, .spoil = WIRE_SIGNATURE(1) };

	assert_int_equal(ask(w, spoilt).outcome, REFLECTOR_DROPPED_BAD_MAC);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1 }).reply.flags, PACKET_NEW_FLOW);
	spoilt.seq = 2;
	assert_int_equal(ask(w, spoilt).outcome, REFLECTOR_DROPPED_BAD_MAC);
}

static void with_a_mac_the_signature_is_not_looked_at(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .bad_signature = true }).reply.flags,
			 PACKET_NEW_FLOW);
}

static void a_duplicate_is_answered_once_more(void **state)
{
	struct world *w = *state;
	struct outcome out;

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	ask(w, (struct request){ .flow = 5, .seq = 2 });
	for (uint32_t seq = 1; seq <= 2; seq++) {
		out = ask(w, (struct request){ .flow = 5, .seq = seq });
		assert_int_equal(out.outcome, REFLECTOR_REPLIED_DUPLICATE);
		assert_int_equal(out.reply.flags, PACKET_DUPLICATE);
		assert_int_equal(out.reply.receipts.received, 2);
		assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = seq }).outcome, REFLECTOR_DROPPED_REPLAY);
	}
	/* The place of number 2 in the window now belongs to another one. */
	ask(w, (struct request){ .flow = 5, .seq = 2 + RECEIPTS_WINDOW });
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 + RECEIPTS_WINDOW }).outcome,
			 REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).outcome, REFLECTOR_DROPPED_REPLAY);
	/* Late, but within the window, and never seen. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 3 }).outcome, REFLECTOR_REPLIED);
}

static void a_wrong_clock_is_told_and_makes_no_flow(void **state)
{
	struct world *w = *state;
	struct request stale = { .flow = 5, .seq = 1, .skew_ns = -61 * S };
	struct outcome out = ask(w, stale);
	unsigned told = 0;

	assert_int_equal(out.outcome, REFLECTOR_TOLD_SKEW);
	assert_int_equal(out.reply.status, PACKET_CLOCK_SKEW);
	assert_true(out.reply.received_ns == w->real_ns);
	assert_int_equal(out.reply.receipts.received, 0);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .skew_ns = 61 * S }).outcome,
			 REFLECTOR_TOLD_SKEW);
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 1, .skew_ns = 59 * S }).reply.flags,
			 PACKET_NEW_FLOW);
	/* Within a flow the window judges, so a clock that is set meanwhile does not matter. */
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2, .skew_ns = 3600 * S }).outcome,
			 REFLECTOR_REPLIED);

	stale.flow = 6;
	for (unsigned i = 0; i < 1000; i++)
		told += ask(w, stale).outcome == REFLECTOR_TOLD_SKEW;
	assert_in_range(told, 100, 300);
	assert_int_equal(ask(w, stale).outcome, REFLECTOR_DROPPED_SKEW_LIMIT);
	stale.who = BOB;
	assert_int_equal(ask(w, stale).outcome, REFLECTOR_TOLD_SKEW);
}

static void strangers_get_silence_over_udp(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1 }).outcome,
			 REFLECTOR_DROPPED_STRANGER);
}

static void strangers_are_told_over_tcp(void **state)
{
	struct world *w = *state;
	struct request stranger = { .who = STRANGER, .flow = 5, .seq = 1, .tcp = true };
	struct request forged = { .who = STRANGER, .flow = 5, .seq = 1, .tcp = true, .spoil = WIRE_SIGNATURE(1) };
	struct outcome out = ask(w, stranger);
	unsigned told = 0;

	assert_int_equal(out.outcome, REFLECTOR_TOLD_NOT_AUTHORISED);
	assert_int_equal(out.reply.status, PACKET_NOT_AUTHORISED);
	assert_int_equal(out.reply.receipts.received, 0);
	assert_int_equal(ask(w, forged).outcome, REFLECTOR_DROPPED_BAD_SIGNATURE);
	for (unsigned i = 0; i < 1000; i++) {
		stranger.source = sample_endpoint_v4((uint8_t)i, 1);
		stranger.source.address[13] = (uint8_t)i; /* many prefixes */
		told += ask(w, stranger).outcome == REFLECTOR_TOLD_NOT_AUTHORISED;
	}
	assert_in_range(told, 1, 60);
	assert_int_equal(ask(w, stranger).outcome, REFLECTOR_DROPPED_SIGNATURE_LIMIT);
}

/* Both stand in the buffer of the request, which is not an octet longer. */
static void a_twin_is_a_second_reply_in_the_same_room(void **state)
{
	static const size_t lens[] = { PACKET_TWIN_MIN, PACKET_TWIN_MIN + 1, 1399, 1400, WIRE_UDP_MAX };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		struct outcome out = ask(
		    w, (struct request){
			   .flow = i + 1, .seq = 9, .flags = PACKET_WANT_TWIN | PACKET_SIGN_REPLY, .len = lens[i] });

		assert_int_equal(out.outcome, REFLECTOR_REPLIED_TWICE);
		assert_true(2 * packet_twin_len(lens[i]) <= lens[i]);
		assert_int_equal(out.reply.flags, PACKET_NEW_FLOW | PACKET_SIGNED);
		assert_int_equal(out.twin.flags, PACKET_NEW_FLOW | PACKET_TWIN);
		assert_int_equal(out.twin.role, PACKET_REPLY);
		assert_true(out.twin.sent_ns == out.reply.sent_ns);
		assert_true(endpoint_equal(&out.twin.arrived_on, &out.reply.arrived_on));
		assert_memory_equal(&out.twin.receipts, &out.reply.receipts, sizeof out.reply.receipts);
	}
}

static void no_twin_without_room_over_tcp_or_to_a_copy(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct request r = { .flow = 5, .seq = 1, .flags = PACKET_WANT_TWIN, .len = PACKET_TWIN_MIN - 1 };

	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED);
	r = (struct request){ .flow = 5, .seq = 2, .flags = PACKET_WANT_TWIN, .len = 1400, .tcp = true };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED);
	r = (struct request){ .flow = 5, .seq = 3, .flags = PACKET_WANT_TWIN, .query = &query };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_ANSWERED);
	r = (struct request){ .flow = 5, .seq = 4, .flags = PACKET_WANT_TWIN, .len = 1400 };
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_TWICE);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_REPLIED_DUPLICATE);
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_REPLAY);
}

/* The client acknowledges pinned replies; of the twins it never hears it must not be thought deaf. */
static void a_twin_is_no_reply_that_could_go_unheard(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .flags = PACKET_WANT_TWIN, .len = 1400 };

	for (r.seq = 1; r.seq <= 3; r.seq++) {
		ask(w, r);
		assert_int_not_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
		pass(w, 5 * S);
	}
	ask(w, r);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
	assert_int_equal(w->event.unheard_replies, 3);
}

static void a_relay_passes_as_it_is_and_never_again(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true };
	uint8_t buf[PROBE_LEN], before[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);

	write_request(w, &r, buf, sizeof buf);
	memcpy(before, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	assert_memory_equal(buf, before, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_DROPPED_REPLAY);
	r.seq = 2;
	r.spoil = WIRE_SEQ + 3;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_BAD_MAC);
	r.who = STRANGER;
	r.spoil = 0;
	assert_int_equal(ask(w, r).outcome, REFLECTOR_DROPPED_STRANGER);
}

static void a_relay_is_replied_to_later(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true, .flags = PACKET_SIGN_REPLY };
	uint8_t buf[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);
	struct packet_reply reply;
	size_t value_len;
	uint8_t *value = packet_evidence(buf, sizeof buf, 1, &value_len);

	write_request(w, &r, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	ask(w, (struct request){ .flow = 5, .seq = 2 });
	pass(w, 1 * S);
	request.now_ns = w->now_ns;
	request.replied_ns = w->real_ns;
	memset(value, 0x5a, value_len);
	assert_true(reflector_reply_to_relay(w->reflector, &request, PACKET_PEER_SILENT));
	read_reply(&r, buf, sizeof buf, &reply);
	assert_int_equal(reply.role, PACKET_RELAYED);
	assert_int_equal(reply.status, PACKET_PEER_SILENT);
	assert_int_equal(reply.flags, PACKET_SIGNED);
	assert_int_equal(reply.receipts.received, 2);
	assert_true(reply.replied_ns - reply.received_ns == 1 * S);
	assert_int_equal(value[0], 0x5a);
	assert_int_equal(value[value_len - 1], 0x5a);
}

static void a_client_that_goes_is_not_replied_to(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .seq = 1, .relay = true };
	struct reflector_client bob = { .name = "bob" };
	uint8_t buf[PROBE_LEN];
	struct reflector_request request = arrived(w, &r, buf, sizeof buf);

	memcpy(bob.key, people[BOB].public_key, WIRE_KEY_LEN);
	write_request(w, &r, buf, sizeof buf);
	assert_int_equal(reflector_handle(w->reflector, &request, &w->event), REFLECTOR_TO_RELAY);
	assert_true(reflector_set_clients(w->reflector, &bob, 1, w->now_ns));
	assert_false(reflector_reply_to_relay(w->reflector, &request, PACKET_OK));
}

static void relays_are_limited_for_each_client(void **state)
{
	struct world *w = *state;
	struct request r = { .flow = 5, .relay = true };
	unsigned passed = 0;

	for (r.seq = 1; r.seq <= 100; r.seq++)
		passed += ask(w, r).outcome == REFLECTOR_TO_RELAY;
	assert_int_equal(passed, 8);
	assert_int_equal(ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1, .relay = true }).outcome,
			 REFLECTOR_TO_RELAY);
	pass(w, 1 * S);
	for (passed = 0; r.seq <= 200; r.seq++)
		passed += ask(w, r).outcome == REFLECTOR_TO_RELAY;
	assert_int_equal(passed, 4);
}

static void flows_survive_another_list_of_clients(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct reflector_client clients[] = { { .name = "new" }, { .name = "bob-renamed" } };
	struct outcome out;
	uint32_t seq = 2;

	memcpy(clients[0].key, people[STRANGER].public_key, WIRE_KEY_LEN);
	memcpy(clients[1].key, people[BOB].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1 });
	for (uint64_t flow = 5; flow <= 7; flow++)
		ask(w, (struct request){ .who = BOB, .flow = flow, .seq = 1 });
	assert_true(reflector_set_clients(w->reflector, clients, 2, w->now_ns));

	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).outcome, REFLECTOR_DROPPED_STRANGER);
	out = ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 2, .query = &query });
	assert_int_equal(out.reply.flags, 0);
	assert_true(out.answer.flows[0].known);
	assert_int_equal(out.answer.flows[0].receipts.received, 2);
	assert_true(out.answer.evicted_ms == UINT64_MAX);
	pass(w, 7 * S);
	out = ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1, .query = &query });
	assert_int_equal(out.outcome, REFLECTOR_ANSWERED);
	assert_int_equal(out.answer.evicted_ms, 7000);

	for (; seq < 8 && w->event.kind != REFLECTOR_EVENT_UNHEARD; seq++) {
		pass(w, 1 * S);
		ask(w, (struct request){ .who = BOB, .flow = 6, .seq = seq });
	}
	assert_string_equal(w->event.client, "bob-renamed");
}

static void a_list_with_a_bad_key_changes_nothing(void **state)
{
	struct world *w = *state;
	struct reflector_client clients[] = { { .name = "bob" }, { .name = "no point" } };

	memcpy(clients[0].key, people[BOB].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1 });
	assert_false(reflector_set_clients(w->reflector, clients, 2, w->now_ns));
	assert_int_equal(ask(w, (struct request){ .flow = 5, .seq = 2 }).reply.flags, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_probe_makes_a_flow),
		TEST(replies_are_signed_on_request),
		TEST(a_restart_is_a_new_boot_id_and_a_new_flow),
		TEST(a_flow_may_change_its_transport_and_source),
		TEST(what_is_read_late_is_no_receipt),
		TEST(late_replies_do_not_go_unheard),
		TEST(what_is_no_packet_is_dropped),
		TEST(a_mac_that_does_not_hold_is_dropped),
		TEST(what_is_altered_on_the_way_is_counted_for_its_client),
		TEST(what_names_another_client_or_comes_over_tcp_is_not_counted),
		TEST(a_signature_is_under_the_mac),
		TEST(with_a_mac_the_signature_is_not_looked_at),
		TEST(a_duplicate_is_answered_once_more),
		TEST(a_wrong_clock_is_told_and_makes_no_flow),
		TEST(strangers_get_silence_over_udp),
		TEST(strangers_are_told_over_tcp),
		TEST(a_twin_is_a_second_reply_in_the_same_room),
		TEST(no_twin_without_room_over_tcp_or_to_a_copy),
		TEST(a_twin_is_no_reply_that_could_go_unheard),
		TEST(a_relay_passes_as_it_is_and_never_again),
		TEST(a_relay_is_replied_to_later),
		TEST(a_client_that_goes_is_not_replied_to),
		TEST(relays_are_limited_for_each_client),
		TEST(flows_survive_another_list_of_clients),
		TEST(a_list_with_a_bad_key_changes_nothing),
	};

	return cmocka_run_group_tests_name("reflector", tests, set_up_keys, NULL);
}
