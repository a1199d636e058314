/* What the system knows beyond our own sockets, for evidence: half-open connections, our addresses, twins that were
 * refused. Asked on demand; nothing here wakes up by itself. */
#ifndef FLOATPROBE_HOST_EVIDENCE_H
#define FLOATPROBE_HOST_EVIDENCE_H

#include "common/core/evidence.h"
#include "common/system/errqueue.h"
#include "server/reflect/reflector.h"

#include <stdint.h>

struct host_evidence;

/* tcp_port 0: we do not listen, or shall not look: every attempt is answered with CANNOT_TELL. NULL: no memory. */
struct host_evidence *host_evidence_new(uint16_t tcp_port, int64_t now_ns);
void host_evidence_free(struct host_evidence *host_evidence);

/* There is traffic: time to look at what can be compared later. Cheap enough for each wake-up. */
void host_evidence_touch(struct host_evidence *host_evidence, int64_t now_ns);
/* An ICMP error that came for a reply of ours: twins that left from another address than their reply are kept. */
void host_evidence_note_error(struct host_evidence *host_evidence, const struct errqueue_entry *entry);
/* Fill attempts, addresses, MACs, twins and accept_overflows of the answer. */
void host_evidence_collect(struct host_evidence *host_evidence, const struct evidence_query *query,
			   const struct reflector_querier *querier, int64_t now_ns, struct evidence_answer *answer);

#endif
