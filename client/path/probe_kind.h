/* The kinds of probes and their properties: one table entry for each kind. client/engine/sender.h sends them. */
#ifndef FLOATPROBE_PROBE_KIND_H
#define FLOATPROBE_PROBE_KIND_H

#include "common/core/packet.h"

#include <stdbool.h>
#include <stddef.h>

struct config_target;

enum probe_kind { PROBE_UDP, PROBE_TCP, PROBE_STAMP, PROBE_KINDS };

struct probe_traits {
	const char *word; /* in results and logs */
	const char *name; /* in sentences */
	enum packet_transport transport;
	size_t in_target; /* offset of the bool in struct config_target that asks for such probes */
	bool has_flows;   /* one path for each size and flow; false: one path, each probe from a new port */
	/* A handshake precedes the request. A missing receipt proves no direction: the SYN, the SYN-ACK or the request
	 * may have been lost. The server's half-open sockets and accept queue may tell. A refusal is a RST, which any
	 * firewall can forge. */
	bool has_handshake;
	/* The kernel retransmits, even after the probe's deadline: only a dated receipt proves arrival in time. */
	bool is_repeated;
	/* A plain STAMP reflector answers: nobody signs, there are no receipts, and nobody can be asked. Only round
	 * trips are known. */
	bool is_plain;
	const char *send_call; /* the system call that sends it */
	const char *refused;   /* the error PROBER_REFUSED in a sentence */
};

extern const struct probe_traits probe_kinds[PROBE_KINDS];

static inline const struct probe_traits *probe_kind_of(enum probe_kind kind)
{
	return &probe_kinds[kind];
}

/* Does the target ask for such probes? */
bool probe_kind_wanted(enum probe_kind kind, const struct config_target *target);

#endif
