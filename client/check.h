/* `floatprobe check` and `ping`: one round over all paths, judged at its end. */
#ifndef FLOATPROBE_CHECK_H
#define FLOATPROBE_CHECK_H

#include "client/config/config.h"
#include "client/output/output.h"

struct check_options {
	unsigned count;             /* 10 */
	int64_t spacing_ns;         /* 200 ms, with +-10 % jitter */
	int64_t timeout_ns;         /* 1 s */
	const char *const *targets; /* names; none: all. Already known to exist in the configuration */
	size_t targets_len;
	bool only_ipv4, only_ipv6;
};

/* Returns the exit status. Takes at most (count - 1) x spacing + timeout + 3 s. */
int check_main(const struct config *config, const struct check_options *options, struct output *output);

#endif
