/* query [ROUNDS]: what an evidence query costs the reflector, without any system call: µs a query, the median over
 * rounds, of a client with one flow and of one with as many as the table has. The query names flows and addresses; the
 * answer tells of frames and of half-open sockets, which are compared with the flows. */
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/system/clock.h"
#include "server/reflect/reflector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 65536, CLIENTS = 2, LEN = WIRE_EVIDENCE_UDP_LEN, SOCKETS = 64, ROUNDS_MAX = 9999 };

static struct seal_identity server, clients[CLIENTS];
static struct seal_pair pairs[CLIENTS];
static int64_t now_ns = NS_PER_S;

static struct endpoint at(uint8_t third, uint8_t last)
{
	return (struct endpoint){ .address = { [10] = 0xff, 0xff, 198, 18, third, last }, .port = 40000 };
}

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	const struct endpoint own = at(0, 1), local = at(0, 2);

	(void)context, (void)query;
	memset(nonce, 7, SEAL_NONCE_LEN);
	draft->answer.frames_len = EVIDENCE_FRAMES_MAX;
	for (unsigned i = 0; i < EVIDENCE_FRAMES_MAX; i++)
		draft->answer.frames[i] = (struct evidence_frames){ .client = at(9, (uint8_t)i), .transport = 17 };
	for (unsigned i = 0; i < SOCKETS; i++) {
		const struct endpoint peer = at(8, (uint8_t)i);
		if (flows_of_another(querier->flows, querier->client, &own, &local, &peer))
			draft->answer.socket_drops++;
	}
}

static struct reflector *make_reflector(void)
{
	struct reflector_client list[CLIENTS] = { { .name = "one" }, { .name = "many" } };
	for (unsigned i = 0; i < CLIENTS; i++)
		memcpy(list[i].key, clients[i].public_key, sizeof list[i].key);
	return reflector_new(&(struct reflector_settings){ .identity = &server,
							   .boot_id = 1,
							   .started_ns = 1,
							   .clock_skew_ns = INT64_MAX / 2,
							   .flows_max = FLOWS,
							   .clients = list,
							   .clients_len = CLIENTS,
							   .collect = collect });
}

static void put_query(unsigned client, uint8_t *buf)
{
	static const struct evidence_query query = { .flows = { 1, 2, 3, 4 }, .flows_len = 4, .addresses_len = 4 };
	static const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t text[LEN] = { 0 };
	size_t value_len;
	uint8_t *value = packet_evidence(buf, LEN, 1, &value_len);
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;

	if (!evidence_write_query(text, text_len, &query))
		abort();
	seal_evidence(pairs[client].query, nonce, buf, value, text, text_len);
}

/* Returns how long it took. */
static int64_t send_one(struct reflector *reflector, unsigned client, enum packet_role role, uint64_t flow,
			uint32_t seq)
{
	uint8_t buf[LEN];
	struct packet_request packet = {
		.role = role, .seq = seq, .flow_id = flow, .transport = PACKET_UDP, .slots = 1
	};
	struct reflector_event event;
	struct reflector_request request = { buf, LEN, PACKET_UDP, at((uint8_t)client, 1), at(0, 2), 255, 0,
					     0,   0,   now_ns };
	int64_t start_ns;

	packet.destination = at(0, 2);
	memcpy(packet.client_key, clients[client].public_key, WIRE_KEY_LEN);
	packet_write_request(buf, LEN, &packet);
	if (role == PACKET_QUERY)
		put_query(client, buf);
	seal_request_name(&pairs[client], buf, 0);
	seal_request_mac(&pairs[client], PACKET_UDP, buf, LEN, 1, 0);
	start_ns = clock_mono_ns();
	if (reflector_handle(reflector, &request, &event) !=
	    (role == PACKET_QUERY ? REFLECTOR_ANSWERED : REFLECTOR_REPLIED))
		abort();
	return clock_mono_ns() - start_ns;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double median_us(struct reflector *reflector, unsigned client, unsigned rounds)
{
	static int64_t ns[ROUNDS_MAX];
	for (unsigned i = 0; i < rounds; i++) {
		now_ns += NS_PER_S; /* queries are limited */
		ns[i] = send_one(reflector, client, PACKET_QUERY, 1, i + 2);
	}
	qsort(ns, rounds, sizeof *ns, by_size);
	int64_t median_ns = ns[rounds / 2];
	return (double)median_ns / 1e3;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 301;
	if (rounds < 1 || rounds > ROUNDS_MAX || !seal_start())
		return 2;
	seal_identity_from_seed(&server, (const uint8_t[SEAL_SEED_LEN]){ 1 });
	for (unsigned i = 0; i < CLIENTS; i++) {
		seal_identity_from_seed(&clients[i], (const uint8_t[SEAL_SEED_LEN]){ 2, (uint8_t)i });
		if (!seal_pair_for_client(&pairs[i], &clients[i], server.public_key))
			return 1;
	}
	struct reflector *reflector = make_reflector();
	send_one(reflector, 0, PACKET_PROBE, 1, 1);
	for (uint64_t flow = 1; flow < FLOWS; flow++) {
		now_ns += 5 * NS_PER_MS; /* new flows are limited */
		send_one(reflector, 1, PACKET_PROBE, flow, 1);
	}
	double one = median_us(reflector, 0, (unsigned)rounds), many = median_us(reflector, 1, (unsigned)rounds);
	printf("%.1f %.1f\n", one, many);
	reflector_free(reflector);
	return 0;
}
