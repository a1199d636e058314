/* What one server's kernel counted as dropped, at its latest answers. Pure. */
#ifndef FLOATPROBE_DROP_HISTORY_H
#define FLOATPROBE_DROP_HISTORY_H

#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

enum { DROP_HISTORY_SAMPLES = 8 };

struct drop_counts {          /* EVIDENCE_NOT_COUNTED: the server cannot read it */
	uint32_t datagrams;   /* at the socket, for whatever reason */
	uint32_t connections; /* on the whole host, for a full accept queue */
	uint32_t full, bad;   /* on the whole host: datagrams, for a full receive buffer, for the checksum */
	uint32_t segments;    /* on the whole host: of TCP, for the checksum */
	uint32_t altered;     /* datagrams in our name that did not authenticate; dropped by the server itself */
	struct drop_table {   /* its connection tracking */
		uint32_t dropped, evicted, conflicts; /* as in the evidence */
		uint32_t entries, max;                /* not compared: those of the newer answer */
	} table;
};

struct drop_sample {
	int64_t asked_ns; /* monotonic: when the query left */
	struct drop_counts counts;
};

struct drop_history {
	uint64_t boot_id;                                 /* counters of another boot cannot be compared */
	struct drop_sample samples[DROP_HISTORY_SAMPLES]; /* a ring */
	unsigned len;                                     /* samples ever taken of this boot */
	/* monotonic: what left later was not dropped, as far as is known; 0: no drop was ever counted */
	int64_t datagrams_from_ns, connections_from_ns;
};

void drop_history_note(struct drop_history *history, const struct evidence_answer *answer, int64_t asked_ns,
		       int64_t now_ns);

struct drop_growth {
	int64_t from_ns, to_ns; /* monotonic: when the queries of both answers left */
	struct drop_counts counts;
};

/* Growth to the newest answer: from the first kept one at since_ns or later (all of it happened since then), or from
 * the last kept one before (nothing that happened since then is missing). false: there are no two.
 * An answer that does not tell why datagrams were dropped gives way to the next one that does, if there is any. */
bool drop_history_since(const struct drop_history *history, int64_t since_ns, struct drop_growth *growth);
bool drop_history_from_before(const struct drop_history *history, int64_t since_ns, struct drop_growth *growth);
/* Growth from the oldest kept answer. */
bool drop_history_kept(const struct drop_history *history, struct drop_growth *growth);

#endif
