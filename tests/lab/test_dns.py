#!/usr/bin/python3 -B
"""Names: hundreds of them at a slow name server, more addresses than can be taken, names and addresses that go away.

    client ── its own name server on loopback, which answers late ──── boot-01 and boot-02 behind the router
"""

import os
import signal
import sys
import time

from lab import Failure, wait_until
from provider import QUICK, journal, main, scenario

SERVER = """
import heapq, json, os, select, socket, struct, sys, time
zone, delay = sys.argv[1], float(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.bind(("127.0.0.1", 53))
print("ready", flush=True)
due, read = [], {"at": 0, "zone": {}}
def names():
    at = os.stat(zone).st_mtime_ns
    if at != read["at"]:
        read.update(at=at, zone=json.load(open(zone)))
    return read["zone"]
def answer(q):
    end, labels, at = 12, [], 12
    while q[at]:
        labels.append(q[at + 1:at + 1 + q[at]].decode())
        at += 1 + q[at]
    kind = struct.unpack("!H", q[at + 1:at + 3])[0]
    found = [a for a in names().get(".".join(labels), []) if (":" in a) == (kind == 28)]
    known = ".".join(labels) in names()
    body = b"".join(b"\\xc0\\x0c" + struct.pack("!HHIH", kind, 1, 1, 16 if ":" in a else 4)
                    + socket.inet_pton(socket.AF_INET6 if ":" in a else socket.AF_INET, a) for a in found)
    return q[:2] + struct.pack("!HHHHH", 0x8580 | (0 if known else 3), 1, len(found), 0, 0) + q[12:at + 5] + body
while True:
    wait = max(0, due[0][0] - time.monotonic()) if due else None
    if select.select([s], [], [], wait)[0]:
        q, who = s.recvfrom(4096)
        heapq.heappush(due, (time.monotonic() + delay, len(due), q, who))
    while due and due[0][0] <= time.monotonic():
        _, _, q, who = heapq.heappop(due)
        s.sendto(answer(q), who)
"""


class Names:
    """A name server, and what a program of the client needs to use it."""

    def __init__(self, net, zone, delay):
        self.net = net
        self.zone = f"{net.files}/zone.json"
        self.write(zone)
        for name, text in (("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5\n"), ("nsswitch.conf", "hosts: dns\n")):
            with open(f"{net.files}/{name}", "w", encoding="ascii") as file:
                file.write(text)
        self.process = net.client.start(sys.executable, "-c", SERVER, self.zone, str(delay))
        wait_until("the name server is ready", lambda: "ready" in self.process.output())
        binds = " && ".join(
            f"mount --bind {net.files}/{name} $(readlink -f /etc/{name} || echo /etc/{name})"
            for name in ("resolv.conf", "nsswitch.conf") if os.path.exists(f"/etc/{name}")
        )  # fmt: skip
        self.under = ("unshare", "--mount", "sh", "-c", f'{binds} && exec "$0" "$@"')

    def write(self, zone):
        with open(f"{self.zone}.new", "w", encoding="ascii") as file:
            file.write(repr(zone).replace("'", '"'))
        os.replace(f"{self.zone}.new", self.zone)


def target(name, server="boot-01", **more):
    return {"name": name.split(".")[0], "role": "droplet", "address": name, "server": server, **more}


@scenario
def hundreds_of_names_at_a_slow_server(net):
    """300 names, 0.3 s each. Each has a target with a port of its own, as an address and port stand for one target."""
    names = [f"n{i}.example.org" for i in range(300)]
    droplet = net.plan.droplet["boot-01"]
    dns = Names(net, {name: [droplet] for name in names}, 0.3)
    targets = [target(name, port=10000 + i, protocols=["udp"], flows={"held": 1, "fresh": 0}, sizes=[512])
               for i, name in enumerate(names)]  # fmt: skip
    config = net.config(targets)
    done = net.client.run(*dns.under, net.program("floatprobe"), "check", config, "--count", "1", "--json", status=1)
    unknown = done.stdout.count("no answer from the name service")
    if unknown or done.stdout.count('"state":"unknown"'):
        raise Failure(f"{unknown} of 300 names have no address\n{done.stderr}")


@scenario
def more_addresses_than_can_be_taken(net):
    prefix = net.plan.droplets
    addresses = [net.plan.droplet["boot-01"], *(f"{prefix}{i}" for i in range(100, 130))]
    dns = Names(net, {"many.example.org": addresses}, 0)
    config = net.config([target("many.example.org")])
    done = net.client.run(*dns.under, net.program("floatprobe"), "check", config, *QUICK, "--json", status=1)
    if "many.example.org has 31 addresses; only 16 of them are probed" not in done.stderr:
        raise Failure(done.stderr)


@scenario
def a_dead_name_and_a_deadline(net):
    """The name server never answers: what has an address is probed all the same."""
    dns = Names(net, {}, 60)
    config = net.config([target("dead.example.org"), *net.targets()])
    done = net.client.run(*dns.under, net.program("floatprobe"), "check", config, "-t", "1s", "--format", "nagios", status=3)
    if "'boot-01 ipv4 tcp loss'=0%" not in done.stdout and "'boot-01 ipv6 tcp loss'=0%" not in done.stdout:
        raise Failure(done.stdout)


@scenario
def addresses_of_no_host(net):
    """A filter answers 0.0.0.0, which the kernel takes for this host; a link-local address has no interface."""
    v6 = net.plan.nft == "ip6"
    dns = Names(net, {"zero.example.org": ["::" if v6 else "0.0.0.0"], "local.example.org": ["fe80::1"],
                      "some.example.org": ["ff02::1" if v6 else "224.0.0.1", net.plan.droplet["boot-01"]]}, 0)  # fmt: skip
    for name, sentence in (("zero", "it has only addresses of no host"), ("local", "need `interface` in the target"),
                           ("gone", "knows no such name")):  # fmt: skip
        config = net.config([target(f"{name}.example.org")])
        done = net.client.run(*dns.under, net.program("floatprobe"), "check", config, *QUICK, status=1)
        if sentence not in " ".join(done.stdout.split()) or " unknown  local" not in done.stdout:
            raise Failure(f"{name}: {done.stdout}")
    check = net.check([target("some.example.org")], under=dns.under)
    check.expect({}, state="up", expected=True, address=net.plan.droplet["boot-01"])


@scenario
def families(net):
    other = net.add_other_family()
    net.config()
    v6 = net.plan.nft == "ip6"
    both = [net.plan.droplet["boot-01"], other["address"]]
    dns = Names(net, {"both.example.org": both}, 0)
    for family, addresses in (("both", set(both)), ("ipv6" if v6 else "ipv4", {both[0]}), ("ipv4" if v6 else "ipv6", {both[1]})):
        check = net.check([target("both.example.org", family=family)], under=dns.under)
        if {row["address"] for row in check.expect({}, state="up", expected=True)} != addresses:
            raise Failure(f"family {family}: {check.done.stdout}")


@scenario
def names_come_and_go(net):
    """`run` asks as often as resolve_every says, and tells what became of a name."""
    first, second = net.plan.droplet.values()
    dns = Names(net, {"moving.example.org": [first]}, 0)
    file = net.config([target("moving.example.org", server=["boot-01", "boot-02"], schedule="quick")], resolve_every="1s",
                      schedules={"quick": {"every": "50ms", "timeout": "300ms"}}, journal="fra-home.jsonl")  # fmt: skip
    daemon = net.client.start(*dns.under, net.program("floatprobe"), "run", file)
    wait_until("it probes", lambda: any(line.get("address") == first for line in journal(f"{net.files}/fra-home.jsonl")))
    dns.write({"moving.example.org": [second]})
    wait_until("the move is told", lambda: second in daemon.output())
    dns.write({})
    wait_until("the name's end is told", lambda: "cannot resolve moving.example.org" in daemon.output())
    dns.write({"moving.example.org": [first]})
    wait_until("it is back", lambda: first in daemon.output().rpartition("cannot resolve")[2])
    daemon.stop()


@scenario
def a_name_server_that_is_dead_for_long(net):
    """Many intervals without an answer: each name keeps its addresses, also through a reload, and that is said once. A
    name that is new in this time is resolved as soon as there are answers again."""
    dns = Names(net, {f"{name}.example.org": [net.plan.droplet["boot-01"]] for name in ("old", "new")}, 0)
    with open(f"{net.files}/resolv.conf", "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")

    def config(*ports):
        return net.config([target(f"{name}.example.org", port=port, schedule="quick", protocols=["udp"])
                           for name, port in ports], resolve_every="1s", journal="fra-home.jsonl",
                          schedules={"quick": {"every": "50ms", "timeout": "300ms"}})  # fmt: skip

    def lines(**where):
        return [line for line in journal(f"{net.files}/fra-home.jsonl") if where.items() <= line.items()]

    daemon = net.client.start(*dns.under, net.program("floatprobe"), "run", config(("old", 8620)))
    wait_until("it probes", lambda: lines(type="change", target="old"))
    dns.process.send(signal.SIGSTOP)
    wait_until("it is told", lambda: lines(type="name", target="old", event="failed"))
    config(("old", 8620), ("new", 8621))
    daemon.send(signal.SIGHUP)
    wait_until("the new name fails", lambda: lines(type="name", target="new", event="failed"), 30)
    time.sleep(5)  # the condition itself
    dns.process.send(signal.SIGCONT)
    wait_until("both are known",
               lambda: lines(type="change", target="new") and lines(type="name", target="old", event="recovered"))  # fmt: skip
    if daemon.stop():
        raise Failure(daemon.output())
    told = [line["event"] for line in lines(type="name", target="old")]
    if told != ["resolved", "failed", "recovered"] or daemon.output().count("cannot resolve old") != 1:
        raise Failure(f"{told}\n{daemon.output()}")
    if changes := [line for line in lines(type="change", target="old") if line["to"]["state"] != "up"]:
        raise Failure(f"the name kept its address: {changes}")


if __name__ == "__main__":
    main()
