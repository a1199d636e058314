#include "server/watch/headers.h"

#include "common/core/bytes.h"

enum {
	IP4_MIN = 20,
	IP4_FRAGMENT = 6,
	IP4_PROTOCOL = 9,
	IP4_SOURCE = 12,
	IP4_DESTINATION = 16,

	IP6_LEN = 40,
	IP6_PAYLOAD_LEN = 4,
	IP6_NEXT = 6,
	IP6_HOP_LIMIT = 7,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,

	UDP_LEN = 8,
	TCP_LEN = 14, /* up to its flags */
	TCP_OFFSET = 12,
	TCP_OPTIONS = 20,
	OPTION_END = 0,
	OPTION_NOTHING = 1,
	OPTION_TIMESTAMP = 8,
	OPTION_TIMESTAMP_LEN = 10,

	ARP_OPERATION = 6,
	ARP_SENDER_MAC = 8,
	ARP_SENDER = 14,
	ARP_TARGET = 24,

	ICMP6 = 58,
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
	ND_CHECKSUM = IP6_LEN + 2,
	ND_FLAGS = IP6_LEN + 4,
	ND_OVERRIDE = 0x20,
	ND_TARGET = IP6_LEN + 8,
	ND_LEN = IP6_LEN + 24,
	ND_SOURCE_MAC = 1,
};

static const uint8_t arp_head[] = { 0, 1, 8, 0, 6, 4 }; /* Ethernet, IPv4 */

/* len: from the transport header on. */
static void read_flow(const uint8_t *payload, size_t len, struct headers_ip *headers)
{
	headers->is_ours = headers->protocol == HEADERS_UDP && len >= UDP_LEN + HEADERS_FLOW_LEN &&
			   bytes_get32(payload + WIRE_FLOW_MAGIC) == WIRE_MAGIC;
	headers->client = headers->is_ours ? bytes_get64(payload + WIRE_PROBE_CLIENT_KEY) : 0;
	headers->flow = headers->is_ours ? bytes_get64(payload + WIRE_FLOW_ID) : 0;
	headers->seq = headers->is_ours ? bytes_get32(payload + WIRE_SEQ) : 0;
}

static bool read_transport(const uint8_t *p, size_t len, struct headers_ip *headers)
{
	if (headers->protocol != HEADERS_UDP && headers->protocol != HEADERS_TCP)
		return false;
	if (len < (headers->protocol == HEADERS_UDP ? UDP_LEN : TCP_LEN))
		return false;
	headers->source.port = bytes_get16(p);
	headers->destination.port = bytes_get16(p + 2);
	read_flow(p + UDP_LEN, len, headers);
	return true;
}

static bool read_ip4(const uint8_t *buf, size_t len, struct headers_ip *headers)
{
	size_t head_len = len >= IP4_MIN ? (size_t)(buf[0] & 0x0f) * 4 : 0;

	if (head_len < IP4_MIN || head_len > len || (bytes_get16(buf + IP4_FRAGMENT) & 0x1fff) != 0)
		return false;
	headers->source = endpoint_v4(buf + IP4_SOURCE, 0);
	headers->destination = endpoint_v4(buf + IP4_DESTINATION, 0);
	headers->protocol = buf[IP4_PROTOCOL];
	return read_transport(buf + head_len, len - head_len, headers);
}

static bool read_ip6(const uint8_t *buf, size_t len, struct headers_ip *headers)
{
	if (len < IP6_LEN)
		return false;
	headers->source = endpoint_of(buf + IP6_SOURCE, 0);
	headers->destination = endpoint_of(buf + IP6_DESTINATION, 0);
	headers->protocol = buf[IP6_NEXT];
	return read_transport(buf + IP6_LEN, len - IP6_LEN, headers);
}

bool headers_read_ip(const uint8_t *buf, size_t len, struct headers_ip *headers)
{
	unsigned version = len > 0 ? buf[0] >> 4 : 0;

	return version == 4 ? read_ip4(buf, len, headers) : version == 6 && read_ip6(buf, len, headers);
}

static bool find_timestamp(const uint8_t *p, const uint8_t *end, uint32_t *value)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_NOTHING) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return false;
		if (p[0] == OPTION_TIMESTAMP && p[1] == OPTION_TIMESTAMP_LEN) {
			*value = bytes_get32(p + 2);
			return true;
		}
		p += p[1];
	}
	return false;
}

bool headers_read_timestamp(const uint8_t *buf, size_t len, uint32_t *value)
{
	size_t head_len = buf[0] >> 4 == 4 ? (size_t)(buf[0] & 0x0f) * 4 : IP6_LEN, options_end;

	if (len < head_len + TCP_OPTIONS)
		return false;
	options_end = head_len + (size_t)(buf[head_len + TCP_OFFSET] >> 4) * 4;
	return options_end <= len && options_end > head_len + TCP_OPTIONS &&
	       find_timestamp(buf + head_len + TCP_OPTIONS, buf + options_end, value);
}

bool headers_read_arp(const uint8_t *buf, size_t len, struct headers_claim *claim)
{
	static const uint8_t unspecified[4];

	if (len < HEADERS_ARP_LEN || memcmp(buf, arp_head, sizeof arp_head) != 0)
		return false;
	claim->probe = memcmp(buf + ARP_SENDER, unspecified, sizeof unspecified) == 0;
	claim->address = endpoint_v4(buf + (claim->probe ? ARP_TARGET : ARP_SENDER), 0);
	return true;
}

/* A packet that a router forwarded has a hop limit below 255 and is ignored (RFC 4861, 7.1). */
bool headers_read_nd(const uint8_t *buf, size_t len, struct headers_claim *claim)
{
	static const uint8_t unspecified[16];
	bool question;

	if (len < ND_LEN || buf[0] >> 4 != 6 || buf[IP6_NEXT] != ICMP6 || buf[IP6_HOP_LIMIT] != 255 ||
	    buf[IP6_LEN + 1] != 0)
		return false;
	question = buf[IP6_LEN] == ND_SOLICITATION;
	claim->probe = question && memcmp(buf + IP6_SOURCE, unspecified, sizeof unspecified) == 0;
	claim->address = endpoint_of(buf + (question && !claim->probe ? IP6_SOURCE : ND_TARGET), 0);
	return question || (buf[IP6_LEN] == ND_ADVERTISEMENT && buf[ND_FLAGS] & ND_OVERRIDE);
}

bool headers_read_claim(const uint8_t *buf, size_t len, struct headers_claim *claim)
{
	/* ARP begins with a type of hardware, which is a small number; IPv6 with its version. */
	return len > 0 && buf[0] >> 4 == 6 ? headers_read_nd(buf, len, claim) : headers_read_arp(buf, len, claim);
}

void headers_write_arp_probe(uint8_t buf[HEADERS_ARP_LEN], const uint8_t mac[HEADERS_MAC_LEN],
			     const struct endpoint *address)
{
	memset(buf, 0, HEADERS_ARP_LEN);
	memcpy(buf, arp_head, sizeof arp_head);
	bytes_put16(buf + ARP_OPERATION, 1);
	memcpy(buf + ARP_SENDER_MAC, mac, HEADERS_MAC_LEN);
	memcpy(buf + ARP_TARGET, address->address + sizeof endpoint_v4_prefix, 4);
}

/* Includes the pseudo-header: addresses, length and protocol. */
static uint16_t icmp6_checksum(const uint8_t *buf, size_t len)
{
	uint32_t sum = (uint32_t)(len - IP6_LEN) + ICMP6;

	for (size_t i = IP6_SOURCE; i < len; i += 2)
		sum += bytes_get16(buf + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

void headers_write_solicitation(uint8_t buf[HEADERS_SOLICITATION_LEN], uint8_t to[HEADERS_MAC_LEN],
				const uint8_t mac[HEADERS_MAC_LEN], const struct endpoint *address)
{
	const uint8_t source[] = { 0xfe,       0x80,   0,      0,    0,    0,      0,      0,
				   mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };
	const uint8_t *last = address->address + 13;
	const uint8_t destination[] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, last[0], last[1], last[2] };

	memset(buf, 0, HEADERS_SOLICITATION_LEN);
	buf[0] = 6 << 4;
	bytes_put16(buf + IP6_PAYLOAD_LEN, HEADERS_SOLICITATION_LEN - IP6_LEN);
	buf[IP6_NEXT] = ICMP6;
	buf[IP6_HOP_LIMIT] = 255;
	memcpy(buf + IP6_SOURCE, source, sizeof source);
	memcpy(buf + IP6_DESTINATION, destination, sizeof destination);
	buf[IP6_LEN] = ND_SOLICITATION;
	memcpy(buf + ND_TARGET, address->address, sizeof address->address);
	buf[ND_LEN] = ND_SOURCE_MAC;
	buf[ND_LEN + 1] = 1; /* in units of eight octets */
	memcpy(buf + ND_LEN + 2, mac, HEADERS_MAC_LEN);
	bytes_put16(buf + ND_CHECKSUM, icmp6_checksum(buf, HEADERS_SOLICITATION_LEN));
	to[0] = to[1] = 0x33;
	memcpy(to + 2, destination + 12, 4);
}
