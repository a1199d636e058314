/* Hint: a server knows why its answers to this client do not arrive: it could not send them, it has no route, nobody
 * answers for the next hop, or a router reports that they go nowhere. */
#ifndef FLOATPROBE_HINT_RETURN_ROUTE_H
#define FLOATPROBE_HINT_RETURN_ROUTE_H

#include "client/config/config.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_return_route {
	bool known; /* false: the other fields do not hold */
	struct evidence_return_route route;
	int server;        /* whose: index in the configuration */
	int64_t asked_ns;  /* monotonic: when the query left */
	int64_t failed_ns; /* monotonic: about when the newest answer failed; INT64_MIN: none did */
};

struct hint_return_route_explanation {
	const struct evidence_return_route *route; /* NULL: none */
	const char *server;                        /* name of the server that says so */
	bool failed;                               /* answers failed, so that `count` and the fields with it hold */
};

void hint_return_route_note(struct hint_return_route *hint, const struct path *path, const struct query_result *result,
			    const struct evidence_flow *flow);

/* receipt_server: the server with the newest receipt; -1: none. Failures before since_ns do not count. */
void hint_return_route_explain(const struct hint_return_route *hint, const struct config *config, int receipt_server,
			       int64_t since_ns, struct hint_return_route_explanation *explanation);

#endif
