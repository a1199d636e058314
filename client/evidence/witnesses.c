#include "client/evidence/witnesses.h"

#include <stdbool.h>
#include <stdlib.h>

void witnesses_init(struct witnesses *witnesses, unsigned server, unsigned servers_len)
{
	*witnesses = (struct witnesses){ .next = (server + 1) % servers_len };
}

void witnesses_free(struct witnesses *witnesses)
{
	free(witnesses->no_peer);
}

static bool is_excluded(const struct witnesses *witnesses, unsigned witness)
{
	return witnesses->no_peer && witnesses->no_peer[witness / 8] >> witness % 8 & 1;
}

int witnesses_next(struct witnesses *witnesses, unsigned server, unsigned servers_len)
{
	unsigned witness = witnesses->next;

	witnesses->next = (witness + 1) % servers_len;
	return witness != server && !is_excluded(witnesses, witness) ? (int)witness : -1;
}

void witnesses_exclude(struct witnesses *witnesses, unsigned witness, unsigned servers_len)
{
	if (!witnesses->no_peer)
		witnesses->no_peer = calloc(servers_len / 8 + 1, 1);
	if (witnesses->no_peer)
		witnesses->no_peer[witness / 8] |= (uint8_t)(1u << witness % 8);
}
