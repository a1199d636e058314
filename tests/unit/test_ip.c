/* ip: what is read of packets that a packet socket captured. */
#include "common/core/ip.h"
#include "tests/unit/sample_ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PORT = 8620, SYN = IP_TCP_SYN, RST = IP_TCP_RST, ACK = IP_TCP_ACK };

static void addresses_and_ports_are_read(void **state)
{
	struct sample_ip packets[] = { sample_ip4(IP_UDP, 40000, PORT, 0, 0), sample_ip4(IP_TCP, 40000, PORT, SYN, 8),
				       sample_ip6(IP_UDP, 40000, PORT, 0), sample_ip6(IP_TCP, 40000, PORT, ACK | RST) };
	struct ip_packet h;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct endpoint source = i < 2 ? sample_endpoint_v4(9, 40000) : sample_endpoint_v6(9, 40000);
		struct endpoint destination = i < 2 ? sample_endpoint_v4(5, PORT) : sample_endpoint_v6(5, PORT);

		assert_true(ip_read(packets[i].buf, packets[i].len, &h));
		assert_true(endpoint_equal(&h.source, &source));
		assert_true(endpoint_equal(&h.destination, &destination));
		assert_int_equal(h.protocol, i % 2 ? IP_TCP : IP_UDP);
	}
}

static void headers_that_are_cut_are_not_read(void **state)
{
	struct sample_ip packets[] = { sample_ip4(IP_UDP, 1, PORT, 0, 0), sample_ip4(IP_TCP, 1, PORT, SYN, 40),
				       sample_ip6(IP_UDP, 1, PORT, 0), sample_ip6(IP_TCP, 1, PORT, SYN) };
	struct ip_packet h;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		for (size_t len = 0; len <= packets[i].headers_len; len++) {
			uint8_t *exact = malloc(len + 1); /* so that AddressSanitizer sees a read beyond the end */

			memcpy(exact + 1, packets[i].buf, len);
			assert_int_equal(ip_read(exact + 1, len, &h), len == packets[i].headers_len);
			free(exact);
		}
	}
}

static void what_is_no_request_is_not_read(void **state)
{
	struct sample_ip p = sample_ip4(IP_UDP, 1, PORT, 0, 0);
	struct ip_packet h;

	(void)state;
	p.buf[7] = 1; /* a later fragment */
	assert_false(ip_read(p.buf, p.len, &h));
	p = sample_ip4(1, 1, PORT, 0, 0);
	assert_false(ip_read(p.buf, p.len, &h));
	p = sample_ip4(IP_UDP, 1, PORT, 0, 0);
	p.buf[0] = 0x44; /* a header of 16 octets */
	assert_false(ip_read(p.buf, p.len, &h));
	p.buf[0] = 0x55;
	assert_false(ip_read(p.buf, p.len, &h));
}

static bool timestamp(const uint8_t *buf, size_t len, uint32_t *value)
{
	struct ip_packet packet;

	return ip_read(buf, len, &packet) && ip_tcp_timestamp(&packet, value);
}

static void a_timestamp_is_found_among_the_options(void **state)
{
	static const uint8_t usual[] = { 2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7 };
	static const uint8_t others[] = { 1, 1, 8, 10, 1, 2, 3, 4, 9, 9, 9, 9 };
	struct sample_ip packets[] = { sample_ip_syn(usual, sizeof usual, false),
				       sample_ip_syn(usual, sizeof usual, true),
				       sample_ip_syn(others, sizeof others, false),
				       sample_ip_syn(others, sizeof others, true) };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t value = 0;

		assert_true(timestamp(packets[i].buf, packets[i].len, &value));
		assert_int_equal(value, 0x01020304);
		for (size_t len = packets[i].headers_len; len < packets[i].len; len++) {
			uint8_t *exact = malloc(len);

			memcpy(exact, packets[i].buf, len);
			assert_false(timestamp(exact, len, &value));
			free(exact);
		}
	}
}

static void bad_options_have_no_timestamp(void **state)
{
	static const uint8_t options[][12] = {
		{ 0, 8, 10, 1, 2, 3, 4 },       /* behind the end */
		{ 2, 0, 8, 10, 1, 2, 3, 4 },    /* an option without a length */
		{ 2, 1, 8, 10, 1, 2, 3, 4 },    /* that does not hold itself */
		{ 2, 13, 8, 10, 1, 2, 3, 4 },   /* that is longer than the header */
		{ 8, 9, 1, 2, 3, 4 },           /* of another length */
		{ 1, 1, 1, 8, 10, 1, 2, 3, 4 }, /* that ends behind the header */
		{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct sample_ip p = sample_ip_syn(options[i], sizeof *options, i % 2);
		uint32_t value;

		assert_false(timestamp(p.buf, p.len, &value));
		p = sample_ip_syn(options[i], 0, i % 2);
		assert_false(timestamp(p.buf, p.len, &value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_ports_are_read),
		cmocka_unit_test(headers_that_are_cut_are_not_read),
		cmocka_unit_test(what_is_no_request_is_not_read),
		cmocka_unit_test(a_timestamp_is_found_among_the_options),
		cmocka_unit_test(bad_options_have_no_timestamp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
