/* What receive.h remembers of errors: the last word about a path until an answer to a later probe. What it takes from
 * the receipts of a reply. And by which reason it counts what it drops. Replies are MACed as a server does it. */
#include "client/engine/receive.h"

#include "client/evidence/path_loss.h"
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
static const struct endpoint floating = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = WIRE_PORT };
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
	memcpy(server.keys[0], identity.public_key, WIRE_KEY_LEN);
	server.keys_len = 1;
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

static uint32_t forged_token; /* added to that of the probe */

static void probe(uint8_t *buf, const struct prober *prober, uint32_t seq)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = prober->flow_id,
		.destination = floating,
		.transport = PACKET_UDP,
		.token = keyring_token(&engine.keyring, prober->flow_id, seq) + forged_token,
		.slots = 1,
	};

	memcpy(request.client_key, config.identity.public_key, WIRE_KEY_LEN);
	packet_write_request(buf, WIRE_PROBE_MIN, &request);
}

static void write_reply(uint8_t *buf, const struct prober *prober, uint32_t seq, const struct seal_identity *by,
			struct packet_reply reply)
{
	struct seal_pair pair;

	probe(buf, prober, seq);
	memcpy(reply.server_key, by->public_key, WIRE_KEY_LEN);
	packet_write_reply(buf, WIRE_PROBE_MIN, &reply);
	assert_true(seal_pair_for_server(&pair, by, config.identity.public_key));
	seal_reply_mac(&pair, PACKET_UDP, buf, WIRE_PROBE_MIN, reply.slots);
}

/* A reply to probe `seq`, by that server, with these flags. */
static void make_reply(uint8_t *buf, const struct prober *prober, uint32_t seq, const struct seal_identity *by,
		       uint8_t flags)
{
	write_reply(buf, prober, seq, by,
		    (struct packet_reply){ .role = PACKET_REPLY, .boot_id = 1, .slots = 1, .flags = flags });
}

static void receive(uint8_t *buf, size_t len)
{
	hooks.received(&engine, &(struct udp_datagram){ .buf = buf, .len = len, .peer = floating }, clock_mono_ns());
}

/* The server answers probe `seq`. */
static void answer(const struct prober *prober, uint32_t seq)
{
	uint8_t buf[WIRE_PROBE_MIN];

	make_reply(buf, prober, seq, &identity, 0);
	receive(buf, sizeof buf);
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

/* Which server received it, and on which of its addresses, is that of the receipts that prove it. */
static void receipts_in_a_reply_tell_where_a_loss_arrived(void **state)
{
	static const struct endpoint anchor = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 }, .port = WIRE_PORT };
	uint32_t lost = leave(&path->prober), answered;
	struct path_loss *loss = path_loss(path);
	uint8_t buf[WIRE_PROBE_MIN];

	(void)state;
	prober_expire(&path->prober, clock_mono_ns() + 1000 * MS);
	assert_int_equal(prober_record(&path->prober, lost)->outcome, PROBER_LOST);
	answered = leave(&path->prober);
	answer(&path->prober, answered); /* an answer without a receipt of it proves nothing */
	assert_int_equal(loss->receipt_server, -1);

	answered = leave(&path->prober);
	write_reply(
	    buf, &path->prober, answered, &identity,
	    (struct packet_reply){ .role = PACKET_REPLY,
				   .boot_id = 1,
				   .slots = 1,
				   .arrived_on = anchor,
				   .receipts = { .first = lost, .newest = answered, .received = 3, .bitmap = { 7 } } });
	receive(buf, sizeof buf);
	assert_int_equal(prober_record(&path->prober, lost)->outcome, PROBER_LOST_RETURN);
	assert_int_equal(loss->receipt_server, 0);
	assert_int_equal(loss->receipt_seq, lost);
	assert_true(endpoint_equal(&loss->receipt_on, &anchor));
}

/* -- what is dropped -- */

static struct prober other_flow = { .flow_id = 0x1234 };

/* `len` octets come: they are dropped for that reason, and for no other. */
static void assert_dropped(enum drop reason, uint8_t *buf, size_t len)
{
	uint64_t before[DROPS_LEN];

	memcpy(before, engine.drops, sizeof before);
	receive(buf, len);
	before[reason]++;
	assert_memory_equal(engine.drops, before, sizeof before);
}

static void a_packet_that_is_none_is_dropped(void **state)
{
	uint8_t buf[WIRE_PROBE_MIN];
	uint32_t seq = leave(&path->prober);

	(void)state;
	make_reply(buf, &path->prober, seq, &identity, 0);
	assert_dropped(DROP_SHORT, buf, WIRE_BASE_LEN);
	buf[WIRE_FLOW_VERSION]++;
	assert_dropped(DROP_VERSION, buf, sizeof buf);
	buf[WIRE_FLOW_VERSION]--;
	buf[WIRE_FLOW_MAGIC]++;
	assert_dropped(DROP_MALFORMED, buf, sizeof buf);
	buf[WIRE_FLOW_MAGIC]--;
	assert_dropped(DROP_NONE, buf, sizeof buf);
	assert_int_equal(prober_record(&path->prober, seq)->outcome, PROBER_ANSWERED);
}

static void a_reply_that_is_not_authentic_is_dropped(void **state)
{
	uint8_t buf[WIRE_PROBE_MIN];
	uint32_t seq = leave(&path->prober);

	(void)state;
	make_reply(buf, &path->prober, seq, &identity, 0);
	buf[WIRE_REPLY_BOOT_ID]++;
	assert_dropped(DROP_BAD_MAC, buf, sizeof buf);
	make_reply(buf, &path->prober, seq, &identity, PACKET_SIGNED); /* but the signature is empty */
	assert_dropped(DROP_BAD_SIGNATURE, buf, sizeof buf);
	assert_int_equal(prober_record(&path->prober, seq)->outcome, PROBER_WAITING);
}

/* Whatever octet of a reply something on the way alters: the socket got it. Only the flow tells whose reply it is. */
static void a_reply_that_was_altered_is_noted_for_its_flow(void **state)
{
	static const size_t octets[] = {
		WIRE_SEQ,          WIRE_LOCATION,         WIRE_FLOW,       WIRE_FLOW_MAGIC,
		WIRE_FLOW_VERSION, WIRE_FLOW_ROLE,        WIRE_SENDER_SEQ, WIRE_REPLY_SERVER_KEY,
		WIRE_REPLY_TOKEN,  WIRE_REPLY_BITMAP + 3, WIRE_AUTH,       WIRE_MACS(1),
	};
	uint8_t buf[WIRE_PROBE_MIN];
	uint32_t seq = leave(&path->prober);

	(void)state;
	for (unsigned i = 0; i < sizeof octets / sizeof *octets; i++) {
		path->facts.altered_ns = 0;
		make_reply(buf, &path->prober, seq, &identity, 0);
		buf[octets[i]] ^= 0x40;
		receive(buf, sizeof buf);
		assert_true(path->facts.altered_ns > 0);
	}
	path->facts.altered_ns = 0;
	make_reply(buf, &other_flow, 1, &identity, 0);
	buf[WIRE_MACS(1)] ^= 0x40;
	receive(buf, sizeof buf);
	make_reply(buf, &path->prober, seq, &identity, 0);
	receive(buf, WIRE_FLOW_ID + 7);
	buf[WIRE_FLOW_ID] ^= 0x40;
	receive(buf, sizeof buf);
	assert_true(path->facts.altered_ns == 0);
	assert_int_equal(prober_record(&path->prober, seq)->outcome, PROBER_WAITING);
	answer(&path->prober, seq);
	assert_true(path->facts.altered_ns == 0);
}

/* Who has seen a signature of the flow can have a server answer a packet that he made up, and send that to us: the MAC
 * holds. */
static void a_reply_to_a_packet_that_is_not_ours_is_dropped(void **state)
{
	uint8_t buf[WIRE_PROBE_MIN];
	uint32_t seq = leave(&path->prober);

	(void)state;
	forged_token = 1;
	make_reply(buf, &path->prober, seq, &identity, 0);
	forged_token = 0;
	assert_dropped(DROP_TOKEN, buf, sizeof buf);
	assert_int_equal(prober_record(&path->prober, seq)->outcome, PROBER_WAITING);
}

static void a_reply_by_an_unknown_key_is_dropped(void **state)
{
	static const uint8_t seed[SEAL_SEED_LEN] = { 3 };
	struct seal_identity stranger;
	uint8_t buf[WIRE_PROBE_MIN];
	uint32_t seq = leave(&path->prober);
	uint64_t sum;

	(void)state;
	seal_identity_from_seed(&stranger, seed);
	make_reply(buf, &other_flow, 1, &stranger, 0);
	assert_dropped(DROP_SERVER, buf, sizeof buf);
	make_reply(buf, &path->prober, seq, &stranger, 0);
	buf[WIRE_REPLY_BOOT_ID]++;
	assert_dropped(DROP_STRANGER_BAD_MAC, buf, sizeof buf);
	assert_int_equal(prober_record(&path->prober, seq)->outcome, PROBER_WAITING);
	for (unsigned i = 0; i < 1000; i++)
		receive(buf, sizeof buf);
	sum = engine.drops[DROP_STRANGER_BAD_MAC] + engine.drops[DROP_STRANGER_LIMIT];
	assert_int_equal(sum, 1001);
	assert_in_range(engine.drops[DROP_STRANGER_LIMIT], 1, 991);
}

static void a_reply_to_nothing_is_dropped(void **state)
{
	struct prober *recheck = &path_recheck(path)->prober;
	uint8_t buf[WIRE_PROBE_MIN];

	(void)state;
	make_reply(buf, &other_flow, 1, &identity, 0);
	assert_dropped(DROP_FLOW, buf, sizeof buf);
	make_reply(buf, &path->prober, path->prober.next, &identity, 0);
	assert_dropped(DROP_NUMBER, buf, sizeof buf);
	make_reply(buf, recheck, recheck->next, &identity, 0);
	assert_dropped(DROP_NUMBER, buf, sizeof buf);
	probe(buf, &other_flow, 1);
	assert_dropped(DROP_ECHO, buf, sizeof buf);
}

static void an_error_that_says_nothing_is_dropped(void **state)
{
	uint8_t buf[WIRE_PROBE_MIN];
	const struct errqueue_entry fine = { .kind = ERRQUEUE_ICMP,
					     .meaning = ERRQUEUE_PROHIBITED,
					     .destination = floating,
					     .payload = buf,
					     .payload_len = sizeof buf };
	struct errqueue_entry entry = fine;

	(void)state;
	probe(buf, &path->prober, leave(&path->prober));
	entry.payload_len = WIRE_FLOW_ID;
	hooks.failed(&engine, &entry);
	assert_int_equal(engine.drops[DROP_ERROR_SHORT], 1);
	entry = fine;
	entry.destination.port++;
	hooks.failed(&engine, &entry);
	assert_int_equal(engine.drops[DROP_ERROR_DESTINATION], 1);
	entry = fine;
	entry.meaning = ERRQUEUE_OTHER;
	hooks.failed(&engine, &entry);
	assert_int_equal(engine.drops[DROP_ERROR_MEANING], 1);
	assert_int_equal(path->facts.last_error, PROBER_NONE);
	hooks.failed(&engine, &fine);
	assert_int_equal(path->facts.last_error, PROBER_PROHIBITED);
	probe(buf, &other_flow, 1);
	hooks.failed(&engine, &fine);
	assert_int_equal(engine.drops[DROP_ERROR_FLOW], 1);
	assert_int_equal(engine.drops[DROP_NONE], 1);
}

static void the_sums_are_said_in_words(void **state)
{
	uint64_t sums[DROPS_LEN] = { [DROP_NONE] = 7, [DROP_BAD_MAC] = 3, [DROP_FLOW] = 1 };
	char text[DROP_SUMS_LEN];

	(void)state;
	assert_string_equal(drop_sums_text(sums, text), "3 MAC does not hold, 1 no flow of ours");
	memset(sums, 0, sizeof sums);
	assert_string_equal(drop_sums_text(sums, text), "");
	memset(sums, 0xff, sizeof sums);
	drop_sums_text(sums, text);
	assert_non_null(strstr(text, drop_text(DROPS_LEN - 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(an_error_is_the_last_word_until_a_later_probe_is_answered),
		TEST(an_error_about_an_answered_probe_says_nothing),
		TEST(receipts_in_a_reply_tell_where_a_loss_arrived),
		TEST(a_packet_that_is_none_is_dropped),
		TEST(a_reply_that_is_not_authentic_is_dropped),
		TEST(a_reply_that_was_altered_is_noted_for_its_flow),
		TEST(a_reply_to_a_packet_that_is_not_ours_is_dropped),
		TEST(a_reply_by_an_unknown_key_is_dropped),
		TEST(a_reply_to_nothing_is_dropped),
		TEST(an_error_that_says_nothing_is_dropped),
		TEST(the_sums_are_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
