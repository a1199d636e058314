/* `floatprobe check` and `ping`: probe every path in one round, then judge each path. */
#ifndef FLOATPROBE_CHECK_H
#define FLOATPROBE_CHECK_H

#include "client/config/config.h"
#include "client/output/output.h"

struct check_options {
	unsigned count;      /* probes per path; default 10 */
	int64_t spacing_ns;  /* between the probes of a path; default 200 ms, with 10 % jitter either way */
	int64_t timeout_ns;  /* default 1 s */
	int64_t deadline_ns; /* of the whole; 0: none */
	bool quick;          /* no evidence, no PMTU probes: it ends with the last answer or timeout */
	bool only_ipv4, only_ipv6;
	bool live; /* show the live view, if standard output can */
};

/* Returns the exit status. Takes at most (count - 1) x spacing + timeout + 3 s. */
int check_main(const struct config *config, const struct check_options *options, struct output *output);

#endif
