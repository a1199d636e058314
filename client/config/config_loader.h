/* State of the load of a configuration file. */
#ifndef FLOATPROBE_CLIENT_CONFIG_LOADER_H
#define FLOATPROBE_CLIENT_CONFIG_LOADER_H

#include "client/config/config.h"
#include "common/config/identity.h"
#include "common/config/parts.h"
#include "common/config/schema.h"

/* What targets refer to. NULL: missing or wrong, which is reported elsewhere. */
struct config_known {
	const struct schema_names *servers;
	const struct schema_names *schedules;
	const struct config_target *defaults;
};

struct loader {
	struct config *config;
	struct parts parts;
	struct identities identities; /* of the servers, and our own */
	struct config_target defaults;
	struct schema_names servers, schedules;
	struct config_known known;
	struct tree_node **target_nodes; /* parallel to config->targets */
};

/* Room for one more target, which the caller fills at once, and its node. NULL: memory is out. */
struct config_target *loader_add_target(struct schema *s, struct tree_node *node);

#endif
