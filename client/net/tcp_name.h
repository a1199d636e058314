/* The name of a TCP attempt's SYN: the value of its timestamp option, which no NAT changes. A server that sees SYNs on
 * its link finds the attempt by it. */
#ifndef FLOATPROBE_TCP_NAME_H
#define FLOATPROBE_TCP_NAME_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_name {
	bool known;       /* false: the clock could not be read in time */
	uint16_t span_ms; /* the SYN has a value of at most so much less */
	uint32_t value;   /* of this connection's timestamp clock, right after connect() */
	bool same_port;   /* another connection of this host may have had the local port about then, to another place */
	bool reused_port; /* an earlier one is known to have had it, and its state can be left at the server */
	bool shared;      /* another connection of this host may have the same name; known some time after connect() */
};

#endif
