#include "client/net/sent_probes.h"

#include <string.h>

void sent_probes_add(struct sent_probes *sent, void *owner, uint32_t seq)
{
	sent->ring[sent->next_id % SENT_PROBES_MAX] =
	    (struct sent_probe){ .owner = owner, .seq = seq, .id = sent->next_id };
	sent->next_id++;
}

const struct sent_probe *sent_probes_find(const struct sent_probes *sent, uint32_t id)
{
	const struct sent_probe *probe = &sent->ring[id % SENT_PROBES_MAX];

	return probe->owner && probe->id == id ? probe : NULL;
}

void sent_probes_restart(struct sent_probes *sent)
{
	memset(sent, 0, sizeof *sent);
}

void sent_probes_forget(struct sent_probes *sent, const void *owner)
{
	for (unsigned i = 0; i < SENT_PROBES_MAX; i++) {
		if (sent->ring[i].owner == owner)
			sent->ring[i].owner = NULL;
	}
}
