#include "client/evidence/query_paths.h"

#include "client/evidence/hint_holding.h"
#include "client/evidence/settle.h"

#include <string.h>

static bool is_wanted(const struct path *path, unsigned server)
{
	return path->loss && settle_wanted(path, path_slot(path, server));
}

bool query_paths_is_any(const struct paths *paths, unsigned server)
{
	size_t len;
	struct path *const *list = paths_of_server(paths, server, &len);

	for (size_t i = 0; i < len; i++) {
		if (is_wanted(list[i], server))
			return true;
	}
	return false;
}

void query_paths_begin(struct query_paths *cursor, const struct paths *paths, unsigned server, size_t from)
{
	cursor->server = server;
	cursor->paths = paths_of_server(paths, server, &cursor->len);
	cursor->left = cursor->len;
	cursor->at = cursor->len ? from % cursor->len : 0;
}

/* So many attempts leave room for the flow of their path. */
static unsigned attempts_that_fit(size_t text_len)
{
	unsigned attempts = EVIDENCE_ATTEMPTS_MAX;

	while (attempts > 0 && evidence_query_room(text_len, attempts) == 0)
		attempts--;
	return attempts;
}

static void add_address(struct evidence_query *q, struct endpoint address)
{
	for (unsigned i = 0; i < q->addresses_len; i++) {
		if (endpoint_same_address(&q->addresses[i], &address))
			return;
	}
	if (q->addresses_len < EVIDENCE_HOLDINGS_MAX)
		q->addresses[q->addresses_len++] = address;
}

/* Add the path to the query if the answer has room for its flow and its attempts. The first path always fits. */
static bool add_path(struct evidence_query *q, const struct path *p, int slot, size_t text_len, int64_t now_ns,
		     struct query_attempts *memory)
{
	unsigned attempts_len = q->attempts_len, names_len = q->names_len;
	bool fits = true;

	if (q->flows_len == EVIDENCE_FLOWS_MAX)
		return false;
	q->flows[q->flows_len++] = p->prober.flow_id;
	if (probe_kind_of(p->kind)->has_handshake)
		fits = settle_ask(p, slot, now_ns, attempts_that_fit(text_len), q, memory);
	if (q->flows_len == 1 || (fits && q->flows_len <= evidence_query_room(text_len, q->attempts_len))) {
		add_address(q, hint_holding_where(p));
		return true;
	}
	q->flows_len--;
	q->attempts_len = memory->attempts_len = attempts_len;
	q->names_len = names_len;
	return false;
}

bool query_paths_fill(struct query_paths *cursor, size_t text_len, int64_t now_ns, struct evidence_query *query,
		      struct query_attempts *memory)
{
	memset(query, 0, sizeof *query);
	memory->attempts_len = 0;
	for (; cursor->left > 0; cursor->left--, cursor->at = (cursor->at + 1) % cursor->len) {
		const struct path *p = cursor->paths[cursor->at];
		if (is_wanted(p, cursor->server) &&
		    !add_path(query, p, path_slot(p, cursor->server), text_len, now_ns, memory))
			break;
	}
	return query->flows_len > 0;
}
