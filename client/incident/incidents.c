#include "client/incident/incidents.h"

#include "common/core/thresholds.h"

#include <string.h>

const char *incidents_event_word(enum incidents_event event)
{
#define X(name, word) word,
	static const char *const words[] = { INCIDENTS_EVENTS(X) };
#undef X

	return words[event];
}

void incidents_init(struct incidents *all, const struct paths *paths, uint64_t first_id)
{
	memset(all, 0, sizeof *all);
	all->paths = paths;
	all->next_id = first_id;
	all->next_serial = 1;
}

void incidents_free(struct incidents *all)
{
	for (size_t i = 0; i < INCIDENTS_MAX; i++)
		incident_clear(&all->items[i]);
}

bool incidents_any_open(const struct incidents *all)
{
	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		if (all->items[i].open)
			return true;
	}
	return false;
}

const struct incident *incidents_next(const struct incidents *all, const struct incident *after)
{
	for (size_t i = after ? (size_t)(after - all->items) + 1 : 0; i < INCIDENTS_MAX; i++) {
		if (all->items[i].open && all->items[i].announced)
			return &all->items[i];
	}
	return NULL;
}

static bool ended_later(const struct incident *a, const struct incident *b)
{
	return a->ended_ns != b->ended_ns ? a->ended_ns > b->ended_ns : a->serial > b->serial;
}

const struct incident *incidents_ended(const struct incidents *all, const struct incident *after)
{
	const struct incident *latest = NULL;

	for (const struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		if (!in->open && in->announced && (!after || ended_later(after, in)) &&
		    (!latest || ended_later(in, latest)))
			latest = in;
	}
	return latest;
}

/* -- what belongs together -- */

struct fault { /* of a path, or of an incident that was not announced yet */
	enum verdict_cause cause;
	enum verdict_state state;
	enum verdict_direction direction;
	int64_t began_ns, early_ns;
	bool waited; /* a vague cause will not be named soon */
};

static struct fault fault_of(const struct incident *in, int64_t now_ns)
{
	return (struct fault){
		.cause = in->lead.cause,
		.state = in->lead.state,
		.direction = incident_direction(in),
		.began_ns = in->opened_ns,
		.early_ns = in->early_ns,
		.waited = now_ns >= in->made_ns + INCIDENTS_VAGUE_NS,
	};
}

static bool same_direction(enum verdict_direction a, enum verdict_direction b)
{
	return a == b || a == VERDICT_DIRECTION_UNKNOWN || b == VERDICT_DIRECTION_UNKNOWN;
}

/* Proven directions that differ show two faults, whatever they are called. */
static bool same_cause(const struct incident *in, const struct fault *f)
{
	return in->lead.cause == f->cause && same_direction(incident_direction(in), f->direction);
}

/* Two vague causes are the same if all that is known is, and no more will be known soon. */
static bool same_story(const struct incident *in, const struct fault *f)
{
	return same_cause(in, f) && (!incident_is_vague(f->cause) || (f->waited && in->lead.state == f->state));
}

static bool same_time(const struct incident *in, const struct fault *f)
{
	return f->early_ns <= in->opened_ns + INCIDENTS_SAME_TIME_NS &&
	       f->began_ns >= in->early_ns - INCIDENTS_SAME_TIME_NS;
}

/* Random loss passes its threshold on one path after the other. */
static bool belongs_by_place(const struct incident *in, const struct fault *f)
{
	bool both_lossy = in->lead.state == VERDICT_LOSSY && f->state == VERDICT_LOSSY;

	return f->early_ns <= in->opened_ns + INCIDENTS_SAME_PLACE_NS || (both_lossy && same_cause(in, f));
}

static bool belongs_by_cause(const struct incident *in, const struct fault *f)
{
	return same_time(in, f) && (in->wide || same_story(in, f));
}

enum { UNRELATED, BY_CAUSE, BY_PLACE };

static unsigned relation(const struct incident *in, bool same_place, const struct fault *f)
{
	if (same_place && belongs_by_place(in, f))
		return BY_PLACE;
	return belongs_by_cause(in, f) ? BY_CAUSE : UNRELATED;
}

static bool is_better(unsigned relation, const struct incident *in, unsigned best_relation, const struct incident *best)
{
	if (relation != best_relation)
		return relation > best_relation;
	return relation != UNRELATED && in->serial > best->serial;
}

static struct incident *home_of_path(struct incidents *all, const struct path *p, const struct fault *f)
{
	struct incident *best = NULL;
	unsigned best_relation = UNRELATED;

	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		unsigned r = in->open ? relation(in, incident_has_place_of(in, p), f) : UNRELATED;
		if (!is_better(r, in, best_relation, best))
			continue;
		best = in;
		best_relation = r;
	}
	return best;
}

static struct incident *home_of_incident(struct incidents *all, const struct incident *other, int64_t now_ns)
{
	const struct fault f = fault_of(other, now_ns);
	struct incident *best = NULL;
	unsigned best_relation = UNRELATED;

	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		unsigned r = in->open && in->announced ? relation(in, incident_shares_place(in, other), &f) : UNRELATED;
		if (!is_better(r, in, best_relation, best))
			continue;
		best = in;
		best_relation = r;
	}
	return best;
}

/* -- making and ending -- */

static struct incident *incident_of(struct incidents *all, const struct path *p)
{
	struct incident *in = &all->items[p->incident.place];

	return in->open && in->serial == p->incident.serial ? in : NULL;
}

/* The place that was not used for the longest time; all are in use: the newest incident. */
static struct incident *place_for_new(struct incidents *all)
{
	struct incident *free_one = NULL, *newest = all->items;

	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		if (!in->open && (!free_one || in->ended_ns < free_one->ended_ns))
			free_one = in;
		if (in->serial > newest->serial)
			newest = in;
	}
	return free_one ? free_one : newest;
}

/* For how long must all be well? Longer, if the path's last incident ended a moment ago. */
static int64_t settle_ns(const struct incidents *all, const struct path *p, int64_t now_ns)
{
	const struct incident *last = &all->items[p->incident.place];
	bool flaps = p->incident.serial > 0 && last->serial == p->incident.serial && !last->open &&
		     now_ns - last->ended_ns <= INCIDENTS_FLAP_NS;

	return flaps ? INCIDENTS_SETTLE_FLAP_NS : INCIDENTS_SETTLE_NS;
}

static struct incident *make(struct incidents *all, const struct incidents_time *now, const struct path *p,
			     const struct fault *f)
{
	struct incident *in = place_for_new(all);
	int64_t settle = settle_ns(all, p, now->mono_ns);

	if (in->open)
		return in;
	incident_clear(in);
	in->serial = all->next_serial++;
	in->open = true;
	in->made_ns = now->mono_ns;
	in->announce_ns = now->mono_ns + INCIDENTS_VAGUE_NS;
	in->opened_ns = f->began_ns;
	in->opened_real_ns = now->real_ns - (now->mono_ns - f->began_ns);
	in->early_ns = f->early_ns;
	in->report_ns = INT64_MAX;
	in->settle_ns = settle;
	in->settled_ns = now->mono_ns + settle;
	in->answered = in->moved = in->latest = (struct incident_servers){ INCIDENT_NOBODY, INCIDENT_NOBODY };
	return in;
}

static void settle_from(struct incident *in, int64_t now_ns, int64_t least_ns)
{
	int64_t until_ns = now_ns + (least_ns > in->settle_ns ? least_ns : in->settle_ns);

	if (until_ns > in->settled_ns)
		in->settled_ns = until_ns;
}

static void note_end(struct incident *in, const struct incidents_time *now, int64_t at_ns)
{
	if (at_ns <= in->closed_ns)
		return;
	in->closed_ns = at_ns;
	in->closed_real_ns = now->real_ns - (now->mono_ns - at_ns);
}

static void close_incident(struct incidents *all, struct incident *in, const struct incidents_time *now)
{
	if (in->closed_ns < in->opened_ns)
		note_end(in, now, now->mono_ns);
	in->open = false;
	in->ended_ns = now->mono_ns;
	all->closed[in->lead.cause]++;
	all->event(all->context, INCIDENTS_CLOSED, in);
}

/* -- reports -- */

static void remember_told(struct incident *in)
{
	in->reported.cause = in->lead.cause;
	in->reported.direction = incident_direction(in);
	in->reported.moves = in->moves;
}

static void absorb(struct incidents *all, struct incident *into, struct incident *from, int64_t now_ns)
{
	for (size_t i = 0; i < all->paths->len; i++) {
		struct path_incident *of = &all->paths->items[i]->incident;
		if (of->serial != from->serial)
			continue;
		of->serial = into->serial;
		of->place = (unsigned)(into - all->items);
	}
	incident_absorb(into, from);
	from->open = false;
	from->ended_ns = now_ns;
}

/* Another one that was not announced either, and turns out to be the same; NULL: none. */
static struct incident *same_unannounced(struct incidents *all, const struct incident *in, int64_t now_ns)
{
	for (struct incident *other = all->items; other < all->items + INCIDENTS_MAX; other++) {
		const struct fault f = fault_of(other, now_ns);
		if (other != in && other->open && !other->announced &&
		    relation(in, incident_shares_place(in, other), &f) != UNRELATED)
			return other;
	}
	return NULL;
}

static void tell_soon(struct incident *in, int64_t now_ns)
{
	if (in->announced && in->report_ns == INT64_MAX)
		in->report_ns = now_ns + INCIDENTS_GATHER_NS;
}

static void announce(struct incidents *all, struct incident *in, int64_t now_ns)
{
	struct incident *home = home_of_incident(all, in, now_ns), *other;

	if (home) {
		absorb(all, home, in, now_ns);
		tell_soon(home, now_ns);
		return;
	}
	while ((other = same_unannounced(all, in, now_ns))) /* with each one it has more places */
		absorb(all, in, other, now_ns);
	in->announced = true;
	in->id = all->next_id++;
	in->reported.paths_total = in->paths_total;
	remember_told(in);
	all->opened[in->lead.cause]++;
	all->event(all->context, INCIDENTS_OPENED, in);
}

static bool has_grown(struct incident *in, int64_t now_ns)
{
	if (in->reported.paths_total == in->paths_total)
		return false;
	if (in->reported.grown_ns > 0 && now_ns < in->reported.grown_ns + INCIDENTS_GROWS_NS) {
		in->report_ns = in->reported.grown_ns + INCIDENTS_GROWS_NS;
		return false;
	}
	in->reported.paths_total = in->paths_total;
	in->reported.grown_ns = now_ns;
	return true;
}

static void tell_news(struct incidents *all, struct incident *in, int64_t now_ns)
{
	bool moved = in->reported.moves != in->moves && incident_has_moved(in);
	bool cause = in->reported.cause != in->lead.cause || in->reported.direction != incident_direction(in);

	in->report_ns = INT64_MAX;
	remember_told(in);
	if (has_grown(in, now_ns))
		all->event(all->context, INCIDENTS_GROWN, in);
	if (moved)
		all->event(all->context, INCIDENTS_FAILOVER, in);
	if (cause && !(moved && in->lead.cause == VERDICT_CAUSE_FAILOVER)) /* the move says so itself */
		all->event(all->context, INCIDENTS_CAUSE, in);
}

void incidents_tick(struct incidents *all, const struct incidents_time *now)
{
	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		if (in->open && !in->announced && now->mono_ns >= in->announce_ns)
			announce(all, in, now->mono_ns);
		if (in->open && in->announced && now->mono_ns >= in->report_ns)
			tell_news(all, in, now->mono_ns);
		if (in->open && in->failing == 0 && now->mono_ns >= in->settled_ns)
			close_incident(all, in, now);
	}
}

void incidents_stop(struct incidents *all, const struct incidents_time *now)
{
	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		if (in->open && !in->announced)
			announce(all, in, now->mono_ns);
	}
	for (struct incident *in = all->items; in < all->items + INCIDENTS_MAX; in++) {
		if (in->open && in->failing == 0)
			close_incident(all, in, now);
		else if (in->open)
			all->event(all->context, INCIDENTS_STOP, in);
	}
}

/* -- paths -- */

/* The incident that a path comes back to. Long after it recovered, a failure is another one. */
static struct incident *unfinished(struct incidents *all, const struct path *p, int64_t now_ns)
{
	struct incident *in = incident_of(all, p);

	return in && (p->incident.fails || now_ns - p->incident.recovered_ns <= in->settle_ns) ? in : NULL;
}

static struct incident *enter(struct incidents *all, const struct incidents_time *now, struct path *p,
			      const struct fault *f)
{
	struct incident *in = unfinished(all, p, now->mono_ns);

	if (!in)
		in = home_of_path(all, p, f);
	if (!in)
		in = make(all, now, p, f);
	incident_add(in, (unsigned)(in - all->items), p);
	return in;
}

static void begin_failing(struct incidents *all, const struct incidents_time *now, struct path *p,
			  const struct incidents_status *s)
{
	const struct fault f = { s->verdict->cause, s->verdict->state, s->verdict->direction,
				 s->began_ns,       s->early_ns,       false };
	struct incident *in = enter(all, now, p, &f);

	if (s->began_ns < in->opened_ns) {
		in->opened_ns = s->began_ns;
		in->opened_real_ns = now->real_ns - (now->mono_ns - s->began_ns);
	}
	if (in->failing == 0 && in->recovered)
		in->flaps++;
	in->failing++;
	p->incident.fails = true;
}

static void end_failing(struct incidents *all, const struct incidents_time *now, struct path *p,
			const struct incidents_status *s)
{
	struct incident *in = incident_of(all, p);

	p->incident.fails = false;
	p->incident.recovered_ns = now->mono_ns;
	in->failing--;
	in->recovered |= in->failing == 0;
	note_end(in, now, s->began_ns);
	settle_from(in, now->mono_ns, s->settle_ns);
	incident_agree(&in->answered.after, s->server);
}

static void move(struct incidents *all, const struct incidents_time *now, struct path *p,
		 const struct incidents_status *s)
{
	const struct fault f = {
		VERDICT_CAUSE_FAILOVER, s->verdict->state, s->verdict->direction, s->began_ns, s->early_ns, false
	};
	struct incident *in = enter(all, now, p, &f);

	incident_move(in, p, s->server);
	if (!p->incident.fails) {
		note_end(in, now, s->began_ns);
		settle_from(in, now->mono_ns, s->settle_ns);
	}
}

/* Where another server has taken over, nothing fails any more: the path only remembers for a while that probes were
 * lost at the move. */
static bool is_well(const struct verdict *v)
{
	return v->expected || (v->state == VERDICT_UP && v->cause == VERDICT_CAUSE_FAILOVER);
}

/* What is named is announced sooner. */
static void hear(struct incidents *all, const struct incidents_time *now, struct path *p,
		 const struct incidents_status *s, bool moved)
{
	struct incident *in = incident_of(all, p);

	if (!in)
		return;
	if (p->incident.fails)
		incident_hear(in, p, s->verdict);
	if (moved || (!p->incident.fails && s->verdict->cause == VERDICT_CAUSE_FAILOVER))
		incident_hear_of_move(in, p, s->verdict);
	if (!incident_is_vague(in->lead.cause))
		in->announce_ns = in->made_ns + INCIDENTS_GATHER_NS;
	if (in->reported.cause != in->lead.cause || in->reported.direction != incident_direction(in) ||
	    in->reported.paths_total != in->paths_total || in->reported.moves != in->moves)
		tell_soon(in, now->mono_ns);
}

void incidents_tell(struct incidents *all, const struct incidents_time *now, struct path *p,
		    const struct incidents_status *s)
{
	bool moved = s->server >= 0 && p->incident.answerer > 0 && s->server != (int)p->incident.answerer - 1;
	bool well = is_well(s->verdict);

	if (!well && !p->incident.fails)
		begin_failing(all, now, p, s);
	if (well && p->incident.fails)
		end_failing(all, now, p, s);
	if (moved)
		move(all, now, p, s);
	hear(all, now, p, s, moved);
	if (s->server >= 0)
		p->incident.answerer = (unsigned)s->server + 1;
}

void incidents_leave(struct incidents *all, const struct incidents_time *now, const struct path *p)
{
	struct incident *in = incident_of(all, p);

	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		if (all->items[i].lead.path == p)
			all->items[i].lead.path = NULL;
	}
	if (!in || !p->incident.fails)
		return;
	if (in->failing == 1 && !in->announced) {
		announce(all, in, now->mono_ns);
		in = incident_of(all, p);
	}
	in->failing--;
	in->left++;
	if (in->failing > 0)
		return;
	note_end(in, now, now->mono_ns);
	close_incident(all, in, now);
}
