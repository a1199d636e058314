#include "server/watch/claims.h"

#include "common/core/bytes.h"

enum {
	ARP_OPERATION = 6,
	ARP_SENDER_MAC = 8,

	ND_CHECKSUM = IP6_LEN + 2,
	ND_FLAGS = IP6_LEN + 4,
	ND_OVERRIDE = 0x20,
	ND_TARGET = IP6_LEN + 8,
	ND_SOURCE_MAC = 1,
};

static const uint8_t arp_head[] = { 0, 1, 8, 0, 6, 4 }; /* Ethernet, IPv4 */

bool claims_read_arp(const uint8_t *buf, size_t len, struct claim *claim)
{
	static const uint8_t unspecified[4];

	if (len < CLAIMS_ARP_LEN || memcmp(buf, arp_head, sizeof arp_head) != 0)
		return false;
	claim->probe = memcmp(buf + CLAIMS_ARP_SENDER, unspecified, sizeof unspecified) == 0;
	claim->address = endpoint_v4(buf + (claim->probe ? CLAIMS_ARP_TARGET : CLAIMS_ARP_SENDER), 0);
	return true;
}

/* A packet that a router forwarded has a hop limit below 255 and is ignored (RFC 4861, 7.1). */
bool claims_read_nd(const uint8_t *buf, size_t len, struct claim *claim)
{
	static const uint8_t unspecified[16];
	bool question;

	if (len < CLAIMS_ND_LEN || buf[0] >> 4 != 6 || buf[IP6_NEXT] != IP_ICMP6 || buf[IP6_HOP_LIMIT] != 255 ||
	    buf[IP6_LEN + 1] != 0)
		return false;
	question = buf[IP6_LEN] == CLAIMS_ND_SOLICITATION;
	claim->probe = question && memcmp(buf + IP6_SOURCE, unspecified, sizeof unspecified) == 0;
	claim->address = endpoint_of(buf + (question && !claim->probe ? IP6_SOURCE : ND_TARGET), 0);
	return question || (buf[IP6_LEN] == CLAIMS_ND_ADVERTISEMENT && buf[ND_FLAGS] & ND_OVERRIDE);
}

bool claims_read(const uint8_t *buf, size_t len, struct claim *claim)
{
	/* ARP begins with a type of hardware, which is a small number; IPv6 with its version. */
	return len > 0 && buf[0] >> 4 == 6 ? claims_read_nd(buf, len, claim) : claims_read_arp(buf, len, claim);
}

void claims_write_arp_probe(uint8_t buf[CLAIMS_ARP_LEN], const uint8_t mac[CLAIMS_MAC_LEN],
			    const struct endpoint *address)
{
	memset(buf, 0, CLAIMS_ARP_LEN);
	memcpy(buf, arp_head, sizeof arp_head);
	bytes_put16(buf + ARP_OPERATION, 1);
	memcpy(buf + ARP_SENDER_MAC, mac, CLAIMS_MAC_LEN);
	memcpy(buf + CLAIMS_ARP_TARGET, address->address + sizeof endpoint_v4_prefix, 4);
}

/* Includes the pseudo-header: addresses, length and protocol. */
static uint16_t icmp6_checksum(const uint8_t *buf, size_t len)
{
	uint32_t sum = (uint32_t)(len - IP6_LEN) + IP_ICMP6;

	for (size_t i = IP6_SOURCE; i < len; i += 2)
		sum += bytes_get16(buf + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

void claims_write_solicitation(uint8_t buf[CLAIMS_SOLICITATION_LEN], uint8_t to[CLAIMS_MAC_LEN],
			       const uint8_t mac[CLAIMS_MAC_LEN], const struct endpoint *address)
{
	const uint8_t source[] = { 0xfe,       0x80,   0,      0,    0,    0,      0,      0,
				   mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };
	const uint8_t *last = address->address + 13;
	const uint8_t destination[] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, last[0], last[1], last[2] };

	memset(buf, 0, CLAIMS_SOLICITATION_LEN);
	buf[0] = 6 << 4;
	bytes_put16(buf + IP6_PAYLOAD_LEN, CLAIMS_SOLICITATION_LEN - IP6_LEN);
	buf[IP6_NEXT] = IP_ICMP6;
	buf[IP6_HOP_LIMIT] = 255;
	memcpy(buf + IP6_SOURCE, source, sizeof source);
	memcpy(buf + IP6_DESTINATION, destination, sizeof destination);
	buf[IP6_LEN] = CLAIMS_ND_SOLICITATION;
	memcpy(buf + ND_TARGET, address->address, sizeof address->address);
	buf[CLAIMS_ND_LEN] = ND_SOURCE_MAC;
	buf[CLAIMS_ND_LEN + 1] = 1; /* in units of eight octets */
	memcpy(buf + CLAIMS_ND_LEN + 2, mac, CLAIMS_MAC_LEN);
	bytes_put16(buf + ND_CHECKSUM, icmp6_checksum(buf, CLAIMS_SOLICITATION_LEN));
	to[0] = to[1] = 0x33;
	memcpy(to + 2, destination + 12, 4);
}
