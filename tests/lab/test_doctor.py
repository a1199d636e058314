#!/usr/bin/python3 -B
"""`floatprobe doctor` on real hosts whose settings are wrong: what it finds, and whether its commands mend it.

    boot-01, the provider's    eth0 ──── lan     droplet and anchor, as the provider has them
    network around it          eth1 ──── lan     only if asked: a network of its own, or the same one once more
"""

import json

from lab import Failure, link, wait_until
from provider import main, scenario

NOTES = {"clock", "accept-dad", "way-back-gateway", "rmem-max", "udp-overflows", "listen-overflows",
         "conntrack-udp-long", "no-way-out", "same-peer"}  # fmt: skip

# UDP servers on all addresses: without and with a care for where they were asked.
SERVER = """
import socket, sys
family = socket.AF_INET6 if sys.argv[1] == "ip6" else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if sys.argv[2] == "pinned" and family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, 8, 1)
elif sys.argv[2] == "pinned":
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
s.bind((sys.argv[4] if len(sys.argv) > 4 else "", int(sys.argv[3])))
s.recv(1)
"""


def doctor(net, host, *options):
    """The findings by id. Exit status and severities have to agree, and nothing else may be on stdout."""
    done = host.run(net.program("floatprobe"), "doctor", "--format", "json", *options, status=None)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = any(line["severity"] in ("error", "warning") for line in lines)
    if done.returncode != int(wrong) or any(line["type"] != "finding" for line in lines):
        raise Failure(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    findings = {}
    for line in lines:
        findings.setdefault(line["id"], []).append(line)
    return findings


def require(findings, rule, severity, *words):
    """Exactly one finding of this rule, that says so. Returns it."""
    found = findings.get(rule, [])
    if len(found) != 1 or found[0]["severity"] != severity or not all(word in found[0]["seen"] for word in words):
        raise Failure(f"{rule}: not one {severity} with {words}\n{json.dumps(findings, indent=1)}")
    return found[0]


def nothing_wrong(findings):
    if surplus := {rule for rule in findings if rule not in NOTES}:
        raise Failure(f"false alarm: {surplus}\n{json.dumps(findings, indent=1)}")


def mend(host, finding):
    """Its command is complete and does what it says."""
    host.run("sh", "-c", finding["command"])


def boot(net):
    return net.servers["boot-01"].host


def ip(net, host, command):
    return host.run("ip", "-6" if net.plan.nft == "ip6" else "-4", *command.split()).stdout


def listen(net, host, kind, port, *address):
    def sockets():
        return host.run("ss", "-Hlnu", f"sport = :{port}").stdout.count("\n")

    before = sockets()
    host.start("/usr/bin/python3", "-c", SERVER, net.plan.nft, kind, str(port), *address)
    wait_until(f"a {kind} server listens", lambda: sockets() > before)


def second_interface(net, *lines):
    """eth1, into the same bridge."""
    link(boot(net), "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    boot(net).ip(*lines)
    wait_until("its addresses are there", boot(net).settled)


@scenario
def healthy(net):
    """A false alarm is the worst that can happen: the lab's hosts all work."""
    for host in net.hosts:
        nothing_wrong(doctor(net, host))
    nothing_wrong(doctor(net, net.client, "--config", net.config()))
    nothing_wrong(doctor(net, boot(net), "--config", net.servers["boot-01"].config()))


@scenario
def unpinned(net):
    host, plan = boot(net), net.plan
    listen(net, host, "unpinned", 30303)
    found = require(doctor(net, host), "unpinned-listener", "warning", "30303", "python3",
                    plan.anchor["boot-01"], plan.droplet["boot-01"])  # fmt: skip
    if plan.anchor["boot-01"] not in found["permanent"]:
        raise Failure(found)


@scenario
def servers_that_may_do_as_they_do(net):
    """One that asks where it was asked, one that is bound to the anchor, and one with a socket for each address."""
    host, plan = boot(net), net.plan
    listen(net, host, "pinned", 30303)
    listen(net, host, "unpinned", 30304, plan.anchor["boot-01"])
    listen(net, host, "unpinned", 30305)
    listen(net, host, "unpinned", 30305, plan.anchor["boot-01"])
    listen(net, host, "unpinned", 50000)  # a client's own port
    nothing_wrong(doctor(net, host))


@scenario
def black_hole(net):
    """A policy rule takes the anchor's answers to where there is nothing; the gateway is known from another route."""
    host, plan = boot(net), net.plan
    ip(net, host, f"rule add from {plan.anchor['boot-01']} lookup 200")
    ip(net, host, "route add blackhole default table 200")
    ip(net, host, f"route add default via {plan.anchors}1 dev eth0 metric 5000")
    found = require(doctor(net, host), "no-way-back", "error", plan.anchor["boot-01"], "policy rule")
    net.check().expect({"target": "bootnode", "protocol": "udp"}, state="down", direction="return")
    mend(host, found)
    nothing_wrong(doctor(net, host))
    net.check().rest_is_healthy()


@scenario
def way_back_elsewhere(net):
    """An anchor on an interface of its own, without and with the knowledge that it is one."""
    plan, address = net.plan, f"{net.plan.private}9"
    net.router.ip(plan.add(f"{plan.private}1", "lan"))
    second_interface(net, plan.add(address, "eth1"))
    boot(net).sysctl("ipv4.conf.all.rp_filter=0", "ipv4.conf.eth1.rp_filter=1", "ipv4.conf.all.forwarding=1")
    if plan.nft == "ip":
        require(doctor(net, boot(net)), "rp-filter", "note", address)
    config = net.servers["boot-01"].config(listen={"port": 8620, "addresses": [address]})
    findings = doctor(net, boot(net), "--config", config)
    if plan.nft == "ip":
        mend(boot(net), require(findings, "rp-filter", "error", address, "eth0", "eth1"))
    else:
        nothing_wrong({rule: found for rule, found in findings.items() if rule != "way-back"})
    require(doctor(net, boot(net), "--config", config), "way-back", "warning", address, "eth0", "eth1")
    ip(net, boot(net), f"route add default via {plan.private}1 dev eth1 metric 5000")
    mend(boot(net), require(doctor(net, boot(net)), "way-back", "warning", address))
    nothing_wrong(doctor(net, boot(net), "--config", config))


@scenario
def strict_filter_that_drops(net):
    """A public network on an interface of its own, which no route leads back by: nothing from outside comes in."""
    if net.plan.nft == "ip6":  # which has no such filter
        return
    plan, host, address = net.plan, boot(net), f"{net.plan.private}9"

    def comes_in():
        return net.client.run("ping", "-c", "2", "-i", "0.2", "-W", "1", address, status=None).returncode == 0

    net.router.ip(plan.add(f"{plan.private}1", "lan"))
    second_interface(net, plan.add(address, "eth1"))
    net.client.ip(f"route add {address} via {plan.outside}1")
    host.sysctl("ipv4.conf.all.rp_filter=0", "ipv4.conf.eth1.rp_filter=1", "ipv4.conf.all.arp_ignore=1")
    if comes_in():
        raise Failure("nothing is dropped")
    found = require(doctor(net, host), "rp-filter", "error", address, "eth0", "eth1")
    host.sysctl("ipv4.conf.eth0.forwarding=1")
    require(doctor(net, host), "rp-filter", "note", address)
    host.sysctl("ipv4.conf.eth0.forwarding=0")
    host.ip("route replace default "
            f"nexthop via {plan.droplets}1 dev eth0 nexthop via {plan.private}1 dev eth1")  # fmt: skip
    if not comes_in():
        raise Failure("a next hop by eth1 is not enough")
    if "rp-filter" in (findings := doctor(net, host)):
        raise Failure(findings)
    host.ip(f"route replace default via {plan.droplets}1 dev eth0")
    mend(host, found)
    if not comes_in():
        raise Failure("the command mends nothing")
    nothing_wrong(doctor(net, host))


@scenario
def two_interfaces_in_one_network(net):
    plan = net.plan
    second_interface(net, plan.add(f"{plan.droplets}77", "eth1"))
    findings = doctor(net, boot(net))
    if plan.nft == "ip6":  # neighbour discovery has no flux
        nothing_wrong(findings)
        return
    found = require(findings, "arp-flux", "warning", "eth0", "eth1", f"{plan.droplets}77")
    mend(boot(net), found)
    nothing_wrong(doctor(net, boot(net)))


@scenario
def settings(net):
    """Each wrong for itself, each mended by the command that is told."""
    neighbour = f"ipv{'6' if net.plan.nft == 'ip6' else '4'}.neigh.eth0"
    for setting, rule in (
        ("ipv4.tcp_syncookies=2", "syncookies-always"),
        ("ipv4.tcp_synack_retries=0", "synack-retries"),
        (f"{neighbour}.base_reachable_time_ms=600000", "neighbour-slow"),
        (f"{neighbour}.delay_first_probe_time=600", "neighbour-slow"),
    ):
        boot(net).sysctl(setting)
        findings = doctor(net, boot(net))
        mend(boot(net), require(findings, rule, "warning"))
        nothing_wrong({other: found for other, found in findings.items() if other != rule})
        nothing_wrong(doctor(net, boot(net)))


@scenario
def permanent_neighbour(net):
    gateway = f"{net.plan.droplets}1"
    boot(net).ip(f"neigh replace {gateway} lladdr 02:00:00:00:00:01 nud permanent dev eth0")
    mend(boot(net), require(doctor(net, boot(net)), "neighbour-permanent", "warning", gateway, "eth0"))
    nothing_wrong(doctor(net, boot(net)))


@scenario
def gateway_that_does_not_answer(net):
    gateway, host = f"{net.plan.droplets}1", boot(net)
    net.router.ip("link set lan down")
    host.ip("neigh flush all")
    host.run("ping", "-c", "1", "-W", "1", net.plan.floating, status=None)
    wait_until("the kernel gives up", lambda: "FAILED" in ip(net, host, f"neigh show {gateway}"))
    require(doctor(net, host), "neighbour-failed", "error", gateway)


@scenario
def duplicate_seen_by_the_kernel(net):
    """Two machines with one IPv6 address; over IPv4 the kernel says nothing."""
    if net.plan.nft != "ip6":
        return
    host, address = boot(net), net.plan.droplet["boot-02"]
    host.sysctl("ipv6.conf.eth0.accept_dad=1")
    host.ip(f"addr add {address}/64 dev eth0")
    wait_until("detection fails", lambda: host.run("ip", "-6", "addr", "show", "dadfailed").stdout)
    require(doctor(net, host), "address-dadfailed", "error", address)


@scenario
def configurations(net):
    """A target without a route, an address to listen on that is not here, and files that are wrong."""
    plan, program = net.plan, net.program("floatprobe")
    ip(net, boot(net), "route del default")
    config = net.config()
    require(doctor(net, boot(net)), "no-way-out", "note")
    require(doctor(net, boot(net), "--config", config), "no-route", "error", plan.floating)
    absent = net.servers["boot-01"].config(listen={"addresses": [f"{plan.droplets}99"]})
    mend(boot(net), require(doctor(net, boot(net), "--config", absent), "listen-absent", "error", f"{plan.droplets}99"))
    found = doctor(net, boot(net), "--config", absent)
    mend(boot(net), require(found, "nonlocal-bind", "note", "IPv6" if plan.nft == "ip6" else "IPv4"))
    nothing_wrong({rule: lines for rule, lines in found.items() if rule != "nonlocal-bind"})
    require(doctor(net, boot(net), "--config", absent), "listen-absent", "error")
    for wrong in ("/nonexistent.yaml", net.servers["boot-01"].config(listen={"port": 0})):
        if "yaml" not in boot(net).run(program, "doctor", "--config", wrong, status=2).stderr:
            raise Failure("the error does not name the file")
    boot(net).run("sh", "-c", f"{program} doctor > /dev/full", status=3)


@scenario
def default_route_in_two_halves(net):
    """As VPNs set it: that is a way out, and whoever is asked over it is looked at as over any other."""
    host, plan = boot(net), net.plan
    for half in ("::/1", "8000::/1") if plan.nft == "ip6" else ("0.0.0.0/1", "128.0.0.0/1"):
        ip(net, host, f"route add {half} via {plan.droplets}1")
    ip(net, host, "route del default")
    findings = doctor(net, host)
    nothing_wrong(findings)
    if "no-way-out" in findings:
        raise Failure(findings)
    listen(net, host, "unpinned", 30303)
    require(doctor(net, host), "unpinned-listener", "warning", plan.anchor["boot-01"], plan.droplet["boot-01"])


@scenario
def virtual_addresses(net):
    """On lo, where the link still asks for it; and without a network, as the source of what the host sends."""
    host, plan = boot(net), net.plan
    vip, whole = f"{plan.droplets}50", 128 if plan.nft == "ip6" else 32
    host.ip(f"addr add {vip}/{whole} dev lo")
    found = doctor(net, host)
    if plan.nft == "ip":
        mend(host, require(found, "vip-on-loopback", "warning", vip, "eth0"))
    nothing_wrong(doctor(net, host))
    ip(net, host, f"route replace default via {plan.droplets}1 src {vip}")
    require(doctor(net, host), "vip-source", "warning", vip, plan.droplet["boot-01"])


@scenario
def routes_that_cover_targets(net):
    host, plan = boot(net), net.plan
    config = net.config()
    host.ip(f"route add local {plan.floating}/{128 if plan.nft == 'ip6' else 32} dev lo table local")
    require(doctor(net, host, "--config", config), "local-route", "error", plan.floating)


@scenario
def the_other_family_has_a_way_out(net):
    host, plan = boot(net), net.plan
    other = ("2001:db8:77::5/64 dev eth0 nodad", "IPv6") if plan.nft == "ip" else ("198.18.77.5/24 dev eth0", "IPv4")
    host.ip(f"addr add {other[0]}")
    require(doctor(net, host), "no-way-out", "warning", other[1])


@scenario
def one_machine_on_two_interfaces(net):
    link(boot(net), "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    for device in ("eth0", "eth1"):
        boot(net).ip(f"neigh replace {net.plan.droplets}1 lladdr {net.router.mac('lan')} dev {device} nud reachable")
    require(doctor(net, boot(net)), "same-peer", "warning", "eth0", "eth1")


@scenario
def a_unit_that_hides_what_is_read(net):
    """As ProcSubset=pid does: what is not read is not fine."""
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc/sys && exec "$@"', "sh")
    done = boot(net).run(*hidden, net.program("floatprobe"), "doctor", status=1)
    if "not-read" not in done.stdout or "nothing wrong" in done.stdout:
        raise Failure(done.stdout)


@scenario
def text(net):
    shown = boot(net).run(net.program("floatprobe"), "doctor", status=0).stdout
    if "nothing wrong" not in shown.splitlines()[-1] or "\x1b" in shown:
        raise Failure(shown)
    boot(net).sysctl("ipv4.tcp_syncookies=2")
    shown = boot(net).run(net.program("floatprobe"), "doctor", status=1).stdout
    if "      $ sysctl -w net/ipv4/tcp_syncookies=1\n" not in shown or "1 warning" not in shown.splitlines()[-1]:
        raise Failure(shown)


if __name__ == "__main__":
    main()
