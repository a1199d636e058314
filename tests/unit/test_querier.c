/* Whom the querier asks, over which way, and when: the dialers stand here, and note what leaves. */
#include "client/evidence/path_loss.h"
#include "client/evidence/querier.h"
#include "common/core/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { SERVERS = 100, SHARED = 50, CROWDED = SERVERS - 1, CROWD = 3, RING = 64, SENT_MAX = 4096 };

static char name[] = "t";
static struct config_server servers[SERVERS];
static struct config_schedule schedule = { .every_ns = S, .timeout_ns = S };
static struct config_target targets[SERVERS];
static struct config config = { .servers = servers,
				.servers_len = SERVERS,
				.schedules = &schedule,
				.schedules_len = 1,
				.targets = targets,
				.targets_len = SERVERS };
static struct keyring keyring;
static struct paths paths;
static struct querier *querier;
static int64_t now_ns;

/* -- what leaves -- */

static struct sent {
	struct endpoint to;
	const struct prober *owner;
	uint32_t seq;
	bool tcp;
	size_t len;
	uint8_t packet[WIRE_EVIDENCE_UDP_LEN]; /* UDP */
} sent[SENT_MAX];
static unsigned sent_len;

uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq)
{
	(void)dialer, (void)held, (void)last_fresh;
	assert_in_range(sent_len, 0, SENT_MAX - 1);
	assert_in_range(len, 1, WIRE_EVIDENCE_UDP_LEN);
	sent[sent_len] = (struct sent){ .to = *to, .owner = owner, .seq = seq, .len = len };
	return sent[sent_len++].packet;
}

void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	(void)dialer, (void)body, (void)timeout_ns;
	assert_in_range(sent_len, 0, SENT_MAX - 1);
	sent[sent_len++] = (struct sent){ .to = *to, .owner = owner, .seq = seq, .tcp = true, .len = len };
}

void udp_dialer_forget(struct udp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

static unsigned asked_at(const struct endpoint *to, bool tcp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sent_len; i++)
		n += sent[i].tcp == tcp && endpoint_equal(&sent[i].to, to);
	return n;
}

/* -- servers, each with a path of its own -- */

static struct endpoint address(unsigned server, uint8_t which)
{
	return (struct endpoint){ .address = { [10] = 0xff, 0xff, 198, 18, which, (uint8_t)server },
				  .port = WIRE_PORT };
}

static int setup(void **state)
{
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(SERVERS - 1 + CROWD, sizeof(struct path *));
	uint8_t seed[SEAL_SEED_LEN] = { 0 };

	(void)state;
	assert_true(seal_start());
	seal_identity_from_seed(&config.identity, seed);
	for (unsigned i = 0; i < SERVERS; i++) {
		struct seal_identity server;
		struct endpoint at = address(i, 0);
		seed[0] = (uint8_t)(i + 1);
		seal_identity_from_seed(&server, seed);
		servers[i].name = name;
		memcpy(servers[i].keys[0], server.public_key, WIRE_KEY_LEN);
		servers[i].keys_len = 1;
		targets[i] = (struct config_target){ .name = name,
						     .servers = { i },
						     .servers_len = 1,
						     .udp = true,
						     .schedules_len = 1,
						     .held = 1,
						     .sizes = { CONFIG_SIZE_DEFAULT },
						     .sizes_len = 1,
						     .expect_reachable = true };
		if (i == SHARED) { /* with the next one, which does not answer there, and in new flows */
			targets[i].servers[1] = i + 1;
			targets[i].servers_len = 2;
			targets[i].held = 0;
			targets[i].fresh = 1;
		}
		if (i == CROWDED) { /* by two source ports, and over TCP */
			targets[i].held = 2;
			targets[i].tcp = true;
			assert_int_equal(path_count(&targets[i]), CROWD);
		}
		assert_true(path_make_all(&plan, &targets[i], &at, items + i));
	}
	assert_true(keyring_init(&keyring, &config, NULL));
	assert_true(paths_set(&paths, items, SERVERS - 1 + CROWD, NULL, NULL));
	querier = querier_new(&(struct querier_settings){ .config = &config, .keyring = &keyring, .paths = &paths });
	assert_non_null(querier);
	for (unsigned i = 0; i < SERVERS; i++) {
		struct endpoint at = address(i, 0);
		assert_true(querier_add(querier, i, &at));
	}
	now_ns = 100 * S;
	sent_len = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	querier_free(querier);
	paths_free(&paths);
	keyring_free(&keyring);
	return 0;
}

/* A probe of this server's path, a timeout ago. */
static void probe(unsigned server, bool lost)
{
	struct path *p = paths.items[server];
	uint32_t seq = prober_send(&p->prober, now_ns - S, now_ns - S);
	struct packet_reply reply = { .seq = seq, .flow_id = p->prober.flow_id };

	if (!lost) {
		prober_reply(&p->prober, &reply, 0, true, now_ns - S + MS, now_ns - S + MS, false);
		return;
	}
	assert_int_equal(prober_expire(&p->prober, now_ns), 1);
	assert_non_null(path_loss(p));
	querier_note(querier, p);
}

static void tick_until(int64_t until_ns)
{
	while (now_ns < until_ns) {
		querier_tick(querier, now_ns);
		now_ns += 20 * MS;
	}
}

static void nobody_is_asked_without_need(void **state)
{
	(void)state;
	probe(0, false);
	tick_until(now_ns + 60 * S);
	assert_int_equal(sent_len, 0);
	assert_true(querier_exhausted(querier, 0));
}

static void many_take_turns(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SERVERS; i++)
		probe(i, true);
	assert_true(querier_tick(querier, now_ns) < now_ns + 20 * MS);
	assert_in_range(sent_len, 2, SERVERS); /* a server: UDP and TCP */
	tick_until(now_ns + 900 * MS);
	for (unsigned i = 0; i < SERVERS; i++) {
		struct endpoint at = address(i, 0);
		assert_int_equal(asked_at(&at, false), 1);
		assert_int_equal(asked_at(&at, true), 1);
	}
	assert_false(querier_exhausted(querier, 0));
	tick_until(now_ns + 2 * S);
	assert_true(querier_exhausted(querier, 1));
	assert_false(querier_exhausted(querier, 5));
}

static void one_that_answers_its_probes_is_asked_there(void **state)
{
	struct endpoint at = address(7, 0), other = address(7, 1);

	(void)state;
	assert_true(querier_add(querier, 7, &other));
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(sent_len, 4);
	sent_len = 0;
	now_ns += 3 * S;
	probe(7, true);
	probe(7, false); /* it is alive, over UDP at its first address */
	querier_tick(querier, now_ns);
	assert_int_equal(sent_len, 1);
	assert_int_equal(asked_at(&at, false), 1);
}

/* Server 7 answers a probe at the address of another one. */
static void answers_at(unsigned server)
{
	struct path *p = paths.items[server];
	uint32_t seq = prober_send(&p->prober, now_ns - MS, now_ns - MS);
	struct packet_reply reply = { .seq = seq, .flow_id = p->prober.flow_id };

	prober_reply(&p->prober, &reply, server == 7 ? 0 : WIRE_SLOTS_MAX + 7, true, now_ns, now_ns, false);
}

/* Two ways pass small probes, and no queries: each round would use them again. */
static void other_ways_are_tried_where_queries_are_lost(void **state)
{
	struct endpoint at[] = { address(7, 0), address(8, 0), address(9, 0) };

	(void)state;
	for (unsigned i = 1; i < 3; i++)
		assert_true(querier_add(querier, 7, &at[i]));
	probe(7, true);
	for (unsigned i = 0; i < 3; i++)
		answers_at(7 + i);
	querier_tick(querier, now_ns);
	assert_int_equal(asked_at(&at[0], false) + asked_at(&at[1], false), 2);
	assert_int_equal(asked_at(&at[2], false), 0);
	now_ns += 3 * S;
	sent_len = 0;
	probe(7, true);
	for (unsigned i = 0; i < 3; i++)
		answers_at(7 + i);
	querier_tick(querier, now_ns);
	assert_int_equal(sent_len, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(asked_at(&at[i], false), 1);
}

/* ICMP errors are limited over all addresses of a host: the probes need them more. A reset has no limit. */
static void where_udp_probes_are_refused_only_tcp_is_asked(void **state)
{
	struct endpoint at = address(7, 0);
	struct path *p = paths.items[7];

	(void)state;
	p->facts.last_error = PROBER_REFUSED;
	p->facts.last_error_ns = now_ns;
	probe(7, true);
	tick_until(now_ns + 5 * S);
	assert_int_equal(asked_at(&at, false), 0);
	assert_true(asked_at(&at, true) > 0);
	p->facts.last_error = PROBER_NONE;
	tick_until(now_ns + 3 * S);
	assert_true(asked_at(&at, false) > 0);
}

static void an_address_that_is_gone_is_not_asked(void **state)
{
	struct endpoint gone = address(7, 0), stays = address(7, 1);

	(void)state;
	assert_true(querier_add(querier, 7, &stays));
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(asked_at(&gone, false), 1);
	assert_int_equal(asked_at(&stays, false), 1);
	querier_begin_addresses(querier);
	assert_true(querier_add(querier, 7, &stays));
	querier_end_addresses(querier);
	sent_len = 0;
	tick_until(now_ns + 2 * S);
	assert_int_equal(asked_at(&gone, false), 0);
	assert_int_equal(asked_at(&gone, true), 0);
	assert_in_range(asked_at(&stays, false), 1, 2);
	assert_false(querier_silence_is_proof(
	    querier, 7, false)); /* of one address nobody knows whether it is the server's fault */
}

/* This host sends nothing there, over UDP or TCP. */
static void cannot_send_to(const struct endpoint *at)
{
	const struct tcp_outcome local = { .result = TCP_LOCAL };

	for (unsigned i = 0; i < sent_len; i++) {
		const struct sent *s = &sent[i];
		if (!endpoint_equal(&s->to, at))
			continue;
		if (s->tcp)
			assert_int_equal(querier_tcp_done(querier, s->owner->flow_id, s->seq, &local), DROP_NONE);
		else
			assert_true(querier_unsent(querier, s->owner->flow_id, s->seq));
	}
}

static void an_address_without_a_route_is_not_silent(void **state)
{
	struct endpoint other = address(7, 1);
	int64_t end_ns = now_ns + 4 * S;

	(void)state;
	assert_true(querier_add(querier, 7, &other));
	for (probe(7, true); now_ns < end_ns; now_ns += 20 * MS) {
		querier_tick(querier, now_ns);
		cannot_send_to(&other);
		sent_len = 0;
	}
	assert_int_equal(querier_liveness(querier, 7, 1), LIVENESS_SILENT);
	assert_false(querier_silence_is_proof(querier, 7, false));
	assert_false(querier_unsent(querier, 1, 1)); /* no query's flow */
}

static void a_new_address_takes_the_room_of_an_old_one(void **state)
{
	struct endpoint at;

	(void)state;
	for (uint8_t round = 0; round < 4; round++) {
		querier_begin_addresses(querier);
		for (uint8_t k = 0; k < 16; k++) {
			at = address(7, (uint8_t)(16 * round + k));
			assert_true(querier_add(querier, 7, &at));
		}
		querier_end_addresses(querier);
	}
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(asked_at(&at, false), 1);
	assert_int_equal(sent_len, 2 * 16);
}

static void a_witness_that_is_no_peer_is_not_asked_again(void **state)
{
	struct endpoint witness = address(9, 0);
	struct packet_reply reply = { .role = PACKET_RELAYED, .status = PACKET_NO_PEER };
	struct packet_request request;

	(void)state;
	probe(9, false);
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(asked_at(&witness, false), 1);
	for (unsigned i = 0; i < sent_len; i++) {
		if (!sent[i].tcp && endpoint_equal(&sent[i].to, &witness))
			assert_int_equal(packet_read_request(sent[i].packet, sent[i].len, &request), PACKET_FAULT_NONE);
	}
	assert_int_equal(request.role, PACKET_RELAY);
	reply.flow_id = request.flow_id;
	reply.seq = request.seq;
	assert_int_equal(querier_received(querier, 9, &reply, NULL, 0, now_ns + MS), DROP_NONE);
	assert_int_equal(querier_received(querier, 9, &reply, NULL, 0, now_ns + MS), DROP_FLOW); /* the way is gone */
	tick_until(now_ns + 5 * S);
	assert_int_equal(asked_at(&witness, false), 1);
}

static void a_witness_that_reports_silence_is_asked_again(void **state)
{
	struct endpoint witness = address(9, 0);
	struct packet_reply reply = { .role = PACKET_RELAYED, .status = PACKET_PEER_SILENT };
	struct packet_request request = { 0 };

	(void)state;
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(asked_at(&witness, false), 0); /* nothing is known of it */
	for (int round = 1; round <= 3; round++) {
		now_ns += 2 * S;
		probe(9, false);
		querier_tick(querier, now_ns);
		assert_int_equal(asked_at(&witness, false), round);
	}
	assert_int_equal(querier_silent_witness(querier, 7), -1); /* it says nothing itself */
	for (unsigned i = 0; i < sent_len; i++) {
		if (!sent[i].tcp && endpoint_equal(&sent[i].to, &witness))
			assert_int_equal(packet_read_request(sent[i].packet, sent[i].len, &request), PACKET_FAULT_NONE);
	}
	reply.flow_id = request.flow_id;
	reply.seq = request.seq;
	assert_int_equal(querier_received(querier, 8, &reply, NULL, 0, now_ns + MS), DROP_SERVER);
	reply.seq = request.seq + 1;
	assert_int_equal(querier_received(querier, 9, &reply, NULL, 0, now_ns + MS), DROP_NUMBER);
	assert_int_equal(querier_silent_witness(querier, 7), -1);
	reply.seq = request.seq;
	assert_int_equal(querier_received(querier, 9, &reply, NULL, 0, now_ns + MS), DROP_EVIDENCE); /* there is none */
	assert_int_equal(querier_silent_witness(querier, 7), 9);
	assert_true(querier_silence_is_proof(querier, 7, false)); /* at its one address, as a witness was asked */
	assert_true(querier_silence_is_proof(querier, 7, true));
}

/* Server 9 is asked to ask server 7, and hands on an answer that `by` has made. */
static enum drop hand_on(unsigned by)
{
	static const uint8_t nonce[SEAL_NONCE_LEN] = { 1 };
	const struct evidence_answer answer = { .boot_id = 1 };
	uint8_t seed[SEAL_SEED_LEN] = { [0] = (uint8_t)(by + 1) }, text[WIRE_EVIDENCE_UDP_LEN];
	struct endpoint witness = address(9, 0);
	struct packet_reply outer = { .role = PACKET_RELAYED, .slots = 1 },
			    inner = { .role = PACKET_ANSWER, .slots = 1 };
	struct packet_request request;
	struct seal_identity identity;
	struct seal_pair pair;
	size_t len, text_len;
	uint8_t *query, *value;
	unsigned i = 0;

	probe(9, false);
	probe(7, true);
	querier_tick(querier, now_ns);
	while (sent[i].tcp || !endpoint_equal(&sent[i].to, &witness))
		i++;
	assert_int_equal(packet_read_request(sent[i].packet, sent[i].len, &request), PACKET_FAULT_NONE);
	outer.flow_id = request.flow_id;
	outer.seq = request.seq;
	seal_identity_from_seed(&identity, seed);
	memcpy(inner.server_key, identity.public_key, WIRE_KEY_LEN);
	assert_true(seal_pair_for_server(&pair, &identity, config.identity.public_key));
	query = packet_evidence(sent[i].packet, sent[i].len, 1, &len);
	packet_write_reply(query, len, &inner);
	value = packet_evidence(query, len, 1, &text_len);
	text_len -= SEAL_NONCE_LEN + SEAL_TAG_LEN;
	evidence_write_answer(text, text_len, &answer);
	seal_evidence(pair.answer, nonce, query, value, text, text_len);
	seal_reply_mac(&pair, PACKET_UDP, query, len, 1);
	return querier_received(querier, 9, &outer, sent[i].packet, sent[i].len, now_ns + MS);
}

static void a_witness_hands_on_an_answer(void **state)
{
	(void)state;
	assert_int_equal(hand_on(7), DROP_NONE);
}

static void a_witness_answers_for_nobody_else(void **state)
{
	(void)state;
	assert_int_equal(hand_on(9), DROP_EVIDENCE);
}

/* A server that does not know our key says so to a query over TCP. Its next answer tells anew. */
static void who_does_not_know_our_key_is_not_awaited(void **state)
{
	struct packet_reply reply = { .role = PACKET_ANSWER, .status = PACKET_NOT_AUTHORISED };
	struct packet_request request;

	(void)state;
	probe(7, true);
	querier_tick(querier, now_ns);
	assert_int_equal(querier_awaited(querier, 2, -1), 7);
	assert_false(querier_refuses_key(querier, 7));
	assert_int_equal(packet_read_request(sent[0].packet, sent[0].len, &request), PACKET_FAULT_NONE);
	reply.flow_id = request.flow_id;
	reply.seq = request.seq;
	assert_int_equal(querier_received(querier, 7, &reply, NULL, 0, now_ns + MS), DROP_EVIDENCE);
	assert_true(querier_refuses_key(querier, 7));
	assert_true(querier_exhausted(querier, 2));
	querier_heard(querier, 7, PACKET_OK, now_ns + 2 * MS);
	assert_false(querier_refuses_key(querier, 7));
	assert_int_equal(querier_awaited(querier, 2, -1), 7);
}

/* While no server is heard, timeouts may come from the network of this host: they do not show that one is silent. */
static void silence_of_all_does_not_count(void **state)
{
	struct endpoint second = address(7, 1);
	int64_t heard_ns;

	(void)state;
	assert_true(querier_add(querier, 7, &second));
	assert_int_equal(querier_liveness_of_any(querier, &heard_ns), LIVENESS_UNKNOWN);
	probe(7, true);
	tick_until(now_ns + 2 * S);
	assert_int_equal(querier_liveness(querier, 7, 1), LIVENESS_SILENT);
	assert_int_equal(querier_liveness_of_any(querier, &heard_ns), LIVENESS_SILENT);
	assert_true(heard_ns == 0);
	querier_heard(querier, 9, PACKET_OK, now_ns);
	assert_int_equal(querier_liveness(querier, 7, 1), LIVENESS_UNKNOWN); /* it has to be asked again */
	assert_int_equal(querier_liveness_of_any(querier, &heard_ns), LIVENESS_UNKNOWN);
	assert_true(heard_ns == now_ns);
	probe(9, false);
	assert_int_equal(querier_liveness_of_any(querier, &heard_ns), LIVENESS_ALIVE);
}

/* Where no target has several servers there is nobody to ask whether it hears others. */
static void it_sleeps_where_nothing_is_shared(void **state)
{
	struct config one = config;
	struct querier *idle;

	(void)state;
	assert_true(querier_tick(querier, now_ns) < INT64_MAX);
	one.targets_len = 1;
	idle = querier_new(&(struct querier_settings){ .config = &one, .keyring = &keyring, .paths = &paths });
	assert_non_null(idle);
	assert_true(querier_tick(idle, now_ns) == INT64_MAX);
	querier_free(idle);
}

/* .. whether it hears others. Who answers is not asked, nor is one that nobody knows to be alive. */
static void one_that_may_answer_too_is_polled(void **state)
{
	struct endpoint answers = address(SHARED, 0), polled = address(SHARED + 1, 0);
	struct packet_request request;

	(void)state;
	probe(SHARED, false);
	tick_until(now_ns + 60 * S);
	assert_int_equal(sent_len, 0);
	for (int i = 0; i < 60; i++) {
		probe(SHARED, false);
		probe(SHARED + 1, false);
		tick_until(now_ns + S);
	}
	assert_int_equal(asked_at(&answers, false), 0);
	assert_in_range(asked_at(&polled, false), 3, 7);
	assert_int_equal(sent_len, asked_at(&polled, false));
	assert_int_equal(packet_read_request(sent[0].packet, sent[0].len, &request), PACKET_FAULT_NONE);
	assert_int_equal(request.role, PACKET_QUERY);
}

/* As many attempts of this path as can be asked about, all lost. */
static void lose_attempts(struct path *p)
{
	struct path_loss *loss = path_loss(p);

	assert_non_null(loss);
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		uint32_t seq = prober_send(&p->prober, now_ns - S, now_ns - S);
		loss->attempts.items[i] = (struct attempt){ .seq = seq, .started_ns = now_ns - S };
	}
	assert_int_equal(prober_expire(&p->prober, now_ns), ATTEMPTS_MAX);
	querier_note(querier, p);
}

/* What a server makes of a query; returns how long its text is. */
static size_t open_query(unsigned server, struct sent *s, struct evidence_query *query)
{
	uint8_t seed[SEAL_SEED_LEN] = { [0] = (uint8_t)(server + 1) }, text[WIRE_EVIDENCE_UDP_LEN];
	struct seal_identity identity;
	struct packet_request request;
	struct seal_pair pair;
	const uint8_t *value;
	size_t len;

	seal_identity_from_seed(&identity, seed);
	assert_true(seal_pair_for_server(&pair, &identity, config.identity.public_key));
	assert_int_equal(packet_read_request(s->packet, s->len, &request), PACKET_FAULT_NONE);
	value = packet_evidence(s->packet, s->len, request.slots, &len);
	assert_true(seal_evidence_open(pair.query, s->packet, value, len, text));
	len -= SEAL_NONCE_LEN + SEAL_TAG_LEN;
	assert_true(evidence_read_query(text, len, query));
	return len;
}

/* Attempts go before flows in an answer: those of one path must not push out the flow of another. */
static void an_answer_has_room_for_all_that_is_asked(void **state)
{
	static struct evidence_query query;
	unsigned flows = 0, attempts = 0;

	(void)state;
	for (unsigned i = CROWDED; i < CROWDED + CROWD; i++) {
		if (paths.items[i]->kind == PROBE_TCP)
			lose_attempts(paths.items[i]);
		else
			probe(i, true);
	}
	querier_tick(querier, now_ns);
	for (unsigned i = 0; i < sent_len; i++) {
		size_t len;
		if (sent[i].tcp)
			continue;
		len = open_query(CROWDED, &sent[i], &query);
		assert_in_range(query.flows_len, 1, evidence_query_room(len, query.attempts_len));
		flows += query.flows_len;
		attempts += query.attempts_len;
	}
	assert_int_equal(flows, CROWD);
	assert_int_equal(attempts, ATTEMPTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(nobody_is_asked_without_need),
		TEST(many_take_turns),
		TEST(one_that_answers_its_probes_is_asked_there),
		TEST(other_ways_are_tried_where_queries_are_lost),
		TEST(where_udp_probes_are_refused_only_tcp_is_asked),
		TEST(an_address_that_is_gone_is_not_asked),
		TEST(an_address_without_a_route_is_not_silent),
		TEST(a_new_address_takes_the_room_of_an_old_one),
		TEST(it_sleeps_where_nothing_is_shared),
		TEST(who_does_not_know_our_key_is_not_awaited),
		TEST(silence_of_all_does_not_count),
		TEST(one_that_may_answer_too_is_polled),
		TEST(a_witness_that_is_no_peer_is_not_asked_again),
		TEST(a_witness_that_reports_silence_is_asked_again),
		TEST(a_witness_hands_on_an_answer),
		TEST(a_witness_answers_for_nobody_else),
		TEST(an_answer_has_room_for_all_that_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
