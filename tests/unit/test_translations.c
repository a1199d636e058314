/* translations: what a NAT makes of addresses and ports is stated only once it is proven. */
#include "client/evidence/translations.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { INSIDE = 9, OUTSIDE = 200, PORT = 40000 };

static void note(struct translations *t, uint16_t port, uint8_t outside, uint16_t seen_port)
{
	struct endpoint local = sample_endpoint_v4(INSIDE, port), seen = sample_endpoint_v4(outside, seen_port);

	translations_note(t, &local, &seen);
}

static struct evidence_query told(const struct translations *t)
{
	struct evidence_query query = { .attempts = { { .client = sample_endpoint_v4(INSIDE, 1) },
						      { .client = sample_endpoint_v4(INSIDE, 2) },
						      { .client = sample_endpoint_v4(INSIDE + 1, 3) } },
					.attempts_len = 3 };

	translations_tell(t, &query);
	return query;
}

static void three_connections_in_turn_prove_it(void **state)
{
	struct translations t = { 0 };
	struct evidence_query query;
	struct endpoint source;

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(told(&t).translations_len, 0);
		note(&t, PORT + i, OUTSIDE, PORT + i);
	}
	query = told(&t);
	assert_int_equal(query.translations_len, 1); /* the third attempt has another address */
	assert_true(query.translations[0].keeps_ports);
	source = evidence_source_of(&query, &query.attempts[1]);
	assert_true(endpoint_equal(
	    &source, &(struct endpoint){ .address = { [10] = 0xff, 0xff, 198, 18, 1, OUTSIDE }, .port = 2 }));
	source = evidence_source_of(&query, &query.attempts[2]);
	assert_true(endpoint_equal(&source, &query.attempts[2].client));
}

static void a_changed_port_takes_the_proof_of_ports(void **state)
{
	struct translations t = { 0 };
	struct evidence_query query;

	(void)state;
	for (uint16_t i = 0; i < 9; i++)
		note(&t, PORT + i, OUTSIDE, PORT + i);
	note(&t, PORT, OUTSIDE, PORT + 1);
	query = told(&t);
	assert_int_equal(query.translations_len, 1);
	assert_false(query.translations[0].keeps_ports);
	assert_int_equal(evidence_source_of(&query, &query.attempts[0]).port, 0);
	for (uint16_t i = 0; i < 3; i++)
		note(&t, PORT + i, OUTSIDE, PORT + i);
	assert_true(told(&t).translations[0].keeps_ports);
}

static void another_outside_address_takes_all(void **state)
{
	struct translations t = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 9; i++)
		note(&t, PORT + i, (uint8_t)(OUTSIDE + i % 2), PORT + i);
	assert_int_equal(told(&t).translations_len, 0);
}

static void the_own_address_is_no_translation(void **state)
{
	struct translations t = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 9; i++)
		note(&t, PORT + i, INSIDE, PORT + i);
	assert_int_equal(told(&t).translations_len, 0);
}

static void many_addresses_replace_the_oldest(void **state)
{
	struct translations t = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 3; i++)
		note(&t, PORT + i, OUTSIDE, PORT + i);
	for (unsigned i = 1; i <= TRANSLATIONS_MAX; i++) {
		struct endpoint local = sample_endpoint_v4((uint8_t)(100 + i), 1),
				seen = sample_endpoint_v4(OUTSIDE, 1);

		assert_int_equal(told(&t).translations_len, 1);
		translations_note(&t, &local, &seen);
	}
	assert_int_equal(told(&t).translations_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_connections_in_turn_prove_it),
		cmocka_unit_test(a_changed_port_takes_the_proof_of_ports),
		cmocka_unit_test(another_outside_address_takes_all),
		cmocka_unit_test(the_own_address_is_no_translation),
		cmocka_unit_test(many_addresses_replace_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
