/* The output formats. Each writes to `out`; output.c checks the stream for write errors. */
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

/* A text table. only_unexpected: omit the paths in their expected state; without any other path print nothing. */
void output_text(FILE *out, struct result_path *const *paths, size_t paths_len, const struct output_style *style,
		 bool only_unexpected);

/* Write the object as one line. Takes ownership of the reference. Returns false if object is NULL (no memory). */
bool output_json(FILE *out, json_t *object);

/* The status line and its perfdata, for at least one path. Returns the plugin code. */
int output_nagios(FILE *out, struct result_path *const *paths, size_t paths_len);

#endif
