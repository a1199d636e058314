/* Probes that request an unpinned twin reply. They test whether replies of an application on the server that does not
 * choose its source address arrive. They have their own flow, and each has its own port: the twin's source address may
 * differ, and a NAT must not see that in a flow that other probes use. Pure. */
#ifndef FLOATPROBE_TWIN_H
#define FLOATPROBE_TWIN_H

#include "client/path/prober.h"
#include "common/core/endpoint.h"
#include "common/core/packet.h"

#include <stdbool.h>
#include <stdint.h>

enum { TWIN_RING_LEN = 64, TWIN_PROBE_LEN = PACKET_TWIN_MIN };

struct twin {
	struct prober prober; /* of the pinned replies */
	struct prober_record ring[TWIN_RING_LEN];
	uint8_t heard[TWIN_RING_LEN];   /* flags of each probe's twin reply: see twin.c */
	struct endpoint source;         /* source of the newest twin that came from another address */
	struct endpoint refused_source; /* source of the newest twin for which the server had an ICMP error */
	uint32_t looked;                /* all before it were examined after their deadline */
	uint32_t ask_from;              /* missing twins before it cause no query */
	bool needs_evidence;            /* a twin is missing, and the server is to be queried */
};

/* Counts of the probes whose deadline has passed. */
struct twin_counts {
	uint32_t pinned;                /* the pinned reply came: both + elsewhere + missing */
	uint32_t both;                  /* the twin came too, from the address probed */
	uint32_t elsewhere;             /* the twin came from another address */
	uint32_t missing;               /* the twin did not come */
	uint32_t refused;               /* those of missing for which the server had an ICMP error */
	struct endpoint source;         /* source of the newest twin from another address */
	struct endpoint refused_source; /* source of the newest refused twin: not the probed address */
};

void twin_init(struct twin *twin, uint64_t flow_id, int64_t timeout_ns);
/* Record a probe sent now; returns its number. */
uint32_t twin_send(struct twin *twin, int64_t now_ns, int64_t now_real_ns);
/* An authentic reply in this flow: the pinned one or, with PACKET_TWIN, the twin. false: too old or not ours. */
bool twin_reply(struct twin *twin, const struct packet_reply *reply, const struct endpoint *asked,
		const struct endpoint *source, int64_t received_real_ns, int64_t now_ns);
/* Examine the probes whose deadline has passed. true: a twin is newly missing, and the server is to be queried. After
 * twin_told the next query waits for half a ring of probes. */
bool twin_expire(struct twin *twin, int64_t now_ns);
int64_t twin_next_deadline(const struct twin *twin); /* INT64_MAX: nothing is waiting */
/* The server has answered the query. */
void twin_told(struct twin *twin);
/* The server had an ICMP error for the twin of this number, sent from source: not the probed address. */
void twin_refused(struct twin *twin, uint32_t seq, const struct endpoint *source);
void twin_count(struct twin *twin, int64_t now_ns, struct twin_counts *counts);

#endif
