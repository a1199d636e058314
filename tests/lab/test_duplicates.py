#!/usr/bin/python3 -B
"""Story D: two machines hold one address, and whoever spoke of it last has it.

    home ────┬──── boot-01   198.18.1.5 and 198.18.1.50     "198.18.1.50 is at 02:..:01"
             │ lan
             └──── boot-02   198.18.1.6 and 198.18.1.50     "no, it is at 02:..:02"

    Against: an address that moves, a server that restarts, a host with two interfaces.
"""

import time

from lab import Failure, link, wait_until
from keepalived import Keepalived, keepalived_on
from lan import SHARED, SHARED_UDP, Lan, announce, by_turns
from provider import DOWN, PORT, TWICE, main, scenario, scenarios

ROUND = ("--count", "30", "--spacing", "60ms", "--timeout", "500ms")
LATER_SECONDS = 10  # a claim is long over


@scenarios(*TWICE)
def two_machines(net, privilege):
    net.deprive(privilege)
    lan = Lan(net)
    with lan.fight():
        check = net.check(lan.targets(), options=ROUND)
    for row in check.expect({**SHARED, "protocol": "udp"}, state={"up", "lossy"}, cause="duplicate-address"):
        check.told(row, "the answering server changed", "boot-01", "boot-02")
        check.require("remove the address from it" in row["advice"], "the advice does not help", row)
    for target in ("boot-01", "boot-02"):
        check.expect({"target": target, "protocol": "udp"}, cause={"none", "unexplained"}, server=target)


@scenario
def a_machine_and_its_clone(net):
    """One key, but two lives."""
    lan = Lan(net)
    lan.two.stop()
    lan.two.start(name="boot-01", key="boot-01.key")
    with lan.fight():
        check = net.check(lan.targets(server="boot-01")[2:], options=ROUND)
    for row in check.expect({**SHARED, "protocol": "udp"}, state={"up", "lossy"}, cause="duplicate-address",
                            server="boot-01"):  # fmt: skip
        check.told(row, "two machines answer alternately with the key of boot-01")


@scenarios(*TWICE)
def a_machine_without_our_server(net, privilege):
    """It refuses. Who may look at the link has seen it claim the address; we see ourselves where our frames go."""
    net.deprive(privilege)
    lan = Lan(net)
    targets = lan.of_boot_01()
    net.check(targets).expect({}, state="up", cause="none", server="boot-01")
    with lan.stranger():
        check = net.check(targets, options=ROUND)
    for row in check.expect(SHARED, **DOWN, direction="forward", cause="duplicate-address"):
        check.told(row, lan.two.host.mac(), *(["refusals may come from it"] if privilege == "privileged" else
                                              ["boot-01 has", "which is not a MAC of that server"]))  # fmt: skip
    check.expect({"target": "boot-01"}, state="up", cause="none")


@scenarios(*TWICE)
def a_machine_without_our_server_and_a_router_between(net, privilege):
    """Where the router's frames go is not for us to see."""
    outside = net.client
    net.deprive(privilege)
    lan = Lan(net)
    net.client = outside
    targets = lan.of_boot_01()
    net.check(targets).expect({}, state="up", cause="none", server="boot-01")
    with lan.stranger():
        check = net.check(targets, options=ROUND)
    if privilege == "privileged":
        check.expect(SHARED, **DOWN, direction="forward", cause="duplicate-address")
    else:
        for row in check.expect(SHARED, **DOWN, direction="forward", cause="refused"):
            check.told(row, "boot-01 has this address and listens there, but did not receive")


def refused_by_its_own_firewall(lan):
    """One kind of `reject` for each protocol."""
    lan.one.host.nft(f"""
        table inet own {{ chain input {{
            type filter hook input priority 0;
            {lan.net.plan.nft} daddr {lan.shared} udp dport {PORT} reject;
            {lan.net.plan.nft} daddr {lan.shared} tcp dport {PORT} reject with tcp reset;
        }}; }}
    """)


def refused_before_the_bridge(lan):
    """In the name of the address, as the firewall of a hypervisor does."""
    lan.net.router.nft(f"""
        table netdev own {{ chain input {{
            type filter hook ingress device "home" priority 0;
            {lan.net.plan.nft} daddr {lan.shared} udp dport {PORT} reject;
            {lan.net.plan.nft} daddr {lan.shared} tcp dport {PORT} reject with tcp reset;
        }}; }}
    """)


def refused_on_its_second_interface(lan):
    """Our frames for it go to the second interface, where nobody takes them."""
    host, net = lan.one.host, lan.net
    link(host, "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    wait_until("the second interface is up", host.settled)
    net.client.ip(f"neigh replace {lan.shared} lladdr {host.mac('eth1')} dev eth0")
    refused_by_its_own_firewall(lan)


def refused_for_it_listens_elsewhere(lan):
    lan.one.stop()
    lan.one.start(listen={"addresses": [lan.net.plan.droplet["boot-01"]]})


REFUSALS = {  # and whether it is told that a firewall may answer; None: only by a server that sees no frames
    refused_before_the_bridge: True,
    refused_by_its_own_firewall: None,
    refused_on_its_second_interface: None,
    refused_for_it_listens_elsewhere: False,
}


@scenarios(*((how.__name__, privilege) for how in REFUSALS for (privilege,) in TWICE))
def nobody_else(net, how, privilege):
    """It is the server itself that refuses, or what stands before it."""
    net.deprive(privilege)
    lan = Lan(net)
    targets = lan.of_boot_01()
    net.check(targets, options=("--count", "5", "--timeout", "2s")).expect({}, state="up", cause="none", server="boot-01")
    ((refuse, said),) = ((refuse, said) for refuse, said in REFUSALS.items() if refuse.__name__ == how)
    refuse(lan)
    check = net.check(targets, options=ROUND)
    said = privilege == "unprivileged" if said is None else said
    for row in check.expect(SHARED, **DOWN, direction="forward", cause="refused"):
        told = any("or a firewall refuses in its name" in sentence for sentence in row["evidence"])
        check.require(told == said, f"told of a firewall: {told}, not {said}", row)
    check.expect({"target": "boot-01"}, state="up", cause="none")


@scenario
def a_protocol_that_nobody_listens_on(net):
    """The server's own kernel resets, and closes the other port."""
    lan = Lan(net)
    for protocol, other in ("udp", "tcp"), ("tcp", "udp"):
        lan.one.stop()
        lan.one.start(listen={"protocols": [protocol]})
        check = net.check(lan.of_boot_01(), options=ROUND)
        for row in check.expect({"protocol": other}, **DOWN, direction="forward", cause="refused"):
            check.require(not any("has this address" in said for said in row["evidence"]), "it does not listen", row)
        check.expect({"protocol": protocol}, state="up", cause="none")


@scenario
def mute_applications_besides(net):
    """Two causes at once: the second is named as well."""
    lan = Lan(net)
    with lan.fight():
        sees_claim(lan, lan.one, lan.two)
        sees_claim(lan, lan.two, lan.one)
        for _ in range(5):  # who answers all probes of a round is in no fight that can be seen
            check = net.check(lan.targets(unpinned=True), options=ROUND)
            if all(row["cause"] == "duplicate-address" for row in check.rows if {**SHARED, "protocol": "udp"}.items() <= row.items()):
                break
    for row in check.expect({**SHARED, "protocol": "udp"}, cause="duplicate-address"):
        if row["state"] == "up":
            check.told(row, "also fits unpinned-reply")


def sees_claim(lan, server, other):
    wait_until(f"{server.name} sees the claim of {other.name}", lambda: any(
        line["type"] == "claim" and line["address"] == lan.shared and line["mac"] == other.host.mac()
        for line in server.journal()
    ))  # fmt: skip


@scenario
def keepalived_dies_without_giving_up(net):
    """Split brain: the backup takes over, and the old master has the address still. Nothing is lost meanwhile."""
    lan = Lan(net)
    master = keepalived_on(lan, lan.one)
    backup = Keepalived(lan, lan.two)
    daemon = net.run_daemon(lan.targets(), every="60ms")
    daemon.wait_for(SHARED_UDP, state="up", server="boot-01")
    master.dies()
    daemon.wait_for(SHARED_UDP, state="up", server="boot-02")
    lan.never(daemon, "duplicate-address")  # so far it is a move like any other
    if not lan.has(lan.one):
        raise Failure("keepalived took the address away: this shows nothing")
    sees_claim(lan, lan.one, lan.two)
    with lan.speaking_up():
        daemon.wait_for(SHARED_UDP, cause="duplicate-address")
    backup.process.stop()


@scenario
def an_address_that_moves(net):
    """There and back: a machine that had it had given it up before."""
    lan = Lan(net)
    daemon = net.run_daemon(lan.targets())
    daemon.wait_for(SHARED_UDP, state="up", server="boot-01")
    for old, new in (lan.one, lan.two), (lan.two, lan.one):
        lan.move(old, new)
        for protocol in ("udp", "tcp"):
            daemon.wait_for({**SHARED, "protocol": protocol}, state="up", server=new.name)
        net.check(lan.targets()).expect(SHARED, state="up", cause="none", server=new.name)
    lan.never(daemon, "duplicate-address")


LATER = {"down": "drop", "lossy": "numgen random mod 100 < 40 drop"}


@scenarios(*((state,) for state in LATER))
def an_address_that_moves_with_an_overlap(net, state):
    """For a moment both have it, and say so. What is lost later has another cause."""
    outside = net.client
    lan = Lan(net)
    net.client = outside
    net.router.ip(f"neigh replace {lan.shared} lladdr {lan.one.host.mac()} dev lan nud permanent")
    daemon = net.run_daemon(lan.targets())
    daemon.wait_for(SHARED_UDP, state="up", server="boot-01")
    lan.take(lan.two)
    for server, other in (lan.one, lan.two), (lan.two, lan.one):
        announce(other.host)
        sees_claim(lan, server, other)
    net.router.ip(f"neigh replace {lan.shared} lladdr {lan.two.host.mac()} dev lan nud permanent")
    lan.give_up(lan.one)
    for protocol in ("udp", "tcp"):
        daemon.wait_for({**SHARED, "protocol": protocol}, state="up", server="boot-02")
    time.sleep(LATER_SECONDS)
    net.cut("forward", lan.shared, verdict=LATER[state])
    for protocol in ("udp", "tcp"):
        daemon.wait_for({**SHARED, "protocol": protocol}, state=state, cause="unexplained")
    net.check(lan.targets(), options=ROUND).expect(SHARED, state={"down", "lossy", "up"}, cause={"unexplained", "none"})
    lan.never(daemon, "duplicate-address")


@scenario
def a_server_that_restarts(net):
    lan = Lan(net)
    daemon = net.run_daemon(lan.targets())
    for _ in range(4):
        daemon.wait_for(SHARED_UDP, state="up", server="boot-01")
        lan.one.stop()
        daemon.wait_for(SHARED_UDP, state="down")
        lan.one.start()
    daemon.wait_for(SHARED_UDP, state="up", server="boot-01")
    lan.never(daemon, "duplicate-address", "failover")


@scenario
def two_interfaces_of_one_machine(net):
    """Either MAC leads to it (ARP flux)."""
    lan = Lan(net)
    link(lan.one.host, "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    wait_until("the second interface is up", lan.one.host.settled)
    macs = [lan.one.host.mac(device) for device in ("eth0", "eth1")]
    point = [lambda mac=mac: net.client.ip(f"neigh replace {lan.shared} lladdr {mac} dev eth0") for mac in macs]
    with by_turns(*point):
        check = net.check(lan.targets(), options=ROUND)
    check.expect(SHARED, state="up", cause="none", server="boot-01")


if __name__ == "__main__":
    main()
