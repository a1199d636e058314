#!/usr/bin/python3 -B
"""Real programs behind a floating address, and what floatprobed beside them finds out from their traffic alone.

    client ──asks 203.0.113.7──► router ──DNAT──► boot-01, anchor 198.18.18.26: ncat, socat, and one that pins
                                                  floatprobed, with these ports in watch.applications
"""

import os
import sys

import lab
from lab import Failure, wait_until
from provider import NO_CAPABILITY, main, scenario

HERE = os.path.dirname(os.path.abspath(__file__))
ASK = os.path.join(HERE, "ask.py")
PINNED = os.path.join(HERE, "pinned_echo.py")
PROGRAMS = {  # name: (protocol, port, command); {0} is the IP version
    "ncat": ("udp", 9001, "ncat -{0} -u -l -k -e /bin/cat 9001"),
    "socat": ("udp", 9002, "socat UDP{0}-LISTEN:9002,fork EXEC:cat"),
    "pinned": ("udp", 9003, f"{sys.executable} -B {PINNED} {{0}} 9003"),
    "mute": ("udp", 9004, "socat -u UDP{0}-RECV:9004 STDOUT"),
    "web": ("tcp", 9005, "ncat -{0} -l -k -e /bin/cat 9005"),
}


def start(net, under=()):
    """boot-01 with its programs, and floatprobed that watches them."""
    lab.need("ncat", "socat")
    version = "6" if net.plan.nft == "ip6" else "4"
    server = net.servers["boot-01"]
    for protocol, port, command in PROGRAMS.values():
        server.host.start(*command.format(version).split())
        wait_until(f"{command} listens", lambda protocol=protocol, port=port: server.host.listens(protocol, port))
    server.stop()
    server.start(under, watch={"applications": [
        {"name": name, "protocol": protocol, "port": port} for name, (protocol, port, _) in PROGRAMS.items()
    ]})  # fmt: skip
    return server


def ask(net, address, name, *connected):
    net.client.run("/usr/bin/python3", ASK, address, str(PROGRAMS[name][1]), *connected)


def findings(server, name):
    return [line for line in server.journal() if line["type"] == "application" and line["name"] == name]


def wait_for(server, name, **fields):
    def found():
        return [line for line in findings(server, name) if fields.items() <= line.items()]

    line = wait_until(f"{name}: {fields}", found)[0]
    if not line["advice"] or line["count"] < 1:
        raise Failure(f"without advice or count: {line}")
    return line


def expect_nothing(server, *names):
    for name in names:
        if lines := findings(server, name):
            raise Failure(f"nothing is wrong with {name}: {lines}")


@scenario
def programs_that_do_not_pin_are_found(net):
    """Asked on the anchor, they answer from the droplet address. The one that pins does not."""
    server = start(net)
    client = f"{net.plan.outside}2"
    for name in ("pinned", "ncat", "socat"):
        ask(net, net.plan.floating, name)
    for name in ("ncat", "socat"):
        wait_for(server, name, finding="answers-from-other-address", protocol="udp", port=PROGRAMS[name][1], peer=client,
                 asked=net.plan.anchor["boot-01"], answered_from=net.plan.droplet["boot-01"])  # fmt: skip
    expect_nothing(server, "pinned")


@scenario
def on_the_droplet_address_nothing_is_wrong(net):
    server = start(net)
    ask(net, net.plan.floating, "mute")  # the last: when that is told, so is whatever the others did
    for name in ("ncat", "socat", "pinned"):
        ask(net, net.plan.droplet["boot-01"], name)
        ask(net, net.plan.droplet["boot-01"], name, "connected")
    ask(net, net.plan.droplet["boot-01"], "mute")
    wait_for(server, "mute", finding="no-answer")
    expect_nothing(server, "ncat", "socat", "pinned")


@scenario
def a_program_that_never_answers_is_found(net):
    server = start(net)
    ask(net, net.plan.floating, "mute")
    line = wait_for(server, "mute", finding="no-answer", asked=net.plan.anchor["boot-01"], answered_from=None)
    if line["count"] < 3 or line["answered"]:
        raise Failure(f"three were asked, none was answered: {line}")


@scenario
def tcp_that_is_not_let_through_is_found(net):
    """Answered or refused, a connection request got its answer; dropped on this host, it got none."""
    server = start(net)
    connect = ("ncat", "-z", "-w", "6", net.plan.floating)
    net.client.run(*connect, "9005")
    server.host.nft("table inet firewall { chain in { type filter hook input priority 0; tcp dport 9005 drop; }; }\n")
    net.client.run(*connect, "9005", status=None)
    line = wait_for(server, "web", finding="no-answer", protocol="tcp", asked=net.plan.anchor["boot-01"])
    if line["answered"] != 1:
        raise Failure(f"one was answered before: {line}")


@scenario
def without_capabilities_it_says_so_and_finds_nothing(net):
    server = start(net, NO_CAPABILITY)
    wait_until("it says so", lambda: "no CAP_NET_RAW: the applications" in server.process.output())
    for name in PROGRAMS:
        ask(net, net.plan.floating, name)
    net.check().rest_is_healthy()
    expect_nothing(server, *PROGRAMS)


@scenario
def payload_is_in_no_journal(net):
    server = start(net)
    ask(net, net.plan.floating, "mute")
    wait_for(server, "mute", finding="no-answer")
    for line in findings(server, "mute"):
        if unknown := set(line) - set("type time server name protocol port finding asked answered_from peer peer_port since"
                                      " count answered advice left_out".split()):  # fmt: skip
            raise Failure(f"fields that nobody knows: {unknown}")


if __name__ == "__main__":
    main()
