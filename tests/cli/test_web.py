#!/usr/bin/python3 -B
"""`web:` of both programs: what it serves, to whom, and that no client of it gets in the way of probes."""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import cli
from test_run import Processes, wait_until

GET_ONCE = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Web(Processes):
    """Both programs on loopback; self.places: where the pages are."""

    def setUp(self):
        super().setUp()
        self.port, self.web, self.server_web = cli.closed_port(), cli.closed_port(), cli.closed_port()

    def server_config(self, web, clients=None):
        if not os.path.exists(self.path("client.key")):
            self.config()
        clients = clients or {"here": self.client}
        lines = "".join(f"  {name}: {key}\n" for name, key in clients.items())
        return self.write(
            "server.yaml",
            f"name: boot-01\nkey: server.key\nlisten: {{ port: {self.port} }}\nclients:\n{lines}journal: server.jsonl\nweb: {web}\n",
        )

    def start_server(self, web=None):
        file = self.server_config(web or f"127.0.0.1:{self.server_web}")
        process = self.start(cli.FLOATPROBED, "--config", file, name="server")
        wait_until("it listens", lambda: "listening" in self.read("server.log"))
        return process

    def client_config(self, web=None, every="100ms", extra=""):
        return self.config(
            self.port,
            f"journal: journal.jsonl\nweb: {web or f'127.0.0.1:{self.web}'}\n"
            f"schedules: {{ steady: {{ every: {every}, timeout: 500ms }} }}\n{extra}",
        )

    def start_client(self, web=None, **how):
        process = self.start(cli.FLOATPROBE, "run", "--config", self.client_config(web, **how))
        wait_until("it probes", lambda: "probing" in self.log())
        return process

    def request(self, port, path, method="GET", **headers):
        connection = Unix(port) if isinstance(port, str) else http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), reply

    def metrics(self, port=None, **headers):
        status, text, _ = self.request(port or self.web, "/metrics", **headers)
        self.assertEqual(status, 200)
        return text

    def value(self, text, name, **labels):
        """The sum of all samples with these labels; None: there is none."""
        found = None
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            head, value = line.rsplit(" ", 1)
            if head.split("{")[0] == name and all(f'{key}="{wanted}"' in head for key, wanted in labels.items()):
                found = (found or 0) + float(value)
        return found

    def all_up(self):
        def up():
            text = self.metrics()
            return self.value(text, "floatprobe_path_up") == 6

        wait_until("every path is up", up)


class Served(Web):
    def test_what_both_serve(self):
        self.start_server()
        self.start_client()
        self.all_up()
        for port in self.web, self.server_web:
            for path, text in ("/-/healthy", "Healthy.\n"), ("/-/ready", "Ready.\n"):
                self.assertEqual(self.request(port, path)[:2], (200, text))
            for path in "/nothing", "/metrics/", "/-/", "//metrics", "/%2e%2e/metrics":
                self.assertEqual(self.request(port, path)[0], 404, path)
            for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE":
                status, _, reply = self.request(port, "/metrics", method)
                self.assertEqual((status, reply.headers["Allow"]), (405, "GET, HEAD"), method)
            status, _, reply = self.request(port, "/-/reload")
            self.assertEqual((status, reply.headers["Allow"]), (405, "POST"))
            status, text, reply = self.request(port, "/metrics", "HEAD")
            self.assertEqual((status, text), (200, ""))
            self.assertGreater(int(reply.headers["Content-Length"]), 1000)
            self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("default-src 'none'", reply.headers["Content-Security-Policy"])

    def test_formats(self):
        self.start_server()
        self.start_client()
        self.all_up()
        for port in self.web, self.server_web:
            _, plain, reply = self.request(port, "/metrics")
            self.assertEqual(reply.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            _, text, reply = self.request(port, "/metrics", Accept="application/openmetrics-text; version=1.0.0")
            self.assertEqual(
                reply.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8"
            )
            self.assertTrue(text.endswith("\n# EOF\n"))
            self.check_plain(plain)
            self.check_open(text)

    def check_plain(self, text):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def check_open(self, text, least=20):
        try:
            from prometheus_client.openmetrics import parser
        except ImportError:
            self.skipTest("python3-prometheus-client is not installed")
        families = {family.name: family for family in parser.text_string_to_metric_families(text)}
        self.assertGreaterEqual(len(families), least)
        for family in families.values():
            self.assertTrue(family.documentation, family.name)

    def page_whose_sums_agree(self):
        """A page is written between events, so an answer may come after one metric and before the next."""
        text = self.metrics(Accept="application/openmetrics-text")
        for labels in {"protocol": "udp", "flow": "held"}, {"protocol": "tcp"}, {"target": "other", "role": "floating"}:
            sent, answered, lost, measured = (
                self.value(text, f"floatprobe_{name}", **labels)
                for name in ("probes_sent_total", "replies_total", "lost_total", "rtt_seconds_count")
            )
            if sent != answered + lost or answered != measured:
                return None
        return text

    def test_counters(self):
        server = self.start_server()
        self.start_client()
        self.all_up()
        wait_until("some answers", lambda: self.value(self.metrics(), "floatprobe_replies_total") > 30)
        text = wait_until("the sums agree", self.page_whose_sums_agree)
        self.assertEqual(self.value(text, "floatprobe_path_state", state="up", direction="none", cause="none"), 6)
        self.assertEqual(self.value(text, "floatprobe_path_expected"), 6)
        self.assertEqual(self.value(text, "floatprobe_answerer_info", server="boot-01"), 6)
        self.assertGreater(self.value(text, "floatprobe_rtt_seconds_created"), 1e9)
        on_server = self.metrics(self.server_web)
        self.assertGreater(self.value(on_server, "floatprobed_replied_total", outcome="replied"), 30)
        self.assertEqual(self.value(on_server, "floatprobed_client_unheard", client="here"), 0)
        self.assertLess(time.time() - self.value(on_server, "floatprobed_client_heard_timestamp_seconds"), 5)
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        wait_until("all is down", lambda: self.value(self.metrics(), "floatprobe_path_up") == 0)
        wait_until("and counted", lambda: self.value(self.metrics(), "floatprobe_lost_total", direction="forward") > 6)
        text = self.metrics()
        self.assertEqual(self.value(text, "floatprobe_path_state", state="down", cause="refused"), 6)
        self.assertEqual(self.value(text, "floatprobe_path_expected"), 0)

    def probe(self, query, status=200, **headers):
        found, text, _ = self.request(self.web, f"/probe{query}", **headers)
        self.assertEqual(found, status, text)
        return text

    def test_probe(self):
        server = self.start_server()
        self.start_client()
        self.all_up()
        for target in "boot-01", "other", "127.0.0.2", f"127.0.0.2:{self.port}", "boot-01&module=udp", "other&module=tcp_connect", "other&module=icmp":
            text = self.probe(f"?target={target}")
            self.check_plain(text)
            self.assertEqual(self.value(text, "probe_success"), 1)
            self.assertEqual(self.value(text, "probe_loss_ratio"), 0)
            self.assertEqual(self.value(text, "probe_ip_protocol"), 4)
            self.assertEqual(self.value(text, "probe_paths"), 2 if "=udp" in target else 1 if "=tcp" in target else 3)
            self.assertTrue(0 < self.value(text, "probe_duration_seconds") < 0.5)
        self.check_open(self.probe("?target=other", Accept="application/openmetrics-text"), least=9)
        self.probe("", status=400)
        self.probe("?target=", status=400)
        for module in "http_2xx", "tcpx", "_", "stamp":  # the last one is not probed
            self.probe(f"?target=other&module={module}", status=400)
        self.probe("?target=nothing", status=404)
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        wait_until("it fails", lambda: self.value(self.probe("?target=other"), "probe_success") == 0)
        wait_until("refused", lambda: self.value(self.probe("?target=other"), "probe_state_info", cause="refused"))

    def test_what_is_sent_to_the_server_makes_no_label(self):
        self.start_server()
        before = self.metrics(self.server_web)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for _ in range(300):
                udp.sendto(os.urandom(512), ("127.0.0.1", self.port))
        name = "floatprobed_dropped_total"
        wait_until("it is counted", lambda: self.value(self.metrics(self.server_web), name, reason="malformed") >= 250)
        self.assertEqual(len(self.metrics(self.server_web).splitlines()), len(before.splitlines()))


class Places(Web):
    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", self.web)):
            client = self.start(cli.FLOATPROBE, "run", "--config", self.client_config())
            self.assertEqual(client.wait(30), 3)
            self.assertIn(f"cannot serve web at 127.0.0.1:{self.web}: Address already in use", self.log())
        with socket.create_server(("127.0.0.1", self.server_web)):
            self.config()
            file = self.server_config(f"127.0.0.1:{self.server_web}")
            server = self.start(cli.FLOATPROBED, "--config", file, name="server")
            self.assertEqual(server.wait(30), 3)
            self.assertIn(f"cannot serve web at 127.0.0.1:{self.server_web}: Address already", self.read("server.log"))

    def moves(self, process, configure, log, old, new):
        """At a reload: to a place that is taken, to a free one, to none."""
        with socket.create_server(("127.0.0.1", new)):
            configure(f"127.0.0.1:{new}")
            process.send_signal(signal.SIGHUP)
            wait_until("it is said", lambda: "it stays as it was" in self.read(log))
            self.assertEqual(self.request(old, "/-/healthy")[0], 200)
        process.send_signal(signal.SIGHUP)
        wait_until("the new one", lambda: self.answers(new))
        self.assertFalse(self.answers(old))
        configure("{ listen: '127.0.0.1:%d', reload: never }" % new)
        self.assertEqual(self.request(new, "/-/reload", "POST")[0], 200)
        self.assertEqual(self.request(new, "/-/reload", "POST")[0], 403)
        configure("'unix:web.sock'")
        process.send_signal(signal.SIGHUP)
        wait_until("the file", lambda: os.path.exists(self.path("web.sock")))
        self.assertEqual(self.request(self.path("web.sock"), "/-/ready")[0], 200)
        self.assertFalse(self.answers(new))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.assertFalse(os.path.exists(self.path("web.sock")))

    def answers(self, port):
        try:
            return self.request(port, "/-/healthy")[0] == 200
        except OSError:
            return False

    def test_client_moves(self):
        client = self.start_client()
        self.moves(client, self.client_config, "run.log", self.web, self.server_web)

    def test_server_moves(self):
        server = self.start_server()
        self.moves(server, self.server_config, "server.log", self.server_web, self.web)

    def test_ipv6_and_dual_stack(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        self.start_client(f"'[::]:{self.web}'")
        for address in "127.0.0.1", "::1":
            with contextlib.closing(http.client.HTTPConnection(address, self.web, timeout=20)) as connection:
                connection.request("GET", "/-/healthy")
                self.assertEqual(connection.getresponse().status, 200)

    def test_unix_socket(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path("web.sock"))
        self.start_client("unix:web.sock")
        self.assertEqual(os.stat(self.path("web.sock")).st_mode & 0o777, 0o660)
        self.assertIn("floatprobe_build_info", self.metrics(self.path("web.sock"), Host="prober.example"))
        second = self.start(cli.FLOATPROBE, "run", "--config", self.path("client.yaml"), name="second")
        self.assertEqual(second.wait(30), 3)
        self.assertIn("Address already in use", self.read("second.log"))
        self.assertEqual(self.request(self.path("web.sock"), "/-/reload", "POST")[0], 200)
        self.write("web.file", "precious")
        self.write("third.yaml", self.read("client.yaml").replace("web.sock", "web.file"))
        third = self.start(cli.FLOATPROBE, "run", "--config", self.path("third.yaml"), name="third")
        self.assertEqual(third.wait(30), 3)
        self.assertIn("no socket: remove it, or set another web", self.read("third.log"))
        self.assertEqual(self.read("web.file"), "precious")

    def test_reload(self):
        self.start_client()
        self.assertEqual(self.request(self.web, "/-/reload", "POST")[:2], (200, "Reloaded.\n"))
        self.assertEqual(self.request(self.web, "/-/reload", "POST", Origin="http://127.0.0.1")[0], 403)
        self.assertEqual(self.request(self.web, "/metrics", Host="rebound.example")[0], 421)
        kept = self.read("client.yaml")
        self.write("client.yaml", "colour: blue\n")
        self.assertEqual(self.request(self.web, "/-/reload", "POST")[0], 500)
        self.assertEqual(self.value(self.metrics(), "floatprobe_config_last_reload_successful"), 0)
        self.write("client.yaml", kept)
        self.assertEqual(self.request(self.web, "/-/reload", "POST")[0], 200)
        self.assertEqual(self.value(self.metrics(), "floatprobe_config_last_reload_successful"), 1)

    def test_a_client_leaves_and_comes(self):
        self.start_server()
        name = "floatprobed_client_flows"
        self.assertIsNotNone(self.value(self.metrics(self.server_web), name, client="here"))
        self.server_config(f"127.0.0.1:{self.server_web}", {"there": f"[ {self.key('other.key')}, {self.key('third.key')} ]"})
        self.assertEqual(self.request(self.server_web, "/-/reload", "POST")[0], 200)
        text = self.metrics(self.server_web)
        self.assertIsNone(self.value(text, name, client="here"))
        self.assertEqual(text.count(name + '{client="there"}'), 1)


class Hostile(Web):
    """Whatever a client of the pages does: probes are sent on time, nothing is lost, and others get their pages."""

    def setUp(self):
        super().setUp()
        self.start_server()
        self.client_process = self.start_client(every="20ms")
        self.all_up()

    def connect(self, port=None):
        return socket.create_connection(("127.0.0.1", port or self.web), timeout=20)

    def goes_on(self):
        """It probes, nothing was lost since the paths are up, and pages come."""
        before = self.value(self.metrics(), "floatprobe_replies_total")
        wait_until("more answers", lambda: self.value(self.metrics(), "floatprobe_replies_total") > before + 100)
        text = self.metrics()
        self.assertEqual(self.value(text, "floatprobe_path_up"), 6)
        self.assertEqual(self.value(text, "floatprobe_lost_total"), 0, text)
        self.assertIn("floatprobed_received_total", self.metrics(self.server_web))

    def test_garbage(self):
        chance = random.Random(1)
        pieces = [b"GET ", b"POST ", b" HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: ", b"Content-Length: ", b"18446744073709551616",
                  b"-1", b"Transfer-Encoding: chunked\r\n", b"/metrics", b"%", b"%zz", b"%00", b"?", b"&", b"target=", b"\0", b":",
                  b"/-/reload", b"Accept: ", b";q=", b",", b" ", b"\xff\xfe", b"A" * 500, b"Expect: 100-continue\r\n",
                  b"Connection: keep-alive\r\n", b"0\r\n\r\n"]  # fmt: skip
        for port in self.web, self.server_web:
            for turn in range(300):
                request = (
                    chance.randbytes(chance.randrange(200))
                    if turn % 3 == 0
                    else b"".join(chance.choice(pieces) for _ in range(chance.randrange(1, 30)))
                )
                with self.connect(port) as sock, contextlib.suppress(ConnectionError, TimeoutError):
                    sock.sendall(request)
                    sock.shutdown(socket.SHUT_WR)
                    sock.settimeout(0.02)  # what is no request gets no answer
                    while sock.recv(65536):
                        pass
        self.goes_on()

    def test_too_long(self):
        for request in (
            b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"b" * 100000 + b"\r\n\r\n",
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"Y: z\r\n" * 20000 + b"\r\n",
        ):
            for port in self.web, self.server_web:
                with self.connect(port) as sock:
                    try:
                        sock.sendall(request)
                        head = sock.recv(100)
                    except ConnectionError:
                        head = b""
                    self.assertTrue(head == b"" or re.match(rb"HTTP/1.1 4(13|14|31) ", head), head)
        for port in self.web, self.server_web:
            with self.connect(port) as sock, self.assertRaises(ConnectionError):
                sock.sendall(b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n")
                for _ in range(100_000):
                    sock.sendall(b"x" * 65536)
        self.goes_on()

    def test_a_thousand_slow_ones(self):
        for port in self.web, self.server_web:
            with contextlib.ExitStack() as stack:
                slow = [stack.enter_context(socket.socket()) for _ in range(1000)]
                for i, sock in enumerate(slow):
                    sock.setblocking(False)
                    sock.connect_ex(("127.0.0.1", port))
                    if i % 2:
                        with contextlib.suppress(OSError):
                            sock.send(b"GET /metrics HTT")
                self.metrics(port)
                for sock in slow:
                    with contextlib.suppress(OSError):
                        sock.send(b"P")
                self.goes_on()

    def test_readers_that_do_not_read(self):
        with contextlib.ExitStack() as stack:
            for _ in range(40):
                sock = stack.enter_context(self.connect())
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                with contextlib.suppress(ConnectionError):
                    sock.sendall(GET_ONCE * 50)
            self.goes_on()

    def test_fifty_hammer(self):
        done = threading.Event()

        def hammer(port):
            while not done.is_set():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self.request(port, "/metrics")

        threads = [threading.Thread(target=hammer, args=(port,)) for port in (self.web, self.server_web) for _ in range(25)]
        for thread in threads:
            thread.start()
        try:
            self.goes_on()
        finally:
            done.set()
            for thread in threads:
                thread.join()

    def tearDown(self):
        self.end(self.client_process)
        lines = [json.loads(line) for line in self.read("journal.jsonl").splitlines()]
        self.assertTrue(all(line["to"]["state"] == "up" for line in lines if line["type"] == "change"))


if __name__ == "__main__":
    unittest.main()
