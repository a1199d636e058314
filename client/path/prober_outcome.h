/* The outcomes of a probe, and how each counts. Pure. */
#ifndef FLOATPROBE_PROBER_OUTCOME_H
#define FLOATPROBE_PROBER_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

/* Outcome of a probe. X-macro: name, word for JSON. The table in prober_outcome.c says how each counts. */
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

/* What became of a probe, and if it was lost, in which direction. */
enum prober_fate {
	PROBER_FATE_OPEN, /* not known yet, or never */
	PROBER_FATE_UNSENT,
	PROBER_FATE_ANSWERED,
	PROBER_FATE_FORWARD, /* from here on: lost */
	PROBER_FATE_RETURN,
	PROBER_FATE_LOST /* direction not known */
};
extern const uint8_t prober_fates[PROBER_OUTCOMES_LEN];

static inline enum prober_fate prober_fate(enum prober_outcome outcome)
{
	return (enum prober_fate)prober_fates[outcome];
}

/* Lost, and the direction is not known yet. */
static inline bool prober_has_no_direction(enum prober_outcome outcome)
{
	return outcome == PROBER_LOST || outcome == PROBER_RESET;
}

#endif
