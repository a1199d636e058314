/* Reads every packet of vectors.json with our code and compares what comes out with what the file expects. */
#include "common/core/seal.h"
#include "tests/vectors/describe.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

struct vector {
	struct seal_identity client, server;
	struct seal_pair pair;
	enum packet_transport transport;
	uint8_t buf[4096];
	size_t len;
};

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static size_t get_hex(uint8_t *octets, size_t size, const json_t *object, const char *key)
{
	const char *hex = text(object, key);
	size_t len = 0;

	if (!hex || sodium_hex2bin(octets, size, hex, strlen(hex), NULL, &len, NULL) != 0) {
		fprintf(stderr, "no hex of at most %zu octets: %s\n", size, key);
		exit(EXIT_FAILURE);
	}
	return len;
}

static void get_identity(struct seal_identity *identity, const json_t *all, const char *name)
{
	uint8_t seed[SEAL_SEED_LEN];

	get_hex(seed, sizeof seed, json_object_get(json_object_get(all, "identities"), name), "seed");
	seal_identity_from_seed(identity, seed);
}

static void get_vector(struct vector *v, const json_t *all, const json_t *packet)
{
	get_identity(&v->client, all, text(packet, "client"));
	get_identity(&v->server, all, text(packet, "server"));
	if (!seal_pair_for_server(&v->pair, &v->server, v->client.public_key))
		exit(EXIT_FAILURE);
	v->transport = strcmp(text(packet, "transport"), "udp") == 0 ? PACKET_UDP : PACKET_TCP;
	v->len = get_hex(v->buf, sizeof v->buf, packet, "hex");
}

static bool open_evidence(struct vector *v, const uint8_t key[32], unsigned slots, uint8_t *plain, size_t *plain_len)
{
	size_t value_len;
	const uint8_t *value = packet_evidence(v->buf, v->len, slots, &value_len);

	if (!seal_evidence_open(key, v->buf, value, value_len, plain))
		return false;
	*plain_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;
	return true;
}

static json_t *observe_query(struct vector *v, unsigned slots)
{
	uint8_t plain[sizeof v->buf];
	struct evidence_query query;
	size_t len;

	return open_evidence(v, v->pair.query, slots, plain, &len) && evidence_read_query(plain, len, &query)
		   ? describe_query(&query)
		   : json_null();
}

static json_t *observe_answer(struct vector *v, unsigned slots)
{
	uint8_t plain[sizeof v->buf];
	struct evidence_answer answer;
	size_t len;

	return open_evidence(v, v->pair.answer, slots, plain, &len) && evidence_read_answer(plain, len, &answer)
		   ? describe_answer(&answer)
		   : json_null();
}

/* What a relay carries, as far as a witness can read it. */
static json_t *observe_inner_request(struct vector *v, unsigned slots)
{
	struct packet_request inner;
	size_t len;
	const uint8_t *value = packet_evidence(v->buf, v->len, slots, &len);

	return packet_read_request(value, len, &inner) == PACKET_FAULT_NONE ? describe_request(&inner) : json_null();
}

static json_t *observe_inner_reply(struct vector *v, unsigned slots)
{
	struct packet_reply inner;
	size_t len;
	const uint8_t *value = packet_evidence(v->buf, v->len, slots, &len);

	return packet_read_reply(value, len, &inner) == PACKET_FAULT_NONE ? describe_reply(&inner) : json_null();
}

static json_t *observe_request(struct vector *v)
{
	struct packet_request request;
	enum packet_fault fault = packet_read_request(v->buf, v->len, &request);
	json_t *seen = json_pack("{s:o}", "fault", describe_fault(fault));
	unsigned slots = request.slots;
	int slot;

	if (fault != PACKET_FAULT_NONE)
		return seen;
	slot = seal_request_slot(v->server.public_key, v->buf, slots);
	json_object_set_new(seen, "fields", describe_request(&request));
	json_object_set_new(seen, "mac",
			    slot < 0 ? json_null()
				     : json_boolean(seal_request_mac_holds(&v->pair, v->transport, v->buf, v->len,
									   slots, (unsigned)slot)));
	json_object_set_new(
	    seen, "signature",
	    json_boolean(seal_request_signature_holds(request.client_key, v->transport, v->buf, slots)));
	if (request.role == PACKET_QUERY)
		json_object_set_new(seen, "evidence", observe_query(v, request.slots));
	if (request.role == PACKET_RELAY)
		json_object_set_new(seen, "inner", observe_inner_request(v, request.slots));
	return seen;
}

static json_t *observe_reply(struct vector *v)
{
	struct packet_reply reply;
	enum packet_fault fault = packet_read_reply(v->buf, v->len, &reply);
	json_t *seen = json_pack("{s:o}", "fault", describe_fault(fault));

	if (fault != PACKET_FAULT_NONE)
		return seen;
	json_object_set_new(seen, "fields", describe_reply(&reply));
	json_object_set_new(seen, "mac",
			    json_boolean(seal_reply_mac_holds(&v->pair, v->transport, v->buf, v->len, reply.slots)));
	json_object_set_new(
	    seen, "signature",
	    json_boolean(seal_reply_signature_holds(reply.server_key, v->transport, v->buf, v->len, reply.slots)));
	if (reply.role == PACKET_ANSWER)
		json_object_set_new(seen, "evidence", observe_answer(v, reply.slots));
	if (reply.role == PACKET_RELAYED)
		json_object_set_new(seen, "inner", observe_inner_reply(v, reply.slots));
	return seen;
}

static bool check(const json_t *all, const json_t *packet)
{
	const json_t *expect = json_object_get(packet, "expect");
	struct vector v;
	json_t *seen;
	bool same;

	get_vector(&v, all, packet);
	seen = strcmp(text(packet, "reads"), "request") == 0 ? observe_request(&v) : observe_reply(&v);
	same = json_equal(seen, expect);
	if (!same) {
		fprintf(stderr, "\n%s\nexpected ", text(packet, "name"));
		json_dumpf(expect, stderr, 0);
		fputs("\nseen     ", stderr);
		json_dumpf(seen, stderr, 0);
		fputs("\n", stderr);
	}
	json_decref(seen);
	return same;
}

int main(int argc, char **argv)
{
	json_t *all = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
	json_t *packets = json_object_get(all, "packets"), *packet;
	size_t i, bad = 0;

	if (!seal_start() || json_array_size(packets) == 0) {
		fprintf(stderr, "usage: vectors_check vectors.json\n");
		return EXIT_FAILURE;
	}
	json_array_foreach(packets, i, packet) bad += !check(all, packet);
	printf("%zu packets, %zu not as expected\n", i, bad);
	json_decref(all);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
