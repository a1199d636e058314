/* What the channels of a server together show of it. Time is moved by hand. */
#include "client/evidence/channel.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

enum { SERVER, WITNESS, SERVERS, PAGES = 4 };

static const struct endpoint first = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 1 }, .port = WIRE_PORT };
static const struct endpoint second = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 2 }, .port = WIRE_PORT };
static struct channels channels;
static int64_t now_ns;

static void leaves(void *context, struct channel *channel)
{
	(void)context, (void)channel;
}

static int set_up(void **state)
{
	(void)state;
	assert_true(channels_init(&channels, SERVERS, leaves, NULL));
	assert_true(channels_add(&channels, SERVER, &first));
	assert_true(channels_add(&channels, SERVER, &second));
	assert_true(channels_add(&channels, WITNESS, &first));
	now_ns = 100 * S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	channels_free(&channels);
	return 0;
}

/* A round: all its pages leave at once. */
static void ask(struct channel *channel, unsigned pages)
{
	assert_true(channels_ask(&channels, channel, S, now_ns));
	while (pages-- > 0)
		prober_send(&channel->prober, now_ns, now_ns);
}

static void ask_directly(void)
{
	for (struct channel *w = channels.servers[SERVER].direct; w; w = w->next)
		ask(w, 1);
}

static void later(void)
{
	now_ns += 2 * S;
	channels_expire(&channels, now_ns);
}

static bool is_silent(unsigned witness_rounds)
{
	return channels_liveness(&channels, SERVER, now_ns - LIVENESS_FRESH_NS, witness_rounds) == LIVENESS_SILENT;
}

static struct channel *make_relay(void)
{
	struct channel *relay = channels_relay(&channels, SERVER, channels.servers[WITNESS].direct);

	assert_non_null(relay);
	return relay;
}

static void every_address_and_protocol_has_to_be_silent(void **state)
{
	struct channel *w = channels.servers[SERVER].direct;

	(void)state;
	assert_false(is_silent(1)); /* it was not asked */
	ask(w, 1);
	later();
	assert_false(is_silent(1));
	ask_directly();
	later();
	assert_true(is_silent(1));
	ask(w, 1);
	channel_failed(w, w->prober.next - 1, true); /* a refusal: somebody is there */
	later();
	assert_false(is_silent(1));
}

static void ask_and_send(bool (*may_send)(const struct channel *))
{
	ask_directly();
	for (struct channel *w = channels.servers[SERVER].direct; w; w = w->next) {
		if (!may_send(w))
			channel_unsent(w, w->prober.next - 1);
	}
	later();
}

static bool to_the_first(const struct channel *w)
{
	return endpoint_equal(&w->endpoint, &first);
}

static bool over_udp(const struct channel *w)
{
	return w->transport == PACKET_UDP;
}

static bool to_all(const struct channel *w)
{
	return w != NULL;
}

static bool to_none(const struct channel *w)
{
	return w == NULL;
}

static bool is_proof(void)
{
	return channels_silence_is_proof(&channels, SERVER, false, now_ns - LIVENESS_FRESH_NS);
}

/* Without a route to an address, its silence is this host's. Two others still prove that the server is down. */
static void an_address_that_cannot_be_sent_to_says_nothing(void **state)
{
	const struct endpoint third = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 3 }, .port = WIRE_PORT };

	(void)state;
	ask_and_send(to_all);
	assert_true(is_silent(1));
	assert_true(is_proof());
	ask_and_send(to_the_first);
	assert_true(is_silent(1));
	assert_false(is_proof());
	assert_true(channels_add(&channels, SERVER, &third));
	ask_and_send(to_the_first);
	assert_false(is_proof());
	ask_and_send(to_none);
	assert_false(is_silent(1));
	ask_and_send(over_udp);
	assert_false(is_silent(1)); /* nothing is known of TCP */
	ask_and_send(to_all);
	assert_true(is_silent(1));
	assert_true(is_proof());
}

/* What was silent long ago has to be asked again. */
static void silence_is_of_lately(void **state)
{
	(void)state;
	ask_directly();
	later();
	now_ns += 60 * S;
	ask(channels.servers[SERVER].direct, 1);
	later();
	assert_false(is_silent(1));
	ask_directly();
	later();
	assert_true(is_silent(1));
}

/* The pages of one round meet the same loss: they say no more than one of them. */
static void all_queries_of_a_round_time_out_once(void **state)
{
	struct channel *relay = make_relay();

	(void)state;
	ask_directly();
	ask(relay, PAGES);
	later();
	assert_int_equal(relay->liveness.silent_rounds, 1);
	assert_false(is_silent(1)); /* the witness says nothing: it may be out of our reach */
	ask(relay, PAGES);
	for (unsigned page = 0; page < PAGES; page++)
		liveness_reported_silent(&relay->liveness, now_ns);
	assert_true(is_silent(2));
	assert_false(is_silent(3));
	ask(relay, PAGES);
	liveness_answered(&relay->liveness, true, now_ns, now_ns);
	assert_false(is_silent(1));
	later();
	assert_false(is_silent(1)); /* it has been heard since */
}

/* It may have a limit of its own; but if it is not heard either, it may be we who are cut off. */
static void a_witness_that_says_nothing_has_to_be_heard_otherwise(void **state)
{
	struct channel *relay = make_relay();

	(void)state;
	for (int round = 1; round <= 6; round++) {
		ask_directly();
		ask(relay, 1);
		if (round == 2 || round == 5)
			channels.servers[WITNESS].heard_ns = now_ns + S / 2;
		later();
		assert_int_equal(is_silent(3), round >= 5);
	}
}

/* Its last answer through the witness is followed by three silent rounds, but is not older than LIVENESS_FRESH_NS. */
static void a_server_that_was_heard_lately_is_not_silent(void **state)
{
	struct channel *relay = make_relay();

	(void)state;
	ask(relay, 1);
	liveness_answered(&relay->liveness, true, now_ns, now_ns);
	for (int round = 1; round <= 3; round++) {
		now_ns += S;
		ask_directly();
		ask(relay, 1);
		liveness_reported_silent(&relay->liveness, now_ns);
	}
	later();
	assert_false(is_silent(3));
	now_ns++;
	assert_true(is_silent(3));
}

static void an_answer_without_evidence_is_no_silence(void **state)
{
	(void)state;
	ask_directly();
	liveness_answered(&channels.servers[SERVER].direct->liveness, false, now_ns, now_ns);
	later();
	assert_false(is_silent(1));
}

/* If the probe left after the last question, and this very server answered it. */
static void a_probe_shows_that_a_way_is_alive(void **state)
{
	static struct config_schedule schedule = { .every_ns = S, .timeout_ns = S };
	static const struct config config = { .schedules = &schedule, .schedules_len = 1 };
	static char name[] = "t";
	static const struct config_target target = {
		.name = name, .servers = { SERVER, WITNESS }, .servers_len = 2, .schedules_len = 1, .tcp = true
	};
	const struct path_plan plan = { .config = &config, .ring_len = 64 };
	struct path **items = calloc(1, sizeof *items);
	struct channel *w = channels.servers[SERVER].direct->next;
	struct paths paths = { 0 };

	(void)state;
	assert_true(w->transport == PACKET_TCP && items && path_make_all(&plan, &target, &w->endpoint, items));
	assert_true(paths_set(&paths, items, 1, NULL, NULL));
	ask(w, 1);
	for (unsigned n = 0; n < 3; n++) { /* left with the question; answered by the other one; as it should be */
		struct prober *b = &items[0]->prober;
		struct packet_reply reply = { .boot_id = 1, .flow_id = b->flow_id };

		assert_false(channel_is_alive(w, &paths));
		reply.seq = prober_send(b, now_ns + (n > 0), now_ns);
		prober_reply(b, &reply, n == 1, true, now_ns + 1, now_ns + 1, false);
	}
	assert_true(channel_is_alive(w, &paths));
	paths_free(&paths);
}

static void an_error_concerns_its_own_round(void **state)
{
	struct channel *relay = make_relay();

	(void)state;
	ask(relay, 1);
	now_ns += S / 2;
	ask(relay, 1);
	channel_failed(relay, relay->prober.next - 2, false);
	assert_int_equal(relay->liveness.silent_rounds, 1);
	channel_failed(relay, relay->prober.next - 2, false);
	channel_failed(relay, relay->prober.next + 7, false); /* none of ours */
	assert_int_equal(relay->liveness.silent_rounds, 1);
	later();
	assert_int_equal(relay->liveness.silent_rounds, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_address_and_protocol_has_to_be_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_address_that_cannot_be_sent_to_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_is_of_lately, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_witness_that_says_nothing_has_to_be_heard_otherwise, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_error_concerns_its_own_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_was_heard_lately_is_not_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_without_evidence_is_no_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_probe_shows_that_a_way_is_alive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_queries_of_a_round_time_out_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
