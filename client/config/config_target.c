#include "client/config/config_target.h"

#include "client/config/config_defaults.h"
#include "common/config/read.h"
#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/core/stamp.h"

#include <stdio.h>
#include <string.h>

enum { IPV6_SIZE_MAX = WIRE_UDP_MAX - 20 };
enum { PROBE_WORD_UDP, PROBE_WORD_TCP, PROBE_WORD_STAMP };

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
	target->egress.floating = target->role == CONFIG_FLOATING;
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

/* The interface of a link-local address stands in it, or in `interface`, which is read before. */
static const char *read_numeric(const char *text, struct config_target *target, char interface[UNITS_INTERFACE_LEN])
{
	char scoped[UNITS_ADDRESS_LEN + UNITS_INTERFACE_LEN + 1];
	const char *fault = units_scoped_address(text, target->endpoint.address, interface);
	int len = snprintf(scoped, sizeof scoped, "%s%%%s", text, target->egress.interface);
	bool fits = target->egress.interface[0] && !strchr(text, '%') && (size_t)len < sizeof scoped;

	return fault && fits && !units_scoped_address(scoped, target->endpoint.address, interface) ? NULL : fault;
}

static bool read_address(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	char interface[UNITS_INTERFACE_LEN] = "";
	const char *text = schema_text(s, node);
	(void)key;
	if (!text)
		return false;
	target->numeric = units_looks_numeric(text);
	if (!schema_check(s, node, target->numeric ? read_numeric(text, target, interface) : units_dns_name(text)))
		return false;
	if (interface[0] && target->egress.interface[0] && strcmp(interface, target->egress.interface) != 0)
		return schema_error(s, node, "'%s' is on another interface than interface: %s; remove one of them",
				    text, target->egress.interface);
	if (interface[0])
		snprintf(target->egress.interface, sizeof target->egress.interface, "%s", interface);
	target->address = diag_copy(s->diags, node->text);
	return target->address != NULL;
}

/* ---- how probes leave ---- */

static bool read_family(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	static const struct schema_word words[] = {
		{ "ipv4", CONFIG_IPV4 }, { "ipv6", CONFIG_IPV6 }, { "both", CONFIG_BOTH_FAMILIES }, { 0 }
	};
	struct config_target *target = object;
	unsigned family;
	(void)key;
	if (!schema_choice(s, node, words, &family))
		return false;
	target->family = (enum config_family)family;
	return true;
}

static bool read_source(struct schema *s, struct tree_node *item, struct egress *egress)
{
	const char *text = schema_text(s, item);
	struct endpoint source = { 0 };
	if (!text || !schema_check(s, item, units_host_address(text, source.address)))
		return false;
	struct endpoint *place = &egress->sources[!endpoint_is_v4(&source)];
	if (!endpoint_is_unknown(place))
		return schema_error(s, item, "'%s' is a second address of this IP version; a target has one of each",
				    text);
	*place = source;
	return true;
}

static bool read_sources(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	bool ok = schema_items(s, node) > 0;
	(void)key;
	memset(target->egress.sources, 0, sizeof target->egress.sources);
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item))
		ok = read_source(s, item, &target->egress);
	return ok;
}

static bool read_interface(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const char *text = schema_text(s, node);
	(void)key;
	if (!text || !schema_check(s, node, units_interface(text)))
		return false;
	snprintf(target->egress.interface, sizeof target->egress.interface, "%s", text);
	return true;
}

static bool read_dscp(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const char *text = schema_text(s, node);
	(void)key;
	return text && schema_check(s, node, units_dscp(text, &target->egress.dscp));
}

static bool read_ttl(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	unsigned ttl;
	const struct schema_key plain = { .min = key->min, .max = key->max };
	if (!read_unsigned(s, &plain, node, &ttl))
		return false;
	target->egress.ttl = (uint8_t)ttl;
	return true;
}

static bool read_fwmark(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const char *text = schema_text(s, node);
	(void)key;
	return text && schema_check(s, node, units_mark(text, &target->egress.fwmark));
}

/* ---- thresholds ---- */

static bool read_loss(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_threshold *threshold = object;
	threshold->has_loss = true;
	return read_percent(s, key, node, object);
}

static const struct schema_key threshold_keys[] = {
	{ "loss", .read = read_loss, .offset = offsetof(struct config_threshold, loss_permille), .min = 0,
	  .max = 1000 },
	{ "rtt", .read = read_duration, .offset = offsetof(struct config_threshold, rtt_ns), .min = 1,
	  .max = 60 * NS_PER_S },
	{ 0 },
};

static bool read_threshold(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	if (node->kind == TREE_MAPPING && node->len == 0)
		return schema_error(s, node, "is empty; write { loss: 2%%, rtt: 80ms }, or one of them");
	return schema_mapping(s, threshold_keys, node, schema_field(key, object));
}

static bool read_arrives_on(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const char *text = schema_text(s, node);
	(void)key;
	return text && schema_check(s, node, units_remote_address(text, target->arrives_on.address));
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

static bool read_protocol(struct schema *s, struct tree_node *item, struct config_target *target)
{
	static const struct schema_word words[] = {
		{ "udp", PROBE_WORD_UDP }, { "tcp", PROBE_WORD_TCP }, { "stamp", PROBE_WORD_STAMP }, { 0 }
	};
	bool *const places[] = {
		[PROBE_WORD_UDP] = &target->udp, [PROBE_WORD_TCP] = &target->tcp, [PROBE_WORD_STAMP] = &target->stamp
	};
	unsigned word;
	if (!schema_choice(s, item, words, &word))
		return false;
	if (*places[word])
		return schema_error(s, item, "'%s' is given twice; remove one", item->text);
	*places[word] = true;
	return true;
}

static bool read_target_protocols(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	bool ok = schema_items(s, node) > 0;
	(void)key;
	target->udp = target->tcp = target->stamp = false;
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item))
		ok &= read_protocol(s, item, target);
	if (ok && target->stamp && (target->udp || target->tcp))
		return schema_error(
		    s, node, "stamp is for a plain STAMP reflector, on a port of its own; make it a target by itself");
	return ok;
}

static bool read_size(struct schema *s, struct tree_node *item, struct config_target *target)
{
	unsigned min = target->stamp ? WIRE_BASE_LEN : WIRE_PROBE_MIN;
	uint64_t size;
	const char *text = schema_text(s, item);
	if (!text || !schema_check(s, item, units_unsigned(text, &size)))
		return false;
	if (size < min)
		return schema_error(s, item, "%s is too small; the minimum is %u octets", text, min);
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

#define COMMON_KEYS                                                                                                    \
	{ "port", .read = read_port, FIELD(endpoint.port) }, { "holders", .read = read_holders },                      \
	    { "protocols", .read = read_target_protocols }, { "flows", .read = read_group, .keys = flows_keys },       \
	    { "sizes", .read = read_sizes }, { "unpinned", .read = read_boolean, FIELD(unpinned) },                    \
	    { "family", .read = read_family }, { "source", .read = read_sources },                                     \
	    { "interface", .read = read_interface }, { "dscp", .read = read_dscp },                                    \
	    { "ttl", .read = read_ttl, .min = 1, .max = 255 }, { "fwmark", .read = read_fwmark },                      \
	    { "warn", .read = read_threshold, FIELD(warn) },                                                           \
	{                                                                                                              \
		"critical", .read = read_threshold, FIELD(critical)                                                    \
	}
static const struct schema_key defaults_keys[] = { COMMON_KEYS, { 0 } };
static const struct schema_key target_keys[] = {
	COMMON_KEYS,
	{ "name", .read = read_name, FIELD(name), .required = "what to call this target" },
	{ "role", .read = read_role },
	{ "address", .read = read_address, .required = "what to probe, an IP address or a DNS name" },
	{ "server", .read = read_server },
	{ "arrives_on", .read = read_arrives_on },
	{ "schedule", .read = read_schedule },
	{ "expect", .read = read_expect },
	{ 0 },
};
#undef FIELD

/* ---- consistency ---- */

#define ABOUT_UDP "applies to UDP only, but protocols does not list udp; add udp or remove this key"

static void check_udp_only(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	static const char *const udp_only[] = { "flows", "sizes" };
	if (target->udp || target->stamp || !schema_given(node, "protocols"))
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
	if (flows && (target->udp || target->stamp) && target->held == 0 && target->fresh == 0)
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

static bool has_source(const struct config_target *target, bool v4)
{
	return !endpoint_is_unknown(&target->egress.sources[!v4]);
}

/* A source address of one IP version probes the addresses of this version. */
static void check_family(struct schema *s, struct tree_node *node, struct config_target *target)
{
	struct tree_node *family = schema_given(node, "family"), *source = schema_given(node, "source");
	bool sourced = has_source(target, true) || has_source(target, false);
	if (target->address && target->numeric) {
		bool v4 = endpoint_is_v4(&target->endpoint);
		if (target->family != CONFIG_BOTH_FAMILIES && (target->family == CONFIG_IPV4) != v4 && family)
			schema_error(s, family, "contradicts the address %s; remove this key", target->address);
		if (source && !has_source(target, v4))
			schema_error(s, source,
				     "has another IP version than the address %s; use the same version for both",
				     target->address);
		return;
	}
	if (!sourced || (has_source(target, true) && has_source(target, false)))
		return;
	if (target->family != CONFIG_BOTH_FAMILIES && !has_source(target, target->family == CONFIG_IPV4))
		schema_error(s, source ? source : node, "source has another IP version than family");
	else
		target->family = has_source(target, true) ? CONFIG_IPV4 : CONFIG_IPV6;
}

static void check_thresholds(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *at =
	    schema_given(node, "critical") ? schema_given(node, "critical") : schema_given(node, "warn");
	const char *fault = at ? config_threshold_fault(&target->warn, &target->critical) : NULL;
	if (fault)
		schema_error(s, at, "critical has a lower %s than warn; it must have the higher one", fault);
}

/* Nobody is known to answer there. */
static void complete_stamp(struct schema *s, struct tree_node *node, struct config_target *target)
{
	static const char *const of_servers[] = { "server", "arrives_on", "holders" };
	for (size_t i = 0; i < sizeof of_servers / sizeof *of_servers; i++) {
		struct tree_node *given = schema_given(node, of_servers[i]);
		if (given && schema_sound(node, "protocols"))
			schema_error(s, given,
				     "has no meaning with protocols: [stamp], as a plain reflector does not prove who "
				     "it is; remove this key");
	}
	if (!tree_get(node, "port") && target->endpoint.port == WIRE_PORT)
		target->endpoint.port = STAMP_PORT;
	target->servers_len = 0;
	target->holders_many = target->unpinned = false;
}

/* The default server of a target. The default schedule comes when all are read. */
static void complete_target(struct schema *s, struct tree_node *node, struct config_target *target)
{
	const struct config_known *known = known_to(s);
	if (target->stamp) {
		complete_stamp(s, node, target);
	} else if (!tree_get(node, "server")) {
		if (known->servers && known->servers->len > 1)
			schema_missing(s, node, "server", "the servers that are allowed to answer");
		target->servers_len = 1;
	}
}

bool config_defaults_read(struct schema *s, struct tree_node *node, struct config_target *defaults)
{
	if (!schema_mapping(s, defaults_keys, node, defaults))
		return false;
	check_thresholds(s, node, defaults);
	return !node->wrong;
}

void config_target_read(struct schema *s, struct tree_node *node, struct config_target *target)
{
	*target = *known_to(s)->defaults;
	schema_mapping(s, target_keys, node, target);
	if (node->kind != TREE_MAPPING || node->wrong)
		return;
	check_udp_only(s, node, target);
	check_flows(s, node, target);
	check_arrives_on(s, node, target);
	check_sizes(s, node, target);
	check_unpinned(s, node, target);
	check_family(s, node, target);
	check_thresholds(s, node, target);
	complete_target(s, node, target);
}
