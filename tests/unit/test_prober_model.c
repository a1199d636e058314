/* Random networks in virtual time between a prober and one or two servers, against a brute-force record of what truly
 * happened to each probe. Whatever is lost, doubled, reordered or late: no LOST_FORWARD for a probe that had arrived,
 * no LOST_RETURN for one that never did, and the sums hold. A failure prints its seed; "test_prober_model SEED" runs
 * that one alone.
 *
 *	prober --forward: loss, copies, delay--> whoever holds the address --return: the same--> prober
 *	   \---- evidence queries, by another way that always works ----> each server
 */
#include "client/path/prober.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS     INT64_C(1000000)
#define S      (1000 * MS)
#define EPOCH  (INT64_C(1790000000) * S)
#define NEVER  INT64_MAX
#define FLOW   UINT64_C(0x1122334455667788)
#define PROBES 400
#define EVENTS 8192
#define SEEDS  2000

enum { RING_MAX = 256, SERVERS = 2 };

/* What truly happened to a probe. */
struct truth {
	int64_t sent_ns;
	int64_t arrived_ns;  /* first arrival at the socket of a server; NEVER */
	int64_t heard_ns;    /* first arrival of an answer from the address probed .. */
	int64_t heard_in_ns; /* .. and how long it had then been under way */
	int64_t network_ns;  /* .. of which in the network */
	unsigned answers;
};

struct server {
	bool known;
	uint64_t boot_id;
	int64_t started_ns, up_ns; /* down from started_ns on until up_ns */
	int64_t evicted_ns;
	struct receipts receipts;
};

enum kind { SEND, ARRIVE, HEAR, ASK, ASKED, TOLD, RESTART, EVICT, STEP };

struct event {
	int64_t at_ns;
	enum kind kind;
	uint32_t seq;
	unsigned server;
	bool elsewhere; /* the reply comes from another address */
	int64_t inside_ns;
	struct packet_reply reply;
	struct prober_window window;
};

struct world {
	uint64_t seed, random;
	unsigned servers_len;
	/* the weather, permille */
	unsigned forward_loss, return_loss, copies, elsewhere;
	int64_t spacing_ns, timeout_ns, delay_ns, jitter_ns;
	int64_t moves_ns;      /* server 1 takes over */
	int64_t clock_good_ns; /* before, no flow can be made */
	int64_t wall_ns;       /* realtime minus virtual time */
	bool forgets;          /* a server restarts or evicts */
	struct server servers[SERVERS];
	struct truth truth[PROBES + 1];
	uint32_t duplicates;
	bool refusal_told;
	struct prober prober;
	struct prober_record ring[RING_MAX];
	bool asked[SERVERS];
	struct prober_window windows[SERVERS];
	struct event events[EVENTS];
	unsigned events_len;
	int64_t now_ns;
};

static uint64_t only_seed;

#define CHECK(w, seq, condition)                                                                                       \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			print_error("seed %llu, probe %u, at %lld ms: ", (unsigned long long)(w)->seed,                \
				    (unsigned)(seq), (long long)((w)->now_ns / MS));                                   \
			fail_msg("%s", #condition);                                                                    \
		}                                                                                                      \
	} while (0)

/* splitmix64 */
static uint64_t draw(struct world *w)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int64_t below(struct world *w, int64_t n)
{
	return n > 0 ? (int64_t)(draw(w) % (uint64_t)n) : 0;
}

static bool chance(struct world *w, unsigned permille)
{
	return below(w, 1000) < permille;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static struct event *add(struct world *w, int64_t at_ns, enum kind kind)
{
	struct event *e = &w->events[w->events_len++];

	assert_true(w->events_len < EVENTS);
	*e = (struct event){ .at_ns = at_ns, .kind = kind };
	return e;
}

static bool take_next(struct world *w, struct event *next)
{
	unsigned first = 0;

	if (w->events_len == 0)
		return false;
	for (unsigned i = 1; i < w->events_len; i++) {
		if (w->events[i].at_ns < w->events[first].at_ns)
			first = i;
	}
	*next = w->events[first];
	w->events[first] = w->events[--w->events_len];
	return true;
}

static int64_t transit_ns(struct world *w)
{
	return w->delay_ns + below(w, w->jitter_ns + 1);
}

/* --- servers ---------------------------------------------------------------------------------------------------- */

static unsigned holder(const struct world *w)
{
	return w->now_ns >= w->moves_ns ? 1 : 0;
}

static bool is_up(const struct world *w, const struct server *s)
{
	return w->now_ns >= s->up_ns;
}

static void send_reply(struct world *w, unsigned server, uint32_t seq, enum packet_status status)
{
	const struct server *s = &w->servers[server];
	int64_t inside_ns = below(w, 3 * MS);
	int copies = chance(w, w->copies) ? 2 : 1;

	while (copies-- > 0) {
		struct event *e;
		if (chance(w, w->return_loss))
			continue;
		e = add(w, w->now_ns + inside_ns + transit_ns(w), HEAR);
		e->server = server;
		e->elsewhere = chance(w, w->elsewhere);
		e->inside_ns = inside_ns;
		e->reply = (struct packet_reply){
			.role = PACKET_REPLY,
			.seq = seq,
			.received_ns = 7 * S + w->now_ns, /* its clock is its own */
			.replied_ns = 7 * S + w->now_ns + inside_ns,
			.status = status,
			.flow_id = FLOW,
			.boot_id = s->boot_id,
			.receipts = s->known ? s->receipts : (struct receipts){ 0 },
		};
	}
}

/* The flow is not known and our clock is off. Not each refusal is told, but the first is, and it is heard before our
 * clock is right: nobody can know of a refusal that was never told. */
static void refuse(struct world *w, unsigned server, uint32_t seq)
{
	unsigned loss = w->return_loss, elsewhere = w->elsewhere;

	if (w->refusal_told && chance(w, 700))
		return;
	if (!w->refusal_told)
		w->return_loss = w->elsewhere = 0;
	send_reply(w, server, seq, PACKET_CLOCK_SKEW);
	if (!w->refusal_told && w->clock_good_ns <= w->events[w->events_len - 1].at_ns)
		w->clock_good_ns = w->events[w->events_len - 1].at_ns + 1;
	w->refusal_told = true;
	w->return_loss = loss;
	w->elsewhere = elsewhere;
}

static void arrive(struct world *w, uint32_t seq)
{
	unsigned server = holder(w);
	struct server *s = &w->servers[server];
	struct truth *t = &w->truth[seq];

	if (!is_up(w, s))
		return;
	if (w->now_ns < t->arrived_ns)
		t->arrived_ns = w->now_ns;
	if (!s->known && w->now_ns < w->clock_good_ns) {
		refuse(w, server, seq);
		return;
	}
	if (!s->known)
		s->receipts = (struct receipts){ 0 };
	s->known = true;
	if (receipts_note(&s->receipts, seq) != RECEIPTS_LATE)
		send_reply(w, server, seq, PACKET_OK);
}

static void restart(struct world *w, unsigned server)
{
	struct server *s = &w->servers[server];

	s->known = false;
	s->boot_id++;
	s->up_ns = w->now_ns + below(w, 2 * S);
	s->started_ns = s->up_ns;
}

static void evict(struct world *w, unsigned server)
{
	w->servers[server].known = false;
	w->servers[server].evicted_ns = w->now_ns;
}

static void be_asked(struct world *w, const struct event *asked)
{
	const struct server *s = &w->servers[asked->server];
	struct event *told;

	if (!is_up(w, s) || w->now_ns < w->clock_good_ns)
		return;
	told = add(w, w->now_ns + transit_ns(w), TOLD);
	told->server = asked->server;
	told->window = (struct prober_window){
		.known = s->known,
		.receipts = s->known ? s->receipts : (struct receipts){ 0 },
		.boot_id = s->boot_id,
		.asked_ns = asked->window.asked_ns,
		.blind_before_ns = s->started_ns > s->evicted_ns ? s->started_ns : s->evicted_ns,
	};
	told->window.receipts.first = 1;
}

/* --- the client's side ------------------------------------------------------------------------------------------ */

static void send_probe(struct world *w)
{
	uint32_t seq = prober_send(&w->prober, w->now_ns, w->now_ns + w->wall_ns);
	int copies = chance(w, w->copies) ? 2 : 1;

	assert_in_range(seq, 1, PROBES);
	w->truth[seq] = (struct truth){ .sent_ns = w->now_ns, .arrived_ns = NEVER, .heard_ns = NEVER };
	while (copies-- > 0) {
		if (!chance(w, w->forward_loss))
			add(w, w->now_ns + transit_ns(w), ARRIVE)->seq = seq;
	}
}

static bool in_ring(const struct world *w, uint32_t seq)
{
	return seq < w->prober.next && w->prober.next - seq <= w->prober.ring_len;
}

static void hear(struct world *w, const struct event *e)
{
	uint32_t seq = e->reply.seq;
	struct truth *t = &w->truth[seq];
	enum prober_outcome outcome;

	if (chance(w, 500)) /* deadlines may be looked at first, or later */
		prober_expire(&w->prober, w->now_ns);
	outcome = prober_reply(&w->prober, &e->reply, e->server, !e->elsewhere, w->now_ns + w->wall_ns, w->now_ns,
			       w->servers_len == 1);
	CHECK(w, seq, in_ring(w, seq) == (outcome != PROBER_NONE));
	if (!in_ring(w, seq))
		return;
	w->duplicates += t->answers++ > 0;
	if (e->elsewhere || t->heard_ns != NEVER)
		return;
	t->heard_ns = w->now_ns;
	t->heard_in_ns = w->now_ns - t->sent_ns;
	t->network_ns = t->heard_in_ns - e->inside_ns;
}

static void be_told(struct world *w, const struct event *e)
{
	const struct prober_window *windows[SERVERS] = { 0 };
	uint16_t holder_number = w->prober.holder;

	if (!w->asked[e->server] || w->windows[e->server].asked_ns < e->window.asked_ns)
		w->windows[e->server] = e->window;
	w->asked[e->server] = true;
	prober_expire(&w->prober, w->now_ns);
	for (unsigned i = 0; i < w->servers_len; i++)
		windows[i] = w->asked[i] ? &w->windows[i] : NULL;
	prober_settle_by_windows(&w->prober, windows, w->servers_len,
				 holder_number < w->servers_len ? holder_number : -1);
}

static void ask(struct world *w, unsigned server)
{
	struct event *e = add(w, w->now_ns + transit_ns(w), ASKED);

	e->server = server;
	e->window.asked_ns = w->now_ns;
}

/* --- what must hold --------------------------------------------------------------------------------------------- */

static void check_record(struct world *w, uint32_t seq)
{
	const struct prober_record *r = &w->ring[seq & (w->prober.ring_len - 1)];
	const struct truth *t = &w->truth[seq];
	bool heard = t->heard_ns != NEVER, in_time = heard && t->heard_in_ns < w->timeout_ns;
	int64_t deadline_ns = t->sent_ns + w->timeout_ns;

	CHECK(w, seq, r->late == (heard && !in_time));
	switch (r->outcome) {
	case PROBER_WAITING:
		CHECK(w, seq, t->answers == 0);
		break;
	case PROBER_ANSWERED:
	case PROBER_CLOCK_SKEW:
		CHECK(w, seq, in_time);
		CHECK(w, seq, prober_rtt_ns(r) == (t->network_ns < UINT32_MAX ? t->network_ns : UINT32_MAX));
		break;
	case PROBER_WRONG_SOURCE:
		CHECK(w, seq, !heard && t->answers > 0 && t->arrived_ns != NEVER);
		break;
	case PROBER_LOST:
		CHECK(w, seq, r->late || t->answers == 0);
		CHECK(w, seq, w->now_ns >= deadline_ns);
		break;
	case PROBER_LOST_FORWARD:
		CHECK(w, seq, t->answers == 0 && w->now_ns >= deadline_ns);
		CHECK(w, seq, t->arrived_ns > deadline_ns);
		break;
	case PROBER_LOST_RETURN:
		CHECK(w, seq, t->answers == 0 && w->now_ns >= deadline_ns);
		CHECK(w, seq, t->arrived_ns != NEVER);
		break;
	default:
		CHECK(w, seq, false); /* an outcome that nobody caused */
	}
}

static bool is_acknowledged(const struct packet_heard *heard, uint32_t seq)
{
	uint32_t behind = heard->newest - seq;

	return heard->count > 0 && seq <= heard->newest && behind < RECEIPTS_WINDOW &&
	       (heard->bitmap[behind / 64] >> behind % 64 & 1);
}

static void check_acknowledgements(struct world *w)
{
	for (uint32_t seq = 1; seq < w->prober.next; seq++) {
		if (in_ring(w, seq))
			CHECK(w, seq, is_acknowledged(&w->prober.heard, seq) == (w->truth[seq].heard_ns != NEVER));
	}
}

static void check_sums(struct world *w)
{
	uint32_t window = 1 + (uint32_t)below(w, w->prober.ring_len), decided = 0, answered = 0;
	struct prober_tally t;

	prober_tally(&w->prober, window, &t);
	for (uint32_t seq = w->prober.next - 1; seq > 0 && in_ring(w, seq) && decided < window; seq--) {
		uint8_t outcome = w->ring[seq & (w->prober.ring_len - 1)].outcome;
		decided += outcome != PROBER_WAITING;
		answered += outcome == PROBER_ANSWERED || outcome == PROBER_CLOCK_SKEW;
	}
	CHECK(w, 0, t.sent == decided && t.answered == answered);
	CHECK(w, 0, t.sent == t.answered + t.forward_lost + t.return_lost + t.lost);
	CHECK(w, 0, t.outage_lost <= t.sent - t.answered);
	CHECK(w, 0, t.lost_streak == 0 || t.answered_streak == 0);
	CHECK(w, 0, w->prober.duplicates == w->duplicates);
}

static void check_all(struct world *w)
{
	for (uint32_t seq = 1; seq < w->prober.next; seq++) {
		if (in_ring(w, seq))
			check_record(w, seq);
	}
	check_sums(w);
}

/* Where nobody forgot anything, all that can be known is known in the end. */
static void check_nothing_in_doubt(struct world *w)
{
	if (w->forgets || w->clock_good_ns > 0)
		return;
	for (uint32_t seq = 1; seq < w->prober.next; seq++) {
		const struct prober_record *r = &w->ring[seq & (w->prober.ring_len - 1)];
		if (in_ring(w, seq))
			CHECK(w, seq, r->outcome != PROBER_LOST || r->late);
	}
}

/* --- one world -------------------------------------------------------------------------------------------------- */

static unsigned some_loss(struct world *w)
{
	static const unsigned losses[] = { 0, 0, 10, 100, 300, 700, 1000 };

	return losses[below(w, sizeof losses / sizeof *losses)];
}

static void make_weather(struct world *w)
{
	static const uint32_t rings[] = { 16, 64, RING_MAX };
	int64_t life_ns;

	w->servers_len = 1 + (unsigned)below(w, 2);
	w->forward_loss = some_loss(w);
	w->return_loss = some_loss(w);
	w->copies = chance(w, 300) ? 100 : 0;
	w->elsewhere = chance(w, 200) ? 200 : 0;
	w->spacing_ns = (1 + below(w, 300)) * MS;
	w->timeout_ns = (50 + below(w, 1000)) * MS;
	w->delay_ns = below(w, 100 * MS);
	w->jitter_ns = chance(w, 300) ? below(w, 2 * S) : below(w, 5 * MS);
	w->forgets = chance(w, 400);
	life_ns = PROBES * w->spacing_ns;
	w->moves_ns = w->servers_len == 2 ? below(w, life_ns) : NEVER;
	w->clock_good_ns = chance(w, 150) ? below(w, life_ns) : 0;
	w->wall_ns = EPOCH;
	for (unsigned i = 0; i < SERVERS; i++)
		w->servers[i] =
		    (struct server){ .boot_id = UINT64_C(100) * (i + 1), .started_ns = -S, .evicted_ns = -S };
	prober_init(&w->prober, FLOW, w->timeout_ns, w->ring, rings[below(w, 3)]);
}

static void make_plans(struct world *w)
{
	int64_t life_ns = PROBES * w->spacing_ns;

	for (uint32_t i = 0; i < PROBES; i++)
		add(w, i * w->spacing_ns + below(w, w->spacing_ns / 2 + 1), SEND);
	for (int i = 0; i < 20; i++)
		add(w, below(w, life_ns), ASK)->server = (unsigned)below(w, w->servers_len);
	for (int i = 0; i < 3 && w->forgets; i++) {
		add(w, below(w, life_ns), RESTART)->server = (unsigned)below(w, w->servers_len);
		add(w, below(w, life_ns), EVICT)->server = (unsigned)below(w, w->servers_len);
	}
	if (chance(w, 200)) /* somebody sets our wall clock */
		add(w, below(w, life_ns), STEP);
	/* In the end, when all has been heard that will ever be, everybody is asked. */
	for (unsigned i = 0; i < w->servers_len; i++)
		add(w, life_ns + 20 * S, ASK)->server = i;
}

static void happen(struct world *w, const struct event *e)
{
	switch (e->kind) {
	case SEND:
		send_probe(w);
		break;
	case ARRIVE:
		arrive(w, e->seq);
		break;
	case HEAR:
		hear(w, e);
		break;
	case ASK:
		ask(w, e->server);
		break;
	case ASKED:
		be_asked(w, e);
		break;
	case TOLD:
		be_told(w, e);
		break;
	case RESTART:
		restart(w, e->server);
		break;
	case EVICT:
		evict(w, e->server);
		break;
	case STEP:
		w->wall_ns += chance(w, 500) ? 3600 * S : -3600 * S;
		break;
	}
}

static void live(uint64_t seed)
{
	static struct world w;
	struct event e;

	memset(&w, 0, sizeof w);
	w.seed = w.random = seed;
	make_weather(&w);
	make_plans(&w);
	while (take_next(&w, &e)) {
		w.now_ns = e.at_ns;
		happen(&w, &e);
		if (chance(&w, 300))
			prober_expire(&w.prober, w.now_ns);
		if (e.kind == HEAR || e.kind == TOLD)
			check_all(&w);
	}
	check_all(&w);
	check_acknowledgements(&w);
	check_nothing_in_doubt(&w);
}

static void no_claim_is_false(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS && !only_seed; seed++)
		live(seed);
	if (only_seed)
		live(only_seed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_claim_is_false) };

	if (argc > 1)
		only_seed = strtoull(argv[1], NULL, 0);
	print_message("seeds 1 to %d\n", SEEDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
