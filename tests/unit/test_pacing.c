/* engine: how a fleet's probes are spread over the time, and that each is decided once. The clock and the dialers stand
 * here, so that nothing but the engine decides when a probe leaves: after however long a pause no burst is larger than
 * what queues take, and probes leave when they are due. */
#include "client/engine/receive.h"
#include "tests/unit/virtual_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define US INT64_C(1000)
#define MS (1000 * US)
#define S  (1000 * MS)

enum {
	TARGETS = 10000,  /* each once a second */
	A_MS = 10,        /* so many probes a millisecond */
	BURST_MAX = 96,   /* in any millisecond: two wake-ups' probes */
	SENT_MAX = 100000 /* that a test remembers */
};

/* -- a network that only counts -- */

static struct sent {
	int64_t at_ns;
	const struct prober *prober;
} sent[SENT_MAX];
static size_t sent_len;

uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq)
{
	static uint8_t datagram[WIRE_UDP_MAX];

	(void)dialer, (void)to, (void)held, (void)last_fresh, (void)len, (void)seq;
	assert_true(sent_len < SENT_MAX);
	sent[sent_len++] = (struct sent){ virtual_clock_ns, owner };
	return datagram;
}

void udp_dialer_forget(struct udp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	(void)dialer, (void)to, (void)body, (void)len, (void)timeout_ns, (void)owner, (void)seq;
}

void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

/* -- a fleet -- */

static struct config_server server = { .name = (char[]){ "s" }, .keys_len = 1 };
static struct config_schedule schedule = { .every_ns = S, .timeout_ns = S, .count = 1 };
static const struct schedule every_second = { .every_ns = S, .count = 1 };
static struct config_target targets[TARGETS];
static struct config config = { .servers = &server,
				.servers_len = 1,
				.schedules = &schedule,
				.schedules_len = 1,
				.targets = targets,
				.targets_len = TARGETS };
static struct engine engine;

static void make_targets(void)
{
	for (unsigned i = 0; i < TARGETS; i++) {
		targets[i] = (struct config_target){
			.name = (char[]){ "t" },
			.endpoint = { .address = { [10] = 0xff, 0xff, 198, 18, (uint8_t)(i / 256), (uint8_t)i },
				      .port = WIRE_PORT },
			.servers_len = 1,
			.udp = true,
			.schedules_len = 1,
			.held = 1,
			.sizes = { CONFIG_SIZE_DEFAULT },
			.sizes_len = 1,
		};
	}
}

/* spread: as `run` spreads them; otherwise all of them are due at once. */
static void start(bool spread)
{
	const struct path_plan plan = { .config = &config, .ring_len = 64 };
	struct path **items = calloc(TARGETS, sizeof(struct path *));

	for (size_t i = 0; items && i < TARGETS; i++) {
		int64_t first_ns =
		    virtual_clock_ns + (spread ? schedule_phase_ns(i, S, schedule_grid_ns(&every_second, TARGETS)) : 0);
		assert_true(path_make_all(&plan, &targets[i], &targets[i].endpoint, items + i));
		assert_true(path_set_timers(items[i], 1));
		schedule_start(&items[i]->timers[0], &every_second, items[i], first_ns);
	}
	assert_true(items && engine_set_paths(&engine, items, TARGETS));
}

static void run_until(int64_t until_ns)
{
	for (int64_t wake_ns = virtual_clock_ns; virtual_clock_ns < until_ns; virtual_clock_ns = wake_ns) {
		wake_ns = engine_tick(&engine);
		assert_true(wake_ns > virtual_clock_ns);
		wake_ns = wake_ns < until_ns ? wake_ns : until_ns;
	}
}

static int setup(void **state)
{
	struct seal_identity identity;

	(void)state;
	assert_true(seal_start());
	seal_identity_from_seed(&identity, (const uint8_t[SEAL_SEED_LEN]){ 1 });
	memcpy(server.keys[0], identity.public_key, WIRE_KEY_LEN);
	seal_identity_from_seed(&config.identity, (const uint8_t[SEAL_SEED_LEN]){ 2 });
	virtual_clock_ns = S;
	sent_len = 0;
	make_targets();
	engine = (struct engine){ 0 };
	assert_true(engine_start(&engine, &config, NULL, NULL));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_stop(&engine);
	return 0;
}

/* -- what left -- */

static size_t most_in_a_ms(size_t from)
{
	size_t most = 0;

	for (size_t first = from, last = from; last < sent_len; last++) {
		while (sent[last].at_ns - sent[first].at_ns >= MS)
			first++;
		most = last - first + 1 > most ? last - first + 1 : most;
	}
	return most;
}

static int64_t due_ns(const struct prober *prober)
{
	const struct path *p = (const struct path *)((const char *)prober - offsetof(struct path, prober));

	return p->timers[0].slot_ns % S;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* How far from their schedule all but one of a hundred left. */
static int64_t p99_ns(size_t from)
{
	static int64_t off_ns[SENT_MAX];
	size_t len = sent_len - from;

	for (size_t i = 0; i < len; i++) {
		int64_t late_ns = (sent[from + i].at_ns - due_ns(sent[from + i].prober) + S) % S;
		off_ns[i] = late_ns < S / 2 ? late_ns : S - late_ns;
	}
	qsort(off_ns, len, sizeof *off_ns, compare);
	return off_ns[len * 99 / 100];
}

static void probes_leave_when_they_are_due(void **state)
{
	(void)state;
	start(true);
	run_until(4 * S);
	assert_in_range(sent_len, 3 * TARGETS - 100, 3 * TARGETS);
	assert_true(p99_ns(0) <= MS);
	assert_true(most_in_a_ms(0) <= BURST_MAX);
}

/* They leave as fast as the limit lets them, and then on schedule again. */
static void what_is_due_at_once_does_not_leave_at_once(void **state)
{
	(void)state;
	start(false);
	run_until(2 * S);
	assert_int_equal(sent_len, TARGETS);
	assert_true(most_in_a_ms(0) <= BURST_MAX);
	assert_true(sent[sent_len - 1].at_ns - sent[0].at_ns < TARGETS / A_MS * MS);
}

static void after_a_pause_no_burst_makes_up_for_it(void **state)
{
	size_t before;

	(void)state;
	start(true);
	run_until(3 * S);
	virtual_clock_ns += 5 * S / 2;
	before = sent_len;
	run_until(virtual_clock_ns + 2 * S);
	assert_true(most_in_a_ms(before) <= BURST_MAX);
	assert_true(sent_len - before <= 3 * TARGETS);
	before = sent_len;
	run_until(virtual_clock_ns + S);
	assert_in_range(sent_len - before, TARGETS - 100, TARGETS + 100);
	assert_true(p99_ns(before) <= MS);
}

/* -- what became of it -- */

static size_t decided_len, unsent_len;

static void count_decided(void *context, struct path *path, uint32_t seq, const struct engine_probe *probe)
{
	(void)context, (void)probe;
	decided_len++;
	unsent_len += prober_record(&path->prober, seq)->outcome == PROBER_UNSENT;
}

static bool has_no_source(const struct endpoint *to)
{
	(void)to;
	return true;
}

static size_t sent_before(int64_t at_ns)
{
	size_t n = 0;

	while (n < sent_len && sent[n].at_ns < at_ns)
		n++;
	return n;
}

/* Their answers cannot come back, which this host knows only at their deadlines. */
static void each_probe_without_a_source_is_decided_once(void **state)
{
	static const struct link_ops ops = { .no_source = has_no_source };

	(void)state;
	engine.decided = count_decided;
	engine.own_link.ops = &ops;
	decided_len = unsent_len = 0;
	start(true);
	run_until(5 * S);
	assert_true(unsent_len > 0);
	assert_in_range(decided_len, sent_before(virtual_clock_ns - S - 50 * MS),
			sent_before(virtual_clock_ns - S + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
		TEST(probes_leave_when_they_are_due),
		TEST(what_is_due_at_once_does_not_leave_at_once),
		TEST(after_a_pause_no_burst_makes_up_for_it),
		TEST(each_probe_without_a_source_is_decided_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
