/* kernel_drops: the counters of the kernel are of the time at which the sockets' own were read. */
#include "common/core/ns.h"
#include "server/host/kernel_drops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct kernel_drops drops;

static struct evidence_answer told(int64_t now_ns, uint32_t socket_drops)
{
	struct evidence_answer answer = { .socket_drops = socket_drops };

	kernel_drops_tell(&drops, now_ns, &answer);
	return answer;
}

static void counters_of_another_time_are_left_out(void **state)
{
	(void)state;
	kernel_drops_init(&drops, NS_PER_S);
	if (told(NS_PER_S, 0).datagrams_bad == EVIDENCE_NOT_COUNTED)
		skip(); /* /proc cannot be read here */
	assert_int_equal(told(NS_PER_S + 1 * NS_PER_MS, 5).datagrams_bad, EVIDENCE_NOT_COUNTED);
	assert_int_equal(told(NS_PER_S + 1 * NS_PER_MS, 5).datagrams_full, EVIDENCE_NOT_COUNTED);
	assert_int_not_equal(told(NS_PER_S + 2 * NS_PER_MS, 5).datagrams_bad, EVIDENCE_NOT_COUNTED);
	assert_int_not_equal(told(NS_PER_S + 3 * NS_PER_MS, 5).datagrams_full, EVIDENCE_NOT_COUNTED);
	assert_int_equal(told(NS_PER_S + 3 * NS_PER_MS, 6).datagrams_full, EVIDENCE_NOT_COUNTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_of_another_time_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
