#include "client/report/scan.h"

#include "common/core/printable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, NUMBER_MAX = 40, HEX = 16, UTF8_MAX = 4 };

/* -- what is well-formed -- */

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

static bool is_hex(const char *at, const char *end)
{
	if (end - at < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		if (!strchr("0123456789abcdefABCDEF", at[i]) || !at[i])
			return false;
	}
	return true;
}

/* at: behind the opening quote. Returns the closing one; NULL: there is none. */
static const char *find_quote(const char *at, const char *end)
{
	for (; at < end && (unsigned char)*at >= ' '; at++) {
		if (*at == '"')
			return at;
		if (*at != '\\')
			continue;
		if (++at == end || !*at || !strchr("\"\\/bfnrtu", *at) || (*at == 'u' && !is_hex(at + 1, end)))
			return NULL;
	}
	return NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
	const char *begin = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at > begin ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
	if (at < end && *at == '-')
		at++;
	at = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
	if (at && at < end && *at == '.')
		at = skip_digits(at + 1, end);
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = skip_digits(at, end);
	}
	return at;
}

static const char *skip_word(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static const char *read_value(const char *at, const char *end, unsigned depth, struct scan_value *value);

static const char *read_key(const char *at, const char *end, struct scan_value *key)
{
	const char *quote = at < end && *at == '"' ? find_quote(at + 1, end) : NULL;

	if (!quote)
		return NULL;
	*key = (struct scan_value){ SCAN_STRING, at + 1, (size_t)(quote - at - 1) };
	at = skip_blanks(quote + 1, end);
	return at < end && *at == ':' ? skip_blanks(at + 1, end) : NULL;
}

/* at: behind the opening bracket. Returns what is behind the closing one. */
static const char *skip_inside(const char *at, const char *end, char close, unsigned depth)
{
	struct scan_value value;

	at = skip_blanks(at, end);
	if (at < end && *at == close)
		return at + 1;
	for (;;) {
		if (close == '}')
			at = read_key(at, end, &value);
		at = at ? read_value(at, end, depth + 1, &value) : NULL;
		if (!at)
			return NULL;
		at = skip_blanks(at, end);
		if (at == end || (*at != ',' && *at != close))
			return NULL;
		if (*at++ == close)
			return at;
		at = skip_blanks(at, end);
	}
}

static const char *read_value(const char *at, const char *end, unsigned depth, struct scan_value *value)
{
	const char *begin = at, *behind;

	if (at == end || depth > DEPTH_MAX)
		return NULL;
	switch (*at) {
	case '"':
		behind = find_quote(at + 1, end);
		if (!behind)
			return NULL;
		*value = (struct scan_value){ SCAN_STRING, begin + 1, (size_t)(behind - begin - 1) };
		return behind + 1;
	case '{':
		value->kind = SCAN_OBJECT;
		behind = skip_inside(at + 1, end, '}', depth);
		break;
	case '[':
		value->kind = SCAN_ARRAY;
		behind = skip_inside(at + 1, end, ']', depth);
		break;
	case 't':
		value->kind = SCAN_TRUE;
		behind = skip_word(at, end, "true");
		break;
	case 'f':
		value->kind = SCAN_FALSE;
		behind = skip_word(at, end, "false");
		break;
	case 'n':
		value->kind = SCAN_NULL;
		behind = skip_word(at, end, "null");
		break;
	default:
		value->kind = SCAN_NUMBER;
		behind = skip_number(at, end);
		break;
	}
	value->text = begin;
	value->len = behind ? (size_t)(behind - begin) : 0;
	return behind;
}

/* -- walks -- */

bool scan_open(const char *text, size_t len, struct scan_value *value)
{
	const char *end = text + len;

	text = skip_blanks(text, end);
	while (end > text && skip_blanks(end - 1, end) == end)
		end--;
	*value = (struct scan_value){ SCAN_OBJECT, text, (size_t)(end - text) };
	return end - text >= 2 && *text == '{' && end[-1] == '}';
}

struct scan scan_inside(const struct scan_value *value)
{
	bool has = value->kind == SCAN_OBJECT || value->kind == SCAN_ARRAY;

	return (struct scan){ .at = value->text + has,
			      .end = has ? value->text + value->len - 1 : value->text,
			      .first = true };
}

static bool stop(struct scan *scan, bool bad)
{
	scan->at = scan->end;
	scan->bad = scan->bad || bad;
	return false;
}

/* Is there another one? A comma stands between two of them, and nowhere else. */
static bool at_next(struct scan *scan)
{
	scan->at = skip_blanks(scan->at, scan->end);
	if (scan->at == scan->end)
		return false;
	if (!scan->first) {
		if (*scan->at != ',')
			return stop(scan, true);
		scan->at = skip_blanks(scan->at + 1, scan->end);
	}
	scan->first = false;
	return true;
}

bool scan_item(struct scan *scan, struct scan_value *value)
{
	const char *at;

	if (!at_next(scan))
		return false;
	at = read_value(scan->at, scan->end, 0, value);
	if (!at)
		return stop(scan, true);
	scan->at = at;
	return true;
}

bool scan_member(struct scan *scan, struct scan_value *key, struct scan_value *value)
{
	const char *at;

	if (!at_next(scan))
		return false;
	at = read_key(scan->at, scan->end, key);
	at = at ? read_value(at, scan->end, 0, value) : NULL;
	if (!at)
		return stop(scan, true);
	scan->at = at;
	return true;
}

/* -- values -- */

bool scan_is(const struct scan_value *value, const char *text, size_t len)
{
	return value->len == len && memcmp(value->text, text, len) == 0;
}

static unsigned hex_number(const char *at)
{
	char text[5] = { at[0], at[1], at[2], at[3], 0 };

	return (unsigned)strtoul(text, NULL, HEX);
}

/* Append a character of the plane that \u reaches; two of them make one of the others. Surrogates alone become '?'. */
static const char *resolve_hex(const char *at, const char *end, char utf8[UTF8_MAX + 1])
{
	enum { HIGH = 0xd800, LOW = 0xdc00, LAST = 0xdfff, PLANE = 0x10000, BITS = 10 };
	unsigned c = hex_number(at);

	at += 4;
	if (c >= HIGH && c < LOW && end - at >= 6 && at[0] == '\\' && at[1] == 'u' && hex_number(at + 2) >= LOW &&
	    hex_number(at + 2) <= LAST) {
		c = PLANE + ((c - HIGH) << BITS) + (hex_number(at + 2) - LOW);
		at += 6;
	}
	memset(utf8, 0, UTF8_MAX + 1);
	if (c == 0 || (c >= HIGH && c <= LAST)) {
		utf8[0] = '?';
	} else if (c < 0x80) {
		utf8[0] = (char)c;
	} else if (c < 0x800) {
		utf8[0] = (char)(0xc0 | c >> 6);
		utf8[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < PLANE) {
		utf8[0] = (char)(0xe0 | c >> 12);
		utf8[1] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (c & 0x3f));
	} else {
		utf8[0] = (char)(0xf0 | c >> 18);
		utf8[1] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[2] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[3] = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

/* One character, or one octet of it. Returns what is behind it. */
static const char *resolve(const char *at, const char *end, char utf8[UTF8_MAX + 1])
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *found;

	utf8[0] = *at;
	utf8[1] = 0;
	if (*at++ != '\\')
		return at;
	if (*at == 'u')
		return resolve_hex(at + 1, end, utf8);
	found = strchr(from, *at);
	utf8[0] = *at;
	if (found)
		utf8[0] = to[found - from];
	return at + 1;
}

/* Most strings need no change. */
static bool is_plain(const char *at, const char *end)
{
	while (at < end && *at >= ' ' && *at <= '~' && *at != '\\')
		at++;
	return at == end;
}

bool scan_string(const struct scan_value *value, char *dst, size_t dst_len)
{
	const char *at = value->text, *end = at + value->len;
	size_t len = 0;
	bool whole = true;

	if (value->len < dst_len && is_plain(at, end)) {
		memcpy(dst, at, value->len);
		memset(dst + value->len, 0, dst_len - value->len);
		return true;
	}
	while (at < end && whole) {
		char utf8[UTF8_MAX + 1];
		at = resolve(at, end, utf8);
		whole = len + strlen(utf8) < dst_len;
		if (whole) {
			memcpy(dst + len, utf8, strlen(utf8));
			len += strlen(utf8);
		}
	}
	dst[len] = '\0';
	len = printable(dst, dst_len, dst, false);
	memset(dst + len, 0, dst_len - len);
	return whole;
}

bool scan_real(const struct scan_value *value, double min, double max, double *number)
{
	char text[NUMBER_MAX];

	if (value->kind != SCAN_NUMBER || value->len >= sizeof text)
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	*number = strtod(text, NULL);
	return *number >= min && *number <= max;
}

bool scan_integer(const struct scan_value *value, int64_t min, int64_t max, int64_t *number)
{
	char text[NUMBER_MAX], *end;

	if (value->kind != SCAN_NUMBER || value->len >= sizeof text)
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	errno = 0;
	*number = strtoll(text, &end, 10);
	return !errno && !*end && *number >= min && *number <= max;
}
