/* The values of results in JSON: what all objects write alike. The caller owns the new references. */
#ifndef FLOATPROBE_RESULT_JSON_H
#define FLOATPROBE_RESULT_JSON_H

#include "common/core/endpoint.h"

#include <jansson.h>
#include <stdint.h>

/* NULL becomes null. Invalid UTF-8 is replaced: jansson rejects it, and the field would be missing. */
json_t *result_json_text(const char *text);
/* The bare address; null for an unknown one. */
json_t *result_json_address(const struct endpoint *endpoint);
/* RFC 3339, UTC, with microseconds. */
json_t *result_json_time(int64_t realtime_ns);
/* Rounded to microseconds, the precision of kernel timestamps. */
json_t *result_json_ms(double ms);

#endif
