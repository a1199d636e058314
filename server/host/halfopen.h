/* Was the SYN of a connection attempt seen? The attempt and the listener's half-open sockets in, a word out. Pure.
 *
 * A half-open socket outlives its client by a minute, so one that is older than the attempt says nothing about it.
 * Its age is not told; what is: how often its SYN-ACK was repeated, and when the next repetition is due. */
#ifndef FLOATPROBE_HALFOPEN_H
#define FLOATPROBE_HALFOPEN_H

#include "common/core/evidence.h"
#include "common/system/sockdiag.h"
#include "server/reflect/flows.h"

#include <stdint.h>

struct halfopen_age {
	uint64_t min_ms, max_ms;
	uint64_t sure_ms; /* at least so old, even if the network squeezed the client's SYNs together */
};

#define HALFOPEN_AGE_UNKNOWN UINT32_MAX /* as max_ms: no bound */

/* The kernel repeats a SYN-ACK 1, 2, 4, .. seconds after the last, and at once for a repeated SYN, which starts the
 * running interval again; both count as retransmits. The age follows from how many of them were of which kind: all
 * splits are tried that the time left allows. A client repeats its SYN at most once a second. */
struct halfopen_age halfopen_age(const struct sockdiag_half_open *socket);

struct halfopen_list { /* of our listener's sockets */
	struct sockdiag_half_open *sockets;
	unsigned len;
	unsigned near; /* the rest are other clients', if no NAT hides the querier; see halfopen_set_apart */
};

/* Move what is other clients' to the list's end, by what the flows tell of the querier, which is seen at that address:
 * while another client connects, one that no NAT hides can still be told what did not come. Of a long list (a flood)
 * nothing is moved. */
void halfopen_set_apart(struct halfopen_list *list, const struct flows *flows, unsigned client,
			const struct endpoint *querier);

/* One attempt of a query against all half-open sockets of our listener: fills the answer. HALF_OPEN is claimed
 * - for the socket of exactly the attempt's address and port, unless it must be older: that one would have swallowed
 *   the attempt's SYN. If it is younger, a repeated SYN made it; its age is told, so that the querier can judge whether
 *   any SYN came in time;
 * - where a NAT shows us the querier by another address than its own: for the only socket of that address that can be
 *   the attempt's, if it must be as old, and this is the only attempt asked about.
 * NOT_SEEN: no other address than the attempt's own has a socket that can be it: behind a NAT any of them could. Where
 * the querier is seen at the attempt's own address, those of other clients cannot. */
void halfopen_judge(const struct evidence_query *query, const struct evidence_attempt *attempt,
		    const struct endpoint *querier, const struct halfopen_list *list,
		    struct evidence_attempt_answer *answer);

#endif
