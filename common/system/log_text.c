#include "common/system/log_text.h"

#include "common/core/printable.h"
#include "common/system/redact.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_LEN = 1024, NUMBER_LEN = 32, END_LEN = 3 };

static void put(struct log_text *t, const char *text)
{
	size_t len = strlen(text);

	/* One octet more than fits: the caller sees that, and takes the member back. */
	if (len > t->size - t->len)
		len = t->size - t->len;
	memcpy(t->buf + t->len, text, len);
	t->len += len;
}

/* Printable text needs no other escapes, neither in JSON nor in logfmt. */
static void put_quoted(struct log_text *t, const char *text)
{
	put(t, "\"");
	for (; *text; text++) {
		const char escaped[] = { '\\', *text, '\0' };
		put(t, *text == '"' || *text == '\\' ? escaped : escaped + 1);
	}
	put(t, "\"");
}

static bool is_bare(const char *text)
{
	return *text && !text[strcspn(text, " \"\\=")];
}

/* literal: a number or a truth. */
static void put_member(struct log_text *t, const char *key, const char *value, bool literal)
{
	size_t before = t->len;

	if (t->begun)
		put(t, t->json ? "," : " ");
	if (t->json)
		put_quoted(t, key);
	else
		put(t, key);
	put(t, t->json ? ":" : "=");
	if (literal || (!t->json && is_bare(value)))
		put(t, value);
	else
		put_quoted(t, value);
	if (t->len > t->size - END_LEN)
		t->len = before;
	else
		t->begun = true;
}

void log_text_begin(struct log_text *t, bool json, char *buf, size_t size, size_t prefix_len)
{
	*t = (struct log_text){ .buf = buf, .size = size, .len = prefix_len, .json = json };
	if (json)
		put(t, "{");
}

void log_text_add(struct log_text *t, const char *key, const char *value)
{
	char text[VALUE_LEN];

	printable(text, sizeof text, value, false);
	redact(text);
	put_member(t, key, text, false);
}

void log_text_add_number(struct log_text *t, const char *key, int64_t value)
{
	char text[NUMBER_LEN];

	snprintf(text, sizeof text, "%" PRId64, value);
	put_member(t, key, text, true);
}

static void add_list(struct log_text *t, const char *key, const json_t *list)
{
	char text[VALUE_LEN];
	size_t len = 0, i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item) || len >= sizeof text)
			return;
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? ", " : "", json_string_value(item));
	}
	if (len > 0)
		log_text_add(t, key, text);
}

static void add_member(struct log_text *t, const char *key, const json_t *value)
{
	char number[NUMBER_LEN];

	if (json_is_string(value)) {
		log_text_add(t, key, json_string_value(value));
	} else if (json_is_integer(value)) {
		log_text_add_number(t, key, json_integer_value(value));
	} else if (json_is_real(value)) {
		snprintf(number, sizeof number, "%.10g", json_real_value(value));
		put_member(t, key, number, true);
	} else if (json_is_boolean(value)) {
		put_member(t, key, json_is_true(value) ? "true" : "false", true);
	} else if (json_is_array(value)) {
		add_list(t, key, value);
	}
}

/* Members that every line has. */
static bool is_own(const char *key)
{
	return strcmp(key, "time") == 0 || strcmp(key, "level") == 0 || strcmp(key, "program") == 0 ||
	       strcmp(key, "msg") == 0;
}

void log_text_add_members(struct log_text *t, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (!is_own(key))
			add_member(t, key, value);
	}
}

size_t log_text_end(struct log_text *t)
{
	put(t, t->json ? "}\n" : "\n");
	return t->len;
}
