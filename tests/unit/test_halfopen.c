/* halfopen: whose half-open socket is it? Sockets are made by a small model of the kernel's SYN-ACK timer, so that
 * their true age is known; and the counters beside them, from the text of /proc/net/netstat. */
#include "server/host/halfopen.h"
#include "server/host/syn_counters.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CLIENT_PORT = 40000, TICK_MS = 10, MODEL_END_MS = 63000, SYNS = 4 };

/* The kernel's request socket, `age_ms` after its SYN came: the SYN-ACK timer doubles each time it fires; a repeated
 * SYN (at syns_ms) is answered at once and starts the running interval again. */
static struct sockdiag_half_open socket_of_age(uint32_t age_ms, const uint32_t syns_ms[SYNS])
{
	struct sockdiag_half_open s = {
		.peer = sample_endpoint_v4(9, CLIENT_PORT),
		.local = sample_endpoint_v4(26, WIRE_PORT),
	};
	uint32_t timeout_ms = 1000, due_ms = 1000;
	unsigned syn = 0;

	for (;;) {
		bool is_syn = syn < SYNS && syns_ms[syn] != 0 && syns_ms[syn] <= due_ms;
		uint32_t next_ms = is_syn ? syns_ms[syn] : due_ms;

		if (next_ms > age_ms)
			break;
		s.retransmits++;
		if (is_syn)
			syn++;
		else
			timeout_ms *= 2;
		due_ms = next_ms + timeout_ms;
	}
	s.expires_ms = due_ms - age_ms;
	return s;
}

static const struct endpoint client_itself = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 9 }, .port = 5000 };
static const struct endpoint unseen;
static const struct endpoint nat = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 1 }, .port = 5000 };
static const struct evidence_translation keeps = { { .address = { [10] = 0xff, 0xff, 198, 18, 1, 9 }, .port = 0 },
						   { .address = { [10] = 0xff, 0xff, 203, 0, 113, 1 }, .port = 0 },
						   true };
static const struct evidence_translation changes = { { .address = { [10] = 0xff, 0xff, 198, 18, 1, 9 }, .port = 0 },
						     { .address = { [10] = 0xff, 0xff, 203, 0, 113, 1 }, .port = 0 },
						     false };

static const uint32_t no_syns[SYNS] = { 0 };

static struct evidence_attempt_answer answer_to(uint32_t attempt_age_ms, struct sockdiag_half_open *list, unsigned len,
						const struct evidence_translation *translation)
{
	const struct halfopen_list all = { .sockets = list, .len = len, .near = len };
	struct evidence_query query = {
		.attempts = { { .client = sample_endpoint_v4(9, CLIENT_PORT), .age_ms = attempt_age_ms } },
		.attempts_len = 1,
	};
	const struct sockdiag_half_open *socket;
	struct evidence_attempt_answer answer;

	if (translation)
		query.translations[query.translations_len++] = *translation;
	socket = halfopen_judge(&query, &query.attempts[0], &unseen, &all, &answer);
	assert_int_equal(socket != NULL, answer.status == EVIDENCE_HALF_OPEN);
	return answer;
}

static enum evidence_attempt_status judge(uint32_t attempt_age_ms, struct sockdiag_half_open *list, unsigned len,
					  const struct evidence_translation *translation)
{
	return answer_to(attempt_age_ms, list, len, translation).status;
}

static void the_true_age_is_always_between_the_bounds(void **state)
{
	/* None; when the first timer fires, before and after; Linux as it was, and with linear SYN timeouts. */
	static const uint32_t schedules[][SYNS] = {
		{ 0 },
		{ 1000 },
		{ 999 },
		{ 1001 },
		{ 1000, 3000, 7000, 15000 },
		{ 999, 2998, 6998, 15000 },
		{ 1000, 2000, 3000, 4000 },
		{ 1010, 2020, 3030, 4040 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
		for (uint32_t age_ms = 0; age_ms < MODEL_END_MS; age_ms += 7) {
			struct sockdiag_half_open s = socket_of_age(age_ms, schedules[i]);
			struct halfopen_age age = halfopen_age(&s);

			/* A SYN on a coarse clock may come a few ms early. */
			assert_true(age.min_ms <= age_ms + SYNS);
			assert_true(age.max_ms >= age_ms);
		}
	}
}

static void without_retransmits_the_age_is_exact(void **state)
{
	struct sockdiag_half_open s = { .expires_ms = 700 };

	(void)state;
	assert_true(halfopen_age(&s).min_ms == 300);
	assert_true(halfopen_age(&s).max_ms == 300);
	assert_true(halfopen_age(&s).sure_ms == 300);
	s.expires_ms = 3600000; /* no timer of this kind */
	assert_true(halfopen_age(&s).min_ms == 0);
	assert_true(halfopen_age(&s).max_ms == HALFOPEN_AGE_UNKNOWN);
	assert_true(halfopen_age(&s).sure_ms == 0);
}

/* What is told is a proof, so it holds whenever the SYNs came: one that was slow has its repetition close behind. */
static void no_socket_is_said_to_be_older_than_it_is(void **state)
{
	static const uint32_t schedules[][SYNS] = {
		{ 0 }, { 1 }, { 100, 2000 }, { 999, 1001, 1002 }, { 1000, 3000, 7000, 15000 }, { 50, 60, 70, 80 }
	};

	(void)state;
	for (unsigned i = 0; i < sizeof schedules / sizeof schedules[0]; i++) {
		for (uint32_t age_ms = 0; age_ms < MODEL_END_MS; age_ms += 7) {
			struct sockdiag_half_open s = socket_of_age(age_ms, schedules[i]);
			struct evidence_attempt_answer said = answer_to(age_ms + 8000, &s, 1, NULL);

			assert_int_equal(said.status, EVIDENCE_HALF_OPEN);
			assert_true(said.age_ms <= age_ms);
		}
	}
}

/* For the first two seconds nothing else can be meant, but a tick of the kernel's clock. */
static void a_young_socket_s_age_is_told_as_it_is(void **state)
{
	(void)state;
	for (uint32_t age_ms = TICK_MS; age_ms < 2000; age_ms++) {
		struct sockdiag_half_open s = socket_of_age(age_ms, no_syns);

		assert_int_equal(answer_to(age_ms, &s, 1, NULL).age_ms, age_ms - TICK_MS);
	}
}

static void an_age_that_has_no_room_is_told_as_less(void **state)
{
	struct sockdiag_half_open s = { .peer = client_itself, .retransmits = 7, .expires_ms = 120000 };

	(void)state;
	s.peer.port = CLIENT_PORT;
	s.local = sample_endpoint_v4(26, WIRE_PORT);
	assert_true(halfopen_age(&s).sure_ms == 127000);
	assert_int_equal(answer_to(127000, &s, 1, NULL).age_ms, UINT16_MAX);
}

static void the_attempt_s_own_socket_is_found(void **state)
{
	(void)state;
	for (uint32_t age_ms = 1; age_ms < MODEL_END_MS; age_ms += 11) {
		struct sockdiag_half_open s = socket_of_age(age_ms, no_syns);

		assert_int_equal(judge(age_ms, &s, 1, NULL), EVIDENCE_HALF_OPEN);
	}
}

static void an_older_socket_of_the_same_port_proves_nothing(void **state)
{
	struct sockdiag_half_open s = socket_of_age(40000, no_syns);

	(void)state;
	assert_int_equal(judge(1000, &s, 1, NULL), EVIDENCE_CANNOT_TELL);
}

/* The first SYN was lost. The second made the socket when the client was about to give up, or had: it is the querier's
 * to say, by the age. Behind a NAT it could be another's. */
static void a_socket_of_a_repeated_syn_is_as_young_as_it_is(void **state)
{
	(void)state;
	for (uint32_t attempt_age_ms = 1000; attempt_age_ms < 20000; attempt_age_ms += 17) {
		struct sockdiag_half_open s = socket_of_age(attempt_age_ms - 1000, no_syns);
		struct evidence_attempt_answer said = answer_to(attempt_age_ms, &s, 1, NULL);

		assert_int_equal(said.status, EVIDENCE_HALF_OPEN);
		assert_true(said.age_ms <= attempt_age_ms - 1000);
		s.peer = nat;
		assert_int_equal(judge(attempt_age_ms, &s, 1, NULL), EVIDENCE_CANNOT_TELL);
	}
}

/* Left over from earlier attempts of this client, which no NAT hides: ours would have our port. */
static void other_ports_of_the_client_are_not_ours(void **state)
{
	struct sockdiag_half_open s = socket_of_age(900, no_syns);

	(void)state;
	s.peer.port++;
	assert_int_equal(judge(1000, &s, 1, NULL), EVIDENCE_NOT_SEEN);
	assert_int_equal(judge(1000, NULL, 0, NULL), EVIDENCE_NOT_SEEN);
}

/* It is the attempt's if its SYN took that way, and it may be of any other host behind the NAT. */
static void behind_a_nat_any_younger_socket_may_be_ours(void **state)
{
	struct sockdiag_half_open list[2] = { socket_of_age(900, no_syns), socket_of_age(30000, no_syns) };

	(void)state;
	list[0].peer = list[1].peer = nat;
	assert_int_equal(judge(1000, list, 1, NULL), EVIDENCE_CANNOT_TELL);
	assert_int_equal(judge(1000, list + 1, 1, NULL), EVIDENCE_NOT_SEEN); /* it is older than the attempt */
}

static void a_translated_attempt_has_the_port_that_is_kept(void **state)
{
	struct sockdiag_half_open s = socket_of_age(900, no_syns);

	(void)state;
	s.peer = nat;
	s.peer.port = CLIENT_PORT;
	assert_int_equal(judge(1000, &s, 1, &keeps), EVIDENCE_HALF_OPEN);
	assert_int_equal(judge(1000, &s, 1, &changes), EVIDENCE_CANNOT_TELL);
	s = socket_of_age(40000, no_syns);
	s.peer = nat;
	s.peer.port = CLIENT_PORT;
	assert_int_equal(judge(1000, &s, 1, &keeps), EVIDENCE_CANNOT_TELL);
}

/* Its own port may have been in use by another host behind the NAT. */
static void a_translated_attempt_may_have_any_port(void **state)
{
	struct sockdiag_half_open s = socket_of_age(900, no_syns);

	(void)state;
	s.peer = nat;
	s.peer.port = CLIENT_PORT + 1;
	assert_int_equal(judge(1000, &s, 1, &keeps), EVIDENCE_CANNOT_TELL);
	assert_int_equal(judge(1000, &s, 1, &changes), EVIDENCE_CANNOT_TELL);
	s = socket_of_age(30000, no_syns);
	s.peer = nat;
	assert_int_equal(judge(1000, &s, 1, &keeps), EVIDENCE_NOT_SEEN);
	assert_int_equal(judge(1000, &s, 1, &changes), EVIDENCE_NOT_SEEN);
}

static void a_socket_of_another_attempt_is_no_suspect(void **state)
{
	struct sockdiag_half_open s = socket_of_age(900, no_syns);
	const struct halfopen_list all = { .sockets = &s, .len = 1, .near = 1 };
	struct evidence_query query = { .attempts_len = 2, .translations = { keeps }, .translations_len = 1 };
	struct evidence_attempt_answer answer;

	(void)state;
	for (uint16_t i = 0; i < 2; i++)
		query.attempts[i] =
		    (struct evidence_attempt){ .client = sample_endpoint_v4(9, CLIENT_PORT + i), .age_ms = 1000 };
	s.peer = nat;
	s.peer.port = CLIENT_PORT + 1;
	halfopen_judge(&query, &query.attempts[0], &unseen, &all, &answer);
	assert_int_equal(answer.status, EVIDENCE_NOT_SEEN);
	halfopen_judge(&query, &query.attempts[1], &unseen, &all, &answer);
	assert_int_equal(answer.status, EVIDENCE_HALF_OPEN);
}

static void a_socket_of_the_other_family_is_no_suspect_where_that_is_not_translated(void **state)
{
	struct sockdiag_half_open s = socket_of_age(900, no_syns);
	const struct halfopen_list all = { .sockets = &s, .len = 1, .near = 1 };
	struct evidence_query query = { .attempts_len = 2 };
	struct evidence_attempt_answer answer;

	(void)state;
	query.attempts[0] = (struct evidence_attempt){ .client = sample_endpoint_v4(9, CLIENT_PORT), .age_ms = 1000 };
	query.attempts[1] = (struct evidence_attempt){ .client = sample_endpoint_v6(9, CLIENT_PORT), .age_ms = 1000 };
	s.peer = sample_endpoint_v6(9, CLIENT_PORT + 1);
	halfopen_judge(&query, &query.attempts[0], &unseen, &all, &answer);
	assert_int_equal(answer.status, EVIDENCE_NOT_SEEN);
	s.peer = sample_endpoint_v6(10, CLIENT_PORT + 1); /* an address of a translation, perhaps */
	halfopen_judge(&query, &query.attempts[0], &unseen, &all, &answer);
	assert_int_equal(answer.status, EVIDENCE_CANNOT_TELL);
}

/* -- other clients -- */

enum { ASKER, OTHER, CLIENTS, FLOWS_MAX = 8 };
static const struct endpoint elsewhere = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 27 }, .port = WIRE_PORT };

static void hear(struct flows *flows, unsigned client, const struct endpoint *source, const struct endpoint *arrived_on)
{
	static uint64_t id;
	struct flow *flow = flows_add(flows, client, ++id, 1);

	flow->source = *source;
	flow->arrived_on = *arrived_on;
}

static struct flows *no_flows(void)
{
	struct flows *flows = flows_new(FLOWS_MAX, CLIENTS, (const uint8_t[16]){ 1 });

	assert_non_null(flows);
	return flows;
}

/* Asked about an attempt, while there are so many sockets that another client's handshakes have just made. Frees the
 * flows. */
static enum evidence_attempt_status judge_beside(struct flows *flows, unsigned len)
{
	const struct evidence_query query = {
		.attempts = { { .client = sample_endpoint_v4(9, CLIENT_PORT), .age_ms = 800 } },
		.attempts_len = 1,
	};
	struct sockdiag_half_open sockets[100];
	struct halfopen_list list = { .sockets = sockets, .len = len };
	struct evidence_attempt_answer answer;

	for (unsigned i = 0; i < len; i++) {
		sockets[i] = socket_of_age(50, no_syns);
		sockets[i].peer = nat;
	}
	halfopen_set_apart(&list, &query, flows, ASKER);
	halfopen_judge(&query, &query.attempts[0], &unseen, &list, &answer);
	flows_free(flows);
	return answer.status;
}

static void where_no_nat_hides_the_querier_other_sockets_are_not_its_own(void **state)
{
	const struct endpoint local = sample_endpoint_v4(26, WIRE_PORT);
	struct flows *flows = no_flows();

	(void)state;
	hear(flows, ASKER, &client_itself, &local);
	hear(flows, OTHER, &nat, &elsewhere);
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_NOT_SEEN);

	flows = no_flows();
	hear(flows, ASKER, &client_itself, &local); /* nobody else is known to connect from there */
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_NOT_SEEN);
}

static void behind_a_nat_sockets_of_clients_that_are_heard_beside_it_are_not_its_own(void **state)
{
	const struct endpoint local = sample_endpoint_v4(26, WIRE_PORT);
	struct flows *flows = no_flows();

	(void)state;
	hear(flows, ASKER, &elsewhere, &local);
	hear(flows, OTHER, &nat, &local);
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_NOT_SEEN);
}

static void else_any_of_them_could_be(void **state)
{
	const struct endpoint local = sample_endpoint_v4(26, WIRE_PORT);
	struct flows *flows = no_flows();

	(void)state;
	hear(flows, ASKER, &client_itself, &elsewhere); /* there, it may be translated */
	hear(flows, OTHER, &nat, &local);
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_CANNOT_TELL);

	flows = no_flows();
	hear(flows, ASKER, &client_itself, &local);
	hear(flows, ASKER, &nat, &elsewhere); /* now and then it is translated */
	hear(flows, OTHER, &nat, &local);
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_CANNOT_TELL);

	flows = no_flows();
	hear(flows, ASKER, &elsewhere, &local); /* it is translated, and nobody else is known to be there */
	assert_int_equal(judge_beside(flows, 1), EVIDENCE_CANNOT_TELL);

	flows = no_flows();
	hear(flows, ASKER, &client_itself, &local);
	hear(flows, OTHER, &nat, &local); /* a flood */
	assert_int_equal(judge_beside(flows, 100), EVIDENCE_CANNOT_TELL);
}

/* Whatever attempt the query has first. */
static void each_family_has_its_own_source(void **state)
{
	const struct endpoint local = sample_endpoint_v6(26, WIRE_PORT), peer = sample_endpoint_v6(9, CLIENT_PORT);
	const struct endpoint stranger = sample_endpoint_v6(77, CLIENT_PORT);

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct evidence_query query = { .attempts_len = 2 };
		struct sockdiag_half_open socket = socket_of_age(50, no_syns);
		struct halfopen_list list = { .sockets = &socket, .len = 1 };
		struct flows *flows = no_flows();

		query.attempts[first].client = client_itself;
		query.attempts[1 - first].client = peer;
		hear(flows, ASKER, &peer, &local);
		socket.peer = stranger;
		socket.local = local;
		halfopen_set_apart(&list, &query, flows, ASKER);
		assert_int_equal(list.near, 0);
		flows_free(flows);
	}
}

static void the_own_socket_is_found_among_those_of_others(void **state)
{
	const struct endpoint local = sample_endpoint_v4(26, WIRE_PORT);
	struct evidence_query query = { .attempts_len = 1 };
	struct sockdiag_half_open sockets[3];
	struct halfopen_list list = { .sockets = sockets, .len = 3 };
	struct evidence_attempt_answer answer;
	struct flows *flows = no_flows();

	(void)state;
	hear(flows, ASKER, &client_itself, &local);
	hear(flows, OTHER, &nat, &local);
	query.attempts[0] = (struct evidence_attempt){ .client = sample_endpoint_v4(9, CLIENT_PORT), .age_ms = 800 };
	for (unsigned own = 0; own < 3; own++) {
		for (unsigned i = 0; i < 3; i++) {
			sockets[i] = socket_of_age(700, no_syns);
			sockets[i].peer = i == own ? query.attempts[0].client : nat;
		}
		halfopen_set_apart(&list, &query, flows, ASKER);
		assert_int_equal(list.near, 1);
		halfopen_judge(&query, &query.attempts[0], &unseen, &list, &answer);
		assert_int_equal(answer.status, EVIDENCE_HALF_OPEN);
	}
	flows_free(flows);
}

/* Whatever address and port its client knows: the SYN was seen to come from there. */
static void where_the_syn_was_seen_only_its_own_socket_counts(void **state)
{
	const struct evidence_query query = {
		.attempts = { { .client = sample_endpoint_v4(9, CLIENT_PORT), .age_ms = 800 } },
		.attempts_len = 1,
	};
	struct sockdiag_half_open sockets[2] = { socket_of_age(750, no_syns), socket_of_age(750, no_syns) };
	struct halfopen_list list = { .sockets = sockets, .len = 2 };
	struct evidence_attempt_answer answer;
	struct endpoint source = nat;

	(void)state;
	sockets[1].peer = nat;
	assert_ptr_equal(halfopen_judge(&query, &query.attempts[0], &source, &list, &answer), &sockets[1]);
	assert_int_equal(answer.status, EVIDENCE_HALF_OPEN);
	source.port++;
	assert_null(halfopen_judge(&query, &query.attempts[0], &source, &list, &answer));
	assert_int_equal(answer.status, EVIDENCE_NOT_SEEN);
}

/* ---- counters ---- */

static void counters_are_found_by_name(void **state)
{
	uint64_t sum;

	(void)state;
	assert_true(syn_counters_parse("TcpExt: SyncookiesSent Other EmbryonicRsts ListenOverflows ListenDropsX\n"
				       "TcpExt: 1 1000 20 300 5000\n"
				       "IpExt: InNoRoutes\nIpExt: 7\n",
				       &sum));
	assert_int_equal(sum, 321);
	assert_false(syn_counters_parse("", &sum));
	assert_false(syn_counters_parse("TcpExt: ListenDrops\n", &sum));
	assert_false(syn_counters_parse("TcpExt: ListenDrops ListenOverflows\nTcpExt: 1", &sum));
	assert_false(syn_counters_parse("TcpExt: ListenDrops\nTcpExt: x\n", &sum));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_true_age_is_always_between_the_bounds),
		cmocka_unit_test(without_retransmits_the_age_is_exact),
		cmocka_unit_test(no_socket_is_said_to_be_older_than_it_is),
		cmocka_unit_test(a_young_socket_s_age_is_told_as_it_is),
		cmocka_unit_test(an_age_that_has_no_room_is_told_as_less),
		cmocka_unit_test(the_attempt_s_own_socket_is_found),
		cmocka_unit_test(an_older_socket_of_the_same_port_proves_nothing),
		cmocka_unit_test(a_socket_of_a_repeated_syn_is_as_young_as_it_is),
		cmocka_unit_test(other_ports_of_the_client_are_not_ours),
		cmocka_unit_test(behind_a_nat_any_younger_socket_may_be_ours),
		cmocka_unit_test(a_translated_attempt_has_the_port_that_is_kept),
		cmocka_unit_test(a_translated_attempt_may_have_any_port),
		cmocka_unit_test(a_socket_of_another_attempt_is_no_suspect),
		cmocka_unit_test(a_socket_of_the_other_family_is_no_suspect_where_that_is_not_translated),
		cmocka_unit_test(where_no_nat_hides_the_querier_other_sockets_are_not_its_own),
		cmocka_unit_test(behind_a_nat_sockets_of_clients_that_are_heard_beside_it_are_not_its_own),
		cmocka_unit_test(else_any_of_them_could_be),
		cmocka_unit_test(the_own_socket_is_found_among_those_of_others),
		cmocka_unit_test(each_family_has_its_own_source),
		cmocka_unit_test(where_the_syn_was_seen_only_its_own_socket_counts),
		cmocka_unit_test(counters_are_found_by_name),
	};

	return cmocka_run_group_tests_name("halfopen", tests, NULL, NULL);
}
