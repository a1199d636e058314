/* The ways to ask servers what they know. A way is a server, an address at which it can be asked (or a witness that
 * hands on, at one of its own), and a protocol; with it goes the memory of what was asked there and how that ended.
 * Each server has its own ways. No I/O: querier.h asks. */
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
	CHANNEL_RING_LEN = 8,       /* queries of one way under way */
	CHANNEL_ADDRESSES_MAX = 16, /* of one server */
};

struct channel_memory { /* of a way that was asked at least once */
	struct prober_record ring[CHANNEL_RING_LEN];
	struct query_attempts queries[CHANNEL_RING_LEN]; /* by number, as in the ring */
};

struct channel {
	unsigned server; /* who is asked */
	int witness;     /* through whom: index of the server at endpoint; CHANNEL_DIRECT: it is the server itself */
	struct endpoint endpoint;
	enum packet_transport transport;
	bool current;                     /* the address is still the server's, or the witness's */
	struct prober prober;             /* our packets to the endpoint; only with memory */
	struct channel_memory *memory;    /* NULL: never asked */
	uint64_t inner_flow_id;           /* of the queries in relays; their numbers are those of the relays */
	struct liveness_channel liveness; /* what the queries show of the server */
	struct channel *next;             /* the server's next: direct ones and relays apart, the oldest first */
	struct channel *next_of_flow;     /* in the same bucket */
	struct channel *next_waiting,
	    **waiting_at; /* the list of those that have something outstanding; NULL: not in it */
};

struct channel_server { /* a server's ways */
	struct channel *direct, *relays;
	unsigned addresses;
	bool lapsed;      /* a query got no answer in its time; the querier's to clear, with the whole's `lapsed` */
	int64_t heard_ns; /* monotonic, the querier's to note: its newest answer of whatever kind; 0: none yet */
};

struct channels {
	struct channel_server *servers;
	size_t servers_len;
	struct channel *waiting;
	int64_t expire_ns; /* monotonic: nothing of them is over before */
	bool lapsed;
	struct channel **by_flow; /* those with memory: buckets, a power of two of them */
	size_t by_flow_len, by_flow_count;
	void (*leaving)(void *context, struct channel *channel); /* called before a way is freed */
	void *context;
};

/* false: no memory. */
bool channels_init(struct channels *channels, size_t servers_len,
		   void (*leaving)(void *context, struct channel *channel), void *context)
    __attribute__((warn_unused_result));
void channels_free(struct channels *channels);

/* The server can be asked at this address, over both protocols (at the first CHANNEL_ADDRESSES_MAX). false: no memory.
 */
bool channels_add(struct channels *channels, unsigned server, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));
/* The addresses are told anew: those that are not added until channels_settle are no longer the servers', and go, as do
 * relays by way of them. */
void channels_begin(struct channels *channels);
void channels_settle(struct channels *channels);

/* The server by way of a witness that is asked as `through` is; made if it is not there yet. NULL: no memory. */
struct channel *channels_relay(struct channels *channels, unsigned server, const struct channel *through);
void channels_drop(struct channels *channels, struct channel *channel);

/* A query is about to leave: memory is there from now on, and its end is waited for. false: no memory. */
bool channels_ask(struct channels *channels, struct channel *channel, int64_t timeout_ns, int64_t now_ns);
/* The way with this flow; NULL: none. */
struct channel *channels_find_flow(const struct channels *channels, uint64_t flow_id);
/* Queries whose time is over get no answer. Returns when the next one's is; INT64_MAX: nothing is outstanding. */
int64_t channels_expire(struct channels *channels, int64_t now_ns);

/* Instead of an answer to the query with this number an error came, or the end of its connection. */
void channel_failed(struct channel *channel, uint32_t seq, bool refused);

/* Is something known to work: this way's last query, or since then a probe of a path over the same? */
bool channel_is_alive(const struct channel *channel, const struct paths *paths);
/* The first of the server's direct ways that is alive; NULL: none. */
struct channel *channels_first_alive(const struct channels *channels, unsigned server, const struct paths *paths);

/* What the queries alone show of the server. SILENT: all its direct channels are, since since_ns, at two addresses or
 * more; and every witness that was asked since then confirms it, for so many rounds in a row. */
enum liveness channels_liveness(const struct channels *channels, unsigned server, int64_t since_ns,
				unsigned witness_rounds);
/* A silent channel whose witness reported, at since_ns or later, that the server did not answer; NULL: none. */
const struct channel *channels_reported_silent(const struct channels *channels, unsigned server, int64_t since_ns);

#endif
