/* One request while the reflector handles it, and the reflector's own state: for reflector.c and what it consists of.
 */
#ifndef FLOATPROBE_EXCHANGE_H
#define FLOATPROBE_EXCHANGE_H

#include "common/core/bucket.h"
#include "server/reflect/arrivals.h"
#include "server/reflect/reflector_types.h"
#include "server/reflect/roster.h"

/* Source prefixes share these buckets. The hash is keyed, so nobody can choose to share another's bucket. */
enum { EXCHANGE_PREFIX_BUCKETS = 1024 };

struct reflector {
	struct reflector_settings settings;
	uint8_t server_id[WIRE_SERVER_ID_LEN];
	struct roster *roster;
	struct flows *flows;
	struct arrivals *arrivals;
	struct bucket stranger_signatures, all_signatures;
	struct bucket prefix_signatures[EXCHANGE_PREFIX_BUCKETS], prefix_flows[EXCHANGE_PREFIX_BUCKETS];
	uint64_t counts[REFLECTOR_OUTCOMES_LEN], evictions;
	struct evidence_query query; /* the query being answered */
	struct draft draft;
	uint8_t text[WIRE_MESSAGE_MAX];
	uint8_t refused_key[WIRE_KEY_LEN];
};

/* One request while it passes the checks. */
struct exchange {
	struct reflector *reflector;
	const struct reflector_request *in;
	struct packet_request packet;
	unsigned client_number;       /* on the roster; UINT32_MAX: a stranger */
	struct roster_client *client; /* NULL: a stranger */
};

/* A number of the client that does not depend on its place on the list. */
static inline uint64_t exchange_client_token(const struct exchange *x)
{
	return packet_client_token(x->packet.client_key);
}

#endif
