/* A text that grows: the body of a reply. If memory is out, or it would pass its limit, it is marked as failed, and
 * what is added later is ignored. */
#ifndef FLOATPROBE_DOCUMENT_H
#define FLOATPROBE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document {
	char *text; /* not terminated */
	size_t len, room;
	bool failed;
};

void document_add(struct document *d, const char *text, size_t len);
void document_put(struct document *d, const char *text);
void document_put_unsigned(struct document *d, uint64_t value);
void document_format(struct document *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As the content or a quoted attribute of HTML. */
void document_put_html(struct document *d, const char *text);
void document_free(struct document *d);

#endif
