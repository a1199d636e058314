#include "client/path/holders.h"

enum { SEEN_MAX = 8 };

struct holder {
	uint16_t server;
	uint8_t boot;
};

struct walk {
	struct holder seen[SEEN_MAX]; /* a ring */
	unsigned seen_len;
	bool has_current;
	struct holder current;
	uint32_t lost;                             /* since the last answer of current */
	uint32_t changed_at[HOLDERS_FLIP_CHANGES]; /* numbers of the newest changes; a ring */
	unsigned returns;                          /* changes to a holder that had answered before */
};

static bool is_same(const struct holder *a, const struct holder *b)
{
	return a->server == b->server && a->boot == b->boot;
}

static bool was_seen(const struct walk *w, const struct holder *who)
{
	for (unsigned i = 0; i < SEEN_MAX && i < w->seen_len; i++) {
		if (is_same(&w->seen[i], who))
			return true;
	}
	return false;
}

static void change(struct walk *w, struct holders *h, const struct holder *to, uint32_t seq, int64_t sent_ns)
{
	uint32_t *at = &w->changed_at[h->changes % HOLDERS_FLIP_CHANGES]; /* the entry after it is the oldest */

	*at = seq;
	h->changes++;
	w->returns += was_seen(w, to);
	at = &w->changed_at[h->changes % HOLDERS_FLIP_CHANGES];
	if (h->changes >= HOLDERS_FLIP_CHANGES && w->returns > 0 && seq - *at < HOLDERS_FLIP_PROBES)
		h->flips = true;
	h->before = w->current.server;
	h->now = to->server;
	h->lost_between = to->server != w->current.server ? w->lost : 0;
	h->changed_ns = sent_ns;
}

static void answered(struct walk *w, struct holders *h, const struct prober_record *r, uint32_t seq)
{
	const struct holder who = { r->server, (uint8_t)r->boot };
	bool restarted = w->has_current && who.server == w->current.server && !was_seen(w, &who);

	h->doubly += r->doubly;
	if (who.boot == 0)
		return;
	if (w->has_current && !restarted && !is_same(&who, &w->current))
		change(w, h, &who, seq, r->sent_ns);
	if (!was_seen(w, &who))
		w->seen[w->seen_len++ % SEEN_MAX] = who;
	w->current = who;
	w->has_current = true;
	w->lost = 0;
}

void holders_count(const struct prober *p, uint32_t window, struct holders *h)
{
	struct walk w = { .has_current = false };

	*h = (struct holders){ .before = -1, .now = -1 };
	for (uint32_t seq = prober_window_from(p, window); seq < p->next; seq++) {
		const struct prober_record *r = prober_record(p, seq);
		if (prober_is_answered(r))
			answered(&w, h, r, seq);
		else
			w.lost += prober_is_lost(r);
	}
}
