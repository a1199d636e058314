#include "client/config.h"

#include "client/keys.h"
#include "common/config/alloc.h"
#include "common/config/schema.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_SCHEDULE "steady"

enum {
	JITTER_DEFAULT = 100,
	LOSSY_DEFAULT = 50,
	COUNT_MAX = 256,
	OUTSTANDING_MAX = 256, /* what a receipt covers */
	IPV6_SIZE_MAX = WIRE_UDP_MAX - 20,
};

/* What is known while files are read; nodes stay until everything has been checked. */
struct loader {
	struct config *config;
	struct tree_node *root;
	struct tree_node **target_nodes; /* beside config->targets */
	struct tree **trees;             /* the configuration's own first */
	size_t trees_len;
};

static struct loader *loader_of(const struct schema *s)
{
	return s->context;
}

static struct tree *load_tree(struct loader *loader, const char *file, struct diag_list *diags)
{
	struct tree *tree = tree_load(file, diags);
	if (!tree)
		return NULL;
	loader->trees = alloc_resize(loader->trees, loader->trees_len + 1, sizeof(struct tree *));
	loader->trees[loader->trees_len++] = tree;
	return tree;
}

const char *config_role_name(enum config_role role)
{
	static const char *const names[] = { "droplet", "floating", "anchor" };
	return names[role];
}

/* ---- defaults ---- */

static struct config *new_config(const char *file)
{
	struct config *config = alloc_zero(1, sizeof *config);
	config->file = file ? alloc_text(file) : NULL;
	config->lossy_permille = LOSSY_DEFAULT;
	return config;
}

static struct config_schedule default_schedule(const char *name)
{
	return (struct config_schedule){
		.name = alloc_text(name),
		.every_ns = UNITS_S,
		.timeout_ns = UNITS_S,
		.spacing_ns = 20 * UNITS_MS,
		.count = 1,
		.jitter_permille = JITTER_DEFAULT,
	};
}

static struct config_target default_target(void)
{
	return (struct config_target){
		.role = CONFIG_DROPLET,
		.endpoint.port = WIRE_PORT,
		.udp = true,
		.tcp = true,
		.held = 1,
		.fresh = 1,
		.sizes = { CONFIG_SIZE_DEFAULT },
		.sizes_len = 1,
		.expect_reachable = true,
	};
}

static void add_default_schedule(struct config *config)
{
	config->schedules = alloc_zero(1, sizeof *config->schedules);
	config->schedules[config->schedules_len++] = default_schedule(DEFAULT_SCHEDULE);
}

/* ---- servers ---- */

static bool read_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	return schema_secret_key(s, node, &config->key_file, &config->identity);
}

static bool read_servers(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node, "is empty; name the identities that may answer, as NAME: ed25519:KEY");
	config->servers = alloc_zero(node->len, sizeof *config->servers);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next) {
		struct config_server *server = &config->servers[config->servers_len++];
		server->name = alloc_text(member->key->text);
		ok &= schema_keyed(s, member, server->key);
	}
	return ok;
}

/* ---- schedules ---- */

#define FIELD(name) .offset = offsetof(struct config_schedule, name)
static const struct schema_key schedule_keys[] = {
	{ "every", .read = schema_duration, FIELD(every_ns), .min = UNITS_MS, .max = 86400 * UNITS_S,
	  .required = "how often, like 1s" },
	{ "jitter", .read = schema_percent, FIELD(jitter_permille), .min = 0, .max = 1000 },
	{ "timeout", .read = schema_duration, FIELD(timeout_ns), .min = UNITS_MS, .max = 60 * UNITS_S },
	{ "count", .read = schema_unsigned, FIELD(count), .min = 1, .max = COUNT_MAX },
	{ "spacing", .read = schema_duration, FIELD(spacing_ns), .min = UNITS_MS, .max = 60 * UNITS_S },
	{ 0 },
};
#undef FIELD

static void check_schedule(struct schema *s, struct tree_node *node, const struct config_schedule *schedule)
{
	struct tree_node *spacing = schema_given(node, "spacing"), *timeout = schema_given(node, "timeout");
	char text[UNITS_DURATION_LEN], limit[UNITS_DURATION_LEN];
	if (!schema_sound(node, "every") || !schema_given(node, "every") || !schema_sound(node, "count"))
		return;
	units_duration_text(schedule->every_ns, limit);
	int64_t burst_ns = schedule->count * schedule->spacing_ns;
	if (schedule->count > 1 && schema_sound(node, "spacing") && burst_ns > schedule->every_ns)
		schema_error(s, spacing ? spacing : tree_get(node, "count"),
			     "%u probes take %s, longer than every (%s); make them fewer or closer", schedule->count,
			     units_duration_text(burst_ns, text), limit);
	if (schedule->count == 1 && spacing)
		schema_warning(s, spacing, "has no effect on a single probe; give a count");
	int64_t outstanding = (schedule->timeout_ns / schedule->every_ns + 1) * schedule->count;
	if (schema_sound(node, "timeout") && outstanding > OUTSTANDING_MAX)
		schema_error(s, timeout ? timeout : tree_get(node, "every"),
			     "%" PRId64 " probes would be under way at a time, more than a receipt covers (%d); "
			     "make the timeout shorter or every longer",
			     outstanding, OUTSTANDING_MAX);
}

static bool read_schedules(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node, "is empty; name a schedule, or leave the key out for one probe a second");
	config->schedules = alloc_zero(node->len, sizeof *config->schedules);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next) {
		struct config_schedule *schedule = &config->schedules[config->schedules_len++];
		*schedule = default_schedule(member->key->text);
		ok &= schema_member_name(s, member);
		ok &= schema_mapping(s, schedule_keys, member, schedule);
		if (member->kind == TREE_MAPPING)
			check_schedule(s, member, schedule);
	}
	return ok;
}

/* ---- targets: values ---- */

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

static bool read_address(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	(void)key;
	if (!schema_host(s, node, target->endpoint.address, &target->numeric))
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

/* A list of references to the members of a mapping, as their indexes. */
static bool read_references(struct schema *s, struct tree_node *node, const char *what, const struct tree_node *known,
			    unsigned *indexes, unsigned *indexes_len, unsigned max)
{
	unsigned len = schema_items(s, node);
	bool ok = len > 0;
	if (len > max)
		return schema_error(s, node, "names %u; a target has up to %u %ss", len, max, what);
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item)) {
		const char *text = schema_text(s, item);
		const struct tree_node *found = text ? tree_get(known, text) : NULL;
		if (!found) {
			item->wrong = !text || !schema_unknown(s, item, what, known);
			continue;
		}
		for (unsigned i = 0; i < *indexes_len; i++) {
			if (indexes[i] == found->index)
				schema_error(s, item, "'%s' stands there twice; once is enough", text);
		}
		indexes[(*indexes_len)++] = found->index;
	}
	return ok;
}

static bool read_server(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const struct tree_node *servers = tree_get(loader_of(s)->root, "servers");
	(void)key;
	if (!servers || servers->kind != TREE_MAPPING)
		return true; /* reported where it is missing */
	return read_references(s, node, "server", servers, target->servers, &target->servers_len, WIRE_SLOTS_MAX);
}

/* The schedule that stands where the file has none, as something to refer to. */
static const struct tree_node *known_schedules(const struct loader *loader)
{
	static char text[] = DEFAULT_SCHEDULE;
	static struct tree_node name = { .text = text };
	static struct tree_node member = { .key = &name };
	static struct tree_node *sorted[] = { &member };
	static const struct tree_node only_default = {
		.kind = TREE_MAPPING, .first = &member, .len = 1, .sorted = sorted
	};
	const struct tree_node *given = tree_get(loader->root, "schedules");
	return given ? given : &only_default;
}

static bool read_schedule(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	const struct tree_node *known = known_schedules(loader_of(s));
	(void)key;
	if (known->kind != TREE_MAPPING)
		return true; /* reported there */
	return read_references(s, node, "schedule", known, target->schedules, &target->schedules_len,
			       CONFIG_SCHEDULES_MAX);
}

static bool read_size(struct schema *s, struct tree_node *item, struct config_target *target)
{
	uint64_t size;
	const char *text = schema_text(s, item);
	if (!text || !schema_check(s, item, units_unsigned(text, &size)))
		return false;
	if (size < WIRE_PROBE_MIN)
		return schema_error(s, item, "%s is too small; the smallest probe has %d octets", text, WIRE_PROBE_MIN);
	if (size > WIRE_UDP_MAX)
		return schema_error(s, item, "%s is too large; UDP carries up to %d octets", text, WIRE_UDP_MAX);
	for (unsigned i = 0; i < target->sizes_len; i++) {
		if (target->sizes[i] == size)
			return schema_error(s, item, "%s stands there twice; once is enough", text);
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
		return schema_error(s, node, "has %u sizes; a target has up to %d", len, CONFIG_SIZES_MAX);
	bool ok = true;
	target->sizes_len = 0;
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item))
		ok &= read_size(s, item, target);
	return ok;
}

static bool read_unpinned(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config_target *target = object;
	if (!schema_boolean(s, key, node, object))
		return false;
	if (target->unpinned)
		schema_not_yet(s, node);
	return true;
}

#define FIELD(name) .offset = offsetof(struct config_target, name)
static const struct schema_key flows_keys[] = {
	{ "held", .read = schema_unsigned, FIELD(held), .min = 0, .max = CONFIG_HELD_MAX },
	{ "fresh", .read = schema_unsigned, FIELD(fresh), .min = 0, .max = 1 },
	{ 0 },
};

_Static_assert(offsetof(struct config_target, tcp) == offsetof(struct config_target, udp) + sizeof(bool),
	       "schema_protocols");
static const struct schema_key target_keys[] = {
	{ "name", .read = schema_name, FIELD(name), .required = "what to call this target" },
	{ "role", .read = read_role },
	{ "address", .read = read_address, .required = "what to probe, an IP address or a DNS name" },
	{ "port", .read = schema_port, FIELD(endpoint.port) },
	{ "server", .read = read_server },
	{ "arrives_on", .read = read_arrives_on },
	{ "protocols", .read = schema_protocols, FIELD(udp) },
	{ "schedule", .read = read_schedule },
	{ "flows", .read = schema_group, .keys = flows_keys },
	{ "sizes", .read = read_sizes },
	{ "unpinned", .read = read_unpinned, FIELD(unpinned) },
	{ "expect", .read = read_expect },
	{ 0 },
};
#undef FIELD

/* ---- targets: contradictions ---- */

#define ABOUT_UDP "is about UDP, which protocols leaves out; add udp or remove this"

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
		schema_error(s, flows,
			     "held and fresh are both 0, so that nothing is sent over UDP; "
			     "give one of them, or protocols: [tcp]");
}

static void check_arrives_on(struct schema *s, struct tree_node *node, const struct config_target *target)
{
	struct tree_node *arrives_on = schema_given(node, "arrives_on");
	if (!arrives_on)
		return;
	if (schema_given(node, "address") && target->numeric &&
	    endpoint_is_v4(&target->endpoint) != endpoint_is_v4(&target->arrives_on))
		schema_error(s, arrives_on, "'%s' is of another IP version than the address %s; both have the same",
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
			schema_error(s, item, "%s is too large; over IPv6 a probe has up to %d octets", item->text,
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

/* Which servers and schedules, where the target does not say. */
static void complete_target(struct schema *s, struct tree_node *node, struct config_target *target)
{
	const struct config *config = loader_of(s)->config;
	if (!tree_get(node, "server")) {
		if (config->servers_len > 1)
			schema_missing(s, node, "server", "which of the servers must answer");
		target->servers_len = 1;
	}
	if (!tree_get(node, "schedule")) {
		const struct tree_node *steady = tree_get(known_schedules(loader_of(s)), DEFAULT_SCHEDULE);
		target->schedules[0] = steady ? steady->index : 0;
		target->schedules_len = 1;
	}
}

static void read_target(struct schema *s, struct tree_node *node, struct config_target *target)
{
	*target = default_target();
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

static bool read_target_list(struct schema *s, struct tree_node *list)
{
	struct loader *loader = loader_of(s);
	struct config *config = loader->config;
	if (!schema_is_kind(s, list, TREE_LIST))
		return false;
	size_t len = config->targets_len + list->len;
	config->targets = alloc_resize(config->targets, len, sizeof *config->targets);
	loader->target_nodes = alloc_resize(loader->target_nodes, len, sizeof(struct tree_node *));
	for (struct tree_node *item = list->first; item; item = item->next) {
		loader->target_nodes[config->targets_len] = item;
		read_target(s, item, &config->targets[config->targets_len++]);
	}
	return true;
}

static bool read_targets(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	(void)object;
	return read_target_list(s, node);
}

/* ---- targets_from ---- */

static const struct schema_key targets_file_keys[] = {
	{ "targets", .read = read_targets, .required = "the targets, as a list" },
	{ 0 },
};

/* Patterns may overlap, and may match the configuration itself. */
static bool is_read_already(const struct loader *loader, const struct stat *st)
{
	for (size_t i = 0; i < loader->trees_len; i++) {
		if (loader->trees[i]->device == st->st_dev && loader->trees[i]->inode == st->st_ino)
			return true;
	}
	return false;
}

static void read_targets_file(struct schema *s, struct tree_node *item, const char *file)
{
	struct loader *loader = loader_of(s);
	struct stat st;
	if (stat(file, &st) < 0) {
		schema_error(s, item, "%s cannot be read: %s", file, strerror(errno));
		return;
	}
	if (is_read_already(loader, &st)) {
		schema_error(s, item, "%s is read already; name it once", file);
		return;
	}
	struct tree *tree = load_tree(loader, file, s->diags);
	if (!tree)
		return;
	if (tree->root->kind == TREE_MAPPING)
		schema_mapping(s, targets_file_keys, tree->root, loader->config);
	else
		read_target_list(s, tree->root);
}

static bool is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

/* The directory of file, its own glob characters taken as they are, and pattern. */
static char *resolve_glob(const char *file, const char *pattern)
{
	const char *slash = strrchr(file, '/');
	if (pattern[0] == '/' || !slash)
		return alloc_text(pattern);
	size_t dir_len = (size_t)(slash - file) + 1;
	char *path = alloc_zero(2 * dir_len + strlen(pattern) + 1, 1), *p = path;
	for (size_t i = 0; i < dir_len; i++) {
		if (strchr("*?[]\\", file[i]))
			*p++ = '\\';
		*p++ = file[i];
	}
	strcpy(p, pattern);
	return path;
}

static bool read_glob(struct schema *s, struct tree_node *item)
{
	glob_t found;
	char *pattern = resolve_glob(item->file, item->text);
	int failed = glob(pattern, 0, NULL, &found);
	free(pattern);
	if (failed == GLOB_NOMATCH)
		schema_warning(s, item, "'%s' matches no file", item->text);
	else if (failed)
		return schema_error(s, item, "'%s' cannot be searched: %s", item->text, strerror(errno));
	for (size_t i = 0; !failed && i < found.gl_pathc; i++)
		read_targets_file(s, item, found.gl_pathv[i]);
	globfree(&found);
	return true;
}

static bool read_targets_from(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	bool ok = schema_items(s, node) > 0;
	(void)key;
	(void)object;
	for (struct tree_node *item = schema_first(node); ok && item; item = schema_next(node, item)) {
		const char *text = schema_text(s, item);
		if (text && is_glob(text)) {
			read_glob(s, item);
		} else if (text) {
			char *file = schema_resolve(item->file, text);
			read_targets_file(s, item, file);
			free(file);
		}
	}
	return ok;
}

/* ---- the whole file ---- */

#define FIELD(name) .offset = offsetof(struct config, name)
static const struct schema_key root_keys[] = {
	{ "vantage", .read = schema_name, FIELD(vantage) },
	{ "key", .read = read_key, .required = "the file with this prober's secret key" },
	{ "servers", .read = read_servers, .required = "the identities that may answer, as NAME: ed25519:KEY" },
	{ "schedules", .read = read_schedules },
	{ "lossy", .read = schema_percent, FIELD(lossy_permille), .min = 1, .max = 1000 },
	{ "targets", .read = read_targets },
	{ "targets_from", .read = read_targets_from },
	{ "journal", .read = schema_path, FIELD(journal) },
	{ "web", .read = schema_web },
	{ 0 },
};
#undef FIELD

static const char *const ours[] = { "servers", "targets", "targets_from", "schedules", NULL };
static const char *const theirs[] = { "clients", "listen", "peers", "watch", "repair", "limits", NULL };

static char *address_and_port(const struct config_target *target)
{
	char text[UNITS_ADDRESS_LEN];
	if (target->numeric)
		return alloc_format("%s port %u", units_address_text(target->endpoint.address, text),
				    (unsigned)target->endpoint.port);
	char *lower = alloc_format("%s port %u", target->address, (unsigned)target->endpoint.port);
	for (char *p = lower; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
	return lower;
}

/* Results are told apart by name, and a path that is probed twice would count each loss twice. */
static void check_targets_unique(struct schema *s, const struct loader *loader)
{
	const struct config *config = loader->config;
	struct schema_entry *names = alloc_zero(config->targets_len, sizeof *names);
	struct schema_entry *addresses = alloc_zero(config->targets_len, sizeof *addresses);
	size_t names_len = 0, addresses_len = 0;
	for (size_t i = 0; i < config->targets_len; i++) {
		const struct config_target *target = &config->targets[i];
		struct tree_node *name = tree_get(loader->target_nodes[i], "name");
		struct tree_node *address = tree_get(loader->target_nodes[i], "address");
		if (target->name)
			names[names_len++] = (struct schema_entry){ alloc_text(target->name), name };
		if (target->address && schema_sound(loader->target_nodes[i], "port"))
			addresses[addresses_len++] = (struct schema_entry){ address_and_port(target), address };
	}
	schema_unique(s, names, names_len, "every target has a name of its own");
	schema_unique(s, addresses, addresses_len, "one target can have several protocols, schedules and servers");
	schema_entries_free(names, names_len);
	schema_entries_free(addresses, addresses_len);
}

static void read_root(struct schema *s, struct tree_node *root)
{
	struct config *config = loader_of(s)->config;
	if (!schema_is_kind(s, root, TREE_MAPPING) ||
	    schema_is_foreign(s, root, ours, theirs, "floatprobe", "floatprobed"))
		return;
	if (!tree_get(root, "schedules"))
		add_default_schedule(config);
	size_t errors = s->diags->errors;
	schema_mapping(s, root_keys, root, config);
	schema_check_keys(s, root, "servers", &config->identity);
	schema_check_journal(s, root, config->journal, config->key_file);
	check_targets_unique(s, loader_of(s));
	if (config->targets_len == 0 && s->diags->errors == errors)
		schema_error(s, root, "no target; give targets or targets_from");
	if (!config->vantage)
		config->vantage = schema_machine_name();
}

struct config *config_load(const char *file, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct loader loader = { .config = new_config(file) };
	struct schema s = { .diags = diags, .context = &loader };
	struct tree *tree = load_tree(&loader, file, diags);
	if (tree) {
		loader.root = tree->root;
		read_root(&s, tree->root);
	}
	for (size_t i = 0; i < loader.trees_len; i++)
		tree_free(loader.trees[i]);
	free(loader.trees);
	free(loader.target_nodes);
	if (diags->errors == errors)
		return loader.config;
	config_free(loader.config);
	return NULL;
}

/* ---- URIs ---- */

#define URI_SCHEME "floatprobe://"

struct uri {
	struct diag_list *diags;
	char label[32]; /* "URI 2", in the place of a file's name */
	const char *text;
};

/* where: in text, what the error is about. */
static bool uri_error(const struct uri *uri, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool uri_error(const struct uri *uri, const char *where, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag_add(uri->diags, DIAG_ERROR, uri->label, 0, (unsigned)(where - uri->text) + 1, "%s", text);
	return false;
}

static bool parse_uri_host(const struct uri *uri, const char *host, size_t len, struct config_target *target)
{
	target->address = alloc_format("%.*s", (int)len, host);
	target->numeric = units_looks_numeric(target->address);
	if (target->numeric && host[0] != '[' && strchr(target->address, ':'))
		return uri_error(uri, host, "an IPv6 address stands in brackets: [2001:db8::7]");
	const char *wrong = target->numeric ? units_host_address(target->address, target->endpoint.address)
					    : units_dns_name(target->address);
	return !wrong || uri_error(uri, host, "'%s' %s", target->address, wrong);
}

static bool parse_uri_port(const struct uri *uri, const char *port, size_t len, struct config_target *target)
{
	char *text = alloc_format("%.*s", (int)len, port);
	const char *wrong = units_port(text, &target->endpoint.port);
	if (wrong)
		uri_error(uri, port, "port '%s' %s", text, wrong);
	free(text);
	return !wrong;
}

static bool parse_uri_protocol(const struct uri *uri, const char *word, size_t len, struct config_target *target)
{
	bool udp = len == 3 && memcmp(word, "udp", 3) == 0, tcp = len == 3 && memcmp(word, "tcp", 3) == 0;
	if (!udp && !tcp)
		return uri_error(uri, word, "'%.*s' is no protocol; proto=udp, proto=tcp or proto=udp,tcp is wanted",
				 (int)len, word);
	if ((udp && target->udp) || (tcp && target->tcp))
		return uri_error(uri, word, "'%.*s' stands there twice; once is enough", (int)len, word);
	target->udp |= udp;
	target->tcp |= tcp;
	return true;
}

static bool parse_uri_query(const struct uri *uri, const char *query, struct config_target *target)
{
	static const char proto[] = "proto=";
	if (strncmp(query, proto, strlen(proto)) != 0)
		return uri_error(uri, query, "unknown query '%s'; only ?proto=udp,tcp is known", query);
	target->udp = target->tcp = false;
	const char *word = query + strlen(proto);
	for (;;) {
		size_t len = strcspn(word, ",");
		if (!parse_uri_protocol(uri, word, len, target))
			return false;
		if (word[len] == '\0')
			return true;
		word += len + 1;
	}
}

/* What stands after the @: ADDRESS[:PORT][?proto=udp,tcp]. All faults in it are reported. */
static bool parse_uri_place(const struct uri *uri, const char *place, struct config_target *target)
{
	size_t len = strcspn(place, "?");
	const char *query = place[len] ? place + len + 1 : NULL;
	const char *bracket = place[0] == '[' ? memchr(place, ']', len) : NULL;
	const char *after = bracket ? bracket + 1 : place;
	const char *colon = memchr(after, ':', (size_t)(place + len - after));
	/* Two colons without brackets: an IPv6 address, which parse_uri_host refuses as a whole. */
	if (colon && !bracket && memchr(colon + 1, ':', (size_t)(place + len - colon - 1)))
		colon = NULL;
	bool ok = parse_uri_host(uri, place, colon ? (size_t)(colon - place) : len, target);
	if (colon)
		ok &= parse_uri_port(uri, colon + 1, (size_t)(place + len - colon - 1), target);
	if (query)
		ok &= parse_uri_query(uri, query, target);
	return ok;
}

static bool parse_uri(const struct uri *uri, uint8_t key[WIRE_KEY_LEN], struct config_target *target)
{
	char error[KEYFILE_ERROR_LEN];
	if (strncmp(uri->text, URI_SCHEME, strlen(URI_SCHEME)) != 0)
		return uri_error(uri, uri->text,
				 "does not begin with " URI_SCHEME "; " URI_SCHEME "KEY@ADDRESS[:PORT] is wanted");
	const char *key_text = uri->text + strlen(URI_SCHEME), *at = strchr(key_text, '@');
	if (!at)
		return uri_error(uri, key_text, "has no KEY@; " URI_SCHEME "KEY@ADDRESS[:PORT] is wanted");
	bool ok = keyfile_public_parse_url(key_text, (size_t)(at - key_text), key, error) ||
		  uri_error(uri, key_text, "%s", error);
	return parse_uri_place(uri, at + 1, target) && ok;
}

/* host, or host:port when it is not the default. */
static char *uri_name(const struct config_target *target)
{
	char text[UNITS_ADDRESS_LEN];
	const char *host = target->numeric ? units_address_text(target->endpoint.address, text) : target->address;
	unsigned port = target->endpoint.port;
	if (port == WIRE_PORT)
		return alloc_text(host);
	return strchr(host, ':') ? alloc_format("[%s]:%u", host, port) : alloc_format("%s:%u", host, port);
}

/* Several addresses may lead to one server. */
static unsigned uri_server(struct config *config, const uint8_t key[WIRE_KEY_LEN], const char *name)
{
	for (unsigned i = 0; i < config->servers_len; i++) {
		if (memcmp(config->servers[i].key, key, WIRE_KEY_LEN) == 0)
			return i;
	}
	struct config_server *server = &config->servers[config->servers_len];
	server->name = alloc_text(name);
	memcpy(server->key, key, WIRE_KEY_LEN);
	return (unsigned)config->servers_len++;
}

static void add_uri(struct config *config, const struct uri *uri)
{
	uint8_t key[WIRE_KEY_LEN];
	struct config_target *target = &config->targets[config->targets_len++];
	*target = default_target();
	if (!parse_uri(uri, key, target))
		return;
	target->name = uri_name(target);
	for (size_t i = 0; i + 1 < config->targets_len; i++) {
		if (config->targets[i].name && strcmp(config->targets[i].name, target->name) == 0)
			uri_error(uri, strchr(uri->text, '@') + 1, "%s is in URI %zu already; name it once",
				  target->name, i + 1);
	}
	target->servers[0] = uri_server(config, key, target->name);
	target->servers_len = 1;
	target->schedules_len = 1;
}

static void set_key(struct config *config, const char *key_file, struct diag_list *diags)
{
	char error[KEYFILE_ERROR_LEN];
	config->key_file = key_file ? alloc_text(key_file) : keys_default_path();
	if (!config->key_file)
		diag_add(diags, DIAG_ERROR, "--key", 0, 0, "is missing, and neither XDG_CONFIG_HOME nor HOME is set");
	else if (!keyfile_read(config->key_file, &config->identity, error))
		diag_add(diags, DIAG_ERROR, "--key", 0, 0, "%s", error);
}

static void set_vantage(struct config *config, const char *vantage, struct diag_list *diags)
{
	const char *wrong = vantage ? units_name(vantage) : NULL;
	if (wrong)
		diag_add(diags, DIAG_ERROR, "--vantage", 0, 0, "'%s' %s", vantage, wrong);
	config->vantage = vantage ? alloc_text(vantage) : schema_machine_name();
}

struct config *config_from_uris(char *const *uris, size_t uris_len, const char *key_file, const char *vantage,
				struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct config *config = new_config(NULL);
	add_default_schedule(config);
	set_key(config, key_file, diags);
	set_vantage(config, vantage, diags);
	config->servers = alloc_zero(uris_len, sizeof *config->servers);
	config->targets = alloc_zero(uris_len, sizeof *config->targets);
	for (size_t i = 0; i < uris_len; i++) {
		struct uri uri = { .diags = diags, .text = uris[i] };
		snprintf(uri.label, sizeof uri.label, "URI %zu", i + 1);
		add_uri(config, &uri);
	}
	if (diags->errors == errors)
		return config;
	config_free(config);
	return NULL;
}

/* ---- what it means ---- */

static void print_schedule(const struct config_schedule *schedule, FILE *out)
{
	char every[UNITS_DURATION_LEN], spacing[UNITS_DURATION_LEN], timeout[UNITS_DURATION_LEN];
	fprintf(out, "  %s: ", schedule->name);
	if (schedule->count > 1)
		fprintf(out, "%u probes, %s apart, ", schedule->count,
			units_duration_text(schedule->spacing_ns, spacing));
	fprintf(out, "every %s, give or take %g%%, timeout %s\n", units_duration_text(schedule->every_ns, every),
		schedule->jitter_permille / 10.0, units_duration_text(schedule->timeout_ns, timeout));
}

static unsigned target_paths(const struct config_target *target)
{
	return (target->udp ? target->sizes_len * (target->held + target->fresh) : 0) + target->tcp;
}

static double target_rate(const struct config *config, const struct config_target *target)
{
	double rate = 0;
	for (unsigned i = 0; i < target->schedules_len; i++) {
		const struct config_schedule *schedule = &config->schedules[target->schedules[i]];
		rate += schedule->count * (double)UNITS_S / (double)schedule->every_ns;
	}
	return rate * target_paths(target);
}

static void print_udp(const struct config_target *target, FILE *out)
{
	fputs("    udp:", out);
	for (unsigned i = 0; i < target->sizes_len; i++)
		fprintf(out, "%s %u", i ? "," : "", target->sizes[i]);
	fprintf(out, " octets, from %u held source port%s%s\n", target->held, target->held == 1 ? "" : "s",
		target->fresh ? " and from fresh ones" : "");
}

static void print_target(const struct config *config, const struct config_target *target, FILE *out)
{
	char text[UNITS_ADDRESS_LEN];
	fprintf(out, "  %s: %s %s port %u, expected to be %s\n", target->name, config_role_name(target->role),
		target->address, (unsigned)target->endpoint.port,
		target->expect_reachable ? "reachable" : "unreachable");
	fputs("    answered by:", out);
	for (unsigned i = 0; i < target->servers_len; i++)
		fprintf(out, "%s %s", i ? " or" : "", config->servers[target->servers[i]].name);
	if (!endpoint_is_unknown(&target->arrives_on))
		fprintf(out, ", arriving there on %s", units_address_text(target->arrives_on.address, text));
	fputc('\n', out);
	if (target->udp)
		print_udp(target, out);
	if (target->tcp)
		fputs("    tcp: one connection a probe\n", out);
	fputs("    schedule:", out);
	for (unsigned i = 0; i < target->schedules_len; i++)
		fprintf(out, "%s %s", i ? "," : "", config->schedules[target->schedules[i]].name);
	fputc('\n', out);
}

void config_print(const struct config *config, FILE *out)
{
	char key[KEYFILE_PUBLIC_LEN];
	unsigned paths = 0;
	double rate = 0;
	keyfile_public_text(config->identity.public_key, key);
	fprintf(out, "vantage: %s\nkey: %s (%s)\n", config->vantage, config->key_file, key);
	fprintf(out, "lossy: from %g%% loss\njournal: %s\n", config->lossy_permille / 10.0,
		config->journal ? config->journal : "none");
	fputs("servers:\n", out);
	for (size_t i = 0; i < config->servers_len; i++) {
		keyfile_public_text(config->servers[i].key, key);
		fprintf(out, "  %s: %s\n", config->servers[i].name, key);
	}
	fputs("schedules:\n", out);
	for (size_t i = 0; i < config->schedules_len; i++)
		print_schedule(&config->schedules[i], out);
	fputs("targets:\n", out);
	for (size_t i = 0; i < config->targets_len; i++) {
		print_target(config, &config->targets[i], out);
		paths += target_paths(&config->targets[i]);
		rate += target_rate(config, &config->targets[i]);
	}
	fprintf(out, "paths: %u, more where a DNS name has several addresses; about %.2f probes a second\n", paths,
		rate);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->servers_len; i++)
		free(config->servers[i].name);
	for (size_t i = 0; i < config->schedules_len; i++)
		free(config->schedules[i].name);
	for (size_t i = 0; i < config->targets_len; i++) {
		free(config->targets[i].name);
		free(config->targets[i].address);
	}
	free(config->servers);
	free(config->schedules);
	free(config->targets);
	free(config->file);
	free(config->vantage);
	free(config->key_file);
	free(config->journal);
	free(config->web);
	sodium_memzero(&config->identity, sizeof config->identity);
	free(config);
}
