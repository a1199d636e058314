/* way: when nothing but silence came from a server, nor through a witness. Time is moved by hand. */
#include "client/way.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

enum { SERVER, WITNESS, SERVERS, PAGES = 4 };

static const struct endpoint first = { { [10] = 0xff, 0xff, 198, 18, 0, 1 }, WIRE_PORT };
static const struct endpoint second = { { [10] = 0xff, 0xff, 198, 18, 0, 2 }, WIRE_PORT };
static struct ways ways;
static int64_t now_ns;

static void leaves(struct way *way)
{
	(void)way;
}

static int set_up(void **state)
{
	(void)state;
	assert_true(ways_init(&ways, SERVERS, leaves, NULL));
	assert_true(ways_add(&ways, SERVER, &first));
	assert_true(ways_add(&ways, SERVER, &second));
	assert_true(ways_add(&ways, WITNESS, &first));
	now_ns = 100 * S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ways_free(&ways);
	return 0;
}

/* A round: all its pages leave at once. */
static void ask(struct way *way, unsigned pages)
{
	assert_true(ways_ask(&ways, way, S, now_ns));
	while (pages-- > 0)
		prober_send(&way->prober, now_ns, now_ns);
}

static void ask_directly(void)
{
	for (struct way *w = ways.servers[SERVER].direct; w; w = w->next)
		ask(w, 1);
}

static void later(void)
{
	now_ns += 2 * S;
	ways_expire(&ways, now_ns);
}

static bool is_silent(unsigned relay_rounds)
{
	return ways_silent(&ways, SERVER, now_ns - 5 * S, relay_rounds);
}

static void every_address_and_protocol_has_to_be_silent(void **state)
{
	struct way *w = ways.servers[SERVER].direct;

	(void)state;
	assert_false(is_silent(1)); /* it was not asked */
	ask(w, 1);
	later();
	assert_false(is_silent(1));
	ask_directly();
	later();
	assert_true(is_silent(1));
	way_failed(w, true); /* a refusal: somebody is there */
	assert_false(is_silent(1));
}

/* The pages of one round meet the same loss: they say no more than one of them. */
static void a_relay_is_in_vain_once_a_round(void **state)
{
	struct way *relay = ways_relay(&ways, SERVER, ways.servers[WITNESS].direct);

	(void)state;
	assert_non_null(relay);
	ask_directly();
	ask(relay, PAGES);
	later();
	assert_true(is_silent(1));
	assert_false(is_silent(2));
	ask(relay, PAGES);
	for (uint32_t seq = relay->prober.waiting_from; seq < relay->prober.next; seq++)
		way_answered(relay, seq, false, true, now_ns); /* the witness waited in vain */
	assert_true(is_silent(2));
	assert_false(is_silent(3));
	ask(relay, PAGES);
	way_answered(relay, relay->prober.next - 1, true, false, now_ns);
	assert_false(is_silent(1));
	later();
	assert_false(is_silent(1)); /* it has been heard since */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_address_and_protocol_has_to_be_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_relay_is_in_vain_once_a_round, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
