/* assess.h: when the silence of a server means that it is down. */
#include "tests/unit/assess_scene.h"

/* Linked with --wrap=clock_mono_ns. */
int64_t __real_clock_mono_ns(void);
int64_t __wrap_clock_mono_ns(void);

static int64_t frozen_ns; /* 0: the clock runs */

int64_t __wrap_clock_mono_ns(void)
{
	return frozen_ns ? frozen_ns : __real_clock_mono_ns();
}

/* All paths are down, the querier found nothing but silence, and another server is heard. */
static void lose_everything(void)
{
	start_anew();
	play(10, everything);
	querier.silent_rounds[0] = querier.silent_rounds[1] = 3;
	querier.hears_anybody = true;
	querier.heard_ns = now_ns;
}

static bool is_server_down(enum mode mode)
{
	return cause_of(find(512, 0), mode) == VERDICT_CAUSE_SERVER_DOWN;
}

static void a_server_with_a_sign_of_life_is_not_down(void **state)
{
	static const struct {
		enum prober_outcome newest; /* of the TCP path: of the newest probe of all that were lost */
		bool down;
	} cases[] = {
		{ PROBER_LOST, true },          { PROBER_UNREACHABLE, true },
		{ PROBER_LOST_FORWARD, false }, /* a server has said so */
		{ PROBER_LOST_RETURN, false },  { PROBER_REFUSED, false },
		{ PROBER_PROHIBITED, false },   { PROBER_RESET, false },
		{ PROBER_WRONG_SOURCE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lose_everything();
		lose(engine.paths.items[PATHS - 1], 1, cases[i].newest);
		if (is_server_down(MODE_CHECK) != cases[i].down || is_server_down(MODE_RUN) != cases[i].down)
			fail_msg("%s", prober_outcome_word(cases[i].newest));
	}
	lose_everything();
	probe(PATHS - 1, false, 0, 1);
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	for (unsigned server = 0; server < 2; server++) { /* each that may answer */
		lose_everything();
		querier.silent_rounds[server] = 2;
		assert_true(is_server_down(MODE_CHECK)); /* `check` has no time for more */
		assert_false(is_server_down(MODE_RUN));
		querier.silent_rounds[server] = 1;
		assert_false(is_server_down(MODE_CHECK));
	}
}

/* A handshake was done, though no answer came: of late in a run. */
static void a_server_that_completes_handshakes_is_not_down(void **state)
{
	struct path *p = engine.paths.items[PATHS - 1];
	struct attempt *attempt;

	(void)state;
	lose_everything();
	assert_non_null(path_loss(p));
	attempt = &p->loss->attempts.items[0];
	*attempt = (struct attempt){ .seq = p->prober.waiting_from - ASSESS_STREAK_PROBES, .connected = true };
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	attempt->seq--;
	assert_false(is_server_down(MODE_CHECK));
	assert_true(is_server_down(MODE_RUN));
	attempt->seq++;
	attempt->connected = false;
	assert_true(is_server_down(MODE_CHECK) && is_server_down(MODE_RUN));
}

/* Several servers are probed, and none is heard: it may be us who are cut off. */
static void a_client_that_hears_nobody_calls_no_server_down(void **state)
{
	(void)state;
	lose_everything();
	assert_true(is_server_down(MODE_CHECK) && is_server_down(MODE_RUN));
	querier.hears_anybody = false;
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	querier.hears_anybody = true;
	querier.heard_ns = now_ns - 8000 * MS; /* when the third of ten left, which were lost */
	assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
	querier.heard_ns += 1; /* in a run, it may have been under way when we were cut off */
	assert_true(is_server_down(MODE_CHECK));
	assert_false(is_server_down(MODE_RUN));
	querier.heard_ns += 500 * MS;
	assert_true(is_server_down(MODE_RUN));

	start_anew(); /* a loss before the outage is not part of it */
	play(1, everything);
	play(3, nothing);
	play(10, everything);
	querier.heard_ns = now_ns - 7500 * MS;
	assert_false(is_server_down(MODE_RUN));
	querier.heard_ns++;
	assert_true(is_server_down(MODE_RUN));
}

/* One address, and no witness. */
static void a_server_that_is_silent_at_one_address_is_not_called_down(void **state)
{
	struct verdict v;

	(void)state;
	for (unsigned heard = 0; heard < 2; heard++) {
		lose_everything();
		querier.no_proof = true;
		querier.hears_anybody = heard;
		assert_false(is_server_down(MODE_CHECK) || is_server_down(MODE_RUN));
		assess_path(&engine, find(512, 0), MODE_RUN, &v); /* if no other is heard, it may be us */
		assert_int_equal(heard, !strstr(v.advice, "check first that this host can reach anything"));
		for (querier.unheard = 1; querier.unheard < 4; querier.unheard++) {
			assess_path(&engine, find(512, 0), MODE_RUN, &v); /* perhaps they do not know our key */
			assert_int_equal(querier.unheard == 3, strstr(v.advice, "`clients`") != NULL);
		}
		querier.unheard = 0;
	}
	querier.no_proof = false;
}

static void index_again(void)
{
	struct path **items = malloc(PATHS * sizeof(struct path *));

	assert_non_null(items);
	memcpy(items, engine.paths.items, PATHS * sizeof(struct path *));
	assert_true(paths_set(&engine.paths, items, PATHS, NULL, NULL));
}

/* Each target has one server. Where all have the same one, no other could have been heard. */
static void a_server_of_another_target_is_another(void **state)
{
	static struct config_target elsewhere;
	struct path *other = engine.paths.items[PATHS - 1];

	(void)state;
	lose_everything();
	querier.hears_anybody = false;
	elsewhere = target;
	target.servers_len = elsewhere.servers_len = 1;
	other->target = &elsewhere;
	index_again();
	assert_true(is_server_down(MODE_CHECK));
	elsewhere.servers[0] = 1;
	index_again();
	assert_false(is_server_down(MODE_CHECK));
	other->target = &target;
	target.servers_len = 2;
	index_again();
}

/* -- a server with many paths -- */

enum { CROWD = 200 };

static void no_matter(void *context, struct path *p)
{
	(void)context;
	(void)p;
}

/* Its paths are at as many addresses. Returns how often its silence was looked for. */
static unsigned assess_crowd(void)
{
	struct verdict v;

	looks = 0;
	for (size_t i = 0; i < CROWD; i++)
		assess_path(&engine, i, MODE_RUN, &v);
	return looks;
}

static void lose_crowd(void)
{
	for (size_t i = 0; i < CROWD; i++)
		probe(i, true, 0, 1);
	now_ns += 1000 * MS;
}

/* Each look reads all paths of the server: one for each path would be ten thousand times ten thousand. */
static void the_silence_of_a_server_is_looked_for_once_a_moment(void **state)
{
	struct config_target one = target;
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(CROWD, sizeof *items);
	struct endpoint at = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 0 }, .port = WIRE_PORT };

	(void)state;
	one.servers_len = one.held = one.sizes_len = 1;
	one.tcp = false;
	one.fresh = 0;
	for (size_t i = 0; items && i < CROWD; i++, at.address[15]++)
		assert_true(path_make_all(&plan, &one, &at, items + i));
	assert_true(items && paths_set(&engine.paths, items, CROWD, no_matter, NULL));
	querier.silent_rounds[0] = SERVERS;
	querier.hears_anybody = true;
	for (unsigned n = 0; n < 5; n++)
		lose_crowd();
	frozen_ns = now_ns;
	assert_int_equal(assess_crowd(), 1);
	frozen_ns += 19 * MS;
	assert_int_equal(assess_crowd(), 0);
	frozen_ns += 1 * MS;
	assert_int_equal(assess_crowd(), 1);
	engine.servers[0].silence_ns = 0; /* there is news */
	assert_int_equal(assess_crowd(), 1);
	frozen_ns = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_with_a_sign_of_life_is_not_down),
		TEST(a_server_that_completes_handshakes_is_not_down),
		TEST(a_client_that_hears_nobody_calls_no_server_down),
		TEST(a_server_that_is_silent_at_one_address_is_not_called_down),
		TEST(a_server_of_another_target_is_another),
		TEST(the_silence_of_a_server_is_looked_for_once_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
