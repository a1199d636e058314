#!/usr/bin/python3 -B
"""check and ping: formats, exit status, terminals and pipes. Nobody listens, so every path is refused at once."""

import base64
import os
import re
import select
import signal
import socket
import subprocess

import cli

PATH_KEYS = """type time vantage target role address port protocol size flow state direction cause sent answered
forward_lost return_lost lost unsent server arrived_on rtt_ms expected since evidence advice""".split()
PROBE_KEYS = """type time vantage target role address port protocol size flow seq outcome rtt_ms server arrived_on
source""".split()


class Check(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.config()

    def check(self, *options, status=1, **more):
        return self.floatprobe("check", "--config", self.file, *cli.QUICK, *options, status=status, **more)

    def test_text(self):
        done = self.check()
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.stdout.splitlines()[0], "boot-01 and other: probes are refused, 6 of 6 paths")
        for word in ("127.0.0.2", "udp/512 held", "udp/512 fresh", "tcp", "down  forward  refused"):
            self.assertIn(word, done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_text_is_ascii_where_the_locale_is(self):
        self.env["LC_ALL"] = "C"
        self.assertTrue(self.check().stdout.isascii())

    def test_json(self):
        objects = self.objects(self.check("--json").stdout)
        paths = [o for o in objects if o["type"] == "path"]
        probes = [o for o in objects if o["type"] == "probe"]
        self.assertEqual(objects, probes + paths)
        self.assertEqual(len(paths), 6)
        self.assertEqual(len(probes), sum(o["sent"] for o in paths))
        for o in paths:
            self.assertEqual(list(o), PATH_KEYS)
            self.assertEqual((o["state"], o["direction"], o["cause"]), ("down", "forward", "refused"))
            self.assertGreater(o["sent"], 0)
            self.assertEqual((o["forward_lost"], o["answered"]), (o["sent"], 0))
            self.assertIs(o["expected"], False)
            self.assertIsNone(o["server"])
            self.assertIsNone(o["rtt_ms"])
            self.assertEqual(o["size"], 512 if o["protocol"] == "udp" else None)
            self.assertRegex(o["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
        for o in probes:
            self.assertEqual(list(o), PROBE_KEYS)

    def test_nagios(self):
        done = self.check("--format", "nagios", status=2)
        self.assertRegex(done.stdout, r"\AFLOATPROBE CRITICAL - boot-01 127\.0\.0\.1 udp/512 held: down.*\| 'boot-01 .*\n(?:.+\n)*\Z")
        self.assertEqual(done.stdout.count("loss'=100%"), 6)

    def test_thresholds_as_other_plugins_have_them(self):
        for critical in (("-c", "200ms,10%"), ("--critical", "200ms,10%"), ("-c10%", "-c", "2", "-c", "200ms")):
            for warning in ("-w", "--warning", "--warn"):
                done = self.check("--format", "nagios", "--timeout", "100ms", *critical, warning, "80ms,2%", status=2)
                self.assertIn("held loss'=100%;2;10;0;100", done.stdout)
                self.assertIn("held rtt'=U;80;200;0;", done.stdout)
        self.assertIn("nor a threshold", self.check("-c", "200,10%", status=2).stderr)

    def test_target(self):
        for options, targets in (
            (("--target", "other"), {"other"}),
            (("--target=other", "--target", "boot-01"), {"other", "boot-01"}),
        ):
            objects = self.objects(self.check("--json", *options).stdout)
            self.assertEqual({o["target"] for o in objects}, targets)

    def test_unknown_target_is_told_the_known_ones(self):
        said = self.check("--target", "nobody", status=2).stderr
        for word in ("nobody", "boot-01", "other"):
            self.assertIn(word, said)

    def test_no_path_is_no_success(self):
        self.check("-6", status=2)
        done = self.check("-6", "--format", "nagios", status=3)
        self.assertRegex(done.stdout, r"\AFLOATPROBE UNKNOWN - .+\n\Z")

    def test_quiet_shows_what_is_wrong(self):
        self.assertIn("6 of 6 paths", self.check("-q").stdout)

    def test_output_that_nobody_gets_is_no_success(self):
        for options in ((), ("--json",), ("--format", "nagios")):
            with open("/dev/full", "w", encoding="utf-8") as full:
                self.assertIn("output", self.check(*options, status=3, stdout=full).stderr)
            reader, writer = os.pipe()
            os.close(reader)
            self.assertIn("output", self.check(*options, status=3, stdout=writer).stderr)
            os.close(writer)

    def test_a_closed_stdout_is_not_mistaken_for_a_socket(self):
        arguments = (cli.FLOATPROBE, "check", "--config", self.file, *cli.QUICK)
        shell = ["sh", "-c", '"$0" "$@" >&- 2>&- <&-', *arguments]
        self.assertEqual(subprocess.run(shell, check=False, cwd=self.dir, env=self.env).returncode, 3)

    def test_ping(self):
        key = base64.urlsafe_b64encode(base64.b64decode(self.server.removeprefix("ed25519:"))).decode().rstrip("=")
        uri = f"floatprobe://{key}@127.0.0.1:{cli.closed_port()}?proto=tcp"
        objects = self.objects(self.floatprobe("ping", "--key", "client.key", "--vantage", "there", *cli.QUICK, "--json",
                                               uri, status=1).stdout)  # fmt: skip
        self.assertEqual({(o["vantage"], o["protocol"]) for o in objects}, {("there", "tcp")})
        for wrong in ("127.0.0.1", f"floatprobe://{key}", f"floatprobe://{key[1:]}@127.0.0.1", uri + "x"):
            self.floatprobe("ping", "--key", "client.key", wrong, status=2)
        self.assertIn("key", self.floatprobe("ping", uri, status=2).stderr)


class Widest(cli.TestCase):
    """No line is wider than 80 columns, whatever the configuration calls things."""

    def test_names_and_addresses(self):
        names = ["n" * 31 + end + "n" * 32 for end in "abc"]
        server = "s" * 64
        client, key = self.key("client.key"), self.key("server.key")
        host = ".".join(["x" * 63] * 3) + "." + "y" * 53 + ".invalid"
        port = cli.closed_port()
        text = f"""
vantage: {"v" * 64}
key: client.key
servers: {{ {server}: "{key}" }}
targets:
  - {{ name: {names[0]}, role: floating, address: "2001:db8:1111:2222:3333:4444:5555:6666", server: {server}, sizes: [65487] }}
  - {{ name: {names[1]}, role: droplet, address: "::1", port: {port}, server: {server}, flows: {{ held: 11 }} }}
  - {{ name: {names[2]}, role: anchor, address: 127.0.0.1, port: {port}, server: {server}, expect: unreachable }}
  - {{ name: named, role: droplet, address: {host}, port: {port}, server: {server} }}
"""
        self.assertTrue(client)
        self.write("client.yaml", text)
        for options in ((), ("-v",), ("-q",), ("--target", names[2]), ("--target", names[2], "-v")):
            status = 0 if names[2] in options else 1
            done = self.floatprobe("check", "--config", "client.yaml", "-c1", *options, status=status)
            for line in done.stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
        uri = base64.urlsafe_b64encode(base64.b64decode(key.removeprefix("ed25519:"))).decode().rstrip("=")
        done = self.floatprobe("ping", "--key", "client.key", "--vantage", "v" * 64, "-c1",
                               f"floatprobe://{uri}@[2001:db8:1111:2222:3333:4444:5555:6666]:65535", status=1)  # fmt: skip
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)


class Terminal(cli.TestCase):
    """On a pseudo-terminal, as a person sees it."""

    def shown(self, *options, **env):
        arguments = (cli.FLOATPROBE, "check", "--config", self.config(), *cli.QUICK, "--spacing", "300ms", *options)
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        # We hold the slave too: what is still under way when the last one closes it can get lost.
        self.addCleanup(os.close, slave)
        process = subprocess.Popen(arguments, cwd=self.dir, env=self.env | {"TERM": "xterm"} | env, stdin=slave,
                                   stdout=slave, stderr=slave)  # fmt: skip
        said = b""
        ended = False
        while not ended:
            ended = process.poll() is not None
            while select.select([master], [], [], 0 if ended else 0.01)[0]:
                said += os.read(master, 4096)
        self.assertEqual(process.returncode, 1)
        return said.decode()

    def test_colour_and_progress_and_neither(self):
        said = self.shown()
        self.assertIn("\x1b[31mdown\x1b[0m", said)
        # The progress line is cleared before the results come.
        self.assertRegex(said, re.compile(r"\r\d+ of 12 probes.*; .*\r\x1b\[K.*probes are refused", re.DOTALL))

        for options, env in ((("-q",), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"})):
            said = self.shown(*options, **env)
            self.assertNotIn("\x1b", said)
            self.assertNotIn("12 probes", said)

    def test_json_lines_stay_whole(self):
        said = self.shown("--json").replace("\r\n", "\n")
        objects = self.objects(said)
        paths = [o for o in objects if o["type"] == "path"]
        self.assertEqual(len(paths), 6)
        self.assertEqual(len(objects), 6 + sum(o["sent"] for o in paths))


class Mute(cli.TestCase):
    """Somebody listens, and never answers."""

    def setUp(self):
        super().setUp()
        port = cli.closed_port()
        self.mute = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        for one in self.mute:
            self.addCleanup(one.close)
            one.bind(("127.0.0.1", port))
            one.settimeout(20)
        self.mute[1].listen(64)
        self.config(port)

    def start(self, *arguments, prefix=(), **options):
        while select.select([self.mute[0]], [], [], 0)[0]:  # probes of the one before
            self.mute[0].recv(2048)
        process = subprocess.Popen((*prefix, cli.FLOATPROBE, *arguments), cwd=self.dir, env=self.env,
                                   stdin=subprocess.DEVNULL, text=True,
                                   **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options))  # fmt: skip
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_for_probes(self, number=1):
        """Its own probes are the sign that it runs."""
        for _ in range(number):
            self.mute[0].recv(2048)

    def test_a_signal_ends_it_with_what_is_known(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for form in ((), ("--json",), ("--format", "nagios")):
                check = self.start("check", "--config", "client.yaml", "--timeout", "100ms", *form)
                self.wait_for_probes(6)
                check.send_signal(number)
                said, errors = check.communicate(timeout=30)
                self.assertEqual((check.returncode, errors), (status, ""), said)
                if form == ("--json",):
                    paths = [o for o in self.objects(said) if o["type"] == "path"]
                    self.assertEqual(len(paths), 6)
                    for o in paths:
                        self.assertEqual(o["sent"], o["answered"] + o["forward_lost"] + o["return_lost"] + o["lost"])
                    self.assertNotIn('"waiting"', said)
                elif form:
                    self.assertRegex(said, r"\AFLOATPROBE \w+ - .*\n(?:.+\n)*\Z")
                else:
                    self.assertRegex(said, r"\Ainterrupted, \d+ of 60 probes have an outcome; so far: ")
                    self.assertIn("127.0.0.1", said)

    def test_the_second_signal_ends_it_at_once(self):
        """Its results do not fit into a pipe that nobody reads: without a second signal it would wait for ever."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        while True:
            try:
                os.write(writer, b"x" * 4096)
            except BlockingIOError:
                break
        os.set_blocking(writer, True)
        check = self.start("check", "--config", "client.yaml", stdout=writer)
        os.close(writer)
        self.wait_for_probes(3)
        check.send_signal(signal.SIGINT)
        with self.assertRaises(subprocess.TimeoutExpired):
            check.wait(1)
        check.send_signal(signal.SIGTERM)
        self.assertEqual(check.wait(10), 143)

    def test_as_pid_1(self):
        """No signal has a default action there."""
        unshare = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
        if subprocess.run((*unshare, "true"), check=False, capture_output=True).returncode:
            self.skipTest("no privilege to make a PID namespace")
        for arguments, statuses in (
            (("check", "--config", "client.yaml"), (130, 143)),
            (("failover", "--config", "client.yaml", "--target", "boot-01"), (130, 143)),
            (("run", "--config", "client.yaml"), (0, 0)),
        ):
            for number, status in zip((signal.SIGINT, signal.SIGTERM), statuses):
                outer = self.start(*arguments, prefix=unshare)
                self.wait_for_probes(3)
                with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as children:
                    os.kill(int(children.read().split()[0]), number)
                self.assertEqual(outer.wait(30), status, arguments)


if __name__ == "__main__":
    cli.main()
