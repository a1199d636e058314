#include "common/core/seal.h"

#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SLOTS = 2, LEN = WIRE_PROBE_MIN + 8 };
#define BITS(octets) (8 * (size_t)(octets))

/* A client, the server that the probe is for (its slot is the second), and another one. */
static struct {
	struct seal_identity client, server, other;
	struct seal_pair at_client, at_server, with_other;
} keys;

static int make_keys(void **state)
{
	uint8_t seed[SEAL_SEED_LEN] = { 0 };

	(void)state;
	if (!seal_start())
		return -1;
	seal_identity_from_seed(&keys.client, seed);
	seed[0] = 1;
	seal_identity_from_seed(&keys.server, seed);
	seed[0] = 2;
	seal_identity_from_seed(&keys.other, seed);
	return seal_pair_for_client(&keys.at_client, &keys.client, keys.server.public_key) &&
		       seal_pair_for_server(&keys.at_server, &keys.server, keys.client.public_key) &&
		       seal_pair_for_client(&keys.with_other, &keys.client, keys.other.public_key)
		   ? 0
		   : -1;
}

static void make_request(uint8_t buf[LEN])
{
	struct packet_request request = sample_request(SLOTS);

	memcpy(request.client_key, keys.client.public_key, WIRE_KEY_LEN);
	packet_write_request(buf, LEN, &request);
	seal_request_name(&keys.with_other, buf, 0);
	seal_request_name(&keys.at_client, buf, 1);
	seal_request_sign(&keys.client, PACKET_UDP, buf, SLOTS, NULL);
	seal_request_mac(&keys.with_other, PACKET_UDP, buf, LEN, SLOTS, 0);
	seal_request_mac(&keys.at_client, PACKET_UDP, buf, LEN, SLOTS, 1);
}

static void make_reply(uint8_t buf[LEN], uint8_t flags)
{
	struct packet_reply reply = sample_reply(SLOTS);

	make_request(buf);
	memcpy(reply.server_key, keys.server.public_key, WIRE_KEY_LEN);
	reply.flags = flags;
	packet_write_reply(buf, LEN, &reply);
	if (flags & PACKET_SIGNED)
		seal_reply_sign(&keys.server, PACKET_UDP, buf, LEN, SLOTS);
	seal_reply_mac(&keys.at_server, PACKET_UDP, buf, LEN, SLOTS);
}

static bool request_mac_holds(const uint8_t *buf)
{
	return seal_request_mac_holds(&keys.at_server, PACKET_UDP, buf, LEN, SLOTS, 1);
}

static bool request_signature_holds(const uint8_t *buf)
{
	return seal_request_signature_holds(keys.client.public_key, PACKET_UDP, buf, SLOTS);
}

static bool reply_mac_holds(const uint8_t *buf)
{
	return seal_reply_mac_holds(&keys.at_client, PACKET_UDP, buf, LEN, SLOTS);
}

static bool reply_signature_holds(const uint8_t *buf)
{
	return seal_reply_signature_holds(keys.server.public_key, PACKET_UDP, buf, LEN, SLOTS);
}

static void both_ends_derive_the_same_keys(void **state)
{
	const struct seal_pair *pair = &keys.at_client;

	(void)state;
	assert_memory_equal(&keys.at_client, &keys.at_server, sizeof *pair);
	assert_memory_not_equal(&keys.at_client, &keys.with_other, sizeof *pair);
	assert_memory_equal(pair->server_id, keys.server.public_key, WIRE_SERVER_ID_LEN);
	assert_memory_not_equal(pair->c2s, pair->s2c, SEAL_MAC_KEY_LEN);
	assert_memory_not_equal(pair->c2s, pair->query, SEAL_MAC_KEY_LEN);
	assert_memory_not_equal(pair->query, pair->answer, 32);
}

static void roles_are_part_of_the_keys(void **state)
{
	struct seal_pair reversed;

	(void)state;
	assert_true(seal_pair_for_client(&reversed, &keys.server, keys.client.public_key));
	assert_memory_not_equal(reversed.c2s, keys.at_client.c2s, SEAL_MAC_KEY_LEN);
	assert_memory_not_equal(reversed.c2s, keys.at_client.s2c, SEAL_MAC_KEY_LEN);
}

static void unusable_public_keys_are_refused(void **state)
{
	static const uint8_t bad[][WIRE_KEY_LEN] = {
		{ 0 },                                          /* order 4 */
		{ 1 },                                          /* the neutral element */
		{ [0] = 0xec, [1 ... 30] = 0xff, [31] = 0x7f }, /* order 2 */
		{ [0 ... 31] = 0xff },                          /* not canonical */
		{ 2 },                                          /* not on the curve */
	};
	struct seal_pair pair;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(seal_pair_for_client(&pair, &keys.client, bad[i]));
		assert_false(seal_pair_for_server(&pair, &keys.server, bad[i]));
	}
}

/* The MAC holds all before it, the signature among it, so that nobody else can spoil what a server checks after a good
 * MAC. */
static void every_bit_of_a_request_is_held(void **state)
{
	size_t own_mac = WIRE_MACS(SLOTS) + WIRE_MAC_LEN, tail = WIRE_TAIL(SLOTS);
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	assert_true(request_mac_holds(buf));
	assert_true(request_signature_holds(buf));
	for (size_t bit = 0; bit < BITS(LEN); bit++) {
		size_t octet = bit / 8;
		bool read = octet < WIRE_T2 || octet >= WIRE_FLOW; /* what is between says nothing in a request */
		bool held = read && (octet < WIRE_MACS(SLOTS) || (octet >= own_mac && octet < tail));

		buf[octet] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(request_mac_holds(buf), !held);
		buf[octet] ^= (uint8_t)(1 << bit % 8);
	}
}

static void a_signature_holds_the_flow_its_term_and_its_servers(void **state)
{
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	for (size_t bit = 0; bit < BITS(LEN); bit++) {
		size_t octet = bit / 8;
		uint32_t seconds = bytes_get32(buf + WIRE_T1), offset = buf[WIRE_FLOW_ID + 7] % SEAL_TERM_S;
		bool held = (octet >= WIRE_FLOW_ID && octet < WIRE_FLOW_ID + 8) ||
			    (octet >= WIRE_SLOTS && octet < WIRE_MACS(SLOTS));

		buf[octet] ^= (uint8_t)(1 << bit % 8);
		held = held || (bytes_get32(buf + WIRE_T1) + offset) / SEAL_TERM_S != (seconds + offset) / SEAL_TERM_S;
		assert_int_equal(request_signature_holds(buf), !held);
		buf[octet] ^= (uint8_t)(1 << bit % 8);
	}
}

static void sign_at(uint8_t buf[LEN], int64_t sent_ns, struct seal_ticket *ticket)
{
	bytes_put64(buf + WIRE_T1, packet_ntp_from_ns(sent_ns));
	seal_request_sign(&keys.client, PACKET_UDP, buf, SLOTS, ticket);
	assert_true(request_signature_holds(buf));
}

static void a_ticket_serves_its_flow_for_a_term(void **state)
{
	const int64_t start_ns = INT64_C(1790000000) * NS_PER_S;
	struct seal_ticket ticket = { 0 }, before;
	unsigned changes = 0;
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	for (unsigned s = 0; s < 4 * SEAL_TERM_S; s++) {
		before = ticket;
		sign_at(buf, start_ns + s * NS_PER_S, &ticket);
		changes += memcmp(&before, &ticket, sizeof ticket) != 0;
	}
	assert_in_range(changes, 4, 5);
	before = ticket;
	seal_request_name(&keys.at_client, buf, 0); /* other servers */
	sign_at(buf, start_ns + (4 * SEAL_TERM_S - 1) * NS_PER_S, &ticket);
	assert_memory_not_equal(&before, &ticket, sizeof ticket);
	before = ticket;
	sign_at(buf, start_ns, &ticket); /* the clock was set back */
	assert_memory_not_equal(&before, &ticket, sizeof ticket);
}

static void every_bit_of_a_reply_is_held(void **state)
{
	size_t macs = WIRE_MACS(SLOTS);
	uint8_t buf[LEN];

	(void)state;
	make_reply(buf, PACKET_SIGNED);
	assert_true(reply_mac_holds(buf));
	assert_true(reply_signature_holds(buf));
	for (size_t bit = 0; bit < BITS(LEN); bit++) {
		size_t octet = bit / 8;

		buf[octet] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(reply_mac_holds(buf), octet >= macs + WIRE_MAC_LEN);
		assert_int_equal(reply_signature_holds(buf), octet >= macs);
		buf[octet] ^= (uint8_t)(1 << bit % 8);
	}
}

static void an_unsigned_reply_is_held_without_its_empty_signature(void **state)
{
	uint8_t buf[LEN];

	(void)state;
	make_reply(buf, 0);
	assert_true(reply_mac_holds(buf));
	buf[WIRE_SIGNATURE(SLOTS)] ^= 1;
	assert_true(reply_mac_holds(buf));
	buf[WIRE_REPLY_FLAGS] |= PACKET_SIGNED;
	assert_false(reply_mac_holds(buf));
}

static void length_and_transport_are_held(void **state)
{
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	assert_false(seal_request_mac_holds(&keys.at_server, PACKET_TCP, buf, LEN, SLOTS, 1));
	assert_false(seal_request_mac_holds(&keys.at_server, PACKET_UDP, buf, LEN - 1, SLOTS, 1));
	assert_false(seal_request_signature_holds(keys.client.public_key, PACKET_TCP, buf, SLOTS));
	make_reply(buf, PACKET_SIGNED);
	assert_false(seal_reply_mac_holds(&keys.at_client, PACKET_TCP, buf, LEN, SLOTS));
	assert_false(seal_reply_mac_holds(&keys.at_client, PACKET_UDP, buf, LEN - 1, SLOTS));
	assert_false(seal_reply_signature_holds(keys.server.public_key, PACKET_TCP, buf, LEN, SLOTS));
	assert_false(seal_reply_signature_holds(keys.server.public_key, PACKET_UDP, buf, LEN - 1, SLOTS));
}

static void nothing_holds_for_another_key(void **state)
{
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	assert_false(
	    seal_request_mac_holds(&keys.at_server, PACKET_UDP, buf, LEN, SLOTS, 0)); /* the other one's slot */
	assert_false(seal_request_mac_holds(&keys.with_other, PACKET_UDP, buf, LEN, SLOTS, 1));
	assert_false(seal_request_signature_holds(keys.other.public_key, PACKET_UDP, buf, SLOTS));
	make_reply(buf, PACKET_SIGNED);
	assert_false(seal_reply_mac_holds(&keys.with_other, PACKET_UDP, buf, LEN, SLOTS));
	assert_false(seal_reply_signature_holds(keys.other.public_key, PACKET_UDP, buf, LEN, SLOTS));
}

/* The same octets under the same key: only the context tells a request from a reply. */
static void a_request_does_not_pass_for_a_reply(void **state)
{
	struct seal_pair mirrored = keys.at_client;
	uint8_t buf[LEN];

	(void)state;
	memcpy(mirrored.s2c, mirrored.c2s, sizeof mirrored.s2c);
	make_request(buf);
	seal_request_name(&mirrored, buf, 0);
	buf[WIRE_REPLY_FLAGS] |= PACKET_SIGNED; /* so that both MACs cover the same */
	seal_request_sign(&keys.client, PACKET_UDP, buf, SLOTS, NULL);
	seal_request_mac(&mirrored, PACKET_UDP, buf, LEN, SLOTS, 0);
	assert_true(seal_request_mac_holds(&mirrored, PACKET_UDP, buf, LEN, SLOTS, 0));
	assert_false(seal_reply_mac_holds(&mirrored, PACKET_UDP, buf, LEN, SLOTS));
	assert_false(seal_reply_signature_holds(keys.client.public_key, PACKET_UDP, buf, LEN, SLOTS));
}

static void a_slot_is_found_by_its_server(void **state)
{
	static const uint8_t nobody[WIRE_SERVER_ID_LEN] = { 1, 2, 3 };
	uint8_t buf[LEN];

	(void)state;
	make_request(buf);
	assert_int_equal(seal_request_slot(keys.with_other.server_id, buf, SLOTS), 0);
	assert_int_equal(seal_request_slot(keys.at_server.server_id, buf, SLOTS), 1);
	assert_int_equal(seal_request_slot(keys.at_server.server_id, buf, 1), -1);
	assert_int_equal(seal_request_slot(nobody, buf, SLOTS), -1);
}

static void evidence_opens_only_as_it_was_sealed(void **state)
{
	enum { TEXT_LEN = 60, VALUE_LEN = SEAL_NONCE_LEN + TEXT_LEN + SEAL_TAG_LEN };
	static const uint8_t nonce[SEAL_NONCE_LEN] = "a nonce, of 24 octets..";
	uint8_t head[LEN], value[VALUE_LEN], text[TEXT_LEN] = "what the server knows", opened[TEXT_LEN];
	const uint8_t *key = keys.at_client.query;

	(void)state;
	make_request(head);
	seal_evidence(key, nonce, head, value, text, TEXT_LEN);
	assert_true(seal_evidence_open(key, head, value, VALUE_LEN, opened));
	assert_memory_equal(opened, text, TEXT_LEN);
	for (size_t bit = 0; bit < BITS(VALUE_LEN); bit++) {
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(seal_evidence_open(key, head, value, VALUE_LEN, opened));
		value[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < BITS(WIRE_SLOTS); bit++) {
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(seal_evidence_open(key, head, value, VALUE_LEN, opened));
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < VALUE_LEN; len++)
		assert_false(seal_evidence_open(key, head, value, len, opened));
	assert_false(seal_evidence_open(keys.at_client.answer, head, value, VALUE_LEN, opened));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_derive_the_same_keys),
		cmocka_unit_test(roles_are_part_of_the_keys),
		cmocka_unit_test(unusable_public_keys_are_refused),
		cmocka_unit_test(every_bit_of_a_request_is_held),
		cmocka_unit_test(a_signature_holds_the_flow_its_term_and_its_servers),
		cmocka_unit_test(a_ticket_serves_its_flow_for_a_term),
		cmocka_unit_test(every_bit_of_a_reply_is_held),
		cmocka_unit_test(an_unsigned_reply_is_held_without_its_empty_signature),
		cmocka_unit_test(length_and_transport_are_held),
		cmocka_unit_test(nothing_holds_for_another_key),
		cmocka_unit_test(a_request_does_not_pass_for_a_reply),
		cmocka_unit_test(a_slot_is_found_by_its_server),
		cmocka_unit_test(evidence_opens_only_as_it_was_sealed),
	};
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
