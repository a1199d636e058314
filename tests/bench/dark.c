/* dark [TARGETS [SECONDS]]: what it costs the client when as many servers as there are targets fall silent at once. The
 * engine is the client's own; dialers and clock stand here and lead nowhere, so time is virtual and only computing
 * counts: for each second of it, the longest that the loop stood still, all computing together, and the questions. */
#include "client/engine/receive.h"
#include "tests/unit/virtual_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS INT64_C(1000000)
#define S  (1000 * MS)

enum { TARGETS_MAX = 100000, HOST = 100 };

/* -- a world without answers -- */

static unsigned long questions;

static uint8_t datagram[WIRE_UDP_MAX];

uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq)
{
	(void)dialer, (void)to, (void)held, (void)last_fresh, (void)len, (void)seq;
	questions += owner == NULL;
	return datagram;
}

void udp_dialer_forget(struct udp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

struct exchange {
	int64_t started_ns, timeout_ns;
	void *owner;
	uint32_t seq;
};

static struct tcp_dialer_hooks tcp_hooks;

/* In the order of their starts, and so, with one timeout for all, of their ends. */
static struct exchange *exchanges;
static size_t exchanges_len, exchanges_room, pending_from, ending_from;

void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	(void)dialer, (void)to, (void)body;
	questions += len != WIRE_PROBE_MIN;
	if (exchanges_len == exchanges_room) {
		exchanges_room = exchanges_room ? 2 * exchanges_room : 1024;
		exchanges = realloc(exchanges, exchanges_room * sizeof *exchanges);
		if (!exchanges)
			abort();
	}
	exchanges[exchanges_len++] = (struct exchange){ virtual_clock_ns, timeout_ns, owner, seq };
}

void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner)
{
	(void)dialer, (void)owner;
}

static void tell(const struct exchange *x, enum tcp_result result)
{
	tcp_hooks.done(
	    tcp_hooks.context, x->owner, x->seq,
	    &(struct tcp_outcome){ .result = result, .started_ns = x->started_ns, .icmp_type = -1, .icmp_code = -1 });
}

static void end_exchanges(void)
{
	for (; pending_from < exchanges_len &&
	       exchanges[pending_from].started_ns + TCP_PENDING_MS * MS <= virtual_clock_ns;
	     pending_from++)
		tell(&exchanges[pending_from], TCP_PENDING);
	for (; ending_from < exchanges_len &&
	       exchanges[ending_from].started_ns + exchanges[ending_from].timeout_ns <= virtual_clock_ns;
	     ending_from++)
		tell(&exchanges[ending_from], TCP_TIMED_OUT);
}

/* -- the client -- */

static const struct schedule every_second = { .every_ns = S, .count = 1, .jitter_permille = 100 };

static void configure(struct config *config, size_t len)
{
	static char name[] = "dark";
	static struct config_schedule schedule = { .every_ns = S, .timeout_ns = S, .count = 1, .jitter_permille = 100 };
	uint8_t seed[SEAL_SEED_LEN] = { 0 };

	*config = (struct config){ .schedules = &schedule, .schedules_len = 1, .servers_len = len, .targets_len = len };
	seal_identity_from_seed(&config->identity, seed);
	config->servers = calloc(len, sizeof *config->servers);
	config->targets = calloc(len, sizeof *config->targets);
	if (!config->servers || !config->targets)
		abort();
	for (size_t i = 0; i < len; i++) {
		struct seal_identity server;
		uint32_t number = (uint32_t)i + 1;
		memcpy(seed, &number, sizeof number);
		seal_identity_from_seed(&server, seed);
		config->servers[i].name = name;
		memcpy(config->servers[i].keys[0], server.public_key, WIRE_KEY_LEN);
		config->servers[i].keys_len = 1;
		config->targets[i] = (struct config_target){
			.name = name,
			.endpoint = { .address = { [10] = 0xff,
						   0xff,
						   198,
						   (uint8_t)(18 + i / 65536),
						   (uint8_t)(i / 256),
						   (uint8_t)i },
				      .port = WIRE_PORT },
			.servers = { (unsigned)i },
			.servers_len = 1,
			.udp = true,
			.tcp = true,
			.schedules_len = 1,
			.held = 1,
			.sizes = { CONFIG_SIZE_DEFAULT },
			.sizes_len = 1,
			.expect_reachable = true,
		};
	}
}

static struct path **make_paths(struct engine *engine, const struct config *config, size_t *len)
{
	const struct path_plan plan = { .config = config, .ring_len = 64 };
	struct path **items = calloc(2 * config->targets_len, sizeof(struct path *));

	*len = 0;
	for (size_t i = 0; items && i < config->targets_len; i++) {
		const struct config_target *t = &config->targets[i];
		if (!engine_may_ask(engine, t, &t->endpoint) || !path_make_all(&plan, t, &t->endpoint, items + *len))
			abort();
		for (size_t end = *len + path_count(t); *len < end; (*len)++) {
			if (!path_set_timers(items[*len], 1))
				abort();
			schedule_start(&items[*len]->timers[0], &every_second, items[*len],
				       virtual_clock_ns + engine_random(engine) % S);
		}
	}
	return items;
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void live(struct engine *engine, int64_t until_ns, double *longest_ms)
{
	while (virtual_clock_ns < until_ns) {
		double began_ms = cpu_ms(), took_ms;
		int64_t wake_ns;
		end_exchanges();
		wake_ns = engine_tick(engine);
		took_ms = cpu_ms() - began_ms;
		*longest_ms = took_ms > *longest_ms ? took_ms : *longest_ms;
		/* Exchanges end by timers of a millisecond's grain. */
		virtual_clock_ns = wake_ns < virtual_clock_ns + MS ? wake_ns : virtual_clock_ns + MS;
	}
}

int main(int argc, char **argv)
{
	size_t targets = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, len;
	long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
	struct engine engine = { 0 };
	struct config config;
	struct path **items;
	double began_ms;

	virtual_clock_ns = S;
	if (targets < 1 || targets > TARGETS_MAX || !seal_start())
		return 2;
	configure(&config, targets);
	tcp_hooks = receive_tcp_hooks(&engine);
	if (!engine_start(&engine, &config, NULL, NULL))
		return 3;
	began_ms = cpu_ms();
	items = make_paths(&engine, &config, &len);
	if (!engine_set_paths(&engine, items, len))
		return 3;
	printf("%zu targets, a server each: made in %.0f ms\n"
	       "second  longest stall ms  all computing ms  questions\n",
	       targets, cpu_ms() - began_ms);
	for (long second = 0; second < seconds; second++) {
		double longest_ms = 0;
		began_ms = cpu_ms();
		questions = 0;
		live(&engine, virtual_clock_ns + S, &longest_ms);
		printf("%6ld  %16.1f  %16.0f  %9lu\n", second + 1, longest_ms, cpu_ms() - began_ms, questions);
	}
	engine_stop(&engine);
	free(config.servers);
	free(config.targets);
	free(exchanges);
	return 0;
}
