/* Notifications of changes in this network namespace: neighbour entries, links and addresses. See rtnetlink(7). Needs
 * no privilege. */
#ifndef FLOATPROBE_RTNL_MONITOR_H
#define FLOATPROBE_RTNL_MONITOR_H

#include "common/system/rtnl.h"

struct rtnl_monitor;

struct rtnl_monitor *rtnl_monitor_open(void); /* NULL with errno set on an error */
void rtnl_monitor_close(struct rtnl_monitor *monitor);
int rtnl_monitor_fd(const struct rtnl_monitor *monitor); /* poll it for reading */

/* Read notifications without blocking, up to a limit. Calls on_changed and on_deleted for neighbour entries; sets *own
 * (and never clears it) if links or addresses changed. Returns 0 if none are left, 1 if there may be more, or -errno.
 * -ENOBUFS: the kernel dropped notifications, so dump the tables again. */
int rtnl_monitor_read(struct rtnl_monitor *monitor, rtnl_on_neighbour *on_changed, rtnl_on_neighbour *on_deleted,
		      void *context, bool *own) __attribute__((warn_unused_result));

#endif
