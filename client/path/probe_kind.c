#include "client/path/probe_kind.h"

#include "client/config/config.h"

const struct probe_traits probe_kinds[PROBE_KINDS] = {
	[PROBE_UDP] = {
		.word = "udp",
		.name = "UDP",
		.transport = PACKET_UDP,
		.in_target = offsetof(struct config_target, udp),
		.has_flows = true,
		.send_call = "sendto",
		.refused = "port unreachable",
	},
	[PROBE_TCP] = {
		.word = "tcp",
		.name = "TCP",
		.transport = PACKET_TCP,
		.in_target = offsetof(struct config_target, tcp),
		.has_handshake = true,
		.is_repeated = true,
		.send_call = "connect",
		.refused = "connection refused",
	},
	[PROBE_STAMP] = {
		.word = "stamp",
		.name = "STAMP",
		.transport = PACKET_UDP,
		.in_target = offsetof(struct config_target, stamp),
		.has_flows = true,
		.is_plain = true,
		.send_call = "sendto",
		.refused = "port unreachable",
	},
};

bool probe_kind_wanted(enum probe_kind kind, const struct config_target *target)
{
	return *(const bool *)((const char *)target + probe_kinds[kind].in_target);
}
