#include "client/evidence/hint_drops.h"

/* The sum falls when a socket closes: that is no growth. */
static void note_growth(struct hint_drops_growth *growth, uint32_t before, uint32_t now, int64_t asked_ns)
{
	if (now > before)
		*growth = (struct hint_drops_growth){ now - before, asked_ns };
}

void hint_drops_note(struct hint_drops *h, const struct path *p, const struct query_result *t, int slot)
{
	struct hint_drops_counters *c = &h->counters[slot];
	const struct evidence_answer *a = t->answer;

	if (c->known && c->boot_id == a->boot_id) {
		note_growth(&h->datagrams, c->datagrams, a->socket_drops, t->asked_ns);
		note_growth(&h->connections, c->connections, a->accept_overflows, t->asked_ns);
	} else if ((probe_kind_of(p->kind)->has_handshake ? a->accept_overflows : a->socket_drops) > 0) {
		c->from_ns = t->now_ns; /* the age of these drops is unknown */
	}
	c->known = true;
	c->boot_id = a->boot_id;
	c->datagrams = a->socket_drops;
	c->connections = a->accept_overflows;
}

static uint32_t grown_since(const struct hint_drops_growth *growth, int64_t since_ns)
{
	return growth->asked_ns >= since_ns ? growth->count : 0;
}

void hint_drops_explain(const struct hint_drops *h, int64_t since_ns, struct hint_drops_explanation *explanation)
{
	explanation->datagrams = grown_since(&h->datagrams, since_ns);
	explanation->connections = grown_since(&h->connections, since_ns);
}
