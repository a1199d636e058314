#include "client/evidence/hint_table.h"

#include "client/evidence/hint_drops.h"
#include "common/core/thresholds.h"

static bool is_full(uint32_t entries, uint32_t max)
{
	return max > 0 && 100 * (uint64_t)entries >= (uint64_t)CAUSES_TABLE_FULL_PERCENT * max;
}

bool hint_table_is_full(const struct hint_table_explanation *explanation)
{
	return explanation->dropped > 0 && is_full(explanation->entries, explanation->max);
}

static bool is_read(const struct drop_table *t)
{
	bool counts = t->dropped != EVIDENCE_NOT_COUNTED && t->evicted != EVIDENCE_NOT_COUNTED &&
		      t->conflicts != EVIDENCE_NOT_COUNTED;

	return t->max != EVIDENCE_NOT_COUNTED && t->entries != EVIDENCE_NOT_COUNTED && (t->max == 0 || counts);
}

static bool was_full(const struct drop_history *history)
{
	struct drop_growth g;
	const struct drop_table *t = &g.counts.table;

	return drop_history_kept(history, &g) && is_read(t) && t->dropped > t->conflicts && is_full(t->entries, t->max);
}

void hint_table_explain(const struct drop_history *history, const struct path *path, int64_t since_ns,
			struct hint_table_explanation *explanation)
{
	struct drop_growth g;
	const struct drop_table *t = &g.counts.table;
	bool since = drop_history_since(history, since_ns, &g);

	explanation->was_full = was_full(history);
	/* A new flow passes when an old one ends: the losses after it are young, and the table is what it was. */
	if (explanation->was_full && (!since || t->dropped <= t->conflicts))
		drop_history_kept(history, &g);
	else if (!since)
		return;
	explanation->unread = !is_read(t);
	if (explanation->unread || t->max == 0)
		return;
	explanation->entries = t->entries;
	explanation->max = t->max;
	explanation->evicted = t->evicted;
	explanation->conflicts = t->conflicts < t->dropped ? t->conflicts : t->dropped;
	explanation->dropped = t->dropped - explanation->conflicts;
	explanation->forward = hint_drops_forward(&g, &path->prober);
}
