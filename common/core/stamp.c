#include "common/core/stamp.h"

#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/packet.h"

#include <string.h>

enum { TLV_M = 0x40, TLV_I = 0x20, FORMAT_PTP = 0x4000, PTP_SECOND = 32 };

/* What somebody has marked malformed, or not authentic, ends the processing (RFC 8972, 4). */
static bool ends_processing(const uint8_t *tlv)
{
	return tlv[0] & (TLV_M | TLV_I);
}

static void reflect_tlvs(uint8_t *buf, size_t len)
{
	size_t at = WIRE_BASE_LEN;

	while (len - at >= WIRE_TLV_HEADER_LEN && !ends_processing(buf + at)) {
		uint8_t *tlv = buf + at;
		size_t value_len = bytes_get16(tlv + 2);
		uint8_t unknown = tlv[1] == WIRE_TLV_PADDING ? 0 : WIRE_TLV_U;

		at += WIRE_TLV_HEADER_LEN;
		if (value_len > len - at) {
			tlv[0] = unknown | TLV_M;
			return;
		}
		tlv[0] = unknown;
		at += value_len;
	}
	if (len > at && len - at < WIRE_TLV_HEADER_LEN)
		buf[at] = WIRE_TLV_U | TLV_M;
}

void stamp_reflect(uint8_t *buf, size_t len, const struct stamp_arrival *arrival)
{
	uint8_t base[WIRE_BASE_LEN] = { 0 };
	size_t base_len = len < sizeof base ? len : sizeof base;

	memcpy(base, buf, base_len);
	packet_reflect(base, arrival->ttl, arrival->received_ns, arrival->replied_ns);
	memcpy(buf, base, base_len);
	if (len > sizeof base)
		reflect_tlvs(buf, len);
}

void stamp_write_request(uint8_t *buf, size_t len, const struct stamp_request *request)
{
	memset(buf, 0, len);
	bytes_put32(buf + WIRE_SEQ, request->seq);
	bytes_put64(buf + WIRE_T1, packet_ntp_from_ns(request->sent_ns));
	bytes_put16(buf + WIRE_ERROR_ESTIMATE, WIRE_UNSYNCHRONISED);
	bytes_put16(buf + WIRE_SSID, request->ssid);
	if (len - WIRE_BASE_LEN < WIRE_TLV_HEADER_LEN)
		return;
	buf[WIRE_BASE_LEN] = WIRE_TLV_U;
	buf[WIRE_BASE_LEN + 1] = WIRE_TLV_PADDING;
	bytes_put16(buf + WIRE_BASE_LEN + 2, (uint16_t)(len - WIRE_BASE_LEN - WIRE_TLV_HEADER_LEN));
}

/* The bit Z says which format a reflector's times have: NTP's, or PTP's with seconds and nanoseconds. */
static int64_t time_of(const uint8_t *at, bool ptp)
{
	uint64_t time = bytes_get64(at);

	if (ptp)
		return (int64_t)(time >> PTP_SECOND) * NS_PER_S + (int64_t)(uint32_t)time;
	return packet_ntp_to_ns(time);
}

bool stamp_read_reply(const uint8_t *buf, size_t len, struct stamp_reply *reply)
{
	bool ptp;

	if (len < STAMP_PACKET_MIN)
		return false;
	ptp = bytes_get16(buf + WIRE_ERROR_ESTIMATE) & FORMAT_PTP;
	*reply = (struct stamp_reply){
		.seq = bytes_get32(buf + WIRE_SENDER_SEQ),
		.ssid = bytes_get16(buf + WIRE_SSID),
		.sent_ns = packet_ntp_to_ns(bytes_get64(buf + WIRE_SENDER_T1)),
		.stayed_ns = time_of(buf + WIRE_T3, ptp) - time_of(buf + WIRE_T2, ptp),
	};
	return true;
}
