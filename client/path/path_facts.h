/* Details of the newest errors and unexpected answers on a path, for the sentences of a verdict. */
#ifndef FLOATPROBE_PATH_FACTS_H
#define FLOATPROBE_PATH_FACTS_H

#include "client/net/link.h"
#include "client/path/prober.h"
#include "common/core/endpoint.h"

#include <stdint.h>

struct path_facts {
	struct endpoint offender;      /* sender of the newest ICMP error or RST; all zero: none */
	int icmp_type, icmp_code;      /* -1: none */
	struct link_next_hop next_hop; /* it answered no ARP or ND question, so that UNREACHABLE probes did not leave;
					* address unknown: another host sent the error */
	int64_t link_answer_ns; /* monotonic: when the endpoint last answered an ARP or ND question; 0: not known */
	enum prober_outcome last_error; /* the newest error since the last answer; NONE: none */
	unsigned mtu; /* of a too-big error, or the path MTU that made this host refuse; 0: not known */
	struct link_interface interface; /* towards the endpoint, if this host refused a probe for its size */
	int64_t last_error_ns;           /* monotonic: when last_error came */
	int64_t altered_ns; /* monotonic: when an answer to this flow came that does not authenticate; 0: never */
	struct endpoint other_source; /* where wrong-source answers came from */
	int send_errno;               /* of the newest probe that could not be sent; 0: none */
	int64_t skew_ns;              /* server's clock minus ours, from a clock-skew answer */
	uint8_t stranger_key[32];     /* key of the impostor; all zero: not a valid identity */
	struct endpoint
	    arrived_on; /* server's local address, from the newest answer or a receipt; all zero: not known */
	struct endpoint receipt_source; /* our address as the server sees it, from a receipt; all zero: not known */
	const char *resolve_error;      /* why the name could not be resolved; NULL: it was resolved */
	bool tos_known;      /* UDP: a server said with which TOS or traffic class the newest answered probe arrived */
	uint8_t arrived_tos; /* this one */
};

#endif
