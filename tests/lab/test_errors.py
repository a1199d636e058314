#!/usr/bin/python3 -B
"""What says no, or says nothing: closed ports, prohibitions, small links, absent servers, the client's own firewall.

    client ─────────── router ──────────┬────── boot-01   stopped, or unplugged
      ╳                  ╳  smaller MTU │
    own rules      reject, drop         └────── boot-02   untouched
"""

from provider import DOWN, main, scenario, scenarios

SIZES = [512, 1400]


@scenario
def port_closed(net):
    """Fewer refusals come than probes leave (kernels limit them): one is proof enough."""
    net.servers["boot-01"].stop()
    check = net.check()
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target}, **DOWN, direction="forward", cause="refused", arrived_on=None)
    check.rest_is_healthy()


def many_targets(net):
    """Three addresses of boot-01, which share its budget of ICMP errors for this client."""
    yield from net.targets()
    address = f"{net.plan.droplets}41"
    net.servers["boot-01"].host.ip(net.plan.add(address, "eth0"))
    yield {"name": "vip", "role": "floating", "address": address, "server": ["boot-01", "boot-02"]}


@scenario
def port_closed_at_many_addresses(net):
    """Neither evidence queries nor twins nor large probes take the errors that the paths need."""
    targets = list(many_targets(net))
    net.servers["boot-01"].stop()
    check = net.check(targets, options=())
    for target in targets:
        if target["name"] != "boot-02":
            check.expect({"target": target["name"]}, **DOWN, direction="forward", cause="refused", arrived_on=None)
    check.rest_is_healthy()


@scenario
def port_closed_without_errors(net):
    """A reset over TCP says nothing of UDP, but may have the same reason."""
    server = net.servers["boot-01"]
    server.stop()
    server.host.nft(f"""
        table inet own {{
            chain output {{ type filter hook output priority 0; meta l4proto {net.plan.icmp} {net.plan.icmp} type destination-unreachable drop; }}
        }}
    """)
    check = net.check([target for target in net.targets() if target["role"] == "droplet"])
    check.expect({"target": "boot-01", "protocol": "tcp"}, **DOWN, direction="forward", cause="refused")
    for row in check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="unknown",
                            cause="unexplained"):  # fmt: skip
        check.told(row, "TCP to this address and port is refused")
        check.require("floatprobed runs" in row["advice"], "advice", row)
    check.rest_is_healthy()


@scenarios(("udp",), ("tcp",))
def prohibited(net, protocol):
    net.cut("forward", net.plan.floating, protocol, verdict="reject with icmpx type admin-prohibited")
    check = net.check()
    check.expect({"target": "bootnode", "protocol": protocol}, **DOWN, direction="forward", cause="prohibited",
                 arrived_on=None)  # fmt: skip
    check.rest_is_healthy()


@scenarios(("bootnode",), ("boot-01",))
def refused_by_the_router(net, target):
    """In its own name or, where it translates or resets, in that of the address: that is no other machine."""
    address = net.plan.floating if target == "bootnode" else net.plan.droplet[target]
    net.cut("forward", address, "udp", verdict="reject with icmpx type port-unreachable")
    net.cut("forward", address, "tcp", verdict="reject with tcp reset")
    check = net.check(options=())
    for row in check.expect({"target": target}, **DOWN, direction="forward", cause="refused"):
        told = any("has this address" in sentence for sentence in row["evidence"])
        check.require(told == (target == "boot-01" and row["protocol"] == "tcp"), "whose address is it?", row)
    check.rest_is_healthy()


@scenario
def own_firewall(net):
    """Nothing left this host, so nothing is known of the path."""
    net.client.nft(f"""
        table inet own {{
            chain output {{ type filter hook output priority 0; {net.plan.nft} daddr {net.plan.floating} udp dport 8620 drop; }}
        }}
    """)
    check = net.check()
    check.expect({"target": "bootnode", "protocol": "udp"}, state="unknown", cause="local", sent=0, server=None,
                 expected=False)  # fmt: skip
    check.rest_is_healthy()


@scenario
def own_firewall_for_both_protocols(net):
    """The kernel reports what it drops of UDP alone. A connection looks as if it were lost on the way."""
    net.client.nft(f"""
        table inet own {{
            chain output {{ type filter hook output priority 0; {net.plan.nft} daddr {net.plan.floating} drop; }}
        }}
    """)
    check = net.check()
    check.expect({"target": "bootnode", "protocol": "udp"}, state="unknown", cause="local", sent=0)
    for row in check.expect({"target": "bootnode", "protocol": "tcp"}, **DOWN, direction="forward", cause="unexplained"):
        check.told(row, "this host's firewall")
        check.require("repair this host first" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()


def sized(net):
    return [dict(target, sizes=SIZES) for target in net.targets()]


@scenario
def link_too_small(net):
    """The router says how much fits. Both droplets are behind the same link, so only the small probes pass."""
    net.router.ip("link set lan mtu 1300")
    check = net.check(sized(net))
    check.expect({"size": 1400}, state="down", direction="forward", cause="size-limit", server=None, expected=False)
    check.rest_is_healthy()


@scenarios(("forward",), ("return",))
def large_packets_vanish(net, direction):
    """Nobody says anything: a path MTU black hole."""
    net.cut(direction, net.plan.floating, "udp", also="meta length > 1300")
    check = net.check(sized(net))
    check.expect({"target": "bootnode", "size": 1400}, **DOWN, direction=direction, cause="size-limit")
    check.rest_is_healthy()


@scenario
def server_absent(net):
    """Silence on both its addresses and both protocols."""
    net.servers["boot-01"].host.ip("link set eth0 down")
    targets = [dict(target, server="boot-01") if target["name"] == "bootnode" else target for target in net.targets()]
    check = net.check(targets)
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target}, **DOWN, direction="unknown", cause="server-down", arrived_on=None)
    check.rest_is_healthy()


@scenario
def server_absent_with_one_address(net):
    """One silent address may as well be a broken path. The router may find in time that nobody answers its ARP."""
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check([target for target in net.targets() if target["role"] == "droplet"])
    for row in check.expect({"target": "boot-01"}, **DOWN, cause={"unexplained", "unreachable"}, arrived_on=None):
        said = any("host or network unreachable" in sentence for sentence in row["evidence"])
        check.require(row["direction"] == ("forward" if row["forward_lost"] else "unknown"), "direction", row)
        check.require((row["cause"] == "unreachable") == said, "the cause is the router's word", row)
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
