/* The header Accept of a request (RFC 9110, 12.5.1). */
#ifndef FLOATPROBE_ACCEPT_H
#define FLOATPROBE_ACCEPT_H

#include <stdbool.h>

/* Does the client prefer OpenMetrics 1.0 to the plain text format? accept: NULL if there is no such header. */
bool accept_openmetrics(const char *accept);

#endif
