#include "client/failover/samples.h"

#include <stdlib.h>

static enum sample_fate fate_of(enum prober_outcome outcome)
{
	switch (outcome) {
	case PROBER_ANSWERED:
	case PROBER_CLOCK_SKEW:
		return SAMPLE_ANSWERED;
	case PROBER_LOST_RETURN:
	case PROBER_WRONG_SOURCE:
		return SAMPLE_RETURN;
	case PROBER_LOST_FORWARD:
	case PROBER_REFUSED:
	case PROBER_UNREACHABLE:
	case PROBER_PROHIBITED:
	case PROBER_TOO_BIG:
		return SAMPLE_FORWARD;
	default:
		return SAMPLE_LOST;
	}
}

static bool is_unsent(const struct prober_record *r)
{
	return r->outcome == PROBER_UNSENT || r->outcome == PROBER_UNSENT_TOO_BIG;
}

static struct sample sample_of(const struct path *p, const struct prober_record *r)
{
	bool answered = prober_is_answered(r);

	return (struct sample){
		.sent_ns = r->sent_ns,
		.rtt_ns = answered ? prober_rtt_ns(r) : 0,
		.server = answered ? path_server_of_number(p, r->server) : SAMPLE_NOBODY,
		.fate = fate_of(r->outcome),
		.concurrent = SAMPLE_LOST,
		.doubly = r->doubly,
		.boot = answered ? (uint8_t)r->boot : 0,
	};
}

static uint32_t oldest(const struct prober *p)
{
	return p->next > p->ring_len ? p->next - p->ring_len : 1;
}

bool samples_read(const struct path *p, struct samples *s)
{
	uint32_t from = oldest(&p->prober);

	*s = (struct samples){ .items = calloc(p->prober.next - from + 1, sizeof *s->items),
			       .sole = p->target->servers_len == 1 };
	if (!s->items)
		return false;
	for (uint32_t seq = from; seq < p->prober.next; seq++) {
		const struct prober_record *r = prober_record(&p->prober, seq);
		if (is_unsent(r))
			s->unsent++;
		else if (r->outcome != PROBER_WAITING)
			s->items[s->len++] = sample_of(p, r);
	}
	return true;
}

void samples_free(struct samples *s)
{
	free(s->items);
	*s = (struct samples){ 0 };
}

uint32_t samples_impostors(const struct path *p)
{
	struct prober_tally tally;

	prober_tally(&p->prober, p->prober.ring_len, &tally);
	return tally.by_outcome[PROBER_IMPOSTOR];
}
