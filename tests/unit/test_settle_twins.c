/* What servers say of twins. */
#include "tests/unit/settle_scene.h"

static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 } };

/* A twin's probe of second 101, whose pinned reply came. Server 7, in slot 1, answers on this path. */
static struct twin *add_twin(struct scene *s)
{
	struct twin *t = s->path->twin = calloc(1, sizeof *t);
	const struct packet_reply pinned = { .role = PACKET_REPLY, .seq = 1, .flow_id = 43, .boot_id = 1 };
	struct path **items = calloc(1, sizeof(struct path *));

	twin_init(t, 43, SECOND);
	items[0] = s->path;
	assert_true(paths_set(&s->paths, items, 1, leaving, NULL));
	for (int64_t i = 101; i <= 110; i++)
		prober_settle(&s->path->prober, (uint32_t)(i - 100), PROBER_IMPOSTOR); /* they want no evidence */
	s->path->prober.holder = 1;
	twin_send(t, 101 * SECOND, 101 * SECOND);
	twin_reply(t, &pinned, &client, &client, 101 * SECOND, 101 * SECOND);
	assert_true(twin_expire(t, 102 * SECOND));
	return t;
}

static void the_holder_is_asked_about_a_missing_twin(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	add_twin(s);
	assert_false(settle_wanted(s->path, 0));
	assert_true(settle_wanted(s->path, 1));
	hear(s, 3, -1, &a, NULL);
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, -1, &a, NULL);
	assert_false(settle_wanted(s->path, 1));
}

/* Receipts for the twin's numbers say nothing of the path's own probes. */
static void the_flow_of_a_twin_is_not_the_paths(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	add_twin(s);
	prober_send(&s->path->prober, 111 * SECOND, 111 * SECOND);
	prober_expire(&s->path->prober, 112 * SECOND);
	a.flows[0].id = 43;
	a.flows[0].receipts.newest = 11;
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 0);
	a.flows[0].id = 42;
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 1);
}

static void a_refused_twin_is_told(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);
	struct twin *t = add_twin(s);
	struct twin_counts n;

	a.twins_len = 2;
	a.twins[0] = (struct evidence_twin){ .flow = 44, .seq = 1, .source = droplet }; /* of nobody's flow */
	a.twins[1] =
	    (struct evidence_twin){ .flow = 42, .seq = 1, .source = droplet }; /* a path's own: it has no twins */
	hear(s, 7, -1, &a, NULL);
	a.twins[0].flow = 43;
	hear(s, 5, -1, &a, NULL); /* may not answer here */
	twin_count(t, 112 * SECOND, &n);
	assert_int_equal(n.refused, 0);
	hear(s, 7, -1, &a, NULL);
	twin_count(t, 112 * SECOND, &n);
	assert_int_equal(n.refused, 1);
	assert_true(endpoint_same_address(&n.refused_source, &droplet));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_holder_is_asked_about_a_missing_twin),
		TEST(the_flow_of_a_twin_is_not_the_paths),
		TEST(a_refused_twin_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
