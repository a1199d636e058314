/* The ports of fresh sockets: the ephemeral range in a random order, each once before any comes again. The kernel
 * chooses UDP ports at random, and a port that is used again soon can match an old connection tracking entry, which
 * leads to the previous holder of an address. It gives TCP ports of one parity only (inet_hashtables.c), and ports in a
 * row can fall into step with the number of targets: either way one of two links that share the load by port is never
 * probed. The order differs in each process, so that a restarted one does not begin with the same ports. */
#ifndef FLOATPROBE_FRESH_PORTS_H
#define FLOATPROBE_FRESH_PORTS_H

#include "common/system/udp.h"

#include <stdint.h>

enum { FRESH_PORTS_KEY_LEN = 16 };

struct fresh_ports {
	uint32_t low, len;  /* the range; len 0: the kernel chooses */
	uint32_t next;      /* number of the next port, below 4^half_bits */
	unsigned half_bits; /* 4^half_bits >= len */
	uint8_t key[FRESH_PORTS_KEY_LEN];
	uint8_t reserved[(UINT16_MAX + 1) / 8]; /* a bit for each port */
};

/* The range of this network namespace, without its reserved ports. */
void fresh_ports_init(struct fresh_ports *ports);
/* Leave out the ports of a list such as "3306,50000-50010\n" (/proc/sys/net/ipv4/ip_local_reserved_ports). If it is not
 * valid or leaves none, the kernel chooses. */
void fresh_ports_leave_out(struct fresh_ports *ports, const char *list);

/* The next port; 0: the kernel chooses. */
uint16_t fresh_ports_next(struct fresh_ports *ports);
/* Open a UDP socket on the next port that is free; sets options->bind.port. Returns the descriptor or -errno. */
int fresh_ports_open(struct fresh_ports *ports, struct udp_options *options);
/* Bind a TCP socket that has no port yet to the next port that is free. Returns it; 0: connect() has to choose. */
uint16_t fresh_ports_bind(struct fresh_ports *ports, int fd);
/* The same where ports could run out: connect() gives one to several addresses. Leaves to it the ports of its parity,
 * that of the first in the range: about each second socket. */
uint16_t fresh_ports_bind_other_parity(struct fresh_ports *ports, int fd);

#endif
