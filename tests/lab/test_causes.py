#!/usr/bin/python3 -B
"""What is wrong on the server's own host: told by twins of answers, and by frames that its socket never sees.

    client ─── floating ──► router ─────DNAT─────► boot-01   own firewall: frames come in, datagrams do not
                                                             applications that do not choose their source

    Each once more with servers that have no capability at all: what they cannot see they may not guess.
"""

from lab import Failure
from provider import DOWN, PORT, TWICE, main, scenario, scenarios

UP = {"state": "up", "direction": "none", "expected": True, "lost": 0}


def targets_with(net, **more):
    return [{**target, **more} for target in net.targets()]


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


def refuse_strangers(net):
    """The client's own firewall: what it has not asked is no answer."""
    net.client.nft(f"""
        table inet own {{ chain input {{
            type filter hook input priority 0;
            ct state established accept;
            udp sport {PORT} reject;
        }}; }}
    """)


@scenarios(("firewall",), ("nat",))
def application_whose_peer_refuses_its_answers(net, peer):
    """The twin never comes: it is the server that hears so, and from which address it had left."""
    if peer == "nat":
        net.put_client_behind_nat()
    else:
        refuse_strangers(net)
    check = net.check(targets_with(net, unpinned=True), options=("--count", "8", "--timeout", "500ms"))
    for row in check.expect({"target": "bootnode", "protocol": "udp"}, **UP, cause="unpinned-reply", server="boot-01"):
        check.told(row, f"the server got an ICMP error for one that left from {net.plan.droplet['boot-01']}")
    check.rest_is_healthy()


@scenario
def a_refused_answer_may_have_the_right_source(net):
    """On the droplet address the twin (by its flag) leaves as it should; it is only that nobody takes it."""
    net.client.nft(f"""
        table inet own {{ chain input {{
            type filter hook input priority 0;
            udp sport {PORT} @th,888,8 & 0x08 == 0x08 reject;
        }}; }}
    """)
    droplets = [target for target in targets_with(net, unpinned=True) if target["role"] == "droplet"]
    check = net.check(droplets, options=("--count", "4", "--spacing", "300ms", "--timeout", "500ms"))
    check.rest_is_healthy()


@scenario
def monitoring_is_warned_of_it(net):
    file = net.config(targets_with(net, unpinned=True))
    done = net.client.run(net.program("floatprobe"), "check", "--config", file, "--format", "nagios", status=None)
    if done.returncode != 1 or not done.stdout.startswith("FLOATPROBE WARNING") or "unpinned-reply" not in done.stdout:
        raise Failure(f"exit {done.returncode}: {done.stdout}")


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
            check.told(row, *(["reached the interface of boot-01, but not its socket", "also fits protocol-filtered"] if seen else ["TCP works"]))
    check.rest_is_healthy()


@scenario
def firewall_behind_a_translation(net):
    """Nobody told the client where datagrams for the floating address arrive: they are known by what they carry."""
    drop_at_server(net, "udp")
    check = net.check(options=())
    check.expect({"target": "boot-01", "protocol": "udp"}, **DOWN, direction="forward", cause="server-firewall")
    check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="forward", cause="server-firewall")
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
