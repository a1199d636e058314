/* The table of rules that name a cause, in the order in which they are tried. docs/CAUSES.md describes each rule, and a
 * test compares it with this table. Pure. */
#ifndef FLOATPROBE_CAUSES_H
#define FLOATPROBE_CAUSES_H

#include "client/verdict/condition.h"
#include "client/verdict/sentences.h"

#include <stddef.h>

struct causes_rule {
	enum verdict_cause cause;
	const char *needs;   /* for people: the evidence that it needs */
	const char *forbids; /* for people: the evidence that excludes it; NULL: only the rules above it */
	condition *holds;
	const char *advice;       /* NULL: that of the cause */
	sentences_of_cause *tell; /* NULL: the common sentences are enough */
};

extern const struct causes_rule causes_rules[];
extern const size_t causes_rules_len;

/* The first rule that holds (the last one always does). *also: the next rule of another cause that holds; NULL: none.
 */
const struct causes_rule *causes_find(const struct verdict_evidence *evidence, enum verdict_state state,
				      const struct causes_rule **also);

#endif
