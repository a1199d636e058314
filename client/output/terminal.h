/* What the place where standard output appears can show, and text laid out for it. */
#ifndef FLOATPROBE_TERMINAL_H
#define FLOATPROBE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

struct output_style {
	bool colour;
	bool utf8;
	unsigned width; /* columns to wrap sentences at */
};

/* Of standard output: colours only on a terminal, and if NO_COLOR is not set. */
struct output_style terminal_style(void);
/* One that understands more than plain text. */
bool terminal_is(int fd);

#define TERMINAL_RED    "31"
#define TERMINAL_GREEN  "32"
#define TERMINAL_YELLOW "33"
#define TERMINAL_BOLD   "1"
void terminal_coloured(FILE *out, const struct output_style *style, const char *colour, const char *text);

/* Words behind a bullet, broken into lines that end before the terminal does; made safe to show, and cut off at
 * TERMINAL_SENTENCE_LEN octets. */
enum { TERMINAL_SENTENCE_LEN = 1024 };
void terminal_sentence(FILE *out, const struct output_style *style, const char *bullet, const char *text);
/* The bullets of what was seen, and of advice. */
const char *terminal_dot(const struct output_style *style);
const char *terminal_arrow(const struct output_style *style);

#endif
