/* Configurations from YAML files. */
#include "client/config/config.h"
#include "client/config/config_defaults.h"
#include "client/config/config_loader.h"
#include "client/config/config_servers.h"
#include "client/config/config_target.h"
#include "common/config/read.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COUNT_MAX = 256,
	OUTSTANDING_MAX = 256, /* the number of probes that a receipt covers */
	NUMBERS_LEN = 64,
};

static struct loader *loader_of(const struct schema *s)
{
	return s->context;
}

/* ---- the key ---- */

static bool read_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	return identity_read_secret(s, node, &config->key_file, &config->identity);
}

static bool read_defaults(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	(void)object;
	return config_defaults_read(s, node, &loader_of(s)->defaults);
}

/* ---- schedules ---- */

#define FIELD(name) .offset = offsetof(struct config_schedule, name)
static const struct schema_key schedule_keys[] = {
	{ "every", .read = read_duration, FIELD(every_ns), .min = NS_PER_MS, .max = 86400 * NS_PER_S,
	  .required = "how often, like 1s" },
	{ "jitter", .read = read_percent, FIELD(jitter_permille), .min = 0, .max = 1000 },
	{ "timeout", .read = read_duration, FIELD(timeout_ns), .min = NS_PER_MS, .max = 60 * NS_PER_S },
	{ "count", .read = read_unsigned, FIELD(count), .min = 1, .max = COUNT_MAX },
	{ "spacing", .read = read_duration, FIELD(spacing_ns), .min = NS_PER_MS, .max = 60 * NS_PER_S },
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
		schema_error(
		    s, spacing ? spacing : tree_get(node, "count"),
		    "%u probes take %s, which is longer than every (%s); use fewer probes or a shorter spacing",
		    schedule->count, units_duration_text(burst_ns, text), limit);
	if (schedule->count == 1 && spacing)
		schema_warning(s, spacing, "has no effect on a single probe; set count");
	int64_t outstanding = (schedule->timeout_ns / schedule->every_ns + 1) * schedule->count;
	if (schema_sound(node, "timeout") && outstanding > OUTSTANDING_MAX)
		schema_error(s, timeout ? timeout : tree_get(node, "every"),
			     "%" PRId64 " probes would wait for an answer at the same time, but a receipt covers only "
			     "%d; use a shorter timeout or a longer every",
			     outstanding, OUTSTANDING_MAX);
}

/* The schedule of a configuration without `schedules`. */
static void add_default_schedule(struct schema *s)
{
	struct loader *loader = loader_of(s);
	if (config_add_steady(s->diags, loader->config))
		schema_names_add(s, &loader->schedules, loader->config->schedules[0].name, 0);
}

static bool read_schedules(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node, "is empty; add a schedule, or remove the key to probe once a second");
	config->schedules = calloc(node->len, sizeof *config->schedules);
	if (!config->schedules)
		return diag_no_memory(s->diags);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next) {
		struct config_schedule *schedule = &config->schedules[config->schedules_len++];
		*schedule = config_default_schedule(s->diags, member->key->text);
		schema_names_add(s, &loader_of(s)->schedules, schedule->name, member->index);
		ok &= read_member_name(s, member);
		ok &= schema_mapping(s, schedule_keys, member, schedule);
		if (member->kind == TREE_MAPPING)
			check_schedule(s, member, schedule);
	}
	return ok;
}

/* ---- targets ---- */

/* Doubles the room. */
static bool extend_targets(struct loader *loader)
{
	struct config *config = loader->config;
	size_t room = config->targets_len ? 2 * config->targets_len : 1;
	struct config_target *targets = reallocarray(config->targets, room, sizeof *targets);
	if (targets)
		config->targets = targets;
	struct tree_node **nodes = reallocarray(loader->target_nodes, room, sizeof(struct tree_node *));
	if (nodes)
		loader->target_nodes = nodes;
	return targets && nodes;
}

struct config_target *loader_add_target(struct schema *s, struct tree_node *node)
{
	struct loader *loader = loader_of(s);
	struct config *config = loader->config;
	size_t len = config->targets_len;
	bool is_full = (len & (len - 1)) == 0; /* the room is a power of two */
	if (is_full && !extend_targets(loader)) {
		diag_no_memory(s->diags);
		return NULL;
	}
	loader->target_nodes[len] = node;
	config->targets_len++;
	return &config->targets[len];
}

/* What targets refer to has been read: the table of keys has it first. */
static void find_known(struct loader *loader)
{
	schema_names_sort(&loader->servers);
	schema_names_sort(&loader->schedules);
	loader->known = (struct config_known){
		.servers = loader->servers.len ? &loader->servers : NULL,
		.schedules = loader->schedules.len ? &loader->schedules : NULL,
		.defaults = &loader->defaults,
	};
}

static bool read_target_list(struct schema *s, struct tree_node *list)
{
	struct loader *loader = loader_of(s);
	if (!schema_is_kind(s, list, TREE_LIST))
		return false;
	find_known(loader);
	struct schema inner = { .diags = s->diags, .context = &loader->known };
	for (struct tree_node *item = list->first; item; item = item->next) {
		struct config_target *target = loader_add_target(s, item);
		if (!target)
			return false;
		config_target_read(&inner, item, target);
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

static bool read_targets_file(struct schema *s, struct tree_node *root, void *object)
{
	return root->kind == TREE_MAPPING ? schema_mapping(s, targets_file_keys, root, object)
					  : read_target_list(s, root);
}

static bool read_targets_from(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	return parts_read(&loader_of(s)->parts, s, node, read_targets_file, object);
}

/* ---- the whole file ---- */

#define FIELD(name) .offset = offsetof(struct config, name)
static const struct schema_key root_keys[] = {
	{ "vantage", .read = read_name, FIELD(vantage) },
	{ "key", .read = read_key, .required = "the file with this prober's secret key" },
	{ "defaults", .read = read_defaults },
	{ "servers", .read = config_read_servers },
	{ "servers_from", .read = config_read_servers_from },
	{ "schedules", .read = read_schedules },
	{ "resolve_every", .read = read_duration, FIELD(resolve_every_ns), .min = NS_PER_S, .max = 86400 * NS_PER_S },
	{ "lossy", .read = read_percent, FIELD(lossy_permille), .min = 1, .max = 1000 },
	{ "targets", .read = read_targets },
	{ "targets_from", .read = read_targets_from },
	{ "journal", .read = read_path, FIELD(journal) },
	{ "user", .read = read_name, FIELD(user) },
	{ "log", .read = log_settings_read, FIELD(log) },
	{ "web", .read = web_settings_read, FIELD(web) },
	{ 0 },
};
#undef FIELD

static const char *const ours[] = { "servers", "servers_from", "targets", "targets_from", "schedules", NULL };
static const char *const theirs[] = { "clients", "clients_from", "listen", "peers", "watch", "repair", "limits", NULL };

/* Returns NULL if memory is out. */
static char *address_and_port(struct diag_list *diags, const struct config_target *target)
{
	char text[UNITS_ADDRESS_LEN];
	if (target->numeric)
		return diag_format(diags, "%s port %u", units_address_text(target->endpoint.address, text),
				   (unsigned)target->endpoint.port);
	size_t len = strlen(target->address);
	bool dot = len > 0 && target->address[len - 1] == '.'; /* the same name without it */
	char *lower =
	    diag_format(diags, "%.*s port %u", (int)(len - dot), target->address, (unsigned)target->endpoint.port);
	for (char *p = lower; p && *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
	return lower;
}

/* Address and port, and how probes leave for them. Returns NULL if memory is out. */
static char *place_and_egress(struct diag_list *diags, const struct config_target *target)
{
	const struct egress *e = &target->egress;
	char sources[2][UNITS_ADDRESS_LEN], numbers[NUMBERS_LEN];
	char *place = address_and_port(diags, target), *text;

	for (unsigned i = 0; i < 2; i++) {
		if (endpoint_is_unknown(&e->sources[i]))
			sources[i][0] = '\0';
		else
			units_address_text(e->sources[i].address, sources[i]);
	}
	numbers[0] = '\0';
	if (e->fwmark || e->dscp || e->ttl)
		snprintf(numbers, sizeof numbers, " fwmark %u dscp %u ttl %u", e->fwmark, e->dscp, e->ttl);
	text = place ? diag_format(diags, "%s%s%s%s%s%s%s%s", place, sources[0][0] ? " from " : "", sources[0],
				   sources[1][0] ? " from " : "", sources[1], e->interface[0] ? " by " : "",
				   e->interface, numbers)
		     : NULL;
	free(place);
	return text;
}

/* Results are identified by name. A path that is probed twice would count each loss twice. */
static void check_targets_unique(struct schema *s, const struct loader *loader)
{
	const struct config *config = loader->config;
	struct schema_entries names = { 0 }, addresses = { 0 };
	for (size_t i = 0; i < config->targets_len; i++) {
		const struct config_target *target = &config->targets[i];
		struct tree_node *name = tree_get(loader->target_nodes[i], "name");
		struct tree_node *address = tree_get(loader->target_nodes[i], "address");
		/* A target made from a URI has one node. */
		if (target->name)
			schema_entries_add(s, &names, diag_copy(s->diags, target->name),
					   name ? name : loader->target_nodes[i]);
		if (target->address && schema_sound(loader->target_nodes[i], "port"))
			schema_entries_add(s, &addresses, place_and_egress(s->diags, target),
					   address ? address : loader->target_nodes[i]);
	}
	schema_unique(s, &names, "each target must have its own name");
	schema_unique(s, &addresses, "one target can have several protocols, schedules and servers");
	schema_entries_free(&names);
	schema_entries_free(&addresses);
}

/* Plain STAMP reflectors are no servers of ours. */
static bool needs_no_server(const struct config *config)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (!config->targets[i].stamp)
			return false;
	}
	return config->targets_len > 0;
}

/* Directories may be filled later: `run` waits for that. */
static const char nothing_yet[] = "and reload; there is nothing to probe until then";

static void say_no_server(struct schema *s, struct tree_node *root)
{
	static const char line[] =
	    "its line, which `floatprobed --init` or `floatprobe pubkey --uri ADDRESS` prints there";

	if (tree_get(root, "servers_from"))
		schema_warning(s, root, "there is no server yet; put %s, into servers_from %s", line, nothing_yet);
	else
		schema_error(s, root, "there is no server; put %s, into servers_from", line);
}

static void check_servers(struct schema *s, struct tree_node *root, size_t errors)
{
	struct loader *loader = loader_of(s);
	identities_check(&loader->identities, s,
			 schema_given(root, "key") ? loader->config->identity.public_key : NULL);
	if (needs_no_server(loader->config))
		return;
	if (!tree_get(root, "servers") && !tree_get(root, "servers_from"))
		schema_missing(s, root, "servers", "the servers that are allowed to answer, as NAME: ed25519:KEY");
	else if (loader->config->servers_len == 0 && s->diags->errors == errors)
		say_no_server(s, root);
}

static void check_targets(struct schema *s, struct tree_node *root, size_t errors)
{
	const struct config *config = loader_of(s)->config;

	check_targets_unique(s, loader_of(s));
	if (config->targets_len > 0 || config->servers_len == 0 || s->diags->errors != errors)
		return;
	if (tree_get(root, "targets_from"))
		schema_warning(s, root, "there is no target yet; put a file with some into targets_from %s",
			       nothing_yet);
	else
		schema_error(s, root, "there is no target; add targets or targets_from, or the URI of a server");
}

static void set_default_schedules(struct loader *loader)
{
	const struct schema_name *steady = schema_names_find(&loader->schedules, CONFIG_DEFAULT_SCHEDULE);
	for (size_t i = 0; i < loader->config->targets_len; i++) {
		struct config_target *target = &loader->config->targets[i];
		if (target->schedules_len > 0)
			continue;
		target->schedules[0] = steady ? steady->index : 0;
		target->schedules_len = 1;
	}
}

static void read_root(struct schema *s, struct tree_node *root)
{
	struct config *config = loader_of(s)->config;
	if (!schema_is_kind(s, root, TREE_MAPPING) ||
	    schema_is_foreign(s, root, ours, theirs, "floatprobe", "floatprobed"))
		return;
	if (!tree_get(root, "schedules"))
		add_default_schedule(s);
	size_t errors = s->diags->errors;
	schema_mapping(s, root_keys, root, config);
	check_servers(s, root, errors);
	set_default_schedules(loader_of(s));
	read_check_journal(s, root, config->journal, config->key_file);
	check_targets(s, root, errors);
	char machine[IDENTITY_NAME_LEN];
	if (!config->vantage)
		config->vantage = diag_copy(s->diags, identity_machine_name(machine));
}

struct config *config_load(const char *file, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct loader loader = { .config = config_new(diags, file), .defaults = config_default_target() };
	struct schema s = { .diags = diags, .context = &loader };
	struct tree *tree = loader.config ? parts_load_main(&loader.parts, file, diags) : NULL;
	if (tree)
		read_root(&s, tree->root);
	parts_free(&loader.parts);
	schema_names_free(&loader.servers);
	schema_names_free(&loader.schedules);
	free(loader.target_nodes);
	if (loader.config)
		diags->log = loader.config->log;
	if (diags->errors == errors)
		return loader.config;
	config_free(loader.config);
	return NULL;
}
