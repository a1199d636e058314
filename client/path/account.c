#include "client/path/account.h"

#include "common/core/thresholds.h"

#include <stdlib.h>
#include <string.h>

struct account *account_new(bool with_histogram, int64_t now_ns, int64_t now_real_ns)
{
	struct account *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	if (with_histogram && !(a->histogram = calloc(1, sizeof *a->histogram))) {
		free(a);
		return NULL;
	}
	account_begin(a, now_ns, now_real_ns);
	return a;
}

void account_free(struct account *a)
{
	if (a)
		free(a->histogram);
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

static void add_rtt(struct account *a, uint32_t rtt_ns)
{
	bool first = a->interval[ACCOUNT_ANSWERED] == 0;
	uint32_t change_ns = rtt_ns > a->rtt_last_ns ? rtt_ns - a->rtt_last_ns : a->rtt_last_ns - rtt_ns;

	if (a->has_rtt)
		a->jitter_16 = (uint32_t)(a->jitter_16 + (int64_t)change_ns - (a->jitter_16 + 8) / 16);
	a->has_rtt = true;
	a->rtt_last_ns = rtt_ns;
	a->rtt_sum_ns += rtt_ns;
	if (first || rtt_ns < a->rtt_min_ns)
		a->rtt_min_ns = rtt_ns;
	if (first || rtt_ns > a->rtt_max_ns)
		a->rtt_max_ns = rtt_ns;
	if (a->histogram)
		rtt_histogram_add(a->histogram, rtt_ns);
}

static void add_way(struct account *a, struct account_way *way, int64_t ns)
{
	bool first = way->median.count == 0;

	if (ns > INT32_MAX || ns < INT32_MIN) {
		a->ways_overflow = true;
		return;
	}
	if (first || ns < way->min_ns)
		way->min_ns = (int32_t)ns;
	if (first || ns > way->max_ns)
		way->max_ns = (int32_t)ns;
	median_add(&way->median, (int32_t)ns);
}

/* The faster an answer, the less its two ways can differ. */
static void add_offset(struct account *a, const struct account_answer *answer)
{
	bool first = a->interval[ACCOUNT_ANSWERED] == 0 || answer->server != a->server;

	if (!first && answer->rtt_ns >= a->offset_rtt_ns)
		return;
	a->server = (uint16_t)answer->server;
	a->offset_rtt_ns = answer->rtt_ns;
	a->offset_ns = (answer->forward_ns - answer->return_ns) / 2;
}

void account_answered(struct account *a, const struct account_answer *answer)
{
	add_rtt(a, answer->rtt_ns);
	add_way(a, &a->forward, answer->forward_ns);
	add_way(a, &a->back, answer->return_ns);
	add_offset(a, answer);
	account_add(a, ACCOUNT_ANSWERED);
}

enum account_clocks account_clocks(const struct account *a)
{
	return a->interval[ACCOUNT_ANSWERED] > 0 && !a->ways_overflow && a->forward.min_ns >= 0 && a->back.min_ns >= 0
		   ? ACCOUNT_CLOCKS_CONSISTENT
		   : ACCOUNT_CLOCKS_UNKNOWN;
}

/* -- stretches of losses -- */

static uint32_t losses_of(const struct account_stretch *s)
{
	return s->forward_lost + s->return_lost + s->lost;
}

void account_end_stretch(struct account *a)
{
	if (losses_of(&a->stretch) == 0)
		return;
	a->ended = a->stretch;
	a->stretch = (struct account_stretch){ 0 };
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
	if (losses_of(&a->ended) == 0)
		return false;
	*stretch = a->ended;
	a->ended = (struct account_stretch){ 0 };
	return true;
}

/* -- intervals -- */

void account_begin(struct account *a, int64_t now_ns, int64_t now_real_ns)
{
	memset(a->interval, 0, sizeof a->interval);
	a->from_ns = now_ns;
	a->from_real_ns = now_real_ns;
	a->rtt_sum_ns = 0;
	a->ways_overflow = false;
	a->forward.median.count = a->back.median.count = 0;
	if (a->histogram)
		memset(a->histogram, 0, sizeof *a->histogram);
}
