/* How often the reflector does what costs something, for whom. Pure. */
#ifndef FLOATPROBE_LIMITS_H
#define FLOATPROBE_LIMITS_H

#include "common/core/bucket.h"

#include <stdbool.h>

struct limit {
	int64_t interval_ns; /* for one request */
	unsigned burst;      /* requests at once */
};
extern const struct limit limits_signatures_of_prefix, limits_signatures_of_client, limits_signatures_of_all,
    limits_strangers, limits_flows_of_prefix, limits_flows_of_client, limits_bare_of_client, limits_skews_of_client,
    limits_signed_replies_of_client, limits_queries_of_client, limits_handed_on_of_client, limits_relays_of_client,
    limits_reports_of_client;

/* Takes one from the bucket, if the limit allows one more. */
bool limits_allow(struct bucket *bucket, const struct limit *limit, int64_t now_ns);

#endif
