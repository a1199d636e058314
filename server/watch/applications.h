/* Decides from packet headers alone whether a watched application answers its peers, and from the address that was
 * asked. One table entry for each peer, bounded. Pure.
 *
 * A question is a datagram or a connection request of a peer that the application is not answering already. The answer
 * may take five seconds. Findings:
 * - "answers from another address": the peer's port got an answer from another address of ours that it had not asked,
 *   and none from the address that it asked.
 * - "no answer": three questions of one peer in a row got no answer. A single one may be invalid and deserve no answer.
 * The kernel answers TCP from the right address, so TCP can only give "no answer": a connection request got nothing,
 * not even a refusal. */
#ifndef FLOATPROBE_APPLICATIONS_H
#define FLOATPROBE_APPLICATIONS_H

#include "common/core/ip.h"

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
	unsigned application; /* index in the list of watched applications */
	uint8_t protocol;
	struct endpoint peer, asked, answered_from; /* answered_from: only with OTHER_ADDRESS */
	uint32_t count;    /* questions with this result since the last finding of this kind for this application */
	uint64_t answered; /* questions that the application has answered correctly since start, from all peers */
	int64_t since_ns;  /* monotonic: the first such question of this peer */
};

struct applications;
/* Returns NULL if memory is out. */
struct applications *applications_new(const struct applications_watched *list, unsigned len, unsigned capacity,
				      const uint8_t hash_key[16]);
void applications_free(struct applications *applications);

/* A frame from or to one of the watched ports. */
void applications_note(struct applications *applications, const struct ip_packet *packet, bool outgoing,
		       int64_t now_ns);
/* True while an answer is awaited; call applications_find from time to time then. */
bool applications_waits(const struct applications *applications);
/* Get the next finding. Returns false if there is none. For each application and kind the first finding is given at
 * once, later ones at most once a minute. */
bool applications_find(struct applications *applications, int64_t now_ns, struct applications_finding *finding);
/* Frames were lost: forget all open questions, because a lost frame may have been the answer. */
void applications_forget(struct applications *applications);

#endif
