#include "client/output/terminal.h"

#include "common/core/printable.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MIN = 40, WIDTH_MAX = 120, INDENT = 6 };

bool terminal_is(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

/* no-color.org: a non-empty value disables colours. */
static bool colour_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	return terminal_is(STDOUT_FILENO) && !(no_color && *no_color);
}

unsigned terminal_columns(int fd, unsigned otherwise)
{
	struct winsize size;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return otherwise;
	return size.ws_col;
}

bool terminal_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static unsigned wrap_width(void)
{
	unsigned columns = terminal_columns(STDOUT_FILENO, TERMINAL_WIDTH_PIPED);

	return columns < WIDTH_MIN ? WIDTH_MIN : columns > WIDTH_MAX ? WIDTH_MAX : columns;
}

struct output_style terminal_style(void)
{
	return (struct output_style){ .colour = colour_wanted(), .utf8 = terminal_is_utf8(), .width = wrap_width() };
}

void terminal_coloured(FILE *out, const struct output_style *style, const char *colour, const char *text)
{
	if (style->colour)
		fprintf(out, "\033[%sm%s\033[0m", colour, text);
	else
		fputs(text, out);
}

static void new_line(struct terminal_text *t)
{
	fprintf(t->out, "\n%*s", (int)t->indent, "");
	t->column = t->indent;
	t->begun = false;
}

static void put(struct terminal_text *t, const char *text, size_t width)
{
	fputs(text, t->out);
	t->column += width;
	t->begun = true;
}

/* Put what fits in this line. Returns the rest. */
static char *put_begin(struct terminal_text *t, char *word)
{
	size_t room = t->style->width - t->column, n = 0;
	char kept;

	for (size_t i = 0; i < room; i++) {
		n++;
		while (((unsigned char)word[n] & 0xc0) == 0x80)
			n++;
	}
	kept = word[n];
	word[n] = '\0';
	put(t, word, room);
	word[n] = kept;
	return word + n;
}

static void put_word(struct terminal_text *t, size_t gap, char *word)
{
	size_t width = printable_width(word), before = t->begun ? gap : 0;

	if (t->begun && t->column + before + width > t->style->width) {
		new_line(t);
		before = 0;
	}
	fprintf(t->out, "%*s", (int)before, "");
	t->column += before;
	while (t->column + width > t->style->width) {
		word = put_begin(t, word);
		width = printable_width(word);
		new_line(t);
	}
	put(t, word, width);
}

static void put_words(struct terminal_text *t, size_t gap, char *text)
{
	for (char *word; (word = strsep(&text, " ")); gap = 1)
		put_word(t, gap, word);
}

static bool begin_colour(const struct terminal_text *t, const char *colour)
{
	if (!colour || !t->style->colour)
		return false;
	fprintf(t->out, "\033[%sm", colour);
	return true;
}

static void put_text(struct terminal_text *t, size_t gap, const char *colour, const char *text, bool whole)
{
	char clean[TERMINAL_SENTENCE_LEN];
	bool coloured = begin_colour(t, colour);

	printable(clean, sizeof clean, text, !t->style->utf8);
	if (whole && t->indent + printable_width(clean) <= t->style->width)
		put_word(t, gap, clean);
	else
		put_words(t, gap, clean);
	if (coloured)
		fputs("\033[0m", t->out);
}

void terminal_words(struct terminal_text *t, const char *colour, const char *text)
{
	put_text(t, 1, colour, text, false);
}

void terminal_part(struct terminal_text *t, size_t gap, const char *colour, const char *text)
{
	put_text(t, gap, colour, text, true);
}

void terminal_end(struct terminal_text *t)
{
	fputc('\n', t->out);
	t->column = 0;
}

void terminal_sentence(FILE *out, const struct output_style *style, const char *bullet, const char *text)
{
	size_t start = INDENT + printable_width(bullet) + 1;
	struct terminal_text t = { .out = out, .style = style, .indent = start, .column = start };

	fprintf(out, "%*s%s ", INDENT, "", bullet);
	terminal_words(&t, NULL, text);
	terminal_end(&t);
}

const char *terminal_dot(const struct output_style *style)
{
	return style->utf8 ? "\u00b7" : "*";
}

const char *terminal_arrow(const struct output_style *style)
{
	return style->utf8 ? "\u2192" : "->";
}
