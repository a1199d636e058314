/* What the server says by itself: a client's flow is heard no longer, or again. Every transition is in the journal;
 * the log is kept readable when many flows change at once. */
#ifndef FLOATPROBE_NOTICES_H
#define FLOATPROBE_NOTICES_H

#include "common/core/bucket.h"
#include "common/system/journal.h"
#include "server/reflector.h"

struct notices {
	struct journal *journal; /* NULL: none */
	struct bucket log;
	unsigned unsaid; /* log lines left out since the last one */
};

void notices_tell(struct notices *notices, const struct reflector_event *event, int64_t real_ns, int64_t mono_ns);

#endif
