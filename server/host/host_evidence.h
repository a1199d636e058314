/* Evidence from the kernel: half-open connections, refused twins, counters. Collected on demand, without a timer. */
#ifndef FLOATPROBE_HOST_EVIDENCE_H
#define FLOATPROBE_HOST_EVIDENCE_H

#include "common/core/evidence.h"
#include "common/system/errqueue.h"
#include "server/reflect/reflector.h"

#include <stdint.h>

struct host_evidence;

/* tcp_port 0: the server does not listen on TCP, or half_open is off; every attempt is then answered with CANNOT_TELL.
 * Returns NULL if memory is out. */
struct host_evidence *host_evidence_new(uint16_t tcp_port, int64_t now_ns);
void host_evidence_free(struct host_evidence *host_evidence);

/* Sample the counters that later answers compare. Cheap enough to call at each wake-up with traffic. */
void host_evidence_touch(struct host_evidence *host_evidence, int64_t now_ns);
/* An ICMP error for one of our replies. Keeps it if the reply is a twin that left from another address than its pinned
 * reply. */
void host_evidence_note_error(struct host_evidence *host_evidence, const struct errqueue_entry *entry);
/* Fill the attempts, twins and counters of the answer. The draft already has the sources of the SYNs that were seen,
 * and the answer the drops of our sockets. */
void host_evidence_collect(struct host_evidence *host_evidence, const struct evidence_query *query,
			   const struct reflector_querier *querier, int64_t now_ns, struct draft *draft);

#endif
