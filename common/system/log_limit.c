#include "common/system/log_limit.h"

#include "common/core/ns.h"

static const int64_t window_ns = 60 * NS_PER_S;

static bool is_over(const struct log_limit_kind *kind, int64_t now_ns)
{
	return now_ns - kind->since_ns >= window_ns;
}

static bool is_free(const struct log_limit_kind *kind, int64_t now_ns)
{
	return !kind->reason || (kind->held == 0 && is_over(kind, now_ns));
}

struct log_limit_kind *log_limit_find(struct log_limit *limit, const void *reason, int64_t now_ns)
{
	struct log_limit_kind *place = NULL;

	for (size_t i = 0; i < LOG_LIMIT_REASONS; i++) {
		struct log_limit_kind *kind = &limit->kinds[i];

		if (kind->reason == reason && !is_free(kind, now_ns))
			return kind;
		if (!place && is_free(kind, now_ns))
			place = kind;
	}
	if (!place)
		return &limit->kinds[LOG_LIMIT_REASONS - 1];
	*place = (struct log_limit_kind){ .reason = reason, .since_ns = now_ns };
	return place;
}

bool log_limit_take(struct log_limit_kind *kind, unsigned lines_max)
{
	if (kind->lines < lines_max) {
		kind->lines++;
		return true;
	}
	kind->held++;
	return false;
}

struct log_limit_kind *log_limit_next(struct log_limit *limit, int64_t now_ns, bool all)
{
	for (size_t i = 0; i < LOG_LIMIT_REASONS; i++) {
		struct log_limit_kind *kind = &limit->kinds[i];

		if (kind->held > 0 && (all || is_over(kind, now_ns)))
			return kind;
	}
	return NULL;
}

int64_t log_limit_due_ns(const struct log_limit *limit, int64_t now_ns)
{
	int64_t due_ns = 0;

	for (size_t i = 0; i < LOG_LIMIT_REASONS; i++) {
		const struct log_limit_kind *kind = &limit->kinds[i];
		int64_t left_ns = kind->since_ns + window_ns - now_ns;

		if (kind->held > 0 && (due_ns == 0 || left_ns < due_ns))
			due_ns = left_ns > 0 ? left_ns : 1;
	}
	return due_ns;
}
