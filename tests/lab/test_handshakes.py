#!/usr/bin/python3 -B
"""The TCP handshake passes, and what comes after it does not.

    client ── [nat] ── router ──────────── boot-01   stopped: its kernel makes connections, nobody reads
                         ╳
              drops or resets what carries data, or
              what a stateful firewall has no state for
"""

import signal

from lab import Failure, wait_until
from provider import DOWN, PORT, main, scenario, scenarios

DATA = "tcp flags & psh == psh"
STATELESS = {  # what a firewall lets pass that has seen the other way only: the first packet of the handshake
    "forward": "tcp flags & (syn | ack) != syn",
    "return": "tcp flags & syn != syn",
}
WAYS = [("forward",), ("return",), ("forward", "nat"), ("return", "nat")]
BOOTNODE = {"target": "bootnode", "protocol": "tcp"}


def told_of_data(check, row):
    """Nothing that contradicts the receipts, and one piece of advice."""
    check.require("stateful firewall" in row["advice"], "the advice does not help", row)
    for sentence in row["evidence"]:
        check.require("does not answer" not in sentence, "its program does", row)


@scenarios(*WAYS)
def data_is_dropped(net, direction, nat=""):
    if nat:
        net.put_client_behind_nat()
    net.cut(direction, net.plan.floating, "tcp", also=DATA)
    check = net.check(options=())
    for row in check.expect(BOOTNODE, **DOWN, direction=direction, cause="data-filtered"):
        told_of_data(check, row)
    check.rest_is_healthy()


@scenarios(*WAYS)
def firewall_that_sees_half(net, direction, nat=""):
    if nat:
        net.put_client_behind_nat()
    net.cut(direction, net.plan.floating, "tcp", also=STATELESS[direction])
    check = net.check(options=())
    for row in check.expect(BOOTNODE, **DOWN, direction=direction, cause="data-filtered"):
        told_of_data(check, row)
    check.rest_is_healthy()


@scenarios(("forward",), ("return",))
def data_is_dropped_in_run(net, direction):
    daemon = net.run_daemon(every="200ms")
    daemon.wait_for(BOOTNODE, state="up")
    net.cut(direction, net.plan.floating, "tcp", also=DATA)
    daemon.wait_for(BOOTNODE, state="down", direction=direction, cause="data-filtered")
    net.heal()
    daemon.wait_for(BOOTNODE, state="up", cause="none")
    if any(to["cause"] == "protocol-filtered" for to in daemon.changes(BOOTNODE)):
        raise Failure(f"handshakes passed all the time: {daemon.changes(BOOTNODE)}")


@scenarios(("direct",), ("nat",))
def data_is_rejected(net, place):
    """The router resets connections in the server's name: the server never got the requests."""
    if place == "nat":
        net.put_client_behind_nat()
    net.cut("forward", net.plan.floating, "tcp", also=DATA, verdict="reject with tcp reset")
    check = net.check(options=())
    for row in check.expect(BOOTNODE, **DOWN, direction="forward", cause="data-filtered"):
        told_of_data(check, row)
        check.told(row, "the connection was reset", "no server received")
    check.rest_is_healthy()


SYN_PROXY = """
table inet proxy {{
	chain untracked {{ type filter hook prerouting priority raw;
		iifname "outside" {nft} daddr {server} tcp dport {port} tcp flags & (syn | ack) == syn notrack; }}
	chain forward {{ type filter hook forward priority 0; iifname "outside" {nft} daddr {server} tcp dport {port} \
		ct state {{ invalid, untracked }} synproxy mss 1400 wscale 7 timestamp sack-perm; ct state invalid drop; }}
}}
"""
BEHIND_THE_PROXY = {"forward": ("cut_return", 'oifname "lan"', "d"), "return": ("cut_forward", 'iifname "lan"', "s")}


@scenarios(*WAYS)
def syn_proxy(net, direction, nat=""):
    """The router completes handshakes in the server's name, and does not reach the server, or is not reached by it. That
    a client is connected is no proof that a server is, and that a server has no request is no proof of the way there."""
    if nat:
        net.put_client_behind_nat()
    server, where = net.plan.droplet["boot-01"], {"target": "boot-01", "protocol": "tcp"}
    net.router.sysctl("netfilter.nf_conntrack_tcp_loose=0")
    net.router.nft(SYN_PROXY.format(nft=net.plan.nft, server=server, port=PORT))
    chain, link, end = BEHIND_THE_PROXY[direction]
    net.router.nft(f"add rule inet fault {chain} {link} {net.plan.nft} {end}addr {server} tcp {end}port {PORT} drop\n")
    check = net.check(options=())
    known = {"forward": {"forward", "unknown"}, "return": {"return"}}[direction]
    for row in check.expect(where, **DOWN, direction=known, cause="data-filtered"):
        told_of_data(check, row)
        check.told(row, "SYN proxy")
    check.rest_is_healthy()


@scenario
def one_protocol_lost_on_the_return(net):
    """That the way back is broken is proven: nobody is sent to look at the way there."""
    net.cut("return", net.plan.floating, "udp")
    check = net.check(options=())
    for row in check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="return",
                            cause="protocol-filtered"):  # fmt: skip
        check.require("from this port" in row["advice"], "the way back is broken", row)
    check.rest_is_healthy()


@scenario
def nobody_reads(net):
    """The kernel acknowledges the requests of a program that hangs: no firewall does that."""
    net.servers["boot-01"].process.send(signal.SIGSTOP)
    try:
        check = net.check(options=())
        for row in check.expect({"target": "bootnode", "protocol": "tcp"}, **DOWN, cause="unexplained"):
            check.told(row, "perhaps its program does not answer")
        for row in check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, cause="unexplained"):
            check.told(row, "perhaps its program does not")
        for row in check.expect({"target": "bootnode"}):
            check.require("floatprobed runs there" in row["advice"], "the advice does not help", row)
    finally:
        net.servers["boot-01"].process.send(signal.SIGCONT)


CLOSER = f"""
import socket
with socket.create_server(("", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
    while True:
        listener.accept()[0].close()
"""


@scenario
def another_program_closes(net):
    """It takes each connection and ends it: an empty load balancer does so, too."""
    net.servers["boot-01"].stop()
    host = net.servers["boot-01"].host
    host.start("python3", "-c", CLOSER)
    wait_until("it listens", lambda: host.listens("tcp", PORT))
    check = net.check(options=())
    for row in check.expect({"target": "bootnode", "protocol": "tcp"}, **DOWN, cause="unexplained"):
        check.told(row, "the connection was ")


if __name__ == "__main__":
    main()
