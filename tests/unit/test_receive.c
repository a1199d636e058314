/* What receive.h remembers of errors: the last word about a path until an answer to a later probe. Replies are MACed as
 * a server does it. */
#include "client/engine/receive.h"

#include "common/system/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

enum { RING = 64 };

static char name[] = "t";
static struct config_server server = { .name = name };
static struct config_schedule schedule = { .every_ns = 1000 * MS, .timeout_ns = 1000 * MS };
static struct config_target target = {
	.name = name, .servers_len = 1, .udp = true, .schedules_len = 1, .fresh = 1, .sizes = { 512 }, .sizes_len = 1
};
static struct config config = { .servers = &server,
				.servers_len = 1,
				.schedules = &schedule,
				.schedules_len = 1,
				.targets = &target,
				.targets_len = 1 };
static const struct endpoint floating = { { [10] = 0xff, 0xff, 203, 0, 113, 7 }, WIRE_PORT };
static struct seal_identity identity;
static struct engine engine;
static struct udp_dialer_hooks hooks;
static struct path *path;

static int setup(void **state)
{
	static const uint8_t client_seed[SEAL_SEED_LEN] = { 1 }, server_seed[SEAL_SEED_LEN] = { 2 };
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(1, sizeof *items);

	(void)state;
	assert_true(seal_start());
	seal_identity_from_seed(&config.identity, client_seed);
	seal_identity_from_seed(&identity, server_seed);
	memcpy(server.key, identity.public_key, WIRE_KEY_LEN);
	memset(&engine, 0, sizeof engine);
	assert_true(engine_start(&engine, &config, NULL, NULL));
	assert_true(items && path_make_all(&plan, &target, &floating, items));
	assert_true(paths_set(&engine.paths, items, 1, NULL, NULL));
	path = items[0];
	hooks = receive_udp_hooks(&engine);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_stop(&engine);
	return 0;
}

static void probe(uint8_t *buf, const struct prober *prober, uint32_t seq)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = prober->flow_id,
		.destination = floating,
		.transport = PACKET_UDP,
		.slots = 1,
	};

	memcpy(request.client_key, config.identity.public_key, WIRE_KEY_LEN);
	packet_write_request(buf, WIRE_PROBE_MIN, &request);
}

/* The server answers probe `seq`. */
static void answer(const struct prober *prober, uint32_t seq)
{
	uint8_t buf[WIRE_PROBE_MIN];
	struct packet_reply reply = { .role = PACKET_REPLY, .boot_id = 1, .slots = 1 };
	struct seal_pair pair;

	probe(buf, prober, seq);
	memcpy(reply.server_key, identity.public_key, WIRE_KEY_LEN);
	packet_write_reply(buf, sizeof buf, &reply);
	assert_true(seal_pair_for_server(&pair, &identity, config.identity.public_key));
	seal_reply_mac(&pair, PACKET_UDP, buf, sizeof buf);
	hooks.received(&engine, &(struct udp_datagram){ .buf = buf, .len = sizeof buf, .peer = floating },
		       clock_mono_ns());
	assert_int_equal(prober_record(prober, seq)->outcome, PROBER_ANSWERED);
}

/* A firewall's error comes for probe `seq`. */
static void prohibit(const struct prober *prober, uint32_t seq)
{
	uint8_t buf[WIRE_PROBE_MIN];

	probe(buf, prober, seq);
	hooks.failed(&engine, &(struct errqueue_entry){ .kind = ERRQUEUE_ICMP,
							.meaning = ERRQUEUE_PROHIBITED,
							.destination = floating,
							.payload = buf,
							.payload_len = sizeof buf });
}

static uint32_t leave(struct prober *prober)
{
	return prober_send(prober, clock_mono_ns(), clock_real_ns());
}

static int64_t left_ns(const struct prober *prober, uint32_t seq)
{
	return prober_record(prober, seq)->sent_ns;
}

/* Of the path itself and of a recheck at it alike. */
static void an_error_is_the_last_word_until_a_later_probe_is_answered(void **state)
{
	struct prober *const probers[] = { &path->prober, &path_recheck(path)->prober };

	(void)state;
	for (unsigned i = 0; i < sizeof probers / sizeof *probers; i++) {
		uint32_t before = leave(probers[i]), after = leave(probers[i]);

		prohibit(&path->prober, leave(&path->prober));
		assert_int_equal(path->facts.last_error, PROBER_PROHIBITED);
		path->facts.last_error_ns = left_ns(probers[i], before);
		answer(probers[i], before);
		assert_int_equal(path->facts.last_error, PROBER_PROHIBITED);
		path->facts.last_error_ns = left_ns(probers[i], after) - 1;
		answer(probers[i], after);
		assert_int_equal(path->facts.last_error, PROBER_NONE);
	}
}

static void an_error_about_an_answered_probe_says_nothing(void **state)
{
	struct prober *const probers[] = { &path->prober, &path_recheck(path)->prober };

	(void)state;
	for (unsigned i = 0; i < sizeof probers / sizeof *probers; i++) {
		uint32_t seq = leave(probers[i]);

		answer(probers[i], seq);
		prohibit(probers[i], seq);
		assert_int_equal(path->facts.last_error, PROBER_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(an_error_is_the_last_word_until_a_later_probe_is_answered),
		TEST(an_error_about_an_answered_probe_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
