/* Texts of /proc. A counter is found where its name stands, whatever stands around it, and nothing is read beyond the
 * end. */
#include "client/net/fresh_ports.h"
#include "common/system/conntrack.h"
#include "common/system/proc.h"
#include "server/host/syn_counters.h"
#include "tests/fuzz/text.h"

#include <stdbool.h>

enum { FALLBACK = -7 };

static void counters(const char *text)
{
	static const char *const names[] = { "InErrors", "RcvbufErrors", "ListenOverflows", "Udp6RcvbufErrors" };
	static const char *const groups[] = { "Udp", "TcpExt", NULL };

	for (size_t n = 0; n < sizeof names / sizeof *names; n++)
		for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
			int64_t value = proc_counter_in(text, groups[g], names[n], FALLBACK);

			FUZZ_CHECK(value == FALLBACK || strstr(text, names[n]));
		}
}

static void reserved_ports(const char *list)
{
	struct fresh_ports ports = { .low = 1, .len = UINT16_MAX, .half_bits = 8 };

	fresh_ports_leave_out(&ports, list);
	FUZZ_CHECK((fresh_ports_next(&ports) == 0) == (ports.len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	uint64_t sum = 0;

	counters(text);
	reserved_ports(text);
	if (syn_counters_parse(text, &sum))
		FUZZ_CHECK(strstr(text, "TcpExt:"));
	if (conntrack_sum(text, "drop") != CONNTRACK_UNREAD)
		FUZZ_CHECK(strstr(text, "drop") && strchr(text, '\n'));
	free(text);
	return 0;
}
