/* routes: why answers did not reach a client, as long as the server does not look at its routes. */
#include "server/host/return_routes.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct endpoint client = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 2 }, .port = 40000 },
			     other = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 3 }, .port = 40000 },
			     local = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = 8620 },
			     router = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 1 } };
static const int64_t start_ns = 1000 * NS_PER_S;
static struct return_routes *routes;
static struct evidence_answer answer;
static const struct vrf_table no_vrfs;

static int set_up(void **state)
{
	(void)state;
	routes = return_routes_new();
	return routes == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	return_routes_free(routes);
	return 0;
}

/* What a query about one flow of this client is told; the address is none of this host's, so that no route is asked. */
static const struct evidence_return_route *told(const struct endpoint *about, int64_t now_ns)
{
	answer = (struct evidence_answer){ .flows_len = 1 };
	answer.flows[0] = (struct evidence_flow){ .known = true, .source = *about, .arrived_on = local };
	return_routes_tell(routes, &no_vrfs, now_ns, &answer);
	return answer.return_routes_len > 0 ? &answer.return_routes[0] : NULL;
}

static void what_could_not_be_sent_is_counted(void **state)
{
	const struct evidence_return_route *route;

	(void)state;
	assert_null(told(&client, start_ns));
	return_routes_note_unsent(routes, &client, &local, EPERM, start_ns);
	return_routes_note_unsent(routes, &client, &local, ENETUNREACH, start_ns + NS_PER_S);
	route = told(&client, start_ns + 3 * NS_PER_S);
	assert_non_null(route);
	assert_int_equal(route->count, 2);
	assert_int_equal(route->error, ENETUNREACH);
	assert_int_equal(route->idle_ms, 2000);
	assert_true(endpoint_is_unknown(&route->reporter));
	assert_true(endpoint_same_address(&route->client, &client) && route->client.port == 0);
	assert_null(told(&other, start_ns + 3 * NS_PER_S));
}

static void a_pause_ends_a_series(void **state)
{
	(void)state;
	return_routes_note_unsent(routes, &client, &local, EPERM, start_ns);
	assert_non_null(told(&client, start_ns + RETURN_ROUTES_SERIES_NS));
	assert_null(told(&client, start_ns + RETURN_ROUTES_SERIES_NS + 1));
	return_routes_note_unsent(routes, &client, &local, EPERM, start_ns + RETURN_ROUTES_SERIES_NS + 1);
	assert_int_equal(told(&client, start_ns + RETURN_ROUTES_SERIES_NS + 1)->count, 1);
}

static void errors_of_others_and_our_own(void **state)
{
	static const struct {
		enum errqueue_meaning meaning;
		int error; /* 0: the answer reached the client's host */
	} cases[] = { { ERRQUEUE_UNREACHABLE, EHOSTUNREACH },
		      { ERRQUEUE_PROHIBITED, EACCES },
		      { ERRQUEUE_EXPIRED, ELOOP },
		      { ERRQUEUE_PORT, 0 },
		      { ERRQUEUE_TOO_BIG, 0 } };
	struct errqueue_entry entry = {
		.kind = ERRQUEUE_ICMP, .destination = client, .source = local, .offender = router
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct evidence_return_route *route;

		entry.meaning = cases[i].meaning;
		return_routes_free(routes);
		assert_non_null(routes = return_routes_new());
		return_routes_note_error(routes, &entry, start_ns);
		route = told(&client, start_ns);
		assert_int_equal(route ? route->error : 0, cases[i].error);
		assert_true(!route || endpoint_same_address(&route->reporter, &router));
	}
	entry.meaning = ERRQUEUE_UNREACHABLE;
	entry.offender = local; /* our own ARP failed */
	return_routes_note_error(routes, &entry, start_ns);
	assert_true(endpoint_is_unknown(&told(&client, start_ns)->reporter));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_could_not_be_sent_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pause_ends_a_series, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errors_of_others_and_our_own, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
