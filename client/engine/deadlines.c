#include "client/engine/deadlines.h"

#include "common/core/ns.h"

enum {
	STEP_NS = 2 * 1000 * 1000, /* between two parts, at least */
	PART_LEN = 1000,           /* paths */
};

void deadlines_restart(struct deadlines *d, int64_t now_ns)
{
	d->due_ns = now_ns;
	d->from = 0;
}

void deadlines_add(struct deadlines *d, int64_t deadline_ns)
{
	d->due_ns = ns_earlier(d->due_ns, deadline_ns);
	d->next_ns = ns_earlier(d->next_ns, deadline_ns);
}

void deadlines_walk(struct deadlines *d, const struct paths *paths, int64_t now_ns,
		    int64_t (*expire)(void *context, struct path *path, int64_t now_ns), void *context)
{
	size_t end = d->from + PART_LEN < paths->len ? d->from + PART_LEN : paths->len;

	if (d->from == 0)
		d->next_ns = INT64_MAX;
	for (; d->from < end; d->from++)
		d->next_ns = ns_earlier(d->next_ns, expire(context, paths->items[d->from], now_ns));
	d->due_ns = now_ns + STEP_NS;
	if (end < paths->len)
		return;
	d->due_ns = ns_later(d->due_ns, d->next_ns);
	d->from = 0;
}
