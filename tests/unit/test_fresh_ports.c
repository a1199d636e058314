/* fresh_ports: each port once before any comes again, and no step through them that misses some. */
#include "client/net/fresh_ports.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOW = 32768, LEN = 28232, STEPS = 8, PROBES = 200, OTHERS = 64 };

static struct fresh_ports ports;
static unsigned given[UINT16_MAX + 1];

static int set_up(void **state)
{
	(void)state;
	ports = (struct fresh_ports){ .low = LOW, .len = LEN, .half_bits = 8, .key = "sixteen octets.." };
	memset(given, 0, sizeof given);
	return 0;
}

static void each_port_comes_once_in_turn(void **state)
{
	(void)state;
	for (unsigned turn = 1; turn <= 2; turn++) {
		for (unsigned i = 0; i < LEN; i++) {
			uint16_t port = fresh_ports_next(&ports);

			assert_in_range(port, LOW, LOW + LEN - 1);
			assert_int_equal(++given[port], turn);
		}
	}
}

/* So many targets, each of which takes one port a round: links that share the load by the lowest bits of the port. */
static void no_number_of_targets_falls_into_step(void **state)
{
	(void)state;
	for (unsigned targets = 1; targets <= STEPS; targets++) {
		unsigned by_link[4] = { 0 };

		for (unsigned i = 0; i < PROBES * targets; i++) {
			uint16_t port = fresh_ports_next(&ports);

			by_link[port % 4] += i % targets == 0;
		}
		for (unsigned link = 0; link < 4; link++)
			assert_in_range(by_link[link], PROBES / 8, PROBES / 2);
	}
}

static void a_range_can_be_small(void **state)
{
	(void)state;
	ports = (struct fresh_ports){ .low = UINT16_MAX, .len = 1 };
	assert_int_equal(fresh_ports_next(&ports), UINT16_MAX);
	assert_int_equal(fresh_ports_next(&ports), UINT16_MAX);
	ports = (struct fresh_ports){ .low = 1024, .len = 5, .half_bits = 2 };
	for (unsigned i = 0; i < 5; i++)
		given[fresh_ports_next(&ports)]++;
	for (unsigned port = 1024; port < 1029; port++)
		assert_int_equal(given[port], 1);
}

static void reserved_ports_are_left_out(void **state)
{
	(void)state;
	fresh_ports_leave_out(&ports, "22,32768-32800,40000,60999-65535\n");
	for (unsigned i = 0; i < LEN - 33 - 1 - 1; i++)
		assert_int_equal(++given[fresh_ports_next(&ports)], 1);
	assert_int_equal(given[32768] + given[32800] + given[40000] + given[60999], 0);
	assert_int_equal(given[32801] + given[60998], 2);
}

static void the_kernel_chooses_where_the_list_is_of_no_use(void **state)
{
	static const char *const lists[] = {
		"0-65535\n", "1-\n", "-1\n", "5-4\n", "70000\n", "1 2\n", "no\n", "1,,2\n"
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		set_up(state);
		fresh_ports_leave_out(&ports, lists[i]);
		assert_int_equal(fresh_ports_next(&ports), 0);
	}
	set_up(state);
	fresh_ports_leave_out(&ports, "\n");
	fresh_ports_leave_out(&ports, "");
	assert_int_not_equal(fresh_ports_next(&ports), 0);
}

static void two_processes_have_different_orders(void **state)
{
	struct fresh_ports other;

	(void)state;
	fresh_ports_init(&ports);
	fresh_ports_init(&other);
	assert_memory_not_equal(ports.key, other.key, sizeof ports.key);
}

static uint16_t bound_by(uint16_t (*bind_socket)(struct fresh_ports *, int), int family, int *fd)
{
	struct sockaddr_in6 name;
	socklen_t len = sizeof name;
	uint16_t port;

	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	port = bind_socket(&ports, *fd);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ntohs(name.sin6_port), port); /* stands where sin_port does */
	return port;
}

static void connections_have_ports_of_both_parities(void **state)
{
	int fds[OTHERS];
	unsigned odd = 0;

	(void)state;
	for (unsigned i = 0; i < OTHERS; i++)
		odd += bound_by(fresh_ports_bind, AF_INET, &fds[i]) % 2;
	assert_in_range(odd, OTHERS / 8, OTHERS - OTHERS / 8);
	for (unsigned i = 0; i < OTHERS; i++)
		close(fds[i]);
}

static void the_kernel_chooses_without_a_range(void **state)
{
	int fd;

	(void)state;
	ports.len = 0;
	ports.low |= 1;
	assert_int_equal(fresh_ports_next(&ports), 0);
	assert_int_equal(bound_by(fresh_ports_bind_other_parity, AF_INET, &fd), 0);
	close(fd);
	assert_int_not_equal(bound_by(fresh_ports_bind, AF_INET, &fd), 0);
	close(fd);
}

/* connect() gives ports of the parity of the first one. */
static void connect_keeps_its_parity_where_there_are_many(void **state)
{
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < OTHERS; i++) {
		int fd;
		uint16_t port = bound_by(fresh_ports_bind_other_parity, AF_INET, &fd);

		assert_true(port == 0 || port % 2 == 1);
		left += port == 0;
		close(fd);
	}
	assert_in_range(left, OTHERS / 8, OTHERS - OTHERS / 8);
}

static void a_port_that_is_taken_is_passed_over(void **state)
{
	int taken, fd;
	uint16_t first;

	(void)state;
	first = bound_by(fresh_ports_bind, AF_INET, &taken);
	ports.next = 0;
	assert_int_not_equal(bound_by(fresh_ports_bind, AF_INET, &fd), first);
	close(fd);
	close(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_port_comes_once_in_turn, set_up),
		cmocka_unit_test_setup(no_number_of_targets_falls_into_step, set_up),
		cmocka_unit_test_setup(a_range_can_be_small, set_up),
		cmocka_unit_test_setup(reserved_ports_are_left_out, set_up),
		cmocka_unit_test_setup(the_kernel_chooses_where_the_list_is_of_no_use, set_up),
		cmocka_unit_test_setup(two_processes_have_different_orders, set_up),
		cmocka_unit_test_setup(connections_have_ports_of_both_parities, set_up),
		cmocka_unit_test_setup(the_kernel_chooses_without_a_range, set_up),
		cmocka_unit_test_setup(connect_keeps_its_parity_where_there_are_many, set_up),
		cmocka_unit_test_setup(a_port_that_is_taken_is_passed_over, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
