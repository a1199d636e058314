/* Asks servers what they know about our losses (DESIGN § 5); settle.h understands what they say.
 *
 * A server is asked at most once a second, and only while some path has losses of unknown direction that it has not
 * spoken about yet. It is asked over addresses and protocols that are alive; if none is, over all of them, and through
 * two others that are alive as witnesses: they hand on our query and the answer, and can read neither. Where a great
 * many are to be asked, they take turns. Besides, where several servers may answer, each that does not is asked seldom
 * whether it hears other clients there. */
#ifndef FLOATPROBE_QUERIER_H
#define FLOATPROBE_QUERIER_H

#include "client/config/config.h"
#include "client/evidence/drop.h"
#include "client/evidence/keyring.h"
#include "client/evidence/liveness.h"
#include "client/net/link.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stdint.h>

struct querier_settings { /* all borrowed, and alive as long as the querier */
	const struct config *config;
	const struct keyring *keyring;
	struct paths *paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	void (*learnt)(void *context); /* evidence came: some paths' `stale` is set. May be NULL */
	void *context;
	const struct link_ops *link; /* NULL: nothing is known of this host's links */
};

struct querier;

struct querier *querier_new(const struct querier_settings *settings);
void querier_free(struct querier *querier);

/* The server may be asked at this address, over both protocols (at the first 16 of a server, at most). false: no
 * memory. */
bool querier_add(struct querier *querier, unsigned server, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));
/* All addresses are told anew: those not added between these two are forgotten. */
void querier_begin_addresses(struct querier *querier);
void querier_end_addresses(struct querier *querier);

/* The path has lost something, or is about to: the servers that may answer it may have to be asked. */
void querier_note(struct querier *querier, const struct path *path);

/* Ask who has to be asked, expire what got no answer. Returns when it wants to be called again (monotonic; INT64_MAX:
 * not before there is a new loss). Stages UDP datagrams: flush afterwards. */
int64_t querier_tick(struct querier *querier, int64_t now_ns);

/* An authentic answer (MAC checked), perhaps to one of our queries or relays. DROP_FLOW: its flow is none of ours. */
enum drop querier_received(struct querier *querier, unsigned server, const struct packet_reply *reply, uint8_t *buf,
			   size_t len, int64_t now_ns);
/* A server was heard on some path. */
void querier_heard(struct querier *querier, unsigned server, int64_t now_ns);
/* An ICMP error came for this number of a flow that may be ours. */
enum drop querier_failed(struct querier *querier, uint64_t flow_id, uint32_t seq, bool refused);
/* The end of the exchange of this number over TCP, of a flow that is ours and has not left. */
enum drop querier_tcp_done(struct querier *querier, uint64_t flow_id, uint32_t seq, const struct tcp_outcome *outcome);

/* No further probes will be sent: from now on it is asked about all that were lost. */
void querier_last_call(struct querier *querier);
/* Is there nothing more to learn: every server that is wanted has answered since the newest loss, or did not answer
 * `rounds` rounds of queries, of these at least one since the last call? */
bool querier_exhausted(const struct querier *querier, unsigned rounds);

/* What the newest queries show of the server: channels_liveness. */
enum liveness querier_liveness(const struct querier *querier, unsigned server, unsigned witness_rounds);
/* ALIVE: some server is known to be. SILENT: a query timed out while none was, and none was heard since then.
 * heard_ns: when one was last heard, on a path or by an answer to a query (monotonic; 0: never). */
enum liveness querier_liveness_of_any(const struct querier *querier, int64_t *heard_ns);
/* Can the server be asked at another address than this one, or through a witness? */
bool querier_has_other(const struct querier *querier, unsigned server, const struct endpoint *address);
/* Index of a witness that was asked to reach the server, and says that it had no answer from it; -1: none. */
int querier_silent_witness(const struct querier *querier, unsigned server);

#endif
