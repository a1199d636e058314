/* table: what is found after whatever came and went, wherever the keys have their homes. */
#include "common/core/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 24, STEPS = 50000 };

struct item {
	uint32_t before;
	uint64_t key;
	bool there;
};

static const uint8_t hash_key[16] = { 7 };
static struct item items[ITEMS];

/* Its memory is what it asks for, to the octet: a sanitizer sees what is beyond. */
static struct table make(const uint8_t *keyed)
{
	const struct table_settings settings = {
		items, ITEMS, sizeof(struct item), offsetof(struct item, key), sizeof(uint64_t), keyed
	};
	struct table table;

	assert_true(table_init(&table, malloc(table_size(ITEMS)), &settings));
	return table;
}

static void check_all(const struct table *table)
{
	for (unsigned i = 0; i < ITEMS; i++)
		assert_ptr_equal(table_find(table, &items[i].key), items[i].there ? &items[i] : NULL);
}

/* They come and go at random. */
static void play(const uint8_t *keyed, uint64_t (*key_of)(uint64_t i))
{
	struct table table = make(keyed);
	unsigned random = 1;

	for (unsigned i = 0; i < ITEMS; i++)
		items[i] = (struct item){ .key = key_of(i) };
	for (unsigned step = 0; step < STEPS; step++) {
		struct item *item = &items[(random = random * 1103515245 + 12345) / 65536 % ITEMS];

		if (item->there)
			table_remove(&table, item);
		else
			table_add(&table, item);
		item->there = !item->there;
		check_all(&table);
	}
	free(table.buckets);
}

static uint64_t one_after_the_other(uint64_t i)
{
	return i;
}

static uint64_t all_in_the_last_bucket(uint64_t i)
{
	return i << 32 | UINT32_MAX;
}

static uint64_t in_three_buckets(uint64_t i)
{
	return i << 32 | (UINT32_MAX - 1 + i % 3);
}

static void keys_of_their_own_places(void **state)
{
	(void)state;
	play(NULL, one_after_the_other);
}

static void keys_of_one_place(void **state)
{
	(void)state;
	play(NULL, all_in_the_last_bucket);
}

static void keys_of_some_places(void **state)
{
	(void)state;
	play(NULL, in_three_buckets);
}

static void keys_that_are_hashed(void **state)
{
	(void)state;
	play(hash_key, all_in_the_last_bucket);
}

/* Who does not know the key cannot choose keys that share a place. */
static void another_hash_key_makes_other_places(void **state)
{
	static const uint8_t other[16] = { 8 };
	struct table one = make(hash_key), two = make(other);

	(void)state;
	for (unsigned i = 0; i < ITEMS; i++) {
		items[i] = (struct item){ .key = i };
		table_add(&one, &items[i]);
		table_add(&two, &items[i]);
	}
	assert_int_equal(one.mask, two.mask);
	assert_memory_not_equal(one.buckets, two.buckets, (one.mask + 1) * sizeof *one.buckets);
	free(one.buckets);
	free(two.buckets);
}

static void without_memory_nothing_is_found(void **state)
{
	const struct table_settings settings = { items, ITEMS, sizeof(struct item), 0, sizeof(uint64_t), NULL };
	struct table table = { 0 };

	(void)state;
	assert_null(table_find(&table, &(uint64_t){ 1 }));
	assert_false(table_init(&table, NULL, &settings));
	assert_null(table_find(&table, &(uint64_t){ 1 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_their_own_places),
		cmocka_unit_test(keys_of_one_place),
		cmocka_unit_test(keys_of_some_places),
		cmocka_unit_test(keys_that_are_hashed),
		cmocka_unit_test(another_hash_key_makes_other_places),
		cmocka_unit_test(without_memory_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
