/* Prints results as text, JSON lines or one nagios line. stdout carries results only. Progress goes to stderr if it is
 * a terminal. */
#ifndef FLOATPROBE_OUTPUT_H
#define FLOATPROBE_OUTPUT_H

#include "client/output/result.h"

#include <stdbool.h>
#include <stddef.h>

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_NAGIOS };

struct output;

struct output_settings {
	enum output_format format;
	bool quiet;   /* no progress, and text shows only the paths that are not in their expected state */
	bool verbose; /* text shows each path of each target */
};

/* NULL: no memory. */
struct output *output_new(const struct output_settings *settings);

/* The number of probes to come, for the progress line. */
void output_expect(struct output *o, size_t probes);
/* Is it of use to call output_waits from time to time? */
bool output_shows_progress(const struct output *o);
/* What the user waits for, "waiting for 3 answers". */
void output_waits(struct output *o, const char *what);
/* Report a probe with its outcome. JSON prints it; the progress line counts it. */
void output_probe(struct output *o, const struct result_probe *probe);
/* Report the result of a path. All of it is copied. */
void output_path(struct output *o, const struct result_path *path);

/* The user does not wait for the end: what comes are results so far. */
void output_interrupted(struct output *o);

/* Print the results of all paths. Returns the exit status (exit_status.h); for nagios the plugin code. */
int output_finish(struct output *o);
bool output_is_finished(const struct output *o);
void output_free(struct output *o);

/* Print the nagios line for a usage or configuration error. Returns the plugin code. */
int output_nagios_unknown(const char *text);

#endif
