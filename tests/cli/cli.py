"""What the command line tests share: a directory, an environment of its own, and the programs under test."""

import json
import os
import random
import socket
import subprocess
import tempfile
import unittest

BIN = os.environ.get("FLOATPROBE_BIN", "build/bin")
FLOATPROBE = os.path.abspath(f"{BIN}/floatprobe")
FLOATPROBED = os.path.abspath(f"{BIN}/floatprobed")

# A round that is over at once where nothing has to be waited for.
QUICK = ("--count", "2", "--spacing", "5ms", "--timeout", "3s")

_marks = []  # of the ports that this process was given, as long as it lives


def _take(port):
    """Tests run side by side, and a port that one of them was given may not be in use yet, or never. Names of abstract
    sockets are known where ports are: in the network namespace."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0floatprobe-test-port-{port}")
    except OSError:
        mark.close()
        return False
    _marks.append(mark)
    return True


def closed_port():
    """A loopback port on which nobody listens, over UDP nor TCP, and that no kernel gives to a client meanwhile. No other
    test gets it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    while True:
        port = random.randrange(lowest // 2, lowest)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("", port))
                tcp.bind(("", port))
            except OSError:
                continue
            if _take(port):
                return port


class TestCase(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="floatprobe-cli-", ignore_cleanup_errors=True)
        self.addCleanup(directory.cleanup)
        self.dir = directory.name
        self.env = {"PATH": os.environ["PATH"], "HOME": self.dir, "LC_ALL": "C.UTF-8"}
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.env[name] = value

    def path(self, name):
        return os.path.join(self.dir, name)

    def floatprobe(self, *arguments, status, **options):
        """Runs it to its end; returns what it wrote."""
        options = {"env": self.env, "cwd": self.dir, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "text": True, "timeout": 60} | options  # fmt: skip
        done = subprocess.run((FLOATPROBE, *arguments), check=False, **options)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}\n{done.stderr}")
        return done

    def key(self, name):
        return self.floatprobe("keygen", "-o", self.path(name), status=0).stdout.strip()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def config(self, port=None, extra=""):
        """One server with two targets; nobody answers unless a server is started on that port."""
        if not os.path.exists(self.path("client.key")):
            self.client, self.server = self.key("client.key"), self.key("server.key")
        port = port or closed_port()
        return self.write(
            "client.yaml",
            f"""
vantage: here
key: client.key
servers: {{ boot-01: "{self.server}" }}
targets:
  - {{ name: boot-01, role: droplet, address: 127.0.0.1, port: {port}, server: boot-01 }}
  - {{ name: other, role: floating, address: 127.0.0.2, port: {port}, server: boot-01 }}
{extra}""",
        )

    def objects(self, text):
        return [json.loads(line) for line in text.splitlines()]


as_root = unittest.skipUnless(os.geteuid() == 0, "other users need root")
main = unittest.main
