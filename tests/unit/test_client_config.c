#include "config_fixture.h"

#include "client/config/config.h"
#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/system/directory.h"

#define SECOND NS_PER_S
#define HEAD   "key: a.key\nservers: { b: " KEY_B ", c: " KEY_C " }\n"
#define ONE    "key: a.key\nservers: { b: " KEY_B " }\n"
#define TARGET "targets: [ { name: t, address: 198.51.100.7 } ]\n"
#define URL_B  "a3nFfmoJUjkoLASBjpYRLz8DpAAbqXpWTCOFKj8epfw"
#define URL_C  "2tvRhKLVJvHr3VwG_a2TWbIodZtNf3nWZon6JUqthUY"

static struct config *load(const char *yaml, struct diag_list *diags)
{
	fixture_write("c.yaml", yaml);
	return config_load("c.yaml", diags);
}

/* Loads what has to be good, warnings aside. */
static struct config *load_good(const char *yaml, const char *warnings)
{
	struct diag_list diags = { 0 };
	struct config *config = load(yaml, &diags);
	fixture_expect(yaml, &diags, warnings);
	assert_non_null(config);
	return config;
}

static void assert_address(const struct endpoint *endpoint, const char *address, unsigned port)
{
	char text[UNITS_ADDRESS_LEN];
	assert_string_equal(units_address_text(endpoint->address, text), address);
	assert_int_equal(endpoint->port, port);
}

static void everything_arrives(void **state)
{
	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	fixture_write("sub/full.yaml",
		      "vantage: fra-home\n"
		      "key: ../a.key\n"
		      "servers: { boot-02: " KEY_C ", boot-01: " KEY_B " }\n"
		      "schedules:\n"
		      "  cold: { every: 120s, timeout: 2s, jitter: 0% }\n"
		      "  burst: { every: 60s, count: 20, spacing: 50ms }\n"
		      "lossy: 2.5%\n"
		      "targets:\n"
		      "  - name: bootnode\n"
		      "    role: floating\n"
		      "    address: 203.0.113.7\n"
		      "    port: 9000\n"
		      "    server: [ boot-01, boot-02 ]\n"
		      "    holders: many\n"
		      "    arrives_on: 198.18.18.26\n"
		      "    protocols: [ udp ]\n"
		      "    schedule: [ burst, cold ]\n"
		      "    flows: { held: 4, fresh: 0 }\n"
		      "    sizes: [ 376, 1400 ]\n"
		      "    unpinned: false\n"
		      "    expect: reachable\n"
		      "  - { name: a, role: anchor, address: '[2001:db8::7]', server: boot-02, expect: unreachable }\n"
		      "journal: out/j.jsonl\n");
	struct diag_list diags = { 0 };
	struct config *config = config_load("sub/full.yaml", &diags);
	fixture_expect("full", &diags, "");
	assert_non_null(config);
	assert_string_equal(config->file, "sub/full.yaml");
	assert_string_equal(config->vantage, "fra-home");
	assert_string_equal(config->key_file, "sub/../a.key");
	assert_string_equal(config->journal, "sub/out/j.jsonl");
	assert_int_equal(config->lossy_permille, 25);
	char own[KEYFILE_PUBLIC_LEN];
	keyfile_public_text(config->identity.public_key, own);
	assert_string_equal(own, KEY_A);

	assert_int_equal(config->servers_len, 2);
	assert_string_equal(config->servers[0].name, "boot-02");
	assert_string_equal(config->servers[1].name, "boot-01");
	keyfile_public_text(config->servers[1].keys[0], own);
	assert_string_equal(own, KEY_B);

	assert_int_equal(config->schedules_len, 2);
	assert_string_equal(config->schedules[0].name, "cold");
	assert_int_equal(config->schedules[0].every_ns, 120 * SECOND);
	assert_int_equal(config->schedules[0].timeout_ns, 2 * SECOND);
	assert_int_equal(config->schedules[0].jitter_permille, 0);
	assert_int_equal(config->schedules[0].count, 1);
	assert_int_equal(config->schedules[1].count, 20);
	assert_int_equal(config->schedules[1].spacing_ns, 50 * NS_PER_MS);
	assert_int_equal(config->schedules[1].timeout_ns, SECOND);
	assert_int_equal(config->schedules[1].jitter_permille, 100);

	assert_int_equal(config->targets_len, 2);
	const struct config_target *t = &config->targets[0];
	assert_string_equal(t->name, "bootnode");
	assert_int_equal(t->role, CONFIG_FLOATING);
	assert_string_equal(t->address, "203.0.113.7");
	assert_true(t->numeric);
	assert_address(&t->endpoint, "203.0.113.7", 9000);
	assert_address(&t->arrives_on, "198.18.18.26", 0);
	assert_int_equal(t->servers_len, 2);
	assert_int_equal(t->servers[0], 1);
	assert_int_equal(t->servers[1], 0);
	assert_true(t->udp && !t->tcp && !t->unpinned && t->expect_reachable && t->holders_many);
	assert_int_equal(t->schedules_len, 2);
	assert_int_equal(t->schedules[0], 1);
	assert_int_equal(t->schedules[1], 0);
	assert_int_equal(t->held, 4);
	assert_int_equal(t->fresh, 0);
	assert_int_equal(t->sizes_len, 2);
	assert_int_equal(t->sizes[0], 376);
	assert_int_equal(t->sizes[1], 1400);

	t = &config->targets[1];
	assert_int_equal(t->role, CONFIG_ANCHOR);
	assert_address(&t->endpoint, "2001:db8::7", 8620);
	assert_true(t->udp && t->tcp && !t->expect_reachable);
	assert_int_equal(t->schedules_len, 1);
	assert_int_equal(t->schedules[0], 0); /* no steady here: the first one */
	config_free(config);
}

static void how_probes_leave(void **state)
{
	(void)state;
	struct config *config =
	    load_good("key: a.key\n"
		      "servers: { b: " KEY_B " }\n"
		      "defaults: { dscp: EF, ttl: 9, warn: { loss: 2% }, source: 198.51.100.2, port: 9 }\n"
		      "resolve_every: 5s\n"
		      "targets:\n"
		      "  - { name: s, address: example.org, fwmark: 0x2a, interface: blue, warn: { rtt: 80ms },\n"
		      "      critical: { loss: 50%, rtt: 1s } }\n"
		      "  - { name: t, address: 'fe80::1%eth0', dscp: '0', source: [ '2001:db8::1', 198.51.100.3 ] }\n",
		      "");
	const struct config_target *t = &config->targets[0];
	assert_int_equal(config->resolve_every_ns, 5 * SECOND);
	assert_int_equal(t->endpoint.port, 9);
	assert_int_equal(t->family, CONFIG_IPV4); /* that of the source */
	assert_int_equal(t->egress.dscp, 46);
	assert_int_equal(t->egress.ttl, 9);
	assert_int_equal(t->egress.fwmark, 42);
	assert_string_equal(t->egress.interface, "blue");
	assert_address(&t->egress.sources[0], "198.51.100.2", 0);
	assert_true(endpoint_is_unknown(&t->egress.sources[1]));
	assert_true(t->warn.has_loss && t->critical.has_loss);
	assert_int_equal(t->warn.loss_permille, 20);
	assert_int_equal(t->warn.rtt_ns, 80 * NS_PER_MS);
	assert_int_equal(t->critical.loss_permille, 500);
	t = &config->targets[1];
	assert_address(&t->endpoint, "fe80::1", 9);
	assert_string_equal(t->egress.interface, "eth0");
	assert_int_equal(t->egress.dscp, 0);
	assert_address(&t->egress.sources[0], "198.51.100.3", 0);
	assert_address(&t->egress.sources[1], "2001:db8::1", 0);
	config_free(config);
}

static void faults_in_how_probes_leave(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	assert_null(load("key: a.key\nservers: { b: " KEY_B " }\ntargets:\n"
			 "  - { name: a, address: 198.51.100.7, family: ipv6 }\n"
			 "  - { name: b, address: 198.51.100.8, source: '2001:db8::1' }\n"
			 "  - { name: c, address: c.example, source: 198.51.100.2, family: ipv6 }\n"
			 "  - { name: d, address: 'fe80::1%eth0', interface: eth1 }\n"
			 "  - { name: e, address: '2001:db8::1%eth0' }\n"
			 "  - { name: f, address: 198.51.100.9, dscp: 64, ttl: 0, fwmark: 1x, interface: a/b }\n"
			 "  - { name: g, address: 198.51.100.10, warn: { loss: 5% }, critical: { loss: 2% } }\n"
			 "  - { name: h, address: 198.51.100.11, source: [ 198.51.100.2, 198.51.100.3 ] }\n"
			 "defaults: { name: x }\n",
			 &diags));
	fixture_expect(
	    "egress", &diags,
	    "c.yaml:4:47: error: family: contradicts the address 198.51.100.7; remove this key\n"
	    "c.yaml:5:47: error: source: has another IP version than the address 198.51.100.8; use the same version "
	    "for "
	    "both\n"
	    "c.yaml:6:44: error: source: source has another IP version than family\n"
	    "c.yaml:7:25: error: address: 'fe80::1%eth0' is on another interface than interface: eth1; remove one of "
	    "them\n"
	    "c.yaml:8:25: error: address: '2001:db8::1%eth0' has a scope, which only a link-local address has; write "
	    "`interface` instead\n"
	    "c.yaml:9:45: error: dscp: '64' is not a DSCP; write 0 to 63, cs0 to cs7, af11 to af43, ef or le\n"
	    "c.yaml:9:54: error: ttl: 0 is out of range; use 1 to 255\n"
	    "c.yaml:9:65: error: fwmark: '1x' is not a firewall mark; write a number such as 42 or 0x2a\n"
	    "c.yaml:9:80: error: interface: 'a/b' is not the name of an interface; `ip link` lists them\n"
	    "c.yaml:10:70: error: critical: critical has a lower loss than warn; it must have the higher one\n"
	    "c.yaml:11:64: error: source: '198.51.100.3' is a second address of this IP version; a target has one of "
	    "each\n"
	    "c.yaml:12:13: error: name: unknown key; known here: port, holders, protocols, flows, sizes, unpinned, "
	    "family, "
	    "source, interface, dscp, ttl, fwmark, warn, critical\n");
}

static void defaults(void **state)
{
	char host[65] = "";
	(void)state;
	struct config *config = load_good(ONE TARGET, "");
	assert_int_equal(gethostname(host, sizeof host - 1), 0);
	assert_string_equal(config->vantage, units_name(host) ? "unnamed" : host);
	assert_int_equal(config->lossy_permille, 50);
	assert_null(config->journal);
	assert_int_equal(config->schedules_len, 1);
	assert_string_equal(config->schedules[0].name, "steady");
	assert_int_equal(config->schedules[0].every_ns, SECOND);
	assert_int_equal(config->schedules[0].timeout_ns, SECOND);
	assert_int_equal(config->schedules[0].jitter_permille, 100);
	const struct config_target *t = &config->targets[0];
	assert_int_equal(t->role, CONFIG_DROPLET);
	assert_address(&t->endpoint, "198.51.100.7", 8620);
	assert_int_equal(t->servers_len, 1);
	assert_int_equal(t->servers[0], 0);
	assert_true(t->udp && t->tcp && !t->unpinned && t->expect_reachable && !t->holders_many);
	assert_true(endpoint_is_unknown(&t->arrives_on));
	assert_int_equal(t->held, 1);
	assert_int_equal(t->fresh, 1);
	assert_int_equal(t->sizes_len, 1);
	assert_int_equal(t->sizes[0], 512);
	assert_int_equal(t->schedules_len, 1);
	config_free(config);
}

static void small_print(void **state)
{
	(void)state;
	struct config *config =
	    load_good(ONE "schedules: { a: { every: 2s }, steady: { every: 3s } }\n"
			  "targets:\n"
			  "  - { name: t, address: 198.51.100.7, role: dropplet }\n"
			  "  - { name: u, address: '::ffff:198.51.100.8', schedule: a, sizes: 600 }\n"
			  "  - { name: v, address: Example.ORG, protocols: tcp }\n"
			  "  - { name: w, address: 198.51.100.7, port: 8621, schedule: [ a, steady ] }\n",
		      "");
	assert_int_equal(config->targets[0].role, CONFIG_DROPLET);
	assert_int_equal(config->targets[0].schedules[0], 1); /* steady */
	assert_address(&config->targets[1].endpoint, "198.51.100.8", 8620);
	assert_int_equal(config->targets[1].schedules[0], 0);
	assert_int_equal(config->targets[1].sizes[0], 600);
	assert_string_equal(config->targets[2].address, "Example.ORG");
	assert_false(config->targets[2].numeric);
	assert_true(endpoint_is_unknown(&config->targets[2].endpoint));
	assert_int_equal(config->targets[2].endpoint.port, 8620);
	assert_false(config->targets[2].udp);
	config_free(config);
	config = load_good(ONE "targets: [ { name: t, address: 198.51.100.7, schedule: steady } ]\n", "");
	assert_int_equal(config->targets[0].schedules_len, 1);
	config_free(config);
}

static void where_the_web_is(void **state)
{
	struct config *config;

	(void)state;
	config = load_good(ONE TARGET "web: '[::1]:8622'\n", "");
	assert_string_equal(config->web.listen, "[::1]:8622");
	assert_null(config->web.path);
	assert_int_equal(config->web.at.port, 8622);
	assert_true(endpoint_is_loopback(&config->web.at));
	assert_int_equal(config->web.reload, WEB_RELOAD_LOOPBACK);
	config_free(config);
	config = load_good(ONE TARGET "web: unix:/run/f.sock\n", "");
	assert_string_equal(config->web.path, "/run/f.sock");
	config_free(config);
	config = load_good(ONE TARGET "web: { listen: 0.0.0.0:80, reload: never }\n", "");
	assert_int_equal(config->web.at.port, 80);
	assert_int_equal(config->web.reload, WEB_RELOAD_NEVER);
	config_free(config);
	config = load_good(ONE TARGET, "");
	assert_null(config->web.listen);
	config_free(config);
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *diags;
	} cases[] = {
		{ "{}\n", "c.yaml:1:1: error: key: missing; expected: the file with this prober's secret key\n"
			  "c.yaml:1:1: error: servers: missing; expected: the servers that are allowed to answer, as "
			  "NAME: ed25519:KEY\n" },
		{ ONE, "c.yaml:1:1: error: configuration: there is no target; add targets or targets_from, "
		       "or the URI of a server\n" },
		{ ONE "targets: []\n",
		  "c.yaml:1:1: error: configuration: there is no target; add targets or targets_from, "
		  "or the URI of a server\n" },
		{ ONE "targets: { name: t }\n",
		  "c.yaml:3:10: error: targets: is a mapping (key: value); expected a list\n" },
		{ ONE "targets: [ t ]\n",
		  "c.yaml:3:12: error: targets: is a single value; expected a mapping (key: value)\n" },
		{ "name: b\nkey: b.key\nclients: { a: " KEY_A " }\nlisten: { port: x }\n",
		  "c.yaml:3:1: error: clients: this is a configuration for floatprobed; floatprobe needs its own\n" },

		/* keys */
		{ "key: none.key\nservers: { b: " KEY_B " }\n" TARGET,
		  "c.yaml:1:6: error: key: cannot open key file none.key: No such file or directory; `floatprobe "
		  "keygen -o FILE` makes one\n" },
		{ "key: " KEY_A "\nservers: { b: " KEY_B " }\n" TARGET,
		  "c.yaml:1:6: error: key: is a public key; write the path of the secret key file\n" },
		{ "key: floatprobe-secret:AAAA\nservers: { b: floatprobe-secret:BBBB }\n" TARGET,
		  "c.yaml:1:6: error: key: is a secret key; put it into a file, and write the path of that file\n"
		  "c.yaml:2:15: error: b: is a secret key, which only its owner may have; `floatprobe pubkey FILE` "
		  "prints the public key\n" },
		{ "key: public.key\nservers: { b: ed25519:AAAA, c: b.key }\n" TARGET,
		  "c.yaml:1:6: error: key: public.key holds a public key; write the path of the secret key file\n"
		  "c.yaml:2:15: error: b: has 4 characters after \"ed25519:\"; a public key has 44\n"
		  "c.yaml:2:32: error: c: is not a public key; write \"ed25519:\" and 44 characters of base64\n"
		  "c.yaml:3:12: error: server: missing; expected: the servers that are allowed to answer\n" },
		{ "key: open.key\nservers: { b: " KEY_B " }\n" TARGET,
		  "c.yaml:1:6: error: key: key file open.key is accessible to other users (mode 0644); chmod 600 "
		  "it\n" },
		{ "key: a.key\nservers:\n  b: " KEY_B "\n  c: " KEY_B "\n  a: " KEY_A "\n"
		  "targets: [ { name: t, address: 198.51.100.7, server: b } ]\n",
		  "c.yaml:4:6: error: c: '" KEY_B "' is already in c.yaml:3; each must have its own key\n"
		  "c.yaml:5:6: error: a: '" KEY_A "' is this host's own key; write the key of the other host, which "
		  "`floatprobe pubkey` prints there\n" },
		{ "key: a.key\nservers: {}\n" TARGET, "c.yaml:2:10: error: servers: is empty; list the servers that "
						      "are allowed to answer, as NAME: ed25519:KEY\n" },

		/* schedules */
		{ ONE "schedules:\n"
		      "  a: { every: 500, jitter: 10, timeout: 61s, count: 0, spacing: 0.5ms }\n"
		      "  b: { every: 1s, count: 60, spacing: 20ms }\n"
		      "  c: { every: 1ms }\n"
		      "  d: { count: 2 }\n"
		      "  'e e': { every: 1s, spacing: 1s }\n"
		      "  f: { every: 100ms, count: 26, timeout: 10s, spacing: 2ms }\n"
		      "  g:\n" TARGET,
		  "c.yaml:4:15: error: every: '500' has no unit; durations are written as 200ms, 1s or 5m\n"
		  "c.yaml:4:28: error: jitter: '10' has no unit; percentages are written as 10% or 0.5%\n"
		  "c.yaml:4:41: error: timeout: 61s is out of range; use 1ms to 1m\n"
		  "c.yaml:4:53: error: count: 0 is out of range; use 1 to 256\n"
		  "c.yaml:4:65: error: spacing: 0.5ms is out of range; use 1ms to 1m\n"
		  "c.yaml:5:39: error: spacing: 60 probes take 1200ms, which is longer than every (1s); use fewer "
		  "probes or a shorter spacing\n"
		  "c.yaml:6:15: error: every: 1001 probes would wait for an answer at the same time, but a receipt "
		  "covers only 256; use a shorter timeout or a longer every\n"
		  "c.yaml:7:6: error: every: missing; expected: how often, like 1s\n"
		  "c.yaml:8:3: error: schedules: 'e e' is not a name; use letters, digits, dot, "
		  "underscore and hyphen\n"
		  "c.yaml:8:32: warning: spacing: has no effect on a single probe; set count\n"
		  "c.yaml:9:42: error: timeout: 2626 probes would wait for an answer at the same time, but a receipt "
		  "covers only 256; use a shorter timeout or a longer every\n"
		  "c.yaml:10:5: error: g: has no value; write a mapping (key: value), or remove the key\n" },
		{ ONE "schedules: {}\n" TARGET, "c.yaml:3:12: error: schedules: is empty; add a schedule, or remove "
						"the key to probe once a second\n" },
		{ ONE "schedules: { a: { every: 1s } }\n"
		      "targets: [ { name: t, address: 198.51.100.7, schedule: [ b, a, a ] } ]\n",
		  "c.yaml:4:58: error: schedule: 'b' is not a known schedule; did you mean a?\n"
		  "c.yaml:4:64: error: schedule: 'a' is given twice; remove one\n" },

		/* addresses */
		{ ONE "targets:\n"
		      "  - { name: a, address: 0.0.0.0 }\n"
		      "  - { name: b, address: ff02::1 }\n"
		      "  - { name: c, address: fe80::1 }\n"
		      "  - { name: d, address: 255.255.255.255 }\n"
		      "  - { name: e, address: foo_bar.example }\n"
		      "  - { name: f, address: 198.51.100.7/24, port: 65536 }\n"
		      "  - { name: g, port: 0 }\n",
		  "c.yaml:4:25: error: address: '0.0.0.0' is not the address of a host; write the address of one host\n"
		  "c.yaml:5:25: error: address: 'ff02::1' is a multicast address; write the address of one host\n"
		  "c.yaml:6:25: error: address: 'fe80::1' is link-local; write its interface too: fe80::1%eth0\n"
		  "c.yaml:7:25: error: address: '255.255.255.255' is the broadcast address; write the address of one "
		  "host\n"
		  "c.yaml:8:25: error: address: 'foo_bar.example' is neither an address nor a host name; in a name use "
		  "letters, digits, hyphens and dots\n"
		  "c.yaml:9:25: error: address: '198.51.100.7/24' is a network or a path; write the address of one "
		  "host\n"
		  "c.yaml:9:48: error: port: '65536' is out of range; ports are 1 to 65535\n"
		  "c.yaml:10:5: error: address: missing; expected: what to probe, an IP address or a DNS name\n"
		  "c.yaml:10:22: error: port: '0' is out of range; ports are 1 to 65535\n" },

		/* what a target refers to */
		{ HEAD TARGET,
		  "c.yaml:3:12: error: server: missing; expected: the servers that are allowed to answer\n" },
		{ "key: a.key\nservers: { boot-01: " KEY_B ", boot-02: " KEY_C " }\n"
		  "targets:\n"
		  "  - { name: t, address: 198.51.100.7, server: bot-01 }\n"
		  "  - { name: u, address: 198.51.100.8, server: [ x, boot-01, boot-01 ] }\n"
		  "  - { name: v, address: 198.51.100.9, server: [] }\n"
		  "  - { name: w, address: 198.51.100.10, server: [ a, b, c, d, e ] }\n",
		  "c.yaml:4:47: error: server: 'bot-01' is not a known server; did you mean boot-01?\n"
		  "c.yaml:5:49: error: server: 'x' is not a known server; known here: boot-01, boot-02\n"
		  "c.yaml:5:61: error: server: 'boot-01' is given twice; remove one\n"
		  "c.yaml:6:47: error: server: is an empty list; add an item, or remove the key\n"
		  "c.yaml:7:48: error: server: lists 5; a target has at most 4 servers\n" },
		{ ONE "targets: [ { name: t, address: 198.51.100.7, schedule: cold } ]\n",
		  "c.yaml:3:56: error: schedule: 'cold' is not a known schedule; known here: steady\n" },

		/* contradictions */
		{ ONE "targets:\n"
		      "  - { name: a, address: 198.51.100.1, flows: { held: 0, fresh: 0 } }\n"
		      "  - { name: b, address: 198.51.100.2, arrives_on: '2001:db8::1' }\n"
		      "  - { name: c, address: 198.51.100.3, arrives_on: 198.51.100.4, expect: unreachable }\n"
		      "  - { name: d, address: 198.51.100.5, protocols: tcp, sizes: 512, flows: { held: 2 } }\n"
		      "  - { name: e, address: 198.51.100.6, protocols: tcp, unpinned: true, expect: unreachable }\n"
		      "  - { name: f, address: '2001:db8::2', sizes: [ 65487, 65488 ] }\n",
		  "c.yaml:4:46: error: flows: held and fresh are both 0, so nothing is sent over UDP; set one of them, "
		  "or set protocols: [tcp]\n"
		  "c.yaml:5:51: error: arrives_on: '2001:db8::1' has another IP version than the address 198.51.100.2; "
		  "use the same version for both\n"
		  "c.yaml:6:51: error: arrives_on: contradicts expect: unreachable; remove one of them\n"
		  "c.yaml:7:62: error: sizes: applies to UDP only, but protocols does not list udp; add udp or remove "
		  "this key\n"
		  "c.yaml:7:74: error: flows: applies to UDP only, but protocols does not list udp; add udp or remove "
		  "this key\n"
		  "c.yaml:8:65: error: unpinned: contradicts expect: unreachable; remove one of them\n"
		  "c.yaml:8:65: error: unpinned: applies to UDP only, but protocols does not list udp; add udp or "
		  "remove this key\n"
		  "c.yaml:9:56: error: sizes: 65488 is too large; over IPv6 a probe has at most 65487 octets\n" },
		{ ONE "targets: [ { name: t, address: 198.51.100.7, sizes: [ 375, 65508, 376, 376, x, 65507 ] } ]\n",
		  "c.yaml:3:55: error: sizes: 375 is too small; the minimum is 376 octets\n"
		  "c.yaml:3:60: error: sizes: 65508 is too large; UDP carries at most 65507 octets\n"
		  "c.yaml:3:72: error: sizes: 376 is given twice; remove one\n"
		  "c.yaml:3:77: error: sizes: 'x' is not a whole number; write digits only\n" },
		{ ONE "targets: [ { name: t, address: 198.51.100.7, flows: { held: 65, fresh: 2 }, role: flaoting,\n"
		      "  expect: unreachble, unpinned: 1 } ]\n",
		  "c.yaml:3:61: error: held: 65 is out of range; use 0 to 64\n"
		  "c.yaml:3:72: error: fresh: 2 is out of range; use 0 to 1\n"
		  "c.yaml:3:83: error: role: 'flaoting' is not one of: droplet, floating, anchor\n"
		  "c.yaml:4:11: error: expect: 'unreachble' is not one of: reachable, unreachable\n"
		  "c.yaml:4:33: error: unpinned: '1' is not a boolean; write true or false\n" },
		{ ONE "targets:\n"
		      "  - { name: t, address: 198.51.100.7 }\n"
		      "  - { name: t, address: example.org }\n"
		      "  - { name: u, address: '::ffff:198.51.100.7' }\n"
		      "  - { name: v, address: EXAMPLE.org }\n"
		      "  - { name: w, address: example.org, port: 1 }\n"
		      "  - { name: x, address: example.org, interface: eth0, source: 198.51.100.2 }\n"
		      "  - { name: y, address: example.org, interface: eth0, dscp: ef }\n"
		      "  - { name: z, address: 'fe80::1%eth0' }\n"
		      "  - { name: a, address: 'fe80::1%eth1' }\n"
		      "  - { name: b, address: 'fe80::1', interface: eth1 }\n"
		      "  - { name: c, address: example.org, source: 198.51.100.2, interface: eth0 }\n"
		      "  - { name: d, address: example.org, dscp: 46, interface: eth0 }\n",
		  "c.yaml:5:13: error: name: 't' is already in c.yaml:4; each target must have its own name\n"
		  "c.yaml:6:25: error: address: '198.51.100.7 port 8620' is already in c.yaml:4; one target can have "
		  "several protocols, schedules and servers\n"
		  "c.yaml:7:25: error: address: 'example.org port 8620' is already in c.yaml:5; one target can have "
		  "several protocols, schedules and servers\n"
		  "c.yaml:13:25: error: address: 'fe80::1 port 8620 by eth1' is already in c.yaml:12; one target can "
		  "have several protocols, schedules and servers\n"
		  "c.yaml:14:25: error: address: 'example.org port 8620 from 198.51.100.2 by eth0' is already in "
		  "c.yaml:9; one target can have several protocols, schedules and servers\n"
		  "c.yaml:15:25: error: address: 'example.org port 8620 by eth0 fwmark 0 dscp 46 ttl 0' is already in "
		  "c.yaml:10; one target can have several protocols, schedules and servers\n" },

		/* the rest of the root */
		{ ONE TARGET "lossy: 0%\nvantage: 'a b'\nweb: localhost:1\njournal: a.key\nnothing: 1\n",
		  "c.yaml:4:8: error: lossy: 0% is out of range; use 0.1% to 100%\n"
		  "c.yaml:5:10: error: vantage: 'a b' is not a name; use letters, digits, dot, "
		  "underscore and hyphen\n"
		  "c.yaml:6:6: error: web: 'localhost:1' is not ADDRESS:PORT; write it like 127.0.0.1:8622 or "
		  "[::1]:8622\n"
		  "c.yaml:7:10: error: journal: is the key file; write the journal to another file\n"
		  "c.yaml:8:1: error: nothing: unknown key; known here: vantage, key, defaults, servers, "
		  "servers_from, schedules, resolve_every, lossy, targets, targets_from, journal, user, log, web\n" },
		{ ONE TARGET "web: { reload: sometimes, port: 1 }\n",
		  "c.yaml:4:6: error: listen: missing; expected: where to serve, like 127.0.0.1:8622 or "
		  "unix:/run/floatprobe/web.sock\n"
		  "c.yaml:4:16: error: reload: 'sometimes' is not one of: loopback, anywhere, never\n"
		  "c.yaml:4:27: error: port: unknown key; known here: listen, reload\n" },
		{ ONE TARGET "web: 'unix:'\n",
		  "c.yaml:4:6: error: web: has no path; write unix:/run/floatprobe/web.sock\n" },
		{ ONE TARGET "journal: c.yaml\n",
		  "c.yaml:4:10: error: journal: is this configuration file; write the journal to another file\n" },
		{ ONE TARGET "targets: [ { name: u, address: 198.51.100.8 } ]\n",
		  "c.yaml:4:1: error: targets: given twice, first in line 3; remove one\n" },
	};
	(void)state;
	fixture_write_key("public.key", KEY_A "\n");
	fixture_write_key("open.key", "x");
	assert_int_equal(chmod("open.key", 0644), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct diag_list diags = { 0 };
		struct config *config = load(cases[i].yaml, &diags);
		fixture_expect(cases[i].yaml, &diags, cases[i].diags);
		assert_null(config);
	}
}

static void more_targets(void **state)
{
	(void)state;
	assert_int_equal(mkdir("more[1]", 0700), 0);
	assert_int_equal(mkdir("more[1]/targets.d", 0700), 0);
	fixture_write("more[1]/c.yaml", "key: ../a.key\nservers: { b: " KEY_B " }\n"
					"targets_from: [ targets.d/*.yaml, single.yaml ]\n");
	fixture_write("more[1]/targets.d/1.yaml", "- { name: one, address: 198.51.100.1 }\n"
						  "- { name: two, address: 198.51.100.2 }\n");
	fixture_write("more[1]/targets.d/2.yaml", "targets: [ { name: three, address: 198.51.100.3 } ]\n");
	fixture_write("more[1]/single.yaml", "- { name: four, address: 198.51.100.4 }\n");
	struct diag_list diags = { 0 };
	struct config *config = config_load("more[1]/c.yaml", &diags);
	fixture_expect("more targets", &diags, "");
	assert_int_equal(config->targets_len, 4);
	assert_string_equal(config->targets[1].name, "two");
	assert_string_equal(config->targets[2].name, "three");
	assert_string_equal(config->targets[3].name, "four");
	config_free(config);
}

static void faults_in_more_targets(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	assert_int_equal(mkdir("t", 0700), 0);
	fixture_write("t/1.yaml", "- { name: one, address: 198.51.100.1, server: x }\n");
	fixture_write("t/2.yaml", "targets: [ { name: one, address: 198.51.100.1 } ]\nkey: k\n");
	fixture_write("t/3.yaml", "just text\n");
	fixture_write("t/4.yaml", "a: [\n");
	assert_null(load(ONE "targets_from: [ 't/*.yaml', t/../t/1.yaml, none.yaml, 'none*.yaml', '*.yaml', [ x ] ]\n",
			 &diags));
	fixture_expect(
	    "faults in files", &diags,
	    "c.yaml:3:29: error: targets_from: t/../t/1.yaml is read already; remove one\n"
	    "c.yaml:3:44: error: targets_from: none.yaml cannot be read: No such file or directory\n"
	    "c.yaml:3:55: warning: targets_from: 'none*.yaml' matches no file\n"
	    "c.yaml:3:69: error: targets_from: c.yaml is read already; remove one\n"
	    "c.yaml:3:79: error: targets_from: is a list; expected a single value\n"
	    "t/1.yaml:1:47: error: server: 'x' is not a known server; did you mean b?\n"
	    "t/2.yaml:1:20: error: name: 'one' is already in t/1.yaml:1; each target must have its own name\n"
	    "t/2.yaml:1:34: error: address: '198.51.100.1 port 8620' is already in t/1.yaml:1; one target can "
	    "have several protocols, schedules and servers\n"
	    "t/2.yaml:2:1: error: key: unknown key; known here: targets\n"
	    "t/3.yaml:1:1: error: configuration: is a single value; expected a list\n"
	    "t/4.yaml:2:1: error: not valid YAML: did not find expected node content, while parsing a flow node that "
	    "starts at line 2\n");
}

/* Nobody proves who it is there, so no server is needed. */
static void plain_reflectors(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	struct config *config =
	    load_good("key: a.key\ndefaults: { protocols: [ stamp ], unpinned: true }\ntargets:\n"
		      "  - { name: r, address: 198.51.100.7 }\n"
		      "  - { name: s, address: '2001:db8::1', port: 8621, sizes: [ 44, 1400 ], flows: { fresh: 0 } }\n",
		      "");
	assert_int_equal(config->servers_len, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct config_target *t = &config->targets[i];
		assert_true(t->stamp && !t->udp && !t->tcp && !t->unpinned);
		assert_int_equal(t->servers_len, 0);
	}
	assert_address(&config->targets[0].endpoint, "198.51.100.7", 862);
	assert_address(&config->targets[1].endpoint, "2001:db8::1", 8621);
	config_free(config);
	assert_null(load(HEAD "targets:\n"
			      "  - { name: r, address: 198.51.100.7, protocols: [ stamp, udp ], server: b }\n"
			      "  - { name: s, address: 198.51.100.8, protocols: stamp, server: b, holders: many }\n"
			      "  - { name: t, address: 198.51.100.9, protocols: stamp, arrives_on: 198.51.100.9 }\n"
			      "  - { name: u, address: 198.51.100.6, protocols: [ stamp, stamp ], server: b }\n"
			      "  - { name: v, address: 198.51.100.5, protocols: stamp, sizes: [ 43 ] }\n",
			 &diags));
	fixture_expect("plain reflectors", &diags,
		       "c.yaml:4:50: error: protocols: stamp is for a plain STAMP reflector, on a port of its own; "
		       "make it a target "
		       "by itself\n"
		       "c.yaml:5:65: error: server: has no meaning with protocols: [stamp], as a plain reflector does "
		       "not prove who it is; remove this key\n"
		       "c.yaml:5:77: error: holders: has no meaning with protocols: [stamp], as a plain reflector does "
		       "not prove who it is; remove this key\n"
		       "c.yaml:6:69: error: arrives_on: has no meaning with protocols: [stamp], as a plain reflector "
		       "does not prove who it is; remove this key\n"
		       "c.yaml:7:59: error: protocols: 'stamp' is given twice; remove one\n"
		       "c.yaml:8:66: error: sizes: 43 is too small; the minimum is 44 octets\n");
}

static void uris(void **state)
{
	char *good[] = { "floatprobe://" URL_B "@198.51.100.7", "floatprobe://" URL_C "@[2001:DB8::7]:9000?proto=udp",
			 "floatprobe://" URL_B "@example.org:81?proto=tcp,udp",
			 "floatprobe://" URL_B "@[2001:db8::8]" };
	struct diag_list diags = { 0 };
	(void)state;
	struct config *config = config_from_uris(good, 4, "a.key", "here", &diags);
	fixture_expect("good URIs", &diags, "");
	assert_non_null(config);
	assert_null(config->file);
	assert_string_equal(config->vantage, "here");
	assert_string_equal(config->key_file, "a.key");
	assert_int_equal(config->schedules_len, 1);
	assert_int_equal(config->servers_len, 2); /* one key, one server */
	assert_string_equal(config->servers[0].name, "198.51.100.7");
	assert_string_equal(config->servers[1].name, "[2001:db8::7]:9000");
	assert_int_equal(config->targets_len, 4);
	assert_address(&config->targets[1].endpoint, "2001:db8::7", 9000);
	assert_true(config->targets[1].udp && !config->targets[1].tcp);
	assert_string_equal(config->targets[2].name, "example.org:81");
	assert_false(config->targets[2].numeric);
	assert_true(config->targets[2].udp && config->targets[2].tcp);
	assert_int_equal(config->targets[2].servers[0], 0);
	assert_string_equal(config->targets[3].name, "2001:db8::8");
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(config->targets[i].role, CONFIG_DROPLET);
		assert_int_equal(config->targets[i].schedules_len, 1);
		assert_int_equal(config->targets[i].servers_len, 1);
	}
	config_free(config);
}

static void faults_in_uris(void **state)
{
	char *bad[] = { "http://x",
			"floatprobe://198.51.100.7",
			"floatprobe://abc@198.51.100.7:0?proto=upd",
			"floatprobe://" URL_B "@2001:db8::7",
			"floatprobe://" URL_B "@[2001:db8::7",
			"floatprobe://" URL_B "@",
			"floatprobe://" URL_B "@198.51.100.7/x",
			"floatprobe://" URL_B "@198.51.100.7?proto=",
			"floatprobe://" URL_B "@198.51.100.7?proto=udp,udp",
			"floatprobe://" URL_B "@198.51.100.7?size=1",
			"floatprobe://" URL_B "@198.51.100.8",
			"floatprobe://" URL_C "@198.51.100.8:8620",
			"floatprobe://" URL_B "@198.51.100.7:",
			"floatprobe://" URL_B "@[2001:db8::7]x:1",
			"floatprobe://" URL_B "@[::1]:1:2" };
	struct diag_list diags = { 0 };
	(void)state;
	assert_null(config_from_uris(bad, sizeof bad / sizeof *bad, "none.key", "not a name", &diags));
	fixture_expect(
	    "bad URIs", &diags,
	    "--key: error: cannot open key file none.key: No such file or directory; `floatprobe keygen -o "
	    "FILE` makes one\n"
	    "--vantage: error: 'not a name' is not a name; use letters, digits, dot, "
	    "underscore and hyphen\n"
	    "URI 1:1: error: does not begin with floatprobe://; write floatprobe://KEY@ADDRESS[:PORT]\n"
	    "URI 2:14: error: has no KEY@; write floatprobe://KEY@ADDRESS[:PORT]\n"
	    "URI 3:14: error: the key has 3 characters; a public key has 43 in base64url, without padding\n"
	    "URI 3:31: error: port '0' is out of range; ports are 1 to 65535\n"
	    "URI 3:39: error: 'upd' is not a protocol; write proto=udp, proto=tcp or proto=udp,tcp\n"
	    "URI 4:58: error: write an IPv6 address in brackets: [2001:db8::7]\n"
	    "URI 5:58: error: '[2001:db8::7' is not a numeric address; write it like 198.51.100.7 or 2001:db8::7\n"
	    "URI 6:58: error: '' is empty; write an address or a DNS name\n"
	    "URI 7:58: error: '198.51.100.7/x' is a network or a path; write the address of one host\n"
	    "URI 8:77: error: '' is not a protocol; write proto=udp, proto=tcp or proto=udp,tcp\n"
	    "URI 9:81: error: 'udp' is given twice; remove one\n"
	    "URI 10:71: error: unknown query 'size=1'; known here: name=NAME, proto=udp,tcp\n"
	    "URI 12:58: error: 198.51.100.8 is in URI 11 already; remove one\n"
	    "URI 13:71: error: port '' is not a whole number; write digits only\n"
	    "URI 14:58: error: '[2001:db8::7]x' is not a numeric address; write it like 198.51.100.7 or 2001:db8::7\n"
	    "URI 15:64: error: port '1:2' is not a whole number; write digits only\n");
}

static void default_key_file(void **state)
{
	char *uri[] = { "floatprobe://" URL_B "@198.51.100.7" };
	struct diag_list diags = { 0 };
	struct seal_identity identity;
	char error[KEYFILE_ERROR_LEN];
	(void)state;
	setenv("HOME", fixture_dir, 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_null(config_from_uris(uri, 1, NULL, NULL, &diags));
	char *text = fixture_text(&diags);
	assert_non_null(
	    strstr(text, "/.config/floatprobe/key: No such file or directory; `floatprobe keygen -o FILE`"));
	free(text);
	diag_free(&diags);
	char dir[] = ".config/floatprobe";
	assert_true(directory_make(dir, 0700));
	assert_true(keyfile_create(".config/floatprobe/key", &identity, error));
	struct config *config = config_from_uris(uri, 1, NULL, NULL, &diags);
	fixture_expect("key in HOME", &diags, "");
	assert_memory_equal(config->identity.public_key, identity.public_key, sizeof identity.public_key);
	config_free(config);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	assert_null(config_from_uris(uri, 1, NULL, NULL, &diags));
	fixture_expect("key in XDG_CONFIG_HOME", &diags,
		       "--key: error: cannot open key file /nonexistent/floatprobe/key: No such file or directory; "
		       "`floatprobe keygen -o FILE` makes one\n");
}

static void printed(void **state)
{
	char *text = NULL;
	size_t len = 0;
	(void)state;
	struct config *config =
	    load_good("vantage: v\n" HEAD
		      "schedules: { burst: { every: 60s, count: 20, spacing: 20ms }, steady: { every: 1s } }\n"
		      "targets:\n"
		      "  - { name: t, role: floating, address: 198.51.100.7, server: [ b, c ],\n"
		      "      arrives_on: 198.51.100.8, sizes: [ 512, 1400 ], schedule: [ steady, burst ] }\n"
		      "  - { name: u, address: example.org, server: c, protocols: tcp, expect: unreachable }\n",
		      "");
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	config_print(config, out);
	fclose(out);
	assert_string_equal(text,
			    "vantage: v\n"
			    "key: a.key (" KEY_A ")\n"
			    "lossy: from 5% loss\n"
			    "journal: none (run writes it to standard output)\n"
			    "log: text, from level info\n"
			    "web: none\n"
			    "servers:\n"
			    "  b: " KEY_B "\n"
			    "  c: " KEY_C "\n"
			    "schedules:\n"
			    "  burst: 20 probes, 20ms apart, every 1m, give or take 10%, timeout 1s\n"
			    "  steady: every 1s, give or take 10%, timeout 1s\n"
			    "targets:\n"
			    "  t: floating 198.51.100.7 port 8620, expected to be reachable\n"
			    "    answered by: b or c, arriving there on 198.51.100.8\n"
			    "    udp: 512, 1400 octets, from 1 held source port and from fresh ones\n"
			    "    tcp: one connection a probe\n"
			    "    schedule: steady, burst\n"
			    "  u: droplet example.org port 8620, expected to be unreachable\n"
			    "    answered by: c\n"
			    "    tcp: one connection a probe\n"
			    "    schedule: steady\n"
			    "paths: 6, more where a DNS name has several addresses; about 7.67 probes a second\n");
	free(text);
	config_free(config);
}

/* The example in configs/ is good as it stands, once its key file is there. */
static void example(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	assert_int_equal(system("cp -r " SOURCE_DIR "/configs example"), 0);
	fixture_write_key("example/fra-home.key", "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	struct config *config = config_load("example/floatprobe.yaml", &diags);
	fixture_expect("configs/floatprobe.yaml", &diags, "");
	assert_int_equal(config->targets_len, 5);
	config_free(config);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_probes_leave),
		cmocka_unit_test(faults_in_how_probes_leave),
		cmocka_unit_test(everything_arrives),
		cmocka_unit_test(defaults),
		cmocka_unit_test(small_print),
		cmocka_unit_test(where_the_web_is),
		cmocka_unit_test(faults),
		cmocka_unit_test(more_targets),
		cmocka_unit_test(faults_in_more_targets),
		cmocka_unit_test(plain_reflectors),
		cmocka_unit_test(uris),
		cmocka_unit_test(faults_in_uris),
		cmocka_unit_test(default_key_file),
		cmocka_unit_test(printed),
		cmocka_unit_test(example),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
