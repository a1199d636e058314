#include "common/core/printable.h"

#include <stdint.h>
#include <string.h>

/* Decode one character (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF). Returns its length in
 * octets, or 0 if it is not UTF-8. The final NUL is not a continuation octet, so decoding never reads past it. */
static size_t decode(const unsigned char *s, uint32_t *rune)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (len == 1) {
		*rune = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	*rune = s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*rune = *rune << 6 | (s[i] & 0x3f);
	}
	bool surrogate = *rune >= 0xd800 && *rune <= 0xdfff;
	return *rune < smallest[len] || surrogate || *rune > 0x10ffff ? 0 : len;
}

/* Can the character move the cursor, or change how the text around it is displayed? */
static bool is_control(uint32_t rune)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, /* C0 */
		{ 0x7f, 0x9f }, /* DEL, C1 */
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, /* invisible, line separator, bidirectional */
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (rune >= ranges[i].first && rune <= ranges[i].last)
			return true;
	}
	return false;
}

size_t printable(char *dst, size_t dst_len, const char *src, bool ascii)
{
	size_t n = 0;

	while (*src) {
		uint32_t rune = 0;
		size_t len = decode((const unsigned char *)src, &rune);
		bool bad = len == 0 || is_control(rune) || (ascii && rune > 0x7f);
		size_t out = bad ? 1 : len;

		if (n + out >= dst_len)
			break;
		if (bad)
			dst[n] = '?';
		else
			memmove(dst + n, src, len);
		n += out;
		src += len ? len : 1;
	}
	dst[n] = '\0';
	return n;
}

size_t printable_width(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}
