/* Queries servers about our losses; settle.h evaluates the answers.
 *
 * - A server is queried at most once a second, and only while some path has losses of unknown direction on which the
 *   server has not reported yet.
 * - Queries use the addresses and protocols that are alive. If none is alive, they use all of them, and two live
 * servers as witnesses: a witness relays query and answer, and can read neither.
 * - A rate limit spreads the queries if many servers have to be queried.
 * - Where several servers may answer, each server that does not answer us is asked from time to time whether it hears
 *   other clients there. */
#ifndef FLOATPROBE_QUERIER_H
#define FLOATPROBE_QUERIER_H

#include "client/config/config.h"
#include "client/evidence/drop.h"
#include "client/evidence/drop_history.h"
#include "client/evidence/keyring.h"
#include "client/evidence/liveness.h"
#include "client/evidence/query_result.h"
#include "client/net/link.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stdint.h>

struct querier_settings { /* all pointers are borrowed and outlive the querier */
	const struct config *config;
	struct keyring *keyring;
	struct paths *paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	void (*learnt)(void *context); /* evidence came and set some paths' `stale`; may be NULL */
	/* An answer came, after its evidence was applied. May be NULL. */
	void (*answered)(void *context, const struct query_result *result);
	void *context;
	const struct link_ops *link; /* NULL: nothing is known of this host's links */
};

struct querier;

struct querier *querier_new(const struct querier_settings *settings);
void querier_free(struct querier *querier);

/* Add an address of the server for queries over both protocols: channels_add. false: no memory. */
bool querier_add(struct querier *querier, unsigned server, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));
/* Replace all addresses: those not added between these two calls are removed. */
void querier_begin_addresses(struct querier *querier);
void querier_end_addresses(struct querier *querier);

/* The shortest time between two queries to one server; QUERIER_REST_NS unless it is set. */
void querier_set_rest(struct querier *querier, int64_t rest_ns);

/* Ask the server now, if another one answers where it may, and if it is alive and is not being asked. Flush afterwards.
 */
void querier_poll(struct querier *querier, unsigned server, int64_t now_ns);

/* The path has lost a probe, or is about to: its servers may have to be queried. */
void querier_note(struct querier *querier, const struct path *path);

/* Send the queries that are due and time out old ones. Returns the time of the next call (monotonic; INT64_MAX: after
 * the next loss). Stages UDP datagrams: flush afterwards. */
int64_t querier_tick(struct querier *querier, int64_t now_ns);

/* Are there servers whose turn has not come yet? */
bool querier_has_line(const struct querier *querier);

/* An answer with a valid MAC, which may belong to a query or relay. DROP_FLOW: it does not. */
enum drop querier_received(struct querier *querier, unsigned server, const struct packet_reply *reply, uint8_t *buf,
			   size_t len, int64_t now_ns);
/* The server answered on some path. */
void querier_heard(struct querier *querier, unsigned server, enum packet_status status, int64_t now_ns);
/* A TCP exchange from `local` succeeded; the server saw it come from `seen`. */
void querier_connected(struct querier *querier, const struct endpoint *local, const struct endpoint *seen);
/* An ICMP error came for this number of a flow that may be a query's. */
enum drop querier_failed(struct querier *querier, uint64_t flow_id, uint32_t seq, bool refused);
/* This host could not send this number over UDP. Returns false if the flow is no query's. */
bool querier_unsent(struct querier *querier, uint64_t flow_id, uint32_t seq);
/* The TCP exchange of this number ended; its flow is a query's and its channel still exists. */
enum drop querier_tcp_done(struct querier *querier, uint64_t flow_id, uint32_t seq, const struct tcp_outcome *outcome);

/* No further probes will be sent: query about all losses from now on. */
void querier_last_call(struct querier *querier);
/* True if no more evidence is expected: every wanted server has answered since the newest loss, does not know our key,
 * or left `rounds` rounds of queries unanswered, at least one of them after querier_last_call. */
bool querier_exhausted(const struct querier *querier, unsigned rounds);
/* The first server after `after` (-1: of all) whose evidence is expected; -1: none. */
int querier_awaited(const struct querier *querier, unsigned rounds, int after);

/* Liveness of the server by the newest queries: channels_liveness. */
enum liveness querier_liveness(const struct querier *querier, unsigned server, unsigned witness_rounds);
/* Does the silence of this server prove that it is down? See channels_silence_is_proof. */
bool querier_silence_is_proof(const struct querier *querier, unsigned server, bool answers_may_be_dropped);
/* ALIVE: some server is known to be alive. SILENT: a query timed out while no server was alive, and no server was heard
 * since then. heard_ns: when any server was last heard, on a path or over a channel (monotonic; 0: never). */
enum liveness querier_liveness_of_any(const struct querier *querier, int64_t *heard_ns);
/* Does its newest answer, to a probe or to a query, say that it does not know our key? */
bool querier_refuses_key(const struct querier *querier, unsigned server);
/* When the server last answered anything, and when it last answered a query with evidence (monotonic; 0: never). */
int64_t querier_heard_ns(const struct querier *querier, unsigned server);
int64_t querier_evidence_ns(const struct querier *querier, unsigned server);
/* Can the server be queried at another address than this one, or through a witness? */
bool querier_has_other(const struct querier *querier, unsigned server, const struct endpoint *address);
/* What the server's kernel dropped, from its answers. */
const struct drop_history *querier_drops(const struct querier *querier, unsigned server);
/* Index of a witness that reported that the server did not answer it; -1: none. */
int querier_silent_witness(const struct querier *querier, unsigned server);

#endif
