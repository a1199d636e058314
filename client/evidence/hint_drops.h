/* Hint: the server's kernel dropped datagrams at the socket, connections at a full accept queue, or TCP segments for
 * their checksum. Its counters tell for which reason, if they grew by as much: those of the host count for all sockets.
 */
#ifndef FLOATPROBE_HINT_DROPS_H
#define FLOATPROBE_HINT_DROPS_H

#include "client/evidence/drop_history.h"
#include "client/path/path.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_drops_explanation {       /* dropped between two answers of one server */
	uint32_t datagrams;           /* UDP: dropped at the socket */
	uint32_t full, bad, filtered; /* datagrams, at least, for a full buffer, the checksum, a filter */
	uint32_t unchecked;           /* UDP: before any socket, for the checksum: zero over IPv6 */
	uint32_t altered;             /* UDP: in our name, did not authenticate: the server itself dropped them */
	bool unread;                  /* the server cannot read why datagrams were dropped */
	uint32_t connections;         /* TCP: dropped at a full accept queue */
	uint32_t segments;            /* TCP: dropped for the checksum */
	uint32_t forward;             /* proven forward losses of this path in the same time */
	struct {                      /* the same from the answer before the outage on, so that none is missing */
		uint32_t dropped;     /* for want of room or for the checksum */
		uint32_t forward;
	} at_most;
};

/* Proven forward losses between the two answers. Probe and query take about the same time to the server. */
uint32_t hint_drops_forward(const struct drop_growth *growth, const struct prober *prober);

/* Add what a server that may answer dropped, since since_ns, of the path's transport. */
void hint_drops_explain(const struct drop_history *history, const struct path *path, int64_t since_ns,
			struct hint_drops_explanation *explanation);

#endif
