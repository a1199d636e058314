/* What of a link's frames the kernel shall show us: classic BPF programs for packet sockets, which see a frame from its
 * network header on and hand over no more of it than the headers that we read. Pure. */
#ifndef FLOATPROBE_BPF_H
#define FLOATPROBE_BPF_H

#include "common/core/endpoint.h"

#include <linux/filter.h>
#include <stdint.h>

enum { BPF_FILTER_LEN_MAX = 250, BPF_FILTER_PORTS_MAX = 16, BPF_FILTER_ADDRESSES_MAX = 64 };

struct bpf_program {
	struct sock_filter code[BPF_FILTER_LEN_MAX];
	unsigned short len;
};

struct bpf_ports {
	uint16_t udp[BPF_FILTER_PORTS_MAX], tcp[BPF_FILTER_PORTS_MAX];
	unsigned udp_len, tcp_len;
};

/* Arriving UDP datagrams and TCP connection requests for these ports, over IPv4 or IPv6; not later fragments. */
void bpf_requests(struct bpf_program *program, const struct bpf_ports *ports);
/* The same, and what leaves from these ports: all datagrams, and of TCP the answers to connection requests. Nothing of
 * the loopback interface. For a socket that sees every protocol. */
void bpf_conversations(struct bpf_program *program, const struct bpf_ports *ports);
/* ARP frames whose sender claims one of these IPv4 addresses, or asks whether it may have it. With more addresses than
 * BPF_FILTER_ADDRESSES_MAX: any address. */
void bpf_arp(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len);
/* The same in IPv6: neighbour advertisements, and solicitations from one of these addresses or from ::. Of an address
 * only the last 32 bits are compared. */
void bpf_nd(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len);

#endif
