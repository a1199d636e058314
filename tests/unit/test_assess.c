/* What assess.h gathers from the paths of a target: causes by comparison, and none of them by chance; and which changes
 * path_status.h tells. */
#include "client/evidence/drop_history.h"
#include "client/evidence/path_loss.h"
#include "client/verdict/assess.h"

#include "client/verdict/path_status.h"
#include "common/system/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

enum { HELD = 4, SIZES = 2, RING = 64, PATHS = SIZES * (HELD + 1) + 1, SERVERS = 100 };

static char name[] = "t";
static struct config_server servers[SERVERS] = { { name, { { 1 } }, 1 }, { name, { { 2 } }, 1 } };
static struct config_schedule schedule = { .every_ns = 1000 * MS, .timeout_ns = 1000 * MS };
static struct config_target target = {
	.name = name,
	.servers_len = 2,
	.servers = { 0, 1 },
	.udp = true,
	.tcp = true,
	.schedules_len = 1,
	.held = HELD,
	.fresh = 1,
	.sizes = { 512, 1400 },
	.sizes_len = SIZES,
	.expect_reachable = true,
};
static struct config config = { .servers = servers,
				.servers_len = SERVERS,
				.schedules = &schedule,
				.schedules_len = 1,
				.targets = &target,
				.targets_len = 1,
				.lossy_permille = 50 };
static struct engine engine;
static struct engine_server said[SERVERS];
static int64_t now_ns;

/* In the querier's place: what it knows is up to the test. */
static struct querier {
	unsigned silent_rounds[SERVERS]; /* by server: so many silent rounds the witnesses confirm */
	bool hears_anybody, has_other, no_proof;
	int64_t heard_ns;
	int silent_witness;
	unsigned unheard; /* bit k: server k, since the start */
	struct drop_history drops;
} querier;
static unsigned looks; /* for the silence of a server */

/* Linked with --wrap=clock_mono_ns. */
int64_t __real_clock_mono_ns(void);
int64_t __wrap_clock_mono_ns(void);

static int64_t frozen_ns; /* 0: the clock runs */

int64_t __wrap_clock_mono_ns(void)
{
	return frozen_ns ? frozen_ns : __real_clock_mono_ns();
}

enum liveness querier_liveness(const struct querier *a, unsigned server, unsigned witness_rounds)
{
	looks++;
	return a->silent_rounds[server] >= witness_rounds ? LIVENESS_SILENT : LIVENESS_UNKNOWN;
}

bool querier_silence_is_proof(const struct querier *a, unsigned server, bool answers_may_be_dropped)
{
	(void)server;
	return !a->no_proof && !answers_may_be_dropped;
}

enum liveness querier_liveness_of_any(const struct querier *a, int64_t *heard_ns)
{
	*heard_ns = a->heard_ns;
	return a->hears_anybody ? LIVENESS_ALIVE : LIVENESS_UNKNOWN;
}

bool querier_has_other(const struct querier *a, unsigned server, const struct endpoint *address)
{
	(void)server;
	(void)address;
	return a->has_other;
}

const struct drop_history *querier_drops(const struct querier *a, unsigned server)
{
	(void)server;
	return &a->drops;
}

bool querier_refuses_key(const struct querier *a, unsigned server)
{
	(void)a, (void)server;
	return false;
}

int64_t querier_heard_ns(const struct querier *a, unsigned server)
{
	return server < 2 && a->unheard >> server & 1 ? 0 : 1;
}

int querier_silent_witness(const struct querier *a, unsigned server)
{
	(void)server;
	return a->silent_witness;
}

static int setup(void **state)
{
	static const struct endpoint floating = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = 8620 };
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(PATHS, sizeof *items);

	(void)state;
	assert_int_equal(path_count(&target), PATHS);
	memset(&engine, 0, sizeof engine);
	memset(said, 0, sizeof said);
	engine.config = &config;
	engine.servers = said;
	querier = (struct querier){ .silent_witness = -1 };
	engine.querier = &querier;
	assert_true(items && path_make_all(&plan, &target, &floating, items));
	assert_true(paths_set(&engine.paths, items, PATHS, NULL, NULL));
	now_ns = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	paths_free(&engine.paths);
	return 0;
}

static void probe(size_t i, bool lost, unsigned server, uint64_t boot_id)
{
	struct path *p = engine.paths.items[i];
	uint32_t seq = prober_send(&p->prober, now_ns, now_ns);
	struct packet_reply reply = { .seq = seq, .flow_id = p->prober.flow_id, .boot_id = boot_id };

	if (lost)
		prober_settle(&p->prober, seq, PROBER_LOST);
	else
		prober_reply(&p->prober, &reply, server, true, now_ns + MS, now_ns + MS, false);
}

static enum verdict_cause cause_of(size_t i, enum mode mode)
{
	struct verdict v;

	assess_path(&engine, i, mode, &v);
	engine.paths.items[i]->status.state = v.state;
	return v.cause;
}

static size_t find(unsigned size, int held)
{
	for (size_t i = 0; i < PATHS; i++) {
		if (engine.paths.items[i]->kind == PROBE_UDP && engine.paths.items[i]->size == size &&
		    engine.paths.items[i]->held == held)
			return i;
	}
	fail();
	return 0;
}

enum { FRESH = -1 };

/* n probes of each path; those that `fails` says are lost. */
static void play(unsigned n, bool (*fails)(const struct path *p, unsigned n))
{
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS) {
		for (size_t i = 0; i < PATHS; i++)
			probe(i, fails(engine.paths.items[i], k), 0, 1);
	}
}

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

static void start_anew(void)
{
	for (size_t i = 0; i < PATHS; i++) {
		path_start_flow(engine.paths.items[i]);
		engine.paths.items[i]->status.state = VERDICT_UNKNOWN;
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

static bool everything(const struct path *p, unsigned n)
{
	(void)p;
	(void)n;
	return true;
}

static bool nothing(const struct path *p, unsigned n)
{
	(void)p;
	(void)n;
	return false;
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

static void a_row_says_less_where_its_fellows_lose_some(void **state)
{
	const struct comparison alone = { .own_lost = 13, .sent = 64, .span_sent = 13 };
	const struct comparison beside = { .own_lost = 13, .sent = 64, .lost = 1, .span_sent = 13, .span_lost = 1 };
	const struct comparison longer = { .own_lost = 20, .sent = 64, .lost = 1, .span_sent = 20, .span_lost = 1 };

	(void)state;
	assert_true(significance_is_clear(&alone, MODE_RUN));
	assert_false(significance_is_clear(&beside, MODE_RUN));
	assert_true(significance_is_clear(&beside, MODE_CHECK));
	assert_true(significance_is_clear(&longer, MODE_RUN));
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

static void lose(struct path *p, unsigned n, enum prober_outcome outcome)
{
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS)
		prober_settle(&p->prober, prober_send(&p->prober, now_ns, now_ns), outcome);
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

/* -- server-down -- */

/* All paths are down, the querier found nothing but silence, and another server is heard. */
static void lose_everything(void)
{
	start_anew();
	play(10, everything);
	querier.silent_rounds[0] = querier.silent_rounds[1] = 3;
	querier.hears_anybody = true;
	querier.heard_ns = now_ns;
}

static bool is_server_down(enum mode mode)
{
	return cause_of(find(512, 0), mode) == VERDICT_CAUSE_SERVER_DOWN;
}

static void a_server_with_a_sign_of_life_is_not_down(void **state)
{
	static const struct {
		enum prober_outcome newest; /* of the TCP path: of the newest probe of all that were lost */
		bool down;
	} cases[] = {
		{ PROBER_LOST, true },          { PROBER_UNREACHABLE, true },
		{ PROBER_LOST_FORWARD, false }, /* a server has said so */
		{ PROBER_LOST_RETURN, false },  { PROBER_REFUSED, false },
		{ PROBER_PROHIBITED, false },   { PROBER_RESET, false },
		{ PROBER_WRONG_SOURCE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lose_everything();
		lose(engine.paths.items[PATHS - 1], 1, cases[i].newest);
		if (is_server_down(MODE_CHECK) != cases[i].down || is_server_down(MODE_RUN) != cases[i].down)
			fail_msg("%s", prober_outcome_word(cases[i].newest));
	}
	lose_everything();
	probe(PATHS - 1, false, 0, 1);
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	for (unsigned server = 0; server < 2; server++) { /* each that may answer */
		lose_everything();
		querier.silent_rounds[server] = 2;
		assert_true(is_server_down(MODE_CHECK)); /* `check` has no time for more */
		assert_false(is_server_down(MODE_RUN));
		querier.silent_rounds[server] = 1;
		assert_false(is_server_down(MODE_CHECK));
	}
}

/* A handshake was done, though no answer came: of late in a run. */
static void a_server_that_completes_handshakes_is_not_down(void **state)
{
	struct path *p = engine.paths.items[PATHS - 1];
	struct attempt *attempt;

	(void)state;
	lose_everything();
	assert_non_null(path_loss(p));
	attempt = &p->loss->attempts.items[0];
	*attempt = (struct attempt){ .seq = p->prober.waiting_from - ASSESS_STREAK_PROBES, .connected = true };
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	attempt->seq--;
	assert_false(is_server_down(MODE_CHECK));
	assert_true(is_server_down(MODE_RUN));
	attempt->seq++;
	attempt->connected = false;
	assert_true(is_server_down(MODE_CHECK) && is_server_down(MODE_RUN));
}

/* Several servers are probed, and none is heard: it may be us who are cut off. */
static void a_client_that_hears_nobody_calls_no_server_down(void **state)
{
	(void)state;
	lose_everything();
	assert_true(is_server_down(MODE_CHECK) && is_server_down(MODE_RUN));
	querier.hears_anybody = false;
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	querier.hears_anybody = true;
	querier.heard_ns = now_ns - 8000 * MS; /* when the third of ten left, which were lost */
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	querier.heard_ns += 1; /* in a run, it may have been under way when we were cut off */
	assert_true(is_server_down(MODE_CHECK));
	assert_false(is_server_down(MODE_RUN));
	querier.heard_ns += 500 * MS;
	assert_true(is_server_down(MODE_RUN));

	start_anew(); /* a loss before the outage is not part of it */
	play(1, everything);
	play(3, nothing);
	play(10, everything);
	querier.heard_ns = now_ns - 7500 * MS;
	assert_false(is_server_down(MODE_RUN));
	querier.heard_ns++;
	assert_true(is_server_down(MODE_RUN));
}

/* One address, and no witness. */
static void a_server_that_is_silent_at_one_address_is_not_called_down(void **state)
{
	struct verdict v;

	(void)state;
	for (unsigned heard = 0; heard < 2; heard++) {
		lose_everything();
		querier.no_proof = true;
		querier.hears_anybody = heard;
		assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
		assess_path(&engine, find(512, 0), MODE_RUN, &v); /* if no other is heard, it may be us */
		assert_int_equal(heard, !strstr(v.advice, "check first that this host can reach anything"));
		for (querier.unheard = 1; querier.unheard < 4; querier.unheard++) {
			assess_path(&engine, find(512, 0), MODE_RUN, &v); /* perhaps they do not know our key */
			assert_int_equal(querier.unheard == 3, strstr(v.advice, "`clients`") != NULL);
		}
		querier.unheard = 0;
	}
	querier.no_proof = false;
}

static void index_again(void)
{
	struct path **items = malloc(PATHS * sizeof(struct path *));

	assert_non_null(items);
	memcpy(items, engine.paths.items, PATHS * sizeof(struct path *));
	assert_true(paths_set(&engine.paths, items, PATHS, NULL, NULL));
}

/* Each target has one server. Where all have the same one, no other could have been heard. */
static void a_server_of_another_target_is_another(void **state)
{
	static struct config_target elsewhere;
	struct path *other = engine.paths.items[PATHS - 1];

	(void)state;
	lose_everything();
	querier.hears_anybody = false;
	elsewhere = target;
	target.servers_len = elsewhere.servers_len = 1;
	other->target = &elsewhere;
	index_again();
	assert_true(is_server_down(MODE_CHECK));
	elsewhere.servers[0] = 1;
	index_again();
	assert_false(is_server_down(MODE_CHECK));
	other->target = &target;
	target.servers_len = 2;
	index_again();
}

/* -- errors -- */

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

/* -- what is told in a run -- */

static bool is_told(size_t i)
{
	struct verdict v;
	struct path_status before;

	return path_status_review(&engine, i, &v, &before);
}

static void a_failover_is_told_when_another_one_answers(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	play(64, nothing);
	assert_true(is_told(i) && !is_told(i));
	lose(p, 5, PROBER_LOST);
	assert_true(is_told(i) && !is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
	probe(i, false, 1, 2);
	assert_true(is_told(i) && !is_told(i));
	assert_int_equal(p->status.state, VERDICT_DOWN);
	assert_int_equal(p->status.cause, VERDICT_CAUSE_FAILOVER);
}

/* The first answers are no news but of a failover: what was said of the outage stands until it is over. */
static void the_cause_of_an_outage_stands_until_it_is_over(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	play(64, nothing);
	play(ASSESS_STREAK_PROBES, held_0);
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
	play(12, held_0);
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_STUCK_FLOW);
	for (unsigned n = 1; n < ASSESS_STREAK_PROBES; n++) {
		play(1, nothing);
		assert_false(is_told(i));
		assert_int_equal(p->status.cause, VERDICT_CAUSE_STUCK_FLOW);
	}
	play(1, nothing);
	assert_true(is_told(i));
	assert_int_equal(p->status.state, VERDICT_UP);
}

/* Every other probe is lost, and reached the server's link. */
static void lose_every_other(struct path *p, unsigned n)
{
	uint64_t bitmap = 0;

	assert_non_null(path_loss(p));
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS) {
		probe(p->index, true, 0, 1);
		prober_settle(&p->prober, p->prober.next - 1, PROBER_LOST_FORWARD);
		probe(p->index, false, 0, 1);
		bitmap = bitmap << 2 | 2;
	}
	p->loss->frames.captures[0] = (struct hint_frames_capture){ .newest = p->prober.next - 1, .bitmap = bitmap };
}

/* Nor does a lossy path lose its cause in its last moments, when the servers have nothing new to say. */
static void the_cause_of_loss_stands_until_it_is_over(void **state)
{
	struct config lossy = config;
	size_t i = find(512, FRESH);
	struct path *p = engine.paths.items[i];

	(void)state;
	lossy.lossy_permille = 100;
	engine.config = &lossy;
	play(64, nothing);
	assert_true(is_told(i));
	lose_every_other(p, 20);
	assert_true(is_told(i));
	assert_int_equal(p->status.state, VERDICT_LOSSY);
	assert_int_equal(p->status.cause, VERDICT_CAUSE_SERVER_FIREWALL);
	p->loss->frames = (struct hint_frames){ 0 };
	for (unsigned n = 0; p->status.state == VERDICT_LOSSY; n++) {
		assert_int_equal(p->status.cause, VERDICT_CAUSE_SERVER_FIREWALL);
		assert_true(n < 100);
		play(1, nothing);
		is_told(i);
	}
	assert_int_equal(p->status.state, VERDICT_UP);
	lose_every_other(p, 20); /* for another reason */
	p->loss->frames = (struct hint_frames){ 0 };
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
}

/* -- a server with many paths -- */

enum { CROWD = 200 };

static void no_matter(void *context, struct path *p)
{
	(void)context;
	(void)p;
}

/* Its paths are at as many addresses. Returns how often its silence was looked for. */
static unsigned assess_crowd(void)
{
	struct verdict v;

	looks = 0;
	for (size_t i = 0; i < CROWD; i++)
		assess_path(&engine, i, MODE_RUN, &v);
	return looks;
}

static void lose_crowd(void)
{
	for (size_t i = 0; i < CROWD; i++)
		probe(i, true, 0, 1);
	now_ns += 1000 * MS;
}

/* Each look reads all paths of the server: one for each path would be ten thousand times ten thousand. */
static void the_silence_of_a_server_is_looked_for_once_a_moment(void **state)
{
	struct config_target one = target;
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(CROWD, sizeof *items);
	struct endpoint at = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 0 }, .port = WIRE_PORT };

	(void)state;
	one.servers_len = one.held = one.sizes_len = 1;
	one.tcp = false;
	one.fresh = 0;
	for (size_t i = 0; items && i < CROWD; i++, at.address[15]++)
		assert_true(path_make_all(&plan, &one, &at, items + i));
	assert_true(items && paths_set(&engine.paths, items, CROWD, no_matter, NULL));
	querier.silent_rounds[0] = SERVERS;
	querier.hears_anybody = true;
	for (unsigned n = 0; n < 5; n++)
		lose_crowd();
	frozen_ns = now_ns;
	assert_int_equal(assess_crowd(), 1);
	frozen_ns += 19 * MS;
	assert_int_equal(assess_crowd(), 0);
	frozen_ns += 1 * MS;
	assert_int_equal(assess_crowd(), 1);
	engine.servers[0].silence_ns = 0; /* there is news */
	assert_int_equal(assess_crowd(), 1);
	frozen_ns = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(random_loss_has_no_cause),
		TEST(faults_are_named),
		TEST(a_flow_among_many_is_not_stuck),
		TEST(connections_break_where_two_hold_the_address),
		TEST(an_answer_by_who_may_not_answer_is_an_impostors),
		TEST(a_row_says_less_where_its_fellows_lose_some),
		TEST(few_ports_that_fail_are_no_stuck_flow),
		TEST(a_run_names_them_too),
		TEST(a_look_tells_at_once),
		TEST(who_holds_the_address),
		TEST(a_held_flow_stays_where_it_was),
		TEST(an_entry_of_our_own_is_not_stale),
		TEST(an_entry_that_healed_explains_no_later_loss),
		TEST(an_entry_explains_only_answers_that_are_lost_now),
		TEST(a_stranger_refuses_what_the_server_did_not_hear),
		TEST(drops_of_the_outage_are_no_firewalls),
		TEST(an_outage_is_judged_by_itself),
		TEST(a_server_that_is_silent_at_one_address_is_not_called_down),
		TEST(a_server_of_another_target_is_another),
		TEST(a_claim_explains_what_was_lost_about_then),
		TEST(a_server_with_a_sign_of_life_is_not_down),
		TEST(a_server_that_completes_handshakes_is_not_down),
		TEST(a_client_that_hears_nobody_calls_no_server_down),
		TEST(an_error_explains_an_outage_for_a_minute),
		TEST(a_host_that_is_unreachable_is_so_for_both_protocols),
		TEST(an_address_of_this_host_proves_nothing_of_the_network),
		TEST(a_failover_is_told_when_another_one_answers),
		TEST(the_cause_of_an_outage_stands_until_it_is_over),
		TEST(the_cause_of_loss_stands_until_it_is_over),
		TEST(the_silence_of_a_server_is_looked_for_once_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
