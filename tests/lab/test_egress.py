#!/usr/bin/python3 -B
"""How probes leave the client: source address, interface and VRF, DSCP, TTL, firewall mark, link-local addresses.

    client  eth0: two addresses, perhaps in a VRF ──── router, which counts what it sees ──── boot-01, boot-02
"""

import itertools
import json
import signal

from lab import Failure, link, wait_until
from provider import NO_CAPABILITY, PORT, QUICK, main, scenario, scenarios


def counting(net, name, rule):
    """A counter in the router, of what goes to the servers' port from the client's link."""
    net.router.nft(
        f"table inet {name} {{\n counter seen {{ }}\n chain in {{\n  type filter hook prerouting priority -400;\n"
        f'  iifname "outside" meta l4proto {{ tcp, udp }} th dport {PORT} {rule} counter name seen\n }}\n}}\n'
    )

    def packets():
        shown = json.loads(net.router.run("nft", "-j", "list", "counters", "table", "inet", name).stdout)
        return sum(entry["counter"]["packets"] for entry in shown["nftables"] if "counter" in entry)

    return packets


def floating(net, **more):
    return [{"name": "bootnode", "role": "floating", "address": net.plan.floating, "server": ["boot-01", "boot-02"], **more}]


def with_droplets(net, **more):
    """Every way leaves alike: queries about the floating address go to the droplets."""
    return [{**target, **more} for target in net.targets()]


@scenario
def source(net):
    second = f"{net.plan.outside}22"
    net.client.ip(net.plan.add(second, "eth0"))
    net.settle()
    mine = counting(net, "mine", f"{net.plan.nft} saddr {second}")
    others = counting(net, "others", f"{net.plan.nft} saddr != {second}")
    net.check(with_droplets(net, source=second)).rest_is_healthy()
    if not mine() or others():
        raise Failure(f"{mine()} packets from {second}, {others()} from elsewhere")
    # Queries for evidence leave alike.
    net.cut("return", net.plan.floating)
    check = net.check(with_droplets(net, source=second))
    check.expect({"target": "bootnode"}, state="down", direction="return")
    if others():
        raise Failure(f"{others()} packets did not leave from {second}")


@scenario
def two_sources_for_one_address(net):
    """Two targets at one address, each from a source of its own. The router drops what comes from one of them: that one is
    down, and the evidence comes over the other one."""
    second = f"{net.plan.outside}22"
    net.client.ip(net.plan.add(second, "eth0"))
    net.settle()
    net.router.nft(
        f"table inet second {{\n chain in {{\n  type filter hook prerouting priority -400;\n"
        f"  {net.plan.nft} saddr {second} meta l4proto {{ tcp, udp }} th dport {PORT} drop\n }}\n}}\n"
    )
    ways = {"first": f"{net.plan.outside}2", "second": second}
    targets = [{**floating(net, source=own)[0], "name": name, "server": "boot-01"} for name, own in ways.items()]
    check = net.check(targets)
    check.expect({"target": "first"}, state="up", expected=True)
    check.expect({"target": "second"}, state="down", direction="forward", lost=0)


@scenario
def source_of_another_host(net):
    """An address that this host does not have: nothing leaves, and a sentence says why."""
    for row in net.check(floating(net, source=f"{net.plan.outside}33")).expect({}, cause="local", expected=False, sent=0):
        if not any("assign" in sentence for sentence in row["evidence"]):
            raise Failure(json.dumps(row, indent=1))


def put_into_vrf(net, host, addresses):
    """eth0 with these addresses. False: this kernel has no VRFs."""
    made = host.run("ip", "link", "add", "blue", "type", "vrf", "table", "77", status=None)
    if "Unknown device type" in made.stderr:
        print("       (this kernel has no VRF)")
        return False
    host.ip("link set blue up", "link set eth0 master blue")
    if net.plan.nft == "ip6":
        host.ip(*(f"addr replace {address}/{net.plan.bits} dev eth0 nodad" for address in addresses))
    net.settle()
    return True


@scenario
def vrf(net):
    """Only the VRF has a route to anywhere."""
    if not put_into_vrf(net, net.client, [f"{net.plan.outside}2"]):
        return
    net.client.ip(f"route replace {net.plan.everything} via {net.plan.outside}1 dev eth0 table 77")
    net.check(floating(net)).expect({}, cause="local", sent=0)
    net.check(with_droplets(net, interface="blue")).rest_is_healthy()
    net.cut("return", net.plan.floating)
    check = net.check(with_droplets(net, interface="blue"))
    check.expect({"target": "bootnode"}, state="down", direction="return", cause="unexplained")
    check.rest_is_healthy()


@scenarios(("all",), ("bound",))
def vrf_of_the_server(net, sockets):
    """Only the VRF has routes. floatprobed's sockets receive from all VRFs, or `ip vrf exec` binds them to this one."""
    plan, server = net.plan, net.servers["boot-01"]
    own = plan.droplet[server.name]
    server.stop()
    if not put_into_vrf(net, server.host, [own, plan.anchor[server.name]]):
        return
    server.host.ip(f"route replace {plan.everything} via {plan.droplets}1 dev eth0 src {own} table 77")
    accept = 1 if sockets == "all" else 0
    server.host.sysctl(f"ipv4.udp_l3mdev_accept={accept}", f"ipv4.tcp_l3mdev_accept={accept}")
    server.start() if accept else server.start(("ip", "vrf", "exec", "blue"))
    net.check(options=()).rest_is_healthy()
    net.cut("return", plan.floating)
    check = net.check()
    for row in check.expect({"target": "bootnode"}, state="down", direction="return", cause="unexplained"):
        check.require(not any("route" in sentence for sentence in row["evidence"]), "its routes are right", row)
    check.rest_is_healthy()


def add_uplink(net):
    """eth1, over which all is well. The best route leads over eth0 to a gateway that is not there."""
    link(net.client, "eth1", net.router, "uplink")
    net.router.ip(net.plan.add(f"{net.plan.private}1", "uplink"))
    net.client.ip(
        net.plan.add(f"{net.plan.private}2", "eth1"),
        f"route replace {net.plan.everything} via {net.plan.outside}99 dev eth0 metric 1",
        f"route add {net.plan.everything} via {net.plan.private}1 dev eth1 metric 9999",
    )
    for other in ("", " metric 1024"):  # what IPv4 and IPv6 have as the metric of a route without one
        net.client.run("ip", *f"route del {net.plan.everything} via {net.plan.outside}1 dev eth0{other}".split(), status=None)
    net.settle()


@scenario
def second_uplink(net):
    add_uplink(net)
    net.check(floating(net)).expect({}, expected=False, answered=0)
    net.check(with_droplets(net, interface="eth1")).rest_is_healthy()
    # The gateway of the other link is no explanation.
    net.cut("return", net.plan.floating, link="uplink")
    check = net.check(with_droplets(net, interface="eth1"))
    check.expect({"target": "bootnode"}, state="down", direction="return", cause="unexplained")
    check.rest_is_healthy()


@scenarios(("root",), ("ordinary",))
def interface_that_is_made_again(net, privilege):
    """It has the same name and another index, and the held source port is bound to the old one."""
    up = {"state": "up", "direction": "none", "cause": "none"}
    paths = [{"target": "bootnode", "protocol": "udp", "flow": flow} for flow in ("held", "fresh")]
    add_uplink(net)
    daemon = net.run_daemon(with_droplets(net, interface="eth1"), under=NO_CAPABILITY if privilege == "ordinary" else ())
    for path in paths:
        daemon.wait_for(path, **up)
    net.client.ip("link delete eth1")
    for path in paths:
        daemon.wait_for(path, cause="local")
    add_uplink(net)
    for path in paths:
        daemon.wait_for(path, **up)


@scenarios(*itertools.product(("configured", "chosen", "bound"), ("root", "ordinary")))
def source_that_goes_away(net, which, privilege):
    """This host loses the address that its probes leave from, and gets it back. A held IPv6 socket goes on to send from
    it; without another address the kernel takes a link-local one, which no router forwards. Bound to an interface it
    sends from 0.0.0.0."""
    source = f"{net.plan.outside}2"
    targets = with_droplets(net, **{"configured": {"source": source}, "bound": {"interface": "eth0"}}.get(which, {}))
    daemon = net.run_daemon(targets, under=NO_CAPABILITY if privilege == "ordinary" else ())
    paths = [{"target": "bootnode", "protocol": "udp", "flow": "held"}, {"target": "bootnode", "protocol": "udp", "flow": "fresh"},
             {"target": "boot-01", "protocol": "tcp"}]  # fmt: skip
    for path in paths:
        daemon.wait_for(path, state="up", cause="none")
    net.client.ip(f"addr del {source}/{net.plan.bits} dev eth0")
    for path in paths:
        daemon.wait_for(path, cause="local")
    net.client.ip(net.plan.add(source, "eth0"), f"route replace {net.plan.everything} via {net.plan.outside}1")
    for path in paths:
        daemon.wait_for(path, state="up", cause="none")
    said = {(to["cause"], to["direction"]) for path in paths for to in daemon.changes(path)}
    if wrong := {each for each in said if each[0] not in ("none", "local", "unexplained") or each[1] not in ("none", "unknown")}:
        raise Failure(f"nothing but this host is to blame: {wrong}")


@scenario
def no_address_at_all(net):
    """The route leads to an interface that has none, as a tunnel may: IPv6 packets leave from ::1, IPv4 ones from 0.0.0.0."""
    net.client.run("ip", "addr", "flush", "dev", "eth0")
    net.client.ip(f"route replace {net.plan.everything} dev eth0")
    net.check(floating(net)).expect({}, cause="local", direction="unknown", expected=False, answered=0)


@scenario
def second_uplink_without_next_hop(net):
    """Here the gateway that is asked for is the one of the interface."""
    add_uplink(net)
    net.router.ip("link set uplink down")
    net.client.run("ip", "neigh", "flush", "dev", "eth1", status=None)
    check = net.check(floating(net, interface="eth1"))
    check.expect({}, cause={"local", "unreachable"}, expected=False)


@scenario
def interface_that_is_not_there(net):
    for row in net.check(floating(net, interface="eth7")).expect({}, cause="local", sent=0):
        if not any("device" in sentence for sentence in row["evidence"]):
            raise Failure(json.dumps(row, indent=1))


@scenario
def dscp_and_ttl(net):
    hops = "ip6 hoplimit" if net.plan.nft == "ip6" else "ip ttl"
    marked = counting(net, "marked", f"{net.plan.nft} dscp ef {hops} 9")
    others = counting(net, "others", f"{net.plan.nft} dscp != ef")
    check = net.check(with_droplets(net, dscp="ef", ttl=9))
    check.rest_is_healthy()
    check.expect({"protocol": "udp"}, dscp={"sent": 46, "arrived": 46}, evidence=[])
    if not marked() or others():
        raise Failure(f"{marked()} packets with ef and TTL 9, {others()} without ef")


@scenario
def bleached(net):
    """The provider clears or changes the DSCP. All works, and a sentence says what arrived."""
    for dscp, word in ("cs0", "clears"), ("af11", "changes"):
        net.router.nft(
            "table inet bleach { }\nflush table inet bleach\ntable inet bleach {\n chain out {\n"
            "  type filter hook postrouting priority 300;\n"
            f'  oifname "lan" {net.plan.nft} dscp ef {net.plan.nft} dscp set {dscp}\n }}\n}}\n'
        )
        check = net.check(with_droplets(net, dscp="ef"))
        check.rest_is_healthy()
        arrived = {"cs0": 0, "af11": 10}[dscp]
        for row in check.expect({"protocol": "udp"}, dscp={"sent": 46, "arrived": arrived}):
            check.told(row, f"arrived with DSCP {arrived}", word)


@scenario
def defaults_and_one_that_differs(net):
    marked, plain = (counting(net, name, f"{net.plan.nft} dscp {dscp}") for name, dscp in (("marked", "af11"), ("plain", "cs0")))
    targets = [dict(target) for target in net.targets()]
    targets[0]["dscp"] = "0"
    net.check(targets, defaults={"dscp": "af11"}).rest_is_healthy()
    if not marked() or not plain():
        raise Failure(f"{marked()} packets with af11, {plain()} without")


@scenario
def firewall_mark(net):
    """The main table leads nowhere; what is marked has a table of its own."""
    family = "-6" if net.plan.nft == "ip6" else "-4"
    net.client.ip(f"route del {net.plan.everything}")
    net.client.run("ip", family, "rule", "add", "fwmark", "0x2a", "table", "42")
    net.client.run("ip", family, "route", "add", "default", "via", f"{net.plan.outside}1", "dev", "eth0", "table", "42")
    net.check(floating(net)).expect({}, cause="local", sent=0)
    net.check(with_droplets(net, fwmark="0x2a")).rest_is_healthy()


@scenario
def firewall_mark_without_the_capability(net):
    file = net.config(with_droplets(net, fwmark="42"))
    for command in ("check", "run"):
        done = net.client.run(*NO_CAPABILITY, net.program("floatprobe"), command, file, status=3)
        if "fwmark needs CAP_NET_ADMIN" not in done.stderr:
            raise Failure(done.stderr)
    done = net.client.run(*NO_CAPABILITY, net.program("floatprobe"), "check", file, "--format", "nagios", status=3)
    if "fwmark needs CAP_NET_ADMIN" not in done.stdout:
        raise Failure(done.stdout)


@scenario
def firewall_mark_that_comes_with_a_reload(net):
    """The capability went with root. The old configuration goes on, and the log says what helps."""
    daemon = net.run_daemon(floating(net))
    daemon.wait_for({"target": "bootnode"}, state="up")
    net.config(floating(net, fwmark="42"))
    daemon.process.send(signal.SIGHUP)
    wait_until("it is refused", lambda: "the old configuration stays in use" in daemon.process.output())
    if "fwmark of a target needs CAP_NET_ADMIN" not in (said := daemon.process.output()) or "(restart)" not in said:
        raise Failure(said)
    restarted = net.run_daemon(floating(net, fwmark="42"))
    wait_until("a start keeps it", lambda: "probing" in restarted.process.output())


@scenario
def link_local(net):
    net.put_client_on_lan()
    server = net.servers["boot-01"].host
    shown = json.loads(server.run("ip", "-j", "-6", "addr", "show", "dev", "eth0", "scope", "link").stdout)
    (address,) = (info["local"] for entry in shown for info in entry.get("addr_info", []) if "local" in info)
    target = {"name": "local", "role": "droplet", "address": f'"{address}%eth0"', "server": "boot-01"}
    wait_until("the client has a link-local address",
               lambda: "fe80" in net.client.run("ip", "-6", "addr", "show", "dev", "eth0").stdout)  # fmt: skip
    net.check([target]).healthy({"address": address}, "boot-01", address)
    done = net.client.run(net.program("floatprobe"), "config", net.config([{**target, "address": address}]), status=2)
    if "interface" not in done.stderr:
        raise Failure(done.stderr)
    uri = net.client.run(
        net.program("floatprobe"), "pubkey", f"{net.files}/boot-01.key", "--uri", f"[{address}%25eth0]", "--name", "b"
    ).stdout.strip()
    net.client.run(net.program("floatprobe"), "ping", uri, "--key", f"{net.files}/fra-home.key", *QUICK, status=0)


if __name__ == "__main__":
    main()
