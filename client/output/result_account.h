/* What a journal says of a path's probes: the interval of its records, and stretches of losses. */
#ifndef FLOATPROBE_RESULT_ACCOUNT_H
#define FLOATPROBE_RESULT_ACCOUNT_H

#include "client/path/account.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct result_account {  /* of the interval since the path's last record */
	int64_t from_ns; /* realtime: the time of that record, or when the probing began */
	int64_t duration_ns;
	uint32_t counts[ACCOUNT_COUNTS];
	bool has_times; /* anything was answered, and its times are kept */
	bool has_offset;
	double rtt_mean_ms, jitter_ms;
	int64_t offset_ns; /* the server's clock minus ours */
	enum account_clocks clocks;
	struct median forward, back;
	const char *ended; /* why this is the path's last record; NULL: it is not */
};

/* A copy of the account's interval, which is still open. */
struct result_account result_account_make(const struct account *account, int64_t now_ns);

/* The fields for a `path` object: what comes before the counts of probes, and what comes after. NULL: no memory. */
json_t *result_account_interval_json(const struct result_account *account);
json_t *result_account_counts_json(const struct result_account *account);
json_t *result_account_times_json(const struct result_account *account);

/* The fields of a `loss` object after those that name the path. NULL: no memory. */
json_t *result_account_stretch_json(const struct account_stretch *stretch);

#endif
