#include "common/core/ip.h"

#include "common/core/bytes.h"

enum { OPTION_END = 0, OPTION_NO_OPERATION = 1, OPTION_TIMESTAMP = 8, OPTION_TIMESTAMP_LEN = 10 };

static bool read_transport(const uint8_t *p, size_t len, struct ip_packet *packet)
{
	if (packet->protocol != IP_UDP && packet->protocol != IP_TCP)
		return false;
	if (len < (packet->protocol == IP_UDP ? IP_UDP_LEN : IP_TCP_LEN_READ))
		return false;
	packet->source.port = bytes_get16(p);
	packet->destination.port = bytes_get16(p + 2);
	packet->transport = p;
	packet->transport_len = len;
	return true;
}

static bool read_ip4(const uint8_t *buf, size_t len, struct ip_packet *packet)
{
	size_t head_len = len >= IP4_LEN_MIN ? (size_t)(buf[0] & 0x0f) * 4 : 0;

	if (head_len < IP4_LEN_MIN || head_len > len ||
	    (bytes_get16(buf + IP4_FRAGMENT) & IP4_FRAGMENT_OFFSET_MASK) != 0)
		return false;
	packet->source = endpoint_v4(buf + IP4_SOURCE, 0);
	packet->destination = endpoint_v4(buf + IP4_DESTINATION, 0);
	packet->protocol = buf[IP4_PROTOCOL];
	return read_transport(buf + head_len, len - head_len, packet);
}

static bool read_ip6(const uint8_t *buf, size_t len, struct ip_packet *packet)
{
	if (len < IP6_LEN)
		return false;
	packet->source = endpoint_of(buf + IP6_SOURCE, 0);
	packet->destination = endpoint_of(buf + IP6_DESTINATION, 0);
	packet->protocol = buf[IP6_NEXT];
	return read_transport(buf + IP6_LEN, len - IP6_LEN, packet);
}

bool ip_read(const uint8_t *buf, size_t len, struct ip_packet *packet)
{
	unsigned version = len > 0 ? buf[0] >> 4 : 0;

	return version == 4 ? read_ip4(buf, len, packet) : version == 6 && read_ip6(buf, len, packet);
}

static bool find_timestamp(const uint8_t *p, const uint8_t *end, uint32_t *value)
{
	while (p < end && *p != OPTION_END) {
		if (*p == OPTION_NO_OPERATION) {
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

bool ip_tcp_timestamp(const struct ip_packet *packet, uint32_t *value)
{
	const uint8_t *tcp = packet->transport;
	size_t head_len = (size_t)(tcp[IP_TCP_DATA_OFFSET] >> 4) * 4;

	return head_len > IP_TCP_LEN_MIN && head_len <= packet->transport_len &&
	       find_timestamp(tcp + IP_TCP_LEN_MIN, tcp + head_len, value);
}
