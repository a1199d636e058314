"""Debian's Prometheus beside the lab: it scrapes both programs by the rules of configs/prometheus/."""

import json
import os
import re
import urllib.parse

from lab import Failure, Host, wait_until

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = f"{SOURCE}/configs/prometheus/floatprobe.rules.yml"
WEB, SERVER_WEB, PORT = 8622, 8621, 9090

SCRAPE = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
scrape_configs:
  - job_name: floatprobe
    static_configs: [ {{ targets: {clients} }} ]
  - job_name: floatprobed
    static_configs: [ {{ targets: {servers} }} ]
"""


def quicker(rules):
    """Their long waits are cut short. `promtool test rules` has them as they are."""
    return re.sub(r"keep_firing_for: \w+", "keep_firing_for: 1s", rules).replace("for: 1m", "for: 15s")


def around(address):
    return f"[{address}]" if ":" in address else address


def everywhere(net, port):
    return f"'{around('::' if net.plan.nft == 'ip6' else '0.0.0.0')}:{port}'"


class Prometheus:
    """clients: addresses of probers; where: the host from which all of them are reached."""

    def __init__(self, net, where, clients):
        self.net, self.where = net, where
        folder = f"{net.files}/prometheus"
        os.mkdir(folder)
        with open(RULES, encoding="utf-8") as rules, open(f"{folder}/rules.yml", "w", encoding="utf-8") as file:
            file.write(quicker(rules.read()))
        servers = [f"{around(address)}:{SERVER_WEB}" for address in net.plan.droplet.values()]
        with open(f"{folder}/prometheus.yml", "w", encoding="utf-8") as file:
            file.write(SCRAPE.format(clients=json.dumps([f"{around(c)}:{WEB}" for c in clients]), servers=json.dumps(servers)))
        self.process = where.start(
            "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{PORT}",
        )  # fmt: skip
        wait_until("Prometheus is ready", lambda: where.listens("tcp", PORT) and "Ready" in self._answer("/-/ready"), 60)
        wait_until("all are scraped", lambda: len(self.query("up == 1")) == len(clients) + len(servers), 60)

    def _answer(self, path):
        """What it answers; nothing if it is too busy for that."""
        return self.where.run("curl", "-s", "--max-time", "10", f"http://127.0.0.1:{PORT}{path}", status=None).stdout

    def _get(self, path, **arguments):
        path += f"?{urllib.parse.urlencode(arguments)}"
        return json.loads(wait_until(f"Prometheus answers {path}", lambda: self._answer(path), 60))["data"]

    def query(self, expression):
        return self._get("/api/v1/query", query=expression)["result"]

    def alerts(self, **labels):
        """Those that fire and have these labels."""
        return [
            alert["labels"]
            for alert in self._get("/api/v1/alerts")["alerts"]
            if alert["state"] == "firing" and labels.items() <= alert["labels"].items()
        ]

    def fires(self, alertname, seconds=60, **labels):
        wait_until(f"{alertname} fires with {labels}", lambda: self.alerts(alertname=alertname, **labels), seconds)
        self._explains(alertname)

    def _explains(self, alertname):
        """The runbook_url leads to a section of a page that is there."""
        for alert in self._get("/api/v1/alerts")["alerts"]:
            if alert["labels"]["alertname"] == alertname and alert["state"] == "firing":
                page, _, section = alert["annotations"]["runbook_url"].partition("#")
                shown = self.where.run("curl", "-s", "-g", "--max-time", "10", page, status=None).stdout
                if f' id="{section}"' not in shown:
                    raise Failure(f"{alert['annotations']['runbook_url']} has no such section: {shown[:200]}")

    def clears(self, alertname, seconds=60, **labels):
        wait_until(f"{alertname} {labels} clears", lambda: not self.alerts(alertname=alertname, **labels), seconds)

    def never(self, *alertnames):
        """Since the start."""
        for name in alertnames:
            if found := self.query(f'count_over_time(ALERTS{{alertname="{name}",alertstate="firing"}}[10m])'):
                raise Failure(f"a false alarm: {found}")
