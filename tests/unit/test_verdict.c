#include "client/verdict/verdict.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS      INT64_C(1000000)
#define TIMEOUT (1000 * MS)
#define FLOW    1

enum { RING = 64 };

static struct prober prober;
static struct prober_record ring[RING];

static const struct endpoint floating = { .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7 },
					  .port = 8620 };
static const struct endpoint anchor = { .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 18, 26 },
					.port = 0 };
static const struct endpoint droplet = { .address = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 1, 5 },
					 .port = 8620 };
static const struct endpoint v6 = { .address = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 },
				    .port = 8620 };

/* --- evidence, as it comes: from a prober ----------------------------------------------------------------------- */

static void forget(void)
{
	prober_init(&prober, FLOW, TIMEOUT, ring, RING);
}

static void answered(unsigned server, enum packet_status status, int64_t after_ns)
{
	struct packet_reply reply = { .seq = prober_send(&prober, 0, 0), .flow_id = FLOW, .status = status };

	prober_reply(&prober, &reply, server, true, after_ns, after_ns, true);
}

enum { LATE = PROBER_OUTCOMES_LEN }; /* answered, but after its deadline */

static void add_probe(unsigned outcome, unsigned server)
{
	if (outcome == PROBER_ANSWERED)
		answered(server, PACKET_OK, MS);
	else if (outcome == PROBER_CLOCK_SKEW)
		answered(server, PACKET_CLOCK_SKEW, MS);
	else if (outcome == LATE)
		answered(server, PACKET_OK, 2 * TIMEOUT);
	else
		prober_settle(&prober, prober_send(&prober, 0, 0), outcome);
}

struct probes {
	unsigned n, outcome, server;
};

/* What a test says of a path. The rest: UDP, 512 octets to the floating address, boot-01 (number 0) may answer, and
 * it should. */
struct scene {
	struct probes probes[6]; /* oldest first */
	enum probe_kind kind;
	bool unreachable_expected;
	unsigned smaller_size_up;
	bool other_up, other_silent, this_not_all_down;
	bool servers_silent, not_authorised;
	int64_t skew_elsewhere_ns;
	const char *resolve_error, *receipt_server;
	int send_errno;
	bool other_addresses, unheard, all_silent, no_evidence;
	int icmp_type, icmp_code; /* with an offender */
	enum prober_outcome last_error;
	struct endpoint offender, other_source, arrived_on, arrives_on;
	int64_t skew_ns;
	unsigned mtu;
	uint8_t stranger_key;
};

/* Ten of ours lost in a row, ten of our siblings answered meanwhile. */
static struct comparison beyond_chance(bool is)
{
	return is ? (struct comparison){ .own_lost = 10, .sent = 10, .span_sent = 10 } : (struct comparison){ 0 };
}

static struct verdict_evidence evidence_of(const struct scene *s)
{
	static const char *const names[] = { "boot-01", "boot-02", "boot-03" };
	struct verdict_evidence e = {
		.no_evidence = s->no_evidence,
		.facts = {
			.offender = s->offender,
			.icmp_type = s->icmp_type ? s->icmp_type : -1,
			.icmp_code = s->icmp_type ? s->icmp_code : -1,
			.last_error = s->last_error,
			.mtu = s->mtu,
			.other_source = s->other_source,
			.send_errno = s->send_errno,
			.skew_ns = s->skew_ns,
			.arrived_on = s->arrived_on,
			.resolve_error = s->resolve_error,
		},
		.hints.receipt_server = s->receipt_server,
		.context = {
			.protocol = beyond_chance(s->other_up && !s->this_not_all_down),
			.other_kinds = 1u << (s->kind == PROBE_UDP ? PROBE_TCP : PROBE_UDP),
			.smaller = beyond_chance(s->smaller_size_up > 0),
			.smaller_size_up = s->smaller_size_up,
			.servers_silent = s->servers_silent,
			.other_addresses = s->other_addresses,
			.unheard = s->unheard,
			.all_silent = s->all_silent,
			.not_authorised = s->not_authorised,
			.skew_elsewhere_ns = s->skew_elsewhere_ns,
		},
		.kind = s->kind,
		.size = 512,
		.expect_reachable = !s->unreachable_expected,
		.address = floating,
		.arrives_on = s->arrives_on,
		.allowed_mask = 1,
		.allowed_names = names[0],
		.mode = MODE_CHECK,
		.streak_len = 3,
		.lossy_permille = 50,
	};

	memset(e.facts.stranger_key, s->stranger_key, sizeof e.facts.stranger_key);
	forget();
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned n = 0; n < s->probes[i].n; n++)
			add_probe(s->probes[i].outcome, s->probes[i].server);
	}
	prober_tally(&prober, RING, &e.tally);
	e.unfinished = prober_unfinished(&prober);
	e.server_name = e.tally.server >= 0 && e.tally.server < 3 ? names[e.tally.server] : NULL;
	return e;
}

static struct verdict judge(const struct scene *s)
{
	struct verdict_evidence e = evidence_of(s);
	struct verdict v;

	verdict_reach(&e, &v);
	assert_int_equal(v.sent, v.answered + v.forward_lost + v.return_lost + v.lost);
	return v;
}

/* "down/forward/refused", with "!" after it if that is not as expected. */
struct word {
	char text[64];
};

static struct word word_of(const struct verdict *v)
{
	struct word w;

	snprintf(w.text, sizeof w.text, "%s/%s/%s%s", verdict_state_word(v->state),
		 verdict_direction_word(v->direction), verdict_cause_word(v->cause), v->expected ? "" : "!");
	return w;
}

struct example {
	struct scene scene;
	const char *word;
};

static void check_examples(const struct example *examples, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct verdict v = judge(&examples[i].scene);
		struct word w = word_of(&v);
		if (strcmp(w.text, examples[i].word) != 0)
			fail_msg("example %zu: %s, not %s", i + 1, w.text, examples[i].word);
		/* No cause without its evidence, no complaint without advice, no advice without a complaint. */
		if (v.cause != VERDICT_CAUSE_NONE && v.sentences_len == 0)
			fail_msg("example %zu: %s without evidence", i + 1, w.text);
		if (v.expected || (examples[i].scene.unreachable_expected && v.state != VERDICT_UP))
			assert_null(v.advice);
		else if (v.cause != VERDICT_CAUSE_NONE)
			assert_non_null(v.advice);
	}
}
#define CHECK_EXAMPLES(list) check_examples(list, sizeof list / sizeof *list)

#define ALL(what)                                                                                                      \
	{                                                                                                              \
		{                                                                                                      \
			10, PROBER_##what, 0                                                                           \
		}                                                                                                      \
	}
#define SOME(what)                                                                                                     \
	{                                                                                                              \
		{ 3, PROBER_##what, 0 },                                                                               \
		{                                                                                                      \
			7, PROBER_ANSWERED, 0                                                                          \
		}                                                                                                      \
	}

/* --- common scenarios, and the verdict on each ------------------------------------------------------------------- */

static void the_scenario_table_comes_out(void **state)
{
	static const struct example examples[] = {
		/* one protocol cut one way */
		{ { .probes = ALL(LOST_FORWARD), .other_up = true }, "down/forward/protocol-filtered!" },
		{ { .probes = ALL(LOST_RETURN), .other_up = true }, "down/return/protocol-filtered!" },
		{ { .probes = ALL(LOST_FORWARD), .other_up = true, .kind = PROBE_TCP },
		  "down/forward/protocol-filtered!" },
		{ { .probes = ALL(LOST_RETURN), .other_up = true, .kind = PROBE_TCP },
		  "down/return/protocol-filtered!" },
		/* both protocols cut one way */
		{ { .probes = ALL(LOST_FORWARD), .other_silent = true }, "down/forward/unexplained!" },
		{ { .probes = ALL(LOST_RETURN), .other_silent = true }, "down/return/unexplained!" },
		{ { .probes = ALL(LOST_FORWARD), .other_silent = true, .kind = PROBE_TCP },
		  "down/forward/unexplained!" },
		{ { .probes = ALL(LOST_RETURN), .other_silent = true, .kind = PROBE_TCP }, "down/return/unexplained!" },
		/* random loss one way */
		{ { .probes = SOME(LOST_FORWARD), .other_up = true }, "lossy/forward/unexplained!" },
		{ { .probes = SOME(LOST_RETURN), .other_up = true }, "lossy/return/unexplained!" },
		/* port closed; errors are rate-limited */
		{ { .probes = ALL(REFUSED), .other_silent = true }, "down/forward/refused!" },
		{ { .probes = ALL(REFUSED), .kind = PROBE_TCP }, "down/forward/refused!" },
		{ { .probes = { { 9, PROBER_LOST, 0 }, { 1, PROBER_REFUSED, 0 } } }, "down/forward/refused!" },
		/* server absent, another address of it configured */
		{ { .probes = ALL(LOST), .servers_silent = true }, "down/unknown/server-down!" },
		{ { .probes = ALL(UNREACHABLE), .servers_silent = true }, "down/unknown/server-down!" },
		{ { .probes = { { 4, PROBER_UNREACHABLE, 0 }, { 6, PROBER_LOST, 0 } }, .servers_silent = true },
		  "down/unknown/server-down!" },
		/* answer from another address, no NAT at the client, and behind one */
		{ { .probes = ALL(WRONG_SOURCE) }, "down/return/wrong-source!" },
		{ { .probes = ALL(LOST) }, "down/unknown/unexplained!" },
		{ { .probes = ALL(LOST_RETURN) }, "down/return/unexplained!" },
	};

	(void)state;
	CHECK_EXAMPLES(examples);
}

/* What the lab does to a path, as the client then sees it. */
static void the_lab_comes_out(void **state)
{
	static const struct example examples[] = {
		{ { .probes = ALL(ANSWERED) }, "up/none/none" },
		{ { .probes = ALL(ANSWERED), .kind = PROBE_TCP }, "up/none/none" },
		/* cut both ways: nothing arrives */
		{ { .probes = ALL(LOST_FORWARD) }, "down/forward/unexplained!" },
		/* loss both ways */
		{ { .probes = { { 2, PROBER_LOST_FORWARD, 0 },
				{ 2, PROBER_LOST_RETURN, 0 },
				{ 6, PROBER_ANSWERED, 0 } } },
		  "lossy/both/unexplained!" },
		{ { .probes = { { 2, PROBER_LOST_FORWARD, 0 }, { 2, PROBER_LOST_RETURN, 0 }, { 6, PROBER_LOST, 0 } } },
		  "down/both/unexplained!" },
		{ { .probes = SOME(LOST) }, "lossy/unknown/unexplained!" },
		{ { .probes = { { 2, PROBER_LOST, 0 }, { 1, PROBER_LOST_RETURN, 0 }, { 7, PROBER_ANSWERED, 0 } } },
		  "lossy/return/unexplained!" },
		/* slow, not lost */
		{ { .probes = { { 10, LATE, 0 } } }, "down/unknown/unexplained!" },
		/* admin-prohibited; host unreachable, or our own failing ARP, while others of the server live */
		{ { .probes = ALL(PROHIBITED), .other_up = true }, "down/forward/prohibited!" },
		{ { .probes = ALL(PROHIBITED), .kind = PROBE_TCP }, "down/forward/prohibited!" },
		{ { .probes = ALL(UNREACHABLE), .other_up = true }, "down/forward/unreachable!" },
		/* wrong key: an identity that nobody knows */
		{ { .probes = ALL(IMPOSTOR), .other_up = true }, "down/unknown/impostor!" },
		/* clock off by an hour */
		{ { .probes = ALL(CLOCK_SKEW) }, "up/none/clock-skew!" },
		{ { .probes = ALL(LOST), .skew_elsewhere_ns = 3600000 * MS }, "down/unknown/clock-skew!" },
		/* unlisted client: said over TCP, silence over UDP */
		{ { .probes = ALL(NOT_AUTHORISED), .kind = PROBE_TCP, .not_authorised = true },
		  "down/unknown/not-authorised!" },
		{ { .probes = ALL(LOST), .not_authorised = true }, "down/unknown/not-authorised!" },
		/* this process did not run, and what the server says of the key is true all the same */
		{ { .probes = ALL(UNFINISHED) }, "unknown/unknown/unexplained!" },
		{ { .probes = ALL(UNFINISHED), .not_authorised = true }, "unknown/unknown/not-authorised!" },
		{ { .probes = { { 9, PROBER_UNFINISHED, 0 }, { 1, PROBER_ANSWERED, 0 } }, .not_authorised = true },
		  "up/none/none" },
		/* server restarted within the round */
		{ { .probes = { { 4, PROBER_ANSWERED, 0 }, { 2, PROBER_REFUSED, 0 }, { 4, PROBER_ANSWERED, 0 } } },
		  "lossy/forward/refused!" },
		/* arrives_on holds, and does not */
		{ { .probes = ALL(ANSWERED),
		    .arrives_on = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 }, .port = 0 },
		    .arrived_on = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 }, .port = 8620 } },
		  "up/none/none" },
		{ { .probes = ALL(ANSWERED),
		    .arrives_on = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 }, .port = 0 },
		    .arrived_on = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = 8620 } },
		  "up/none/none!" },
		{ { .probes = ALL(ANSWERED),
		    .arrives_on = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 }, .port = 0 } },
		  "up/none/none!" },
		/* another server of the configuration, which may not answer here */
		{ { .probes = { { 10, PROBER_ANSWERED, 1 } } }, "up/none/impostor!" },
		{ { .probes = { { 1, PROBER_ANSWERED, 1 }, { 9, PROBER_ANSWERED, 0 } } }, "up/none/impostor!" },
		{ { .probes = { { 10, PROBER_ANSWERED, 32 } } }, "up/none/impostor!" }, /* beyond the mask */
		{ { .probes = { { 3, PROBER_LOST, 0 }, { 7, PROBER_ANSWERED, 1 } } }, "lossy/unknown/impostor!" },
		/* the anchor, from outside */
		{ { .probes = ALL(LOST_FORWARD), .unreachable_expected = true }, "down/forward/unexplained" },
		{ { .probes = ALL(REFUSED), .unreachable_expected = true }, "down/forward/refused" },
		{ { .probes = ALL(LOST), .unreachable_expected = true }, "down/unknown/unexplained" },
		{ { .probes = ALL(ANSWERED), .unreachable_expected = true }, "up/none/none!" },
		{ { .probes = SOME(LOST), .unreachable_expected = true }, "lossy/unknown/unexplained!" },
		{ { .probes = ALL(UNSENT), .unreachable_expected = true, .send_errno = EPERM },
		  "unknown/unknown/local!" },
	};

	(void)state;
	CHECK_EXAMPLES(examples);
}

/* --- what this host does to itself, and sizes ------------------------------------------------------------------- */

static void what_was_lost_before_nothing_left_is_over(void **state)
{
	struct verdict_evidence e = evidence_of(&(struct scene){
	    .probes = { { 4, PROBER_LOST_FORWARD, 0 }, { 3, PROBER_ANSWERED, 0 }, { 3, PROBER_UNSENT, 0 } },
	    .send_errno = EPERM });
	struct verdict v;

	(void)state;
	e.mode = MODE_RUN;
	e.before = VERDICT_UP;
	verdict_reach(&e, &v);
	assert_string_equal(word_of(&v).text, "unknown/unknown/local!");
}

static void what_is_not_sent_is_not_lost(void **state)
{
	static const struct example examples[] = {
		{ { .probes = ALL(UNSENT), .send_errno = EPERM }, "unknown/unknown/local!" },
		{ { .probes = { { 0, 0, 0 } }, .resolve_error = "no such name" }, "unknown/unknown/local!" },
		{ { .probes = { { 4, PROBER_UNSENT, 0 }, { 6, PROBER_ANSWERED, 0 } }, .send_errno = ENOBUFS },
		  "up/none/local!" },
		{ { .probes = { { 1, PROBER_UNSENT, 0 }, { 10, PROBER_ANSWERED, 0 } }, .send_errno = ENOBUFS },
		  "up/none/none" },
		{ { .probes = { { 4, PROBER_UNSENT, 0 }, { 6, PROBER_LOST, 0 } }, .send_errno = ENOBUFS },
		  "down/unknown/unexplained!" },
	};
	struct verdict v;

	(void)state;
	CHECK_EXAMPLES(examples);
	v = judge(&examples[2].scene);
	assert_int_equal(v.sent, 6);
	assert_int_equal(v.answered, 6);
	assert_int_equal(v.unsent, 4);
	v = judge(&(struct scene){ .probes = { { 0, 0, 0 } } }); /* nothing was tried */
	assert_string_equal(word_of(&v).text, "unknown/unknown/unexplained!");
}

static void sizes_have_limits(void **state)
{
	static const struct example examples[] = {
		{ { .probes = ALL(TOO_BIG), .mtu = 1300 }, "down/forward/size-limit!" },
		{ { .probes = ALL(UNSENT_TOO_BIG) }, "down/forward/size-limit!" },
		{ { .probes = { { 1, PROBER_TOO_BIG, 0 }, { 9, PROBER_UNSENT_TOO_BIG, 0 } } },
		  "down/forward/size-limit!" },
		{ { .probes = { { 1, PROBER_UNSENT, 0 }, { 9, PROBER_UNSENT_TOO_BIG, 0 } } },
		  "unknown/unknown/local!" },
		/* a black hole for large packets */
		{ { .probes = ALL(LOST_FORWARD), .smaller_size_up = 128 }, "down/forward/size-limit!" },
		{ { .probes = ALL(LOST_RETURN), .smaller_size_up = 128, .other_up = true }, "down/return/size-limit!" },
		{ { .probes = ALL(LOST), .smaller_size_up = 128 }, "down/unknown/size-limit!" },
		/* but an error explains itself, and some large ones do pass */
		{ { .probes = ALL(REFUSED), .smaller_size_up = 128 }, "down/forward/refused!" },
		{ { .probes = ALL(UNREACHABLE), .smaller_size_up = 128 }, "down/forward/unreachable!" },
		{ { .probes = ALL(RESET), .smaller_size_up = 128 }, "down/unknown/unexplained!" },
		{ { .probes = SOME(LOST), .smaller_size_up = 128 }, "lossy/unknown/unexplained!" },
	};

	(void)state;
	CHECK_EXAMPLES(examples);
}

/* --- precedence ------------------------------------------------------------------------------------------------- */

static void the_better_explanation_wins(void **state)
{
	static const struct example examples[] = {
		/* an error of this outage that no probe remembers any more */
		{ { .probes = ALL(LOST_FORWARD), .last_error = PROBER_PROHIBITED, .other_up = true },
		  "down/forward/prohibited!" },
		{ { .probes = ALL(LOST), .last_error = PROBER_REFUSED }, "down/unknown/refused!" },
		{ { .probes = SOME(LOST), .last_error = PROBER_REFUSED }, "lossy/unknown/unexplained!" },
		{ { .probes = ALL(LOST_RETURN), .last_error = PROBER_REFUSED }, "down/return/unexplained!" },
		/* an error of the path itself before what other paths suggest */
		{ { .probes = ALL(REFUSED),
		    .other_up = true,
		    .servers_silent = true,
		    .not_authorised = true,
		    .skew_elsewhere_ns = MS },
		  "down/forward/refused!" },
		{ { .probes = ALL(LOST), .other_up = true, .not_authorised = true, .skew_elsewhere_ns = MS },
		  "down/unknown/not-authorised!" },
		/* TCP would say it itself */
		{ { .probes = ALL(LOST), .kind = PROBE_TCP, .other_up = true, .not_authorised = true },
		  "down/unknown/protocol-filtered!" },
		/* a server that has a receipt does know us */
		{ { .probes = { { 9, PROBER_LOST, 0 }, { 1, PROBER_LOST_RETURN, 0 } }, .not_authorised = true },
		  "down/return/unexplained!" },
		{ { .probes = ALL(LOST), .other_up = true, .skew_elsewhere_ns = MS },
		  "down/unknown/protocol-filtered!" },
		{ { .probes = ALL(LOST_FORWARD), .skew_elsewhere_ns = MS }, "down/forward/unexplained!" },
		{ { .probes = ALL(LOST), .servers_silent = true, .other_up = false }, "down/unknown/server-down!" },
		/* one protocol fails for some flows only */
		{ { .probes = ALL(LOST_FORWARD), .other_up = true, .this_not_all_down = true },
		  "down/forward/unexplained!" },
		{ { .probes = ALL(RESET), .kind = PROBE_TCP, .other_up = true }, "down/unknown/unexplained!" },
		{ { .probes = ALL(RESET), .kind = PROBE_TCP }, "down/unknown/unexplained!" },
		/* several errors: the most frequent, then the one that says more */
		{ { .probes = { { 1, PROBER_PROHIBITED, 0 }, { 9, PROBER_REFUSED, 0 } } }, "down/forward/refused!" },
		{ { .probes = { { 5, PROBER_REFUSED, 0 }, { 5, PROBER_PROHIBITED, 0 } } }, "down/forward/prohibited!" },
		{ { .probes = { { 5, PROBER_WRONG_SOURCE, 0 }, { 5, PROBER_REFUSED, 0 } } },
		  "down/both/wrong-source!" },
		{ { .probes = { { 2, PROBER_IMPOSTOR, 0 }, { 1, PROBER_REFUSED, 0 }, { 7, PROBER_LOST, 0 } } },
		  "down/forward/impostor!" },
		/* a lossy path is explained by what accounts for half of its losses */
		{ { .probes = SOME(REFUSED) }, "lossy/forward/refused!" },
		{ { .probes = { { 2, PROBER_LOST, 0 }, { 2, PROBER_UNREACHABLE, 0 }, { 6, PROBER_ANSWERED, 0 } } },
		  "lossy/forward/unreachable!" },
		{ { .probes = { { 3, PROBER_LOST, 0 }, { 2, PROBER_UNREACHABLE, 0 }, { 5, PROBER_ANSWERED, 0 } } },
		  "lossy/forward/unexplained!" },
		{ { .probes = { { 1, PROBER_IMPOSTOR, 0 }, { 9, PROBER_ANSWERED, 0 } } }, "lossy/unknown/impostor!" },
		{ { .probes = { { 2, PROBER_WRONG_SOURCE, 0 }, { 8, PROBER_ANSWERED, 0 } } },
		  "lossy/return/wrong-source!" },
		{ { .probes = { { 2, PROBER_TOO_BIG, 0 }, { 8, PROBER_ANSWERED, 0 } } }, "lossy/forward/size-limit!" },
		/* contexts of a path that is down say nothing of one that is not */
		{ { .probes = SOME(LOST),
		    .other_up = true,
		    .servers_silent = true,
		    .not_authorised = true,
		    .skew_elsewhere_ns = MS },
		  "lossy/unknown/unexplained!" },
		/* the latest answer says how our clock stands now */
		{ { .probes = { { 9, PROBER_CLOCK_SKEW, 0 }, { 1, PROBER_ANSWERED, 0 } } }, "up/none/none" },
		{ { .probes = { { 9, PROBER_ANSWERED, 0 }, { 1, PROBER_CLOCK_SKEW, 0 } } }, "up/none/clock-skew!" },
		{ { .probes = { { 3, PROBER_LOST, 0 }, { 7, PROBER_CLOCK_SKEW, 0 } } }, "lossy/unknown/clock-skew!" },
		{ { .probes = { { 9, PROBER_CLOCK_SKEW, 1 } } }, "up/none/clock-skew!" },
	};

	(void)state;
	CHECK_EXAMPLES(examples);
}

/* The counts that are reported: with the whole server silent, unreachable is no proof of direction. */
static void unreachable_is_no_direction_when_the_server_is_down(void **state)
{
	struct scene s = { .probes = { { 4, PROBER_UNREACHABLE, 0 }, { 6, PROBER_LOST, 0 } } };
	struct verdict v = judge(&s);

	(void)state;
	assert_int_equal(v.forward_lost, 4);
	assert_int_equal(v.lost, 6);
	s.servers_silent = true;
	v = judge(&s);
	assert_int_equal(v.forward_lost, 0);
	assert_int_equal(v.lost, 10);
}

/* What arrived before the timeout may be answered after it, as the others were: its receipt proves no direction. */
static void late_answers_leave_no_direction(void **state)
{
	struct scene s = { .probes = { { 2, PROBER_LOST_RETURN, 0 }, { 8, PROBER_LOST, 0 } } };
	struct verdict_evidence e = evidence_of(&s);
	struct verdict v;

	(void)state;
	e.tally.late = 4;
	verdict_reach(&e, &v);
	assert_int_equal(v.direction, VERDICT_DIRECTION_RETURN);
	e.tally.late = 8;
	verdict_reach(&e, &v);
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
	assert_int_equal(v.return_lost, 0);
	assert_int_equal(v.lost, 10);
	assert_non_null(strstr(v.sentences[0], "came after the timeout"));
	assert_non_null(strstr(v.advice, "set a longer timeout"));
	e.tally.late = 0;
	e.context.slow_elsewhere = true;
	verdict_reach(&e, &v);
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
	assert_non_null(strstr(v.sentences[0], "the way is slow"));
	s = (struct scene){ .probes = {
				{ 2, PROBER_LOST_RETURN, 0 }, { 8, PROBER_LOST, 0 }, { 9, PROBER_ANSWERED, 0 } } };
	e = evidence_of(&s);
	e.tally.late = 8;
	verdict_reach(&e, &v);
	assert_int_equal(v.state, VERDICT_LOSSY);
	assert_int_equal(v.direction, VERDICT_DIRECTION_UNKNOWN);
	assert_int_equal(v.lost, 10);
	assert_non_null(strstr(v.sentences[1], "no answer to them came in time"));
}

/* --- hysteresis of `run` ---------------------------------------------------------------------------------------- */

static unsigned outcome_of_letter(char letter)
{
	switch (letter) {
	case 'a':
		return PROBER_ANSWERED;
	case 'l':
		return PROBER_LOST;
	case 'r':
		return PROBER_REFUSED;
	case 'u':
		return PROBER_UNSENT;
	default:
		return PROBER_UNSENT_TOO_BIG;
	}
}

/* Probe by probe: a answered, l lost, r refused, u not sent, b too big to send; and the state after each:
 * . unknown, + up, ~ lossy, - down. Blanks are for the eye. */
static void run_keeps_its_state(void **state)
{
	static const struct {
		const char *probes, *states;
	} cases[] = {
		{ "aaaa", "..++" },
		{ "llll", "..--" },
		{ "rrr", "..-" },
		{ "aaa ll a", "..+ ++ +" }, /* two of a window are not many, however few there were before */
		{ "aaa ll a ll a",
		  "..+ ++ + ++ ~" }, /* 4 of 64 are 62 permille, when it is known that they are no outage */
		{ "aaa ll a l a", "..+ ++ + + +" },
		{ "aaa lll aaa a", "..+ ++- --+ +" },
		{ "lll alaalaala", "..- ---------" }, /* three in a row, or it is not up */
		{ "lll alaaa", "..- ----+" },
		{ "lalalalal al", "......... ~~" },                   /* never three in a row, but surely not unknown */
		{ "aaa lll aaa lll aaa a", "..+ ++- --+ ++- --+ +" }, /* two faults .. */
		{ "aaa lll aaa lll aaa lll aaa", "..+ ++- --+ ++- --+ ++- --~" }, /* .. and a path that loses probes */
		{ "uuuu", "...." },
		{ "aaa uuu aaa", "..+ ++. ..+" },
		{ "uuu a uu aaa", "... . .. ..+" },
		{ "aaa ulull", "..+ ++++-" },
		{ "bbb", "..-" },
		{ "aaa bbb aaa", "..+ ++- +++" },
		{ "lll uuu lll", "..- --. ---" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct verdict_evidence e = {
			.mode = MODE_RUN, .streak_len = 3, .lossy_permille = 50, .allowed_mask = 1
		};
		const char *want = cases[i].states;
		forget();
		for (const char *probe = cases[i].probes; *probe; probe++, want++) {
			if (*probe == ' ')
				continue;
			add_probe(outcome_of_letter(*probe), 0);
			prober_tally(&prober, RING, &e.tally);
			e.before = verdict_state(&e);
			if (".+~-"[e.before] != *want)
				fail_msg("\"%s\": %s after %d", cases[i].probes, verdict_state_word(e.before),
					 (int)(probe - cases[i].probes) + 1);
		}
	}
}

/* Rows of losses of new ports are chance if half of them fail; seventeen in a row are an outage. */
static void some_ports_are_no_outage(void **state)
{
	static const char probes[] = "lalallla"
				     "lllaalla"
				     "aallllal"
				     "lllllllllllllllla"
				     "lll";
	static const char states[] = "~~~~~~~~"
				     "~~~~~~~~"
				     "~~~~~~~~"
				     "~~~~~~~~~~~~~~~-~"
				     "~~~";
	struct verdict_evidence e = { .mode = MODE_RUN,
				      .before = VERDICT_LOSSY,
				      .had_some_ports = true,
				      .streak_len = 3,
				      .lossy_permille = 50,
				      .allowed_mask = 1 };

	(void)state;
	forget();
	for (unsigned i = 0; i < 16; i++)
		add_probe(outcome_of_letter("la"[i % 2]), 0);
	for (size_t i = 0; probes[i]; i++) {
		add_probe(outcome_of_letter(probes[i]), 0);
		prober_tally(&prober, RING, &e.tally);
		e.before = verdict_state(&e);
		if (".+~-"[e.before] != states[i])
			fail_msg("%s after %d", verdict_state_word(e.before), (int)i + 1);
	}
}

/* Of 64 probes 4 are 62 permille and 1 is 15: lossy from 50 on, and until below 25. */
static void lossy_does_not_flap_at_its_threshold(void **state)
{
	static const struct {
		enum verdict_state before;
		unsigned lost;
		enum verdict_state after;
	} cases[] = {
		{ VERDICT_UP, 3, VERDICT_UP },       { VERDICT_UP, 4, VERDICT_LOSSY },
		{ VERDICT_LOSSY, 4, VERDICT_LOSSY }, { VERDICT_LOSSY, 2, VERDICT_LOSSY },
		{ VERDICT_LOSSY, 1, VERDICT_UP },    { VERDICT_LOSSY, 0, VERDICT_UP },
		{ VERDICT_DOWN, 4, VERDICT_LOSSY },  { VERDICT_UNKNOWN, 4, VERDICT_LOSSY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct verdict_evidence e = { .mode = MODE_RUN,
					      .streak_len = 3,
					      .lossy_permille = 50,
					      .before = cases[i].before,
					      .allowed_mask = 1 };
		struct verdict v;
		forget();
		for (unsigned n = 0; n < 64; n++)
			add_probe(n % 8 == 1 && n / 8 < cases[i].lost ? PROBER_LOST : PROBER_ANSWERED, 0);
		prober_tally(&prober, RING, &e.tally);
		verdict_reach(&e, &v);
		assert_int_equal(v.state, cases[i].after);
		assert_int_equal(v.direction,
				 v.state == VERDICT_UP ? VERDICT_DIRECTION_NONE : VERDICT_DIRECTION_UNKNOWN);
		assert_int_equal(v.cause, v.state == VERDICT_UP ? VERDICT_CAUSE_NONE : VERDICT_CAUSE_UNEXPLAINED);
	}
}

static void a_name_that_does_not_resolve_makes_it_unknown(void **state)
{
	struct verdict_evidence e = {
		.mode = MODE_RUN, .streak_len = 3, .before = VERDICT_UP, .facts.resolve_error = "no answer"
	};

	(void)state;
	assert_int_equal(verdict_state(&e), VERDICT_UNKNOWN);
}

/* In `run` a stranger counts by the latest answer, not by one of an hour ago. */
static void a_stranger_is_forgotten_in_run(void **state)
{
	struct verdict_evidence e =
	    evidence_of(&(struct scene){ .probes = { { 3, PROBER_ANSWERED, 1 }, { 3, PROBER_ANSWERED, 0 } } });
	struct verdict v;

	(void)state;
	verdict_reach(&e, &v);
	assert_int_equal(v.cause, VERDICT_CAUSE_IMPOSTOR);
	e.mode = MODE_RUN;
	e.before = VERDICT_UP;
	verdict_reach(&e, &v);
	assert_int_equal(v.cause, VERDICT_CAUSE_NONE);
	assert_true(v.expected);
}

/* --- sentences -------------------------------------------------------------------------------------------------- */

static void sentences_say_it_in_numbers(void **state)
{
	const struct {
		struct scene scene;
		const char *sentences[3];
	} cases[] = {
		{ { .probes = ALL(ANSWERED) }, { NULL } },
		{ { .probes = ALL(LOST_RETURN), .receipt_server = "boot-01", .arrived_on = anchor },
		  { "boot-01 received 10 of 10 lost probes on 198.18.18.26 (it has receipts), but no answer to them "
		    "came back" } },
		{ { .probes = ALL(LOST_RETURN), .kind = PROBE_TCP },
		  { "the server received 10 of 10 lost probes (it has receipts or half-open sockets), but no answer to "
		    "them came back" } },
		{ { .probes = SOME(LOST_FORWARD) },
		  { "3 of 3 lost probes did not arrive: receipts made after their timeout do not list them" } },
		{ { .probes = ALL(LOST_FORWARD), .kind = PROBE_TCP },
		  { "10 of 10 lost probes did not arrive: the servers asked have no trace of them" } },
		{ { .probes = ALL(REFUSED), .icmp_type = 3, .icmp_code = 3, .offender = floating },
		  { "10 of 10 lost probes got an error: port unreachable (ICMP 3/3) from 203.0.113.7" } },
		{ { .probes = ALL(REFUSED), .kind = PROBE_TCP },
		  { "10 of 10 lost probes got an error: connection refused" } },
		{ { .probes = ALL(UNREACHABLE), .icmp_type = 3, .icmp_code = 1, .offender = droplet },
		  { "10 of 10 lost probes got an error: host or network unreachable (ICMP 3/1) from 198.18.1.5" } },
		{ { .probes = ALL(UNREACHABLE), .icmp_type = 3, .icmp_code = 0, .offender = droplet },
		  { "10 of 10 lost probes got an error: host or network unreachable (ICMP 3/0) from 198.18.1.5" } },
		{ { .probes = ALL(UNREACHABLE), .icmp_type = 11, .icmp_code = 0, .offender = droplet },
		  { "10 of 10 lost probes got an error: time to live exceeded in transit, in a routing loop or on too "
		    "long a route (ICMP 11/0) from 198.18.1.5" } },
		{ { .probes = ALL(PROHIBITED), .icmp_type = 1, .icmp_code = 1, .offender = v6 },
		  { "10 of 10 lost probes got an error: administratively prohibited (ICMP 1/1) from 2001:db8::9" } },
		{ { .probes = ALL(TOO_BIG), .icmp_type = 3, .icmp_code = 4, .offender = droplet, .mtu = 1300 },
		  { "10 of 10 lost probes got an error: fragmentation needed (ICMP 3/4) from 198.18.1.5, MTU 1300" } },
		/* whose error it was is not known when there are two kinds */
		{ { .probes = { { 1, PROBER_PROHIBITED, 0 }, { 9, PROBER_REFUSED, 0 } },
		    .icmp_type = 3,
		    .icmp_code = 3 },
		  { "9 of 10 lost probes got an error: port unreachable",
		    "1 of 10 lost probes got an error: administratively prohibited" } },
		{ { .probes = ALL(WRONG_SOURCE), .other_source = droplet },
		  { "answers to 10 of 10 lost probes came from 198.18.1.5 instead of 203.0.113.7" } },
		{ { .probes = ALL(UNSENT), .send_errno = EPERM },
		  { "10 probes were not sent: sendto: Operation not permitted (a firewall on this host)" } },
		{ { .probes = ALL(UNSENT), .send_errno = ENOBUFS },
		  { "10 probes were not sent: sendto: No buffer space available (the interface of this host takes no "
		    "more: it is full, its link is down, or a filter there drops it: tc, nft egress)" } },
		{ { .probes = ALL(UNSENT), .send_errno = ENETUNREACH, .kind = PROBE_TCP },
		  { "10 probes were not sent: connect: Network is unreachable (this host has no route)" } },
		{ { .probes = { { 0, 0, 0 } }, .resolve_error = "Name or service not known" },
		  { "the name does not resolve: Name or service not known" } },
		{ { .probes = ALL(CLOCK_SKEW), .skew_ns = 3600250 * MS },
		  { "the server rejects this client's time: the server's clock is 3600.250 s ahead of this client's "
		    "clock" } },
		{ { .probes = ALL(LOST), .skew_elsewhere_ns = -60000 * MS },
		  { "the server rejects this client's time: the server's clock is 60.000 s behind this client's clock",
		    "10 of 10 lost probes got no answer and no error, and it is not known whether they arrived" } },
		{ { .probes = { { 10, PROBER_ANSWERED, 1 } } },
		  { "boot-02 answers, but only boot-01 is allowed to here" } },
		{ { .probes = ALL(IMPOSTOR), .stranger_key = 0xff },
		  { "10 of 10 lost probes got an answer from ed25519://////////////////////////////////////////8=, a "
		    "key that is not in the configuration" } },
		{ { .probes = ALL(IMPOSTOR) }, { "10 of 10 lost probes got an answer without a valid identity" } },
		{ { .probes = ALL(UNFINISHED) },
		  { "of 10 probes nothing is known: this process did not run in time to hear an answer (a busy or "
		    "suspended host)" } },
		{ { .probes = ALL(ANSWERED), .arrives_on = anchor, .arrived_on = droplet },
		  { "probes arrive on 198.18.1.5, but `arrives_on` of the target is 198.18.18.26" } },
		{ { .probes = ALL(ANSWERED), .unreachable_expected = true },
		  { "boot-01 answers 10 of 10 probes, but the target has `expect: unreachable`" } },
		{ { .probes = ALL(LOST), .servers_silent = true },
		  { "no configured address of the server answers, over UDP or over TCP",
		    "10 of 10 lost probes got no answer and no error, and it is not known whether they arrived" } },
		{ { .probes = ALL(LOST), .all_silent = true },
		  { "10 of 10 lost probes got no answer and no error, and it is not known whether they arrived",
		    "no server answers at any address: this host itself may be cut off" } },
		/* who is told so by a router is not cut off */
		{ { .probes = ALL(UNREACHABLE),
		    .icmp_type = 3,
		    .icmp_code = 1,
		    .offender = droplet,
		    .all_silent = true },
		  { "10 of 10 lost probes got an error: host or network unreachable (ICMP 3/1) from 198.18.1.5",
		    "no server answers at any address" } },
		{ { .probes = ALL(LOST_FORWARD), .other_up = true },
		  { "TCP works on the same address",
		    "10 of 10 lost probes did not arrive: receipts made after their timeout do not list them" } },
		{ { .probes = { { 4, LATE, 0 }, { 6, PROBER_ANSWERED, 0 } } },
		  { "the answers to 4 of 4 lost probes came after the timeout" } },
		{ { .probes = { { 10, PROBER_ANSWERED, 0 }, { 5, PROBER_LOST_FORWARD, 0 } } },
		  { "5 of 5 lost probes did not arrive: receipts made after their timeout do not list them",
		    "the last 5 probes in a row were lost, and none before: an outage that goes on" } },
		{ { .probes = { { 5, PROBER_LOST_FORWARD, 0 }, { 10, PROBER_ANSWERED, 0 } } },
		  { "5 of 5 lost probes did not arrive: receipts made after their timeout do not list them",
		    "the first 5 probes in a row were lost, and none since: an outage that is over" } },
		{ { .probes = { { 6, PROBER_ANSWERED, 0 }, { 5, PROBER_LOST_FORWARD, 0 }, { 9, PROBER_ANSWERED, 0 } } },
		  { "5 of 5 lost probes did not arrive: receipts made after their timeout do not list them" } },
		{ { .probes = ALL(RESET), .kind = PROBE_TCP },
		  { "10 of 10 lost probes completed the TCP handshake, and then the connection was reset" } },
		{ { .probes = ALL(NOT_AUTHORISED), .kind = PROBE_TCP },
		  { "the server rejected 10 of 10 lost probes: it does not know this client's key" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct verdict v = judge(&cases[i].scene);
		unsigned n = 0;
		for (; n < 3 && cases[i].sentences[n]; n++) {
			assert_true(n < v.sentences_len);
			assert_string_equal(v.sentences[n], cases[i].sentences[n]);
		}
		assert_int_equal(v.sentences_len, n);
	}
}

/* Everything at once: what does not fit is left out, and nothing is written beyond. */
static void sentences_are_bounded(void **state)
{
	static char long_error[1000];
	struct scene s = {
		.probes = { { 9, PROBER_REFUSED, 0 },
			    { 9, PROBER_PROHIBITED, 0 },
			    { 9, PROBER_IMPOSTOR, 0 },
			    { 9, PROBER_WRONG_SOURCE, 0 },
			    { 9, PROBER_LOST, 0 },
			    { 9, PROBER_ANSWERED, 1 } },
		.resolve_error = long_error,
		.arrives_on = anchor,
		.arrived_on = v6,
		.stranger_key = 1,
	};
	struct verdict v;

	(void)state;
	memset(long_error, 'x', sizeof long_error - 1);
	v = judge(&s);
	assert_int_equal(v.sentences_len, VERDICT_SENTENCES_MAX);
	assert_int_equal(strlen(v.sentences[0]), VERDICT_SENTENCE_LEN - 1);
}

static void advice_follows_cause_and_direction(void **state)
{
	const struct {
		struct scene scene;
		const char *advice; /* begins so */
	} cases[] = {
		{ { .probes = ALL(LOST_FORWARD) }, "check the route from this client to the server" },
		{ { .probes = ALL(LOST_RETURN) }, "check how the server sends to this client" },
		{ { .probes = ALL(LOST) }, "add another address of the server" },
		{ { .probes = ALL(LOST), .other_addresses = true }, "look on the server at what arrives" },
		{ { .probes = ALL(LOST), .other_addresses = true, .no_evidence = true }, "run it without --quick" },
		{ { .probes = ALL(LOST), .unheard = true, .other_addresses = true },
		  "check that floatprobed runs there, that its `clients` has" },
		{ { .probes = ALL(LOST), .all_silent = true, .unheard = true },
		  "check first that this host can reach anything (its link" },
		{ { .probes = ALL(LOST), .all_silent = true }, "check first that this host can reach anything: its" },
		{ { .probes = ALL(ANSWERED), .arrives_on = anchor, .arrived_on = droplet }, "check to which server" },
		{ { .probes = { { 4, LATE, 0 }, { 6, PROBER_ANSWERED, 0 } } }, "find out why the answers are so slow" },
		{ { .probes = { { 3, LATE, 0 }, { 7, PROBER_LOST, 0 } } }, "add another address of the server" },
		{ { .probes = ALL(NOT_AUTHORISED) }, "add this client's public key" },
		{ { .probes = ALL(UNFINISHED) }, "run it again" },
		{ { .probes = ALL(UNFINISHED), .not_authorised = true }, "add this client's public key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct verdict v = judge(&cases[i].scene);
		assert_non_null(v.advice);
		assert_memory_equal(v.advice, cases[i].advice, strlen(cases[i].advice));
	}
}

static void words_are_those_of_the_design(void **state)
{
	(void)state;
	assert_string_equal(verdict_state_word(VERDICT_UNKNOWN), "unknown");
	assert_string_equal(verdict_state_word(VERDICT_DOWN), "down");
	assert_string_equal(verdict_direction_word(VERDICT_DIRECTION_NONE), "none");
	assert_string_equal(verdict_direction_word(VERDICT_DIRECTION_UNKNOWN), "unknown");
	assert_string_equal(verdict_cause_word(VERDICT_CAUSE_NONE), "none");
	assert_string_equal(verdict_cause_word(VERDICT_CAUSE_LOCAL), "local");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_scenario_table_comes_out),
		cmocka_unit_test(the_lab_comes_out),
		cmocka_unit_test(what_was_lost_before_nothing_left_is_over),
		cmocka_unit_test(what_is_not_sent_is_not_lost),
		cmocka_unit_test(sizes_have_limits),
		cmocka_unit_test(the_better_explanation_wins),
		cmocka_unit_test(unreachable_is_no_direction_when_the_server_is_down),
		cmocka_unit_test(late_answers_leave_no_direction),
		cmocka_unit_test(run_keeps_its_state),
		cmocka_unit_test(some_ports_are_no_outage),
		cmocka_unit_test(lossy_does_not_flap_at_its_threshold),
		cmocka_unit_test(a_name_that_does_not_resolve_makes_it_unknown),
		cmocka_unit_test(a_stranger_is_forgotten_in_run),
		cmocka_unit_test(sentences_say_it_in_numbers),
		cmocka_unit_test(sentences_are_bounded),
		cmocka_unit_test(advice_follows_cause_and_direction),
		cmocka_unit_test(words_are_those_of_the_design),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
