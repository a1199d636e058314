/* A receive window: which numbers of one flow arrived. The same structure is the server's receipt for
 * probes, its replay window, and the client's acknowledgement of replies.
 * Numbers never wrap: a sender starts a new flow before 2^32. */
#ifndef FLOATPROBE_RECEIPTS_H
#define FLOATPROBE_RECEIPTS_H

#include <stdbool.h>
#include <stdint.h>

enum { RECEIPTS_WINDOW = 256 };

struct receipts {
	uint32_t first;    /* lowest number the window can speak of: the first one that arrived */
	uint32_t newest;   /* highest number that arrived; means nothing while received is 0 */
	uint32_t received; /* distinct numbers that arrived, ever */
	uint16_t duplicates;
	uint16_t late;      /* arrived too far behind newest to be judged; both saturate */
	uint64_t bitmap[4]; /* bit b of word w: newest - (64 w + b) arrived */
};

enum receipts_mark { RECEIPTS_NEW, RECEIPTS_DUPLICATE, RECEIPTS_LATE };

/* Note that seq arrived. */
enum receipts_mark receipts_note(struct receipts *r, uint32_t seq);

enum receipts_status { RECEIPTS_ARRIVED, RECEIPTS_MISSING, RECEIPTS_UNKNOWN };

/* Did seq arrive? Beyond newest it is MISSING (it had not arrived when the window was made); in an empty
 * window, the window or more behind newest, or before first (unless it is seen to have arrived), UNKNOWN. */
enum receipts_status receipts_status(const struct receipts *r, uint32_t seq);

/* Of numbers up to seq the window speaks no more: they are UNKNOWN. To be told only: it is no replay window any more.
 */
void receipts_forget(struct receipts *r, uint32_t seq);

#endif
