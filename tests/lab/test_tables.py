#!/usr/bin/python3 -B
"""The connection tracking table of a host is full, on the real kernel: held flows pass, new ones are dropped.

    client ─────── router ─────────┬────── boot-01   its table is full
      its table is full            └────── boot-02   the witness
"""

import contextlib
import datetime
import os
import time

from lab import Failure, need, skip, wait_until
from provider import NO_CAPABILITY, PORT, TWICE, main, scenarios

LARGEST = 300_000  # entries that a lab makes
SECONDS = 600
SETTLED_SECONDS = 5  # so that two answers of the server lie in the outage
ABOUT_BOOT_01 = ("boot-01", "bootnode")


def limit():
    """One for all namespaces, and only the first may change it: a lab fills the table."""
    with open("/proc/sys/net/netfilter/nf_conntrack_max", encoding="ascii") as file:
        return int(file.read())


def entries(most):
    """Such as a kernel does not drop to make room."""
    for i in range(most):
        yield (
            f"-I -p udp -s 198.19.{100 + i // 60_000}.1 -d 198.19.99.1 --sport {1 + i % 60_000} --dport 9"
            f" -t {SECONDS} -u SEEN_REPLY,ASSURED"
        )


TIMEOUTS = ("udp_timeout", "udp_timeout_stream", "icmp_timeout", "icmpv6_timeout", "generic_timeout", "tcp_timeout_close",
            "tcp_timeout_time_wait", "tcp_timeout_fin_wait", "tcp_timeout_close_wait", "tcp_timeout_last_ack",
            "tcp_timeout_syn_sent", "tcp_timeout_syn_recv")  # fmt: skip


def track(host):
    """Whoever asks for states lets the kernel keep them: those of closed connections as well, or they make room."""
    host.sysctl(*(f"netfilter.nf_conntrack_{name}={SECONDS}" for name in TIMEOUTS))
    host.nft("table inet tracks { chain in { type filter hook input priority 0; ct state invalid drop; }; }")


def tracked(host):
    return int(host.read("/proc/sys/net/netfilter/nf_conntrack_count"))


@contextlib.contextmanager
def full(net, host):
    """A kernel without room refuses the last entries, and the tool ends there."""
    most = limit()
    file = f"{net.files}/entries"
    with open(file, "w", encoding="ascii") as lines:
        lines.writelines(f"{entry}\n" for entry in entries(most + 1))
    host.run("conntrack", "-R", file, status=None, seconds=120)
    if tracked(host) < most:
        raise Failure(f"{tracked(host)} of {most} entries")
    yield
    host.forget_flows()


def told(row, *what):
    return any(all(word in sentence for word in what) for sentence in row["evidence"])


def last_row(daemon, where):
    """What is said of these paths at the end."""
    return [line for line in daemon.journal() if line["type"] == "path" and where.items() <= line.items()][-1]


def row_of(daemon, where):
    """The newest change of these paths."""
    return [line for line in daemon.journal() if line["type"] == "change" and where.items() <= line.items()][-1]


def outage_is_settled(daemon, where):
    """Is it down, and did no probe pass of late? It would begin another outage, of which nothing is known yet."""
    stretches = [line for line in daemon.journal() if line["type"] == "loss" and where.items() <= line.items()]
    ended = [datetime.datetime.fromisoformat(line["until"]).timestamp() for line in stretches]
    return row_of(daemon, where)["to"]["state"] == "down" and ended and time.time() - max(ended) > SETTLED_SECONDS


def outage_at(net, server, paths):
    """A daemon that ended when no new flow had passed for a while. None: one did at the end, as this kernel
    makes room by chance, and its journal tells that a moment later."""
    if os.path.exists(file := f"{net.files}/fra-home.jsonl"):
        os.remove(file)
    daemon = net.run_daemon(every="100ms")
    for where in paths:
        daemon.wait_for(where, state="up")
    with full(net, server):
        for where in paths:
            daemon.wait_for(where, 60, state="down", direction="forward")
        time.sleep(SETTLED_SECONDS)
        wait_until("no new flow passes", lambda: all(outage_is_settled(daemon, where) for where in paths), 60)
        ended = time.time()
        if daemon.process.stop():
            raise Failure("SIGTERM is the ordinary end")
    begun = [datetime.datetime.fromisoformat(last_row(daemon, where)["since"]).timestamp() for where in paths]
    return daemon if ended - max(begun) > SETTLED_SECONDS else None


@scenarios(*TWICE)
def the_server_has_no_room(net, privilege):
    """Held flows pass, with them the queries, and the server says what its kernel counted. Frames of what is dropped
    come to its interface, which a server may see only with a capability."""
    net.restart_as_peers(NO_CAPABILITY if privilege == "unprivileged" else ())
    server = net.servers["boot-01"].host
    track(server)
    paths = [{"target": target, "protocol": "udp", "flow": "fresh"} for target in ABOUT_BOOT_01]
    daemon = next(filter(None, (outage_at(net, server, paths) for _ in range(3))), None)
    if not daemon:
        raise Failure("a new flow passed at the end of three outages")
    for where in paths:
        named(last_row(daemon, where), privilege)
    wrong = [line for line in daemon.journal() if line["type"] == "change" and line["to"]["cause"] not in (
        "none", "unexplained", "server-firewall")]  # fmt: skip
    if wrong:
        raise Failure(f"neither ports nor a protocol nor the machine are to blame: {wrong}")


def named(row, privilege):
    cause = "server-firewall" if privilege == "privileged" else "unexplained"
    if row["cause"] != cause or row["direction"] != "forward":
        raise Failure(f"not {cause}: {row}")
    if not told(row, "connection tracking table of boot-01 is full") or told(row, "elsewhere"):
        raise Failure(f"the table is not named: {row}")
    if not row["advice"] or "notrack" not in row["advice"]:
        raise Failure(f"no advice for a full table: {row}")


@scenarios(())
def the_client_has_no_room(net):
    """Its kernel refuses datagrams of new flows, and drops SYNs without a word."""
    track(net.client)
    with full(net, net.client):
        check = net.check(options=())
    for row in check.rows:
        check.require(row["cause"] == "local", "this host is to blame", row)
        check.require("connection tracking table of this host" in row["advice"], "with advice for it", row)
        if row["protocol"] == "udp":
            check.told(row, "no room for a new one")
        else:
            check.told(row, "connection tracking table of this host is full")
    check.expect({}, state={"down", "unknown"}, cause="local")


# A hardened unit has no /proc/sys.
NO_SYSCTLS = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc/sys && exec "$@"', "sh", *NO_CAPABILITY)


@scenarios(())
def a_server_that_cannot_look(net):
    """It says so where a full table would explain the loss."""
    net.restart_as_peers(NO_SYSCTLS)
    server = net.servers["boot-01"].host
    track(server)
    daemon = net.run_daemon(every="50ms")
    where = {"target": "boot-01", "protocol": "udp", "flow": "fresh"}
    daemon.wait_for(where, state="up")
    rule = f"meta l4proto {{ tcp, udp }} ct state new th dport {PORT} drop"
    server.nft(f"table inet own {{ chain in {{ type filter hook input priority 0; {rule}; }}; }}")
    wait_until("it is said", lambda: told(row_of(daemon, where), "boot-01 could not look"), 40)


if __name__ == "__main__":
    need("conntrack")
    if limit() > LARGEST:
        skip(f"the table of this kernel has room for {limit()} entries")
    main()
