#include "client/config/config_target.h"

#include "client/config/config_defaults.h"
#include "common/config/alloc.h"
#include "common/config/read.h"
#include "common/config/units.h"

enum { IPV6_SIZE_MAX = WIRE_UDP_MAX - 20 };

static const struct config_known *known_to(const struct schema *s)
{
	return s->context;
}

/* ---- values ---- */

static bool read_role(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	static const struct schema_word words[] = { { "droplet", CONFIG_DROPLET },
						    { "floating", CONFIG_FLOATING },
						    { "anchor", CONFIG_ANCHOR },
						    { "dropplet", CONFIG_DROPLET },
						    { 0 } };
	struct config_target *target = object;
	unsigned role;
	(void)key;
	if (!schema_choice(s, node, words, &role))
		return false;
	target->role = (enum config_role)role;
	return true;
}

static bool read_expect(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	static const struct schema_word words[] = { { "reachable", true }, { "unreachable", false }, { 0 } };
	struct config_target *target = object;
	unsigned reachable;
	(void)key;
	if (!schema_choice(s, node, words, &reachable))
		return false;
	target->expect_reachable = reachable;
	return true;
}

static bool read_holders(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	static const struct schema_word words[] = { { "one", false }, { "many", true }, { 0 } };
	struct config_target *target = object;
	unsigned many;
	(void)key;
	if (!schema_choice(s, node, words, &many))
		return false;
	target->holders_many = many;
	return true;
}

static bool read_address(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	(void)key;
	if (!read_host(s, node, target->endpoint.address, &target->numeric))
		return false;
	target->address = alloc_text(node->text);
	return true;
}

static bool read_arrives_on(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const char *text = schema_text(s, node);
	(void)key;
	return text && schema_check(s, node, units_host_address(text, target->arrives_on.address));
}

/* A list of references to members of a mapping, stored as indexes. */
struct references {
	const char *what;
	const struct schema_names *known;
	unsigned *indexes, *len, max;
};

static bool read_reference(struct schema *s, struct tree_node *item, const struct references *references)
{
	const char *text = schema_text(s, item);
	if (!text)
		return false;
	const struct schema_name *found = schema_names_find(references->known, text);
	if (!found)
		return schema_unknown(s, item, references->what, references->known);
	for (unsigned i = 0; i < *references->len; i++) {
		if (references->indexes[i] == found->index)
			return schema_error(s, item, "'%s' is given twice; remove one", text);
	}
	references->indexes[(*references->len)++] = found->index;
	return true;
}

static bool read_references(struct schema *s, struct tree_node *node, const struct references *references)
{
	unsigned len = references->known ? schema_items(s, node) : 0;
	if (len > references->max)
		return schema_error(s, node, "lists %u; a target has at most %u %ss", len, references->max,
				    references->what);
	bool ok = len > 0;
	for (struct tree_node *item = schema_first(node); len > 0 && item; item = schema_next(node, item))
		ok &= read_reference(s, item, references);
	return ok;
}

static bool read_server(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	(void)key;
	return read_references(s, node,
			       &(struct references){ "server", known_to(s)->servers, target->servers,
						     &target->servers_len, WIRE_SLOTS_MAX });
}

static bool read_schedule(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	(void)key;
	return read_references(s, node,
			       &(struct references){ "schedule", known_to(s)->schedules, target->schedules,
						     &target->schedules_len, CONFIG_SCHEDULES_MAX });
}

static bool read_size(struct schema *s, struct tree_node *item, struct config_target *target)
{
	uint64_t size;
	const char *text = schema_text(s, item);
	if (!text || !schema_check(s, item, units_unsigned(text, &size)))
		return false;
	if (size < WIRE_PROBE_MIN)
		return schema_error(s, item, "%s is too small; the minimum is %d octets", text, WIRE_PROBE_MIN);
	if (size > WIRE_UDP_MAX)
		return schema_error(s, item, "%s is too large; UDP carries at most %d octets", text, WIRE_UDP_MAX);
	for (unsigned i = 0; i < target->sizes_len; i++) {
		if (target->sizes[i] == size)
			return schema_error(s, item, "%s is given twice; remove one", text);
	}
	target->sizes[target->sizes_len++] = (unsigned)size;
	return true;
}

static bool read_sizes(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	unsigned len = schema_items(s, node);
	(void)key;
	if (len == 0)
		return false;
	if (len > CONFIG_SIZES_MAX)
		return schema_error(s, node, "has %u sizes; a target has at most %d", len, CONFIG_SIZES_MAX);
	bool ok = true;
	target->sizes_len = 0;
	target->pmtu = false;
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item))
		ok &= read_size(s, item, target);
	return ok;
}

#define FIELD(name) .offset = offsetof(struct config_target, name)
static const struct schema_key flows_keys[] = {
	{ "held", .read = read_unsigned, FIELD(held), .min = 0, .max = CONFIG_HELD_MAX },
	{ "fresh", .read = read_unsigned, FIELD(fresh), .min = 0, .max = 1 },
	{ 0 },
};

_Static_assert(offsetof(struct config_target, tcp) == offsetof(struct config_target, udp) + sizeof(bool),
	       "read_protocols");
static const struct schema_key target_keys[] = {
	{ "name", .read = read_name, FIELD(name), .required = "what to call this target" },
	{ "role", .read = read_role },
	{ "address", .read = read_address, .required = "what to probe, an IP address or a DNS name" },
	{ "port", .read = read_port, FIELD(endpoint.port) },
	{ "server", .read = read_server },
	{ "holders", .read = read_holders },
	{ "arrives_on", .read = read_arrives_on },
	{ "protocols", .read = read_protocols, FIELD(udp) },
	{ "schedule", .read = read_schedule },
	{ "flows", .read = read_group, .keys = flows_keys },
	{ "sizes", .read = read_sizes },
	{ "unpinned", .read = read_boolean, FIELD(unpinned) },
	{ "expect", .read = read_expect },
	{ 0 },
};
#undef FIELD

/* ---- consistency ---- */

#define ABOUT_UDP "applies to UDP only, but protocols does not list udp; add udp or remove this key"

static void check_udp_only(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	static const char *const udp_only[] = { "flows", "sizes" };
	if (target->udp || !schema_given(node, "protocols"))
		return;
	for (size_t i = 0; i < sizeof udp_only / sizeof *udp_only; i++) {
		struct tree_node *given = schema_given(node, udp_only[i]);
		if (given)
			schema_error(s, given, ABOUT_UDP);
	}
}

static void check_flows(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *flows = schema_given(node, "flows");
	if (flows && target->udp && target->held == 0 && target->fresh == 0)
		schema_error(
		    s, flows,
		    "held and fresh are both 0, so nothing is sent over UDP; set one of them, or set protocols: [tcp]");
}

static void check_arrives_on(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *arrives_on = schema_given(node, "arrives_on");
	if (!arrives_on)
		return;
	if (schema_given(node, "address") && target->numeric &&
	    endpoint_is_v4(&target->endpoint) != endpoint_is_v4(&target->arrives_on))
		schema_error(s, arrives_on,
			     "'%s' has another IP version than the address %s; use the same version for both",
			     arrives_on->text, target->address);
	if (!target->expect_reachable)
		schema_error(s, arrives_on, "contradicts expect: unreachable; remove one of them");
}

static void check_sizes(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *sizes = schema_given(node, "sizes");
	if (!sizes || !target->address || !target->numeric || endpoint_is_v4(&target->endpoint))
		return;
	unsigned i = 0;
	for (struct tree_node *item = schema_first(sizes); item; item = schema_next(sizes, item)) {
		if (target->sizes[i++] > IPV6_SIZE_MAX)
			schema_error(s, item, "%s is too large; over IPv6 a probe has at most %d octets", item->text,
				     IPV6_SIZE_MAX);
	}
}

static void check_unpinned(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *unpinned = schema_given(node, "unpinned");
	if (!unpinned || !target->unpinned)
		return;
	if (!target->expect_reachable)
		schema_error(s, unpinned, "contradicts expect: unreachable; remove one of them");
	if (!target->udp && schema_given(node, "protocols"))
		schema_error(s, unpinned, ABOUT_UDP);
}

/* The default server of a target. The default schedule comes when all are read. */
static void complete_target(struct schema *s, struct tree_node *node, struct config_target *target)
{
	const struct config_known *known = known_to(s);
	if (!tree_get(node, "server")) {
		if (known->servers && known->servers->len > 1)
			schema_missing(s, node, "server", "the servers that are allowed to answer");
		target->servers_len = 1;
	}
}

void config_target_read(struct schema *s, struct tree_node *node, struct config_target *target)
{
	*target = config_default_target();
	schema_mapping(s, target_keys, node, target);
	if (node->kind != TREE_MAPPING || node->wrong)
		return;
	check_udp_only(s, node, target);
	check_flows(s, node, target);
	check_arrives_on(s, node, target);
	check_sizes(s, node, target);
	check_unpinned(s, node, target);
	complete_target(s, node, target);
}
