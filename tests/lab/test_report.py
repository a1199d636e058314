#!/usr/bin/python3 -B
"""Five random faults strike a daemon that runs; afterwards `floatprobe report` has to tell of each when it began and ended,
which way the probes were lost, and why.

    floatprobe run ───────── router ─────────┬────── boot-01   holds the floating address
    journal  ─► report         ╳ faults      └────── boot-02
"""

import json
import os
import random
import signal
import time
from datetime import datetime, timezone

import lab
from lab import Failure, wait_until
from provider import PORT, main, scenario
from switch import heal, switch

lab.SCENARIO_SECONDS = 240  # five faults, one after the other, and as long until all is well for a while
EVERY_NS, TIMEOUT_NS = 50_000_000, 300_000_000
SLACK_NS = EVERY_NS * 11 // 10 + TIMEOUT_NS  # an interval with its jitter, and a timeout
WAYS = {"forward": ("iifname", "d"), "return": ("oifname", "s")}


def require(condition, what):
    if not condition:
        raise Failure(what)


class Fault:
    """Something that is wrong for a while. began, ended: the times (ns) between which it did."""

    direction, causes = "unknown", ()
    began = ended = None
    slack_ns = SLACK_NS

    def __init__(self, net, dice):
        self.net, self.dice = net, dice

    def target(self):
        addresses = {"bootnode": self.net.plan.floating, **self.net.plan.droplet}
        return self.dice.choice(sorted(addresses.items()))

    def cut(self, direction, address, protocol=None, verdict="drop"):
        interface, end = WAYS[direction]
        which = f"{protocol} {end}port {PORT}" if protocol else f"meta l4proto {{ tcp, udp }} th {end}port {PORT}"
        rule = f'{interface} "outside" {self.net.plan.nft} {end}addr {address} {which} {verdict}'
        self.began = switch(self.net.router, f"add rule inet fault cut_{direction} {rule}")

    def end(self):
        self.ended = switch(self.net.router, heal())

    def __str__(self):
        return f"{type(self).__name__} {vars(self)}"


class Silence(Fault):
    """Both protocols of the floating address are cut one way."""

    causes = ("unexplained",)

    def begin(self):
        self.direction, self.name = self.dice.choice(sorted(WAYS)), "bootnode"
        self.cut(self.direction, self.net.plan.floating)


class OneProtocol(Fault):
    causes = ("protocol-filtered",)

    def begin(self):
        self.direction = self.dice.choice(sorted(WAYS))
        self.name, address = self.target()
        self.cut(self.direction, address, self.protocol)


class Datagrams(OneProtocol):
    protocol = "udp"


class Connections(OneProtocol):
    protocol = "tcp"


class Prohibited(Fault):
    """A router says that it does not let the probes pass."""

    direction, causes = "forward", ("prohibited",)

    def begin(self):
        self.name, address = self.target()
        self.cut("forward", address, verdict="reject with icmpx type admin-prohibited")


class Stopped(Fault):
    """The server that holds the address does not run for a while."""

    causes = ("server-down", "holder-down")
    slack_ns = SLACK_NS + 10**9  # at its end it first works off what has come meanwhile

    def begin(self):
        self.name = self.holder = self.net.holder
        self._send(signal.SIGSTOP, "began")

    def end(self):
        self._send(signal.SIGCONT, "ended")

    def _send(self, number, when):
        before = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self.net.servers[self.holder].process.send(number)
        setattr(self, when, (before, time.clock_gettime_ns(time.CLOCK_REALTIME)))


class Move(Fault):
    """The address moves; nothing is lost, or little."""

    direction, causes, name = None, ("failover",), "bootnode"

    def begin(self):
        self.before, self.after = sorted(self.net.servers, key=lambda name: name != self.net.holder)
        before = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self.net.repoint(self.after)
        self.net.holder = self.after
        self.began = self.ended = before, time.clock_gettime_ns(time.CLOCK_REALTIME)

    def end(self):
        pass


FAULTS = (Silence, Datagrams, Connections, Prohibited, Stopped, Move)


def incidents(daemon):
    """The newest record of each."""
    return {line["id"]: line for line in daemon.journal() if line["type"] == "incident"}


def suits(fault, incident):
    return incident["cause"] in fault.causes and fault.direction in (None, incident["direction"])


def strike(fault, daemon):
    known = set(incidents(daemon))

    def newest():
        return [line for number, line in incidents(daemon).items() if number not in known]

    fault.begin()
    wait_until(f"the journal has it: {fault}", lambda: any(suits(fault, line) for line in newest()), 40)
    fault.end()
    wait_until(f"it is closed: {fault}", lambda: all(line["state"] == "closed" for line in newest()), 100)


def ns(text):
    """datetime has microseconds, and so has the journal."""
    when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return int(when.timestamp()) * 10**9 + when.microsecond * 1000


def judge(fault, said):
    what = f"{fault}\n{json.dumps(said, indent=1)}"
    require(suits(fault, said), f"direction or cause: {what}")
    require(fault.name in said["targets"], f"the target: {what}")
    for when, truth in (("opened", fault.began), ("closed", fault.ended)):
        slack_ns = fault.slack_ns + int(lab.stalled_seconds() * 1e9)
        least, most = truth[0] - slack_ns, truth[1] + slack_ns
        require(least <= ns(said[when]) <= most, f"{when} by {(ns(said[when]) - truth[0]) / 1e6} ms: {what}")
    if isinstance(fault, Move):
        require((said["server_before"], said["server_after"]) == (fault.before, fault.after), f"the servers: {what}")


def report(net, *options):
    files = [f"{net.files}/{name}.jsonl" for name in ("boot-02", "fra-home", "boot-01")]
    return net.client.run(net.program("floatprobe"), "report", *files, *options).stdout


@scenario
def hidden_faults(net):
    seed = int.from_bytes(os.urandom(4), "big")
    dice = random.Random(seed)
    net.holder = "boot-01"
    targets = net.targets()
    daemon = net.run_daemon(targets)
    for target in ("boot-01", "boot-02", "bootnode"):
        for path in ({"protocol": "udp", "flow": "held"}, {"protocol": "tcp"}):
            daemon.wait_for({"target": target, **path}, state="up")
    faults = [kind(net, dice) for kind in dice.sample(FAULTS, 5)]
    for fault in faults:
        strike(fault, daemon)
    require(daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    lines = [json.loads(line) for line in report(net, "--json").splitlines()]
    told = [line for line in lines if line["type"] == "incident"]
    require(len(told) == len(faults), f"seed {seed}: {len(told)} incidents: {json.dumps(told, indent=1)}")
    for fault, said in zip(faults, told):
        judge(fault, said)
    require(all(f"#{number} " in report(net) for number in range(1, len(faults) + 1)), "the text has them, too")
    sums = [line for line in lines if line["type"] == "sum"]
    require(len(sums) == 9 and all(line["sent"] > 100 for line in sums), f"the sums: {sums}")


if __name__ == "__main__":
    main()
