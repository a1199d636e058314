/* A network: an address, and how many of its first bits count. */
#ifndef FLOATPROBE_NETWORK_H
#define FLOATPROBE_NETWORK_H

#include "common/core/endpoint.h"

#include <limits.h>

struct network {
	uint8_t address[16]; /* as in struct endpoint */
	uint8_t bits;        /* of these 16 octets: an IPv4 /24 has 96 + 24 */
};

static inline bool network_contains(const struct network *network, const struct endpoint *e)
{
	unsigned octets = network->bits / CHAR_BIT, rest = network->bits % CHAR_BIT;

	if (memcmp(network->address, e->address, octets) != 0)
		return false;
	return rest == 0 || (network->address[octets] ^ e->address[octets]) >> (CHAR_BIT - rest) == 0;
}

#endif
