/* One sentence that says how all paths of a round are. Pure, but formats text. */
#ifndef FLOATPROBE_HEADLINE_H
#define FLOATPROBE_HEADLINE_H

#include "client/path/probe_kind.h"
#include "client/path/verdict_words.h"

#include <stdbool.h>
#include <stddef.h>

enum { HEADLINE_LEN = 1024, HEADLINE_SENTENCE_LEN = 200 };

struct headline_path { /* what the sentence needs to know of a path */
	const char *target;
	const char *sentence;  /* the first of its evidence; NULL: none */
	const char *threshold; /* "warn" or "critical", if it is beyond that; NULL: it is not */
	enum probe_kind kind;
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	bool expected;
	bool nameless;           /* its name has no address */
	bool expect_unreachable; /* no answer is expected */
	bool without_outcome;    /* of no probe an outcome is known */
};

/* Nothing of this path needs a reader's attention. */
bool headline_is_well(const struct headline_path *path);

/* "bootnode: UDP answers are lost on their way back, 2 of 9 paths"; "all 9 paths of 3 targets are as expected".
 * Returns text. */
const char *headline(const struct headline_path *paths, size_t paths_len, char text[HEADLINE_LEN]);

/* What is wrong with a path, as a clause; NULL: nothing. subject: "UDP ", "TCP " or "". Returns text. */
enum { HEADLINE_CLAUSE_LEN = 256 };
const char *headline_clause(const struct headline_path *path, const char *subject, char text[HEADLINE_CLAUSE_LEN]);

#endif
