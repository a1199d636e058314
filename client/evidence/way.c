#include "client/evidence/way.h"

#include <sodium.h>
#include <stdlib.h>

enum { VOUCHED_AFTER = 3 /* rounds in vain */ };

/* -- those that wait -- */

static void wait_for(struct ways *ways, struct way *w)
{
	if (w->waiting_at)
		return;
	w->next_waiting = ways->waiting;
	w->waiting_at = &ways->waiting;
	if (w->next_waiting)
		w->next_waiting->waiting_at = &w->next_waiting;
	ways->waiting = w;
}

static void wait_no_more(struct way *w)
{
	if (!w->waiting_at)
		return;
	*w->waiting_at = w->next_waiting;
	if (w->next_waiting)
		w->next_waiting->waiting_at = w->waiting_at;
	w->waiting_at = NULL;
}

/* -- those with a flow: a table that grows, of ways allocated one by one, which table.h does not serve -- */

static struct way **bucket_of(const struct ways *ways, uint64_t flow_id)
{
	return &ways->by_flow[flow_id & (ways->by_flow_len - 1)]; /* flow ids are our own random numbers */
}

static void enter_flow(struct ways *ways, struct way *w)
{
	struct way **bucket = bucket_of(ways, w->prober.flow_id);

	w->next_of_flow = *bucket;
	*bucket = w;
}

static void leave_flow(struct ways *ways, struct way *w)
{
	struct way **at = bucket_of(ways, w->prober.flow_id);

	while (*at != w)
		at = &(*at)->next_of_flow;
	*at = w->next_of_flow;
	ways->by_flow_count--;
}

static void enter_flows(struct ways *ways, struct way *list)
{
	for (; list; list = list->next) {
		if (list->memory)
			enter_flow(ways, list);
	}
}

/* Room for one more. */
static bool make_room(struct ways *ways)
{
	size_t len = ways->by_flow_len ? 2 * ways->by_flow_len : 16;
	struct way **buckets;

	if (ways->by_flow_count < ways->by_flow_len)
		return true;
	buckets = calloc(len, sizeof(struct way *));
	if (!buckets)
		return false;
	free(ways->by_flow);
	ways->by_flow = buckets;
	ways->by_flow_len = len;
	for (size_t server = 0; server < ways->servers_len; server++) {
		enter_flows(ways, ways->servers[server].direct);
		enter_flows(ways, ways->servers[server].relays);
	}
	return true;
}

struct way *ways_find_flow(const struct ways *ways, uint64_t flow_id)
{
	struct way *w = ways->by_flow_len ? *bucket_of(ways, flow_id) : NULL;

	while (w && w->prober.flow_id != flow_id)
		w = w->next_of_flow;
	return w;
}

/* What is needed from the first question on. */
static bool remember(struct ways *ways, struct way *w, int64_t timeout_ns)
{
	uint64_t flow_id;

	if (w->memory)
		return true;
	if (!make_room(ways) || !(w->memory = calloc(1, sizeof *w->memory)))
		return false;
	randombytes_buf(&flow_id, sizeof flow_id);
	randombytes_buf(&w->inner_flow_id, sizeof w->inner_flow_id);
	prober_init(&w->prober, flow_id, timeout_ns, w->memory->ring, WAY_RING_LEN);
	enter_flow(ways, w);
	ways->by_flow_count++;
	return true;
}

/* -- coming and going -- */

bool ways_init(struct ways *ways, size_t servers_len, void (*leaving)(void *context, struct way *way), void *context)
{
	*ways =
	    (struct ways){ .servers_len = servers_len, .leaving = leaving, .context = context, .expire_ns = INT64_MAX };
	ways->servers = calloc(servers_len + 1, sizeof *ways->servers);
	return ways->servers != NULL;
}

static void free_way(struct ways *ways, struct way *w)
{
	ways->leaving(ways->context, w);
	wait_no_more(w);
	if (w->memory)
		leave_flow(ways, w);
	free(w->memory);
	free(w);
}

/* Those whose address is gone; all: with it, everything else. */
static void sweep(struct ways *ways, struct way **list, bool all)
{
	while (*list) {
		struct way *w = *list;
		if (w->current && !all) {
			list = &w->next;
			continue;
		}
		*list = w->next;
		free_way(ways, w);
	}
}

void ways_free(struct ways *ways)
{
	for (size_t server = 0; ways->servers && server < ways->servers_len; server++) {
		sweep(ways, &ways->servers[server].direct, true);
		sweep(ways, &ways->servers[server].relays, true);
	}
	free(ways->servers);
	free(ways->by_flow);
	*ways = (struct ways){ 0 };
}

static struct way **find(struct way **list, int witness, const struct endpoint *endpoint, bool tcp)
{
	while (*list &&
	       ((*list)->witness != witness || (*list)->tcp != tcp || !endpoint_equal(&(*list)->endpoint, endpoint)))
		list = &(*list)->next;
	return list;
}

/* The way in this list, made if there is none yet; NULL: no memory. */
static struct way *enter(struct way **list, unsigned server, int witness, const struct endpoint *endpoint, bool tcp)
{
	struct way **at = find(list, witness, endpoint, tcp);

	if (!*at && (*at = calloc(1, sizeof **at))) {
		(*at)->server = server;
		(*at)->witness = witness;
		(*at)->endpoint = *endpoint;
		(*at)->tcp = tcp;
	}
	if (*at)
		(*at)->current = true;
	return *at;
}

bool ways_add(struct ways *ways, unsigned server, const struct endpoint *endpoint)
{
	struct way_server *s = &ways->servers[server];
	const struct way *known = *find(&s->direct, WAY_DIRECT, endpoint, true);

	if (!known || !known->current) {
		if (s->addresses >= WAY_ADDRESSES_MAX)
			return true;
		s->addresses++;
	}
	return enter(&s->direct, server, WAY_DIRECT, endpoint, false) &&
	       enter(&s->direct, server, WAY_DIRECT, endpoint, true);
}

struct way *ways_relay(struct ways *ways, unsigned server, const struct way *through)
{
	return enter(&ways->servers[server].relays, server, (int)through->server, &through->endpoint, through->tcp);
}

void ways_drop(struct ways *ways, struct way *way)
{
	struct way_server *s = &ways->servers[way->server];
	struct way **at =
	    find(way->witness == WAY_DIRECT ? &s->direct : &s->relays, way->witness, &way->endpoint, way->tcp);

	*at = way->next;
	free_way(ways, way);
}

void ways_begin(struct ways *ways)
{
	for (size_t server = 0; server < ways->servers_len; server++) {
		ways->servers[server].addresses = 0;
		for (struct way *w = ways->servers[server].direct; w; w = w->next)
			w->current = false;
	}
}

void ways_settle(struct ways *ways)
{
	for (size_t server = 0; server < ways->servers_len; server++)
		sweep(ways, &ways->servers[server].direct, false);
	for (size_t server = 0; server < ways->servers_len; server++) {
		for (struct way *w = ways->servers[server].relays; w; w = w->next)
			w->current = *find(&ways->servers[w->witness].direct, WAY_DIRECT, &w->endpoint, w->tcp);
		sweep(ways, &ways->servers[server].relays, false);
	}
}

/* -- what became of a question -- */

/* In vain. The pages of a round of questions left at once, and were lost to the same: they are one. And what had left
 * before a round that has ended is no news. */
static void miss(struct way *w, int64_t sent_ns)
{
	if (sent_ns <= w->ended_ns)
		return;
	w->alive = w->refused = false;
	w->in_vain++;
	w->ended_ns = sent_ns;
}

/* The witness, who has said nothing, is there: that may be a limit of its own. */
static bool is_vouched_for(const struct ways *ways, const struct way *w)
{
	return w->witness != WAY_DIRECT && w->in_vain >= VOUCHED_AFTER &&
	       ways->servers[w->witness].heard_ns > w->ended_ns;
}

bool ways_ask(struct ways *ways, struct way *way, int64_t timeout_ns, int64_t now_ns)
{
	if (!remember(ways, way, timeout_ns))
		return false;
	wait_for(ways, way);
	if (now_ns + timeout_ns < ways->expire_ns)
		ways->expire_ns = now_ns + timeout_ns;
	if (now_ns - way->asked_ns > WAY_NEWS_NS) { /* no row goes on after such a gap */
		way->in_vain = 0;
		way->told_in_vain = way->vouched = false;
	}
	way->asked_ns = now_ns;
	way->alive = way->alive && way->witness == WAY_DIRECT; /* a relay has to show it each time */
	return true;
}

int64_t ways_expire(struct ways *ways, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (now_ns < ways->expire_ns)
		return ways->expire_ns;
	for (struct way *w = ways->waiting, *next; w; w = next) {
		uint32_t from = w->prober.waiting_from;
		bool lapsed = prober_expire(&w->prober, now_ns) > 0;
		int64_t deadline_ns = prober_next_deadline(&w->prober);
		next = w->next_waiting;
		ways->servers[w->server].lapsed = ways->servers[w->server].lapsed || lapsed;
		ways->lapsed = ways->lapsed || lapsed;
		for (uint32_t seq = from; seq < w->prober.waiting_from; seq++) {
			const struct prober_record *r = prober_record(&w->prober, seq);
			if (r->outcome == PROBER_LOST) {
				w->vouched = w->vouched || is_vouched_for(ways, w);
				miss(w, r->sent_ns);
			}
		}
		if (deadline_ns == INT64_MAX)
			wait_no_more(w);
		next_ns = deadline_ns < next_ns ? deadline_ns : next_ns;
	}
	ways->expire_ns = next_ns;
	return next_ns;
}

void way_answered(struct way *way, int64_t sent_ns, bool alive, bool in_vain, int64_t now_ns)
{
	if (in_vain) {
		way->told_in_vain = way->told_in_vain || sent_ns >= way->ended_ns;
		miss(way, sent_ns);
		return;
	}
	way->alive = alive;
	way->refused = way->told_in_vain = way->vouched = false;
	way->in_vain = 0;
	way->ended_ns = sent_ns > way->ended_ns ? sent_ns : way->ended_ns;
	if (alive)
		way->heard_ns = now_ns;
}

void way_failed(struct way *way, uint32_t seq, bool refused)
{
	if (!way->memory || prober_settle(&way->prober, seq, PROBER_REFUSED) != PROBER_REFUSED)
		return; /* none of ours, or answered */
	miss(way, prober_record(&way->prober, seq)->sent_ns);
	way->refused = refused && !way->alive && way->witness == WAY_DIRECT; /* a witness refuses for itself */
}

/* -- what is known of them -- */

bool way_is_alive(const struct way *w, const struct paths *paths)
{
	if (w->alive)
		return true;
	for (const struct path *p = paths_at(paths, &w->endpoint, w->tcp); p; p = p->next_there) {
		struct prober_tally tally;
		prober_tally(&p->prober, 1, &tally);
		if (tally.answered && tally.answered_ns > w->asked_ns &&
		    path_server_of_number(p, tally.server) == (int)w->server)
			return true;
	}
	return false;
}

struct way *ways_first_alive(const struct ways *ways, unsigned server, const struct paths *paths)
{
	struct way *w = ways->servers[server].direct;

	while (w && !way_is_alive(w, paths))
		w = w->next;
	return w;
}

static bool is_silent(const struct way *w, int64_t since_ns)
{
	return !w->alive && !w->refused && w->in_vain > 0 && w->ended_ns >= since_ns;
}

bool ways_silent(const struct ways *ways, unsigned server, int64_t since_ns, unsigned relay_rounds)
{
	const struct way_server *s = &ways->servers[server];
	bool two = false;

	for (const struct way *w = s->direct; w; w = w->next) {
		if (!is_silent(w, since_ns))
			return false;
		two = two || !endpoint_same_address(&w->endpoint, &s->direct->endpoint);
	}
	for (const struct way *w = s->relays; w; w = w->next) {
		if (w->asked_ns >= since_ns && (!is_silent(w, since_ns) || !(w->told_in_vain || w->vouched) ||
						w->in_vain < relay_rounds || w->heard_ns >= since_ns))
			return false;
	}
	return two;
}

const struct way *ways_told_in_vain(const struct ways *ways, unsigned server, int64_t since_ns)
{
	const struct way *w = ways->servers[server].relays;

	while (w && !(is_silent(w, since_ns) && w->told_in_vain))
		w = w->next;
	return w;
}
