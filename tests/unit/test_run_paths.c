/* run_paths: another configuration, and what becomes of the paths of the one before. Memory may fail at any step. */
#include "client/run_paths.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

/* -- memory: linked with --wrap=calloc -- */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static unsigned calls_left = UINT_MAX; /* the call after so many fails, and all that follow */
static unsigned paths_made;

void *__wrap_calloc(size_t n, size_t size)
{
	if (calls_left == 0)
		return NULL;
	calls_left -= calls_left < UINT_MAX;
	paths_made += n * size == sizeof(struct path);
	return __real_calloc(n, size);
}

/* -- keys: linked with --wrap=seal_pair_for_client -- */

bool __real_seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client, const uint8_t *server_key);
bool __wrap_seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client, const uint8_t *server_key);

static unsigned pairs_made;

bool __wrap_seal_pair_for_client(struct seal_pair *pair, const struct seal_identity *client, const uint8_t *server_key)
{
	pairs_made++;
	return __real_seal_pair_for_client(pair, client, server_key);
}

/* -- two configurations -- */

enum { SLOW, FAST, SCHEDULES };

static struct config_server servers[] = { { .name = (char[]){ "a" } }, { .name = (char[]){ "b" } } };
static struct config_schedule schedules[] = { { .every_ns = 1000 * MS, .timeout_ns = 1000 * MS },
					      { .every_ns = 100 * MS, .timeout_ns = 1000 * MS } };

#define TARGET(text, last, schedule)                                                                                   \
	{                                                                                                              \
		.name = (char[]){ text }, .numeric = true,                                                             \
		.endpoint = { .address = { [10] = 0xff, [11] = 0xff, 203, 0, 113, last }, .port = WIRE_PORT },         \
		.servers_len = 1, .udp = true, .tcp = true, .schedules = { schedule }, .schedules_len = 1, .fresh = 1, \
		.sizes = { 512 }, .sizes_len = 1, .expect_reachable = true,                                            \
	}
enum { PATHS = 2 }; /* of each target */

static struct config_target old_targets[] = { TARGET("gone", 1, SLOW), TARGET("same", 2, SLOW),
					      TARGET("faster", 3, SLOW) };
static struct config_target new_targets[] = { TARGET("same", 2, SLOW), TARGET("faster", 3, FAST),
					      TARGET("new", 4, SLOW), TARGET("more", 5, SLOW) };

#define CONFIG(list)                                                                                                   \
	{                                                                                                              \
		.servers = servers, .servers_len = 2, .schedules = schedules, .schedules_len = SCHEDULES,              \
		.targets = list, .targets_len = sizeof(list) / sizeof *(list),                                         \
	}
static struct config old = CONFIG(old_targets), new = CONFIG(new_targets);
static const struct schedule old_schedules[SCHEDULES] = { { .every_ns = 1000 * MS, .count = 1 },
							  { .every_ns = 100 * MS, .count = 1 } };
static struct schedule new_schedules[SCHEDULES];

static uv_loop_t loop;
static struct driver driver;

static int setup(void **state)
{
	static const uint8_t seeds[][SEAL_SEED_LEN] = { { 1 }, { 2 }, { 3 } };
	struct seal_identity identity;

	(void)state;
	assert_true(seal_start());
	for (unsigned i = 0; i < 2; i++) {
		seal_identity_from_seed(&identity, seeds[i]);
		memcpy(servers[i].keys[0], identity.public_key, WIRE_KEY_LEN);
		servers[i].keys_len = 1;
	}
	seal_identity_from_seed(&old.identity, seeds[2]);
	new.identity = old.identity;
	new_targets[0].servers[0] = 0;
	memcpy(new_schedules, old_schedules, sizeof new_schedules);
	assert_int_equal(uv_loop_init(&loop), 0);
	driver = (struct driver){ .timer_fd = -1 };
	assert_int_equal(driver_start(&driver, &loop, &old, true, true, 0), 0);
	assert_true(run_paths_renew(&driver, &old, old_schedules));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	driver_stop(&driver);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}

/* What a path is, and what it takes from the configuration. */
struct seen {
	struct path *path;
	uint64_t flow_id;
	const struct config_target *target;
	struct schedule_timer *timers, timer;
};

static struct seen recheck(size_t i)
{
	struct path *p = driver.engine.paths.items[i];

	assert_int_equal(p->timers_len, 1);
	assert_ptr_equal(p->timers[0].owner, p);
	assert_ptr_equal(paths_find_flow(&driver.engine.paths, p->prober.flow_id), p);
	return (struct seen){ p, p->prober.flow_id, p->target, p->timers, p->timers[0] };
}

static void expect_the_same(struct seen a, struct seen b)
{
	assert_ptr_equal(a.path, b.path);
	assert_true(a.flow_id == b.flow_id && a.timer.due_ns == b.timer.due_ns);
	assert_ptr_equal(a.target, b.target);
	assert_ptr_equal(a.timers, b.timers);
	assert_ptr_equal(a.timer.schedule, b.timer.schedule);
}

static void paths_go_on_under_another_configuration(void **state)
{
	struct seen same, faster, now;

	(void)state;
	for (size_t i = 0; i < 3 * PATHS; i++)
		driver.engine.paths.items[i]->timers[0].slots = 7;
	same = recheck(PATHS);
	faster = recheck(2 * PATHS);
	assert_true(run_paths_renew(&driver, &new, new_schedules));
	assert_int_equal(driver.engine.paths.len, 4 * PATHS);
	assert_int_equal(driver.engine.queue.len, 4 * PATHS);
	assert_ptr_equal(driver.engine.config, &new);
	now = recheck(0);
	assert_ptr_equal(now.path, same.path);
	assert_true(now.flow_id == same.flow_id && now.timer.due_ns == same.timer.due_ns && now.timer.slots == 7);
	assert_ptr_equal(now.target, &new_targets[0]);
	assert_ptr_equal(now.timer.schedule, &new_schedules[SLOW]);
	now = recheck(PATHS);
	assert_ptr_equal(now.path, faster.path);
	assert_true(now.flow_id == faster.flow_id);
	assert_ptr_equal(now.target, &new_targets[1]);
	assert_ptr_equal(now.timer.schedule, &new_schedules[FAST]);
	assert_int_equal(now.timer.slots, 0);
}

/* Making 10,000 paths and keys would stop the probes for as long as it takes. */
static void what_stays_is_not_made_again(void **state)
{
	(void)state;
	paths_made = pairs_made = 0;
	assert_true(run_paths_renew(&driver, &old, new_schedules));
	assert_int_equal(paths_made, 0);
	assert_true(run_paths_renew(&driver, &new, new_schedules));
	assert_int_equal(paths_made, 2 * PATHS);
	assert_int_equal(pairs_made, 0);
}

/* Flows belong to our key, and what is known of a path names servers by their place. */
static void paths_of_another_identity_begin_anew(void **state)
{
	struct seen before = recheck(PATHS);

	(void)state;
	new.identity.public_key[0]++;
	assert_true(run_paths_renew(&driver, &new, new_schedules));
	assert_true(recheck(0).flow_id != before.flow_id);
}

static void a_path_that_others_may_answer_begins_anew(void **state)
{
	struct seen same = recheck(PATHS), faster = recheck(2 * PATHS);

	(void)state;
	new_targets[0].servers[0] = 1;
	assert_true(run_paths_renew(&driver, &new, new_schedules));
	assert_true(recheck(0).flow_id != same.flow_id);
	assert_ptr_equal(recheck(PATHS).path, faster.path);
}

static void without_memory_all_stays_as_it_was(void **state)
{
	const struct config *const configs[] = { &old, &new }; /* the same with other addresses, and another one */
	struct seen before[3 * PATHS];
	const struct querier *querier = driver.engine.querier;
	const struct schedule_timer *first = schedule_queue_first(&driver.engine.queue);

	(void)state;
	for (size_t i = 0; i < 3 * PATHS; i++)
		before[i] = recheck(i);
	for (unsigned c = 0; c < 2; c++) {
		unsigned calls = 0;
		for (;; calls++) {
			bool done;
			calls_left = calls;
			done = run_paths_renew(&driver, configs[c], new_schedules);
			calls_left = UINT_MAX;
			if (done)
				break;
			assert_ptr_equal(driver.engine.config, &old);
			assert_ptr_equal(driver.engine.querier, querier);
			assert_ptr_equal(schedule_queue_first(&driver.engine.queue), first);
			assert_int_equal(driver.engine.paths.len, 3 * PATHS);
			for (size_t i = 0; i < 3 * PATHS; i++)
				expect_the_same(recheck(i), before[i]);
		}
		assert_true(calls > 10);
		if (c == 0) { /* the timers are others now */
			first = schedule_queue_first(&driver.engine.queue);
			for (size_t i = 0; i < 3 * PATHS; i++)
				before[i] = recheck(i);
		}
	}
	assert_int_equal(driver.engine.paths.len, 4 * PATHS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(paths_go_on_under_another_configuration), TEST(what_stays_is_not_made_again),
		TEST(paths_of_another_identity_begin_anew),    TEST(a_path_that_others_may_answer_begins_anew),
		TEST(without_memory_all_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
