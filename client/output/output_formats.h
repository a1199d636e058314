/* The formats behind output.h. Each writes to `out` and leaves write errors to stdio, where output.c finds them. */
#ifndef FLOATPROBE_OUTPUT_FORMATS_H
#define FLOATPROBE_OUTPUT_FORMATS_H

#include "client/output/result.h"
#include "client/output/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* "udp/512 held", "udp/512 held 2", "tcp". */
enum { OUTPUT_PATH_LEN = 48 };
void output_path_words(const struct result_path_name *name, char buf[OUTPUT_PATH_LEN]);

/* A table for people. only_unexpected: leave out what is as it should be, the whole text if all is. */
void output_text(FILE *out, struct result_path *const *paths, size_t paths_len, const struct output_style *style,
		 bool only_unexpected);

/* One object, one line. Takes over the reference; NULL (no memory) writes nothing and returns false. */
bool output_json(FILE *out, json_t *object);

/* The status line and its perfdata, of at least one path. Returns the plugin code. */
int output_nagios(FILE *out, struct result_path *const *paths, size_t paths_len);

#endif
