/* Counters out of the texts that the kernel shows. */
#include "common/system/proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char columns[] = "\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 12 0 34\n"
			      "UdpLite: InDatagrams NoPorts RcvbufErrors\nUdpLite: 5 6 7\n";
static const char lines[] = "\nUdp6InDatagrams                 \t122\nUdp6NoPorts\t84\n";

static void a_counter_is_found_by_its_column(void **state)
{
	(void)state;
	assert_int_equal(proc_counter_in(columns, "Udp", "InDatagrams", -1), 12);
	assert_int_equal(proc_counter_in(columns, "Udp", "RcvbufErrors", -1), 34);
	assert_int_equal(proc_counter_in(columns, "UdpLite", "RcvbufErrors", -1), 7);
}

static void a_counter_is_found_by_its_line(void **state)
{
	(void)state;
	assert_int_equal(proc_counter_in(lines, NULL, "Udp6InDatagrams", -1), 122);
	assert_int_equal(proc_counter_in(lines, NULL, "Udp6NoPorts", -1), 84);
}

static void what_is_not_there_is_not_made_up(void **state)
{
	(void)state;
	assert_int_equal(proc_counter_in(columns, "Tcp", "InDatagrams", -1), -1);
	assert_int_equal(proc_counter_in(columns, "Udp", "InData", -1), -1);
	assert_int_equal(proc_counter_in(columns, "Udp", "RcvbufErrors2", -1), -1);
	assert_int_equal(proc_counter_in(lines, NULL, "Udp6", -1), -1);
	assert_int_equal(proc_counter_in(lines, NULL, "NoPorts", -1), -1);
	assert_int_equal(proc_counter_in("", NULL, "Udp6NoPorts", -1), -1);
	assert_int_equal(proc_counter_in("", "Udp", "NoPorts", -1), -1);
}

static void texts_that_end_early(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof columns - 1; len++) {
		char text[sizeof columns] = { 0 };

		for (size_t i = 0; i < len; i++)
			text[i] = columns[i];
		(void)proc_counter_in(text, "UdpLite", "RcvbufErrors", -1);
		(void)proc_counter_in(text, NULL, "UdpLite:", -1);
	}
	assert_int_equal(proc_counter_in("\nUdp: A B\nUdp: 1\n", "Udp", "B", -1), -1);
	assert_int_equal(proc_counter_in("\nUdp: A B\nUdp: x 2\n", "Udp", "A", -1), -1);
}

static void a_setting_that_is_a_range(void **state)
{
	int64_t low, high;

	(void)state;
	assert_true(proc_sysctl_range("net/ipv4/ip_local_port_range", &low, &high));
	assert_int_equal(low, proc_sysctl("net/ipv4/ip_local_port_range", -1));
	assert_true(low > 0 && high >= low && high <= UINT16_MAX);
	assert_false(proc_sysctl_range("net/ipv4/ip_forward", &low, &high)); /* one number */
	assert_false(proc_sysctl_range("net/ipv4/no_such_thing", &low, &high));
}

static void a_setting_that_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(proc_sysctl("net/ipv4/no_such_thing", -7), -7);
	assert_int_equal(proc_interface_sysctl("ipv4/conf", "../../../x", "rp_filter", -7), -7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_is_found_by_its_column), cmocka_unit_test(a_counter_is_found_by_its_line),
		cmocka_unit_test(what_is_not_there_is_not_made_up), cmocka_unit_test(texts_that_end_early),
		cmocka_unit_test(a_setting_that_is_a_range),        cmocka_unit_test(a_setting_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
