#!/usr/bin/python3 -B
"""The daemon: changes in its journal, what the server says meanwhile, reloads, and its end.

    floatprobe run ───────── router ─────────┬────── boot-01   (journal: unheard, heard)
    journal: changes           ╳ return      └────── boot-02   untouched: no change may be written of it
    SIGHUP, SIGTERM
"""

import datetime
import signal
import time

from lab import Failure, wait_until
from provider import main, scenario, scenarios

HELD = {"target": "bootnode", "protocol": "udp", "flow": "held"}
FRESH = {**HELD, "flow": "fresh"}
TCP = {"target": "bootnode", "protocol": "tcp"}
TARGETS = ("boot-01", "boot-02", "bootnode")
UP = {"state": "up", "direction": "none", "cause": "none"}


def require(condition, what):
    if not condition:
        raise Failure(what)


def all_up(daemon, targets=TARGETS):
    for target in targets:
        for path in (HELD, FRESH, TCP):
            daemon.wait_for({**path, "target": target}, **UP)


def started(net):
    daemon = net.run_daemon()
    all_up(daemon)
    return daemon


@scenarios(("forward",), ("return",))
def cut_and_recovery(net, direction):
    daemon = started(net)
    net.cut(direction, net.plan.floating)
    for path in (HELD, TCP):
        daemon.wait_for(path, state="down", direction=direction)
    net.heal()
    for path in (HELD, TCP):
        daemon.wait_for(path, **UP, server="boot-01")
    require(daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    for target in TARGETS[:2]:
        require(all(to["state"] == "up" for to in daemon.changes({"target": target})), f"a false alarm about {target}")


@scenarios(("forward",), ("return",))
def a_short_outage(net, direction):
    """It is over before its cause could be known, but where its probes were lost is known by then."""
    daemon = started(net)
    net.cut(direction, net.plan.floating)
    daemon.wait_for(HELD, state="down")
    time.sleep(1)
    net.heal()
    for path in (HELD, TCP):
        daemon.wait_for(path, **UP, server="boot-01")
        down = [to for to in daemon.changes(path) if to["state"] == "down"]
        require(down and down[-1]["direction"] == direction, f"a direction that the servers knew: {down}")


@scenario
def server_knows_that_nobody_hears_it(net):
    server = net.servers["boot-01"]

    def says(kind):
        return any(line["type"] == kind and line["client"] == "fra-home" for line in server.journal())

    started(net)
    require(not says("unheard"), "nothing is cut yet")
    net.cut("return", net.plan.floating, "udp")
    wait_until("boot-01's journal says unheard", lambda: says("unheard"))
    net.heal()
    wait_until("boot-01's journal says heard", lambda: says("heard"))
    told = [line for line in net.servers["boot-02"].journal() if line["type"] in ("unheard", "heard")]
    require(not told, "boot-02 has nothing to tell")


@scenario
def a_server_that_does_not_run_for_a_while(net):
    """Nothing is lost: its kernel has it all, and it answers late."""
    daemon, server = started(net), net.servers["boot-01"]
    concerned = [{**path, "target": target} for target in ("boot-01", "bootnode") for path in (HELD, FRESH, TCP)]
    for _ in range(3):
        server.process.send(signal.SIGSTOP)
        for path in concerned:
            daemon.wait_for(path, state="down")
        server.process.send(signal.SIGCONT)
        for path in concerned:
            daemon.wait_for(path, state="up", cause="none")
    for path in concerned:
        wrong = [to for to in daemon.changes(path) if to["direction"] not in ("none", "unknown")]
        require(not wrong, f"nothing was lost, but: {wrong}")
    require(not any(line["type"] == "unheard" for line in server.journal()), "nobody was unheard")


def utc(before=0.0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=before)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@scenario
def a_server_that_is_upgraded_under_load(net):
    """It ends and starts again, twice: nothing is lost but what left meanwhile, nothing else is to blame, and each flow
    goes on."""
    daemon, server = started(net), net.servers["boot-01"]
    down = []
    for _ in range(2):
        began = utc(before=0.3)  # its timeout: so long ago the oldest probe left that was under way
        server.stop()
        daemon.wait_for(TCP, state="down")
        server.start(**server.changes)
        down.append((began, utc()))
        all_up(daemon, ("boot-01", "bootnode"))
    require(daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    lines = daemon.journal()
    losses = [line for line in lines if line["type"] == "loss"]
    wrong = [line for line in losses if not any(since <= line["time"] and line["until"] <= end for since, end in down)]
    require(losses and not wrong, f"losses at another time than {down}: {wrong}")
    causes = {line["to"]["cause"] for line in lines if line["type"] == "change"}
    require(causes <= {"none", "refused", "unexplained"}, f"{causes}")
    last = {(line["target"], line["protocol"], line["flow"]): line for line in lines if line["type"] == "path"}
    require(all(line["state"] == "up" for line in last.values()), f"a flow that did not go on: {last}")


@scenario
def reload(net):
    daemon = started(net)
    process = daemon.process
    net.write("fra-home.yaml", {"vantage": "fra-home", "targets": "none of your business"})
    process.send(signal.SIGHUP)
    wait_until("the error is logged with its position", lambda: "fra-home.yaml:" in process.output())
    net.cut("forward", net.plan.floating)
    daemon.wait_for(HELD, state="down")  # the old configuration goes on
    net.heal()
    daemon.wait_for(HELD, **UP)
    targets = [dict(target, name="renamed", schedule="quick") for target in net.targets() if target["role"] == "floating"]
    net.config(targets, schedules={"quick": {"every": "50ms"}}, journal="fra-home.jsonl")
    process.send(signal.SIGHUP)
    daemon.wait_for(dict(HELD, target="renamed"), **UP, server="boot-01")
    require(process.stop() == 0, "SIGTERM is the ordinary end")


@scenarios(("SIGTERM",), ("SIGINT",))
def last_words(net, name):
    """What was written before the end is in the journal, whole."""
    daemon = started(net)
    require(daemon.process.stop(signal.Signals[name]) == 0, f"{name} is the ordinary end")
    with open(f"{net.files}/fra-home.jsonl", encoding="utf-8") as file:
        text = file.read()
    require(text.endswith("}\n"), "the last line is torn")
    require(len(daemon.journal()) == len(text.splitlines()), "a line is missing")


if __name__ == "__main__":
    main()
