#!/usr/bin/python3 -B
"""Floods beside authenticated probes: none of these is lost, and the server says what it refused.

    client ────────── router, with an attacker ──────────┬────── boot-01   attacked
                                                         └────── boot-02
"""

import ipaddress
import json
import os
import re

from lab import wait_until
from provider import DOWN, PORT, main, scenario

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS, TCP_SLOTS, GROWTH_KB, LINES_MAX, SPOOFED_HOSTS, HONEST_FLOWS = 4, 64, 4096, 40, 8, 50
FLOWS, SIZES, JOURNAL_LINES = 64, 6, 1000  # the server writes so many lines of a client at once
FLOW_TABLE, NEW_FLOWS_PER_SECOND = 1024, 4000
WEB = 8621
SYN_ACK_REPEATS = 2  # TCP_LISTENER_SYN_ACK_REPEATS
WEB_SYN_ACK_REPEATS = 1
ALLOWED = re.compile(r"[\x20-\x7e\n]*")


def resident_kb(process):
    with open(f"/proc/{process._popen.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


class Meter:
    """What each address sends to the servers, and what comes back to it, in octets, as the router sees it."""

    def __init__(self, net, protocol="udp", port=PORT):
        self._router, ip, self._table = net.router, net.plan.nft, f"octets_{protocol}_{port}"
        sets = "".join(f"set {name} {{ type {ip}v4_addr; size 4096; flags dynamic; }}\n" for name in ("sent", "back"))
        self._router.nft(
            f"table inet {self._table} {{\n"
            + (sets if ip == "ip" else sets.replace("ip6v4_addr", "ipv6_addr"))
            + "chain out { type filter hook postrouting priority 0;"
            + f" {protocol} dport {port} update @sent {{ {ip} saddr counter }}; }}\n"
            + "chain in { type filter hook prerouting priority -300;"
            + f" {protocol} sport {port} update @back {{ {ip} daddr counter }}; }}\n}}\n"
        )

    def _read(self, name):
        listed = json.loads(self._router.run("nft", "-j", "list", "set", "inet", self._table, name).stdout)
        elements = next(item["set"] for item in listed["nftables"] if "set" in item).get("elem", [])
        return {element["elem"]["val"]: element["elem"]["counter"]["bytes"] for element in elements}

    def nobody_got_more_than_he_sent(self, check, sources, repeats=None):
        """repeats: what the kernel sends to each source that opens connections and does not finish them."""
        sent, back = self._read("sent"), self._read("back")
        check.require(len(sent) >= sources, f"{sources} sources have sent: {sent}")
        for source, octets in back.items():
            limit = sent.get(source, 0) * (repeats or {}).get(source, 1)
            check.require(octets <= limit, f"{source} sent {sent.get(source, 0)} octets, and got {octets}")


@scenario
def somebody_without_a_key(net):
    """Junk, replays, spoofed sources, slow and half-open connections, all at once."""
    server = net.servers["boot-01"]
    server.stop()
    server.start(limits={"tcp_slots": TCP_SLOTS})
    net.check().rest_is_healthy()
    meter, tcp = Meter(net), Meter(net, "tcp")
    before = resident_kb(server.process)
    process = server.process
    attacker = net.router.start("/usr/bin/python3", "-B", f"{HERE}/attacker.py", net.plan.droplet["boot-01"], str(PORT),
                                f"{net.plan.outside}64", str(SECONDS))  # fmt: skip
    wait_until("the attacker waits for a probe", lambda: "waiting" in attacker.output())
    net.check()
    wait_until("the flood has begun", lambda: "flooding" in attacker.output())
    first, *others = net.targets()
    check = net.check([first | {"flows": {"held": HONEST_FLOWS, "fresh": 1}}, *others])
    wait_until("the flood is over", lambda: not attacker.running())
    check.rest_is_healthy()
    net.check().rest_is_healthy()
    octets = json.loads(attacker.output().splitlines()[-1])
    check.require(octets["sent"] > 1000000, f"the flood is one: {octets}")
    check.require(octets["received"] <= octets["sent"], f"nothing is amplified: {octets}")
    meter.nobody_got_more_than_he_sent(check, SPOOFED_HOSTS + 1)
    tcp.nobody_got_more_than_he_sent(check, SPOOFED_HOSTS + 1, {
        str(ipaddress.ip_address(f"{net.plan.outside}64") + i): 1 + SYN_ACK_REPEATS for i in range(SPOOFED_HOSTS)
    })  # fmt: skip
    grown = resident_kb(process) - before
    check.require(grown < GROWTH_KB, f"the server takes no more memory: {grown} KB")
    server.stop()
    log = process.output()
    for words in ("not a packet of ours", "MAC does not hold", "replayed or too old", "all TCP connections are in use"):
        check.require(f"refused: {words}" in log, f"the log says: {words}\n{log}")
    check.require(re.search(r"not a packet of ours: \d{3,} more", log), f"the log counts\n{log}")
    check.require(len(log.splitlines()) < LINES_MAX, f"the log is short\n{log}")
    check.require(ALLOWED.fullmatch(log), "nothing that a terminal would obey is in the log")


ERRORS_WITHOUT_END = """
import socket, struct, sys, time
own, client, port, until = sys.argv[1], sys.argv[2], int(sys.argv[3]), time.monotonic() + float(sys.argv[4])
v6 = ":" in own
family = socket.AF_INET6 if v6 else socket.AF_INET
ends = socket.inet_pton(family, own) + socket.inet_pton(family, client)
head = struct.pack(">IHBB", 6 << 28, 508, 17, 60) if v6 else struct.pack(">BBHHHBBH", 0x45, 0, 528, 7, 0, 60, 17, 0)
error = struct.pack(">BBHI", *((1, 4, 0, 0) if v6 else (3, 3, 0, 0))) + head + ends + struct.pack(">HHHH", port, 40000, 500, 0)
total = sum(struct.unpack(f">{len(error) // 2}H", error))
total = (total >> 16) + (total & 0xffff)
error = error[:2] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + error[4:]
sent = 0
with socket.socket(family, socket.SOCK_RAW, 58 if v6 else 1) as sock:
    print("flooding", flush=True)
    while time.monotonic() < until:
        try:
            sent += sock.sendto(error, (own, 0)) > 0
        except OSError:
            pass
print(sent, flush=True)
"""


@scenario
def errors_without_end(net):
    """Somebody who knows the server's address and port says all the time that its answers are refused. They leave (on
    a busy machine the kernel itself may drop some of so many packets)."""
    droplet = net.plan.droplet["boot-01"]
    flood = net.router.start("/usr/bin/python3", "-c", ERRORS_WITHOUT_END, droplet, f"{net.plan.outside}2", str(PORT), str(SECONDS))
    wait_until("the flood has begun", lambda: "flooding" in flood.output())
    first, *others = net.targets()
    check = net.check([first | {"flows": {"held": HONEST_FLOWS, "fresh": 1}}, *others], options=("--count", "20", "--spacing", "100ms"))
    wait_until("the flood is over", lambda: not flood.running())
    check.require(int(flood.output().split()[-1]) > 10000, f"the flood is one: {flood.output()}")
    log = net.servers["boot-01"].process.output()
    check.require("cannot reply" not in log, log)


SYN_IN_THE_NAME_OF = """
import socket, sys
v6 = ":" in sys.argv[1]
with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET) as sock:
    sock.setsockopt(*((socket.IPPROTO_IPV6, 75) if v6 else (socket.IPPROTO_IP, 19)), 1)  # IPV6_TRANSPARENT, IP_TRANSPARENT
    sock.setblocking(False)
    sock.bind((sys.argv[1], 0))
    sock.connect_ex((sys.argv[2], int(sys.argv[3])))
"""


@scenario
def a_syn_in_a_strangers_name(net):
    """The stranger is silent. The kernel repeats its SYN-ACK twice (once at the port of `web`), and its half-open sockets
    are soon gone."""
    server, stranger, droplet = net.servers["boot-01"], f"{net.plan.outside}64", net.plan.droplet["boot-01"]
    server.stop()
    server.start(web=f'"[{droplet}]:{WEB}"' if ":" in droplet else f"{droplet}:{WEB}")
    net.router.ip(f"neigh add {stranger} lladdr 02:00:00:00:00:64 dev outside nud permanent")
    check, meter, web = net.check(), Meter(net, "tcp"), Meter(net, "tcp", WEB)

    def half_open():
        return server.host.run("ss", "-Htn", "state", "syn-recv").stdout.count(f"{stranger}]" if ":" in stranger else stranger)

    for port in (PORT, WEB):
        net.router.run("/usr/bin/python3", "-c", SYN_IN_THE_NAME_OF, stranger, droplet, str(port))
    wait_until("both SYNs have come", lambda: half_open() == 2)
    wait_until("the kernel has forgotten them", lambda: half_open() == 0, seconds=20)
    meter.nobody_got_more_than_he_sent(check, 1, {stranger: 1 + SYN_ACK_REPEATS})
    web.nobody_got_more_than_he_sent(check, 1, {stranger: 1 + WEB_SYN_ACK_REPEATS})


@scenario
def errors_made_up(net):
    """Somebody off the path sends each end ICMP errors of all kinds and resets, of just its addresses and ports: they say
    nothing, beside no loss and beside one."""
    forger = net.router.start("/usr/bin/python3", "-B", f"{HERE}/forger.py", str(PORT))
    wait_until("the forger listens", lambda: "ready" in forger.output())
    targets = [dict(target, sizes=[512, 1400]) for target in net.targets()]
    for _ in range(2):  # the second time, kernels believe some of them
        check = net.check(targets)
        check.rest_is_healthy()
    net.cut("return", net.plan.droplet["boot-01"], "udp")
    check = net.check(targets)
    check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return", cause="protocol-filtered")
    check.rest_is_healthy()
    net.cut("return", net.plan.droplet["boot-01"])
    check = net.check(targets)
    for row in check.expect({"target": "boot-01"}, **DOWN, direction="return", cause="unexplained"):
        check.require(not any("got an error" in sentence for sentence in row["evidence"]), "boot-01 believes none of them", row)
    check.rest_is_healthy()
    check.require(int(forger.output().split()[-1]) > 1000, "each packet is answered with errors")
    family = "-6" if net.plan.nft == "ip6" else "-4"
    check.require("mtu" in net.client.run("ip", family, "route", "show", "cache").stdout, "the client believes in a path MTU")


@scenario
def an_authorised_client_gone_mad(net):
    """Hundreds of its flows become unheard and heard again; the journal has some of it, and counts the rest. Then it makes
    new flows without end: the table is full, and others lose nothing."""
    host = net.second_vantage("198.18.77." if net.plan.nft == "ip" else "2001:db8:77::")
    server = net.servers["boot-01"]
    server.stop()
    server.start(**server.changes, limits={"flows": FLOW_TABLE})
    target = {"name": "boot-01", "role": "droplet", "address": net.plan.droplet["boot-01"], "server": "boot-01",
              "protocols": ["udp"], "sizes": [512 + i for i in range(SIZES)],
              "flows": {"held": FLOWS, "fresh": 0}}  # fmt: skip
    mad = net.run_daemon([target], every="400ms", vantage="ber-office", host=host)

    def lines(*kinds):
        return [line for line in server.journal() if line["type"] in kinds and line.get("client") == "ber-office"]

    def becomes(kind, count):
        wait_until(f"{count} flows are {kind}", lambda: len(lines(kind)) >= count, seconds=40)

    for unheard, heard in ((FLOWS * SIZES, FLOWS * SIZES), (JOURNAL_LINES - FLOWS * SIZES, 0)):
        net.cut("return", link="office")
        becomes("unheard", unheard)
        net.heal()
        becomes("heard", heard)
    check = net.check()
    check.rest_is_healthy()

    def written():
        return lines("unheard", "heard", "left-out")

    def counted():
        return len(written()) + sum(line.get("left_out", 0) for line in written())

    wait_until("what was left out is counted", lambda: counted() > 3 * FLOWS * SIZES, seconds=40)
    mad.process.stop()
    check.require(len(written()) < JOURNAL_LINES + 100, f"{len(written())} lines")
    make_flows_without_end(net, host)


def make_flows_without_end(net, host):
    server = net.servers["boot-01"]
    meter, before = Meter(net), resident_kb(server.process)
    flood = host.start("/usr/bin/python3", "-B", f"{HERE}/connected.py", net.plan.droplet["boot-01"], str(PORT),
                       net.program("bench_load"), "0", "2", "1", str(NEW_FLOWS_PER_SECOND), "flows", "512",
                       f"{net.files}/ber-office.key", server.key)  # fmt: skip
    check = net.check()
    wait_until("the flood is over", lambda: not flood.running())
    check.rest_is_healthy()
    sent, answered = map(int, flood.output().split()[:2])
    check.require(sent > FLOW_TABLE and answered <= sent, f"{sent} new flows, {answered} answered")
    meter.nobody_got_more_than_he_sent(check, 2)
    grown = resident_kb(server.process) - before
    check.require(grown < GROWTH_KB, f"the server takes no more memory: {grown} KB")
    check.require("the flow table is full" in server.process.output(), "the log says that the table is full")


if __name__ == "__main__":
    main()
