/* Plain STAMP packets of any octets: a reply is as long as what asked for it, keeps the sender's fields, and can be
 * read; what a reflector sends can be read, too. */
#include "common/core/stamp.h"
#include "common/core/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stamp_arrival arrival = { 1700000000000000000, 1700000000000001000, 64 };
	struct stamp_reply reply;
	uint8_t *packet = malloc(size + 1); /* of this very length, so that a read beyond it is found */

	FUZZ_CHECK(packet);
	FUZZ_CHECK(stamp_read_reply(data, size, &reply) == (size >= STAMP_PACKET_MIN));
	if (size >= STAMP_PACKET_MIN) {
		packet = realloc(packet, size);
		FUZZ_CHECK(packet);
		memcpy(packet, data, size);
		stamp_reflect(packet, size, &arrival);
		FUZZ_CHECK(memcmp(packet + WIRE_SEQ, data + WIRE_SEQ, 4) == 0);
		FUZZ_CHECK(memcmp(packet + WIRE_SENDER_SEQ, data + WIRE_SEQ, 4) == 0);
		FUZZ_CHECK(memcmp(packet + WIRE_SENDER_T1, data + WIRE_T1, 8) == 0);
		FUZZ_CHECK(stamp_read_reply(packet, size, &reply));
		FUZZ_CHECK(reply.stayed_ns == 1000);
	}
	free(packet);
	return 0;
}
