#!/usr/bin/python3 -B
"""Both daemons without descriptors: they do not spin, the prober says why it sends less, and both go on when there are
descriptors again. The server's event loop closes connections at once; that its limit is too low is said at the start."""

import os
import pwd
import resource
import time

import cli
from test_run import Processes, wait_until


def processor_s(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


class Descriptors(Processes):
    """Limits of another user's process need CAP_SYS_RESOURCE, so the daemons stay ours."""

    def setUp(self):
        super().setUp()
        port = cli.closed_port()
        user = f"user: {pwd.getpwuid(os.getuid()).pw_name}\n"
        self.config(port)
        server = self.write(
            "server.yaml",
            f"name: boot-01\nkey: server.key\nlisten: {{ port: {port} }}\n{user}clients: {{ here: '{self.client}' }}\n",
        )
        self.daemon = self.start(cli.FLOATPROBED, "--config", server, name="server")
        file = self.config(port, extra=f"{user}journal: journal.jsonl\nschedules: {{ steady: {{ every: 20ms, timeout: 2s }} }}\n")
        wait_until("it listens", lambda: "listening" in self.read("server.log"))
        self.prober = self.start(cli.FLOATPROBE, "run", "--config", file)
        wait_until("every path is up", lambda: self.states().values() and set(self.states().values()) == {"up"})

    def states(self):
        """The last state of each path, by protocol and flow."""
        changes = [o for o in self.journal() if o["type"] == "change"]
        return {(o["target"], o["protocol"], o["flow"]): o["to"]["state"] for o in changes}

    def limited(self, process):
        """No descriptor beyond those that it always has. Returns what lifts the limit."""
        always = set.intersection(*(self.descriptors(process) for _ in range(50)))
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        free = next(n for n in range(len(always) + 1) if n not in always)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (free, before[1]))
        return lambda: resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)

    @staticmethod
    def descriptors(process):
        time.sleep(0.01)
        return set(map(int, os.listdir(f"/proc/{process.pid}/fd")))

    def require_rest(self, process):
        """While it lacks descriptors it takes less than half of a processor."""
        used, begin = processor_s(process), time.monotonic()
        time.sleep(1)
        self.assertLess(processor_s(process) - used, 0.5 * (time.monotonic() - begin))

    def test_the_server(self):
        restore = self.limited(self.daemon)
        wait_until("TCP is not up", lambda: self.states()["boot-01", "tcp", "fresh"] != "up")
        self.require_rest(self.daemon)
        self.assertEqual(self.states()["boot-01", "udp", "held"], "up")
        wait_until("it is said", lambda: "out of descriptors" in self.read("server.log"))
        restore()
        wait_until("TCP is up again", lambda: self.states()["boot-01", "tcp", "fresh"] == "up")
        wait_until("it is said", lambda: "there are descriptors again" in self.read("server.log"))
        self.assertEqual(self.read("server.log").count("out of descriptors"), 1)

    def test_the_prober(self):
        restore = self.limited(self.prober)
        wait_until("TCP is not up", lambda: self.states()["boot-01", "tcp", "fresh"] != "up")
        self.require_rest(self.prober)
        self.assertIn("Too many open files", self.log() + str(self.journal()))
        self.assertLess(self.log().count("open files"), 20)
        restore()
        wait_until("every path is up", lambda: set(self.states().values()) == {"up"})


    def test_fewer_descriptors_than_sockets(self):
        """Answers to what it sends from the sockets that it has are heard, so that no held path looks lost."""
        before = resource.prlimit(self.prober.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.prober.pid, resource.RLIMIT_NOFILE, (1, before[1]))
        wait_until("TCP is not up", lambda: self.states()["boot-01", "tcp", "fresh"] != "up")
        time.sleep(2)
        self.assertEqual(self.states()["boot-01", "udp", "held"], "up")
        resource.prlimit(self.prober.pid, resource.RLIMIT_NOFILE, before)
        wait_until("every path is up", lambda: set(self.states().values()) == {"up"})
        self.assertFalse([o for o in self.journal() if o["type"] == "loss"])


if __name__ == "__main__":
    cli.main()
