/* What the kernel of this host dropped of what it received, beside the probes that got no answer meanwhile: answers may
 * be among it. A process with CAP_NET_RAW sees the answers themselves (own_tap.h). Pure. */
#ifndef FLOATPROBE_OWN_KERNEL_H
#define FLOATPROBE_OWN_KERNEL_H

#include "client/path/probe_kind.h"
#include "common/core/endpoint.h"
#include "common/system/ip_drops.h"

#include <stdbool.h>
#include <stdint.h>

enum { OWN_KERNEL_LOOKS = 64 };

struct own_kernel_unanswered { /* by all paths, so far */
	uint32_t probes[IP_DROPS_FAMILIES];
	uint32_t attempts; /* those of them that are TCP connections, of both families */
};

struct own_kernel_look {
	int64_t at_ns; /* monotonic */
	struct ip_drops drops;
	struct own_kernel_unanswered unanswered;
};

struct own_kernel {
	struct own_kernel_look looks[OWN_KERNEL_LOOKS]; /* a ring, newest at next - 1 */
	unsigned next, len;
	struct own_kernel_unanswered unanswered;
};

/* A probe to this endpoint got no answer. */
void own_kernel_note(struct own_kernel *own, const struct endpoint *endpoint, enum probe_kind kind);
void own_kernel_looked(struct own_kernel *own, const struct ip_drops *drops, int64_t now_ns);

/* What was dropped since the newest look at since_ns or before; 0: less than half as many as there are probes of all
 * paths that got no answer in that time, so that it does not account for them. */
struct own_kernel_explanation {
	uint32_t reverse_path; /* packets of the path's family */
	uint32_t stopped;      /* packets of the path's family, by netfilter or IPsec */
	uint32_t segments;     /* TCP only: segments with a wrong checksum */
};

void own_kernel_explain(const struct own_kernel *own, const struct endpoint *endpoint, enum probe_kind kind,
			int64_t since_ns, struct own_kernel_explanation *explanation);

/* Does it account for silence? */
bool own_kernel_drops(const struct own_kernel_explanation *explanation);

#endif
