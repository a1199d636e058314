/* reflector [ROUNDS]: what the reflector itself costs, without any system call: ns a probe, the median over rounds of
 * 4,096 authenticated probes of 1,024 flows. Every reply is checked between the rounds. */
#include "server/reflect/reflector.h"
#include "common/system/clock.h"
#include "tests/bench/source.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND = 4096, ROUNDS_MAX = 9999, FLOWS = 1024, SIZE = 512 };

static uint8_t packets[ROUND][SIZE];
static int64_t ns[ROUNDS_MAX];

static void never_asked(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
			struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	(void)context, (void)query, (void)querier, (void)draft, (void)nonce;
	abort();
}

static struct reflector *make_reflector(const struct seal_identity *server, const struct seal_identity *client)
{
	struct reflector_client list = { .name = "load" };
	memcpy(list.key, client->public_key, sizeof list.key);
	return reflector_new(&(struct reflector_settings){ .identity = server,
							   .boot_id = 1,
							   .started_ns = 1,
							   .clock_skew_ns = INT64_C(60000000000),
							   .flows_max = 65536,
							   .clients = &list,
							   .clients_len = 1,
							   .collect = never_asked });
}

static int64_t reflect(struct reflector *reflector)
{
	static const struct endpoint source = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 1 }, .port = 40000 };
	static const struct endpoint arrived_on = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 2 },
						    .port = WIRE_PORT };
	int64_t start_ns = clock_mono_ns();
	for (unsigned i = 0; i < ROUND; i++) {
		struct reflector_event event;
		int64_t real_ns = clock_real_ns();
		struct reflector_request request = { packets[i], SIZE, PACKET_UDP, source,  arrived_on,
						     255,        0,    real_ns,    real_ns, start_ns };
		if (reflector_handle(reflector, &request, &event) != REFLECTOR_REPLIED)
			abort();
	}
	return (clock_mono_ns() - start_ns) / ROUND;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static const uint8_t server_seed[SEAL_SEED_LEN] = { 1 }, client_seed[SEAL_SEED_LEN] = { 2 };
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 301;
	struct seal_identity server, client;
	if (rounds < 1 || rounds > ROUNDS_MAX || !seal_start())
		return 2;
	seal_identity_from_seed(&server, server_seed);
	seal_identity_from_seed(&client, client_seed);
	struct source *source = source_probes(&client, server.public_key, FLOWS, SIZE);
	struct reflector *reflector = make_reflector(&server, &client);
	for (int round = -1; round < rounds; round++) {
		for (unsigned i = 0; i < ROUND; i++)
			memcpy(packets[i], source->next(source), SIZE);
		int64_t took_ns = reflect(reflector);
		if (round >= 0) /* the first one makes the flows */
			ns[round] = took_ns;
		for (unsigned i = 0; i < ROUND; i++)
			source->reply(source, packets[i]);
	}
	if (source->answered != source->sent)
		return 1;
	qsort(ns, (size_t)rounds, sizeof *ns, by_size);
	printf("%lld\n", (long long)ns[rounds / 2]);
	reflector_free(reflector);
	return 0;
}
