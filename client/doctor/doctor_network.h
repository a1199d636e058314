/* Addresses as the rules of doctor read and show them. */
#ifndef FLOATPROBE_DOCTOR_NETWORK_H
#define FLOATPROBE_DOCTOR_NETWORK_H

#include "common/config/units.h"
#include "common/core/network.h"

enum { DOCTOR_BITS_V4 = 32, DOCTOR_BITS_V6 = 128 };

/* The bits of an address of this family. */
static inline unsigned doctor_bits(const struct endpoint *e)
{
	return endpoint_is_v4(e) ? DOCTOR_BITS_V4 : DOCTOR_BITS_V6;
}

/* len: the prefix length, up to doctor_bits of the address. */
static inline bool doctor_same_network(const struct endpoint *a, const struct endpoint *b, unsigned len)
{
	struct network network = { .bits = (uint8_t)(DOCTOR_BITS_V6 - doctor_bits(b) + len) };

	memcpy(network.address, b->address, sizeof network.address);
	return endpoint_same_family(a, b) && network_contains(&network, a);
}

struct doctor_text {
	char t[UNITS_ADDRESS_LEN];
};

/* Returns text->t. */
static inline const char *doctor_show(const struct endpoint *e, struct doctor_text *text)
{
	return units_address_text(e->address, text->t);
}

#endif
