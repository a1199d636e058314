#include "client/config/config_servers.h"

#include "client/config/config_loader.h"
#include "common/config/identity.h"
#include "common/config/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct loader *loader_of(const struct schema *s)
{
	return s->context;
}

/* ---- servers ---- */

int config_server_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->servers_len; i++) {
		if (strcmp(config->servers[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int config_server_with(const struct config *config, const uint8_t key[WIRE_KEY_LEN])
{
	for (size_t i = 0; i < config->servers_len; i++) {
		for (unsigned k = 0; k < config->servers[i].keys_len; k++) {
			if (memcmp(config->servers[i].keys[k], key, WIRE_KEY_LEN) == 0)
				return (int)i;
		}
	}
	return -1;
}

/* Returns NULL if memory is out. */
static struct config_server *append(struct diag_list *diags, struct config *config, const char *name)
{
	char *copy = diag_copy(diags, name);
	struct config_server *servers =
	    copy ? reallocarray(config->servers, config->servers_len + 1, sizeof *servers) : NULL;
	if (!servers) {
		diag_no_memory(diags);
		free(copy);
		return NULL;
	}
	config->servers = servers;
	servers[config->servers_len] = (struct config_server){ .name = copy };
	return &servers[config->servers_len++];
}

int config_add_server(struct diag_list *diags, struct config *config, const char *name, const uint8_t key[WIRE_KEY_LEN])
{
	struct config_server *server = append(diags, config, name);
	if (!server)
		return -1;
	memcpy(server->keys[0], key, WIRE_KEY_LEN);
	server->keys_len = 1;
	return (int)config->servers_len - 1;
}

static void note_server(struct schema *s, struct tree_node *name, const struct config_server *server)
{
	struct loader *loader = loader_of(s);
	identities_add_name(s, &loader->identities, server->name, name);
	schema_names_add(s, &loader->servers, server->name, (unsigned)loader->config->servers_len - 1);
}

/* ---- URIs ---- */

static bool is_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (config->targets[i].name && strcmp(config->targets[i].name, name) == 0)
			return true;
	}
	return false;
}

void config_target_of_uri(struct diag_list *diags, const struct config *config, const struct config_target *defaults,
			  const struct uri *uri, unsigned server, struct config_target *target)
{
	const char *name = config->servers[server].name;
	*target = *defaults;
	target->name = is_target(config, name) ? uri_host(diags, uri) : diag_copy(diags, name);
	target->address = diag_copy(diags, uri->address);
	target->numeric = uri->numeric;
	target->endpoint = uri->endpoint;
	if (uri->interface[0])
		snprintf(target->egress.interface, sizeof target->egress.interface, "%s", uri->interface);
	if (!uri->udp || !uri->tcp) { /* it names one */
		target->udp = uri->udp;
		target->tcp = uri->tcp;
	}
	target->servers[0] = server;
	target->servers_len = 1;
}

/* The server that has this name, and a target where the URI leads. NULL: none. */
static struct config_server *server_there(struct config *config, const struct uri *uri)
{
	int named = uri->name ? config_server_named(config, uri->name) : -1;
	for (size_t i = 0; named >= 0 && i < config->targets_len; i++) {
		const struct config_target *t = &config->targets[i];
		if (t->servers_len == 1 && (int)t->servers[0] == named && config_same_place(t, uri))
			return &config->servers[named];
	}
	return NULL;
}

/* A second line of one server, whose key is changed: its name, its address, another key. */
static bool take_new_key(struct schema *s, const struct uri *uri, struct tree_node *node)
{
	struct loader *loader = loader_of(s);
	struct config_server *server = server_there(loader->config, uri);
	if (!server || config_server_with(loader->config, uri->key) >= 0 || server->keys_len == IDENTITY_KEYS_MAX)
		return false;
	memcpy(server->keys[server->keys_len++], uri->key, WIRE_KEY_LEN);
	identities_add_key(s, &loader->identities, uri->key, node);
	return true;
}

/* The server of a URI: a known one if key and name agree. node: where the URI stands. name: of the member whose value
 * it is, or NULL. Returns -1 if memory is out. */
static int server_of_uri(struct schema *s, const struct uri *uri, struct tree_node *node, const char *name)
{
	struct loader *loader = loader_of(s);
	struct config *config = loader->config;
	int known = config_server_with(config, uri->key);
	char *host = uri_host(s->diags, uri);

	name = name ? name : uri->name ? uri->name : known >= 0 ? config->servers[known].name : host;
	if (name && (known < 0 || strcmp(config->servers[known].name, name) != 0)) {
		known = config_add_server(s->diags, config, name, uri->key);
		if (known >= 0)
			note_server(s, node, &config->servers[known]);
		identities_add_key(s, &loader->identities, uri->key, node);
	}
	free(host);
	return known;
}

static bool read_uri(struct schema *s, struct tree_node *node, const char *text, unsigned column, const char *name)
{
	struct loader *loader = loader_of(s);
	struct uri_place place = { s->diags, node->file, node->line, node->column + column };
	struct uri uri;
	bool ok = uri_parse(text, &place, &uri);
	int server = ok && !take_new_key(s, &uri, node) ? server_of_uri(s, &uri, node, name) : -1;
	struct config_target *target = server >= 0 ? loader_add_target(s, node) : NULL;

	if (target)
		config_target_of_uri(s->diags, loader->config, &loader->defaults, &uri, (unsigned)server, target);
	uri_free(&uri);
	node->wrong |= !ok;
	return ok;
}

/* YAML joins plain text of several lines by spaces, so that a file to which lines were appended is one value. */
static bool read_uris(struct schema *s, struct tree_node *node, const char *name)
{
	char *text = diag_copy(s->diags, node->text), *rest = NULL;
	bool ok = text != NULL;

	for (char *uri = text ? strtok_r(text, " ", &rest) : NULL; uri; uri = strtok_r(NULL, " ", &rest))
		ok &= read_uri(s, node, uri, (unsigned)(uri - text), name);
	free(text);
	return ok;
}

static bool is_uri(const struct tree_node *node)
{
	return node->kind == TREE_SCALAR && strncmp(node->text, URI_SCHEME, strlen(URI_SCHEME)) == 0;
}

/* ---- lists of servers ---- */

static bool read_member(struct schema *s, struct tree_node *member)
{
	struct loader *loader = loader_of(s);
	bool ok = read_member_name(s, member);

	if (ok && is_uri(member))
		return read_uris(s, member, member->key->text);
	struct config_server *server = append(s->diags, loader->config, member->key->text);
	if (!server)
		return false;
	ok &= identity_read_keys(s, member, &loader->identities, server->keys, &server->keys_len);
	note_server(s, member->key, server);
	member->wrong |= !ok;
	return ok;
}

static bool read_mapping(struct schema *s, struct tree_node *mapping)
{
	bool ok = true;
	for (struct tree_node *member = mapping->first; member; member = member->next)
		ok &= read_member(s, member);
	return ok;
}

static bool read_item(struct schema *s, struct tree_node *item)
{
	const char *text = schema_text(s, item);
	if (text && !is_uri(item))
		return schema_error(s, item, "'%s' is no server; write " URI_SCHEME "KEY@ADDRESS or NAME: ed25519:KEY",
				    text);
	return text && read_uris(s, item, NULL);
}

/* A file that a pairing makes: a mapping NAME: KEY, a URI, or a list of URIs; or one of these under `servers:`. */
static bool read_file(struct schema *s, struct tree_node *root, void *object)
{
	struct tree_node *inner = root->len == 1 ? tree_get(root, "servers") : NULL;
	bool ok = true;
	if (inner && inner->kind != TREE_SCALAR)
		return read_file(s, inner, object);
	if (root->kind == TREE_MAPPING)
		return read_mapping(s, root);
	for (struct tree_node *item = schema_first(root); item; item = schema_next(root, item))
		ok &= read_item(s, item);
	return ok;
}

bool config_read_servers(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	(void)object;
	if (node->kind == TREE_LIST && node->len > 0)
		return read_file(s, node, NULL);
	if (!schema_is_kind(s, node, TREE_MAPPING))
		return false;
	if (node->len == 0)
		return schema_error(s, node,
				    "is empty; list the servers that are allowed to answer, as NAME: ed25519:KEY");
	return read_mapping(s, node);
}

bool config_read_servers_from(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	(void)key;
	return parts_read(&loader_of(s)->parts, s, node, read_file, object);
}
