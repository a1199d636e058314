/* Connections that take too long, in the order of the phases. */
#include "common/core/ns.h"
#include "common/web/web_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static union MHD_ConnectionInfo info;

const union MHD_ConnectionInfo *__wrap_MHD_get_connection_info(struct MHD_Connection *connection,
							       enum MHD_ConnectionInfoType type, ...);

const union MHD_ConnectionInfo *__wrap_MHD_get_connection_info(struct MHD_Connection *connection,
							       enum MHD_ConnectionInfoType type, ...)
{
	(void)connection;
	assert_int_equal(type, MHD_CONNECTION_INFO_CONNECTION_FD);
	return &info;
}

/* After which time in this phase is the connection ended? */
static int64_t seconds_of(enum web_phase phase)
{
	static char connection;
	struct web_peers peers = { 0 };
	struct web_peer *peer;
	int64_t s = 0;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	info.connect_fd = ends[0];
	peer = web_peers_add(&peers, (struct MHD_Connection *)&connection, 0);
	web_peers_turn(peer, phase, 0);
	while (!peer->ending && s < 1000)
		web_peers_end_late(&peers, ++s * NS_PER_S);
	assert_int_equal(read(ends[1], &connection, 1), 0);
	close(ends[0]);
	close(ends[1]);
	return s - 1;
}

/* A scrape of very many paths is long under way; docs/OPERATIONS.md tells Prometheus to wait 50 s for it. */
static void an_answer_has_as_long_as_a_scrape(void **state)
{
	(void)state;
	assert_int_equal(seconds_of(WEB_READING), 5);
	assert_int_equal(seconds_of(WEB_ANSWERING), 60);
	assert_int_equal(seconds_of(WEB_IDLE), 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_as_long_as_a_scrape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
