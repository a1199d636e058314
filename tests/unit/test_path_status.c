/* path_status.h: which changes of a path are told in a run. */
#include "client/verdict/path_status.h"

#include "common/system/clock.h"
#include "tests/unit/assess_scene.h"

static bool is_told(size_t i)
{
	struct verdict v;
	struct path_status before;

	return path_status_review(&engine, i, &v, &before);
}

static bool held_0(const struct path *p, unsigned n)
{
	(void)n;
	return p->held == 0 && p->kind == PROBE_UDP;
}

static void a_failover_is_told_when_another_one_answers(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	play(64, nothing);
	assert_true(is_told(i) && !is_told(i));
	lose(p, 5, PROBER_LOST);
	assert_true(is_told(i) && !is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
	probe(i, false, 1, 2);
	assert_true(is_told(i) && !is_told(i));
	assert_int_equal(p->status.state, VERDICT_DOWN);
	assert_int_equal(p->status.cause, VERDICT_CAUSE_FAILOVER);
}

/* The first answers are no news but of a failover: what was said of the outage stands until it is over. */
static void the_cause_of_an_outage_stands_until_it_is_over(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];

	(void)state;
	play(64, nothing);
	play(ASSESS_STREAK_PROBES, held_0);
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
	play(12, held_0);
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_STUCK_FLOW);
	for (unsigned n = 1; n < ASSESS_STREAK_PROBES; n++) {
		play(1, nothing);
		assert_false(is_told(i));
		assert_int_equal(p->status.cause, VERDICT_CAUSE_STUCK_FLOW);
	}
	play(1, nothing);
	assert_true(is_told(i));
	assert_int_equal(p->status.state, VERDICT_UP);
}

/* The servers have said where the probes were lost before the outage was over: the direction is told with the first
 * answer, if it was not before. */
static void a_short_outage_has_a_direction(void **state)
{
	size_t i = find(512, 0);
	struct path *p = engine.paths.items[i];
	uint32_t from;

	(void)state;
	play(64, nothing);
	assert_true(is_told(i));
	from = p->prober.next;
	now_ns = clock_mono_ns(); /* it has just begun */
	for (unsigned n = 0; n < ASSESS_STREAK_PROBES; n++)
		probe(i, true, 0, 1);
	assert_true(is_told(i));
	assert_int_equal(p->status.direction, VERDICT_DIRECTION_UNKNOWN);
	for (uint32_t seq = from; seq < p->prober.next; seq++)
		prober_settle(&p->prober, seq, PROBER_LOST_FORWARD);
	assert_false(is_told(i)); /* perhaps the cause will be known, too */
	probe(i, false, 0, 1);
	assert_true(is_told(i) && !is_told(i));
	assert_int_equal(p->status.state, VERDICT_DOWN);
	assert_int_equal(p->status.direction, VERDICT_DIRECTION_FORWARD);
}

/* Every other probe is lost, and reached the server's link. */
static void lose_every_other(struct path *p, unsigned n)
{
	uint64_t bitmap = 0;

	assert_non_null(path_loss(p));
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS) {
		probe(p->index, true, 0, 1);
		prober_settle(&p->prober, p->prober.next - 1, PROBER_LOST_FORWARD);
		probe(p->index, false, 0, 1);
		bitmap = bitmap << 2 | 2;
	}
	p->loss->frames.captures[0] = (struct hint_frames_capture){ .newest = p->prober.next - 1, .bitmap = bitmap };
}

/* Nor does a lossy path lose its cause in its last moments, when the servers have nothing new to say. */
static void the_cause_of_loss_stands_until_it_is_over(void **state)
{
	struct config lossy = config;
	size_t i = find(512, FRESH);
	struct path *p = engine.paths.items[i];

	(void)state;
	lossy.lossy_permille = 100;
	engine.config = &lossy;
	play(64, nothing);
	assert_true(is_told(i));
	lose_every_other(p, 20);
	assert_true(is_told(i));
	assert_int_equal(p->status.state, VERDICT_LOSSY);
	assert_int_equal(p->status.cause, VERDICT_CAUSE_SERVER_FIREWALL);
	p->loss->frames = (struct hint_frames){ 0 };
	for (unsigned n = 0; p->status.state == VERDICT_LOSSY; n++) {
		assert_int_equal(p->status.cause, VERDICT_CAUSE_SERVER_FIREWALL);
		assert_true(n < 100);
		play(1, nothing);
		is_told(i);
	}
	assert_int_equal(p->status.state, VERDICT_UP);
	lose_every_other(p, 20); /* for another reason */
	p->loss->frames = (struct hint_frames){ 0 };
	assert_true(is_told(i));
	assert_int_equal(p->status.cause, VERDICT_CAUSE_UNEXPLAINED);
}

/* Random loss is noticed once it is a share of the window. It began with its first loss, but not with one that was lost
 * by chance a minute before. */
static void random_loss_begins_with_its_first_loss(void **state)
{
	size_t i = find(512, FRESH);
	struct path *p = engine.paths.items[i];
	uint32_t first;

	(void)state;
	play(64, nothing);
	assert_true(is_told(i));
	probe(i, true, 0, 1);
	play(40, nothing);
	is_told(i);
	first = p->prober.next;
	for (unsigned n = 0; n < 10; n++, now_ns += 1000 * MS)
		probe(i, n % 3 == 0 || n == 7, 0, 1);
	probe(i, false, 0, 1);
	assert_true(is_told(i));
	assert_int_equal(p->status.state, VERDICT_LOSSY);
	assert_int_equal(p->status.since_ns, prober_sent_real_ns(&p->prober, prober_record(&p->prober, first)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failover_is_told_when_another_one_answers),
		TEST(the_cause_of_an_outage_stands_until_it_is_over),
		TEST(a_short_outage_has_a_direction),
		TEST(the_cause_of_loss_stands_until_it_is_over),
		TEST(random_loss_begins_with_its_first_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
