/* What became of the DSCP with which a target's probes leave. */
#ifndef FLOATPROBE_DSCP_H
#define FLOATPROBE_DSCP_H

#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"

/* The DSCP with which the newest answered probe arrived at the server; -1: none is configured, or it is not known. */
int dscp_arrived(const struct path *path);
/* Say so if it is another one than the configured. */
void dscp_tell(const struct path *path, struct verdict *verdict);

#endif
