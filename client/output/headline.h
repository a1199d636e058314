/* One sentence that says how all paths of a round are. Pure, but formats text. */
#ifndef FLOATPROBE_HEADLINE_H
#define FLOATPROBE_HEADLINE_H

#include "client/output/result.h"

#include <stddef.h>

enum { HEADLINE_LEN = 1024 };

/* "bootnode: UDP answers are lost on their way back, 2 of 9 paths"; "all 9 paths of 3 targets are as expected".
 * Returns text. */
const char *headline(struct result_path *const *paths, size_t paths_len, char text[HEADLINE_LEN]);

/* What is wrong with a path, as a clause; NULL: nothing. subject: "UDP ", "TCP " or "". Returns text. */
enum { HEADLINE_CLAUSE_LEN = 256 };
const char *headline_clause(const struct result_path *path, const char *subject, char text[HEADLINE_CLAUSE_LEN]);

#endif
