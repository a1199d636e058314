/* What the newest errors and strange answers on a path said: text for people, where it is not in the prober's tally. */
#ifndef FLOATPROBE_PATH_FACTS_H
#define FLOATPROBE_PATH_FACTS_H

#include "client/path/prober.h"
#include "common/core/endpoint.h"

#include <stdint.h>

struct path_facts {
	struct endpoint offender;       /* who sent the newest ICMP error or RST; all zero: nobody */
	int icmp_type, icmp_code;       /* -1: none */
	enum prober_outcome last_error; /* the newest error since the last answer; NONE: none */
	unsigned mtu;                   /* of a too-big error; 0: not said */
	int64_t last_error_ns;          /* monotonic: when */
	struct endpoint other_source;   /* where wrong-source answers came from */
	int send_errno;                 /* of the newest probe that could not be sent; 0: none */
	int64_t skew_ns;                /* server's clock minus ours, from a clock-skew answer */
	uint8_t stranger_key[32];       /* who answered as an impostor; all zero: not a valid identity at all */
	struct endpoint arrived_on;     /* that the newest answer, or else a receipt, named; all zero: not known */
	struct endpoint receipt_source; /* how the server sees us, from a receipt; all zero: not known */
	const char *resolve_error;      /* the name could not be resolved; NULL: it could */
};

#endif
