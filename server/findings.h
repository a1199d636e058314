/* What the server finds out about its link: each finding a line of the journal and one of the log. Both are bounded,
 * kind by kind, and say how many were left out. */
#ifndef FLOATPROBE_FINDINGS_H
#define FLOATPROBE_FINDINGS_H

#include "common/core/bucket.h"
#include "common/system/journal.h"

#include <stdint.h>

/* X-macro: name, the journal's type. */
#define FINDINGS_KINDS(X)                                                                                              \
	X(NEIGHBOUR, "neighbour")     /* an entry of the neighbour table is another */                                 \
	X(STALE, "stale-neighbour")   /* .. and this one is wrong */                                                   \
	X(HEALED, "healed")           /* .. and now it is right */                                                     \
	X(REPAIR, "repair")           /* we have deleted it */                                                         \
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

enum { FINDINGS_MAC_LEN = 18 };
/* "02:00:5e:00:53:01". Returns text. */
const char *findings_mac(const uint8_t mac[6], char text[FINDINGS_MAC_LEN]);

#endif
