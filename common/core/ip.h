/* Reads IP packets as packet sockets capture them: UDP (RFC 768) or TCP (RFC 9293) directly over IPv4 (RFC 791) or IPv6
 * (RFC 8200). The input is untrusted, and it may be cut. Pure. */
#ifndef FLOATPROBE_IP_H
#define FLOATPROBE_IP_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IP_TCP = 6, IP_UDP = 17, IP_ICMP6 = 58 }; /* protocols */

/* Octets, each counted from the begin of its own header. Packet filters use them, too. */
enum {
	IP4_LEN_MIN = 20,
	IP4_FRAGMENT = 6,
	IP4_FRAGMENT_OFFSET_MASK = 0x1fff, /* not 0: a later fragment, without a UDP or TCP header */
	IP4_PROTOCOL = 9,
	IP4_SOURCE = 12,
	IP4_DESTINATION = 16,

	IP6_LEN = 40,
	IP6_PAYLOAD_LEN = 4,
	IP6_NEXT = 6,
	IP6_HOP_LIMIT = 7,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,

	IP_UDP_LEN = 8,
	IP_TCP_LEN_MIN = 20,
	IP_TCP_LEN_MAX = 60,
	IP_TCP_DATA_OFFSET = 12,
	IP_TCP_FLAGS = 13,
	IP_TCP_LEN_READ = IP_TCP_FLAGS + 1, /* captures of TCP may end here */
};
enum { IP_TCP_FIN = 0x01, IP_TCP_SYN = 0x02, IP_TCP_RST = 0x04, IP_TCP_ACK = 0x10 };

struct ip_packet {
	struct endpoint source, destination;
	uint8_t protocol;         /* IP_UDP or IP_TCP */
	const uint8_t *transport; /* its header, in the buffer that was read */
	size_t transport_len;     /* captured octets from there on: at least IP_UDP_LEN or IP_TCP_LEN_READ */
};

/* Returns false unless it is UDP or TCP, no later fragment, and long enough. IPv6 extension headers are not followed.
 */
bool ip_read(const uint8_t *buf, size_t len, struct ip_packet *packet) __attribute__((warn_unused_result));

/* TSval of the timestamps option (RFC 7323) of a TCP packet. Returns false if it has none, or is cut before it. */
bool ip_tcp_timestamp(const struct ip_packet *packet, uint32_t *value) __attribute__((warn_unused_result));

#endif
