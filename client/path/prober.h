/* One path's probes: numbers, outcomes and receipts. Pure; times are monotonic nanoseconds.
 *
 * A prober owns a ring of records, one for each of its latest probes, and knows of every probe whether it was
 * answered, or how it was lost. It is told what happened; it says which direction each loss was. */
#ifndef FLOATPROBE_PROBER_H
#define FLOATPROBE_PROBER_H

#include "client/path/probe_kind.h"
#include "common/core/packet.h"
#include "common/core/receipts.h"
#include "common/core/thresholds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of one probe. X-macro: name, word for JSON. Direction: see prober.c's one table. */
#define PROBER_OUTCOMES(X)                                                                                             \
	X(NONE, "none")                     /* no such probe */                                                        \
	X(WAITING, "waiting")               /* its deadline has not come */                                            \
	X(ANSWERED, "answered")             /* by a server of the configuration, in time */                            \
	X(CLOCK_SKEW, "clock-skew")         /* answered: the server says that our clock is off */                      \
	X(LOST, "lost")                     /* no answer in time; direction not known (yet) */                         \
	X(LOST_FORWARD, "lost-forward")     /* .. proven by a receipt window made after its deadline */                \
	X(LOST_RETURN, "lost-return")       /* .. proven by a receipt or a half-open socket */                         \
	X(WRONG_SOURCE, "wrong-source")     /* authentic answer, but from another address: return */                   \
	X(REFUSED, "refused")               /* port unreachable, or RST on the SYN: forward */                         \
	X(RESET, "reset")                   /* TCP: connected, then RST before the reply: unknown */                   \
	X(UNREACHABLE, "unreachable")       /* ICMP net/host unreachable, or our own failing ARP: forward */           \
	X(PROHIBITED, "prohibited")         /* ICMP administratively prohibited: forward */                            \
	X(TOO_BIG, "too-big")               /* ICMP fragmentation needed / packet too big: forward */                  \
	X(NOT_AUTHORISED, "not-authorised") /* the server says so (TCP): unknown */                                    \
	X(IMPOSTOR, "impostor")             /* an answer, but by nobody that the configuration knows: unknown */       \
	X(UNSENT, "unsent")                 /* this host could not send it (EPERM, ENOBUFS, no route): not counted */  \
	X(UNSENT_TOO_BIG, "unsent-too-big") /* EMSGSIZE: not counted as sent */
enum prober_outcome {
#define X(name, word) PROBER_##name,
	PROBER_OUTCOMES(X)
#undef X
	    PROBER_OUTCOMES_LEN
};
const char *prober_outcome_word(enum prober_outcome outcome);

enum { PROBER_NOBODY = UINT16_MAX };

struct prober_record {
	int64_t sent_ns;      /* monotonic, user space */
	int64_t sent_real_ns; /* realtime: user space first, then the kernel's TX timestamp if one comes */
	uint32_t rtt_ns;      /* of an answered probe; saturates at 4.29 s .. */
	uint16_t server;      /* the caller's number, of ANSWERED, CLOCK_SKEW; PROBER_NOBODY */
	uint16_t outcome : 5; /* enum prober_outcome */
	uint16_t late : 1;    /* an authentic answer came after the deadline: LOST, and it stays that */
	uint16_t settled : 1; /* only an answer can change it any more (a receipt still corrects forward losses) */
	uint16_t doubly : 1;  /* answered by two holders */
	uint16_t boot : 8;    /* of who answered, and overtook no answer to a newer probe; 0: not known. Different
			       * marks are different boots; the same one is most likely the same. */
};

struct prober {
	uint64_t flow_id;
	int64_t timeout_ns;
	struct prober_record *ring; /* ring_len records, the caller's memory; probe n stands at n % ring_len */
	uint32_t ring_len;          /* a power of two */
	uint32_t next;              /* number of the next probe; the first is 1 */
	uint32_t waiting_from;      /* all before it are past WAITING */
	struct packet_heard heard;  /* our acknowledgements, for the next probe */
	/* The holder is the server and boot id that answered the newest answered number. */
	uint64_t boot_id;
	int64_t holder_since_ns; /* since when all answers are its own, and from one memory of the flow .. */
	int64_t holder_sent_ns;  /* .. and when the probe left that it answered last */
	uint32_t holder_first;   /* its receipts.first: another one means that it had forgotten the flow */
	uint16_t holder;         /* the caller's number of the server; PROBER_NOBODY */
	uint32_t holder_changes;
	uint32_t duplicates;   /* second answers to one number */
	uint32_t revisable;    /* records that receipts may still settle or correct */
	uint32_t refused_upto; /* numbers up to it may have been refused for our clock, silently: that a server does
				* not know them proves nothing */
	/* A window speaks of requests. After a handshake what is missing in it may still have got as far as its SYN: no
	 * window settles LOST_FORWARD, but the one who asks about half-open sockets does, by prober_settle. */
	enum probe_kind kind;
};

/* ring_len: a power of two, larger than the probes that can be outstanding. ring is zeroed by this call.
 * Whoever calls starts a new flow before its numbers reach 2^32. */
void prober_init(struct prober *p, uint64_t flow_id, int64_t timeout_ns, struct prober_record *ring, uint32_t ring_len);

/* A probe leaves now; returns its number. */
uint32_t prober_send(struct prober *p, int64_t now_ns, int64_t now_real_ns);

/* The kernel says when the probe left (realtime). Ignored unless it is plausible beside the user-space time, and once
 * the probe is decided. sent_real_ns is then no longer the T1 that went out. */
void prober_left(struct prober *p, uint32_t seq, int64_t left_real_ns);

/* Something final happened to a waiting (or lost and not yet settled) probe: an ICMP error, a refusal,
 * a send that failed. Outcomes ANSWERED and CLOCK_SKEW come by prober_reply only, and an authentic answer still wins
 * over what is settled here, as a receipt does over errors. Returns what now stands for it. */
enum prober_outcome prober_settle(struct prober *p, uint32_t seq, enum prober_outcome outcome);

/* An authentic reply (MAC checked) from the server `server` (the caller's number), which arrived at received_real_ns /
 * now_ns from the probed address (from_asked) or from elsewhere. In time is what arrived within the timeout by the
 * kernel's clock, even if prober_expire came first. Notes the outcome, and for a reply from_asked the acknowledgement
 * and the holder, and reads the receipts that come with it: a receipt makes a loss LOST_RETURN whenever it was made
 * (not over TCP). A missing one makes it LOST_FORWARD if it left after an answer of this very server, which has neither
 * started anew nor forgotten the flow since, if its deadline had passed when this reply's request left, and if `sole`:
 * none but this server may answer here. Returns the probe's outcome now; NONE if the number is none of ours, or too
 * old. */
enum prober_outcome prober_reply(struct prober *p, const struct packet_reply *reply, unsigned server, bool from_asked,
				 int64_t received_real_ns, int64_t now_ns, bool sole);

/* Deadlines: every waiting probe sent at or before now_ns - timeout_ns is LOST. Returns how many were. */
unsigned prober_expire(struct prober *p, int64_t now_ns);
/* When prober_expire will have something to do next; INT64_MAX: nothing is waiting. */
int64_t prober_next_deadline(const struct prober *p);

/* What one server says of this flow, from an evidence answer to a query that left at asked_ns. */
struct prober_window {
	bool known;               /* the server knows the flow */
	struct receipts receipts; /* if known */
	uint64_t boot_id;
	int64_t asked_ns;        /* monotonic: when the query left */
	int64_t newest_ns;       /* monotonic: by when all that it has had come */
	int64_t blind_before_ns; /* monotonic: before this the server may have known and forgotten (start, eviction) */
};

/* Settle losses by the windows of all servers that may answer, by the caller's number (NULL where a server did not say
 * anything). A receipt in any of them (TCP: in one whose newest is no younger than the deadline): LOST_RETURN. Missing
 * in every one, each made after the probe's deadline and not blind at the time the probe was sent: LOST_FORWARD. With
 * `holder` >= 0 the holder's window (windows[holder]) alone is enough for FORWARD for those losses that stand between
 * two answers of that same holder. Returns how many it settled. */
unsigned prober_settle_by_windows(struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
				  int holder);

enum { PROBER_OTHERS = 31 }; /* this bit of a mask of servers stands for all numbers from there on */

struct prober_tally {
	uint32_t by_outcome[PROBER_OUTCOMES_LEN];
	uint32_t sent;     /* = answered + forward_lost + return_lost + lost; waiting and unsent are not in it */
	uint32_t answered; /* ANSWERED and CLOCK_SKEW */
	uint32_t forward_lost, return_lost, lost;
	uint32_t late;            /* of the lost: answered after the deadline */
	uint32_t outage_lost;     /* of all losses: those in rows of PROBER_OUTAGE_LOSSES and more .. */
	uint32_t outages;         /* .. and how many such rows */
	uint32_t lost_streak;     /* how many of the newest decided probes in a row were lost .. */
	uint32_t answered_streak; /* .. or answered; what could not be sent does not interrupt them */
	uint32_t unsent_streak;   /* how many of the newest in a row could not be sent .. */
	uint32_t too_big_streak;  /* .. all of these for their size */
	int server;               /* who answered the newest answered probe; -1: nobody */
	bool skewed;              /* .. and that answer was CLOCK_SKEW */
	uint32_t servers_mask;    /* bit i: server number i answered; bit PROBER_OTHERS: one from there on did */
	int64_t oldest_ns;        /* monotonic: when the oldest of those that were sent left; 0: none was .. */
	int64_t answered_ns;      /* .. and the newest answered one */
};
/* Over the newest `window` decided probes (ring_len at most), those that could not be sent among them. */
void prober_tally(const struct prober *p, uint32_t window, struct prober_tally *tally);
/* Over the decided probes that left at since_ns (monotonic) or later. */
void prober_tally_since(const struct prober *p, int64_t since_ns, struct prober_tally *tally);
/* How many of the newest `window` decided probes there are since the latest outage began; all of them if none did. */
uint32_t prober_outage(const struct prober *p, uint32_t window);

/* The record of probe `seq`; once the ring has come round, that of a later one. */
static inline const struct prober_record *prober_record(const struct prober *p, uint32_t seq)
{
	return &p->ring[seq & (p->ring_len - 1)];
}

/* Decided, and lost or answered? Neither: not decided, or never sent. */
bool prober_is_lost(const struct prober_record *record);
bool prober_is_doubtful(const struct prober_record *record); /* lost, and nobody has said where */
bool prober_is_answered(const struct prober_record *record);

/* Where the newest `window` numbers before the first that still waits begin: walk from there to
 * p->waiting_from. */
uint32_t prober_window_from(const struct prober *p, uint32_t window);

struct prober_rtt {
	double min_ms, median_ms, p99_ms, max_ms;
};
/* false: nothing was answered within the window. scratch: room for `window` values. */
bool prober_rtt(const struct prober *p, uint32_t window, uint32_t *scratch, struct prober_rtt *rtt);

#endif
