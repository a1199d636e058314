/* Packets of UDP and TCP, from the IP header on. */
#ifndef FLOATPROBE_SAMPLE_IP_H
#define FLOATPROBE_SAMPLE_IP_H

#include "common/core/bytes.h"
#include "common/core/ip.h"
#include "tests/unit/sample_packet.h"

enum { SAMPLE_IP_LEN_MAX = 256, SAMPLE_IP_PAYLOAD_LEN = 40 };

struct sample_ip {
	uint8_t buf[SAMPLE_IP_LEN_MAX];
	size_t len, headers_len;
};

static inline size_t sample_ip_transport(uint8_t *p, uint8_t protocol, uint16_t from, uint16_t to, uint8_t flags)
{
	bytes_put16(p, from);
	bytes_put16(p + 2, to);
	if (protocol == IP_UDP)
		return 8;
	p[12] = 5 << 4;
	p[13] = flags;
	return 14; /* what is read of it */
}

/* options: octets of IP options. */
static inline struct sample_ip sample_ip4(uint8_t protocol, uint16_t from, uint16_t to, uint8_t flags, unsigned options)
{
	struct sample_ip p = { .headers_len = 20 + options };

	p.buf[0] = (uint8_t)(0x40 | (20 + options) / 4);
	p.buf[6] = 0x40; /* don't fragment */
	p.buf[9] = protocol;
	memcpy(p.buf + 12, (uint8_t[]){ 198, 18, 1, 9, 198, 18, 1, 5 }, 8);
	p.headers_len += sample_ip_transport(p.buf + p.headers_len, protocol, from, to, flags);
	p.len = p.headers_len + SAMPLE_IP_PAYLOAD_LEN;
	return p;
}

static inline struct sample_ip sample_ip6(uint8_t protocol, uint16_t from, uint16_t to, uint8_t flags)
{
	struct sample_ip p = { .headers_len = 40 };
	struct endpoint source = sample_endpoint_v6(9, 0), destination = sample_endpoint_v6(5, 0);

	p.buf[0] = 0x60;
	p.buf[6] = protocol;
	memcpy(p.buf + 8, source.address, 16);
	memcpy(p.buf + 24, destination.address, 16);
	p.headers_len += sample_ip_transport(p.buf + p.headers_len, protocol, from, to, flags);
	p.len = p.headers_len + SAMPLE_IP_PAYLOAD_LEN;
	return p;
}

/* A SYN with these TCP options, which are a multiple of four octets long. */
static inline struct sample_ip sample_ip_syn(const uint8_t *options, size_t len, bool v6)
{
	struct sample_ip p = v6 ? sample_ip6(IP_TCP, 1, 8620, IP_TCP_SYN) : sample_ip4(IP_TCP, 1, 8620, IP_TCP_SYN, 8);
	uint8_t *tcp = p.buf + p.headers_len - 14;

	tcp[12] = (uint8_t)((20 + len) / 4 << 4);
	memcpy(tcp + 20, options, len);
	p.len = p.headers_len - 14 + 20 + len;
	return p;
}

#endif
