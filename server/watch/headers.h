/* Parses headers of frames. The input is untrusted. Of a payload, it reads only flow and number of our packets. Pure.
 */
#ifndef FLOATPROBE_HEADERS_H
#define FLOATPROBE_HEADERS_H

#include "common/core/endpoint.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEADERS_MAC_LEN = 6,
	HEADERS_UDP = 17,
	HEADERS_TCP = 6,
	HEADERS_FLOW_LEN = WIRE_FLOW_ID + 8, /* of a UDP payload: up to the flow id of our packets */
};

struct headers_ip {
	struct endpoint source, destination;
	uint8_t protocol; /* HEADERS_UDP or HEADERS_TCP */
	/* UDP: the payload begins as a packet of ours does. Nothing is proven: the MAC is not checked. */
	bool is_ours;
	uint64_t client; /* the first octets of its key */
	uint64_t flow;
	uint32_t seq;
};

/* Parse from the network header on. Returns false unless it is UDP or TCP directly over IPv4 or IPv6, not a later
 * fragment and not cut too short. */
bool headers_read_ip(const uint8_t *buf, size_t len, struct headers_ip *headers) __attribute__((warn_unused_result));

/* The value of the timestamp option of a TCP packet that headers_read_ip takes. Returns false if it has none, or if it
 * is cut before it. */
bool headers_read_timestamp(const uint8_t *buf, size_t len, uint32_t *value) __attribute__((warn_unused_result));

/* A machine claims an address, or probes whether it may use it. */
struct headers_claim {
	struct endpoint address; /* port 0 */
	bool probe;              /* only a probe: an ARP probe, or a neighbour solicitation from :: */
};

/* Returns false if the frame claims nothing. An ordinary ARP request claims its sender's address. */
bool headers_read_arp(const uint8_t *buf, size_t len, struct headers_claim *claim) __attribute__((warn_unused_result));
/* The same for IPv6: neighbour advertisements and solicitations. An advertisement without the override flag claims
 * nothing: it comes from a proxy or from an anycast host. */
bool headers_read_nd(const uint8_t *buf, size_t len, struct headers_claim *claim) __attribute__((warn_unused_result));

/* Whichever of the two it is. */
bool headers_read_claim(const uint8_t *buf, size_t len, struct headers_claim *claim)
    __attribute__((warn_unused_result));

/* Write an ARP probe (RFC 5227). Every other holder of this IPv4 address answers it. */
enum { HEADERS_ARP_LEN = 28 };
void headers_write_arp_probe(uint8_t buf[HEADERS_ARP_LEN], const uint8_t mac[HEADERS_MAC_LEN],
			     const struct endpoint *address);
/* Write a neighbour solicitation, and the destination MAC. Its source is a link-local address made of our MAC, whether
 * this host has that address or not: the answer goes to our MAC. The answer to a solicitation from :: goes to all
 * hosts, which would then store the other machine's MAC. */
enum { HEADERS_SOLICITATION_LEN = 72 };
void headers_write_solicitation(uint8_t buf[HEADERS_SOLICITATION_LEN], uint8_t to[HEADERS_MAC_LEN],
				const uint8_t mac[HEADERS_MAC_LEN], const struct endpoint *address);

#endif
