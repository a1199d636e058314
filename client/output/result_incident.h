/* Incidents as results: the JSON object of a journal, and the line of a log. */
#ifndef FLOATPROBE_RESULT_INCIDENT_H
#define FLOATPROBE_RESULT_INCIDENT_H

#include "client/config/config.h"
#include "client/incident/incidents.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { RESULT_INCIDENT_TEXT_LEN = 900 }; /* it fits into a line of the log */

struct result_incident {
	int64_t time_ns; /* realtime */
	const struct config *config;
	enum incidents_event event;
	const struct incident *incident;
};

/* The JSON object of docs/man/floatprobe.1. The caller owns the new reference. NULL: no memory. */
json_t *result_incident_json(const struct result_incident *result);

/* "incident 3 opened: bootnode (4 paths) down, direction return, cause ..". Returns text. */
const char *result_incident_text(const struct result_incident *result, char text[RESULT_INCIDENT_TEXT_LEN]);
/* Is all well, as far as this incident is concerned? */
bool result_incident_is_over(const struct result_incident *result);

#endif
