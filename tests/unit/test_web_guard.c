/* Requests that a browser makes for somebody else's page. */
#include "common/web/web_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/un.h>

#include <cmocka.h>

union peer {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static union peer peer_v4(const char *address)
{
	union peer p = { .v4 = { .sin_family = AF_INET } };

	assert_int_equal(inet_pton(AF_INET, address, &p.v4.sin_addr), 1);
	return p;
}

static union peer peer_v6(const char *address)
{
	union peer p = { .v6 = { .sin6_family = AF_INET6 } };

	assert_int_equal(inet_pton(AF_INET6, address, &p.v6.sin6_addr), 1);
	return p;
}

static bool reads(union peer peer, const char *host)
{
	return !web_guard_read(&(struct web_guard_facts){ .peer = &peer.any, .host = host });
}

static void names_of_this_host(void **state)
{
	(void)state;
	assert_true(reads(peer_v4("127.0.0.1"), NULL));
	assert_true(reads(peer_v4("127.0.0.1"), "127.0.0.1:8622"));
	assert_true(reads(peer_v4("127.0.0.1"), "198.51.100.7"));
	assert_true(reads(peer_v4("127.0.0.1"), "localhost:8622"));
	assert_true(reads(peer_v4("127.0.0.1"), "LOCALHOST"));
	assert_true(reads(peer_v4("127.0.0.1"), "probe.localhost"));
	assert_true(reads(peer_v6("::1"), "[::1]:8622"));
	assert_false(reads(peer_v4("127.0.0.1"), "rebound.example:8622"));
	assert_false(reads(peer_v6("::1"), "rebound.example"));
	assert_false(reads(peer_v6("::ffff:127.0.0.1"), "rebound.example"));
	assert_false(reads(peer_v4("127.0.0.1"), "127.0.0.1.example"));
	assert_false(reads(peer_v4("127.0.0.1"), "notlocalhost"));
	assert_false(reads(peer_v4("127.0.0.1"), "[::1"));
	assert_false(reads(peer_v4("127.0.0.1"), ""));
	assert_true(reads(peer_v4("198.51.100.7"), "prober.example:8622"));
	assert_true(reads((union peer){ .local = { .sun_family = AF_UNIX } }, "prober.example"));
}

static bool reloads(union peer peer, enum web_reload reload, const char *origin, const char *fetch_site)
{
	return !web_guard_reload(&(struct web_guard_facts){
	    .peer = &peer.any, .origin = origin, .fetch_site = fetch_site, .reload = reload });
}

static void who_reloads(void **state)
{
	union peer unix_peer = { .local = { .sun_family = AF_UNIX } };

	(void)state;
	assert_true(reloads(peer_v4("127.0.0.1"), WEB_RELOAD_LOOPBACK, NULL, NULL));
	assert_true(reloads(unix_peer, WEB_RELOAD_LOOPBACK, NULL, NULL));
	assert_false(reloads(peer_v4("198.51.100.7"), WEB_RELOAD_LOOPBACK, NULL, NULL));
	assert_true(reloads(peer_v4("198.51.100.7"), WEB_RELOAD_ANYWHERE, NULL, NULL));
	assert_false(reloads(peer_v4("127.0.0.1"), WEB_RELOAD_NEVER, NULL, NULL));
	assert_false(reloads(unix_peer, WEB_RELOAD_NEVER, NULL, NULL));
	assert_false(reloads(peer_v4("127.0.0.1"), WEB_RELOAD_ANYWHERE, "http://127.0.0.1:8622", NULL));
	assert_false(reloads(peer_v4("127.0.0.1"), WEB_RELOAD_LOOPBACK, NULL, "cross-site"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_this_host),
		cmocka_unit_test(who_reloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
