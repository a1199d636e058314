/* Is a server alive? The rules, without I/O and without a clock. channel.h and querier.h report the events; assess.h
 * gets the result through querier.h.
 *
 * One channel:
 * - An answer with evidence: the server is ALIVE.
 * - A refusal, or an answer without evidence: some host is there, but the server is UNKNOWN.
 * - A query that this host could not send says nothing, and ends what was known: the server is UNKNOWN.
 * - A timeout, another error, or the report of a witness that the server did not answer: the server is SILENT.
 * - All queries of a round leave together, and count as one silent round.
 * - A round that left before the newest round with a known outcome does not count as silent.
 * - Silence expires: a pause of more than LIVENESS_FRESH_NS between two rounds ends the count of silent rounds.
 * - A witness confirms silence only if it reports it, or if it was heard itself while the channel stayed silent: a
 *   witness that is silent too proves nothing.
 *
 * This host: while no server is known to be alive, the network of this host may be cut off. Timeouts from that time do
 * not prove that a server is silent.
 *
 * All times are monotonic; 0: never. */
#ifndef FLOATPROBE_LIVENESS_H
#define FLOATPROBE_LIVENESS_H

#include "client/path/prober.h"

#include <stdbool.h>
#include <stdint.h>

enum liveness { LIVENESS_UNKNOWN, LIVENESS_ALIVE, LIVENESS_SILENT };

struct liveness_channel {
	bool answered;          /* the newest outcome is an answer with evidence */
	bool refused;           /* the newest outcome is a refusal */
	bool unsent;            /* the newest query could not be sent */
	bool reported_silent;   /* during the silent rounds, the witness reported that the server did not answer */
	bool confirmed;         /* the witness itself answered after the third or a later silent round left */
	unsigned silent_rounds; /* rounds in a row without an answer from the server */
	int64_t asked_ns;       /* when the newest query left */
	int64_t ended_ns;       /* when the newest round with a known outcome left */
	int64_t heard_ns;       /* the newest answer with evidence */
};

/* A round of queries leaves. */
void liveness_asked(struct liveness_channel *channel, bool through_witness, int64_t now_ns);
/* The outcome of a query that left at sent_ns. */
void liveness_answered(struct liveness_channel *channel, bool has_evidence, int64_t sent_ns, int64_t now_ns);
void liveness_reported_silent(struct liveness_channel *channel, int64_t sent_ns);
void liveness_failed(struct liveness_channel *channel, bool refused, int64_t sent_ns);
void liveness_unsent(struct liveness_channel *channel, int64_t sent_ns);
/* witness_heard_ns: the newest answer of the witness itself; 0: the server is asked directly. */
void liveness_timed_out(struct liveness_channel *channel, int64_t witness_heard_ns, int64_t sent_ns);

/* SILENT only if the newest outcome is of a query that left at since_ns or later. */
enum liveness liveness_of_channel(const struct liveness_channel *channel, int64_t since_ns);
/* True if the witness confirms so many silent rounds, or was not asked at since_ns or later. */
bool liveness_witness_agrees(const struct liveness_channel *channel, int64_t since_ns, unsigned rounds);
/* The probes of one path: SILENT if nothing but timeouts and "unreachable" came. connected: a handshake completed. */
enum liveness liveness_of_probes(const struct prober_tally *probes, bool connected);
/* Two sources about one server: ALIVE if one is, SILENT only if both are. */
enum liveness liveness_of_both(enum liveness a, enum liveness b);

struct liveness_host { /* does this host hear any server? */
	bool hears_nobody;
	int64_t heard_ns;    /* when any server was last heard */
	int64_t restored_ns; /* when a server was heard again after hears_nobody */
};

void liveness_host_heard(struct liveness_host *host, int64_t now_ns);
/* A query timed out. any_alive: some server is still known to be alive. */
void liveness_host_timed_out(struct liveness_host *host, bool any_alive);
/* Only queries that left at the returned time or later count for a server that was last asked at asked_ns. */
int64_t liveness_fresh_since_ns(const struct liveness_host *host, int64_t asked_ns);

#endif
