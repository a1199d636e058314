#!/usr/bin/python3 -B
"""Completion in a real interactive bash, on a terminal of its own; and the syntax of both shells' files."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

import cli

PROMPT = "ready> "


class Shell:
    """An interactive bash with the completion of both programs and nothing else."""

    def __init__(self, directory, env):
        rc = os.path.join(directory, "rc")
        with open(rc, "w", encoding="utf-8") as file:
            for program in (cli.FLOATPROBE, cli.FLOATPROBED):
                name = os.path.basename(program)
                file.write(f"source <({program} completion bash)\nalias {name}=:\n")
            file.write(f"PS1='{PROMPT}'\nset +o history\n")
            for setting in ("show-all-if-ambiguous on", "page-completions off", "completion-query-items 0",
                            "enable-bracketed-paste off", "bell-style none"):  # fmt: skip
                file.write(f"bind 'set {setting}'\n")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", rc, "-i"], env | {"TERM": "dumb", "COLUMNS": "200"})
        self.read_until(PROMPT)

    def read_until(self, text, seconds=60):
        seen, end = "", time.monotonic() + seconds
        while text not in seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"bash did not say {text!r} but {seen!r}")
            seen += os.read(self.fd, 65536).decode()
        return seen

    def complete(self, line):
        """What bash makes of the line and a tab: the rest of the line, or the words that it lists."""
        os.write(self.fd, line.encode() + b"\tEND")
        seen = self.read_until("END")
        os.write(self.fd, b"\x15echo do\"\"ne\r")  # delete the line again
        self.read_until("done\r\n" + PROMPT)
        return seen.replace("\r", "").replace("\a", "").partition("END")[0]

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Completion(cli.TestCase):
    def setUp(self):
        super().setUp()
        for name in ("here.yaml", "there.yaml"):
            self.write(name, "")
        os.mkdir(self.path("folder"))
        self.shell = Shell(self.dir, self.env)
        self.addCleanup(self.shell.close)

    def words(self, line):
        return set(re.findall(r"[^\s]+", self.shell.complete(line)))

    def test_commands(self):
        self.assertIn("floatprobe failover ", self.shell.complete("floatprobe fail"))
        self.assertLessEqual({"check", "ping", "run", "init", "help", "version", "doctor"}, self.words("floatprobe "))
        self.assertLessEqual({"check", "run"}, self.words("floatprobe help "))

    def test_options(self):
        self.assertIn("floatprobe check --timeout ", self.shell.complete("floatprobe check --timeo"))
        self.assertLessEqual({"--spacing", "--target", "--json", "-q", "--help"}, self.words("floatprobe check -"))
        self.assertNotIn("--spacing", self.words("floatprobe run -"))
        self.assertIn("--check-config", self.words("floatprobed --c"))
        self.assertLessEqual({"--config", "--init", "--output"}, self.words("floatprobed --"))

    def test_values(self):
        self.assertLessEqual({"text", "json", "nagios"}, self.words("floatprobe check --format "))
        self.assertNotIn("nagios", self.words("floatprobe doctor --format "))
        self.assertIn("--format=nagios", self.shell.complete("floatprobe check --format=n"))
        self.assertIn("--config here.yaml", self.shell.complete("floatprobe check --config h"))
        self.assertIn("check there.yaml", self.shell.complete("floatprobe check th"))
        self.assertIn("folder/", self.shell.complete("floatprobe init -o "))
        self.assertNotIn("here.yaml", self.shell.complete("floatprobe check --count "))
        self.assertIn("floatprobed there.yaml", self.shell.complete("floatprobed th"))


class Files(cli.TestCase):
    def script(self, program, shell):
        return subprocess.run((program, "completion", shell), check=True, capture_output=True, text=True).stdout

    def test_every_option_of_the_help_is_in_both(self):
        for program in (cli.FLOATPROBE, cli.FLOATPROBED):
            shown = subprocess.run((program, "--help"), check=True, capture_output=True, text=True).stdout
            for command in re.findall(r"^  (\w+)  ", shown, re.M):
                shown += self.floatprobe("help", command, status=0).stdout
            for shell in ("bash", "zsh"):
                script = self.script(program, shell)
                for option in set(re.findall(r"--[a-z-]+\b", shown)) - {"--uri", "--set-src-ip"}:
                    self.assertIn(option, script)

    def test_zsh_reads_it(self):
        if not shutil.which("zsh"):
            raise unittest.SkipTest("there is no zsh")
        for program in (cli.FLOATPROBE, cli.FLOATPROBED):
            subprocess.run(("zsh", "-n"), input=self.script(program, "zsh"), check=True, text=True)

    def test_another_shell_is_refused(self):
        self.floatprobe("completion", "fish", status=2)
        self.floatprobe("completion", status=2)


if __name__ == "__main__":
    cli.main()
