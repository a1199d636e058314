#!/usr/bin/python3 -B
"""The status pages: what they show, that they are well-formed, and how a browser takes them."""

import html.parser
import http.server
import json
import re
import shutil
import signal
import subprocess
import threading
import unittest
import urllib.request

import cli
from test_monitoring import SOURCE, anchors
from test_run import wait_until
from test_web import Web

VOID = {"meta", "link", "br", "path"}


# Runs in the page, and notes what it finds in an attribute of its body. The page is fetched each three seconds.
MEASURE = r"""'use strict';
const main=()=>document.querySelector('main');
function rgb(text){return text.match(/[\d.]+/g).map(Number);}
function luminance(color){
  const [r,g,b]=color.slice(0,3).map((c)=>(c/=255)<=0.03928?c/12.92:((c+0.055)/1.055)**2.4);
  return 0.2126*r+0.7152*g+0.0722*b;
}
function behind(element){
  for(;element;element=element.parentElement){
    const color=rgb(getComputedStyle(element).backgroundColor);
    if(color.length===3||color[3]>0)return color;
  }
  return [255,255,255];
}
function contrast(element){
  const [a,b]=[luminance(rgb(getComputedStyle(element).color)),luminance(behind(element))];
  return (Math.max(a,b)+0.05)/(Math.min(a,b)+0.05);
}
function isText(element){return [...element.childNodes].some((n)=>n.nodeType===3&&n.data.trim());}
function isFaint(element){return isText(element)&&contrast(element)<4.5;}
const found={width:innerWidth,dark:matchMedia('(prefers-color-scheme: dark)').matches};
const first=main(),link=first.querySelector('a');
link?.focus();
setTimeout(()=>{
  found.replaced=main()!==first;
  found.focus=!link||document.activeElement.href===link.href;
  found.faint=[...document.body.querySelectorAll('*:not(script):not(svg *)')].filter(isFaint).map((e)=>e.outerHTML);
  const root=document.documentElement,width=innerWidth>500?root.clientWidth:320;  // the window has 500 at least
  root.style.width=width+'px';
  found.wide=[...document.querySelectorAll('main,main *:not(thead *)')].filter((e)=>e.getBoundingClientRect().right>width+1||(e.clientWidth&&e.scrollWidth>e.clientWidth+1)).map((e)=>e.outerHTML);
  found.unnamed=[...document.querySelectorAll('svg')].filter((e)=>!e.querySelector('title')||e.getAttribute('role')!=='img').length;
  const selected=main();
  getSelection().selectAllChildren(selected.querySelector('h1'));
  setTimeout(()=>{
    found.selection=main()===selected;
    document.body.dataset.found=JSON.stringify(found);
  },3500);
},4000);
"""


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
        if tag in ("time", "span") and self.open[-2][0] in ("td", "th"):
            tag, attrs = self.open[-2]
        if tag == "th" and attrs.get("scope") in ("row", "rowgroup"):
            attrs = {"data-label": attrs["scope"]}
        if tag == "td" and "data-label" not in attrs:
            attrs = {"data-label": "all"}
        if tag == "td" or "data-label" in attrs:
            self.rows[-1][attrs["data-label"]] = self.rows[-1].get(attrs["data-label"], "") + data
        if tag == "title":
            self.titles.append(data)


def paths_of(page):
    return [row for row in page.rows if "State" in row]


class Between(http.server.BaseHTTPRequestHandler):
    """Hands on what a browser asks for, and notes it."""

    asked, port = [], 0

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/test.js":
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.end_headers()
            self.wfile.write(MEASURE.encode())
            return
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.path}") as reply:
            self.send_response(reply.status)
            for name in "Content-Type", "Content-Security-Policy":
                self.send_header(name, reply.headers[name])
            self.end_headers()
            self.wfile.write(reply.read().replace(b"</body>", b'<script src="/test.js"></script></body>'))

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
        self.assertEqual([row["State"] for row in paths_of(page)], ["up"] * 6)
        self.assertEqual({row["Answered by"] for row in paths_of(page)}, {"boot-01"})
        self.assertEqual([row["rowgroup"] for row in page.rows if "rowgroup" in row], ["boot-01 droplet, 127.0.0.1", "other floating, 127.0.0.2"])
        self.assertIn("None is open.", page.text)
        self.assertIn("All is as expected. Paths: 6", page.text)
        self.assertIn("answered, 0 lost forward", page.titles[1])
        self.assertEqual(page.titles[0], "here - floatprobe")
        on_server = self.page(self.server_web)
        self.assertIn("All is well. Clients that were heard: 1", on_server.text)
        (client,) = [row for row in on_server.rows if "Flows" in row]
        self.assertEqual((client["row"], client["Flows that do not hear us"]), ("here", "0"))
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        wait_until("an incident and six paths", lambda: self.page(self.web).links.count("/docs/CAUSES.md#refused") == 7)
        page = self.page(self.web)
        self.assertEqual({row["State"] for row in paths_of(page)}, {"down, not as expected"})
        self.assertEqual({row["Why"] for row in paths_of(page)}, {"refused, forward"})
        self.assertEqual(page.titles[0], "(6) here - floatprobe")
        self.assertIn("Not as expected: 6. All paths: 6", page.text)

    def test_many_targets_and_a_name_without_address(self):
        self.start_server()
        with open(self.client_config(), encoding="utf-8") as file:
            before, _, after = file.read().partition("targets:\n")
        place = f"port: {self.port}, server: boot-01"
        more = "".join(f"  - {{ name: t{i:03}, role: droplet, address: 127.0.1.{i}, {place} }}\n" for i in range(1, 121))
        gone = f"  - {{ name: gone, role: droplet, address: nothing.invalid, {place} }}\n"
        self.write("client.yaml", f"{before}targets:\n{gone}{more}{after}")
        self.start(cli.FLOATPROBE, "run", "--config", self.path("client.yaml"))
        wait_until("it probes", lambda: "probing" in self.log() and "cannot resolve" in self.log())
        page = wait_until("it is told", lambda: (page := self.page(self.web)) and "none: the name has no address" in page.text and page)
        self.assertEqual(page.rows[1]["rowgroup"], "gone droplet, nothing.invalid")
        self.assertIn("the name service knows no such name", page.rows[2]["Why"])
        self.assertIn("(1) ", page.titles[0])
        self.assertEqual(len(paths_of(page)), 300)
        named = page.rows[-1]["all"].partition(": ")[2].split(", ")
        shown = [row["rowgroup"].split()[0] for row in page.rows if "rowgroup" in row]
        self.assertEqual(shown[1:] + named, [f"t{i:03}" for i in range(1, 121)] + ["boot-01", "other"])

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

    def measure(self, port, *arguments):
        """What a browser of this kind makes of the page."""
        Between.asked, Between.port = [], port
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between) as between:
            threading.Thread(target=between.serve_forever, daemon=True).start()
            text = self.browse(between.server_port, "--dump-dom", *arguments)
            between.shutdown()
        self.assertIn("</table>", text)
        self.assertNotIn("what is shown is old", text)
        self.assertGreaterEqual(Between.asked.count("/"), 3, "it fetches the page again")
        found = json.loads(html.unescape(re.search(r'data-found="(.*?)"', text).group(1)))
        self.assertEqual(found["faint"], [])
        self.assertEqual(found["wide"], [])
        self.assertEqual(found["unnamed"], 0)
        self.assertTrue(found["replaced"] and found["focus"] and found["selection"], found)
        return found

    def test_in_a_browser(self):
        self.started()
        dark = self.measure(self.web, "--window-size=1280,900", "--blink-settings=preferredColorScheme=0")
        self.assertTrue(dark["dark"])
        self.assertFalse(self.measure(self.server_web, "--window-size=1280,900")["dark"])

    def test_on_a_telephone(self):
        server = self.started()
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        wait_until("an incident", lambda: "None is open." not in self.page(self.web).text)
        self.assertEqual(self.measure(self.web, "--window-size=500,900")["width"], 500)


if __name__ == "__main__":
    unittest.main()
