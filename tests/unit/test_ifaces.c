/* What clients are told of this host's links and addresses: from what was read when they changed, not from the kernel.
 */
#include "server/watch/ifaces.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MANY_LINKS = EVIDENCE_MACS_MAX + 1 };

static struct rtnl_link links[MANY_LINKS];
static struct rtnl_address addresses[64];
static unsigned links_len, addresses_len, reads;

int __wrap_rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context);
int __wrap_rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context);

int __wrap_rtnl_links(struct netlink *nl, rtnl_on_link *on_link, void *context)
{
	(void)nl;
	reads++;
	for (unsigned i = 0; i < links_len; i++)
		on_link(context, &links[i]);
	return 0;
}

int __wrap_rtnl_addresses(struct netlink *nl, rtnl_on_address *on_address, void *context)
{
	(void)nl;
	reads++;
	for (unsigned i = 0; i < addresses_len; i++)
		on_address(context, &addresses[i]);
	return 0;
}

static void add_link(unsigned flags, uint8_t mac)
{
	struct rtnl_link *link = &links[links_len++];

	*link = (struct rtnl_link){ .index = links_len, .flags = flags, .has_mac = true };
	link->mac[RTNL_MAC_LEN - 1] = mac;
}

static struct endpoint v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct endpoint){ .address = { [10] = 0xff, 0xff, a, b, c, d } };
}

static void add_address(struct endpoint address, unsigned link, uint8_t scope)
{
	addresses[addresses_len++] = (struct rtnl_address){ .address = address, .link = link, .scope = scope };
}

static int start(void **state)
{
	(void)state;
	links_len = addresses_len = reads = 0;
	add_link(IFF_UP, 0); /* loopback */
	add_link(IFF_UP, 2);
	add_link(0, 3);
	return 0;
}

static struct evidence_answer told(bool on_link)
{
	static const struct endpoint client = { .address = { [15] = 9 } };
	struct evidence_query query = { .has_macs = on_link, .own_address = client };
	struct evidence_answer answer = { .addresses_len = 0 };
	struct ifaces ifaces = { .read_ns = 0 };
	unsigned before;

	assert_int_equal(ifaces_read(&ifaces, NULL, 1), 0);
	before = reads;
	ifaces_tell(&ifaces, &query, &client, &answer);
	assert_int_equal(reads, before);
	ifaces_clear(&ifaces);
	return answer;
}

static void addresses_of_links_that_are_up_are_told_once(void **state)
{
	const struct endpoint one = v4(198, 18, 1, 5), virtual = v4(203, 0, 113, 7);
	struct evidence_answer answer;

	(void)state;
	add_address(v4(127, 0, 0, 1), 1, RT_SCOPE_HOST);
	add_address(virtual, 1, RT_SCOPE_HOST); /* on loopback, so that nobody else is told */
	add_address(one, 2, RT_SCOPE_UNIVERSE);
	add_address(v4(169, 254, 0, 1), 2, RT_SCOPE_LINK);
	add_address((struct endpoint){ .address = { 0xfe, 0x80 } }, 2, RT_SCOPE_LINK);
	add_address((struct endpoint){ .address = { [15] = 1 } }, 1, RT_SCOPE_HOST);
	add_address(one, 2, RT_SCOPE_UNIVERSE);
	add_address(v4(198, 18, 1, 6), 3, RT_SCOPE_UNIVERSE); /* its link is down */
	answer = told(false);
	assert_int_equal(answer.addresses_len, 2);
	assert_true(endpoint_same_address(&answer.addresses[0], &virtual));
	assert_true(endpoint_same_address(&answer.addresses[1], &one));
	assert_int_equal(answer.macs_len, 0);
}

static void no_more_than_there_is_room_for(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= EVIDENCE_ADDRESSES_MAX + 1; i++)
		add_address(v4(198, 18, 1, (uint8_t)i), 2, RT_SCOPE_UNIVERSE);
	assert_int_equal(told(false).addresses_len, EVIDENCE_ADDRESSES_MAX);
}

static void macs_are_told_to_who_is_on_the_link(void **state)
{
	struct evidence_answer answer;

	(void)state;
	add_link(IFF_UP, 2); /* a bridge has the MAC of its port */
	answer = told(true);
	assert_int_equal(answer.macs_len, 2);
	assert_int_equal(answer.macs[0].octets[RTNL_MAC_LEN - 1], 2);
	assert_int_equal(answer.macs[1].octets[RTNL_MAC_LEN - 1], 3);
}

static void macs_that_do_not_all_fit_are_not_told(void **state)
{
	(void)state;
	links_len = 0;
	for (unsigned i = 1; i <= MANY_LINKS; i++)
		add_link(IFF_UP, (uint8_t)i);
	assert_int_equal(told(true).macs_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(addresses_of_links_that_are_up_are_told_once, start),
		cmocka_unit_test_setup(no_more_than_there_is_room_for, start),
		cmocka_unit_test_setup(macs_are_told_to_who_is_on_the_link, start),
		cmocka_unit_test_setup(macs_that_do_not_all_fit_are_not_told, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
