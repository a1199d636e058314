/* The channels over which servers are queried. A channel is a server, a protocol, and an address: one of the server, or
 * one of a witness that relays. An address for which packets leave in several ways has a channel for each. It keeps the
 * recent queries and their outcomes. No I/O: querier.h sends. */
#ifndef FLOATPROBE_CHANNEL_H
#define FLOATPROBE_CHANNEL_H

#include "client/evidence/liveness.h"
#include "client/evidence/query_result.h"
#include "client/path/paths.h"
#include "client/path/prober.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHANNEL_DIRECT = -1,
	CHANNEL_RING_LEN = 8,       /* newest queries kept for one channel */
	CHANNEL_ADDRESSES_MAX = 16, /* per server */
};

struct channel_memory { /* allocated at the first query */
	struct prober_record ring[CHANNEL_RING_LEN];
	struct query_attempts queries[CHANNEL_RING_LEN]; /* indexed like the ring */
};

struct channel {
	unsigned server; /* the server that answers the query */
	int witness;     /* index of the server that relays at endpoint; CHANNEL_DIRECT: none */
	struct endpoint endpoint;
	enum packet_transport transport;
	bool current;                  /* the address still belongs to the server or the witness */
	struct prober prober;          /* our packets to the endpoint; valid only if memory is not NULL */
	struct channel_memory *memory; /* NULL: no query was sent */
	uint64_t inner_flow_id;        /* flow id of the queries inside relays; their numbers are those of the relays */
	struct liveness_channel liveness; /* liveness of the server as seen over this channel */
	struct channel *next;             /* next in the server's list of direct channels or of relays, oldest first */
	struct channel *next_of_flow;     /* next in the same hash bucket */
	struct channel *next_waiting,
	    **waiting_at; /* list of channels with outstanding queries; waiting_at NULL: not in the list */
};

struct channel_server { /* the channels of one server */
	struct channel *direct, *relays;
	unsigned addresses;
	bool lapsed;      /* a query timed out; the querier clears this and channels.lapsed */
	int64_t heard_ns; /* monotonic: newest answer of any kind, set by the querier; 0: none yet */
};

struct channels {
	struct channel_server *servers;
	size_t servers_len;
	struct channel *waiting;
	int64_t expire_ns;        /* monotonic: no query times out before this */
	bool lapsed;              /* a query to some server timed out */
	struct channel **by_flow; /* hash table of the channels with memory; its length is a power of two */
	size_t by_flow_len, by_flow_count;
	void (*leaving)(void *context, struct channel *channel); /* called before a channel is freed */
	void *context;
};

/* false: no memory. */
bool channels_init(struct channels *channels, size_t servers_len,
		   void (*leaving)(void *context, struct channel *channel), void *context)
    __attribute__((warn_unused_result));
void channels_free(struct channels *channels);

/* Add a direct channel for each protocol. Only the first CHANNEL_ADDRESSES_MAX addresses of a server count.
 * false: no memory. */
bool channels_add(struct channels *channels, unsigned server, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));
/* Replace all addresses: channels_settle frees the channels whose address was not added again since channels_begin,
 * and the relays through them. */
void channels_begin(struct channels *channels);
void channels_settle(struct channels *channels);

/* The relay channel to the server through the witness of the direct channel `through`; made if missing. NULL: no
 * memory. */
struct channel *channels_relay(struct channels *channels, unsigned server, const struct channel *through);
void channels_drop(struct channels *channels, struct channel *channel);

/* A query is about to leave: allocate memory and wait for the outcome. false: no memory. */
bool channels_ask(struct channels *channels, struct channel *channel, int64_t timeout_ns, int64_t now_ns);
/* The channel with this flow id; NULL: none. */
struct channel *channels_find_flow(const struct channels *channels, uint64_t flow_id);
/* Time out queries. Returns the time of the next timeout; INT64_MAX: no query is outstanding. */
int64_t channels_expire(struct channels *channels, int64_t now_ns);

/* The query with this number ended with an error, or its connection closed without an answer. */
void channel_failed(struct channel *channel, uint32_t seq, bool refused);
/* This host could not send it. */
void channel_unsent(struct channel *channel, uint32_t seq);

/* Was the last query of this channel answered, or since then a probe of a path over the same address and protocol? */
bool channel_is_alive(const struct channel *channel, const struct paths *paths);
/* The server's first direct channel that is alive; NULL: none. */
struct channel *channels_first_alive(const struct channels *channels, unsigned server, const struct paths *paths);

/* Liveness of the server by queries alone. SILENT: all its direct channels are silent since since_ns, and every witness
 * that was asked since then confirms it for witness_rounds rounds in a row. Addresses to which this host cannot send,
 * over any protocol, are left out. */
enum liveness channels_liveness(const struct channels *channels, unsigned server, int64_t since_ns,
				unsigned witness_rounds);
/* Does the silence of a server that is SILENT prove that the server is down? One address may be cut off alone: it takes
 * a second one to which this host can send, or a witness that was asked since since_ns. If this host may drop the
 * answers itself, only a witness will do. */
bool channels_silence_is_proof(const struct channels *channels, unsigned server, bool answers_may_be_dropped,
			       int64_t since_ns);
/* A silent relay whose witness reported, at since_ns or later, that the server did not answer; NULL: none. */
const struct channel *channels_reported_silent(const struct channels *channels, unsigned server, int64_t since_ns);

#endif
