/* Big-endian integers in octet strings. The caller checks the bounds. */
#ifndef FLOATPROBE_BYTES_H
#define FLOATPROBE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void bytes_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void bytes_put32(uint8_t *p, uint32_t v)
{
	bytes_put16(p, (uint16_t)(v >> 16));
	bytes_put16(p + 2, (uint16_t)v);
}

static inline void bytes_put64(uint8_t *p, uint64_t v)
{
	bytes_put32(p, (uint32_t)(v >> 32));
	bytes_put32(p + 4, (uint32_t)v);
}

static inline uint16_t bytes_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t bytes_get32(const uint8_t *p)
{
	return (uint32_t)bytes_get16(p) << 16 | bytes_get16(p + 2);
}

static inline uint64_t bytes_get64(const uint8_t *p)
{
	return (uint64_t)bytes_get32(p) << 32 | bytes_get32(p + 4);
}

/* A bitmap is `words` consecutive 64-bit words. */
static inline void bytes_put_bitmap(uint8_t *p, const uint64_t *bitmap, size_t words)
{
	for (size_t i = 0; i < words; i++)
		bytes_put64(p + 8 * i, bitmap[i]);
}

static inline void bytes_get_bitmap(const uint8_t *p, uint64_t *bitmap, size_t words)
{
	for (size_t i = 0; i < words; i++)
		bitmap[i] = bytes_get64(p + 8 * i);
}

#endif
