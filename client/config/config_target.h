/* One target of a configuration file: its table, and what in it contradicts itself. */
#ifndef FLOATPROBE_CLIENT_CONFIG_TARGET_H
#define FLOATPROBE_CLIENT_CONFIG_TARGET_H

#include "client/config/config.h"
#include "common/config/schema.h"

/* What targets may refer to, as mappings; NULL where that is missing or wrong, which is reported there. */
struct config_known {
	const struct tree_node *servers;
	const struct tree_node *schedules;
};

/* The schema's context is a struct config_known. target is whole afterwards even where something in it is wrong. */
void config_target_read(struct schema *s, struct tree_node *node, struct config_target *target);

#endif
