#!/usr/bin/python3 -B
"""Conditions of other people's routes (docs/FIELD.md): second interfaces, parallel hops, loops, firewalls on one way only.

    client ──── router ──── lan ───┬──── boot-01   eth0
      eth1         │               └──── boot-02   eth0
       │           └─ second ─────────── boot-01   eth1: 198.19.0.7, a second network
       └───────────── bypass ─────────── boot-01   eth2: a way around the router

    "routed": 198.19.0.7 is on lo of both servers, and the router has a route to it.
"""

from lab import link
from provider import DOWN, main, scenario, scenarios

ROUND = ("--count", "6", "--spacing", "60ms", "--timeout", "400ms")
MANY = ("--count", "40", "--spacing", "40ms", "--timeout", "500ms")
VIP = {"target": "vip"}
LOST = {**DOWN, "arrived_on": None}
BOGUS_MAC = "02:00:5e:00:de:ad"


class Routed:
    """An address outside of the servers' own networks."""

    def __init__(self, net):
        self.net, self.address = net, f"{net.plan.private}7"
        self.one, self.two = net.servers.values()
        self.host = self.one.host
        self.version = "-6" if ":" in self.address else "-4"
        self.family = "ipv6" if ":" in self.address else "ipv4"

    def on_second_interface(self):
        """Its own network, on boot-01 alone."""
        net = self.net
        link(self.host, "eth1", net.router, "second")
        net.router.ip(net.plan.add(f"{net.plan.private}1", "second"))
        self.host.ip(f"{net.plan.add(self.address, 'eth1')} preferred_lft 0")

    def on_loopback(self):
        for server in (self.one, self.two):
            server.host.ip(f"addr add {self.address} dev lo preferred_lft 0")

    def ask_from_address(self, *lines):
        """Packets from the address follow table 100."""
        self.host.ip(*lines)
        self.host.run("ip", self.version, "rule", "add", "from", self.address, "lookup", "100")

    def targets(self, **more):
        droplets = [target for target in self.net.targets() if target["role"] == "droplet"]
        return [*droplets, {"name": "vip", "role": "floating", "address": self.address, "server": "boot-01", **more}]

    def check(self, options=ROUND, **more):
        return self.net.check(self.targets(**more), options=options)


@scenario
def second_interface_works(net):
    routed = Routed(net)
    routed.on_second_interface()
    check = routed.check()
    check.expect(VIP, state="up", cause="none", server="boot-01", arrived_on=routed.address)
    check.rest_is_healthy()


@scenario
def strict_rp_filter_of_the_server(net):
    if net.plan.nft == "ip6":
        return
    routed = Routed(net)
    routed.on_second_interface()
    routed.host.sysctl("ipv4.conf.all.rp_filter=1", "ipv4.conf.eth1.rp_filter=1")
    check = routed.check(("--count", "10", "--spacing", "150ms", "--timeout", "600ms"))
    for row in check.expect({**VIP, "protocol": "udp"}, **LOST, direction="forward", cause="server-firewall"):
        check.require("rp_filter" in row["advice"], "the advice does not help", row)
    for row in check.expect({**VIP, "protocol": "tcp"}, **LOST, direction="forward", cause="server-firewall"):
        check.require(not any("has heard nothing" in said for said in row["evidence"]), "its link has", row)
    check.rest_is_healthy()


@scenario
def answer_leaves_by_the_other_interface(net):
    routed = Routed(net)
    routed.on_second_interface()
    net.router.nft(f"""
        table netdev spoof {{ chain in {{
            type filter hook ingress device "boot-01" priority 0;
            {net.plan.nft} saddr {routed.address} meta l4proto {{ tcp, udp }} drop;
        }}; }}
    """)
    check = routed.check()
    check.expect(VIP, **DOWN, direction="return", cause="unexplained")
    check.rest_is_healthy()


@scenario
def dead_gateways_do_not_fill_the_send_buffer(net):
    """Replies wait three seconds for each of two neighbours, in the socket that sends to all others, too."""
    routed = Routed(net)
    routed.on_second_interface()
    routed.host.sysctl("ipv4.fib_multipath_hash_policy=1", "ipv6.fib_multipath_hash_policy=1")
    hops = [part for last in ("98", "99") for part in ("nexthop", "via", f"{net.plan.private}{last}", "dev", "eth1")]
    routed.ask_from_address(f"route add {net.plan.everything} table 100 {' '.join(hops)}")
    check = routed.check(MANY, flows={"held": 16, "fresh": 1})
    check.expect({**VIP, "protocol": "udp"}, **DOWN, direction="return", cause="unexplained")
    check.expect({**VIP, "protocol": "tcp"}, **DOWN)
    check.rest_is_healthy()


@scenarios(("unreachable",), ("blackhole",), ("dead",))
def policy_table_without_a_way_back(net, kind):
    routed = Routed(net)
    routed.on_second_interface()
    gateway = f"{net.plan.private}99"
    default = f"route add default via {gateway} dev eth1 table 100" if kind == "dead" else (
        f"route add {kind} {'::/0' if ':' in gateway else 'default'} table 100")
    routed.ask_from_address(default)
    check = net.check(routed.targets(), options=("--count", "15", "--spacing", "250ms", "--timeout", "900ms"))
    check.expect({**VIP, "protocol": "udp"}, **DOWN, direction="return", cause="unexplained")
    # The kernel drops a SYN that it cannot answer: there is no half-open socket that would prove it.
    check.expect({**VIP, "protocol": "tcp"}, **DOWN, direction={"return", "unknown"}, cause="unexplained")
    check.rest_is_healthy()


@scenarios(("blackhole",), ("unreachable",), ("prohibit",))
def route_withdrawn(net, kind):
    routed = Routed(net)
    routed.on_loopback()
    net.router.ip(f"route add {kind} {routed.address}")
    cause = {"blackhole": "unexplained", "unreachable": "unreachable", "prohibit": "prohibited"}[kind]
    check = routed.check()
    check.expect({**VIP, "protocol": "udp"}, **LOST, direction="forward", cause=cause)
    # The router limits its errors. Who prohibits UDP may allow TCP; who cannot be reached cannot be reached at all.
    tcp = {cause, "unexplained"} if kind == "prohibit" else cause
    check.expect({**VIP, "protocol": "tcp"}, **LOST, direction="forward", cause=tcp)
    check.rest_is_healthy()


def dead_gateway(host, net, device):
    """Frames to it go nowhere."""
    gateway = f"{net.plan.droplets}99"
    host.ip(f"neigh replace {gateway} lladdr {BOGUS_MAC} dev {device} nud permanent")
    host.sysctl("ipv4.fib_multipath_hash_policy=1", "ipv6.fib_multipath_hash_policy=1")
    return gateway


@scenarios(("forward",), ("return",))
def one_of_two_next_hops_is_dead(net, direction):
    routed = Routed(net)
    routed.on_loopback()
    if direction == "forward":
        dead = dead_gateway(net.router, net, "lan")
        net.router.ip(f"route add {routed.address} nexthop via {net.plan.droplet['boot-01']} nexthop via {dead}")
    else:
        dead = dead_gateway(routed.host, net, "eth0")
        net.router.ip(f"route add {routed.address} via {net.plan.droplet['boot-01']}")
        routed.ask_from_address(
            f"route add {net.plan.everything} table 100 nexthop via {net.plan.droplets}1 nexthop via {dead}"
        )
    check = routed.check(MANY, flows={"held": 16, "fresh": 1})
    check.expect({**VIP, "protocol": "udp", "flow": "fresh"}, state="lossy", direction=direction, cause="some-ports")
    check.expect({**VIP, "protocol": "tcp"}, state="lossy", direction={direction, "unknown"}, cause={"some-ports", "unexplained"})
    for row in check.expect({**VIP, "protocol": "udp", "flow": "held"}, cause={"none", "some-ports"}):
        check.require(row["state"] in ("up", "down"), "a port passes or does not", row)
    check.rest_is_healthy()


FIREWALL = """
    table inet firewall { chain forward {
        type filter hook forward priority 0;
        ct state invalid drop;
        ct state established accept;
        ct state new udp dport != 0 accept;
        ct state new tcp flags & (syn | ack) == syn accept;
        meta l4proto tcp drop;
    }; }
"""


def bypass(routed):
    """A link between client and boot-01 that no router sees."""
    net = routed.net
    client = f"{net.plan.outside}2"
    link(net.client, "eth1", routed.host, "eth2")
    routed.host.ip(f"neigh replace {client} lladdr {net.client.mac('eth1')} dev eth2 nud permanent")
    net.client.ip(f"neigh replace {routed.address} lladdr {routed.host.mac('eth2')} dev eth1 nud permanent")
    net.router.nft(FIREWALL)
    return client


@scenario
def firewall_sees_the_way_there_only(net):
    routed = Routed(net)
    routed.on_second_interface()
    client = bypass(routed)
    routed.ask_from_address(f"route add {client} dev eth2 table 100")
    check = net.check(routed.targets(), options=("--count", "10", "--spacing", "60ms", "--timeout", "500ms"))
    check.expect({**VIP, "protocol": "udp"}, state="up", cause="none")
    check.expect({**VIP, "protocol": "tcp"}, **DOWN, direction="forward", cause="data-filtered")
    check.rest_is_healthy()


@scenario
def firewall_sees_the_way_back_only(net):
    routed = Routed(net)
    routed.on_second_interface()
    bypass(routed)
    net.client.ip(f"route add {routed.address} dev eth1")
    check = net.check(routed.targets(), options=("--count", "10", "--spacing", "60ms", "--timeout", "500ms"))
    check.expect({**VIP, "protocol": "udp"}, state="up", cause="none")
    check.expect({**VIP, "protocol": "tcp"}, **DOWN, direction="return", cause="protocol-filtered")
    check.rest_is_healthy()


@scenario
def server_has_the_clients_address(net):
    net.restart_as_peers()
    net.servers["boot-01"].host.ip(f"addr add {net.plan.outside}2 dev lo")
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        udp, tcp = ({"target": target, "protocol": protocol} for protocol in ("udp", "tcp"))
        if net.plan.nft == "ip":
            check.expect(udp, **LOST, direction="forward", cause="server-firewall")
            check.expect(tcp, **LOST, direction={"forward", "unknown"}, cause={"server-firewall", "unexplained"})
        else:  # no martians there: it is heard, and answers itself
            check.expect(udp, **DOWN, direction="return", cause="unexplained")
            check.expect(tcp, **DOWN, direction={"return", "unknown"}, cause="unexplained")
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
