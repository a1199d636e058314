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

struct output_text_wish {
	bool only_unexpected; /* without the paths in their expected state; if there is no other one, print nothing */
	bool unfold;          /* one row for each path also where all paths of a target are well */
	const char *before;   /* begins the first sentence; NULL: nothing does */
};
/* A sentence about all paths, then one line for each target that is well, and the rows and the evidence of the others.
 */
void output_text(FILE *out, struct result_path *const *paths, size_t paths_len, const struct output_style *style,
		 const struct output_text_wish *wish);

/* Write the object as one line. Takes ownership of the reference. Returns false if object is NULL (no memory). */
bool output_json(FILE *out, json_t *object);

/* The status line and its perfdata, for at least one path. Returns the plugin code. */
int output_nagios(FILE *out, struct result_path *const *paths, size_t paths_len);

#endif
