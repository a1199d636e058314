/* What to do next. Pure. */
#ifndef FLOATPROBE_ADVICE_H
#define FLOATPROBE_ADVICE_H

#include "client/verdict/causes.h"

/* Advice for a cause, where nothing more is known; NULL: none, or (unexplained) it depends on the direction. */
const char *advice_of(enum verdict_cause cause);

/* Advice for this verdict, which has all but its advice, and the rule that named its cause; NULL: none. */
const char *advice_find(const struct verdict_evidence *evidence, const struct causes_rule *rule,
			const struct verdict *verdict);

#endif
