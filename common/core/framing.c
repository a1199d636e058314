#include "common/core/framing.h"

#include "common/core/bytes.h"
#include "common/core/wire.h"

enum framing_status framing_parse(const uint8_t *buf, size_t len, size_t max_len, size_t *body_len)
{
	size_t body;

	if (len < FRAMING_HEADER_LEN)
		return FRAMING_PARTIAL;
	body = bytes_get16(buf);
	if (body < WIRE_PACKET_MIN || body > max_len)
		return FRAMING_BAD;
	if (len - FRAMING_HEADER_LEN < body)
		return FRAMING_PARTIAL;
	*body_len = body;
	return FRAMING_WHOLE;
}

void framing_put_header(uint8_t *buf, size_t body_len)
{
	bytes_put16(buf, (uint16_t)body_len);
}
