#!/usr/bin/python3 -B
"""What `floatprobe run` makes of failures that belong together: one incident each, in its journal and in its log.

    floatprobe run ───────── router ─────────┬────── boot-01   holds the floating address
    journal: incident        cuts, moves     └────── boot-02
    log: a line for each event
"""

import signal

from lab import Failure, wait_until
from provider import main, once, scenario, scenarios


def require(condition, what):
    if not condition:
        raise Failure(what)


class Watch:
    """A daemon whose paths are all up, and its incidents."""

    def __init__(self, net, **how):
        self.net, self.daemon = net, net.run_daemon(**how)
        wait_until("all paths are up", self._all_up)

    def _all_up(self):
        states = {}
        for line in self.daemon.journal():
            if line["type"] == "change":
                states[line["target"], line["protocol"], line["size"], line["flow"]] = line["to"]["state"]
        return len(states) == 9 and set(states.values()) == {"up"}

    def records(self, event=None):
        lines = [line for line in self.daemon.journal() if line["type"] == "incident"]
        return [line for line in lines if event in (None, line["event"])]

    def wait_for(self, event, count=1, seconds=30):
        return wait_until(f"{count} incidents are {event}", lambda: self._at_least(event, count), seconds)

    def _at_least(self, event, count):
        found = self.records(event)
        return found if len(found) >= count else None

    def log(self, record, event):
        """The line of the log on this event of an incident."""
        verb = "still open" if event == "stop" else event
        what = f"incident {record['id']} {verb}"
        lines = [line for line in self.daemon.process.output().splitlines() if what in line]
        require(len(lines) == 1, f"not one line says {what!r}: {lines}")
        return lines[0]


    def only(self, event):
        """The one record of this kind; its line in the log is a warning unless all is well again."""
        records = self.records(event)
        require(len(records) == 1, f"not one incident is {event}: {records}")
        require(("warning" in self.log(records[0], event)) == (event != "closed"), f"the log's level of {event}")
        return records[0]


def paths_of(record, target):
    return [path for path in record["paths"] if path["target"] == target]


@scenario
def a_dead_daemon(net):
    """It does not run for a while: six paths fail, and six recover."""
    watch = Watch(net)
    net.servers["boot-01"].process.send(signal.SIGSTOP)
    watch.wait_for("opened")
    wait_until("its cause is known", lambda: watch.records()[-1]["cause"] in ("server-down", "holder-down"))
    net.servers["boot-01"].process.send(signal.SIGCONT)
    watch.wait_for("closed")
    opened, closed = watch.only("opened"), watch.only("closed")
    require(opened["state"] == "open" and closed["state"] == "closed", "the state of the records")
    require(set(closed["targets"]) == {"boot-01", "bootnode"} and len(closed["paths"]) == 6, f"its paths: {closed}")
    require(closed["server_before"] == closed["server_after"] == "boot-01", f"its servers: {closed}")
    require(closed["failing"] == 0 and opened["failing"] == 6, "how many fail")
    for record in opened, closed:
        evidence = record["evidence"][0]
        require(any(f"({name} " in evidence for name in record["targets"]), f"whose evidence is it: {evidence}")
    require(opened["evidence"][0] in watch.log(opened, "opened"), "the log says whose, too")
    require(len({record["id"] for record in watch.records()}) == 1, "more than one incident")
    require(" -> " not in watch.daemon.process.output(), "single paths are not the log's affair")


@scenario
def a_move(net):
    """The address moves, and nothing is lost, or little."""
    watch = Watch(net)
    net.repoint("boot-02")
    watch.wait_for("opened")
    watch.wait_for("closed")
    opened, closed = watch.only("opened"), watch.only("closed")
    require("boot-02 answers instead of boot-01" in watch.log(opened, "opened"), "both names are in the log")
    for record in opened, closed:
        require((record["server_before"], record["server_after"]) == ("boot-01", "boot-02"), f"its servers: {record}")
        require(record["cause"] == "failover" and record["targets"] == ["bootnode"], f"what moved: {record}")


@once
@scenario
def a_dead_daemon_behind_nat(net):
    net.put_client_behind_nat()
    a_dead_daemon(net)


@once
@scenario
def a_failover(net):
    """The holder dies, and the address moves: one incident with both names, and it goes on while the holder is dead."""
    watch = Watch(net)
    net.servers["boot-01"].process.send(signal.SIGSTOP)
    watch.wait_for("opened")
    net.repoint("boot-02")
    watch.wait_for("failover")
    failover = watch.only("failover")
    require("boot-02 answers instead of boot-01" in watch.log(failover, "failover"), "both names are in the log")
    require((failover["server_before"], failover["server_after"]) == ("boot-01", "boot-02"), f"its servers: {failover}")
    require(failover["state"] == "open" and failover["closed"] is None, "boot-01 is still dead")
    net.servers["boot-01"].process.send(signal.SIGCONT)
    watch.wait_for("closed")
    require(watch.only("closed")["id"] == failover["id"], "it is the same incident")
    watch.only("opened")


@once
@scenarios(("forward",), ("return",))
def a_cause_that_is_found_later(net, direction):
    """Both protocols are cut, which nothing explains. Then only one is: that is a filter."""
    watch = Watch(net)
    net.cut(direction, net.plan.floating)
    watch.wait_for("opened")
    opened = watch.only("opened")
    require((opened["cause"], opened["direction"]) == ("unexplained", direction), f"at first: {opened}")
    net.heal()
    net.cut(direction, net.plan.floating, "udp")
    found = wait_until("the filter is found", lambda: [
        record for record in watch.records() if record["cause"] == "protocol-filtered"
    ])[0]  # fmt: skip
    require(found["event"] == "cause" and found["direction"] == direction and found["evidence"], f"found: {found}")
    require("protocol-filtered" in watch.log(found, "cause found"), "the log says so")
    net.heal()
    watch.wait_for("closed")
    closed = watch.only("closed")
    require(closed["targets"] == ["bootnode"] and closed["cause"] == "protocol-filtered", f"its end: {closed}")
    watch.only("opened")


@once
@scenario
def two_faults_at_once(net):
    """Another server, another address and another cause: two incidents."""
    watch = Watch(net)
    net.cut("return", net.plan.floating, "udp")
    net.servers["boot-02"].stop()
    watch.wait_for("opened", 2)
    filtered, refused = sorted(watch.records("opened"), key=lambda record: record["cause"])
    require((filtered["cause"], filtered["targets"]) == ("protocol-filtered", ["bootnode"]), f"one: {filtered}")
    require((refused["cause"], refused["targets"]) == ("refused", ["boot-02"]), f"the other: {refused}")
    net.heal()
    closed = watch.wait_for("closed")
    require([record["id"] for record in closed] == [filtered["id"]], f"only one ends: {closed}")
    net.servers["boot-02"].start()
    watch.wait_for("closed", 2)
    require(len({record["id"] for record in watch.records()}) == 2, "more than two incidents")


@scenarios(("link",), ("router",))
def nothing_is_heard_any_more(net, where):
    """The client's own link is down, or what is behind it: all targets fail, and it is one incident."""
    watch = Watch(net)
    if where == "link":
        net.client.ip("link set eth0 down")
    else:
        net.cut("forward")
    watch.wait_for("opened")
    wait_until("all targets have failed", lambda: watch.records()[-1]["failing"] >= 9)
    if where == "link":
        plan = net.plan
        net.client.ip("link set eth0 up")
        if plan.nft == "ip6":
            net.client.ip(plan.add(f"{plan.outside}2", "eth0"))
        net.settle()
        net.client.ip(f"route add {plan.everything} via {plan.outside}1")
    else:
        net.heal()
    watch.wait_for("closed")
    closed = watch.only("closed")
    require(set(closed["targets"]) == {"boot-01", "boot-02", "bootnode"}, f"its targets: {closed}")
    require(len({record["id"] for record in watch.records()}) == 1, "more than one incident")


@once
@scenario
def a_path_that_flaps(net):
    watch = Watch(net)
    held = {"target": "bootnode", "protocol": "udp", "flow": "held"}
    for _ in range(4):
        net.cut("forward", net.plan.floating, "udp")
        watch.daemon.wait_for(held, state="down")
        net.heal()
        watch.daemon.wait_for(held, state="up")
    watch.wait_for("closed")
    watch.only("opened")
    require(watch.only("closed")["flaps"] in (1, 2, 3), "it failed four times")


@once
@scenario
def a_reload_in_the_middle(net):
    """An incident of a path that goes on goes on; one whose paths go away is closed, and says so."""
    watch = Watch(net)
    net.cut("forward", net.plan.droplet["boot-02"], "udp")
    net.cut("return", net.plan.floating, "tcp")
    watch.wait_for("opened", 2)
    targets = [dict(target, schedule="quick") for target in net.targets() if target["role"] == "droplet"]
    net.config(targets, schedules={"quick": {"every": "50ms", "timeout": "300ms"}}, journal="fra-home.jsonl")
    watch.daemon.process.send(signal.SIGHUP)
    watch.wait_for("closed")
    closed = watch.only("closed")
    require(closed["targets"] == ["bootnode"] and closed["left"] == 1 and closed["failing"] == 0, f"closed: {closed}")
    require("not probed any more" in watch.log(closed, "closed"), "the log says why")
    net.heal()
    watch.wait_for("closed", 2)
    last = watch.records("closed")[-1]
    require(last["targets"] == ["boot-02"] and last["left"] == 0, f"the other one: {last}")
    require(len({record["id"] for record in watch.records()}) == 2, "nothing else happened")


@once
@scenario
def an_end_in_the_middle(net):
    """What is open at the end is written as open. A restart knows nothing of it."""
    watch = Watch(net)
    net.cut("forward", net.plan.floating, "udp")
    watch.wait_for("opened")
    require(watch.daemon.process.stop() == 0, "SIGTERM is the ordinary end")
    last = watch.only("stop")
    require((last["state"], last["closed"], last["event"]) == ("open", None, "stop"), f"the last word: {last}")
    again = net.run_daemon()
    wait_until("it is found again", lambda: len(watch.records("opened")) > 1)
    new = watch.records("opened")[1]
    require(new["id"] > last["id"] and new["opened"] > last["time"], f"another incident: {new}")
    require(again.process.stop() == 0, "SIGTERM is the ordinary end")


@once
@scenario
def under_systemd(net):
    """Its journal has the time, and wants the priority."""
    schedules = {"quick": {"every": "50ms", "timeout": "300ms"}}
    file = net.config([dict(target, schedule="quick") for target in net.targets()], schedules=schedules)
    stream = "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)"
    run = f"{net.program('floatprobe')} run --config {file} >/dev/null"
    process = net.client.start("sh", "-c", f"{stream} exec {run}")
    wait_until("it has started", lambda: "probing" in process.output())
    net.servers["boot-02"].stop()
    wait_until("it is a warning", lambda: "<4>floatprobe: warning: incident " in process.output())
    require(all(line.startswith("<") for line in process.output().splitlines()), "another line")
    process.stop()
    net.servers["boot-02"].start()


if __name__ == "__main__":
    main()
