/* The servers of a configuration: `servers` and the files of `servers_from`. */
#ifndef FLOATPROBE_CLIENT_CONFIG_SERVERS_H
#define FLOATPROBE_CLIENT_CONFIG_SERVERS_H

#include "client/config/config.h"
#include "common/config/schema.h"
#include "common/config/uri.h"

/* Readers of keys of the configuration; the schema's context is a struct loader. */
schema_reader config_read_servers, config_read_servers_from;

/* Index of the server with this name, or with this key; -1: none. */
int config_server_named(const struct config *config, const char *name);
int config_server_with(const struct config *config, const uint8_t key[WIRE_KEY_LEN]);
/* Does the URI lead where the target does? */
bool config_same_place(const struct config_target *target, const struct uri *uri);
/* Append a server; returns its index, or -1 if memory is out. */
int config_add_server(struct diag_list *diags, struct config *config, const char *name,
		      const uint8_t key[WIRE_KEY_LEN]);
/* Make the target of a URI: named as the server if no target has this name yet, else by its address. */
void config_target_of_uri(struct diag_list *diags, const struct config *config, const struct config_target *defaults,
			  const struct uri *uri, unsigned server, struct config_target *target);

#endif
