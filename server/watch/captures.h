/* Which probes came to our interfaces: flows and numbers as their datagrams have them, seen before this host's own
 * firewall. Nothing of it is authenticated. Bounded. Pure. */
#ifndef FLOATPROBE_CAPTURES_H
#define FLOATPROBE_CAPTURES_H

#include "common/core/ip.h"
#include "common/core/wire.h"
#include "server/reflect/draft.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct captures;
struct captures *captures_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void captures_free(struct captures *captures);

enum { CAPTURES_PAYLOAD_LEN = WIRE_FLOW_ID + 8 }; /* octets of a datagram that are read: up to the flow id */

struct captures_probe {
	uint64_t client; /* packet_client_token of its key */
	uint64_t flow;
	uint32_t seq;
};

/* Returns false if it is no UDP datagram that begins as a packet of ours does. */
bool captures_read(const struct ip_packet *packet, struct captures_probe *probe) __attribute__((warn_unused_result));

void captures_note(struct captures *captures, const struct captures_probe *probe);
/* Tell of the flows in the draft which numbers came and are not among their receipts. */
void captures_tell(const struct captures *captures, struct draft *draft);

#endif
