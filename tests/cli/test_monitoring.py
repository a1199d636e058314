#!/usr/bin/python3 -B
"""What configs/ gives to Prometheus and Grafana: it is valid, rules do what they say, and each alert leads to a section
that is there."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = f"{SOURCE}/configs/prometheus/floatprobe.rules.yml"


def read(path):
    with open(f"{SOURCE}/{path}", encoding="utf-8") as file:
        return file.read()


def anchors(markdown):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", markdown, re.M)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Monitoring(unittest.TestCase):
    def promtool(self, *arguments):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        done = subprocess.run(["promtool", *arguments], cwd=f"{SOURCE}/configs/prometheus", capture_output=True, text=True,
                              check=False)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_files_are_valid(self):
        self.promtool("check", "rules", "floatprobe.rules.yml")
        self.promtool("check", "config", "prometheus.yml")

    def test_alertmanager(self):
        rules = read("configs/prometheus/floatprobe.rules.yml")
        for name in re.findall(r"\bFloatprobed?[A-Z]\w+", read("configs/prometheus/alertmanager.yml").replace("FloatprobePath.*", "")):
            self.assertIn(f"- alert: {name}\n", rules)
        if not shutil.which("amtool"):
            self.skipTest("amtool is not installed")
        done = subprocess.run(["amtool", "check-config", f"{SOURCE}/configs/prometheus/alertmanager.yml"], capture_output=True,
                              text=True, check=False)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules(self):
        self.promtool("test", "rules", "floatprobe.rules.test.yml")

    def test_each_alert_leads_to_a_section(self):
        there = anchors(read("docs/CAUSES.md"))
        causes = set(re.findall(r'^\tX\(\w+, "([a-z-]+)"\)', read("client/path/verdict_words.h").split("VERDICT_CAUSES(X)")[1], re.M))
        self.assertGreater(len(causes), 20)
        self.assertLessEqual(causes, there)
        rules = read("configs/prometheus/floatprobe.rules.yml")
        alerts, urls = rules.count("- alert:"), re.findall(r"runbook_url: '.*CAUSES\.md#(.*?)(?:{{ end }})?'", rules)
        self.assertEqual(len(urls), alerts)
        for anchor in urls:
            self.assertTrue(anchor in there or anchor in ("{{ $labels.cause }}", "{{ (first .).Labels.cause }}"), anchor)

    def test_names_of_metrics(self):
        """Rules and dashboard ask for no metric that neither program has, nor the rules make."""
        tables = read("client/metrics/run_metrics.c") + read("server/daemon_metrics.c")
        known = set(re.findall(r'\{ \{ "(floatprobed?_[a-z_]+)"', tables))
        rules = read("configs/prometheus/floatprobe.rules.yml")
        recorded = set(re.findall(r"record: (\S+)", rules))
        asked = "\n".join(re.findall(r"expr: .*(?:\n {10}.*)*", rules)) + read("configs/grafana/floatprobe.json")
        for name in set(re.findall(r"\bfloatprobed?[_:][a-z_:0-9]+\b", asked)):
            base = re.sub(r"_(total|info|bucket|sum|count|created)$", "", name)
            self.assertTrue(name in recorded or base in known, name)

    def test_examples(self):
        """Those of docs/OPERATIONS.md: of Prometheus, of Kubernetes, of floatprobe itself."""
        blocks = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", read("docs/OPERATIONS.md"), re.M | re.S)
        self.assertGreater(len(blocks), 8)
        for kind, text in blocks:
            if kind == "prometheus.yml":
                self.is_of_prometheus(text)
            elif kind == "kubernetes":
                self.assertRegex(text, r"\AapiVersion: .*\nkind: (Pod|PodMonitor|Probe)\nmetadata: ", text)
                self.is_yaml(text)
            else:
                self.assertEqual((kind, text), ("floatprobe.yaml", "web: unix:/run/floatprobe/web.sock\n"))

    def test_the_rules_as_a_resource_of_kubernetes(self):
        """The command of docs/OPERATIONS.md makes YAML that has the rules as they are."""
        (command,) = re.findall(r"^```sh\n(\{ printf .*?) \| kubectl apply -f -\n```", read("docs/OPERATIONS.md"), re.M | re.S)
        made = subprocess.run(["sh", "-c", command], cwd=SOURCE, capture_output=True, text=True, check=True).stdout
        head, _, rules = made.partition("spec:\n")
        self.assertIn("kind: PrometheusRule\n", head)
        self.assertEqual(re.sub("^  ", "", rules, flags=re.M), read("configs/prometheus/floatprobe.rules.yml"))
        self.is_yaml(made)

    def is_of_prometheus(self, text):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(RULES, folder)
            with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
                file.write(text)
            self.promtool("check", "config", f"{folder}/prometheus.yml")

    def is_yaml(self, text):
        """By promtool, which reads YAML before it finds that these are not its keys."""
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        done = subprocess.run(["promtool", "check", "config", "/dev/stdin"], input=text, capture_output=True, text=True, check=False)
        self.assertIn("field apiVersion not found", done.stdout + done.stderr)

    def test_dashboard(self):
        dashboard = json.loads(read("configs/grafana/floatprobe.json"))
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


if __name__ == "__main__":
    unittest.main()
