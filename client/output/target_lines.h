/* The targets whose paths are all well, one line each. All lines share their columns. What does not fit is shortened in
 * the middle, or its column is left out. */
#ifndef FLOATPROBE_TARGET_LINES_H
#define FLOATPROBE_TARGET_LINES_H

#include "client/output/result.h"
#include "client/output/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct target_lines;

/* indent: columns that the caller writes before each line. NULL: no memory. */
struct target_lines *target_lines_new(const struct output_style *style, size_t indent);
/* paths: those of one target at one address. false: no memory. */
bool target_lines_add(struct target_lines *lines, struct result_path *const *paths, size_t paths_len);
/* All lines are added: find the widths. */
void target_lines_fit(struct target_lines *lines);
/* Print the line of these paths, and the end of the line. */
void target_lines_put(const struct target_lines *lines, FILE *out, struct result_path *const *paths, size_t paths_len);
void target_lines_free(struct target_lines *lines);

#endif
