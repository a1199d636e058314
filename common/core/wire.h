/* The wire format: offsets and numbers, no code. docs/PROTOCOL.md has the diagrams.
 *
 * A packet is a STAMP packet (RFC 8762, unauthenticated mode) followed by RFC 8972 TLVs at fixed offsets.
 * Over UDP it is the payload of a datagram; over TCP a 16-bit length precedes it.
 *
 *      0  base      44  STAMP
 *     44  LOCATION  48  type 2:   ports and addresses of the request as the server saw them
 *     92  FLOW     116  type 249: sender, flow, and the sender's receive window
 *    208  AUTH   68+24n type 250: n server ids, a signature, n MACs
 *   then  PADDING       type 1:   probes and replies; absent if the packet needs no padding
 *     or  EVIDENCE      type 251: all other roles, to the end of the packet
 *
 * A reply or answer overwrites its request in place and has the same length.
 */
#ifndef FLOATPROBE_WIRE_H
#define FLOATPROBE_WIRE_H

#define WIRE_PORT 8620

enum {
	WIRE_SLOTS_MAX = 4,
	WIRE_KEY_LEN = 32,
	WIRE_SERVER_ID_LEN = 8,
	WIRE_MAC_LEN = 16,
	WIRE_SIGNATURE_LEN = 64,
	WIRE_SLOT_LEN = WIRE_SERVER_ID_LEN + WIRE_MAC_LEN, /* a slot: a server id and the MAC for that server */

	/* STAMP base, request */
	WIRE_SEQ = 0,
	WIRE_T1 = 4,
	WIRE_ERROR_ESTIMATE = 12, /* RFC 8762, 4.2.1 */
	WIRE_SSID = 14,
	/* STAMP base, reply */
	WIRE_T3 = 4,
	WIRE_T2 = 16,
	WIRE_SENDER_SEQ = 24,
	WIRE_SENDER_T1 = 28,
	WIRE_SENDER_ERROR_ESTIMATE = 36,
	WIRE_SENDER_TTL = 40,
	WIRE_BASE_LEN = 44,
	/* An error estimate: not known to be synchronised (S = 0), NTP format (Z = 0), error of 1 s (multiplier 1,
	 * scale 32; the multiplier must not be zero). */
	WIRE_UNSYNCHRONISED = 0x2001,

	/* TLV header: flags 1, type 1, length 2 */
	WIRE_TLV_HEADER_LEN = 4,
	WIRE_TLV_U = 0x80, /* unrecognised: the sender sets it, the reflector clears it (RFC 8972, 4) */
	WIRE_TLV_PADDING = 1,
	WIRE_TLV_LOCATION = 2,
	WIRE_TLV_FLOW = 249,
	WIRE_TLV_AUTH = 250,
	WIRE_TLV_EVIDENCE = 251,

	/* LOCATION value: destination port 2, source port 2, two address sub-TLVs of 20 */
	WIRE_LOCATION = WIRE_BASE_LEN,
	WIRE_LOCATION_LEN = 44,
	WIRE_LOCATION_DPORT = WIRE_LOCATION + 4,
	WIRE_LOCATION_SPORT = WIRE_LOCATION + 6,
	WIRE_LOCATION_DST = WIRE_LOCATION + 8,
	WIRE_LOCATION_SRC = WIRE_LOCATION + 28,
	WIRE_SUBTLV_ADDRESS_LEN = 16,
	WIRE_SUBTLV_DST = 4, /* request; the reflector rewrites it to DST4 or DST6 */
	WIRE_SUBTLV_DST4 = 5,
	WIRE_SUBTLV_DST6 = 6,
	WIRE_SUBTLV_SRC = 7, /* request; the reflector rewrites it to SRC4 or SRC6 */
	WIRE_SUBTLV_SRC4 = 8,
	WIRE_SUBTLV_SRC6 = 9,

	/* FLOW value, all roles */
	WIRE_FLOW = WIRE_LOCATION + WIRE_TLV_HEADER_LEN + WIRE_LOCATION_LEN,
	WIRE_FLOW_LEN = 112,
	WIRE_FLOW_VALUE = WIRE_FLOW + WIRE_TLV_HEADER_LEN,
	WIRE_FLOW_MAGIC = WIRE_FLOW_VALUE + 0,
	WIRE_FLOW_VERSION = WIRE_FLOW_VALUE + 4,
	WIRE_FLOW_ROLE = WIRE_FLOW_VALUE + 5,
	/* FLOW value of a request */
	WIRE_PROBE_FLAGS = WIRE_FLOW_VALUE + 6,
	WIRE_PROBE_CLIENT_KEY = WIRE_FLOW_VALUE + 8,
	WIRE_FLOW_ID = WIRE_FLOW_VALUE + 40, /* all roles */
	WIRE_PROBE_DST = WIRE_FLOW_VALUE + 48,
	WIRE_PROBE_DPORT = WIRE_FLOW_VALUE + 64,
	WIRE_PROBE_PROTOCOL = WIRE_FLOW_VALUE + 66,
	WIRE_PROBE_HEARD_NEWEST = WIRE_FLOW_VALUE + 68,
	WIRE_PROBE_HEARD_BITMAP = WIRE_FLOW_VALUE + 72,
	WIRE_PROBE_HEARD_COUNT = WIRE_FLOW_VALUE + 104,
	WIRE_PROBE_TOKEN = WIRE_FLOW_VALUE + 108,
	/* FLOW value of a reply or answer */
	WIRE_REPLY_STATUS = WIRE_FLOW_VALUE + 6,
	WIRE_REPLY_FLAGS = WIRE_FLOW_VALUE + 7,
	WIRE_REPLY_SERVER_KEY = WIRE_FLOW_VALUE + 8,
	WIRE_REPLY_BOOT_ID = WIRE_FLOW_VALUE + 48,
	WIRE_REPLY_TOKEN = WIRE_FLOW_VALUE + 56,
	WIRE_REPLY_TOS = WIRE_FLOW_VALUE + 62,
	WIRE_REPLY_FIRST = WIRE_FLOW_VALUE + 64,
	WIRE_REPLY_NEWEST = WIRE_FLOW_VALUE + 68,
	WIRE_REPLY_BITMAP = WIRE_FLOW_VALUE + 72,
	WIRE_REPLY_RECEIVED = WIRE_FLOW_VALUE + 104,
	WIRE_REPLY_DUPLICATES = WIRE_FLOW_VALUE + 108,
	WIRE_REPLY_LATE = WIRE_FLOW_VALUE + 110,

	/* AUTH value: the slots' server ids, the signature, the slots' MACs */
	WIRE_AUTH = WIRE_FLOW + WIRE_TLV_HEADER_LEN + WIRE_FLOW_LEN,
	WIRE_SLOTS = WIRE_AUTH + WIRE_TLV_HEADER_LEN, /* the first server id; the octets before it are the head */

	WIRE_PACKET_MIN = WIRE_SLOTS + WIRE_SLOT_LEN + WIRE_SIGNATURE_LEN,
	/* The smallest probe of our client: room for every slot and a padding header. */
	WIRE_PROBE_MIN = WIRE_SLOTS + WIRE_SLOTS_MAX * WIRE_SLOT_LEN + WIRE_SIGNATURE_LEN + WIRE_TLV_HEADER_LEN,
	WIRE_UDP_MAX = 65507,
	WIRE_EVIDENCE_UDP_LEN = 1232, /* fits IPv6's minimum MTU of 1280 (RFC 8200, 5) */
	WIRE_MESSAGE_MAX = 8192,      /* largest packet over TCP */
};

#define WIRE_MAGIC   0x464c5042u /* "FLPB" */
#define WIRE_VERSION 1

/* Offsets in a packet with n slots: of the signature, of the MACs, and of the TLV that follows AUTH. */
#define WIRE_SIGNATURE(n) ((size_t)WIRE_SLOTS + (size_t)(n)*WIRE_SERVER_ID_LEN)
#define WIRE_MACS(n)      (WIRE_SIGNATURE(n) + WIRE_SIGNATURE_LEN)
#define WIRE_TAIL(n)      (WIRE_MACS(n) + (size_t)(n)*WIRE_MAC_LEN)

#endif
