/* TCP framing: a 16-bit big-endian length, then that many octets of one packet. */
#ifndef FLOATPROBE_FRAME_H
#define FLOATPROBE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER_LEN = 2 };

enum frame_status { FRAME_PARTIAL, FRAME_WHOLE, FRAME_BAD };

/* Look at the octets received so far. WHOLE: *body_len octets at buf + FRAME_HEADER_LEN are one packet.
 * BAD: the length is below WIRE_PACKET_MIN or above max_len; the connection is not worth keeping. */
enum frame_status frame_parse(const uint8_t *buf, size_t len, size_t max_len, size_t *body_len);

/* Write the header for a body of body_len octets (<= 65535) that stands behind it. */
void frame_put_header(uint8_t *buf, size_t body_len);

#endif
