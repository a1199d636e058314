#!/usr/bin/python3 -B
"""What `floatprobe run` makes of failures that belong together: one incident each, in its journal and in its log.

    floatprobe run ───────── router ─────────┬────── boot-01   holds the floating address
    journal: incident        cuts, moves     └────── boot-02
    log: a line for each event
"""

import signal

from lab import Failure, wait_until
from provider import main, scenario


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
        what = f"incident {record['id']} {event}"
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


if __name__ == "__main__":
    main()
