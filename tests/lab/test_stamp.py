#!/usr/bin/python3 -B
"""Plain STAMP reflectors as targets, and floatprobed as one. Round trips are known, and nothing else is claimed.

    client ──► router ──► boot-01   port 862: floatprobed, or another program's reflector
                  ╳
"""

from lab import wait_until
from provider import DOWN, QUICK, STAMP_PORT, main, scenario, scenarios

SAID = "only round trips are known"

# What others send back: TWAMP Light's 41 octets; numbers of its own, PTP's times, no session id, no padding.
REFLECTOR = """
import socket, struct, sys, time
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 862))
number = 1000
while True:
    packet, sender = s.recvfrom(65536)
    now = time.time_ns()
    seq, t1, estimate = struct.unpack_from(">I8sH", packet)
    stamp = struct.pack(">II", now // 10**9, now % 10**9)
    reply = struct.pack(">I8sHH8sI8sHHB", number, stamp, 0x4001, 0, stamp, seq, t1, estimate, 0, 255)
    number += 1
    s.sendto(reply, sender)
"""

# Sends answers with the right numbers to every port that it sees ask; those of one that sees all have the right time, too.
FORGER = """
import socket, struct, sys
v6 = ":" in sys.argv[1]
tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86DD if v6 else 0x0800))
tap.bind(("outside", 0))
print("ready")
at = 40 if v6 else 20
while True:
    packet, sender = tap.recvfrom(65536)
    if sender[2] == socket.PACKET_OUTGOING or packet[6 if v6 else 9] != 17 or packet[at + 2 : at + 4] != b"\\x03\\x5e":
        continue
    (seq,) = struct.unpack_from(">I", packet, at + 8)
    time = packet[at + 12 : at + 20] if sys.argv[3] == "seeing" else bytes(8)
    reply = struct.pack(">I8sHH8sI8sHHB", seq, bytes(8), 1, 0, bytes(8), seq, time, 1, 0, 255).ljust(44, bytes(1))
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as forged:
        # IPV6_TRANSPARENT, IP_TRANSPARENT
        forged.setsockopt(*((socket.IPPROTO_IPV6, 75) if v6 else (socket.IPPROTO_IP, 19)), 1)
        forged.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
        forged.bind((sys.argv[1], 862))
        forged.sendto(reply, (sys.argv[2], int.from_bytes(packet[at : at + 2], "big")))
    print("forged")
"""


def target(net, **more):
    address = net.plan.droplet["boot-01"]
    return {"name": "peer", "role": "droplet", "address": address, "protocols": ["stamp"]} | more


def start_reflector(net):
    """floatprobed becomes one, beside what it does otherwise: who it answers is who the client is."""
    network = f"{net.plan.outside}{'' if net.plan.nft == 'ip6' else '0'}/{net.plan.bits}"
    net.servers["boot-01"].stop()
    net.servers["boot-01"].start(stamp={"networks": [network]})
    wait_until("the reflector listens", lambda: net.servers["boot-01"].host.listens("udp", STAMP_PORT))


def start_other(net):
    host = net.servers["boot-01"].host
    program = host.start("/usr/bin/python3", "-c", REFLECTOR, net.plan.droplet["boot-01"])
    wait_until("the reflector listens", lambda: host.listens("udp", STAMP_PORT))
    return program


def well(check, where):
    for row in check.expect(where, state="up", direction="none", cause="none", server=None, arrived_on=None, expected=True,
                            lost=0, forward_lost=0, return_lost=0, port=STAMP_PORT):  # fmt: skip
        check.told(row, SAID)


def cut(net, direction):
    """At the router: what goes to the reflector's port, or comes from it."""
    interface, end = {"forward": ("iifname", "d"), "return": ("oifname", "s")}[direction]
    net.router.nft(f'add rule inet fault cut_{direction} {interface} "outside" udp {end}port {STAMP_PORT} meta mark != 7 drop\n')


@scenarios(("floatprobed",), ("other",))
def answered(net, reflector):
    """Beside targets of the other kinds: nothing of it changes them."""
    {"floatprobed": start_reflector, "other": start_other}[reflector](net)
    check = net.check([*net.targets(), target(net, flows={"held": 2, "fresh": 1}, sizes=[44, 512])])
    well(check, {"target": "peer", "flow": "held"})
    well(check, {"target": "peer", "flow": "fresh"})
    check.rest_is_healthy()
    for form in ("text", "nagios"):
        told = net.client.run(net.program("floatprobe"), "check", *QUICK, "--format", form, f"{net.files}/fra-home.yaml").stdout
        if "None" in told or "(null)" in told:
            raise AssertionError(told)


@scenarios(("forward",), ("return",))
def lost(net, direction):
    """Whichever way: it is not known, although the same machine would tell of its own port."""
    start_reflector(net)
    cut(net, direction)
    check = net.check([*net.targets(), target(net)])
    for row in check.expect({"target": "peer"}, **DOWN, direction="unknown", cause="unexplained"):
        check.told(row, SAID, "it is not known whether they arrived")
    check.rest_is_healthy()


@scenario
def lost_in_part(net):
    start_reflector(net)
    net.router.nft(
        f'add rule inet fault cut_return oifname "outside" udp sport {STAMP_PORT} numgen random mod 100 < 50 drop\n'
    )
    check = net.check([target(net, flows={"held": 1, "fresh": 0})], options=("--count", "20", "--spacing", "20ms"))
    check.expect({"target": "peer"}, state="lossy", direction="unknown", cause="unexplained", expected=False)


@scenario
def nobody_there(net):
    """The machine says that the port is closed."""
    check = net.check([*net.targets(), target(net)])
    check.expect({"target": "peer"}, **DOWN, direction="forward", cause="refused")
    check.rest_is_healthy()


@scenario
def other_networks(net):
    """They are not answered, and that looks like any loss."""
    net.servers["boot-01"].stop()
    net.servers["boot-01"].start(stamp={"networks": ["203.0.113.128/25", "2001:db8:ffff::/48"]})
    check = net.check([*net.targets(), target(net)])
    check.expect({"target": "peer"}, **DOWN, direction="unknown", cause="unexplained")
    check.rest_is_healthy()


@scenario
def behind_nat(net):
    net.put_client_behind_nat()
    start_reflector(net)
    well(net.check([target(net)]), {"target": "peer"})


@scenarios(("blind",), ("seeing",))
def forged(net, how):
    """Another machine knows ports and numbers and sends what looks like answers, in the reflector's name. Without the
    time in the packet they are none. Who sees the packets can make them: nothing is proven by an answer."""
    start_reflector(net)
    cut(net, "return")
    arguments = (net.plan.droplet["boot-01"], f"{net.plan.outside}2", how)
    forger = net.router.start("/usr/bin/python3", "-u", "-c", FORGER, *arguments)
    wait_until("the forger listens", lambda: "ready" in forger.output())
    check = net.check([target(net, flows={"held": 1, "fresh": 0})], options=("--count", "10", "--spacing", "50ms"))
    if how == "seeing":
        well(check, {"target": "peer"})
    else:
        check.expect({"target": "peer"}, **DOWN, direction="unknown", cause="unexplained")
    wait_until("each probe was forged an answer", lambda: forger.output().count("forged") == 10)


@scenario
def watched(net):
    """`run`: down and up again, one incident without a direction; the journal claims no one-way time and no clock."""
    start_reflector(net)
    daemon = net.run_daemon([target(net, flows={"held": 1, "fresh": 0})])
    daemon.wait_for({"target": "peer"}, state="up", cause="none")
    cut(net, "forward")
    daemon.wait_for({"target": "peer"}, state="down", direction="unknown", cause="unexplained")
    net.heal()
    daemon.wait_for({"target": "peer"}, state="up", cause="none")
    daemon.process.stop()
    paths = [line for line in daemon.journal() if line["type"] == "path"]
    if not any(line["answered"] for line in paths):
        raise AssertionError(paths)
    for line in paths:
        if (line["one_way_ms"], line["clock_offset_ms"], line["server"]) != (None, None, None):
            raise AssertionError(line)
    for line in daemon.journal():
        if line["type"] == "incident" and line["direction"] not in ("unknown", "none"):
            raise AssertionError(line)
    told = net.client.run(net.program("floatprobe"), "report", f"{net.files}/fra-home.jsonl").stdout
    if "stamp/512 held" not in told:
        raise AssertionError(told)


if __name__ == "__main__":
    main()
