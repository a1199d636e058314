#include "client/path/account.h"

#include "common/core/thresholds.h"

#include <stdlib.h>
#include <string.h>

static bool add_parts(struct account *a, enum account_kind kind)
{
	if (kind == ACCOUNT_PLAIN)
		return true;
	a->times = calloc(1, sizeof *a->times);
	if (!a->times || kind == ACCOUNT_TIMES)
		return a->times != NULL;
	a->times->histogram = calloc(1, sizeof *a->times->histogram);
	return a->times->histogram != NULL;
}

struct account *account_new(enum account_kind kind, int64_t now_ns, int64_t now_real_ns)
{
	struct account *a = calloc(1, sizeof *a);

	if (!a || !add_parts(a, kind)) {
		account_free(a);
		return NULL;
	}
	account_begin(a, now_ns, now_real_ns);
	return a;
}

void account_free(struct account *a)
{
	if (a && a->times)
		free(a->times->histogram);
	if (a)
		free(a->times);
	free(a);
}

void account_add(struct account *a, enum account_count what)
{
	a->total[what]++;
	a->interval[what]++;
}

uint32_t account_sent(const uint32_t counts[ACCOUNT_COUNTS])
{
	return counts[ACCOUNT_ANSWERED] + counts[ACCOUNT_FORWARD_LOST] + counts[ACCOUNT_RETURN_LOST] +
	       counts[ACCOUNT_LOST];
}

/* -- times -- */

static void add_rtt(struct account_times *t, uint32_t rtt_ns, bool first)
{
	uint32_t change_ns = rtt_ns > t->last_ns ? rtt_ns - t->last_ns : t->last_ns - rtt_ns;

	if (t->has_last)
		t->jitter_16 = (uint32_t)(t->jitter_16 + (int64_t)change_ns - (t->jitter_16 + 8) / 16);
	t->has_last = true;
	t->last_ns = rtt_ns;
	t->rtt_sum_ns += rtt_ns;
	if (first || rtt_ns < t->rtt_min_ns)
		t->rtt_min_ns = rtt_ns;
	if (first || rtt_ns > t->rtt_max_ns)
		t->rtt_max_ns = rtt_ns;
	if (t->histogram)
		rtt_histogram_add(t->histogram, rtt_ns);
}

static void add_one_way(struct account_times *t, struct median *one_way, int64_t ns)
{
	if (ns > INT32_MAX || ns < INT32_MIN)
		t->overflow = true;
	else
		median_add(one_way, (int32_t)ns);
}

/* Both ways together are the round trip. Where they are not by far, T2 and T3 are of different clocks: the server's was
 * set in between, or its kernel has another one. T3 is of the clock of its journal. */
static int64_t forward_of(const struct account_answer *answer)
{
	int64_t rtt_ns = answer->rtt_ns, apart_ns = answer->forward_ns + answer->return_ns - rtt_ns;

	return apart_ns > NS_PER_S || apart_ns < -NS_PER_S ? rtt_ns - answer->return_ns : answer->forward_ns;
}

/* The faster an answer, the less its two ways can differ. */
static void add_offset(struct account_times *t, const struct account_answer *answer, bool first)
{
	if (!first && answer->server == t->server && answer->rtt_ns >= t->offset_rtt_ns)
		return;
	t->server = (uint16_t)answer->server;
	t->offset_rtt_ns = answer->rtt_ns;
	t->offset_ns = (forward_of(answer) - answer->return_ns) / 2;
}

void account_answered(struct account *a, const struct account_answer *answer)
{
	bool first = a->interval[ACCOUNT_ANSWERED] == 0;

	account_add(a, ACCOUNT_ANSWERED);
	if (!a->times)
		return;
	add_rtt(a->times, answer->rtt_ns, first);
	a->times->plain = answer->plain;
	if (answer->plain)
		return;
	add_one_way(a->times, &a->times->forward_ns, forward_of(answer));
	add_one_way(a->times, &a->times->return_ns, answer->return_ns);
	add_offset(a->times, answer, first);
}

enum account_clocks account_clocks(const struct account *a)
{
	const struct account_times *t = a->times;

	return a->interval[ACCOUNT_ANSWERED] > 0 && t && !t->plain && !t->overflow && median_min(&t->forward_ns) >= 0 &&
		       median_min(&t->return_ns) >= 0
		   ? ACCOUNT_CLOCKS_CONSISTENT
		   : ACCOUNT_CLOCKS_UNKNOWN;
}

/* -- stretches of losses -- */

static uint32_t losses_of(const struct account_stretch *s)
{
	return s->forward_lost + s->return_lost + s->lost;
}

bool account_has_stretch(const struct account *a)
{
	return a->ended;
}

void account_end_stretch(struct account *a)
{
	a->ended = losses_of(&a->stretch) > 0;
}

static void pass_answer(struct account *a, int64_t sent_real_ns)
{
	int64_t since_ns = sent_real_ns - a->stretch.last_ns;

	if (losses_of(&a->stretch) == 0)
		return;
	a->answered_since++;
	if (a->answered_since >= ACCOUNT_APART_ANSWERS && (since_ns >= ACCOUNT_APART_NS || since_ns < 0))
		account_end_stretch(a);
}

static void pass_loss(struct account *a, enum account_count fate, int64_t sent_real_ns)
{
	struct account_stretch *s = &a->stretch;

	if (losses_of(s) == 0)
		s->first_ns = sent_real_ns;
	else
		s->answered += a->answered_since;
	s->last_ns = sent_real_ns;
	a->answered_since = 0;
	s->forward_lost += fate == ACCOUNT_FORWARD_LOST;
	s->return_lost += fate == ACCOUNT_RETURN_LOST;
	s->lost += fate == ACCOUNT_LOST;
}

void account_pass(struct account *a, enum account_count fate, int64_t sent_real_ns)
{
	if (fate == ACCOUNT_ANSWERED) {
		pass_answer(a, sent_real_ns);
		return;
	}
	account_add(a, fate);
	if (fate != ACCOUNT_UNSENT && fate != ACCOUNT_UNFINISHED)
		pass_loss(a, fate, sent_real_ns);
}

bool account_take_stretch(struct account *a, struct account_stretch *stretch)
{
	if (!a->ended)
		return false;
	*stretch = a->stretch;
	a->stretch = (struct account_stretch){ 0 };
	a->ended = false;
	return true;
}

/* -- intervals -- */

static void begin_times(struct account_times *t)
{
	t->rtt_sum_ns = 0;
	t->overflow = false;
	t->forward_ns.count = t->return_ns.count = 0;
	if (t->histogram)
		memset(t->histogram, 0, sizeof *t->histogram);
}

void account_begin(struct account *a, int64_t now_ns, int64_t now_real_ns)
{
	memset(a->interval, 0, sizeof a->interval);
	a->from_ns = now_ns;
	a->from_real_ns = now_real_ns;
	if (a->times)
		begin_times(a->times);
}
