#include "client/doctor/doctor_config.h"

#include "client/config/config.h"
#include "common/config/alloc.h"
#include "common/config/read.h"
#include "common/config/schema.h"
#include "common/config/units.h"
#include "common/core/ns.h"

#include <stdlib.h>
#include <string.h>

const struct doctor_config doctor_config_none = { .port = WIRE_PORT, .timeout_ns = NS_PER_S };

static void append(struct endpoint **list, size_t *len, const struct endpoint *e)
{
	*list = alloc_resize(*list, *len + 1, sizeof **list);
	(*list)[(*len)++] = *e;
}

/* ---- the client's ---- */

static void take_schedule(struct doctor_config *config, const struct config_target *target,
			  const struct config_schedule *schedule)
{
	if (schedule->timeout_ns > config->timeout_ns)
		config->timeout_ns = schedule->timeout_ns;
	if (target->udp && target->held > 0 && schedule->every_ns > config->held_every_ns)
		config->held_every_ns = schedule->every_ns;
}

static void take_target(struct doctor_config *config, const struct config *client, const struct config_target *target)
{
	if (target->numeric) {
		append(&config->asked, &config->asked_len, &target->endpoint);
		if (target->expect_reachable)
			append(&config->targets, &config->targets_len, &target->endpoint);
	}
	if (!endpoint_is_unknown(&target->arrives_on))
		append(&config->asked, &config->asked_len, &target->arrives_on);
	for (unsigned i = 0; i < target->schedules_len; i++)
		take_schedule(config, target, &client->schedules[target->schedules[i]]);
}

static bool load_client(const char *file, struct doctor_config *config, struct diag_list *diags)
{
	struct config *client = config_load(file, diags);

	if (!client)
		return false;
	for (size_t i = 0; i < client->targets_len; i++)
		take_target(config, client, &client->targets[i]);
	config_free(client);
	return true;
}

/* ---- the server's ---- */

/* Look up a member. The caller checks its value. */
static struct tree_node *member(struct tree_node *mapping, const char *key)
{
	struct tree_node *node = mapping && mapping->kind == TREE_MAPPING ? tree_get(mapping, key) : NULL;

	return node && !tree_is_null(node) ? node : NULL;
}

static void take_port(struct schema *s, struct tree_node *node, uint16_t *port)
{
	const char *text = node ? schema_text(s, node) : NULL;

	if (text)
		schema_check(s, node, units_port(text, port));
}

static void read_listens(struct schema *s, struct tree_node *list, struct doctor_config *config)
{
	if (!list || schema_items(s, list) == 0)
		return;
	for (struct tree_node *item = schema_first(list); item; item = schema_next(list, item)) {
		struct endpoint e = { .port = config->port };
		const char *text = schema_text(s, item);

		if (!text || !schema_check(s, item, units_host_address(text, e.address)))
			continue;
		append(&config->listens, &config->listens_len, &e);
		append(&config->asked, &config->asked_len, &e);
	}
}

static void read_peer(struct schema *s, struct tree_node *peer, struct doctor_config *config)
{
	struct tree_node *address = member(peer, "address");
	struct endpoint e = { .port = WIRE_PORT };
	bool numeric = false;

	take_port(s, member(peer, "port"), &e.port);
	if (address && read_host(s, address, e.address, &numeric) && numeric)
		append(&config->targets, &config->targets_len, &e);
}

static void read_application(struct schema *s, struct tree_node *application, struct doctor_config *config)
{
	struct tree_node *protocol = member(application, "protocol");
	const char *text = protocol ? schema_text(s, protocol) : NULL;
	uint16_t port = 0;

	take_port(s, member(application, "port"), &port);
	if (port == 0 || !text || strcmp(text, "udp") != 0)
		return;
	config->applications =
	    alloc_resize(config->applications, config->applications_len + 1, sizeof *config->applications);
	config->applications[config->applications_len++] = port;
}

static struct tree_node *first_of(struct tree_node *node)
{
	return node ? node->first : NULL;
}

static void read_server(struct schema *s, struct tree_node *root, struct doctor_config *config)
{
	struct tree_node *listen = member(root, "listen");

	config->server = true;
	take_port(s, member(listen, "port"), &config->port);
	read_listens(s, member(listen, "addresses"), config);
	for (struct tree_node *peer = first_of(member(root, "peers")); peer; peer = peer->next)
		read_peer(s, peer, config);
	for (struct tree_node *a = first_of(member(member(root, "watch"), "applications")); a; a = a->next)
		read_application(s, a, config);
}

/* ---- either ---- */

static bool is_server(const struct tree_node *root)
{
	return root->kind == TREE_MAPPING && (tree_get(root, "clients") || tree_get(root, "listen")) &&
	       !tree_get(root, "servers") && !tree_get(root, "targets");
}

bool doctor_config_load(const char *file, struct doctor_config *config, struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct tree *tree = tree_load(file, diags);
	bool server = tree && is_server(tree->root);

	*config = doctor_config_none;
	if (server) {
		struct schema s = { .diags = diags };

		read_server(&s, tree->root, config);
	}
	tree_free(tree);
	if (diags->errors == errors && !server)
		load_client(file, config, diags);
	return diags->errors == errors;
}

void doctor_config_free(struct doctor_config *config)
{
	free(config->asked);
	free(config->listens);
	free(config->targets);
	free(config->applications);
}
