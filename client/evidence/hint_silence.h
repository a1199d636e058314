/* Hint: a server has the very address probed and listens there, but got nothing while the probes were refused; and our
 * frames for the address go to a MAC that is none of that server's. So another machine refuses them. */
#ifndef FLOATPROBE_HINT_SILENCE_H
#define FLOATPROBE_HINT_SILENCE_H

#include "client/config/config.h"
#include "client/evidence/query_result.h"
#include "client/path/path.h"
#include "common/core/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct hint_silence {
	int server;                    /* who has the address and listens there: index in the configuration; -1 */
	int64_t from_ns;               /* monotonic: the latest that something reached it */
	int64_t to_ns;                 /* monotonic: until then it surely had the address */
	bool has_stranger;             /* false: no strange MAC was seen yet */
	uint8_t mac[EVIDENCE_MAC_LEN]; /* where our frames for the address went */
	int64_t stranger_ns;           /* monotonic: when they went there */
};

struct hint_silence_explanation {
	const char *holder; /* name of the server that has the address and listens there; NULL: none */
	uint32_t refused;   /* probes that were refused while it got nothing */
	const uint8_t *mac; /* where our frames for the address then went, which is none of its MACs; NULL: not known */
};

/* Have as many probes been refused since the time that a server's word is about, as before? said_ns: when it was asked.
 * So it is asked about the first ones, and then ever more seldom. */
bool hint_silence_wanted(const struct prober *prober, int64_t said_ns);

/* The server sees nothing from before blind_before_ns (monotonic). */
void hint_silence_note(struct hint_silence *hint, const struct path *path, const struct query_result *result,
		       const struct evidence_flow *flow, int64_t blind_before_ns);

/* Of what was sent since since_ns. */
void hint_silence_explain(const struct hint_silence *hint, const struct path *path, const struct config *config,
			  int64_t since_ns, struct hint_silence_explanation *explanation);

#endif
