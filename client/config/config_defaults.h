/* Default values of a configuration. */
#ifndef FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H
#define FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H

#include "client/config/config.h"

#define CONFIG_DEFAULT_SCHEDULE "steady"

/* file may be NULL. The caller frees the result with config_free. */
struct config *config_new(const char *file);
struct config_schedule config_default_schedule(const char *name);
struct config_target config_default_target(void);
/* Add the schedule `steady`, which a configuration without schedules uses. */
void config_add_steady(struct config *config);

#endif
