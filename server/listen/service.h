/* What the listeners share: where requests go, and what becomes of what they show. */
#ifndef FLOATPROBE_SERVICE_H
#define FLOATPROBE_SERVICE_H

#include "server/host/host_evidence.h"
#include "server/listen/relays.h"
#include "server/reflect/reflector.h"

struct service {
	struct reflector *reflector;
	struct host_evidence *host_evidence;
	struct relays *relays;
	/* A flow is heard no longer, or again. */
	void (*on_event)(void *context, const struct reflector_event *event);
	void *context;
};

#endif
