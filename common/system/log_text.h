/* One line of a log as logfmt or JSON, built in a buffer without an allocation. What does not fit is left out whole. */
#ifndef FLOATPROBE_LOG_TEXT_H
#define FLOATPROBE_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

struct log_text {
	char *buf;
	size_t len, size;
	bool json; /* else logfmt */
	bool begun;
};

/* Begin a line in buf (size octets), which may already hold a prefix of so many octets. */
void log_text_begin(struct log_text *t, bool json, char *buf, size_t size, size_t prefix_len);
/* key must be a word of letters. Control characters in the value are replaced, and secrets masked. */
void log_text_add(struct log_text *t, const char *key, const char *value);
void log_text_add_number(struct log_text *t, const char *key, int64_t value);
/* Add each member of an object whose value is a text, a number, a truth, or a list of texts. */
void log_text_add_members(struct log_text *t, struct json_t *object);
/* End the line with a line feed. Returns its length. */
size_t log_text_end(struct log_text *t);

#endif
