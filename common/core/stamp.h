/* Plain STAMP in unauthenticated mode (RFC 8762) with optional TLVs (RFC 8972): what other programs send and answer.
 * TWAMP Light's test packets have the same base. wire.h has the offsets. Times are nanoseconds since 1970. */
#ifndef FLOATPROBE_STAMP_H
#define FLOATPROBE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STAMP_PORT = 862,
	STAMP_NETWORKS_MAX = 64,
	/* A reply of TWAMP Light without padding: all fields of STAMP's base, less the three last zeros. */
	STAMP_PACKET_MIN = 41,
};

/* What a reflector knows of a packet. */
struct stamp_arrival {
	int64_t received_ns, replied_ns;
	uint8_t ttl; /* 0: not known */
};

/* Turn a packet of at least STAMP_PACKET_MIN octets into its reply, in place: of the same length, with the number of
 * the request (stateless reflector). Padding is understood; any other TLV is copied with the flag U, and the first one
 * that does not fit into the packet gets M. From a TLV on that came with M or I, all is copied as it is. */
void stamp_reflect(uint8_t *buf, size_t len, const struct stamp_arrival *arrival);

struct stamp_request {
	uint32_t seq;
	int64_t sent_ns;
	uint16_t ssid; /* not 0 */
};
/* Write a packet of len octets (from WIRE_BASE_LEN on). What is beyond the base is a padding TLV, if a TLV fits. */
void stamp_write_request(uint8_t *buf, size_t len, const struct stamp_request *request);

struct stamp_reply {
	uint32_t seq;    /* of the request */
	uint16_t ssid;   /* 0: the reflector does not know it (RFC 8762) */
	int64_t sent_ns; /* T1, as the request had it */
	int64_t
	    stayed_ns; /* how long the reflector had it, by its own clock: T3 - T2; below 0: it tells no such thing */
};
/* Read a reply. Nothing in it is proven. Returns false if it is too short. */
bool stamp_read_reply(const uint8_t *buf, size_t len, struct stamp_reply *reply) __attribute__((warn_unused_result));

#endif
