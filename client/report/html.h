/* Writes text into HTML. Everything that is not written by this program's own hand goes through html_text. */
#ifndef FLOATPROBE_HTML_H
#define FLOATPROBE_HTML_H

#include <stdint.h>
#include <stdio.h>

/* Markup of this program's own, as it is. */
void html_put(FILE *out, const char *markup);
/* & < > " and ' become entities, so that the text is safe between tags and in quoted attributes. */
void html_text(FILE *out, const char *text);
/* Format, then write as html_text does. At most 2 KiB. */
void html_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* <name class="class">text</name>, and a line feed. class "": none. */
void html_element(FILE *out, const char *name, const char *class, const char *text);
/* A number that a program can read: <data class="name" value="12300.123">12.300 s</data>. */
void html_span(FILE *out, const char *name, int64_t ns);
void html_count(FILE *out, const char *name, int64_t count);
void html_ms(FILE *out, const char *name, double ms);
/* <time datetime="...">2026-05-01 12:00:03.123</time> */
void html_time(FILE *out, int64_t ns, unsigned decimals);

#endif
