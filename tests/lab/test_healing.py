#!/usr/bin/python3 -B
"""Stories B and F: an address that another machine had before. The server's entry for it is wrong, until it heals.

    home ────────────┬──────────── boot-01         198.18.1.9 is at 02:00:5e:00:de:ad: STALE, REACHABLE
    198.18.1.9       │  lan
                     └──────────── boot-02         witness: asks boot-01 for the client

    A steady schedule heals the entry soon by what it sends; a cold one meets it as it is.
"""

from flat import DEAD, Flat
from lab import Failure
from provider import DOWN, NO_CAPABILITY, TWICE, main, scenario, scenarios

UDP = {"target": "boot-01", "protocol": "udp", "flow": "held"}
EVERY = {"steady": "50ms", "cold": "1s"}
DELAY = {"steady": "5", "cold": "8"}  # seconds; the server says what it knows when four probes have told it nothing


def under(privilege):
    return NO_CAPABILITY if privilege == "unprivileged" else ()


@scenarios(*TWICE)
def recycled_address(net, privilege):
    """A client that was just born: its very first probe tells the direction and the cause."""
    flat = Flat(net)
    net.restart_as_peers(under(privilege))
    flat.break_entry("stale")
    check = net.check(flat.targets(), options=("--count", "1"))
    for row in check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="return",
                            cause="stale-neighbour", sent=1):  # fmt: skip
        check.told(row, DEAD, flat.mac, f"ip neigh del {flat.address}", "boot-02")
    check.expect({"target": "boot-01", "protocol": "tcp"}, **DOWN, direction={"return", "unknown"})
    check.rest_is_healthy()


@scenarios(("steady", "stale"), ("steady", "reachable"), ("cold", "stale"), ("cold", "reachable"))
def healing_under_a_schedule(net, schedule, state):
    """Named before it heals; up, and no longer named, after."""
    flat = Flat(net)
    net.restart_as_peers()
    flat.heal_soon(DELAY[schedule])
    flat.break_entry(state)
    daemon = net.run_daemon(flat.targets(), every=EVERY[schedule])
    daemon.wait_for(UDP, state="up", cause="none")
    if not [to for to in daemon.changes(UDP) if (to["direction"], to["cause"]) == ("return", "stale-neighbour")]:
        raise Failure(f"not named before it healed: {daemon.changes(UDP)}")
    flat.wait_for({"type": "healed", "address": flat.address, "mac": flat.mac})
    if bad := [to for to in daemon.changes({"target": "boot-02"}) if to["state"] != "up"]:
        raise Failure(f"boot-02 has the right entry, but: {bad}")


@scenario
def entry_of_a_gateway_unprivileged(net):
    """Without CAP_NET_RAW nobody sees the frames, nor asks the link who has the address (test_neighbours)."""
    net.restart_as_peers(under("unprivileged"))
    gateway = f"{net.plan.droplets}1"
    net.servers["boot-01"].host.ip(f"neigh replace {gateway} lladdr {DEAD} dev eth0 nud permanent")
    check = net.check(options=())
    for row in check.expect({"target": "boot-01"}, **DOWN, direction={"return", "unknown"}):
        check.require(row["cause"] == "unexplained", "more than is known", row)
    check.expect({"target": "boot-02"}, state="up", cause="none")
    for line in net.servers["boot-01"].journal():
        check.require(line["type"] != "stale-neighbour", f"the server says {line}")


if __name__ == "__main__":
    main()
