/* Default values of a configuration. */
#ifndef FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H
#define FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H

#include "client/config/config.h"

#define CONFIG_DEFAULT_SCHEDULE "steady"

/* file may be NULL. The caller frees the result with config_free. Returns NULL if memory is out. */
struct config *config_new(struct diag_list *diags, const char *file);
struct config_schedule config_default_schedule(struct diag_list *diags, const char *name);
struct config_target config_default_target(void);
/* Add the schedule `steady`, which a configuration without schedules uses. Returns false if memory is out. */
bool config_add_steady(struct diag_list *diags, struct config *config);

#endif
