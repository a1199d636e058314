#include "common/core/framing.h"

#include "common/core/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_prefix_of_a_frame_is_partial(void **state)
{
	uint8_t buf[FRAMING_HEADER_LEN + WIRE_PACKET_MIN] = { 0 };
	size_t body_len = 0;

	(void)state;
	framing_put_header(buf, WIRE_PACKET_MIN);
	for (size_t len = 0; len < sizeof buf; len++)
		assert_int_equal(framing_parse(buf, len, WIRE_MESSAGE_MAX, &body_len), FRAMING_PARTIAL);
	assert_int_equal(framing_parse(buf, sizeof buf, WIRE_MESSAGE_MAX, &body_len), FRAMING_WHOLE);
	assert_int_equal(body_len, WIRE_PACKET_MIN);
}

static void octets_behind_a_frame_are_left_alone(void **state)
{
	uint8_t buf[WIRE_MESSAGE_MAX] = { 0 };
	size_t body_len = 0;

	(void)state;
	framing_put_header(buf, WIRE_PROBE_MIN);
	assert_int_equal(framing_parse(buf, sizeof buf, WIRE_MESSAGE_MAX, &body_len), FRAMING_WHOLE);
	assert_int_equal(body_len, WIRE_PROBE_MIN);
}

static void lengths_that_no_packet_has_are_bad_at_once(void **state)
{
	static const size_t bad[] = { 0, 1, WIRE_PACKET_MIN - 1, WIRE_MESSAGE_MAX + 1, UINT16_MAX };
	uint8_t buf[FRAMING_HEADER_LEN];
	size_t body_len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		framing_put_header(buf, bad[i]);
		assert_int_equal(framing_parse(buf, sizeof buf, WIRE_MESSAGE_MAX, &body_len), FRAMING_BAD);
	}
	framing_put_header(buf, WIRE_MESSAGE_MAX);
	assert_int_equal(framing_parse(buf, sizeof buf, WIRE_MESSAGE_MAX, &body_len), FRAMING_PARTIAL);
}

static void header_is_big_endian(void **state)
{
	uint8_t buf[FRAMING_HEADER_LEN];

	(void)state;
	framing_put_header(buf, 0x0178);
	assert_memory_equal(buf, "\x01\x78", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix_of_a_frame_is_partial),
		cmocka_unit_test(octets_behind_a_frame_are_left_alone),
		cmocka_unit_test(lengths_that_no_packet_has_are_bad_at_once),
		cmocka_unit_test(header_is_big_endian),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
