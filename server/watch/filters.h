/* What of a link's frames the kernel shall show us: classic BPF programs for packet sockets, which see a frame from its
 * network header on and hand over no more of it than the headers that we read. Pure. */
#ifndef FLOATPROBE_FILTERS_H
#define FLOATPROBE_FILTERS_H

#include "common/core/endpoint.h"

#include <linux/filter.h>
#include <stdint.h>

enum { FILTERS_LEN_MAX = 250, FILTERS_PORTS_MAX = 16, FILTERS_ADDRESSES_MAX = 64 };

struct filters_program {
	struct sock_filter code[FILTERS_LEN_MAX];
	unsigned short len;
};

struct filters_ports {
	uint16_t udp[FILTERS_PORTS_MAX], tcp[FILTERS_PORTS_MAX];
	unsigned udp_len, tcp_len;
};

/* Arriving UDP datagrams and TCP connection requests for these ports, over IPv4 or IPv6; not later fragments. */
void filters_requests(struct filters_program *program, const struct filters_ports *ports);
/* The same, and what leaves from these ports: all datagrams, and of TCP the answers to connection requests. Nothing of
 * the loopback interface. For a socket that sees every protocol. */
void filters_conversations(struct filters_program *program, const struct filters_ports *ports);
/* ARP frames whose sender claims one of these IPv4 addresses, or asks whether it may have it. With more addresses than
 * FILTERS_ADDRESSES_MAX: any address. */
void filters_arp(struct filters_program *program, const struct endpoint *addresses, unsigned addresses_len);
/* The same in IPv6: neighbour advertisements, and solicitations from one of these addresses or from ::. Of an address
 * only the last 32 bits are compared. */
void filters_nd(struct filters_program *program, const struct endpoint *addresses, unsigned addresses_len);

#endif
