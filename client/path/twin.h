/* The probes that ask for an unpinned twin reply: would an application here that does not choose its source address be
 * heard? They go beside a path, in a flow of their own and each from a port of its own: a NAT must not meet the twin's
 * strange source in a flow that anything else relies on. Pure. */
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
	uint8_t heard[TWIN_RING_LEN];   /* of the twin to each: see twin.c */
	struct endpoint source;         /* of the newest twin that came from elsewhere .. */
	struct endpoint refused_source; /* .. or that the server had an ICMP error for */
	uint32_t looked;                /* all before it have been looked at when their time was over */
	uint32_t ask_from;              /* those before it are no reason (any more) to ask the server */
	bool wondering;                 /* one is missing: what does the server know of it? */
};

/* What came of the probes whose time is over. */
struct twin_counts {
	uint32_t pinned;                /* their pinned reply came: the sum of the next three */
	uint32_t both;                  /* the twin came too, from the address probed */
	uint32_t elsewhere;             /* the twin came from another address */
	uint32_t missing;               /* the twin did not come */
	uint32_t refused;               /* of the missing: the server has had an ICMP error for the twin */
	struct endpoint source;         /* where the newest of those from elsewhere came from */
	struct endpoint refused_source; /* where the newest of the refused had left from: not the address probed */
};

void twin_init(struct twin *twin, uint64_t flow_id, int64_t timeout_ns);
/* A probe leaves now; returns its number. */
uint32_t twin_send(struct twin *twin, int64_t now_ns, int64_t now_real_ns);
/* An authentic reply of the twin's flow: the pinned one or, by its flag, the twin. */
bool twin_reply(struct twin *twin, const struct packet_reply *reply, const struct endpoint *asked,
		const struct endpoint *source, int64_t received_real_ns, int64_t now_ns);
/* Looks at those whose time is over. true: by now one is missing that the server shall be asked about; that is asked
 * for again only after half a ring. */
bool twin_expire(struct twin *twin, int64_t now_ns);
int64_t twin_next_deadline(const struct twin *twin); /* INT64_MAX: nothing is waiting */
/* The server has said what it knows .. */
void twin_told(struct twin *twin);
/* .. such as an ICMP error for the twin to this number, which had left from source: not the address probed. */
void twin_refused(struct twin *twin, uint32_t seq, const struct endpoint *source);
void twin_count(struct twin *twin, int64_t now_ns, struct twin_counts *counts);

#endif
