#include "client/evidence/own_table.h"

#include "common/core/thresholds.h"

static void note_drops(struct own_table *own, const struct conntrack *table, int64_t now_ns)
{
	if (now_ns - own->dropped_ns > OWN_DROPS_APART_NS)
		own->dropped = own->evicted = own->conflicts = 0;
	own->dropped_ns = now_ns;
	own->entries = table->entries;
	own->dropped += table->dropped - own->last.dropped;
	own->evicted += table->evicted - own->last.evicted;
	own->conflicts += table->in_conflict - own->last.in_conflict;
}

void own_table_looked(struct own_table *own, const struct conntrack *table, int64_t now_ns)
{
	if (own->looked_ns > 0 && own->last.dropped >= 0 && table->dropped > own->last.dropped)
		note_drops(own, table, now_ns);
	own->last = *table;
	own->looked_ns = now_ns;
}

static uint32_t cut(int64_t count)
{
	return count < 0 ? 0 : count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

void own_table_explain(const struct own_table *own, int64_t since_ns, struct hint_table_explanation *explanation)
{
	int64_t from_ns = since_ns > 0 ? since_ns : own->looked_ns - OWN_DROPS_APART_NS;
	bool is_recent = own->dropped_ns > 0 && own->dropped_ns >= from_ns;

	explanation->unread = own->looked_ns > 0 && (own->last.max < 0 || own->last.dropped < 0);
	explanation->max = cut(own->last.max);
	explanation->entries = cut(is_recent ? own->entries : own->last.entries);
	if (!is_recent)
		return;
	explanation->dropped = cut(own->dropped - own->conflicts);
	explanation->evicted = cut(own->evicted);
	explanation->conflicts = cut(own->conflicts);
}
