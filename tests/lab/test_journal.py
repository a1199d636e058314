#!/usr/bin/python3 -B
"""The journal accounts for every probe: its sums are those of counters in the kernels of client and server.

    client ──────────── router ──────────── boot-01
    counts what leaves  ╳ faults            counts what arrives
    and what comes
"""

import os

import journals
from lab import Failure, wait_until
from provider import PORT, journal, main, scenario, scenarios

UDP = {"target": "bootnode", "protocol": "udp", "size": 512}
LOSSES = ("forward_lost", "return_lost", "lost")
SIZE = 512 + 8  # as nft reads the length in a UDP header

COUNTERS = """
table inet count {{
	counter sent {{}}
	counter heard {{}}
	chain out {{
		type filter hook output priority 300;
		{nft} daddr {floating} udp dport {port} udp length {size} counter name sent
	}}
	chain in {{
		type filter hook input priority -300;
		{nft} saddr {floating} udp sport {port} udp length {size} counter name heard
	}}
}}
"""


def require(condition, what):
    if not condition:
        raise Failure(what)


def count(net):
    net.client.nft(COUNTERS.format(nft=net.plan.nft, floating=net.plan.floating, port=PORT, size=SIZE))


def counted(net, name):
    words = net.client.run("nft", "list", "counter", "inet", "count", name).stdout.split()
    return int(words[words.index("packets") + 1])


def total(lines, *fields):
    return sum(line[field] for line in lines for field in fields)


def records(lines, kind="path", where=UDP):
    return [line for line in lines if line["type"] == kind and where.items() <= line.items()]


def started(net):
    """The floating address only, by UDP and TCP."""
    count(net)
    daemon = net.run_daemon([target for target in net.targets() if target["role"] == "floating"])
    daemon.wait_for({**UDP, "flow": "held"}, state="up")
    return daemon


def stopped(daemon):
    require(daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    return daemon.journal()


@scenarios(("forward",), ("return",))
def random_loss(net, direction):
    daemon = started(net)
    net.cut(direction, net.plan.floating, "udp", also="numgen random mod 10 0")
    wait_until("losses are in the journal", lambda: total(records(daemon.journal(), "loss"), *LOSSES) > 20)
    net.heal()
    lines = stopped(daemon)
    paths = records(lines)
    require(total(paths, "sent", "unfinished") == counted(net, "sent"), "not all that was sent is in the records")
    require(total(paths, "answered", "late") == counted(net, "heard"), "not all answers are in the records")
    proven = total(paths, f"{direction}_lost")
    require(proven > 0.8 * total(paths, *LOSSES), f"only {proven} losses have the right direction")
    require(total(paths, *LOSSES) == proven + total(paths, "lost"), "losses in the wrong direction")
    require(all(loss["until"] >= loss["time"] for loss in records(lines, "loss")), "a stretch ends before it begins")


if __name__ == "__main__":
    main()
