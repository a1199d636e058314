/* `floatprobe failover`: measure one move of an address, or a drill of several. */
#ifndef FLOATPROBE_FAILOVER_H
#define FLOATPROBE_FAILOVER_H

#include "client/config/config.h"
#include "client/failover_options.h"

/* Returns the exit status; after SIGINT and SIGTERM 130 and 143. */
int failover_main(const struct config *config, const struct failover_options *options);

#endif
