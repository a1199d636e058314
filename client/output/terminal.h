/* What standard output can display, and text formatted for it. */
#ifndef FLOATPROBE_TERMINAL_H
#define FLOATPROBE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

struct output_style {
	bool colour;
	bool utf8;
	unsigned width; /* columns to wrap sentences at */
};

/* The style of standard output. Colours need a terminal and an unset NO_COLOR. */
struct output_style terminal_style(void);
/* Is fd a terminal that understands escape sequences? */
bool terminal_is(int fd);

#define TERMINAL_RED    "31"
#define TERMINAL_GREEN  "32"
#define TERMINAL_YELLOW "33"
#define TERMINAL_BOLD   "1"
void terminal_coloured(FILE *out, const struct output_style *style, const char *colour, const char *text);

/* Print text after a bullet, wrapped at style->width. Control characters are replaced. Text is cut off at
 * TERMINAL_SENTENCE_LEN octets. */
enum { TERMINAL_SENTENCE_LEN = 1024 };
void terminal_sentence(FILE *out, const struct output_style *style, const char *bullet, const char *text);
/* Bullets: the dot for observations, the arrow for advice. */
const char *terminal_dot(const struct output_style *style);
const char *terminal_arrow(const struct output_style *style);

#endif
