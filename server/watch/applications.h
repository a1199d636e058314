/* Does a watched application answer whoever asks it, and from the address that was asked? Told from headers alone, peer
 * by peer, in a bounded table. Pure.
 *
 * A peer asks, and five seconds are waited for an answer. Proven is
 * - "answers from another address": the peer's very port got something from another address of ours, nothing from the
 * one that it asked, and had not asked that other one;
 * - "no answer": three datagrams (or connection requests) of one peer in a row got nothing at all. One alone may be
 *   nonsense that deserves no answer.
 * What a peer sends while the application talks to it is no question. TCP is answered from the right address by the
 * kernel, so there only "no answer" can come up: nothing comes back for a connection request, not even a refusal. */
#ifndef FLOATPROBE_APPLICATIONS_H
#define FLOATPROBE_APPLICATIONS_H

#include "server/watch/headers.h"

#include <stdbool.h>
#include <stdint.h>

/* X-macro: name, the journal's word. */
#define APPLICATIONS_FINDINGS(X)                                                                                       \
	X(OTHER_ADDRESS, "answers-from-other-address")                                                                 \
	X(NO_ANSWER, "no-answer")
enum applications_kind {
#define X(name, text) APPLICATIONS_##name,
	APPLICATIONS_FINDINGS(X)
#undef X
	    APPLICATIONS_KINDS_LEN
};
const char *applications_kind_text(enum applications_kind kind);

struct applications_watched {
	uint16_t port;
	bool udp, tcp;
};

struct applications_finding {
	enum applications_kind kind;
	unsigned application; /* its place in the list */
	uint8_t protocol;
	struct endpoint peer, asked, answered_from; /* answered_from: of OTHER_ADDRESS only */
	uint32_t count;    /* questions that this happened to, since the last such finding of this application */
	uint64_t answered; /* questions that it has answered rightly, to anybody, ever */
	int64_t since_ns;  /* monotonic: the first of this peer's */
};

struct applications;
/* NULL: no memory. */
struct applications *applications_new(const struct applications_watched *list, unsigned len, unsigned capacity,
				      const uint8_t hash_key[16]);
void applications_free(struct applications *applications);

/* A frame from or to one of the watched ports. */
void applications_note(struct applications *applications, const struct headers_ip *headers, bool outgoing,
		       int64_t now_ns);
/* Is an answer waited for? Then look for findings now and then. */
bool applications_waits(const struct applications *applications);
/* The next finding, if there is one by now: each kind at once, then once a minute for each application. */
bool applications_find(struct applications *applications, int64_t now_ns, struct applications_finding *finding);
/* Frames were missed, so whoever seems to wait may have been answered. */
void applications_forget(struct applications *applications);

#endif
