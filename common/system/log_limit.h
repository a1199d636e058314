/* How many lines of each reason a log takes in a minute, and how many it held back. */
#ifndef FLOATPROBE_LOG_LIMIT_H
#define FLOATPROBE_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOG_LIMIT_LINES = 20,   /* a person reads these; what is beyond is a flood, and its number says enough */
	LOG_LIMIT_REASONS = 64, /* at once; further ones share one place */
	LOG_LIMIT_EXAMPLE_LEN = 256,
};

struct log_limit_kind {
	const void *reason; /* NULL: a free place */
	int64_t since_ns;   /* monotonic: its minute began then */
	unsigned lines, held;
	int level;                           /* of the held lines, for the caller */
	char example[LOG_LIMIT_EXAMPLE_LEN]; /* the first of them */
};

struct log_limit {
	struct log_limit_kind kinds[LOG_LIMIT_REASONS];
};

/* The place of a reason, whose minute has begun. */
struct log_limit_kind *log_limit_find(struct log_limit *limit, const void *reason, int64_t now_ns);
/* May one more line be written, within the limit per minute? If not, it is counted as held back. */
bool log_limit_take(struct log_limit_kind *kind, unsigned lines_max);
/* The next place whose minute is over, or with `all` any, and that has held lines back. The caller writes that, and
 * sets `held` to 0. NULL: there is none. */
struct log_limit_kind *log_limit_next(struct log_limit *limit, int64_t now_ns, bool all);
/* The time until log_limit_next returns something; 0: nothing is held back. */
int64_t log_limit_due_ns(const struct log_limit *limit, int64_t now_ns);

#endif
