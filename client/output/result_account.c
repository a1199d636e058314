#include "client/output/result_account.h"

#include "client/output/result_json.h"
#include "client/path/verdict_words.h"
#include "common/core/ns.h"

#include <string.h>

static json_t *ns_json(int64_t ns)
{
	return result_json_ms((double)ns / (double)NS_PER_MS);
}

struct result_account result_account_make(const struct account *a, int64_t now_ns)
{
	const struct account_times *t = a->times;
	uint32_t answered = a->interval[ACCOUNT_ANSWERED];
	struct result_account r = {
		.from_ns = a->from_real_ns,
		.duration_ns = now_ns - a->from_ns,
		.has_times = t && answered > 0,
		.clocks = account_clocks(a),
	};

	memcpy(r.counts, a->interval, sizeof r.counts);
	if (!r.has_times)
		return r;
	r.rtt_mean_ms = (double)t->rtt_sum_ns / answered / (double)NS_PER_MS;
	r.jitter_ms = (double)t->jitter_16 / 16 / (double)NS_PER_MS;
	r.has_offset = !t->plain;
	r.offset_ns = t->offset_ns;
	r.forward = t->forward_ns;
	r.back = t->return_ns;
	return r;
}

json_t *result_account_interval_json(const struct result_account *a)
{
	return json_pack("{s:o, s:o, s:o}", "from", result_json_time(a->from_ns), "duration_ms",
			 ns_json(a->duration_ns), "ended", result_json_text(a->ended));
}

json_t *result_account_counts_json(const struct result_account *a)
{
	static const struct {
		const char *name;
		enum account_count count;
	} fields[] = {
		{ "answered", ACCOUNT_ANSWERED },
		{ "forward_lost", ACCOUNT_FORWARD_LOST },
		{ "return_lost", ACCOUNT_RETURN_LOST },
		{ "lost", ACCOUNT_LOST },
		{ "unsent", ACCOUNT_UNSENT },
		{ "unfinished", ACCOUNT_UNFINISHED },
		{ "late", ACCOUNT_LATE },
		{ "duplicates", ACCOUNT_DUPLICATE },
		{ "reordered", ACCOUNT_REORDERED },
	};
	json_t *json = json_pack("{s:I}", "sent", (json_int_t)account_sent(a->counts));

	for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
		json_object_set_new(json, fields[i].name, json_integer(a->counts[fields[i].count]));
	return json;
}

static json_t *one_way_json(const struct median *one_way)
{
	return json_pack("{s:o, s:o, s:o}", "min", ns_json(median_min(one_way)), "median", ns_json(median_get(one_way)),
			 "max", ns_json(median_max(one_way)));
}

static json_t *ways_json(const struct result_account *a)
{
	if (a->clocks == ACCOUNT_CLOCKS_UNKNOWN)
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "clocks", "consistent", "forward", one_way_json(&a->forward), "return",
			 one_way_json(&a->back));
}

json_t *result_account_times_json(const struct result_account *a)
{
	return json_pack("{s:o, s:o, s:o}", "jitter_ms", a->has_times ? result_json_ms(a->jitter_ms) : json_null(),
			 "one_way_ms", ways_json(a), "clock_offset_ms",
			 a->has_offset ? ns_json(a->offset_ns) : json_null());
}

static enum verdict_direction direction_of(const struct account_stretch *s)
{
	if (s->forward_lost > 0 && s->return_lost > 0)
		return VERDICT_DIRECTION_BOTH;
	if (s->forward_lost > 0 || s->return_lost > 0)
		return s->forward_lost > 0 ? VERDICT_DIRECTION_FORWARD : VERDICT_DIRECTION_RETURN;
	return VERDICT_DIRECTION_UNKNOWN;
}

json_t *result_account_stretch_json(const struct account_stretch *s)
{
	uint32_t lost = s->forward_lost + s->return_lost + s->lost;

	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:s}", "until", result_json_time(s->last_ns), "sent",
			 (json_int_t)s->answered + lost, "answered", (json_int_t)s->answered, "forward_lost",
			 (json_int_t)s->forward_lost, "return_lost", (json_int_t)s->return_lost, "lost",
			 (json_int_t)s->lost, "direction", verdict_direction_word(direction_of(s)));
}
