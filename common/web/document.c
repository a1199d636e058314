#include "common/web/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOM_FIRST = 4096,
	ROOM_MAX = 256 << 20, /* 10,000 targets with 16 paths each need 150 MB */
	DIGITS_MAX = 20,
	FORMAT_MAX = 1024,
};

static bool make_room(struct document *d, size_t len)
{
	size_t room = d->room ? d->room : ROOM_FIRST;
	char *text;

	if (d->failed || len > ROOM_MAX - d->len) {
		d->failed = true;
		return false;
	}
	while (room < d->len + len)
		room *= 2;
	if (room == d->room)
		return true;
	text = realloc(d->text, room);
	if (!text) {
		d->failed = true;
		return false;
	}
	d->text = text;
	d->room = room;
	return true;
}

void document_add(struct document *d, const char *text, size_t len)
{
	if (!make_room(d, len))
		return;
	memcpy(d->text + d->len, text, len);
	d->len += len;
}

void document_put(struct document *d, const char *text)
{
	document_add(d, text, strlen(text));
}

void document_put_unsigned(struct document *d, uint64_t value)
{
	char digits[DIGITS_MAX], *first = digits + sizeof digits;

	do
		*--first = (char)('0' + value % 10);
	while (value /= 10);
	document_add(d, first, (size_t)(digits + sizeof digits - first));
}

void document_format(struct document *d, const char *format, ...)
{
	char text[FORMAT_MAX];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (len < 0 || len >= FORMAT_MAX)
		d->failed = true;
	else
		document_add(d, text, (size_t)len);
}

static const char *html_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void document_put_html(struct document *d, const char *text)
{
	for (; *text; text++) {
		const char *html = html_of(*text);

		if (html)
			document_put(d, html);
		else
			document_add(d, text, 1);
	}
}

void document_free(struct document *d)
{
	free(d->text);
	*d = (struct document){ 0 };
}
