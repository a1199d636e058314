#include "server/host/syn_counters.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_LEN = 32768 };
static const int64_t interval_ns = 1000000000;

static bool is_wanted(const char *name, size_t len)
{
	static const char *const names[] = { "ListenOverflows",      "ListenDrops",     "SyncookiesSent",
					     "TCPReqQFullDoCookies", "TCPReqQFullDrop", "EmbryonicRsts" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

/* The text has two lines of the same form: "TcpExt: name name ..." and "TcpExt: value value ...". */
bool syn_counters_parse(const char *text, uint64_t *sum)
{
	static const char prefix[] = "TcpExt:";
	const char *names = strstr(text, prefix);
	const char *values = names ? strstr(names + 1, prefix) : NULL;

	if (!values)
		return false;
	names += strlen(prefix);
	values += strlen(prefix);
	*sum = 0;
	while (*names == ' ') {
		size_t len = strcspn(++names, " \n");
		char *end;
		uint64_t value = strtoull(values, &end, 10);

		if (end == values)
			return false;
		if (is_wanted(names, len))
			*sum += value;
		names += len;
		values = end;
	}
	return true;
}

static bool read_now(uint64_t *sum)
{
	char text[TEXT_LEN];
	int fd = open("/proc/self/net/netstat", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return syn_counters_parse(text, sum);
}

void syn_counters_sample(struct syn_counters *counters, int64_t now_ns)
{
	unsigned last = (counters->next + SYN_COUNTERS_SAMPLES - 1) % SYN_COUNTERS_SAMPLES;

	if (counters->len > 0 && now_ns - counters->samples[last].at_ns < interval_ns)
		return;
	if (!read_now(&counters->samples[counters->next].sum))
		return;
	counters->samples[counters->next].at_ns = now_ns;
	counters->next = (counters->next + 1) % SYN_COUNTERS_SAMPLES;
	if (counters->len < SYN_COUNTERS_SAMPLES)
		counters->len++;
}

bool syn_counters_stood_still(const struct syn_counters *counters, int64_t since_ns)
{
	uint64_t before = 0, now; /* 0 if no sample is old enough: the counters since boot */

	for (unsigned i = 0; i < counters->len; i++) {
		unsigned newest_first = (counters->next + SYN_COUNTERS_SAMPLES - 1 - i) % SYN_COUNTERS_SAMPLES;

		if (counters->samples[newest_first].at_ns <= since_ns) {
			before = counters->samples[newest_first].sum;
			break;
		}
	}
	return read_now(&now) && now == before;
}
