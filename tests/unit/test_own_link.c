/* own_link.h: what this host itself explains is not blamed on others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/evidence/own_link.h"
#include "client/evidence/path_loss.h"

#include <errno.h>
#include <stdlib.h>

#define ADDRESS(d)                                                                                                     \
	{                                                                                                              \
		.address = { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = d }                   \
	}
#define SECOND INT64_C(1000000000)

static const struct endpoint server = ADDRESS(7), gateway = ADDRESS(1), ours = ADDRESS(2), router = ADDRESS(3);
static bool gateway_is_silent;
static unsigned asked;

static bool unresolved(const struct endpoint *to, struct link_next_hop *hop)
{
	assert_true(endpoint_same_address(to, &server));
	asked++;
	if (gateway_is_silent)
		*hop = (struct link_next_hop){ gateway, "eth0", 0, false };
	return gateway_is_silent;
}

static bool source_is_gone;

static bool no_source(const struct endpoint *to)
{
	assert_true(endpoint_same_address(to, &server));
	asked++;
	return source_is_gone;
}

static bool is_own(const struct endpoint *address)
{
	asked++;
	return endpoint_same_address(address, &ours);
}

static unsigned path_mtu(const struct endpoint *to)
{
	(void)to;
	return 1280;
}

static bool interface(const struct endpoint *to, struct link_interface *i)
{
	(void)to;
	*i = (struct link_interface){ "eth0", 1300 };
	return true;
}

static const struct link_ops ops = {
	.unresolved = unresolved, .no_source = no_source, .is_own = is_own, .path_mtu = path_mtu, .interface = interface
};

static struct own_link own;
static struct config_target target = { .expect_reachable = true };
static struct prober_record ring[16];
static struct path path;

/* Three probes that are lost. */
static int start(enum probe_kind kind)
{
	path = (struct path){ .endpoint = server, .target = &target, .kind = kind };
	prober_init(&path.prober, 1, SECOND, ring, 16);
	path.prober.kind = kind;
	for (int i = 0; i < 3; i++)
		prober_send(&path.prober, 0, 0);
	prober_expire(&path.prober, SECOND);
	own = (struct own_link){ .ops = &ops };
	gateway_is_silent = source_is_gone = false;
	asked = 0;
	return 0;
}

/* All probes from this number on have expired. */
static void expire(uint32_t from, int64_t now_ns)
{
	enum prober_outcome outcome = own_link_expired(&own, &path, now_ns);

	for (uint32_t seq = from; seq < path.prober.waiting_from; seq++)
		own_link_settle(&path, seq, outcome);
}

static enum prober_outcome outcome(uint32_t seq)
{
	return prober_record(&path.prober, seq)->outcome;
}

static void a_next_hop_without_mac_explains_the_losses(void **state)
{
	(void)state;
	start(PROBE_UDP);
	expire(2, SECOND);
	assert_int_equal(outcome(2), PROBER_LOST);
	gateway_is_silent = true;
	expire(2, SECOND);
	assert_int_equal(outcome(1), PROBER_LOST);
	assert_int_equal(outcome(2), PROBER_UNREACHABLE);
	assert_int_equal(outcome(3), PROBER_UNREACHABLE);
	assert_true(endpoint_same_address(&path.facts.next_hop.address, &gateway));
	assert_int_equal(path.facts.icmp_type, -1);
}

static void probes_without_a_source_are_not_sent(void **state)
{
	(void)state;
	start(PROBE_UDP);
	source_is_gone = gateway_is_silent = true;
	expire(2, SECOND);
	assert_int_equal(outcome(1), PROBER_LOST);
	assert_int_equal(outcome(2), PROBER_UNSENT);
	assert_int_equal(outcome(3), PROBER_UNSENT);
	assert_int_equal(path.facts.send_errno, EADDRNOTAVAIL);
}

static void a_router_refuses_a_link_local_source(void **state)
{
	(void)state;
	start(PROBE_UDP);
	path.facts.icmp_type = 1;
	path.facts.icmp_code = 2;
	path.facts.offender = router;
	assert_int_equal(own_link_outcome(&own, &path, PROBER_UNREACHABLE), PROBER_UNREACHABLE);
	path.endpoint = (struct endpoint){ .address = { 0x20, 1, 0xd, 0xb8 }, .port = 0 };
	assert_int_equal(own_link_outcome(&own, &path, PROBER_UNREACHABLE), PROBER_UNSENT);
	assert_int_equal(path.facts.send_errno, EADDRNOTAVAIL);
}

static void a_connection_that_was_made_has_left(void **state)
{
	(void)state;
	start(PROBE_TCP);
	gateway_is_silent = true;
	assert_non_null(path_loss(&path));
	attempts_add(&path.loss->attempts, &(const struct attempt){ .seq = 1, .connected = true });
	attempts_add(&path.loss->attempts, &(const struct attempt){ .seq = 2 });
	expire(1, SECOND);
	assert_int_equal(outcome(1), PROBER_LOST);
	assert_int_equal(outcome(2), PROBER_UNREACHABLE);
	free(path.loss);
}

static void whose_error_is_it(void **state)
{
	const struct {
		struct endpoint offender;
		bool silent;
		enum prober_outcome of, is;
		bool names_hop;
	} cases[] = {
		{ router, false, PROBER_UNREACHABLE, PROBER_UNREACHABLE, false },
		{ ours, true, PROBER_UNREACHABLE, PROBER_UNREACHABLE, true }, /* its ARP fails */
		{ ours, false, PROBER_UNREACHABLE, PROBER_UNSENT, false },    /* its firewall rejects */
		{ ours, false, PROBER_REFUSED, PROBER_UNSENT, false },
		{ ours, false, PROBER_PROHIBITED, PROBER_UNSENT, false },
		{ server, false, PROBER_REFUSED, PROBER_REFUSED, false },
		{ router, false, PROBER_PROHIBITED, PROBER_PROHIBITED, false },
		{ { .address = { 0 }, .port = 0 }, false, PROBER_REFUSED, PROBER_REFUSED, false }, /* a reset */
		{ ours, false, PROBER_TOO_BIG, PROBER_TOO_BIG, false },
		{ ours, false, PROBER_RESET, PROBER_RESET, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(PROBE_UDP);
		gateway_is_silent = cases[i].silent;
		path.facts.offender = cases[i].offender;
		assert_int_equal(own_link_outcome(&own, &path, cases[i].of), cases[i].is);
		assert_int_equal(path.facts.send_errno, cases[i].is == PROBER_UNSENT ? EPERM : 0);
		assert_int_equal(!endpoint_is_unknown(&path.facts.next_hop.address), cases[i].names_hop);
	}
}

static void the_kernel_is_not_asked_without_end(void **state)
{
	(void)state;
	start(PROBE_UDP);
	for (unsigned i = 0; i < 10000; i++)
		expire(1, SECOND);
	assert_true(asked > 0 && asked <= 1500);
	own.ops = NULL;
	expire(1, 2 * SECOND);
	assert_int_equal(outcome(1), PROBER_LOST);
}

static void whose_limit_is_it(void **state)
{
	(void)state;
	start(PROBE_UDP);
	own_link_too_big(&own, &path);
	assert_int_equal(path.facts.mtu, 1280);
	assert_int_equal(path.facts.interface.mtu, 1300);
	assert_string_equal(path.facts.interface.name, "eth0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_next_hop_without_mac_explains_the_losses),
		cmocka_unit_test(probes_without_a_source_are_not_sent),
		cmocka_unit_test(a_router_refuses_a_link_local_source),
		cmocka_unit_test(a_connection_that_was_made_has_left),
		cmocka_unit_test(whose_error_is_it),
		cmocka_unit_test(the_kernel_is_not_asked_without_end),
		cmocka_unit_test(whose_limit_is_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
