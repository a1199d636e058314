#!/usr/bin/python3 -B
"""Story B: the server hears its client, and answers a dead machine: its neighbour table holds another MAC.

    home ────────────┬──────────── boot-01
    198.18.1.9       │  lan        198.18.1.5      ip neigh replace 198.18.1.9 lladdr 02:00:5e:00:de:ad dev eth0
    2001:db8:1::9    └──────────── boot-02         198.18.1.6: its entry is left alone
"""

import json

import lab
from flat import DEAD, Flat, droplets
from lab import Failure
from provider import DOWN, NO_CAPABILITY, PORT, TWICE, main, scenario, scenarios

STALE = {"type": "stale-neighbour", "entry_mac": DEAD, "interface": "eth0"}


def expect(condition, what):
    if not condition:
        raise Failure(what)


def arrived(host, device):
    """Frames that have come in there."""
    (shown,) = json.loads(host.run("ip", "-j", "-s", "link", "show", device).stdout)
    return shown["stats64"]["rx"]["packets"]


@scenarios(("stale",), ("reachable",))
def wrong_entry_heals_by_itself(net, state):
    """The journal knows that the entry was wrong, which MAC it had, and that it healed."""
    flat = Flat(net)
    flat.heal_soon()
    net.check(flat.targets()).rest_is_healthy()
    flat.break_entry(state)
    changed = flat.wait_for({"type": "neighbour", "address": flat.address, "new_mac": DEAD})
    expect(changed["old_mac"] == flat.mac and changed["state"] == state, changed)
    daemon = net.run_daemon(flat.targets())
    stale = flat.wait_for({**STALE, "address": flat.address})
    expect(stale["frame_mac"] == flat.mac and stale["client"] == "fra-home", stale)
    expect(stale["cure"] == f"ip neigh del {flat.address} dev eth0", stale)
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="up")
    healed = flat.wait_for({"type": "healed", "address": flat.address})
    expect(healed["mac"] == flat.mac and not healed["repaired"], healed)
    expect(flat.lines({"type": "neighbour", "old_mac": DEAD, "new_mac": flat.mac}), "no transition back")
    expect(not flat.lines({"type": "repair"}), "repaired without leave")


@scenario
def the_cure_cures(net):
    """A permanent entry never heals; the command that the journal names is run as it stands."""
    flat = Flat(net)
    flat.break_entry("permanent")
    daemon = net.run_daemon(flat.targets())
    cure = flat.wait_for(STALE)["cure"]
    expect(flat.entry() == ("PERMANENT", DEAD), flat.entry())
    flat.server.host.run(*cure.split())
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="up")
    flat.wait_for({"type": "healed", "mac": flat.mac})


@scenarios(("stale",), ("permanent",))
def repair_deletes_exactly_that_entry(net, state):
    flat = Flat(net)
    other = f"{net.plan.droplets}77"
    flat.server.stop()
    flat.server.start(repair={"stale_neighbours": True})
    flat.server.host.ip(f"neigh replace {other} lladdr {DEAD} dev eth0 nud permanent")
    flat.break_entry(state)
    daemon = net.run_daemon(flat.targets())
    repair = flat.wait_for({"type": "repair", "address": flat.address, "interface": "eth0", "mac": DEAD})
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="up")
    expect(flat.wait_for({"type": "healed"})["repaired"], "healed, but not by us")
    expect(flat.entry()[1] == flat.mac, flat.entry())
    expect(DEAD in flat.server.host.run("ip", "neigh", "show", other).stdout, f"{other} is gone, too: {repair}")


def check_names_it(flat):
    """The client hears nothing of boot-01, and asks boot-02: both MACs, and the cure."""
    check = flat.net.check(flat.targets(), options=())
    (row, *_) = check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return",
                             cause="stale-neighbour")  # fmt: skip
    check.expect({"target": "boot-01", "protocol": "tcp"}, **DOWN, direction={"return", "unknown"})
    check.rest_is_healthy()
    told = " ".join(row["evidence"])
    check.require(DEAD in told and flat.mac in told, "a MAC is missing", row)
    check.require(f"ip neigh del {flat.address} dev eth0" in told, "no cure", row)
    check.require(row["advice"], "no advice", row)


@scenarios(("stale",), ("reachable",), ("permanent",))
def the_client_is_told(net, state):
    flat = Flat(net)
    net.restart_as_peers()
    flat.break_entry(state)
    check_names_it(flat)


@scenario
def the_client_is_told_without_capabilities(net):
    """No frames are seen, but the client on the same link says which MAC is its own."""
    flat = Flat(net)
    net.restart_as_peers(NO_CAPABILITY, repair={"stale_neighbours": True})
    for capability in "CAP_NET_RAW", "CAP_NET_ADMIN":
        lab.wait_until(f"it misses {capability}", lambda: capability in flat.server.process.output())
    flat.break_entry("permanent")
    check_names_it(flat)
    flat.wait_for({"type": "neighbour", "new_mac": DEAD})
    expect(flat.entry() == ("PERMANENT", DEAD), flat.entry())


@scenario
def another_machine_at_this_address_without_capabilities(net):
    """One was heard there by the entry that is wrong for the next."""
    flat, old = Flat(net), "02:00:5e:00:01:01"
    flat.change_mac(old)
    net.restart_as_peers(NO_CAPABILITY)
    net.check(flat.targets()).rest_is_healthy()
    flat.change_mac(flat.mac)
    for name, mac in ("boot-01", old), ("boot-02", flat.mac):
        net.servers[name].host.ip(f"neigh replace {flat.address} lladdr {mac} dev eth0 nud permanent")
    check = net.check(flat.targets(), options=())
    (row, *_) = check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return",
                             cause="stale-neighbour")  # fmt: skip
    check.told(row, old, flat.mac)


@scenario
def without_capabilities_nothing_is_suspected(net):
    flat = Flat(net)
    net.restart_as_peers(NO_CAPABILITY, repair={"stale_neighbours": True})
    net.check(flat.targets()).rest_is_healthy()
    flat.server.host.nft(f"""
        table inet cut {{ chain out {{ type filter hook output priority 0; udp sport {PORT} drop; }}; }}
    """)
    check = net.check(flat.targets(), options=())
    check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return", cause="protocol-filtered")
    check.rest_is_healthy()
    expect(not flat.lines({"type": "stale-neighbour"}), flat.lines({"type": "stale-neighbour"}))


@scenarios(*TWICE)
def a_router_that_answers_for_the_client(net, privilege):
    """Its MAC is in the entry, and the client has another one: nothing is wrong with that."""
    client = net.put_client_behind_proxy()
    net.restart_as_peers(NO_CAPABILITY if privilege == "unprivileged" else (), repair={"stale_neighbours": True})
    targets = droplets(net)
    net.check(targets).rest_is_healthy()
    server = net.servers["boot-01"]
    rule = f"{net.plan.nft} saddr {net.plan.droplet['boot-01']} {net.plan.nft} daddr {client} drop"
    net.router.nft(f"table inet cut {{ chain pass {{ type filter hook forward priority 0; {rule}; }}; }}")
    for forgets in False, True:
        if forgets:  # whom it has heard
            server.stop()
            server.start(NO_CAPABILITY if privilege == "unprivileged" else (), repair={"stale_neighbours": True},
                         peers=net.peers_of(server))  # fmt: skip
        check = net.check(targets, options=())
        check.expect({"target": "boot-01"}, **DOWN, direction={"return", "unknown"}, cause="unexplained")
        check.rest_is_healthy()
    wrong = [line for line in server.journal() if line["type"] in ("stale-neighbour", "repair")]
    expect(not wrong, wrong)


@scenario
def healthy_neighbours_are_not_suspected(net):
    """Nor is a gateway: through it come frames from its own MAC, and it is no client."""
    net.check().rest_is_healthy()
    flat = Flat(net)
    net.check(flat.targets()).rest_is_healthy()
    for server in net.servers.values():
        lines = [line for line in server.journal() if line["type"] in ("stale-neighbour", "healed", "repair")]
        expect(not lines, lines)


@scenario
def two_macs_under_which_we_were_heard_are_not_suspected(net):
    """The client's frames leave by one interface, the entry leads to its other one (ARP flux), and replies are heard
    that way, for longer than the flows have been there. Then the client's own firewall cuts them."""
    flat = Flat(net)
    client = net.client
    lab.link(client, "eth1", net.router, "home1")
    net.router.ip("link set home1 master lan")
    client.sysctl("ipv4.conf.all.rp_filter=0", "ipv4.conf.eth0.rp_filter=0", "ipv4.conf.eth1.rp_filter=0")
    client.sysctl("ipv4.conf.all.arp_ignore=1")  # for the time being: its entry is the right one
    net.restart_as_peers(repair={"stale_neighbours": True})
    daemon = net.run_daemon(flat.targets())
    for protocol in ("udp", "tcp"):
        daemon.wait_for({"target": "boot-01", "protocol": protocol}, state="up")
    expect(flat.entry()[1] == flat.mac, flat.entry())
    other = client.mac("eth1")
    flat.break_entry("permanent", other)
    flat.wait_for({"type": "neighbour", "new_mac": other})
    before = arrived(client, "eth1")
    lab.wait_until("replies arrive by the other interface", lambda: arrived(client, "eth1") >= before + 60)
    client.nft(f"""
        table inet cut {{ chain in {{
            type filter hook prerouting priority -300; {net.plan.nft} saddr {net.plan.droplet["boot-01"]} th sport {PORT} drop;
        }}; }}
    """)
    flat.wait_for({"type": "unheard"})
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="down", direction="return")
    check = net.check(flat.targets(), options=())
    check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return", cause="local")
    wrong = [line for line in flat.server.journal() if line["type"] in ("stale-neighbour", "repair")]
    expect(not wrong, wrong)
    expect(not [to for to in daemon.changes({}) if to["cause"] == "stale-neighbour"], daemon.changes({}))
    expect(flat.entry() == ("PERMANENT", other), flat.entry())


def rightful_holder(net, flat):
    """Another machine on the link has the client's address, as after a move of a virtual address that the client still
    uses as its source, and the servers know its MAC."""
    other = net.host("holder")
    lab.link(other, "eth0", net.router, "holder")
    net.router.ip("link set holder master lan")
    other.ip(net.plan.add(flat.address, "eth0"))
    net.settle()
    flat.break_entry("permanent", other.mac())
    witness = net.servers["boot-02"].host
    witness.ip(f"neigh replace {flat.address} lladdr {flat.mac} dev eth0 nud permanent")
    return other.mac()


@scenario
def a_machine_that_answers_for_the_address_is_left_alone(net):
    flat = Flat(net)
    net.restart_as_peers(repair={"stale_neighbours": True})
    mac = rightful_holder(net, flat)
    daemon = net.run_daemon(flat.targets())
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="down", direction="return", cause="duplicate-address")
    flat.wait_for({"type": "shared-address", "address": flat.address, "entry_mac": mac, "frame_mac": flat.mac})
    check = net.check(flat.targets(), options=())
    (row, *_) = check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return",
                             cause="duplicate-address")  # fmt: skip
    check.told(row, mac, flat.mac)
    told = " ".join(row["evidence"]) + row["advice"]
    check.require("ip neigh del" not in told and "delete" not in told, "an entry that is right is to be deleted", row)
    expect(flat.entry()[1] == mac, flat.entry())
    expect(not flat.lines({"type": "repair"}) and not flat.lines({"type": "stale-neighbour"}), flat.server.journal())
    expect(not [to for to in daemon.changes({}) if to["cause"] == "stale-neighbour"], daemon.changes({}))


@scenario
def without_capabilities_it_is_to_be_checked_first(net):
    flat = Flat(net)
    net.restart_as_peers(NO_CAPABILITY, repair={"stale_neighbours": True})
    mac = rightful_holder(net, flat)
    check = net.check(flat.targets(), options=())
    (row, *_) = check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return",
                             cause="stale-neighbour")  # fmt: skip
    check.told(row, "if no machine answers at that MAC")
    check.require(row["advice"].startswith("check first"), "an entry is to be deleted unseen", row)
    expect(flat.entry()[1] == mac, flat.entry())


@scenario
def a_wrong_entry_of_the_gateway(net):
    """The client is behind a router, which has a new MAC: boot-01 still sends to the old one."""
    net.restart_as_peers()
    gateway, server = f"{net.plan.droplets}1", net.servers["boot-01"]
    server.host.ip(f"neigh replace {gateway} lladdr {DEAD} dev eth0 nud permanent")
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        (row, *_) = check.expect({"target": target, "protocol": "udp"}, **DOWN, direction="return",
                                 cause="stale-neighbour")  # fmt: skip
        check.told(row, DEAD, net.router.mac("lan"), f"ip neigh del {gateway} dev eth0", "gateway")
        check.expect({"target": target, "protocol": "tcp"}, **DOWN, direction={"return", "unknown"})
    check.rest_is_healthy()
    lab.wait_until("the journal names it", lambda: [
        line for line in server.journal() if line["type"] == "stale-neighbour" and line["address"] == gateway
    ])  # fmt: skip


@scenario
def the_entry_of_the_gateway_is_repaired(net):
    net.restart_as_peers(repair={"stale_neighbours": True})
    gateway, server = f"{net.plan.droplets}1", net.servers["boot-01"]
    daemon = net.run_daemon()
    where = {"target": "boot-01", "protocol": "udp"}
    daemon.wait_for(where, state="up")
    server.host.ip(f"neigh replace {gateway} lladdr {DEAD} dev eth0 nud permanent")
    lab.wait_until("it is repaired", lambda: [line for line in server.journal() if line["type"] == "repair"])
    lab.wait_until("it is right again", lambda: DEAD not in server.host.run("ip", "neigh", "show", gateway).stdout)
    lab.wait_until("it is healed", lambda: [line for line in server.journal() if line["type"] == "healed"])


@scenarios(("alive",), ("dead",))
def another_router_for_the_way_back(net, exit_is):
    """What comes in by one router leaves by another one: two MACs, and both are right."""
    net.restart_as_peers(repair={"stale_neighbours": True})
    server, way_out = net.servers["boot-01"], net.host("exit")
    lab.link(way_out, "eth0", net.router, "exit")
    net.router.ip("link set exit master lan")
    way_out.sysctl("ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1", "ipv4.conf.all.send_redirects=0")
    server.host.sysctl("ipv4.conf.all.accept_redirects=0", "ipv4.conf.eth0.accept_redirects=0",
                       "ipv6.conf.eth0.accept_redirects=0")  # fmt: skip
    way_out.ip(net.plan.add(f"{net.plan.droplets}9", "eth0"), f"route add {net.plan.everything} via {net.plan.droplets}1")
    server.host.ip(
        f"route replace {net.plan.everything} via {net.plan.droplets}9 src {net.plan.droplet['boot-01']}",
        f"neigh replace {net.plan.droplets}9 lladdr {way_out.mac()} dev eth0 nud permanent",
    )
    net.settle()
    net.check(options=()).rest_is_healthy()
    server.stop()  # what it has learned while the way was right
    server.start(**server.changes)
    if exit_is == "dead":
        way_out.ip("link set eth0 down")
    else:
        way_out.nft(f"""
            table inet cut {{ chain way {{
                type filter hook forward priority 0; meta l4proto {{ tcp, udp }} th sport {PORT} drop;
            }}; }}
        """)
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target, "protocol": "udp"}, **DOWN, direction="return", cause="unexplained")
        check.expect({"target": target, "protocol": "tcp"}, **DOWN, cause="unexplained")
    check.rest_is_healthy()
    wrong = [line for line in server.journal() if line["type"] in ("stale-neighbour", "shared-address", "repair")]
    expect(not wrong, wrong)


@scenario
def loss_elsewhere_is_not_blamed_on_the_entry(net):
    """Answers are lost, the entry is right."""
    flat = Flat(net)
    flat.server.host.nft(f"""
        table inet cut {{ chain out {{ type filter hook output priority 0; udp sport {PORT} drop; }}; }}
    """)
    daemon = net.run_daemon(flat.targets())
    flat.wait_for({"type": "unheard", "client": "fra-home"})
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="down")
    expect(not flat.lines({"type": "stale-neighbour"}), flat.lines({"type": "stale-neighbour"}))


if __name__ == "__main__":
    main()
