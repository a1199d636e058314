#!/usr/bin/python3 -B
"""Answers that the client's own host drops before its sockets get them. With CAP_NET_RAW they are seen at its interface;
without it, its kernel's counters tell.

    client ◄─── outside ─── router      its own firewall, wrong checksums
           ◄─── back ──────             by a link that is not the way to the servers: its strict rp_filter
"""

import time

from lab import Failure, link, wait_until
from provider import DOWN, NO_CAPABILITY, PORT, main, scenario, scenarios

UNDER = {"privileged": (), "unprivileged": NO_CAPABILITY}
SILENCE_SECONDS = 5  # three rounds of questions and more, after which a server may be called down
BOTH = [("privileged",), ("unprivileged",)]
# On the way back, or not known where nobody who could say so is heard. Never a claim about a server.
UNHEARD = {**DOWN, "direction": "unknown", "cause": "unexplained"}


def answers_by_another_link(net, *servers):
    """The answers of these servers come in where the client has no route to them."""
    client = f"{net.plan.outside}2"
    link(net.client, "back", net.router, "back")
    net.client.sysctl("ipv4.conf.all.rp_filter=1", "ipv4.conf.back.rp_filter=1")
    mac = net.client.mac("back")
    net.router.ip("addr add 198.18.77.1/24 dev back", f"route add {client}/32 dev back table 77",
                  f"neigh add {client} lladdr {mac} dev back nud permanent",
                  *(f"rule add from {address} lookup 77"
                    for name in servers for address in (net.plan.droplet[name], net.plan.anchor[name])))  # fmt: skip


def of_boot_01(net):
    """One server at two addresses: nobody else could say that it is alive."""
    return [dict(target, server="boot-01") for target in net.targets() if target["name"] != "boot-02"]


@scenario
def strict_rp_filter(net):
    """Its kernel drops answers that come by another interface than it would send to their source by. IPv6 has none."""
    if net.plan.nft == "ip6":
        return
    answers_by_another_link(net, *net.servers)
    check = net.check(options=())
    for row in check.expect({}, **DOWN, direction="return", cause="local"):
        check.told(row, "rp_filter")


@scenario
def strict_rp_filter_without_capabilities(net):
    """The witness, whose answers come by the other link, says that boot-01 is heard."""
    if net.plan.nft == "ip6":
        return
    net.restart_as_peers()
    answers_by_another_link(net, "boot-01")
    check = net.check(options=(), under=NO_CAPABILITY)
    for target in ("boot-01", "bootnode"):
        for row in check.expect({"target": target}, **DOWN, direction="return", cause="local"):
            check.told(row, "rp_filter")
            check.require("rp_filter" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()


@scenario
def strict_rp_filter_and_nobody_is_heard(net):
    if net.plan.nft == "ip6":
        return
    answers_by_another_link(net, *net.servers)
    for targets in None, of_boot_01(net):
        check = net.check(targets, options=(), under=NO_CAPABILITY)
        for row in check.expect({}, **UNHEARD):
            check.told(row, "rp_filter")
            check.require("rp_filter" in row["advice"], "the advice does not help", row)


def drop_at_client(net, hook):
    """The client's own firewall takes all answers, of all servers and over both protocols."""
    priority = {"input": 0, "prerouting": -300}[hook]
    net.client.nft(f"""
        table inet own {{ chain stop {{
            type filter hook {hook} priority {priority};
            meta l4proto {{ tcp, udp }} th sport {PORT} drop;
        }}; }}
    """)


@scenarios(("input",), ("prerouting",))
def the_client_drops_the_answers(net, hook):
    """No server is down, and nobody else has to look for it: the answers reach the client's interface."""
    drop_at_client(net, hook)
    check = net.check(options=())
    for row in check.expect({}, **DOWN, direction="return", cause="local"):
        check.told(row, "reached an interface of this host")


@scenarios(("input",), ("prerouting",))
def the_client_drops_the_answers_without_capabilities(net, hook):
    """Its kernel counts what it received and what it handed on. What it dropped may have been anything."""
    drop_at_client(net, hook)
    for targets in None, of_boot_01(net):
        check = net.check(targets, options=(), under=NO_CAPABILITY)
        for row in check.expect({}, **UNHEARD):
            check.told(row, "this host's kernel dropped")
            check.require("firewall" in row["advice"], "the advice does not help", row)


@scenarios(("privileged",), ("unprivileged",), ("privileged", "nat"), ("unprivileged", "nat"))
def the_client_drops_the_answers_of_connections(net, privilege, nat=""):
    """That UDP works shows no filter on the way."""
    if nat:
        net.put_client_behind_nat()
    net.client.nft(f"table inet own {{ chain stop {{ type filter hook input priority 0; tcp sport {PORT} drop; }}; }}")
    check = net.check(options=(), under=UNDER[privilege])
    for row in check.expect({"protocol": "tcp"}, **DOWN, direction={"return", "unknown"},
                            cause={"privileged": "local", "unprivileged": "protocol-filtered"}[privilege]):  # fmt: skip
        if privilege == "privileged":
            check.require(row["direction"] == "return", "the answers came", row)
        check.told(row, {"privileged": "reached an interface", "unprivileged": "this host's kernel dropped"}[privilege])
        check.require("firewall" in row["advice"] and "this" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()


@scenario
def the_client_drops_what_one_server_answers(net):
    """Others hear it, and its receipts come through them: it is the way back."""
    net.restart_as_peers()
    net.client.nft(f"""
        table inet own {{ chain stop {{
            type filter hook input priority 0;
            {net.plan.nft} saddr {{ {net.plan.droplet["boot-01"]}, {net.plan.floating} }} \
                meta l4proto {{ tcp, udp }} th sport {PORT} drop;
        }}; }}
    """)
    check = net.check(options=(), under=NO_CAPABILITY)
    for target in ("boot-01", "bootnode"):
        for row in check.expect({"target": target}, **DOWN, direction="return", cause="unexplained"):
            check.told(row, "this host's kernel dropped")
    check.rest_is_healthy()


@scenarios(*BOTH)
def answers_with_wrong_checksums(net, privilege):
    """The client's kernel drops them."""
    net.restart_as_peers()
    net.servers["boot-01"].host.make_checksums()
    for protocol in ("udp", "tcp"):
        net.cut("return", net.plan.droplet["boot-01"], protocol, verdict=f"{protocol} checksum set 0x0bad")
    check = net.check(options=(), under=UNDER[privilege])
    for row in check.expect({"target": "boot-01"}, **DOWN, direction="return", cause="local"):
        check.told(row, "checksum")
        check.require(not any("full" in sentence for sentence in row["evidence"]), "no buffer was full", row)
    check.rest_is_healthy()


@scenario
def the_client_drops_the_answers_in_run(net):
    daemon = net.run_daemon()
    where = {"target": "boot-01", "protocol": "udp"}
    tcp = {"target": "bootnode", "protocol": "tcp"}
    daemon.wait_for(where, state="up")
    daemon.wait_for(tcp, state="up")
    drop_at_client(net, "input")
    daemon.wait_for(where, state="down", direction="return", cause="local")
    daemon.wait_for(tcp, state="down", direction="return", cause="local")
    half_open = ("ss", "-Htn", "state", "syn-recv")
    wait_until("dozens of attempts are lost", lambda: net.servers["boot-02"].host.run(*half_open).stdout.count("\n") > 60)
    daemon.process.stop()
    rows = [line for line in daemon.journal() if line["type"] == "path" and tcp.items() <= line.items()]
    if sum(row["lost"] for row in rows) > sum(row["return_lost"] for row in rows):
        raise Failure(f"of most attempts it is not known that their answers came: {rows}")


@scenarios(("rp_filter",), ("firewall",))
def without_capabilities_in_run(net, fault):
    """No server is called down, from the first verdict on, and the cause comes once boot-01's receipts have."""
    if (fault, net.plan.nft) == ("rp_filter", "ip6"):
        return
    net.restart_as_peers()
    daemon = net.run_daemon(under=NO_CAPABILITY)
    where = {"target": "boot-01", "protocol": "udp"}
    daemon.wait_for(where, state="up")
    daemon.wait_for({"target": "bootnode", "protocol": "tcp"}, state="up")
    if fault == "rp_filter":
        answers_by_another_link(net, "boot-01")
        daemon.wait_for(where, state="down", direction="return", cause="local")
        daemon.wait_for({"target": "bootnode", "protocol": "tcp"}, state="down", direction="return", cause="local")
    else:
        drop_at_client(net, "input")
        daemon.wait_for({"target": "bootnode", "protocol": "tcp"}, state="down")
        time.sleep(SILENCE_SECONDS)
    for path in ({"target": "boot-01"}, {"target": "bootnode"}):
        if told := [to for to in daemon.changes(path) if to["cause"] == "server-down"]:
            raise Failure(f"no server is down: {told}")


@scenario
def a_server_that_is_down_is_still_down(net):
    """The client's host drops nothing meanwhile."""
    net.servers["boot-01"].stop()
    net.servers["boot-01"].host.ip("link set eth0 down")
    check = net.check(of_boot_01(net), options=(), under=NO_CAPABILITY)
    check.expect({}, **DOWN, cause={"server-down", "unreachable"})


if __name__ == "__main__":
    main()
