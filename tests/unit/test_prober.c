#include "client/path/prober.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (1000 * MS)
#define EPOCH   (INT64_C(1790000000) * 1000 * MS)
#define FLOW    UINT64_C(0x1122334455667788)
#define BOOT    7

enum { RING = 512 };

static struct prober p;
static struct prober_record ring[RING];

static int start(void **state)
{
	(void)state;
	prober_init(&p, FLOW, TIMEOUT, ring, RING);
	return 0;
}

/* Times are ms; the wall clock runs with the monotonic one. */
static uint32_t send_at(int64_t ms)
{
	return prober_send(&p, ms * MS, EPOCH + ms * MS);
}

/* Probes 1..n, 100 ms apart from 0 on. */
static void send_many(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		send_at(INT64_C(100) * i);
}

static struct receipts receipts_of(const uint32_t *numbers)
{
	struct receipts r = { 0 };

	for (; numbers && *numbers; numbers++)
		receipts_note(&r, *numbers);
	return r;
}
#define ARRIVED(...) ((const uint32_t[]){ __VA_ARGS__, 0 })

struct answer {
	uint32_t seq;
	unsigned server;
	uint64_t boot_id;
	enum packet_status status;
	bool elsewhere, shared; /* from another address; several servers may answer */
	const uint32_t *arrived;
};

static enum prober_outcome answer_at(int64_t ms, struct answer a)
{
	struct packet_reply reply = {
		.role = PACKET_REPLY,
		.seq = a.seq,
		.flow_id = FLOW,
		.boot_id = a.boot_id ? a.boot_id : BOOT,
		.status = a.status,
		.receipts = receipts_of(a.arrived),
	};

	return prober_reply(&p, &reply, a.server, !a.elsewhere, EPOCH + ms * MS, ms * MS, !a.shared);
}
#define ANSWER(ms, ...) answer_at(ms, (struct answer){ __VA_ARGS__ })

static enum prober_outcome outcome_of(uint32_t seq)
{
	return ring[seq % RING].outcome;
}

static struct prober_tally tally_of(uint32_t window)
{
	struct prober_tally t;

	prober_tally(&p, window, &t);
	return t;
}

/* --- numbers and deadlines -------------------------------------------------------------------------------------- */

static void numbers_start_at_one(void **state)
{
	(void)state;
	assert_int_equal(send_at(0), 1);
	assert_int_equal(send_at(1), 2);
	assert_int_equal(outcome_of(2), PROBER_WAITING);
}

static void a_probe_is_lost_at_its_deadline(void **state)
{
	(void)state;
	assert_int_equal(prober_next_deadline(&p), INT64_MAX);
	send_at(0);
	send_at(10);
	send_at(20);
	assert_int_equal(prober_next_deadline(&p), 1000 * MS);
	assert_int_equal(prober_expire(&p, 1000 * MS - 1), 0);
	assert_int_equal(prober_expire(&p, 1000 * MS), 1);
	assert_int_equal(outcome_of(1), PROBER_LOST);
	assert_int_equal(prober_next_deadline(&p), 1010 * MS);
	prober_settle(&p, 2, PROBER_REFUSED);
	assert_int_equal(prober_next_deadline(&p), 1020 * MS);
	assert_int_equal(prober_expire(&p, 5000 * MS), 1);
	assert_int_equal(outcome_of(2), PROBER_REFUSED);
	assert_int_equal(prober_next_deadline(&p), INT64_MAX);
}

static void numbers_that_are_none_of_ours_change_nothing(void **state)
{
	struct packet_reply other_flow = { .seq = 601, .flow_id = FLOW + 1 };
	static struct prober before;

	(void)state;
	send_many(601); /* the ring holds 90..601 */
	before = p;
	assert_int_equal(ANSWER(60001, .seq = 0), PROBER_NONE);
	assert_int_equal(ANSWER(60001, .seq = 89), PROBER_NONE);
	assert_int_equal(ANSWER(60001, .seq = 602), PROBER_NONE);
	assert_int_equal(prober_reply(&p, &other_flow, 0, true, EPOCH, 60001 * MS, true), PROBER_NONE);
	assert_int_equal(prober_settle(&p, 0, PROBER_REFUSED), PROBER_NONE);
	assert_int_equal(prober_settle(&p, 89, PROBER_REFUSED), PROBER_NONE);
	assert_int_equal(prober_settle(&p, 602, PROBER_REFUSED), PROBER_NONE);
	prober_left(&p, 89, EPOCH);
	assert_memory_equal(&before, &p, sizeof p);
	assert_int_equal(ANSWER(60001, .seq = 601), PROBER_ANSWERED);
	assert_int_equal(prober_settle(&p, 90, PROBER_REFUSED), PROBER_REFUSED);
}

/* --- what stands when two things happen to a probe -------------------------------------------------------------- */

static void what_is_settled_first_stands(void **state)
{
	static const struct {
		enum prober_outcome first, then, stands;
	} cases[] = {
		{ PROBER_WAITING, PROBER_REFUSED, PROBER_REFUSED },
		{ PROBER_WAITING, PROBER_LOST, PROBER_LOST },
		{ PROBER_WAITING, PROBER_UNSENT, PROBER_UNSENT },
		{ PROBER_LOST, PROBER_UNREACHABLE, PROBER_UNREACHABLE }, /* our own ARP takes 3.07 s to fail */
		{ PROBER_LOST, PROBER_LOST_FORWARD, PROBER_LOST_FORWARD },
		{ PROBER_LOST_FORWARD, PROBER_UNREACHABLE, PROBER_UNREACHABLE },
		{ PROBER_LOST_FORWARD, PROBER_LOST_RETURN, PROBER_LOST_RETURN },
		{ PROBER_LOST_FORWARD, PROBER_LOST, PROBER_LOST_FORWARD },
		{ PROBER_LOST_RETURN, PROBER_LOST_FORWARD, PROBER_LOST_RETURN },
		{ PROBER_LOST_RETURN, PROBER_REFUSED, PROBER_LOST_RETURN },
		{ PROBER_REFUSED, PROBER_UNREACHABLE, PROBER_REFUSED },
		{ PROBER_REFUSED, PROBER_LOST, PROBER_REFUSED },
		{ PROBER_UNSENT, PROBER_REFUSED, PROBER_UNSENT },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(state);
		send_at(0);
		if (cases[i].first != PROBER_WAITING)
			prober_settle(&p, 1, cases[i].first);
		assert_int_equal(prober_settle(&p, 1, cases[i].then), cases[i].stands);
		assert_int_equal(prober_expire(&p, 5000 * MS), 0);
		assert_int_equal(outcome_of(1), cases[i].stands);
	}
}

/* An authentic answer from the address probed, 20 ms or 1.5 s after the probe left. */
static void an_answer_wins_over_everything(void **state)
{
	static const enum prober_outcome firsts[] = { PROBER_LOST,     PROBER_LOST_FORWARD, PROBER_LOST_RETURN,
						      PROBER_REFUSED,  PROBER_RESET,        PROBER_UNREACHABLE,
						      PROBER_IMPOSTOR, PROBER_UNSENT };

	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		start(state);
		send_at(0);
		send_at(0);
		prober_settle(&p, 1, firsts[i]);
		prober_settle(&p, 2, firsts[i]);
		assert_int_equal(ANSWER(20, .seq = 1), PROBER_ANSWERED);
		assert_int_equal(ANSWER(1500, .seq = 2), PROBER_LOST);
		assert_true(ring[2].late);
	}
}

static void a_late_answer_settles_nothing_of_direction(void **state)
{
	static const enum prober_outcome proofs[] = { PROBER_LOST_FORWARD, PROBER_LOST_RETURN, PROBER_UNREACHABLE };
	const struct prober_window has = { .known = true, .receipts = receipts_of(ARRIVED(1)), .asked_ns = 9000 * MS };
	const struct prober_window lacks = { .boot_id = BOOT, .asked_ns = 9000 * MS, .blind_before_ns = -1 };

	(void)state;
	send_at(0);
	prober_expire(&p, 1000 * MS);
	assert_int_equal(ANSWER(1000, .seq = 1), PROBER_LOST);
	for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
		assert_int_equal(prober_settle(&p, 1, proofs[i]), PROBER_LOST);
	assert_int_equal(prober_settle_by_windows(&p, (const struct prober_window *[]){ &has }, 1, -1), 0);
	assert_int_equal(prober_settle_by_windows(&p, (const struct prober_window *[]){ &lacks }, 1, -1), 0);
	assert_int_equal(tally_of(RING).late, 1);
	assert_int_equal(tally_of(RING).lost, 1);
	assert_int_equal(p.heard.count, 1); /* but the server shall know that we hear it */
	assert_int_equal(p.heard.newest, 1);
}

/* What has arrived may be answered still, and what has not may be under way. */
static void where_answers_are_late_a_direction_is_proven_later(void **state)
{
	struct prober_window has = {
		.known = true, .receipts = receipts_of(ARRIVED(2)), .boot_id = BOOT, .asked_ns = 2900 * MS
	};
	const struct prober_window *windows[] = { &has };

	(void)state;
	for (int i = 0; i < 5; i++)
		send_at(100 * i);
	assert_int_equal(ANSWER(2000, .seq = 1), PROBER_LOST); /* three seconds are a proof */
	prober_expire(&p, 2000 * MS);
	assert_int_equal(prober_settle_by_windows(&p, windows, 1, -1), 0);
	ANSWER(2500, .seq = 5, .arrived = ARRIVED(2));
	assert_int_equal(outcome_of(2), PROBER_LOST);
	assert_int_equal(outcome_of(3), PROBER_LOST);
	has.asked_ns = 3360 * MS;
	assert_int_equal(prober_settle_by_windows(&p, windows, 1, 0), 2);
	assert_int_equal(outcome_of(2), PROBER_LOST_RETURN);
	assert_int_equal(outcome_of(3), PROBER_LOST_FORWARD);
	assert_int_equal(outcome_of(4), PROBER_LOST);
	for (int i = 0; i < 200; i++)
		ANSWER(10000 + 10 * i, .seq = send_at(10000 + 10 * i));
	assert_int_equal(p.slowest_ns, 0); /* soon as ever */
}

static void the_kernel_says_when_an_answer_came(void **state)
{
	struct packet_reply reply = { .seq = 1, .flow_id = FLOW };

	(void)state;
	send_at(0);
	assert_int_equal(prober_expire(&p, 1200 * MS), 1); /* we were busy when it came */
	assert_int_equal(prober_reply(&p, &reply, 0, true, EPOCH + 900 * MS, 1200 * MS, true), PROBER_ANSWERED);
	assert_int_equal(prober_rtt_ns(&ring[1]), 900 * MS);
}

static void an_answer_from_elsewhere_is_a_loss_on_the_return(void **state)
{
	(void)state;
	send_at(0);
	assert_int_equal(ANSWER(20, .seq = 1, .elsewhere = true), PROBER_WRONG_SOURCE);
	assert_int_equal(p.heard.count, 0);
	assert_int_equal(p.holder, PROBER_NOBODY);
	assert_int_equal(tally_of(RING).return_lost, 1);
	assert_int_equal(tally_of(RING).server, -1);
	assert_int_equal(ANSWER(30, .seq = 1), PROBER_ANSWERED); /* the right one came after it */
	assert_int_equal(ANSWER(40, .seq = 1, .elsewhere = true), PROBER_ANSWERED);
	assert_int_equal(p.duplicates, 2);
}

static void the_server_may_answer_that_it_will_not(void **state)
{
	(void)state;
	send_many(2);
	assert_int_equal(ANSWER(120, .seq = 1, .server = 3, .status = PACKET_CLOCK_SKEW), PROBER_CLOCK_SKEW);
	assert_int_equal(ring[1].server, 3);
	assert_true(tally_of(RING).skewed);
	assert_int_equal(ANSWER(120, .seq = 2, .status = PACKET_NOT_AUTHORISED), PROBER_NOT_AUTHORISED);
	assert_int_equal(tally_of(RING).answered, 1);
	assert_int_equal(tally_of(RING).lost, 1);
}

/* --- times ------------------------------------------------------------------------------------------------------ */

static void rtt_is_the_network_time(void **state)
{
	static const struct {
		int64_t wall_ms, mono_ms, server_ms, rtt_ms;
	} cases[] = {
		{ 20, 20, 0, 20 },      { 20, 290, 0, 20 },      /* we slept: the kernel knows better */
		{ 20, 20, 5, 15 },                               /* the server had it for 5 ms */
		{ 20, 20, 20, 0 },                               /* .. all of the time */
		{ 20, 20, 21, 20 },                              /* .. longer than it was away: not true */
		{ 20, 20, -1, 20 },                              /* .. and not this either */
		{ 60, 20, 0, 60 },                               /* the clocks were not read at once */
		{ 71, 20, 0, 20 },                               /* the wall clock was set, a little .. */
		{ 3600020, 20, 5, 15 },                          /* .. an hour on .. */
		{ -500, 20, 5, 15 },    { -3599980, 20, 5, 15 }, /* .. or back */
		{ 5, 999, 0, 5 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct packet_reply reply = { .seq = 1, .flow_id = FLOW, .received_ns = 42 };
		start(state);
		send_at(0);
		reply.replied_ns = reply.received_ns + cases[i].server_ms * MS;
		assert_int_equal(
		    prober_reply(&p, &reply, 0, true, EPOCH + cases[i].wall_ms * MS, cases[i].mono_ms * MS, true),
		    PROBER_ANSWERED);
		assert_int_equal(prober_rtt_ns(&ring[1]), cases[i].rtt_ms * MS);
	}
}

static void rtt_saturates(void **state)
{
	(void)state;
	prober_init(&p, FLOW, 10 * TIMEOUT, ring, RING);
	send_at(0);
	assert_int_equal(ANSWER(5000, .seq = 1), PROBER_ANSWERED);
	assert_int_equal(prober_rtt_ns(&ring[1]), UINT32_MAX);
}

static void a_step_back_does_not_make_an_answer_timely(void **state)
{
	struct packet_reply reply = { .seq = 1, .flow_id = FLOW };

	(void)state;
	send_at(0);
	assert_int_equal(prober_reply(&p, &reply, 0, true, EPOCH + 100 * MS, 3000 * MS, true), PROBER_LOST);
}

static void the_kernel_says_when_a_probe_left(void **state)
{
	static const struct {
		int64_t left_ms;
		int64_t sent_ms;
	} cases[] = { { 0, 0 }, { 3, 3 }, { 1000, 1000 }, { 1001, 0 }, { -1, 0 }, { 3600000, 0 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(state);
		send_at(0);
		prober_left(&p, 1, EPOCH + cases[i].left_ms * MS);
		assert_int_equal(prober_sent_real_ns(&p, &ring[1]), EPOCH + cases[i].sent_ms * MS);
	}
	start(state);
	send_at(0);
	prober_left(&p, 1, EPOCH + 4 * MS);
	ANSWER(20, .seq = 1);
	assert_int_equal(prober_rtt_ns(&ring[1]), 16 * MS);
	prober_left(&p, 1, EPOCH + 9 * MS); /* too late to matter */
	assert_int_equal(prober_rtt_ns(&ring[1]), 16 * MS);
}

/* A busy host sent the request 300 ms after the handshake, and its deadline passed before the answer was read. */
static void the_delay_of_this_host_does_not_count(void **state)
{
	start(state);
	send_at(0);
	send_at(0);
	send_at(0);
	prober_expire(&p, 1000 * MS);
	prober_delayed(&p, 1, 300 * MS);
	assert_int_equal(ANSWER(1200, .seq = 1), PROBER_ANSWERED);
	assert_int_equal(prober_rtt_ns(&ring[1]), 900 * MS);
	prober_delayed(&p, 2, 100 * MS);
	assert_int_equal(ANSWER(1200, .seq = 2), PROBER_LOST);
	prober_settle(&p, 3, PROBER_REFUSED);
	prober_delayed(&p, 3, 300 * MS);
	assert_int_equal(ring[3].span_ns, 0);
}

/* rtt_ms of 1..n; the percentile is the nearest rank. */
static void rtt_over_a_window(void **state)
{
	static const struct {
		uint32_t n, window;
		double min, median, p99, max;
	} cases[] = {
		{ 1, RING, 1, 1, 1, 1 },         { 2, RING, 1, 1.5, 2, 2 },         { 3, RING, 1, 2, 3, 3 },
		{ 100, RING, 1, 50.5, 99, 100 }, { 200, RING, 1, 100.5, 198, 200 }, { 200, 3, 198, 199, 200, 200 },
	};
	uint32_t scratch[RING];
	struct prober_rtt rtt;

	assert_false(prober_rtt(&p, RING, scratch, &rtt));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(state);
		for (uint32_t n = 1; n <= cases[i].n; n++)
			ANSWER(n, .seq = send_at(0));
		assert_true(prober_rtt(&p, cases[i].window, scratch, &rtt));
		assert_true(rtt.min_ms == cases[i].min && rtt.median_ms == cases[i].median);
		assert_true(rtt.p99_ms == cases[i].p99 && rtt.max_ms == cases[i].max);
	}
}

/* --- who holds the address -------------------------------------------------------------------------------------- */

static void the_newest_answer_names_the_holder(void **state)
{
	const struct {
		struct answer a;
		unsigned holder, changes, duplicates;
	} steps[] = {
		{ { .seq = 1, .server = 1 }, 1, 0, 0 },
		{ { .seq = 1, .server = 1 }, 1, 0, 1 },               /* the same again */
		{ { .seq = 3, .server = 0 }, 0, 1, 1 },               /* another took over */
		{ { .seq = 2, .server = 1 }, 0, 1, 1 },               /* overtaken on its way */
		{ { .seq = 3, .server = 1 }, 0, 1, 2 },               /* two answer one number */
		{ { .seq = 4, .server = 0, .boot_id = 8 }, 0, 2, 2 }, /* restarted: another holder */
		{ { .seq = 5, .server = 0, .boot_id = 8, .arrived = ARRIVED(5) }, 0, 2, 2 }, /* it forgot us */
	};

	(void)state;
	send_many(9);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		answer_at(850, steps[i].a);
		assert_int_equal(p.holder, steps[i].holder);
		assert_int_equal(p.holder_changes, steps[i].changes);
		assert_int_equal(p.duplicates, steps[i].duplicates);
	}
}

static void answers_are_acknowledged(void **state)
{
	(void)state;
	send_many(300);
	ANSWER(100, .seq = 1);
	ANSWER(100, .seq = 3);
	ANSWER(100, .seq = 2);
	ANSWER(100, .seq = 2);
	assert_int_equal(p.heard.count, 3);
	assert_int_equal(p.heard.newest, 3);
	assert_int_equal(p.heard.bitmap[0], 7);
	ANSWER(30000, .seq = 300);
	assert_int_equal(p.heard.newest, 300);
	assert_int_equal(p.heard.bitmap[0], 1);
	assert_int_equal(p.heard.count, 4);
}

/* --- receipts that come with a reply ---------------------------------------------------------------------------- */

/* Probe 1 is answered, 2 is lost, then comes the reply to a probe that left at 1200 ms, or as the case says. */
static void receipts_settle_losses(void **state)
{
	const struct {
		int64_t asked_ms;
		struct answer a; /* seq and what is common is filled in */
		enum prober_outcome outcome;
	} cases[] = {
		{ 1200, { .arrived = ARRIVED(1, 3) }, PROBER_LOST_FORWARD },
		{ 1100, { .arrived = ARRIVED(1, 3) }, PROBER_LOST_FORWARD }, /* left at the very deadline */
		{ 1099, { .arrived = ARRIVED(1, 3) }, PROBER_LOST },         /* left before it */
		{ 1200, { .arrived = ARRIVED(1, 2, 3) }, PROBER_LOST_RETURN },
		{ 1099, { .arrived = ARRIVED(1, 2, 3) }, PROBER_LOST_RETURN }, /* a receipt is a proof at any time */
		{ 1200, { .arrived = ARRIVED(3) }, PROBER_LOST },              /* a flow made anew */
		{ 1200, { .boot_id = 8, .arrived = ARRIVED(1, 3) }, PROBER_LOST },
		{ 1200, { .boot_id = 8, .arrived = ARRIVED(2, 3) }, PROBER_LOST_RETURN },
		{ 1200, { .server = 1, .arrived = ARRIVED(1, 3) }, PROBER_LOST }, /* who is this? */
		{ 1200, { .shared = true, .arrived = ARRIVED(1, 3) }, PROBER_LOST },
		{ 1200, { .shared = true, .arrived = ARRIVED(1, 2, 3) }, PROBER_LOST_RETURN },
		{ 1200, { .arrived = NULL }, PROBER_LOST },
		{ 1200, { .elsewhere = true, .arrived = ARRIVED(1, 2, 3) }, PROBER_LOST_RETURN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a = cases[i].a;
		start(state);
		send_many(2);
		ANSWER(50, .seq = 1, .arrived = ARRIVED(1));
		a.seq = send_at(cases[i].asked_ms);
		prober_expire(&p, 1210 * MS);
		answer_at(1220, a);
		assert_int_equal(outcome_of(2), cases[i].outcome);
	}
}

static void what_left_before_the_first_answer_is_not_judged(void **state)
{
	(void)state;
	send_many(3);
	ANSWER(250, .seq = 1, .arrived = ARRIVED(1)); /* 2 and 3 were under way then */
	prober_expire(&p, 1300 * MS);
	ANSWER(1310, .seq = send_at(1300), .arrived = ARRIVED(1, 3, 4));
	assert_int_equal(outcome_of(2), PROBER_LOST);
	assert_int_equal(outcome_of(3), PROBER_LOST_RETURN);
}

static void a_receipt_corrects_a_forward_loss(void **state)
{
	(void)state;
	send_many(2);
	ANSWER(50, .seq = 1, .arrived = ARRIVED(1));
	prober_expire(&p, 1200 * MS);
	ANSWER(1210, .seq = send_at(1200), .arrived = ARRIVED(1, 3));
	assert_int_equal(outcome_of(2), PROBER_LOST_FORWARD);
	ANSWER(1310, .seq = send_at(1300), .arrived = ARRIVED(1, 3, 2, 4)); /* it was only slow */
	assert_int_equal(outcome_of(2), PROBER_LOST_RETURN);
}

static void over_tcp_a_missing_receipt_proves_nothing(void **state)
{
	const struct prober_window lacks = { .boot_id = BOOT, .asked_ns = 9000 * MS, .blind_before_ns = -1 };

	(void)state;
	p.kind = PROBE_TCP;
	send_many(3);
	ANSWER(50, .seq = 1, .arrived = ARRIVED(1));
	prober_expire(&p, 2000 * MS);
	ANSWER(2010, .seq = send_at(2000), .arrived = ARRIVED(1, 4));
	assert_int_equal(outcome_of(2), PROBER_LOST);
	assert_int_equal(prober_settle_by_windows(&p, (const struct prober_window *[]){ &lacks }, 1, 0), 0);
	assert_int_equal(prober_settle(&p, 2, PROBER_LOST_FORWARD), PROBER_LOST_FORWARD); /* no SYN either */
}

/* Probes 1 to 3 left at 0, 100 and 200 ms; their deadlines are a second later. Requests are repeated. */
static void over_tcp_a_receipt_counts_only_if_it_is_of_before_the_deadline(void **state)
{
	struct prober_window has = {
		.known = true, .receipts = receipts_of(ARRIVED(1, 2, 3)), .boot_id = BOOT, .asked_ns = 9000 * MS
	};

	(void)state;
	p.kind = PROBE_TCP;
	send_many(3);
	prober_expire(&p, 2000 * MS);
	ANSWER(2010, .seq = send_at(2000), .arrived = ARRIVED(1, 2, 3, 4));
	assert_int_equal(outcome_of(3), PROBER_LOST);
	has.newest_ns = 1100 * MS + 1;
	prober_settle_by_windows(&p, (const struct prober_window *[]){ &has }, 1, 0);
	assert_int_equal(outcome_of(1), PROBER_LOST);
	assert_int_equal(outcome_of(2), PROBER_LOST);
	assert_int_equal(outcome_of(3), PROBER_LOST_RETURN);
	has.newest_ns--;
	prober_settle_by_windows(&p, (const struct prober_window *[]){ &has }, 1, 0);
	assert_int_equal(outcome_of(1), PROBER_LOST);
	assert_int_equal(outcome_of(2), PROBER_LOST_RETURN);
}

/* --- what servers say when they are asked ----------------------------------------------------------------------- */

/* Said by one server. Times in ms. */
struct said {
	bool silent, unknown;
	const uint32_t *arrived;
	uint64_t boot_id;
	int64_t asked_ms, blind_ms; /* 0: 9000 and -1 */
	uint32_t untold;            /* it tells nothing of numbers up to this one */
};

static enum prober_outcome settle_by(uint32_t seq, const struct said *said, unsigned len, int holder)
{
	struct prober_window windows[4];
	const struct prober_window *list[4];

	for (unsigned i = 0; i < len; i++) {
		windows[i] = (struct prober_window){
			.known = !said[i].unknown,
			.receipts = receipts_of(said[i].arrived),
			.boot_id = said[i].boot_id ? said[i].boot_id : BOOT,
			.asked_ns = (said[i].asked_ms ? said[i].asked_ms : 9000) * MS,
			.blind_before_ns = (said[i].blind_ms ? said[i].blind_ms : -1) * MS,
		};
		windows[i].receipts.first = said[i].untold + 1;
		list[i] = said[i].silent ? NULL : &windows[i];
	}
	prober_settle_by_windows(&p, list, len, holder);
	return outcome_of(seq);
}

/* Probe 2 left at 100 ms and was lost like all others; nobody ever answered. */
static void windows_settle_losses(void **state)
{
	const struct {
		struct said said[2];
		unsigned len;
		enum prober_outcome outcome;
	} cases[] = {
		{ { { 0 } }, 0, PROBER_LOST },
		{ { { .arrived = ARRIVED(1, 2) } }, 1, PROBER_LOST_RETURN },
		{ { { .arrived = ARRIVED(1, 3) } }, 1, PROBER_LOST_FORWARD },
		{ { { .arrived = ARRIVED(1) } }, 1, PROBER_LOST_FORWARD }, /* beyond its newest */
		{ { { .arrived = ARRIVED(3) } }, 1, PROBER_LOST_FORWARD }, /* before its first */
		{ { { .arrived = ARRIVED(3), .untold = 1 } }, 1, PROBER_LOST_FORWARD },
		{ { { .arrived = ARRIVED(3), .untold = 2 } }, 1, PROBER_LOST }, /* it read late */
		{ { { .arrived = ARRIVED(1), .untold = 1 } }, 1, PROBER_LOST_FORWARD },
		{ { { .unknown = true } }, 1, PROBER_LOST_FORWARD },
		{ { { .silent = true } }, 1, PROBER_LOST },
		{ { { .arrived = ARRIVED(1, 3), .asked_ms = 1100 } }, 1, PROBER_LOST_FORWARD },
		{ { { .arrived = ARRIVED(1, 3), .asked_ms = 1099 } }, 1, PROBER_LOST }, /* before its deadline */
		{ { { .arrived = ARRIVED(1, 2), .asked_ms = 1099 } }, 1, PROBER_LOST_RETURN },
		{ { { .arrived = ARRIVED(1, 3), .blind_ms = 99 } }, 1, PROBER_LOST_FORWARD },
		{ { { .arrived = ARRIVED(1, 3), .blind_ms = 100 } }, 1, PROBER_LOST }, /* it may have forgotten */
		{ { { .unknown = true, .blind_ms = 100 } }, 1, PROBER_LOST },
		{ { { .arrived = ARRIVED(1, 2), .blind_ms = 100 } }, 1, PROBER_LOST_RETURN },
		{ { { .arrived = ARRIVED(1, 257) } }, 1, PROBER_LOST_FORWARD }, /* the last place of its window */
		{ { { .arrived = ARRIVED(1, 258) } }, 1, PROBER_LOST },         /* behind it */
		{ { { .arrived = ARRIVED(257) } }, 1, PROBER_LOST_FORWARD },
		{ { { .arrived = ARRIVED(258) } }, 1, PROBER_LOST },
		{ { { .arrived = NULL } }, 1, PROBER_LOST }, /* knows the flow and nothing of it: absurd */
		{ { { .unknown = true }, { .arrived = ARRIVED(1, 3) } }, 2, PROBER_LOST_FORWARD },
		{ { { .unknown = true }, { .arrived = ARRIVED(1, 2) } }, 2, PROBER_LOST_RETURN },
		{ { { .unknown = true }, { .silent = true } }, 2, PROBER_LOST }, /* `forward` needs everybody's word */
		{ { { .silent = true }, { .arrived = ARRIVED(2) } }, 2, PROBER_LOST_RETURN },
		{ { { .unknown = true, .asked_ms = 1000 }, { .unknown = true } }, 2, PROBER_LOST },
		{ { { .unknown = true }, { .unknown = true, .blind_ms = 500 } }, 2, PROBER_LOST },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(state);
		send_many(2);
		prober_expire(&p, 5000 * MS);
		assert_int_equal(settle_by(2, cases[i].said, cases[i].len, -1), cases[i].outcome);
	}
}

static void settling_twice_settles_nothing_more(void **state)
{
	const struct prober_window lacks = { .boot_id = BOOT, .asked_ns = 9000 * MS, .blind_before_ns = -1 };

	(void)state;
	send_many(2);
	prober_expire(&p, 5000 * MS);
	assert_int_equal(prober_settle_by_windows(&p, (const struct prober_window *[]){ &lacks }, 1, -1), 2);
	assert_int_equal(prober_settle_by_windows(&p, (const struct prober_window *[]){ &lacks }, 1, -1), 0);
}

static void windows_leave_alone_what_is_not_lost(void **state)
{
	(void)state;
	send_many(3);
	ANSWER(250, .seq = 1);
	prober_settle(&p, 2, PROBER_REFUSED);
	assert_int_equal(settle_by(1, (struct said[]){ { .unknown = true } }, 1, -1), PROBER_ANSWERED);
	assert_int_equal(settle_by(2, (struct said[]){ { .unknown = true } }, 1, -1), PROBER_REFUSED);
	assert_int_equal(settle_by(3, (struct said[]){ { .arrived = ARRIVED(3) } }, 1, -1), PROBER_WAITING);
}

/* Two had it, or something on the way refused a copy: whoever has a receipt did get it. */
static void a_receipt_refutes_an_error(void **state)
{
	static const enum prober_outcome refuted[] = { PROBER_REFUSED, PROBER_UNREACHABLE, PROBER_PROHIBITED,
						       PROBER_TOO_BIG };
	static const enum prober_outcome stand[] = { PROBER_NOT_AUTHORISED, PROBER_IMPOSTOR, PROBER_UNSENT };

	for (size_t i = 0; i < sizeof refuted / sizeof *refuted; i++) {
		start(state);
		send_many(3);
		prober_settle(&p, 2, refuted[i]);
		assert_int_equal(settle_by(2, (struct said[]){ { .arrived = ARRIVED(2) } }, 1, -1), PROBER_LOST_RETURN);
		prober_settle(&p, 2, refuted[i]);
		assert_int_equal(outcome_of(2), PROBER_LOST_RETURN);
	}
	for (size_t i = 0; i < sizeof stand / sizeof *stand; i++) {
		start(state);
		send_many(3);
		prober_settle(&p, 2, stand[i]);
		assert_int_equal(settle_by(2, (struct said[]){ { .arrived = ARRIVED(2) } }, 1, -1), stand[i]);
	}
}

static void the_direction_of_a_reset_may_be_proven_later(void **state)
{
	start(state);
	p.kind = PROBE_TCP;
	send_many(3);
	for (uint32_t seq = 1; seq <= 3; seq++)
		assert_int_equal(prober_settle(&p, seq, PROBER_RESET), PROBER_RESET);
	assert_true(prober_is_doubtful(prober_record(&p, 1)));
	assert_int_equal(prober_settle(&p, 1, PROBER_LOST_RETURN), PROBER_RESET_RETURN);
	assert_int_equal(prober_settle(&p, 2, PROBER_LOST_FORWARD), PROBER_RESET_FORWARD);
	assert_false(prober_is_doubtful(prober_record(&p, 2)));
	assert_int_equal(prober_settle(&p, 2, PROBER_LOST_RETURN), PROBER_RESET_RETURN); /* a receipt says more */
	assert_int_equal(tally_of(RING).return_lost, 2);
	assert_int_equal(tally_of(RING).lost, 1);
}

/* Server 0 answers 1, then 3 at 1500 ms or as the case says; 2 left at 100 ms and was lost. Server 1 says nothing. */
static void the_holders_word_is_enough_between_two_of_its_answers(void **state)
{
	const struct {
		int64_t next_ms; /* when the probe left that is answered next; 0: none */
		struct answer next;
		struct said said;
		int holder;
		enum prober_outcome outcome;
	} cases[] = {
		{ 1500, { 0 }, { .arrived = ARRIVED(1, 3) }, 0, PROBER_LOST_FORWARD },
		{ 1500, { 0 }, { .arrived = ARRIVED(1, 3) }, -1, PROBER_LOST },
		{ 1500, { 0 }, { .arrived = ARRIVED(1, 2, 3) }, 0, PROBER_LOST_RETURN },
		{ 0, { 0 }, { .arrived = ARRIVED(1) }, 0, PROBER_LOST },                     /* no second answer */
		{ 1099, { 0 }, { .arrived = ARRIVED(1, 3) }, 0, PROBER_LOST },               /* too early to bound it */
		{ 1500, { .server = 1 }, { .arrived = ARRIVED(1) }, 0, PROBER_LOST },        /* it moved */
		{ 1500, { .boot_id = 8 }, { .arrived = ARRIVED(1, 3) }, 0, PROBER_LOST },    /* it restarted */
		{ 1500, { 0 }, { .boot_id = 8, .arrived = ARRIVED(1, 3) }, 0, PROBER_LOST }, /* its twin speaks */
		{ 1500, { 0 }, { .arrived = ARRIVED(1, 3), .blind_ms = 200 }, 0, PROBER_LOST },
		{ 1500, { 0 }, { .arrived = ARRIVED(1, 3), .asked_ms = 1000 }, 0, PROBER_LOST },
		{ 1500, { 0 }, { .silent = true }, 0, PROBER_LOST },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer next = cases[i].next;
		const struct said said[2] = { cases[i].said, { .silent = true } };
		start(state);
		send_many(2);
		ANSWER(50, .seq = 1, .shared = true, .arrived = ARRIVED(1));
		prober_expire(&p, 1400 * MS);
		next.seq = cases[i].next_ms ? send_at(cases[i].next_ms) : 0;
		next.shared = true;
		next.arrived = ARRIVED(1);
		if (next.seq)
			answer_at(1600, next);
		assert_int_equal(settle_by(2, said, 2, cases[i].holder), cases[i].outcome);
	}
}

/* One key on two machines: the one that is asked is not the one that answered here, and both were up. */
static void a_twin_cannot_speak_for_the_holder(void **state)
{
	(void)state;
	send_many(3);
	ANSWER(250, .seq = 1, .boot_id = 7);
	prober_expire(&p, 5000 * MS);
	assert_int_equal(settle_by(3, (struct said[]){ { .unknown = true, .boot_id = 8 } }, 1, -1), PROBER_LOST);
	assert_int_equal(settle_by(3, (struct said[]){ { .unknown = true, .boot_id = 8, .blind_ms = 150 } }, 1, -1),
			 PROBER_LOST_FORWARD); /* started since: the same machine */
}

/* While our clock was refused a server forgets what it refused, and it does not tell each time. */
static void silence_of_a_server_that_refuses_our_clock_is_no_proof(void **state)
{
	static const struct said unknown = { .unknown = true };

	(void)state;
	send_many(3);
	ANSWER(250, .seq = 1, .status = PACKET_CLOCK_SKEW);
	prober_expire(&p, 5000 * MS);
	assert_int_equal(settle_by(2, &unknown, 1, -1), PROBER_LOST);
	ANSWER(6010, .seq = send_at(6000), .arrived = ARRIVED(4)); /* our clock was set */
	send_at(6100);
	prober_expire(&p, 8000 * MS);
	assert_int_equal(settle_by(2, &unknown, 1, -1), PROBER_LOST);
	assert_int_equal(settle_by(5, &unknown, 1, -1), PROBER_LOST_FORWARD);
}

static void a_refusal_is_noted_however_old_the_probe(void **state)
{
	(void)state;
	send_many(RING + 1);
	assert_int_equal(ANSWER(99000, .seq = 1, .status = PACKET_CLOCK_SKEW), PROBER_NONE);
	prober_expire(&p, 99000 * MS);
	assert_int_equal(settle_by(RING, (struct said[]){ { .unknown = true, .asked_ms = 99000 } }, 1, -1),
			 PROBER_LOST);
}

/* --- sums ------------------------------------------------------------------------------------------------------- */

static void each_outcome_counts_once(void **state)
{
	static const struct {
		enum prober_outcome outcome;
		uint32_t sent, forward, back, lost;
	} cases[] = {
		{ PROBER_LOST, 1, 0, 0, 1 },           { PROBER_LOST_FORWARD, 1, 1, 0, 0 },
		{ PROBER_LOST_RETURN, 1, 0, 1, 0 },    { PROBER_WRONG_SOURCE, 1, 0, 1, 0 },
		{ PROBER_REFUSED, 1, 1, 0, 0 },        { PROBER_RESET, 1, 0, 0, 1 },
		{ PROBER_UNREACHABLE, 1, 1, 0, 0 },    { PROBER_PROHIBITED, 1, 1, 0, 0 },
		{ PROBER_TOO_BIG, 1, 1, 0, 0 },        { PROBER_NOT_AUTHORISED, 1, 0, 0, 1 },
		{ PROBER_RESET_FORWARD, 1, 1, 0, 0 },  { PROBER_RESET_RETURN, 1, 0, 1, 0 },
		{ PROBER_IMPOSTOR, 1, 0, 0, 1 },       { PROBER_UNSENT, 0, 0, 0, 0 },
		{ PROBER_UNSENT_TOO_BIG, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct prober_tally t;
		start(state);
		prober_settle(&p, send_at(0), cases[i].outcome);
		send_at(0); /* waiting: not counted */
		t = tally_of(RING);
		assert_int_equal(t.by_outcome[cases[i].outcome], 1);
		assert_int_equal(t.sent, cases[i].sent);
		assert_int_equal(t.answered, 0);
		assert_int_equal(t.forward_lost, cases[i].forward);
		assert_int_equal(t.return_lost, cases[i].back);
		assert_int_equal(t.lost, cases[i].lost);
	}
}

/* One letter a probe, oldest first: a answered, l lost, w waiting, u unsent, b too big to send. */
static void make(const char *story)
{
	for (; *story; story++) {
		uint32_t seq = send_at(0);
		if (*story == 'a')
			ANSWER(1, .seq = seq);
		else if (*story == 'l')
			prober_settle(&p, seq, PROBER_LOST);
		else if (*story != 'w')
			prober_settle(&p, seq, *story == 'u' ? PROBER_UNSENT : PROBER_UNSENT_TOO_BIG);
	}
}

static void each_outage_is_counted_once(void **state)
{
	struct prober_tally t;

	start(state);
	make("alllalllllaallalll");
	t = tally_of(64);
	assert_int_equal(t.outages, 3);
	assert_int_equal(t.outage_lost, 11);
}

static void what_could_not_be_sent_has_outages_too(void **state)
{
	struct prober_tally t;

	start(state);
	make("uauuaauuuauluuubua");
	t = tally_of(64);
	assert_int_equal(t.unsent_outages, 2);
	assert_int_equal(t.outage_unsent, 3 + 5 + 1); /* the oldest one may have begun before */
}

static void rows_are_counted_from_the_newest(void **state)
{
	static const struct {
		const char *story;
		uint32_t window, sent, answered, lost_streak, answered_streak, unsent_streak, too_big_streak,
		    outage_lost;
	} cases[] = {
		{ "", 64, 0, 0, 0, 0, 0, 0, 0 },
		{ "www", 64, 0, 0, 0, 0, 0, 0, 0 },
		{ "aallaaa", 64, 7, 5, 0, 3, 0, 0, 0 },
		{ "aaalll", 64, 6, 3, 3, 0, 0, 0, 3 },
		{ "aaallww", 64, 5, 3, 2, 0, 0, 0, 0 },
		{ "allul", 64, 4, 1, 3, 0, 0, 0, 3 },  /* what was not sent does not interrupt a row .. */
		{ "laaua", 64, 4, 3, 0, 3, 0, 0, 1 },  /* it may have begun before */
		{ "aalluu", 64, 4, 2, 2, 0, 2, 0, 0 }, /* .. and is one itself */
		{ "aaubb", 64, 2, 2, 0, 2, 3, 2, 0 },
		{ "abu", 64, 1, 1, 0, 1, 2, 0, 0 },
		{ "bau", 64, 1, 1, 0, 1, 1, 0, 0 },
		{ "allllalla", 64, 9, 3, 0, 1, 0, 0, 4 }, /* four in a row are an outage, two are not */
		{ "llluula", 64, 5, 1, 0, 1, 0, 0, 4 },
		{ "aaalll", 2, 2, 0, 2, 0, 0, 0, 2 },
		{ "aalaaa", 4, 4, 3, 0, 3, 0, 0, 1 },
		{ "aau", 2, 1, 1, 0, 1, 1, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct prober_tally t;
		start(state);
		make(cases[i].story);
		t = tally_of(cases[i].window);
		assert_int_equal(t.sent, cases[i].sent);
		assert_int_equal(t.answered, cases[i].answered);
		assert_int_equal(t.lost_streak, cases[i].lost_streak);
		assert_int_equal(t.answered_streak, cases[i].answered_streak);
		assert_int_equal(t.unsent_streak, cases[i].unsent_streak);
		assert_int_equal(t.too_big_streak, cases[i].too_big_streak);
		assert_int_equal(t.outage_lost, cases[i].outage_lost);
		assert_int_equal(t.outages, cases[i].outage_lost >= PROBER_OUTAGE_LOSSES);
	}
}

static void the_tally_names_who_answered(void **state)
{
	struct prober_tally t;

	(void)state;
	send_many(5);
	assert_int_equal(tally_of(RING).server, -1);
	ANSWER(401, .seq = 1, .server = 1, .status = PACKET_CLOCK_SKEW);
	ANSWER(401, .seq = 2, .server = 40);
	ANSWER(401, .seq = 3, .server = 0);
	prober_settle(&p, 4, PROBER_REFUSED);
	t = tally_of(RING);
	assert_int_equal(t.server, 0);
	assert_false(t.skewed);
	assert_true(t.servers_mask == (3 | UINT32_C(1) << PROBER_OTHERS));
	ANSWER(401, .seq = 5, .server = 40, .status = PACKET_CLOCK_SKEW);
	t = tally_of(RING);
	assert_int_equal(t.server, 40);
	assert_true(t.skewed);
}

static void the_tally_knows_when_it_begins(void **state)
{
	struct prober_tally t;

	(void)state;
	assert_int_equal(tally_of(RING).oldest_ns, 0);
	send_many(5);
	ANSWER(401, .seq = 2);
	ANSWER(401, .seq = 3);
	prober_settle(&p, 4, PROBER_REFUSED);
	prober_settle(&p, 5, PROBER_UNSENT);
	t = tally_of(RING);
	assert_int_equal(t.oldest_ns, 100 * MS); /* the first is still waiting */
	assert_int_equal(t.answered_ns, 200 * MS);
	assert_int_equal(tally_of(2).oldest_ns, 300 * MS);
	assert_int_equal(tally_of(2).answered_ns, 0);
	prober_tally_since(&p, RING, 200 * MS, &t);
	assert_int_equal(t.sent, 2);
	assert_int_equal(t.answered, 1);
	assert_int_equal(t.streak_ns, 300 * MS); /* of the one that was refused */
	assert_int_equal(tally_of(1).streak_ns, 0);
}

static void an_outage_begins_with_three_losses_in_a_row(void **state)
{
	static const struct {
		const char *story; /* '+' answered, '-' lost, 'u' not sent; oldest first */
		uint32_t len;
	} cases[] = {
		{ "", 0 },       { "+++", 3 },    { "+--+", 4 }, /* none: all of them */
		{ "+---", 3 },   { "-+---", 3 },  { "+---+-+", 6 },   { "---+---", 3 },
		{ "---+--", 6 }, { "+u-u--", 5 }, { "+---++++-", 8 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(state);
		for (const char *c = cases[i].story; *c; c++) {
			uint32_t seq = send_at(0);
			if (*c == '+')
				ANSWER(1, .seq = seq);
			else
				prober_settle(&p, seq, *c == '-' ? PROBER_REFUSED : PROBER_UNSENT);
		}
		if (prober_outage(&p, RING) != cases[i].len)
			fail_msg("\"%s\": %u", cases[i].story, prober_outage(&p, RING));
	}
	assert_int_equal(prober_outage(&p, 3), 3);
}

/* This process did not run: an answer may have come and gone. */
static void what_waits_in_a_pause_is_not_lost(void **state)
{
	struct prober_tally tally;

	(void)state;
	send_many(4);
	prober_pause(&p);
	send_at(400);
	assert_int_equal(ANSWER(300, .seq = 1, .arrived = ARRIVED(1)), PROBER_ANSWERED);
	assert_int_equal(prober_settle(&p, 2, PROBER_REFUSED), PROBER_REFUSED); /* it came for this probe */
	assert_int_equal(prober_settle(&p, 3, PROBER_RESET), PROBER_UNFINISHED);
	assert_int_equal(prober_expire(&p, 9000 * MS), 1);
	assert_int_equal(outcome_of(4), PROBER_UNFINISHED);
	assert_int_equal(outcome_of(5), PROBER_LOST);
	assert_int_equal(ANSWER(9000, .seq = 4, .arrived = ARRIVED(1, 4)), PROBER_UNFINISHED);
	prober_tally(&p, RING, &tally);
	assert_int_equal(tally.sent, 3);
	assert_int_equal(tally.answered + tally.forward_lost + tally.lost, 3);
}

static void outcomes_have_words(void **state)
{
	(void)state;
	assert_string_equal(prober_outcome_word(PROBER_NONE), "none");
	assert_string_equal(prober_outcome_word(PROBER_UNSENT_TOO_BIG), "unsent-too-big");
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_start_at_one),
		TEST(a_probe_is_lost_at_its_deadline),
		TEST(numbers_that_are_none_of_ours_change_nothing),
		TEST(what_is_settled_first_stands),
		TEST(an_answer_wins_over_everything),
		TEST(a_late_answer_settles_nothing_of_direction),
		TEST(where_answers_are_late_a_direction_is_proven_later),
		TEST(the_kernel_says_when_an_answer_came),
		TEST(an_answer_from_elsewhere_is_a_loss_on_the_return),
		TEST(the_server_may_answer_that_it_will_not),
		TEST(rtt_is_the_network_time),
		TEST(rtt_saturates),
		TEST(a_step_back_does_not_make_an_answer_timely),
		TEST(the_kernel_says_when_a_probe_left),
		TEST(rtt_over_a_window),
		TEST(the_delay_of_this_host_does_not_count),
		TEST(the_newest_answer_names_the_holder),
		TEST(answers_are_acknowledged),
		TEST(receipts_settle_losses),
		TEST(what_left_before_the_first_answer_is_not_judged),
		TEST(a_receipt_corrects_a_forward_loss),
		TEST(over_tcp_a_missing_receipt_proves_nothing),
		TEST(over_tcp_a_receipt_counts_only_if_it_is_of_before_the_deadline),
		TEST(windows_settle_losses),
		TEST(settling_twice_settles_nothing_more),
		TEST(a_receipt_refutes_an_error),
		TEST(the_direction_of_a_reset_may_be_proven_later),
		TEST(windows_leave_alone_what_is_not_lost),
		TEST(the_holders_word_is_enough_between_two_of_its_answers),
		TEST(a_twin_cannot_speak_for_the_holder),
		TEST(silence_of_a_server_that_refuses_our_clock_is_no_proof),
		TEST(a_refusal_is_noted_however_old_the_probe),
		TEST(each_outcome_counts_once),
		TEST(each_outage_is_counted_once),
		TEST(what_could_not_be_sent_has_outages_too),
		TEST(rows_are_counted_from_the_newest),
		TEST(the_tally_names_who_answered),
		TEST(the_tally_knows_when_it_begins),
		TEST(an_outage_begins_with_three_losses_in_a_row),
		TEST(what_waits_in_a_pause_is_not_lost),
		TEST(outcomes_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
