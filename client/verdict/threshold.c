#include "client/verdict/threshold.h"

#include "client/verdict/say.h"

#include <stdlib.h>

#define MS_PER_NS 1e-6

const char *threshold_word(enum threshold threshold)
{
	static const char *const words[] = { NULL, "warn", "critical" };

	return words[threshold];
}

static bool is_set(const struct config_threshold *threshold)
{
	return threshold->has_loss || threshold->rtt_ns > 0;
}

/* The median; negative: it is not asked for, or not known. */
static double median_ms(const struct config_target *t, const struct prober *prober, uint32_t window)
{
	bool wanted = t->warn.rtt_ns > 0 || t->critical.rtt_ns > 0;
	uint32_t *scratch = wanted ? malloc((window + 1) * sizeof *scratch) : NULL;
	struct prober_rtt rtt;
	double median = scratch && prober_rtt(prober, window, scratch, &rtt) ? rtt.median_ms : -1;

	free(scratch);
	return median;
}

static bool is_beyond(const struct config_threshold *threshold, double loss_permille, double rtt_ms)
{
	return (threshold->has_loss && loss_permille > threshold->loss_permille) ||
	       (threshold->rtt_ns > 0 && rtt_ms > (double)threshold->rtt_ns * MS_PER_NS);
}

static void explain(struct verdict *v, const struct config_threshold *threshold, double loss_permille, double rtt_ms)
{
	const char *word = threshold_word(v->threshold);

	if (threshold->has_loss && loss_permille > threshold->loss_permille)
		say(v, "%.4g %% of the probes were lost, more than %s.loss (%g %%)", loss_permille / 10, word,
		    threshold->loss_permille / 10.0);
	if (threshold->rtt_ns > 0 && rtt_ms > (double)threshold->rtt_ns * MS_PER_NS)
		say(v, "the median round trip was %.3f ms, more than %s.rtt (%g ms)", rtt_ms, word,
		    (double)threshold->rtt_ns * MS_PER_NS);
}

void threshold_apply(const struct path *path, uint32_t window, struct verdict *v)
{
	const struct config_target *t = path->target;
	double loss_permille, rtt_ms;

	v->threshold = THRESHOLD_NONE;
	v->only_threshold = false;
	if ((!is_set(&t->warn) && !is_set(&t->critical)) || !t->expect_reachable || v->sent == 0)
		return;
	loss_permille = 1000.0 * (v->sent - v->answered) / v->sent;
	rtt_ms = v->answered > 0 ? median_ms(t, &path->prober, window) : -1;
	if (is_beyond(&t->critical, loss_permille, rtt_ms))
		v->threshold = THRESHOLD_CRITICAL;
	else if (is_beyond(&t->warn, loss_permille, rtt_ms))
		v->threshold = THRESHOLD_WARN;
	else
		return;
	explain(v, v->threshold == THRESHOLD_CRITICAL ? &t->critical : &t->warn, loss_permille, rtt_ms);
	v->only_threshold = v->expected;
	v->expected = false;
}
