#!/usr/bin/python3 -B
"""Probes that go nowhere: in a circle between two routers, or not even onto the link.

    client ── [nat] ── router ─────────── boot-01, boot-02
                        │  ▲
                floating▼  │everything
                        loop  (another router)

    client ── lan ── nobody has the address, or the gateway is away
"""

from flat import Flat
from lab import link
from provider import DOWN, PORT, main, scenario, scenarios


def make_loop(net):
    """The router sends the floating address to another router, which sends everything back. Returns all addresses that
    may say so."""
    plan, other = net.plan, net.host("loop")
    far = plan.floating.rsplit(":" if plan.nft == "ip6" else ".", 1)[0] + (":10" if plan.nft == "ip6" else ".10")
    near = far + "1"
    other.sysctl("ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1")
    link(other, "eth0", net.router, "loop")
    net.router.nft(f"flush map {plan.nft} provider holder\n")
    net.router.forget_flows()
    net.router.ip(f"addr add {near}/128 dev loop nodad" if plan.nft == "ip6" else f"addr add {near}/32 dev loop",
                  f"route add {far} dev loop", f"route add {plan.floating} via {far}")  # fmt: skip
    other.ip(f"addr add {far}/128 dev eth0 nodad" if plan.nft == "ip6" else f"addr add {far}/32 dev eth0",
             f"route add {near} dev eth0", f"route add {plan.everything} via {near} dev eth0")  # fmt: skip
    return far, near, f"{plan.outside}1", f"{plan.droplets}1"


@scenarios(("direct",), ("nat",))
def routing_loop(net, place):
    """The router at which the time to live ends names itself, over both protocols."""
    if place == "nat":
        net.put_client_behind_nat()
    routers = make_loop(net)
    check = net.check(options=())
    for row in check.expect({"target": "bootnode"}, **DOWN, direction="forward", cause="unreachable"):
        check.told(row, "a routing loop")
        named = any(f"from {router}" in sentence for router in routers for sentence in row["evidence"])
        check.require(named, "which router?", row)
        check.require("point at each other" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()


@scenario
def routing_loop_in_run(net):
    daemon = net.run_daemon()
    daemon.wait_for({"target": "bootnode"}, state="up")
    make_loop(net)
    for protocol in "udp", "tcp":
        daemon.wait_for({"target": "bootnode", "protocol": protocol}, state="down", cause="unreachable")


def absent(net):
    return {"name": "absent", "role": "droplet", "address": f"{net.plan.droplets}77", "server": "boot-02"}


def nobody_is_blamed(check, row):
    """It is not this host's own error message that has to be looked after."""
    check.require(not any("ICMP" in sentence for sentence in row["evidence"]), "who said that?", row)
    check.require("sent the error" not in row["advice"], "nobody sent an error", row)


@scenario
def nobody_has_the_address(net):
    """TCP gives up before the kernel does."""
    Flat(net)
    check = net.check([absent(net)], options=())
    for row in check.expect({"target": "absent"}, **DOWN, direction="forward", cause="unreachable"):
        check.told(row, "nobody on eth0 answers", f"questions for {net.plan.droplets}77")
        nobody_is_blamed(check, row)


@scenario
def nobody_has_the_address_and_the_server_says_so(net):
    Flat(net)
    check = net.check([*[t for t in net.targets() if t["role"] == "droplet"], absent(net)], options=())
    for row in check.expect({"target": "absent"}, **DOWN, direction="forward", cause="not-assigned"):
        check.told(row, "nobody on eth0 answers", "also fits unreachable")
    check.rest_is_healthy()


@scenario
def nobody_has_the_address_in_run(net):
    Flat(net)
    daemon = net.run_daemon([absent(net)], every="200ms")
    for protocol in "udp", "tcp":
        daemon.wait_for({"target": "absent", "protocol": protocol}, state="down", cause="unreachable")


@scenario
def the_gateway_is_away(net):
    """All that is known is known of this host: the link says nothing of the servers."""
    plan = net.plan
    net.client.ip(f"route replace {plan.everything} via {plan.outside}99")
    check = net.check(options=())
    for row in check.expect({}, **DOWN, direction="forward", cause="unreachable"):
        check.told(row, f"gateway {plan.outside}99 does not answer", "on eth0")
        nobody_is_blamed(check, row)


@scenario
def the_link_to_the_gateway_is_down(net):
    """The kernel goes on to ask for the gateway on an interface without a carrier."""
    net.router.ip("link set outside down")
    check = net.check(options=())
    for row in check.expect({}, **DOWN, direction="forward", cause="unreachable"):
        check.told(row, "eth0 has no carrier")
        check.require("the cable" in row["advice"], "the advice does not help", row)
        nobody_is_blamed(check, row)


@scenario
def own_firewall_rejects(net):
    """What the kernel reports in this host's own name is not said by the server."""
    for protocol in "udp", "tcp":
        net.client.nft(f"""
            table inet own {{ chain output {{ type filter hook output priority 0;
                {net.plan.nft} daddr {net.plan.floating} {protocol} dport {PORT} reject with icmpx type port-unreachable;
            }}; }}
        """)
    check = net.check(options=())
    check.expect({"target": "bootnode"}, state="unknown", cause="local", sent=0, server=None, expected=False)
    check.rest_is_healthy()


@scenario
def no_route_to_the_other_address(net):
    """Two addresses do not answer, and at one of them that is this host's fault: nothing says that the server is down."""
    plan = net.plan
    droplet = plan.droplet["boot-01"]
    net.client.ip(f"route add unreachable {plan.floating}")
    net.cut("return", droplet)
    check = net.check([
        {"name": "boot-01", "role": "droplet", "address": droplet, "server": "boot-01"},
        {"name": "bootnode", "role": "floating", "address": plan.floating, "server": "boot-01"},
    ])  # fmt: skip
    check.expect({"target": "bootnode"}, state="unknown", cause="local", sent=0)
    check.expect({"target": "boot-01"}, state="down", cause="unexplained")


@scenario
def no_route_to_a_third_address(net):
    """As on a host without IPv6: the two others still prove it."""
    plan = net.plan
    third = f"{plan.droplets}77"
    net.client.ip(f"route add unreachable {third}")
    addresses = {"boot-01": plan.droplet["boot-01"], "bootnode": plan.floating, "third": third}
    for name in "boot-01", "bootnode":
        net.cut("forward", addresses[name])
    check = net.check([
        {"name": name, "role": "floating" if name == "bootnode" else "droplet", "address": address, "server": "boot-01"}
        for name, address in addresses.items()
    ])  # fmt: skip
    check.expect({"target": "third"}, state="unknown", cause="local", sent=0)
    for name in "boot-01", "bootnode":
        check.expect({"target": name}, state="down", cause="server-down")


@scenario
def answers_from_another_port(net):
    """A translation on the way back changes the port alone."""
    plan = net.plan
    net.cut("return", plan.floating, "udp", verdict="udp sport set 40000")
    check = net.check(options=())
    for row in check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="return", cause="wrong-source"):
        check.told(row, f"came from port 40000 of {plan.floating} instead of port {PORT}")
        check.require("source port" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
