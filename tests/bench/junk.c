/* junk KIND SIZE CLIENT_KEY SERVER_KEY: a ring of packets that a server has to refuse, for load's replay, on stdout.
 *
 *   random    octets
 *   bad-mac   probes that name an allowed client, with a slot for the server whose MAC does not hold: refused by a hash
 *   no-slot   the same without a slot for the server: the worst that a stranger can send, as only the signature is left
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

static void looks_valid(uint8_t *buf, size_t len, const uint8_t client_key[WIRE_KEY_LEN], uint32_t seq)
{
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = clock_real_ns(),
		.flow_id = randombytes_uniform(16),
		.transport = PACKET_UDP,
		.slots = 1,
	};
	memcpy(request.client_key, client_key, sizeof request.client_key);
	packet_write_request(buf, len, &request);
	randombytes_buf(buf + WIRE_SLOTS, WIRE_SLOT_LEN + WIRE_SIGNATURE_LEN);
}

int main(int argc, char **argv)
{
	uint8_t buf[PACKET_LEN], client_key[WIRE_KEY_LEN], server_key[WIRE_KEY_LEN];
	if (argc != 5 || !seal_start())
		return 2;
	size_t len = strtoul(argv[2], NULL, 10);
	if (len < WIRE_PROBE_MIN || len > sizeof buf)
		return 2;
	read_key(argv[3], client_key);
	read_key(argv[4], server_key);
	for (uint32_t seq = 1; seq <= RING; seq++) {
		if (strcmp(argv[1], "random") == 0)
			randombytes_buf(buf, len);
		else
			looks_valid(buf, len, client_key, seq);
		if (strcmp(argv[1], "bad-mac") == 0)
			memcpy(buf + WIRE_SLOTS, server_key, WIRE_SERVER_ID_LEN);
		fwrite(buf, 1, len, stdout);
	}
	return ferror(stdout) ? 1 : 0;
}
