/* The status page of floatprobed: its clients, and what it found. */
#ifndef FLOATPROBE_DAEMON_PAGE_H
#define FLOATPROBE_DAEMON_PAGE_H

#include "server/daemon_metrics.h"

/* For struct web_route. */
bool daemon_page_write(const struct daemon_metrics *metrics, struct web_draft *draft);

#endif
