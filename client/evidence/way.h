/* The ways to ask servers what they know. A way is a server, an address at which it can be asked (or a witness that
 * hands on, at one of its own), and a protocol; with it goes the memory of what was asked there and how that ended.
 * Each server has its own ways. No I/O: querier.h asks. */
#ifndef FLOATPROBE_WAY_H
#define FLOATPROBE_WAY_H

#include "client/evidence/statement.h"
#include "client/path/paths.h"
#include "client/path/prober.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAY_NEWS_NS INT64_C(5000000000) /* a way not asked for so long says nothing of now */

enum {
	WAY_DIRECT = -1,
	WAY_RING_LEN = 8,       /* queries of one way under way */
	WAY_ADDRESSES_MAX = 16, /* of one server */
};

struct way_memory { /* of a way that was asked at least once */
	struct prober_record ring[WAY_RING_LEN];
	struct statement_query queries[WAY_RING_LEN]; /* by number, as in the ring */
};

struct way {
	unsigned server; /* who is asked */
	int witness;     /* through whom: index of the server at endpoint; WAY_DIRECT: it is the server itself */
	struct endpoint endpoint;
	bool tcp;
	bool current;                           /* the address is still the server's, or the witness's */
	struct prober prober;                   /* our packets to the endpoint; only with memory */
	struct way_memory *memory;              /* NULL: never asked */
	uint64_t inner_flow_id;                 /* of the queries in relays; their numbers are those of the relays */
	bool alive;                             /* the newest thing heard of it was an answer */
	bool refused;                           /* .. was a refusal: somebody is there */
	unsigned in_vain;                       /* rounds of queries in a row that were .. */
	bool told_in_vain;                      /* .. by the witness's own word .. */
	bool vouched;                           /* .. or it was heard itself since the third had left, or a later one */
	int64_t ended_ns;                       /* monotonic: when the newest round left whose end is known */
	int64_t asked_ns;                       /* monotonic: the newest query; 0: none yet */
	int64_t heard_ns;                       /* .. and the newest answer, or of a relay the server's; 0: none yet */
	struct way *next;                       /* the server's next: direct ones and relays apart, the oldest first */
	struct way *next_of_flow;               /* in the same bucket */
	struct way *next_waiting, **waiting_at; /* the list of those that have something outstanding; NULL: not in it */
};

struct way_server { /* a server's ways */
	struct way *direct, *relays;
	unsigned addresses;
	bool lapsed;      /* a query got no answer in its time; the querier's to clear, with the whole's `lapsed` */
	int64_t heard_ns; /* monotonic, the querier's to note: its newest answer of whatever kind; 0: none yet */
};

struct ways {
	struct way_server *servers;
	size_t servers_len;
	struct way *waiting;
	int64_t expire_ns; /* monotonic: nothing of them is over before */
	bool lapsed;
	struct way **by_flow; /* those with memory: buckets, a power of two of them */
	size_t by_flow_len, by_flow_count;
	void (*leaving)(void *context, struct way *way); /* called before a way is freed */
	void *context;
};

/* false: no memory. */
bool ways_init(struct ways *ways, size_t servers_len, void (*leaving)(void *context, struct way *way), void *context)
    __attribute__((warn_unused_result));
void ways_free(struct ways *ways);

/* The server can be asked at this address, over both protocols (at the first WAY_ADDRESSES_MAX). false: no memory. */
bool ways_add(struct ways *ways, unsigned server, const struct endpoint *endpoint) __attribute__((warn_unused_result));
/* The addresses are told anew: those that are not added until ways_settle are no longer the servers', and go, as do
 * relays by way of them. */
void ways_begin(struct ways *ways);
void ways_settle(struct ways *ways);

/* The server by way of a witness that is asked as `through` is; made if it is not there yet. NULL: no memory. */
struct way *ways_relay(struct ways *ways, unsigned server, const struct way *through);
void ways_drop(struct ways *ways, struct way *way);

/* A query is about to leave: memory is there from now on, and its end is waited for. false: no memory. */
bool ways_ask(struct ways *ways, struct way *way, int64_t timeout_ns, int64_t now_ns);
/* The way with this flow; NULL: none. */
struct way *ways_find_flow(const struct ways *ways, uint64_t flow_id);
/* Queries whose time is over were in vain. Returns when the next one's is; INT64_MAX: nothing is outstanding. */
int64_t ways_expire(struct ways *ways, int64_t now_ns);

/* An answer came to the query that left at sent_ns. in_vain: it is a witness's, which could not reach the server. */
void way_answered(struct way *way, int64_t sent_ns, bool alive, bool in_vain, int64_t now_ns);
/* Instead of an answer to the query with this number an error came, or the end of its connection. */
void way_failed(struct way *way, uint32_t seq, bool refused);

/* Is something known to work: this way's last query, or since then a probe of a path over the same? */
bool way_is_alive(const struct way *way, const struct paths *paths);
/* The first of the server's direct ways that is alive; NULL: none. */
struct way *ways_first_alive(const struct ways *ways, unsigned server, const struct paths *paths);

/* At least two addresses, all asked lately over UDP and TCP since they last showed life, and nothing but silence came;
 * nor did a witness reach it that was asked lately, in so many rounds in a row: what is lost between it and the server
 * is no word of the server. One that neither says so nor is heard itself may be lost to us, as the server may.
 * Lately: at since_ns (monotonic) or later. */
bool ways_silent(const struct ways *ways, unsigned server, int64_t since_ns, unsigned relay_rounds);
/* A witness that was asked lately, and says that it could not reach the server; NULL: none. */
const struct way *ways_told_in_vain(const struct ways *ways, unsigned server, int64_t since_ns);

#endif
