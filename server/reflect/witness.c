#include "server/reflect/witness.h"

#include "common/core/seal.h"
#include "common/core/thresholds.h"

#include <stdlib.h>

enum { HEAD_MAX = WIRE_PROBE_MIN }; /* longest part before a query, with four slots */

struct relay {
	int64_t deadline_ns; /* 0: free */
	struct reflector_request request;
	struct witness_origin origin;
	struct witness_peer peer;
	/* flow_id, seq and query_len are those of the relayed query. */
	uint64_t flow_id;
	uint32_t seq;
	size_t query_len;
	uint8_t head[HEAD_MAX];
};

struct witness {
	const struct witness_peer *peers;
	size_t peers_len;
	unsigned waiting;
	struct relay relays[WITNESS_RELAYS_MAX];
	uint8_t packet[HEAD_MAX + WITNESS_QUERY_MAX];
	uint64_t counts[WITNESS_OUTCOMES_LEN];
};

const char *witness_outcome_text(enum witness_outcome outcome)
{
	static const char *const texts[] = {
#define X(name, text) text,
		WITNESS_OUTCOMES(X)
#undef X
	};
	return texts[outcome];
}

const char *witness_outcome_name(enum witness_outcome outcome)
{
	static const char *const names[] = {
#define X(name, text) #name,
		WITNESS_OUTCOMES(X)
#undef X
	};
	return names[outcome];
}

struct witness *witness_new(void)
{
	return calloc(1, sizeof(struct witness));
}

void witness_free(struct witness *witness)
{
	free(witness);
}

void witness_set_peers(struct witness *witness, const struct witness_peer *peers, size_t peers_len)
{
	witness->peers = peers;
	witness->peers_len = peers_len;
}

static enum witness_outcome count(struct witness *w, enum witness_outcome outcome)
{
	w->counts[outcome]++;
	return outcome;
}

/* Read the query inside a relay request. It must be a query, so nothing is relayed twice, and it must be the client's
 * own. */
static bool read_query(const struct packet_request *outer, const struct witness_query *query,
		       struct packet_request *inner)
{
	return query->len <= WITNESS_QUERY_MAX &&
	       packet_read_request(query->buf, query->len, inner) == PACKET_FAULT_NONE && inner->role == PACKET_QUERY &&
	       inner->transport == PACKET_UDP &&
	       memcmp(inner->client_key, outer->client_key, sizeof inner->client_key) == 0;
}

static const struct witness_peer *find_peer(const struct witness *w, const struct witness_query *query, unsigned slots)
{
	for (size_t i = 0; i < w->peers_len; i++)
		if (seal_request_slot(w->peers[i].key, query->buf, slots) >= 0)
			return &w->peers[i];
	return NULL;
}

/* Returns the relay that waits for this query, else the first free one, else NULL. */
static struct relay *find_relay(struct witness *w, const struct witness_peer *peer, const struct packet_request *inner)
{
	struct relay *spare = NULL;

	for (struct relay *r = w->relays; r < w->relays + WITNESS_RELAYS_MAX; r++) {
		if (r->deadline_ns == 0)
			spare = spare ? spare : r;
		else if (r->flow_id == inner->flow_id && r->seq == inner->seq &&
			 memcmp(r->peer.key, peer->key, sizeof r->peer.key) == 0)
			return r;
	}
	return spare;
}

static void keep(struct relay *r, const struct reflector_request *relay, const struct witness_query *query,
		 const struct packet_request *inner)
{
	r->deadline_ns = relay->now_ns + WITNESS_WAIT_NS;
	r->request = *relay;
	r->flow_id = inner->flow_id;
	r->seq = inner->seq;
	r->query_len = query->len;
	memcpy(r->head, relay->buf, relay->len - query->len);
}

enum witness_outcome witness_take(struct witness *witness, const struct reflector_request *relay,
				  const struct witness_origin *origin, struct witness_query *query)
{
	struct packet_request outer, inner;
	const struct witness_peer *peer;
	struct relay *r;

	if (packet_read_request(relay->buf, relay->len, &outer) != PACKET_FAULT_NONE)
		return count(witness, WITNESS_MALFORMED);
	query->buf = packet_evidence(relay->buf, relay->len, outer.slots, &query->len);
	if (!read_query(&outer, query, &inner))
		return count(witness, WITNESS_MALFORMED);
	peer = find_peer(witness, query, inner.slots);
	if (!peer) {
		memset(query->buf, 0, query->len);
		return count(witness, WITNESS_NO_PEER);
	}
	r = find_relay(witness, peer, &inner);
	if (!r || r->deadline_ns)
		return count(witness, WITNESS_BUSY);
	keep(r, relay, query, &inner);
	r->origin = *origin;
	r->peer = *peer;
	query->to = peer->address;
	witness->waiting++;
	return count(witness, WITNESS_FORWARDED);
}

/* True if all visible fields of the answer fit the relay. Only the client has the key to check the rest. */
static bool is_answer_to(const struct relay *r, const struct endpoint *from, const struct packet_reply *answer,
			 size_t len)
{
	return r->deadline_ns && r->flow_id == answer->flow_id && r->seq == answer->seq && r->query_len == len &&
	       endpoint_equal(&r->peer.address, from) &&
	       memcmp(r->peer.key, answer->server_key, sizeof r->peer.key) == 0;
}

/* End a relay. answer NULL: the peer gave none. */
static void finish(struct witness *w, struct relay *r, const uint8_t *answer, struct witness_done *done)
{
	size_t head_len = r->request.len - r->query_len;

	memcpy(w->packet, r->head, head_len);
	if (answer)
		memcpy(w->packet + head_len, answer, r->query_len);
	else
		memset(w->packet + head_len, 0, r->query_len);
	*done = (struct witness_done){ .request = r->request,
				       .origin = r->origin,
				       .status = answer ? PACKET_OK : PACKET_PEER_SILENT };
	done->request.buf = w->packet;
	r->deadline_ns = 0;
	w->waiting--;
}

enum witness_outcome witness_hear(struct witness *witness, const struct endpoint *from, const uint8_t *buf, size_t len,
				  struct witness_done *done)
{
	struct packet_reply answer;

	if (witness->waiting == 0 || len < WIRE_PACKET_MIN || buf[WIRE_FLOW_ROLE] != PACKET_ANSWER ||
	    packet_read_reply(buf, len, &answer) != PACKET_FAULT_NONE)
		return WITNESS_NOTHING;
	for (struct relay *r = witness->relays; r < witness->relays + WITNESS_RELAYS_MAX; r++) {
		if (!is_answer_to(r, from, &answer, len))
			continue;
		finish(witness, r, buf, done);
		return count(witness, WITNESS_ANSWERED);
	}
	return count(witness, WITNESS_UNASKED);
}

enum witness_outcome witness_expire(struct witness *witness, int64_t now_ns, struct witness_done *done)
{
	for (struct relay *r = witness->relays; r < witness->relays + WITNESS_RELAYS_MAX; r++) {
		if (r->deadline_ns == 0 || r->deadline_ns > now_ns)
			continue;
		finish(witness, r, NULL, done);
		return count(witness, WITNESS_SILENT);
	}
	return WITNESS_NOTHING;
}

int64_t witness_deadline_ns(const struct witness *witness)
{
	int64_t first = 0;

	for (const struct relay *r = witness->relays; witness->waiting && r < witness->relays + WITNESS_RELAYS_MAX; r++)
		if (r->deadline_ns && (first == 0 || r->deadline_ns < first))
			first = r->deadline_ns;
	return first;
}

const uint64_t *witness_counts(const struct witness *witness)
{
	return witness->counts;
}
