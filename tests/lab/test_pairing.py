#!/usr/bin/python3 -B
"""From nothing to a working pair with the commands that README shows, each in its own network and its own /etc.

    client /etc/floatprobe ───────── router ───────── boot-01 /etc/floatprobe
"""

import os
import re
import shutil
import signal

from lab import Failure, wait_until
from provider import PORT, main, scenario

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../README.md")
LINES = {"server": r"floatprobe://[^\s']+", "client": r"fra-home: ed25519:[^\s']+"}  # what init prints
NAMES = {"server": "boot-01", "client": "fra-home"}


class Machine:
    """Commands in a host that has its own name and its own files under /etc."""

    def __init__(self, net, host, side):
        self.net, self.host, self.side = net, host, side
        self.etc = f"{net.files}/{side}-etc"
        os.mkdir(self.etc)
        for name in ("passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache"):
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.etc)

    def _argv(self, text):
        binaries = f"PATH={self.net.binaries}:{os.environ['PATH']}"
        script = f"mount --bind {self.etc} /etc && hostname {NAMES[self.side]} && unset HOME XDG_CONFIG_HOME && exec sh -c \"$0\""
        return ("env", binaries, "unshare", "--mount", "--uts", "sh", "-c", script, text)

    def run(self, text):
        return self.host.run(*self._argv(text)).stdout

    def start(self, text):
        return self.host.start(*self._argv(f"exec {text}"))


def commands():
    """(side, command) in the order of README's section."""
    with open(README, encoding="utf-8") as file:
        section = file.read().partition("\n## Pair")[2].partition("\n## ")[0]
    found = re.findall(r"^(server|client)# (.+)$", section, re.M)
    if len(found) < 6:
        raise Failure(f"README shows only {found}")
    return found


def paste(text, lines):
    """README's example lines stand for those that were printed."""
    for side, line in lines.items():
        text = re.sub(LINES[side], lambda _found, line=line: line, text)
    return text


@scenario
def readme(net):
    net.servers["boot-01"].stop()
    server = net.servers["boot-01"].host
    machines = {"server": Machine(net, server, "server"), "client": Machine(net, net.client, "client")}
    lines, shown, daemon = {}, "", None
    for side, text in commands():
        text = paste(text, lines)
        if text == "floatprobed":
            daemon = machines[side].start(text)
            wait_until("it listens", lambda: server.listens("tcp", PORT))
            continue
        shown = machines[side].run(text)
        if "init" in text:
            lines[side] = shown.strip()
            if not re.fullmatch(LINES[side], lines[side]):
                raise Failure(f"{text} printed {shown!r}")
    if "as expected" not in shown:
        raise Failure(f"the last command of README printed {shown!r}")
    if daemon.stop(signal.SIGTERM):
        raise Failure(daemon.output())


if __name__ == "__main__":
    main()
