/* run_reload: the loop goes on while the configuration is read. Linked with --wrap=config_load. */
#include "client/run_reload.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TICKS = 3, GIVE_UP_S = 20 };

struct config *__wrap_config_load(const char *file, struct diag_list *diags);

static sem_t may_go_on;
static bool gave_up;
static unsigned reads;

/* Reads until the loop has ticked. */
struct config *__wrap_config_load(const char *file, struct diag_list *diags)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += GIVE_UP_S;
	gave_up |= sem_timedwait(&may_go_on, &until) != 0;
	reads++;
	diag_add(diags, DIAG_ERROR, file, 1, 1, "this is reading number %u", reads);
	return NULL;
}

static uv_loop_t loop;
static uv_timer_t timer;
static struct run_reload reload;
static unsigned ticks, ends;

static void was_read(void *context)
{
	struct config *config;
	const char *error = run_reload_take(&reload, &config);

	assert_ptr_equal(context, &ends);
	assert_string_equal(error, "the configuration has errors");
	assert_null(config);
	ends++;
	if (run_reload_end(&reload))
		assert_true(run_reload_begin(&reload));
	else
		uv_stop(&loop);
}

static void tick(uv_timer_t *t)
{
	(void)t;
	if (++ticks % TICKS == 0)
		sem_post(&may_go_on);
}

static int setup(void **state)
{
	(void)state;
	ticks = ends = reads = 0;
	gave_up = false;
	assert_int_equal(sem_init(&may_go_on, 0, 0), 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(uv_timer_init(&loop, &timer), 0);
	assert_int_equal(uv_timer_start(&timer, tick, 1, 1), 0);
	reload = (struct run_reload){ .was_read = was_read, .context = &ends, .file = "/nowhere/floatprobe.yaml" };
	run_reload_init(&reload, &loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run_reload_stop(&reload);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&reload.done, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	sem_destroy(&may_go_on);
	return 0;
}

static void the_loop_goes_on_while_it_reads(void **state)
{
	(void)state;
	assert_true(run_reload_begin(&reload));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_false(gave_up);
	assert_true(ticks >= TICKS);
	assert_int_equal(ends, 1);
}

/* The file may have changed since it was read. However many ask, one more reading is enough. */
static void who_asks_meanwhile_gets_another_reading(void **state)
{
	(void)state;
	assert_true(run_reload_begin(&reload));
	assert_false(run_reload_begin(&reload));
	assert_false(run_reload_begin(&reload));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_false(gave_up);
	assert_int_equal(reads, 2);
	assert_int_equal(ends, 2);
}

static void an_end_waits_for_what_is_read(void **state)
{
	(void)state;
	assert_true(run_reload_begin(&reload));
	sem_post(&may_go_on);
	run_reload_stop(&reload);
	assert_int_equal(reads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(the_loop_goes_on_while_it_reads),
		TEST(who_asks_meanwhile_gets_another_reading),
		TEST(an_end_waits_for_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
