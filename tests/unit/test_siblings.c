/* siblings.h: causes by comparison of the paths of a target, and none of them by chance. */
#include "tests/unit/assess_scene.h"

static unsigned permille;

static uint32_t random32(void)
{
	static uint64_t x = 88172645463325252u; /* xorshift64*: the same in every run */

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	return (uint32_t)(x * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

static bool by_chance(const struct path *p, unsigned n)
{
	(void)p;
	(void)n;
	return random32() % 1000 < permille;
}

static void expect_no_cause(enum mode mode)
{
	for (size_t i = 0; i < PATHS; i++) {
		enum verdict_cause cause = cause_of(i, mode);
		if (cause != VERDICT_CAUSE_NONE && cause != VERDICT_CAUSE_UNEXPLAINED)
			fail_msg("%s by chance", verdict_cause_word(cause));
	}
}

static void random_loss_has_no_cause(void **state)
{
	static const unsigned shares[] = { 10, 300, 500 };

	(void)state;
	for (unsigned s = 0; s < sizeof shares / sizeof *shares; s++) {
		for (unsigned n = 0; n < 300; n++) {
			start_anew();
			permille = shares[s];
			play(10, by_chance);
			expect_no_cause(MODE_CHECK);
		}
		start_anew();
		for (unsigned n = 0; n < 2000; n++) { /* which begins now and then, for all alike */
			permille = n % 200 < 100 ? 0 : shares[s];
			play(1, by_chance);
			expect_no_cause(MODE_RUN);
		}
	}
}

static bool held_0(const struct path *p, unsigned n)
{
	(void)n;
	return p->held == 0 && p->kind == PROBE_UDP;
}

static bool held_0_but_first(const struct path *p, unsigned n)
{
	return held_0(p, n) && n > 0;
}

static bool some_held(const struct path *p, unsigned n)
{
	return p->kind == PROBE_UDP && (p->held < 0 ? n % 2 == 0 : p->held < 2);
}

static bool large(const struct path *p, unsigned n)
{
	(void)n;
	return p->kind == PROBE_UDP && p->size > 1000;
}

static bool udp(const struct path *p, unsigned n)
{
	(void)n;
	return p->kind == PROBE_UDP;
}

static bool tcp(const struct path *p, unsigned n)
{
	(void)n;
	return p->kind == PROBE_TCP;
}

static void faults_are_named(void **state)
{
	static const struct {
		bool (*fails)(const struct path *p, unsigned n);
		enum verdict_cause small_held_0, small_fresh, large_held_0, tcp;
	} cases[] = {
		{ nothing, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE },
		{ everything, VERDICT_CAUSE_UNEXPLAINED, VERDICT_CAUSE_UNEXPLAINED, VERDICT_CAUSE_UNEXPLAINED,
		  VERDICT_CAUSE_UNEXPLAINED },
		{ held_0, VERDICT_CAUSE_STUCK_FLOW, VERDICT_CAUSE_NONE, VERDICT_CAUSE_STUCK_FLOW, VERDICT_CAUSE_NONE },
		{ held_0_but_first, VERDICT_CAUSE_FIRST_PACKET_ONLY, VERDICT_CAUSE_NONE,
		  VERDICT_CAUSE_FIRST_PACKET_ONLY, VERDICT_CAUSE_NONE },
		{ some_held, VERDICT_CAUSE_SOME_PORTS, VERDICT_CAUSE_SOME_PORTS, VERDICT_CAUSE_SOME_PORTS,
		  VERDICT_CAUSE_NONE },
		{ large, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE, VERDICT_CAUSE_SIZE_LIMIT, VERDICT_CAUSE_NONE },
		{ udp, VERDICT_CAUSE_PROTOCOL_FILTERED, VERDICT_CAUSE_PROTOCOL_FILTERED,
		  VERDICT_CAUSE_PROTOCOL_FILTERED, VERDICT_CAUSE_NONE },
		{ tcp, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE, VERDICT_CAUSE_NONE, VERDICT_CAUSE_PROTOCOL_FILTERED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start_anew();
		play(10, cases[i].fails);
		if (cause_of(find(512, 0), MODE_CHECK) != cases[i].small_held_0 ||
		    cause_of(find(512, FRESH), MODE_CHECK) != cases[i].small_fresh ||
		    cause_of(find(1400, 0), MODE_CHECK) != cases[i].large_held_0 ||
		    cause_of(PATHS - 1, MODE_CHECK) != cases[i].tcp)
			fail_msg("case %zu: %s, %s, %s, %s", i + 1,
				 verdict_cause_word(cause_of(find(512, 0), MODE_CHECK)),
				 verdict_cause_word(cause_of(find(512, FRESH), MODE_CHECK)),
				 verdict_cause_word(cause_of(find(1400, 0), MODE_CHECK)),
				 verdict_cause_word(cause_of(PATHS - 1, MODE_CHECK)));
	}
}

static bool quarter_of_ports(const struct path *p, unsigned n)
{
	return p->kind == PROBE_UDP && (p->held < 0 ? n % 4 == 3 : p->held < 2);
}

/* One of the fine held flows has lost a probe lately, and few of the new ports fail: that is no stuck flow. */
static bool quarter_of_ports_and_one(const struct path *p, unsigned n)
{
	return quarter_of_ports(p, n) || (p->held == 2 && n == 10);
}

static void few_ports_that_fail_are_no_stuck_flow(void **state)
{
	(void)state;
	play(64, nothing);
	for (unsigned n = 0; n < 40; n++) {
		enum verdict_cause cause;
		play(1, n == 10 ? quarter_of_ports_and_one : quarter_of_ports);
		cause = cause_of(find(512, 0), MODE_RUN);
		assert_true(cause == VERDICT_CAUSE_SOME_PORTS || (n < 10 && cause != VERDICT_CAUSE_STUCK_FLOW));
	}
}

/* In a run: named when it is sure, and not for what everything suffers. */
static void a_run_names_them_too(void **state)
{
	(void)state;
	play(64, nothing);
	play(15, udp);
	assert_int_equal(cause_of(find(512, 0), MODE_RUN), VERDICT_CAUSE_PROTOCOL_FILTERED);
	play(64, nothing);
	play(15, held_0);
	assert_int_equal(cause_of(find(512, 0), MODE_RUN), VERDICT_CAUSE_STUCK_FLOW);
	play(64, nothing);
	for (unsigned n = 0; n < 15; n++) {
		play(1, everything);
		expect_no_cause(MODE_RUN);
	}
}

/* RECHECK_PROBES of each path, as a recheck sends them. */
static void recheck(bool (*fails)(const struct path *p, unsigned n))
{
	for (unsigned k = 0; k < RECHECK_PROBES; k++, now_ns += 50 * MS) {
		for (size_t i = 0; i < PATHS; i++) {
			struct path *p = engine.paths.items[i];
			struct prober *b = &path_recheck(p)->prober;
			uint32_t seq = prober_send(b, now_ns, now_ns);
			struct packet_reply reply = { .seq = seq, .flow_id = b->flow_id, .boot_id = 1 };
			if (fails(p, k))
				prober_settle(b, seq, PROBER_LOST);
			else
				prober_reply(b, &reply, 0, true, now_ns + MS, now_ns + MS, false);
		}
	}
}

static bool a_third(const struct path *p, unsigned n)
{
	(void)p;
	return n % 3 == 0;
}

/* All that the path has lost. */
static void settle_all(struct path *p, enum prober_outcome outcome, bool late)
{
	for (uint32_t seq = 1; seq < p->prober.next; seq++) {
		struct prober_record *r = &p->prober.ring[seq % RING];
		if (r->outcome != PROBER_LOST)
			continue;
		prober_settle(&p->prober, seq, outcome);
		r->late = late;
	}
}

/* What arrived would be answered, if somebody waited for it. */
static void connections_that_are_slow_have_no_direction(void **state)
{
	struct verdict v;

	(void)state;
	for (int late = 0; late <= 1; late++) {
		for (enum mode mode = MODE_CHECK; mode <= MODE_RUN; mode++) {
			start_anew();
			play(30, a_third);
			for (size_t i = 0; i + 1 < PATHS && late; i++)
				settle_all(engine.paths.items[i], PROBER_LOST, true);
			settle_all(engine.paths.items[PATHS - 1], PROBER_LOST_RETURN, false);
			engine.paths.items[PATHS - 1]->status.state = VERDICT_LOSSY;
			assess_path(&engine, PATHS - 1, mode, &v);
			assert_int_equal(v.state, VERDICT_LOSSY);
			assert_int_equal(v.direction, late ? VERDICT_DIRECTION_UNKNOWN : VERDICT_DIRECTION_RETURN);
			assert_int_equal(v.return_lost, late ? 0 : 10);
		}
	}
	start_anew(); /* but not if datagrams pass where they fail */
	play(30, tcp);
	for (uint32_t seq = 1; seq <= 3; seq++) {
		engine.paths.items[0]->prober.ring[seq].outcome = PROBER_LOST;
		engine.paths.items[0]->prober.ring[seq].late = true;
	}
	settle_all(engine.paths.items[PATHS - 1], PROBER_LOST_RETURN, false);
	assess_path(&engine, PATHS - 1, MODE_CHECK, &v);
	assert_int_equal(v.direction, VERDICT_DIRECTION_RETURN);
	assert_int_equal(v.cause, VERDICT_CAUSE_PROTOCOL_FILTERED);
}

static void a_look_tells_at_once(void **state)
{
	(void)state;
	play(64, nothing);
	play(3, held_0);
	assert_int_equal(cause_of(find(512, 0), MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	recheck(held_0);
	assert_int_equal(cause_of(find(512, 0), MODE_RUN), VERDICT_CAUSE_STUCK_FLOW);
	play(64, nothing);
	play(3, held_0);
	recheck(nothing); /* it passes meanwhile: that is no flow that is stuck */
	assert_int_equal(cause_of(find(512, 0), MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	play(64, nothing);
	play(2, held_0);
	recheck(held_0); /* nor are two losses an outage */
	assert_true(cause_of(find(512, 0), MODE_RUN) <= VERDICT_CAUSE_UNEXPLAINED);
}

static bool tcp_in_part(const struct path *p, unsigned n)
{
	return tcp(p, n) && n % 3 > 0;
}

/* A protocol that loses much is not filtered each time when chance makes a row of it; one that is filtered from now on
 * is. */
static void a_protocol_that_loses_much(void **state)
{
	(void)state;
	play(60, tcp_in_part);
	play(7, tcp);
	assert_int_equal(cause_of(PATHS - 1, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	play(50, tcp);
	assert_int_equal(cause_of(PATHS - 1, MODE_RUN), VERDICT_CAUSE_PROTOCOL_FILTERED);
}

/* What passes when it is probed again at once is not filtered. */
static void a_look_that_passes(void **state)
{
	const size_t connections = PATHS - 1;

	(void)state;
	play(64, nothing);
	play(3, tcp);
	recheck(nothing);
	play(10, tcp);
	assert_int_equal(cause_of(connections, MODE_RUN), VERDICT_CAUSE_UNEXPLAINED);
	recheck(tcp); /* not any more */
	assert_int_equal(cause_of(connections, MODE_RUN), VERDICT_CAUSE_PROTOCOL_FILTERED);
	play(64, nothing);
	recheck(nothing); /* of the time before */
	play(10, tcp);
	assert_int_equal(cause_of(connections, MODE_RUN), VERDICT_CAUSE_PROTOCOL_FILTERED);
}

static void connections_break_where_two_hold_the_address(void **state)
{
	struct path *tcp_path = engine.paths.items[PATHS - 1];
	size_t fresh = find(512, FRESH);

	(void)state;
	for (unsigned n = 0; n < 10; n++, now_ns += 1000 * MS) {
		prober_settle(&tcp_path->prober, prober_send(&tcp_path->prober, now_ns, now_ns), PROBER_RESET);
		probe(fresh, false, 0, 1);
	}
	assert_int_equal(cause_of(PATHS - 1, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED); /* handshakes pass */
	probe(fresh, false, 1, 2); /* a move, or more: that may be what breaks them */
	assert_int_equal(cause_of(PATHS - 1, MODE_CHECK), VERDICT_CAUSE_UNEXPLAINED);
	for (unsigned n = 0; n < 10; n++, now_ns += 1000 * MS) {
		prober_settle(&tcp_path->prober, prober_send(&tcp_path->prober, now_ns, now_ns), PROBER_RESET);
		probe(fresh, false, n % 2, 1 + n % 2);
	}
	assert_int_equal(cause_of(PATHS - 1, MODE_CHECK), VERDICT_CAUSE_DUPLICATE_ADDRESS);
}

static void a_held_flow_stays_where_it_was(void **state)
{
	size_t held = find(512, 0), fresh = find(512, FRESH);

	(void)state;
	for (unsigned n = 0; n < 20; n++, now_ns += 1000 * MS) {
		probe(held, false, 0, 1);
		probe(fresh, false, n >= 10, 1 + (n >= 10));
		if (n == 18) /* nine may be as many as there are */
			assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_NONE);
	}
	assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_STUCK_FLOW);
	assert_int_equal(cause_of(fresh, MODE_CHECK), VERDICT_CAUSE_NONE);
	assert_int_equal(cause_of(held, MODE_RUN), VERDICT_CAUSE_NONE); /* a run has more occasions for luck */
}

/* Two machines share the address by flow: new ports may have led to the other one by luck, but not all connections. */
static void a_flow_among_many_is_not_stuck(void **state)
{
	size_t held = find(512, 0), fresh = find(512, FRESH);

	(void)state;
	for (unsigned n = 0; n < 30; n++, now_ns += 1000 * MS) {
		probe(held, false, 0, 1);
		probe(fresh, false, n >= 10, 1 + (n >= 10));
		probe(PATHS - 1, false, n >= 10, 1 + (n >= 10));
	}
	assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_STUCK_FLOW);
	assert_int_equal(cause_of(held, MODE_RUN), VERDICT_CAUSE_STUCK_FLOW);
	probe(PATHS - 1, false, WIRE_SLOTS_MAX + SERVERS - 1, 1);
	assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_NONE);
	for (unsigned n = 0; n < 30; n++, now_ns += 1000 * MS) {
		probe(held, false, 0, 1);
		probe(fresh, false, 1, 2);
	}
	assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_STUCK_FLOW);
	probe(PATHS - 1, false, 0, 1);
	assert_int_equal(cause_of(held, MODE_CHECK), VERDICT_CAUSE_NONE);
	assert_int_equal(cause_of(held, MODE_RUN), VERDICT_CAUSE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_loss_has_no_cause),
		TEST(faults_are_named),
		TEST(few_ports_that_fail_are_no_stuck_flow),
		TEST(a_run_names_them_too),
		TEST(connections_that_are_slow_have_no_direction),
		TEST(a_look_tells_at_once),
		TEST(a_look_that_passes),
		TEST(a_protocol_that_loses_much),
		TEST(connections_break_where_two_hold_the_address),
		TEST(a_held_flow_stays_where_it_was),
		TEST(a_flow_among_many_is_not_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
