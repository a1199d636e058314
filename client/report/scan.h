/* Reads one JSON object in place, member by member, without memory: a journal of a million lines is read in seconds.
 * Pure. tests/fuzz/fuzz_journal.c compares it with jansson. */
#ifndef FLOATPROBE_SCAN_H
#define FLOATPROBE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scan_kind { SCAN_NULL, SCAN_FALSE, SCAN_TRUE, SCAN_NUMBER, SCAN_STRING, SCAN_OBJECT, SCAN_ARRAY };

struct scan_value { /* a part of the text that is read */
	enum scan_kind kind;
	const char *text; /* of a string: without its quotes, escapes not resolved */
	size_t len;
};

struct scan { /* the members of an object, or the items of an array, that are still to be read */
	const char *at, *end;
	bool first;
	bool bad; /* what was walked over is not well-formed */
};

/* text begins and ends like an object. A walk to its end tells whether it is well-formed. */
bool scan_open(const char *text, size_t len, struct scan_value *value) __attribute__((warn_unused_result));
/* Walk through an object or array; a value of any other kind has nothing inside. The values that a walk finds are
 * well-formed. */
struct scan scan_inside(const struct scan_value *value);
/* false: that was the last one, or what follows is bad. */
bool scan_member(struct scan *scan, struct scan_value *key, struct scan_value *value);
bool scan_item(struct scan *scan, struct scan_value *value);

/* The text of the value, or of a string without its quotes. */
bool scan_is(const struct scan_value *value, const char *text, size_t len);
/* Copy a string, with its escapes resolved and what is not printable replaced. A longer one is cut between characters;
 * behind it dst has only zeros. Returns false if it was cut. */
bool scan_string(const struct scan_value *value, char *dst, size_t dst_len);
/* false: not an integer, or not in this range. */
bool scan_integer(const struct scan_value *value, int64_t min, int64_t max, int64_t *number);
/* false: not a number, or not in this range. */
bool scan_real(const struct scan_value *value, double min, double max, double *number);

#endif
