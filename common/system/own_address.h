/* The address by which others reach this host, as far as this host can know it. */
#ifndef FLOATPROBE_OWN_ADDRESS_H
#define FLOATPROBE_OWN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The source address of what this host sends through its default route, IPv4 before IPv6; without a route the first
 * address of an interface that is neither loopback nor link-local. IPv4 is stored as ::ffff:a.b.c.d. Nothing is sent.
 * Returns false if there is none. */
bool own_address_find(uint8_t address[16]);

/* Not reached from everywhere: RFC 1918, 6598 and 4193. */
bool own_address_is_private(const uint8_t address[16]);

#endif
