/* reflector [ROUNDS [refused]]: what the reflector itself costs, without any system call: ns a probe, the median over
 * rounds of 4,096 authenticated probes of 1,024 flows. Every reply is checked between the rounds. refused: what it
 * costs beside these to refuse each kind of packet. */
#include "server/reflect/reflector.h"
#include "common/system/clock.h"
#include "tests/bench/source.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND = 4096, ROUNDS_MAX = 9999, FLOWS = 1024, SIZE = 512 };

static uint8_t packets[ROUND][SIZE], sent[ROUND][SIZE];

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

static void damage_all(uint8_t *packet)
{
	randombytes_buf(packet, SIZE);
}

static void damage_client(uint8_t *packet)
{
	randombytes_buf(packet + WIRE_PROBE_CLIENT_KEY, WIRE_KEY_LEN);
}

static void damage_slot(uint8_t *packet)
{
	packet[WIRE_SLOTS] ^= 1;
}

static void damage_number(uint8_t *packet)
{
	packet[WIRE_SEQ] ^= 1;
}

static void damage_nothing(uint8_t *packet)
{
	(void)packet;
}

static const struct kind {
	const char *name;
	void (*damage)(uint8_t *packet);
	bool refused;
} kinds[] = {
	{ "random octets", damage_all, true },        { "unknown client", damage_client, true },
	{ "no slot, over limit", damage_slot, true }, { "wrong MAC", damage_number, true },
	{ "answered", damage_nothing, false },        { "first copy, answered", damage_nothing, false },
	{ "second copy", damage_nothing, true },
};
enum { KINDS = sizeof kinds / sizeof kinds[0], ANSWERED = 4 };
static int64_t kind_ns[KINDS][ROUNDS_MAX];

static int64_t reflect(struct reflector *reflector, bool refused)
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
		enum reflector_outcome outcome = reflector_handle(reflector, &request, &event);
		if ((outcome >= REFLECTOR_DROPPED_MALFORMED) != refused) {
			fprintf(stderr, "reflector: probe %u: %s\n", i, reflector_outcome_text(outcome));
			abort();
		}
	}
	return (clock_mono_ns() - start_ns) / ROUND;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t median(int64_t *of, int rounds)
{
	qsort(of, (size_t)rounds, sizeof *of, by_size);
	return of[rounds / 2];
}

static void play(struct reflector *reflector, const struct kind *kind, int64_t *took_ns)
{
	memcpy(packets, sent, sizeof packets);
	for (unsigned i = 0; i < ROUND; i++)
		kind->damage(packets[i]);
	*took_ns = reflect(reflector, kind->refused);
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
			memcpy(sent[i], source->next(source), SIZE);
		for (unsigned k = 0; k < KINDS; k++) {
			if (argc > 2 || k == ANSWERED) /* the first round makes the flows: it is overwritten */
				play(reflector, &kinds[k], &kind_ns[k][round < 0 ? 0 : round]);
			for (unsigned i = 0; k == ANSWERED && i < ROUND; i++)
				source->reply(source, packets[i]);
		}
	}
	if (source->answered != source->sent)
		return 1;
	for (unsigned k = 0; k < KINDS && argc > 2; k++)
		printf("%-22s %lld\n", kinds[k].name, (long long)median(kind_ns[k], rounds));
	if (argc <= 2)
		printf("%lld\n", (long long)median(kind_ns[ANSWERED], rounds));
	reflector_free(reflector);
	return 0;
}
