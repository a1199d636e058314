#!/usr/bin/python3 -B
"""Why a path fails, told apart by comparison: of twins, flows, source ports, sizes, protocols, and frames.

    client ─── floating ──► router ─────────┬──────► boot-01   own firewall: frames come in, datagrams do not
                            DNAT outlives   │
                            its move; drops └──────► boot-02   holds the floating address next
                            by size, port, state

    Each once more with servers that have no capability at all: what they cannot see they may not guess.
"""

from lab import Failure
from provider import DOWN, PORT, TWICE, main, scenario, scenarios

UP = {"state": "up", "direction": "none", "expected": True, "lost": 0}
HELD = {"target": "bootnode", "protocol": "udp", "flow": "held"}
FRESH = {"target": "bootnode", "protocol": "udp", "flow": "fresh"}


def targets_with(net, **more):
    return [{**target, **more} for target in net.targets()]


def drop_on_the_way(net, condition):
    """At the router, where connections are tracked, but not translated yet."""
    net.router.nft(f"""
        table inet tracked {{
            chain forward {{
                type filter hook prerouting priority -150;
                iifname "outside" {net.plan.nft} daddr {net.plan.floating} udp dport {PORT} {condition} drop;
            }}
        }}
    """)


def drop_at_server(net, protocol):
    net.servers["boot-01"].host.nft(f"""
        table inet own {{ chain input {{ type filter hook input priority 0; {protocol} dport {PORT} drop; }}; }}
    """)


@scenarios(*TWICE)
def application_that_does_not_pin(net, privilege):
    """The floating address works for us; who lets the kernel choose the source answers from the droplet address."""
    net.deprive(privilege)
    check = net.check(targets_with(net, unpinned=True), options=())
    for row in check.expect({"target": "bootnode", "protocol": "udp"}, **UP, cause="unpinned-reply", server="boot-01"):
        check.told(row, net.plan.droplet["boot-01"], net.plan.floating)
        check.require("IP_PKTINFO" in row["advice"], "the advice does not help", row)
    check.rest_is_healthy()
    check.require(check.done.returncode == 0, "every translated address has this")


@scenario
def monitoring_is_warned_of_it(net):
    file = net.config(targets_with(net, unpinned=True))
    done = net.client.run(net.program("floatprobe"), "check", "--config", file, "--format", "nagios", status=None)
    if done.returncode != 1 or not done.stdout.startswith("FLOATPROBE WARNING") or "unpinned-reply" not in done.stdout:
        raise Failure(f"exit {done.returncode}: {done.stdout}")


@scenarios(*TWICE)
def translation_outlives_the_move(net, privilege):
    """A flow that the router knows stays with the old server, and dies with it, while new ones reach the new one."""
    net.deprive(privilege)
    daemon = net.run_daemon()
    for path in (HELD, FRESH):
        daemon.wait_for(path, state="up", server="boot-01")
    net.repoint("boot-02", forget=False)
    daemon.wait_for(FRESH, state="up", server="boot-02", cause="none")
    daemon.wait_for(HELD, state="up", server="boot-01", cause="stuck-flow")
    net.servers["boot-01"].host.ip("link set eth0 down")
    daemon.wait_for(HELD, state="down", cause="stuck-flow")
    net.router.run("conntrack", "-F")
    daemon.wait_for(HELD, state="up", server="boot-02", cause="none")


@scenarios(*TWICE)
def firewall_of_the_server(net, privilege):
    """Only who may look at frames knows that they did arrive."""
    net.deprive(privilege)
    drop_at_server(net, "udp")
    *droplets, floating = net.targets()
    check = net.check([*droplets, {**floating, "arrives_on": net.plan.anchor["boot-01"]}], options=())
    seen = privilege == "privileged"
    for target in ("boot-01", "bootnode"):
        rows = check.expect({"target": target, "protocol": "udp"}, **DOWN, direction="forward",
                            cause="server-firewall" if seen else "protocol-filtered")  # fmt: skip
        for row in rows:
            check.told(row, *(["frames of ours come in at", "protocol-filtered too"] if seen else ["TCP works"]))
    check.rest_is_healthy()


@scenario
def firewall_behind_a_translation(net):
    """Where the datagrams arrive, if they do, nobody knows: frames at another address of the server prove nothing."""
    drop_at_server(net, "udp")
    check = net.check(options=())
    check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="forward", cause="server-firewall")
    check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="forward", cause="protocol-filtered")
    check.rest_is_healthy()


@scenarios(("named", "privileged"), ("named", "unprivileged"), ("silent", "privileged"), ("silent", "unprivileged"))
def largest_size_that_passes(net, limit, privilege):
    """The router says what fits, or lets it vanish: either way three sizes tell."""
    net.deprive(privilege)
    if limit == "named":
        net.router.ip("link set lan mtu 1300")
    else:
        for address in (net.plan.floating, *net.plan.droplet.values()):
            net.cut("forward", address, "udp", also="meta length > 1300")
    check = net.check(targets_with(net, sizes=[512, 1100, 1400]), options=())
    for row in check.expect({"size": 1400}, **DOWN, direction="forward", cause="size-limit"):
        check.told(row, "1100 octets pass where 1400 do not", *(["MTU 1300"] if limit == "named" else []))
    check.rest_is_healthy()


@scenarios(*TWICE)
def one_way_of_two_is_broken(net, privilege):
    """Every other source port fails, always the same ones."""
    net.deprive(privilege)
    net.cut("forward", net.plan.floating, "udp", also="udp sport & 1 == 1")
    flows = {"held": 12, "fresh": 1}
    *droplets, floating = net.targets()
    check = net.check([*droplets, {**floating, "flows": flows}], options=())
    check.expect(FRESH, state="lossy", direction="forward", cause={"some-ports", "unexplained"})  # ten may be chance
    dead = [row for row in check.expect(HELD, cause={"none", "some-ports"}) if row["state"] != "up"]
    check.require(1 < len(dead) < 11, "neither all nor none")
    for row in dead:
        check.require(row["state"] == "down" and row["direction"] == "forward", "not the fault", row)
        check.told(row, f"{len(dead)} fail altogether and {12 - len(dead)} not at all")
    check.rest_is_healthy()


@scenarios(*TWICE)
def only_new_flows_pass(net, privilege):
    """The router lets what it knows already go nowhere."""
    net.deprive(privilege)
    drop_on_the_way(net, "ct state established")
    check = net.check(options=())
    (row,) = check.expect(HELD, state="lossy", direction="forward", cause="first-packet-only", answered=1,
                          server="boot-01", expected=False)  # fmt: skip
    check.told(row, "first packet", "stuck-flow too")
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
