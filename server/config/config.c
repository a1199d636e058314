#include "server/config/config.h"

#include "common/config/identity.h"
#include "common/config/parts.h"
#include "common/config/read.h"
#include "common/config/units.h"
#include "common/config/uri.h"
#include "common/core/ns.h"
#include "common/system/keyfile.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name) .offset = offsetof(struct server_config, name)

enum {
	FLOWS_DEFAULT = 65536,
	FLOWS_MAX = 1 << 22, /* 1 GiB of memory */
	TCP_SLOTS_DEFAULT = 256,
	TCP_SLOTS_MAX = 16384,
};

/* State of a load. */
struct loader {
	struct server_config *config;
	struct parts parts;
	struct identities clients, peers;
	size_t clients_room;
	const struct server_config *before;
	size_t found; /* where a client of it was found last: they come in the same order */
};

static bool is_in_use(void *context, const uint8_t key[WIRE_KEY_LEN])
{
	struct loader *loader = context;
	const struct server_config *before = loader->before;
	for (size_t i = 0; before && i < before->clients_len; i++) {
		size_t at = (loader->found + i) % before->clients_len;
		if (memcmp(before->clients[at].key, key, WIRE_KEY_LEN) == 0) {
			loader->found = at + 1;
			return true;
		}
	}
	return false;
}

/* ---- readers of values ---- */

static bool read_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct server_config *config = object;
	(void)key;
	return identity_read_secret(s, node, &config->key_file, &config->identity);
}

static void check_addresses_unique(struct schema *s, struct tree_node *list, const struct server_config *config)
{
	struct schema_entries entries = { 0 };
	size_t i = 0;
	for (struct tree_node *item = schema_first(list); item; item = schema_next(list, item), i++) {
		char text[UNITS_ADDRESS_LEN];
		units_address_text(config->addresses[i].address, text);
		if (!item->wrong)
			schema_entries_add(s, &entries, diag_copy(s->diags, text), item);
	}
	schema_unique(s, &entries, "remove one");
	schema_entries_free(&entries);
}

static bool read_addresses(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct server_config *config = object;
	size_t len = schema_items(s, node);
	(void)key;
	if (len == 0)
		return false;
	config->addresses = calloc(len, sizeof *config->addresses);
	if (!config->addresses)
		return diag_no_memory(s->diags);
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item)) {
		const char *text = schema_text(s, item);
		uint8_t *address = config->addresses[config->addresses_len++].address;
		if (!text || !schema_check(s, item, units_host_address(text, address)))
			item->wrong = true;
	}
	check_addresses_unique(s, node, config);
	return true;
}

static bool make_room_for_clients(struct loader *loader, unsigned len)
{
	struct server_config *config = loader->config;
	size_t room = 2 * (config->clients_len + len);
	struct server_config_client *clients;
	if (config->clients_len + len <= loader->clients_room)
		return true;
	clients = reallocarray(config->clients, room, sizeof *clients);
	if (!clients)
		return false;
	config->clients = clients;
	loader->clients_room = room;
	return true;
}

/* One client per key: a name has several while its key is changed. */
static bool read_client(struct schema *s, struct tree_node *member)
{
	struct loader *loader = s->context;
	struct server_config *config = loader->config;
	uint8_t keys[IDENTITY_KEYS_MAX][WIRE_KEY_LEN];
	unsigned len = 0;
	bool ok = read_member_name(s, member);
	ok &= identity_read_keys(s, member, &loader->clients, keys, &len);
	identities_add_name(s, &loader->clients, member->key->text, member->key);
	if (!make_room_for_clients(loader, len))
		return diag_no_memory(s->diags);
	for (unsigned i = 0; i < len; i++) {
		struct server_config_client *client = &config->clients[config->clients_len++];
		client->name = diag_copy(s->diags, member->key->text);
		memcpy(client->key, keys[i], sizeof client->key);
	}
	member->wrong |= !ok;
	return ok;
}

static bool read_client_mapping(struct schema *s, struct tree_node *mapping, void *object)
{
	bool ok = schema_is_kind(s, mapping, TREE_MAPPING);
	(void)object;
	for (struct tree_node *member = mapping->first; ok && member; member = member->next)
		(void)read_client(s, member);
	return ok;
}

static bool read_clients(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	if (node->kind == TREE_MAPPING && node->len == 0)
		return schema_error(s, node, "is empty; floatprobed answers only the clients in this list");
	return read_client_mapping(s, node, object);
}

/* What `floatprobe init` prints on a client, or more of that, or a mapping `clients:` of it. */
static bool read_clients_file(struct schema *s, struct tree_node *root, void *object)
{
	struct tree_node *inner = root->len == 1 ? tree_get(root, "clients") : NULL;
	if (inner && inner->kind == TREE_MAPPING)
		return read_client_mapping(s, inner, object);
	if (root->kind == TREE_MAPPING || root->wrong || (root->kind == TREE_LIST && root->len == 0))
		return root->kind != TREE_MAPPING || read_client_mapping(s, root, object);
	bool is_server = root->kind == TREE_SCALAR && strncmp(root->text, URI_SCHEME, strlen(URI_SCHEME)) == 0;
	return schema_error(s, root,
			    "is %s; write NAME: ed25519:KEY, the line that `floatprobe init` prints on a client",
			    is_server ? "the line of a server, for servers_from of its clients" : "no client");
}

static bool read_clients_from(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct loader *loader = s->context;
	(void)key;
	return parts_read(&loader->parts, s, node, read_clients_file, object);
}

/* A numeric address, because a witness does not wait for a name server. */
static bool read_peer_address(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const char *text = schema_text(s, node);
	struct endpoint *address = schema_field(key, object);
	return text && schema_check(s, node, units_host_address(text, address->address));
}

/* A peer as it is configured: with several keys while its key is changed. */
struct peer {
	struct endpoint address;
	uint8_t keys[IDENTITY_KEYS_MAX][WIRE_KEY_LEN];
	unsigned keys_len;
};
#define PEER(name) .offset = offsetof(struct peer, name)

static bool read_peer_key(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct loader *loader = s->context;
	struct peer *peer = object;
	(void)key;
	return identity_read_keys(s, node, &loader->peers, peer->keys, &peer->keys_len);
}

static const struct schema_key peer_keys[] = {
	{ "key", .read = read_peer_key, .required = "the public key of the peer" },
	{ "address", .read = read_peer_address, PEER(address), .required = "where the peer is reached" },
	{ "port", .read = read_port, PEER(address.port) },
	{ 0 },
};

static bool read_peer(struct schema *s, struct tree_node *member, struct server_config *config)
{
	struct peer peer = { .address.port = WIRE_PORT };
	bool ok = read_member_name(s, member);
	ok &= schema_mapping(s, peer_keys, member, &peer);
	for (unsigned i = 0; i < peer.keys_len; i++) {
		struct server_config_peer *one = &config->peers[config->peers_len++];
		*one = (struct server_config_peer){ .name = diag_copy(s->diags, member->key->text),
						    .address = peer.address };
		memcpy(one->key, peer.keys[i], sizeof one->key);
	}
	return ok;
}

static bool read_peers(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct server_config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	config->peers = calloc(IDENTITY_KEYS_MAX * (size_t)node->len + 1, sizeof *config->peers);
	if (!config->peers)
		return diag_no_memory(s->diags);
	bool ok = true;
	for (struct tree_node *member = node->first; member; member = member->next)
		ok &= read_peer(s, member, config);
	if (node->len > 0 && !config->udp)
		schema_warning(s, node,
			       "have no effect: peers are asked over UDP, but listen.protocols does not list udp");
	return ok;
}

#define APPLICATION(name) .offset = offsetof(struct server_config_application, name)

_Static_assert(offsetof(struct server_config_application, tcp) ==
		   offsetof(struct server_config_application, udp) + sizeof(bool),
	       "read_protocols");
static const struct schema_key application_keys[] = {
	{ "name", .read = read_name, APPLICATION(name), .required = "what to call it" },
	{ "protocol", .read = read_protocols, APPLICATION(udp), .required = "udp or tcp" },
	{ "port", .read = read_port, APPLICATION(port), .required = "the port it listens on" },
	{ 0 },
};

static bool read_applications(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct server_config *config = object;
	(void)key;
	if (!schema_is_kind(s, node, TREE_LIST))
		return false;
	if (node->len > SERVER_CONFIG_APPLICATIONS_MAX)
		return schema_error(s, node, "has more than %d applications", SERVER_CONFIG_APPLICATIONS_MAX);
	config->applications = calloc(node->len + 1, sizeof *config->applications);
	if (!config->applications)
		return diag_no_memory(s->diags);
	bool ok = true;
	for (struct tree_node *item = node->first; item; item = item->next)
		ok &= schema_mapping(s, application_keys, item, &config->applications[config->applications_len++]);
	return ok;
}

/* ---- the format ---- */

_Static_assert(offsetof(struct server_config, tcp) == offsetof(struct server_config, udp) + sizeof(bool),
	       "read_protocols");
static const struct schema_key listen_keys[] = {
	{ "port", .read = read_port, FIELD(port) },
	{ "protocols", .read = read_protocols, FIELD(udp) },
	{ "addresses", .read = read_addresses },
	{ 0 },
};

static const struct schema_key limits_keys[] = {
	{ "flows", .read = read_unsigned, FIELD(flows_max), .min = 1, .max = FLOWS_MAX },
	{ "tcp_slots", .read = read_unsigned, FIELD(tcp_slots), .min = 1, .max = TCP_SLOTS_MAX },
	{ "clock_skew", .read = read_duration, FIELD(clock_skew_ns), .min = NS_PER_S, .max = 86400 * NS_PER_S },
	{ 0 },
};

static const struct schema_key watch_keys[] = {
	{ "neighbours", .read = read_boolean, FIELD(watch_neighbours) },
	{ "half_open", .read = read_boolean, FIELD(half_open) },
	{ "addresses", .read = read_boolean, FIELD(watch_addresses) },
	{ "applications", .read = read_applications },
	{ 0 },
};

static bool read_networks(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct server_config *config = object;
	size_t len = schema_items(s, node);
	(void)key;
	if (len == 0)
		return false;
	if (len > STAMP_NETWORKS_MAX)
		return schema_error(s, node, "has more than %d networks", STAMP_NETWORKS_MAX);
	for (struct tree_node *item = schema_first(node); item; item = schema_next(node, item)) {
		const char *text = schema_text(s, item);
		struct network *network = &config->stamp_networks[config->stamp_networks_len++];
		if (!text || !schema_check(s, item, units_network(text, network)))
			item->wrong = true;
	}
	return true;
}

static const struct schema_key stamp_keys[] = {
	{ "networks", .read = read_networks, .required = "whose plain STAMP packets are answered, as a list" },
	{ "port", .read = read_port, FIELD(stamp_port) },
	{ 0 },
};

static bool read_stamp(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const struct server_config *config = object;
	(void)key;
	if (!schema_mapping(s, stamp_keys, node, object))
		return false;
	if (config->udp && config->stamp_port == config->port)
		return schema_error(s, node, "has the port of listen; use another one");
	return true;
}

static bool read_repair(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	const struct server_config *config = object;
	if (!read_boolean(s, key, node, object))
		return false;
	if (config->repair_neighbours && !config->watch_neighbours)
		schema_warning(s, node, "needs watch.neighbours; it has no effect");
	return true;
}

static const struct schema_key repair_keys[] = {
	{ "stale_neighbours", .read = read_repair, FIELD(repair_neighbours) },
	{ 0 },
};

static const struct schema_key root_keys[] = {
	{ "name", .read = read_name, FIELD(name) },
	{ "key", .read = read_key, .required = "the file with this server's secret key" },
	{ "listen", .read = read_group, .keys = listen_keys },
	{ "clients", .read = read_clients },
	{ "clients_from", .read = read_clients_from },
	{ "peers", .read = read_peers },
	{ "watch", .read = read_group, .keys = watch_keys },
	{ "repair", .read = read_group, .keys = repair_keys },
	{ "limits", .read = read_group, .keys = limits_keys },
	{ "stamp", .read = read_stamp },
	{ "journal", .read = read_path, FIELD(journal) },
	{ "user", .read = read_name, FIELD(user) },
	{ "log", .read = log_settings_read, FIELD(log) },
	{ "web", .read = web_settings_read, FIELD(web) },
	{ 0 },
};

static const char *const ours[] = { "clients", "clients_from", "listen", NULL };
static const char *const theirs[] = {
	"servers", "servers_from", "targets", "targets_from", "schedules", "vantage", NULL
};

/* ---- loading ---- */

static void check_identities(struct schema *s, struct tree_node *root, size_t errors)
{
	struct loader *loader = s->context;
	const uint8_t *own = schema_given(root, "key") ? loader->config->identity.public_key : NULL;
	identities_check(&loader->clients, s, own);
	identities_check(&loader->peers, s, own);
	if (!tree_get(root, "clients") && !tree_get(root, "clients_from"))
		schema_missing(s, root, "clients", "the clients that are allowed to probe, as NAME: ed25519:KEY");
	else if (loader->config->clients_len == 0 && s->diags->errors == errors)
		schema_warning(s, root,
			       "there is no client yet, and nobody else gets an answer; put the line that `floatprobe "
			       "init` prints on a client into clients_from");
}

static void read_root(struct schema *s, struct tree_node *root, struct server_config *config)
{
	size_t errors = s->diags->errors;
	if (!schema_is_kind(s, root, TREE_MAPPING) ||
	    schema_is_foreign(s, root, ours, theirs, "floatprobed", "floatprobe"))
		return;
	schema_mapping(s, root_keys, root, config);
	check_identities(s, root, errors);
	read_check_journal(s, root, config->journal, config->key_file);
	char machine[IDENTITY_NAME_LEN];
	if (!config->name)
		config->name = diag_copy(s->diags, identity_machine_name(machine));
}

/* Returns NULL if memory is out. */
static struct server_config *new_config(struct diag_list *diags, const char *file)
{
	struct server_config *config = sodium_malloc(sizeof *config);
	if (!config) {
		diag_no_memory(diags);
		return NULL;
	}
	*config = (struct server_config){
		.file = diag_copy(diags, file),
		.port = WIRE_PORT,
		.udp = true,
		.tcp = true,
		.flows_max = FLOWS_DEFAULT,
		.tcp_slots = TCP_SLOTS_DEFAULT,
		.clock_skew_ns = 60 * NS_PER_S,
		.stamp_port = STAMP_PORT,
		.half_open = true,
		.watch_neighbours = true,
		.watch_addresses = true,
	};
	return config;
}

struct server_config *server_config_load(const char *file, const struct server_config *before, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct loader loader = { .config = new_config(diags, file), .before = before };
	struct schema s = { .diags = diags, .context = &loader };
	struct tree *tree = loader.config ? parts_load_main(&loader.parts, file, diags) : NULL;
	loader.clients.knows = is_in_use;
	loader.clients.context = &loader;
	if (tree)
		read_root(&s, tree->root, loader.config);
	for (size_t i = 0; tree && i < loader.config->addresses_len; i++)
		loader.config->addresses[i].port = loader.config->port;
	parts_free(&loader.parts);
	if (loader.config)
		diags->log = loader.config->log;
	if (diags->errors == errors)
		return loader.config;
	server_config_free(loader.config);
	return NULL;
}

static void print_addresses(const struct server_config *config, FILE *out)
{
	char text[UNITS_ADDRESS_LEN];
	for (size_t i = 0; i < config->addresses_len; i++)
		fprintf(out, "%s %s", i ? "," : "", units_address_text(config->addresses[i].address, text));
	if (config->addresses_len == 0)
		fputs(" all addresses, IPv4 and IPv6", out);
}

static void print_peers(const struct server_config *config, FILE *out)
{
	char key[KEYFILE_PUBLIC_LEN], address[UNITS_ADDRESS_LEN];
	if (config->peers_len > 0)
		fputs("witness for:\n", out);
	for (size_t i = 0; i < config->peers_len; i++) {
		const struct server_config_peer *peer = &config->peers[i];
		keyfile_public_text(peer->key, key);
		fprintf(out, "  %s: %s at %s, port %u\n", peer->name, key,
			units_address_text(peer->address.address, address), (unsigned)peer->address.port);
	}
}

static void print_watch(const struct server_config *config, FILE *out)
{
	fprintf(out, "half-open sockets: %s\n", config->half_open ? "reported to clients" : "not reported");
	fprintf(out, "neighbour table: %s\n",
		!config->watch_neighbours   ? "not watched"
		: config->repair_neighbours ? "watched, entries that are proven wrong are deleted"
					    : "watched");
	fprintf(out, "claims of this host's addresses by other machines: %s\n",
		config->watch_addresses ? "watched" : "not watched");
	for (size_t i = 0; i < config->applications_len; i++) {
		const struct server_config_application *a = &config->applications[i];
		fprintf(out, "application watched: %s, port %u,%s%s\n", a->name, (unsigned)a->port,
			a->udp ? " udp" : "", a->tcp ? " tcp" : "");
	}
}

static void print_stamp(const struct server_config *config, FILE *out)
{
	char text[UNITS_ADDRESS_LEN];
	if (config->stamp_networks_len == 0)
		return;
	fprintf(out, "plain STAMP on port %u, answered:", (unsigned)config->stamp_port);
	for (size_t i = 0; i < config->stamp_networks_len; i++) {
		const struct network *n = &config->stamp_networks[i];
		const struct endpoint e = endpoint_of(n->address, 0);
		unsigned before = endpoint_is_v4(&e) ? CHAR_BIT * sizeof endpoint_v4_prefix : 0;
		fprintf(out, "%s %s/%u", i ? "," : "", units_address_text(n->address, text), n->bits - before);
	}
	fputc('\n', out);
}

void server_config_print(const struct server_config *config, FILE *out)
{
	char key[KEYFILE_PUBLIC_LEN], skew[UNITS_DURATION_LEN];
	keyfile_public_text(config->identity.public_key, key);
	fprintf(out, "name: %s\nkey: %s (%s)\nlisten:", config->name, config->key_file, key);
	print_addresses(config, out);
	fprintf(out, ", port %u,%s%s\n", (unsigned)config->port, config->udp ? " udp" : "", config->tcp ? " tcp" : "");
	fprintf(out, "limits: %u flows, %u tcp connections at a time, client clocks up to %s off\n", config->flows_max,
		config->tcp_slots, units_duration_text(config->clock_skew_ns, skew));
	print_watch(config, out);
	print_stamp(config, out);
	fprintf(out, "journal: %s\n", config->journal ? config->journal : "none");
	log_settings_print(&config->log, out);
	web_settings_print(&config->web, out);
	fputs("clients:\n", out);
	for (size_t i = 0; i < config->clients_len; i++) {
		keyfile_public_text(config->clients[i].key, key);
		fprintf(out, "  %s: %s\n", config->clients[i].name, key);
	}
	print_peers(config, out);
}

size_t server_config_clients(const struct server_config *config)
{
	size_t names = 0;

	for (size_t i = 0; i < config->clients_len; i++) /* the keys of a name follow each other */
		names += i == 0 || strcmp(config->clients[i].name, config->clients[i - 1].name) != 0;
	return names;
}

void server_config_free(struct server_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->clients_len; i++)
		free(config->clients[i].name);
	for (size_t i = 0; i < config->peers_len; i++)
		free(config->peers[i].name);
	for (size_t i = 0; i < config->applications_len; i++)
		free(config->applications[i].name);
	free(config->applications);
	free(config->clients);
	free(config->peers);
	free(config->addresses);
	free(config->file);
	free(config->name);
	free(config->key_file);
	free(config->journal);
	web_settings_free(&config->web);
	free(config->user);
	sodium_free(config);
}
