/* An IP address and a port. The address has 16 octets; an IPv4 address is written ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
 * An address of all zeros means "not known". */
#ifndef FLOATPROBE_ENDPOINT_H
#define FLOATPROBE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct endpoint {
	uint8_t address[16];
	uint16_t port;   /* host byte order */
	uint16_t egress; /* of a destination: how packets leave for it, see client/net/egress_table.h; else 0 */
};

static const uint8_t endpoint_v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* From the 4 octets of an IPv4 address. */
static inline struct endpoint endpoint_v4(const void *octets, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
	memcpy(e.address + sizeof endpoint_v4_prefix, octets, 4);
	return e;
}

/* From the 16 octets that an endpoint has, or an IPv6 address. */
static inline struct endpoint endpoint_of(const void *octets, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.address, octets, sizeof e.address);
	return e;
}

static inline bool endpoint_is_v4(const struct endpoint *e)
{
	return memcmp(e->address, endpoint_v4_prefix, sizeof endpoint_v4_prefix) == 0;
}

static inline bool endpoint_is_unknown(const struct endpoint *e)
{
	static const uint8_t zero[16];
	return memcmp(e->address, zero, sizeof zero) == 0;
}

static inline bool endpoint_is_loopback(const struct endpoint *e)
{
	static const uint8_t v6[16] = { [15] = 1 };
	return endpoint_is_v4(e) ? e->address[12] == 127 : memcmp(e->address, v6, sizeof v6) == 0;
}

static inline bool endpoint_same_family(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_is_v4(a) == endpoint_is_v4(b);
}

static inline bool endpoint_same_address(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* However packets leave for them: an answer comes from the endpoint that was asked. */
static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_same_address(a, b) && a->port == b->port;
}

/* And packets leave for both alike: what is found there is true of both. */
static inline bool endpoint_same_egress(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_equal(a, b) && a->egress == b->egress;
}

#endif
