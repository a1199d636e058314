#!/usr/bin/python3 -B
"""One fault, unchanged for longer than the window, then none for as long: each path changes once, perhaps once more when
its cause becomes known, and back.

    floatprobe run ───────── router ─────────┬────── boot-01    the fault, and its end
    journal: changes                         └────── boot-02
"""

import contextlib
import signal
import time

from flat import Flat
from lab import Failure, wait_until
from lan import Lan, announce
from provider import PORT, main, once, scenarios

EVERY = "50ms"
WINDOW_SECONDS = 4.5  # 64 probes and more
PATHS = 3  # of a target: UDP held and fresh, TCP
NAMING = ("target", "address", "protocol", "size", "flow")


def key(line):
    return " ".join(str(line[field]) for field in NAMING if line[field] is not None)


class Changes:
    """What each path changed to, by path, since this was made."""

    def __init__(self, daemon):
        self._daemon, self._from = daemon, len(daemon.journal())

    def lines(self):
        return self._daemon.journal()[self._from :]

    def by_path(self):
        found = {}
        for line in self.lines():
            if line["type"] == "change":
                to = line["to"]
                found.setdefault(key(line), []).append((to["state"], to["direction"], to["cause"]))
        return found


def all_up(daemon, paths):
    """paths: how many there are, without PMTU probes. A path whose first verdict came later would count it as a change."""

    def up():
        state = {key(line): line["to"] for line in daemon.journal() if line["type"] == "change"}
        return len(state) == paths and all(to["state"] == "up" and to["cause"] == "none" for to in state.values())

    wait_until("every path is up", up)


def last_rows(daemon):
    return {key(line): line for line in daemon.journal() if line["type"] == "path"}


def steady(daemon, fault, concerned, paths, cause=None, most=2):
    """concerned: how many of the paths the fault strikes. cause: what they have to come to, if that is given. most: of the
    changes of a path."""
    all_up(daemon, paths)
    changes = Changes(daemon)
    with fault:
        wait_until("it is seen", lambda: len(changes.by_path()) >= concerned)
        time.sleep(WINDOW_SECONDS)
        told = changes.by_path()
        mended = Changes(daemon)
    wait_until("its end is seen", lambda: len(mended.by_path()) >= concerned)
    time.sleep(WINDOW_SECONDS)
    for name, tos in changes.by_path().items():
        print(f"       {name}: {' → '.join('/'.join(to) for to in tos)}")
    healed = mended.by_path()
    if daemon.process.stop():
        raise Failure("SIGTERM is the ordinary end")
    wrong = [f"{name} changed {len(tos)} times" for name, tos in told.items() if len(tos) > most]
    wrong += [f"{name} has come to {tos}" for name, tos in told.items() if cause and tos[-1][2] != cause]
    wrong += [f"{name} ended by {tos}" for name, tos in healed.items() if tos != [("up", "none", "none")]]
    wrong += [f"{name} is up, with {row['evidence']}" for name, row in last_rows(daemon).items() if row["evidence"]]
    if len(told) != concerned:
        wrong.append(f"{len(told)} paths changed, not {concerned}")
    if wrong:
        raise Failure("\n".join(wrong))


@contextlib.contextmanager
def rules(host, rule):
    host.nft(f"""
        table inet own {{ {rule}; }}
    """)
    yield
    host.nft("delete table inet own")


@contextlib.contextmanager
def not_running(server):
    server.stop()
    yield
    server.start()


@contextlib.contextmanager
def signals(server):
    server.process.send(signal.SIGSTOP)
    yield
    server.process.send(signal.SIGCONT)


@contextlib.contextmanager
def without_link(net, name):
    net.router.ip(f"link set {name} down")
    yield
    net.router.ip(f"link set {name} up")


@contextlib.contextmanager
def no_route(net):
    net.router.ip(f"route add unreachable {net.plan.floating}")
    net.router.nft(f"flush map {net.plan.nft} provider holder\n")
    net.router.forget_flows()
    yield
    net.router.ip(f"route del unreachable {net.plan.floating}")
    net.repoint("boot-01")


@contextlib.contextmanager
def cuts(net, targets):
    """Each target says by its name what is cut."""
    for target in targets:
        direction, protocol = target["name"].split("-")
        net.cut(direction, target["address"], None if protocol == "both" else protocol)
    yield
    net.heal()


@once
@scenarios(())
def protocols_cut(net):
    """One of them, and both of them, in either direction."""
    paths = {"udp": 2, "tcp": 1, "both": 3}
    targets = net.more_floating([f"{direction}-{protocol}" for direction in ("forward", "return") for protocol in paths])
    daemon = net.run_daemon([*net.targets(), *targets], every=EVERY)
    steady(daemon, cuts(net, targets), 2 * sum(paths.values()), PATHS * (3 + len(targets)))


@scenarios(())
def port_closed(net):
    steady(net.run_daemon(every=EVERY), not_running(net.servers["boot-01"]), 6, 3 * PATHS)


@once
@scenarios(("udp", "direct"), ("tcp", "direct"), ("tcp", "nat"))
def firewall_of_the_server(net, protocol, client):
    if client == "nat":
        net.put_client_behind_nat()
    rule = f"chain in {{ type filter hook input priority 0; {protocol} dport {PORT} drop; }}"
    paths = {"udp": 4, "tcp": 2}[protocol]
    steady(net.run_daemon(every=EVERY), rules(net.servers["boot-01"].host, rule), paths, 3 * PATHS, "server-firewall")


@once
@scenarios(())
def server_does_not_run(net):
    steady(net.run_daemon(every=EVERY), signals(net.servers["boot-01"]), 6, 3 * PATHS)


@scenarios(())
def server_is_gone(net):
    steady(net.run_daemon(every=EVERY), without_link(net, "boot-01"), 6, 3 * PATHS)


@scenarios(())
def stale_neighbour(net):
    flat = Flat(net)
    net.restart_as_peers()

    @contextlib.contextmanager
    def broken():
        flat.break_entry("permanent")
        yield
        flat.break_entry("permanent", flat.mac)

    steady(net.run_daemon(flat.targets(), every=EVERY), broken(), 3, 2 * PATHS)


@scenarios(())
def duplicate(net):
    lan = Lan(net)

    @contextlib.contextmanager
    def fight():
        with lan.fight():
            yield
        lan.two.host.ip(f"addr del {lan.shared}/{net.plan.bits} dev eth0")
        announce(lan.one.host)

    # Two probes a turn; on a busy host it may be three, which are a move there and back.
    steady(net.run_daemon(lan.targets(), every="100ms"), fight(), 3, 3 * PATHS, most=3)


@scenarios(())
def unreachable(net):
    steady(net.run_daemon(every=EVERY), no_route(net), 3, 3 * PATHS)


@once
@scenarios(("forward",), ("return",))
def size(net, direction):
    targets = [{**target, "sizes": [512, 1300]} for target in net.targets() if target["role"] == "floating"]
    steady(net.run_daemon(targets, every=EVERY), too_long(net, direction), 2, 5)


@contextlib.contextmanager
def too_long(net, direction):
    net.cut(direction, net.plan.floating, "udp", also="meta length > 1000")
    yield
    net.heal()


@once
@scenarios(())
def own_firewall(net):
    rule = f"chain out {{ type filter hook output priority 0; udp dport {PORT} drop; }}"
    steady(net.run_daemon(every=EVERY), rules(net.client, rule), 6, 3 * PATHS)


@contextlib.contextmanager
def no_new_flows(net):
    """As if the router's table were full: it knows the flows that it has."""
    net.router.nft(f"""
        table inet full {{ chain pass {{ type filter hook forward priority 0; iifname "outside" ct state new th dport {PORT} drop; }}; }}
    """)
    yield
    net.router.nft("delete table inet full")


def told_of_new_flows(row):
    return any("no new flow got through" in sentence for sentence in row["evidence"])


@once
@scenarios(())
def a_table_that_is_full(net):
    """Its flows go on, and no new one gets through: neither part of the ports nor one protocol fails."""
    daemon = net.run_daemon(every=EVERY)
    all_up(daemon, 3 * PATHS)
    with no_new_flows(net):
        fresh = [row for row in net.check(options=()).rows if row["flow"] == "fresh"]
        wait_until("it is told", lambda: [
            line for line in daemon.journal() if line["type"] == "change" and told_of_new_flows(line)
        ])  # fmt: skip
        time.sleep(WINDOW_SECONDS)
    wrong = [line for line in daemon.journal() if line["type"] == "change" and line["to"]["cause"] not in (
        "none", "unexplained")]  # fmt: skip
    if wrong:
        raise Failure(f"no port and no protocol is to blame: {wrong}")
    for row in fresh:
        if row["cause"] not in ("unexplained",):
            raise Failure(f"check blames {row}")


@once
@scenarios(())
def part_is_not_sent(net):
    """Its own firewall rejects four in ten datagrams: what leaves is answered. Where three in a row are rejected first, it is
    known before the share of all is."""
    rule = f"udp dport {PORT} numgen random mod 10 < 4 drop"
    fault = rules(net.client, f"chain out {{ type filter hook output priority 0; {rule}; }}")
    steady(net.run_daemon(every=EVERY), fault, 6, 3 * PATHS, most=3)


@once
@scenarios(())
def a_round_of_which_part_is_not_sent(net):
    rule = f"udp dport {PORT} numgen inc mod 3 0 drop"
    with rules(net.client, f"chain out {{ type filter hook output priority 0; {rule}; }}"):
        check = net.check(options=("--count", "12", "--spacing", "50ms", "--timeout", "500ms"))
    udp = [row for row in check.rows if row["protocol"] == "udp"]
    check.require(sum(row["unsent"] for row in udp) >= 12, "a third was not sent")
    for row in udp:
        check.require(row["sent"] + row["unsent"] == 12 and row["lost"] == 0, "what was not sent is not lost", row)
        check.require(row["expected"] == (row["unsent"] < 2), "a tenth that is not sent is not as expected", row)


if __name__ == "__main__":
    main()
