#!/usr/bin/python3 -B
"""The journal accounts for every probe: its sums are those of counters in the kernels of client and server.

    client ──────────── router ──────────── boot-01
    counts what leaves  ╳ faults            counts what arrives
    and what comes
"""

import os
import signal
import sys
import time

import lab
from lab import Failure, wait_until
from provider import PORT, journal, main, once, scenario, scenarios

UDP = {"target": "bootnode", "protocol": "udp", "size": 512}
PROXY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "udp_proxy.py")
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
    words = net.client.nft(f"list counter inet count {name}").split()
    return int(words[words.index("packets") + 1])


def total(lines, *fields):
    return sum(line[field] for line in lines for field in fields)


def records(lines, kind="path", where=UDP):
    return [line for line in lines if line["type"] == kind and where.items() <= line.items()]


def started(net, every="50ms", **changes):
    """The floating address only, by UDP and TCP."""
    count(net)
    targets = [{**target, "sizes": [512], **changes} for target in net.targets() if target["role"] == "floating"]
    daemon = net.run_daemon(targets, every)
    daemon.wait_for({**UDP, "flow": "held"}, state="up")
    return daemon


def stopped(daemon):
    require(daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    return daemon.journal()


def require_true_sums(net, lines, after=0):
    """What left and what came, by the kernel, is what the records say. after: so many may come after the end."""
    paths = records(lines)
    require(total(paths, "sent", "unfinished") == counted(net, "sent"), "not all that was sent is in the records")
    heard, came = total(paths, "answered", "late", "duplicates"), counted(net, "heard")
    require(0 <= came - heard <= after, f"{came} answers came, and {heard} are in the records")
    return paths


@scenarios(("forward",), ("return",))
def random_loss(net, direction):
    daemon = started(net)
    net.cut(direction, net.plan.floating, "udp", also="numgen random mod 10 0")
    wait_until("losses are in the journal", lambda: total(records(daemon.journal(), "loss"), *LOSSES) > 20)
    net.heal()
    before = counted(net, "heard")
    wait_until("answers tell of the last losses", lambda: counted(net, "heard") > before + 40)
    lines = stopped(daemon)
    paths = require_true_sums(net, lines)
    proven = total(paths, f"{direction}_lost")
    require(proven > 0.8 * total(paths, *LOSSES), f"only {proven} losses have the right direction")
    require(total(paths, *LOSSES) == proven + total(paths, "lost"), "losses in the wrong direction")
    require(all(loss["until"] >= loss["time"] for loss in records(lines, "loss")), "a stretch ends before it begins")


@once
@scenario
def six_single_losses(net):
    """They change no state, and each leaves a trace with its time."""
    daemon = started(net, "20ms", server="boot-01", flows={"held": 1, "fresh": 0}, protocols=["udp"])
    changes = len(records(daemon.journal(), "change"))
    net.cut("forward", net.plan.floating, "udp", also="numgen inc mod 80 79")
    wait_until("six losses are in the journal", lambda: len(records(daemon.journal(), "loss")) >= 6)
    net.heal()
    lines = stopped(daemon)
    require_true_sums(net, lines)
    losses = records(lines, "loss")
    require(all(loss["sent"] == loss["forward_lost"] == 1 for loss in losses), "each is one, and forward")
    require(len({loss["time"] for loss in losses}) == len(losses), "each has its time")
    require(len(records(lines, "change")) == changes, "nothing changed its state")


def proxy(net, policy):
    """A program on the router takes the floating address's probes, and does to the answers what the policy says."""
    net.router.ip(net.plan.add(net.plan.floating, "lo"))
    net.router.nft(f"flush chain {net.plan.nft} provider floating\n")
    net.router.start(sys.executable, "-B", PROXY, net.plan.floating, net.plan.droplet["boot-01"], str(PORT), policy)
    wait_until("the proxy listens", lambda: net.router.listens("udp", PORT))


def through_proxy(net, policy, after=0):
    proxy(net, policy)
    count(net)
    target = {"name": "bootnode", "role": "floating", "address": net.plan.floating, "server": "boot-01"}
    daemon = net.run_daemon([{**target, "protocols": ["udp"], "sizes": [512], "flows": {"held": 1, "fresh": 0}}])
    wait_until("a lot came", lambda: counted(net, "heard") > 100)
    return require_true_sums(net, stopped(daemon), after)


@once
@scenario
def duplicates(net):
    paths = through_proxy(net, "double", after=1)
    require(abs(total(paths, "duplicates") - total(paths, "answered")) <= 1, "each answer but the last has a copy")
    require(total(paths, *LOSSES) == 0, "nothing was lost")


@once
@scenario
def reordered(net):
    paths = through_proxy(net, "swap", after=1)
    require(abs(2 * total(paths, "reordered") - total(paths, "answered")) < 5, "each second answer is overtaken")
    slow = max(path["rtt_ms"]["max"] for path in paths if path["rtt_ms"])
    require(slow > 40, f"an answer waits for the next one, but the longest round trip is {slow} ms")


@once
@scenario
def late(net):
    """Answers that come after the timeout are late, and their probes are lost."""
    paths = through_proxy(net, "late", after=8)
    require(total(paths, "late") > 90, "no answer is late")
    require(total(paths, "answered", "forward_lost", "return_lost") == 0, "no answer is in time, nothing lost on its way")


@once
@scenario
def some_are_late(net):
    """What has arrived is answered, too late: nothing is lost on its way, and no verdict says so meanwhile."""
    proxy(net, "some-late")
    count(net)
    target = {"name": "bootnode", "role": "floating", "address": net.plan.floating, "server": "boot-01"}
    daemon = net.run_daemon([{**target, "protocols": ["udp"], "sizes": [512]}])
    daemon.wait_for(UDP, state="lossy")
    counter = counted(net, "heard")
    wait_until("a lot came", lambda: counted(net, "heard") > counter + 100)
    lines = stopped(daemon)
    changes = [line["to"] for line in records(lines, "change")]
    require(all(to["direction"] in ("none", "unknown") for to in changes), f"nothing is lost on its way: {changes}")
    require(sum(to["state"] == "lossy" for to in changes) <= 2, f"nothing changes, once the paths are lossy: {changes}")


@once
@scenarios(("1",), ("12",))
def suspended(net, seconds):
    """The daemon does not run for a while: nothing is lost for it, and the journal says so."""
    daemon = started(net)
    began = time.monotonic()
    daemon.process.send(signal.SIGSTOP)
    time.sleep(int(seconds))  # the condition itself
    daemon.process.send(signal.SIGCONT)
    truth_ms = 1000 * (time.monotonic() - began)
    wait_until("the pause is in the journal", lambda: records(daemon.journal(), "pause", {}))
    before = counted(net, "sent")
    wait_until("it goes on", lambda: counted(net, "sent") > before + 20)
    lines = stopped(daemon)
    require_true_sums(net, lines)
    longest = max(pause["duration_ms"] for pause in records(lines, "pause", {}))
    require(abs(longest - truth_ms) < 300, f"the pause was {longest} ms, and the truth {truth_ms} ms")
    require(total(records(lines, where={}), *LOSSES) == 0, "nothing was lost")
    require(not records(lines, "loss", {}), "nothing was lost")


@once
@scenario
def clock_set(net):
    lab.need("faketime")
    file = f"{net.files}/clock"
    def set_clock(text):
        with open(f"{file}.new", "w", encoding="ascii") as new:
            new.write(text + "\n")
        os.rename(f"{file}.new", file)
    set_clock("+0")
    faked = ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_CACHE_DURATION=1", f"FAKETIME_TIMESTAMP_FILE={file}",
             "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")  # fmt: skip
    daemon = net.run_daemon([target for target in net.targets() if target["role"] == "floating"], under=faked)
    daemon.wait_for({**UDP, "flow": "held"}, state="up")
    for text, step in (("+5", 5000), ("-2", -7000)):
        set_clock(text)
        wait_until(f"a step of {step} ms is in the journal", lambda: [
            line for line in records(daemon.journal(), "clock_step", {}) if abs(line["step_ms"] - step) < 200])  # fmt: skip
    lines = stopped(daemon)
    require(len(records(lines, "clock_step", {})) == 2, "the clock was set twice")
    require(total(records(lines, where={}), *LOSSES) == 0, "nothing was lost")


@once
@scenario
def rotation(net):
    """The old file has all that was before, and the new one goes on where it ends."""
    daemon = started(net)
    old, new = f"{net.files}/fra-home.jsonl.1", f"{net.files}/fra-home.jsonl"
    os.rename(new, old)
    daemon.process.send(signal.SIGHUP)
    wait_until("there is a new file", lambda: journal(new))
    net.write("fra-home.yaml", {"vantage": "fra-home", "targets": "none of your business"})
    daemon.process.send(signal.SIGHUP)
    wait_until("the journal has the wrong reload", lambda: len(records(journal(new), "reload", {})) == 2)
    before, after = journal(old), stopped(daemon)
    require(after[0]["type"] == "reload" and after[0]["version"] == before[0]["version"], "the new file begins so")
    require([line["result"] for line in records(after, "reload", {})] == ["applied", "rejected"], "what became of it")
    require_true_sums(net, before + after)
    for flow in ("held", "fresh"):
        last, first = (records(lines, where={**UDP, "flow": flow})[i] for lines, i in ((before, -1), (after, 0)))
        require(last["time"] == first["from"], f"a gap: {last['time']}, {first['from']}")


@scenario
def a_name(net):
    """It moves, cannot be resolved, and is back."""
    hosts = f"{net.files}/hosts"
    def resolve(*addresses):
        with open(hosts, "w", encoding="ascii") as file:
            file.writelines(f"{address} bootnode.example\n" for address in addresses)
    def told(event):
        return [line for line in records(daemon.journal(), "name", {}) if line["event"] == event]
    def reloaded_until(event):
        daemon.process.send(signal.SIGHUP)
        wait_until(f"the name has {event}", lambda: told(event))
        return told(event)[-1]
    first, second = net.plan.droplet["boot-01"], net.plan.droplet["boot-02"]
    resolve(first)
    lab.command(["mount", "--bind", hosts, "/etc/hosts"])
    try:
        daemon = net.run_daemon([{"name": "bootnode", "role": "droplet", "address": "bootnode.example",
                                  "server": ["boot-01", "boot-02"]}])  # fmt: skip
        daemon.wait_for({**UDP, "flow": "held", "address": first}, state="up")
        resolve(second)
        moved = reloaded_until("moved")
        require(moved["addresses"] == [second] and moved["target"] == "bootnode", f"{moved}")
        daemon.wait_for({**UDP, "flow": "held", "address": second}, state="up")
        resolve()
        failed = reloaded_until("failed")
        require(failed["addresses"] == [second] and failed["error"], f"{failed}")
        resolve(second)
        reloaded_until("recovered")
        lines = stopped(daemon)
    finally:
        lab.command(["umount", "/etc/hosts"])
    left = [line["ended"] for line in records(lines, where={**UDP, "flow": "held"}) if line["ended"]]
    require(left == ["name", "stop"], f"the path to the first address ends with its name: {left}")
    for text in ("has other addresses now", "cannot resolve bootnode.example", "bootnode.example can be resolved: "):
        require(text in daemon.process.output(), f"the log does not say: {text}")


if __name__ == "__main__":
    main()
