#include "common/core/bucket.h"

bool bucket_take(struct bucket *b, int64_t now_ns, int64_t interval_ns, unsigned burst)
{
	int64_t horizon_ns = interval_ns * (int64_t)burst;
	int64_t next_ns = (b->empty_until_ns > now_ns ? b->empty_until_ns : now_ns) + interval_ns;

	if (next_ns - now_ns > horizon_ns)
		return false;
	b->empty_until_ns = next_ns;
	return true;
}
