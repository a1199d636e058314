#!/usr/bin/python3 -B
"""`floatprobe failover`: moves of the floating address, and what it says of each.

    client ─────────── router ─────floating─ ─ ─► boot-01
    floatprobe           │      ╲
    failover             ╰ repoint ──floating───► boot-02
"""

import json
import os
import signal
import sys
import time

import lab
from keepalived import Keepalived, keepalived_on
from lab import Failure, wait_until
from lan import Lan, announce
from provider import main, once, scenario, scenarios
from switch import cut, gap_bounds_ms, heal, point, switch

# A gap may take as long as it does on a slow machine: how long is allowed is the matter of long_gap alone.
FAST = ("--interval", "20ms", "--settle", "600ms", "--for", "20s", "--max-gap", "20s")


INTERVAL_MS = 20
NFT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nft.py")
FAKETIME = "/usr/$LIB/faketime/libfaketime.so.1"  # the loader knows $LIB


class Moved:
    """What one `floatprobe failover --format json` said."""

    def __init__(self, status, output):
        self.returncode, self.output = status, output
        self.lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        self.moves = [line for line in self.lines if line["type"] == "failover"]

    def require(self, condition, what):
        if not condition:
            raise Failure(f"{what}\n{json.dumps(self.lines, indent=1)}\n{self.output[-2000:]}")

    def of(self, protocol):
        found = [line for line in self.moves if line["protocol"] == protocol]
        self.require(found, f"nothing of {protocol}")
        return found[-1]

    def expect(self, protocol, **fields):
        said = self.of(protocol)
        for field, wanted in fields.items():
            self.require(said[field] == wanted, f"{protocol}: {field} is {said[field]!r}, not {wanted!r}")
        return said

    def told(self, protocol, *words):
        reasons = self.of(protocol)["reasons"]
        for word in words:
            self.require(any(word in reason for reason in reasons), f"{protocol}: no reason has {word!r}")

    def connection(self, fate, server):
        """What became of the connection that was open over TCP."""
        said = self.of("tcp")["connection"]
        self.require(said and said["fate"] == fate and said["server"] == server, f"the connection is not {fate}")
        return said

    def status(self, wanted):
        self.require(self.returncode == wanted, f"exit status {self.returncode}, not {wanted}")

    def gap(self, protocol, field, bounds_ms):
        """This gap is the true one, to within an interval; a busy machine may have skipped a probe, and kept a packet that
        had passed the router before."""
        said, (least, most) = self.of(protocol), bounds_ms
        slack = max(INTERVAL_MS, said["resolution_ms"]) + 1 + 1000 * lab.stalled_seconds()
        good = said[field] is not None and least - slack <= said[field] <= most + slack
        self.require(good, f"{protocol}: {field} is {said[field]}, and the truth {least} to {most}")


def wall_ns():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


def repoint(net, server, forget=True):
    """The shell command that moves the floating address as the provider does, wherever it is run."""
    path = f"{net.files}/repoint-{server}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(point(net, server))
    return f"nsenter --net=/run/netns/router -- {f'{sys.executable} -B {NFT}' if forget else 'nft -f'} {path}"


def arguments(net, options, target, targets):
    file = net.config(targets)
    return (net.program("floatprobe"), "failover", "--config", file, "--target", target, "--format", "json", *FAST,
            *options)  # fmt: skip


def failover(net, *options, target="bootnode", targets=None):
    done = net.client.run(*arguments(net, options, target, targets), status=None)
    return Moved(done.returncode, done.stdout + done.stderr)


def prompt_failover(net, *options):
    """A failover in which the router forgot its flows at once: on a busy machine conntrack may run late."""
    for _ in range(3):
        moved = failover(net, *options)
        if not any(line.get("stuck_flows") for line in moved.lines):
            break
        net.router.run("sh", "-c", repoint(net, "boot-01"))
    return moved


class Watch:
    """A `floatprobe failover` that waits for a move which the scenario makes."""

    def __init__(self, net, *options, target="bootnode", targets=None):
        before = self.left(net)
        self.process = net.client.start(*arguments(net, options, target, targets))
        wait_until("it probes", lambda: self.left(net) > before + 200)

    @staticmethod
    def left(net):
        """Datagrams that left the client, of all flows."""
        lines = net.client.read("/proc/net/snmp").splitlines()
        names, values = (line.split() for line in lines if line.startswith("Udp:"))
        six = dict(line.split() for line in net.client.read("/proc/net/snmp6").splitlines())
        return int(values[names.index("OutDatagrams")]) + int(six["Udp6OutDatagrams"])

    def end(self):
        wait_until("it ends", lambda: not self.process.running(), seconds=30)
        return Moved(self.process.stop(), self.process.output())


@scenario
def seamless(net):
    moved = prompt_failover(net, "--exec", repoint(net, "boot-02"), "--expect", "boot-02")
    moved.status(0)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, overlap_ms=0, stuck_flows=[],
                            result="pass", reasons=[])  # fmt: skip
        moved.require(said["neighbours"] == [], "a router is between")
        flows = len(said["flows"])
        moved.require(said["lost"] <= flows, "only what was under way when the router forgot its flows may be lost")
        moved.gap(protocol, "gap_ms", (0, 0))
        moved.require(said["exec"]["exit_status"] == 0, "the command's exit status")
    moved.connection("reset", "boot-01")  # the new holder does not know it


@scenario
def stuck_flow(net):
    moved = failover(net, "--exec", repoint(net, "boot-02", forget=False))
    moved.status(1)
    said = moved.expect("udp", **{"from": "boot-01"}, to="boot-02", result="fail", flaps=0, overlap_ms=0)
    stuck = said["stuck_flows"]
    moved.require(len(stuck) == 1, "one stuck flow")
    moved.require(stuck[0] == {"flow": "held", "server": "boot-01", "until": None, "lost": 0}, "the stuck flow")
    moved.told("udp", "held flow", "conntrack -D")
    moved.expect("tcp", **{"from": "boot-01"}, to="boot-02", result="pass")
    moved.connection("kept", "boot-01")


@once
@scenario
def never_moves(net):
    moved = failover(net, "--exec", "echo done; exit 3", "--for", "2s")
    moved.status(1)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to=None, gap_ms=None, lost=0, result="fail")
        moved.require(said["exec"]["exit_status"] == 3 and said["exec"]["output"] == "done\n", "the command's record")
        moved.told(protocol, "boot-01 still answers", "exit status 3")


@once
@scenario
def to_the_wrong_server(net):
    moved = failover(net, "--exec", repoint(net, "boot-02"), "--expect", "boot-01")
    moved.status(1)
    moved.expect("udp", to="boot-02", result="fail")
    moved.told("udp", "boot-02 answers, but boot-01 has to")


@scenarios(("forward",), ("return",))
def gap(net, direction):
    """The address is cut one way, moves meanwhile, and is there again: the gap is the lab's own."""
    watch = Watch(net)
    cut_at = switch(net.router, cut(net, direction, net.plan.floating))
    switch(net.router, point(net, "boot-02"), forget=True)
    wait_until("some probes are lost", lambda: lost(net, direction) > 60)
    truth = gap_bounds_ms(cut_at, switch(net.router, heal()))
    moved = watch.end()
    moved.status(0)
    other = {"forward": "return", "return": "forward"}[direction]
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, stuck_flows=[], network_lost=0)
        moved.gap(protocol, "gap_ms", truth)
        moved.gap(protocol, f"{direction}_gap_ms", truth)
        moved.require(said[f"{direction}_lost"] > 0 and said[f"{other}_lost"] == 0, "the direction of the losses")
    moved.expect("udp", **{f"{other}_gap_ms": 0, "unknown_lost": 0})


def lost(net, direction):
    """How many packets the cut has taken."""
    listing = net.router.nft(f"list chain inet fault cut_{direction}")
    return int(listing.split("packets ")[1].split()[0])


@once
@scenario
def long_gap(net):
    """Longer than --max-gap allows."""
    watch = Watch(net, "--max-gap", "100ms")
    switch(net.router, cut(net, "forward", net.plan.floating))
    switch(net.router, point(net, "boot-02"), forget=True)
    wait_until("some probes are lost", lambda: lost(net, "forward") > 60)
    switch(net.router, heal())
    moved = watch.end()
    moved.status(1)
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, to="boot-02", result="fail")
        moved.told(protocol, "more than --max-gap")


@once
@scenario
def page(net):
    """--report draws every probe of the move."""
    file = f"{net.files}/page.html"
    watch = Watch(net, "--report", file)
    switch(net.router, cut(net, "forward", net.plan.floating))
    switch(net.router, point(net, "boot-02"), forget=True)
    wait_until("some probes are lost", lambda: lost(net, "forward") > 60)
    switch(net.router, heal())
    moved = watch.end()
    with open(file, encoding="utf-8") as html:
        text = html.read()
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02")
        moved.require(f"bootnode {protocol}: moved from boot-01 to boot-02" in text, f"the page tells of {protocol}")
        for flow in said["flows"]:
            figures = [(key, flow[key]) for key in ("sent", "answered", "forward_lost", "return_lost")]
            cells = "</td><td>".join(f'<data class="{key}" value="{n}">{n}</data>' for key, n in figures)
            moved.require(cells in text, f"the page has the figures of {protocol} {flow['flow']}")
    moved.require(all(f'<path class="s{k}" d="M' in text for k in (0, 1)), "both servers have their colour")
    moved.require('class="forward" d="M' in text and "<script>" in text, "the losses are drawn")


@once
@scenario
def nobody_takes_over(net):
    """The end comes two seconds later: by then the connection hangs, and the server, which closes it after five, has not."""
    watch = Watch(net, "--for", "2500ms")
    switch(net.router, cut(net, "forward", net.plan.floating))
    moved = watch.end()
    moved.status(1)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to=None, result="fail")
        moved.told(protocol, "nobody has answered for the last", "on their way to the servers")
        moved.require(said["last_answer"] and not said["first_answer"], "the last answer is known")
    moved.connection("hung", "boot-01")


@once
@scenario
def answers_never_return(net):
    watch = Watch(net, "--for", "3s")
    switch(net.router, cut(net, "return", net.plan.floating))
    switch(net.router, point(net, "boot-02"), forget=True)
    moved = watch.end()
    moved.status(1)
    moved.expect("udp", **{"from": "boot-01"}, to=None, forward_lost=0, unknown_lost=0)
    moved.told("udp", "boot-02 receives the probes, but its answers do not come back")


@once
@scenario
def whole_network_fails(net):
    """The servers' own addresses lose probes as well: that is no gap of the address."""
    watch = Watch(net)
    switch(net.router, cut(net, "forward"))
    wait_until("some probes are lost", lambda: lost(net, "forward") > 60)
    switch(net.router, heal())
    switch(net.router, point(net, "boot-02"), forget=True)
    moved = watch.end()
    moved.status(0)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, to="boot-02", result="pass")
        moved.gap(protocol, "gap_ms", (0, 0))
        moved.require(said["network_lost"] > 0 and said["lost"] <= 4, "the losses are the network's")


@once
@scenario
def only_server_is_away(net):
    """It cannot move to another one: what is measured is how long nobody answers."""
    watch = Watch(net, target="boot-01")
    cut_at = switch(net.router, cut(net, "forward", net.plan.droplet["boot-01"]))
    wait_until("some probes are lost", lambda: lost(net, "forward") > 60)
    truth = gap_bounds_ms(cut_at, switch(net.router, heal()))
    moved = watch.end()
    moved.status(0)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-01", flaps=0, overlap_ms=0, network_lost=0)
        moved.gap(protocol, "gap_ms", truth)
        moved.require(any("only boot-01 may answer" in note for note in said["notes"]), "it says what it measures")


@scenario
def connection_stalls(net):
    """The router goes on to translate what it knows: what was open survives, after a wait."""
    watch = Watch(net)
    cut_at = switch(net.router, cut(net, "forward", net.plan.floating))
    switch(net.router, point(net, "boot-02"))
    wait_until("some probes are lost", lambda: lost(net, "forward") > 60)
    least, _ = gap_bounds_ms(cut_at, switch(net.router, heal()))
    moved = watch.end()
    said = moved.connection("kept", "boot-01")
    moved.require(said["stalled_ms"] > least - 100 - 1, "it waited as long as the address was cut, but for its pause")


@scenario
def client_behind_nat(net):
    """The servers see another address and other ports of it: receipts know flows by their ids."""
    net.put_client_behind_nat()
    watch = Watch(net)
    cut_at = switch(net.router, cut(net, "return", net.plan.floating))
    switch(net.router, point(net, "boot-02"), forget=True)
    wait_until("some probes are lost", lambda: lost(net, "return") > 60)
    truth = gap_bounds_ms(cut_at, switch(net.router, heal()))
    moved = watch.end()
    moved.status(0)
    moved.expect("udp", **{"from": "boot-01"}, to="boot-02", forward_gap_ms=0, stuck_flows=[])
    moved.gap("udp", "return_gap_ms", truth)
    moved.expect("tcp", **{"from": "boot-01"}, to="boot-02", forward_lost=0)
    moved.gap("tcp", "gap_ms", truth)


@once
@scenario
def there_and_back(net):
    watch = Watch(net, "--settle", "5s")
    for server in ("boot-02", "boot-01"):
        switch(net.router, point(net, server), forget=True)
        if server == "boot-02":
            before = watch.left(net)
            wait_until("it is there for a while", lambda: watch.left(net) > before + 300)
    moved = watch.end()
    moved.status(1)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-01", result="fail", forward_lost=0)
        moved.require(said["lost"] <= 2, "an answer that is on its way when the router forgets flows is lost")
        moved.told(protocol, "came back")
        moved.require(moved.of(protocol)["flaps"] > 0, "it flapped")


@once
@scenario
def both_at_once(net):
    """Two hosts have the address, and each says so."""
    lan = Lan(net)
    watch = Watch(net, "--for", "4s", target="shared", targets=lan.targets())
    with lan.fight():
        moved = watch.end()
    moved.status(1)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, result="fail")
        moved.require(said["flaps"] > 0 and said["overlap_ms"] > 0, "both answered")
        moved.told(protocol, "--max-overlap", "master")


@scenario
def moved_on_the_link(net):
    """From host to host on one link, with a gratuitous ARP."""
    lan = Lan(net)
    watch = Watch(net, target="shared", targets=lan.targets())
    lan.move(lan.one, lan.two)
    moved = watch.end()
    moved.status(0)
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, overlap_ms=0, stuck_flows=[])
        macs = [(change["from"], change["to"]) for change in said["neighbours"]]
        moved.require(macs == [(lan.one.host.mac(), lan.two.host.mac())], "the neighbour entry changed once")


@scenarios(("beside", "alive"), ("behind", "alive"), ("behind", "dead"))
def unannounced(net, where, old):
    """No gratuitous ARP, no unsolicited ND: frames go to the old MAC until the kernel's entry is too old, of the client's
    own host or of the router. The old holder has given the address up, or is dead."""
    lan = Lan(net, beside=where == "beside")
    host, device = (net.client, "eth0") if where == "beside" else (net.router, "lan")
    lan.heal_soon(host, device)
    daemon = net.run_daemon(lan.targets(), vantage="fra-run", key="fra-home.key")
    for protocol in ("udp", "tcp"):
        daemon.wait_for({"target": "shared", "protocol": protocol}, state="up", server="boot-01")
    watch = Watch(net, "--max-gap", "1s", target="shared", targets=lan.targets())
    entry = f"lladdr {lan.two.host.mac()}"
    times = [wall_ns()]
    lan.give_up(lan.one) if old == "alive" else lan.one.host.ip("link set eth0 down")
    times.append(wall_ns())
    lan.take(lan.two)

    def renewed():
        times.append(wall_ns())
        return entry in host.run("ip", "neigh", "show", lan.shared, "dev", device).stdout

    wait_until("the entry is new", renewed)
    truth = gap_bounds_ms(times[:2], (times[-2], wall_ns()))
    moved = watch.end()
    moved.status(1)
    way, causes = ("forward", {"misdelivered"}) if old == "alive" else ("unknown", {"holder-down", "unexplained"})
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, overlap_ms=0, stuck_flows=[],
                            network_lost=0, result="fail")  # fmt: skip
        advice = "Let the new holder announce" if old == "alive" else "boot-01 may have received them, but has not answered"
        moved.told(protocol, "more than --max-gap 1.000 s", advice)
        for flow in said["flows"]:
            moved.require(flow["return_lost"] <= 1, "the old holder cannot answer from an address that goes just now")
        moved.gap(protocol, "gap_ms", truth)
        moved.require(said["gap_ms"] > 1000, "the entry was old for a while")
        moved.require(said[f"{way}_gap_ms"] > said["gap_ms"] - 1100, f"the gap is {way}")
        strayed = any("did not have" in note and "gratuitous ARP" in note for note in said["notes"])
        moved.require(strayed == (old == "alive"), "only a holder that is alive tells that the frames come to it")
    for protocol in ("udp", "tcp"):
        where = {"target": "shared", "protocol": protocol}
        daemon.wait_for(where, state="up", server="boot-02")
        told = [(change["cause"], change["direction"]) for change in daemon.changes(where) if change["state"] == "down"]
        moved.require(causes & {cause for cause, _ in told}, f"run names the cause: {told}")
        moved.require({cause for cause, _ in told} <= causes | {"unexplained", "failover"}, f"and no other one: {told}")
        ways = {way, "unknown", *(["return", "both"] if old == "alive" else [])}  # see return_lost: it may be known first
        moved.require({direction for _, direction in told} <= ways, f"and no other way: {told}")


@scenario
def old_holder_keeps_the_address(net):
    """No probe is lost, and all are answered by the new holder; still there are two."""
    lan = Lan(net)
    watch = Watch(net, target="shared", targets=lan.targets())
    lan.take(lan.two)
    announce(lan.two.host)
    moved = watch.end()
    moved.status(1)
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, overlap_ms=0)
        moved.told(protocol, "boot-01 still has")


@scenario
def all_servers_have_the_address(net):
    """They had it before: that is how it was set up, and only one announces it."""
    lan = Lan(net)
    for server in lan.one, lan.two:
        server.host.sysctl("ipv4.conf.all.arp_ignore=1")
        lan.give_up(lan.one) if server is lan.one else None
        server.host.ip(f"addr add {lan.shared} dev lo")
    droplet = net.plan.droplet
    net.client.ip(f"route add {lan.shared} via {droplet['boot-01']}")
    watch = Watch(net, target="shared", targets=lan.targets())
    net.client.ip(f"route replace {lan.shared} via {droplet['boot-02']}")
    moved = watch.end()
    moved.status(0)
    moved.expect("udp", to="boot-02", result="pass")


@scenarios(("TERM",), ("KILL",))
def keepalived(net, end):
    """The backup takes over; a master that is killed leaves the address where it was."""
    lan = Lan(net)
    master = keepalived_on(lan, lan.one)
    Keepalived(lan, lan.two)
    watch = Watch(net, target="shared", targets=lan.targets())
    master.process.send(signal.SIGTERM) if end == "TERM" else master.dies()
    moved = watch.end()
    moved.status(0 if end == "TERM" else 1)
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", stuck_flows=[])
        if end == "KILL":
            moved.told(protocol, "boot-01 still has")


@scenario
def keepalived_whose_link_goes_down(net):
    """The machine is away with the address: its own address is no baseline any more."""
    lan = Lan(net)
    keepalived_on(lan, lan.one)
    Keepalived(lan, lan.two)
    watch = Watch(net, target="shared", targets=lan.targets())
    lan.one.host.ip("link set eth0 down")
    moved = watch.end()
    moved.status(0)
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", stuck_flows=[], flaps=0)


@scenario
def keepalived_preempts(net):
    """The master is back, and takes the address from the backup."""
    lan = Lan(net)
    keepalived_on(lan, lan.two)
    watch = Watch(net, "--expect", "boot-01", target="shared", targets=lan.targets())
    Keepalived(lan, lan.one)
    moved = watch.end()
    moved.status(0)
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, **{"from": "boot-02"}, to="boot-01", stuck_flows=[], flaps=0)


@once
@scenario
def clocks_an_hour_apart(net):
    """The new holder's clock is wrong: it proves who it is, and so the move; gaps are by this host's clock alone."""
    lab.need("faketime")
    net.servers["boot-02"].restart(("env", f"LD_PRELOAD={FAKETIME}", "FAKETIME=+1h", "FAKETIME_DONT_FAKE_MONOTONIC=1"))
    moved = prompt_failover(net, "--exec", repoint(net, "boot-02"), "--expect", "boot-02")
    for protocol in ("udp", "tcp"):
        said = moved.expect(protocol, **{"from": "boot-01"}, to="boot-02", flaps=0, overlap_ms=0)
        moved.require(said["gap_ms"] < 60_000, "the clocks are in the gap")


@once
@scenarios(("INT", "130"), ("TERM", "143"))
def interrupted(net, name, status):
    watch = Watch(net, "--for", "50s")
    watch.process.send(getattr(signal, f"SIG{name}"))
    moved = watch.end()
    moved.status(int(status))
    for protocol in ("udp", "tcp"):
        moved.expect(protocol, **{"from": "boot-01"}, to=None, lost=0, result="fail")
        moved.told(protocol, "when it was interrupted")


@once
@scenario
def drill(net):
    there, back = repoint(net, "boot-02"), repoint(net, "boot-01")
    moved = prompt_failover(net, "--exec", there, "--exec-back", back, "--times", "2")
    moved.status(0)
    moved.require(len(moved.moves) == 8, "two protocols, twice there and back")
    ways = [(line["from"], line["to"], line["round"]) for line in moved.moves if line["protocol"] == "udp"]
    there, back = ("boot-01", "boot-02"), ("boot-02", "boot-01")
    moved.require(ways == [(*there, 1), (*back, 2), (*there, 3), (*back, 4)], f"the moves are {ways}")
    widest = max(INTERVAL_MS, *(line["resolution_ms"] for line in moved.moves))
    for line in moved.lines:
        if line["type"] == "drill":
            moved.require(line["moves"] == 4 and line["failed"] == 0, "all moves passed")
            moved.require(line["gap_ms"]["max"] < 3 * widest, f"the distribution, at {widest} ms")


if __name__ == "__main__":
    main()
