/* Our MAC and a server's, as this host's kernel knows them, for one address of the server that is on our link. A server
 * without CAP_NET_RAW compares its neighbour entry with them. */
#ifndef FLOATPROBE_SERVER_MACS_H
#define FLOATPROBE_SERVER_MACS_H

#include "client/evidence/channel.h"
#include "client/net/link.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct server_macs {
	bool known;
	uint8_t own[EVIDENCE_MAC_LEN], server[EVIDENCE_MAC_LEN];
	struct endpoint own_address;
	int64_t looked_ns; /* monotonic; 0: never */
};

/* Add the MACs to a query. They are looked up again if they are older than a round of queries; rarely if no address of
 * these channels is on our link. link NULL: nothing is known. */
void server_macs_tell(struct server_macs *macs, const struct link_ops *link, const struct channel *direct,
		      int64_t now_ns, struct evidence_query *query);

#endif
