/* Asks servers what they know about our losses (DESIGN § 5); testimony.h understands what they say.
 *
 * A server is asked at most once a second, and only while some path has losses of unknown direction that it has not
 * spoken about yet. It is asked over addresses and protocols that are alive; if none is, over all of them, and through
 * two others that are alive as witnesses: they hand on our query and the answer, and can read neither. Where a great
 * many are to be asked, they take turns. Besides, where several servers may answer, each that does not is asked seldom
 * whether it hears other clients there. */
#ifndef FLOATPROBE_ASKER_H
#define FLOATPROBE_ASKER_H

#include "client/config/config.h"
#include "client/evidence/keyring.h"
#include "client/net/link.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stdint.h>

struct asker_settings { /* all borrowed, and alive as long as the asker */
	const struct config *config;
	const struct keyring *keyring;
	struct paths *paths;
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	void (*learnt)(void *context); /* evidence came: some paths' `stale` is set. May be NULL */
	void *context;
	const struct link_ops *link; /* NULL: nothing is known of this host's links */
};

struct asker;

struct asker *asker_new(const struct asker_settings *settings);
void asker_free(struct asker *asker);

/* The server may be asked at this address, over both protocols (at the first 16 of a server, at most). false: no
 * memory. */
bool asker_add(struct asker *asker, unsigned server, const struct endpoint *endpoint)
    __attribute__((warn_unused_result));
/* All addresses are told anew: those not added between these two are forgotten. */
void asker_begin_addresses(struct asker *asker);
void asker_end_addresses(struct asker *asker);

/* The path has lost something, or is about to: the servers that may answer it may have to be asked. */
void asker_note(struct asker *asker, const struct path *path);

/* Ask who has to be asked, expire what got no answer. Returns when it wants to be called again (monotonic; INT64_MAX:
 * not before there is a new loss). Stages UDP datagrams: flush afterwards. */
int64_t asker_tick(struct asker *asker, int64_t now_ns);

/* An authentic answer (MAC checked) to one of our queries or relays? false: its flow is none of ours. */
bool asker_received(struct asker *asker, unsigned server, const struct packet_reply *reply, uint8_t *buf, size_t len,
		    int64_t now_ns);
/* A server was heard on some path. */
void asker_heard(struct asker *asker, unsigned server, int64_t now_ns);
/* An ICMP error came for this number of a flow that may be ours. */
void asker_failed(struct asker *asker, uint64_t flow_id, uint32_t seq, bool refused);
/* The end of the exchange of this number over TCP, of a flow that is ours and has not left. */
void asker_tcp_done(struct asker *asker, uint64_t flow_id, uint32_t seq, const struct tcp_outcome *outcome);

/* No further probes will be sent: from now on it is asked about all that were lost. */
void asker_last_call(struct asker *asker);
/* Is there nothing more to learn: every server that is wanted has answered since the newest loss, or was
 * asked `rounds` times in vain, of these at least once since the last call? */
bool asker_exhausted(const struct asker *asker, unsigned rounds);

/* Silent, at all its addresses and for witnesses: ways_silent. */
bool asker_silent(const struct asker *asker, unsigned server, unsigned relay_rounds);
/* Is any server known to be alive? */
bool asker_hears_anybody(const struct asker *asker);
/* When one was last heard, on a path or by an answer to a question (monotonic); 0: never. */
int64_t asker_heard_ns(const struct asker *asker);
/* Can the server be asked at another address than this one, or through a witness? */
bool asker_has_other(const struct asker *asker, unsigned server, const struct endpoint *address);
/* Index of a witness that was asked to reach the server, and says that it had no answer from it; -1: none. */
int asker_silent_witness(const struct asker *asker, unsigned server);

#endif
