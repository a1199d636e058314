#include "server/reflect/answer.h"

#include "common/core/age.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

static void describe_flow(const struct exchange *x, const struct flow *flow, struct evidence_flow *out)
{
	*out = (struct evidence_flow){
		.id = flow->id,
		.known = true,
		.receipts = flows_receipts(flow),
		.arrived_on = flow->arrived_on,
		.source = flow->source,
		.idle_ms = age_ms(flow->heard_ns, x->in->now_ns),
	};
	out->receipts.first = flow->late_upto + 1; /* what is lower and has no receipt did not come while we saw */
}

static void add_flow(const struct exchange *x, const struct flow *flow, uint64_t id)
{
	struct draft *draft = &x->reflector->draft;
	struct evidence_flow *out = &draft->answer.flows[draft->answer.flows_len];

	draft->flows[draft->answer.flows_len++] = flow;
	if (flow)
		describe_flow(x, flow, out);
	else
		*out = (struct evidence_flow){ .id = id };
}

static void add_flows(const struct exchange *x)
{
	const struct reflector *r = x->reflector;
	const struct evidence_query *query = &r->query;
	const struct flow *flow = NULL;

	for (unsigned i = 0; i < query->flows_len; i++)
		add_flow(x, flows_peek(r->flows, x->client_number, query->flows[i]), query->flows[i]);
	if (query->flows_len > 0)
		return;
	while (r->draft.answer.flows_len < EVIDENCE_FLOWS_MAX &&
	       (flow = flows_next_of(r->flows, x->client_number, flow)))
		add_flow(x, flow, flow->id);
}

/* The flows of a client that an answer looks at: those that the query asks about, and the newest ones. */
struct look {
	const struct exchange *x;
	const struct flow *newest; /* the last one of these */
	unsigned named, others;    /* looked at so far */
};

static const struct flow *next_named(struct look *l)
{
	const struct draft *draft = &l->x->reflector->draft;
	const struct flow *flow = NULL;

	while (!flow && l->named < draft->answer.flows_len)
		flow = draft->flows[l->named++];
	return flow;
}

static const struct flow *next_looked_at(struct look *l)
{
	const struct flow *flow = next_named(l);

	if (flow || l->others == FLOWS_LOOKED_AT)
		return flow;
	l->others++;
	l->newest = flows_next_of(l->x->reflector->flows, l->x->client_number, l->newest);
	if (!l->newest)
		l->others = FLOWS_LOOKED_AT;
	return l->newest;
}

/* What the flows tell of an address that the query names: the newest probe that was sent to it. */
static void add_holding(const struct exchange *x, const struct endpoint *address)
{
	struct evidence_answer *answer = &x->reflector->draft.answer;
	struct evidence_holding *out = &answer->holdings[answer->holdings_len++];
	struct look look = { .x = x };

	*out = (struct evidence_holding){ .address = *address, .state = EVIDENCE_UNSAID, .heard_ms = UINT32_MAX };
	for (const struct flow *f = next_looked_at(&look); f; f = next_looked_at(&look)) {
		uint32_t age = age_ms(f->heard_ns, x->in->now_ns);
		if (age >= out->heard_ms || !endpoint_same_address(&f->asked, address))
			continue;
		out->heard_ms = age;
		out->arrived_on = endpoint_of(f->arrived_on.address, 0);
	}
}

/* Returns how long ago a socket last received a packet of this client at that address. The query itself counts. A flow
 * that was not looked at may have been heard as lately as the last one that was. */
static uint16_t socket_heard_ms(const struct exchange *x, const struct evidence_frames *frames)
{
	bool all = flows_sums_of(x->reflector->flows, x->client_number).flows <= FLOWS_LOOKED_AT;
	struct look look = { .x = x };
	uint32_t ms = EVIDENCE_HEARD_MAX, last_ms = 0;

	for (const struct flow *f = next_looked_at(&look); f; f = next_looked_at(&look)) {
		last_ms = age_ms(f->heard_ns, x->in->now_ns);
		if (last_ms < ms && f->transport == frames->transport &&
		    endpoint_same_address(&f->source, &frames->client) &&
		    endpoint_same_address(&f->arrived_on, &frames->local))
			ms = last_ms;
	}
	return (uint16_t)(!all && last_ms < ms ? last_ms : ms);
}

/* Was a request in this client's name dropped of late, which has no receipt although the socket got it? */
static bool has_dropped(const struct exchange *x)
{
	return x->client->dropped_ns && x->in->now_ns - x->client->dropped_ns < REFLECTOR_DROPPED_NS;
}

/* Connection tracking has the other counters. */
static void tell_altered(const struct exchange *x, struct evidence_answer *answer)
{
	if (x->client->altered > 0 && answer->counters_len < EVIDENCE_COUNTERS_MAX)
		answer->counters[answer->counters_len++] =
		    (struct evidence_counter){ EVIDENCE_ALTERED, x->client->altered };
}

void answer_fill(const struct exchange *x, uint8_t nonce[SEAL_NONCE_LEN])
{
	struct reflector *r = x->reflector;
	const struct reflector_settings *s = &r->settings;
	const struct reflector_querier querier = { x->in->source, r->flows, x->client_number };
	struct evidence_answer *answer = &r->draft.answer;
	int64_t evicted_ns = flows_evicted_ns(r->flows, x->client_number);

	memset(&r->draft, 0, sizeof r->draft);
	r->draft.client = exchange_client_token(x);
	add_flows(x);
	for (unsigned i = 0; i < r->query.places_len; i++)
		arrivals_tell(r->arrivals, &r->query.places[i], exchange_client_token(x), x->in->now_ns, answer);
	for (unsigned i = 0; i < r->query.addresses_len; i++)
		add_holding(x, &r->query.addresses[i]);
	s->collect(s->context, &r->query, &querier, &r->draft, nonce);
	tell_altered(x, answer);
	if (has_dropped(x)) /* the socket may have got what the link has seen */
		answer->captures_len = 0;
	for (unsigned i = 0; i < answer->frames_len; i++)
		answer->frames[i].heard_ms = socket_heard_ms(x, &answer->frames[i]);
	answer->boot_id = s->boot_id;
	answer->uptime_ms = (uint64_t)((x->in->now_ns - s->started_ns) / NS_PER_MS);
	answer->evicted_ms = evicted_ns == 0 ? UINT64_MAX : (uint64_t)((x->in->now_ns - evicted_ns) / NS_PER_MS);
	answer->querier = x->in->source;
}
