#include "client/report/html.h"

#include "client/report/moment.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { FORMAT_MAX = 2048 };

void html_put(FILE *out, const char *markup)
{
	fputs(markup, out);
}

void html_text(FILE *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	while (*text) {
		size_t len = strcspn(text, special);
		fwrite(text, 1, len, out);
		text += len;
		if (*text)
			fputs(entities[strchr(special, *text++) - special], out);
	}
}

void html_format(FILE *out, const char *format, ...)
{
	char text[FORMAT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	html_text(out, text);
}

void html_element(FILE *out, const char *name, const char *class, const char *text)
{
	fprintf(out, "<%s%s%s%s>", name, *class ? " class=\"" : "", class, *class ? "\"" : "");
	html_text(out, text);
	fprintf(out, "</%s>\n", name);
}

void html_span(FILE *out, const char *name, int64_t ns)
{
	char span[MOMENT_SPAN_LEN];

	fprintf(out, "<data class=\"%s\" value=\"%.3f\">%s</data>", name, round((double)ns / 1000) / 1000,
		ns ? moment_span(ns, span) : "0");
}

void html_count(FILE *out, const char *name, int64_t count)
{
	fprintf(out, "<data class=\"%s\" value=\"%" PRId64 "\">%" PRId64 "</data>", name, count, count);
}

void html_ms(FILE *out, const char *name, double ms)
{
	fprintf(out, "<data class=\"%s\" value=\"%.3f\">%.3f</data>", name, round(ms * 1000) / 1000, ms);
}

void html_time(FILE *out, int64_t ns, unsigned decimals)
{
	char machine[CLOCK_TEXT_LEN], person[MOMENT_TEXT_LEN];

	fprintf(out, "<time datetime=\"%s\">%s</time>", clock_text(ns, machine), moment_text(ns, decimals, person));
}
