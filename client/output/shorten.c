#include "client/output/shorten.h"

#include "common/core/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_LEN = 256, HEADS = 3 };

struct entry {
	const char *whole;
	char cut[SHORT_LEN];
};

/* The octets of the first `characters` characters. */
static size_t octets(const char *text, size_t characters)
{
	size_t n = 0;

	for (; text[n] && characters > 0; characters--) {
		n++;
		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
	}
	return n;
}

const char *shorten(char *dst, size_t dst_len, const char *text, struct shortening how, bool utf8)
{
	size_t width = printable_width(text), tail = how.width - how.head - 1;

	if (width <= how.width)
		snprintf(dst, dst_len, "%s", text);
	else
		snprintf(dst, dst_len, "%.*s%s%s", (int)octets(text, how.head), text, utf8 ? "\u2026" : "~",
			 text + octets(text, width - tail));
	return dst;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->cut, y->cut);

	return order ? order : strcmp(x->whole, y->whole);
}

static bool stay_different(struct entry *entries, const char *const *texts, size_t len, struct shortening how)
{
	for (size_t i = 0; i < len; i++) {
		entries[i].whole = texts[i];
		shorten(entries[i].cut, sizeof entries[i].cut, texts[i], how, false);
	}
	qsort(entries, len, sizeof *entries, compare);
	for (size_t i = 1; i < len; i++) {
		if (strcmp(entries[i - 1].cut, entries[i].cut) == 0 &&
		    strcmp(entries[i - 1].whole, entries[i].whole) != 0)
			return false;
	}
	return true;
}

struct shortening shorten_plan(const char *const *texts, size_t len, size_t width)
{
	struct shortening whole = { .width = 0, .head = 0 };
	struct entry *entries;

	for (size_t i = 0; i < len; i++) {
		size_t one = printable_width(texts[i]);
		whole.width = one > whole.width ? one : whole.width;
	}
	if (whole.width <= width || width < HEADS)
		return whole;
	entries = calloc(len, sizeof *entries);
	for (; entries && width < whole.width; width++) {
		const size_t heads[HEADS] = { width / 2, width / 4, width - 1 - width / 4 };
		for (unsigned h = 0; h < HEADS; h++) {
			struct shortening how = { .width = width, .head = heads[h] };
			if (stay_different(entries, texts, len, how)) {
				free(entries);
				return how;
			}
		}
	}
	free(entries);
	return whole;
}
