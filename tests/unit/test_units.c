#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/config/units.h"

#include "common/core/ns.h"
#include "common/system/own_address.h"

#include <string.h>

#define LEN(array) (sizeof(array) / sizeof *(array))

/* wrong NULL: value is what has to come out; else a part of the message, and the value stays as it was. */
struct number {
	const char *text;
	int64_t value;
	const char *wrong;
};

static void check(const char *text, const char *said, const char *expected)
{
	if (!expected && said)
		fail_msg("'%s' is refused: %s", text, said);
	if (expected && (!said || !strstr(said, expected)))
		fail_msg("'%s': said \"%s\", expected \"%s\"", text, said ? said : "nothing", expected);
}

static void durations(void **state)
{
	static const struct number cases[] = {
		{ "200ms", 200 * NS_PER_MS, NULL },
		{ "1s", NS_PER_S, NULL },
		{ "5m", 300 * NS_PER_S, NULL },
		{ "2h", 7200 * NS_PER_S, NULL },
		{ "1d", 86400 * NS_PER_S, NULL },
		{ "0s", 0, NULL },
		{ "1.5s", 1500 * NS_PER_MS, NULL },
		{ "0.25ms", 250000, NULL },
		{ "7us", 7000, NULL },
		{ "7ns", 7, NULL },
		{ "1.500000000s", 1500 * NS_PER_MS, NULL },
		{ "106751d", INT64_C(106751) * 86400 * NS_PER_S, NULL },
		{ "106752d", 0, "valid duration" },
		{ "99999999999999999999s", 0, "valid duration" },
		{ "0.1ns", 0, "valid duration" },
		{ "500", 0, "has no unit; durations are written as 200ms" },
		{ "", 0, "is not a duration" },
		{ "s", 0, "is not a duration" },
		{ "-1s", 0, "is not a duration" },
		{ "1 s", 0, "unknown unit" },
		{ "1sec", 0, "unknown unit" },
		{ "1S", 0, "unknown unit" },
		{ "1m30s", 0, "unknown unit" },
		{ "1..5s", 0, "valid duration" },
		{ "1.s", 0, "valid duration" },
		{ ".5s", 0, "valid duration" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t value = -1;
		check(cases[i].text, units_duration(cases[i].text, &value), cases[i].wrong);
		assert_int_equal(value, cases[i].wrong ? -1 : cases[i].value);
	}
}

static void percentages(void **state)
{
	static const struct number cases[] = {
		{ "10%", 100, NULL },        { "0%", 0, NULL },          { "100%", 1000, NULL },
		{ "0.5%", 5, NULL },         { "10", 0, "has no unit" }, { "100.1%", 0, "out of range" },
		{ "0.05%", 0, "steps of" },  { "-1%", 0, "percentage" }, { "ten", 0, "percentage" },
		{ "10%%", 0, "percentage" }, { "%", 0, "percentage" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		unsigned value = 7777;
		check(cases[i].text, units_percent(cases[i].text, &value), cases[i].wrong);
		assert_int_equal(value, cases[i].wrong ? 7777 : cases[i].value);
	}
}

static void whole_numbers(void **state)
{
	static const struct number cases[] = {
		{ "0", 0, NULL },
		{ "8620", 8620, NULL },
		{ "9223372036854775807", INT64_MAX, NULL },
		{ "9223372036854775808", 0, "too large" },
		{ "", 0, "whole number" },
		{ "-1", 0, "whole number" },
		{ "+1", 0, "whole number" },
		{ "1.0", 0, "whole number" },
		{ "0x10", 0, "whole number" },
		{ "010", 0, "leading zero" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint64_t value = 7777;
		check(cases[i].text, units_unsigned(cases[i].text, &value), cases[i].wrong);
		assert_int_equal(value, cases[i].wrong ? 7777 : cases[i].value);
	}
}

static void ports(void **state)
{
	static const struct number cases[] = {
		{ "1", 1, NULL },
		{ "65535", 65535, NULL },
		{ "0", 0, "1 to 65535" },
		{ "65536", 0, "1 to 65535" },
		{ "4294975916", 0, "1 to 65535" }, /* 8620 in 32 bits */
		{ "http", 0, "whole number" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint16_t value = 7777;
		check(cases[i].text, units_port(cases[i].text, &value), cases[i].wrong);
		assert_int_equal(value, cases[i].wrong ? 7777 : cases[i].value);
	}
}

static void booleans(void **state)
{
	bool value = false;
	(void)state;
	assert_null(units_boolean("true", &value));
	assert_true(value);
	assert_null(units_boolean("false", &value));
	assert_false(value);
	assert_non_null(units_boolean("yes", &value));
	assert_non_null(units_boolean("", &value));
}

static void names(void **state)
{
	char longest[UNITS_NAME_MAX + 2];
	(void)state;
	assert_null(units_name("boot-01"));
	assert_null(units_name("a.b_c"));
	check("", units_name(""), "empty");
	check("-x", units_name("-x"), "begin");
	check("a b", units_name("a b"), "not a name");
	check("a\"b", units_name("a\"b"), "not a name");
	check("caf\xc3\xa9", units_name("caf\xc3\xa9"), "not a name");
	memset(longest, 'x', sizeof longest);
	longest[UNITS_NAME_MAX] = '\0';
	assert_null(units_name(longest));
	longest[UNITS_NAME_MAX] = 'x';
	longest[UNITS_NAME_MAX + 1] = '\0';
	check("65 characters", units_name(longest), "too long");
}

/* Host addresses: what comes out, as text again. */
static void addresses(void **state)
{
	static const struct {
		const char *text, *value, *wrong;
	} cases[] = {
		{ "198.51.100.7", "198.51.100.7", NULL },
		{ "::ffff:198.51.100.7", "198.51.100.7", NULL },
		{ "[::ffff:198.51.100.7]", "198.51.100.7", NULL },
		{ "2001:DB8::0:7", "2001:db8::7", NULL },
		{ "[2001:db8::7]", "2001:db8::7", NULL },
		{ "127.0.0.1", "127.0.0.1", NULL },
		{ "::1", "::1", NULL },
		{ "0.0.0.0", NULL, "not the address of a host" },
		{ "::", NULL, "not the address of a host" },
		{ "::ffff:0.0.0.0", NULL, "not the address of a host" },
		{ "224.0.0.1", NULL, "multicast" },
		{ "239.255.255.255", NULL, "multicast" },
		{ "ff02::1", NULL, "multicast" },
		{ "255.255.255.255", NULL, "broadcast" },
		{ "fe80::1", NULL, "link-local" },
		{ "febf::1", NULL, "link-local" },
		{ "fe80::1%eth0", NULL, "link-local" },
		{ "fec0::1", "fec0::1", NULL },
		{ "198.51.100.0/24", NULL, "network" },
		{ "198.51.100.7:8620", NULL, "contains a port" },
		{ "[198.51.100.7]", NULL, "not a numeric address" },
		{ "[2001:db8::7", NULL, "not a numeric address" },
		{ "2001:db8::7]", NULL, "not a numeric address" },
		{ "[]", NULL, "not a numeric address" },
		{ "", NULL, "not a numeric address" },
		{ "198.51.100", NULL, "not a numeric address" },
		{ "198.51.100.256", NULL, "not a numeric address" },
		{ "198.51.100.07", NULL, "not a numeric address" },
		{ "2001:db8::7::8", NULL, "not a numeric address" },
		{ "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0007", NULL, "not a numeric address" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint8_t address[16];
		char text[UNITS_ADDRESS_LEN];
		const char *said = units_host_address(cases[i].text, address);
		check(cases[i].text, said, cases[i].wrong);
		if (!said)
			assert_string_equal(units_address_text(address, text), cases[i].value);
	}
}

/* Advice that a key cannot follow would send its reader in a circle. */
static void link_local_addresses(void **state)
{
	uint8_t address[16];
	char interface[UNITS_INTERFACE_LEN], text[UNITS_ADDRESS_LEN];

	(void)state;
	check("of a target", units_scoped_address("fe80::1", address, interface), "write its interface too");
	check("elsewhere", units_host_address("fe80::1", address), "is not supported here");
	check("of another host", units_remote_address("fe80::1", address), NULL);
	assert_string_equal(units_address_text(address, text), "fe80::1");
	check("of another host", units_remote_address("2001:db8::7", address), NULL);
	check("of another host", units_remote_address("ff02::1", address), "multicast");
	check("of another host", units_remote_address("fe80::1%eth0", address), "has a scope");
}

static void address_or_name(void **state)
{
	static const char *const numeric[] = { "198.51.100.7", "1.2.3", "10",  "256.1.1.1.",
					       "a.1",          "::1",   "[x]", "example.org/x" };
	static const char *const dns[] = { "example.org", "7.example.org", "a1", "a.b1", "localhost", "x." };
	(void)state;
	for (size_t i = 0; i < LEN(numeric); i++)
		assert_true(units_looks_numeric(numeric[i]));
	for (size_t i = 0; i < LEN(dns); i++)
		assert_false(units_looks_numeric(dns[i]));
}

static void dns_names(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "example.org", NULL },
		{ "example.org.", NULL },
		{ "xn--mnchen-3ya.example", NULL },
		{ "3com.example", NULL },
		{ "", "empty" },
		{ ".", "empty label" },
		{ "a..b", "empty label" },
		{ ".a", "empty label" },
		{ "a..", "empty label" },
		{ "-a.example", "hyphen" },
		{ "a-.example", "hyphen" },
		{ "a_b.example", "letters, digits" },
		{ "a b", "letters, digits" },
		{ "m\xc3\xbcnchen.example", "xn--" },
	};
	char label[65], name[256] = "";
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check(cases[i].text, units_dns_name(cases[i].text), cases[i].wrong);
	memset(label, 'a', sizeof label);
	label[63] = '\0';
	assert_null(units_dns_name(label));
	for (int i = 0; i < 3; i++)
		strcat(strcat(name, label), ".");
	label[61] = '\0';
	strcat(name, label);
	assert_int_equal(strlen(name), 253);
	assert_null(units_dns_name(name));
	strcat(name, "a");
	check("254 characters", units_dns_name(name), "253");
	strcpy(label, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	check("a label of 64", units_dns_name(label), "63");
}

static void listen_addresses(void **state)
{
	uint8_t address[16];
	char text[UNITS_ADDRESS_LEN];
	uint16_t port = 0;
	(void)state;
	assert_null(units_listen_address("127.0.0.1:8622", address, &port));
	assert_string_equal(units_address_text(address, text), "127.0.0.1");
	assert_int_equal(port, 8622);
	assert_null(units_listen_address("[::]:1", address, &port));
	assert_string_equal(units_address_text(address, text), "::");
	check("no port", units_listen_address("127.0.0.1", address, &port), "ADDRESS:PORT");
	check("no brackets", units_listen_address("::1:8622", address, &port), "ADDRESS:PORT");
	check("no port after brackets", units_listen_address("[::1]", address, &port), "ADDRESS:PORT");
	check("name", units_listen_address("localhost:1", address, &port), "ADDRESS:PORT");
	check("port 0", units_listen_address("127.0.0.1:0", address, &port), "1 to 65535");
	check("only a port", units_listen_address(":1", address, &port), "ADDRESS:PORT");
	check("empty", units_listen_address("", address, &port), "ADDRESS:PORT");
}

static void durations_as_text(void **state)
{
	char text[UNITS_DURATION_LEN];
	(void)state;
	assert_string_equal(units_duration_text(0, text), "0s");
	assert_string_equal(units_duration_text(NS_PER_S, text), "1s");
	assert_string_equal(units_duration_text(120 * NS_PER_S, text), "2m");
	assert_string_equal(units_duration_text(90 * NS_PER_S, text), "90s");
	assert_string_equal(units_duration_text(1500 * NS_PER_MS, text), "1500ms");
	assert_string_equal(units_duration_text(INT64_MAX, text), "9223372036854775807ns");
}

static void private_addresses(void **state)
{
	static const struct {
		const char *text;
		bool private;
	} cases[] = {
		{ "198.51.100.1", false }, { "198.18.1.5", false }, { "172.15.0.1", false },  { "172.31.0.1", true },
		{ "10.0.0.1", true },      { "100.64.0.1", true },  { "100.128.0.1", false }, { "192.168.0.1", true },
		{ "2001:db8::1", false },  { "fd00:db8::1", true },
	};
	uint8_t address[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(units_address(cases[i].text, address));
		if (own_address_is_private(address) != cases[i].private)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_addresses),
		cmocka_unit_test(durations),
		cmocka_unit_test(percentages),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(ports),
		cmocka_unit_test(booleans),
		cmocka_unit_test(names),
		cmocka_unit_test(addresses),
		cmocka_unit_test(link_local_addresses),
		cmocka_unit_test(address_or_name),
		cmocka_unit_test(dns_names),
		cmocka_unit_test(listen_addresses),
		cmocka_unit_test(durations_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
