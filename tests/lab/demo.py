#!/usr/bin/python3 -B
"""floatprobe shown to somebody who has never seen it: `demo.py BIN` in the provider's network (provider.py has the
drawing), `demo.py BIN loopback` on the loopback addresses of this machine, where no privilege is needed.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import lab
import test_unpinned
from provider import Provider, yaml

PICTURE = r"""
  client ────────── router ─────────────────┬── boot-01   droplet 198.18.1.5   anchor 198.18.18.26
  198.51.100.2      floating 203.0.113.7    │
                    ──DNAT──► 198.18.18.26  └── boot-02   droplet 198.18.1.6   anchor 198.18.18.27
"""


def say(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def show(argv, shown, **how):
    """Run something as the person at the keyboard would, its output as it comes."""
    print(f"\n$ {shown}", flush=True)
    status = subprocess.run(argv, check=False, timeout=60, **how).returncode
    if status:
        print(f"(exit status {status})")


def check(net, *options):
    with net.client.inside():
        show([net.program("floatprobe"), "check", "--config", "fra-home.yaml", *options],
             " ".join(("floatprobe check --config fra-home.yaml", *options)), cwd=net.files)  # fmt: skip


def provider(binaries):
    lab.enter()
    net = Provider(4, binaries)
    say("A provider's network in network namespaces: two servers. boot-01 holds the floating address.")
    print(PICTURE)
    net.build()
    print("Each server runs floatprobed (`floatprobed --config boot-01.yaml`). The client's fra-home.yaml:\n")
    with open(net.config(), encoding="utf-8") as file:
        print("".join(f"    {line}" for line in file))

    say("1. Everything works.")
    check(net)
    check(net, "--target", "bootnode", "-v")

    say("2. UDP answers from the floating address are dropped. The client gets no answer; the receipts prove the direction.")
    net.cut("return", net.plan.floating, "udp")
    check(net, "--target", "bootnode")
    net.heal()

    if shutil.which("ncat") and shutil.which("socat"):
        say("3. Other UDP servers on boot-01, behind the same floating address. From which address do they answer?")
        test_unpinned.start_servers(net)
        test_unpinned.show(row for row in test_unpinned.transcript(net) if row[1] == net.plan.floating)
        print("\nThese answers come from an address that the client did not ask. A connected client does not receive them."
              "\nfloatprobed also listens on all addresses, and answers from the address that was asked:")  # fmt: skip
        check(net, "--target", "bootnode", "--count", "3")


class Loopback:
    """One floatprobed on this machine, on a port that was free, asked at three loopback addresses."""

    ADDRESSES = {"first": "127.0.0.1", "second": "127.0.0.2", "sixth": "::1"}

    def __init__(self, binaries, files):
        self.binaries, self.files = binaries, files
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as free:
            free.bind(("::", 0))
            self.port = free.getsockname()[1]
        keys = {name: self.keygen(name) for name in ("fra-home", "boot-01")}
        self.write("boot-01.yaml", {
            "name": "boot-01", "key": "boot-01.key", "listen": {"port": self.port},
            "clients": {"fra-home": keys["fra-home"]},
        })  # fmt: skip
        self.write("fra-home.yaml", {
            "vantage": "fra-home", "key": "fra-home.key", "servers": {"boot-01": keys["boot-01"]},
            "targets": [
                {"name": name, "role": "droplet", "address": address, "port": self.port, "server": "boot-01"}
                for name, address in self.ADDRESSES.items()
            ],
        })  # fmt: skip

    def keygen(self, name):
        return lab.command([f"{self.binaries}/floatprobe", "keygen", "-o", f"{self.files}/{name}.key"]).stdout.strip()

    def write(self, name, content):
        with open(f"{self.files}/{name}", "w", encoding="utf-8") as file:
            file.write(yaml(content) + "\n")

    def listens(self):
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def check(self):
        show([f"{self.binaries}/floatprobe", "check", "--config", "fra-home.yaml"],
             "floatprobe check --config fra-home.yaml", cwd=self.files)  # fmt: skip


def loopback(binaries):
    say("Without the privilege to create network namespaces the demo uses loopback addresses. Run it as root to see more.")
    with tempfile.TemporaryDirectory(prefix="floatprobe-demo-") as files:
        demo = Loopback(binaries, files)
        with subprocess.Popen([f"{binaries}/floatprobed", "--config", "boot-01.yaml"], cwd=files,
                              preexec_fn=lab.die_with_parent) as server:  # fmt: skip
            try:
                lab.wait_until("floatprobed listens", demo.listens)
                say("1. Everything works.")
                demo.check()
            finally:
                server.terminate()
        say("2. The server is stopped.")
        demo.check()


def main(binaries, *where):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab.die_with_parent(signal.SIGTERM)
    (loopback if where else provider)(os.path.abspath(binaries))


main(*sys.argv[1:])
