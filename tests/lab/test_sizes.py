#!/usr/bin/python3 -B
"""Packets that are too large for the network: by default a few probes in each round are as large as the path's MTU.

    client ───────── [nat] ────────── router ────────── boot-01, boot-02
    own MTU                             ╳
                       drops what is large: silently, or with an error
"""

from lab import Failure
from provider import DOWN, main, scenario, scenarios

LARGE = "meta length > 1300"
BLACK_HOLES = [("forward",), ("return",), ("forward", "nat"), ("return", "nat")]


def is_small(row):
    return row["size"] is None or row["size"] == 512


def large(check):
    """The rows of the large probes; they stand for themselves, and all others are as if there were none."""
    rows = [row for row in check.rows if not is_small(row)]
    for row in rows:
        check.require(row["pmtu"] is True and 1400 <= row["size"] <= 1472, "the size is near the MTU", row)
    return rows


def paths_of_default(net):
    return 3 * len(list(net.targets()))


@scenarios(*BLACK_HOLES)
def black_hole(net, direction, nat=""):
    if nat:
        net.put_client_behind_nat()
    net.cut(direction, net.plan.floating, "udp", also=LARGE)
    check = net.check(options=())
    (row,) = large(check)
    where = {"target": "bootnode", "size": row["size"]}
    for told in check.expect(where, **DOWN, direction=direction, cause="size-limit"):
        check.told(told, "datagrams of 512 octets pass")
    check.rest_is_healthy()


@scenario
def black_hole_in_a_quick_round(net):
    net.cut("forward", net.plan.floating, "udp", also=LARGE)
    check = net.check()
    (row,) = large(check)
    check.expect({"target": "bootnode", "size": row["size"]}, **DOWN, direction="forward", cause="size-limit")
    check.rest_is_healthy()


@scenarios(("forward",), ("return",))
def black_hole_for_both_protocols(net, direction):
    """TCP's handshake and its short requests pass, and what fills a segment does not."""
    for protocol in "udp", "tcp":
        net.cut(direction, protocol=protocol, also=LARGE)
    check = net.check(options=())
    check.require(len(large(check)) == 3, "all targets have it")
    for row in check.expect({"protocol": "tcp"}, state="lossy", direction=direction, cause="size-limit", expected=False):
        check.told(row, "which fill a segment")


@scenario
def nothing_is_wrong(net):
    check = net.check(options=())
    check.require(len(check.rows) == paths_of_default(net), "a row more than there was")
    check.rest_is_healthy()


@scenario
def a_router_says_what_fits(net):
    """Path MTU discovery does its work: nothing is wrong."""
    net.router.ip("link set lan mtu 1400")
    check = net.check(options=())
    check.require(len(check.rows) == paths_of_default(net), "a row more than there was")
    check.rest_is_healthy()


@scenario
def sizes_that_are_configured(net):
    """Whoever says which sizes gets no others."""
    net.cut("forward", net.plan.floating, "udp", also=LARGE)
    check = net.check([{**target, "sizes": [512]} for target in net.targets()], options=())
    check.require(not large(check), "only 512 octets were asked for")
    check.rest_is_healthy()


@scenario
def random_loss(net):
    """One of two: that a large one is lost proves nothing."""
    net.cut("forward", net.plan.floating, "udp", also="numgen random mod 100 < 50")
    check = net.check(options=())
    check.require(not large(check), "small ones are lost, too")


@scenario
def black_hole_in_run(net):
    net.cut("forward", net.plan.floating, "udp", also=LARGE)
    daemon = net.run_daemon(every="200ms")
    net.cut("forward", net.plan.floating, "tcp", also=LARGE)
    daemon.wait_for({"target": "bootnode", "pmtu": True}, state="down", direction="forward", cause="size-limit")
    daemon.wait_for({"target": "bootnode", "protocol": "tcp"}, state="lossy", direction="forward", cause="size-limit")
    for protocol in "udp", "tcp":
        if any(to["state"] != "up" for to in daemon.changes({"target": "boot-01", "protocol": protocol})):
            raise Failure("only one target has it")


@scenario
def own_mtu_is_too_small(net):
    """The interface and its MTU are named."""
    net.client.ip("link set eth0 mtu 1300")
    check = net.check([{**target, "sizes": [512, 1400]} for target in net.targets()], options=())
    for row in check.expect({"size": 1400}, state="down", direction="forward", cause="size-limit", server=None):
        check.told(row, "eth0 has an MTU of 1300")
        check.require("this host" in row["advice"], "whose MTU?", row)
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
