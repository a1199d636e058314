/* Classic BPF programs for packet sockets. They select frames, and cut each one after the headers that we read. A
 * program sees a frame from its network header on. Pure. */
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

/* Accepts UDP datagrams and TCP connection requests for these ports that come to this host, over IPv4 or IPv6; no later
 * fragments. A frame that a bridge floods, or that this host hears in promiscuous mode, has the MAC of another machine:
 * the host's own stack drops it, and so does the filter. Of a datagram it passes what ip_read reads. */
void bpf_requests(struct bpf_program *program, const struct bpf_ports *ports);
/* Accepts the same, and outgoing packets from these ports: all UDP datagrams, and the TCP answers to connection
 * requests. Accepts nothing of the loopback interface. For a socket that sees every protocol. */
void bpf_conversations(struct bpf_program *program, const struct bpf_ports *ports);
/* Accepts connection requests for this TCP port that came to this host, with all TCP options. */
void bpf_syns(struct bpf_program *program, uint16_t port);
/* Accepts ARP frames whose sender claims one of these IPv4 addresses or probes for it. With more addresses than
 * BPF_FILTER_ADDRESSES_MAX it accepts any address. */
void bpf_arp(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len);
/* The same for IPv6: neighbour advertisements, and solicitations from one of these addresses or from ::. Compares only
 * the last 32 bits of an address. */
void bpf_nd(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len);

#endif
