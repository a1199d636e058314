#include "client/metrics/series.h"

#include "common/core/ns.h"
#include "common/core/table.h"
#include "common/core/thresholds.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { ORPHANS_MAX = 256 }; /* and as many as there are paths: series of which no path is left */

static const int64_t bounds_ns[] = {
#define X(text, ns) ns,
	SERIES_BOUNDS(X)
#undef X
};

/* ---- the table ---- */

struct renewal {
	const struct series_table *old;
	struct series_table new;
	size_t *moved;                /* of old->items: where it is in new.items */
	size_t next;                  /* of old->paths: most paths stay, in their order */
	bool changed;                 /* not all of them do, and the tables are in use */
	struct table by_key, by_path; /* of new.items; of old->paths */
	void *by_key_memory, *by_path_memory;
	struct table_settings by_key_settings, by_path_settings;
	uint8_t hash_key[16];
};

static void set_key(struct series_key *key, const struct path *p)
{
	memset(key, 0, sizeof *key);
	strncpy(key->target, p->target->name, UNITS_NAME_MAX);
	key->v4 = endpoint_is_v4(&p->endpoint);
	key->pmtu = p->pmtu;
	key->kind = p->kind;
	key->size = p->pmtu || !probe_kind_of(p->kind)->has_flows ? 0 : p->size;
	key->held = p->held;
}

static size_t count_orphans(const struct series_table *t)
{
	size_t len = 0;

	for (size_t i = 0; i < t->len; i++)
		len += t->items[i].first == SERIES_NONE;
	return len;
}

static void keep_old(struct renewal *r, size_t paths_len)
{
	bool keep_orphans = count_orphans(r->old) <= paths_len + ORPHANS_MAX;

	for (size_t i = 0; i < r->old->len; i++) {
		struct series *s = &r->new.items[r->new.len];

		if (r->old->items[i].first == SERIES_NONE && !keep_orphans)
			continue;
		*s = r->old->items[i];
		s->first = SERIES_NONE;
		r->moved[i] = r->new.len++;
	}
}

static struct series *series_of(struct renewal *r, const struct path *p, int64_t real_ns)
{
	struct series *s, *next = &r->new.items[r->new.len];

	set_key(&next->key, p);
	s = table_find(&r->by_key, &next->key);
	if (s)
		return s;
	next->created_ns = real_ns;
	next->gap_ns = -1;
	next->first = SERIES_NONE;
	table_add(&r->by_key, next);
	r->new.len++;
	return next;
}

static void fill_tables(struct renewal *r)
{
	if (r->changed)
		return;
	r->changed = table_init(&r->by_key, r->by_key_memory, &r->by_key_settings) &&
		     table_init(&r->by_path, r->by_path_memory, &r->by_path_settings);
	for (size_t i = 0; i < r->new.len; i++)
		table_add(&r->by_key, &r->new.items[i]);
	for (size_t i = 0; i < r->old->paths_len; i++)
		table_add(&r->by_path, &r->old->paths[i]);
}

/* What was noted of this path; NULL: it is a new one. */
static const struct series_path *find_before(struct renewal *r, const struct path *p)
{
	const struct series_path *before = r->next < r->old->paths_len ? &r->old->paths[r->next] : NULL;

	if (!before || before->path != p) {
		fill_tables(r);
		before = table_find(&r->by_path, &p);
	}
	if (before)
		r->next = (size_t)(before - r->old->paths) + 1;
	return before;
}

static void add_path(struct renewal *r, const struct path *p, int64_t real_ns)
{
	const struct series_path *before = find_before(r, p);
	struct series *s = before ? &r->new.items[r->moved[before->series]] : series_of(r, p, real_ns);
	size_t i = r->new.paths_len++;
	struct series_path *entry = &r->new.paths[i];

	*entry = before ? *before : (struct series_path){ .path = p, .uncounted = 1 };
	s->role = p->target->role;
	s->held_index = p->held >= 0 && p->target->held > 1 ? p->held : -1;
	entry->series = (size_t)(s - r->new.items);
	entry->next = s->first;
	s->first = i;
}

static bool make_tables(struct renewal *r, size_t series_max)
{
	r->by_key_settings = (struct table_settings){ r->new.items,
						      series_max,
						      sizeof(struct series),
						      offsetof(struct series, key),
						      sizeof(struct series_key),
						      r->hash_key };
	r->by_path_settings = (struct table_settings){ r->old->paths,
						       r->old->paths_len + 1,
						       sizeof(struct series_path),
						       offsetof(struct series_path, path),
						       sizeof(struct path *),
						       r->hash_key };
	randombytes_buf(r->hash_key, sizeof r->hash_key);
	r->by_key_memory = malloc(table_size(series_max));
	r->by_path_memory = malloc(table_size(r->old->paths_len + 1));
	r->moved = calloc(r->old->len + 1, sizeof *r->moved);
	return r->by_key_memory && r->by_path_memory && r->moved;
}

static void free_tables(struct renewal *r)
{
	free(r->by_key_memory);
	free(r->by_path_memory);
	free(r->moved);
}

static bool make_room(struct renewal *r, size_t paths_len)
{
	size_t series_max = r->old->len + paths_len + 1;

	r->new.items = calloc(series_max, sizeof *r->new.items);
	r->new.paths = calloc(paths_len + 1, sizeof *r->new.paths);
	return r->new.items && r->new.paths &&make_tables(r, series_max);
}

static void shrink(struct series_table *t)
{
	struct series *items = realloc(t->items, (t->len + 1) * sizeof *items);

	if (items)
		t->items = items;
}

bool series_renew(struct series_table *t, const struct paths *paths, int64_t real_ns)
{
	struct renewal r = { .old = t };
	bool made = make_room(&r, paths->len);

	if (made) {
		keep_old(&r, paths->len);
		for (size_t i = 0; i < paths->len; i++)
			add_path(&r, paths->items[i], real_ns);
		series_free(t);
		*t = r.new;
		shrink(t);
	} else {
		series_free(&r.new);
		t->paths_len = 0; /* its paths may be gone */
	}
	free_tables(&r);
	return made;
}

void series_free(struct series_table *t)
{
	free(t->items);
	free(t->paths);
	*t = (struct series_table){ 0 };
}

/* ---- counting ---- */

static void count_answer(struct series_counts *c, const struct prober_record *r)
{
	uint32_t rtt_ns = prober_rtt_ns(r);
	size_t i = 0;

	while (i < SERIES_BOUNDS_LEN && rtt_ns > bounds_ns[i])
		i++;
	c->rtt[i]++;
	c->rtt_sum += (double)rtt_ns / 1e9;
	c->answered++;
}

static void count_loss(struct series_counts *c, const struct prober_record *r)
{
	if (prober_is_lost_forward(r))
		c->forward_lost++;
	else if (prober_is_lost_return(r))
		c->return_lost++;
	else
		c->lost++;
	c->late += r->late;
}

/* Will its outcome hardly change any more, or must it be counted because its record is needed soon? */
static bool is_final(const struct prober *p, uint32_t seq, int64_t now_ns)
{
	const struct prober_record *r = prober_record(p, seq);

	return r->settled || !prober_is_doubtful(r) || now_ns - r->sent_ns > p->timeout_ns + METRICS_SETTLE_NS ||
	       p->next - seq > p->ring_len / 2;
}

/* Count the losses from entry->uncounted on, in their order. Answers are counted as they come. */
static void count_losses(struct series_counts *c, struct series_path *entry, int64_t now_ns)
{
	const struct prober *p = &entry->path->prober;

	if (entry->uncounted > p->next)
		entry->uncounted = 1; /* a new flow */
	if (p->next - entry->uncounted > p->ring_len)
		entry->uncounted = p->next - p->ring_len;
	for (; entry->uncounted < p->next; entry->uncounted++) {
		const struct prober_record *r = prober_record(p, entry->uncounted);

		if (r->outcome == PROBER_WAITING || (prober_is_lost(r) && !is_final(p, entry->uncounted, now_ns)))
			return;
		if (prober_is_lost(r))
			count_loss(c, r);
		else
			c->unsent += r->outcome == PROBER_UNSENT || r->outcome == PROBER_UNSENT_TOO_BIG;
	}
}

static uint32_t since(uint32_t now, uint32_t *before)
{
	uint32_t more = now >= *before ? now - *before : now; /* less: a new flow */

	*before = now;
	return more;
}

/* Where several hold an address, they answer by turns. */
static bool can_move(const struct path *path)
{
	return !path->target->holders_many;
}

static void catch_up(struct series_table *t, struct series_path *entry, int64_t now_ns)
{
	struct series_counts *c = &t->items[entry->series].counts;
	uint32_t changes;

	c->duplicates += since(entry->path->prober.duplicates, &entry->duplicates);
	changes = since(entry->path->prober.holder_changes, &entry->holder_changes);
	if (can_move(entry->path))
		c->holder_changes += changes;
	count_losses(c, entry, now_ns);
}

/* A gap ends with the first answer of the new holder. The old one may answer late. */
static void note_answer(struct series *s, struct series_path *entry, const struct prober_record *r)
{
	if (can_move(entry->path) && entry->path->prober.holder_changes != entry->holder_changes &&
	    entry->answered_ns > 0 && r->sent_ns > entry->answered_ns)
		s->gap_ns = r->sent_ns - entry->answered_ns;
	entry->answered_ns = ns_later(entry->answered_ns, r->sent_ns);
	count_answer(&s->counts, r);
}

void series_decided(struct series_table *t, const struct path *p, uint32_t seq, int64_t now_ns)
{
	const struct prober_record *r = prober_record(&p->prober, seq);
	struct series_path *entry = p->index < t->paths_len ? &t->paths[p->index] : NULL;

	if (!entry)
		return;
	if (prober_is_answered(r))
		note_answer(&t->items[entry->series], entry, r);
	t->items[entry->series].counts.wrong_source += r->outcome == PROBER_WRONG_SOURCE;
	catch_up(t, entry, now_ns);
}

void series_catch_up(struct series_table *t, size_t i, int64_t now_ns)
{
	for (size_t k = t->items[i].first; k != SERIES_NONE && k < t->paths_len; k = t->paths[k].next)
		catch_up(t, &t->paths[k], now_ns);
}
