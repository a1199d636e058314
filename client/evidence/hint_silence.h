/* Hint: a server has the probed address and listens there, but received nothing while probes were refused, and our
 * frames for the address go to a MAC that is not the server's: another machine refuses the probes. */
#ifndef FLOATPROBE_HINT_SILENCE_H
#define FLOATPROBE_HINT_SILENCE_H

#include "client/config/config.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_silence {
	int server;      /* the server that has the address and listens there: index in the configuration; -1: none */
	int64_t from_ns; /* monotonic: latest possible time at which something reached the server */
	int64_t to_ns;   /* monotonic: the server had the address at least until then */
	bool has_other_mac;            /* false: mac and other_mac_ns are not set */
	uint8_t mac[EVIDENCE_MAC_LEN]; /* a MAC that is not the server's and to which our frames for the address went */
	int64_t other_mac_ns;          /* monotonic: when the frames went to that MAC */
};

struct hint_silence_explanation {
	const char *holder; /* name of the server that has the address; NULL: none */
	uint32_t refused;   /* probes refused while the holder received nothing */
	const uint8_t *mac; /* destination of our frames at that time, not a MAC of the holder; NULL: not known */
};

/* Is a new query about refused or unreachable probes due? True if there were at least as many of them after the
 * evidence asked for at said_ns as before it, so the intervals between queries grow. */
bool hint_silence_wanted(const struct prober *prober, int64_t said_ns);

/* The evidence covers nothing before blind_before_ns (monotonic). */
void hint_silence_note(struct hint_silence *hint, const struct path *path, const struct query_result *result,
		       const struct evidence_flow *flow, int64_t blind_before_ns);

/* Only probes sent at since_ns or later count. */
void hint_silence_explain(const struct hint_silence *hint, const struct path *path, const struct config *config,
			  int64_t since_ns, struct hint_silence_explanation *explanation);

#endif
