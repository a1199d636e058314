/* A TCP stream: the first octet chooses the longest body that is accepted, the rest arrives one octet after the other.
 * Once a verdict other than PARTIAL has come it stays, and a whole frame lies inside what has arrived. */
#include "common/core/framing.h"
#include "common/core/wire.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void whole_frame(const uint8_t *buf, size_t len, size_t max_len, size_t body_len)
{
	uint8_t header[FRAMING_HEADER_LEN];
	FUZZ_CHECK(body_len >= WIRE_PACKET_MIN && body_len <= max_len && FRAMING_HEADER_LEN + body_len <= len);
	framing_put_header(header, body_len);
	FUZZ_CHECK(memcmp(header, buf, sizeof header) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	size_t max_len = WIRE_PACKET_MIN + (size_t)data[0] * 32;
	enum framing_status last = FRAMING_PARTIAL;
	size_t last_len = 0;
	for (size_t len = 0; len < size; len++) {
		size_t body_len = 0;
		enum framing_status status = framing_parse(data + 1, len, max_len, &body_len);
		if (last != FRAMING_PARTIAL)
			FUZZ_CHECK(status == last);
		if (last == FRAMING_WHOLE)
			FUZZ_CHECK(body_len == last_len);
		if (status == FRAMING_WHOLE)
			whole_frame(data + 1, len, max_len, body_len);
		last = status;
		last_len = body_len;
	}
	return 0;
}
