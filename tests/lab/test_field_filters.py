#!/usr/bin/python3 -B
"""Conditions of other people's translations and filters (docs/FIELD.md).

    client ──── [nat] ──── router ──── lan ──┬── boot-01   droplet, anchor
                ports run    translates,     │
                out          proxies,        └── boot-02
                             limits
"""

import os
import sys
import time

import lab
from lab import Failure, wait_until
from provider import DOWN, PORT, main, scenario, scenarios

PROXY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "udp_proxy.py")
ROUND = ("--count", "8", "--spacing", "60ms", "--timeout", "500ms")
MANY = ("--count", "40", "--spacing", "40ms", "--timeout", "500ms")
FLOATING = {"target": "bootnode"}
UDP = {**FLOATING, "protocol": "udp"}
HELD, FRESH = {**UDP, "flow": "held"}, {**UDP, "flow": "fresh"}
TCP = {**FLOATING, "protocol": "tcp"}
LOST = {**DOWN, "arrived_on": None}
PAUSES_SECONDS = 24  # eight probes, each after a pause


def filter_forward(net, rules):
    """On the router, behind its translation."""
    net.router.nft(f"table inet own {{ chain forward {{ type filter hook forward priority 0; {rules} }}; }}\n")


def translate_only(net, protocol):
    """The floating address is the router's own, and one protocol of it is passed on."""
    plan = net.plan
    net.router.ip(net.plan.add(plan.floating, "lo"))
    net.router.nft(f"""
        flush chain {plan.nft} provider floating
        add rule {plan.nft} provider floating {plan.nft} daddr {plan.floating} {protocol} dport {PORT} dnat to {plan.anchor["boot-01"]}
    """)


@scenario
def no_hairpin(net):
    """Everything comes back from the anchor address, by the short way."""
    net.put_client_on_lan()
    net.client.ip(f"route add {net.plan.floating} via {net.plan.droplets}1",
                  f"route add {net.plan.anchors}0/{net.plan.bits} dev eth0")
    net.client.sysctl("ipv4.conf.all.accept_redirects=0", "ipv4.conf.eth0.accept_redirects=0", "ipv6.conf.eth0.accept_redirects=0")
    check = net.check(options=ROUND)
    for row in check.expect(UDP, **DOWN, direction="return", cause="wrong-source"):
        check.told(row, net.plan.anchor["boot-01"])
    check.expect(TCP, **DOWN, direction={"return", "unknown"}, cause={"unexplained", "wrong-source"})
    check.rest_is_healthy()


@scenarios(("direct",), ("nat",))
def node_forwards_without_translating_the_source(net, client):
    """boot-02 has the address, and sends what comes for it to boot-01, which answers by itself."""
    if client == "nat":
        net.put_client_behind_nat()
    plan, address, two = net.plan, f"{net.plan.droplets}50", net.servers["boot-02"].host
    net._forwarding(two)
    two.ip(f"{plan.add(address, 'eth0')} preferred_lft 0")
    two.nft(f"""
        table {plan.nft} kube {{ chain services {{
            type nat hook prerouting priority dstnat;
            {plan.nft} daddr {address} dnat to {plan.droplet["boot-01"]};
        }}; }}
    """)
    service = {"name": "service", "role": "floating", "address": address, "server": ["boot-01", "boot-02"]}
    check = net.check([*[t for t in net.targets() if t["role"] == "droplet"], service], options=ROUND)
    # The NAT chooses ports by chance: the answer to one probe may come to the port of a flow to boot-01.
    cause = "wrong-source" if client == "direct" else {"unexplained", "wrong-source"}
    for row in check.expect({"target": "service", "protocol": "udp"}, **DOWN, direction="return", cause=cause):
        if client == "direct":
            check.told(row, plan.droplet["boot-01"])
    check.expect({"target": "service", "protocol": "tcp"}, **DOWN, direction={"return", "unknown"},
                 cause={"unexplained", "wrong-source"})
    check.rest_is_healthy()


@scenarios(("udp",), ("tcp",))
def one_port_is_published(net, protocol):
    translate_only(net, protocol)
    other = {"udp": "tcp", "tcp": "udp"}[protocol]
    check = net.check(options=ROUND)
    check.expect({**FLOATING, "protocol": other}, **LOST, direction="forward", cause="refused")
    check.rest_is_healthy()


@scenario
def container_came_back_with_another_address(net):
    """The host goes on to translate the flow that it knows to the old one."""
    server, plan = net.servers["boot-01"], net.plan
    daemon = net.run_daemon()
    for path in (HELD, FRESH, TCP):
        daemon.wait_for(path, state="up", server="boot-01")
    server.stop()
    address = f"{plan.anchors}99"
    server.host.ip(f"addr del {plan.anchor['boot-01']}/{plan.bits} dev eth0", plan.add(address, "eth0"))
    daemon.wait_for(HELD, state="down")
    server.start()
    holder = f"{plan.nft} provider holder"
    net.router.nft(f"flush map {holder}\nadd element {holder} {{ {plan.floating} : {address} }}\n")
    for path in (FRESH, TCP):
        daemon.wait_for(path, state="up", cause="none", server="boot-01")
    daemon.wait_for(HELD, state="down", direction="forward", cause="stuck-flow")
    net.router.forget_flows()
    daemon.wait_for(HELD, state="up", cause="none", server="boot-01")


def proxy(net, policy=""):
    """Programs on the router take the floating address's probes, and ask boot-01."""
    lab.need("socat")
    plan = net.plan
    version = "6" if plan.nft == "ip6" else "4"
    bracketed = f"[{plan.droplet['boot-01']}]" if version == "6" else plan.droplet["boot-01"]
    net.router.ip(plan.add(plan.floating, "lo"))
    net.router.nft(f"flush chain {plan.nft} provider floating\n")
    net.router.start("socat", f"TCP{version}-LISTEN:{PORT},fork,reuseaddr", f"TCP{version}:{bracketed}:{PORT}")
    net.router.start(sys.executable, "-B", PROXY, plan.floating, plan.droplet["boot-01"], str(PORT), policy)
    for protocol in ("udp", "tcp"):
        wait_until(f"the {protocol} proxy listens", lambda protocol=protocol: net.router.listens(protocol, PORT))


@scenario
def proxy_before_the_server(net):
    proxy(net)
    check = net.check(options=ROUND)
    check.expect(FLOATING, state="up", cause="none", server="boot-01", arrived_on=net.plan.droplet["boot-01"])
    check.rest_is_healthy()


@scenarios(*((direction, octet) for direction in ("forward", "return") for octet in ("data", "version", "key")))
def octets_are_altered(net, direction, octet):
    """Their checksums fit, so that sockets get them. It is no firewall that drops them."""
    proxy(net, f"altered-{octet}" if direction == "return" else f"altered-requests-{octet}")
    check = net.check(options=ROUND)
    for row in check.expect(UDP, **DOWN, direction=direction):
        if (direction, octet) == ("forward", "key"):  # the server knows nobody of that name
            check.require(row["cause"] in ("unexplained", "protocol-filtered"), "the socket got them", row)
            continue
        check.require(row["cause"] == "unexplained", "the sockets got them", row)
        check.told(row, "do not authenticate")
    check.expect(TCP, state="up", cause="none", server="boot-01", arrived_on=net.plan.droplet["boot-01"])
    check.rest_is_healthy()


@scenario
def proxy_before_a_stopped_server(net):
    proxy(net)
    net.servers["boot-01"].stop()
    check = net.check(options=ROUND)
    check.expect(UDP, **LOST)
    check.expect(TCP, **LOST)
    check.expect({"target": "boot-01"}, **LOST, direction="forward", cause="refused")
    for row in check.rows:
        check.require(row["cause"] not in ("stuck-flow", "server-down", "duplicate-address", "data-filtered"), "false", row)
    check.rest_is_healthy()


@scenario
def translation_has_no_port_left(net):
    net.put_client_behind_nat()
    nat = net.hosts[0]
    nat.nft(f"flush chain {net.plan.nft} nat out\n"
            f"add rule {net.plan.nft} nat out oifname eth0 {net.plan.nft} daddr {net.plan.floating} meta l4proto udp masquerade to :40000-40005\n"
            f"add rule {net.plan.nft} nat out oifname eth0 {net.plan.nft} daddr {net.plan.floating} meta l4proto tcp masquerade to :40000-40005\n"
            f"add rule {net.plan.nft} nat out oifname eth0 masquerade\n")
    check = net.check(options=("--count", "20", "--spacing", "60ms", "--timeout", "500ms"))
    check.healthy(HELD, "boot-01", net.plan.anchor["boot-01"])
    for row in check.expect(FRESH, state={"lossy", "down"}, direction="forward"):
        check.require(row["cause"] != "some-ports", "no new port passes any more", row)


@scenario
def new_flows_are_limited(net):
    anchor = net.plan.anchor["boot-01"]
    filter_forward(net, f"{net.plan.nft} daddr {anchor} ct state new limit rate over 6/second burst 5 packets drop;")
    check = net.check(options=MANY)
    check.expect(FRESH, state="lossy", direction="forward", cause={"some-ports", "unexplained"})


@scenario
def packets_are_limited(net):
    """All of a protocol share a bucket."""
    filter_forward(net, f"udp dport {PORT} limit rate over 40/second burst 5 packets drop;")
    check = net.check(options=MANY)
    for row in check.expect({"protocol": "udp"}, direction={"forward", "none"}, cause={"unexplained", "none"}):
        check.require(row["state"] != "down", "some pass", row)
    check.rest_is_healthy()


@scenario
def rule_removed_but_flows_are_tracked(net):
    daemon = net.run_daemon()
    for path in (HELD, FRESH, TCP):
        daemon.wait_for(path, state="up", server="boot-01")
    filter_forward(net, f"{net.plan.nft} daddr {net.plan.anchor['boot-01']} ct state established accept;"
                        f"{net.plan.nft} daddr {net.plan.anchor['boot-01']} th dport {PORT} drop;")
    daemon.wait_for(FRESH, state="down", direction="forward")
    daemon.wait_for(TCP, state="down")
    wait_until("there were more rounds", lambda: len(daemon.changes(TCP)) > 1)
    if (last := daemon.changes(HELD)[-1])["state"] != "up":
        raise Failure(f"the held flow passes: {last}")
    if wrong := [to for to in daemon.changes(TCP) if to["cause"] == "protocol-filtered"]:
        raise Failure(f"new flows of UDP fail as well: {wrong}")
    for line in daemon.journal():
        told = " ".join(line["evidence"]) if line["type"] == "change" else ""
        if "on the server itself" in told or "has heard nothing" in told:
            raise Failure(f"frames of the held flow come, and are heard: {line}")


@scenario
def bindings_are_forgotten(net):
    """After a second without a packet the first one of a UDP flow is lost: of held flows, as they are probed seldom, and of
    all new ones. What follows at once passes, so UDP is not filtered."""
    plan = net.plan
    net.router.nft(f"""
        table inet own {{
            set bindings {{ type inet_service; size 65535; flags dynamic, timeout; timeout 1s; }}
            chain known {{ update @bindings {{ udp sport }} accept; }}
            chain in {{
                type filter hook prerouting priority -310;
                iifname outside {plan.nft} daddr {plan.floating} udp sport @bindings jump known
                iifname outside {plan.nft} daddr {plan.floating} udp dport {PORT} update @bindings {{ udp sport }} drop
            }}
        }}
    """)
    daemon = net.run_daemon(every="3s")
    daemon.wait_for(HELD, state="down", direction="forward", seconds=40)
    time.sleep(PAUSES_SECONDS)
    lab_end = daemon.process.stop()
    if wrong := [to for to in daemon.changes(UDP) if to["cause"] != "unexplained"]:
        raise Failure(f"UDP passes: {wrong}")
    (held,) = [line for line in daemon.journal() if line["type"] == "path" and HELD.items() <= line.items()][-1:]
    if lab_end or not any("after a pause" in said for said in held["evidence"]) or "forgets" not in held["advice"]:
        raise Failure(f"exit status {lab_end}, and what is lost is not told: {held}")


@scenario
def node_without_an_endpoint(net):
    """kube-proxy: no host has the address. The one that attracts it translates it, or drops it."""
    plan, address = net.plan, f"{net.plan.droplets}50"
    net.put_client_on_lan()
    one = net.servers["boot-01"].host
    net.client.ip(f"neigh replace {address} lladdr {one.mac()} dev eth0 nud permanent")
    kube = f"add table {plan.nft} kube\nadd chain {plan.nft} kube services {{ type nat hook prerouting priority dstnat; }}\n"
    kube += f"add rule {plan.nft} kube services {plan.nft} daddr {address} dnat to {plan.droplet['boot-01']}\n"
    one.nft(kube)
    targets = [*[t for t in net.targets() if t["role"] == "droplet"],
               {"name": "service", "role": "floating", "address": address, "server": ["boot-01", "boot-02"]}]
    check = net.check(targets, options=ROUND)
    check.expect({"target": "service"}, state="up", cause="none", server="boot-01", arrived_on=plan.droplet["boot-01"])
    check.rest_is_healthy()
    one.nft(f"flush chain {plan.nft} kube services\n"
            f"add chain {plan.nft} kube external {{ type filter hook prerouting priority raw; }}\n"
            f"add rule {plan.nft} kube external {plan.nft} daddr {address} drop\n")
    one.forget_flows()
    check = net.check(targets, options=ROUND)
    causes = {"server-firewall", "misdelivered", "unexplained"}  # its own rule drops what comes for an address that it lacks
    check.expect({"target": "service"}, **LOST, direction="forward", cause=causes)
    check.rest_is_healthy()


@scenarios(("udp",), ("tcp",))
def node_translates_and_its_firewall_drops(net, protocol):
    """Frames for an address that boot-01 does not have are its own all the same."""
    plan, address = net.plan, f"{net.plan.droplets}50"
    net.put_client_on_lan()
    one = net.servers["boot-01"].host
    net.client.ip(f"neigh replace {address} lladdr {one.mac()} dev eth0 nud permanent")
    one.nft(f"""
        table {plan.nft} kube {{
            chain services {{ type nat hook prerouting priority dstnat; {plan.nft} daddr {address} dnat to {plan.droplet["boot-01"]}; }}
            chain pods {{ type filter hook input priority 0; ct original {plan.nft} daddr {address} {protocol} dport {PORT} drop; }}
        }}
    """)
    targets = [*[t for t in net.targets() if t["role"] == "droplet"],
               {"name": "service", "role": "floating", "address": address, "server": ["boot-01", "boot-02"]}]
    check = net.check(targets, options=ROUND)
    for row in check.expect({"target": "service", "protocol": protocol}, **LOST, direction={"forward", "unknown"}):
        check.require(row["cause"] not in ("misdelivered", "not-assigned", "holder-down"), "boot-01 holds it", row)


if __name__ == "__main__":
    main()
