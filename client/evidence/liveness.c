#include "client/evidence/liveness.h"

#include "common/core/thresholds.h"

static void end_silent_rounds(struct liveness_channel *c)
{
	c->silent_rounds = 0;
	c->reported_silent = c->confirmed = false;
}

void liveness_asked(struct liveness_channel *c, bool through_witness, int64_t now_ns)
{
	if (now_ns - c->asked_ns > LIVENESS_FRESH_NS)
		end_silent_rounds(c);
	c->asked_ns = now_ns;
	c->answered = c->answered && !through_witness; /* through a witness, each round has to prove it again */
}

static void add_silent_round(struct liveness_channel *c, int64_t sent_ns)
{
	if (sent_ns <= c->ended_ns)
		return;
	c->answered = c->refused = c->unsent = false;
	c->silent_rounds++;
	c->ended_ns = sent_ns;
}

void liveness_answered(struct liveness_channel *c, bool has_evidence, int64_t sent_ns, int64_t now_ns)
{
	end_silent_rounds(c);
	c->answered = has_evidence;
	c->refused = c->unsent = false;
	if (sent_ns > c->ended_ns)
		c->ended_ns = sent_ns;
	if (has_evidence)
		c->heard_ns = now_ns;
}

void liveness_reported_silent(struct liveness_channel *c, int64_t sent_ns)
{
	c->reported_silent = c->reported_silent || sent_ns >= c->ended_ns;
	add_silent_round(c, sent_ns);
}

void liveness_failed(struct liveness_channel *c, bool refused, int64_t sent_ns)
{
	add_silent_round(c, sent_ns);
	c->refused = refused && !c->answered;
}

void liveness_unsent(struct liveness_channel *c, int64_t sent_ns)
{
	if (sent_ns < c->ended_ns)
		return;
	end_silent_rounds(c);
	c->answered = c->refused = false;
	c->unsent = true;
	c->ended_ns = sent_ns;
}

void liveness_timed_out(struct liveness_channel *c, int64_t witness_heard_ns, int64_t sent_ns)
{
	c->confirmed = c->confirmed || (c->silent_rounds >= LIVENESS_CONFIRM_ROUNDS && witness_heard_ns > c->ended_ns);
	add_silent_round(c, sent_ns);
}

enum liveness liveness_of_channel(const struct liveness_channel *c, int64_t since_ns)
{
	if (c->answered)
		return LIVENESS_ALIVE;
	return c->silent_rounds > 0 && !c->refused && c->ended_ns >= since_ns ? LIVENESS_SILENT : LIVENESS_UNKNOWN;
}

bool liveness_witness_agrees(const struct liveness_channel *c, int64_t since_ns, unsigned rounds)
{
	if (c->asked_ns < since_ns)
		return true;
	return liveness_of_channel(c, since_ns) == LIVENESS_SILENT && (c->reported_silent || c->confirmed) &&
	       c->silent_rounds >= rounds && c->heard_ns < since_ns;
}

enum liveness liveness_of_probes(const struct prober_tally *probes, bool connected)
{
	const uint32_t *n = probes->by_outcome;

	if (probes->answered > 0 || connected)
		return LIVENESS_ALIVE;
	/* Other losses have a direction, which only evidence of the server itself proves. */
	return probes->sent > 0 && n[PROBER_LOST] + n[PROBER_UNREACHABLE] == probes->sent ? LIVENESS_SILENT
											  : LIVENESS_UNKNOWN;
}

enum liveness liveness_of_both(enum liveness a, enum liveness b)
{
	if (a == LIVENESS_ALIVE || b == LIVENESS_ALIVE)
		return LIVENESS_ALIVE;
	return a == b ? a : LIVENESS_UNKNOWN;
}

void liveness_host_heard(struct liveness_host *h, int64_t now_ns)
{
	h->heard_ns = now_ns;
	if (h->hears_nobody)
		h->restored_ns = now_ns;
	h->hears_nobody = false;
}

void liveness_host_timed_out(struct liveness_host *h, bool any_alive)
{
	h->hears_nobody = h->hears_nobody || !any_alive;
}

int64_t liveness_fresh_since_ns(const struct liveness_host *h, int64_t asked_ns)
{
	int64_t since_ns = asked_ns - LIVENESS_FRESH_NS;

	return since_ns > h->restored_ns ? since_ns : h->restored_ns;
}
