/* What happens to a running client, as objects of its journal. */
#ifndef FLOATPROBE_RESULT_EVENT_H
#define FLOATPROBE_RESULT_EVENT_H

#include "client/config/config.h"
#include "common/core/endpoint.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: no memory. The caller owns the new reference. */
json_t *result_start_json(const struct config *config, size_t paths);
json_t *result_stop_json(const struct config *config, const char *reason);
/* error: NULL, or why the old configuration stays in use. */
json_t *result_reload_json(const struct config *config, size_t paths, const char *error);
/* The realtime clock was set: it is step_ns ahead of where it would have been. */
json_t *result_clock_step_json(const struct config *config, int64_t step_ns);
/* The process did not run for so long, until now. */
json_t *result_pause_json(const struct config *config, int64_t duration_ns);

struct result_name_event {
	const char *target, *name, *event; /* event: "resolved", "moved", "failed" or "recovered" */
	const struct endpoint *addresses;  /* those that are probed */
	size_t addresses_len;
	const char *error; /* NULL: none */
};
json_t *result_name_json(const struct config *config, const struct result_name_event *event);

#endif
