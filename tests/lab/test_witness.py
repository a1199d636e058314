#!/usr/bin/python3 -B
"""A server that the client cannot hear at all is asked through the other one.

    client ──────────────► router ──► boot-01 ◄──┐
      ▲  ◄── return ─ ╳ ──   │                   │ asks for the client, and hands on
      └──────────────────────┴──────► boot-02 ───┘ what only the client can read
"""

from lab import Failure
from provider import DOWN, main, scenario, scenarios

ABOUT_BOOT_01 = ("boot-01", "bootnode")


def cut_all_of_boot_01(net, direction):
    for address in (net.plan.droplet["boot-01"], net.plan.floating):
        net.cut(direction, address)


def said_by_witness(row, other="boot-02"):
    return any(other in sentence and "through" in sentence for sentence in row["evidence"])


@scenarios(("forward",), ("return",))
def every_address_of_a_server_cut_one_way(net, direction):
    """With every answer lost the client still says which way, and by whom it knows."""
    net.restart_as_peers()
    cut_all_of_boot_01(net, direction)
    check = net.check(options=())
    for target in ABOUT_BOOT_01:
        rows = check.expect({"target": target}, **DOWN, direction=direction, cause="unexplained")
        for row in rows:
            check.require(said_by_witness(row), "the witness is not named", row)
    check.rest_is_healthy()


@scenario
def a_server_that_is_no_peer_is_no_witness(net):
    """Nobody hands anything on: the direction stays unknown."""
    cut_all_of_boot_01(net, "return")
    check = net.check()
    for target in ABOUT_BOOT_01:
        check.expect({"target": target}, **DOWN, direction="unknown",
                     cause={"server-down", "holder-down", "unexplained"})  # fmt: skip
    check.rest_is_healthy()


@scenario
def the_peer_is_gone_for_its_witness_too(net):
    """The witness cannot reach it either: that is a server that is down."""
    net.restart_as_peers()
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check(options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="unknown", cause="server-down")
    check.expect({"target": "bootnode"}, **DOWN, cause="holder-down")
    check.rest_is_healthy()


def droplet(net, name):
    return {"name": name, "role": "droplet", "address": net.plan.droplet[name], "server": name}


def say_cut_off(check, row):
    check.told(row, "this host itself may be cut off")
    check.require("check first that this host can reach anything" in row["advice"], "the advice does not help", row)


@scenario
def one_address_and_a_witness(net):
    """The client knows a single address of the server, but a living peer cannot reach the server either."""
    net.restart_as_peers()
    targets = [droplet(net, name) for name in net.plan.droplet]
    daemon = net.run_daemon(targets)
    for name in net.plan.droplet:
        daemon.wait_for({"target": name, "protocol": "udp"}, state="up", server=name)
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check(targets, options=())
    for row in check.expect({"target": "boot-01"}, **DOWN, direction="unknown", cause="server-down"):
        check.told(row, "boot-02 tried to reach the server and got no answer either")
    check.rest_is_healthy()
    for protocol in ("udp", "tcp"):
        daemon.wait_for({"target": "boot-01", "protocol": protocol}, state="down", cause="server-down")


@scenario
def one_address_and_nobody_to_ask(net):
    """One server, one address, nothing else: it may be the client that is cut off."""
    targets = [droplet(net, "boot-01")]
    daemon = net.run_daemon(targets)
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="up", server="boot-01")
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check(targets, options=())
    for row in check.expect({}, **DOWN, direction="unknown", cause={"unexplained", "unreachable"}):
        if row["cause"] == "unexplained":
            say_cut_off(check, row)
    daemon.wait_for({"target": "boot-01", "protocol": "udp"}, state="down")
    if any(to["cause"] == "server-down" for to in daemon.changes({})):
        raise Failure("nothing says that it is the server")


@scenario
def one_address_cut_and_a_witness_that_reaches_it(net):
    """The server is alive: the witness hands its answer on."""
    net.restart_as_peers()
    targets = [droplet(net, name) for name in net.plan.droplet]
    net.cut("forward", net.plan.droplet["boot-01"])
    check = net.check(targets, options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="forward", cause="unexplained")
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
