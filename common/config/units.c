#include "common/config/units.h"

#include "common/core/endpoint.h"
#include "common/core/ns.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_BITS = 128 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- numbers ---- */

/* Parse "12.5" and multiply it by scale, without rounding. *rest points behind the number. */
static bool parse_decimal(const char *text, int64_t scale, int64_t *value, const char **rest)
{
	int64_t sum = 0;
	const char *p = text;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *p - '0', &sum))
			return false;
	}
	if (p == text || __builtin_mul_overflow(sum, scale, &sum))
		return false;
	if (*p == '.' && is_digit(p[1])) {
		for (p++; is_digit(*p); p++) {
			if (scale % 10 != 0 && *p != '0')
				return false;
			scale /= 10;
			if (__builtin_add_overflow(sum, (*p - '0') * scale, &sum))
				return false;
		}
	}
	*value = sum;
	*rest = p;
	return true;
}

/* Largest first, so that units_duration_text finds the largest unit that divides the value. */
static const struct {
	const char *name;
	int64_t ns;
} duration_units[] = {
	{ "d", 86400 * NS_PER_S },
	{ "h", 3600 * NS_PER_S },
	{ "m", 60 * NS_PER_S },
	{ "s", NS_PER_S },
	{ "ms", NS_PER_MS },
	{ "us", 1000 },
	{ "ns", 1 },
};
enum { DURATION_SECONDS = 3, DURATION_UNITS_LEN = sizeof duration_units / sizeof *duration_units };

const char *units_duration(const char *text, int64_t *ns)
{
	size_t digits = strspn(text, "0123456789.");
	if (digits == 0)
		return "is not a duration; write 200ms, 1s or 5m";
	if (text[digits] == '\0')
		return "has no unit; durations are written as 200ms, 1s or 5m";
	for (size_t i = 0; i < DURATION_UNITS_LEN; i++) {
		if (strcmp(text + digits, duration_units[i].name) != 0)
			continue;
		int64_t value;
		const char *rest;
		if (!parse_decimal(text, duration_units[i].ns, &value, &rest) || rest != text + digits)
			return "is not a valid duration; write 200ms, 1s or 5m";
		*ns = value;
		return NULL;
	}
	return "has an unknown unit; units are ns, us, ms, s, m, h and d, with no space before them";
}

const char *units_percent(const char *text, unsigned *permille)
{
	int64_t value;
	const char *rest;
	size_t digits = strspn(text, "0123456789.");
	if (digits == 0 || (text[digits] != '\0' && strcmp(text + digits, "%") != 0))
		return "is not a percentage; write 10% or 0.5%";
	if (text[digits] == '\0')
		return "has no unit; percentages are written as 10% or 0.5%";
	if (!parse_decimal(text, 10, &value, &rest) || rest != text + digits)
		return "is not a percentage in steps of 0.1%; write 10% or 0.5%";
	if (value > 1000)
		return "is out of range; use 0% to 100%";
	*permille = (unsigned)value;
	return NULL;
}

const char *units_unsigned(const char *text, uint64_t *value)
{
	int64_t number;
	const char *rest;
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return "is not a whole number; write digits only";
	if (text[0] == '0' && text[1] != '\0')
		return "has a leading zero; remove it";
	if (!parse_decimal(text, 1, &number, &rest))
		return "is too large";
	*value = (uint64_t)number;
	return NULL;
}

const char *units_port(const char *text, uint16_t *port)
{
	uint64_t value;
	const char *wrong = units_unsigned(text, &value);
	if (wrong)
		return wrong;
	if (value < 1 || value > 65535)
		return "is out of range; ports are 1 to 65535";
	*port = (uint16_t)value;
	return NULL;
}

const char *units_boolean(const char *text, bool *value)
{
	bool yes = strcmp(text, "true") == 0;
	if (!yes && strcmp(text, "false") != 0)
		return "is not a boolean; write true or false";
	*value = yes;
	return NULL;
}

const char *units_name(const char *text)
{
	size_t len = strlen(text);
	if (len == 0)
		return "is empty; write a name";
	if (len > UNITS_NAME_MAX)
		return "is too long; a name has at most 64 characters";
	if (!is_alnum(text[0]))
		return "does not begin with a letter from a to z or a digit; names do";
	for (const char *p = text; *p; p++) {
		if (!is_alnum(*p) && !strchr("._-", *p))
			return "is not a name; use letters, digits, dot, underscore and hyphen";
	}
	return NULL;
}

const char *units_interface(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || len >= UNITS_INTERFACE_LEN)
		return "is not the name of an interface; such a name has 1 to 15 characters";
	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p == 0x7f || *p == '/' || *p == ':' || *p == '%')
			return "is not the name of an interface; `ip link` lists them";
	}
	return strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ? "is not the name of an interface" : NULL;
}

/* Assured forwarding: class 1 to 4, drop precedence 1 to 3. */
static bool read_dscp_name(const char *text, uint8_t *dscp)
{
	size_t len = strlen(text);
	if (strcasecmp(text, "ef") == 0 || strcasecmp(text, "le") == 0)
		*dscp = (text[0] | 0x20) == 'e' ? 46 : 1;
	else if (len == 3 && strncasecmp(text, "cs", 2) == 0 && text[2] >= '0' && text[2] <= '7')
		*dscp = (uint8_t)((text[2] - '0') << 3);
	else if (len == 4 && strncasecmp(text, "af", 2) == 0 && text[2] >= '1' && text[2] <= '4' && text[3] >= '1' &&
		 text[3] <= '3')
		*dscp = (uint8_t)((text[2] - '0') << 3 | (text[3] - '0') << 1);
	else
		return false;
	return true;
}

const char *units_dscp(const char *text, uint8_t *dscp)
{
	uint64_t value;
	if (read_dscp_name(text, dscp))
		return NULL;
	if (units_unsigned(text, &value) || value > 63)
		return "is not a DSCP; write 0 to 63, cs0 to cs7, af11 to af43, ef or le";
	*dscp = (uint8_t)value;
	return NULL;
}

const char *units_mark(const char *text, uint32_t *mark)
{
	bool hex = strncmp(text, "0x", 2) == 0;
	const char *digits = hex ? text + 2 : text;
	size_t len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long long value = strtoull(digits, NULL, hex ? 16 : 10);
	if (len == 0 || len > 10 || digits[len] != '\0' || value == 0 || value > UINT32_MAX)
		return "is not a firewall mark; write a number such as 42 or 0x2a";
	*mark = (uint32_t)value;
	return NULL;
}

/* ---- addresses ---- */

/* Copy text without brackets to bare. Returns false if a bracket is missing or bare is too short. */
static bool strip_brackets(const char *text, char *bare, size_t bare_len)
{
	size_t len = strlen(text);
	if (text[0] == '[') {
		if (len < 2 || text[len - 1] != ']')
			return false;
		text++;
		len -= 2;
	}
	if (len >= bare_len)
		return false;
	memcpy(bare, text, len);
	bare[len] = '\0';
	return true;
}

const char *units_address(const char *text, uint8_t address[16])
{
	char bare[UNITS_ADDRESS_LEN];
	uint8_t octets[16];
	if (strchr(text, '/'))
		return "is a network or a path; write the address of one host";
	if (strchr(text, '%'))
		return "has a scope, which only the link-local address of a target has";
	bool fits = strip_brackets(text, bare, sizeof bare);
	if (fits && inet_pton(AF_INET6, bare, octets) == 1) {
		memcpy(address, octets, sizeof octets);
		return NULL;
	}
	if (fits && text[0] != '[' && inet_pton(AF_INET, bare, octets) == 1) {
		memcpy(address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
		memcpy(address + sizeof endpoint_v4_prefix, octets, 4);
		return NULL;
	}
	if (strchr(text, '.') && strchr(text, ':') && strchr(text, ':') == strrchr(text, ':'))
		return "contains a port; write the port in its own key";
	return "is not a numeric address; write it like 198.51.100.7 or 2001:db8::7";
}

static const char *refuse_v4(const uint8_t a[4])
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
	if (a[0] == 0)
		return "is not the address of a host; write the address of one host";
	if (a[0] >= 224 && a[0] <= 239)
		return "is a multicast address; write the address of one host";
	if (memcmp(a, broadcast, sizeof broadcast) == 0)
		return "is the broadcast address; write the address of one host";
	return NULL;
}

static bool is_link_local(const uint8_t a[16])
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static const char no_link_local[] = "is link-local, which is not supported here; write another address of that host";

static const char *refuse_v6(const uint8_t a[16])
{
	static const uint8_t unspecified[16];
	if (memcmp(a, unspecified, sizeof unspecified) == 0)
		return "is not the address of a host; write the address of one host";
	if (a[0] == 0xff)
		return "is a multicast address; write the address of one host";
	return is_link_local(a) ? no_link_local : NULL;
}

const char *units_host_address(const char *text, uint8_t address[16])
{
	struct endpoint e = { 0 };
	const char *wrong = units_address(text, e.address);
	if (!wrong)
		wrong = endpoint_is_v4(&e) ? refuse_v4(e.address + 12) : refuse_v6(e.address);
	if (!wrong)
		memcpy(address, e.address, sizeof e.address);
	return wrong;
}

const char *units_remote_address(const char *text, uint8_t address[16])
{
	uint8_t octets[16];

	if (units_address(text, octets) || !is_link_local(octets))
		return units_host_address(text, address);
	memcpy(address, octets, sizeof octets);
	return NULL;
}

/* Do all bits of the address behind these have the value 0? */
static bool ends_in_zeros(const uint8_t address[16], unsigned bits)
{
	for (unsigned i = bits; i < ADDRESS_BITS; i++) {
		if (address[i / CHAR_BIT] >> (CHAR_BIT - 1 - i % CHAR_BIT) & 1)
			return false;
	}
	return true;
}

const char *units_network(const char *text, struct network *network)
{
	struct endpoint e = { 0 };
	const char *slash = strchr(text, '/');
	char bare[UNITS_ADDRESS_LEN];
	uint64_t len = ADDRESS_BITS;
	size_t bare_len = slash ? (size_t)(slash - text) : strlen(text);
	if (bare_len >= sizeof bare)
		return "is not a network; write it like 198.51.100.0/24 or 2001:db8::/32";
	memcpy(bare, text, bare_len);
	bare[bare_len] = '\0';
	if (units_address(bare, e.address))
		return "is not a network; write it like 198.51.100.0/24 or 2001:db8::/32";
	unsigned before = endpoint_is_v4(&e) ? sizeof endpoint_v4_prefix * CHAR_BIT : 0;
	if (slash && (units_unsigned(slash + 1, &len) || len > ADDRESS_BITS - before))
		return "has no valid prefix length; write at most /32 for IPv4 and /128 for IPv6";
	if (slash)
		len += before;
	if (!ends_in_zeros(e.address, (unsigned)len))
		return "has bits behind its prefix; write the first address of the network";
	*network = (struct network){ .bits = (uint8_t)len };
	memcpy(network->address, e.address, sizeof e.address);
	return NULL;
}

const char *units_scoped_address(const char *text, uint8_t address[16], char interface[UNITS_INTERFACE_LEN])
{
	char bare[UNITS_ADDRESS_LEN + UNITS_INTERFACE_LEN];
	uint8_t octets[16];
	const char *percent = strchr(text, '%');
	interface[0] = '\0';
	const char *wrong;
	if (!percent) {
		wrong = units_host_address(text, address);
		return wrong == no_link_local ? "is link-local; write its interface too: fe80::1%eth0" : wrong;
	}
	if (!strip_brackets(text, bare, sizeof bare))
		return "is not a numeric address; write it like fe80::1%eth0";
	char *zone = strchr(bare, '%');
	*zone++ = '\0';
	wrong = units_address(bare, octets);
	if (!wrong && !is_link_local(octets))
		return "has a scope, which only a link-local address has; write `interface` instead";
	if (!wrong)
		wrong = units_interface(zone);
	if (wrong)
		return wrong;
	memcpy(address, octets, sizeof octets);
	snprintf(interface, UNITS_INTERFACE_LEN, "%s", zone);
	return NULL;
}

bool units_looks_numeric(const char *text)
{
	if (strpbrk(text, ":[]/%"))
		return true;
	/* RFC 1123, 2.1: the last label of a host name is never all digits. */
	size_t len = strlen(text);
	if (len > 0 && text[len - 1] == '.')
		len--;
	while (len > 0 && is_digit(text[len - 1]))
		len--;
	return text[len] != '\0' && text[len] != '.' && (len == 0 || text[len - 1] == '.');
}

static const char *check_label(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty label; write one dot between two labels";
	if (len > UNITS_LABEL_MAX)
		return "has a label of more than 63 characters; a DNS name cannot";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label that begins or ends with a hyphen; a host name cannot";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)label[i] >= 0x80)
			return "is not ASCII; write an international name in its xn-- form";
		if (!is_alnum(label[i]) && label[i] != '-')
			return "is neither an address nor a host name; in a name use letters, digits, hyphens and dots";
	}
	return NULL;
}

const char *units_dns_name(const char *text)
{
	size_t len = strlen(text);
	if (len == 0)
		return "is empty; write an address or a DNS name";
	if (len > 1 && text[len - 1] == '.')
		len--;
	if (len > UNITS_HOST_MAX)
		return "is longer than 253 characters; a DNS name cannot be";
	for (size_t start = 0; start <= len;) {
		size_t label_len = strcspn(text + start, ".");
		if (label_len > len - start)
			label_len = len - start;
		const char *wrong = check_label(text + start, label_len);
		if (wrong)
			return wrong;
		start += label_len + 1;
	}
	return NULL;
}

const char *units_listen_address(const char *text, uint8_t address[16], uint16_t *port)
{
	static const char wrong[] = "is not ADDRESS:PORT; write it like 127.0.0.1:8622 or [::1]:8622";
	char bare[UNITS_ADDRESS_LEN];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : sizeof bare;
	if (len >= sizeof bare)
		return wrong;
	memcpy(bare, text, len);
	bare[len] = '\0';
	if (strchr(bare, ':') && bare[0] != '[')
		return wrong; /* an IPv6 address without brackets is ambiguous */
	return units_address(bare, address) ? wrong : units_port(colon + 1, port);
}

/* ---- formatting ---- */

const char *units_duration_text(int64_t ns, char text[UNITS_DURATION_LEN])
{
	size_t i = ns == 0 ? DURATION_SECONDS : 0;
	while (ns % duration_units[i].ns != 0)
		i++;
	snprintf(text, UNITS_DURATION_LEN, "%" PRId64 "%s", ns / duration_units[i].ns, duration_units[i].name);
	return text;
}

const char *units_address_text(const uint8_t address[16], char text[UNITS_ADDRESS_LEN])
{
	struct endpoint e = { 0 };
	memcpy(e.address, address, sizeof e.address);
	if (endpoint_is_v4(&e))
		inet_ntop(AF_INET, address + sizeof endpoint_v4_prefix, text, UNITS_ADDRESS_LEN);
	else
		inet_ntop(AF_INET6, address, text, UNITS_ADDRESS_LEN);
	return text;
}

const char *units_mac_text(const uint8_t mac[6], char text[UNITS_MAC_LEN])
{
	snprintf(text, UNITS_MAC_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return text;
}
