/* What changes in this network namespace, as the kernel tells it: neighbours one by one; that links or addresses are no
 * longer what they were. No privilege needed. */
#ifndef FLOATPROBE_RTNL_MONITOR_H
#define FLOATPROBE_RTNL_MONITOR_H

#include "common/system/rtnl.h"

struct rtnl_monitor;

struct rtnl_monitor *rtnl_monitor_open(void); /* NULL with errno */
void rtnl_monitor_close(struct rtnl_monitor *monitor);
int rtnl_monitor_fd(const struct rtnl_monitor *monitor); /* readable: something has changed */

/* Read what there is without waiting, but no more than a wake-up's worth. *own is set when links or addresses have
 * changed. Returns 0: there is no more; 1: there may be; -ENOBUFS: changes came too fast and were lost, so dump again;
 * another -errno. */
int rtnl_monitor_read(struct rtnl_monitor *monitor, rtnl_on_neighbour *on_changed, rtnl_on_neighbour *on_deleted,
		      void *context, bool *own) __attribute__((warn_unused_result));

#endif
