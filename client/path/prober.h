/* One path's probes: numbers, outcomes and receipts. Pure; times are monotonic nanoseconds.
 *
 * A prober keeps a record of each of its newest probes. Callers report events; the prober decides each probe's outcome
 * and the direction of each loss. */
#ifndef FLOATPROBE_PROBER_H
#define FLOATPROBE_PROBER_H

#include "client/path/account.h"
#include "client/path/probe_kind.h"
#include "common/core/packet.h"
#include "common/core/receipts.h"
#include "common/core/seal.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Outcome of a probe. X-macro: name, word for JSON. The table in prober.c maps outcomes to directions. */
#define PROBER_OUTCOMES(X)                                                                                             \
	X(NONE, "none")                 /* no such probe */                                                            \
	X(WAITING, "waiting")           /* its deadline has not come */                                                \
	X(ANSWERED, "answered")         /* by a server of the configuration, in time */                                \
	X(CLOCK_SKEW, "clock-skew")     /* answered: the server says that our clock is off */                          \
	X(LOST, "lost")                 /* no answer in time; direction not known */                                   \
	X(LOST_FORWARD, "lost-forward") /* lost forward: a receipt window made after its deadline lacks it */          \
	X(LOST_RETURN, "lost-return")   /* lost on return: a receipt or a half-open socket proves that it arrived */   \
	X(WRONG_SOURCE, "wrong-source") /* authentic answer, but from another address: return */                       \
	X(REFUSED, "refused")           /* port unreachable, or RST on the SYN: forward */                             \
	X(RESET, "reset")               /* TCP: connected, then reset or closed before the reply: unknown */           \
	X(RESET_FORWARD, "reset")       /* the same; no server has a receipt of the request: forward */                \
	X(RESET_RETURN, "reset")        /* the same; a server has a receipt of the request: return */                  \
	X(UNREACHABLE, "unreachable")   /* ICMP net/host unreachable, or our own failing ARP: forward */               \
	X(PROHIBITED, "prohibited")     /* ICMP administratively prohibited: forward */                                \
	X(TOO_BIG, "too-big")           /* ICMP fragmentation needed / packet too big: forward */                      \
	X(NOT_AUTHORISED, "not-authorised") /* the server says so (TCP): unknown */                                    \
	X(IMPOSTOR, "impostor")             /* an answer by an identity not in the configuration: unknown */           \
	X(UNFINISHED, "unfinished")         /* this process did not run while it waited: nothing is known of it */     \
	X(UNSENT, "unsent")                 /* this host could not send it (EPERM, ENOBUFS, no route): not counted */  \
	X(UNSENT_TOO_BIG, "unsent-too-big") /* EMSGSIZE: not counted as sent */
enum prober_outcome {
#define X(name, word) PROBER_##name,
	PROBER_OUTCOMES(X)
#undef X
	    PROBER_OUTCOMES_LEN
};
const char *prober_outcome_word(enum prober_outcome outcome);

enum { PROBER_NOBODY = 0x1fff }; /* server numbers are below */

struct prober_record {
	int64_t sent_ns;       /* monotonic, user space */
	uint32_t span_ns;      /* answered: the round trip; else from sent_ns until it left. See the functions below. */
	uint16_t server : 13;  /* the caller's number; PROBER_NOBODY unless ANSWERED or CLOCK_SKEW */
	uint16_t at_link : 1;  /* an answer came to an interface of this host before the deadline (own_tap.h) */
	uint16_t unasked : 1;  /* no server is asked about it: the path is probed faster than servers can tell */
	uint16_t recorded : 1; /* its round trip is in a record of the journal, or does not belong in one */
	uint16_t outcome : 5;  /* enum prober_outcome */
	uint16_t late : 1;     /* an authentic answer came after the deadline; the outcome stays LOST */
	uint16_t settled : 1;  /* only an answer changes it, or a receipt that corrects a forward loss */
	uint16_t doubly : 1;   /* answered by two holders */
	uint16_t boot : 8;     /* mark of the answering boot; 0: not known, or an answer to a newer probe came first.
				* Different marks are different boots; equal marks are most likely one boot. */
};

struct prober {
	uint64_t flow_id;
	int64_t timeout_ns;
	int64_t clock_ns; /* realtime minus monotonic clock, at most 4.29 s less than it was at the newest probe */
	struct prober_record *ring; /* ring_len records, the caller's memory; probe n is at n % ring_len */
	uint32_t ring_len;          /* a power of two */
	uint32_t next;              /* number of the next probe; the first is 1 */
	uint32_t waiting_from;      /* no probe before it is WAITING */
	uint32_t accounted;         /* all before it are in the account, and answers after it */
	struct packet_heard heard;  /* acknowledgements to send with the next probe */
	/* The holder is the server and boot id that answered the newest answered number. */
	uint64_t boot_id;
	int64_t holder_since_ns; /* when its answers began, with its present record of the flow */
	int64_t holder_sent_ns;  /* when the newest probe that it answered was sent */
	uint32_t holder_first;   /* its receipts.first; another value means that it forgot the flow */
	uint16_t holder;         /* the caller's number of the server; PROBER_NOBODY */
	uint32_t holder_changes;
	uint32_t duplicates;       /* second answers to one number */
	uint32_t revisable;        /* records that receipts may still settle or correct */
	struct seal_ticket ticket; /* the sender's: its newest signature of this flow */
	uint32_t paused_before;    /* smaller numbers: those that are WAITING are not called lost */
	uint32_t refused_upto; /* numbers up to it may have been refused silently for clock skew: missing receipts of
				* them prove nothing */
	/* For kinds with a handshake no window settles LOST_FORWARD: it lists requests, and the SYN may have arrived.
	 * The caller that queries half-open sockets settles those with prober_settle. */
	enum probe_kind kind;
	struct account *account; /* NULL: none is kept */
};

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

/* One server's receipts of this flow, from an evidence answer. */
struct prober_window {
	bool known;               /* the server knows the flow */
	struct receipts receipts; /* if known */
	uint64_t boot_id;
	int64_t asked_ns;        /* monotonic: when the query was sent */
	int64_t newest_ns;       /* monotonic: all that it has came no later than this */
	int64_t blind_before_ns; /* monotonic: the server may have forgotten earlier probes (restart, eviction) */
};

/* Settle losses by the windows of all servers that may answer, indexed by the caller's number; NULL: no window.
 * LOST_RETURN: any window has a receipt (TCP: a window whose newest_ns is not after the deadline).
 * LOST_FORWARD: every window lacks it, was made after the probe's deadline and is not blind at its send time. With
 * `holder` >= 0, windows[holder] alone is enough for losses between two answers of that holder.
 * Returns how many it settled. */
unsigned prober_settle_by_windows(struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
				  int holder);

enum { PROBER_OTHERS = 31 }; /* this bit of a mask of servers means this number or any above */

struct prober_tally {
	uint32_t by_outcome[PROBER_OUTCOMES_LEN];
	uint32_t sent;     /* = answered + forward_lost + return_lost + lost; waiting and unsent are not in it */
	uint32_t answered; /* ANSWERED and CLOCK_SKEW */
	uint32_t forward_lost, return_lost, lost;
	uint32_t late;            /* those of lost that were answered after the deadline */
	uint32_t outage_lost;     /* losses of any direction in outages: streaks of at least PROBER_OUTAGE_LOSSES, and
				   * the oldest streak, which may have begun before the window */
	uint32_t outages;         /* number of streaks of at least PROBER_OUTAGE_LOSSES */
	uint32_t lost_streak;     /* length of the newest streak of losses; unsent probes do not end it */
	uint32_t answered_streak; /* length of the newest streak of answers; unsent probes do not end it */
	uint32_t unsent_streak;   /* length of the newest streak of probes that could not be sent */
	uint32_t sent_streak;     /* number of the newest probes that were all sent */
	uint32_t too_big_streak;  /* length of the newest streak of UNSENT_TOO_BIG */
	int server;               /* the server of the newest answered probe; -1: none */
	bool skewed;              /* the newest answered probe is CLOCK_SKEW */
	uint32_t servers_mask; /* bit i: server number i answered; bit PROBER_OTHERS: one with that number or above */
	int64_t oldest_ns;     /* monotonic: when the oldest counted probe was sent; 0: none */
	int64_t streak_ns;     /* monotonic: when the oldest probe of the newest streak of losses or answers was sent */
	int64_t answered_ns;   /* monotonic: when the newest answered probe was sent; 0: none */
};
/* Over the newest `window` decided probes (at most ring_len), including those that could not be sent. */
void prober_tally(const struct prober *p, uint32_t window, struct prober_tally *tally);
/* Over those of them that were sent at since_ns (monotonic) or later. */
void prober_tally_since(const struct prober *p, uint32_t window, int64_t since_ns, struct prober_tally *tally);
/* Number of decided probes since the latest outage began, within the newest `window`; all of these: no outage. */
uint32_t prober_outage(const struct prober *p, uint32_t window);

/* The record of probe `seq`. After ring_len more probes it holds a later one. */
static inline const struct prober_record *prober_record(const struct prober *p, uint32_t seq)
{
	return &p->ring[seq & (p->ring_len - 1)];
}

/* When a probe that is not answered left (realtime), by the kernel's TX timestamp if it has come. Of an answered one,
 * this is when its turn to be sent came. */
int64_t prober_sent_real_ns(const struct prober *p, const struct prober_record *record);
/* The round trip of an answered probe, at most 4.29 s; 0: it is not answered. */
uint32_t prober_rtt_ns(const struct prober_record *record);

bool prober_is_lost(const struct prober_record *record);
bool prober_is_lost_forward(const struct prober_record *record);
bool prober_is_lost_return(const struct prober_record *record);
bool prober_is_doubtful(const struct prober_record *record); /* lost, direction not known */
bool prober_is_answered(const struct prober_record *record);

/* The first of the newest `window` numbers before p->waiting_from. */
uint32_t prober_window_from(const struct prober *p, uint32_t window);

struct prober_rtt {
	double min_ms, median_ms, p99_ms, max_ms;
};
/* false: no answer within the window. scratch: room for `window` values. */
bool prober_rtt(const struct prober *p, uint32_t window, uint32_t *scratch, struct prober_rtt *rtt);

/* Account for the probes whose fate is known: a loss waits up to PROBER_ACCOUNT_NS for its direction. Returns true when
 * a stretch of losses has ended: take it, and call again. */
bool prober_account(struct prober *p, int64_t now_ns);
/* The probing ends: account for all that is left. Probes that wait are unfinished. */
bool prober_account_all(struct prober *p);
/* The round trips of the account's interval; the account then begins a new one. scratch: room for ring_len values. */
bool prober_record_rtt(struct prober *p, uint32_t *scratch, struct prober_rtt *rtt);

#endif
