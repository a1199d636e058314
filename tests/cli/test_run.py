#!/usr/bin/python3 -B
"""A server that answers, and the daemon with its journal: on a disk that is full, in a pipe, taken away, to the end."""

import json
import os
import pwd
import resource
import shutil
import signal
import subprocess
import time

import cli


def wait_until(what, condition, seconds=30):
    """Waits for a state; the bound only says when to give up."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.02)
    return result


class Processes(cli.TestCase):
    def start(self, *arguments, name="run", **options):
        with open(self.path(f"{name}.log"), "ab") as log:
            options = {"cwd": self.dir, "env": self.env, "stdin": subprocess.DEVNULL, "stderr": log} | options
            process = subprocess.Popen(arguments, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def log(self):
        return self.read("run.log")

    def run_daemon(self, journal, prefix=(), extra="", **options):
        extra += f"journal: {journal}\nschedules: {{ steady: {{ every: 100ms }} }}\n" if journal else ""
        file = self.config(extra=extra)
        return self.start(*prefix, cli.FLOATPROBE, "run", "--config", file, **options)

    def journal(self, name="journal.jsonl"):
        """Its objects; every line must be whole but for the one that is being written."""
        if not os.path.exists(self.path(name)):
            return []
        return [json.loads(line) for line in self.read(name).split("\n")[:-1]]

    def end(self, process, status=0):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), status, self.log())


class Run(Processes):
    def down(self, name="journal.jsonl"):
        return [o for o in self.journal(name) if o["type"] == "change" and o["to"]["state"] == "down"]

    def test_changes_and_the_end(self):
        daemon = self.run_daemon("journal.jsonl")
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        self.end(daemon)
        self.assertEqual({o["target"] for o in self.down()}, {"boot-01", "other"})
        for o in self.down():
            self.assertEqual((o["to"]["direction"], o["to"]["cause"]), ("forward", "refused"))
        self.assertTrue(self.read("journal.jsonl").endswith("}\n"))

    def test_without_a_journal_stdout_is_one(self):
        with open(self.path("journal.jsonl"), "wb") as out:
            daemon = self.run_daemon(None, stdout=out)
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        self.end(daemon)

    def test_without_a_reader_of_stdout_it_ends(self):
        daemon = self.run_daemon(None, stdout=subprocess.PIPE)
        self.assertIn(b'"type":"start"', daemon.stdout.readline())
        daemon.stdout.close()
        self.assertEqual(daemon.wait(30), 3)
        self.assertIn("nobody reads standard output", self.log())

    def test_a_crash_leaves_no_line_that_swallows_the_next(self):
        self.write("journal.jsonl", '{"type":"old"}\n{"type":"ol')
        daemon = self.run_daemon("journal.jsonl")
        wait_until("something is written", lambda: "change" in self.read("journal.jsonl"))
        self.end(daemon)
        lines = self.read("journal.jsonl").splitlines()
        self.assertEqual(lines[:2], ['{"type":"old"}', '{"type":"ol'])
        self.assertTrue(all(json.loads(line) for line in lines[2:]))

    def test_logrotate(self):
        daemon = self.run_daemon("journal.jsonl")
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        os.rename(self.path("journal.jsonl"), self.path("journal.jsonl.1"))
        daemon.send_signal(signal.SIGHUP)
        wait_until("a new journal", lambda: os.path.exists(self.path("journal.jsonl")))
        self.end(daemon)
        self.assertGreaterEqual(len(self.down("journal.jsonl.1")), 6)
        self.journal()

    def test_a_wrong_configuration_is_not_applied(self):
        daemon = self.run_daemon("journal.jsonl")
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        self.write("client.yaml", "colour: blue\n")
        daemon.send_signal(signal.SIGHUP)
        wait_until("the fault is told", lambda: "client.yaml:1:1: error" in self.log())
        self.assertIsNone(daemon.poll())
        self.end(daemon)

    def test_a_reload_while_another_one_is_under_way(self):
        daemon = self.run_daemon("journal.jsonl")
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        for i in range(10):
            extra = f"  - {{ name: more-{i}, role: droplet, address: 127.0.0.{100 + i}, server: boot-01 }}\n"
            self.config(extra=f"{extra}journal: journal.jsonl\n")
            daemon.send_signal(signal.SIGHUP)
        wait_until("what came last is in use", lambda: any(o.get("target") == "more-9" for o in self.journal()))
        self.end(daemon)

    def test_a_reload_without_memory_changes_nothing(self):
        """A thousand paths more would take 16 MB; the daemon may have 4 MB more than it has. Limits of another user's
        process need CAP_SYS_RESOURCE, so it stays ours."""
        user = f"user: {pwd.getpwuid(os.getuid()).pw_name}\n"
        daemon = self.run_daemon("journal.jsonl", extra=user)
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        with open(f"/proc/{daemon.pid}/statm", encoding="ascii") as statm:
            size = int(statm.read().split()[0]) * resource.getpagesize()
        if size > 2**40:
            self.skipTest("AddressSanitizer reserves more than can be limited")
        unlimited = resource.prlimit(daemon.pid, resource.RLIMIT_AS)
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, (size + 2**22, unlimited[1]))
        many = "".join(
            f'  - {{ name: t{i}, role: droplet, address: 127.0.1.{i}, server: boot-01, flows: {{ held: 64 }} }}\n'
            for i in range(16)
        )
        self.config(extra=f"{many}{user}journal: journal.jsonl\nschedules: {{ steady: {{ every: 10ms, timeout: 2s }} }}\n")
        daemon.send_signal(signal.SIGHUP)
        wait_until("the want of memory is told", lambda: "out of memory: the old configuration stays in use" in self.log())
        self.assertIsNone(daemon.poll())
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, unlimited)
        self.assertNotIn("configuration reloaded", self.log())
        self.end(daemon)
        paths = {(o["target"], o["protocol"], o["flow"]) for o in self.journal() if o["type"] == "path"}
        self.assertEqual(len(paths), 6)

    def test_a_journal_that_cannot_be_opened(self):
        daemon = self.run_daemon("nowhere/journal.jsonl")
        self.assertEqual(daemon.wait(30), 3)
        self.assertIn("nowhere/journal.jsonl", self.log())

    def test_a_journal_that_can_be_opened_later(self):
        """A reload names a journal whose directory is missing: the old one goes on. The next reload tries again."""
        daemon = self.run_daemon("journal.jsonl")
        wait_until("it runs", lambda: self.journal())
        self.config(extra="journal: later/journal.jsonl\n")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is told, with what to do", lambda: "goes on with what it has open; its directory must exist" in self.log())
        os.mkdir(self.path("later"))
        daemon.send_signal(signal.SIGHUP)
        wait_until("the new one is used", lambda: any(o["type"] == "reload" for o in self.journal("later/journal.jsonl")))
        self.end(daemon)

    def test_the_user_changes_at_the_next_start(self):
        daemon = self.run_daemon("journal.jsonl")
        wait_until("it runs", lambda: self.journal())
        self.config(extra="journal: journal.jsonl\nuser: nobody\n")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is told", lambda: "the new user takes effect at the next start" in self.log())
        self.end(daemon)

    def test_a_schedule_of_another_target_begins_no_path_anew(self):
        """An incident of a path goes on, though a reload adds a target that is probed so often that its paths have to
        remember more probes."""
        both = "schedules: {{ steady: {{ every: 200ms }}, often: {{ every: {} }} }}\njournal: journal.jsonl\n"
        port = cli.closed_port()
        daemon = self.start(cli.FLOATPROBE, "run", "--config", self.config(port, both.format("200ms")))
        wait_until("an incident is open", lambda: "opened:" in self.log())
        more = "  - {{ name: more, role: droplet, address: 127.0.0.99, server: boot-01, schedule: often }}\n"
        self.config(port, more.format() + both.format("10ms"))
        daemon.send_signal(signal.SIGHUP)
        wait_until("the new target is probed", lambda: any(o.get("target") == "more" for o in self.journal()))
        self.end(daemon)
        self.assertFalse([o for o in self.journal() if o["type"] == "path" and o["ended"] == "reload"])
        self.assertNotIn("closed after", self.log())

    def test_records_of_a_path_that_begins_anew_do_not_overlap(self):
        port, extra = cli.closed_port(), "journal: journal.jsonl\nschedules: {{ steady: {{ every: 100ms, timeout: {} }} }}\n"
        daemon = self.start(cli.FLOATPROBE, "run", "--config", self.config(port, extra.format("1s")))
        wait_until("every path is down", lambda: len(self.down()) >= 6)
        self.config(port, extra.format("500ms"))
        daemon.send_signal(signal.SIGHUP)
        wait_until("every path is down again", lambda: len(self.down()) >= 12)
        self.end(daemon)
        ends = {}
        for o in self.journal():
            if o["type"] == "path":
                path = (o["target"], o["protocol"], o["size"], o["flow"])
                self.assertGreaterEqual(o["from"], ends.get(path, ""), path)
                ends[path] = o["time"]

    def test_lines_that_are_lost_in_the_end_are_not_silent(self):
        daemon = self.run_daemon("/dev/full")
        wait_until("the full device is told", lambda: "No space left on device" in self.log())
        self.assertIsNone(daemon.poll())
        self.end(daemon, status=3)
        self.assertIn("lines were lost", self.log())
        self.assertEqual(self.log().count("No space left on device"), 1)

    def test_a_full_disk_is_survived(self):
        """A small file system, in a mount namespace of the daemon's own."""
        unshare = (shutil.which("unshare"), "--user", "--map-root-user", "--mount")
        if subprocess.run((*unshare, "true"), check=False, capture_output=True).returncode:
            self.skipTest("no mount namespace here")
        os.mkdir(self.path("disk"))
        size = 64 * os.sysconf("SC_PAGE_SIZE")
        script = f'mount -t tmpfs -o size={size} tmpfs disk && head -c {size} /dev/zero >disk/fill; exec "$0" "$@"'
        daemon = self.run_daemon("disk/journal.jsonl", prefix=(*unshare, "sh", "-c", script))
        wait_until("the full disk is told", lambda: "No space left on device" in self.log())
        inside = f"/proc/{daemon.pid}/root{self.path('disk')}"
        self.assertEqual(os.path.getsize(f"{inside}/journal.jsonl"), 0)
        os.unlink(f"{inside}/fill")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is written again", lambda: "writing works again; 0 lines were lost" in self.log())
        self.assertGreaterEqual(len(self.journal(f"{inside}/journal.jsonl")), 6)
        self.assertEqual(self.log().count("No space left on device"), 1)
        self.end(daemon)


    def test_a_read_only_disk_is_survived(self):
        """A new journal cannot be made there: the lines wait, and nothing is lost."""
        unshare = (shutil.which("unshare"), "--user", "--map-root-user", "--mount")
        if subprocess.run((*unshare, "true"), check=False, capture_output=True).returncode:
            self.skipTest("no mount namespace here")
        os.mkdir(self.path("disk"))
        daemon = self.run_daemon("disk/journal.jsonl", prefix=(*unshare, "sh", "-c", 'mount -t tmpfs tmpfs disk; exec "$0" "$@"'))
        inside = f"/proc/{daemon.pid}/root{self.path('disk')}"
        wait_until("it writes", lambda: os.path.exists(f"{inside}/journal.jsonl"))
        wait_until("every path is down", lambda: len(self.journal(f"{inside}/journal.jsonl")) >= 6)

        def mount(*script):
            nsenter = ("nsenter", f"--target={daemon.pid}", "--user", "--mount", "--preserve-credentials")
            subprocess.run((*nsenter, "sh", "-ec", "; ".join((f"cd {self.dir}", *script))), check=True)

        mount("mv disk/journal.jsonl disk/old", "mount --bind disk disk", "mount -o remount,bind,ro disk")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is told", lambda: "Read-only file system" in self.log())
        wait_until("the old file has the reload", lambda: any(o["type"] == "reload" for o in self.journal(f"{inside}/old")))
        mount("umount disk", "rm disk/old", "mount --bind disk disk", "mount -o remount,bind,ro disk")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is told", lambda: "no new one can be made: Read-only file system" in self.log())
        mount("umount disk")
        daemon.send_signal(signal.SIGHUP)
        wait_until("it is written again", lambda: "writing works again; 0 lines were lost" in self.log())
        wait_until("no reload is missing", lambda: [o["type"] for o in self.journal(f"{inside}/journal.jsonl")].count("reload") == 2)
        self.assertEqual(self.log().count("no new one can be made"), 1)
        self.end(daemon)


class Healthy(Processes):
    def setUp(self):
        super().setUp()
        self.port = cli.closed_port()
        self.file = self.config(self.port)
        server = self.write(
            "server.yaml",
            f"""
name: boot-01
key: server.key
listen: {{ port: {self.port} }}
clients: {{ here: "{self.client}" }}
""",
        )
        self.start(cli.FLOATPROBED, "--config", server, name="server")
        wait_until("the server answers", lambda: self.check("-q").returncode == 0)

    def check(self, *options):
        return subprocess.run(
            (cli.FLOATPROBE, "check", "--config", self.file, *cli.QUICK, *options),
            check=False, cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=60)  # fmt: skip

    def test_all_is_well(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.splitlines()[0], "all 6 paths of 2 targets are as expected")
        self.assertRegex(done.stdout, r"boot-01 +127\.0\.0\.1:\d+ .* 3 paths up .* boot-01\n")
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(self.check("-v").stdout.count(" up  0 of 2 lost "), 6)

    def test_servers_that_leave_the_configuration_take_their_past_along(self):
        """Paths name servers by their places in the list: none may outlive a list that has become shorter."""
        other = self.key("other.key")

        def configured(servers, allowed):
            return self.write("moving.yaml", f"""
vantage: here
key: client.key
journal: moving.jsonl
servers: {{ {servers} }}
schedules: {{ quick: {{ every: 50ms, timeout: 200ms }} }}
targets:
  - {{ name: boot-01, address: 127.0.0.1, port: {self.port}, server: {allowed}, schedule: quick }}
""")  # fmt: skip

        def said(**wanted):
            return [o for o in self.journal("moving.jsonl") if o["type"] == "change"
                    and all(o["to"][key] == value for key, value in wanted.items())]  # fmt: skip

        file = configured(f'other: "{other}", boot-01: "{self.server}"', "other")
        daemon = self.start(cli.FLOATPROBE, "run", "--config", file)
        wait_until("who answers may not", lambda: said(cause="impostor", server="boot-01"))
        configured(f'other: "{other}"', "other")
        daemon.send_signal(signal.SIGHUP)
        wait_until("who answers is not known", lambda: said(cause="impostor", server=None))
        configured(f'boot-01: "{self.server}"', "boot-01")
        daemon.send_signal(signal.SIGHUP)
        wait_until("all is well", lambda: said(state="up", cause="none", server="boot-01"))
        self.end(daemon)

    def test_the_key_at_a_reload(self):
        """One that is gone, broken or readable for others changes nothing, and the old one goes on. A new one is in force
        at once: a server that does not know it yet says so."""
        other = self.key("other.key")
        self.config(self.port, extra="journal: journal.jsonl\nschedules: { quick: { every: 50ms, timeout: 2s } }\n")
        daemon = self.start(cli.FLOATPROBE, "run", "--config", self.file)

        def last():
            return {(o["target"], o["protocol"], o["flow"]): o["to"]["cause"] for o in self.journal() if o["type"] == "change"}

        def reloads():
            return [o["result"] for o in self.journal() if o["type"] == "reload"]

        def reload(said):
            log, before = len(self.log()), reloads()
            daemon.send_signal(signal.SIGHUP)
            wait_until(said, lambda: said in self.log()[log:])
            wait_until("the reload is in the journal", lambda: len(reloads()) > len(before))

        wait_until("every path is up", lambda: len(last()) == 6 and set(last().values()) == {"none"})
        key, was = self.path("client.key"), self.path("was.key")
        os.rename(key, was)
        reload("No such file or directory")
        self.write("client.key", "no key\n")
        os.chmod(key, 0o600)
        reload("is not a floatprobe secret key")
        os.replace(was, key)
        os.chmod(key, 0o644)
        reload("is accessible to other users")
        os.chmod(key, 0o600)
        reload("configuration reloaded")
        self.assertEqual(reloads(), [*["rejected"] * 3, "applied"])
        self.assertFalse([o for o in self.journal() if o["type"] == "loss"])
        os.replace(self.path("other.key"), key)
        reload(f"its public key is now {other}")
        wait_until("no path is authorised", lambda: set(last().values()) == {"not-authorised"})
        self.end(daemon)

    def test_quiet_says_nothing(self):
        done = self.check("-q")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_json(self):
        done = self.check("--json")
        self.assertEqual(done.returncode, 0)
        for o in self.objects(done.stdout):
            self.assertEqual(o["server"], "boot-01")
            self.assertEqual(o["arrived_on"], o["address"])
            if o["type"] == "path":
                self.assertEqual((o["state"], o["direction"], o["cause"]), ("up", "none", "none"))
                self.assertGreater(o["sent"], 0)
                self.assertEqual(o["answered"], o["sent"])
                self.assertIs(o["expected"], True)
                rtt = [o["rtt_ms"][name] for name in ("min", "median", "p99", "max")]
                self.assertEqual(rtt, sorted(rtt))
                self.assertTrue(all(value == round(value, 3) for value in rtt))
            else:
                self.assertEqual((o["outcome"], o["source"]), ("answered", o["address"]))

    def test_nagios(self):
        done = self.check("--format", "nagios")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\AFLOATPROBE OK - 6 of 6 paths as expected \| 'boot-01 ipv4 udp/512 held loss'=0%;")


if __name__ == "__main__":
    cli.main()
