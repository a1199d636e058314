/* Headers of frames from the network: hostile octets in, facts out. Payload is never looked at. Pure. */
#ifndef FLOATPROBE_HEADERS_H
#define FLOATPROBE_HEADERS_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEADERS_MAC_LEN = 6, HEADERS_UDP = 17, HEADERS_TCP = 6 };

struct headers_ip {
	struct endpoint source, destination;
	uint8_t protocol; /* HEADERS_UDP or HEADERS_TCP */
};

/* From the network header on. false: not UDP or TCP directly over IPv4 or IPv6, a later fragment, or cut too short. */
bool headers_read_ip(const uint8_t *buf, size_t len, struct headers_ip *headers) __attribute__((warn_unused_result));

/* Somebody says that an address is his, or asks whether he may have it. */
struct headers_claim {
	struct endpoint address; /* port 0 */
	bool probe;              /* he only asks: an ARP probe, or a neighbour solicitation from :: */
};

/* false: nothing of that kind. An ordinary request claims its sender's address. */
bool headers_read_arp(const uint8_t *buf, size_t len, struct headers_claim *claim) __attribute__((warn_unused_result));
/* The same in IPv6: neighbour advertisements and solicitations. Who does not insist (no override flag) speaks for
 * another (a proxy), or is one of several on purpose (anycast). */
bool headers_read_nd(const uint8_t *buf, size_t len, struct headers_claim *claim) __attribute__((warn_unused_result));

/* An ARP probe (RFC 5227): whoever else has this IPv4 address will say so. */
enum { HEADERS_ARP_LEN = 28 };
void headers_write_arp_probe(uint8_t buf[HEADERS_ARP_LEN], const uint8_t mac[HEADERS_MAC_LEN],
			     const struct endpoint *address);
/* The same in IPv6: a neighbour solicitation, and the MAC that it goes to. It asks from a link-local address made of
 * our MAC, whether that is ours or not: the answer comes to the MAC. A probe from :: would be answered to everybody,
 * who would then take the other one for the right one. */
enum { HEADERS_SOLICITATION_LEN = 72 };
void headers_write_solicitation(uint8_t buf[HEADERS_SOLICITATION_LEN], uint8_t to[HEADERS_MAC_LEN],
				const uint8_t mac[HEADERS_MAC_LEN], const struct endpoint *address);

#endif
