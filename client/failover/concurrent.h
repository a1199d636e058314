/* A TCP connection that hangs seldom tells where its packets were lost: servers are asked about a few attempts only.
 * The datagrams to the same address at the same time have receipts. Pure. */
#ifndef FLOATPROBE_CONCURRENT_H
#define FLOATPROBE_CONCURRENT_H

#include "client/failover/sample.h"

/* Set `concurrent` of each probe: FORWARD or RETURN if one of the two probes of `others` just before and just after it
 * was lost in that direction, and none in another one; else LOST. */
void concurrent_mark(struct samples *samples, const struct samples *others);

#endif
