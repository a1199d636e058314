#include "config_fixture.h"

#include "common/config/read.h"
#include "common/config/units.h"
#include "common/core/ns.h"

struct inner {
	char *name;
	bool on;
};

struct object {
	unsigned order[2], read;
	unsigned number, share;
	int64_t pause_ns;
	uint16_t port;
	bool udp, tcp;
	char *path;
	struct inner inner;
};

/* Notes when it was read, so that the order of reading shows. */
static bool read_ordered(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct object *o = object;
	(void)s;
	(void)node;
	o->order[o->read++] = (unsigned)key->min;
	return true;
}

#define FIELD(name) .offset = offsetof(struct object, name)
static const struct schema_key inner_keys[] = {
	{ "name", read_name, FIELD(inner.name), .required = "a name" },
	{ "on", read_boolean, FIELD(inner.on) },
	{ 0 },
};
static const struct schema_key keys[] = {
	{ "first", read_ordered, .min = 1 },
	{ "second", read_ordered, .min = 2 },
	{ "number", read_unsigned, FIELD(number), .min = 2, .max = 9 },
	{ "share", read_percent, FIELD(share), .min = 5, .max = 500 },
	{ "pause", read_duration, FIELD(pause_ns), .min = NS_PER_MS, .max = NS_PER_S },
	{ "port", read_port, FIELD(port) },
	{ "protocols", read_protocols, FIELD(udp) },
	{ "path", read_path, FIELD(path) },
	{ "inner", read_group, .keys = inner_keys },
	{ 0 },
};

static bool read_yaml(const char *yaml, struct object *object, struct diag_list *diags)
{
	fixture_write("s.yaml", yaml);
	struct tree *tree = tree_load("./s.yaml", diags);
	assert_non_null(tree);
	struct schema s = { .diags = diags };
	bool ok = schema_mapping(&s, keys, tree->root, object);
	tree_free(tree);
	return ok;
}

static void free_object(struct object *object)
{
	free(object->path);
	free(object->inner.name);
}

static void values_arrive(void **state)
{
	struct object o = { .port = 7 };
	struct diag_list diags = { 0 };
	(void)state;
	assert_true(read_yaml("second: x\n"
			      "first: x\n"
			      "number: 9\n"
			      "share: 0.5%\n"
			      "pause: 1s\n"
			      "protocols: tcp\n"
			      "path: sub/file\n"
			      "inner: { name: n, on: true }\n",
			      &o, &diags));
	fixture_expect("good", &diags, "");
	assert_int_equal(o.order[0], 1); /* the table's order, not the file's */
	assert_int_equal(o.order[1], 2);
	assert_int_equal(o.number, 9);
	assert_int_equal(o.share, 5);
	assert_int_equal(o.pause_ns, NS_PER_S);
	assert_int_equal(o.port, 7);
	assert_false(o.udp);
	assert_true(o.tcp);
	assert_string_equal(o.path, "./sub/file");
	assert_string_equal(o.inner.name, "n");
	assert_true(o.inner.on);
	free_object(&o);
}

static const struct {
	const char *yaml, *diags;
} cases[] = {
	{ "number: 1\nshare: 50.1%\npause: 2s\nport: 0\n",
	  "./s.yaml:1:9: error: number: 1 is out of range; use 2 to 9\n"
	  "./s.yaml:2:8: error: share: 50.1% is out of range; use 0.5% to 50%\n"
	  "./s.yaml:3:8: error: pause: 2s is out of range; use 1ms to 1s\n"
	  "./s.yaml:4:7: error: port: '0' is out of range; ports are 1 to 65535\n" },
	{ "number: 18446744073709551618\n", "./s.yaml:1:9: error: number: '18446744073709551618' is too large\n" },
	{ "number: [ 3 ]\nshare: { a: 1 }\ninner: x\npause:\nport: ~\n",
	  "./s.yaml:1:9: error: number: is a list; expected a single value\n"
	  "./s.yaml:2:8: error: share: is a mapping (key: value); expected a single value\n"
	  "./s.yaml:3:8: error: inner: is a single value; expected a mapping (key: value)\n"
	  "./s.yaml:4:7: error: pause: has no value; write a single value, or remove the key\n"
	  "./s.yaml:5:7: error: port: has no value; write a single value, or remove the key\n" },
	{ "nubmer: 3\nprot: 1\nwholly_else: 1\n",
	  "./s.yaml:1:1: error: nubmer: unknown key; did you mean number?\n"
	  "./s.yaml:2:1: error: prot: unknown key; did you mean port?\n"
	  "./s.yaml:3:1: error: wholly_else: unknown key; known here: first, second, number, share, pause, port, "
	  "protocols, path, inner\n" },
	{ "inner: { on: yes, o: 1 }\n", "./s.yaml:1:8: error: name: missing; expected: a name\n"
					"./s.yaml:1:14: error: on: 'yes' is not a boolean; write true or false\n"
					"./s.yaml:1:19: error: o: unknown key; did you mean on?\n" },
	{ "protocols: []\n", "./s.yaml:1:12: error: protocols: is an empty list; add an item, or remove the key\n" },
	{ "protocols: { udp: true }\n",
	  "./s.yaml:1:12: error: protocols: is a mapping (key: value); expected a list or a single value\n" },
	{ "protocols: [ udp, icmp, udp, [ tcp ] ]\n",
	  "./s.yaml:1:19: error: protocols: 'icmp' is not one of: udp, tcp\n"
	  "./s.yaml:1:25: error: protocols: 'udp' is given twice; remove one\n"
	  "./s.yaml:1:30: error: protocols: is a list; expected a single value\n" },
	{ "protocols: [ udp, udp ]\n", "./s.yaml:1:19: error: protocols: 'udp' is given twice; remove one\n" },
	{ "path: ''\n", "./s.yaml:1:7: error: path: is empty; write the path of a file\n" },
	{ "path: ~/x\n",
	  "./s.yaml:1:7: error: path: '~/x' begins with ~, which only a shell expands; write the full path\n" },
	{ "- a\n", "./s.yaml:1:1: error: configuration: is a list; expected a mapping (key: value)\n" },
};

static void faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct object o = { 0 };
		struct diag_list diags = { 0 };
		assert_false(read_yaml(cases[i].yaml, &o, &diags));
		fixture_expect(cases[i].yaml, &diags, cases[i].diags);
		free_object(&o);
	}
}

static void paths_are_resolved(void **state)
{
	static const struct {
		const char *file, *path, *resolved;
	} resolutions[] = {
		{ "c.yaml", "k", "k" },   { "dir/c.yaml", "k", "dir/k" }, { "/etc/c.yaml", "k", "/etc/k" },
		{ "/c.yaml", "k", "/k" }, { "dir/c.yaml", "/k", "/k" },   { "dir/c.yaml", "../k", "dir/../k" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof resolutions / sizeof *resolutions; i++) {
		char *path = read_resolve(resolutions[i].file, resolutions[i].path);
		assert_string_equal(path, resolutions[i].resolved);
		free(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(faults),
		cmocka_unit_test(paths_are_resolved),
	};
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
