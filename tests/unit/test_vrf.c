/* vrf: which interfaces and addresses of this host belong to a VRF. */
#include "common/system/vrf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct rtnl_link red = { .index = 7, .kind = "vrf" },
			      in_red = { .index = 2, .master = 7, .slave_kind = "vrf" },
			      in_bridge = { .index = 3, .master = 8, .slave_kind = "bridge" };
static const struct rtnl_address ours = { .address = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 } }, .link = 2 },
				 of_bridge = { .address = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 8 } },
					       .link = 3 },
				 of_red = { .address = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 } },
					    .link = 7 };

static void links_and_addresses_are_found(void **state)
{
	struct vrf_table vrfs = { .links_len = 0 };

	(void)state;
	vrf_add_link(&vrfs, &red);
	vrf_add_link(&vrfs, &in_red);
	vrf_add_link(&vrfs, &in_bridge);
	vrf_add_address(&vrfs, &ours);
	vrf_add_address(&vrfs, &of_bridge);
	vrf_add_address(&vrfs, &of_red);
	assert_int_equal(vrf_of_link(&vrfs, 2), 7);
	assert_int_equal(vrf_of_link(&vrfs, 7), 7); /* a packet may be said to come by the VRF itself */
	assert_int_equal(vrf_of_link(&vrfs, 3), 0);
	assert_int_equal(vrf_of_link(&vrfs, 1), 0);
	assert_int_equal(vrf_of_address(&vrfs, &ours.address), 7);
	assert_int_equal(vrf_of_address(&vrfs, &of_bridge.address), 0);
	assert_int_equal(vrf_of_address(&vrfs, &of_red.address), 7);
}

static void what_does_not_fit_is_left_out(void **state)
{
	static struct vrf_table vrfs;

	(void)state;
	for (unsigned i = 0; i < VRF_LINKS_MAX + 5; i++)
		vrf_add_link(&vrfs, &in_red);
	for (unsigned i = 0; i < VRF_ADDRESSES_MAX + 5; i++)
		vrf_add_address(&vrfs, &ours);
	assert_int_equal(vrfs.links_len, VRF_LINKS_MAX);
	assert_int_equal(vrfs.addresses_len, VRF_ADDRESSES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_and_addresses_are_found),
		cmocka_unit_test(what_does_not_fit_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
