/* `web:` of a configuration: where a program serves its metrics and its status page. */
#ifndef FLOATPROBE_WEB_SETTINGS_H
#define FLOATPROBE_WEB_SETTINGS_H

#include "common/config/schema.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdio.h>

/* Who may ask for a reload. A Unix socket counts as loopback: its file's mode says who may connect. */
enum web_reload { WEB_RELOAD_LOOPBACK, WEB_RELOAD_ANYWHERE, WEB_RELOAD_NEVER };

struct web_settings {
	char *listen;           /* as configured, for messages; NULL: nothing is served */
	char *path;             /* of a Unix socket; NULL: `at` */
	struct endpoint at;     /* port 0: none */
	enum web_reload reload; /* default: WEB_RELOAD_LOOPBACK */
};

/* A reader of schema.h for a field of this type: ADDRESS:PORT, unix:PATH, or a mapping with more. */
schema_reader web_settings_read;

/* One line for the overview of a configuration, with its line feed. */
void web_settings_print(const struct web_settings *settings, FILE *out);

void web_settings_free(struct web_settings *settings);

#endif
