/* What became of a path's probes: counts since the path began and since its last record in the journal, round trips and
 * one-way times of that interval, and the newest stretch of losses. The prober reports each probe once. Pure. */
#ifndef FLOATPROBE_ACCOUNT_H
#define FLOATPROBE_ACCOUNT_H

#include "client/path/median.h"
#include "client/path/rtt_histogram.h"

#include <stdbool.h>
#include <stdint.h>

enum account_count {
	ACCOUNT_ANSWERED,
	ACCOUNT_FORWARD_LOST,
	ACCOUNT_RETURN_LOST,
	ACCOUNT_LOST,       /* direction not known */
	ACCOUNT_UNSENT,     /* this host could not send it */
	ACCOUNT_UNFINISHED, /* sent, but the probing ended or this process was paused before its deadline */
	/* Of those above or of earlier intervals: */
	ACCOUNT_LATE,      /* answered after the deadline; counted as lost */
	ACCOUNT_DUPLICATE, /* further answers to one probe */
	ACCOUNT_REORDERED, /* answered after a probe that was sent later (RFC 4737) */
	ACCOUNT_COUNTS
};

struct account_answer {
	uint32_t rtt_ns;
	int64_t forward_ns, return_ns; /* by the clocks of both hosts: T2 - T1 and T4 - T3 */
	unsigned server;
	bool plain; /* the other clock is nobody's: one-way times and its offset are not known */
};

/* Losses with fewer than ACCOUNT_APART_ANSWERS answers between two of them, or less than ACCOUNT_APART_NS apart. */
struct account_stretch {
	int64_t first_ns, last_ns; /* realtime: when the first and the last of them were sent */
	uint32_t answered;         /* between them */
	uint32_t forward_lost, return_lost, lost;
};
enum { ACCOUNT_APART_ANSWERS = 3 };

struct account_times {
	/* Of the interval: */
	uint32_t rtt_min_ns, rtt_max_ns;
	uint64_t rtt_sum_ns;
	struct median forward_ns, return_ns; /* one-way times, as far as they fit */
	int64_t offset_ns;      /* the server's clock minus ours, by the fastest answer of the newest server */
	uint32_t offset_rtt_ns; /* round trip of that answer */
	uint16_t server;        /* that server */
	bool plain;             /* there is no clock to compare with */
	bool overflow;          /* a one-way time did not fit: the clocks are far apart */
	/* Of all intervals: */
	bool has_last;
	uint32_t last_ns, jitter_16;     /* the newest round trip; RFC 3550, 6.4.1: the jitter times 16 */
	struct rtt_histogram *histogram; /* for paths whose prober does not keep all answers of an interval; or NULL */
};

struct account {
	uint32_t total[ACCOUNT_COUNTS];    /* since the path's probing began; it may wrap */
	uint32_t interval[ACCOUNT_COUNTS]; /* since the last record */
	int64_t from_ns, from_real_ns;     /* when that was */
	struct account_stretch stretch;    /* of losses; none if it has no loss */
	uint32_t answered_since;           /* answers after the last loss of it */
	bool ended;                        /* it is complete, and waits for account_take_stretch */
	struct account_times *times;       /* NULL: for few probes, which nobody compares */
};

/* What is kept besides counts. */
enum account_kind {
	ACCOUNT_PLAIN,
	ACCOUNT_TIMES,
	ACCOUNT_HISTOGRAM /* times, too: the answers of an interval may be more than the prober keeps */
};

/* NULL: no memory. */
struct account *account_new(enum account_kind kind, int64_t now_ns, int64_t now_real_ns);
void account_free(struct account *account);

void account_add(struct account *account, enum account_count what);
/* A probe was answered in time: ACCOUNT_ANSWERED, and its times. */
void account_answered(struct account *account, const struct account_answer *answer);
/* The fates of all probes in the order of their numbers, as far as they are known; for stretches of losses. ANSWERED is
 * not counted here. sent_real_ns: when the probe was sent. */
void account_pass(struct account *account, enum account_count fate, int64_t sent_real_ns);

/* Take a stretch of losses that has ended. Until then, further losses belong to it. */
bool account_take_stretch(struct account *account, struct account_stretch *stretch);
bool account_has_stretch(const struct account *account); /* that has ended */
/* End the open stretch of losses, if there is one. */
void account_end_stretch(struct account *account);

/* All probes that were sent, without those that are unfinished. */
uint32_t account_sent(const uint32_t counts[ACCOUNT_COUNTS]);

enum account_clocks {
	ACCOUNT_CLOCKS_UNKNOWN,   /* one-way times mean nothing */
	ACCOUNT_CLOCKS_CONSISTENT /* no one-way time is negative: the clocks differ by less than the shortest round trip
				   */
};
enum account_clocks account_clocks(const struct account *account);

/* Begin a new interval. */
void account_begin(struct account *account, int64_t now_ns, int64_t now_real_ns);

#endif
