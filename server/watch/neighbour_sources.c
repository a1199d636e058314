#include "server/watch/neighbour_sources.h"

#include "common/core/age.h"

static void add_client(struct neighbour_sources_clients *clients, const struct endpoint *client)
{
	for (unsigned i = 0; i < clients->len; i++)
		if (endpoint_same_address(&clients->list[i], client))
			return;
	if (clients->len < NEIGHBOUR_SOURCES_CLIENTS_MAX && !endpoint_is_unknown(client))
		clients->list[clients->len++] = *client;
}

/* The source address of a relayed query is the witness's, not the client's. */
struct neighbour_sources_clients neighbour_sources_clients_of(const struct evidence_query *query,
							      const struct endpoint *querier, const struct draft *draft)
{
	struct neighbour_sources_clients clients = { .len = 0 };

	for (unsigned i = 0; i < draft->answer.flows_len; i++)
		if (draft->flows[i])
			add_client(&clients, &draft->flows[i]->source);
	for (unsigned i = 0; i < query->attempts_len; i++)
		add_client(&clients, &query->attempts[i].client);
	if (!query->relayed)
		add_client(&clients, querier);
	return clients;
}

static void add_source(struct neighbour_sources *sources, const struct endpoint *client, const struct endpoint *local,
		       bool unheard, uint32_t age_ms)
{
	for (unsigned i = 0; i < sources->len; i++) {
		struct neighbour_source *s = &sources->list[i];
		if (!endpoint_same_address(&s->client, client) || !endpoint_same_address(&s->local, local))
			continue;
		s->unheard |= unheard;
		s->age_ms = age_ms > s->age_ms ? age_ms : s->age_ms;
		return;
	}
	if (sources->len < NEIGHBOUR_SOURCES_MAX && !endpoint_is_unknown(local))
		sources->list[sources->len++] = (struct neighbour_source){ *client, *local, unheard, age_ms };
}

static void add_attempts(struct neighbour_sources *sources, const struct evidence_answer *answer)
{
	for (unsigned i = 0; i < answer->attempts_len; i++) {
		const struct evidence_origin *origin = evidence_origin(answer, answer->attempts[i].origin);
		if (answer->attempts[i].status == EVIDENCE_HALF_OPEN && origin)
			add_source(sources, &origin->source, &origin->local, false, 0);
	}
}

static void add_frames(const struct frames *frames, struct neighbour_sources *sources, const struct endpoint *client)
{
	for (const struct frames_seen *s = frames_next_of(frames, client, NULL); s;
	     s = frames_next_of(frames, client, s)) {
		struct endpoint local = endpoint_of(s->key.local, 0);
		add_source(sources, client, &local, false, 0);
	}
}

struct neighbour_sources neighbour_sources_of(const struct frames *frames,
					      const struct neighbour_sources_clients *clients,
					      const struct draft *draft, int64_t now_ns)
{
	struct neighbour_sources sources = { .len = 0 };

	for (unsigned i = 0; i < draft->answer.flows_len; i++) {
		const struct flow *flow = draft->flows[i];
		if (flow)
			add_source(&sources, &flow->source, &flow->arrived_on, flow->unheard,
				   age_ms(flow->made_ns, now_ns));
	}
	add_attempts(&sources, &draft->answer);
	for (unsigned i = 0; i < clients->len; i++)
		add_frames(frames, &sources, &clients->list[i]);
	return sources;
}
