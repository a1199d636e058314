/* Reads and writes the packets by which a machine claims an address, or asks who has it: ARP (RFC 826, RFC 5227) and
 * neighbour discovery (RFC 4861). What is read is untrusted. Pure. */
#ifndef FLOATPROBE_CLAIMS_H
#define FLOATPROBE_CLAIMS_H

#include "common/core/endpoint.h"
#include "common/core/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets, from the network header on. Packet filters use them, too. */
enum {
	CLAIMS_MAC_LEN = 6,
	CLAIMS_ARP_SENDER = 14,
	CLAIMS_ARP_TARGET = 24,
	CLAIMS_ARP_LEN = 28,
	CLAIMS_ND_SOLICITATION = 135, /* ICMPv6 types */
	CLAIMS_ND_ADVERTISEMENT = 136,
	CLAIMS_ND_LEN = IP6_LEN + 24, /* without options */
	CLAIMS_SOLICITATION_LEN = CLAIMS_ND_LEN + 8,
};

/* A machine claims an address, or probes whether it may use it. */
struct claim {
	struct endpoint address; /* port 0 */
	bool probe;              /* only a probe: an ARP probe, or a neighbour solicitation from :: */
};

/* Returns false if the frame claims nothing. An ordinary ARP request claims its sender's address. */
bool claims_read_arp(const uint8_t *buf, size_t len, struct claim *claim) __attribute__((warn_unused_result));
/* The same for IPv6: neighbour advertisements and solicitations. An advertisement without the override flag claims
 * nothing: it comes from a proxy or from an anycast host. */
bool claims_read_nd(const uint8_t *buf, size_t len, struct claim *claim) __attribute__((warn_unused_result));

/* Whichever of the two it is. */
bool claims_read(const uint8_t *buf, size_t len, struct claim *claim) __attribute__((warn_unused_result));

/* Write an ARP probe (RFC 5227). Every other holder of this IPv4 address answers it. */
void claims_write_arp_probe(uint8_t buf[CLAIMS_ARP_LEN], const uint8_t mac[CLAIMS_MAC_LEN],
			    const struct endpoint *address);
/* Write a neighbour solicitation, and the destination MAC. Its source is a link-local address made of our MAC, whether
 * this host has that address or not: the answer goes to our MAC. The answer to a solicitation from :: goes to all
 * hosts, which would then store the other machine's MAC. */
void claims_write_solicitation(uint8_t buf[CLAIMS_SOLICITATION_LEN], uint8_t to[CLAIMS_MAC_LEN],
			       const uint8_t mac[CLAIMS_MAC_LEN], const struct endpoint *address);

#endif
