/* What standard output can display, and text formatted for it. */
#ifndef FLOATPROBE_TERMINAL_H
#define FLOATPROBE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TERMINAL_WIDTH_PIPED = 80 };

struct output_style {
	bool colour;
	bool utf8;
	unsigned width; /* no line is wider */
};

/* The style of standard output. Colours need a terminal and an unset NO_COLOR. */
struct output_style terminal_style(void);
/* Is fd a terminal that understands escape sequences? */
bool terminal_is(int fd);
/* Columns of the terminal fd; `otherwise` if it is none, or does not know. */
unsigned terminal_columns(int fd, unsigned otherwise);
/* Is the locale's character set UTF-8? */
bool terminal_is_utf8(void);

#define TERMINAL_RED    "31"
#define TERMINAL_GREEN  "32"
#define TERMINAL_YELLOW "33"
#define TERMINAL_BOLD   "1"
void terminal_coloured(FILE *out, const struct output_style *style, const char *colour, const char *text);

/* A text, wrapped to the width; the next lines begin at `indent`. Control characters are replaced. Each
 * text is cut off at TERMINAL_SENTENCE_LEN octets. */
enum { TERMINAL_SENTENCE_LEN = 1024 };
struct terminal_text {
	FILE *out;
	const struct output_style *style;
	size_t indent; /* of the lines after the first one */
	size_t column; /* where the line ends so far */
	bool begun;    /* the line has a word, or what the caller wrote before it */
};
/* Put text in the line if it fits, `gap` columns from what is before it; else in a new line; else broken between its
 * words. colour may be NULL. */
void terminal_part(struct terminal_text *t, size_t gap, const char *colour, const char *text);
/* Put the text word by word. */
void terminal_words(struct terminal_text *t, const char *colour, const char *text);
void terminal_end(struct terminal_text *t);

/* Print text after a bullet. */
void terminal_sentence(FILE *out, const struct output_style *style, const char *bullet, const char *text);
/* Bullets: the dot for observations, the arrow for advice. */
const char *terminal_dot(const struct output_style *style);
const char *terminal_arrow(const struct output_style *style);

#endif
