/* Who else claims our addresses: bounded, each claim told at once and then once a minute. A claim stands until whoever
 * made it is asked and says no more, or the address is ours no more. Pure. */
#ifndef FLOATPROBE_CONFLICTS_H
#define FLOATPROBE_CONFLICTS_H

#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

/* X-macro: name, the journal's word. */
#define CONFLICTS_KINDS(X)                                                                                             \
	X(CLAIM, "claim")         /* it says that the address is its own */                                            \
	X(PROBE, "probe")         /* it asked whether it may have the address: our answer keeps it from that */        \
	X(DADFAILED, "dadfailed") /* our kernel asked, and got an answer; it does not say whose */
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
	int64_t newest_ns, told_ns; /* monotonic; told_ns 0: not yet */
	bool stands;
};

struct conflicts;
struct conflicts *conflicts_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL: no memory */
void conflicts_free(struct conflicts *conflicts);

/* Returns it when it is time to tell of it, else NULL. */
const struct conflict *conflicts_note(struct conflicts *conflicts, enum conflicts_kind kind,
				      const struct endpoint *address, const uint8_t mac[EVIDENCE_MAC_LEN],
				      int64_t now_ns);
/* Is it time to ask the link who else has this address of ours? Then it counts as asked: at most once each ten seconds,
 * and each second while somebody's claim stands. An older claim of one who has then said nothing for a second stands no
 * more. */
bool conflicts_ask(struct conflicts *conflicts, const struct endpoint *address, int64_t now_ns);
/* The address is ours no more: whatever was claimed is not claimed against us. */
void conflicts_forget(struct conflicts *conflicts, const struct endpoint *address);
/* Those that stand, from the newest on: NULL first; NULL after the last. A probe never does: it need not have led to
 * anything. */
const struct conflict *conflicts_next(const struct conflicts *conflicts, const struct conflict *conflict);
/* Add these to an answer. */
void conflicts_tell(const struct conflicts *conflicts, int64_t now_ns, struct evidence_answer *answer);

#endif
