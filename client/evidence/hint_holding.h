/* Hint: which of the servers that may answer has the address? A path's probes have to arrive at one local address of a
 * server: `arrives_on` of the target, or else the one that they last arrived on, or else the probed address. Each
 * server says whether it has it. Behind a translation no server has the probed address although all is well. */
#ifndef FLOATPROBE_HINT_HOLDING_H
#define FLOATPROBE_HINT_HOLDING_H

#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"
#include "common/core/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_holding_word { /* what one server said */
	bool known;
	int64_t asked_ns;  /* monotonic: when the query left */
	int64_t absent_ns; /* monotonic: it had lost the address by then */
	struct evidence_holding said;
	int64_t frames_ns; /* monotonic: newest frame of this path for the address that came to its link; 0: none */
	int64_t socket_ns; /* monotonic: when its socket last heard this client there, over this transport, if such
			      frames came; 0: long ago, or never */
	struct endpoint client; /* whose frames these are: its address as the server sees it */
	int64_t heard_ns;       /* monotonic: newest probe of this client at the address, over any transport; 0: none */
};

struct hint_holding {
	struct hint_holding_word words[WIRE_SLOTS_MAX]; /* by slot */
};

struct hint_holding_explanation {
	struct endpoint where; /* the local address that counts; port 0 */
	/* The words of this outage by slot; NULL: none. */
	const struct evidence_holding *said[WIRE_SLOTS_MAX];
	unsigned spoke, absent, held, duplicate; /* bit k: the k-th server; spoke: there is a word */
	unsigned heard;      /* bit k: the k-th server has heard probes of this client for the probed address */
	unsigned answered;   /* bit k: on the link of the k-th server, which lacks `where`, a machine answers for it */
	unsigned remembered; /* bit k: a machine on that link had it some time ago */
	unsigned reached;    /* bit k: the k-th server has `where`, our frames for it come there, and its socket hears
				nothing */
	unsigned passed;     /* bit k: the k-th server has `where`, and other probes of ours arrive there */
	unsigned strayed;    /* bit k: the k-th server got our frames for `where`, and does not have it by now */
	unsigned misdelivered; /* bit k: it did not have it when they came */
	bool absent_at_once;   /* there was a time since the second loss when none of those in `absent` had it */
	bool certain;          /* the probes have to arrive at `where`: no translation leads them to another address */
	bool translated;       /* `where` is not the probed address */
};

/* The local address that the path's probes have to arrive at, as far as is known; port 0. */
struct endpoint hint_holding_where(const struct path *path);

void hint_holding_note(struct hint_holding *hint, const struct path *path, const struct query_result *result, int slot,
		       const struct evidence_flow *flow);

/* Only words and frames since since_ns count. second_ns: when the second of the lost probes left; since_ns if there is
 * one. Leaves `reached` to the next function. */
void hint_holding_explain(const struct hint_holding *hint, const struct path *path, int64_t since_ns, int64_t second_ns,
			  struct hint_holding_explanation *explanation);

/* Set `reached`. outage_ns: when the third of the lost probes left. Frames from before it may have belonged to a probe
 * whose handshake passed, or that was on its way. is_own tells an address of this host: behind a translation, frames
 * may be those of other clients. */
void hint_holding_find_reached(const struct hint_holding *hint, int64_t outage_ns,
			       bool (*is_own)(const struct endpoint *address),
			       struct hint_holding_explanation *explanation);

#endif
