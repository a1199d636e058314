/* Configurations from YAML files. */
#include "client/config/config.h"
#include "client/config/config_defaults.h"
#include "client/config/config_target.h"
#include "common/config/alloc.h"
#include "common/config/identity.h"
#include "common/config/read.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	COUNT_MAX = 256,
	OUTSTANDING_MAX = 256, /* the number of probes that a receipt covers */
};

/* State of a load. The trees stay in memory until all checks are done. */
struct loader {
	struct config *config;
	struct config_known known;
	struct tree_node **target_nodes; /* parallel to config->targets */
	struct tree **trees;             /* the main file first, then the targets_from files */
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

/* ---- servers ---- */

static bool read_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	return identity_read_secret(s, node, &config->key_file, &config->identity);
}

static bool read_servers(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node,
				    "is empty; list the servers that are allowed to answer, as NAME: ed25519:KEY");
	config->servers = alloc_zero(node->len, sizeof *config->servers);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next) {
		struct config_server *server = &config->servers[config->servers_len++];
		server->name = alloc_text(member->key->text);
		ok &= identity_read_named(s, member, server->key);
	}
	return ok;
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

static bool read_schedules(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node, "is empty; add a schedule, or remove the key to probe once a second");
	config->schedules = alloc_zero(node->len, sizeof *config->schedules);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next) {
		struct config_schedule *schedule = &config->schedules[config->schedules_len++];
		*schedule = config_default_schedule(member->key->text);
		ok &= read_member_name(s, member);
		ok &= schema_mapping(s, schedule_keys, member, schedule);
		if (member->kind == TREE_MAPPING)
			check_schedule(s, member, schedule);
	}
	return ok;
}

/* ---- targets ---- */

static bool read_target_list(struct schema *s, struct tree_node *list)
{
	struct loader *loader = loader_of(s);
	struct config *config = loader->config;
	if (!schema_is_kind(s, list, TREE_LIST))
		return false;
	size_t len = config->targets_len + list->len;
	config->targets = alloc_resize(config->targets, len, sizeof *config->targets);
	loader->target_nodes = alloc_resize(loader->target_nodes, len, sizeof(struct tree_node *));
	struct schema inner = { .diags = s->diags, .context = &loader->known };
	for (struct tree_node *item = list->first; item; item = item->next) {
		loader->target_nodes[config->targets_len] = item;
		config_target_read(&inner, item, &config->targets[config->targets_len++]);
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

/* Patterns can overlap and can match the main file. */
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
		schema_error(s, item, "%s is read already; remove one", file);
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

/* The pattern relative to the directory of file. Glob characters in the directory are escaped. */
static char *resolve_glob(const char *file, const char *pattern)
{
	const char *slash = strrchr(file, '/');
	if (pattern[0] == '/' || !slash)
		return alloc_text(pattern);
	char *dir = alloc_zero(2 * (size_t)(slash - file) + 1, 1), *p = dir;
	for (; file < slash; file++) {
		if (strchr("*?[]\\", *file))
			*p++ = '\\';
		*p++ = *file;
	}
	char *path = alloc_format("%s/%s", dir, pattern);
	free(dir);
	return path;
}

static void read_glob(struct schema *s, struct tree_node *item)
{
	glob_t found = { 0 };
	char *pattern = resolve_glob(item->file, item->text);
	int failed = glob(pattern, 0, NULL, &found);
	free(pattern);
	if (failed == GLOB_NOMATCH)
		schema_warning(s, item, "'%s' matches no file", item->text);
	else if (failed)
		schema_error(s, item, "'%s' cannot be searched: %s", item->text, strerror(errno));
	for (size_t i = 0; !failed && i < found.gl_pathc; i++)
		read_targets_file(s, item, found.gl_pathv[i]);
	globfree(&found);
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
			char *file = read_resolve(item->file, text);
			read_targets_file(s, item, file);
			free(file);
		}
	}
	return ok;
}

/* ---- the whole file ---- */

#define FIELD(name) .offset = offsetof(struct config, name)
static const struct schema_key root_keys[] = {
	{ "vantage", .read = read_name, FIELD(vantage) },
	{ "key", .read = read_key, .required = "the file with this prober's secret key" },
	{ "servers", .read = read_servers, .required = "the servers that are allowed to answer, as NAME: ed25519:KEY" },
	{ "schedules", .read = read_schedules },
	{ "lossy", .read = read_percent, FIELD(lossy_permille), .min = 1, .max = 1000 },
	{ "targets", .read = read_targets },
	{ "targets_from", .read = read_targets_from },
	{ "journal", .read = read_path, FIELD(journal) },
	{ "web", .read = read_web },
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

/* Results are identified by name. A path that is probed twice would count each loss twice. */
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
	schema_unique(s, names, names_len, "each target must have its own name");
	schema_unique(s, addresses, addresses_len, "one target can have several protocols, schedules and servers");
	schema_entries_free(names, names_len);
	schema_entries_free(addresses, addresses_len);
}

/* The default schedule as a node, so that targets can refer to it. */
static const struct tree_node *only_steady(void)
{
	static char text[] = CONFIG_DEFAULT_SCHEDULE;
	static struct tree_node name = { .text = text };
	static struct tree_node member = { .key = &name };
	static struct tree_node *sorted[] = { &member };
	static const struct tree_node only = { .kind = TREE_MAPPING, .first = &member, .len = 1, .sorted = sorted };
	return &only;
}

static const struct tree_node *mapping_of(const struct tree_node *root, const char *key)
{
	const struct tree_node *value = tree_get(root, key);
	return value && value->kind == TREE_MAPPING ? value : NULL;
}

static void set_known(struct loader *loader, const struct tree_node *root)
{
	loader->known.servers = mapping_of(root, "servers");
	loader->known.schedules = mapping_of(root, "schedules");
	if (tree_get(root, "schedules"))
		return;
	config_add_steady(loader->config);
	loader->known.schedules = only_steady();
}

static void read_root(struct schema *s, struct tree_node *root)
{
	struct config *config = loader_of(s)->config;
	if (!schema_is_kind(s, root, TREE_MAPPING) ||
	    schema_is_foreign(s, root, ours, theirs, "floatprobe", "floatprobed"))
		return;
	set_known(loader_of(s), root);
	size_t errors = s->diags->errors;
	schema_mapping(s, root_keys, root, config);
	identity_check_unique(s, root, "servers", &config->identity);
	read_check_journal(s, root, config->journal, config->key_file);
	check_targets_unique(s, loader_of(s));
	if (config->targets_len == 0 && s->diags->errors == errors)
		schema_error(s, root, "there is no target; add targets or targets_from");
	if (!config->vantage)
		config->vantage = identity_machine_name();
}

struct config *config_load(const char *file, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct loader loader = { .config = config_new(file) };
	struct schema s = { .diags = diags, .context = &loader };
	struct tree *tree = load_tree(&loader, file, diags);
	if (tree)
		read_root(&s, tree->root);
	for (size_t i = 0; i < loader.trees_len; i++)
		tree_free(loader.trees[i]);
	free(loader.trees);
	free(loader.target_nodes);
	if (diags->errors == errors)
		return loader.config;
	config_free(loader.config);
	return NULL;
}
