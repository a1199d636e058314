#!/usr/bin/python3 -B
"""Help, version, and what is said to a command line that is wrong."""

import subprocess

import cli

COMMANDS = ("keygen", "pubkey", "init", "check", "ping", "run", "failover", "doctor", "config")


class Usage(cli.TestCase):
    def wrong(self, *arguments):
        done = self.floatprobe(*arguments, status=2)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_help_is_a_result(self):
        words = (("--help",), ("-h",), ("help",))
        for arguments in (*words, *((command, "--help") for command in COMMANDS), *(("help", c) for c in COMMANDS)):
            done = self.floatprobe(*arguments, status=0)
            self.assertTrue(done.stdout.startswith("Usage: floatprobe"), done.stdout)
            self.assertEqual(done.stderr, "")

    def test_help_lists_every_command(self):
        shown = self.floatprobe("--help", status=0).stdout
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", shown)

    def test_version(self):
        for arguments in (("--version",), ("-V",), ("version",), *((command, "--version") for command in COMMANDS)):
            self.assertEqual(self.floatprobe(*arguments, status=0).stdout, "floatprobe 0.1.0\n")

    def test_unknown_commands_get_a_list(self):
        for arguments in ((), ("",), ("bogus",), ("--bogus",), ("help", "bogus")):
            said = self.wrong(*arguments)
            for command in COMMANDS:
                self.assertIn(f"\n  {command} ", said)

    def test_wrong_options_name_themselves_and_the_help(self):
        for arguments, what in (
            (("check", "--config"), "--config"),
            (("check", "--config", "x", "--bogus"), "--bogus"),
            (("check", "--config", "x", "--count", "0"), "--count"),
            (("check", "--config", "x", "--count=100001"), "--count"),
            (("check", "--config", "x", "--spacing", "20"), "unit"),
            (("check", "--config", "x", "--spacing", "0ms"), "--spacing"),
            (("check", "--config", "x", "--format", "xml"), "nagios"),
            (("check", "--config", "x", "-4", "-6"), "--ipv6"),
            (("check", "x", "surplus"), "surplus"),
            *(((("check", "x", "-w", wrong), f"--warning '{wrong}'") for wrong in (
                ",", "80ms,", ",2%", "2%,3%", "80ms,90ms", "80ms,2%,3%", "80,2%", "0ms", "101%"))),
            (("check", "x", "-w", "80ms,2%", "-c", "40ms,3%"), "--critical is below --warning"),
            (("check", "x", "-w", "2%", "--critical", "1%"), "--critical is below --warning"),
        ):
            said = self.wrong(*arguments)
            self.assertIn(what, said)
            self.assertTrue(said.endswith("Try 'floatprobe check --help'.\n"), said)

    def test_the_doctor_has_no_line_for_nagios(self):
        self.assertIn("use text or json", self.wrong("doctor", "--format", "nagios"))

    def test_nagios_gets_its_line(self):
        for arguments in (("--count", "0"), ("--config", "/nonexistent"), ("--bogus",)):
            done = self.floatprobe("check", *arguments, "--format", "nagios", status=3)
            self.assertRegex(done.stdout, r"\AFLOATPROBE UNKNOWN - .+\n\Z")

    def test_arguments_cannot_drive_the_terminal(self):
        for arguments in (("\x1b[2J",), ("check", "--\x1b[2J\nfloatprobe: error: forged"), ("check", "--config", "\x9b")):
            said = self.floatprobe(*arguments, status=2).stderr
            self.assertNotIn("\x1b", said)
            self.assertNotIn("\x9b", said)
            self.assertNotIn("\nfloatprobe: error: forged", said)

    def test_a_configuration_that_is_not_there(self):
        for arguments in (("check", "--config"), ("run", "--config"), ("doctor", "--config"), ("config",)):
            self.assertIn("/nonexistent.yaml", self.wrong(*arguments, "/nonexistent.yaml"))

    def test_a_configuration_with_faults_is_told_all_of_them(self):
        self.key("client.key")
        file = self.write("c.yaml", "vantage: here\nkey: client.key\ncolour: blue\nservers: []\nshape: round\n")
        for arguments in (("check", "--config"), ("run", "--config"), ("doctor", "--config"), ("config",)):
            said = self.wrong(*arguments, file)
            self.assertIn("c.yaml:3:1: error", said)
            self.assertIn("c.yaml:5:1: error", said)

    def test_targets_that_are_one_or_say_nothing(self):
        extra = "".join(f"  - {{ name: {name}, address: {address}{more} }}\n" for name, address, more in (
            ("a", "Example.org", ""), ("b", "example.org.", ""), ("c", "127.0.0.9", ", warn: {}")))  # fmt: skip
        said = self.wrong("config", self.config(extra=extra))
        self.assertRegex(said, r"address: 'example.org port 8620' is already in .*client.yaml:")
        self.assertIn("warn: is empty; write { loss: 2%, rtt: 80ms }, or one of them", said)
        self.assertIn("FILE is empty", self.wrong("config", ""))

    def test_config_prints_what_it_means(self):
        shown = self.floatprobe("config", self.config(), status=0).stdout
        for word in ("boot-01", "other", "127.0.0.2", self.server):
            self.assertIn(word, shown)

    def test_output_that_nobody_gets_is_no_success(self):
        config = self.config()
        for arguments in (("--help",), ("--version",), ("check", "--help"), ("config", config)):
            with open("/dev/full", "w", encoding="utf-8") as full:
                self.assertIn("output", self.floatprobe(*arguments, status=3, stdout=full).stderr)
            shell = ["sh", "-c", '"$0" "$@" >&-', cli.FLOATPROBE, *arguments]
            self.assertEqual(subprocess.run(shell, check=False, capture_output=True, cwd=self.dir).returncode, 3)


if __name__ == "__main__":
    cli.main()
