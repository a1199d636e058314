/* How results are shown: text for a person, JSON lines, one nagios line. stdout carries results only;
 * progress goes to stderr, and only to a terminal. */
#ifndef FLOATPROBE_OUTPUT_H
#define FLOATPROBE_OUTPUT_H

#include "client/output/result.h"

#include <stdbool.h>
#include <stddef.h>

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NAGIOS };

struct output;

/* colour: only where stdout is a terminal and NO_COLOR is not set (the caller of output_new need not care).
 * quiet: no progress; text shows only paths that are not as expected. NULL: no memory. */
struct output *output_new(enum output_format format, bool quiet);

/* A probe was decided (JSON prints it; text counts it for the progress line of `expected` probes in all). */
void output_expect(struct output *o, size_t probes);
void output_probe(struct output *o, const struct result_probe *probe);
/* The last word on a path; everything borrowed is copied. */
void output_path(struct output *o, const struct result_path *path);

/* Print what was collected. Returns the exit status (exit_status.h): every path is as expected or not, nothing was
 * there to probe, stdout could not be written; for nagios the plugin codes. */
int output_finish(struct output *o);
bool output_is_finished(const struct output *o);
void output_free(struct output *o);

/* The nagios line where nothing could be probed: usage and configuration errors. Returns its plugin code. */
int output_nagios_unknown(const char *text);

#endif
