#!/usr/bin/python3 -B
"""An address that both servers have on purpose: the router spreads the flows over them.

    client ──── router ──┬── boot-01   203.0.113.9 on lo      each flow goes to one of them
                 (ECMP)  └── boot-02   203.0.113.9 on lo
"""

from lab import Failure
from provider import PROTOCOLS, TWICE, main, scenario, scenarios

ROUND = ("--count", "30", "--spacing", "50ms", "--timeout", "500ms")
UP = {"state": "up", "direction": "none", "cause": "none", "expected": True}
DEAD = "table inet own { chain in { type filter hook prerouting priority -300; drop; }; }"


class Balanced:
    def __init__(self, net):
        self.net, plan = net, net.plan
        self.address = plan.floating[:-1] + "9"
        net.router.sysctl("ipv4.fib_multipath_hash_policy=1", "ipv6.fib_multipath_hash_policy=1")
        hops = " ".join(f"nexthop via {droplet}" for droplet in plan.droplet.values())
        net.router.ip(f"route add {self.address} {hops}")
        for server in net.servers.values():
            server.host.ip(f"addr add {self.address} dev lo")

    def targets(self, **more):
        edge = {"name": "edge", "role": "floating", "address": self.address, "server": ["boot-01", "boot-02"], **more}
        return [*list(self.net.targets())[:2], edge]

    def split(self):
        """By packet, so that a few probes are sure to reach both."""
        self.net.router.nft(f"""
            table {self.net.plan.nft} split {{ chain in {{
                type filter hook prerouting priority -150;
                {self.net.plan.nft} daddr {self.address} meta mark set numgen inc mod 2 map {{ 0 : 1, 1 : 2 }};
            }}; }}
        """)
        for mark, droplet in enumerate(self.net.plan.droplet.values(), 1):
            family = "-6 " if ":" in droplet else ""
            self.net.router.run("ip", *family.split(), "route", "add", self.address, "via", droplet, "table", str(mark))
            self.net.router.run("ip", *family.split(), "rule", "add", "fwmark", str(mark), "table", str(mark))


def translate(net, address):
    """As IPVS does: the router knows a flow by its client and server. What leaves the server for that port of the client
    gets the source that the flow was made for, whatever it answers."""
    ip, droplet = net.plan.nft, net.plan.droplet["boot-01"]
    net.router.ip(f"route add {address} dev lan")
    net.router.nft(f"""
        table inet ipvs {{
            set flows {{ type {net.plan.nft_address} . inet_proto . inet_service; size 4096; flags dynamic; }}
            chain in {{
                type filter hook prerouting priority -400;
                iifname outside {ip} daddr {address} add @flows {{ {ip} saddr . meta l4proto . th sport }}
                iifname outside {ip} daddr {address} {ip} daddr set {droplet} notrack
                iifname lan {ip} saddr {droplet} {ip} daddr . meta l4proto . th dport @flows {ip} saddr set {address} notrack
            }}
        }}
    """)


@scenario
def server_and_translated_address_from_one_client(net):
    """No port leads to both: the answers of one flow would be translated as those of the other."""
    address = net.plan.floating[:-1] + "9"
    translate(net, address)
    edge = {"name": "edge", "role": "floating", "address": address, "server": "boot-01"}
    targets = [*list(net.targets())[:2], edge]
    check = net.check(targets, options=ROUND)
    check.expect({"target": "edge"}, **UP)
    check.rest_is_healthy()


@scenarios(*TWICE)
def both_answer_on_purpose(net, privilege):
    net.deprive(privilege)
    balanced = Balanced(net)
    balanced.split()
    targets = balanced.targets(holders="many", protocols=["udp"])
    check = net.check(targets, options=ROUND)
    check.expect({"target": "edge"}, **UP)
    check.require(check.done.returncode == 0, "all is as configured")
    daemon = net.run_daemon(targets)
    daemon.wait_for({"target": "edge"}, state="up")
    daemon.wait_for({"target": "boot-01", "protocol": "udp", "flow": "held"}, state="up")
    net.check(targets, options=ROUND)
    if len(changes := daemon.changes({"target": "edge"})) > 2:
        raise Failure(f"nothing has changed: {changes}")


@scenario
def without_the_key_both_readings_are_told(net):
    balanced = Balanced(net)
    balanced.split()
    check = net.check(balanced.targets(protocols=["udp"]), options=ROUND)
    for row in check.expect({"target": "edge"}, state="up", cause="duplicate-address"):
        check.told(row, "if several servers have this address on purpose", "`holders: many`")
        check.require("remove the address" in row["advice"] and "holders: many" in row["advice"], "both readings", row)


@scenario
def one_of_them_is_dead(net):
    """The router does not know: its share of the flows is lost."""
    balanced = Balanced(net)
    net.servers["boot-02"].host.nft(DEAD)
    flows = {"held": 4, "fresh": 1}
    targets = balanced.targets(holders="many", flows=flows)
    check = net.check(targets, options=ROUND)
    check.expect({"target": "boot-02"}, state="down", cause="server-down")
    rows = check.expect({"target": "edge", "protocol": "udp", "flow": "fresh"}, state="lossy", cause="some-ports")
    rows += check.expect({"target": "edge", "protocol": "tcp"}, state="lossy", cause="some-ports")
    for row in rows:
        check.told(row, "boot-02 answered 0", "boot-02, which should answer here too, is silent")
    check.expect({"target": "edge", "flow": "held"}, state={"up", "down"}, cause={"none", "some-ports"})


@scenario
def one_dies(net):
    """In `run` its share of the new ports makes rows of losses by chance: they are no outage each."""
    balanced = Balanced(net)
    targets = balanced.targets(holders="many", flows={"held": 4, "fresh": 1})
    daemon = net.run_daemon(targets, every="100ms")
    new = [{"target": "edge", "protocol": protocol, "flow": "fresh"} for protocol in PROTOCOLS]
    for path in new:
        daemon.wait_for(path, state="up")
    net.servers["boot-02"].host.nft(DEAD)
    for path in new:
        daemon.wait_for(path, state="lossy", cause="some-ports", seconds=60)
    before = [daemon.changes(path) for path in new]
    net.check(targets, options=("--count", "100", "--spacing", "100ms", "--timeout", "500ms"))
    if (after := [daemon.changes(path) for path in new]) != before:
        raise Failure(f"nothing has changed: {before}, {after}")
    net.servers["boot-02"].host.nft("delete table inet own")
    for path in new:
        daemon.wait_for(path, state="up", cause="none")


@scenario
def one_answers_into_the_void(net):
    """boot-02 is alive and receives its share. Its answers from this address are lost."""
    balanced = Balanced(net)
    mac = net.servers["boot-02"].host.mac()
    net.router.nft(f"""
        add rule inet fault cut_forward iifname lan ether saddr {mac} {net.plan.nft} saddr {balanced.address} drop
    """)
    targets = balanced.targets(holders="many", flows={"held": 4, "fresh": 1})
    check = net.check(targets, options=ROUND)
    (fresh,) = check.expect({"target": "edge", "protocol": "udp", "flow": "fresh"}, state="lossy", direction="return",
                            cause={"some-ports", "unexplained"})  # fmt: skip
    check.told(fresh, "boot-02 answered 0", "boot-02 received")
    check.expect({"target": "edge", "protocol": "tcp"}, state="lossy", direction={"return", "unknown"},
                 cause={"some-ports", "unexplained"})  # fmt: skip
    check.expect({"target": "edge", "flow": "held"}, state={"up", "down"}, direction={"none", "return"})
    for name in ("boot-01", "boot-02"):
        check.expect({"target": name}, state="up", cause="none")


@scenario
def all_of_them_are_cut_off(net):
    """No way leads to the address: that is no matter of one of them."""
    balanced = Balanced(net)
    net.cut("forward", balanced.address)
    check = net.check(balanced.targets(holders="many"), options=())
    check.expect({"target": "edge"}, state="down", direction="forward", cause="unexplained")
    for name in ("boot-01", "boot-02"):
        for protocol in PROTOCOLS:
            check.expect({"target": name, "protocol": protocol}, state="up", cause="none")


if __name__ == "__main__":
    main()
