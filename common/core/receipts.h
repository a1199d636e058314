/* A receive window: the sequence numbers of one flow that arrived. The server uses it as receipt for probes and as
 * replay window; the client uses it to acknowledge replies.
 * Numbers never wrap: a sender starts a new flow before 2^32. */
#ifndef FLOATPROBE_RECEIPTS_H
#define FLOATPROBE_RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

enum { RECEIPTS_WINDOW = 256 };

struct receipts {
	uint32_t first;      /* the window knows nothing of lower numbers; initially the first number that arrived */
	uint32_t newest;     /* highest number that arrived; undefined while received is 0 */
	uint32_t received;   /* distinct numbers that arrived since the flow began */
	uint16_t duplicates; /* repeated numbers within the window; saturates */
	uint16_t late;       /* numbers that arrived 256 or more behind newest; saturates */
	uint64_t bitmap[4];  /* bit b of word w is set if newest - (64 w + b) arrived */
};

enum receipts_mark { RECEIPTS_NEW, RECEIPTS_DUPLICATE, RECEIPTS_LATE };

/* Record that seq arrived. LATE: it is behind the window, so it may be a duplicate. */
enum receipts_mark receipts_note(struct receipts *r, uint32_t seq);

enum receipts_status { RECEIPTS_ARRIVED, RECEIPTS_MISSING, RECEIPTS_UNKNOWN };

/* Did seq arrive before the window was made? A number above newest is MISSING. A number is UNKNOWN if the window is
 * empty, if it is RECEIPTS_WINDOW or more behind newest, or if it is below first and its bit is not set. */
enum receipts_status receipts_status(const struct receipts *r, uint32_t seq);

/* Make the numbers up to seq UNKNOWN. For a copy that is sent to the client: the result no longer stops replays. */
void receipts_forget(struct receipts *r, uint32_t seq);

#endif
