#!/usr/bin/python3 -B
"""report: the story of journals as text, objects and page."""

import gzip
import os

import cli
import journal


class Report(cli.TestCase):
    def setUp(self):
        super().setUp()
        client, server = journal.story()
        self.text = journal.text_of(client)
        self.client = self.write("fra-home.jsonl", self.text)
        self.server = self.write("boot-01.jsonl", journal.text_of(server))

    def report(self, *arguments, status=0, **options):
        return self.floatprobe("report", *arguments, status=status, **options)

    def lines(self, *arguments, **options):
        return self.objects(self.report(*arguments, "--json", **options).stdout)

    def only(self, kind, *arguments, **options):
        return [line for line in self.lines(*arguments, **options) if line["type"] == kind]

    def test_the_question_is_answered(self):
        out = self.report(self.client, self.server).stdout
        for words in (
            "2026-05-01 00:00:00 to 2026-05-01 02:00:00 UTC, 6 paths from fra-home",
            "1 incident, 12.500 s",
            "#1 2026-05-01 00:20:05.000, for 12.500 s",
            "bootnode: down; answers were lost on their way back: stale-neighbour",
            "boot-01 answered before and after",
            "02:00:5e:00:53:01",
            "ip neigh del 198.51.100.2 dev eth0",
            "2026-05-01 01:20:00.000, for 5m 0s, fra-home: it was stopped",
        ):
            self.assertIn(words, out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertIn("  udp/512 held         6900        0      12       0", out)

    def test_objects(self):
        (found,) = self.only("incident", self.client)
        self.assertEqual(
            (found["id"], found["state"], found["opened"], found["closed"], found["duration_ms"], found["targets"],
             found["direction"], found["cause"], found["server_before"], found["server_after"], len(found["paths"])),
            (41, "closed", journal.at(1205), journal.at(1217.5), 12500, ["bootnode"], "return", "stale-neighbour", "boot-01",
             "boot-01", 2),
        )  # fmt: skip
        sums = self.only("sum", self.client)
        self.assertEqual(len(sums), 6)
        self.assertEqual([line["target"] for line in sums], ["bootnode"] * 3 + ["boot-01"] * 3)  # trouble comes first
        for line in sums:
            udp = line["target"] == "bootnode" and line["protocol"] == "udp"
            self.assertEqual((line["sent"], line["return_lost"], line["lost"]), (6900, 12 if udp else 0, 0))
            self.assertEqual(line["sent"], line["answered"] + line["forward_lost"] + line["return_lost"] + line["lost"])
            self.assertEqual(line["covered_ms"], 115 * 60000)
            self.assertEqual((line["outages"], line["down_ms"]), (1, 12500) if udp else (0, 0))
        (silence,) = self.only("not_probed", self.client)
        self.assertEqual((silence["from"], silence["duration_ms"]), (journal.at(4800), 300000))

    def test_files_of_a_rotation_in_any_order_and_standard_input(self):
        text = self.text.splitlines(keepends=True)
        whole = self.lines(self.client)
        parts = [self.write(f"part.{i}", "".join(text[a:b])) for i, (a, b) in enumerate(((300, None), (0, 150), (150, 300)))]
        self.assertEqual(self.lines(*parts), whole)
        with open(self.client, encoding="utf-8") as file:
            self.assertEqual(self.lines("-", stdin=file), whole)
        self.assertIn("named twice", self.report(self.client, self.client).stderr)

    def test_torn_and_foreign_lines_do_no_harm(self):
        whole = self.only("sum", self.client)
        text = self.text
        torn = self.write("torn.jsonl", text + text.splitlines()[-2][:100])
        self.assertEqual(self.only("sum", torn), whole)
        self.assertEqual(self.report(torn, "--json").stderr, "")
        self.assertIn("1 journal ends in a line", self.report(torn).stdout)
        bad = self.write("bad.jsonl", text + 'nonsense\n{"type":"path"}\n{"type":"new-in-2030","time":"x"}\n')
        done = self.report(bad, "--json")
        number = len(text.splitlines())
        self.assertIn(f"bad.jsonl:{number + 1}: is not a JSON object", done.stderr)
        self.assertIn(f"bad.jsonl:{number + 2}:", done.stderr)
        self.assertIn("1 records are of types that this version does not know", done.stderr)
        self.assertEqual([line for line in self.objects(done.stdout) if line["type"] == "sum"], whole)

    def test_many_wrong_lines_are_said_once(self):
        bad = self.write("bad.jsonl", "x\n" * 1000 + self.text)
        self.assertEqual(len(self.report(bad, "--json").stderr.splitlines()), 6)

    def test_older_journals_have_their_incidents_derived(self):
        new = ("from", "late", "duplicates", "reordered", "jitter_ms", "one_way_ms")
        older = [
            {key: value for key, value in record.items() if record["type"] != "path" or key not in new}
            for record in journal.story()[0]
            if record["type"] in ("path", "change")
        ]
        file = self.write("older.jsonl", journal.text_of(older))
        (found,) = self.only("incident", file)
        self.assertEqual(
            (found["id"], found["opened"], found["closed"], found["direction"], found["cause"], len(found["paths"])),
            (None, journal.at(1205), journal.at(1217.5), "return", "stale-neighbour", 2),
        )
        self.assertEqual({line["sent"] for line in self.only("sum", file)}, {None})
        self.assertIn("older version", self.report(file).stdout)

    def test_time_and_targets_are_narrowed(self):
        self.assertEqual(self.only("incident", self.client, "--until", journal.at(1100)), [])
        self.assertEqual(len(self.only("incident", self.client, "--since", journal.at(1210))), 1)
        self.assertEqual(self.only("incident", self.client, "--since", "1h"), [])
        self.assertEqual(self.only("sum", self.client, "--since", journal.at(3600))[0]["sent"], 3300)
        narrow = self.lines(self.client, "--target", "boot-01")
        self.assertEqual({line["target"] for line in narrow if line["type"] == "sum"}, {"boot-01"})
        self.assertEqual([line for line in narrow if line["type"] == "incident"], [])
        self.assertIn("'bogus'", self.report(self.client, "--target", "bogus", status=2).stderr)

    def test_what_cannot_be_read_or_written(self):
        self.assertIn("nowhere", self.report(self.path("nowhere"), status=2).stderr)
        self.assertIn("directory", self.report(self.dir, status=2).stderr)
        self.assertIn("nothing that was read is a journal", self.report("/bin/true", status=2).stderr)
        self.assertIn("not a time", self.report(self.client, "--since", "soon", status=2).stderr)
        self.assertIn("exchange them", self.report(self.client, "--since", "2026-05-02", "--until", "2026-05-01", status=2).stderr)
        with open(self.client, "rb") as file, gzip.open(self.path("old.jsonl.gz"), "wb") as packed:
            packed.write(file.read())
        self.assertIn("zcat", self.report(self.client, self.path("old.jsonl.gz"), status=2).stderr)
        self.assertIn("one of the journals", self.report(self.client, "-o", self.client, status=2).stderr)
        self.assertIn("cannot write", self.report(self.client, "-o", self.path("no/page.html"), status=3).stderr)
        self.report(self.client, "-o", "/dev/full", status=3)
        self.assertIn("JOURNAL", self.report(status=2).stderr)
        empty = self.write("empty.jsonl", "")
        self.assertIn("no record", self.report(empty).stdout)
        self.assertIn("no record", self.report(empty, "-o", "-").stdout)

    def test_moves_of_failover(self):
        move = {"type": "failover", "time": journal.at(30), "vantage": "fra-home", "target": "bootnode", "role": "floating",
                "address": "203.0.113.7", "port": 8620, "protocol": "udp", "from": "boot-01", "to": "boot-02",
                "gap_ms": 1203.5, "forward_gap_ms": 1203.5, "return_gap_ms": 0.0, "last_answer": journal.at(20),
                "first_answer": journal.at(21.2), "sent": 100, "answered": 40, "lost": 60, "forward_lost": 60,
                "return_lost": 0, "unknown_lost": 0, "unsent": 0, "flaps": 0, "overlap_ms": 0.0, "result": "pass",
                "reasons": [], "notes": ["a note"]}  # fmt: skip
        file = self.write("moves.jsonl", journal.text_of([move]))
        self.assertNotIn("no record", self.report(file).stdout)
        self.assertIn("bootnode udp: moved from boot-01 to boot-02, gap 1.204 s", self.report(file).stdout)
        (line,) = self.only("move", file)
        self.assertEqual((line["gap_ms"], line["result"]), (1203.5, "pass"))

    def test_a_million_lines_stay_small(self):
        """The size of the page and of the memory does not grow with the journal; 100,000 lines stand for the million."""
        records = []
        for minute in range(0, 100000 // len(journal.PATHS)):
            for of in journal.PATHS:
                records.append(journal.path(of, minute * 60, minute * 60 + 60, minute % 3, ("forward", "return", "unknown")[minute % 2]))
        file = self.write("long.jsonl", journal.text_of(records))
        page = self.path("long.html")
        self.report(file, "-o", page)
        self.assertLess(os.path.getsize(page), 2_000_000)
        line = self.only("sum", file)[0]
        self.assertEqual(line["sent"], 60 * (100000 // len(journal.PATHS)))

    def test_many_losses_stay_small(self):
        """Each loss has a row, but a page has no more of them than fit."""
        records = []
        for k in range(16):
            for of in journal.PATHS[:3]:
                of = of | {"target": f"target-{k}", "address": f"203.0.113.{k}"}
                for minute in range(150):
                    records.append(journal.path(of, minute * 60, minute * 60 + 60, 3, "forward", rtt=20 + minute * k / 100))
                    records.append(journal.loss(of, minute * 60 + 20, minute * 60 + 22, 3, "forward"))
        file, page = self.write("losses.jsonl", journal.text_of(records)), self.path("losses.html")
        self.report(file, "-o", page)
        self.assertLess(os.path.getsize(page), 1_500_000)  # incidents and events may come to it
        with open(page, encoding="utf-8") as html:
            text = html.read()
        self.assertEqual(text.count("Losses, one by one"), 16)
        self.assertIn("more are in the journal", text)


if __name__ == "__main__":
    cli.main()
