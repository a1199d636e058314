/* What a prober keeps: the records of its newest probes, and what it knows of its flow and of the server that answers.
 * Times are monotonic nanoseconds. Only the functions of prober.h and of ring.h change it. */
#ifndef FLOATPROBE_PROBER_STATE_H
#define FLOATPROBE_PROBER_STATE_H

#include "client/path/account.h"
#include "client/path/probe_kind.h"
#include "client/path/prober_outcome.h"
#include "common/core/packet.h"
#include "common/core/seal.h"

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
	int64_t slowest_ns; /* longest time that a late answer took, of late; 0: all are timely */
	int64_t clock_ns;   /* realtime minus monotonic clock, at most 4.29 s less than it was at the newest probe */
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

/* The record of probe `seq`. After ring_len more probes it holds a later one. */
static inline const struct prober_record *prober_record(const struct prober *p, uint32_t seq)
{
	return &p->ring[seq & (p->ring_len - 1)];
}

static inline bool prober_is_lost(const struct prober_record *r)
{
	return prober_fate(r->outcome) >= PROBER_FATE_FORWARD;
}

static inline bool prober_is_lost_forward(const struct prober_record *r)
{
	return prober_fate(r->outcome) == PROBER_FATE_FORWARD;
}

static inline bool prober_is_lost_return(const struct prober_record *r)
{
	return prober_fate(r->outcome) == PROBER_FATE_RETURN;
}

/* From when on it is proven that the probe was lost. Where answers come late, a probe that is not answered may be under
 * way, or its answer. */
static inline int64_t prober_proof_from_ns(const struct prober *p, const struct prober_record *r)
{
	int64_t slow_ns = p->slowest_ns + p->slowest_ns / 2;

	return r->sent_ns + (slow_ns > p->timeout_ns ? slow_ns : p->timeout_ns);
}

/* Lost, direction not known. */
static inline bool prober_is_doubtful(const struct prober_record *r)
{
	return prober_has_no_direction(r->outcome) && !r->settled;
}

static inline bool prober_is_answered(const struct prober_record *r)
{
	return prober_fate(r->outcome) == PROBER_FATE_ANSWERED;
}

#endif
