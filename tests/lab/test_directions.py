#!/usr/bin/python3 -B
"""Which direction was lost: one protocol or both, the floating address or the droplet's.

    client ──► forward ──► router ──► floating ─DNAT─► boot-01   (droplet and anchor address)
           ◄── return  ◄──   ╳    ──► boot-01
                             │    ──► boot-02
                 faults sit at the router's outside, where addresses are as the client sees them
"""

import itertools

from provider import DOWN, PORT, main, once, scenario, scenarios

PROTOCOLS = ("udp", "tcp")
DIRECTIONS = ("forward", "return")
EACH = [(protocol, direction) for protocol in PROTOCOLS for direction in DIRECTIONS]


def arrived_on(direction, address):
    """What was lost on its way back did arrive, and the server tells where. (Of half-open sockets it need not.)"""
    return {address, None} if direction == "return" else None


@scenario
def healthy(net):
    anchor = {"name": "boot-01-anchor", "role": "anchor", "address": net.plan.anchor["boot-01"],
              "server": "boot-01", "expect": "unreachable"}  # fmt: skip
    check = net.check([*net.targets(), anchor])
    check.expect({"target": "boot-01-anchor"}, **{**DOWN, "expected": True}, direction="forward", arrived_on=None)
    check.rest_is_healthy()


@scenarios(*EACH)
def one_protocol_cut(net, protocol, direction):
    net.cut(direction, net.plan.floating, protocol)
    check = net.check()
    check.expect({"target": "bootnode", "protocol": protocol}, **DOWN, direction=direction, cause="protocol-filtered",
                 arrived_on=arrived_on(direction, net.plan.anchor["boot-01"]))  # fmt: skip
    check.rest_is_healthy()


@scenarios(*[(protocol,) for protocol in PROTOCOLS])
def one_protocol_cut_both_ways(net, protocol):
    """Nothing arrives, so nothing can be lost on its way back."""
    for direction in DIRECTIONS:
        net.cut(direction, net.plan.floating, protocol)
    check = net.check()
    check.expect({"target": "bootnode", "protocol": protocol}, **DOWN, direction="forward", cause="protocol-filtered",
                 arrived_on=None)  # fmt: skip
    check.rest_is_healthy()


@scenarios(*[(direction,) for direction in DIRECTIONS])
def floating_cut(net, direction):
    """The droplet address works: it is where the evidence comes from."""
    net.cut(direction, net.plan.floating)
    check = net.check()
    check.expect({"target": "bootnode"}, **DOWN, direction=direction, cause="unexplained",
                 arrived_on=arrived_on(direction, net.plan.anchor["boot-01"]))  # fmt: skip
    check.rest_is_healthy()


@scenarios(*[(direction,) for direction in DIRECTIONS])
def droplet_cut(net, direction):
    """The other way round: the evidence comes by the floating address."""
    net.cut(direction, net.plan.droplet["boot-01"])
    check = net.check()
    check.expect({"target": "boot-01"}, **DOWN, direction=direction, cause="unexplained",
                 arrived_on=arrived_on(direction, net.plan.droplet["boot-01"]))  # fmt: skip
    check.rest_is_healthy()


@scenarios(*[(protocol,) for protocol in PROTOCOLS])
def return_cut_by_the_server_itself(net, protocol):
    """Its own firewall drops what it sends. The kernel then forgets a half-open socket after a second."""
    net.servers["boot-01"].host.nft(
        "add table inet own\n"
        "add chain inet own out { type filter hook output priority 0; }\n"
        f"add rule inet own out {protocol} sport {PORT} drop\n"
    )
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target, "protocol": protocol}, **DOWN, direction="return", cause="protocol-filtered")
    check.rest_is_healthy()


def both_families(net, first):
    """Returns targets of both families, those of one of them first. The servers see no frames."""
    other = net.add_other_family()
    net.deprive("unprivileged")
    return [other, *net.targets()] if first == "other" else [*net.targets(), other]


@once
@scenarios(*itertools.product(("own", "other"), DIRECTIONS))
def handshakes_of_both_families_cut(net, first, direction):
    """A query goes over one family, and asks about attempts of both."""
    targets = both_families(net, first)
    net.cut(direction, protocol="tcp")
    check = net.check(targets, options=())
    for target in targets:
        check.expect({"target": target["name"], "protocol": "tcp"}, **DOWN, direction=direction,
                     cause="protocol-filtered")  # fmt: skip
        if target["name"] == "boot-01-other":
            check.healthy({"target": target["name"], "protocol": "udp"}, "boot-01", target["address"])
    check.rest_is_healthy()
    daemon = net.run_daemon(targets)
    for target in targets:
        daemon.wait_for({"target": target["name"], "protocol": "tcp"}, state="down", direction=direction)


@once
@scenarios(*itertools.product(("own", "other"), DIRECTIONS))
def one_family_cut(net, first, direction):
    """Only the droplet's other family can carry the query."""
    targets = both_families(net, first)
    net.cut(direction, net.plan.droplet["boot-01"])
    net.cut(direction, net.plan.floating)
    check = net.check(targets, options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target}, **DOWN, direction=direction, cause="unexplained")
    for target in targets:
        if target["name"] == "boot-01-other":
            check.healthy({"target": target["name"]}, "boot-01", target["address"])
    check.rest_is_healthy()


@scenario
def half_open_left_from_an_earlier_attempt(net):
    """A socket in SYN_RECV outlives its attempt by a minute; it must not speak for the next one."""
    floating = {"target": "bootnode", "protocol": "tcp"}
    net.cut("return", net.plan.floating, "tcp")
    net.check().expect(floating, **DOWN, direction="return")
    net.heal()
    net.cut("forward", net.plan.floating, "tcp")
    check = net.check()
    check.expect(floating, **DOWN, direction="forward", cause="protocol-filtered", arrived_on=None)
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
