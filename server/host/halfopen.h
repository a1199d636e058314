/* Decides from the listener's half-open sockets whether the SYN of a connection attempt arrived. Pure.
 *
 * A half-open socket outlives its client by up to a minute, so a socket that is older than the attempt proves nothing.
 * The kernel does not report the age of a half-open socket. It reports the number of SYN-ACK retransmits and the time
 * to the next one. */
#ifndef FLOATPROBE_HALFOPEN_H
#define FLOATPROBE_HALFOPEN_H

#include "common/core/evidence.h"
#include "common/system/sockdiag.h"
#include "server/reflect/flows.h"

#include <stdint.h>

struct halfopen_age {
	uint64_t min_ms, max_ms;
	uint64_t sure_ms; /* lower bound that holds even if the network delivers the client's SYNs close together */
};

#define HALFOPEN_AGE_UNKNOWN UINT32_MAX /* value of max_ms: no upper bound */

/* The kernel retransmits a SYN-ACK 1, 2, 4, ... seconds after the one before. It also retransmits at once for a
 * repeated SYN, which restarts the running interval. It counts both kinds together, so this function tries every split
 * that fits the time left. A client repeats its SYN at most once a second. */
struct halfopen_age halfopen_age(const struct sockdiag_half_open *socket);

struct halfopen_list { /* the half-open sockets of our listener */
	struct sockdiag_half_open *sockets;
	unsigned len;
	unsigned near; /* the first `near` sockets can be the querier's; see halfopen_set_apart */
};

/* Move the sockets of other clients to the end of the list and set `near`. The flows tell which sockets belong to other
 * clients. The query tells where the client's attempts of each family should come from. A long list (a SYN flood)
 * stays as it is. */
void halfopen_set_apart(struct halfopen_list *list, const struct evidence_query *query, const struct flows *flows,
			unsigned client);

/* Compare one attempt of a query with all half-open sockets of our listener; fill the answer but for its origin.
 * Returns the attempt's socket; NULL unless it is HALF_OPEN. seen: the address and port that its SYN was seen to come
 * from; unknown: it was not seen. Where it is known, only the socket of this address and port counts. Else:
 * HALF_OPEN: a socket has exactly the address and port that the attempt should come from (evidence_source_of), and is
 * not certain to be older than the attempt: an older socket would have absorbed the attempt's SYN. If the socket is
 * younger, a repeated SYN made it; the answer holds its age, so the querier can judge whether any SYN arrived in time.
 * NOT_SEEN: there is no such socket, and no other that can be the attempt's. One of another address can be, except
 * those that halfopen_set_apart has found to be others', and except attempts of the other family that are not
 * translated. One of another port can be if the attempt is translated. */
const struct sockdiag_half_open *halfopen_judge(const struct evidence_query *query,
						const struct evidence_attempt *attempt, const struct endpoint *seen,
						const struct halfopen_list *list,
						struct evidence_attempt_answer *answer);

#endif
