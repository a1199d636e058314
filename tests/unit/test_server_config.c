#include "config_fixture.h"

#include "common/config/units.h"
#include "common/core/ns.h"
#include "server/config/config.h"

#define HEAD "name: b\nkey: b.key\nclients: { a: " KEY_A " }\n"

static struct server_config *load(const char *yaml, struct diag_list *diags)
{
	fixture_write("s.yaml", yaml);
	return server_config_load("s.yaml", NULL, diags);
}

static struct server_config *load_good(const char *yaml, const char *warnings)
{
	struct diag_list diags = { 0 };
	struct server_config *config = load(yaml, &diags);
	fixture_expect(yaml, &diags, warnings);
	assert_non_null(config);
	return config;
}

static void everything_arrives(void **state)
{
	char text[UNITS_ADDRESS_LEN], key[KEYFILE_PUBLIC_LEN];
	(void)state;
	struct server_config *config = load_good(
	    "name: boot-01\n"
	    "key: b.key\n"
	    "listen: { port: 9000, protocols: [ tcp ], addresses: [ 198.51.100.7, '2001:db8::7', 127.0.0.1 ] }\n"
	    "clients: { fra: " KEY_A ", ams: " KEY_C " }\n"
	    "peers:\n"
	    "  boot-02: { key: " KEY_A ", address: 198.51.100.8 }\n"
	    "  boot-03: { key: " KEY_C ", address: '2001:db8::8', port: 9001 }\n"
	    "watch: { neighbours: false, half_open: false, addresses: false, applications: [] }\n"
	    "repair: { stale_neighbours: false }\n"
	    "limits: { flows: 10, tcp_slots: 2, clock_skew: 5m }\n"
	    "journal: out/b.jsonl\n",
	    "s.yaml:6:3: warning: peers: have no effect: peers are asked over UDP, but listen.protocols does not list "
	    "udp\n");
	assert_string_equal(config->file, "s.yaml");
	assert_string_equal(config->name, "boot-01");
	assert_string_equal(config->key_file, "b.key");
	keyfile_public_text(config->identity.public_key, key);
	assert_string_equal(key, KEY_B);
	assert_int_equal(config->port, 9000);
	assert_true(!config->udp && config->tcp);
	assert_int_equal(config->addresses_len, 3);
	assert_string_equal(units_address_text(config->addresses[1].address, text), "2001:db8::7");
	assert_int_equal(config->addresses[2].port, 9000);
	assert_int_equal(config->clients_len, 2);
	assert_string_equal(config->clients[0].name, "fra");
	assert_string_equal(config->clients[1].name, "ams");
	keyfile_public_text(config->clients[1].key, key);
	assert_string_equal(key, KEY_C);
	assert_int_equal(config->peers_len, 2);
	assert_string_equal(config->peers[0].name, "boot-02");
	keyfile_public_text(config->peers[0].key, key);
	assert_string_equal(key, KEY_A);
	assert_string_equal(units_address_text(config->peers[0].address.address, text), "198.51.100.8");
	assert_int_equal(config->peers[0].address.port, 8620);
	assert_string_equal(units_address_text(config->peers[1].address.address, text), "2001:db8::8");
	assert_int_equal(config->peers[1].address.port, 9001);
	assert_string_equal(config->journal, "out/b.jsonl");
	assert_int_equal(config->flows_max, 10);
	assert_int_equal(config->tcp_slots, 2);
	assert_int_equal(config->clock_skew_ns, 300 * NS_PER_S);
	assert_false(config->half_open);
	server_config_free(config);
}

static void defaults(void **state)
{
	(void)state;
	struct server_config *config = load_good("key: b.key\nclients: { a: " KEY_A " }\n", "");
	assert_true(strlen(config->name) > 0); /* the machine's */
	assert_int_equal(config->port, 8620);
	assert_true(config->udp && config->tcp);
	assert_int_equal(config->addresses_len, 0);
	assert_null(config->journal);
	assert_int_equal(config->flows_max, 65536);
	assert_int_equal(config->tcp_slots, 256);
	assert_int_equal(config->clock_skew_ns, 60 * NS_PER_S);
	assert_true(config->half_open && config->watch_neighbours && config->watch_addresses);
	assert_false(config->repair_neighbours);
	assert_int_equal(config->applications_len, 0);
	server_config_free(config);
}

static void where_the_web_is(void **state)
{
	struct server_config *config = load_good(HEAD "web: { listen: 'unix:web.sock', reload: anywhere }\n", "");

	(void)state;
	assert_string_equal(config->web.listen, "unix:web.sock");
	assert_string_equal(config->web.path, "web.sock");
	assert_int_equal(config->web.reload, WEB_RELOAD_ANYWHERE);
	server_config_free(config);
}

static void what_is_watched(void **state)
{
	(void)state;
	struct server_config *config = load_good(
	    HEAD "watch:\n"
		 "  neighbours: false\n"
		 "  addresses: false\n"
		 "  applications: [ { name: geth, protocol: udp, port: 30303 }, { name: web, protocol: [ udp, "
		 "tcp ], port: 443 } ]\n"
		 "repair: { stale_neighbours: true }\n",
	    "s.yaml:8:29: warning: stale_neighbours: needs watch.neighbours; it has no effect\n");
	assert_false(config->watch_neighbours);
	assert_false(config->watch_addresses);
	assert_true(config->repair_neighbours);
	assert_int_equal(config->applications_len, 2);
	assert_string_equal(config->applications[0].name, "geth");
	assert_int_equal(config->applications[0].port, 30303);
	assert_true(config->applications[0].udp && !config->applications[0].tcp);
	assert_true(config->applications[1].udp && config->applications[1].tcp);
	server_config_free(config);
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *diags;
	} cases[] = {
		{ "{}\n", "s.yaml:1:1: error: key: missing; expected: the file with this server's secret key\n"
			  "s.yaml:1:1: error: clients: missing; expected: the clients that are allowed to probe, as "
			  "NAME: ed25519:KEY\n" },
		{ "vantage: v\nkey: a.key\nservers: { b: " KEY_B " }\ntargets: [ { name: t, address: x y } ]\n",
		  "s.yaml:3:1: error: servers: this is a configuration for floatprobe; floatprobed needs its own\n" },
		{ "name: 'b b'\nkey: none.key\nclients: {}\n",
		  "s.yaml:1:7: error: name: 'b b' is not a name; use letters, digits, dot, underscore "
		  "and hyphen\n"
		  "s.yaml:2:6: error: key: cannot open key file none.key: No such file or directory; `floatprobe "
		  "keygen -o FILE` makes one\n"
		  "s.yaml:3:10: error: clients: is empty; floatprobed answers only the clients in this list\n" },
		{ "key: b.key\nclients: [ " KEY_A " ]\n",
		  "s.yaml:2:10: error: clients: is a list; expected a mapping (key: value)\n" },
		{ "key: b.key\nclients:\n  a: " KEY_A "\n  a b: ed25519:x\n  c: " KEY_A "\n  d: " KEY_B "\n  e:\n",
		  "s.yaml:4:3: error: clients: 'a b' is not a name; use letters, digits, dot, underscore "
		  "and hyphen\n"
		  "s.yaml:4:8: error: a b: has 1 character after \"ed25519:\"; a public key has 44\n"
		  "s.yaml:5:6: error: c: '" KEY_A "' is already in s.yaml:3; each must have its own key\n"
		  "s.yaml:6:6: error: d: '" KEY_B "' is this host's own key; write the key of the other host, "
		  "which `floatprobe pubkey` prints there\n"
		  "s.yaml:7:5: error: e: has no value; write a single value, or remove the key\n" },
		{ HEAD
		  "listen: { port: 0, protocols: [ udp, sctp ], adresses: [],\n"
		  "  addresses: [ 0.0.0.0, '::', 198.51.100.7, '::ffff:198.51.100.7', example.org, 224.0.0.1 ] }\n",
		  "s.yaml:4:17: error: port: '0' is out of range; ports are 1 to 65535\n"
		  "s.yaml:4:38: error: protocols: 'sctp' is not one of: udp, tcp\n"
		  "s.yaml:4:46: error: adresses: unknown key; did you mean addresses?\n"
		  "s.yaml:5:16: error: addresses: '0.0.0.0' is not the address of a host; write the address of one "
		  "host\n"
		  "s.yaml:5:25: error: addresses: '::' is not the address of a host; write the address of one host\n"
		  "s.yaml:5:45: error: addresses: '198.51.100.7' is already in s.yaml:5; remove one\n"
		  "s.yaml:5:68: error: addresses: 'example.org' is not a numeric address; write it like 198.51.100.7 "
		  "or 2001:db8::7\n"
		  "s.yaml:5:81: error: addresses: '224.0.0.1' is a multicast address; write the address of one "
		  "host\n" },
		{ HEAD "limits: { flows: 0, tcp_slots: 16385, clock_skew: 60 }\n",
		  "s.yaml:4:18: error: flows: 0 is out of range; use 1 to 4194304\n"
		  "s.yaml:4:32: error: tcp_slots: 16385 is out of range; use 1 to 16384\n"
		  "s.yaml:4:51: error: clock_skew: '60' has no unit; durations are written as 200ms, 1s or 5m\n" },
		{ HEAD "peers:\n"
		       "  c: { key: " KEY_C ", address: 0.0.0.0 }\n"
		       "  d: { key: " KEY_C ", address: 198.51.100.1 }\n"
		       "  e: { key: " KEY_B ", address: 198.51.100.2, port: 0 }\n"
		       "  f: { adress: x }\n"
		       "  g: " KEY_A "\n"
		       "  h: { key: " KEY_A ", address: h.example }\n",
		  "s.yaml:5:76: error: address: '0.0.0.0' is not the address of a host; write the address of one host\n"
		  "s.yaml:6:13: error: key: '" KEY_C "' is already in s.yaml:5; each must have its own key\n"
		  "s.yaml:7:13: error: key: '" KEY_B "' is this host's own key; write the key of the other host, "
		  "which `floatprobe pubkey` prints there\n"
		  "s.yaml:7:96: error: port: '0' is out of range; ports are 1 to 65535\n"
		  "s.yaml:8:6: error: key: missing; expected: the public key of the peer\n"
		  "s.yaml:8:6: error: address: missing; expected: where the peer is reached\n"
		  "s.yaml:8:8: error: adress: unknown key; did you mean address?\n"
		  "s.yaml:9:6: error: g: is a single value; expected a mapping (key: value)\n"
		  "s.yaml:10:76: error: address: 'h.example' is not a numeric address; write it like 198.51.100.7 or "
		  "2001:db8::7\n" },
		{ HEAD "watch: { neighbors: true, half_open: 1, applications: [ { protocol: sctp }, x ] }\n"
		       "repair: true\n"
		       "journal: b.key\n",
		  "s.yaml:4:10: error: neighbors: unknown key; did you mean neighbours?\n"
		  "s.yaml:4:38: error: half_open: '1' is not a boolean; write true or false\n"
		  "s.yaml:4:57: error: name: missing; expected: what to call it\n"
		  "s.yaml:4:57: error: port: missing; expected: the port it listens on\n"
		  "s.yaml:4:69: error: protocol: 'sctp' is not one of: udp, tcp\n"
		  "s.yaml:4:77: error: applications: is a single value; expected a mapping (key: value)\n"
		  "s.yaml:5:9: error: repair: is a single value; expected a mapping (key: value)\n"
		  "s.yaml:6:10: error: journal: is the key file; write the journal to another file\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct diag_list diags = { 0 };
		struct server_config *config = load(cases[i].yaml, &diags);
		fixture_expect(cases[i].yaml, &diags, cases[i].diags);
		assert_null(config);
	}
}

static void printed(void **state)
{
	char *text = NULL;
	size_t len = 0;
	(void)state;
	struct server_config *config =
	    load_good(HEAD "listen: { protocols: udp, addresses: [ 198.51.100.7, '::1' ] }\n"
			   "watch: { addresses: false, applications: [ { name: geth, protocol: udp, port: 30303 } ] }\n"
			   "repair: { stale_neighbours: true }\n",
		      "");
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	server_config_print(config, out);
	fclose(out);
	assert_string_equal(text, "name: b\n"
				  "key: b.key (" KEY_B ")\n"
				  "listen: 198.51.100.7, ::1, port 8620, udp\n"
				  "limits: 65536 flows, 256 tcp connections at a time, client clocks up to 1m off\n"
				  "half-open sockets: reported to clients\n"
				  "neighbour table: watched, entries that are proven wrong are deleted\n"
				  "claims of this host's addresses by other machines: not watched\n"
				  "application watched: geth, port 30303, udp\n"
				  "journal: none\n"
				  "log: text, from level info\n"
				  "web: none\n"
				  "clients:\n"
				  "  a: " KEY_A "\n");
	free(text);
	server_config_free(config);
}

/* The example in configs/ is good as it stands, once its key file is there, and says what the defaults are. */
static void example(void **state)
{
	struct diag_list diags = { 0 };
	(void)state;
	assert_int_equal(system("cp -r " SOURCE_DIR "/configs example"), 0);
	fixture_write_key("example/boot-01.key", "floatprobe-secret:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	struct server_config *config = server_config_load("example/floatprobed.yaml", NULL, &diags);
	fixture_expect("configs/floatprobed.yaml", &diags, "");
	assert_int_equal(config->flows_max, 65536);
	assert_int_equal(config->tcp_slots, 256);
	assert_int_equal(config->clock_skew_ns, 60 * NS_PER_S);
	server_config_free(config);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives),
		cmocka_unit_test(defaults),
		cmocka_unit_test(where_the_web_is),
		cmocka_unit_test(what_is_watched),
		cmocka_unit_test(faults),
		cmocka_unit_test(printed),
		cmocka_unit_test(example),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
