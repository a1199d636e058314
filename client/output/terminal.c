#include "client/output/terminal.h"

#include "common/core/printable.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_PIPED = 100, WIDTH_MIN = 40, WIDTH_MAX = 120, INDENT = 6 };

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

static unsigned wrap_width(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < WIDTH_MIN)
		return WIDTH_PIPED;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

struct output_style terminal_style(void)
{
	return (struct output_style){ .colour = colour_wanted(),
				      .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
				      .width = wrap_width() };
}

void terminal_coloured(FILE *out, const struct output_style *style, const char *colour, const char *text)
{
	if (style->colour)
		fprintf(out, "\033[%sm%s\033[0m", colour, text);
	else
		fputs(text, out);
}

void terminal_sentence(FILE *out, const struct output_style *style, const char *bullet, const char *text)
{
	char clean[TERMINAL_SENTENCE_LEN], *rest = clean;
	size_t start = INDENT + printable_width(bullet) + 1, column = start;

	printable(clean, sizeof clean, text, !style->utf8);
	fprintf(out, "%*s%s", INDENT, "", bullet);
	for (const char *word; (word = strsep(&rest, " "));) {
		size_t width = printable_width(word) + 1;
		if (column > start && column + width > style->width) {
			fprintf(out, "\n%*s", (int)start - 1, "");
			column = start;
		}
		fprintf(out, " %s", word);
		column += width;
	}
	fputc('\n', out);
}

const char *terminal_dot(const struct output_style *style)
{
	return style->utf8 ? "\u00b7" : "*";
}

const char *terminal_arrow(const struct output_style *style)
{
	return style->utf8 ? "\u2192" : "->";
}
