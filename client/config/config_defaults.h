/* How a configuration begins, wherever it comes from. */
#ifndef FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H
#define FLOATPROBE_CLIENT_CONFIG_DEFAULTS_H

#include "client/config/config.h"

#define CONFIG_DEFAULT_SCHEDULE "steady"

/* file: may be NULL. Everything is the caller's; config_free takes it all. */
struct config *config_new(const char *file);
struct config_schedule config_default_schedule(const char *name);
struct config_target config_default_target(void);
/* The one schedule of a configuration that names none. */
void config_add_steady(struct config *config);
/* Where a key is kept if nobody says where: $XDG_CONFIG_HOME/floatprobe/key, else ~/.config/floatprobe/key. The caller
 * frees it; NULL: no memory, or there is no home directory (HOME is not set). */
char *config_default_key_file(void);

#endif
