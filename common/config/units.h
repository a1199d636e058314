/* Values as people write them, in YAML, on the command line and in URIs.
 *
 * Each function returns NULL and stores the value, or returns what is wrong and what would be right, as static text
 * that continues "VALUE ": "has no unit; write 200ms, 1s or 5m". Then the value is untouched. */
#ifndef FLOATPROBE_UNITS_H
#define FLOATPROBE_UNITS_H

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
};

#define UNITS_MS INT64_C(1000000)
#define UNITS_S  (1000 * UNITS_MS)

/* A number, decimals allowed, and one of ns us ms s m h d; less than 292 years, never negative. */
const char *units_duration(const char *text, int64_t *ns) __attribute__((warn_unused_result));
/* "10%", "0.5%": 0 to 100 %, in steps of 0.1 %. */
const char *units_percent(const char *text, unsigned *permille) __attribute__((warn_unused_result));
const char *units_unsigned(const char *text, uint64_t *value) __attribute__((warn_unused_result));
/* 1 to 65535. */
const char *units_port(const char *text, uint16_t *port) __attribute__((warn_unused_result));
const char *units_boolean(const char *text, bool *value) __attribute__((warn_unused_result));
/* The name of a target, server, client, schedule: 1 to 64 letters, digits and ._-, none of the three in front. */
const char *units_name(const char *text) __attribute__((warn_unused_result));

/* A numeric address, IPv6 also in brackets; IPv4 and IPv4-mapped come out as ::ffff:a.b.c.d. */
const char *units_address(const char *text, uint8_t address[16]) __attribute__((warn_unused_result));
/* The same, and of one host that can be talked to: not unspecified, multicast, broadcast, link-local. */
const char *units_host_address(const char *text, uint8_t address[16]) __attribute__((warn_unused_result));
/* Could text be meant as a numeric address? Else it is a DNS name, right or wrong. */
bool units_looks_numeric(const char *text) __attribute__((warn_unused_result));
/* RFC 1123 form, punycode for what is not ASCII; a final dot is allowed. */
const char *units_dns_name(const char *text) __attribute__((warn_unused_result));
/* "198.51.100.1:8620", "[2001:db8::1]:8620": a numeric address, wildcard included, and a port. Where
 * only the port is wrong, the address is stored. */
const char *units_listen_address(const char *text, uint8_t address[16], uint16_t *port)
    __attribute__((warn_unused_result));

/* Back to text. */
const char *units_duration_text(int64_t ns, char text[UNITS_DURATION_LEN]);
const char *units_address_text(const uint8_t address[16], char text[UNITS_ADDRESS_LEN]);
/* "02:00:5e:00:53:01" */
const char *units_mac_text(const uint8_t mac[6], char text[UNITS_MAC_LEN]);

#endif
