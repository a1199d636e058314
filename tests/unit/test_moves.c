/* The analysis of moves: client/failover. */
#include "client/failover/baseline.h"
#include "client/failover/concurrent.h"
#include "client/failover/connection.h"
#include "client/failover/move.h"
#include "client/failover/neighbour_log.h"
#include "client/failover/owners.h"
#include "client/failover/reasons.h"
#include "client/failover/steady.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS       NS_PER_MS
#define INTERVAL (10 * MS)
#define RTT      (1 * MS)

enum { LONGEST = 1024, A = 0, B = 1 };

/* A to D: this server answers; a to d: and another one too; > < .: lost forward, on return, direction not known;
 * x: lost as the servers' own addresses are; !: not sent. One each interval. */
static bool sole; /* only one server may answer */

static struct samples story(const char *text, struct sample items[LONGEST])
{
	struct samples s = { .items = items, .sole = sole };

	for (size_t i = 0; text[i]; i++) {
		struct sample x = { .sent_ns = (int64_t)(i + 1) * INTERVAL,
				    .server = SAMPLE_NOBODY,
				    .concurrent = SAMPLE_LOST };
		if (text[i] == '!') {
			s.unsent++;
			continue;
		}
		x.fate = text[i] == '>' ? SAMPLE_FORWARD : text[i] == '<' ? SAMPLE_RETURN : SAMPLE_LOST;
		x.excused = text[i] == 'x';
		if (strchr("ABCDabcd", text[i])) {
			x.fate = SAMPLE_ANSWERED;
			x.server = (text[i] & 31) - 1;
			x.doubly = text[i] >= 'a';
			x.rtt_ns = RTT;
		}
		s.items[s.len++] = x;
	}
	return s;
}

static struct flow_move read_flow(const char *text)
{
	struct sample items[LONGEST];
	const struct samples s = story(text, items);
	struct flow_move m;

	flow_move_read(&s, INTERVAL, &m);
	return m;
}

/* -- one flow -- */

static void gaps(void **state)
{
	static const struct {
		const char *story;
		int to;
		int64_t gap, forward, back, unknown; /* in intervals */
	} cases[] = {
		{ "AAAABBBB", B, 0, 0, 0, 0 },
		{ "AAA>>>BBB", B, 3, 3, 0, 0 },
		{ "AAA<<<<BBB", B, 4, 0, 4, 0 },
		{ "AAA>><<<BBB", B, 5, 2, 3, 0 },
		{ "AAA..BBB", B, 2, 0, 0, 2 },
		{ "AAA>..>BBB", B, 4, 4, 0, 0 },
		{ "AAA>.<BBB", B, 3, 1, 1, 1 },
		{ "AAA.>..BBB", B, 4, 1, 0, 3 },
		{ "AAAxxxBBB", B, 0, 0, 0, 0 },
		{ "AAA>xx>BBB", B, 4, 4, 0, 0 },
		{ "AAAx>>xBBB", B, 2, 2, 0, 0 },
		{ "A>A.A<ABBB", B, 0, 0, 0, 0 },
		{ "AAA>!!>BBB", B, 4, 4, 0, 0 },
		{ ">>>AAA>BB>B", B, 1, 1, 0, 0 },
		{ "AAA>>BBB>>>>AAA>BBB", B, 4, 4, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct flow_move m = read_flow(cases[i].story);
		print_message("%s\n", cases[i].story);
		assert_int_equal(m.from, A);
		assert_int_equal(m.to, cases[i].to);
		assert_int_equal(m.gap.total_ns, cases[i].gap * INTERVAL);
		assert_int_equal(m.gap.forward_ns, cases[i].forward * INTERVAL);
		assert_int_equal(m.gap.return_ns, cases[i].back * INTERVAL);
		assert_int_equal(m.gap.unknown_ns, cases[i].unknown * INTERVAL);
		assert_true(m.gap.resolution_ns == INTERVAL || strchr(cases[i].story, 'x'));
	}
}

static void times_of_answers(void **state)
{
	const struct flow_move m = read_flow("AAA>>BBB");

	(void)state;
	assert_int_equal(m.last_ns, 3 * INTERVAL + RTT);
	assert_int_equal(m.first_ns, 6 * INTERVAL + RTT);
	assert_int_equal(m.moved_ns, 6 * INTERVAL);
	assert_int_equal(m.sent, 8);
	assert_int_equal(m.answered, 6);
	assert_int_equal(m.forward_lost, 2);
}

/* Frames wait for a neighbour entry, and all arrive at once. */
static void late_answers_are_a_gap(void **state)
{
	struct sample items[LONGEST];
	struct samples s = story("AAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", items);
	struct flow_move m;

	(void)state;
	for (size_t i = 4; i < 24; i++)
		s.items[i].rtt_ns = s.items[24].sent_ns - s.items[i].sent_ns + RTT;
	flow_move_read(&s, INTERVAL, &m);
	assert_int_equal(m.lost + m.forward_lost + m.return_lost, 0);
	assert_int_equal(m.gap.total_ns, 20 * INTERVAL);
}

/* TCP repeats what was lost: an answer to what was sent in the gap comes after it. */
static void what_tcp_repeats_is_in_the_gap(void **state)
{
	struct sample items[LONGEST];
	struct samples s = story("AAAA>>>>>>BBB", items);
	struct flow_move m;

	(void)state;
	items[5].fate = SAMPLE_ANSWERED;
	items[5].server = A;
	items[5].rtt_ns = 260 * MS;
	items[2].rtt_ns = 260 * MS; /* just late */
	flow_move_mark_waits(&s, INTERVAL);
	flow_move_read(&s, INTERVAL, &m);
	assert_int_equal(m.gap.total_ns, 6 * INTERVAL);
	assert_int_equal(m.gap.forward_ns, 6 * INTERVAL);
	assert_int_equal(m.forward_lost, 5);
	assert_int_equal(m.answered, 8);
	assert_int_equal(m.rest.total_ns, 0);
}

static void overlaps_and_flaps(void **state)
{
	static const struct {
		const char *story;
		unsigned changes;
		int64_t overlap; /* in intervals */
	} cases[] = {
		{ "AAAABBBB", 1, 0 },
		{ "AAABABABBB", 5, 4 },
		{ "AAAaBBBB", 1, 0 }, /* one copy may have met the move */
		{ "AAAaaaBBBB", 1, 3 },
	};
	char back[LONGEST] = "AAAA";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct flow_move m = read_flow(cases[i].story);
		assert_int_equal(m.changes, cases[i].changes);
		assert_int_equal(m.overlap_ns, cases[i].overlap * INTERVAL);
	}
	/* There, and back after two seconds: that is no overlap. */
	memset(back + 4, 'B', 200);
	strcpy(back + 204, "AAAA");
	assert_int_equal(read_flow(back).changes, 2);
	assert_int_equal(read_flow(back).overlap_ns, 0);
	assert_int_equal(read_flow(back).to, A);
}

static void outages_away_from_the_move(void **state)
{
	const struct flow_move m = read_flow("AA.ABBB>>>>BB<<<");

	(void)state;
	assert_int_equal(m.gap.total_ns, 0);
	assert_int_equal(m.rest.total_ns, 4 * INTERVAL);
	assert_int_equal(m.tail.total_ns, 3 * INTERVAL);
	assert_int_equal(m.tail_lost, 3);
	assert_int_equal(read_flow("").from, SAMPLE_NOBODY);
	assert_int_equal(read_flow(">>>").to, SAMPLE_NOBODY);
}

/* -- concurrent losses -- */

static void concurrent_losses(void **state)
{
	struct sample tcp_items[LONGEST], udp_items[LONGEST];
	struct samples tcp = story("AAA.>...BBB", tcp_items), udp = story("AAA>>>>>BBB", udp_items);
	struct flow_move m;

	(void)state;
	for (size_t i = 0; i < udp.len; i++)
		udp.items[i].sent_ns += INTERVAL / 2;
	concurrent_mark(&tcp, &udp);
	flow_move_read(&tcp, INTERVAL, &m);
	assert_int_equal(m.gap.forward_ns, 5 * INTERVAL);
	assert_int_equal(m.forward_lost, 1);
	assert_int_equal(m.lost, 4);

	/* The datagrams alone prove nothing of TCP. */
	tcp = story("AAA....BBB", tcp_items);
	concurrent_mark(&tcp, &udp);
	flow_move_read(&tcp, INTERVAL, &m);
	assert_int_equal(m.gap.unknown_ns, 4 * INTERVAL);
}

static void losses_of_the_whole_network(void **state)
{
	struct sample items[LONGEST], own_a[LONGEST], own_b[LONGEST];
	struct baseline baselines[] = { { A, { 0 } }, { B, { 0 } } };
	const unsigned servers[] = { A, B };
	struct samples s;

	(void)state;
	baselines[0].samples = story("AAA...AAAA...", own_a);
	baselines[1].samples = story("BBB...BBBBBBB", own_b);
	s = story("AAA...A...BBB", items);
	s.items[11].fate = SAMPLE_FORWARD;
	baseline_excuse(&s, baselines, 2, servers, 2);
	for (size_t i = 0; i < s.len; i++)
		assert_int_equal(s.items[i].excused, i >= 3 && i < 6);
	/* A server without an address of its own excuses nothing: it may be the one that lives. */
	s = story("AAA...A...BBB", items);
	baseline_excuse(&s, baselines, 1, servers, 2);
	for (size_t i = 0; i < s.len; i++)
		assert_false(s.items[i].excused);
}

/* -- all flows of a protocol, and the reasons -- */

static struct move_flow flows[2];
static struct sample items_of[2][LONGEST];
static struct move move;
static struct reasons reasons;

static const char *server_name(const void *context, int server)
{
	static const char *const names[] = { "boot-01", "boot-02", "boot-03" };

	(void)context;
	return server < 0 ? "nobody" : names[server];
}

static struct reasons_context context_of(int expect, int64_t max_gap_ns)
{
	static const unsigned servers[] = { A, B };

	return (struct reasons_context){
		.protocol = "UDP",
		.target = "bootnode",
		.address = "203.0.113.7",
		.server_name = server_name,
		.servers = servers,
		.servers_len = 2,
		.expect = expect,
		.max_gap_ns = max_gap_ns,
		.settle_ns = 10 * INTERVAL,
		.measured_ns = NS_PER_S,
		.receiver = -1,
		.settled = true,
	};
}

static void judge_in(const struct reasons_context *c, const char *held, const char *fresh)
{
	flows[0] = (struct move_flow){ .held = 0, .interval_ns = INTERVAL, .samples = story(held, items_of[0]) };
	flows[1] =
	    (struct move_flow){ .held = MOVE_FRESH, .interval_ns = INTERVAL, .samples = story(fresh, items_of[1]) };
	move_read(flows, 2, &move);
	reasons.len = 0;
	reasons_of_move(c, &move, flows, 2, &reasons);
}

static void judge(const char *held, const char *fresh, int expect, int64_t max_gap_ns)
{
	const struct reasons_context c = context_of(expect, max_gap_ns);

	judge_in(&c, held, fresh);
}

static void a_good_move_has_no_reason(void **state)
{
	(void)state;
	judge("AAAA>>BBBBBBBBBB", "AAAA>BBBBBBBBBBB", B, 2 * INTERVAL);
	assert_int_equal(reasons.len, 0);
	assert_int_equal(move.from, A);
	assert_int_equal(move.to, B);
	assert_int_equal(move.gap.total_ns, 2 * INTERVAL);
	assert_int_equal(move.flaps, 0);
	assert_int_equal(move.stuck_len, 0);
	assert_int_equal(move.forward_lost, 3);
}

static void stuck_flows(void **state)
{
	(void)state;
	judge("AAAAAAAAAAAAAAAA", "AAAABBBBBBBBBBBB", -1, NS_PER_S);
	assert_int_equal(move.to, B);
	assert_int_equal(move.stuck_len, 1);
	assert_int_equal(move.stuck[0].held, 0);
	assert_int_equal(move.stuck[0].server, A);
	assert_int_equal(move.stuck[0].until_ns, 0);
	assert_int_equal(move.gap.total_ns, 0);

	/* Until the end of the old host's state; then it is lost for a while. */
	judge("AAAAAAAAAA>>BBBB", "AAAABBBBBBBBBBBB", -1, NS_PER_S);
	assert_int_equal(move.stuck_len, 1);
	assert_int_equal(move.stuck[0].until_ns, 13 * INTERVAL + RTT);
	assert_int_equal(move.stuck[0].lost, 2);

	judge("AAAA>>>>>>>>>>>>", "AAAABBBBBBBBBBBB", -1, NS_PER_S);
	assert_int_equal(move.stuck_len, 1);
	assert_int_equal(move.stuck[0].server, SAMPLE_NOBODY);

	/* A probe or two later is no state that holds it. */
	judge("AAAAAABBBBBBBBBB", "AAAABBBBBBBBBBBB", -1, NS_PER_S);
	assert_int_equal(move.stuck_len, 0);
	assert_int_equal(reasons.len, 0);
}

static void reasons_in_words(void **state)
{
	static const struct {
		const char *held, *fresh;
		int expect;
		int64_t max_gap; /* in intervals */
		unsigned reasons;
		const char *words;
	} cases[] = {
		{ "AAAAAAAAA", "AAAAAAAAA", -1, 9, 1, "boot-01 still answers" },
		{ ">>>>>>>>>", ">>>>>>>>>", -1, 9, 1, "nobody answered" },
		{ "AAA>>>>>>", "AAA>>>>>>", -1, 9, 1, "lost on their way to the servers" },
		{ "AAA<<<<<<", "AAA<<<<<<", -1, 9, 1, "their way back" },
		{ "AAABBBBBB", "AAABBBBBB", A, 9, 1, "boot-01 has to (--expect)" },
		{ "AAACCCCCC", "AAACCCCCC", -1, 9, 1, "does not allow" },
		{ "AA>>>>BBB", "AA>>>>BBB", -1, 3, 1, "more than --max-gap" },
		{ "AABB>>>>B", "AABB>>>>B", -1, 3, 1, "apart from the move" },
		{ "AABABABBB", "AABABABBB", -1, 9, 2, "changed 5 times" },
		{ "AAABBB>>>", "AAABBB>>>", -1, 9, 1, "boot-02 took over, but" },
		{ "!!!!!!!!!", "!!!!!!!!!", -1, 9, 1, "no probe could be sent" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		judge(cases[i].held, cases[i].fresh, cases[i].expect, cases[i].max_gap * INTERVAL);
		print_message("%s: %s\n", cases[i].held, reasons.len ? reasons.texts[0] : "none");
		assert_int_equal(reasons.len, cases[i].reasons);
		assert_non_null(strstr(reasons.texts[0], cases[i].words));
	}
}

static void expect_words(unsigned reason, const char *words)
{
	assert_true(reason < reasons.len);
	print_message("%s\n", reasons.texts[reason]);
	assert_non_null(strstr(reasons.texts[reason], words));
}

/* Who received the probes, or the cause, takes the place of the general advice. */
static void what_is_known_of_a_silence(void **state)
{
	struct reasons_context c = context_of(-1, NS_PER_S);

	(void)state;
	judge_in(&c, "AAA<<<<<<", "AAA<<<<<<");
	expect_words(0, "the server that has the address");
	c.receiver = B;
	judge_in(&c, "AAA<<<<<<", "AAA<<<<<<");
	expect_words(0, "boot-02 receives the probes");
	c.cause = "not-assigned: no server has it; assign it";
	judge_in(&c, "AAA>>>>>>", "AAA>>>>>>");
	assert_int_equal(reasons.len, 2);
	assert_null(strstr(reasons.texts[0], "Check that"));
	expect_words(1, "UDP: not-assigned: no server has it; assign it");
	judge_in(&c, ">>>>>>>>>", ">>>>>>>>>");
	assert_null(strstr(reasons.texts[0], "floatprobe check"));
	expect_words(1, "not-assigned");
	judge_in(&c, "AAABBB>>>", "AAABBB>>>");
	expect_words(0, "boot-02 took over, but");
	expect_words(1, "not-assigned");
}

/* Nobody knows where the probes of a gap were lost: who could have told it? */
static void who_could_tell_the_direction(void **state)
{
	static const unsigned servers[] = { 2, A, B };
	struct reasons_context c = context_of(-1, INTERVAL);

	(void)state;
	c.servers = servers;
	c.servers_len = 3;
	for (unsigned k = 0; k < 3; k++)
		c.asked[k] = (struct reasons_server){ .has_droplet = true, .evidence_ns = NS_PER_S };
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "What the servers received does not tell the direction. Shorten");
	c.asked[0].evidence_ns = 0;
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "boot-03 may have received them, but has not answered a query since");
	c.asked[1].evidence_ns = 6 * INTERVAL; /* in the midst of the gap; it had the address */
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "boot-01 may have received them");
	c.asked[2].has_droplet = false; /* but it has answered */
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "boot-01 may have received them");
	c.asked[1].has_droplet = false;
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "Configure a target of role droplet for boot-01");
	c.asked[1].refuses_key = true;
	judge_in(&c, "AAA...BBB", "AAA...BBB");
	expect_words(0, "boot-01 does not know this client's key");
}

/* One loss whose direction is known does not speak for all of a gap. */
static void a_direction_is_that_of_the_most(void **state)
{
	static const struct {
		const char *story, *words;
	} cases[] = {
		{ "AAA.......<BBB", "were lost, at least half of them in an unknown direction." },
		{ "AAA>......BBB", "were lost, at least half of them in an unknown direction." },
		{ "AAA......BBB", "were lost, direction not known." },
		{ "AAA>>>...BBB", "were lost, at least half of them in an unknown direction." },
		{ "AAA>>>>..BBB", "were mostly lost on their way to the servers. Let the new holder announce" },
		{ "AAA>>>>BBB", "were lost on their way to the servers. Let the new holder announce" },
		{ "AAA<<<<<.BBB",
		  "were mostly answered, but the answers were lost on their way back. Check the return" },
		{ "AAA>>>><.BBB", "were mostly lost in both directions. Let the new holder announce" },
		{ "AABBB>>>>B", "apart from the move, nobody answered for 0.040 s" },
		{ "AABBB>>>>B", "on their way to the servers. Look at what happened then" },
		{ "AABBB<<<<B", "Check the return route and the neighbour entries of the server that has" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		judge(cases[i].story, cases[i].story, -1, 3 * INTERVAL);
		expect_words(0, cases[i].words);
	}
	judge("AAA......<", "AAA......<", -1, NS_PER_S);
	expect_words(0,
		     "The probes are lost, at least half of them in an unknown direction. Check that the new holder");
}

/* -- where only one server may answer -- */

static void judge_sole(const char *held, const char *fresh, int64_t max_gap)
{
	static const unsigned servers[] = { A };
	struct reasons_context c = context_of(-1, max_gap * INTERVAL);

	c.servers = servers;
	c.servers_len = 1;
	sole = true;
	judge_in(&c, held, fresh);
	sole = false;
}

static void the_only_server_is_away(void **state)
{
	(void)state;
	judge_sole("AAAA>>>>>AAA", "AAAA>>>>AAAA", 9);
	assert_int_equal(reasons.len, 0);
	assert_int_equal(move.from, A);
	assert_int_equal(move.to, A);
	assert_int_equal(move.gap.total_ns, 5 * INTERVAL);
	assert_int_equal(move.gap.forward_ns, 5 * INTERVAL);
	assert_int_equal(move.last_ns, 4 * INTERVAL + RTT);
	assert_int_equal(move.first_ns, 9 * INTERVAL + RTT);
	assert_int_equal(move.flaps, 0);
	assert_int_equal(move.overlap_ns, 0);

	judge_sole("AAAA>>>>>AAA", "AAAA>>>>AAAA", 3);
	expect_words(0, "more than --max-gap");
	judge_sole("AAAA>>AAAAAA", "AAAA>AAAAAAA", 9); /* lost by chance */
	assert_int_equal(move.to, SAMPLE_NOBODY);
	expect_words(0, "boot-01 answered at 203.0.113.7 all the time");
	judge_sole("AAA>>>>AA>>>>AA", "AAA>>>>AA>>>>AA", 9);
	expect_words(0, "boot-01 was away 2 times");
	assert_int_equal(move.overlap_ns, 0);
	judge_sole("AAA>>>>>>>>>>>>", "AAA>>>>>>>>>>>>", 9);
	expect_words(0, "nobody has answered for the last");
	judge_sole("AAA>>>CCCCCCCCC", "AAA>>>CCCCCCCCC", 9);
	expect_words(0, "boot-03 answers, which the configuration does not allow");
}

/* It is back before a probe is lost: only its boot tells. */
static void the_only_server_is_started_anew(void **state)
{
	struct sample items[LONGEST];
	struct samples s = story("AAAA>AAAA", items);
	struct flow_move m;

	(void)state;
	s.sole = true;
	for (size_t i = 0; i < s.len; i++)
		s.items[i].boot = i < 4 ? 7 : 8;
	flow_move_read(&s, INTERVAL, &m);
	assert_int_equal(m.changes, 1);
	assert_int_equal(m.gap.total_ns, INTERVAL);
	assert_int_equal(m.last_ns, 4 * INTERVAL + RTT);
	assert_int_equal(m.first_ns, 6 * INTERVAL + RTT);

	/* The boot of the first answer after an outage may not be known. */
	s = story("AAAA>>>>AAAA", items);
	s.sole = true;
	for (size_t i = 0; i < s.len; i++)
		s.items[i].boot = i < 4 ? 7 : i == 8 ? 0 : 8;
	flow_move_read(&s, INTERVAL, &m);
	assert_int_equal(m.changes, 1);
}

/* -- while it goes on -- */

static void lose(struct steady *s, uint32_t from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		steady_lost(s, from + i);
}

static void steady_follows(void **state)
{
	struct steady s;

	(void)state;
	steady_init(&s, false);
	lose(&s, 1, 1);
	assert_int_equal(s.first, -1);
	steady_answered(&s, A, 0, 2);
	steady_answered(&s, A, 0, 3);
	assert_false(s.moved);
	assert_int_equal(s.since_ns, 2);
	steady_answered(&s, B, 0, 4);
	assert_true(s.moved);
	assert_int_equal(s.since_ns, 4);
	lose(&s, 5, 1);
	steady_answered(&s, B, 0, 6);
	assert_int_equal(s.since_ns, 4); /* one loss is no interruption */
	lose(&s, 7, FLOW_MOVE_OUTAGE);
	steady_answered(&s, B, 0, 10);
	assert_int_equal(s.since_ns, 10);
	assert_int_equal(s.first, A);
	assert_int_equal(s.holder, B);
}

/* Losses become known at their timeout, between the answers to later probes. */
static void an_outage_shorter_than_the_timeout(void **state)
{
	struct steady s;

	(void)state;
	steady_init(&s, true);
	steady_answered(&s, A, 7, 1);
	for (uint32_t n = 0; n < FLOW_MOVE_OUTAGE; n++) {
		steady_answered(&s, A, 7, 50 + n);
		assert_false(s.moved);
		lose(&s, 2 + n, 1);
	}
	steady_answered(&s, A, 7, 60);
	assert_true(s.moved);
	assert_int_equal(s.since_ns, 60);
	for (uint32_t n = 0; n < 10; n++) /* by chance */
		lose(&s, 70 + 2 * n, 1);
	steady_answered(&s, A, 7, 90);
	assert_int_equal(s.since_ns, 60);
}

/* Only one server may answer: it is away, or starts anew. */
static void steady_follows_the_only_server(void **state)
{
	struct steady s;

	(void)state;
	steady_init(&s, true);
	steady_answered(&s, A, 7, 1);
	lose(&s, 2, 1);
	steady_answered(&s, A, 0, 3);
	steady_answered(&s, A, 7, 4);
	assert_false(s.moved);
	steady_answered(&s, A, 8, 5);
	assert_true(s.moved);
	assert_int_equal(s.since_ns, 5);
	steady_init(&s, true);
	steady_answered(&s, A, 7, 1);
	lose(&s, 2, FLOW_MOVE_OUTAGE);
	steady_answered(&s, A, 7, 9);
	assert_true(s.moved);
	assert_int_equal(s.since_ns, 9);
}

static void an_open_connection(void **state)
{
	struct connection c;

	(void)state;
	connection_init(&c);
	assert_int_equal(connection_fate(&c, 1), CONNECTION_NONE);
	connection_asked(&c, 1 * MS);
	connection_answered(&c, A, 2 * MS);
	connection_asked(&c, 100 * MS);
	assert_int_equal(connection_fate(&c, 101 * MS), CONNECTION_KEPT);
	assert_int_equal(connection_fate(&c, 101 * MS + CONNECTION_HUNG_NS), CONNECTION_HUNG);
	assert_int_equal(connection_stalled_ns(&c, 700 * MS), 600 * MS);
	connection_answered(&c, A, 900 * MS);
	connection_asked(&c, 1000 * MS);
	assert_int_equal(connection_stalled_ns(&c, 1001 * MS), 800 * MS);
	assert_int_equal(c.stall_from_ns, 100 * MS);
	connection_ended(&c, true, 1002 * MS);
	assert_int_equal(connection_fate(&c, 9000 * MS), CONNECTION_RESET);
	assert_int_equal(connection_stalled_ns(&c, 9000 * MS), 800 * MS);
	assert_int_equal(c.server, A);
}

static void an_address_left_behind(void **state)
{
	struct owners o = { 0 };

	(void)state;
	assert_false(owners_left_behind(&o, A, B));
	owners_note(&o, A, true, true);
	assert_false(owners_left_behind(&o, A, B)); /* B may have had it all along */
	owners_note(&o, B, false, false);
	assert_true(owners_left_behind(&o, A, B));
	owners_note(&o, A, false, true);
	assert_false(owners_left_behind(&o, A, B));
	o = (struct owners){ 0 };
	owners_note(&o, B, true, false);
	owners_note(&o, A, true, true);
	assert_false(owners_left_behind(&o, A, B));
	assert_false(owners_left_behind(&o, A, -1));
}

/* What is said while the move goes on does not change what was before it. */
static void an_address_that_both_have(void **state)
{
	struct owners o = { 0 };

	(void)state;
	owners_note(&o, B, false, false);
	owners_note(&o, B, true, false);
	assert_int_equal(owners_unheard(&o, A), 0);
	owners_note(&o, B, true, true);
	assert_int_equal(owners_unheard(&o, A), 1 << B);
	assert_int_equal(owners_unheard(&o, B), 0);
	owners_note(&o, A, true, true);
	assert_true(owners_left_behind(&o, A, B));
	o = (struct owners){ 0 };
	owners_note(&o, B, true, true);
	assert_int_equal(owners_unheard(&o, A), 0); /* it may have had it all along */
}

static void neighbour_changes(void **state)
{
	struct neighbour_log l = { .address = { .address = { 1 } } };
	struct rtnl_neighbour entry = { .address = { .address = { 1 } }, .has_mac = true, .mac = { 1 } };

	(void)state;
	neighbour_log_note(&l, &entry, 1);
	neighbour_log_note(&l, &entry, 2);
	assert_int_equal(l.len, 0); /* the first MAC is no change */
	entry.mac[0] = 2;
	entry.has_mac = false;
	neighbour_log_note(&l, &entry, 3);
	entry.address.address[0] = 9;
	entry.has_mac = true;
	neighbour_log_note(&l, &entry, 4);
	assert_int_equal(l.len, 0);
	entry.address.address[0] = 1;
	neighbour_log_note(&l, &entry, 5);
	assert_int_equal(l.len, 1);
	assert_int_equal(l.changes[0].at_ns, 5);
	assert_int_equal(l.changes[0].from[0], 1);
	assert_int_equal(l.changes[0].to[0], 2);
	for (unsigned i = 0; i < 2 * NEIGHBOUR_LOG_MAX; i++) {
		entry.mac[0]++;
		neighbour_log_note(&l, &entry, 6);
	}
	assert_int_equal(l.len, NEIGHBOUR_LOG_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps),
		cmocka_unit_test(times_of_answers),
		cmocka_unit_test(late_answers_are_a_gap),
		cmocka_unit_test(what_tcp_repeats_is_in_the_gap),
		cmocka_unit_test(overlaps_and_flaps),
		cmocka_unit_test(outages_away_from_the_move),
		cmocka_unit_test(concurrent_losses),
		cmocka_unit_test(losses_of_the_whole_network),
		cmocka_unit_test(a_good_move_has_no_reason),
		cmocka_unit_test(stuck_flows),
		cmocka_unit_test(reasons_in_words),
		cmocka_unit_test(what_is_known_of_a_silence),
		cmocka_unit_test(who_could_tell_the_direction),
		cmocka_unit_test(a_direction_is_that_of_the_most),
		cmocka_unit_test(the_only_server_is_away),
		cmocka_unit_test(the_only_server_is_started_anew),
		cmocka_unit_test(steady_follows),
		cmocka_unit_test(an_outage_shorter_than_the_timeout),
		cmocka_unit_test(steady_follows_the_only_server),
		cmocka_unit_test(an_open_connection),
		cmocka_unit_test(an_address_left_behind),
		cmocka_unit_test(an_address_that_both_have),
		cmocka_unit_test(neighbour_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
