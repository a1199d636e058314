#include "common/core/packet.h"

#include "common/core/bytes.h"
#include "common/core/ns.h"

#define NTP_UNIX_OFFSET 2208988800 /* seconds from 1900 to 1970 */

enum { BITMAP_WORDS = RECEIPTS_WINDOW / 64, SUBTLV_HEADER_LEN = WIRE_TLV_HEADER_LEN };

const char *packet_fault_text(enum packet_fault fault)
{
	static const char *const texts[] = {
#define X(name, text) text,
		PACKET_FAULTS(X)
#undef X
	};
	return texts[fault];
}

uint64_t packet_ntp_from_ns(int64_t ns)
{
	int64_t seconds = ns / NS_PER_S, rest = ns % NS_PER_S;
	uint64_t fraction;

	if (rest < 0) {
		seconds--;
		rest += NS_PER_S;
	}
	fraction = (((uint64_t)rest << 32) + NS_PER_S / 2) / NS_PER_S;
	return (uint64_t)(seconds + NTP_UNIX_OFFSET) << 32 | fraction;
}

int64_t packet_ntp_to_ns(uint64_t ntp)
{
	int64_t seconds = (int64_t)(ntp >> 32);
	uint64_t fraction = ntp & UINT32_MAX;

	if (seconds < INT64_C(1) << 31) /* RFC 4330, 3: a clear top bit means era 1, from 2036 */
		seconds += INT64_C(1) << 32;
	return (seconds - NTP_UNIX_OFFSET) * NS_PER_S + (int64_t)((fraction * NS_PER_S + (UINT64_C(1) << 31)) >> 32);
}

static void put_tlv(uint8_t *p, uint8_t flags, uint8_t type, size_t value_len)
{
	p[0] = flags;
	p[1] = type;
	bytes_put16(p + 2, (uint16_t)value_len);
}

static bool tlv_is(const uint8_t *p, uint8_t flags, uint8_t type, size_t value_len)
{
	return p[0] == flags && p[1] == type && bytes_get16(p + 2) == value_len;
}

/* RFC 8972, 4.2.1: an IPv4 sub-TLV (type4) has 4 octets of address and 12 reserved ones. */
static void put_address(uint8_t *p, uint8_t type4, uint8_t type6, const struct endpoint *endpoint)
{
	bool v4 = endpoint_is_v4(endpoint);
	size_t skip = v4 ? sizeof endpoint_v4_prefix : 0;
	size_t len = sizeof endpoint->address - skip;

	put_tlv(p, 0, v4 ? type4 : type6, WIRE_SUBTLV_ADDRESS_LEN);
	memset(p + SUBTLV_HEADER_LEN, 0, WIRE_SUBTLV_ADDRESS_LEN);
	memcpy(p + SUBTLV_HEADER_LEN, endpoint->address + skip, len);
}

static bool get_address(struct endpoint *endpoint, const uint8_t *p, uint8_t type4, uint8_t type6)
{
	if (tlv_is(p, 0, type6, WIRE_SUBTLV_ADDRESS_LEN)) {
		*endpoint = endpoint_of(p + SUBTLV_HEADER_LEN, endpoint->port);
		return true;
	}
	*endpoint = endpoint_v4(p + SUBTLV_HEADER_LEN, endpoint->port);
	return tlv_is(p, 0, type4, WIRE_SUBTLV_ADDRESS_LEN);
}

static size_t auth_len(unsigned slots)
{
	return slots * (size_t)WIRE_SLOT_LEN + WIRE_SIGNATURE_LEN;
}

/* The number of slots, from the length of the AUTH TLV; 0 if the TLV is not valid. */
static unsigned auth_slots(const uint8_t *buf, size_t len, uint8_t flags)
{
	for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++)
		if (tlv_is(buf + WIRE_AUTH, flags, WIRE_TLV_AUTH, auth_len(slots)))
			return len >= WIRE_TAIL(slots) ? slots : 0;
	return 0;
}

enum {
	REQUEST_ROLES = 1 << PACKET_PROBE | 1 << PACKET_QUERY | 1 << PACKET_RELAY,
	REPLY_ROLES = 1 << PACKET_REPLY | 1 << PACKET_ANSWER | 1 << PACKET_RELAYED,
};

static bool carries_evidence(enum packet_role role)
{
	return role != PACKET_PROBE && role != PACKET_REPLY;
}

static bool tail_is_right(const uint8_t *buf, size_t len, uint8_t flags, enum packet_role role, unsigned slots)
{
	size_t tail = WIRE_TAIL(slots);

	if (len == tail)
		return !carries_evidence(role);
	return len - tail >= WIRE_TLV_HEADER_LEN &&
	       tlv_is(buf + tail, flags, carries_evidence(role) ? WIRE_TLV_EVIDENCE : WIRE_TLV_PADDING,
		      len - tail - WIRE_TLV_HEADER_LEN);
}

void packet_write_request(uint8_t *buf, size_t len, const struct packet_request *request)
{
	size_t tail = WIRE_TAIL(request->slots);
	uint16_t ssid = (uint16_t)request->flow_id;

	memset(buf, 0, len);
	bytes_put32(buf + WIRE_SEQ, request->seq);
	bytes_put64(buf + WIRE_T1, packet_ntp_from_ns(request->sent_ns));
	bytes_put16(buf + WIRE_ERROR_ESTIMATE, WIRE_UNSYNCHRONISED);
	bytes_put16(buf + WIRE_SSID, ssid ? ssid : 1); /* RFC 8972, 3: zero means no SSID */

	put_tlv(buf + WIRE_LOCATION, WIRE_TLV_U, WIRE_TLV_LOCATION, WIRE_LOCATION_LEN);
	put_tlv(buf + WIRE_LOCATION_DST, WIRE_TLV_U, WIRE_SUBTLV_DST, WIRE_SUBTLV_ADDRESS_LEN);
	put_tlv(buf + WIRE_LOCATION_SRC, WIRE_TLV_U, WIRE_SUBTLV_SRC, WIRE_SUBTLV_ADDRESS_LEN);

	put_tlv(buf + WIRE_FLOW, WIRE_TLV_U, WIRE_TLV_FLOW, WIRE_FLOW_LEN);
	bytes_put32(buf + WIRE_FLOW_MAGIC, WIRE_MAGIC);
	buf[WIRE_FLOW_VERSION] = WIRE_VERSION;
	buf[WIRE_FLOW_ROLE] = (uint8_t)request->role;
	bytes_put16(buf + WIRE_PROBE_FLAGS, request->flags);
	memcpy(buf + WIRE_PROBE_CLIENT_KEY, request->client_key, WIRE_KEY_LEN);
	bytes_put64(buf + WIRE_FLOW_ID, request->flow_id);
	memcpy(buf + WIRE_PROBE_DST, request->destination.address, sizeof request->destination.address);
	bytes_put16(buf + WIRE_PROBE_DPORT, request->destination.port);
	buf[WIRE_PROBE_PROTOCOL] = (uint8_t)request->transport;
	bytes_put32(buf + WIRE_PROBE_HEARD_NEWEST, request->heard.newest);
	bytes_put_bitmap(buf + WIRE_PROBE_HEARD_BITMAP, request->heard.bitmap, BITMAP_WORDS);
	bytes_put32(buf + WIRE_PROBE_HEARD_COUNT, request->heard.count);
	bytes_put32(buf + WIRE_PROBE_TOKEN, request->token);

	put_tlv(buf + WIRE_AUTH, WIRE_TLV_U, WIRE_TLV_AUTH, auth_len(request->slots));
	if (len > tail)
		put_tlv(buf + tail, WIRE_TLV_U, carries_evidence(request->role) ? WIRE_TLV_EVIDENCE : WIRE_TLV_PADDING,
			len - tail - WIRE_TLV_HEADER_LEN);
}

static bool request_location_is_right(const uint8_t *buf)
{
	return tlv_is(buf + WIRE_LOCATION, WIRE_TLV_U, WIRE_TLV_LOCATION, WIRE_LOCATION_LEN) &&
	       tlv_is(buf + WIRE_LOCATION_DST, WIRE_TLV_U, WIRE_SUBTLV_DST, WIRE_SUBTLV_ADDRESS_LEN) &&
	       tlv_is(buf + WIRE_LOCATION_SRC, WIRE_TLV_U, WIRE_SUBTLV_SRC, WIRE_SUBTLV_ADDRESS_LEN);
}

/* Check FLOW, AUTH and the last TLV of a packet of at least WIRE_PACKET_MIN octets. Sets *slots if there is no fault.
 */
static enum packet_fault check_tlvs(const uint8_t *buf, size_t len, uint8_t flags, unsigned roles, unsigned *slots)
{
	enum packet_role role = buf[WIRE_FLOW_ROLE];

	if (!tlv_is(buf + WIRE_FLOW, flags, WIRE_TLV_FLOW, WIRE_FLOW_LEN))
		return PACKET_FAULT_FLOW;
	if (bytes_get32(buf + WIRE_FLOW_MAGIC) != WIRE_MAGIC)
		return PACKET_FAULT_MAGIC;
	if (buf[WIRE_FLOW_VERSION] != WIRE_VERSION)
		return PACKET_FAULT_VERSION;
	if (role > PACKET_RELAYED || !(roles >> role & 1))
		return PACKET_FAULT_ROLE;
	*slots = auth_slots(buf, len, flags);
	if (*slots == 0)
		return PACKET_FAULT_AUTH;
	return tail_is_right(buf, len, flags, role, *slots) ? PACKET_FAULT_NONE : PACKET_FAULT_TAIL;
}

const uint8_t *packet_client_key(const uint8_t *buf, size_t len)
{
	return len >= WIRE_PROBE_CLIENT_KEY + WIRE_KEY_LEN ? buf + WIRE_PROBE_CLIENT_KEY : NULL;
}

uint64_t packet_client_token(const uint8_t client_key[WIRE_KEY_LEN])
{
	uint64_t token = 0;

	for (unsigned at = 0; at < WIRE_KEY_LEN; at += sizeof token)
		token ^= bytes_get64(client_key + at);
	return token;
}

enum packet_fault packet_read_request(const uint8_t *buf, size_t len, struct packet_request *request)
{
	enum packet_fault fault;

	if (len < WIRE_PACKET_MIN)
		return PACKET_FAULT_SHORT;
	if (!request_location_is_right(buf))
		return PACKET_FAULT_LOCATION;
	fault = check_tlvs(buf, len, WIRE_TLV_U, REQUEST_ROLES, &request->slots);
	if (fault != PACKET_FAULT_NONE)
		return fault;
	request->role = buf[WIRE_FLOW_ROLE];
	request->seq = bytes_get32(buf + WIRE_SEQ);
	request->sent_ns = packet_ntp_to_ns(bytes_get64(buf + WIRE_T1));
	request->flags = bytes_get16(buf + WIRE_PROBE_FLAGS);
	request->flow_id = bytes_get64(buf + WIRE_FLOW_ID);
	memcpy(request->client_key, buf + WIRE_PROBE_CLIENT_KEY, WIRE_KEY_LEN);
	memcpy(request->destination.address, buf + WIRE_PROBE_DST, sizeof request->destination.address);
	request->destination.port = bytes_get16(buf + WIRE_PROBE_DPORT);
	request->transport = buf[WIRE_PROBE_PROTOCOL];
	request->heard.newest = bytes_get32(buf + WIRE_PROBE_HEARD_NEWEST);
	request->heard.count = bytes_get32(buf + WIRE_PROBE_HEARD_COUNT);
	request->token = bytes_get32(buf + WIRE_PROBE_TOKEN);
	bytes_get_bitmap(buf + WIRE_PROBE_HEARD_BITMAP, request->heard.bitmap, BITMAP_WORDS);
	return PACKET_FAULT_NONE;
}

void packet_reflect(uint8_t *buf, uint8_t ttl, int64_t received_ns, int64_t replied_ns)
{
	memcpy(buf + WIRE_SENDER_SEQ, buf + WIRE_SEQ, 4);
	memcpy(buf + WIRE_SENDER_T1, buf + WIRE_T1, 8);
	memcpy(buf + WIRE_SENDER_ERROR_ESTIMATE, buf + WIRE_ERROR_ESTIMATE, 2);
	memset(buf + WIRE_SENDER_ERROR_ESTIMATE + 2, 0, WIRE_BASE_LEN - WIRE_SENDER_ERROR_ESTIMATE - 2);
	buf[WIRE_SENDER_TTL] = ttl;
	bytes_put64(buf + WIRE_T3, packet_ntp_from_ns(replied_ns));
	bytes_put16(buf + WIRE_ERROR_ESTIMATE, WIRE_UNSYNCHRONISED);
	bytes_put64(buf + WIRE_T2, packet_ntp_from_ns(received_ns));
}

static void write_reply_location(uint8_t *buf, const struct packet_reply *reply)
{
	buf[WIRE_LOCATION] = 0;
	bytes_put16(buf + WIRE_LOCATION_DPORT, reply->arrived_on.port);
	bytes_put16(buf + WIRE_LOCATION_SPORT, reply->seen_source.port);
	put_address(buf + WIRE_LOCATION_DST, WIRE_SUBTLV_DST4, WIRE_SUBTLV_DST6, &reply->arrived_on);
	put_address(buf + WIRE_LOCATION_SRC, WIRE_SUBTLV_SRC4, WIRE_SUBTLV_SRC6, &reply->seen_source);
}

/* TLV type and length, magic, version and flow id stay as in the request. */
static void write_reply_flow(uint8_t *buf, const struct packet_reply *reply)
{
	buf[WIRE_FLOW] = 0;
	buf[WIRE_FLOW_ROLE] = (uint8_t)reply->role;
	buf[WIRE_REPLY_STATUS] = (uint8_t)reply->status;
	buf[WIRE_REPLY_FLAGS] = reply->flags;
	memcpy(buf + WIRE_REPLY_SERVER_KEY, reply->server_key, WIRE_KEY_LEN);
	bytes_put64(buf + WIRE_REPLY_BOOT_ID, reply->boot_id);
	memcpy(buf + WIRE_REPLY_TOKEN, buf + WIRE_PROBE_TOKEN, sizeof reply->token);
	memset(buf + WIRE_REPLY_TOKEN + sizeof reply->token, 0,
	       WIRE_REPLY_FIRST - WIRE_REPLY_TOKEN - sizeof reply->token);
	buf[WIRE_REPLY_TOS] = reply->tos;
	bytes_put32(buf + WIRE_REPLY_FIRST, reply->receipts.first);
	bytes_put32(buf + WIRE_REPLY_NEWEST, reply->receipts.newest);
	bytes_put_bitmap(buf + WIRE_REPLY_BITMAP, reply->receipts.bitmap, BITMAP_WORDS);
	bytes_put32(buf + WIRE_REPLY_RECEIVED, reply->receipts.received);
	bytes_put16(buf + WIRE_REPLY_DUPLICATES, reply->receipts.duplicates);
	bytes_put16(buf + WIRE_REPLY_LATE, reply->receipts.late);
}

void packet_write_reply(uint8_t *buf, size_t len, const struct packet_reply *reply)
{
	size_t tail = WIRE_TAIL(reply->slots);

	packet_reflect(buf, reply->ttl, reply->received_ns, reply->replied_ns);
	write_reply_location(buf, reply);
	write_reply_flow(buf, reply);
	buf[WIRE_AUTH] = 0;
	memset(buf + WIRE_SLOTS, 0, tail - WIRE_SLOTS);
	if (len > tail) {
		buf[tail] = 0;
		bytes_put16(buf + tail + 2, (uint16_t)(len - tail - WIRE_TLV_HEADER_LEN));
	}
}

size_t packet_twin_len(size_t len)
{
	return len / 2;
}

static bool reply_location_is_right(const uint8_t *buf, struct packet_reply *reply)
{
	reply->arrived_on.port = bytes_get16(buf + WIRE_LOCATION_DPORT);
	reply->seen_source.port = bytes_get16(buf + WIRE_LOCATION_SPORT);
	return tlv_is(buf + WIRE_LOCATION, 0, WIRE_TLV_LOCATION, WIRE_LOCATION_LEN) &&
	       get_address(&reply->arrived_on, buf + WIRE_LOCATION_DST, WIRE_SUBTLV_DST4, WIRE_SUBTLV_DST6) &&
	       get_address(&reply->seen_source, buf + WIRE_LOCATION_SRC, WIRE_SUBTLV_SRC4, WIRE_SUBTLV_SRC6);
}

static void read_reply_flow(const uint8_t *buf, struct packet_reply *reply)
{
	reply->role = buf[WIRE_FLOW_ROLE];
	reply->status = buf[WIRE_REPLY_STATUS];
	reply->flags = buf[WIRE_REPLY_FLAGS];
	memcpy(reply->server_key, buf + WIRE_REPLY_SERVER_KEY, WIRE_KEY_LEN);
	reply->flow_id = bytes_get64(buf + WIRE_FLOW_ID);
	reply->boot_id = bytes_get64(buf + WIRE_REPLY_BOOT_ID);
	reply->token = bytes_get32(buf + WIRE_REPLY_TOKEN);
	reply->tos = buf[WIRE_REPLY_TOS];
	reply->receipts.first = bytes_get32(buf + WIRE_REPLY_FIRST);
	reply->receipts.newest = bytes_get32(buf + WIRE_REPLY_NEWEST);
	bytes_get_bitmap(buf + WIRE_REPLY_BITMAP, reply->receipts.bitmap, BITMAP_WORDS);
	reply->receipts.received = bytes_get32(buf + WIRE_REPLY_RECEIVED);
	reply->receipts.duplicates = bytes_get16(buf + WIRE_REPLY_DUPLICATES);
	reply->receipts.late = bytes_get16(buf + WIRE_REPLY_LATE);
}

enum packet_fault packet_read_reply(const uint8_t *buf, size_t len, struct packet_reply *reply)
{
	enum packet_fault fault;

	if (len < WIRE_PACKET_MIN)
		return PACKET_FAULT_SHORT;
	if (!reply_location_is_right(buf, reply))
		return PACKET_FAULT_LOCATION;
	fault = check_tlvs(buf, len, 0, REPLY_ROLES, &reply->slots);
	if (fault != PACKET_FAULT_NONE)
		return fault;
	read_reply_flow(buf, reply);
	reply->seq = bytes_get32(buf + WIRE_SENDER_SEQ);
	reply->sent_ns = packet_ntp_to_ns(bytes_get64(buf + WIRE_SENDER_T1));
	reply->received_ns = packet_ntp_to_ns(bytes_get64(buf + WIRE_T2));
	reply->replied_ns = packet_ntp_to_ns(bytes_get64(buf + WIRE_T3));
	reply->ttl = buf[WIRE_SENDER_TTL];
	return PACKET_FAULT_NONE;
}

uint8_t *packet_evidence(uint8_t *buf, size_t len, unsigned slots, size_t *value_len)
{
	size_t value = WIRE_TAIL(slots) + WIRE_TLV_HEADER_LEN;

	*value_len = len - value;
	return buf + value;
}
