#!/usr/bin/python3 -B
"""How exact are the gaps that `floatprobe failover` reports? Moves whose true gaps the lab's own clock knows.

The address is cut one way, moves meanwhile, and is there again after a time between 0.1 and 0.9 s. For each interval and
direction: MOVES moves that count, and by protocol the error of the gap and of the gap in that direction, beyond what the
lab itself does not know (the time that its own change took). It passes if no error exceeds one interval and 1 ms.

A move does not count, and is repeated, if this machine was too busy: it let nobody run for 50 ms, the prober says that
it probed at longer intervals than it should (`resolution_ms`), or the servers' own addresses lost probes, too. The column
"beyond stated" is over the second kind as well: how often the error exceeded the resolution that floatprobe states and
1 ms.

    MOVES=20 tests/bench/moves.py [--family 6] [moves_forward_20 ...]
"""

import json
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab"))
MOVES = int(os.environ.get("MOVES", "20"))
ATTEMPTS = 3 * MOVES
PATIENCE_S = 30
STALL_S = 0.05
os.environ.setdefault("SCENARIO_SECONDS", str(60 + ATTEMPTS * PATIENCE_S))  # which lab reads

import lab  # noqa: E402
from bench import table  # noqa: E402
from lab import Failure  # noqa: E402
from provider import PROTOCOLS, main, scenarios  # noqa: E402
from switch import Switch, cut, gap_bounds_ms, heal, point  # noqa: E402

HEADS = ("interval", "cut", "protocol", "moves", "median", "max", "direction max", "beyond", "too busy", "beyond stated")
rows, unsound = [], []


def measure(net, router, direction, interval_ms, to, seconds):
    """One move; returns the bounds of the true gap, and the results by protocol."""
    file = net.config()
    watch = net.client.start(
        net.program("floatprobe"), "failover", "--config", file, "--target", "bootnode", "--format", "json",
        "--interval", f"{interval_ms}ms", "--settle", "1500ms", "--for", "12s",
    )  # fmt: skip
    time.sleep(1.2 + random.random() * interval_ms / 1000)  # at any time within the interval
    cut_at = router.nft(cut(net, direction, net.plan.floating))
    router.nft(point(net, to))
    net.router.run("conntrack", "-F")
    time.sleep(seconds)
    truth = gap_bounds_ms(cut_at, router.nft(heal()))
    deadline = time.monotonic() + PATIENCE_S
    while watch.running():
        if time.monotonic() > deadline:
            raise Failure(f"floatprobe failover does not end:\n{watch.output()}")
        time.sleep(0.05)
    lines = [json.loads(line) for line in watch.output().splitlines() if line.startswith("{")]
    return truth, {line["protocol"]: line for line in lines if line["type"] == "failover"}


def error_ms(said, truth):
    """How far this is from the nearest gap that may be the true one."""
    if said is None:
        return float("inf")
    return max(truth[0] - said, said - truth[1], 0)


class Row:
    """The errors of one protocol."""

    def __init__(self, protocol, field, limit_ms):
        self.protocol, self.field, self.limit_ms = protocol, field, limit_ms
        self.gaps, self.ways, self.dishonest = [], [], 0

    def add(self, said, truth, counts):
        gap = error_ms(said["gap_ms"], truth)
        self.dishonest += gap > (said["resolution_ms"] or 0) + 1
        if counts:
            self.gaps.append(gap)
            self.ways.append(error_ms(said[self.field], truth))

    def beyond(self):
        return sum(max(errors) > self.limit_ms for errors in zip(self.gaps, self.ways))

    def cells(self, busy):
        figures = (statistics.median(self.gaps), max(self.gaps), max(self.ways)) if self.gaps else (float("nan"),) * 3
        return (self.protocol, len(self.gaps), *(f"{ms:.1f} ms" for ms in figures), self.beyond(), busy, self.dishonest)


@scenarios(*((direction, interval) for interval in ("20", "5") for direction in ("forward", "return")))
def moves(net, direction, interval):
    router, stalls, limit_ms, busy = Switch(net.router), lab.Stalls(), int(interval) + 1, 0
    each = [Row(protocol, f"{direction}_gap_ms", limit_ms) for protocol in PROTOCOLS]
    for number in range(ATTEMPTS):
        to = ("boot-02", "boot-01")[number % 2]
        stalls.take()
        truth, results = measure(net, router, direction, int(interval), to, random.uniform(0.1, 0.9))
        spoilt = stalls.take() > STALL_S or any(said["network_lost"] for said in results.values())
        counts = not spoilt and all((said["resolution_ms"] or 0) <= limit_ms for said in results.values())
        busy += not counts
        for row in each if not spoilt else ():
            said = results[row.protocol]
            if counts and said["to"] != to:
                raise Failure(f"it moved to {to}: {said}")
            row.add(said, truth, counts)
        if number + 1 - busy == MOVES:
            break
    router.stop()
    for row in each:
        rows.append((f"{interval} ms", direction, *row.cells(busy)))
        if row.beyond() or len(row.gaps) < MOVES:
            unsound.append(f"{direction} {interval} ms {row.protocol}: {len(row.gaps)} of {MOVES} moves, {row.beyond()} beyond")


if __name__ == "__main__":
    try:
        main()
    except SystemExit as done:
        if rows:
            table(f"errors of the gap of {MOVES} moves", HEADS, rows)
            print("\n".join(["", *(f"FAILED {what}" for what in unsound)]) if unsound else "\npassed")
        sys.exit(done.code or bool(unsound))
