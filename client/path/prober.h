/* One path's probes: numbers, outcomes and receipts. Pure; times are monotonic nanoseconds.
 *
 * A prober keeps a record of each of its newest probes. Callers report events; the prober decides each probe's outcome
 * and the direction of each loss. */
#ifndef FLOATPROBE_PROBER_H
#define FLOATPROBE_PROBER_H

#include "client/path/prober_rtt.h"
#include "client/path/prober_state.h"
#include "client/path/prober_tally.h"
#include "client/path/prober_window.h"
#include "common/core/packet.h"
#include "common/core/receipts.h"
#include "common/core/seal.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ring_len: a power of two, larger than the probes that can be outstanding. ring is zeroed by this call.
 * The caller starts a new flow before the numbers reach 2^32. */
void prober_init(struct prober *p, uint64_t flow_id, int64_t timeout_ns, struct prober_record *ring, uint32_t ring_len);

/* Record a probe sent now; returns its number. */
uint32_t prober_send(struct prober *p, int64_t now_ns, int64_t now_real_ns);

/* The kernel's TX timestamp of a probe (realtime). It is ignored if it is implausible beside the user-space time or if
 * the probe is decided. */
void prober_left(struct prober *p, uint32_t seq, int64_t left_real_ns);

/* This host itself let the probe wait for so long on its way, as it was too busy: that counts neither against its
 * deadline nor in its round trip. For a probe without an answer, also after prober_expire. */
void prober_delayed(struct prober *p, uint32_t seq, int64_t delay_ns);

/* A reply of a plain STAMP reflector, which kept the probe for so long: it answers the probe, in time or late, and
 * proves nothing else. Returns the probe's outcome now. */
enum prober_outcome prober_reflected(struct prober *p, uint32_t seq, int64_t stayed_ns, int64_t received_real_ns,
				     int64_t now_ns);

/* An answer to this probe came to an interface of this host; whether the socket gets it remains to be seen. */
void prober_note_at_link(struct prober *p, uint32_t seq);
/* No server will be asked about this probe. */
void prober_note_unasked(struct prober *p, uint32_t seq);

/* Settle a probe that is waiting, or lost and not yet settled, after an ICMP error, a refusal or a failed send. Only
 * prober_reply sets ANSWERED and CLOCK_SKEW. A later authentic answer overrides this outcome; a receipt overrides
 * errors. Returns the probe's outcome now. */
enum prober_outcome prober_settle(struct prober *p, uint32_t seq, enum prober_outcome outcome);

/* An authentic reply (MAC checked) of server number `server`, received at received_real_ns / now_ns. from_asked: it
 * came from the probed address. The kernel's receive time decides whether it is in time, even after prober_expire.
 * Records the outcome and, for a reply from_asked, the acknowledgement and the holder. Then reads the reply's receipts
 * (not over TCP): a receipt of a lost probe makes it LOST_RETURN. A missing receipt makes it LOST_FORWARD if
 * - `sole`: only this server may answer here,
 * - the probe was sent after an answer of this server, which has not restarted or forgotten the flow since, and
 * - the probe's deadline had passed when the request of this reply was sent.
 * Returns the probe's outcome now; NONE: the number is not ours or too old. */
enum prober_outcome prober_reply(struct prober *p, const struct packet_reply *reply, unsigned server, bool from_asked,
				 int64_t received_real_ns, int64_t now_ns, bool sole);

/* This process did not run for a while: it may have missed what came for the probes that wait now. They are answered,
 * or an error came for them, or they are UNFINISHED, but not lost. */
void prober_pause(struct prober *p);

/* Turn every waiting probe sent at or before now_ns - timeout_ns to LOST or UNFINISHED. Returns how many are LOST. */
unsigned prober_expire(struct prober *p, int64_t now_ns);
/* The next deadline of a waiting probe; INT64_MAX: none waits. */
int64_t prober_next_deadline(const struct prober *p);

/* When a probe that is not answered left (realtime), by the kernel's TX timestamp if it has come. Of an answered one,
 * this is when its turn to be sent came. */
int64_t prober_sent_real_ns(const struct prober *p, const struct prober_record *record);
/* The round trip of an answered probe, at most 4.29 s; 0: it is not answered. */
uint32_t prober_rtt_ns(const struct prober_record *record);

/* The first of the newest `window` numbers before p->waiting_from. */
uint32_t prober_window_from(const struct prober *p, uint32_t window);

/* Account for the probes whose fate is known: a loss waits up to PROBER_ACCOUNT_NS for its direction. Returns true when
 * a stretch of losses has ended: take it, and call again. */
bool prober_account(struct prober *p, int64_t now_ns);
/* The probing ends: account for all that is left. Probes that wait are unfinished. */
bool prober_account_all(struct prober *p);

#endif
