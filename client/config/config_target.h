/* One target of a configuration file: its schema and its consistency checks. */
#ifndef FLOATPROBE_CLIENT_CONFIG_TARGET_H
#define FLOATPROBE_CLIENT_CONFIG_TARGET_H

#include "client/config/config_loader.h"

/* Read `defaults`, which targets begin with. */
bool config_defaults_read(struct schema *s, struct tree_node *node, struct config_target *defaults);
/* The schema's context is a struct config_known. target is initialised even if the node has faults. */
void config_target_read(struct schema *s, struct tree_node *node, struct config_target *target);

#endif
