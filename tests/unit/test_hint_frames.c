/* hint_frames, hint_neighbour: what came to the link of a server, and to whom it answers. */
#include "tests/unit/settle_scene.h"

static uint32_t captured_since(const struct scene *s, int64_t since_ns)
{
	static struct config_server servers[8] = { [3].name = "boot-01" };
	static const struct config config = { .servers = servers, .servers_len = 8 };
	struct hint_frames_explanation explanation;

	hint_frames_explain(&s->path->loss->frames, s->path, &s->path->loss->attempts, &config, since_ns, &explanation);
	assert_true(explanation.captured <= explanation.forward);
	if (explanation.captured > 0)
		assert_string_equal(explanation.server, "boot-01");
	return explanation.captured;
}

static void what_came_to_the_link_was_lost_on_the_way_there(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured(), nothing = answer_of(2, false, 0, 0, 0);

	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 5); /* server 7 has not said a word */
	assert_int_equal(captured_since(s, 0), 5);
	assert_int_equal(captured_since(s, 109 * SECOND), 2);
	hear(s, 7, -1, &nothing, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(captured_since(s, 0), 5);
	a.captures_len = 0;
	a.truncated = true; /* there was no room for it */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 5);
	a.truncated = false;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 0);
}

static void what_came_to_the_link_may_yet_be_read(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	s->asked_ns = 110 * SECOND; /* before the deadline of 10, and at that of 9 */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 4);
	assert_int_equal(captured_since(s, 0), 4);
}

static void a_server_that_forgot_does_not_know_what_its_socket_got(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured(), other = a;

	a.uptime_ms = 3500; /* up since second 108.52 */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 2);
	s->path->prober.holder = 0;
	s->path->prober.boot_id = 1;
	other.boot_id = 2; /* two machines share its key */
	hear(s, 3, -1, &other, NULL);
	assert_int_equal(tally(s).forward_lost, 2);
}

static void numbers_of_other_flows_and_strange_ones_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	a.captures[0].flow = 43;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	a = captured();
	a.captures[0].newest = 11; /* never sent */
	a.captures[0].bitmap = 1;
	hear(s, 3, -1, &a, NULL);
	a.captures[0].newest = 0;
	a.captures[0].bitmap = UINT64_MAX;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	assert_int_equal(captured_since(s, 0), 0);
}

/* Drops were counted before: a frame that came by then may be one of them. */
static void frames_before_the_first_count_of_drops_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	a.socket_drops = 100;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 5);
	assert_int_equal(captured_since(s, 0), 0);
}

/* What came before a drop may be that drop, however many answers ago the drops were counted. */
static void frames_before_the_latest_drop_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	hear(s, 3, -1, &a, NULL);
	assert_int_not_equal(captured_since(s, 0), 0);
	a.socket_drops = 1;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 0);
}

static void a_syn_that_came_to_the_link_was_lost_on_the_way_there(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].at_link = 1;
	assert_int_equal(captured_since(s, 0), 0); /* perhaps it came to the socket after all */
	prober_settle(&s->path->prober, 8, PROBER_LOST_FORWARD);
	assert_int_equal(captured_since(s, 0), 1);
	assert_int_equal(captured_since(s, 108 * SECOND + 1), 0);
	s->path->loss->attempts.items[0].at_link = 0;
	assert_int_equal(captured_since(s, 0), 0);
}

/* TCP that never worked: through a witness the server knows none of our flows, but speaks of our address alone. */
static void a_witness_tells_of_a_client_without_flows(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	s->path->endpoint = anchor;
	a.flows[0].source = a.flows[0].arrived_on = (struct endpoint){ 0 };
	a.neighbours_len = 2;
	a.neighbours[0] = (struct evidence_neighbour){ .client = client, .local = client };
	a.neighbours[1] = (struct evidence_neighbour){ .client = client, .local = anchor };
	hear(s, 3, 7, &a, NULL);
	assert_true(s->path->loss->neighbour.known);
	s->path->loss->neighbour.known = false;
	a.neighbours[0] = a.neighbours[1];
	a.neighbours[1].client = anchor; /* two addresses: which is ours here? */
	hear(s, 3, 7, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
	a.neighbours_len = 1;
	a.querier = anchor; /* asked directly: it sees us as another one */
	hear(s, 3, -1, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
}

/* From another address of its own, the server has another route. */
static void a_neighbour_concerns_the_address_that_answers(void **state)
{
	static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 } };
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff), another = answer_of(2, false, 0, 0, 0);
	const struct path_loss *d = s->path->loss;

	s->path->facts.arrived_on = droplet; /* an answer said so, long ago */
	a.neighbours_len = 1;
	a.neighbours[0] = (struct evidence_neighbour){ .client = client, .local = droplet };
	hear(s, 3, -1, &a, NULL);
	assert_false(d->neighbour.known);
	a.neighbours[0].local = anchor;
	a.neighbours[0].healed_ms = UINT32_MAX;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.known && d->neighbour.server == 3);
	assert_true(d->neighbour.asked_ns == 112 * SECOND && d->neighbour.right_ns == INT64_MAX);
	a.neighbours[0].healed_ms = 500;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.right_ns == 112 * SECOND - 500 * MS);
	hear(s, 7, -1, &another, NULL); /* of its own entries */
	assert_true(d->neighbour.known);
	a.neighbours_len = 0;
	a.truncated = true; /* there was no room for it */
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.known);
	a.truncated = false;
	hear(s, 3, -1, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_came_to_the_link_was_lost_on_the_way_there),
		TEST(what_came_to_the_link_may_yet_be_read),
		TEST(a_server_that_forgot_does_not_know_what_its_socket_got),
		TEST(numbers_of_other_flows_and_strange_ones_prove_nothing),
		TEST(frames_before_the_first_count_of_drops_prove_nothing),
		TEST(frames_before_the_latest_drop_prove_nothing),
		TEST(a_syn_that_came_to_the_link_was_lost_on_the_way_there),
		TEST(a_witness_tells_of_a_client_without_flows),
		TEST(a_neighbour_concerns_the_address_that_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
