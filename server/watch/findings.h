/* What the server says by itself, each time a line of the journal and one of the log: a flow is heard no longer, or
 * again, and what it finds out about its link. Both are bounded, kind by kind, and say how many were left out; only of
 * flows the journal has every line. */
#ifndef FLOATPROBE_FINDINGS_H
#define FLOATPROBE_FINDINGS_H

#include "common/core/bucket.h"
#include "common/system/journal.h"
#include "server/reflect/reflector.h"

#include <stdint.h>

/* X-macro: name, the journal's type. */
#define FINDINGS_KINDS(X)                                                                                              \
	X(UNHEARD, "unheard")         /* a client's flow does not hear us any longer */                                \
	X(HEARD, "heard")             /* a client's flow hears us again */                                             \
	X(NEIGHBOUR, "neighbour")     /* an entry of the neighbour table is another */                                 \
	X(STALE, "stale-neighbour")   /* an entry of the neighbour table is wrong */                                   \
	X(HEALED, "healed")           /* an entry that was wrong is right */                                           \
	X(REPAIR, "repair")           /* we have deleted an entry that was wrong */                                    \
	X(CLAIM, "claim")             /* another machine claims an address of ours */                                  \
	X(APPLICATION, "application") /* a watched application answers from another address, or not at all */
enum findings_kind {
#define X(name, text) FINDINGS_##name,
	FINDINGS_KINDS(X)
#undef X
	    FINDINGS_KINDS_LEN
};

struct findings {
	struct journal *journal; /* NULL: none */
	struct {
		struct bucket journal, log;
		unsigned unwritten, unsaid; /* left out since the last one */
	} kinds[FINDINGS_KINDS_LEN];
};

/* The details, an object, are taken over; type and time go before them. The format is the log's sentence. */
void findings_tell(struct findings *findings, enum findings_kind kind, json_t *details, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* UNHEARD or HEARD; of other events nothing is said. */
void findings_tell_event(struct findings *findings, const struct reflector_event *event);

#endif
