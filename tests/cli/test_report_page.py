#!/usr/bin/python3 -B
"""The page of report in a real browser: Chromium without a head. It is skipped where there is none, except under CI."""

import html.parser
import os
import re
import shutil
import subprocess
import unittest

import cli
import journal
from browser import Browser as Driven

BROWSER = shutil.which("chromium")
A4_WIDTH = 717  # in pixels, between the margins


class Page(html.parser.HTMLParser):
    """Figures of a page: those of <data>, by the element that has them; and what the browser must not find."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.durations, self.outside, self.texts = [], [], [], []
        self.row, self.article = None, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "tr" and attrs.get("class") == "path":
            self.row = {}
            self.rows.append(self.row)
        elif tag == "article":
            self.article = True
        elif tag == "data" and self.row is not None:
            self.row[attrs["class"]] = float(attrs["value"])
        elif tag == "data" and self.article and attrs["class"] == "duration":
            self.durations.append(float(attrs["value"]))
        for name in ("src", "href", "action", "data"):
            if name in attrs and not attrs[name].startswith("#"):
                self.outside.append(attrs[name])
        if tag in ("svg", "img") and attrs.get("role") == "img":
            self.texts.append(attrs.get("aria-label", ""))

    def handle_endtag(self, tag):
        if tag == "tr":
            self.row = None
        if tag == "article":
            self.article = False


@unittest.skipUnless(BROWSER or os.environ.get("CI"), "chromium is not installed")
class Browser(cli.TestCase):
    def setUp(self):
        super().setUp()
        client, server = journal.story()
        self.files = (
            self.write("fra-home.jsonl", journal.text_of(client)),
            self.write("boot-01.jsonl", journal.text_of(server)),
        )
        self.page = self.path("page.html")
        self.floatprobe("report", *self.files, "-o", self.page, status=0)

    def browse(self, *options, extra=""):
        """What the browser has after it ran the page, and what it logged."""
        if extra:
            with open(self.page, encoding="utf-8") as file:
                text = file.read()
            self.page = self.write("extra.html", text.replace("</main>", extra + "</main>"))
        done = subprocess.run(
            (BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
             "--log-level=0", "--v=0", f"--user-data-dir={self.path('profile')}", *options, f"file://{self.page}"),
            capture_output=True, text=True, timeout=240, check=True, env=self.env, cwd=self.dir,
        )  # fmt: skip
        return done.stdout, re.findall(r".*CONSOLE.*", done.stderr)

    def test_figures_are_those_of_the_objects(self):
        dom, console = self.browse("--dump-dom")
        self.assertEqual(console, [])
        page = Page(dom)
        lines = self.objects(self.floatprobe("report", *self.files, "--json", status=0).stdout)
        sums = [line for line in lines if line["type"] == "sum"]
        self.assertEqual(len(page.rows), len(sums))
        for row, line in zip(page.rows, sums):
            for key in ("sent", "answered", "forward_lost", "return_lost", "lost", "unsent", "outages", "down_ms"):
                self.assertEqual(row[key], line[key], (key, line))
            for key in ("min", "median", "p99", "max"):
                self.assertEqual(row[key], line["rtt_ms"][key], (key, line))
        self.assertEqual(page.durations, [line["duration_ms"] for line in lines if line["type"] == "incident"])

    def test_the_page_needs_nothing_else_and_speaks(self):
        dom, _ = self.browse("--dump-dom")
        page = Page(dom)
        self.assertEqual(page.outside, [])
        self.assertEqual(dom.count("url("), dom.count("url(#hatch)"))
        self.assertTrue(any("203.0.113.7 udp/512 held: 6900 probes sent" in text for text in page.texts), page.texts)
        self.assertTrue(all(page.texts))
        self.assertNotIn('class="tools" hidden', dom)  # the script ran

    def test_the_policy_forbids_what_is_not_the_pages_own(self):
        evil = '<script>document.title = "evil"</script><img src="https://203.0.113.9/x.png"><p style="color:red" id="red">x</p>'
        dom, console = self.browse("--dump-dom", extra=evil)
        self.assertNotIn("<title>evil", dom)
        self.assertGreaterEqual(len([line for line in console if "Content Security Policy" in line]), 3, console)

    def test_hover_and_zoom(self):
        driven = Driven(BROWSER, self.path("profile"), self.env)
        self.addCleanup(driven.close)
        driven.open(f"file://{self.page}")
        lane, columns = ".axis .lane.r0", driven.value("JSON.parse(document.getElementById('columns').textContent).columns")

        def view():
            """The part of the time that all lanes show, from 0 to 1."""
            boxes = driven.value("[...document.querySelectorAll('.axis .scaled')].map((svg) => svg.getAttribute('viewBox'))")
            shown = {(float(box.split()[0]) / columns, float(box.split()[2]) / columns) for box in boxes}
            self.assertEqual(len(shown), 1, "all pictures show the same time")
            return tuple(round(part, 2) for part in shown.pop())

        driven.hover(lane, 0.3)
        tip = driven.value("document.getElementById('tip').textContent")
        self.assertRegex(tip, r"^2026-05-01 00:36:0\d UTC\nsent 8\nRTT ms 22 24.2 33 .*\nanswered by boot-01$")
        driven.hover("h1")
        self.assertTrue(driven.value("document.getElementById('tip').hidden"))
        driven.drag(lane, 0.25, 0.5)
        self.assertEqual(view(), (0.25, 0.25))
        driven.hover(lane, 0.2)  # of what is shown now
        self.assertIn("2026-05-01 00:36:0", driven.value("document.getElementById('tip').textContent"))
        for act, shown in (("out", (0.12, 0.5)), ("in", (0.25, 0.25)), ("later", (0.38, 0.25)), ("earlier", (0.25, 0.25)),
                           ("all", (0, 1)), ("later", (0, 1))):  # fmt: skip
            driven.click(f'[data-act="{act}"]')
            self.assertEqual(view(), shown, act)
        driven.click('[data-act="in"]')
        driven.click(lane, times=2)
        self.assertEqual(view(), (0, 1))
        self.assertEqual(driven.complaints, [])

    def test_every_width_and_the_printer_have_room(self):
        driven = Driven(BROWSER, self.path("profile"), self.env)
        self.addCleanup(driven.close)
        for width in (1280, 600, 360):
            driven.open(f"file://{self.page}", width=width)
            self.assertLessEqual(driven.value("document.documentElement.scrollWidth"), width)
        driven.open(f"file://{self.page}", width=A4_WIDTH)
        driven.call("Page.printToPDF", printBackground=True)
        self.assertEqual(driven.value("document.querySelectorAll('details:not([open])').length"), 0, "paper cannot be clicked")
        driven.call("Emulation.setEmulatedMedia", media="print")
        self.assertEqual(driven.value("getComputedStyle(document.querySelector('.tools')).display"), "none")
        self.assertLessEqual(driven.value("document.documentElement.scrollWidth"), A4_WIDTH)
        self.assertEqual(driven.complaints, [])

    def test_every_view_has_a_picture(self):
        for name, options in (
            ("light", ("--window-size=1280,1600",)),
            ("dark", ("--window-size=1280,1600", "--blink-settings=preferredColorScheme=0")),
            ("phone", ("--window-size=500,1600",)),
        ):
            file = self.path(f"{name}.png")
            self.browse(f"--screenshot={file}", *options)
            self.assertGreater(os.path.getsize(file), 20000, name)
        file = self.path("print.pdf")
        self.browse(f"--print-to-pdf={file}", "--no-pdf-header-footer")
        self.assertGreater(os.path.getsize(file), 20000)


if __name__ == "__main__":
    cli.main()
