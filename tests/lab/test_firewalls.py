#!/usr/bin/python3 -B
"""What comes to the server's interface and not to its socket, and what only seems to.

    client ─── bridge, router, NAT ───► boot-01   its own firewall, its rp_filter: frames come in, datagrams do not
                  wrong checksums                 its kernel drops them
                                        boot-02   the witness
"""

from flat import DEAD
from provider import DOWN, NO_CAPABILITY, PORT, TWICE, main, once, scenario, scenarios

DOWN_IN_RUN = {"state": "down", "direction": "forward"}


def spoil_checksums(net, address, protocol):
    net.client.make_checksums()
    net.router.nft(f"""
        add rule inet fault cut_forward iifname outside {net.plan.nft} daddr {address} \
            {protocol} dport {PORT} {protocol} checksum set 0x0bad
    """)


@scenario
def frames_for_another_machine(net):
    """A bridge floods what it knows no port for: boot-01's interface hears frames that are not for it. It says what it
    has heard over the floating address, whose answers come straight from the anchor and are no answers."""
    net.put_client_on_lan()
    net.client.ip(
        f"neigh replace {net.plan.droplet['boot-01']} lladdr {DEAD} dev eth0 nud permanent",
        f"route add {net.plan.floating} via {net.plan.droplets}1",
    )
    check = net.check(options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="forward", cause="unexplained")
    check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="return", cause="wrong-source")
    check.healthy({"target": "boot-02"}, "boot-02", net.plan.droplet["boot-02"])


@scenarios(*[(protocol, *privilege) for protocol in ("udp", "tcp") for privilege in TWICE])
def checksums_that_do_not_hold(net, protocol, privilege):
    """Its own kernel counts them, for whoever asks: neither is its buffer full, nor has it a firewall."""
    net.deprive(privilege)
    spoil_checksums(net, net.plan.droplet["boot-01"], protocol)
    check = net.check(options=())
    rows = check.expect(
        {"target": "boot-01", "protocol": protocol}, **DOWN, direction="forward", cause="bad-checksum"
    )
    for row in rows:
        check.told(row, "checksum was wrong")
        check.require(not any("full" in sentence for sentence in row["evidence"]), "no buffer was full", row)
    check.rest_is_healthy()


@scenarios(*TWICE)
def checksums_of_zero(net, privilege):
    """IPv4 allows them. An IPv6 kernel drops such datagrams before it looks for a socket."""
    net.deprive(privilege)
    net.client.make_checksums()
    boot_01 = net.plan.droplet["boot-01"]
    net.router.nft(f"""
        add rule inet fault cut_forward iifname outside {net.plan.nft} daddr {boot_01} udp dport {PORT} udp checksum set 0
    """)
    check = net.check(options=())
    if net.plan.nft == "ip6":
        for row in check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="forward", cause="bad-checksum"):
            check.told(row, "or zero over IPv6")
            check.require(not any("server-firewall" in sentence for sentence in row["evidence"]), "no firewall", row)
    check.rest_is_healthy()


@scenario
def checksums_that_do_not_hold_in_run(net):
    spoil_checksums(net, net.plan.droplet["boot-01"], "udp")
    daemon = net.run_daemon()
    where = {"target": "boot-01", "protocol": "udp"}
    daemon.wait_for(where, **DOWN_IN_RUN, cause="bad-checksum")


def drop_at_server(net, hook, matches):
    """boot-01's own firewall takes what comes to our port."""
    priority = {"prerouting": -300, "input": 0}[hook]
    net.servers["boot-01"].host.nft(f"""
        table inet own {{ chain stop {{
            type filter hook {hook} priority {priority}; {matches} th dport {PORT} drop;
        }}; }}
    """)


@scenarios(("prerouting",), ("input",))
def the_server_drops_connections(net, hook):
    """Its link gets the SYNs, and no socket is made for them."""
    drop_at_server(net, hook, "meta l4proto tcp")
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        for row in check.expect(
            {"target": target, "protocol": "tcp"}, **DOWN, direction="forward", cause="server-firewall"
        ):
            check.told(row, "reached the interface of boot-01, but not its socket")
    check.rest_is_healthy()


@scenarios(("kept",), ("random",), ("fully-random",))
def the_server_drops_connections_from_behind_a_nat(net, ports):
    """Its link gets the SYNs from another address and port than they left with."""
    net.put_client_behind_nat("" if ports == "kept" else ports)
    drop_at_server(net, "input", "meta l4proto tcp")
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target, "protocol": "tcp"}, **DOWN, direction="forward", cause="server-firewall")
    check.rest_is_healthy()


@scenario
def the_server_drops_connections_and_may_not_look(net):
    net.deprive("unprivileged")
    drop_at_server(net, "input", "meta l4proto tcp")
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        tcp = {"target": target, "protocol": "tcp"}
        check.expect(tcp, **DOWN, direction={"forward", "unknown"}, cause="protocol-filtered")
    check.rest_is_healthy()


@scenario
def the_server_drops_its_answers_to_connections(net):
    """The socket is made, and forgotten after a second, as the kernel cannot send."""
    net.servers["boot-01"].host.nft(f"""
        table inet own {{ chain stop {{ type filter hook output priority 0; tcp sport {PORT} drop; }}; }}
    """)
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target, "protocol": "tcp"}, **DOWN, direction={"return", "unknown"},
                     cause="protocol-filtered")  # fmt: skip
    check.rest_is_healthy()


@scenario
def the_server_drops_connections_then_its_answers(net):
    """What it did with older connections says nothing of those that come after it has changed. Both ways were lost in
    this outage, and return alone in the end."""
    daemon = net.run_daemon()
    paths = [{"target": target, "protocol": "tcp"} for target in ("boot-01", "bootnode")]
    for where in paths:
        daemon.wait_for(where, state="up")
    drop_at_server(net, "input", "meta l4proto tcp")
    for where in paths:
        daemon.wait_for(where, **DOWN_IN_RUN, cause="server-firewall")
    net.servers["boot-01"].host.nft(f"""
        delete table inet own
        table inet own {{ chain stop {{ type filter hook output priority 0; tcp sport {PORT} drop; }}; }}
    """)
    for where in paths:
        daemon.wait_for(where, state="down", direction="return", cause="protocol-filtered")


@scenario
def the_server_resets_connections(net):
    net.servers["boot-01"].host.nft(f"""
        table inet own {{ chain stop {{
            type filter hook input priority 0; tcp dport {PORT} reject with tcp reset;
        }}; }}
    """)
    check = net.check(options=())
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target, "protocol": "tcp"}, **DOWN, cause="refused")
    check.rest_is_healthy()


@once
@scenarios(("both", "udp"), ("both", "tcp"), ("v4", "udp"), ("v4", "tcp"), ("v4", "all"))
def one_firewall_has_one_cause(net, family, protocol):
    """Whatever way the server's word came by: it knows the probes of all families."""
    if net.plan.nft == "ip6":
        return
    other = net.add_other_family()
    protocols = ("udp", "tcp") if protocol == "all" else (protocol,)
    only = "meta nfproto ipv4 " if family == "v4" else ""
    drop_at_server(net, "input", f"{only}meta l4proto {{ {', '.join(protocols)} }}")
    check = net.check([*net.targets(), other], options=())
    for target in ("boot-01", "bootnode", *([other["name"]] if family == "both" else [])):
        for each in protocols:
            check.expect({"target": target, "protocol": each}, **DOWN, direction="forward", cause="server-firewall")
    if family == "v4":
        check.healthy({"target": other["name"]}, "boot-01", other["address"])
    else:
        for row in check.rows:
            if row["target"] == other["name"] and row["protocol"] != protocol:
                check.healthy({"target": other["name"], "protocol": row["protocol"]}, "boot-01", other["address"])
    check.rest_is_healthy()


@scenario
def the_client_changes_the_port_of_answers(net):
    """Its own rule, behind the place where frames are seen. The answers are heard all the same."""
    net.client.nft(f"""
        table inet own {{ chain alter {{
            type filter hook input priority 0; udp sport {PORT} udp sport set 8621;
        }}; }}
    """)
    check = net.check(options=())
    check.expect({"protocol": "udp"}, **DOWN, direction="return", cause="wrong-source")
    check.rest_is_healthy()


# What is wrong with the way from boot-01 to the client, and what boot-01 says of it.
DEAD_ENDS = {
    "unreachable": "could not send its answers to",
    "prohibit": "a route prohibits it",
    "blackhole": "a blackhole route",
    "output": "Operation not permitted",
    "gateway": "where nobody answers its",
    "another_link": "by containers",
}


def cut_way_back(net, kind):
    server, client = net.servers["boot-01"].host, f"{net.plan.outside}2/{32 if net.plan.nft == 'ip' else 128}"
    if kind == "output":
        server.nft(f"""
            table inet own {{ chain stop {{
                type filter hook output priority 0;
                meta l4proto {{ tcp, udp }} th sport {PORT} {net.plan.nft} daddr {net.plan.outside}2 drop;
            }}; }}
        """)
    elif kind == "gateway":
        server.ip(f"route add {client} via {net.plan.droplets}99")
    elif kind == "another_link":
        server.ip("link add containers type bridge", "link add one type veth peer name other",
                  "link set one master containers", "link set one up", "link set other up", "link set containers up",
                  net.plan.add(f"{net.plan.outside}77", "containers"))  # fmt: skip
    else:
        server.ip(f"route add {kind} {client}")


@scenarios(*[(kind, "1s") for kind in DEAD_ENDS], ("another_link", "1300ms"))
def the_server_has_no_way_back(net, kind, timeout):
    """Its route to this client is a dead end, or leads to a bridge of its own (containers) that has the client's
    network, or its own firewall stops what it sends. Nobody hears it, but its witness does: it is not down. A SYN
    without a way back leaves no socket. IPv6 passes over a route whose gateway does not answer. The kernel gives an
    entry up after three seconds, and begins again: then a check of 3.3 s ends."""
    if (kind, net.plan.nft) == ("gateway", "ip6"):
        return
    net.restart_as_peers()
    cut_way_back(net, kind)
    check = net.check(options=("--timeout", timeout))
    for target in ("boot-01", "bootnode"):
        for row in check.expect({"target": target, "protocol": "udp"}, **DOWN, direction="return", cause="unexplained"):
            check.told(row, "boot-01 received", DEAD_ENDS[kind])
            check.require("how the server sends to this client" in row["advice"], "the advice names the server", row)
        tcp = {"target": target, "protocol": "tcp"}
        check.expect(tcp, **DOWN, direction={"return", "unknown"}, cause="unexplained")
    check.rest_is_healthy()
    lines = [line for line in net.servers["boot-01"].process.output().splitlines() if "cannot reply" in line]
    check.require(len(lines) <= 1, f"a line a minute: {lines}")
    check.require(len(lines) == 1 or kind in ("blackhole", "gateway", "another_link"), "the server says so")


@scenarios(("unreachable",), ("output",), ("gateway",))
def the_server_loses_its_way_back_in_run(net, kind):
    if (kind, net.plan.nft) == ("gateway", "ip6"):
        return
    net.restart_as_peers()
    daemon = net.run_daemon()
    where = {"target": "boot-01", "protocol": "udp"}
    daemon.wait_for(where, state="up")
    cut_way_back(net, kind)
    daemon.wait_for(where, state="down", direction="return", cause="unexplained")


if __name__ == "__main__":
    main()
