/* Reports of the server: each finding is one line of the journal and one of the log, with the same fields. Both are
 * rate-limited for each kind and say how many lines were left out. Of UNHEARD and HEARD the reflector limits for each
 * client what the journal has. */
#ifndef FLOATPROBE_FINDINGS_H
#define FLOATPROBE_FINDINGS_H

#include "common/core/bucket.h"
#include "common/system/journal.h"
#include "server/reflect/reflector.h"

#include <stdint.h>

/* X-macro: name, the journal's type. */
#define FINDINGS_KINDS(X)                                                                                              \
	X(UNHEARD, "unheard")         /* a client no longer receives the replies of a flow */                          \
	X(HEARD, "heard")             /* a client receives the replies of a flow again */                              \
	X(NEIGHBOUR, "neighbour")     /* a neighbour entry has changed */                                              \
	X(STALE, "stale-neighbour")   /* a neighbour entry is wrong */                                                 \
	X(SHARED, "shared-address")   /* a client's address is held by another machine, too, which gets the replies */ \
	X(HEALED, "healed")           /* a wrong neighbour entry is right again */                                     \
	X(REPAIR, "repair")           /* this server has deleted a wrong neighbour entry */                            \
	X(CLAIM, "claim")             /* another machine claims one of our addresses */                                \
	X(APPLICATION, "application") /* a watched application answers from another address, or not at all */
enum findings_kind {
#define X(name, text) FINDINGS_##name,
	FINDINGS_KINDS(X)
#undef X
	    FINDINGS_KINDS_LEN
};

struct findings {
	const char *server;      /* the name of this server */
	struct journal *journal; /* NULL: no journal */
	struct {
		struct bucket journal;
		uint64_t unwritten; /* lines of the journal that were left out and not yet said to be */
		uint64_t count;     /* findings since the start, whether or not they have a line */
		uint64_t left_out;  /* those that have no line of the journal */
	} kinds[FINDINGS_KINDS_LEN];
};

const char *findings_kind_text(enum findings_kind kind);

/* Write a line of the journal about this program itself. Takes ownership of details. */
void findings_note(struct findings *findings, const char *type, json_t *details);
/* Report a finding. Takes ownership of details, a JSON object; type, time and server are put in front of them. The
 * format makes the sentence of the log. */
void findings_tell(struct findings *findings, enum findings_kind kind, json_t *details, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Report UNHEARD, HEARD or LEFT_OUT. Ignores other events. */
void findings_tell_event(struct findings *findings, const struct reflector_event *event);

/* Say in the journal what was left out and not said yet. */
void findings_end(struct findings *findings);

#endif
