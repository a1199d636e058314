#!/usr/bin/python3 -B
"""A server that the client cannot hear at all is asked through the other one.

    client ──────────────► router ──► boot-01 ◄──┐
      ▲  ◄── return ─ ╳ ──   │                   │ asks for the client, and hands on
      └──────────────────────┴──────► boot-02 ───┘ what only the client can read
"""

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
        check.expect({"target": target}, **DOWN, direction="unknown", cause={"server-down", "unexplained"})
    check.rest_is_healthy()


@scenario
def the_peer_is_gone_for_its_witness_too(net):
    """The witness cannot reach it either: that is a server that is down."""
    net.restart_as_peers()
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check(options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="unknown", cause="server-down")
    check.expect({"target": "bootnode"}, **DOWN, cause={"unexplained", "unreachable"})
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
