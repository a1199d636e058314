#include "client/failover/baseline.h"

/* Index of the first sample that was sent at this time or later; len: none. */
static size_t first_from(const struct samples *s, int64_t sent_ns)
{
	size_t low = 0, high = s->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->items[middle].sent_ns < sent_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool lost_around(const struct samples *s, int64_t sent_ns)
{
	size_t i = first_from(s, sent_ns);

	return (i > 0 && s->items[i - 1].fate != SAMPLE_ANSWERED) ||
	       (i < s->len && s->items[i].fate != SAMPLE_ANSWERED);
}

/* All paths to the server's own addresses lost probes at this time, and there is such a path. */
static bool server_excuses(const struct baseline *baselines, size_t len, int server, int64_t sent_ns)
{
	bool found = false;

	for (size_t i = 0; i < len; i++) {
		if (baselines[i].server != server)
			continue;
		if (!lost_around(&baselines[i].samples, sent_ns))
			return false;
		found = true;
	}
	return found;
}

void baseline_excuse(struct samples *samples, const struct baseline *baselines, size_t baselines_len,
		     const unsigned *servers, unsigned servers_len)
{
	for (size_t i = 0; i < samples->len; i++) {
		struct sample *sample = &samples->items[i];
		unsigned k = 0;
		while (sample->fate != SAMPLE_ANSWERED && k < servers_len &&
		       server_excuses(baselines, baselines_len, (int)servers[k], sample->sent_ns))
			k++;
		sample->excused = servers_len > 0 && k == servers_len;
	}
}
