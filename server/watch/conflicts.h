/* Which other machines claim our addresses. Bounded. Each claim is reported at once and then once a minute. A claim
 * stands until we probe the link and get no answer, or until the address is no longer ours. Pure. */
#ifndef FLOATPROBE_CONFLICTS_H
#define FLOATPROBE_CONFLICTS_H

#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

/* X-macro: name, the journal's word. */
#define CONFLICTS_KINDS(X)                                                                                             \
	X(CLAIM, "claim") /* another machine states that the address is its own */                                     \
	X(PROBE, "probe") /* another machine probes for the address; our answer stops it from taking the address */    \
	X(DADFAILED, "dadfailed") /* our kernel probed for the address and got an answer; it does not tell from whom   \
				   */
enum conflicts_kind {
#define X(name, text) CONFLICTS_##name,
	CONFLICTS_KINDS(X)
#undef X
};
const char *conflicts_kind_text(enum conflicts_kind kind);

struct conflicts_key {
	uint8_t address[16];
	uint8_t mac[EVIDENCE_MAC_LEN]; /* all zero: not known */
	uint16_t kind;
};

struct conflict {
	struct conflicts_key key;
	uint32_t count;
	int64_t newest_ns, reported_ns; /* monotonic: newest claim, newest report; reported_ns 0: not reported yet */
	bool stands;
};

struct conflicts;
struct conflicts *conflicts_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void conflicts_free(struct conflicts *conflicts);

/* Note a claim. Returns the conflict if it is to be reported now, else NULL. */
const struct conflict *conflicts_note(struct conflicts *conflicts, enum conflicts_kind kind,
				      const struct endpoint *address, const uint8_t mac[EVIDENCE_MAC_LEN],
				      int64_t now_ns);
/* Returns true if it is time to probe the link for this address of ours; that counts as probed now. The interval is ten
 * seconds, and one second while a claim on the address stands. A claim that is not repeated within one second after a
 * probe stands no longer. */
bool conflicts_ask(struct conflicts *conflicts, const struct endpoint *address, int64_t now_ns);
/* The address is no longer ours: forget all claims on it. */
void conflicts_forget(struct conflicts *conflicts, const struct endpoint *address);
/* Iterate over the claims that stand, the newest first. Pass NULL first. Returns NULL at the end. A PROBE never stands:
 * the machine may not have taken the address. */
const struct conflict *conflicts_next(const struct conflicts *conflicts, const struct conflict *conflict);
/* Add the claims that stand to an answer. */
void conflicts_tell(const struct conflicts *conflicts, int64_t now_ns, struct evidence_answer *answer);

#endif
