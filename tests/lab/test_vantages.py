#!/usr/bin/python3 -B
"""Two clients ask about one address: what one alone cannot see, or what only seems to be a fight.

    home   ──── boot-01, as this client sees it
    office ──── boot-02, as that one does
"""

from lab import Failure, wait_until
from lan import SHARED_UDP, Lan
from provider import main, scenario

PATIENCE = 90  # servers are asked about others a few times a minute
SHARED_NEW = {"target": "shared", "protocol": "udp", "flow": "fresh"}


def evidence(daemon, where, cause):
    """The newest word of these paths, if this is their cause."""
    lines = [line for line in daemon.journal() if line["type"] == "path" and where.items() <= line.items()]
    return " ".join(lines[-1]["evidence"]) if lines and lines[-1]["cause"] == cause else ""


@scenario
def two_vantages_that_see_one_each(net):
    """Each has another machine's MAC for the address, and loses nothing."""
    lan = Lan(net)
    lan.take(lan.two)
    seen = {net.client: (lan.one, lan.two), net.second_vantage(net.plan.droplets, "lan"): (lan.two, lan.one)}
    daemons = {}
    for host, (holder, _) in seen.items():
        host.ip(f"neigh replace {lan.shared} lladdr {holder.host.mac()} dev eth0 nud permanent")
        vantage = "fra-home" if host is net.client else "ber-office"
        daemons[host] = net.run_daemon(lan.targets(), vantage=vantage, host=host)
    for host, (holder, rival) in seen.items():
        for where in SHARED_NEW, SHARED_UDP, {"target": "shared", "protocol": "tcp"}:
            daemons[host].wait_for(where, PATIENCE, state="up", server=holder.name, cause="duplicate-address")
            wait_until(f"{where} tells of {rival.name}", lambda: (
                f"{holder.name} answers this client, but {rival.name} receives" in evidence(daemons[host], where, "duplicate-address")
            ))  # fmt: skip
        lan.never(daemons[host], "failover", "stuck-flow")
        if any(to["cause"] == "duplicate-address" for to in daemons[host].changes({"target": "boot-01"})):
            raise Failure("an address that one machine has is said to be held by two")


@scenario
def two_vantages_of_an_address_that_moved(net):
    """Held flows stay with who had it, as the router knows them; new ones go to who has it. Nobody fights."""
    office = net.second_vantage(net.plan.private)
    daemons = [net.run_daemon(), net.run_daemon(vantage="ber-office", host=office)]
    held = {"target": "bootnode", "protocol": "udp", "flow": "held"}
    for daemon in daemons:
        daemon.wait_for(held, state="up", server="boot-01")
    net.repoint("boot-02", forget=False)
    for daemon in daemons:
        daemon.wait_for(held, state="up", server="boot-01", cause="stuck-flow")
        daemon.wait_for({**held, "flow": "fresh"}, state="up", server="boot-02", cause="none")
    told = {daemon: len(daemon.journal()) for daemon in daemons}
    for daemon in daemons:  # long enough for each to ask both: a path is told anew once a minute
        wait_until("a minute is over", lambda: any(
            line["type"] == "path" and line["target"] == "boot-01" for line in daemon.journal()[told[daemon]:]
        ), PATIENCE)  # fmt: skip
        if fights := [to for to in daemon.changes({"target": "bootnode"}) if to["cause"] == "duplicate-address"]:
            raise Failure(f"nobody else has the address, but: {fights}")


if __name__ == "__main__":
    main()
