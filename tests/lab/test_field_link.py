#!/usr/bin/python3 -B
"""Conditions of other people's links (docs/FIELD.md): ARP, MACs, switches and ports.

    home ────┬──── boot-01   198.18.1.5, had 198.18.1.50 or has it
             │ lan
             ├──── boot-02   198.18.1.6, has it now
             │
    client ──┴ router: the client where it was, behind a gateway
"""

import ipaddress

from lab import link, wait_until
from lan import SHARED, Lan
from provider import DOWN, TWICE, main, scenario, scenarios

ROUND = ("--count", "6", "--spacing", "60ms", "--timeout", "400ms")
VIRTUAL_MAC = "02:00:5e:00:01:33"
LOST = {**DOWN, "arrived_on": None}


class Seen(Lan):
    """The shared address, asked from the same link ("link") or through the gateway ("gateway")."""

    def __init__(self, net, where):
        outside = net.client
        super().__init__(net)
        if where == "gateway":
            net.client = outside

    def moves_unheard(self):
        """boot-02 has it now, and nobody was told."""
        self.give_up(self.one)
        self.take(self.two)

    def keep(self, server, *hosts):
        """These hosts' entries for the address stay with this server, whatever they hear."""
        for host in hosts:
            device = "lan" if host is self.net.router else "eth0"
            host.ip(f"neigh replace {self.shared} lladdr {server.host.mac()} dev {device} nud permanent")

    def check(self, **more):
        return self.net.check(self.targets(**more), options=ROUND)

    def drop_at_port(self, server, *conditions):
        """What comes from this server, at its port of the bridge."""
        rules = "; ".join(f"{condition} drop" for condition in conditions)
        self.net.router.nft(f"""
            table netdev port {{ chain in {{ type filter hook ingress device "{server.name}" priority 0; {rules}; }}; }}
        """)

    def claims_of_address(self):
        """ARP replies for it, or neighbour advertisements of it."""
        if ":" in self.shared:  # the target is the 16 octets after 8 of the header
            return f"icmpv6 type nd-neighbor-advert @th,64,128 {int(ipaddress.ip_address(self.shared)):#x}"
        return f"arp saddr ip {self.shared}"


@scenarios(*TWICE)
def gateway_keeps_the_old_mac(net, privilege):
    net.deprive(privilege)
    lan = Seen(net, "gateway")
    lan.moves_unheard()
    lan.keep(lan.one, net.router)
    check = lan.check()
    cause = "misdelivered" if privilege == "privileged" else "unexplained"
    for row in check.expect(SHARED, **LOST, direction="forward", cause=cause):
        check.told(row, f"boot-02 has {lan.shared} on eth0 and has heard nothing")
    check.rest_is_healthy()


@scenario
def switch_answers_with_the_old_mac(net):
    """Its ports are told nothing of what it can answer itself."""
    lan = Seen(net, "link")
    lan.one.host.run("ping", "-c1", f"{net.plan.droplets}9")  # the switch learns its port
    for port in ("boot-01", "boot-02"):
        net.router.run("bridge", "link", "set", "dev", port, "neigh_suppress", "on")
    lan.keep(lan.one, net.router)
    lan.moves_unheard()
    check = lan.check()
    for row in check.expect(SHARED, **LOST, direction="forward", cause="misdelivered"):
        check.told(row, f"go to MAC {lan.one.host.mac()} of boot-01")
    check.rest_is_healthy()


def leave_by(lan, server, device):
    """What comes from the address leaves by this device."""
    version = "-6" if ":" in lan.shared else "-4"
    server.host.ip(f"route add {lan.net.plan.everything} dev {device} table 100")
    server.host.run("ip", version, "rule", "add", "from", lan.shared, "lookup", "100")


def virtual(lan, server):
    """The address on an interface with a MAC of its own."""
    lan.give_up(lan.one)
    server.host.ip(
        f"link add vrrp link eth0 address {VIRTUAL_MAC} type macvlan mode bridge",
        "link set vrrp up",
        f"{lan.net.plan.add(lan.shared, 'vrrp')} preferred_lft 0",
    )
    leave_by(lan, server, "vrrp")
    wait_until("the virtual interface is up", server.host.settled)
    for host, device in (lan.net.router, "lan"), (lan.net.client, "eth0"):
        host.ip(f"neigh replace {lan.shared} lladdr {VIRTUAL_MAC} dev {device} nud permanent")


@scenario
def switch_forwards_to_the_old_port(net):
    lan = Seen(net, "link")
    virtual(lan, lan.two)
    net.router.run("bridge", "fdb", "replace", VIRTUAL_MAC, "dev", "boot-01", "master", "static", "sticky")
    check = lan.check()
    check.expect(SHARED, **LOST, direction="forward", cause="unexplained")
    check.rest_is_healthy()


@scenario
def virtual_mac_works(net):
    lan = Seen(net, "link")
    virtual(lan, lan.two)
    check = lan.check()
    check.expect(SHARED, state="up", cause="none", server="boot-02", arrived_on=lan.shared)
    check.rest_is_healthy()


@scenario
def switch_accepts_one_mac_a_port(net):
    lan = Seen(net, "link")
    virtual(lan, lan.two)
    lan.drop_at_port(lan.two, f"ether saddr {VIRTUAL_MAC}")
    check = lan.check()
    check.expect(SHARED, **DOWN, direction="return", cause="unexplained")
    check.rest_is_healthy()


@scenarios(("link",), ("gateway",))
def port_may_not_send_from_the_address(net, where):
    lan = Seen(net, where)
    lan.drop_at_port(lan.one, f"{net.plan.nft} saddr {lan.shared} meta l4proto {{ tcp, udp }}")
    check = lan.check()
    check.expect(SHARED, **DOWN, direction="return", cause="unexplained")
    check.rest_is_healthy()


@scenarios(("link",), ("gateway",))
def nobody_may_claim_the_address(net, where):
    lan = Seen(net, where)
    lan.drop_at_port(lan.one, lan.claims_of_address())
    check = net.check(lan.targets(), options=("--count", "20", "--spacing", "200ms", "--timeout", "900ms"))
    check.expect(SHARED, **LOST, direction="forward", cause="unreachable")
    check.rest_is_healthy()


@scenario
def second_interface_leads_nowhere(net):
    lan = Seen(net, "link")
    link(lan.one.host, "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    wait_until("the second interface is up", lan.one.host.settled)
    mac = lan.one.host.mac("eth1")
    net.client.ip(f"neigh replace {net.plan.droplet['boot-01']} lladdr {lan.one.host.mac()} dev eth0 nud permanent")
    net.client.ip(f"neigh replace {lan.shared} lladdr {mac} dev eth0 nud permanent")
    net.router.nft(f"table bridge cable {{ chain out {{ type filter hook forward priority 0; ether daddr {mac} drop; }}; }}")
    check = lan.check()
    for row in check.expect(SHARED, **LOST, direction="forward", cause="unexplained"):
        check.told(row, f"go to MAC {mac} of boot-01")
    check.rest_is_healthy()


@scenario
def another_machine_answers_for_everything(net):
    lan = Seen(net, "link")
    thief = net.host("thief")
    link(thief, "eth0", net.router, "thief")
    net.router.ip("link set thief master lan")
    net.client.ip(f"neigh replace {lan.shared} lladdr {thief.mac()} dev eth0 nud permanent")
    check = lan.check()
    for row in check.expect(SHARED, **LOST, direction="forward", cause="unexplained"):
        check.told(row, f"go to MAC {thief.mac()}, which boot-01 and boot-02 do not have")
    check.rest_is_healthy()


@scenario
def server_drops_everything_of_this_client(net):
    """It is up, though, and answers ARP."""
    lan = Seen(net, "link")
    lan.one.host.nft(f"""
        table inet banned {{ chain in {{
            type filter hook input priority 0; {net.plan.nft} saddr {net.plan.droplets}9 meta l4proto {{ tcp, udp }} drop;
        }}; }}
    """)
    check = lan.check(server="boot-01")
    for target in ("boot-01", "shared"):
        rows = check.expect({"target": target}, **LOST, direction="unknown", cause="unexplained")
        said = [sentence for row in rows for sentence in row["evidence"]]  # by the first that was lost there
        check.require(any("a machine that has it is up" in sentence for sentence in said), "it answers on the link")
    check.rest_is_healthy()


@scenario
def two_machines_with_one_mac(net):
    lan = Seen(net, "link")
    lan.two.host.ip(f"link set eth0 address {lan.one.host.mac()}")
    check = net.check(lan.targets(), options=("--count", "20", "--spacing", "60ms", "--timeout", "400ms"))
    for row in check.rows:  # frames for what boot-01 has come to boot-02, too
        allowed = ("none", "unexplained", "misdelivered") if row["target"] == "shared" else ("none", "unexplained")
        check.require(row["cause"] in allowed, "more than is known", row)


@scenario
def found_duplicate_in_a_failover(net):
    if net.plan.nft != "ip6":
        return
    lan = Seen(net, "gateway")
    lan.two.host.sysctl("ipv6.conf.eth0.accept_dad=1")
    lan.two.host.ip(f"addr add {lan.shared}/{net.plan.bits} dev eth0 preferred_lft 0")
    wait_until("it is found duplicate", lambda: "dadfailed" in lan.two.host.run("ip", "-6", "addr", "show", "eth0").stdout)
    lan.give_up(lan.one)
    check = net.check(lan.targets(), options=("--count", "20", "--spacing", "200ms", "--timeout", "900ms"))
    check.expect(SHARED, **LOST, direction="forward")
    check.rest_is_healthy()


@scenario
def container_on_the_clients_own_interface(net):
    lan = Seen(net, "link")
    lan.give_up(lan.one)
    net.client.ip("link add child link eth0 type macvlan mode bridge", "link set child netns boot-01")
    lan.one.host.sysctl("ipv4.conf.all.arp_ignore=1")
    lan.one.host.ip("link set child up", f"{net.plan.add(lan.shared, 'child')} preferred_lft 0")
    wait_until("the macvlan is up", lan.one.host.settled)
    leave_by(lan, lan.one, "child")
    check = net.check(lan.targets(), options=("--count", "20", "--spacing", "200ms", "--timeout", "900ms"))
    check.expect(SHARED, **LOST, direction="forward", cause="unreachable")
    check.rest_is_healthy()


@scenarios(("with",), ("without",))
def client_has_the_address_itself(net, server):
    lan = Seen(net, "link")
    host = lan.two if server == "with" else None
    if host:
        net.client = host.host
        lan.take(host)
    else:
        net.client.ip(f"addr add {lan.shared} dev lo")
    check = lan.check()
    where = {"state": "up", "server": "boot-02", "cause": "none"} if host else {
        **LOST, "cause": {"refused", "duplicate-address"}, "direction": "forward"}  # boot-01 has it, too
    for row in check.expect(SHARED, **where):
        check.told(row, f"{lan.shared} is an address of this host")
        check.require(bool(host) or "from another host" in row["advice"], "the advice does not help", row)


if __name__ == "__main__":
    main()
