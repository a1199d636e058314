"""When a client with many targets sends: bursts, and how late probes are, from the kernel's stamps of what leaves."""
import os
import signal
import struct
import subprocess
import time

from bench import LOAD_CORE, med, on_core, table, wait_for_port

PORT, SECOND, MILLISECOND = 7002, 10**9, 10**6
QUERY = 2  # sends.c: enum kind
SENT = struct.Struct("=qIHH")


def most_in(times, span):
    """The most of these sorted times that are within one span."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def share(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else 0


class Moments:
    """What left, divided by the moments at which something happened."""

    def __init__(self, path, marks, steady):
        with open(path, "rb") as f:
            self.sent = sorted(SENT.iter_unpack(f.read()))
        self.marks = marks
        self.slots = self._slots(*next((a, b) for name, a, b in self.spans() if name == steady))

    def spans(self):
        return [(name, at, until) for (name, at), (_, until) in zip(self.marks, self.marks[1:])]

    def _slots(self, since, until):
        """A target's time within the second: the middle one of those at which it was probed in these seconds."""
        first, offsets = {}, {}
        for at, to, _, kind in self.sent:
            if since <= at < until and kind != QUERY:
                start = first.setdefault(to, at)
                offsets.setdefault(to, []).append((at - start + SECOND // 2) % SECOND - SECOND // 2)
        return {to: first[to] + med(times) for to, times in offsets.items()}

    def row(self, name, since, until):
        here = [sent for sent in self.sent if since <= sent[0] < until]
        times = [since, *(at for at, *_ in here), until]
        off_us = [abs((at - self.slots[to] + SECOND // 2) % SECOND - SECOND // 2) / 1000
                  for at, to, _, kind in here if kind != QUERY and to in self.slots]
        queries = sum(kind == QUERY for *_, kind in here)
        silence = max(b - a for a, b in zip(times, times[1:])) / MILLISECOND
        return [name, f"{len(here) - queries:,}", queries, most_in(times[1:-1], MILLISECOND),
                *(f"{share(off_us, part) / 1000:.2f}" for part in (0.5, 0.99)), f"{silence:.0f}"]


def foremost():
    """Other work on the machine does not count: the client runs as it would on an idle one, where that is allowed."""
    on_core(LOAD_CORE)()
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


def wait_for_log(bench, words, count=1):
    for _ in range(2000):
        with open(bench.path("log")) as log:
            if log.read().count(words) >= count:
                return
        time.sleep(0.01)


def play(bench, client, mark):
    seconds = bench.options.seconds
    wait_for_log(bench, "probing ")
    mark("first round")
    time.sleep(3 * seconds / 2)
    mark("steady")
    time.sleep(4 * seconds)
    mark("reload")
    client.send_signal(signal.SIGHUP)
    wait_for_log(bench, "reloaded")
    time.sleep(seconds)
    mark("")
    client.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    mark("after a pause")
    client.send_signal(signal.SIGCONT)
    time.sleep(seconds)
    subprocess.run(["nft", "add rule t in th dport 7002 drop"], check=True)
    mark("server gone")
    time.sleep(6 * seconds)
    subprocess.run(["nft", "flush chain t in"], check=True)
    mark("server back")
    time.sleep(2 * seconds)
    mark("end")


def watch(bench, config_of, targets, protocol):
    """Run a client through all that makes bursts; the moments."""
    open(bench.path("log"), "w").close()
    server, marks = bench.floatprobed(PORT), []
    wait_for_port(PORT)
    with open(bench.path("sends"), "wb") as out:
        tap = subprocess.Popen([bench.tool("bench_sends"), str(PORT)], stdout=out)
    time.sleep(0.2)
    client = bench.start([bench.tool("floatprobe"), "run", "--config", config_of(targets, protocol)], setup=foremost)
    play(bench, client, lambda name: marks.append((name, time.time_ns())))
    bench.stop(client)
    bench.stop(server)
    tap.terminate()
    if tap.wait() != 0:
        print("  the tap has lost packets", flush=True)
    return Moments(bench.path("sends"), marks, "steady")


def schedule(bench, config_of):
    """config_of(targets, protocol): the path of a client's configuration."""
    if subprocess.run(["nft", "add table t; add chain t in { type filter hook input priority 0; }"]).returncode != 0:
        return
    cases = [(1000, "udp"), (10_000, "udp"), (1000, "tcp")] if not bench.options.smoke else [(300, "udp")]
    for targets, protocol in cases:
        moments = watch(bench, config_of, targets, protocol)
        table(f"{targets:,} targets once a second over {protocol}: bursts, and time off schedule",
              ["moment", "probes", "queries", "most in 1 ms", "p50 ms", "p99 ms", "longest silence ms"],
              [moments.row(*span) for span in moments.spans() if span[0]])
    subprocess.run(["nft", "delete table t"])
