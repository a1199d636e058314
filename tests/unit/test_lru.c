/* lru: what is found, in which order, and who goes when there is no room; checked against a plain list too. */
#include "common/core/lru.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct item {
	uint32_t key, value;
};

static uint8_t hashed_with[crypto_shorthash_KEYBYTES];

/* In libsodium's place: with which key are items hashed? */
int crypto_shorthash(unsigned char *out, const unsigned char *in, unsigned long long inlen, const unsigned char *k)
{
	memcpy(hashed_with, k, sizeof hashed_with);
	memset(out, in[inlen - 1], crypto_shorthash_BYTES);
	return 0;
}

/* Its memory is what it asks for, to the octet: a sanitizer sees what is beyond. */
static struct lru *make(unsigned capacity)
{
	static const uint8_t hash_key[16] = { 7 };
	const struct lru_settings settings = { capacity, sizeof(struct item), sizeof(uint32_t), hash_key };

	return lru_init(malloc(lru_size(&settings)), &settings);
}

static void the_least_recently_used_makes_room(void **state)
{
	struct lru *r = make(3);
	struct item *item;
	bool evicted;

	(void)state;
	assert_non_null(r);
	for (uint32_t key = 1; key <= 3; key++) {
		item = lru_use(r, &key, &evicted);
		item->value = key * 10;
		assert_false(evicted);
	}
	lru_use(r, &(uint32_t){ 1 }, &evicted); /* 2 is the oldest now; looking at it changes nothing */
	item = lru_find(r, &(uint32_t){ 2 });
	assert_int_equal(item->value, 20);
	item = lru_use(r, &(uint32_t){ 4 }, &evicted);
	assert_true(evicted);
	assert_int_equal(item->key, 4);
	assert_int_equal(item->value, 0);
	assert_null(lru_find(r, &(uint32_t){ 2 }));
	static const uint32_t order[] = { 4, 1, 3 };
	item = NULL;
	for (unsigned i = 0; i < 3; i++) {
		item = lru_next(r, item);
		assert_int_equal(item->key, order[i]);
	}
	assert_null(lru_next(r, item));
	free(r);
}

/* Who does not know the key cannot choose keys that share a place. */
static void the_hash_has_the_key_that_is_given(void **state)
{
	static const uint8_t expected[crypto_shorthash_KEYBYTES] = { 7 };
	struct lru *r = make(3);
	bool evicted;

	(void)state;
	memset(hashed_with, 0, sizeof hashed_with);
	lru_use(r, &(uint32_t){ 1 }, &evicted);
	assert_memory_equal(hashed_with, expected, sizeof expected);
	free(r);
}

/* Against a plain array, the newest first. */
static void many_keys_against_a_plain_list(void **state)
{
	enum { ROOM = 5, KEYS = 12, STEPS = 20000 };
	struct lru *r = make(ROOM);
	uint32_t list[ROOM] = { 0 };
	unsigned len = 0, random = 1;

	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		random = random * 1103515245 + 12345;
		uint32_t key = random >> 16 & 0xffff;
		unsigned at = 0;
		bool evicted;

		key %= KEYS;
		while (at < len && list[at] != key)
			at++;
		assert_int_equal(lru_find(r, &key) != NULL, at < len);
		lru_use(r, &key, &evicted);
		assert_int_equal(evicted, at == len && len == ROOM);
		if (at == len)
			at = len < ROOM ? len++ : ROOM - 1;
		memmove(list + 1, list, at * sizeof *list);
		list[0] = key;
		const struct item *item = NULL;
		for (unsigned i = 0; i < len; i++) {
			item = lru_next(r, item);
			assert_int_equal(item->key, list[i]);
		}
		assert_null(lru_next(r, item));
	}
	free(r);
}

static void without_memory_there_is_none(void **state)
{
	static const uint8_t hash_key[16];

	(void)state;
	assert_null(lru_init(NULL, &(struct lru_settings){ 1, sizeof(struct item), sizeof(uint32_t), hash_key }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_recently_used_makes_room),
		cmocka_unit_test(the_hash_has_the_key_that_is_given),
		cmocka_unit_test(many_keys_against_a_plain_list),
		cmocka_unit_test(without_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
