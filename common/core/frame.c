#include "common/core/frame.h"

#include "common/core/bytes.h"
#include "common/core/wire.h"

enum frame_status frame_parse(const uint8_t *buf, size_t len, size_t max_len, size_t *body_len)
{
	size_t body;

	if (len < FRAME_HEADER_LEN)
		return FRAME_PARTIAL;
	body = bytes_get16(buf);
	if (body < WIRE_PACKET_MIN || body > max_len)
		return FRAME_BAD;
	if (len - FRAME_HEADER_LEN < body)
		return FRAME_PARTIAL;
	*body_len = body;
	return FRAME_WHOLE;
}

void frame_put_header(uint8_t *buf, size_t body_len)
{
	bytes_put16(buf, (uint16_t)body_len);
}
