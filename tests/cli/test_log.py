#!/usr/bin/python3 -B
"""The log of both daemons: every line of every form is one of that form, whatever becomes of the daemon."""

import json
import os
import re
import signal
import socket
import subprocess

import cli
from test_run import Processes, wait_until

LEVELS = {"error": 3, "warning": 4, "info": 6}
PAIR = r'([a-z_]+)=("(?:[^"\\]|\\["\\])*"|[^ "=\\]+)'


def from_logfmt(line):
    """A line of logfmt as a dictionary: nothing may stand beside its pairs."""
    if not re.fullmatch(rf"{PAIR}(?: {PAIR})*", line):
        raise AssertionError(line)
    return {key: re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value for key, value in re.findall(PAIR, line)}


def from_text(line):
    return {"level": re.search(r"(error|warning)?: ", line)[1] or "info", "msg": line}


READERS = {"json": json.loads, "logfmt": from_logfmt}


class Log(Processes):
    def setUp(self):
        super().setUp()
        self.port = cli.closed_port()
        self.config(self.port)

    def server_config(self, extra=""):
        return self.write(
            "server.yaml",
            f"name: boot-01\nkey: server.key\nlisten: {{ port: {self.port}, addresses: [ 127.0.0.1 ] }}\n"
            f'clients: {{ here: "{self.client}" }}\n{extra}',
        )

    def sides(self, extra=""):
        """Command and file of each daemon, with this in its configuration."""
        client = self.config(self.port, f"journal: journal.jsonl\n{extra}")
        return {"floatprobed": ((cli.FLOATPROBED,), self.server_config(extra)), "floatprobe": ((cli.FLOATPROBE, "run"), client)}

    def log(self):
        """Of whichever daemon, for a failure."""
        return "".join(self.read(name) for name in os.listdir(self.dir) if name.endswith(".log"))

    def lines(self, form, name="run"):
        text = self.read(f"{name}.log")
        self.assertTrue(text.endswith("\n"))
        return [READERS[form](line) for line in text.splitlines()]

    def fails(self, command, status):
        """What it says until it ends."""
        done = subprocess.run(command, cwd=self.dir, env=self.env, check=False, stdout=subprocess.PIPE, timeout=60,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)  # fmt: skip
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotEqual(done.stderr, "")
        return done.stderr.splitlines()

    def lives(self, program, command, file, form):
        """A start, a reload, one with errors, and an end."""
        whole = self.read(os.path.basename(file))
        process = self.start(*command, file, name=program)
        seen = 0
        for text, said in ((None, "as here" if program == "floatprobe" else "listening on"),
                           (whole, "reload"), (whole + 'colour: "\\e[2J blue"\n', "stays in use")):  # fmt: skip
            if text:
                self.write(os.path.basename(file), text)
                process.send_signal(signal.SIGHUP)
            wait_until(said, lambda said=said, seen=seen: said in self.read(f"{program}.log")[seen:])
            seen = len(self.read(f"{program}.log"))
        self.end(process)
        lines = self.lines(form, program)
        self.assertEqual({line["program"] for line in lines}, {program})
        self.assertEqual({line["level"] for line in lines} - set(LEVELS), set())
        for line in lines:
            self.assertRegex(line["time"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
        wrong = [line for line in lines if "colour" in line["msg"]]
        self.assertEqual([(line["level"], line["where"]) for line in wrong], [("error", f"{file}:{whole.count(chr(10)) + 1}:1")])

    def test_every_line_of_a_life(self):
        for form in READERS:
            for program, (command, file) in self.sides(f"log: {form}\n").items():
                self.lives(program, command, file, form)
                os.unlink(self.path(f"{program}.log"))

    def test_the_command_line_comes_first(self):
        for program, (command, file) in self.sides("log: { format: logfmt, level: info }\n").items():
            self.lives(program, (*command, "--log-format", "json"), file, "json")

    def test_a_failed_start(self):
        """The same form for errors of the command line, of the configuration, and of the system."""
        for form, read in READERS.items():
            option = ("--log-format", form)
            for command, file in self.sides().values():
                for arguments, status in ((("--bogus",), 2), (("/nonexistent.yaml",), 2), ((file, file), 2)):
                    for line in map(read, self.fails((*command, *arguments, *option), status)):
                        self.assertEqual(line["level"], "error")
            for command, file in self.sides(f"log: {form}\ncolour: blue\nuser: [ ]\n").values():
                said = list(map(read, self.fails((*command, file), 2)))
                self.assertEqual(len([line for line in said if line["where"].startswith(f"{file}:")]), 2, said)
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                web = f"web: 127.0.0.1:{taken.getsockname()[1]}\nlog: {form}\n"
                for command, file in self.sides(web).values():
                    said = list(map(read, self.fails((*command, file), 3)))
                    self.assertIn("cannot serve web", said[-1]["msg"])

    def test_the_journal_of_systemd_gets_priorities(self):
        """On each line, in each form, of a start that fails as of one that works."""
        for form, read in (*READERS.items(), ("text", from_text)):
            sides = self.sides(f"log: {form}\n")
            for program, (command, file) in sides.items():
                for arguments in (("--bogus",), (self.write("wrong.yaml", "colour: blue\n"),), (file,)):
                    with open(self.path("stream.log"), "wb") as log:
                        at = os.fstat(log.fileno())
                        env = self.env | {"JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino}"}
                        process = subprocess.Popen((*command, *arguments), cwd=self.dir, env=env, stderr=log,
                                                   stdin=subprocess.DEVNULL)  # fmt: skip
                    self.addCleanup(process.kill)
                    if arguments == (file,):
                        wait_until(f"{program} says something", lambda: self.read("stream.log"))
                        process.terminate()
                    process.wait(60)
                    lines = self.read("stream.log").splitlines()
                    self.assertTrue(lines)
                    for line in lines:
                        self.assertRegex(line, r"\A<[346]>\S")
                        if form != "text" and arguments == (file,):
                            self.assertEqual(int(line[1]), LEVELS[read(line[3:])["level"]])

    def test_a_reload_that_comes_too_early(self):
        for program, (command, file) in self.sides().items():
            process = self.start(*command, file, name=program)
            wait_until("it no longer dies of it", lambda p=process: self.catches_hangup(p, "SigIgn") or self.catches_hangup(p))
            process.send_signal(signal.SIGHUP)
            wait_until("it runs", lambda process=process: self.catches_hangup(process))
            self.end(process)

    def test_levels(self):
        for command, file in self.sides("log: { level: warning }\n").values():
            process = self.start(*command, file)
            wait_until("it runs", lambda process=process: self.catches_hangup(process))
            self.write(os.path.basename(file), self.read(os.path.basename(file)) + "colour: blue\n")
            process.send_signal(signal.SIGHUP)
            wait_until("the error", lambda: "stays in use" in self.log())
            self.end(process)
            # A machine under load may stop a process, which is a warning of its own.
            said = [line for line in self.log().splitlines() if "did not run for" not in line]
            self.assertEqual(len(said), 2, said)
            os.unlink(self.path("run.log"))

    def catches_hangup(self, process, how="SigCgt"):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"{how}:\s*([0-9a-f]+)", status.read())[1], 16) & 1

    def test_what_is_held_back_is_counted(self):
        """Many reloads are twenty lines of a kind, and a line that says how many more there were. A daemon that is busy with
        one reload makes a single one of what is asked meanwhile."""
        for program, (command, file) in self.sides("log: json\n").items():
            process = self.start(*command, file, name=program)
            wait_until("it runs", lambda process=process: self.catches_hangup(process))
            wait_until("twenty lines", lambda process=process, name=program: self.hang_up(process) or self.reloads(name) == 20)
            for _ in range(100):
                self.hang_up(process)
            self.end(process)
            lines = self.lines("json", program)
            said = [line for line in lines if "reload" in line["msg"] and "held_back" not in line]
            held = [line for line in lines if "held_back" in line and "reload" in line["msg"]]
            self.assertEqual((len(said), len(held)), (20, 1), lines)
            self.assertEqual(held[0]["level"], "info")
            self.assertIn(f"{held[0]['held_back']} more lines", held[0]["msg"])

    def hang_up(self, process):
        process.send_signal(signal.SIGHUP)
        # The next one is another signal only once this one was taken.
        wait_until("it is taken", lambda: not self.pending(process))

    def reloads(self, name):
        return self.read(f"{name}.log").count("reloaded")

    def pending(self, process):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"ShdPnd:\s*([0-9a-f]+)", status.read())[1], 16)

    def test_secrets_and_control_characters(self):
        self.key("k.key")
        secret = self.read("k.key").strip()
        wrong = f'key: "{secret}"\nname: "\\e[2J\\u009b\\u202eevil\\" level=info"\n"{secret}": "{secret}"\n'
        for form in (*READERS, "text"):
            for command in ((cli.FLOATPROBED,), (cli.FLOATPROBE, "run")):
                said = "\n".join(self.fails((*command, self.write("w.yaml", wrong), "--log-format", form), 2))
                self.assertNotIn(secret[20:], said)
                self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
                if form in READERS:
                    list(map(READERS[form], said.splitlines()))


if __name__ == "__main__":
    cli.main()
