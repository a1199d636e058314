/* Packets as structures: reading and writing what wire.h lays out. No keys here; see seal.h.
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

enum {                             /* flags of a probe or query */
       PACKET_SIGN_REPLY = 0x0001, /* the reply shall carry a signature */
       PACKET_WANT_TWIN = 0x0002,  /* also a second reply, whose source is not pinned */
       PACKET_NEW_PORT = 0x0004,   /* this is the first from its source port to there */
};
enum {                          /* flags of a reply or answer */
       PACKET_DUPLICATE = 0x01, /* this number had already been answered */
       PACKET_NEW_FLOW = 0x02,  /* the flow was unknown before this probe */
       PACKET_SIGNED = 0x04,    /* the signature field is filled */
       PACKET_TWIN = 0x08,      /* the second reply, sent from the address that the kernel chose */
};
enum packet_status {
	PACKET_OK = 0,
	PACKET_CLOCK_SKEW = 1,     /* the probe's own time is outside the server's limit; T2 says what it is there */
	PACKET_NOT_AUTHORISED = 2, /* TCP only: a valid signature by a key that is not on the list */
	PACKET_PEER_SILENT = 3,    /* to a RELAY: the peer did not answer in time */
	PACKET_NO_PEER = 4,        /* to a RELAY: the server that the inner query is for is none of our peers */
};

/* Why octets are not a packet of ours. X-macro: name, text for people. */
#define PACKET_FAULTS(X)                                                                                               \
	X(NONE, "a packet")                                                                                            \
	X(SHORT, "shorter than the smallest packet")                                                                   \
	X(LOCATION, "no Location TLV in its place")                                                                    \
	X(FLOW, "no Flow TLV in its place")                                                                            \
	X(MAGIC, "no magic number")                                                                                    \
	X(VERSION, "another protocol version")                                                                         \
	X(ROLE, "a role that is not expected here")                                                                    \
	X(AUTH, "no Auth TLV in its place")                                                                            \
	X(TAIL, "the last TLV does not end where the packet ends")
enum packet_fault {
#define X(name, text) PACKET_FAULT_##name,
	PACKET_FAULTS(X)
#undef X
};
const char *packet_fault_text(enum packet_fault fault);

/* What the client acknowledges in each probe: the replies that it has. */
struct packet_heard {
	uint32_t newest; /* newest own number answered; means nothing while count is 0 */
	uint32_t count;  /* replies received in this flow, ever */
	uint64_t bitmap[4];
};

struct packet_request { /* a probe or a query */
	enum packet_role role;
	uint32_t seq;
	int64_t sent_ns; /* T1 */
	uint16_t flags;
	uint64_t flow_id;
	uint8_t client_key[WIRE_KEY_LEN];
	struct endpoint destination;     /* where the client meant it to go */
	enum packet_transport transport; /* as the probe itself says */
	struct packet_heard heard;
	unsigned slots; /* 1..WIRE_SLOTS_MAX */
};

struct packet_reply { /* a reply or an answer */
	enum packet_role role;
	uint32_t seq;        /* the sender's number, twice on the wire (we are a stateless reflector) */
	int64_t sent_ns;     /* the sender's T1, as it came back */
	int64_t received_ns; /* T2: the server's receive time */
	int64_t replied_ns;  /* T3: the server's send time */
	uint8_t ttl;         /* of the request as it arrived; 0: not known */
	uint8_t tos;
	enum packet_status status;
	uint8_t flags;
	uint64_t flow_id;
	uint64_t boot_id;
	uint8_t server_key[WIRE_KEY_LEN];
	struct endpoint arrived_on;  /* the server's local address and port */
	struct endpoint seen_source; /* the client as the server sees it */
	struct receipts receipts;
	unsigned slots;
};

/* Write a request of exactly len octets (WIRE_PROBE_MIN <= len <= WIRE_UDP_MAX): all but the contents of
 * AUTH (seal.h fills them) and, for a query, of EVIDENCE (evidence_seal fills them). */
void packet_write_request(uint8_t *buf, size_t len, const struct packet_request *request);

/* Check and read octets from the network. Roles other than PROBE, QUERY and RELAY are a fault. */
enum packet_fault packet_read_request(const uint8_t *buf, size_t len, struct packet_request *request)
    __attribute__((warn_unused_result));

/* A probe that wants a twin gets two replies of this length each, together not longer than itself. It has at least
 * PACKET_TWIN_MIN octets (else the wish is ignored). */
enum { PACKET_TWIN_MIN = 2 * WIRE_PROBE_MIN };
size_t packet_twin_len(size_t len);

/* Turn the request in buf into its reply in place: AUTH is zeroed for seal.h to fill, and number, T1 and flow id are
 * taken from the request itself; the tail stays. len is that of the request, or of a probe's twins: then the padding
 * is shortened. */
void packet_write_reply(uint8_t *buf, size_t len, const struct packet_reply *reply);

enum packet_fault packet_read_reply(const uint8_t *buf, size_t len, struct packet_reply *reply)
    __attribute__((warn_unused_result));

/* The EVIDENCE value of a packet that was read without fault and whose role is QUERY or ANSWER (sealed evidence), or
 * RELAY or RELAYED (a whole QUERY for another server, or its ANSWER, as it is). */
uint8_t *packet_evidence(uint8_t *buf, size_t len, unsigned slots, size_t *value_len);

/* NTP 64-bit time and nanoseconds since 1970. Exact within 1 ns; era 0 and 1 (1968..2104) are told apart. */
uint64_t packet_ntp_from_ns(int64_t ns);
int64_t packet_ntp_to_ns(uint64_t ntp);

#endif
