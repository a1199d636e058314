/* sockdiag: half-open sockets over loopback. With TCP_DEFER_ACCEPT a listener keeps a connection in SYN_RECV until
 * its first octet of data, so no packet need be lost. */
#include "common/system/sockdiag.h"
#include "common/system/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIST_LEN = 8 };

static struct endpoint loopback(bool v4)
{
	struct endpoint e = { .address[15] = 1 };

	if (v4) {
		memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
		e.address[12] = 127;
	}
	return e;
}

/* Returns the descriptor or -errno; IPv6 sockets are dual-stack. */
static int listen_on(int family)
{
	const struct endpoint any = { .port = 0 };
	const int seconds = 30;
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(&any, family, 0, &ss);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	assert_return_code(setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds), errno);
	assert_return_code(bind(fd, (struct sockaddr *)&ss, len), errno);
	assert_return_code(listen(fd, LIST_LEN), errno);
	return fd;
}

static int connect_to(struct endpoint to)
{
	int family = endpoint_is_v4(&to) ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(&to, family, 0, &ss);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(fd, errno);
	assert_return_code(connect(fd, (struct sockaddr *)&ss, len), errno);
	return fd;
}

static struct endpoint name_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	assert_return_code(getsockname(fd, (struct sockaddr *)&ss, &len), errno);
	return udp_endpoint((struct sockaddr *)&ss);
}

static void check_seen(int listener, bool v4)
{
	struct sockdiag_half_open list[LIST_LEN];
	struct sockdiag *diag = sockdiag_open();
	struct endpoint to = loopback(v4), from;
	int client;

	assert_non_null(diag);
	to.port = name_of(listener).port;
	assert_int_equal(sockdiag_half_open(diag, to.port, list, LIST_LEN), 0);

	client = connect_to(to);
	from = name_of(client);
	assert_int_equal(sockdiag_half_open(diag, to.port, list, LIST_LEN), 1);
	assert_true(endpoint_equal(&list[0].local, &to));
	assert_true(endpoint_equal(&list[0].peer, &from));

	/* With its first data it is half-open no longer, and never was on another port. */
	assert_int_equal(sockdiag_half_open(diag, (uint16_t)(to.port ^ 1), list, LIST_LEN), 0);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(sockdiag_half_open(diag, to.port, list, LIST_LEN), 0);
	close(client);
	sockdiag_close(diag);
}

static void sees_ipv4(void **state)
{
	int listener = listen_on(AF_INET);

	(void)state;
	assert_return_code(listener, -listener);
	check_seen(listener, true);
	close(listener);
}

static void sees_both_on_a_dual_stack_listener(void **state)
{
	int listener = listen_on(AF_INET6);

	(void)state;
	if (listener == -EAFNOSUPPORT)
		skip();
	assert_return_code(listener, -listener);
	check_seen(listener, true);
	check_seen(listener, false);
	close(listener);
}

static void fills_no_more_than_it_may(void **state)
{
	struct sockdiag_half_open list[LIST_LEN] = { 0 };
	struct sockdiag *diag = sockdiag_open();
	int listener = listen_on(AF_INET), clients[3];
	struct endpoint to = loopback(true);

	(void)state;
	assert_non_null(diag);
	to.port = name_of(listener).port;
	for (unsigned i = 0; i < 3; i++)
		clients[i] = connect_to(to);
	assert_int_equal(sockdiag_half_open(diag, to.port, list, 2), 2);
	assert_true(endpoint_is_unknown(&list[2].peer));
	assert_int_equal(sockdiag_half_open(diag, to.port, list, LIST_LEN), 3);
	for (unsigned i = 0; i < 3; i++)
		close(clients[i]);
	close(listener);
	sockdiag_close(diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_ipv4),
		cmocka_unit_test(sees_both_on_a_dual_stack_listener),
		cmocka_unit_test(fills_no_more_than_it_may),
	};

	return cmocka_run_group_tests_name("sockdiag", tests, NULL, NULL);
}
