/* What a request with a new sequence number says about its flow: where it came from, whether the client receives our
 * replies, and whether the server reads its socket in time. Pure. */
#ifndef FLOATPROBE_PROGRESS_H
#define FLOATPROBE_PROGRESS_H

#include "server/reflect/exchange.h"

/* Make the flow of this request. *event: a new flow. */
struct flow *progress_start(const struct exchange *x, struct reflector_event *event);

/* The request has a new number, which the receipts of the flow have already. Sets *event if there is something to
 * report. */
void progress_note(const struct exchange *x, struct flow *flow, struct reflector_event *event);

#endif
