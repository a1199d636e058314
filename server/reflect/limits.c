#include "server/reflect/limits.h"

#include "common/core/ns.h"

const struct limit limits_signatures_of_prefix = { 100 * NS_PER_MS, 20 };
const struct limit limits_signatures_of_client = { 20 * NS_PER_MS, 100 };
const struct limit limits_signatures_of_all = { 2 * NS_PER_MS, 500 };
const struct limit limits_strangers = { 20 * NS_PER_MS, 50 };
/* New flows. The bursts let all flows of a client arrive at once, at a new holder or when it starts. At these rates a
 * client that makes new flows without end does not push its own flows out of a table of the default size before they
 * are used again, even at one probe in two minutes. */
const struct limit limits_flows_of_prefix = { 4 * NS_PER_MS, 32768 };
const struct limit limits_flows_of_client = { 5 * NS_PER_MS / 2, 49152 };
const struct limit limits_bare_of_client = { NS_PER_MS / 10, 10000 };
const struct limit limits_skews_of_client = { 20 * NS_PER_MS, 200 };
const struct limit limits_signed_replies_of_client = { 10 * NS_PER_MS, 500 };
const struct limit limits_queries_of_client = { 250 * NS_PER_MS, 16 };
/* Queries that come through a witness have a limit of their own. A client whose direct answers are all lost still sends
 * direct queries, and these must not use up the limit of the relayed ones. */
const struct limit limits_handed_on_of_client = { 125 * NS_PER_MS, 16 };
const struct limit limits_relays_of_client = { 250 * NS_PER_MS, 8 };
/* Lines of the journal about a client's flows: all of a thousand flows become unheard at once, and then some 20 MB a
 * day. */
const struct limit limits_reports_of_client = { NS_PER_S, 1000 };

bool limits_allow(struct bucket *bucket, const struct limit *limit, int64_t now_ns)
{
	return bucket_take(bucket, now_ns, limit->interval_ns, limit->burst);
}
