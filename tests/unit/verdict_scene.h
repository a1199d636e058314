/* A round of probes of one path as a verdict sees it, and the cause that it gets: for the tests of the rules in
 * causes.h. */
#ifndef FLOATPROBE_VERDICT_SCENE_H
#define FLOATPROBE_VERDICT_SCENE_H

#include "client/verdict/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS(a, b, c, d)                                                                                            \
	{                                                                                                              \
		.address = { [10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d }                        \
	}

static const struct evidence_neighbour wrong = {
	.client = ADDRESS(198, 18, 1, 9),
	.next_hop = ADDRESS(198, 18, 1, 9),
	.entry_mac = { 2, 0, 0, 0, 0, 1 },
	.frame_mac = { 2, 0, 0, 0, 0, 2 },
	.state = 4,
	.since_ms = 41000,
	.healed_ms = UINT32_MAX,
	.interface = "eth0",
};
static const struct evidence_conflict claim = { ADDRESS(203, 0, 113, 7), { 2, 0, 0, 0, 0, 9 }, 4, 100 };

/* Ten probes are lost, and the ten of the paths that are compared with this one all pass. */
static const struct comparison clear = { .own_lost = 10, .sent = 10, .span_sent = 10 };

/* A round of a UDP path to a floating address that boot-01 and boot-02 may hold. */
static inline struct verdict_evidence scene(void)
{
	return (struct verdict_evidence){
		.facts = { .icmp_type = -1, .icmp_code = -1 },
		.tally = { .server = -1 },
		.holders = { .before = -1, .now = -1 },
		.size = 1400,
		.expect_reachable = true,
		.address = ADDRESS(203, 0, 113, 7),
		.allowed_mask = 3,
		.allowed_names = "boot-01, boot-02",
		.mode = MODE_CHECK,
		.streak_len = 3,
		.lossy_permille = 50,
		.hints.receipt_server = "boot-01",
	};
}

/* answered first, then n losses with this outcome. */
static inline struct verdict_evidence lost(uint32_t answered, uint32_t n, enum prober_outcome outcome)
{
	struct verdict_evidence made = scene();
	struct prober_tally *t = &made.tally;

	t->by_outcome[PROBER_ANSWERED] = t->answered = answered;
	t->by_outcome[outcome] += n;
	t->sent = answered + n;
	t->forward_lost = outcome == PROBER_LOST_FORWARD || outcome == PROBER_REFUSED ? n : 0;
	t->return_lost = outcome == PROBER_LOST_RETURN ? n : 0;
	t->lost = n - t->forward_lost - t->return_lost;
	t->lost_streak = n;
	t->answered_streak = n ? 0 : answered;
	if (answered) {
		t->server = 0;
		t->servers_mask = 1;
		made.server_name = "boot-01";
	}
	return made;
}

/* Another machine's claim to the address was seen when n had been lost. */
static inline struct verdict_evidence claimed(struct verdict_evidence e, uint32_t n)
{
	e.hints.claim.claim = &claim;
	e.hints.claim.lost = n;
	return e;
}

/* A round of lost probes, n of which the server's link has seen. */
static inline struct verdict_evidence captured(uint32_t answered, uint32_t lost_forward, uint32_t n)
{
	struct verdict_evidence made = lost(answered, lost_forward, PROBER_LOST_FORWARD);

	made.hints.frames =
	    (struct hint_frames_explanation){ .captured = n, .forward = lost_forward, .server = "boot-01" };
	return made;
}

static inline struct hint_table_explanation table_of(uint32_t entries)
{
	return (struct hint_table_explanation){ .entries = entries, .max = 100, .dropped = 10, .forward = 10 };
}

static struct verdict_evidence e;
static struct verdict v;

#define CASE(wants, ...)                                                                                               \
	do {                                                                                                           \
		__VA_ARGS__;                                                                                           \
		verdict_reach(&e, &v);                                                                                 \
		if (strcmp(verdict_cause_word(v.cause), wants) != 0)                                                   \
			fail_msg("line %d: %s, not %s", __LINE__, verdict_cause_word(v.cause), wants);                 \
		if (strcmp(wants, "none") != 0)                                                                        \
			assert_true(v.sentences_len > 0);                                                              \
	} while (0)

static inline bool says(const char *words)
{
	for (unsigned i = 0; i < v.sentences_len; i++) {
		if (strstr(v.sentences[i], words))
			return true;
	}
	return false;
}

#endif
