/* junk KIND SIZE CLIENT_KEY_FILE SERVER_KEY: a ring of packets that a server has to refuse, for load's replay, on
 * stdout.
 *
 *   random    octets
 *   bad-mac   probes that name an allowed client, with a slot for the server whose MAC does not hold: refused by a hash
 *   no-slot   the same without a slot for the server: the worst that a stranger can send, as only the signature is left
 *   flipped   a probe off the wire, of a flow that the server does not know, with two slots, a signature octet altered
 */
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "common/system/clock.h"
#include "common/system/keyfile.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 1024, PACKET_LEN = 2048 };

static void read_key(const char *text, uint8_t key[WIRE_KEY_LEN])
{
	char error[KEYFILE_ERROR_LEN];
	if (!keyfile_public_parse(text, key, error)) {
		fprintf(stderr, "junk: %s\n", error);
		exit(2);
	}
}

static void write_probe(uint8_t *buf, size_t len, const struct seal_identity *client, uint32_t seq, unsigned slots)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = randombytes_uniform(16),
		.transport = PACKET_UDP,
		.slots = slots,
	};
	memcpy(request.client_key, client->public_key, sizeof request.client_key);
	packet_write_request(buf, len, &request);
}

static void make_flipped(uint8_t *buf, size_t len, const struct seal_identity *client,
			 const uint8_t server_key[WIRE_KEY_LEN], uint32_t seq)
{
	struct seal_pair pair;

	if (!seal_pair_for_client(&pair, client, server_key))
		exit(2);
	write_probe(buf, len, client, seq, 2);
	seal_request_name(&pair, buf, 1); /* the first slot is another server's */
	seal_request_sign(client, PACKET_UDP, buf, 2, NULL);
	seal_request_mac(&pair, PACKET_UDP, buf, len, 2, 1);
	buf[WIRE_SIGNATURE(2) + seq % WIRE_SIGNATURE_LEN] ^= 1;
}

static void make(const char *kind, uint8_t *buf, size_t len, const struct seal_identity *client,
		 const uint8_t server_key[WIRE_KEY_LEN], uint32_t seq)
{
	if (strcmp(kind, "random") == 0) {
		randombytes_buf(buf, len);
		return;
	}
	if (strcmp(kind, "flipped") == 0) {
		make_flipped(buf, len, client, server_key, seq);
		return;
	}
	write_probe(buf, len, client, seq, 1);
	randombytes_buf(buf + WIRE_SLOTS, WIRE_TAIL(1) - WIRE_SLOTS);
	if (strcmp(kind, "bad-mac") == 0)
		memcpy(buf + WIRE_SLOTS, server_key, WIRE_SERVER_ID_LEN);
}

int main(int argc, char **argv)
{
	uint8_t buf[PACKET_LEN], server_key[WIRE_KEY_LEN];
	char error[KEYFILE_ERROR_LEN];
	struct seal_identity client;
	if (argc != 5 || !seal_start())
		return 2;
	size_t len = strtoul(argv[2], NULL, 10);
	if (len < WIRE_PROBE_MIN || len > sizeof buf)
		return 2;
	if (!keyfile_read(argv[3], &client, error)) {
		fprintf(stderr, "junk: %s\n", error);
		return 2;
	}
	read_key(argv[4], server_key);
	for (uint32_t seq = 1; seq <= RING; seq++) {
		make(argv[1], buf, len, &client, server_key, seq);
		fwrite(buf, 1, len, stdout);
	}
	return ferror(stdout) ? 1 : 0;
}
