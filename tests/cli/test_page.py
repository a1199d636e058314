#!/usr/bin/python3 -B
"""The status pages: what they show, that they are well-formed, and how a browser takes them."""

import html.parser
import http.server
import re
import shutil
import signal
import subprocess
import threading
import unittest
import urllib.request

from test_monitoring import SOURCE, anchors
from test_run import wait_until
from test_web import Web

VOID = {"meta", "link", "br", "path"}


class Page(html.parser.HTMLParser):
    """Its cells by class and its text; each tag has to be closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.rows, self.titles, self.links, self.ids = [], [], [], [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append({})
        self.links += [value for name, value in attrs if name == "href"]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        assert tag == "path", tag

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, tag

    def handle_data(self, data):
        self.text.append(data)
        tag, attrs = self.open[-1] if self.open else ("", {})
        if tag == "a" and self.open[-2][0] == "td":
            tag, attrs = self.open[-2]
        if tag == "td":
            self.rows[-1][attrs["data-label"]] = self.rows[-1].get(attrs["data-label"], "") + data
        if tag == "title":
            self.titles.append(data)


class Between(http.server.BaseHTTPRequestHandler):
    """Hands on what a browser asks for, and notes it."""

    asked, port = [], 0

    def do_GET(self):
        self.asked.append(self.path)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.path}") as reply:
            self.send_response(reply.status)
            for name in "Content-Type", "Content-Security-Policy":
                self.send_header(name, reply.headers[name])
            self.end_headers()
            self.wfile.write(reply.read())

    def log_message(self, *_):
        pass


class Pages(Web):
    def page(self, port):
        status, text, reply = self.request(port, "/")
        self.assertEqual((status, reply.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("script-src 'self'", reply.headers["Content-Security-Policy"])
        self.assertNotIn("style=", text)
        self.assertNotIn("<script>", text)
        self.assertIn('<noscript><meta http-equiv="refresh"', text)
        return Page(text)

    def started(self):
        server = self.start_server()
        self.start_client()
        self.all_up()
        return server

    def test_what_is_shown(self):
        server = self.started()
        page = self.page(self.web)
        self.assertEqual([row["State"] for row in page.rows if row], ["up"] * 6)
        self.assertEqual({row["Answered by"] for row in page.rows if row}, {"boot-01"})
        self.assertIn("None is open.", page.text)
        self.assertIn("answered, 0 lost forward", page.titles[1])
        self.assertEqual(page.titles[0], "here - floatprobe")
        on_server = self.page(self.server_web)
        (client,) = [row for row in on_server.rows if "Client" in row]
        self.assertEqual((client["Client"], client["Flows that do not hear us"]), ("here", "0"))
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        wait_until("an incident and six paths", lambda: self.page(self.web).links.count("/docs/CAUSES.md#refused") == 7)
        page = self.page(self.web)
        self.assertEqual({row["State"] for row in page.rows if row}, {"down, not as expected"})
        self.assertEqual({row["Why"] for row in page.rows if row}, {"refused, forward"})

    def test_what_causes_mean(self):
        self.started()
        with open(f"{SOURCE}/docs/CAUSES.md", encoding="utf-8") as file:
            markdown = file.read()
        for port in self.web, self.server_web:
            status, text, reply = self.request(port, "/docs/CAUSES.md")
            self.assertEqual((status, reply.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            page = Page(text)
            self.assertEqual(set(page.ids), anchors(markdown))
            words = lambda text: "".join(re.sub(r"^(#+|-) |[`*]|\s", "", text, flags=re.M))
            self.assertIn(words(markdown), words("".join(page.text)))

    def browse(self, port, *arguments):
        """Returns the page as the browser has it after nine seconds of its own time. Complaints of its console fail."""
        if not shutil.which("chromium"):
            self.skipTest("chromium is not installed")
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--virtual-time-budget=9000", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={self.path('chromium')}", *arguments, f"http://127.0.0.1:{port}/"],
            capture_output=True, text=True, timeout=120, check=False, env=self.env,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("CONSOLE", done.stderr)
        return done.stdout

    def test_in_a_browser(self):
        self.started()
        for port in self.web, self.server_web:
            Between.asked, Between.port = [], port
            with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between) as between:
                threading.Thread(target=between.serve_forever, daemon=True).start()
                text = self.browse(between.server_port, "--dump-dom")
                between.shutdown()
            self.assertIn("</table>", text)
            self.assertNotIn("what is shown is old", text)
            self.assertGreaterEqual(Between.asked.count("/"), 2, "it fetches the page again")

    def test_looks(self):
        self.started()
        sizes = {}
        for name, more in {
            "light": ("--window-size=1280,900",),
            "dark": ("--window-size=1280,900", "--blink-settings=preferredColorScheme=0"),
            "phone": ("--window-size=500,1200",),
        }.items():
            self.browse(self.web, f"--screenshot={self.path(name)}.png", *more)
            with open(self.path(f"{name}.png"), "rb") as file:
                sizes[name] = file.read()
        self.assertNotEqual(sizes["light"], sizes["dark"])
        self.assertTrue(all(len(picture) > 10000 for picture in sizes.values()))


if __name__ == "__main__":
    unittest.main()
