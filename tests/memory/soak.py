#!/usr/bin/python3 -B
"""A day in minutes: both programs with a fast schedule, outages, reloads of two configurations, readers of their pages,
and journals that are rotated. The median of their memory has to be flat:

    tests/memory/soak.py --seconds 600

In less than four minutes it shows that both go on, and no more."""

import argparse
import os
import signal
import subprocess
import sys
import time
from statistics import median

from test_memory import Place, Reader, ordinary

TURN_S = 0.25
EVERY = "100ms"
PROGRAMS = ("server", "client")
SLACK_KIB = 1024  # pages that the allocator keeps
JUDGED_FROM_S = 240  # in the second minute, the rings of outcomes are full


def configure(place, program, large):
    if program == "client":
        place.client(large, EVERY)
    else:
        place.server(large)


class Daemon:
    def __init__(self, place, program):
        self.place, self.program, self.rss_kib = place, program, []
        self.log = os.path.join(place.dir, f"{program}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(place.arguments(program), cwd=place.dir, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, **ordinary())  # fmt: skip
        self.reader = Reader(f"{place.dir}/{program}.sock")

    def note(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            self.rss_kib += [int(line.split()[1]) for line in status if line.startswith("VmRSS")]

    def rotate(self):
        journal = f"{self.place.dir}/{self.program}.jsonl"
        if os.path.exists(journal):
            os.replace(journal, f"{journal}.1")

    def end(self, judged):
        """Returns what is wrong with it."""
        self.reader.over = True
        self.reader.join()
        self.process.terminate()
        quarter = len(self.rss_kib) // 4
        before, after = median(self.rss_kib[quarter : 2 * quarter]), median(self.rss_kib[-quarter:])
        print(f"{self.program}: {before:.0f} KiB in the second quarter, {after:.0f} KiB in the last one")
        if status := self.process.wait(30):
            with open(self.log, encoding="utf-8") as log:
                return f"{self.program} ended with status {status}: {log.read()[-2000:]}"
        return f"{self.program} grows" if judged and after > before + SLACK_KIB + before / 20 else ""


def turn(n, place, daemons):
    """Each turn is one fault or one change."""
    server, client = daemons
    if n % 8 == 0:
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(TURN_S)
        server.process.send_signal(signal.SIGCONT)
    elif n % 8 == 4:
        for daemon in daemons:
            daemon.rotate()
    for daemon in (server, client):
        if n % 4 == 0:
            configure(place, daemon.program, n % 8 == 0)
            daemon.process.send_signal(signal.SIGHUP)
        daemon.note()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    place = Place()
    for program in PROGRAMS:
        configure(place, program, True)
    daemons = [Daemon(place, program) for program in PROGRAMS]
    try:
        end, n = time.monotonic() + options.seconds, 0
        while time.monotonic() < end or n < 8:
            time.sleep(TURN_S)
            n += 1
            turn(n, place, daemons)
        faults = [fault for daemon in daemons if (fault := daemon.end(options.seconds >= JUDGED_FROM_S))]
    finally:
        for daemon in daemons:
            daemon.process.kill()
    print(*faults, sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
