/* What the UDP and TCP listeners share: where requests go and where events go. */
#ifndef FLOATPROBE_SERVICE_H
#define FLOATPROBE_SERVICE_H

#include "server/host/host_evidence.h"
#include "server/host/return_routes.h"
#include "server/listen/relays.h"
#include "server/reflect/reflector.h"

struct service {
	struct reflector *reflector;
	struct host_evidence *host_evidence;
	struct return_routes *return_routes;
	struct relays *relays;
	const struct vrf_table *vrfs;
	/* Called for each event of the reflector. */
	void (*on_event)(void *context, const struct reflector_event *event);
	/* Called for each TCP connection that is accepted. NULL: nobody listens. */
	void (*on_accepted)(void *context, const struct endpoint *peer);
	/* All places for TCP connections are in use. gave_way: whose connection is closed for a new one; NULL:
	 * nobody's, and the new one waits. NULL: nobody listens. */
	void (*on_full)(void *context, const struct endpoint *gave_way);
	/* A query for another server was dropped, as too many wait already. NULL: nobody listens. */
	void (*on_busy)(void *context, const struct endpoint *source);
	void *context;
};

#endif
