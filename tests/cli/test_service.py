#!/usr/bin/python3 -B
"""What a service manager sees of both daemons: the protocol of sd_notify(3), with a socket in its place."""

import base64
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import unittest

import nacl.signing

import cli
from test_run import Processes, wait_until

WATCHDOG_S = 0.2


class Service(Processes):
    """The service manager's end of the socket."""

    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(30)

    def listen(self, address):
        self.manager.bind(address)
        self.env["NOTIFY_SOCKET"] = address.replace("\0", "@")

    def expect(self, first):
        """The next message whose first line is this, as a dictionary. Watchdog messages may come between."""
        while True:
            message = self.manager.recv(4096).decode()
            if message.split("\n")[0] == first:
                return dict(line.split("=", 1) for line in message.split("\n"))
            self.assertEqual(message, "WATCHDOG=1")

    def server(self):
        self.config()
        file = self.write(
            "server.yaml",
            f"name: boot-01\nkey: server.key\nlisten: {{ port: {cli.closed_port()}, addresses: [ 127.0.0.1 ] }}\n"
            f'clients: {{ here: "{self.client}" }}\n',
        )
        return self.start(cli.FLOATPROBED, "--config", file)

    def lives(self, process, what):
        ready = self.expect("READY=1")
        self.assertIn(what, ready["STATUS"])
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        process.send_signal(signal.SIGHUP)
        reloading = self.expect("RELOADING=1")
        self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before)
        self.expect("READY=1")
        self.end(process)
        self.expect("STOPPING=1")

    def test_the_server(self):
        self.listen(self.path("notify"))
        self.lives(self.server(), "answering 1 client")

    def test_the_prober_on_an_abstract_socket(self):
        self.listen(f"\0floatprobe-{os.getpid()}-{time.monotonic_ns()}")
        self.lives(self.run_daemon("journal.jsonl"), "of 2 targets as here")

    def test_a_reload_with_errors_is_ready_again(self):
        self.listen(self.path("notify"))
        process = self.run_daemon("journal.jsonl")
        self.expect("READY=1")
        self.write("client.yaml", "nonsense")
        process.send_signal(signal.SIGHUP)
        self.expect("RELOADING=1")
        self.expect("READY=1")
        self.assertIn("the old configuration stays in use", self.log())
        self.end(process)

    def test_the_watchdog_is_answered_from_the_loop(self):
        self.listen(self.path("notify"))
        self.env["WATCHDOG_USEC"] = str(int(WATCHDOG_S * 1e6))
        for process in (self.server(), self.run_daemon("journal.jsonl")):
            for _ in range(5):
                while self.manager.recv(4096) != b"WATCHDOG=1":
                    pass
            self.end(process)

    def test_the_watchdog_of_another_process(self):
        self.listen(self.path("notify"))
        self.env |= {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
        process = self.server()
        self.expect("READY=1")
        self.end(process)
        self.assertEqual(self.manager.recv(4096), b"STOPPING=1")

    def test_a_service_manager_that_is_busy(self):
        """What it has no room for waits, in order; else it would end a service that it takes for not ready."""
        self.listen(self.path("notify"))
        others = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.addCleanup(others.close)
        others.connect(self.path("notify"))
        with self.assertRaises(BlockingIOError):
            while True:
                others.send(b"WATCHDOG=1")
        process = self.server()
        wait_until("it listens", lambda: "listening" in self.log())
        process.send_signal(signal.SIGHUP)
        wait_until("it has reloaded", lambda: "reloaded" in self.log())
        for state in ("READY=1", "RELOADING=1", "READY=1"):
            self.expect(state)
        self.end(process)

    def test_a_service_manager_that_starts_again(self):
        self.listen(self.path("notify"))
        process = self.server()
        self.expect("READY=1")
        self.manager.close()
        os.unlink(self.path("notify"))
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(30)
        self.listen(self.path("notify"))
        os.chmod(self.path("notify"), 0o777)
        os.chmod(self.dir, 0o755)
        process.send_signal(signal.SIGHUP)
        self.expect("RELOADING=1")
        self.expect("READY=1")
        self.end(process)

    def test_a_reload_during_the_start(self):
        """It waits until the daemon hears it. The configuration comes by a pipe, so that the start takes its time."""
        self.config()
        server = (f"key: server.key\nlisten: {{ port: {cli.closed_port()}, addresses: [ 127.0.0.1 ] }}\n"
                  f'clients: {{ here: "{self.client}" }}\n')  # fmt: skip
        for command, text in (((cli.FLOATPROBED,), server), ((cli.FLOATPROBE, "run"), self.read("client.yaml"))):
            os.mkfifo(self.path("pipe"))
            process = self.start(*command, "--config", self.path("pipe"), stdout=subprocess.DEVNULL)
            wait_until("it holds SIGHUP", lambda process=process: self.blocked(process) & 1 << (signal.SIGHUP - 1))
            process.send_signal(signal.SIGHUP)
            self.write("pipe", text)
            wait_until("it has heard it", lambda: "the old configuration stays in use" in self.log())
            self.end(process)
            for name in ("pipe", "run.log"):
                os.unlink(self.path(name))

    def blocked(self, process):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1], 16) for line in status if line.startswith("SigBlk"))

    def test_closed_standard_files(self):
        """No socket or journal gets a number that the log is written to."""
        self.config()
        file = self.write("server.yaml", f"key: server.key\nlisten: {{ port: {cli.closed_port()} }}\n"
                          f'clients: {{ here: "{self.client}" }}\njournal: server.jsonl\n')  # fmt: skip
        server = self.start("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', cli.FLOATPROBED, "--config", file)
        wait_until("it has started", lambda: os.path.exists(self.path("server.jsonl")))
        for n in range(3):
            self.assertEqual(os.readlink(f"/proc/{server.pid}/fd/{n}"), "/dev/null")
        self.end(server)

    def test_no_service_manager_at_the_address(self):
        self.env["NOTIFY_SOCKET"] = self.path("nobody")
        process = self.run_daemon("journal.jsonl")
        wait_until("the log says so", lambda: "cannot notify the service manager" in self.log())
        self.end(process)


class Secrets(Processes):
    """Where the secret key is in the memory of a daemon: only where a core dump leaves it out."""

    def test_keys_that_cannot_be_locked(self):
        self.config()
        file = self.write("server.yaml", f"key: server.key\nlisten: {{ port: {cli.closed_port()}, addresses: [ 127.0.0.1 ] }}\n"
                          f'clients: {{ here: "{self.client}" }}\n')  # fmt: skip
        for limit, said in (("0", True), ("65536", False)):
            server = self.start("setpriv", "--inh-caps=-ipc_lock", "--bounding-set=-ipc_lock", "prlimit", f"--memlock={limit}",
                                cli.FLOATPROBED, "--config", file)  # fmt: skip
            wait_until("it listens", lambda: "listening" in self.log())
            self.skip_if_sanitized(server, "AddressSanitizer's mlock does nothing")
            self.end(server)
            self.assertEqual("not locked in memory" in self.log(), said)
            os.unlink(self.path("run.log"))

    def secrets(self, name):
        seed = base64.b64decode(self.read(name).split(":")[1])
        key = nacl.signing.SigningKey(seed)
        return seed, bytes(key.to_curve25519_private_key())

    def skip_if_sanitized(self, process, why):
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as statm:
            if int(statm.read().split()[0]) * resource.getpagesize() > 2**40:
                self.skipTest(why)

    def dumped(self, process, secret):
        """The mappings that have the secret and that a core dump takes in."""
        self.skip_if_sanitized(process, "AddressSanitizer reserves more than can be read")
        found, total = [], 0
        with open(f"/proc/{process.pid}/smaps", encoding="ascii") as smaps, open(
            f"/proc/{process.pid}/mem", "rb", buffering=0
        ) as memory:
            for line in smaps:
                if re.match(r"[0-9a-f]+-[0-9a-f]+ rw", line):
                    start, end = (int(x, 16) for x in line.split()[0].split("-"))
                    memory.seek(start)
                    count = memory.read(end - start).count(secret)
                    mapping = line.strip()
                elif re.match(r"[0-9a-f]+-", line):
                    count = 0
                elif line.startswith("VmFlags:") and count:
                    total += count
                    if "dd" not in line.split():
                        found.append(mapping)
        self.assertGreater(total, 0, "the secret is nowhere: this test cannot fail")
        return found

    def test_no_secret_in_a_core_dump(self):
        self.config()
        port = cli.closed_port()
        server_file = self.write(
            "server.yaml",
            f"key: server.key\nlisten: {{ port: {port}, addresses: [ 127.0.0.1 ] }}\n"
            f'clients: {{ here: "{self.client}" }}\n',
        )
        server = self.start(cli.FLOATPROBED, "--config", server_file)
        wait_until("the server listens", lambda: "listening" in self.log())
        file = self.config(port=port, extra="journal: journal.jsonl\nschedules: { steady: { every: 100ms } }\n")
        client = self.start(cli.FLOATPROBE, "run", "--config", file)
        wait_until("a path is up", lambda: any(o["to"]["state"] == "up" for o in self.changes()))
        for process in (server, client):
            process.send_signal(signal.SIGHUP)
        wait_until("both have read their files again", lambda: "configuration reloaded" in self.log() and "reloaded " in self.log())
        for process, name in ((server, "server.key"), (client, "client.key")):
            for secret in self.secrets(name):
                self.assertEqual(self.dumped(process, secret), [], name)
            self.end(process)

    def changes(self):
        return [o for o in self.journal() if o["type"] == "change"]


NET_ADMIN, NET_RAW = 1 << 12, 1 << 13
DAC_OVERRIDE, DAC_READ_SEARCH = 1 << 1, 1 << 2


@unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
class Confined(Processes):
    """What root's daemons keep: an ordinary user, the capabilities that they need, no new privileges, a filter."""

    def setUp(self):
        super().setUp()
        self.user = next(user for user in ("floatprobe", "nobody") if user in [p.pw_name for p in pwd.getpwall()])

    def status(self, process):
        """Of every thread, as the kernel confines each for itself."""
        all_threads = []
        for task in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{task}/status", encoding="ascii") as status:
                all_threads.append(dict(line.rstrip("\n").split(":\t", 1) for line in status))
        return all_threads

    def expect(self, process, capabilities):
        account = pwd.getpwnam(self.user)
        filtered = "0" if "system calls are not filtered" in self.log() else "2"  # sanitizers need more of them
        for status in self.status(process):
            self.assertEqual(status["Uid"].split(), [str(account.pw_uid)] * 4)
            self.assertEqual(status["Gid"].split(), [str(account.pw_gid)] * 4)
            self.assertEqual(int(status["CapPrm"], 16), capabilities & self.have)
            self.assertEqual(int(status["CapEff"], 16), capabilities & self.have)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], filtered)

    @property
    def have(self):
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1], 16) for line in status if line.startswith("CapPrm"))

    def server(self, extra=""):
        self.config()
        file = self.write(
            "server.yaml",
            f"key: server.key\nlisten: {{ port: {cli.closed_port()}, addresses: [ 127.0.0.1 ] }}\n"
            f'clients: {{ here: "{self.client}" }}\n{extra}',
        )
        return self.start(cli.FLOATPROBED, "--config", file)

    def test_the_server_in_a_directory_of_root(self):
        server = self.server("journal: server.jsonl\n")
        wait_until("it listens", lambda: "listening" in self.log())
        self.expect(server, NET_RAW | DAC_OVERRIDE | DAC_READ_SEARCH)
        self.assertIn(f"running as user {self.user} with CAP_DAC_OVERRIDE", self.log())
        self.assertEqual(os.stat(self.path("server.jsonl")).st_uid, 0)
        os.rename(self.path("server.jsonl"), self.path("server.jsonl.1"))
        server.send_signal(signal.SIGHUP)
        wait_until("it has reloaded", lambda: "reloaded" in self.log())
        self.assertTrue(os.path.exists(self.path("server.jsonl")))
        self.end(server)

    def test_a_container_whose_root_may_little(self):
        """As docker and Kubernetes with few capabilities: what the user may not read is said at the start."""
        self.config()
        file = self.write("server.yaml", f"key: server.key\nlisten: {{ port: {cli.closed_port()} }}\nclients: {{ here: \"{self.client}\" }}\n")
        server = self.start("setpriv", "--inh-caps=-all", "--bounding-set=-all,+setuid,+setgid", cli.FLOATPROBED, "--config", file)
        wait_until("it listens", lambda: "listening" in self.log())
        self.assertIn(f"running as user {self.user}, who may not read the configuration", self.log())
        self.end(server)

    def test_repair_keeps_what_it_needs(self):
        server = self.server("repair: { stale_neighbours: true }\n")
        wait_until("it listens", lambda: "listening" in self.log())
        self.expect(server, NET_RAW | NET_ADMIN | DAC_READ_SEARCH)
        self.end(server)

    def test_the_prober_where_its_user_may_write(self):
        self.config()
        os.chmod(self.dir, 0o755)
        os.mkdir(self.path("state"))
        shutil.chown(self.path("state"), self.user)
        client = self.run_daemon("state/journal.jsonl", extra="web: 127.0.0.87:87\n")
        wait_until("it probes", lambda: "probing" in self.log())
        self.expect(client, NET_RAW | DAC_READ_SEARCH)
        self.assertIn("as only root can read the configuration", self.log())
        client.send_signal(signal.SIGHUP)
        wait_until("it has reloaded", lambda: "configuration reloaded" in self.log())
        self.end(client)
        self.assertEqual(os.stat(self.path("state/journal.jsonl")).st_uid, pwd.getpwnam(self.user).pw_uid)

    def test_the_threads_of_the_resolver_are_confined(self):
        self.config()
        text = self.read("client.yaml").replace("address: 127.0.0.1", "address: localhost")
        file = self.write("names.yaml", text + "journal: journal.jsonl\n")
        client = self.start(cli.FLOATPROBE, "run", "--config", file)
        wait_until("names are resolved in threads", lambda: len(self.status(client)) > 1)
        wait_until("it probes", lambda: "probing" in self.log())
        self.expect(client, NET_RAW | DAC_OVERRIDE | DAC_READ_SEARCH)
        self.end(client)

    def test_a_user_that_does_not_exist(self):
        server = self.server("user: nobody-at-all\n")
        self.assertEqual(server.wait(30), 3)
        self.assertIn("there is no user 'nobody-at-all' on this host", self.log())

    def test_root_on_request(self):
        server = self.server("user: root\n")
        wait_until("it listens", lambda: "listening" in self.log())
        (status,) = self.status(server)
        self.assertEqual(status["Uid"].split(), ["0"] * 4)
        self.assertEqual(int(status["CapEff"], 16), (NET_RAW | DAC_OVERRIDE | DAC_READ_SEARCH) & self.have)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.end(server)


if __name__ == "__main__":
    cli.main()
