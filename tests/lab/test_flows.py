#!/usr/bin/python3 -B
"""Flows, sizes and source ports that fail beside others that do not: causes by comparison.

    client ── old port ──► router ─ ─ tracked ─ ─ ► boot-01   held the floating address
           ── new port ──►   │  ╲ ──── DNAT ──────► boot-02   holds it now
           ── odd ports ─►   ╳
           ── 1400 octets ►  ╳

    Each once more with servers that have no capability at all: none of this needs one.
"""

import json

from lab import Failure
from provider import DOWN, PORT, TWICE, main, scenario, scenarios

HELD = {"target": "bootnode", "protocol": "udp", "flow": "held"}
FRESH = {"target": "bootnode", "protocol": "udp", "flow": "fresh"}


def drop_on_the_way(net, condition):
    """At the router, where connections are tracked, but not translated yet."""
    net.router.nft(f"""
        table inet tracked {{
            chain forward {{
                type filter hook prerouting priority -150;
                iifname "outside" {net.plan.nft} daddr {net.plan.floating} udp dport {PORT} {condition} drop;
            }}
        }}
    """)


@scenarios(*TWICE)
def translation_outlives_the_move(net, privilege):
    """A flow that the router knows stays with the old server, and dies with it, while new ones reach the new one."""
    net.deprive(privilege)
    daemon = net.run_daemon()
    for path in (HELD, FRESH):
        daemon.wait_for(path, state="up", server="boot-01")
    net.repoint("boot-02", forget=False)
    daemon.wait_for(FRESH, state="up", server="boot-02", cause="none")
    daemon.wait_for(HELD, state="up", server="boot-01", cause="stuck-flow")
    net.servers["boot-01"].host.ip("link set eth0 down")
    daemon.wait_for(HELD, state="down", cause="stuck-flow")
    net.router.forget_flows()
    daemon.wait_for(HELD, state="up", server="boot-02", cause="none")


@scenarios(("named", "privileged"), ("named", "unprivileged"), ("silent", "privileged"), ("silent", "unprivileged"))
def largest_size_that_passes(net, limit, privilege):
    """The router says what fits, or lets it vanish: either way three sizes tell."""
    net.deprive(privilege)
    if limit == "named":
        net.router.ip("link set lan mtu 1300")
    else:
        for address in (net.plan.floating, *net.plan.droplet.values()):
            net.cut("forward", address, "udp", also="meta length > 1300")
    check = net.check([{**target, "sizes": [512, 1100, 1400]} for target in net.targets()], options=())
    for row in check.expect({"size": 1400}, **DOWN, direction="forward", cause="size-limit"):
        check.told(row, "datagrams of 1100 octets pass, datagrams of 1400 octets do not", *(["MTU 1300"] if limit == "named" else []))
    check.rest_is_healthy()


@scenarios(*TWICE)
def one_way_of_two_is_broken(net, privilege):
    """Every other source port fails, always the same ones."""
    net.deprive(privilege)
    for protocol in ("udp", "tcp"):
        net.cut("forward", net.plan.floating, protocol, also=f"{protocol} sport & 1 == 1")
    *droplets, floating = net.targets()
    many = ("--count", "40", "--spacing", "50ms")  # ports are chosen by chance: enough of them that both ways have some
    held = 24  # one way has less than two of them once in 10^5 runs
    check = net.check([*droplets, {**floating, "flows": {"held": held, "fresh": 1}}], options=many)
    check.expect(FRESH, state="lossy", direction="forward", cause="some-ports")
    check.expect({**FRESH, "protocol": "tcp"}, state="lossy", direction="forward", expected=False)
    dead = [row for row in check.expect(HELD, cause={"none", "some-ports"}) if row["state"] != "up"]
    check.require(1 < len(dead) < held - 1, "neither all nor none")
    for row in dead:
        check.require(row["state"] == "down" and row["direction"] == "forward", "not the fault", row)
        check.told(row, f"{len(dead)} held source ports lose every recent probe, and {held - len(dead)} lose none")
    check.rest_is_healthy()


@scenario
def the_only_held_port_leads_to_the_broken_way(net):
    """Every other source port fails, and the held one is among them: no stuck flow, as new ones fail, too."""
    daemon = net.run_daemon([{**target, "protocols": ["udp"]} for target in net.targets()], every="30ms")
    for path in (HELD, FRESH):
        daemon.wait_for(path, state="up")
    for parity in (0, 1):  # nobody knows the held port
        net.heal()
        net.cut("forward", net.plan.floating, "udp", also=f"udp sport & 1 == {parity}")
        daemon.wait_for(FRESH, state="lossy")
        if daemon.changes(HELD)[-1]["state"] == "down":
            break
        net.heal()
        daemon.wait_for(FRESH, state="up")
    for path, state in ((HELD, "down"), (FRESH, "lossy")):
        daemon.wait_for(path, state=state, direction="forward", cause="some-ports")
    if any(to["cause"] == "stuck-flow" for to in daemon.changes(HELD)):
        raise Failure("it is not the flow")
    net.heal()
    for path in (HELD, FRESH):
        daemon.wait_for(path, state="up", cause="none")


@scenarios(*TWICE)
def only_new_flows_pass(net, privilege):
    """The router lets what it knows already go nowhere."""
    net.deprive(privilege)
    drop_on_the_way(net, "ct state established")
    check = net.check(options=())
    (row,) = check.expect(HELD, state="lossy", direction="forward", cause="first-packet-only", answered=1,
                          server="boot-01", expected=False)  # fmt: skip
    check.told(row, "first packet", "also fits stuck-flow")
    check.rest_is_healthy()


@scenarios(*TWICE)
def only_new_flows_pass_at_two_sizes(net, privilege):
    """Fresh probes of all sizes leave together, each by a port that has not been to this address before."""
    net.deprive(privilege)
    drop_on_the_way(net, "ct state established")
    check = net.check([{**target, "sizes": [512, 1300]} for target in net.targets()], options=())
    check.healthy(FRESH, "boot-01", net.plan.anchor["boot-01"])
    (row,) = check.expect({**HELD, "size": 512}, state="lossy", direction="forward", cause="first-packet-only",
                          answered=1, server="boot-01", expected=False)  # fmt: skip
    check.told(row, "first packet")
    # Both sizes are one flow to the router: the first packet is mostly the other's.
    check.expect({**HELD, "size": 1300}, direction="forward", cause={"first-packet-only", "stuck-flow"}, expected=False)
    check.rest_is_healthy()


@scenario
def new_ports_do_not_come_again_soon(net):
    """Thrown like dice some would, once their sockets are closed; and be led where they led before. Ports that are
    reserved on this host stay free (Azure's machines have one)."""
    net.client.sysctl("ipv4.ip_local_reserved_ports=33000-59999")
    net.router.nft(f"""
        table inet ports {{
            set seen {{ type inet_service; }}
            chain in {{
                type filter hook prerouting priority -310;
                iifname "outside" {net.plan.nft} daddr {net.plan.floating} udp dport {PORT} add @seen {{ udp sport }};
            }}
        }}
    """)
    (floating,) = [target for target in net.targets() if target["role"] == "floating"]
    alone = {**floating, "protocols": ["udp"], "flows": {"held": 0, "fresh": 1}, "sizes": [512]}
    check = net.check([alone], options=("--count", "2000", "--spacing", "5ms"))
    (row,) = check.expect({}, state="up", cause="none", sent=2000)
    seen = json.loads(net.router.run("nft", "-j", "list", "set", "inet", "ports", "seen").stdout)
    (ports,) = [item["set"]["elem"] for item in seen["nftables"] if "set" in item]
    check.require(len(ports) == 1232, f"{len(ports)} ports of the 1232 that are not reserved, for 2000 probes", row)
    check.require(not any(33000 <= port <= 59999 for port in ports), "reserved", row)


if __name__ == "__main__":
    main()
