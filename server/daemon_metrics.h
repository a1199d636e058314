/* /metrics of floatprobed. */
#ifndef FLOATPROBE_DAEMON_METRICS_H
#define FLOATPROBE_DAEMON_METRICS_H

#include "common/web/metrics.h"
#include "server/config/config.h"
#include "server/listen/stamp_listener.h"
#include "server/listen/tcp_listener.h"
#include "server/listen/udp_listener.h"
#include "server/watch/link_watch.h"

struct daemon_metrics { /* what it tells of; all pointers are borrowed */
	struct metrics_program program;
	const struct server_config *config;
	const struct reflector *reflector;
	const struct udp_listener *udp;     /* NULL: not configured */
	const struct tcp_listener *tcp;     /* NULL: not configured */
	const struct stamp_listener *stamp; /* NULL: not configured */
	const struct relays *relays;
	const struct findings *findings;
	const struct link_watch *link_watch;
	const struct descriptors *descriptors;
};

/* The flows of a client. It has an entry for each of its keys, one after the other: the first one stands for all of
 * them. Returns false for the others. */
bool daemon_metrics_client(const struct daemon_metrics *metrics, size_t i, struct flows_sums *sums);
/* How many flows of this client do not hear us, of all its keys. */
uint32_t daemon_metrics_unheard(const struct daemon_metrics *page, size_t i);

/* For struct web_route; page is a struct daemon_metrics. */
bool daemon_metrics_write(void *page, struct web_draft *draft);

#endif
