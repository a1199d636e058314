/* Parse values from YAML, the command line and URIs.
 *
 * Each parser returns NULL and stores the value. On an error it stores nothing and returns static text that follows
 * the value in a message and says how to correct it: "has no unit; write 200ms, 1s or 5m". */
#ifndef FLOATPROBE_UNITS_H
#define FLOATPROBE_UNITS_H

#include "common/core/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	UNITS_NAME_MAX = 64,
	UNITS_HOST_MAX = 253,
	UNITS_LABEL_MAX = 63,
	UNITS_DURATION_LEN = 32,
	UNITS_ADDRESS_LEN = 48,
	UNITS_MAC_LEN = 18,
	UNITS_INTERFACE_LEN = 16, /* IFNAMSIZ */
};

/* A number, decimals allowed, and a unit: ns, us, ms, s, m, h or d. Not negative, less than 292 years. */
const char *units_duration(const char *text, int64_t *ns) __attribute__((warn_unused_result));
/* "10%" or "0.5%": 0 to 100 %, in steps of 0.1 %. */
const char *units_percent(const char *text, unsigned *permille) __attribute__((warn_unused_result));
/* Decimal digits, without leading zeros. */
const char *units_unsigned(const char *text, uint64_t *value) __attribute__((warn_unused_result));
/* 1 to 65535. */
const char *units_port(const char *text, uint16_t *port) __attribute__((warn_unused_result));
/* "true" or "false". */
const char *units_boolean(const char *text, bool *value) __attribute__((warn_unused_result));
/* A name of a target, server, client or schedule: 1 to 64 letters, digits, '.', '_' and '-'. The first character is a
 * letter or a digit. */
const char *units_name(const char *text) __attribute__((warn_unused_result));

/* The name of a network interface, as the kernel allows it. */
const char *units_interface(const char *text) __attribute__((warn_unused_result));
/* A DSCP: 0 to 63, or cs0 to cs7, af11 to af43, ef, le. */
const char *units_dscp(const char *text, uint8_t *dscp) __attribute__((warn_unused_result));
/* A firewall mark: decimal, or hexadecimal with 0x. */
const char *units_mark(const char *text, uint32_t *mark) __attribute__((warn_unused_result));

/* A numeric address; IPv6 may be in brackets. IPv4 is stored as ::ffff:a.b.c.d. */
const char *units_address(const char *text, uint8_t address[16]) __attribute__((warn_unused_result));
/* A network, as "198.51.100.0/24" or "2001:db8::/32", or one address. */
const char *units_network(const char *text, struct network *network) __attribute__((warn_unused_result));
/* A numeric unicast address: not unspecified, multicast, broadcast or link-local. */
const char *units_host_address(const char *text, uint8_t address[16]) __attribute__((warn_unused_result));
/* The same, and also a link-local address, without an interface: an address that another host has. */
const char *units_remote_address(const char *text, uint8_t address[16]) __attribute__((warn_unused_result));
/* As units_host_address, and also a link-local address with its interface, fe80::1%eth0. Without one, interface becomes
 * "". */
const char *units_scoped_address(const char *text, uint8_t address[16], char interface[UNITS_INTERFACE_LEN])
    __attribute__((warn_unused_result));
/* True if text looks like a numeric address, false if it looks like a DNS name. Either may be invalid. */
bool units_looks_numeric(const char *text) __attribute__((warn_unused_result));
/* A host name as in RFC 1123, 2.1; non-ASCII labels in their xn-- form. A final dot is allowed. */
const char *units_dns_name(const char *text) __attribute__((warn_unused_result));
/* A numeric address and a port: "198.51.100.1:8620", "[2001:db8::1]:8620". The wildcard address is allowed. If only
 * the port is wrong, the address is stored all the same. */
const char *units_listen_address(const char *text, uint8_t address[16], uint16_t *port)
    __attribute__((warn_unused_result));

/* Format a value. Both return text. */
const char *units_duration_text(int64_t ns, char text[UNITS_DURATION_LEN]);
const char *units_address_text(const uint8_t address[16], char text[UNITS_ADDRESS_LEN]);
/* "02:00:5e:00:53:01" */
const char *units_mac_text(const uint8_t mac[6], char text[UNITS_MAC_LEN]);

#endif
