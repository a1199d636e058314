#!/usr/bin/python3 -B
"""Prometheus scrapes both programs. Its alerts fire when a fault is made, name direction and cause, and clear when the
fault ends.

    Prometheus on the router ──┬── floatprobe run /metrics      faults cut probes alone: what is scraped gets through
                               └── floatprobed   /metrics
"""

import json
import signal

import lab
from flat import Flat
from lab import Failure, wait_until
from lan import Lan
from prometheus import SERVER_WEB, SOURCE, WEB, Prometheus, everywhere
from provider import main, once, scenario, scenarios

lab.SCENARIO_SECONDS = 180  # an alert waits some time, and so does its end


def serve(net):
    """The servers serve their pages, too."""
    for server in net.servers.values():
        server.stop()
        server.start(**{**server.changes, "web": everywhere(net, SERVER_WEB)})


def watched(net, targets=None, vantages=("fra-home",), hosts=None, clients=None, every="100ms"):
    """Daemons on these hosts, whose every path is up, and the Prometheus that scrapes them."""
    daemons = [
        net.run_daemon(targets, every=every, vantage=vantage, host=host, web=everywhere(net, WEB))
        for vantage, host in zip(vantages, hosts or [net.client])
    ]
    prometheus = Prometheus(net, net.router, clients or [f"{net.plan.outside}2"])
    wait_until("every path is up", lambda: not prometheus.query("floatprobe_path_up == 0 or floatprobe_path_expected == 0")
               and len(prometheus.query("floatprobe_path_up")) >= 3 * len(daemons), 60)  # fmt: skip
    return daemons[0], prometheus


def expect(condition, what):
    if not condition:
        raise Failure(what)


@scenarios(("forward",), ("return",))
def one_protocol_is_cut(net, direction):
    serve(net)
    _, prometheus = watched(net)
    net.cut(direction, net.plan.floating, "udp")
    down = {"target": "bootnode", "direction": direction, "cause": "protocol-filtered", "protocol": "udp"}
    prometheus.fires("FloatprobePathDown", **down)
    prometheus.fires("FloatprobeTargetDown", target="bootnode", scope="everywhere")
    expect(len(prometheus.alerts(severity="critical")) == 1, "one fault is one page")
    if direction == "return":
        prometheus.fires("FloatprobedClientUnheard", client="fra-home")
    expect(prometheus.query(f'floatprobe_lost_total{{target="bootnode",direction="{direction}"}} > 0'), "no loss counted")
    expect(not prometheus.alerts(alertname="FloatprobePathDown", protocol="tcp"), "TCP works")
    net.heal()
    for alert in "FloatprobePathDown", "FloatprobeTargetDown", "FloatprobedClientUnheard":
        prometheus.clears(alert)
    prometheus.never("FloatprobeVantageBlind", "FloatprobeReloadFailed", "FloatprobeAnswererChanged")


@once
@scenario
def it_moves_with_a_gap(net):
    serve(net)
    _, prometheus = watched(net)
    net.cut("forward", net.plan.floating)
    prometheus.fires("FloatprobePathDown", target="bootnode", direction="forward")
    net.repoint("boot-02")
    net.heal()
    prometheus.fires("FloatprobeAnswererChanged", target="bootnode")
    prometheus.fires("FloatprobeGapTooLong", target="bootnode")
    prometheus.clears("FloatprobePathDown")
    answers = prometheus.query('floatprobe_answerer_info{target="bootnode"}')
    expect({row["metric"]["server"] for row in answers} == {"boot-02"}, answers)
    expect(not prometheus.alerts(alertname="FloatprobeAnswererChanged", target="boot-01"), "boot-01 stays")


@once
@scenario
def two_machines_have_it(net):
    lan = Lan(net)
    serve(net)
    _, prometheus = watched(net, lan.targets(), clients=[f"{net.plan.droplets}9"])
    with lan.fight():
        prometheus.fires("FloatprobeDuplicateAddress", target="shared")
        wait_until("a server sees it, too", lambda: prometheus.query("floatprobed_address_claims > 0"))
    lan.give_up(lan.two)
    prometheus.clears("FloatprobeDuplicateAddress", seconds=90)
    wait_until("no claim stands", lambda: not prometheus.query("floatprobed_address_claims > 0"), 60)
    prometheus.never("FloatprobeStaleNeighbour", "FloatprobeNotAssigned")


@once
@scenario
def nobody_has_it(net):
    client = net.client
    lan = Lan(net)
    net.client = client
    serve(net)
    _, prometheus = watched(net, lan.targets())
    lan.give_up(lan.one)
    prometheus.fires("FloatprobeNotAssigned", target="shared")
    lan.take(lan.one)
    prometheus.clears("FloatprobeNotAssigned")
    prometheus.never("FloatprobeDuplicateAddress")


@scenario
def a_neighbour_entry_is_wrong(net):
    flat = Flat(net)
    net.restart_as_peers(web=everywhere(net, SERVER_WEB))  # boot-01 is heard through boot-02 alone
    _, prometheus = watched(net, flat.targets(), clients=[flat.address])
    flat.break_entry("permanent")
    prometheus.fires("FloatprobeStaleNeighbour", target="boot-01")
    prometheus.fires("FloatprobedStaleNeighbour")
    prometheus.fires("FloatprobedClientUnheard", client="fra-home")
    expect(len(prometheus.alerts(severity="critical")) == 1, "one fault is one page")
    flat.break_entry("reachable", flat.mac)
    for alert in "FloatprobeStaleNeighbour", "FloatprobedStaleNeighbour", "FloatprobedClientUnheard":
        prometheus.clears(alert)
    prometheus.never("FloatprobeDuplicateAddress")


@once
@scenario
def a_reload_fails(net):
    serve(net)
    daemon, prometheus = watched(net)
    path = f"{net.files}/fra-home.yaml"
    with open(path, encoding="utf-8") as file:
        good = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("colour: blue\n")
    daemon.process.send(signal.SIGHUP)
    prometheus.fires("FloatprobeReloadFailed", job="floatprobe")
    with open(path, "w", encoding="utf-8") as file:
        file.write(good)
    daemon.process.send(signal.SIGHUP)
    prometheus.clears("FloatprobeReloadFailed")


@once
@scenario
def vantages_disagree_and_one_is_blind(net):
    serve(net)
    plan = net.plan
    other = "198.51.101." if plan.nft == "ip" else "2001:db8:52::"
    office = net.second_vantage(other)
    serve(net)
    first, prometheus = watched(net, vantages=("fra-home", "ber-office"), hosts=(net.client, office),
                            clients=[f"{plan.outside}2", f"{other}2"])  # fmt: skip
    net.cut("forward", plan.floating)
    prometheus.fires("FloatprobeTargetDown", target="bootnode", scope="some vantages")
    net.heal()
    prometheus.clears("FloatprobeTargetDown")
    net.cut("forward")
    prometheus.fires("FloatprobeVantageBlind")
    blind = prometheus.alerts(alertname="FloatprobeVantageBlind")
    expect(len(blind) == 1 and plan.outside in blind[0]["instance"], blind)
    expect(not prometheus.alerts(alertname="FloatprobeTargetDown"), "a blind vantage blames no target")
    net.heal()
    prometheus.clears("FloatprobeVantageBlind")
    first.process.send(signal.SIGKILL)
    prometheus.fires("FloatprobeNotScraped", job="floatprobe")
    expect(not prometheus.alerts(severity="critical"), "a prober that is gone is no page while another one sees all")


@once
@scenario
def the_dashboard_asks_for_what_there_is(net):
    serve(net)
    _, prometheus = watched(net)
    with open(f"{SOURCE}/configs/grafana/floatprobe.json", encoding="utf-8") as file:
        dashboard = json.load(file)
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expect(len(expressions) > 15, expressions)
    net.repoint("boot-02")  # one thing that is shown only after it happened
    wait_until("it moved", lambda: prometheus.query("floatprobe_failover_gap_seconds"))
    for expression in expressions:
        for name, value in ("$job", ".*"), ("$instance", ".*"), ("$target", ".*"), ("$__rate_interval", "10s"):
            expression = expression.replace(name, value)
        wait_until(f"data for {expression}", lambda wanted=expression: prometheus.query(wanted))


if __name__ == "__main__":
    lab.need("prometheus", "curl")
    main()
