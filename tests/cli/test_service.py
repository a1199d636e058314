#!/usr/bin/python3 -B
"""What a service manager sees of both daemons: the protocol of sd_notify(3), with a socket in its place."""

import os
import signal
import socket
import time

import cli
from test_run import Processes

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
        self.lives(self.server(), "answering 1 clients")

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

    def test_no_service_manager_at_the_address(self):
        self.env["NOTIFY_SOCKET"] = self.path("nobody")
        process = self.run_daemon("journal.jsonl")
        self.assertTrue(self.wait_for_log("cannot notify the service manager"))
        self.end(process)

    def wait_for_log(self, text):
        end = time.monotonic() + 30
        while text not in self.log() and time.monotonic() < end:
            time.sleep(0.02)
        return text in self.log()


if __name__ == "__main__":
    cli.main()
