#include "common/system/ip_drops.h"

#include "common/system/proc.h"

#include <stddef.h>

enum { TEXT_LEN = 32768 };

struct part { /* of a sum; group NULL: the file has one counter a line */
	const char *group, *name;
};

/* The first one is received; the others are handed on, dropped for a reason that is counted, or ambiguous: fragments
 * become one packet, and multicasts that nobody wants are dropped silently. Each list is of one file. */
static const struct part ipv4[] = {
	{ "Ip", "InReceives" },   { "Ip", "InDelivers" }, { "Ip", "ForwDatagrams" },   { "Ip", "InHdrErrors" },
	{ "Ip", "InAddrErrors" }, { "Ip", "InDiscards" }, { "Ip", "InUnknownProtos" }, { "Ip", "ReasmReqds" },
};
static const struct part ipv4_more[] = {
	{ "IpExt", "InNoRoutes" },  { "IpExt", "InTruncatedPkts" }, { "IpExt", "InMcastPkts" },
	{ "IpExt", "InBcastPkts" }, { "IpExt", "InCsumErrors" },    { "TcpExt", "IPReversePathFilter" },
};
static const struct part ipv6[] = {
	{ NULL, "Ip6InReceives" },   { NULL, "Ip6InDelivers" },      { NULL, "Ip6OutForwDatagrams" },
	{ NULL, "Ip6InHdrErrors" },  { NULL, "Ip6InTooBigErrors" },  { NULL, "Ip6InNoRoutes" },
	{ NULL, "Ip6InAddrErrors" }, { NULL, "Ip6InUnknownProtos" }, { NULL, "Ip6InTruncatedPkts" },
	{ NULL, "Ip6InDiscards" },   { NULL, "Ip6ReasmReqds" },      { NULL, "Ip6InMcastPkts" },
};

static int64_t of(const char *text, const struct part *part)
{
	return proc_counter_in(text, part->group, part->name, 0);
}

static int64_t sum_of(const char *text, const struct part *parts, size_t len)
{
	int64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += of(text, &parts[i]);
	return sum;
}

/* text begins with a line feed, so that every line has one before it. */
void ip_drops_read(struct ip_drops *drops)
{
	char text[TEXT_LEN] = "\n";

	proc_read("/proc/self/net/snmp", text + 1, sizeof text - 1);
	drops->bad_segments = proc_counter_in(text, "Tcp", "InCsumErrors", 0);
	drops->stopped[IP_DROPS_V4] = of(text, ipv4) - sum_of(text, ipv4 + 1, sizeof ipv4 / sizeof *ipv4 - 1);
	proc_read("/proc/self/net/netstat", text + 1, sizeof text - 1);
	drops->reverse_path = proc_counter_in(text, "TcpExt", "IPReversePathFilter", 0);
	drops->stopped[IP_DROPS_V4] -= sum_of(text, ipv4_more, sizeof ipv4_more / sizeof *ipv4_more);
	proc_read("/proc/self/net/snmp6", text, sizeof text);
	drops->stopped[IP_DROPS_V6] = of(text, ipv6) - sum_of(text, ipv6 + 1, sizeof ipv6 / sizeof *ipv6 - 1);
}
