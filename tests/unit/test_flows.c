/* flows: what is found, in which order, and who has to go when the table is full; checked against a plain list too. */
#include "server/reflect/flows.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t hash_key[16] = { 7 };

static void add_all(struct flows *flows, unsigned client, uint64_t from, uint64_t to)
{
	for (uint64_t id = from; id <= to; id++)
		assert_non_null(flows_add(flows, client, id, (int64_t)id));
}

/* The client's flows are exactly these, the most recent first. */
static void check_order(const struct flows *flows, unsigned client, const uint64_t *ids, size_t len)
{
	const struct flow *flow = NULL;

	for (size_t i = 0; i < len; i++) {
		flow = flows_next_of(flows, client, flow);
		assert_non_null(flow);
		assert_true(flow->id == ids[i]);
		assert_int_equal(flow->client, client);
	}
	assert_null(flows_next_of(flows, client, flow));
}

static void a_flow_belongs_to_its_client(void **state)
{
	struct flows *flows = flows_new(4, 2, hash_key);
	struct flow *flow;

	(void)state;
	assert_non_null(flows);
	assert_null(flows_find(flows, 0, 9));
	assert_null(flows_next_of(flows, 0, NULL));
	flow = flows_add(flows, 0, 9, 1);
	flow->heard_ns = 55;
	assert_null(flows_find(flows, 1, 9));
	assert_null(flows_peek(flows, 1, 9));
	assert_ptr_equal(flows_find(flows, 0, 9), flow);
	assert_ptr_equal(flows_peek(flows, 0, 9), flow);
	assert_int_equal(flows_add(flows, 1, 9, 2)->heard_ns, 0);
	flows_free(flows);
}

static void to_find_makes_recent_and_to_peek_does_not(void **state)
{
	struct flows *flows = flows_new(8, 1, hash_key);

	(void)state;
	add_all(flows, 0, 1, 3);
	check_order(flows, 0, (const uint64_t[]){ 3, 2, 1 }, 3);
	assert_non_null(flows_find(flows, 0, 2));
	check_order(flows, 0, (const uint64_t[]){ 2, 3, 1 }, 3);
	assert_non_null(flows_find(flows, 0, 1));
	assert_non_null(flows_find(flows, 0, 1));
	assert_non_null(flows_peek(flows, 0, 3));
	check_order(flows, 0, (const uint64_t[]){ 1, 2, 3 }, 3);
	flows_free(flows);
}

static void who_holds_the_most_loses_the_oldest(void **state)
{
	struct flows *flows = flows_new(6, 3, hash_key);

	(void)state;
	add_all(flows, 0, 1, 4);
	add_all(flows, 1, 1, 2);
	assert_non_null(flows_find(flows, 0, 1)); /* so the oldest is 2 */
	add_all(flows, 2, 50, 50);
	check_order(flows, 0, (const uint64_t[]){ 1, 4, 3 }, 3);
	check_order(flows, 1, (const uint64_t[]){ 2, 1 }, 2);
	assert_int_equal(flows_evicted_ns(flows, 0), 50);
	assert_int_equal(flows_evicted_ns(flows, 1), 0);

	/* Two hold as many: the one who wants more pays. */
	add_all(flows, 2, 51, 51);
	check_order(flows, 0, (const uint64_t[]){ 1, 4 }, 2);
	add_all(flows, 1, 60, 60);
	check_order(flows, 1, (const uint64_t[]){ 60, 2 }, 2);
	flows_free(flows);
}

static void a_flood_by_one_spares_the_others(void **state)
{
	struct flows *flows = flows_new(100, 3, hash_key);

	(void)state;
	add_all(flows, 0, 1, 30);
	add_all(flows, 1, 1, 3);
	add_all(flows, 2, 1, 100000);
	for (uint64_t id = 1; id <= 30; id++)
		assert_non_null(flows_peek(flows, 0, id));
	for (uint64_t id = 1; id <= 3; id++)
		assert_non_null(flows_peek(flows, 1, id));
	assert_int_equal(flows_evicted_ns(flows, 0), 0);
	assert_non_null(flows_peek(flows, 2, 100000));
	assert_non_null(flows_peek(flows, 2, 100000 - 66));
	assert_null(flows_peek(flows, 2, 100000 - 67));
	flows_free(flows);
}

static void a_table_of_one_flow_works(void **state)
{
	struct flows *flows = flows_new(1, 2, hash_key);

	(void)state;
	for (uint64_t id = 1; id <= 10; id++) {
		assert_non_null(flows_add(flows, id % 2, id, (int64_t)id));
		assert_non_null(flows_find(flows, id % 2, id));
		assert_null(flows_peek(flows, (id - 1) % 2, id - 1));
	}
	flows_free(flows);
}

static void a_copy_keeps_the_order_and_the_content(void **state)
{
	struct flows *from = flows_new(8, 2, hash_key), *to = flows_new(8, 3, hash_key);

	(void)state;
	add_all(from, 0, 90, 91);
	add_all(from, 1, 1, 3);
	flows_find(from, 1, 2)->acknowledged = 17;
	flows_set_evicted(from, 1, 1234);
	flows_copy(to, 2, from, 1, 5000);
	check_order(to, 2, (const uint64_t[]){ 2, 3, 1 }, 3);
	check_order(to, 0, NULL, 0);
	assert_int_equal(flows_find(to, 2, 2)->acknowledged, 17);
	assert_int_equal(flows_evicted_ns(to, 2), 1234);
	flows_free(from);
	flows_free(to);
}

/* A model: each client's ids in order of use, in plain arrays. */
enum { CLIENTS = 3, CAPACITY = 16, IDS = 12, STEPS = 20000 };
struct model {
	uint64_t ids[CLIENTS][CAPACITY];
	unsigned len[CLIENTS];
};

static void model_remove(struct model *m, unsigned client, unsigned place)
{
	m->len[client]--;
	memmove(&m->ids[client][place], &m->ids[client][place + 1],
		(m->len[client] - place) * sizeof m->ids[client][0]);
}

static void model_use(struct model *m, unsigned client, uint64_t id)
{
	unsigned most = client;

	for (unsigned i = 0; i < m->len[client]; i++) {
		if (m->ids[client][i] == id) {
			model_remove(m, client, i);
			m->ids[client][m->len[client]++] = id;
			return;
		}
	}
	if (m->len[0] + m->len[1] + m->len[2] == CAPACITY) {
		for (unsigned i = 0; i < CLIENTS; i++)
			most = m->len[i] > m->len[most] ? i : most;
		model_remove(m, most, 0);
	}
	m->ids[client][m->len[client]++] = id;
}

static void it_does_what_a_plain_list_would(void **state)
{
	struct flows *flows = flows_new(CAPACITY, CLIENTS, hash_key);
	struct model model = { .len = { 0 } };
	uint32_t random = 20261120;

	(void)state;
	for (int step = 1; step <= STEPS; step++) {
		random = random * 1664525 + 1013904223;
		unsigned client = (random >> 8) % CLIENTS;
		uint64_t id = (random >> 16) % IDS;

		if (!flows_find(flows, client, id))
			assert_non_null(flows_add(flows, client, id, step));
		model_use(&model, client, id);
		for (client = 0; client < CLIENTS; client++) {
			const struct flow *flow = NULL;

			for (unsigned i = model.len[client]; i-- > 0;) {
				flow = flows_next_of(flows, client, flow);
				assert_non_null(flow);
				assert_true(flow->id == model.ids[client][i]);
			}
			assert_null(flows_next_of(flows, client, flow));
		}
	}
	flows_free(flows);
}

/* All flows of a client have to be looked at to say that none comes from an address. */
static void of_a_client_with_very_many_flows_little_is_said(void **state)
{
	static const struct endpoint own = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 1 }, .port = 0 };
	static const struct endpoint local = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 2 }, .port = 0 };
	static const struct endpoint peer = { .address = { [10] = 0xff, 0xff, 198, 18, 0, 3 }, .port = 0 };
	struct flows *flows = flows_new(FLOWS_LOOKED_AT + 1, 1, hash_key);

	(void)state;
	for (uint64_t id = 1; id <= FLOWS_LOOKED_AT; id++) {
		struct flow *flow = flows_add(flows, 0, id, 1);
		flow->source = own;
		flow->arrived_on = local;
	}
	assert_true(flows_of_another(flows, 0, &own, &local, &peer));
	assert_false(flows_of_another(flows, 0, &own, &local, &own));
	flows_add(flows, 0, FLOWS_LOOKED_AT + 1, 1);
	assert_false(flows_of_another(flows, 0, &own, &local, &peer));
	flows_free(flows);
}

/* A client that restarts begins new flows: the old ones stay in the table, unheard for ever. */
static void unheard_are_only_flows_that_still_send(void **state)
{
	struct flows *flows = flows_new(8, 2, hash_key);

	(void)state;
	add_all(flows, 0, 1, 3);
	for (uint64_t id = 1; id <= 3; id++) {
		struct flow *flow = flows_find(flows, 0, id);

		flow->heard_ns = 100 * NS_PER_S;
		flow->made_ns = id == 3 ? 0 : 90 * NS_PER_S; /* each 50 s, each second */
		flow->receipts.received = id == 3 ? 3 : 11;
		flows_set_unheard(flows, flow, id > 1);
	}
	assert_int_equal(flows_unheard(flows, 1, 100 * NS_PER_S), 0);
	assert_int_equal(flows_unheard(flows, 0, 100 * NS_PER_S), 2);
	assert_int_equal(flows_unheard(flows, 0, 134 * NS_PER_S), 2);
	assert_int_equal(flows_unheard(flows, 0, 135 * NS_PER_S), 1);
	assert_int_equal(flows_unheard(flows, 0, 330 * NS_PER_S), 1);
	assert_int_equal(flows_unheard(flows, 0, 331 * NS_PER_S), 0);
	flows_set_unheard(flows, flows_find(flows, 0, 2), false);
	assert_int_equal(flows_unheard(flows, 0, 100 * NS_PER_S), 1);
	flows_free(flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_belongs_to_its_client),
		cmocka_unit_test(to_find_makes_recent_and_to_peek_does_not),
		cmocka_unit_test(who_holds_the_most_loses_the_oldest),
		cmocka_unit_test(a_flood_by_one_spares_the_others),
		cmocka_unit_test(a_table_of_one_flow_works),
		cmocka_unit_test(a_copy_keeps_the_order_and_the_content),
		cmocka_unit_test(it_does_what_a_plain_list_would),
		cmocka_unit_test(unheard_are_only_flows_that_still_send),
		cmocka_unit_test(of_a_client_with_very_many_flows_little_is_said),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
