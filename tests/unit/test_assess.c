/* assess.h: what a path's own probes, hints and errors explain, and for how long. */
#include "common/system/clock.h"
#include "tests/unit/assess_scene.h"

static void who_holds_the_address(void **state)
{
	static const struct {
		const char *answers; /* server 0 or 1; a, another boot of 0; . lost */
		enum verdict_cause cause;
	} cases[] = {
		{ "0000000000", VERDICT_CAUSE_NONE },
		{ "00000aaaaa", VERDICT_CAUSE_NONE },
		{ "000...aaaa", VERDICT_CAUSE_UNEXPLAINED },
		{ "0000011111", VERDICT_CAUSE_NONE },
		{ "000...1111", VERDICT_CAUSE_FAILOVER },
		{ "0.00.01111", VERDICT_CAUSE_UNEXPLAINED },
		{ "0011001100", VERDICT_CAUSE_DUPLICATE_ADDRESS },
		{ "00aa00aa00", VERDICT_CAUSE_DUPLICATE_ADDRESS },
		{ "00.1.00111", VERDICT_CAUSE_DUPLICATE_ADDRESS },
		{ "000111000.", VERDICT_CAUSE_UNEXPLAINED },
	};
	size_t at = find(512, FRESH);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start_anew();
		for (const char *c = cases[i].answers; *c; c++, now_ns += 1000 * MS)
			probe(at, *c == '.', *c == '1', *c == 'a' ? 7 : 1 + (*c == '1'));
		if (cause_of(at, MODE_CHECK) != cases[i].cause)
			fail_msg("%s: %s", cases[i].answers, verdict_cause_word(cause_of(at, MODE_CHECK)));
	}
}

/* However many servers the configuration has. */
static void an_answer_by_who_may_not_answer_is_an_impostors(void **state)
{
	size_t i = find(512, FRESH);

	(void)state;
	for (unsigned server = 2; server < SERVERS; server++) {
		start_anew();
		play(5, nothing);
		probe(i, false, WIRE_SLOTS_MAX + server, 1);
		assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_IMPOSTOR);
		play(4, nothing);
		assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_IMPOSTOR);
	}
}

static bool all_are_ours(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	(void)mac;
	return true;
}

/* n answers are lost; the server says nothing of its entry yet. */
static void lose_answers(struct path *p, unsigned n)
{
	lose(p, n, PROBER_LOST_RETURN);
	assert_non_null(path_loss(p));
	p->loss->receipt_server = p->loss->neighbour.server = 0;
	p->loss->neighbour.known = true;
	p->loss->neighbour.right_ns = INT64_MAX;
}

/* An entry with another MAC than our frames have, of a machine that is not there, or of another interface of ours. */
static void an_entry_of_our_own_is_not_stale(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	lose_answers(p, 10);
	assert_int_equal(cause_of(i, MODE_CHECK),
			 VERDICT_CAUSE_UNEXPLAINED); /* said before all this: of another outage */
	p->loss->neighbour.asked_ns = now_ns;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_STALE_NEIGHBOUR);
	engine.link = &(const struct link_ops){ .has_mac = all_are_ours };
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	engine.link = NULL;
	p->loss->receipt_server = 1; /* another server has the receipts */
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	p->loss->receipt_server = 0;
	p->loss->neighbour.known = false; /* the server does not say so any more */
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
}

/* Neither an answer that was lost in an earlier outage, nor a probe that may have been lost on its way there. */
static void an_entry_explains_only_answers_that_are_lost_now(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	lose_answers(p, 6);
	play(5, nothing);
	lose(p, 10, PROBER_LOST);
	p->loss->neighbour.asked_ns = now_ns;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
}

/* It was right again: the server says so, or answers came that way. What is lost now is lost otherwise. */
static void an_entry_that_healed_explains_no_later_loss(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	lose_answers(p, 10);
	p->loss->neighbour.asked_ns = now_ns;
	lose_answers(p, 1); /* in this outage */
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_STALE_NEIGHBOUR);
	p->loss->neighbour.right_ns = now_ns - 500 * MS;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_STALE_NEIGHBOUR);
	lose_answers(p, 1);
	p->loss->neighbour.right_ns = now_ns - 1500 * MS;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	p->loss->neighbour.right_ns = INT64_MAX;
	probe(i, false, 0, 1);
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_STALE_NEIGHBOUR); /* of what is behind us */
	now_ns += 1000 * MS;
	lose_answers(p, 1);
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
}

/* Ten probes are refused. A server that has the address heard none of them, and our frames went to a stranger. */
static struct path_loss *refuse(struct path *p)
{
	path_start_flow(p);
	p->status.state = VERDICT_UNKNOWN;
	assert_non_null(path_loss(p));
	*p->loss = (struct path_loss){
		.receipt_server = -1, .silence.has_other_mac = true, .silence.server = 0, .silence.from_ns = now_ns - 1
	};
	p->facts.offender = p->endpoint;
	lose(p, 10, PROBER_REFUSED);
	p->loss->silence.to_ns = p->loss->silence.other_mac_ns = now_ns;
	return p->loss;
}

static void a_stranger_refuses_what_the_server_did_not_hear(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];
	struct path_loss *d;

	(void)state;
	refuse(p);
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_DUPLICATE_ADDRESS);
#define FORBIDS(change)                                                                                                \
	d = refuse(p);                                                                                                 \
	change;                                                                                                        \
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_REFUSED)
	FORBIDS(d->silence.has_other_mac = false);
	FORBIDS(d->silence.other_mac_ns -= 10001 * MS); /* seen before the outage */
	FORBIDS(d->silence.server = -1);
	FORBIDS(d->silence.from_ns += 6000 * MS + 1); /* four of ten were not heard */
	FORBIDS(d->silence.to_ns -= 6001 * MS);
	FORBIDS(d->silence.from_ns = now_ns - 10; lose(p, 6, PROBER_LOST); d->silence.to_ns = now_ns);
#undef FORBIDS
	d = refuse(p);
	play(5, nothing);
	lose(p, 10, PROBER_REFUSED); /* the earlier refusals say nothing of these */
	d->silence.other_mac_ns = now_ns;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_REFUSED);
}

/* Every probe is lost on its way there, though frames came that the socket did not see. */
static void stop_at_the_link(void)
{
	for (size_t i = 0; i < PATHS; i++) {
		struct path *p = engine.paths.items[i];

		assert_non_null(path_loss(p));
		for (unsigned k = 0; k < 10; k++) {
			uint32_t seq = prober_send(&p->prober, now_ns + k * 1000 * MS, 1);
			prober_settle(&p->prober, seq, PROBER_LOST_FORWARD);
			attempts_add(&p->loss->attempts, &(struct attempt){ .seq = seq, .at_link = 1 });
		}
		p->loss->frames.captures[0] =
		    (struct hint_frames_capture){ .newest = p->prober.next - 1, .bitmap = 0x3ff };
	}
	now_ns += 10000 * MS;
}

/* Between two answers, of the beginning of the outage and of now, the kernel dropped so much. */
static void drop(int64_t from_ns, uint32_t count)
{
	struct evidence_answer a = { .boot_id = 1 };

	memset(&querier.drops, 0, sizeof querier.drops);
	drop_history_note(&querier.drops, &a, from_ns, from_ns);
	a.socket_drops = a.accept_overflows = a.datagrams_full = count;
	drop_history_note(&querier.drops, &a, now_ns, now_ns);
}

/* What the kernel dropped for want of room was not stopped by a firewall, but only if it dropped it in the outage. */
static void drops_of_the_outage_are_no_firewalls(void **state)
{
	int64_t began_ns;

	(void)state;
	now_ns += 60000 * MS;
	began_ns = now_ns;
	stop_at_the_link();
	assert_int_equal(cause_of(find(512, 0), MODE_CHECK), VERDICT_CAUSE_SERVER_FIREWALL);
	assert_int_equal(cause_of(PATHS - 1, MODE_CHECK), VERDICT_CAUSE_SERVER_FIREWALL);
	drop(began_ns - 1, 10); /* between the answer before it and the first one in it: perhaps of the outage */
	assert_int_equal(cause_of(find(512, 0), MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	drop(began_ns, 10);
	assert_int_equal(cause_of(find(512, 0), MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	assert_int_equal(cause_of(PATHS - 1, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
}

/* Two may have an address for the moment in which it moves: that explains nothing that is lost later. */
static void a_claim_explains_what_was_lost_about_then(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	assert_non_null(path_loss(p));
	p->loss->claim.known = p->loss->claim.repeated = true;
	play(64, nothing);
	p->loss->claim.newest_ns = now_ns;
	lose(p, 3, PROBER_LOST);
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_DUPLICATE_ADDRESS);
	p->loss->claim.known = false; /* the server tells of it no more */
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	p->loss->claim.known = true;
	p->loss->claim.repeated = false; /* the server has not asked the link yet */
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	p->loss->claim.repeated = true;
	play(5, nothing);
	lose(p, 4, PROBER_LOST);
	play(1, nothing);
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED); /* some of the old ones beside new ones */
	lose(p, 10, PROBER_REFUSED);
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_REFUSED);
	p->loss->claim.newest_ns = now_ns - 12000 * MS;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_DUPLICATE_ADDRESS); /* an outage that had begun by then */
	p->loss->claim.newest_ns -= 1000 * MS;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_REFUSED);
	play(64, nothing);
	lose(p, 3, PROBER_LOST);
	play(5, nothing);
	p->loss->claim.from_ns = p->loss->claim.newest_ns = now_ns;
	assert_int_equal(cause_of(i, MODE_CHECK),
			 VERDICT_CAUSE_UNEXPLAINED); /* nor does it what was lost long before */
	p->loss->claim.from_ns -= 8000 * MS;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_DUPLICATE_ADDRESS);
}

/* Errors and moves of before an outage do not explain it. */
static void an_outage_is_judged_by_itself(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	lose(p, 10, PROBER_REFUSED);
	play(20, nothing);
	lose(p, 5, PROBER_LOST);
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	start_anew();
	play(5, nothing);
	lose(p, 3, PROBER_LOST);
	for (unsigned n = 0; n < 10; n++, now_ns += 1000 * MS)
		probe(i, false, 1, 2);
	lose(p, 4, PROBER_LOST);
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
}

/* An error that is older than all probes that are remembered. */
static void an_error_explains_an_outage_for_a_minute(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	lose(p, 10, PROBER_LOST);
	p->facts.last_error = PROBER_PROHIBITED;
	p->facts.last_error_ns = clock_mono_ns() - 50000 * MS;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_PROHIBITED);
	p->facts.last_error_ns = clock_mono_ns() - 60000 * MS - 1;
	assert_int_equal(cause_of(i, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
}

static struct path *sibling_of(const struct path *p)
{
	for (size_t i = 0; i < PATHS; i++) {
		struct path *other = engine.paths.items[i];
		if (other != p && other->target == p->target && other->kind == p->kind &&
		    endpoint_equal(&other->endpoint, &p->endpoint))
			return other;
	}
	fail();
	return NULL;
}

/* A large probe got it in the last outage, and none has left since. */
static void an_error_of_a_sibling_is_over_once_the_path_has_answers(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i], *other = sibling_of(p);

	(void)state;
	play(5, nothing);
	lose(p, 10, PROBER_LOST);
	other->facts.last_error = PROBER_PROHIBITED;
	other->facts.last_error_ns = clock_mono_ns() - 7000 * MS;
	p->prober.holder_sent_ns = other->facts.last_error_ns - 1;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_PROHIBITED);
	p->prober.holder_sent_ns = other->facts.last_error_ns + 1;
	assert_int_equal(cause_of(i, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
}

static size_t connections(void)
{
	for (size_t i = 0; i < PATHS; i++) {
		if (engine.paths.items[i]->kind == PROBE_TCP)
			return i;
	}
	fail();
	return 0;
}

/* Routers say it of few packets only. An error about a port says nothing of another protocol. */
static void a_host_that_is_unreachable_is_so_for_both_protocols(void **state)
{
	size_t udp = find(512, 0), tcp = connections();
	struct path *p = engine.paths.items[udp], *q = engine.paths.items[tcp];

	(void)state;
	lose(p, 10, PROBER_LOST_FORWARD);
	lose(q, 10, PROBER_LOST_FORWARD);
	p->facts.last_error_ns = clock_mono_ns() - 1000 * MS;
	p->facts.last_error = PROBER_REFUSED;
	assert_int_equal(cause_of(tcp, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	p->facts.last_error = PROBER_UNREACHABLE;
	assert_int_equal(cause_of(tcp, MODE_CHECK), VERDICT_CAUSE_UNREACHABLE);
	assert_non_null(path_loss(q));
	for (unsigned i = 0; i < 10; i++) /* handshakes pass: the host is reached */
		q->loss->attempts.items[i] = (struct attempt){ .seq = i + 1, .connected = true, .started_ns = now_ns };
	assert_int_not_equal(cause_of(tcp, MODE_CHECK), VERDICT_CAUSE_UNREACHABLE);
	memset(&q->loss->attempts, 0, sizeof q->loss->attempts);
	assert_int_equal(cause_of(tcp, MODE_CHECK), VERDICT_CAUSE_UNREACHABLE);
	probe(udp, false, 0, 1);
	assert_int_equal(cause_of(tcp, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
}

static bool is_ours(const struct endpoint *address)
{
	return endpoint_same_address(address, &engine.paths.items[0]->endpoint);
}

static void an_address_of_this_host_proves_nothing_of_the_network(void **state)
{
	size_t i = find(512, 0);
	struct verdict v;

	(void)state;
	play(10, nothing);
	engine.link = &(const struct link_ops){ .is_own = is_ours };
	assess_path(&engine, i, MODE_CHECK, &v);
	assert_int_equal(v.state, VERDICT_UP);
	assert_string_equal(v.sentences[0], "203.0.113.7 is an address of this host: the probes do not leave it, and "
					    "nothing is known of the network");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_holds_the_address),
		TEST(an_answer_by_who_may_not_answer_is_an_impostors),
		TEST(an_entry_of_our_own_is_not_stale),
		TEST(an_entry_explains_only_answers_that_are_lost_now),
		TEST(an_entry_that_healed_explains_no_later_loss),
		TEST(a_stranger_refuses_what_the_server_did_not_hear),
		TEST(drops_of_the_outage_are_no_firewalls),
		TEST(a_claim_explains_what_was_lost_about_then),
		TEST(an_outage_is_judged_by_itself),
		TEST(an_error_explains_an_outage_for_a_minute),
		TEST(an_error_of_a_sibling_is_over_once_the_path_has_answers),
		TEST(a_host_that_is_unreachable_is_so_for_both_protocols),
		TEST(an_address_of_this_host_proves_nothing_of_the_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
