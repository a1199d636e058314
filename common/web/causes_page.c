#include "common/web/causes_page.h"

#include "common/web/page.h"

#include <string.h>

enum { PART = 4096 }; /* octets of the text in one part */

/* The text of the file, as it is in the source tree. */
extern const char causes_page_text[];
__asm__(".pushsection .rodata\n"
	".global causes_page_text\n"
	"causes_page_text:\n"
	".incbin \"" CAUSES_FILE "\"\n"
	".byte 0\n"
	".popsection\n");

static void put_letter(struct document *d, char c)
{
	document_put_html(d, (const char[]){ c, '\0' });
}

/* A mark that opens the element and, at its next place, closes it. */
static void toggle(struct document *d, bool *open, const char *begin, const char *end)
{
	document_put(d, *open ? end : begin);
	*open = !*open;
}

static void put_words(struct document *d, const char *text, const char *end)
{
	bool code = false, bold = false;

	for (; text < end; text++) {
		if (*text == '`') {
			toggle(d, &code, "<code>", "</code>");
		} else if (!code && end - text > 1 && text[0] == '*' && text[1] == '*') {
			toggle(d, &bold, "<strong>", "</strong>");
			text++;
		} else {
			put_letter(d, *text);
		}
	}
}

/* As other readers of Markdown name headings, so that a link works there, too. */
static void put_anchor(struct document *d, const char *text, const char *end)
{
	for (; text < end; text++) {
		if (*text >= 'A' && *text <= 'Z')
			put_letter(d, (char)(*text | 0x20));
		else if ((*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') || *text == '-')
			put_letter(d, *text);
		else if (*text == ' ')
			put_letter(d, '-');
	}
}

static void put_heading(struct document *d, const char *text, const char *end)
{
	unsigned level = (unsigned)strspn(text, "#");

	text += level + strspn(text + level, " ");
	document_format(d, "<h%u id=\"", level);
	put_anchor(d, text, end);
	document_put(d, "\">");
	put_words(d, text, end);
	document_format(d, "</h%u>\n", level);
}

static void put_list(struct document *d, const char *text, const char *end)
{
	document_put(d, "<ul>\n");
	while (text < end) {
		const char *next = strstr(text, "\n- ");
		const char *to = next && next < end ? next : end;

		document_put(d, "<li>");
		put_words(d, text + strlen("- "), to);
		document_put(d, "</li>\n");
		text = to == end ? end : to + 1;
	}
	document_put(d, "</ul>\n");
}

/* Paragraphs, lists and headings stand apart by an empty line. */
static const char *put_block(struct document *d, const char *text)
{
	const char *blank = strstr(text, "\n\n");
	const char *end = blank ? blank : text + strlen(text);

	if (*text == '#') {
		put_heading(d, text, end);
	} else if (strncmp(text, "- ", 2) == 0) {
		put_list(d, text, end);
	} else {
		document_put(d, "<p>");
		put_words(d, text, end);
		document_put(d, "</p>\n");
	}
	return end + strspn(end, "\n");
}

bool causes_page_write(void *context, struct web_draft *draft)
{
	const char *text = causes_page_text + draft->item, *first = text;
	struct document *d = &draft->reply.body;

	(void)context;
	if (draft->item == 0) {
		draft->reply.type = WEB_HTML;
		document_put(d, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
				"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
				"<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"" PAGE_STYLE_PATH
				"\"><title>Causes - floatprobe " FLOATPROBE_VERSION "</title></head>\n"
				"<body><header><a href=\"/\">status</a></header><main>\n");
	}
	while (*text && text < first + PART)
		text = put_block(d, text);
	draft->item = (size_t)(text - causes_page_text);
	if (*text)
		return false;
	document_put(d, "</main></body></html>\n");
	return true;
}
