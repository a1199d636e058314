#include "client/verdict/dscp.h"

#include <stdio.h>

enum { ECN_BITS = 2 };

int dscp_arrived(const struct path *path)
{
	bool known = path->target->egress.dscp > 0 && path->facts.tos_known;

	return known ? path->facts.arrived_tos >> ECN_BITS : -1;
}

void dscp_tell(const struct path *path, struct verdict *v)
{
	int arrived = dscp_arrived(path), sent = path->target->egress.dscp;

	if (arrived < 0 || arrived == sent || v->sentences_len == VERDICT_SENTENCES_MAX)
		return;
	snprintf(v->sentences[v->sentences_len++], VERDICT_SENTENCE_LEN,
		 "probes that left with DSCP %d arrived with DSCP %d: a network on the way %s it", sent, arrived,
		 arrived ? "changes" : "clears");
}
