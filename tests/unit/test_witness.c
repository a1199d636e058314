/* witness: what is asked of whom, whose answer is believed, and that neither junk nor liars take anything from those
 * who wait. Time is moved by hand. */
#include "server/reflect/witness.h"

#include "common/core/seal.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS 1000000LL
#define S  1000000000LL

enum { FIRST, SECOND, PEERS };
enum { HEAD_LEN = WIRE_PACKET_MIN + WIRE_TLV_HEADER_LEN, QUERY_LEN = 600, RELAY_LEN = HEAD_LEN + QUERY_LEN };

static struct witness_peer peers[PEERS];
static const uint8_t client_key[WIRE_KEY_LEN] = { 0xc1 };
static const struct witness_origin origin = { .id = 77 };

struct world {
	struct witness *witness;
	int64_t now_ns;
	uint8_t relay[RELAY_LEN], answer[QUERY_LEN];
	struct witness_query query; /* of the last relay */
	struct witness_done done;
};

/* A query as a test describes it; zero is the usual. */
struct inner {
	uint64_t flow;
	uint32_t seq;
	enum packet_role role;
	enum packet_transport transport;
	const uint8_t *server_key, *client_key;
};

static int set_up(void **state)
{
	static struct world world;

	for (unsigned i = 0; i < PEERS; i++) {
		memset(peers[i].key, (int)(0xb0 + i), sizeof peers[i].key);
		peers[i].address = sample_endpoint_v4((uint8_t)(50 + i), WIRE_PORT);
	}
	world = (struct world){ .witness = witness_new(), .now_ns = 1000 * S };
	assert_non_null(world.witness);
	witness_set_peers(world.witness, peers, PEERS);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	witness_free(w->witness);
	return 0;
}

/* Nothing here can look at a seal, so there is none. */
static void write_query(uint8_t *buf, size_t len, const struct inner *inner)
{
	struct packet_request query = {
		.role = inner->role ? inner->role : PACKET_QUERY,
		.seq = inner->seq,
		.flow_id = inner->flow,
		.transport = inner->transport ? inner->transport : PACKET_UDP,
		.slots = 1,
	};

	memcpy(query.client_key, inner->client_key ? inner->client_key : client_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &query);
	memcpy(buf + WIRE_SLOTS, inner->server_key ? inner->server_key : peers[FIRST].key, WIRE_SERVER_ID_LEN);
	buf[len - 1] = 0x5a;
}

static struct reflector_request relay(struct world *w, size_t len)
{
	struct packet_request outer = { .role = PACKET_RELAY, .seq = 1, .flow_id = 4, .slots = 1 };

	memcpy(outer.client_key, client_key, sizeof outer.client_key);
	packet_write_request(w->relay, len, &outer);
	return (struct reflector_request){ .buf = w->relay,
					   .len = len,
					   .source = sample_endpoint_v4(200, 40000),
					   .arrived_on = sample_endpoint_v4(26, WIRE_PORT),
					   .now_ns = w->now_ns };
}

static enum witness_outcome ask(struct world *w, struct inner inner)
{
	struct reflector_request request = relay(w, RELAY_LEN);

	write_query(w->relay + HEAD_LEN, QUERY_LEN, &inner);
	return witness_take(w->witness, &request, &origin, &w->query);
}

static enum witness_outcome hear(struct world *w, const struct inner *inner, const struct witness_peer *from)
{
	struct packet_reply answer = { .role = PACKET_ANSWER, .arrived_on = from->address, .slots = 1 };

	memcpy(answer.server_key, from->key, sizeof answer.server_key);
	write_query(w->answer, QUERY_LEN, inner);
	packet_write_reply(w->answer, QUERY_LEN, &answer);
	w->answer[QUERY_LEN - 1] = 0xa5;
	return witness_hear(w->witness, &from->address, w->answer, QUERY_LEN, &w->done);
}

static enum witness_outcome expire(struct world *w)
{
	return witness_expire(w->witness, w->now_ns, &w->done);
}

/* ---- the way there and back ---- */

static void a_query_goes_to_its_server_as_it_is(void **state)
{
	struct world *w = *state;
	uint8_t query[QUERY_LEN];

	for (unsigned i = 0; i < PEERS; i++) {
		struct inner inner = { .flow = 5, .seq = 1, .server_key = peers[i].key };

		write_query(query, sizeof query, &inner);
		assert_int_equal(ask(w, inner), WITNESS_FORWARDED);
		assert_true(endpoint_equal(&w->query.to, &peers[i].address));
		assert_int_equal(w->query.len, QUERY_LEN);
		assert_memory_equal(w->query.buf, query, QUERY_LEN);
	}
}

/* What comes out is the relay with the answer in the place of the query, ready to be made a reply. */
static void an_answer_takes_the_place_of_the_query(void **state)
{
	struct world *w = *state;
	const struct inner inner = { .flow = 5, .seq = 1 };
	struct packet_request request;
	struct endpoint source = sample_endpoint_v4(200, 40000);

	assert_int_equal(ask(w, inner), WITNESS_FORWARDED);
	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_ANSWERED);
	assert_int_equal(w->done.status, PACKET_OK);
	assert_int_equal(w->done.origin.id, origin.id);
	assert_true(endpoint_equal(&w->done.request.source, &source));
	assert_int_equal(w->done.request.len, RELAY_LEN);
	assert_int_equal(packet_read_request(w->done.request.buf, RELAY_LEN, &request), PACKET_FAULT_NONE);
	assert_int_equal(request.role, PACKET_RELAY);
	assert_memory_equal(w->done.request.buf, w->relay, HEAD_LEN);
	assert_memory_equal(w->done.request.buf + HEAD_LEN, w->answer, QUERY_LEN);
	/* Nobody waits for another one. */
	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_NOTHING);
}

static void a_peer_has_a_second(void **state)
{
	static const uint8_t zeros[QUERY_LEN];
	struct world *w = *state;
	const struct inner first = { .flow = 5, .seq = 1 }, second = { .flow = 5, .seq = 2 };

	assert_int_equal(witness_deadline_ns(w->witness), 0);
	ask(w, first);
	w->now_ns += 400 * MS;
	ask(w, second);
	assert_int_equal(witness_deadline_ns(w->witness), w->now_ns + 600 * MS);
	w->now_ns += 600 * MS - 1;
	assert_int_equal(expire(w), WITNESS_NOTHING);
	w->now_ns++;
	assert_int_equal(expire(w), WITNESS_SILENT);
	assert_int_equal(w->done.status, PACKET_PEER_SILENT);
	assert_memory_equal(w->done.request.buf + HEAD_LEN, zeros, QUERY_LEN);
	assert_int_equal(expire(w), WITNESS_NOTHING);
	assert_int_equal(hear(w, &first, &peers[FIRST]), WITNESS_UNASKED);
	assert_int_equal(hear(w, &second, &peers[FIRST]), WITNESS_ANSWERED);
	assert_int_equal(witness_deadline_ns(w->witness), 0);
}

static void a_server_that_is_no_peer_is_not_asked(void **state)
{
	static const uint8_t zeros[QUERY_LEN], somebody[WIRE_KEY_LEN] = { 0xdd };
	struct world *w = *state;
	struct inner inner = { .flow = 5, .seq = 1, .server_key = somebody };

	assert_int_equal(ask(w, inner), WITNESS_NO_PEER);
	assert_memory_equal(w->relay + HEAD_LEN, zeros, QUERY_LEN);
	assert_int_equal(witness_deadline_ns(w->witness), 0);
	inner.server_key = peers[SECOND].key;
	witness_set_peers(w->witness, peers, 1);
	assert_int_equal(ask(w, inner), WITNESS_NO_PEER);
	witness_set_peers(w->witness, NULL, 0);
	inner.server_key = peers[FIRST].key;
	assert_int_equal(ask(w, inner), WITNESS_NO_PEER);
}

static void who_is_being_asked_when_the_peers_change_may_answer(void **state)
{
	struct world *w = *state;
	const struct inner inner = { .flow = 5, .seq = 1 };

	ask(w, inner);
	witness_set_peers(w->witness, NULL, 0);
	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_ANSWERED);
}

/* ---- what is not relayed ---- */

static void only_a_client_s_own_query_is_relayed(void **state)
{
	static const uint8_t another[WIRE_KEY_LEN] = { 0xc2 };
	static const struct inner wrong[] = {
		{ .flow = 5, .seq = 1, .client_key = another },
		{ .flow = 5, .seq = 1, .role = PACKET_PROBE },
		{ .flow = 5, .seq = 1, .role = PACKET_RELAY }, /* nothing goes on twice */
		{ .flow = 5, .seq = 1, .transport = PACKET_TCP },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(ask(w, wrong[i]), WITNESS_MALFORMED);
	assert_int_equal(witness_deadline_ns(w->witness), 0);
}

static void junk_fills_no_place(void **state)
{
	struct world *w = *state;
	struct reflector_request request = relay(w, RELAY_LEN);

	for (unsigned i = 0; i < 2 * WITNESS_RELAYS_MAX; i++) {
		memset(w->relay + HEAD_LEN, (int)i, QUERY_LEN);
		assert_int_equal(witness_take(w->witness, &request, &origin, &w->query), WITNESS_MALFORMED);
	}
	assert_int_equal(witness_deadline_ns(w->witness), 0);
}

static void a_query_is_no_longer_than_passes_by_udp(void **state)
{
	static const struct inner inner = { .flow = 5, .seq = 1 };
	static uint8_t buf[HEAD_LEN + WITNESS_QUERY_MAX + 1];
	struct world *w = *state;

	for (size_t len = WITNESS_QUERY_MAX; len <= WITNESS_QUERY_MAX + 1; len++) {
		struct reflector_request request = { .buf = buf, .len = HEAD_LEN + len, .now_ns = w->now_ns };
		struct packet_request outer = { .role = PACKET_RELAY, .slots = 1 };

		memcpy(outer.client_key, client_key, sizeof outer.client_key);
		packet_write_request(buf, request.len, &outer);
		write_query(buf + HEAD_LEN, len, &inner);
		assert_int_equal(witness_take(w->witness, &request, &origin, &w->query),
				 len == WITNESS_QUERY_MAX ? WITNESS_FORWARDED : WITNESS_MALFORMED);
	}
}

static void the_head_may_have_all_slots(void **state)
{
	static const struct inner inner = { .flow = 5, .seq = 1 };
	static uint8_t buf[WIRE_PROBE_MIN + WITNESS_QUERY_MAX];
	struct world *w = *state;
	struct packet_request outer = { .role = PACKET_RELAY, .slots = WIRE_SLOTS_MAX };
	struct reflector_request request = { .buf = buf, .len = sizeof buf, .now_ns = w->now_ns };

	memcpy(outer.client_key, client_key, sizeof outer.client_key);
	packet_write_request(buf, sizeof buf, &outer);
	write_query(buf + WIRE_PROBE_MIN, WITNESS_QUERY_MAX, &inner);
	assert_int_equal(witness_take(w->witness, &request, &origin, &w->query), WITNESS_FORWARDED);
	w->now_ns += 1 * S;
	assert_int_equal(expire(w), WITNESS_SILENT);
	assert_memory_equal(w->done.request.buf, buf, WIRE_PROBE_MIN);
}

static void a_query_that_waits_is_not_asked_again(void **state)
{
	struct world *w = *state;
	const struct inner inner = { .flow = 5, .seq = 1 };

	assert_int_equal(ask(w, inner), WITNESS_FORWARDED);
	assert_int_equal(ask(w, inner), WITNESS_BUSY);
	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_ANSWERED);
}

static void so_many_wait_and_no_more(void **state)
{
	struct world *w = *state;
	unsigned forwarded = 0;

	for (uint32_t seq = 1; seq <= 3 * WITNESS_RELAYS_MAX; seq++)
		forwarded += ask(w, (struct inner){ .flow = 5, .seq = seq }) == WITNESS_FORWARDED;
	assert_int_equal(forwarded, WITNESS_RELAYS_MAX);
	/* Those that wait are not pushed out, and whoever goes makes room. */
	assert_int_equal(hear(w, &(struct inner){ .flow = 5, .seq = 1 }, &peers[FIRST]), WITNESS_ANSWERED);
	assert_int_equal(ask(w, (struct inner){ .flow = 6, .seq = 1 }), WITNESS_FORWARDED);
	assert_int_equal(ask(w, (struct inner){ .flow = 6, .seq = 2 }), WITNESS_BUSY);
	w->now_ns += 1 * S;
	for (unsigned i = 0; i < WITNESS_RELAYS_MAX; i++)
		assert_int_equal(expire(w), WITNESS_SILENT);
	assert_int_equal(expire(w), WITNESS_NOTHING);
	assert_int_equal(witness_counts(w->witness)[WITNESS_BUSY], 2 * WITNESS_RELAYS_MAX + 1);
}

/* ---- who is not believed ---- */

static void an_answer_to_something_else_is_ignored_and_counted(void **state)
{
	struct world *w = *state;
	const struct inner inner = { .flow = 5, .seq = 1 };
	struct witness_peer liar = peers[FIRST];

	ask(w, inner);
	assert_int_equal(hear(w, &(struct inner){ .flow = 6, .seq = 1 }, &liar), WITNESS_UNASKED);
	assert_int_equal(hear(w, &(struct inner){ .flow = 5, .seq = 2 }, &liar), WITNESS_UNASKED);
	assert_int_equal(hear(w, &inner, &peers[SECOND]), WITNESS_UNASKED);
	liar.address.port++;
	assert_int_equal(hear(w, &inner, &liar), WITNESS_UNASKED);
	liar = peers[FIRST];
	liar.address.address[15]++;
	assert_int_equal(hear(w, &inner, &liar), WITNESS_UNASKED);
	liar = peers[FIRST];
	liar.key[0]++;
	assert_int_equal(hear(w, &inner, &liar), WITNESS_UNASKED);
	assert_int_equal(witness_counts(w->witness)[WITNESS_UNASKED], 6);
	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_ANSWERED);
}

static void an_answer_of_another_length_is_ignored(void **state)
{
	static const struct inner inner = { .flow = 5, .seq = 1 };
	struct world *w = *state;
	struct packet_reply answer = { .role = PACKET_ANSWER, .slots = 1 };

	ask(w, inner);
	for (size_t len = QUERY_LEN - 1; len <= QUERY_LEN + 1; len += 2) {
		uint8_t buf[QUERY_LEN + 1];

		memcpy(answer.server_key, peers[FIRST].key, sizeof answer.server_key);
		write_query(buf, len, &inner);
		packet_write_reply(buf, len, &answer);
		assert_int_equal(witness_hear(w->witness, &peers[FIRST].address, buf, len, &w->done), WITNESS_UNASKED);
	}
}

/* A peer may be a client of ours too: its requests are not for the witness, and neither is anything while none waits.
 */
static void what_is_no_answer_is_for_somebody_else(void **state)
{
	struct world *w = *state;
	const struct inner inner = { .flow = 5, .seq = 1 };
	uint8_t buf[QUERY_LEN];

	assert_int_equal(hear(w, &inner, &peers[FIRST]), WITNESS_NOTHING);
	ask(w, inner);
	write_query(buf, sizeof buf, &inner);
	for (size_t len = 0; len <= sizeof buf; len++)
		assert_int_equal(witness_hear(w->witness, &peers[FIRST].address, buf, len, &w->done), WITNESS_NOTHING);
	buf[WIRE_FLOW_ROLE] = PACKET_ANSWER;
	assert_int_equal(witness_hear(w->witness, &peers[FIRST].address, buf, sizeof buf, &w->done), WITNESS_NOTHING);
	assert_string_equal(witness_outcome_text(WITNESS_SILENT), "a peer did not answer in time");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_query_goes_to_its_server_as_it_is),
		TEST(an_answer_takes_the_place_of_the_query),
		TEST(a_peer_has_a_second),
		TEST(a_server_that_is_no_peer_is_not_asked),
		TEST(who_is_being_asked_when_the_peers_change_may_answer),
		TEST(only_a_client_s_own_query_is_relayed),
		TEST(junk_fills_no_place),
		TEST(a_query_is_no_longer_than_passes_by_udp),
		TEST(the_head_may_have_all_slots),
		TEST(a_query_that_waits_is_not_asked_again),
		TEST(so_many_wait_and_no_more),
		TEST(an_answer_to_something_else_is_ignored_and_counted),
		TEST(an_answer_of_another_length_is_ignored),
		TEST(what_is_no_answer_is_for_somebody_else),
	};

	return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
