#!/usr/bin/python3 -B
"""Servers that restart, addresses that appear, and a floating address that moves under a flow that has run for long.

    client ─────────── router ─────floating─ ─ ─► boot-01   restarts; gets its anchor address late
    held flow            │      ╲
    floatprobe run       ╰ repoint ──floating───► boot-02   has never seen the flow
"""

from lab import Failure, wait_until
from provider import DOWN, main, scenario

HELD = {"target": "bootnode", "protocol": "udp", "flow": "held"}


def floating_only(net):
    return [target for target in net.targets() if target["role"] == "floating"]


def probes_seen(net):
    """How many UDP probes passed the router since count_probes()."""
    listing = net.router.nft("list counter inet fault probes")
    return int(listing.split("packets ")[1].split()[0])


def count_probes(net, address):
    net.router.nft("add counter inet fault probes\n")
    net.cut("forward", address, "udp", also="counter name probes", verdict="accept")


@scenario
def old_flow_meets_a_new_server(net):
    """The flow's numbers are far past every window when a server sees it for the first time: not one probe may fail."""
    count_probes(net, net.plan.floating)
    daemon = net.run_daemon(floating_only(net), every="5ms")
    daemon.wait_for(HELD, state="up", server="boot-01")
    wait_until("the flow is old", lambda: probes_seen(net) > 2000, seconds=40)
    net.repoint("boot-02")
    daemon.wait_for(HELD, state="up", server="boot-02")
    net.servers["boot-01"].stop()
    old = probes_seen(net)
    wait_until("the flow goes on", lambda: probes_seen(net) > old + 400)
    daemon.process.stop()
    if bad := [to for to in daemon.changes(HELD) if to["state"] != "up"]:
        raise Failure(f"not every probe was answered: {bad}")


@scenario
def server_restarted(net):
    """Its new life knows nothing of the flow; what it says about the time before must not count."""
    server = net.servers["boot-01"]
    daemon = net.run_daemon()
    daemon.wait_for(HELD, state="up", server="boot-01")
    server.stop()
    daemon.wait_for(HELD, state="down", direction="forward", cause="refused")
    server.start()
    for target in ("bootnode", "boot-01"):
        daemon.wait_for({"target": target, "protocol": "udp", "flow": "held"}, state="up", server="boot-01")
        daemon.wait_for({"target": target, "protocol": "tcp"}, state="up", server="boot-01")
    daemon.process.stop()
    if wrong := [to for to in daemon.changes({}) if to["direction"] in ("return", "both")]:
        raise Failure(f"nothing was lost on its way back: {wrong}")
    net.check().rest_is_healthy()


@scenario
def address_added_after_start(net):
    """A server that listens on all addresses also listens on those that come later."""
    host, anchor = net.servers["boot-01"].host, net.plan.anchor["boot-01"]
    host.ip(f"addr del {anchor}/{net.plan.bits} dev eth0")
    check = net.check()
    check.expect({"target": "bootnode"}, **DOWN, arrived_on=None)
    check.rest_is_healthy()
    host.ip(net.plan.add(anchor, "eth0"))
    wait_until("the router finds it", lambda: net.check(floating_only(net)).done.returncode == 0)
    net.check().rest_is_healthy()


if __name__ == "__main__":
    main()
