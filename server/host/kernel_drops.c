#include "server/host/kernel_drops.h"

#include "common/core/ns.h"
#include "common/system/proc.h"

static const int64_t interval_ns = 250 * NS_PER_MS;

enum { PARTS_MAX = 4 };
struct part {
	const char *group, *name; /* as for proc_counter */
};

/* Each is the sum of its parts: IPv4 and IPv6, and what older kernels do not have. */
static const struct part parts[KERNEL_DROPS_LEN][PARTS_MAX] = {
	{ { "TcpExt", "ListenOverflows" } },
	{ { "Udp", "RcvbufErrors" }, { "Udp", "MemErrors" }, { NULL, "Udp6RcvbufErrors" }, { NULL, "Udp6MemErrors" } },
	{ { "Udp", "InCsumErrors" }, { NULL, "Udp6InCsumErrors" } },
	{ { "Tcp", "InCsumErrors" } },
};

/* -1: the kernel does not even have the first part. */
static int64_t sum_of(const struct part list[PARTS_MAX])
{
	int64_t sum = proc_counter(list[0].group, list[0].name, -1);

	for (unsigned i = 1; sum >= 0 && i < PARTS_MAX && list[i].name; i++)
		sum += proc_counter(list[i].group, list[i].name, 0);
	return sum;
}

static void read_all(int64_t counters[KERNEL_DROPS_LEN])
{
	for (unsigned i = 0; i < KERNEL_DROPS_LEN; i++)
		counters[i] = sum_of(parts[i]);
}

void kernel_drops_init(struct kernel_drops *drops, int64_t now_ns)
{
	read_all(drops->at_start);
	for (unsigned i = 0; i < KERNEL_DROPS_LEN; i++)
		drops->now[i] = drops->at_start[i];
	drops->read_ns = now_ns;
}

/* A counter may have 32 bits and wrap around. */
static uint32_t since_start(const struct kernel_drops *d, unsigned i)
{
	int64_t since = d->now[i] - d->at_start[i];

	if (d->at_start[i] < 0 || d->now[i] < 0)
		return EVIDENCE_NOT_COUNTED;
	return since < 0 ? 0 : since >= EVIDENCE_NOT_COUNTED ? EVIDENCE_NOT_COUNTED - 1 : (uint32_t)since;
}

void kernel_drops_tell(struct kernel_drops *drops, int64_t now_ns, struct evidence_answer *answer)
{
	if (now_ns - drops->read_ns >= interval_ns) {
		read_all(drops->now);
		drops->read_ns = now_ns;
	}
	answer->accept_overflows = since_start(drops, 0);
	answer->datagrams_full = since_start(drops, 1);
	answer->datagrams_bad = since_start(drops, 2);
	answer->segments_bad = since_start(drops, 3);
}
