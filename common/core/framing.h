/* TCP framing: a 16-bit big-endian length, then one packet of that length. */
#ifndef FLOATPROBE_FRAMING_H
#define FLOATPROBE_FRAMING_H

#include <stddef.h>
#include <stdint.h>

enum { FRAMING_HEADER_LEN = 2 };

enum framing_status { FRAMING_PARTIAL, FRAMING_WHOLE, FRAMING_BAD };

/* Examine the octets received so far.
 * WHOLE: one packet of *body_len octets is at buf + FRAMING_HEADER_LEN. PARTIAL: read more.
 * BAD: the length is below WIRE_PACKET_MIN or above max_len; close the connection. */
enum framing_status framing_parse(const uint8_t *buf, size_t len, size_t max_len, size_t *body_len);

/* Write the FRAMING_HEADER_LEN octets that precede a body of body_len octets (<= 65535). */
void framing_put_header(uint8_t *buf, size_t body_len);

#endif
