#!/usr/bin/python3 -B
"""TCP: two vantages at once, one behind a NAT and one not, each with a fault of its own. The SYN's timestamp value names
an attempt at the server; where the server sees no frames, the half-open socket at the port that the NAT keeps.

    home ── nat ── "outside" ─┐
                              router ── boot-01, boot-02
             office ──────────┘
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

from provider import DOWN, main, once, scenarios

OFFICE = {4: "198.18.7.", 6: "2001:db8:7::"}
LINKS = {"home": "outside", "office": "office"}
FAULTS = ("healthy", "forward", "return")
MIXED = [pair for pair in itertools.product(FAULTS, FAULTS) if pair != ("healthy", "healthy")]
# For a server without capability, sockets of one fault of a client may be those of another one.
PARTS = {"all": MIXED, **{"-".join(pair): [pair] for pair in MIXED}}
SEEN = [
    *(("privileged", ports, "all") for ports in ("kept", "random", "fully-random")),
    *itertools.product(("unprivileged",), ("kept", "random"), [part for part in PARTS if part != "all"]),
]
TCP = {"target": "bootnode", "protocol": "tcp"}
CHECK = ("--count", "8", "--spacing", "100ms", "--timeout", "500ms")


def vantages(net, privilege, ports, one_nat=False):
    """Returns the vantages' hosts. one_nat: both are behind it."""
    net.put_client_behind_nat("" if ports == "kept" else ports)
    prefix = OFFICE[6 if net.plan.nft == "ip6" else 4]
    office = net.second_vantage(prefix, behind_nat=one_nat)
    if privilege == "unprivileged":
        net.deprive(privilege)
    return {"home": net.client, "office": office}


def cut(net, faults, address=None):
    for place, fault in faults.items():
        if fault != "healthy":
            net.cut(fault, address, "tcp", link=LINKS[place])


def checks(net, hosts, **how):
    """A round of each vantage, at once."""
    names = {"home": "fra-home", "office": "ber-office"}
    with ThreadPoolExecutor() as pool:
        running = {
            place: pool.submit(net.check, options=CHECK, host=host, vantage=names[place], **how)
            for place, host in hosts.items()
        }  # fmt: skip
        return {place: run.result() for place, run in running.items()}


def expect(check, fault, where, every=True):
    """every: most attempts have their direction, and not only the path. On a busy host a query may come too late."""
    if fault == "healthy":
        return
    for row in check.expect(where, **DOWN, direction=fault):
        check.require(not every or row["lost"] <= row["sent"] // 2, "most attempts have no direction", row)


def expect_nothing_wrong(check, fault, where):
    if fault != "healthy":
        check.expect(where, **DOWN, direction={fault, "unknown"})


@scenarios(*SEEN)
def floating_cut(net, privilege, ports, part):
    """Each pair of faults has a floating address of its own. The droplet's TCP works. Without capability and with ports
    that the NAT changes, its attempts may have no direction."""
    hosts = vantages(net, privilege, ports)
    targets = net.more_floating([f"{home}-{office}" for home, office in PARTS[part]], ("tcp",))
    for target, (home, office) in zip(targets, PARTS[part]):
        cut(net, {"home": home, "office": office}, target["address"])
    for place, check in checks(net, hosts, targets=[*net.targets(), *targets]).items():
        for target, (home, office) in zip(targets, PARTS[part]):
            fault, where = {"home": home, "office": office}[place], {"target": target["name"]}
            if privilege == "privileged":
                expect(check, fault, where)
            elif place == "office" or ports == "kept":
                expect(check, fault, where, every=False)
            else:
                expect_nothing_wrong(check, fault, where)
        check.rest_is_healthy()


@scenarios(*itertools.product(("privileged", "unprivileged"), ("kept", "random"), ("forward", "return")))
def behind_one_nat(net, privilege, ports, fault):
    hosts = vantages(net, privilege, ports, one_nat=True)
    cut(net, {"home": fault}, net.plan.floating)
    for check in checks(net, hosts).values():
        if privilege == "privileged" or ports == "kept":
            expect(check, fault, TCP, every=False)
        else:
            expect_nothing_wrong(check, fault, TCP)
        check.rest_is_healthy()


@once
@scenarios(*itertools.product(("privileged", "unprivileged"), ("kept", "random"), ("forward", "return")))
def without_timestamps(net, privilege, ports, fault):
    """A SYN has no name: its port has to do."""
    hosts = vantages(net, privilege, ports)
    for host in hosts.values():
        host.sysctl("ipv4.tcp_timestamps=0")
    faults = {"home": fault, "office": "return"}
    cut(net, faults, net.plan.floating)
    for place, check in checks(net, hosts).items():
        if place == "office" or ports == "kept":
            expect(check, faults[place], TCP, every=False)
        else:
            expect_nothing_wrong(check, faults[place], TCP)
        check.rest_is_healthy()


@once
@scenarios(*itertools.product(("privileged", "unprivileged"), ("forward", "return")))
def run_of_all_tcp(net, privilege, fault):
    """No TCP works any more: the ports that the NAT keeps were learnt before."""
    net.put_client_behind_nat("")
    net.deprive(privilege)
    daemon = net.run_daemon(every="200ms")
    for name in ("bootnode", *net.servers):
        daemon.wait_for({"target": name, "protocol": "tcp"}, state="up")
    net.cut(fault, protocol="tcp")
    for name in ("bootnode", *net.servers):
        daemon.wait_for({"target": name, "protocol": "tcp"}, state="down", direction=fault)


if __name__ == "__main__":
    main()
