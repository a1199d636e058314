#include "client/net/udp_drops.h"

#include "common/system/proc.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

static void read_kernel(bool v4, int64_t *full, int64_t *bad)
{
	*full = v4 ? proc_counter("Udp", "RcvbufErrors", 0) : proc_counter(NULL, "Udp6RcvbufErrors", 0);
	*bad = v4 ? proc_counter("Udp", "InCsumErrors", 0) : proc_counter(NULL, "Udp6InCsumErrors", 0);
}

void udp_drops_init(struct udp_drops_count *count, bool v4)
{
	*count = (struct udp_drops_count){ .v4 = v4 };
	read_kernel(v4, &count->kernel_full, &count->kernel_bad);
}

void udp_drops_look(struct udp_drops_count *count, int fd, uint32_t *newest)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof info;

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) != 0)
		return;
	count->unexplained += info[SK_MEMINFO_DROPS] - *newest;
	*newest = info[SK_MEMINFO_DROPS];
}

static uint64_t at_most(uint64_t drops, int64_t limit)
{
	return limit <= 0 ? 0 : drops < (uint64_t)limit ? drops : (uint64_t)limit;
}

struct udp_drops udp_drops_explain(struct udp_drops_count *count)
{
	int64_t full, bad;

	if (count->unexplained == 0)
		return count->total;
	read_kernel(count->v4, &full, &bad);
	count->total.full += at_most(count->unexplained, full - count->kernel_full);
	count->total.bad += at_most(count->unexplained, bad - count->kernel_bad);
	count->kernel_full = full;
	count->kernel_bad = bad;
	count->unexplained = 0;
	return count->total;
}
