#include "client/verdict/advice.h"

#include "client/verdict/condition.h"
#include "client/verdict/verdict_reading.h"

static const char *const advice_by_cause[VERDICT_CAUSES_LEN] = {
	[VERDICT_CAUSE_UNPINNED_REPLY] =
	    "make applications on that server answer from the address that was asked: bind them to the anchor address, "
	    "use IP_PKTINFO, or make the anchor the preferred source of the route",
	[VERDICT_CAUSE_WRONG_SOURCE] = "make the server answer from the address that was asked: use IP_PKTINFO in the "
				       "server, or correct the source NAT rule",
	[VERDICT_CAUSE_STALE_NEIGHBOUR] = "delete that neighbour entry on the server; with `repair: { "
					  "stale_neighbours: true }` floatprobed deletes such entries itself",
	[VERDICT_CAUSE_DUPLICATE_ADDRESS] =
	    "find the machine that should not have this address, and remove the address from it; if one machine is a "
	    "clone of the other, give the clone its own key; if they have it on purpose, set `holders: many` on the "
	    "target",
	[VERDICT_CAUSE_FAILOVER] = "nothing, if the address was meant to move",
	[VERDICT_CAUSE_STUCK_FLOW] =
	    "look for an old connection tracking entry of this flow where the address is translated, and delete it "
	    "(`conntrack -D`), or let the application use a new source port",
	[VERDICT_CAUSE_FIRST_PACKET_ONLY] = "check the connection tracking on the way, and whether the program on the "
					    "server answers more than the first packet of a peer (nc does not)",
	[VERDICT_CAUSE_SOME_PORTS] =
	    "look for parallel links or hosts (ECMP, a bond, a load balancer), one of which drops packets",
	[VERDICT_CAUSE_SIZE_LIMIT] = "lower the MTU of the interface or tunnel, and let ICMP fragmentation-needed "
				     "messages through the firewalls",
	[VERDICT_CAUSE_DATA_FILTERED] =
	    "look for a stateful firewall that sees only one way of the connections, because each way takes another "
	    "route, for one that inspects their data, and for a proxy that has no server behind it",
	[VERDICT_CAUSE_PROTOCOL_FILTERED] =
	    "look for a firewall or security group that allows only the other protocol to this port: on this host (nft "
	    "list ruleset: output hook), on the way, or at the server's interface (ingress hook; XDP)",
	[VERDICT_CAUSE_REFUSED] =
	    "check that floatprobed runs there and listens on this port, and that no firewall rejects the probes",
	[VERDICT_CAUSE_UNREACHABLE] =
	    "check that the host is up and has the address, and check the routes of the router that sent the error",
	[VERDICT_CAUSE_PROHIBITED] = "allow this port and protocol in the firewall that sent the error",
	[VERDICT_CAUSE_SERVER_DOWN] =
	    "check that the machine is up and connected to the network (its link, addresses and routes), that its own "
	    "firewall does not drop all that comes to this port, and that its connection tracking table is not full "
	    "(dmesg)",
	[VERDICT_CAUSE_HOLDER_DOWN] =
	    "check whether the silent server's machine is up (a firewall that drops this port looks the same); if it "
	    "is not, move the address to a server that is alive, make sure that the network sends it there, and find "
	    "out why that did not happen by itself",
	[VERDICT_CAUSE_NOT_ASSIGNED] = "give the address to a server that may have it, and look at what should have "
				       "done so (keepalived, the provider's assignment, the network configuration)",
	[VERDICT_CAUSE_MISDELIVERED] =
	    "correct where the network sends the address: the gateway's neighbour entry (its holder can announce it: "
	    "arping -U), a static route, the provider's assignment",
	[VERDICT_CAUSE_SERVER_FIREWALL] =
	    "allow this port and protocol in the server's own firewall (nft list ruleset), and check its rp_filter "
	    "setting, and whether its connection tracking table is full (dmesg)",
	[VERDICT_CAUSE_BAD_CHECKSUM] =
	    "turn off checksum offload where the packets are wrapped or translated (ethtool -K INTERFACE tx off on the "
	    "sender's tunnel or bridge), or find the device that alters packets",
	[VERDICT_CAUSE_IMPOSTOR] = "find out which machine has this address; if it is allowed to have it, add its "
				   "server to `server` of the target, or write its key into the URI",
	[VERDICT_CAUSE_NOT_AUTHORISED] =
	    "add this client's public key (floatprobe pubkey) to `clients` in the server's configuration",
	[VERDICT_CAUSE_CLOCK_SKEW] = "set the clock of this host, or the clock of the server, by NTP",
	[VERDICT_CAUSE_LOCAL] = "repair this host first: name resolution, routes, interface, its own firewall",
};

const char *advice_of(enum verdict_cause cause)
{
	return advice_by_cause[cause];
}

static const char *const advice_by_direction[] = {
	[VERDICT_DIRECTION_NONE] = NULL,
	[VERDICT_DIRECTION_FORWARD] =
	    "check the route from this client to the server, the firewalls on it and on this host, and the NAT of a "
	    "floating address",
	[VERDICT_DIRECTION_RETURN] =
	    "check how the server sends to this client: its route, its firewall and its neighbour entry",
	[VERDICT_DIRECTION_BOTH] = "check what both directions share, for example an overloaded or damaged link",
	[VERDICT_DIRECTION_UNKNOWN] =
	    "add another address of the server as a target, so that floatprobe can ask the server what arrived",
};
#define FIRST_CONTACT                                                                                                  \
	"that floatprobed runs there, that its `clients` has this client's public key (over UDP it does not answer "   \
	"others), and that nothing on the way drops this port"
static const char advice_for_unheard[] = "check " FIRST_CONTACT;
static const char advice_for_silence_unheard[] = "check first that this host can reach anything (its link, its default "
						 "route, its own firewall); then " FIRST_CONTACT;
static const char advice_for_silence[] =
    "check first that this host can reach anything: its link, its default route, its own firewall";
static const char advice_for_plain[] =
    "look at the reflector and on the way to it at what arrives (tcpdump), or run floatprobed there, which knows";
static const char advice_for_untold[] =
    "look on the server at what arrives there (tcpdump): so far it has not said by its other addresses what it knows";

static const char advice_for_own_address[] =
    "probe this address from another host; if this host is not meant to have it, remove it here";

static const char advice_for_no_carrier[] =
    "check the cable and the switch port of the interface that the evidence names, or set "
    "net.ipv4.conf.INTERFACE.ignore_routes_with_linkdown (ipv6 as well) if another interface is meant to take over";

static const char advice_for_reachable[] =
    "close the address towards this client, or remove `expect: unreachable` from the target";
static const char advice_for_own_table[] =
    "make room in the connection tracking table of this host (net.netfilter.nf_conntrack_max, shorter timeouts)";
static const char advice_for_its_table[] =
    "make room in the connection tracking table of the server (net.netfilter.nf_conntrack_max, shorter timeouts), or "
    "exempt this port from it (notrack)";

static const char advice_for_a_machine[] =
    "look at the machine with the MAC that the evidence names: it has the address and answers no probe (its own "
    "firewall, or a machine that should not have the address)";
static const char advice_for_a_program[] =
    "check that floatprobed runs there, and is not stopped or overloaded; a proxy that does not reach its server looks "
    "the same";
static const char advice_for_reverse_path[] =
    "set rp_filter to 2 (loose) on the interface of this host by which the answers come (`ip route get` with `from` "
    "and `iif` shows what it drops), or let the answers come by the interface that this host sends by";
static const char advice_for_own_firewall[] =
    "check first whether this host's own firewall drops the answers (nft list ruleset); with CAP_NET_RAW floatprobe "
    "sees what comes to its interface";

/* NULL: this host drops nothing that could account for the losses. */
static const char *advice_for_own_kernel(const struct own_kernel_explanation *own)
{
	if (own->reverse_path > 0)
		return advice_for_reverse_path;
	if (own->segments > 0)
		return advice_of(VERDICT_CAUSE_BAD_CHECKSUM);
	return own->stopped > 0 ? advice_for_own_firewall : NULL;
}

static const char advice_for_altered[] =
    "find what alters datagrams on the way: a proxy, a NAT's helper for some application, a tunnel, a faulty device";

static const char *advice_for_unexplained(const struct verdict_evidence *e, enum verdict_direction direction)
{
	if (losses(e) == 0)
		return is_unfinished(e) ? "run it again when this host has time for it" : NULL;
	if (seen(e, PROBER_LOST) + seen(e, PROBER_LOST_RETURN) > 0 && own_kernel_drops(&e->hints.own_kernel))
		return advice_for_own_kernel(&e->hints.own_kernel);
	if (our_firewall_may_drop_it(e))
		return advice_of(VERDICT_CAUSE_LOCAL);
	if (server_rejects_our_clock(e))
		return "set the clock of this host, or the clock of the server, by NTP first: until then the server "
		       "does not say what arrives";
	if (e->context.all_silent)
		return e->context.unheard ? advice_for_silence_unheard : advice_for_silence;
	if (answers_come_late(e) || 2 * e->tally.late >= losses(e))
		return "find out why the answers are so slow, or set a longer timeout";
	if (answers_are_altered(e) || probes_are_altered(e))
		return advice_for_altered;
	if (only_tcp_is_refused(e))
		return advice_of(VERDICT_CAUSE_REFUSED);
	if (its_program_is_silent(e) || its_queue_is_full(e))
		return advice_for_a_program;
	if (a_machine_has_it(e) && nothing_arrives(e, VERDICT_DOWN))
		return advice_for_a_machine;
	if (direction == VERDICT_DIRECTION_UNKNOWN && probe_kind_of(e->kind)->is_plain)
		return advice_for_plain;
	if (direction == VERDICT_DIRECTION_UNKNOWN && e->context.unheard)
		return advice_for_unheard;
	if (direction == VERDICT_DIRECTION_UNKNOWN && e->no_evidence)
		return "run it without --quick: then floatprobe asks the servers what arrived";
	if (direction == VERDICT_DIRECTION_UNKNOWN && e->context.other_addresses)
		return advice_for_untold;
	return advice_by_direction[direction];
}

static const char *advice_for_neighbour(const struct evidence_neighbour *entry)
{
	if (entry->repaired)
		return "find out which machine had this address before; floatprobed has deleted the entry, and the "
		       "path should be up within seconds";
	if (entry->healed_ms != UINT32_MAX)
		return "nothing now: the entry is correct again";
	if (entry->asked == EVIDENCE_NOT_ASKED)
		return "check first on the server's link whether a machine with that MAC has the address (arping); if "
		       "none does, delete the entry on the server";
	return advice_of(VERDICT_CAUSE_STALE_NEIGHBOUR);
}

const char *advice_find(const struct verdict_evidence *e, const struct causes_rule *rule, const struct verdict *v)
{
	if (v->cause == VERDICT_CAUSE_UNPINNED_REPLY)
		return advice_of(v->cause);
	if (!e->expect_reachable)
		return v->state == VERDICT_UP ? advice_for_reachable : NULL;
	if (v->expected)
		return NULL;
	if (e->hints.own_address)
		return advice_for_own_address;
	if (v->cause == VERDICT_CAUSE_LOCAL && hint_table_is_full(&e->hints.own_table))
		return advice_for_own_table;
	if (v->cause == VERDICT_CAUSE_LOCAL && own_kernel_drops(&e->hints.own_kernel))
		return advice_for_own_kernel(&e->hints.own_kernel);
	if (v->cause == VERDICT_CAUSE_LOCAL && e->hints.own_dropped.bad > 0)
		return advice_of(VERDICT_CAUSE_BAD_CHECKSUM);
	if ((v->cause == VERDICT_CAUSE_UNEXPLAINED || v->cause == VERDICT_CAUSE_SERVER_FIREWALL) && its_table_drops(e))
		return advice_for_its_table;
	if (v->cause == VERDICT_CAUSE_REFUSED && probe_kind_of(e->kind)->is_plain)
		return "check that a reflector runs there and listens on this port, and that no firewall rejects the "
		       "probes";
	if (v->cause == VERDICT_CAUSE_UNREACHABLE && e->facts.next_hop.no_carrier)
		return advice_for_no_carrier;
	if (v->cause == VERDICT_CAUSE_UNREACHABLE && is_hop_limit(e) && e->ttl)
		return "raise `ttl` of the target; if that does not help, look at the routes for this address on the "
		       "router that sent the error and on its next hop";
	if (v->cause == VERDICT_CAUSE_STALE_NEIGHBOUR)
		return advice_for_neighbour(e->hints.neighbour.entry);
	if (v->cause == VERDICT_CAUSE_UNEXPLAINED && !rule->advice)
		return advice_for_unexplained(e, v->direction);
	if (v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED && v->direction != VERDICT_DIRECTION_FORWARD &&
	    own_kernel_drops(&e->hints.own_kernel))
		return advice_for_own_kernel(&e->hints.own_kernel);
	if (v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED && condition_answers_do_not_get_away(e, v->state))
		return "mend how the server sends over this protocol: on the server look at the output chain of its "
		       "firewall, and at `ip rule` and `ip route get` with the client's address";
	if (v->cause == VERDICT_CAUSE_PROTOCOL_FILTERED && v->direction == VERDICT_DIRECTION_RETURN)
		return "look for a firewall or security group between the server and this client that drops what the "
		       "server sends from this port over this protocol only";
	if (v->cause == VERDICT_CAUSE_NONE && !arrives_where_asked(e))
		return "check to which server and to which of its addresses the floating address leads";
	return rule->advice ? rule->advice : advice_of(v->cause);
}
