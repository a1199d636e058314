/* Which failures are one incident, and when it is reported. */
#include "client/incident/incidents.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TARGETS = 80, EACH = 4, PATHS = TARGETS * EACH, EVENTS_MAX = 64, FIRST_ID = 1000 };

#define REAL_AHEAD_NS (INT64_C(1763661960) * NS_PER_S)

static struct config_target targets[TARGETS];
static char names[TARGETS][16];
static struct path storage[PATHS];
static struct path *items[PATHS];
static struct paths paths = { .items = items, .len = PATHS };
static struct incidents all;
static struct incidents_time now;
static int64_t settle_ns;

struct seen { /* what an event said */
	enum incidents_event event;
	uint64_t id;
	size_t failing, paths_total, left;
	enum verdict_cause cause;
	enum verdict_direction direction;
	struct incident_servers servers, latest;
	int64_t opened_ns, closed_ns;
	unsigned flaps;
};
static struct seen seen[EVENTS_MAX];
static size_t seen_len;

static void note(void *context, enum incidents_event event, const struct incident *in)
{
	(void)context;
	assert_true(in->open == (event != INCIDENTS_CLOSED));
	assert_true(seen_len < EVENTS_MAX);
	seen[seen_len++] = (struct seen){
		.event = event,
		.id = in->id,
		.failing = in->failing,
		.paths_total = in->paths_total,
		.left = in->left,
		.cause = in->lead.cause,
		.direction = incident_direction(in),
		.servers = incident_servers(in),
		.latest = in->latest,
		.opened_ns = in->opened_ns,
		.closed_ns = in->closed_ns,
		.flaps = in->flaps,
	};
}

/* Target t has the address 203.0.113.t and server t, and EACH paths. */
static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < PATHS; i++) {
		uint8_t address[] = { 203, 0, 113, (uint8_t)(i / EACH) };
		struct config_target *t = &targets[i / EACH];

		*t = (struct config_target){
			.name = names[i / EACH], .servers = { (unsigned)(i / EACH) }, .servers_len = 1, .held = 1
		};
		names[i / EACH][0] = 't';
		storage[i] = (struct path){ .target = t, .endpoint = endpoint_v4(address, 8620), .size = 512 };
		items[i] = &storage[i];
	}
	seen_len = 0;
	settle_ns = 0;
	now = (struct incidents_time){ 100 * NS_PER_S, 100 * NS_PER_S + REAL_AHEAD_NS };
	incidents_init(&all, &paths, FIRST_ID);
	all.event = note;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	incidents_free(&all);
	return 0;
}

static void wait_ns(int64_t ns)
{
	const int64_t step_ns = INCIDENTS_TICK_MS * NS_PER_MS;

	for (; ns > 0; ns -= step_ns) {
		now.mono_ns += step_ns;
		now.real_ns += step_ns;
		incidents_tick(&all, &now);
	}
}

static void tell(size_t i, const struct verdict *v, int server)
{
	const struct incidents_status s = { v, server, now.mono_ns - 3 * NS_PER_S, now.mono_ns - 4 * NS_PER_S,
					    settle_ns };

	incidents_tell(&all, &now, items[i], &s);
}

static void up(size_t i, int server)
{
	const struct verdict v = { .state = VERDICT_UP, .expected = true, .server = server };

	tell(i, &v, server);
}

static void down_which_way(size_t i, enum verdict_cause cause, enum verdict_direction direction)
{
	const struct verdict v = { .state = VERDICT_DOWN,
				   .direction = direction,
				   .cause = cause,
				   .rank = cause == VERDICT_CAUSE_UNEXPLAINED ? 100 : 50 - (unsigned)cause,
				   .server = -1 };

	tell(i, &v, -1);
}

static void down(size_t i, enum verdict_cause cause)
{
	down_which_way(i, cause, VERDICT_DIRECTION_UNKNOWN);
}

static void all_up(void)
{
	for (size_t i = 0; i < PATHS; i++)
		up(i, (int)(i / EACH));
}

static void paths_of(size_t t, void (*do_it)(size_t i, enum verdict_cause cause), enum verdict_cause cause)
{
	for (size_t i = t * EACH; i < (t + 1) * EACH; i++)
		do_it(i, cause);
}

static void recover(size_t i, enum verdict_cause cause)
{
	(void)cause;
	up(i, (int)(i / EACH));
}

static const struct seen *only(enum incidents_event event, size_t i)
{
	assert_true(i < seen_len);
	assert_int_equal(seen[i].event, event);
	return &seen[i];
}

/* -- one fault -- */

static void one_server_is_one_incident(void **state)
{
	(void)state;
	items[EACH]->target = items[0]->target; /* it has another address, and the same server */
	all_up();
	items[EACH]->incident.answerer = 1;
	for (size_t i = 0; i <= EACH; i++)
		down(i, VERDICT_CAUSE_SERVER_DOWN);
	wait_ns(INCIDENTS_GATHER_NS);
	const struct seen *s = only(INCIDENTS_OPENED, 0);
	assert_int_equal(s->id, FIRST_ID);
	assert_int_equal(s->failing, EACH + 1);
	assert_int_equal(s->cause, VERDICT_CAUSE_SERVER_DOWN);
	assert_int_equal(s->servers.before, 0);
	wait_ns(60 * NS_PER_S);
	for (size_t i = 0; i <= EACH; i++) {
		wait_ns(NS_PER_S / 2);
		up(i, 0);
	}
	wait_ns(2 * INCIDENTS_SETTLE_NS);
	s = only(INCIDENTS_CLOSED, 1);
	assert_int_equal(s->failing, 0);
	assert_int_equal(s->paths_total, EACH + 1);
	assert_int_equal(s->servers.after, 0);
	assert_int_equal(s->closed_ns - s->opened_ns, INCIDENTS_GATHER_NS + 60 * NS_PER_S + (EACH + 1) * NS_PER_S / 2);
	assert_int_equal(seen_len, 2);
	assert_false(incidents_any_open(&all));
	assert_int_equal(all.opened[VERDICT_CAUSE_SERVER_DOWN], 1);
	assert_int_equal(all.closed[VERDICT_CAUSE_SERVER_DOWN], 1);
}

static void it_grows(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_REFUSED);
	wait_ns(10 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	down(1, VERDICT_CAUSE_UNEXPLAINED);
	down(2, VERDICT_CAUSE_REFUSED);
	wait_ns(5 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_GROWN, 1)->failing, 3);
	assert_int_equal(seen_len, 2);
	up(0, 0);
	down(3, VERDICT_CAUSE_REFUSED);
	wait_ns(20 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_GROWN, 2)->failing, 3);
	assert_int_equal(seen[2].paths_total, 4);
}

static void its_cause_is_found(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	down(1, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(INCIDENTS_VAGUE_NS - NS_PER_S);
	assert_int_equal(seen_len, 0);
	wait_ns(NS_PER_S);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->cause, VERDICT_CAUSE_UNEXPLAINED);
	down_which_way(1, VERDICT_CAUSE_STALE_NEIGHBOUR, VERDICT_DIRECTION_RETURN);
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(INCIDENTS_GATHER_NS);
	const struct seen *s = only(INCIDENTS_CAUSE, 1);
	assert_int_equal(s->cause, VERDICT_CAUSE_STALE_NEIGHBOUR);
	assert_int_equal(s->direction, VERDICT_DIRECTION_RETURN);
	up(1, 0);
	down(0, VERDICT_CAUSE_UNEXPLAINED); /* says nothing against it */
	up(0, 0);
	wait_ns(2 * INCIDENTS_SETTLE_NS);
	assert_int_equal(only(INCIDENTS_CLOSED, 2)->cause, VERDICT_CAUSE_STALE_NEIGHBOUR);
}

static void who_named_a_cause_may_withdraw_it(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_SERVER_DOWN);
	wait_ns(5 * NS_PER_S);
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(5 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_CAUSE, 1)->cause, VERDICT_CAUSE_UNEXPLAINED);
}

static void directions_add_up(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	down_which_way(1, VERDICT_CAUSE_UNEXPLAINED, VERDICT_DIRECTION_FORWARD);
	wait_ns(INCIDENTS_VAGUE_NS);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->direction, VERDICT_DIRECTION_FORWARD);
	down_which_way(2, VERDICT_CAUSE_UNEXPLAINED, VERDICT_DIRECTION_RETURN);
	wait_ns(INCIDENTS_GATHER_NS);
	assert_int_equal(seen[seen_len - 1].direction, VERDICT_DIRECTION_BOTH);
}

/* -- several faults -- */

static void two_faults_are_two_incidents(void **state)
{
	(void)state;
	all_up();
	paths_of(0, down, VERDICT_CAUSE_REFUSED);
	paths_of(1, down, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(NS_PER_S);
	paths_of(1, down, VERDICT_CAUSE_SERVER_DOWN);
	wait_ns(5 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->cause, VERDICT_CAUSE_REFUSED);
	assert_int_equal(only(INCIDENTS_OPENED, 1)->cause, VERDICT_CAUSE_SERVER_DOWN);
	assert_int_equal(seen[0].failing, EACH);
	assert_int_equal(seen[1].failing, EACH);
	assert_int_not_equal(seen[0].id, seen[1].id);
	assert_int_equal(seen_len, 2);
	const struct incident *first = incidents_next(&all, NULL), *second = incidents_next(&all, first);
	assert_non_null(second);
	assert_null(incidents_next(&all, second));
}

static void vague_faults_of_other_directions_are_two(void **state)
{
	(void)state;
	all_up();
	down_which_way(0, VERDICT_CAUSE_UNEXPLAINED, VERDICT_DIRECTION_FORWARD);
	down_which_way(EACH, VERDICT_CAUSE_UNEXPLAINED, VERDICT_DIRECTION_RETURN);
	wait_ns(10 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_OPENED, 1);
}

static void other_directions_are_other_faults(void **state)
{
	(void)state;
	all_up();
	down_which_way(0, VERDICT_CAUSE_PROTOCOL_FILTERED, VERDICT_DIRECTION_FORWARD);
	down_which_way(EACH, VERDICT_CAUSE_PROTOCOL_FILTERED, VERDICT_DIRECTION_RETURN);
	down_which_way(2 * EACH, VERDICT_CAUSE_PROTOCOL_FILTERED, VERDICT_DIRECTION_FORWARD);
	wait_ns(10 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_OPENED, 1);
	assert_int_equal(seen[0].failing + seen[1].failing, 3);
	assert_int_equal(seen_len, 2);
}

static void nothing_is_heard_any_more(void **state)
{
	(void)state;
	all_up();
	for (size_t i = 0; i < PATHS; i++) {
		down(i, VERDICT_CAUSE_UNEXPLAINED);
		if (i % 32 == 0)
			wait_ns(INCIDENTS_TICK_MS * NS_PER_MS);
	}
	wait_ns(20 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	for (size_t i = 1; i < seen_len; i++)
		only(INCIDENTS_GROWN, i);
	assert_int_equal(seen[seen_len - 1].failing, PATHS);
	for (size_t i = 0; i < PATHS; i++)
		up(i, (int)(i / EACH));
	wait_ns(10 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_CLOSED, seen_len - 1)->servers.after, INCIDENT_SEVERAL);
	assert_false(incidents_any_open(&all));
}

static void the_same_cause_later_is_another_fault(void **state)
{
	(void)state;
	all_up();
	paths_of(0, down, VERDICT_CAUSE_REFUSED);
	wait_ns(30 * NS_PER_S);
	paths_of(1, down, VERDICT_CAUSE_REFUSED);
	wait_ns(30 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_OPENED, 1);
}

static void an_old_incident_takes_in_nothing_new(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_PROTOCOL_FILTERED);
	wait_ns(2 * INCIDENTS_SAME_PLACE_NS);
	for (size_t i = 0; i < EACH; i++)
		down(i, VERDICT_CAUSE_SERVER_DOWN);
	wait_ns(10 * NS_PER_S);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_OPENED, seen[1].event == INCIDENTS_OPENED ? 1 : 2);
	assert_int_equal(seen_len, 3); /* and the first one has another cause */
	for (size_t i = 1; i < EACH; i++)
		up(i, 0);
	wait_ns(10 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_CLOSED, 3)->paths_total, EACH - 1);
	assert_true(items[0]->incident.fails);
}

/* -- flaps -- */

static void a_flap_is_the_same_incident(void **state)
{
	(void)state;
	all_up();
	for (unsigned i = 0; i < 5; i++) {
		paths_of(0, down, VERDICT_CAUSE_REFUSED);
		wait_ns(3 * NS_PER_S);
		paths_of(0, recover, 0);
		wait_ns(INCIDENTS_SETTLE_NS - NS_PER_S);
	}
	only(INCIDENTS_OPENED, 0);
	assert_int_equal(seen_len, 1);
	wait_ns(INCIDENTS_SETTLE_NS);
	assert_int_equal(only(INCIDENTS_CLOSED, 1)->flaps, 4);
}

static size_t count_opened(int64_t well_ns)
{
	size_t opened = 0;

	for (unsigned i = 0; i < 10; i++) {
		down(0, VERDICT_CAUSE_REFUSED);
		wait_ns(5 * NS_PER_S);
		up(0, 0);
		wait_ns(well_ns);
	}
	for (size_t i = 0; i < seen_len; i++)
		opened += seen[i].event == INCIDENTS_OPENED;
	return opened;
}

static void what_keeps_coming_back_is_waited_for(void **state)
{
	(void)state;
	all_up();
	assert_int_equal(count_opened(INCIDENTS_SETTLE_NS + 2 * NS_PER_S), 2);
}

static void faults_with_a_pause_are_several(void **state)
{
	(void)state;
	all_up();
	assert_null(incidents_ended(&all, NULL));
	assert_int_equal(count_opened(INCIDENTS_SETTLE_FLAP_NS + 2 * NS_PER_S), 10);
	unsigned len = 0;
	int64_t before_ns = INT64_MAX;
	for (const struct incident *in = incidents_ended(&all, NULL); in; in = incidents_ended(&all, in)) {
		assert_true(in->closed_real_ns < before_ns && in->closed_real_ns >= in->opened_real_ns);
		before_ns = in->closed_real_ns;
		len++;
	}
	assert_int_equal(len, all.closed[VERDICT_CAUSE_REFUSED] + all.closed[VERDICT_CAUSE_UNEXPLAINED]);
	assert_true(len >= 9);
}

static void a_path_may_have_to_be_well_for_longer(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(10 * NS_PER_S);
	settle_ns = 60 * NS_PER_S;
	up(0, 0);
	settle_ns = 0;
	up(0, 0);
	wait_ns(59 * NS_PER_S);
	assert_int_equal(seen_len, 1);
	wait_ns(2 * NS_PER_S);
	only(INCIDENTS_CLOSED, 1);
}

static void a_blip_is_told(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	wait_ns(NS_PER_S);
	up(0, 0);
	wait_ns(INCIDENTS_VAGUE_NS + 2 * INCIDENTS_SETTLE_NS);
	only(INCIDENTS_OPENED, 0);
	assert_int_equal(only(INCIDENTS_CLOSED, 1)->cause, VERDICT_CAUSE_UNEXPLAINED);
}

/* -- moves -- */

static void a_move_without_loss(void **state)
{
	(void)state;
	all_up();
	for (size_t i = 0; i < EACH; i++) {
		up(i, 7);
		wait_ns(NS_PER_S / 4);
	}
	wait_ns(20 * NS_PER_S);
	const struct seen *s = only(INCIDENTS_OPENED, 0);
	assert_int_equal(s->cause, VERDICT_CAUSE_FAILOVER);
	assert_int_equal(s->direction, VERDICT_DIRECTION_NONE);
	assert_int_equal(s->servers.before, 0);
	assert_int_equal(s->servers.after, 7);
	assert_int_equal(s->paths_total, EACH);
	only(INCIDENTS_CLOSED, 1);
	assert_int_equal(seen_len, 2);
}

static void failover_over(size_t i)
{
	const struct verdict v = { .state = VERDICT_UP, .cause = VERDICT_CAUSE_FAILOVER, .server = 7 };

	tell(i, &v, 7);
}

static void a_failover_ends_the_outage(void **state)
{
	(void)state;
	all_up();
	paths_of(0, down, VERDICT_CAUSE_NOT_ASSIGNED);
	wait_ns(5 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->servers.after, INCIDENT_NOBODY);
	for (size_t i = 0; i < EACH; i++)
		failover_over(i);
	wait_ns(3 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_FAILOVER, 1)->servers.after, 7);
	assert_int_equal(seen[1].cause, VERDICT_CAUSE_FAILOVER);
	wait_ns(20 * NS_PER_S);
	const struct seen *s = only(INCIDENTS_CLOSED, 2);
	assert_int_equal(s->servers.before, 0);
	assert_int_equal(s->servers.after, 7);
	assert_int_equal(s->cause, VERDICT_CAUSE_FAILOVER);
	assert_int_equal(seen_len, 3);
}

static void there_and_back(void **state)
{
	(void)state;
	all_up();
	for (size_t i = 0; i < EACH; i++)
		up(i, 7);
	wait_ns(3 * NS_PER_S);
	for (size_t i = 0; i < EACH; i++)
		up(i, 0);
	wait_ns(10 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->servers.after, 7);
	assert_int_equal(only(INCIDENTS_FAILOVER, 1)->servers.after, 0);
	assert_int_equal(seen[1].latest.before, 7);
	assert_int_equal(seen[1].latest.after, 0);
	assert_int_equal(only(INCIDENTS_CLOSED, 2)->servers.before, 0);
	assert_int_equal(seen[2].servers.after, 0);
}

static void two_that_answer_by_turns_are_no_move(void **state)
{
	const struct verdict v = { .state = VERDICT_UP, .cause = VERDICT_CAUSE_DUPLICATE_ADDRESS, .server = 0 };

	(void)state;
	all_up();
	up(0, 7);
	tell(0, &v, -1);
	wait_ns(3 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_OPENED, 0)->cause, VERDICT_CAUSE_DUPLICATE_ADDRESS);
	assert_int_equal(seen[0].servers.before, 0);
	assert_int_equal(seen[0].servers.after, INCIDENT_NOBODY);
}

static void a_dead_holder_stays_the_cause(void **state)
{
	(void)state;
	all_up();
	paths_of(0, down, VERDICT_CAUSE_HOLDER_DOWN);
	wait_ns(5 * NS_PER_S);
	down(0, VERDICT_CAUSE_FAILOVER);
	failover_over(0);
	wait_ns(5 * NS_PER_S);
	assert_int_equal(only(INCIDENTS_FAILOVER, 1)->cause, VERDICT_CAUSE_HOLDER_DOWN);
	assert_int_equal(seen_len, 2);
}

/* -- paths that go away, and the end -- */

static void an_incident_ends_with_its_last_path(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_REFUSED);
	down(1, VERDICT_CAUSE_REFUSED);
	wait_ns(5 * NS_PER_S);
	incidents_leave(&all, &now, items[0]);
	assert_int_equal(seen_len, 1);
	incidents_leave(&all, &now, items[1]);
	assert_int_equal(only(INCIDENTS_CLOSED, 1)->left, 2);
	assert_false(incidents_any_open(&all));
}

static void a_path_leaves_before_it_is_told(void **state)
{
	(void)state;
	all_up();
	down(0, VERDICT_CAUSE_UNEXPLAINED);
	incidents_leave(&all, &now, items[0]);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_CLOSED, 1);
}

static void the_end(void **state)
{
	(void)state;
	all_up();
	paths_of(0, down, VERDICT_CAUSE_REFUSED);
	wait_ns(5 * NS_PER_S);
	down(EACH, VERDICT_CAUSE_UNEXPLAINED);
	incidents_stop(&all, &now);
	only(INCIDENTS_OPENED, 0);
	only(INCIDENTS_OPENED, 1);
	only(INCIDENTS_STOP, 2);
	only(INCIDENTS_STOP, 3);
}

/* -- whatever happens -- */

static unsigned long random_state;

static unsigned dice(unsigned sides)
{
	random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(random_state >> 33) % sides;
}

static struct {
	int64_t opened, closed, by_path;
	uint64_t ids[PATHS * 64];
} told;

static void count(void *context, enum incidents_event event, const struct incident *in)
{
	(void)context;
	assert_true(in->announced && in->paths_total >= in->failing);
	if (event == INCIDENTS_OPENED)
		told.ids[told.opened++] = in->id;
	else
		assert_in_range(in->id, FIRST_ID, FIRST_ID + (uint64_t)told.opened - 1);
	if (event != INCIDENTS_CLOSED)
		return;
	assert_int_equal(in->failing, 0);
	assert_true(in->closed_ns >= in->opened_ns);
	told.closed++;
}

/* Every path that fails belongs to one open incident, and the incidents count them right. */
static void check_books(void)
{
	size_t failing[INCIDENTS_MAX] = { 0 };

	for (size_t i = 0; i < PATHS; i++) {
		const struct path_incident *p = &items[i]->incident;
		const struct incident *in = &all.items[p->place];
		if (!p->fails)
			continue;
		assert_true(in->open && in->serial == p->serial);
		failing[p->place]++;
	}
	for (size_t k = 0; k < INCIDENTS_MAX; k++)
		assert_int_equal(all.items[k].open ? all.items[k].failing : 0, failing[k]);
}

static void something(void)
{
	static const enum verdict_cause causes[] = { VERDICT_CAUSE_UNEXPLAINED, VERDICT_CAUSE_UNEXPLAINED,
						     VERDICT_CAUSE_REFUSED,     VERDICT_CAUSE_SERVER_DOWN,
						     VERDICT_CAUSE_LOCAL,       VERDICT_CAUSE_NOT_ASSIGNED };
	size_t i = dice(PATHS);

	switch (dice(8)) {
	case 0:
	case 1:
		down_which_way(i, causes[dice(6)], (enum verdict_direction)(1 + dice(4)));
		break;
	case 2:
		paths_of(i / EACH, down, causes[dice(6)]);
		break;
	case 3:
		paths_of(i / EACH, recover, 0);
		break;
	case 4:
		up(i, (int)dice(3));
		break;
	case 5:
		incidents_leave(&all, &now, items[i]);
		items[i]->incident = (struct path_incident){ 0 };
		break;
	case 6:
		wait_ns((int64_t)dice(4) * NS_PER_S);
		break;
	default:
		up(i, (int)(i / EACH));
	}
}

static void the_books_are_right(void **state)
{
	(void)state;
	for (random_state = 1; random_state <= 40; random_state++) {
		unsigned long seed = random_state;

		teardown(NULL);
		setup(NULL);
		all.event = count;
		memset(&told, 0, sizeof told);
		all_up();
		for (unsigned step = 0; step < 400; step++) {
			something();
			check_books();
		}
		all_up();
		wait_ns(INCIDENTS_VAGUE_NS + INCIDENTS_SETTLE_FLAP_NS);
		assert_false(incidents_any_open(&all));
		assert_int_equal(told.opened, told.closed);
		random_state = seed;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_server_is_one_incident),
		TEST(it_grows),
		TEST(its_cause_is_found),
		TEST(who_named_a_cause_may_withdraw_it),
		TEST(directions_add_up),
		TEST(two_faults_are_two_incidents),
		TEST(vague_faults_of_other_directions_are_two),
		TEST(other_directions_are_other_faults),
		TEST(nothing_is_heard_any_more),
		TEST(the_same_cause_later_is_another_fault),
		TEST(an_old_incident_takes_in_nothing_new),
		TEST(a_flap_is_the_same_incident),
		TEST(what_keeps_coming_back_is_waited_for),
		TEST(faults_with_a_pause_are_several),
		TEST(a_path_may_have_to_be_well_for_longer),
		TEST(a_blip_is_told),
		TEST(a_move_without_loss),
		TEST(a_failover_ends_the_outage),
		TEST(there_and_back),
		TEST(two_that_answer_by_turns_are_no_move),
		TEST(a_dead_holder_stays_the_cause),
		TEST(an_incident_ends_with_its_last_path),
		TEST(a_path_leaves_before_it_is_told),
		TEST(the_end),
		TEST(the_books_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
