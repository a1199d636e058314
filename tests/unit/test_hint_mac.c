/* Where our frames for an address go: to which of the servers, or to none of them. */
#include "client/evidence/hint_mac.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ROUTER = 9 };

static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = 0 },
			     shared = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 50 }, .port = 8620 };
static uint8_t mac_of_droplet, mac_of_shared; /* the last octet of the entry; 0: none */

static bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	uint8_t last = endpoint_same_address(to, &shared) ? mac_of_shared : mac_of_droplet;

	memset(mac, 0, EVIDENCE_MAC_LEN);
	mac[EVIDENCE_MAC_LEN - 1] = last;
	return last != 0;
}

static const struct link_ops link = { .neighbour_mac = neighbour_mac };
static struct hint_mac hint;
static int64_t now_ns;

/* The server in this slot has one MAC, and was asked at its droplet address. */
static void hear(int slot, uint8_t its)
{
	static struct evidence_answer answer;
	const struct path path = { .endpoint = shared };
	const struct query_result t = { .answer = &answer, .asked_at = &droplet, .link = &link, .asked_ns = now_ns };

	answer.macs_len = 1;
	memset(&answer.macs[0], 0, sizeof answer.macs[0]);
	answer.macs[0].octets[EVIDENCE_MAC_LEN - 1] = mac_of_droplet = its;
	hint_mac_note(&hint, &path, &t, slot);
}

static int setup(void **state)
{
	(void)state;
	hint = (struct hint_mac){ 0 };
	now_ns = 1000 * NS_PER_S;
	mac_of_shared = 1;
	return 0;
}

static void each_server_says_whether_it_has_the_mac(void **state)
{
	(void)state;
	assert_null(hint_mac_explain(&hint, 0));
	hear(0, 1);
	hear(1, 2);
	assert_int_equal(hint.answered, 3);
	assert_int_equal(hint.have, 1);
	assert_ptr_equal(hint_mac_explain(&hint, now_ns), &hint);
	assert_null(hint_mac_explain(&hint, now_ns + 1)); /* said before this outage */
}

static void two_machines_may_have_one_mac(void **state)
{
	(void)state;
	hear(0, 1);
	hear(1, 1);
	assert_int_equal(hint.have, 3);
}

static void words_about_another_mac_do_not_count(void **state)
{
	(void)state;
	hear(0, 1);
	now_ns += HINT_MAC_AGAIN_NS;
	mac_of_shared = ROUTER;
	hear(0, 1);
	assert_int_equal(hint.answered, 1);
	assert_int_equal(hint.have, 0);
	assert_int_equal(hint.mac[EVIDENCE_MAC_LEN - 1], ROUTER);
}

static void a_path_looks_seldom(void **state)
{
	(void)state;
	hear(0, 1);
	now_ns += HINT_MAC_AGAIN_NS - 1;
	mac_of_shared = ROUTER;
	hear(0, 1);
	assert_int_equal(hint.have, 1);
}

/* Without an entry there is no link; and a router between answers for all of them. */
static void only_a_server_on_the_link_counts(void **state)
{
	static struct evidence_answer answer = { .macs_len = 1, .macs = { { { [5] = 1 } } } };
	const struct path path = { .endpoint = shared };
	struct query_result t = { .answer = &answer, .asked_at = &droplet, .link = &link, .asked_ns = now_ns };

	(void)state;
	mac_of_droplet = ROUTER;
	hint_mac_note(&hint, &path, &t, 0);
	mac_of_droplet = 1;
	mac_of_shared = 0;
	hint_mac_note(&hint, &path, &t, 0);
	mac_of_shared = 1;
	t.asked_at = NULL; /* through a witness */
	hint_mac_note(&hint, &path, &t, 0);
	assert_null(hint_mac_explain(&hint, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, setup)
		TEST(each_server_says_whether_it_has_the_mac), TEST(two_machines_may_have_one_mac),
		TEST(words_about_another_mac_do_not_count),    TEST(a_path_looks_seldom),
		TEST(only_a_server_on_the_link_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
