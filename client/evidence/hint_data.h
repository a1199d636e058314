/* Hint: TCP handshakes pass, and the data after them does not. */
#ifndef FLOATPROBE_HINT_DATA_H
#define FLOATPROBE_HINT_DATA_H

#include "client/evidence/attempts.h"
#include "client/path/path.h"

#include <stdint.h>

struct hint_data_explanation { /* numbers of lost probes, of those whose attempts are kept */
	uint32_t attempts;
	uint32_t handshakes;     /* the handshake completed */
	uint32_t acknowledged;   /* and the kernel of the peer acknowledged the request */
	uint32_t reset;          /* or the connection was reset */
	uint32_t closed;         /* or it was closed without a valid answer */
	uint32_t held_back;      /* or it did not leave, as the peer's window was closed */
	uint32_t unacknowledged; /* or nothing came any more */
};

/* Only probes sent at since_ns or later count. */
void hint_data_explain(const struct attempts *attempts, const struct path *path, int64_t since_ns,
		       struct hint_data_explanation *explanation);

struct hint_data_large { /* requests that fill a segment (path_is_large), since the newest that was answered */
	uint32_t lost;   /* those whose handshake completed: a SYN is short */
	uint32_t others, others_lost; /* all others: requests of the usual length, and SYNs */
};

/* Within the newest `window` probes of the path. */
void hint_data_count_large(const struct path *path, uint32_t window, struct hint_data_large *large);

#endif
