#include "client/evidence/query_sender.h"

#include "client/evidence/query_paths.h"
#include "client/evidence/settle.h"
#include "common/core/evidence.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <string.h>

enum { PAGES_MAX = 4 }; /* UDP queries per channel and round */

/* Say where the attempts should come from, and remember which of them have a port there. */
static void add_translations(struct query_sender *s, struct query_attempts *memory)
{
	struct evidence_query *q = &s->query;

	translations_tell(&s->translations, q);
	for (unsigned i = 0; i < q->attempts_len; i++) {
		const struct evidence_translation *t = evidence_translation_of(q, &q->attempts[i].client);
		memory->attempts[i].placed = t && t->keeps_ports;
		memory->attempts[i].outside = t ? t->outside : (struct endpoint){ 0 };
	}
}

static struct query_attempts *memory_of_next(const struct channel *c)
{
	return &c->memory->queries[c->prober.next & (CHANNEL_RING_LEN - 1)];
}

/* Fill the query with paths from the cursor on. Returns false if no path is left. */
static bool fill(struct query_sender *s, const struct channel *c, struct query_paths *cursor, struct server_macs *macs,
		 int64_t now_ns)
{
	struct query_attempts *memory = memory_of_next(c);

	if (!query_paths_fill(cursor, query_text_len(c), now_ns, &s->query, memory))
		return false;
	s->query.relayed = c->witness != CHANNEL_DIRECT;
	add_translations(s, memory);
	server_macs_tell(macs, s->link, s->channels->servers[c->server].direct, now_ns, &s->query);
	return true;
}

/* false: the query could not be sent. */
static bool send_query(struct query_sender *s, struct channel *c, int64_t now_ns)
{
	size_t len = query_len(c);
	uint8_t *buf = s->packet;
	uint32_t seq = prober_send(&c->prober, now_ns, clock_real_ns());

	if (c->transport == PACKET_UDP) {
		buf = udp_dialer_stage(s->udp, &c->endpoint, 0, NULL, len, &c->prober, seq);
		if (!buf)
			return false;
	}
	s->packets++;
	if (!query_write(&s->codec, c, &s->query, seq, buf))
		return false;
	if (c->transport == PACKET_TCP)
		tcp_dialer_start(s->tcp, &c->endpoint, buf, len, c->prober.timeout_ns, &c->prober, seq);
	return true;
}

void query_sender_ask(struct query_sender *s, struct channel *c, size_t *from, struct server_macs *macs, int64_t now_ns)
{
	int64_t timeout_ns = c->witness == CHANNEL_DIRECT ? QUERIER_ASK_TIMEOUT_NS : QUERIER_RELAY_TIMEOUT_NS;
	struct query_paths cursor;

	query_paths_begin(&cursor, s->paths, c->server, *from);
	if (cursor.len == 0 || !channels_ask(s->channels, c, timeout_ns, now_ns))
		return;
	for (unsigned page = 0; page < PAGES_MAX && fill(s, c, &cursor, macs, now_ns); page++) {
		if (!send_query(s, c, now_ns) || query_len(c) == QUERY_LEN_MAX)
			break; /* a query of this size covers enough paths */
	}
	*from = cursor.at;
}

bool query_sender_ask_places(struct query_sender *s, struct channel *c, size_t *from, int64_t now_ns)
{
	memset(&s->query, 0, sizeof s->query);
	settle_ask_places(s->paths, c->server, from, &s->query);
	if (s->query.places_len == 0 || !channels_ask(s->channels, c, QUERIER_ASK_TIMEOUT_NS, now_ns))
		return false;
	memory_of_next(c)->attempts_len = 0;
	s->query.flows[s->query.flows_len++] = c->prober.flow_id; /* its own: it needs no path's */
	send_query(s, c, now_ns);
	return true;
}
