#!/usr/bin/python3 -B
"""How exact are the gaps that `floatprobe failover` reports? Moves whose true gaps the lab's own clock knows.

The address is cut one way, moves meanwhile, and is there again after a time between 0.1 and 0.9 s. For each interval and
direction: MOVES moves, and the largest and the median error of the gap and of the gap in that direction. A move passes if
no error exceeds one interval and 1 ms, beyond what the lab itself does not know (the time that its own change took).

    MOVES=20 tests/bench/moves.py [--family 6]
"""

import json
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lab"))

from lab import Failure  # noqa: E402
from provider import main, scenarios  # noqa: E402
from switch import Switch, cut, gap_bounds_ms, heal, point  # noqa: E402

MOVES = int(os.environ.get("MOVES", "20"))
PATIENCE_S = 30


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


@scenarios(*((direction, interval) for interval in ("20", "5") for direction in ("forward", "return")))
def moves(net, direction, interval):
    router, errors, busy, limit_ms = Switch(net.router), {}, 0, int(interval) + 1
    for number in range(MOVES):
        to = ("boot-02", "boot-01")[number % 2]
        truth, results = measure(net, router, direction, int(interval), to, random.uniform(0.1, 0.9))
        if any((said["resolution_ms"] or 0) > limit_ms for said in results.values()):
            busy += 1  # this host did not probe on time: the resolution says so
            continue
        for protocol, said in results.items():
            if said["to"] != to:
                raise Failure(f"it moved to {to}: {said}")
            for field in "gap_ms", f"{direction}_gap_ms":
                errors.setdefault((protocol, field), []).append(error_ms(said[field], truth))
    router.stop()
    if busy:
        print(f"{direction:8} {interval:>2} ms  {busy} of {MOVES} moves do not count: this host was too busy to probe on time")
    for (protocol, field), each in errors.items():
        wrong = sum(error > limit_ms for error in each)
        print(f"{direction:8} {interval:>2} ms  {protocol} {field:15} {len(each)} moves: error median "
              f"{statistics.median(each):.1f} ms, max {max(each):.1f} ms, beyond {limit_ms} ms: {wrong}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
