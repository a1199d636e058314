#!/usr/bin/python3 -B
"""The live view on a terminal: what a person sees, at several sizes, without colour, resized, stopped and interrupted."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import cli

try:
    import pyte
except ImportError:
    pyte = None

DEADLINE = 40


class Terminal:
    """A program on a pseudo-terminal, and what the terminal would show."""

    def __init__(self, argv, cwd, env, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status = None
        go_read, go_write = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(go_read, 1)  # the size is set
            os.chdir(cwd)
            os.execve(argv[0], argv, env)
        self.resize(rows, columns)
        self.modes = termios.tcgetattr(self.fd)
        os.write(go_write, b"x")
        os.close(go_read)
        os.close(go_write)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)
        self.rows, self.columns = rows, columns

    def read(self, seconds=0.1):
        """Takes what was written meanwhile; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            said = os.read(self.fd, 65536)
        except OSError:
            said = b""
        self.raw += said
        self.stream.feed(said)
        return bool(said)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def wait_for(self, pattern):
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, self.text(), re.MULTILINE):
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} does not come:\n{self.text()}")
            if not self.read():
                break
        if not re.search(pattern, self.text(), re.MULTILINE):
            raise AssertionError(f"{pattern!r} never came:\n{self.text()}")

    def stands_still(self):
        """Waits until the first line, which has the time, stays as it is for more than a second."""
        end, same = time.monotonic() + DEADLINE, 0
        while same < 15:
            before = self.lines()[0]
            self.read()
            same = same + 1 if self.lines()[0] == before else 0
            if time.monotonic() > end:
                raise AssertionError(f"it goes on:\n{self.text()}")

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        """Waits for the end; the wait status."""
        end = time.monotonic() + DEADLINE
        while self.status is None and time.monotonic() < end:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        while self.read(0) and select.select([self.fd], [], [], 0)[0]:
            pass
        if self.status is None:
            raise AssertionError(f"it does not end:\n{self.text()}")
        return self.status

    def stops(self):
        """Waits until it is stopped, and reads meanwhile: who writes to a terminal that nobody reads does not stop."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self.read()
            pid, status = os.waitpid(self.pid, os.WUNTRACED | os.WNOHANG)
            if pid:
                return os.WIFSTOPPED(status)
        raise AssertionError(f"it does not stop:\n{self.text()}")

    def kill(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@cli.unittest.skipIf(pyte is None and not os.environ.get("CI"), "python3-pyte is not installed")
class Live(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.port = cli.closed_port()
        self.file = self.config(self.port)
        server = self.write("server.yaml", f"""
name: boot-01
key: server.key
listen: {{ port: {self.port} }}
clients: {{ here: "{self.client}" }}
""")  # fmt: skip
        self.write("client.yaml", f"""
vantage: here
key: client.key
servers: {{ boot-01: "{self.server}" }}
schedules: {{ quick: {{ every: 100ms, timeout: 300ms }} }}
targets:
  - {{ name: boot-01, role: droplet, address: 127.0.0.1, port: {self.port}, server: boot-01, schedule: quick }}
  - {{ name: six, role: droplet, address: "::1", port: {self.port}, server: boot-01, schedule: quick }}
  - {{ name: closed, role: floating, address: 127.0.0.3, port: {cli.closed_port()}, server: boot-01, schedule: quick }}
""")  # fmt: skip
        self.daemon = subprocess.Popen((cli.FLOATPROBED, "--config", server), cwd=self.dir, env=self.env,
                                       stderr=subprocess.DEVNULL)  # fmt: skip
        self.addCleanup(self.daemon.wait)
        self.addCleanup(self.daemon.kill)
        self.env["TERM"] = "linux"
        end = time.monotonic() + DEADLINE
        while self.floatprobe_check() and time.monotonic() < end:
            pass

    def floatprobe_check(self):
        return subprocess.run((cli.FLOATPROBE, "check", "--config", "client.yaml", "--target", "boot-01", *cli.QUICK),
                              cwd=self.dir, env=self.env, check=False, capture_output=True).returncode  # fmt: skip

    def show(self, command, *options, rows=24, columns=80, prefix=()):
        argv = (*prefix, cli.FLOATPROBE, command, "--config", "client.yaml", "--live", *options)
        terminal = Terminal(argv, self.dir, self.env, rows, columns)
        self.addCleanup(terminal.kill)
        return terminal

    def assert_restored(self, terminal):
        self.assertEqual(termios.tcgetattr(terminal.fd)[:4], terminal.modes[:4])
        self.assertFalse(terminal.screen.cursor.hidden)

    def test_at_several_sizes(self):
        for rows, columns in ((24, 80), (12, 40), (60, 200)):
            run = self.show("run", rows=rows, columns=columns)
            run.wait_for(r"(?s)closed: .*probes are refused, 3 of 9 paths.*\bup .* [._]{7,}$")
            run.wait_for(r"^✗ .* down forward.*>>>$")
            self.assertTrue(run.lines()[0].startswith("floatprobe run  here"))
            self.assertTrue(run.lines()[rows - 1].startswith("q quit"))
            run.press("q")
            self.assertEqual(run.end(), 0)
            self.assert_restored(run)

    def test_keys(self):
        run = self.show("run", rows=40)
        run.wait_for(r"^✓ boot-01 +up +boot-01")
        run.wait_for(r"^✗ closed tcp")
        run.press("e")
        run.wait_for(r"^✓ boot-01 udp/512 held +up")
        run.press("e")
        run.wait_for(r"^✓ boot-01  ")
        run.press("s")
        run.wait_for(r"sort: worst first")
        run.wait_for(r"PROBES\n✗ closed")
        run.press("\r")
        run.wait_for(r"^    \* .* lost probes got an error: port unreachable")
        run.wait_for(r"^   -> check that floatprobed runs there")
        run.press("?")
        run.wait_for(r"an answer was lost on its way back")
        run.press("x\x1b[B")
        run.press("p")
        run.wait_for(r"PAUSED")
        run.stands_still()
        run.press("pq")
        self.assertEqual(run.end(), 0)
        self.assert_restored(run)

    def test_what_changes_is_an_event(self):
        check = self.show("check", "--count", "1000")
        check.wait_for(r"^✓ boot-01 ")
        self.daemon.kill()
        check.wait_for(r"^\d\d:\d\d:\d\d boot-01 udp/512 held: up -> lossy forward refused")
        check.wait_for(r"^✗ boot-01 udp/512 held +lossy forward refused")
        check.press("\x03")
        self.assertEqual(os.waitstatus_to_exitcode(check.end()), 130)
        self.assert_restored(check)

    def test_incidents_of_run_are_events(self):
        run = self.show("run")
        run.wait_for(r"^\d\d:\d\d:\d\d warning: incident \d+ opened: closed \(3 paths\) down")
        self.assertNotIn("new -> down", run.text())
        run.press("q")
        self.assertEqual(run.end(), 0)

    def test_resized_in_the_middle(self):
        run = self.show("run")
        run.wait_for(r"^✓ boot-01 ")
        for rows, columns in ((12, 40), (50, 160), (3, 10), (24, 80)):
            run.resize(rows, columns)
            os.kill(run.pid, signal.SIGWINCH)
            if rows > 3:
                run.wait_for(r"\Afloatprobe run(.|\n)*^q quit.*\Z")
                run.wait_for(r"^✓ boot-01 ")
                self.assertTrue(run.lines()[rows - 1].startswith("q quit"), run.text())
        run.press("q")
        self.assertEqual(run.end(), 0)

    def test_without_colour(self):
        for env in ({"NO_COLOR": "1"}, {"TERM": "vt100"}, {"LC_ALL": "C"}):
            before = dict(self.env)
            self.env.update(env)
            run = self.show("run")
            run.wait_for(r"^. closed udp/512 held +down forward refused +>+$")
            run.wait_for(r"^. boot-01 +up .* \.+$")
            run.press("q")
            self.assertEqual(run.end(), 0)
            if "LC_ALL" in env:
                self.assertTrue(run.raw.isascii())
            else:
                self.assertNotRegex(run.raw, rb"\x1b\[(\d+;)*3[1-6]m")
            self.env = before

    def test_lines_where_there_is_no_screen(self):
        self.env["TERM"] = "dumb"
        check = self.show("check", "--count", "2")
        self.assertEqual(os.waitstatus_to_exitcode(check.end()), 1)
        self.assertNotIn(b"\x1b", check.raw)
        self.assertIn(b"closed: probes are refused, 3 of 9 paths", check.raw)
        self.env["TERM"] = "linux"
        done = self.floatprobe("check", "--config", "client.yaml", "--live", "--count", "2", status=1)
        self.assertTrue(done.stdout.startswith("closed: probes are refused, 3 of 9 paths\n"), done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        for form in ("json", "nagios"):
            self.floatprobe("check", "--config", "client.yaml", "--live", "--format", form,
                            status=3 if form == "nagios" else 2)  # fmt: skip

    def test_check_leaves_its_result(self):
        check = self.show("check", "--count", "8")
        check.wait_for(r"^q quit")
        check.wait_for(r"^✗ closed udp/512 held +down forward refused")
        self.assertEqual(os.waitstatus_to_exitcode(check.end()), 1)
        self.assertIn("closed: probes are refused, 3 of 9 paths".encode(), check.raw[-4096:])
        self.assert_restored(check)

    def test_failover(self):
        move = self.show("failover", "--target", "boot-01", "--for", "3s")
        move.wait_for(r"interrupt it now: boot-01 still answers")
        move.wait_for(r"^✓ boot-01 udp/512 held .*[._]{20}$")  # the newest may be under way
        self.assertEqual(os.waitstatus_to_exitcode(move.end()), 1)
        self.assertIn(b"boot-01 answered at 127.0.0.1 all the time", move.raw[-4096:])
        self.assert_restored(move)
        move = self.show("failover", "--target", "boot-01")
        move.wait_for(r"interrupt it now")
        move.press("q")
        self.assertEqual(os.waitstatus_to_exitcode(move.end()), 130)

    def test_signals_restore_the_terminal(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            check = self.show("check", "--count", "100")
            check.wait_for(r"^✓ boot-01 ")
            os.kill(check.pid, number)
            self.assertEqual(os.waitstatus_to_exitcode(check.end()), status)
            self.assertIn(b"interrupted, ", check.raw)
            self.assert_restored(check)
        for number in (signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT):
            run = self.show("run", prefix=("/bin/sh", "-c", 'ulimit -c 0; exec "$0" "$@"'))
            run.wait_for(r"^✓ boot-01 ")
            os.kill(run.pid, number)
            self.assertEqual(os.WTERMSIG(run.end()), number)
            self.assert_restored(run)

    def test_nohup_is_respected(self):
        check = self.show("check", "--count", "100", prefix=("/bin/sh", "-c", 'trap "" HUP; exec "$0" "$@"'))
        check.wait_for(r"^✓ boot-01 ")
        os.kill(check.pid, signal.SIGHUP)
        self.daemon.kill()
        check.wait_for(r"^✗ boot-01 udp/512 held +lossy")
        check.press("\x03")
        self.assertEqual(os.waitstatus_to_exitcode(check.end()), 130)

    def test_ctrl_s_stops_no_probes(self):
        run = self.show("run")
        run.wait_for(r"^✓ boot-01 ")
        run.press("\x13")
        self.daemon.kill()
        run.wait_for(r"^✗ boot-01 ")
        run.press("q")
        self.assertEqual(run.end(), 0)
        self.assert_restored(run)

    def test_stopped_and_continued(self):
        run = self.show("run")
        run.wait_for(r"^✓ boot-01 ")
        run.press("\x1a")
        self.assertTrue(run.stops())
        while select.select([run.fd], [], [], 0.2)[0]:
            run.read()
        self.assert_restored(run)
        run.screen.reset()
        os.kill(run.pid, signal.SIGCONT)
        run.wait_for(r"\Afloatprobe run(.|\n)*^✓ boot-01 ")
        run.press("q")
        self.assertEqual(run.end(), 0)

    def test_stopped_while_it_draws(self):
        """It draws again and again, and nobody reads: it is in the middle of that when the key comes."""
        run = self.show("run")
        run.wait_for(r"^✓ boot-01 ")
        for _ in range(100):
            os.kill(run.pid, signal.SIGWINCH)
            time.sleep(0.01)
            with open(f"/proc/{run.pid}/status", encoding="ascii") as status:
                ignored = int(re.search(r"SigIgn:\s*([0-9a-f]+)", status.read())[1], 16)
            self.assertFalse(ignored >> (signal.SIGTSTP - 1) & 1, "what comes now is lost")
        run.press("\x1a")
        self.assertTrue(run.stops())

    def test_a_terminal_that_goes_away_ends_it(self):
        run = self.show("check", "--count", "1000")
        run.wait_for(r"^✓ boot-01 ")
        pid = run.pid
        os.close(run.fd)
        run.fd = os.open("/dev/null", os.O_RDONLY)
        end = time.monotonic() + DEADLINE
        while not (done := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(done[0], pid, "it goes on without its terminal")
        run.status = done[1]

    def test_the_journal_is_kept_beside_it(self):
        with open(self.path("client.yaml"), "a", encoding="utf-8") as file:
            file.write("journal: here.jsonl\n")
        run = self.show("run")
        run.wait_for(r"^✓ boot-01 ")
        run.press("q")
        self.assertEqual(run.end(), 0)
        with open(self.path("here.jsonl"), encoding="utf-8") as file:
            self.assertTrue(self.objects(file.read()))

    @cli.unittest.skipIf(not shutil.which("tmux") and not os.environ.get("CI"), "tmux is not installed")
    def test_in_tmux(self):
        tmux = ("tmux", "-S", self.path("tmux"), "-f", "/dev/null")
        line = f"exec {cli.FLOATPROBE} run --config client.yaml --live"
        subprocess.run((*tmux, "new-session", "-d", "-x", "80", "-y", "24", "-c", self.dir, line), check=True,
                       env=self.env | {"TERM": "xterm-256color"})  # fmt: skip
        self.addCleanup(subprocess.run, (*tmux, "kill-server"), check=False, stderr=subprocess.DEVNULL)

        def shown(pattern):
            end = time.monotonic() + DEADLINE
            while time.monotonic() < end:
                text = subprocess.run((*tmux, "capture-pane", "-p"), check=True, capture_output=True, text=True).stdout
                if re.search(pattern, text, re.MULTILINE):
                    return
                time.sleep(0.1)
            self.fail(f"{pattern!r} does not come:\n{text}")

        shown(r"\Afloatprobe run(.|\n)*^✓ boot-01 +up .* [._]{5,}$")
        shown(r"^✗ closed udp/512 held +down forward refused .*>{5,}$")
        subprocess.run((*tmux, "resize-window", "-x", "120", "-y", "30"), check=True)
        shown(r"^✓ boot-01 +127\.0\.0\.1 +up +boot-01 +\d+\.\d+ ms .*[._]{5,}$")


if __name__ == "__main__":
    cli.main()
