/* What the doctor takes from configurations of either program. */
#include "client/doctor/doctor_config.h"
#include "common/config/units.h"
#include "common/core/ns.h"
#include "config_fixture.h"

static bool has(const struct endpoint *list, size_t len, const char *text)
{
	struct endpoint wanted = { .port = 0 };

	assert_null(units_address(text, wanted.address));
	for (size_t i = 0; i < len; i++) {
		if (endpoint_same_address(&list[i], &wanted))
			return true;
	}
	return false;
}

static void load(const char *text, struct doctor_config *config)
{
	struct diag_list diags = { 0 };

	fixture_write("c.yaml", text);
	bool ok = doctor_config_load("c.yaml", config, &diags);
	fixture_expect(text, &diags, "");
	assert_true(ok);
}

static void refuse(const char *text, const char *expected)
{
	struct diag_list diags = { 0 };
	struct doctor_config config;

	fixture_write("c.yaml", text);
	assert_false(doctor_config_load("c.yaml", &config, &diags));
	fixture_expect(text, &diags, expected);
	doctor_config_free(&config);
}

static void of_a_client(void **state)
{
	(void)state;
	struct doctor_config config;

	load("vantage: v\nkey: a.key\nservers: { b: \"" KEY_B "\" }\n"
	     "schedules: { steady: { every: 1s }, cold: { every: 120s, timeout: 3s }, rare: { every: 1h } }\n"
	     "targets:\n"
	     "  - { name: f, role: floating, address: 203.0.113.7, server: b, arrives_on: 198.18.18.26,\n"
	     "      schedule: [steady, cold] }\n"
	     "  - { name: a, role: anchor, address: 198.18.18.26, server: b, expect: unreachable }\n"
	     "  - { name: n, role: droplet, address: boot.example, server: b }\n"
	     "  - { name: t, role: droplet, address: 198.18.1.5, server: b, protocols: [tcp], schedule: rare }\n",
	     &config);
	assert_false(config.server);
	assert_int_equal(config.asked_len, 4);
	assert_true(has(config.asked, config.asked_len, "198.18.18.26"));
	assert_int_equal(config.targets_len, 2);
	assert_true(has(config.targets, config.targets_len, "203.0.113.7"));
	assert_true(has(config.targets, config.targets_len, "198.18.1.5"));
	assert_int_equal(config.timeout_ns, 3 * NS_PER_S);
	assert_int_equal(config.held_every_ns, 120 * NS_PER_S);
	doctor_config_free(&config);
}

static void of_a_server(void **state)
{
	(void)state;
	struct doctor_config config;

	load("key: nobody-reads-it.key\nclients: { }\n"
	     "listen: { addresses: [198.18.18.26, \"2001:db8:18::26\"], port: 9999 }\n"
	     "peers: { p: { address: 198.18.1.6 }, q: { address: other.example } }\n"
	     "watch: { applications: [ { name: geth, protocol: udp, port: 30303 }, { protocol: tcp, port: 80 } ] }\n",
	     &config);
	assert_true(config.server);
	assert_int_equal(config.port, 9999);
	assert_int_equal(config.listens_len, 2);
	assert_true(has(config.listens, config.listens_len, "2001:db8:18::26"));
	assert_true(has(config.asked, config.asked_len, "198.18.18.26"));
	assert_int_equal(config.targets_len, 1);
	assert_true(has(config.targets, config.targets_len, "198.18.1.6"));
	assert_int_equal(config.applications_len, 1);
	assert_int_equal(config.applications[0], 30303);
	doctor_config_free(&config);
}

static void of_a_server_that_says_nothing(void **state)
{
	(void)state;
	struct doctor_config config;

	load("listen: ~\nclients: ~\nwatch: [ ]\npeers: none\n", &config);
	assert_true(config.server);
	assert_int_equal(config.port, 8620);
	assert_int_equal(config.listens_len + config.targets_len + config.applications_len, 0);
	doctor_config_free(&config);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
	(void)state;
	refuse("clients: { }\nlisten: { port: 0 }\n",
	       "c.yaml:2:17: error: port: '0' is out of range; ports are 1 to 65535\n");
	refuse("clients: { }\nlisten: { addresses: [ 224.0.0.1, here ] }\n",
	       "c.yaml:2:24: error: addresses: '224.0.0.1' is a multicast address; write the address of one host\n"
	       "c.yaml:2:35: error: addresses: 'here' is not a numeric address; write it like 198.51.100.7 or "
	       "2001:db8::7\n");
	refuse("listen: { addresses: { } }\n",
	       "c.yaml:1:22: error: addresses: is a mapping (key: value); expected a list or a single value\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_client),
		cmocka_unit_test(of_a_server),
		cmocka_unit_test(of_a_server_that_says_nothing),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
