/* The direction in which TCP attempts were lost: what servers report of their SYNs and half-open sockets. No I/O. */
#ifndef FLOATPROBE_SETTLE_ATTEMPT_H
#define FLOATPROBE_SETTLE_ATTEMPT_H

#include "client/evidence/attempts.h"
#include "client/evidence/query_result.h"
#include "client/path/paths.h"

#include <stdbool.h>
#include <stdint.h>

/* The time from which a packet that has not arrived counts as lost (monotonic). A SYN gets half the timeout as grace. A
 * request may leave as late as the deadline, after a slow handshake, and gets the full timeout. */
int64_t settle_attempt_missing_from_ns(const struct path *path, const struct attempt *attempt);

/* The deadline of this TCP probe has passed: apply the evidence on its attempt. */
void settle_expired(struct path *path, uint32_t seq);

/* not_seen: the server in this slot has neither SYN nor request. Once all that may answer say so, it was lost forward.
 */
void settle_attempt_lacks(struct path *path, struct attempt *attempt, int slot, bool not_seen);

/* Apply what the answer says of the attempts that the query names. */
void settle_attempts(const struct paths *paths, const struct query_result *result);

#endif
