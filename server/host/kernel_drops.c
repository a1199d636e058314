#include "server/host/kernel_drops.h"

#include "common/core/ns.h"
#include "common/system/proc.h"

static const int64_t interval_ns = 250 * NS_PER_MS, interval_of_drops_ns = 2 * NS_PER_MS;

enum { PARTS_MAX = 4 };
struct part {
	const char *group, *name; /* as for proc_counter */
};

/* Each is the sum of its parts: IPv4 and IPv6, and what older kernels do not have. */
static const struct part parts[KERNEL_DROPS_PROC][PARTS_MAX] = {
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

static void read_all(struct kernel_drops *d)
{
	for (unsigned i = 0; i < KERNEL_DROPS_PROC; i++)
		d->now[i] = sum_of(parts[i]);
	conntrack_read(&d->table);
	d->now[KERNEL_DROPS_TABLE] = d->table.dropped;
	d->now[KERNEL_DROPS_EVICTED] = d->table.evicted;
	d->now[KERNEL_DROPS_CONFLICTS] = d->table.in_conflict;
}

void kernel_drops_init(struct kernel_drops *drops, int64_t now_ns)
{
	read_all(drops);
	for (unsigned i = 0; i < KERNEL_DROPS_LEN; i++)
		drops->at_start[i] = drops->now[i];
	drops->read_ns = now_ns;
}

static uint32_t cut(int64_t count)
{
	return count < 0 ? 0 : count >= EVIDENCE_NOT_COUNTED ? EVIDENCE_NOT_COUNTED - 1 : (uint32_t)count;
}

/* A counter may have 32 bits and wrap around. */
static uint32_t since_start(const struct kernel_drops *d, enum kernel_drop i)
{
	return d->at_start[i] < 0 || d->now[i] < 0 ? EVIDENCE_NOT_COUNTED : cut(d->now[i] - d->at_start[i]);
}

static uint32_t of_table(int64_t count)
{
	return count == CONNTRACK_UNREAD ? EVIDENCE_NOT_COUNTED : cut(count);
}

static void tell(struct evidence_answer *answer, enum evidence_counter_kind kind, uint32_t value)
{
	answer->counters[answer->counters_len++] = (struct evidence_counter){ (uint8_t)kind, value };
}

static void tell_table(const struct kernel_drops *d, struct evidence_answer *answer)
{
	uint32_t dropped = since_start(d, KERNEL_DROPS_TABLE), evicted = since_start(d, KERNEL_DROPS_EVICTED);

	answer->counters_len = 0;
	if (d->table.max == 0 || (d->table.max > 0 && dropped == 0 && evicted == 0))
		return;
	tell(answer, EVIDENCE_TABLE_ENTRIES, of_table(d->table.entries));
	tell(answer, EVIDENCE_TABLE_MAX, of_table(d->table.max));
	tell(answer, EVIDENCE_TABLE_DROPPED, dropped);
	tell(answer, EVIDENCE_TABLE_EVICTED, evicted);
	tell(answer, EVIDENCE_TABLE_CONFLICTS, since_start(d, KERNEL_DROPS_CONFLICTS));
}

void kernel_drops_tell(struct kernel_drops *drops, int64_t now_ns, struct evidence_answer *answer)
{
	bool same = answer->socket_drops == drops->socket_drops;

	if (now_ns - drops->read_ns >= (same ? interval_ns : interval_of_drops_ns)) {
		read_all(drops);
		drops->read_ns = now_ns;
		drops->socket_drops = answer->socket_drops;
		same = true;
	}
	answer->accept_overflows = since_start(drops, KERNEL_DROPS_OVERFLOWS);
	answer->datagrams_full = same ? since_start(drops, KERNEL_DROPS_FULL) : EVIDENCE_NOT_COUNTED;
	answer->datagrams_bad = same ? since_start(drops, KERNEL_DROPS_BAD) : EVIDENCE_NOT_COUNTED;
	answer->segments_bad = since_start(drops, KERNEL_DROPS_SEGMENTS);
	tell_table(drops, answer);
}
