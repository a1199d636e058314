/* A target with a path for each size, flow and protocol, whose probes end as the test says, and a querier that knows
 * what the test says: for the tests of what assess.h gathers from them. */
#ifndef FLOATPROBE_ASSESS_SCENE_H
#define FLOATPROBE_ASSESS_SCENE_H

#include "client/evidence/drop_history.h"
#include "client/evidence/path_loss.h"
#include "client/verdict/assess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

enum { HELD = 4, SIZES = 2, RING = 64, PATHS = SIZES * (HELD + 1) + 1, SERVERS = 100 };

static char name[] = "t";
static struct config_server servers[SERVERS] = { { name, { { 1 } }, 1 }, { name, { { 2 } }, 1 } };
static struct config_schedule schedule = { .every_ns = 1000 * MS, .timeout_ns = 1000 * MS };
static struct config_target target = {
	.name = name,
	.servers_len = 2,
	.servers = { 0, 1 },
	.udp = true,
	.tcp = true,
	.schedules_len = 1,
	.held = HELD,
	.fresh = 1,
	.sizes = { 512, 1400 },
	.sizes_len = SIZES,
	.expect_reachable = true,
};
static struct config config = { .servers = servers,
				.servers_len = SERVERS,
				.schedules = &schedule,
				.schedules_len = 1,
				.targets = &target,
				.targets_len = 1,
				.lossy_permille = 50 };
static struct engine engine;
static struct engine_server said[SERVERS];
static int64_t now_ns;

/* In the querier's place: what it knows is up to the test. */
static struct querier {
	unsigned silent_rounds[SERVERS]; /* by server: so many silent rounds the witnesses confirm */
	bool hears_anybody, has_other, no_proof;
	int64_t heard_ns;
	int silent_witness;
	unsigned unheard; /* bit k: server k, since the start */
	struct drop_history drops;
} querier;
static unsigned looks; /* for the silence of a server */

enum liveness querier_liveness(const struct querier *a, unsigned server, unsigned witness_rounds)
{
	looks++;
	return a->silent_rounds[server] >= witness_rounds ? LIVENESS_SILENT : LIVENESS_UNKNOWN;
}

bool querier_silence_is_proof(const struct querier *a, unsigned server, bool answers_may_be_dropped)
{
	(void)server;
	return !a->no_proof && !answers_may_be_dropped;
}

enum liveness querier_liveness_of_any(const struct querier *a, int64_t *heard_ns)
{
	*heard_ns = a->heard_ns;
	return a->hears_anybody ? LIVENESS_ALIVE : LIVENESS_UNKNOWN;
}

bool querier_has_other(const struct querier *a, unsigned server, const struct endpoint *address)
{
	(void)server;
	(void)address;
	return a->has_other;
}

const struct drop_history *querier_drops(const struct querier *a, unsigned server)
{
	(void)server;
	return &a->drops;
}

bool querier_refuses_key(const struct querier *a, unsigned server)
{
	(void)a, (void)server;
	return false;
}

int64_t querier_heard_ns(const struct querier *a, unsigned server)
{
	return server < 2 && a->unheard >> server & 1 ? 0 : 1;
}

int querier_silent_witness(const struct querier *a, unsigned server)
{
	(void)server;
	return a->silent_witness;
}

static inline int setup(void **state)
{
	static const struct endpoint floating = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = 8620 };
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(PATHS, sizeof *items);

	(void)state;
	assert_int_equal(path_count(&target), PATHS);
	memset(&engine, 0, sizeof engine);
	memset(said, 0, sizeof said);
	engine.config = &config;
	engine.servers = said;
	querier = (struct querier){ .silent_witness = -1 };
	engine.querier = &querier;
	assert_true(items && path_make_all(&plan, &target, &floating, items));
	assert_true(paths_set(&engine.paths, items, PATHS, NULL, NULL));
	now_ns = 1;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	paths_free(&engine.paths);
	return 0;
}

static inline void probe(size_t i, bool lost, unsigned server, uint64_t boot_id)
{
	struct path *p = engine.paths.items[i];
	uint32_t seq = prober_send(&p->prober, now_ns, now_ns);
	struct packet_reply reply = { .seq = seq, .flow_id = p->prober.flow_id, .boot_id = boot_id };

	if (lost)
		prober_settle(&p->prober, seq, PROBER_LOST);
	else
		prober_reply(&p->prober, &reply, server, true, now_ns + MS, now_ns + MS, false);
}

static inline enum verdict_cause cause_of(size_t i, enum mode mode)
{
	struct verdict v;

	assess_path(&engine, i, mode, &v);
	engine.paths.items[i]->status.state = v.state;
	return v.cause;
}

static inline size_t find(unsigned size, int held)
{
	for (size_t i = 0; i < PATHS; i++) {
		if (engine.paths.items[i]->kind == PROBE_UDP && engine.paths.items[i]->size == size &&
		    engine.paths.items[i]->held == held)
			return i;
	}
	fail();
	return 0;
}

enum { FRESH = -1 };

/* n probes of each path; those that `fails` says are lost. */
static inline void play(unsigned n, bool (*fails)(const struct path *p, unsigned n))
{
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS) {
		for (size_t i = 0; i < PATHS; i++)
			probe(i, fails(engine.paths.items[i], k), 0, 1);
	}
}

static inline bool everything(const struct path *p, unsigned n)
{
	(void)p;
	(void)n;
	return true;
}

static inline bool nothing(const struct path *p, unsigned n)
{
	(void)p;
	(void)n;
	return false;
}

static inline void start_anew(void)
{
	for (size_t i = 0; i < PATHS; i++) {
		path_start_flow(engine.paths.items[i]);
		engine.paths.items[i]->status.state = VERDICT_UNKNOWN;
	}
}

static inline void lose(struct path *p, unsigned n, enum prober_outcome outcome)
{
	for (unsigned k = 0; k < n; k++, now_ns += 1000 * MS)
		prober_settle(&p->prober, prober_send(&p->prober, now_ns, now_ns), outcome);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
