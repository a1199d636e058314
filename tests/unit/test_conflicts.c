/* conflicts: claims of our addresses are counted, told at once and then once a minute, bounded, and believed until
 * nobody answers for them. */
#include "server/watch/conflicts.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S 1000000000LL

static const uint8_t hash_key[16] = { 3 }, mac[6] = { 2, 0, 0x5e, 0, 0x53, 2 }, another[6] = { 2, 0, 0x5e, 0, 0x53, 3 };

static void a_claim_is_told_once_a_minute(void **state)
{
	struct conflicts *c = conflicts_new(4, hash_key);
	struct endpoint ours = sample_endpoint_v4(5, 0);
	const struct conflict *told;

	(void)state;
	told = conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 1 * S);
	assert_non_null(told);
	assert_int_equal(told->count, 1);
	for (int64_t second = 2; second <= 60; second++)
		assert_null(conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, second * S));
	assert_non_null(conflicts_note(c, CONFLICTS_CLAIM, &ours, another, 60 * S));
	assert_non_null(conflicts_note(c, CONFLICTS_PROBE, &ours, mac, 60 * S));
	told = conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 61 * S);
	assert_non_null(told);
	assert_int_equal(told->count, 61);
	conflicts_free(c);
}

static void an_answer_has_claims_but_no_probes(void **state)
{
	struct conflicts *c = conflicts_new(4, hash_key);
	struct endpoint ours = sample_endpoint_v4(5, 0), ours6 = sample_endpoint_v6(5, 0);
	struct evidence_answer answer = { .conflicts_len = 0 };
	static const uint8_t not_known[6];

	(void)state;
	conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 1 * S);
	conflicts_note(c, CONFLICTS_PROBE, &ours, another, 2 * S);
	conflicts_note(c, CONFLICTS_DADFAILED, &ours6, not_known, 3 * S);
	conflicts_tell(c, 5 * S, &answer);
	assert_int_equal(answer.conflicts_len, 2);
	assert_true(endpoint_equal(&answer.conflicts[0].address, &ours6));
	assert_memory_equal(answer.conflicts[0].mac, not_known, sizeof not_known);
	assert_int_equal(answer.conflicts[0].idle_ms, 2000);
	assert_true(endpoint_equal(&answer.conflicts[1].address, &ours));
	assert_memory_equal(answer.conflicts[1].mac, mac, sizeof mac);
	assert_int_equal(answer.conflicts[1].count, 1);
	conflicts_free(c);
}

static const struct conflict *standing(const struct conflicts *c, const struct endpoint *address)
{
	for (const struct conflict *claim = conflicts_next(c, NULL); claim; claim = conflicts_next(c, claim))
		if (memcmp(claim->key.address, address->address, sizeof claim->key.address) == 0)
			return claim;
	return NULL;
}

static void a_claim_stands_until_nobody_answers_for_it(void **state)
{
	struct conflicts *c = conflicts_new(4, hash_key);
	struct endpoint ours = sample_endpoint_v4(5, 0), other = sample_endpoint_v4(6, 0);
	struct evidence_answer answer = { .conflicts_len = 0 };

	(void)state;
	assert_true(conflicts_ask(c, &ours, 1 * S));
	assert_false(conflicts_ask(c, &ours, 10 * S)); /* nobody claims it */
	assert_true(conflicts_ask(c, &ours, 11 * S));
	conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 12 * S);
	conflicts_note(c, CONFLICTS_CLAIM, &other, mac, 12 * S);
	assert_true(conflicts_ask(c, &ours, 13 * S)); /* somebody does */
	conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 13 * S + 1);
	assert_false(conflicts_ask(c, &ours, 14 * S - 1));
	assert_true(conflicts_ask(c, &ours, 14 * S));
	assert_false(conflicts_ask(c, &ours, 15 * S - 1)); /* who is asked has a second */
	assert_non_null(standing(c, &ours));
	assert_false(conflicts_ask(c, &ours, 15 * S));
	assert_null(standing(c, &ours));
	assert_non_null(standing(c, &other)); /* about that one nobody was asked */
	conflicts_tell(c, 15 * S, &answer);
	assert_int_equal(answer.conflicts_len, 1);
	assert_true(endpoint_equal(&answer.conflicts[0].address, &other));
	conflicts_note(c, CONFLICTS_PROBE, &ours, another, 26 * S);
	assert_true(conflicts_ask(c, &ours, 25 * S));
	conflicts_ask(c, &ours, 27 * S);
	assert_null(standing(c, &ours));                        /* who only asks whether it is free does not claim it */
	conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 28 * S); /* and again */
	assert_non_null(standing(c, &ours));
	assert_int_equal(standing(c, &ours)->count, 3);
	conflicts_free(c);
}

static void of_an_address_that_was_lost_nothing_is_claimed(void **state)
{
	struct conflicts *c = conflicts_new(4, hash_key);
	struct endpoint ours = sample_endpoint_v4(5, 0), other = sample_endpoint_v4(6, 0);

	(void)state;
	conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, 1 * S);
	conflicts_note(c, CONFLICTS_CLAIM, &ours, another, 1 * S);
	conflicts_note(c, CONFLICTS_CLAIM, &other, mac, 1 * S);
	conflicts_forget(c, &ours);
	assert_null(standing(c, &ours));
	assert_non_null(standing(c, &other));
	conflicts_free(c);
}

static void more_claims_than_anybody_wants_to_know(void **state)
{
	struct conflicts *c = conflicts_new(EVIDENCE_CONFLICTS_MAX + 2, hash_key);
	struct evidence_answer answer = { .conflicts_len = 0 };

	(void)state;
	for (uint8_t host = 1; host <= 200; host++) {
		struct endpoint ours = sample_endpoint_v4(host, 0);

		assert_non_null(conflicts_note(c, CONFLICTS_CLAIM, &ours, mac, host * S));
	}
	conflicts_tell(c, 300 * S, &answer);
	assert_int_equal(answer.conflicts_len, EVIDENCE_CONFLICTS_MAX);
	assert_int_equal(answer.conflicts[0].address.address[15], 200);
	conflicts_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_is_told_once_a_minute),
		cmocka_unit_test(an_answer_has_claims_but_no_probes),
		cmocka_unit_test(a_claim_stands_until_nobody_answers_for_it),
		cmocka_unit_test(of_an_address_that_was_lost_nothing_is_claimed),
		cmocka_unit_test(more_claims_than_anybody_wants_to_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
