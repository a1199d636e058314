/* `log:` of a configuration, and the options of the command line that come before it. */
#ifndef FLOATPROBE_LOG_SETTINGS_H
#define FLOATPROBE_LOG_SETTINGS_H

#include "common/config/schema.h"
#include "common/system/log.h"
#include "common/system/options.h"

#include <stdio.h>

/* A reader of schema.h for a struct log_settings: a format, or a mapping with format and level. */
schema_reader log_settings_read;

/* Takers of options.h, for a field of the type of the settings' field. */
options_taker log_settings_take_format, log_settings_take_level;

/* One line for the overview of a configuration, with its line feed. */
void log_settings_print(const struct log_settings *settings, FILE *out);

#endif
