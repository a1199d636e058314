/* Reading and writing of packets in the format of wire.h. For MACs and signatures see seal.h.
 * Times are nanoseconds since 1970 (CLOCK_REALTIME); the wire has NTP's 64-bit format (RFC 8762, 4.2.1). */
#ifndef FLOATPROBE_PACKET_H
#define FLOATPROBE_PACKET_H

#include "common/core/endpoint.h"
#include "common/core/receipts.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_role {
	PACKET_PROBE = 1,
	PACKET_REPLY = 2,
	PACKET_QUERY = 3,
	PACKET_ANSWER = 4,
	PACKET_RELAY = 5,
	PACKET_RELAYED = 6
};
enum packet_transport { PACKET_TCP = 6, PACKET_UDP = 17 };

/* Flags of a request. */
enum {
	PACKET_SIGN_REPLY = 0x0001, /* asks for a signed reply */
	PACKET_WANT_TWIN = 0x0002,  /* asks for a second reply, with an unpinned source address */
	PACKET_NEW_PORT = 0x0004,   /* the first probe from this source port to this destination */
};
/* Flags of a reply. */
enum {
	PACKET_DUPLICATE = 0x01, /* the request's number was answered before */
	PACKET_NEW_FLOW = 0x02,  /* the request made the flow at the server */
	PACKET_SIGNED = 0x04,    /* the signature field is filled */
	PACKET_TWIN = 0x08,      /* the second reply; the kernel chose its source address */
};
enum packet_status {
	PACKET_OK = 0,
	PACKET_CLOCK_SKEW = 1,     /* T1 is too far from the server's clock, which T2 shows */
	PACKET_NOT_AUTHORISED = 2, /* TCP only: the signature is valid, but the key is not on the list */
	PACKET_PEER_SILENT = 3,    /* of a RELAYED: the peer did not answer in time */
	PACKET_NO_PEER = 4,        /* of a RELAYED: the inner query is for a server that is not a peer */
};

/* Why octets are not a valid packet. X-macro: name, text for packet_fault_text. */
#define PACKET_FAULTS(X)                                                                                               \
	X(NONE, "valid packet")                                                                                        \
	X(SHORT, "shorter than the smallest packet")                                                                   \
	X(LOCATION, "no valid Location TLV")                                                                           \
	X(FLOW, "no valid Flow TLV")                                                                                   \
	X(MAGIC, "no magic number")                                                                                    \
	X(VERSION, "unsupported protocol version")                                                                     \
	X(ROLE, "unexpected role")                                                                                     \
	X(AUTH, "no valid Auth TLV")                                                                                   \
	X(TAIL, "the last TLV does not end at the end of the packet")
enum packet_fault {
#define X(name, text) PACKET_FAULT_##name,
	PACKET_FAULTS(X)
#undef X
};
const char *packet_fault_text(enum packet_fault fault);

/* The client's acknowledgement, in each request: which of its numbers were answered. */
struct packet_heard {
	uint32_t newest;    /* highest number that was answered; undefined while count is 0 */
	uint32_t count;     /* replies received since the flow began */
	uint64_t bitmap[4]; /* as in struct receipts */
};

/* A request: PROBE, QUERY or RELAY. */
struct packet_request {
	enum packet_role role;
	uint32_t seq;
	int64_t sent_ns; /* T1 */
	uint16_t flags;
	uint64_t flow_id;
	uint8_t client_key[WIRE_KEY_LEN];
	struct endpoint destination;     /* address and port that the client sent it to */
	enum packet_transport transport; /* as written in the packet; the caller compares it with the real one */
	struct packet_heard heard;
	uint32_t token; /* the reply returns it: the client's means to tell its own requests from invented ones */
	unsigned slots; /* 1..WIRE_SLOTS_MAX */
};

/* A reply: REPLY, ANSWER or RELAYED. */
struct packet_reply {
	enum packet_role role;
	uint32_t seq;        /* the request's number (RFC 8762, 4.3: stateless reflector) */
	int64_t sent_ns;     /* T1 of the request */
	int64_t received_ns; /* T2: the server's receive time */
	int64_t replied_ns;  /* T3: the server's send time */
	uint8_t ttl;         /* TTL or hop limit of the request on arrival; 0: not known */
	uint8_t tos;         /* TOS or traffic class of the request on arrival */
	enum packet_status status;
	uint8_t flags;
	uint64_t flow_id;
	uint64_t boot_id;
	uint32_t token; /* of the request: packet_write_reply copies it */
	uint8_t server_key[WIRE_KEY_LEN];
	struct endpoint arrived_on;  /* the server's address and port that the request arrived on */
	struct endpoint seen_source; /* the client's address and port as the server sees them */
	struct receipts receipts;
	unsigned slots;
};

/* Write a request of len octets (WIRE_PROBE_MIN <= len <= WIRE_UDP_MAX). The contents of AUTH and EVIDENCE are zero:
 * seal.h fills in AUTH, evidence_seal fills in EVIDENCE. */
void packet_write_request(uint8_t *buf, size_t len, const struct packet_request *request);

/* Check and read a request from the network. A reply's role is a fault. */
enum packet_fault packet_read_request(const uint8_t *buf, size_t len, struct packet_request *request)
    __attribute__((warn_unused_result));
/* The key of the client in whose name a request is, even if it has a fault; NULL: it is too short for a key. */
const uint8_t *packet_client_key(const uint8_t *buf, size_t len);
/* A number for a client's key. Each octet of the key counts. */
uint64_t packet_client_token(const uint8_t client_key[WIRE_KEY_LEN]);

/* The length of each of the two replies to a probe of len octets with PACKET_WANT_TWIN. The server ignores that flag
 * in a probe of less than PACKET_TWIN_MIN octets. */
enum { PACKET_TWIN_MIN = 2 * WIRE_PROBE_MIN };
size_t packet_twin_len(size_t len);

/* Turn the request in buf into its reply, in place. Number, T1, flow id, token and the contents of the last TLV stay;
 * AUTH is zeroed for seal.h. len is the request's length, or the length of a twin, which shortens the padding. */
void packet_write_reply(uint8_t *buf, size_t len, const struct packet_reply *reply);

/* Check and read a reply from the network. A request's role is a fault. */
enum packet_fault packet_read_reply(const uint8_t *buf, size_t len, struct packet_reply *reply)
    __attribute__((warn_unused_result));

/* The EVIDENCE value of a packet that was read without fault, inside buf. In a QUERY or ANSWER it is sealed evidence;
 * in a RELAY it is a complete QUERY for another server, in a RELAYED that server's complete ANSWER. */
uint8_t *packet_evidence(uint8_t *buf, size_t len, unsigned slots, size_t *value_len);

/* Turn the base of a request into that of its reply, in place (RFC 8762, 4.3, stateless reflector): the sender's fields
 * are copied, the number stays. ttl: as it arrived; 0: not known. */
void packet_reflect(uint8_t *buf, uint8_t ttl, int64_t received_ns, int64_t replied_ns);

/* Conversion between nanoseconds since 1970 and NTP's 64-bit time, 1968 to 2104. A time converted there and back is
 * unchanged. */
uint64_t packet_ntp_from_ns(int64_t ns);
int64_t packet_ntp_to_ns(uint64_t ntp);

#endif
