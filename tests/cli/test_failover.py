#!/usr/bin/python3 -B
"""failover: what the command line may say, and what a measurement says where nobody answers."""

import os

import cli

BRIEF = ("--for", "100ms", "--settle", "50ms")


class Failover(cli.TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.config()

    def failover(self, *options, status=1, target="other", **more):
        return self.floatprobe("failover", "--config", self.file, "--target", target, *options, status=status, **more)

    def test_wrong_options(self):
        for options, what in (
            (("--expect", "boot-09"), "boot-09"),
            (("--exec-back", "true"), "--exec-back needs --exec"),
            (("--exec", "true", "--times", "2"), "--times needs"),
            (("--times", "0"), "--times"),
            (("--for", "1h", "--interval", "1ms"), "200000 intervals"),
            (("--interval", "0ms"), "--interval"),
            (("--max-gap", "5"), "unit"),
            (("--format", "nagios"), "text or json"),
            (("-4", "-6"), "--ipv6"),
        ):
            done = self.failover(*options, status=2)
            self.assertIn(what, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertIn("the targets are boot-01, other", self.failover(target="bogus", status=2).stderr)
        self.assertIn("--target", self.floatprobe("failover", "--config", self.file, status=2).stderr)

    def test_who_may_not_answer_cannot_be_expected(self):
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        second = self.key("second.key")
        self.file = self.write("two.yaml", text.replace("servers: {", f'servers: {{ boot-02: "{second}",'))
        self.assertIn("'boot-02' may not answer at 'other'", self.failover("--expect", "boot-02", status=2).stderr)

    def test_nobody_answers(self):
        done = self.failover(*BRIEF, "--json")
        lines = self.objects(done.stdout)
        self.assertEqual([line["protocol"] for line in lines], ["udp", "tcp"])
        for line in lines:
            self.assertEqual((line["type"], line["from"], line["to"], line["result"]), ("failover", None, None, "fail"))
            self.assertEqual((line["gap_ms"], line["last_answer"], line["first_answer"]), (None, None, None))
            self.assertEqual(line["sent"], line["lost"] + line["network_lost"])
            self.assertIn("nobody answered at 127.0.0.2", line["reasons"][0])
        self.assertIn("only boot-01 may answer at other", done.stderr)
        self.assertEqual(self.failover(*BRIEF, "--json", "--quiet").stderr, "")

    def test_the_command_is_not_run_before_anybody_answers(self):
        done = self.failover(*BRIEF, "--exec", f"touch {self.path('made')}")
        self.assertIn("the command was not run", done.stdout)
        self.assertFalse(os.path.exists(self.path("made")))

    def test_a_report_has_what_is_known(self):
        done = self.failover(*BRIEF, "--json", "--quiet", "--report", self.path("report.html"))
        self.assertEqual(done.stderr, "")
        with open(self.path("report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("<title>Failover of other</title>", page)
        self.assertIn("nobody answered at 127.0.0.2", page)
        sent = [flow["sent"] for line in self.objects(done.stdout) for flow in line["flows"]]
        self.assertEqual(len(sent), 3)
        for number in sent:
            self.assertTrue(f'<data class="sent" value="{number}">' in page, number)

    def test_a_report_that_cannot_be_written_is_said_before_the_move(self):
        done = self.failover("--report", self.path("no/report.html"), status=3)
        self.assertIn("cannot write the report", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_output_that_nobody_gets_is_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.failover(*BRIEF, "--json", status=3, stdout=full)

    def test_text_is_ascii_where_the_locale_is(self):
        self.env["LC_ALL"] = "C"
        self.assertTrue(self.failover(*BRIEF).stdout.isascii())


if __name__ == "__main__":
    cli.main()
