#!/usr/bin/python3 -B
"""Who has the address? Nothing arrives, and the servers know why: none has it, the wrong one gets it, its holder is dead.

    client ──── router ────┬──── boot-01   198.18.1.5
                           │ lan              198.18.1.50 belongs to one of them
    home ──────────────────┴──── boot-02   198.18.1.6

    Against: an address that is translated on the way, which no server has although all is well.
"""

import lab
from lab import Failure, wait_until
from keepalived import Keepalived, keepalived_on
from lan import SHARED, Lan
from provider import DOWN, PORT, PROTOCOLS, TWICE, main, scenario, scenarios

NETWORK_SENDS_IT = "has heard nothing: the network sends it elsewhere"


def outside(net):
    """The client stays behind the router; the servers have the shared address on their link."""
    client = net.client
    lan = Lan(net)
    net.client = client
    return lan


def expect_others_healthy(check):
    for name in ("boot-01", "boot-02"):
        check.expect({"target": name}, state="up", cause="none", server=name, expected=True)


@scenarios(*((where, *privilege) for where in ("outside", "beside") for privilege in TWICE))
def nobody_has_it(net, where, privilege):
    """keepalived is gone on both, or was never there: the address belongs on their link, and nobody answers there."""
    net.deprive(privilege)
    lan = outside(net) if where == "outside" else Lan(net)
    lan.give_up(lan.one)
    check = net.check(lan.targets(), options=())
    for row in check.expect(SHARED, **DOWN, cause="not-assigned"):
        check.told(row, f"nobody that may answer has {lan.shared}: asked are boot-01 and boot-02", "no machine answers")
    expect_others_healthy(check)


@scenarios(*TWICE)
def nobody_has_it_any_more(net, privilege):
    """A route leads to it: only the history tells that it is not translated."""
    net.deprive(privilege)
    plan, boot_01 = net.plan, net.servers["boot-01"].host
    address = plan.floating[:-1] + "9"
    net.router.ip(f"route add {address} via {plan.droplet['boot-01']}")
    boot_01.ip(f"addr add {address} dev lo")
    targets = [*list(net.targets())[:2], {"name": "routed", "role": "floating", "address": address,
                                          "server": ["boot-01", "boot-02"]}]  # fmt: skip
    daemon = net.run_daemon(targets)
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "routed", "protocol": protocol}, state="up", server="boot-01")
    boot_01.ip(f"addr del {address} dev lo")
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "routed", "protocol": protocol}, state="down", cause="not-assigned")


@scenario
def keepalived_stops_on_both(net):
    lan = outside(net)
    both = [keepalived_on(lan, lan.one), Keepalived(lan, lan.two)]
    daemon = net.run_daemon(lan.targets())
    for protocol in PROTOCOLS:
        daemon.wait_for({**SHARED, "protocol": protocol}, state="up", server="boot-01")
    for one in both:
        one.process.stop()
    for protocol in PROTOCOLS:
        daemon.wait_for({**SHARED, "protocol": protocol}, state="down", cause="not-assigned")


@scenarios(*TWICE)
def a_translated_address_is_not_called_unassigned(net, privilege):
    """The provider translates it: no server has it, and one of them serves it."""
    net.deprive(privilege)
    daemon = net.run_daemon()
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="up", server="boot-01")
    net.cut("forward", net.plan.floating)
    check = net.check(options=())
    for row in check.expect({"target": "bootnode"}, **DOWN, direction="forward", cause="unexplained"):
        check.told(row, f"arrived last at boot-01 on {net.plan.anchor['boot-01']}")
    check.rest_is_healthy()
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="down", cause="unexplained")
    if told := [to for to in daemon.changes({"target": "bootnode"}) if to["cause"] not in ("none", "unexplained")]:
        raise Failure(f"it is only cut: {told}")


@scenarios(*TWICE)
def a_translated_address_without_a_history(net, privilege):
    net.deprive(privilege)
    net.cut("forward", net.plan.floating)
    check = net.check(options=())
    for row in check.expect({"target": "bootnode"}, **DOWN, direction="forward", cause="unexplained"):
        check.told(row, "it is not assigned, or it is translated on the way")
    check.rest_is_healthy()


@scenarios(*TWICE)
def the_anchor_is_gone(net, privilege):
    """The address at which it has to arrive is configured, and nobody has it."""
    net.deprive(privilege)
    anchor = net.plan.anchor["boot-01"]
    net.servers["boot-01"].host.ip(f"addr del {anchor}/{net.plan.bits} dev eth0")
    *droplets, floating = net.targets()
    check = net.check([*droplets, {**floating, "arrives_on": anchor}], options=())
    for row in check.expect({"target": "bootnode"}, **DOWN, cause="not-assigned"):
        check.told(row, f"nobody that may answer has {anchor}, on which the probes have to arrive")
    expect_others_healthy(check)


@scenarios(*TWICE)
def it_goes_to_the_old_holder(net, privilege):
    """boot-02 has it by now; the gateway has not heard of that."""
    net.deprive(privilege)
    lan = outside(net)
    net.router.ip(f"neigh replace {lan.shared} lladdr {lan.one.host.mac()} dev lan nud permanent")
    lan.give_up(lan.one)
    lan.take(lan.two)
    check = net.check(lan.targets(), options=())
    seen = privilege == "privileged"
    for row in check.expect(SHARED, **DOWN, direction="forward", cause="misdelivered" if seen else "unexplained"):
        check.told(row, f"boot-02 has {lan.shared} on eth0 and {NETWORK_SENDS_IT}")
        if seen:
            check.told(row, f"frames of this client for {lan.shared} come to boot-01, which does not have it")
    expect_others_healthy(check)


@scenario
def a_router_among_the_servers_is_not_in_the_way(net):
    """boot-01 routes to where boot-02 has the address: its frames are no mistake."""
    plan, boot_01, boot_02 = net.plan, net.servers["boot-01"].host, net.servers["boot-02"].host
    lab.link(boot_01, "eth1", boot_02, "eth1")
    boot_01.sysctl("ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1")
    address = plan.floating[:-1] + "9"
    net.router.ip(f"route add {address} via {plan.droplet['boot-01']}")
    boot_01.ip(f"route add {address} dev eth1")
    boot_02.ip(f"addr add {address} dev lo")
    boot_02.nft("table inet own { chain input { type filter hook prerouting priority -300; iifname eth1 drop; }; }")
    targets = [*list(net.targets())[:2], {"name": "routed", "role": "floating", "address": address,
                                          "server": ["boot-01", "boot-02"]}]  # fmt: skip
    check = net.check(targets, options=())
    check.expect({"target": "routed"}, **DOWN, cause={"unexplained", "server-firewall", "unreachable"})
    expect_others_healthy(check)


def die(net, name):
    net.servers[name].host.ip("link set eth0 down")


@scenarios(*TWICE)
def its_holder_is_dead(net, privilege):
    """Nobody has answered this client there yet: boot-01 is the only one that can have it."""
    net.deprive(privilege)
    die(net, "boot-01")
    check = net.check(options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="unknown", cause="server-down")
    for row in check.expect({"target": "bootnode"}, **DOWN, cause="holder-down"):
        check.told(row, "boot-01 is silent", "boot-02 is alive, and can take the address over")
        check.require(not any("is down" in sentence for sentence in row["evidence"]), "that is not proven", row)
    check.rest_is_healthy()


@scenario
def its_holder_dies(net):
    """In a run it is known who answered last."""
    net.restart_as_peers()
    daemon = net.run_daemon()
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="up", server="boot-01")
    die(net, "boot-01")
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="down", cause="holder-down")
    net.repoint("boot-02")
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="up", server="boot-02")


def drop_the_port(host):
    host.nft(f"""
        table inet own {{ chain stop {{
            type filter hook input priority 0; meta l4proto {{ tcp, udp }} th dport {PORT} drop;
        }}; }}
    """)


@scenarios(*TWICE)
def its_holder_drops_the_port(net, privilege):
    """boot-01 has it and is up: its firewall drops what comes to the port, whoever sends it. Its link tells."""
    net.deprive(privilege)
    lan = outside(net)
    drop_the_port(lan.one.host)
    check = net.check(lan.targets(), options=())
    for row in check.expect(SHARED, **DOWN, cause="unexplained"):
        check.told(row, "boot-02 knows a machine on its link", lan.one.host.mac())
        check.require("MAC" in row["advice"], "the advice leads elsewhere", row)
    check.expect({"target": "boot-02"}, state="up", cause="none")


@scenarios(("outside",), ("beside",))
def a_silent_machine_has_it(net, where):
    """Neither server has it. A machine that answers no probe does."""
    lan = outside(net) if where == "outside" else Lan(net)
    lan.give_up(lan.one)
    stranger = net.host("stranger")
    lab.link(stranger, "eth0", net.router, "stranger")
    net.router.ip("link set stranger master lan")
    stranger.ip(net.plan.add(lan.shared, "eth0"), f"route add default via {net.plan.droplets}1")
    drop_the_port(stranger)
    check = net.check(lan.targets(), options=())
    for row in check.expect(SHARED, **DOWN, cause="unexplained"):
        check.told(row, f"nobody that may answer has {lan.shared}", stranger.mac())
        check.require("MAC" in row["advice"], "the advice leads elsewhere", row)
    expect_others_healthy(check)


@scenario
def the_other_one_is_dead(net):
    """boot-02 never held it, and died; boot-01 answered until its way was cut."""
    daemon = net.run_daemon()
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="up", server="boot-01")
    die(net, "boot-02")
    net.cut("forward", net.plan.floating)
    daemon.wait_for({"target": "boot-02"}, state="down", cause="server-down")
    check = net.check(options=())
    check.expect({"target": "bootnode"}, **DOWN, cause="unexplained")
    for protocol in PROTOCOLS:
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="down")
    if any(to["cause"] == "holder-down" for to in daemon.changes({"target": "bootnode"})):
        raise Failure("its holder lives")


@scenario
def the_kernel_found_a_duplicate(net):
    """IPv6: when boot-01 got the address, another machine had it. That one is gone; boot-01 still does not use it."""
    if net.plan.nft != "ip6":
        return
    lan = outside(net)
    lan.move(lan.one, lan.two)
    lan.one.host.sysctl("ipv6.conf.all.accept_dad=1", "ipv6.conf.eth0.accept_dad=1")
    lan.one.host.ip(f"addr add {lan.shared}/{net.plan.bits} dev eth0")
    wait_until("the kernel finds the duplicate", lambda: "dadfailed" in lan.one.host.run("ip", "addr").stdout)
    lan.give_up(lan.two)
    check = net.check(lan.targets(), options=())
    for row in check.expect(SHARED, **DOWN, cause="duplicate-address"):
        check.told(row, f"boot-01 has {lan.shared} on eth0", "dadfailed")
    expect_others_healthy(check)


if __name__ == "__main__":
    main()
