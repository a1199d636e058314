"""The provider's network, floatprobe in it, and what its results have to look like.

      client ──────── [nat] ──────── router ─────────┬──────── boot-01
                   only if asked   the provider      │         droplet and anchor address
                                   floating ─DNAT─►  │         on one interface
                                   anchor of the     │
                                   holder            └──────── boot-02 (the same)

          IPv4                           IPv6
client    198.51.100.2                   2001:db8:51::2        behind nat: 198.19.0.2, 2001:db8:19::2
floating  203.0.113.7                    2001:db8:113::7       held by nobody: only the router knows it
droplets  198.18.1.5     198.18.1.6      2001:db8:1::5  ::6
anchors   198.18.18.26   198.18.18.27    2001:db8:18::26 ::27  not reachable from outside
"""

import argparse
import dataclasses
import json
import os
import re
import sys
import tempfile

import lab
from lab import Failure, Host, link, wait_until

PORT = 8620
STAMP_PORT = 862
PROTOCOLS = ("udp", "tcp")
NO_CAPABILITY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
TWICE = [("privileged",), ("unprivileged",)]  # scenarios(*TWICE): with servers that may look at the link, and without
QUICK = ("--count", "5", "--spacing", "50ms", "--timeout", "500ms")


@dataclasses.dataclass(frozen=True)
class Plan:
    """Addresses of one family. Networks are given without their last part."""

    nft: str  # name of the family, and of its address type, in nft
    nft_address: str
    icmp: str
    bits: int
    outside: str  # router 1, client (or nat) 2
    private: str  # nat 1, client 2
    droplets: str  # router 1, boot-01 5, boot-02 6
    anchors: str  # router 1, boot-01 26, boot-02 27
    floating: str
    everything: str

    def add(self, address, device):
        """The ip command that gives a device an address, which is usable at once."""
        return f"addr add {address}/{self.bits} dev {device}{' nodad' if self.nft == 'ip6' else ''}"

    @property
    def droplet(self):
        return {"boot-01": f"{self.droplets}5", "boot-02": f"{self.droplets}6"}

    @property
    def anchor(self):
        return {"boot-01": f"{self.anchors}26", "boot-02": f"{self.anchors}27"}


PLANS = {
    4: Plan("ip", "ipv4_addr", "icmp", 24,
            "198.51.100.", "198.19.0.", "198.18.1.", "198.18.18.", "203.0.113.7", "0.0.0.0/0"),
    6: Plan("ip6", "ipv6_addr", "icmpv6", 64,
            "2001:db8:51::", "2001:db8:19::", "2001:db8:1::", "2001:db8:18::", "2001:db8:113::7", "::/0"),
}  # fmt: skip

# The provider's own work, and the places where scenarios break something. Faults see addresses as the client does:
# on the way in before the translation, on the way back after it.
ROUTER_RULES = """
table {nft} provider {{
	map holder {{ type {nft_address} : {nft_address}; }}
	chain floating {{ type nat hook prerouting priority dstnat; dnat to {nft} daddr map @holder; }}
	chain isolation {{ type filter hook prerouting priority raw; iifname "outside" {nft} daddr {anchors}0/{bits} drop; }}
}}
table inet fault {{
	chain cut_forward {{ type filter hook prerouting priority -310; }}
	chain cut_return {{ type filter hook postrouting priority 200; }}
}}
"""

NAT_RULES = """
table {nft} nat {{
	chain out {{ type nat hook postrouting priority srcnat; oifname "eth0" masquerade {ports}; }}
}}
"""


def yaml(value, indent=""):
    """Enough of YAML for configurations: dictionaries, lists of them, lists of scalars, scalars."""
    if isinstance(value, dict):
        return f"\n{indent}".join(
            f"{key}:{_yaml_break(each, indent)}{yaml(each, indent + '  ')}" for key, each in value.items()
        )
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"\n{indent}".join(f"- {yaml(each, indent + '  ')}" for each in value)
    if isinstance(value, list):
        return f"[{', '.join(yaml(each) for each in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _yaml_break(value, indent):
    nested = isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
    return f"\n{indent}  " if nested else " "


class Provider:
    """One network, built anew for each scenario."""

    def __init__(self, family, binaries):
        self.plan = PLANS[family]
        self.binaries = binaries
        self.hosts = []
        self.servers = {}
        self.files = tempfile.mkdtemp(dir=lab.WORK)
        self.key = self.keygen("fra-home")

    def keygen(self, name):
        """Make a secret key file NAME.key; returns the public key."""
        return lab.command([self.program("floatprobe"), "keygen", "-o", f"{self.files}/{name}.key"]).stdout.strip()

    def program(self, name):
        return f"{self.binaries}/{name}"

    def write(self, name, content):
        path = f"{self.files}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(yaml(content) + "\n")
        return path

    def host(self, name):
        host = Host(name)
        self.hosts.append(host)
        return host

    # --- topology

    def build(self):
        self.client, self.router = self.host("client"), self.host("router")
        self._forwarding(self.router)
        link(self.client, "eth0", self.router, "outside")
        self.router.ip(self.plan.add(f"{self.plan.outside}1", "outside"), *self._lan_lines())
        self._address_client(self.client, self.plan.outside)
        self.router.nft(ROUTER_RULES.format(**dataclasses.asdict(self.plan)))
        for name in ("boot-01", "boot-02"):
            self._add_server(name)
        self.repoint("boot-01")
        self.settle()
        for server in self.servers.values():
            server.start()

    def deprive(self, privilege):
        """Servers go on without any capability, if that is what the scenario is about."""
        for server in self.servers.values() if privilege == "unprivileged" else ():
            server.restart(NO_CAPABILITY)

    def peers_of(self, server):
        return {
            other.name: {"key": other.key, "address": self.plan.droplet[other.name]}
            for other in self.servers.values() if other is not server
        }  # fmt: skip

    def restart_as_peers(self, under=(), **changes):
        for server in self.servers.values():
            server.stop()
            server.start(under, peers=self.peers_of(server), **changes)

    def finish(self):
        """Whatever a scenario did to them, servers run on, and end well."""
        for server in self.servers.values():
            server.stop()

    def settle(self):
        for host in self.hosts:
            wait_until(f"{host.name} may use its addresses", host.settled)

    def _lan_lines(self):
        yield "link add lan type bridge"
        yield "link set lan up"
        for prefix in (self.plan.droplets, self.plan.anchors):
            yield self.plan.add(f"{prefix}1", "lan")

    def _forwarding(self, host):
        """A router. What is only bridged does not pass its rules."""
        host.sysctl("ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1")
        if os.path.exists("/proc/sys/net/bridge"):
            host.sysctl(*(f"bridge.bridge-nf-call-{table}tables=0" for table in ("ip", "ip6", "arp")))

    def _address_client(self, host, prefix):
        host.ip(self.plan.add(f"{prefix}2", "eth0"), f"route add {self.plan.everything} via {prefix}1")

    def _add_server(self, name):
        server = self.host(name)
        link(server, "eth0", self.router, name)
        self.router.ip(f"link set {name} master lan")
        server.ip(
            self.plan.add(self.plan.droplet[name], "eth0"),
            self.plan.add(self.plan.anchor[name], "eth0"),
            f"route add {self.plan.everything} via {self.plan.droplets}1 src {self.plan.droplet[name]}",
        )
        self.servers[name] = Server(self, server, name)

    def add_other_family(self):
        """The client and boot-01's droplet get addresses of the other family as well. Returns the droplet's target."""
        plan = PLANS[4 if self.plan.nft == "ip6" else 6]
        droplet = plan.droplet["boot-01"]
        self.client.ip(plan.add(f"{plan.outside}2", "eth0"), f"route add {plan.everything} via {plan.outside}1")
        self.router.ip(plan.add(f"{plan.outside}1", "outside"), plan.add(f"{plan.droplets}1", "lan"))
        self.servers["boot-01"].host.ip(
            plan.add(droplet, "eth0"), f"route add {plan.everything} via {plan.droplets}1"
        )
        self.settle()
        return {"name": "boot-01-other", "role": "droplet", "address": droplet, "server": "boot-01"}

    def put_client_behind_nat(self, ports="random"):
        """The client's old place becomes a router that translates everything; the client moves behind it. ports: how
        nft chooses source ports (random, fully-random, or "": it keeps them if they are free)."""
        nat = self.nat = self.client
        self.client = self.host("home")
        link(self.client, "eth0", nat, "inside")
        self._forwarding(nat)
        nat.ip(self.plan.add(f"{self.plan.private}1", "inside"))
        self._address_client(self.client, self.plan.private)
        nat.nft(NAT_RULES.format(nft=self.plan.nft, ports=ports))
        self.settle()

    def put_client_on_lan(self):
        """The client moves: no router stands between it and the servers any more. Returns its new address."""
        self.client = self.host("home")
        link(self.client, "eth0", self.router, "home")
        self.router.ip("link set home master lan")
        self.client.ip(self.plan.add(f"{self.plan.droplets}9", "eth0"))
        self.settle()
        return f"{self.plan.droplets}9"

    def put_client_behind_proxy(self):
        """The client moves: it has an address of the servers' link, but the router stands between, and answers for each
        of them in its own name (proxy ARP, proxy ND). Returns its new address."""
        address = f"{self.plan.droplets}9"
        self.client = self.host("home")
        link(self.client, "eth0", self.router, "far")
        self.router.sysctl("ipv4.conf.all.proxy_arp=1", "ipv6.conf.all.proxy_ndp=1")
        self.router.sysctl(*(f"ipv{v}.neigh.{link}.proxy_delay=0" for v in (4, 6) for link in ("far", "lan")))
        self.router.ip(f"route add {address} dev far")
        if ":" in address:
            self.router.ip(f"neigh add proxy {address} dev lan")
            self.router.ip(*(f"neigh add proxy {droplet} dev far" for droplet in self.plan.droplet.values()))
        self.client.ip(self.plan.add(address, "eth0"))
        self.settle()
        return address

    def second_vantage(self, prefix, bridge=None, behind_nat=False):
        """Another client with a key of its own, that the servers know from now on: on this link (its address ends in 2)
        of the router's or of the NAT's, or on the bridge (in 10). Returns its host."""
        host = self.host("office")
        router = self.nat if behind_nat else self.router
        link(host, "eth0", router, "office")
        if bridge:
            self.router.ip(f"link set office master {bridge}")
            host.ip(self.plan.add(f"{prefix}10", "eth0"))
        else:
            router.ip(self.plan.add(f"{prefix}1", "office"))
            self._address_client(host, prefix)
        clients = {"fra-home": self.key, "ber-office": self.keygen("ber-office")}
        for server in self.servers.values():
            server.stop()
            server.start(clients=clients)
        self.settle()
        return host

    def repoint(self, server, forget=True):
        """Move the floating address; the router forgets who held it, or goes on to translate flows that it knows."""
        holder = f"{self.plan.nft} provider holder"
        self.router.nft(
            f"flush map {holder}\nadd element {holder} {{ {self.plan.floating} : {self.plan.anchor[server]} }}\n"
        )
        if forget:
            self.router.forget_flows()

    def more_floating(self, names, protocols=PROTOCOLS):
        """Further floating addresses of boot-01, so that each may have a fault of its own. Returns their targets."""
        holder, anchor = f"{self.plan.nft} provider holder", self.plan.anchor["boot-01"]
        targets = [
            {"name": name, "role": "floating", "address": f"{self.plan.floating[:-1]}{number}",
             "server": ["boot-01", "boot-02"], "protocols": list(protocols)}
            for number, name in enumerate(names, 20)
        ]  # fmt: skip
        for target in targets:
            self.router.nft(f"add element {holder} {{ {target['address']} : {anchor} }}\n")
        return targets

    # --- faults

    def cut(self, direction, address=None, protocol=None, also="", verdict="drop", link="outside"):
        """Break one direction at the router: of one address and protocol, or of all, for who is at that link of the
        router's. `also`: more conditions."""
        interface, end = {"forward": ("iifname", "d"), "return": ("oifname", "s")}[direction]
        rule = f'{interface} "{link}"'
        if address:
            rule += f" {self.plan.nft} {end}addr {address}"
        rule += f" {protocol} {end}port {PORT}" if protocol else f" meta l4proto {{ tcp, udp }} th {end}port {PORT}"
        self.router.nft(f"add rule inet fault cut_{direction} {rule} {also} {verdict}\n")

    def heal(self):
        self.router.nft("flush chain inet fault cut_forward\nflush chain inet fault cut_return\n")

    # --- the client

    def targets(self):
        """Both droplets, and the floating address that either may hold."""
        plan = self.plan
        for name, droplet in plan.droplet.items():
            yield {"name": name, "role": "droplet", "address": droplet, "server": name}
        yield {"name": "bootnode", "role": "floating", "address": plan.floating, "server": ["boot-01", "boot-02"]}

    def config(self, targets=None, vantage="fra-home", **more):
        return self.write(f"{vantage}.yaml", {
            "vantage": vantage,
            "key": f"{vantage}.key",
            "servers": {name: server.key for name, server in self.servers.items()},
            "targets": list(targets or self.targets()),
            **more,
        })  # fmt: skip

    def check(self, targets=None, options=QUICK, under=(), host=None, **more):
        """One round of `floatprobe check`, by the client or on another host; its rows have to be consistent whatever they
        say."""
        file = self.config(targets, **more)
        done = (host or self.client).run(
            *under, self.program("floatprobe"), "check", "--config", file, "--format", "json", *options, status=None
        )
        return Check(self, done)


    def run_daemon(self, targets=None, every="50ms", vantage="fra-home", host=None, under=(), **more):
        """`floatprobe run`, with a schedule that is quick; on another host than the client, if one is given."""
        schedules = {"quick": {"every": every, "timeout": "300ms"}}
        targets = [dict(target, schedule="quick") for target in targets or self.targets()]
        file = self.config(targets, vantage, schedules=schedules, journal=f"{vantage}.jsonl", **more)
        return Daemon(self, file, f"{self.files}/{vantage}.jsonl", host or self.client, under)


class Daemon:
    """`floatprobe run`, and what its journal says."""

    def __init__(self, network, file, journal_file, host, under=()):
        self._journal = journal_file
        self.process = host.start(*under, network.program("floatprobe"), "run", "--config", file)

    def journal(self):
        return journal(self._journal)

    def changes(self, where):
        """What the paths with these naming fields changed to, in order."""
        return [line["to"] for line in self.journal() if line["type"] == "change" and where.items() <= line.items()]

    def wait_for(self, where, seconds=20, **standing):
        """Wait until the newest change of these paths says so."""

        def stands():
            if not self.process.running():
                raise Failure(f"floatprobe run ended:\n{self.process.output()}")
            changes = self.changes(where)
            return changes and standing.items() <= changes[-1].items()

        try:
            wait_until(f"{where} is {standing}", stands, seconds)
        except Failure as failure:
            raise Failure(f"{failure}: {json.dumps(self.changes(where)[-3:])}") from failure


class Server:
    """floatprobed on one of the two hosts."""

    def __init__(self, network, host, name):
        self.network, self.host, self.name = network, host, name
        self.key = network.keygen(name)
        self.process = None
        self.changes = {}

    def config(self, **changes):
        return self.network.write(f"{self.name}.yaml", {
            "name": self.name,
            "key": f"{self.name}.key",
            "clients": {"fra-home": self.network.key},
            "journal": f"{self.name}.jsonl",
            **changes,
        })  # fmt: skip

    def restart(self, under=()):
        """With the same configuration."""
        self.stop()
        self.start(under, **self.changes)

    def start(self, under=(), **changes):
        """under: a program that runs it, with its arguments."""
        self.changes = changes
        program = (*under, self.network.program("floatprobed"))
        last = changes.get("listen", {}).get("protocols", ["tcp"])[-1]  # it opens UDP first
        self.process = self.host.start(*program, "--config", self.config(**changes))
        wait_until(f"{self.name} listens", lambda: self._listens(last))

    def _listens(self, protocol):
        if not self.process.running():
            raise Failure(f"{self.name} ended at its start:\n{self.process.output()}")
        return self.host.listens(protocol, PORT)

    def stop(self):
        """End it the ordinary way, unless that was done before. One that ended by itself is a failure."""
        process, self.process = self.process, None
        if process and not process.running():
            raise Failure(f"{self.name} ended by itself:\n{process.output()}")
        if process and (status := process.stop()):
            raise Failure(f"{self.name}: exit status {status} on SIGTERM\n{process.output()}")

    def journal(self):
        return journal(f"{self.network.files}/{self.name}.jsonl")


_journals = {}  # path: (file, how much of it was read, its lines)


def journal(path):
    """The whole lines of a journal, none yet if it is not there yet. Each is read once, as whoever waits for one looks often."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        number = os.fstat(file.fileno()).st_ino
        known, at, lines = _journals.get(path, (number, 0, []))
        if known != number:  # it was rotated
            at, lines = 0, []
        file.seek(at)
        text = file.read().rpartition(b"\n")[0]
    lines += map(json.loads, text.splitlines())
    _journals[path] = number, at + len(text) + (1 if text else 0), lines
    return list(lines)


# --- what results have to look like -----------------------------------------------------------------------------------

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z").fullmatch
_COUNTS = ("sent", "answered", "forward_lost", "return_lost", "lost")
_CAUSES = set(
    "none unexplained unpinned-reply wrong-source stale-neighbour duplicate-address failover stuck-flow"
    " first-packet-only some-ports size-limit data-filtered protocol-filtered refused unreachable prohibited server-down"
    " holder-down not-assigned misdelivered server-firewall bad-checksum impostor not-authorised clock-skew local".split()
)


def _unsent(row):
    """This host itself takes no datagram of this size."""
    return row["cause"] == "size-limit" and row["sent"] == 0


_FIELDS = {  # the fields that every path object has, whatever the scenario
    "time": _TIME,
    "since": _TIME,
    "vantage": lambda v: v in ("fra-home", "ber-office"),
    "target": lambda v: isinstance(v, str),
    "role": lambda v: v in ("droplet", "floating", "anchor"),
    "address": lambda v: isinstance(v, str),
    "port": lambda v: v in (PORT, STAMP_PORT),
    "protocol": lambda v: v in ("udp", "tcp", "stamp"),
    "size": lambda v: v is None or isinstance(v, int),
    "flow": lambda v: v in ("held", "fresh"),
    "state": lambda v: v in ("up", "lossy", "down", "unknown"),
    "direction": lambda v: v in ("none", "forward", "return", "both", "unknown"),
    "cause": lambda v: v in _CAUSES,
    **{count: lambda v: isinstance(v, int) and v >= 0 for count in _COUNTS},
    "unsent": lambda v: isinstance(v, int) and v >= 0,
    "server": lambda v: v is None or isinstance(v, str),
    "arrived_on": lambda v: v is None or (isinstance(v, str) and "ffff" not in v),
    "rtt_ms": lambda v: v is None or 0 <= v["min"] <= v["median"] <= v["p99"] <= v["max"],
    "expected": lambda v: isinstance(v, bool),
    "evidence": lambda v: isinstance(v, list) and all(isinstance(s, str) and s for s in v),
    "advice": lambda v: v is None or isinstance(v, str),
}
_RULES = {  # name: what must hold in every row
    "the losses add up": lambda r: r["sent"] == sum(r[count] for count in _COUNTS[1:]),
    "TCP is one fresh row without a size": lambda r: (r["size"] is None) == (r["protocol"] == "tcp")
    and (r["protocol"] != "tcp" or r["flow"] == "fresh"),
    "up means that nothing was lost": lambda r: (r["state"] == "up") == (0 < r["sent"] == r["answered"]),
    "down means that nothing came": lambda r: r["state"] != "down" or r["answered"] == 0 < r["sent"] or _unsent(r),
    "lossy is in between": lambda r: r["state"] != "lossy" or 0 < r["answered"] < r["sent"],
    "up has no direction": lambda r: (r["state"] == "up") == (r["direction"] == "none") or not r["sent"],
    "only up has no cause": lambda r: r["cause"] != "none" or r["state"] == "up",
    "a cause has evidence": lambda r: r["cause"] in ("none", "unexplained") or r["evidence"],
    "forward is proven": lambda r: r["direction"] != "forward" or r["forward_lost"] > 0 == r["return_lost"] or _unsent(r),
    "return is proven": lambda r: r["direction"] != "return" or r["return_lost"] > 0 == r["forward_lost"],
    "both are proven": lambda r: (r["direction"] == "both") == (r["forward_lost"] > 0 and r["return_lost"] > 0),
    "a round trip needs an answer": lambda r: (r["rtt_ms"] is None) == (r["answered"] == 0),
}

# What the rows of a cut path have in common.
DOWN = {"state": "down", "server": None, "expected": False, "answered": 0}


class Check:
    """What one `floatprobe check --format json` said. Scenarios name the rows that are not healthy, then the rest."""

    def __init__(self, network, done):
        self.network, self.done = network, done
        self.lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.rows = [line for line in self.lines if line["type"] == "path"]
        self._open = list(self.rows)
        for row in self.rows:
            self._consistent(row)
        self.require(self.rows, "no path at all")
        expected = all(row["expected"] for row in self.rows)
        self.require(done.returncode == (0 if expected else 1), f"exit status {done.returncode}")

    def require(self, condition, what, row=None):
        if not condition:
            shown = json.dumps(row, indent=1) if row else self.done.stdout
            raise Failure(f"{what}\n{shown}\n{self.done.stderr}")

    def _consistent(self, row):
        for field, valid in _FIELDS.items():
            self.require(field in row and valid(row[field]), f"field {field}", row)
        for rule, holds in _RULES.items():
            self.require(holds(row), rule, row)

    def expect(self, where, **fields):
        """All rows with the naming fields `where` say `fields`; a set holds alternatives. Returns the rows."""
        found = [row for row in self.rows if all(row[key] == value for key, value in where.items())]
        self.require(found, f"no row with {where}")
        for row in found:
            for field, wanted in fields.items():
                said = row[field]
                good = said in wanted if isinstance(wanted, set) else said == wanted
                self.require(good, f"{field} is {said!r}, not {wanted!r}", row)
            if row in self._open:
                self._open.remove(row)
        return found

    def told(self, row, *words):
        """The evidence says so."""
        for word in words:
            self.require(any(word in sentence for sentence in row["evidence"]), f"the evidence lacks {word!r}", row)

    def healthy(self, where, server, arrived_on):
        return self.expect(where, state="up", direction="none", cause="none", server=server, arrived_on=arrived_on,
                           expected=True, lost=0, forward_lost=0, return_lost=0)  # fmt: skip

    def rest_is_healthy(self, holder="boot-01"):
        """Every row that no expect() has named yet."""
        plan = self.network.plan
        for row in list(self._open):
            where = {key: row[key] for key in ("target", "protocol", "size", "flow")}
            if row["role"] == "floating":
                self.healthy(where, holder, plan.anchor[holder])
            else:
                self.healthy(where, row["target"], plan.droplet[row["target"]])


# --- the programs -----------------------------------------------------------------------------------------------------

_BUILD = os.path.join(os.path.dirname(__file__), "../../build/bin")
_scenarios = {}  # by name
_functions = {}  # that they were made of, by name
_once = set()  # names


def scenario(function, *arguments):
    """A function that takes a network, and further arguments, which then become part of the scenario's name."""
    name = "_".join((function.__name__, *arguments))
    _scenarios[name] = lambda network: function(network, *arguments)
    _functions[name] = function
    return function


def scenarios(*choices):
    """Decorator: one scenario for each choice of arguments."""
    return lambda function: [scenario(function, *arguments) for arguments in choices] and function


def once(function):
    """Decorator of a scenario whose faults and answers do not depend on the family: it runs for IPv4 alone."""
    _once.update(name for name, made_by in _functions.items() if made_by is function)
    return function


def main():
    """Run the scenarios of the program that called: all, or those named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", type=int, choices=PLANS, default=4)
    parser.add_argument("--bin", default=_BUILD, help="where the programs are")
    parser.add_argument("scenario", nargs="*", help=", ".join(_scenarios))
    options = parser.parse_args()
    if unknown := set(options.scenario) - set(_scenarios):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    options.bin = os.path.abspath(options.bin)
    lab.enter()
    wanted = options.scenario or [name for name in _scenarios if options.family == 4 or name not in _once]
    chosen = {name: run for name, run in _scenarios.items() if name in wanted}
    sys.exit(lab.run_scenarios(chosen, lambda: Provider(options.family, options.bin)))
