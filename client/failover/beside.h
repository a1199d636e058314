/* A TCP connection that hangs seldom tells where its packets were lost: servers are asked about a few attempts only.
 * The datagrams to the same address at the same time have receipts. Pure. */
#ifndef FLOATPROBE_BESIDE_H
#define FLOATPROBE_BESIDE_H

#include "client/failover/sample.h"

/* Sets `beside` of each probe: FORWARD or RETURN if of the probes of `others` just before and
 * just after it one was lost that way, and none otherwise; else LOST. */
void beside_mark(struct samples *samples, const struct samples *others);

#endif
