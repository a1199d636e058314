/* The rules by which a cause is named, in the order in which they are tried: a table that can be read aloud.
 * docs/CAUSES.md says the same at length, and a test holds it to this table. Pure. */
#ifndef FLOATPROBE_CAUSES_H
#define FLOATPROBE_CAUSES_H

#include "client/verdict/sentences.h"
#include "client/verdict/verdict_evidence.h"

#include <stdbool.h>
#include <stddef.h>

struct causes_rule {
	enum verdict_cause cause;
	const char *needs, *forbids; /* the evidence; forbids NULL: nothing more than what stands above it */
	bool (*holds)(const struct verdict_evidence *evidence, enum verdict_state state);
	sentences_of_cause *tell; /* NULL: the common sentences say it all */
};

extern const struct causes_rule causes_rules[];
extern const size_t causes_rules_len;

/* The first rule that holds (the last one always does), and the next of another cause that would; NULL: none. */
const struct causes_rule *causes_find(const struct verdict_evidence *evidence, enum verdict_state state,
				      const struct causes_rule **also);

/* What to do about it; NULL: nothing, or (unexplained) it depends on the direction. */
const char *causes_advice(enum verdict_cause cause);

#endif
