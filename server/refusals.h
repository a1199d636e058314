/* What the server refuses, said in the log: of each reason the first request at once, and then once a minute how many
 * more there were, until a minute passes without any. So a flood is a line a minute, and costs little more than its
 * counting. */
#ifndef FLOATPROBE_REFUSALS_H
#define FLOATPROBE_REFUSALS_H

#include "server/reflect/reflector.h"
#include "server/reflect/stamp_reflector.h"

#include <uv.h>

enum refusal { /* an enum reflector_outcome, or one of these */
	       REFUSALS_TCP_GAVE_WAY = REFLECTOR_OUTCOMES_LEN,
	       REFUSALS_TCP_FULL,
	       REFUSALS_FLOW_GAVE_WAY,
	       REFUSALS_WITNESS_BUSY,
	       REFUSALS_STAMP, /* and the following: REFUSALS_STAMP plus an enum stamp_outcome */
	       REFUSALS_LEN = REFUSALS_STAMP + STAMP_OUTCOMES_LEN
};

struct refusals {
	uv_timer_t timer;
	struct {
		bool said;            /* in this minute or the one before */
		uint64_t held;        /* since then */
		struct endpoint last; /* who sent the newest of these */
	} reasons[REFUSALS_LEN];
};

void refusals_start(struct refusals *refusals, uv_loop_t *loop);
/* Says what is still held. Call it once, after refusals_start. */
void refusals_stop(struct refusals *refusals);

/* An event REFLECTOR_EVENT_REFUSED, or REFLECTOR_EVENT_NEW with `full`. */
void refusals_note(struct refusals *refusals, const struct reflector_event *event);
/* All places for TCP connections are in use. gave_way: whose connection was closed for a new one; NULL: none was. */
void refusals_note_full(struct refusals *refusals, const struct endpoint *gave_way);
/* REFUSALS_WITNESS_BUSY or REFUSALS_STAMP + outcome: a packet from this source. */
void refusals_note_packet(struct refusals *refusals, unsigned reason, const struct endpoint *source);

#endif
