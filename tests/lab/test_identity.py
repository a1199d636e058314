#!/usr/bin/python3 -B
"""Who answers, and whom: keys, identities and clocks that do not fit.

    client ─────────── router ──────────┬────── boot-01   does not know the client, or is not who it should be
    clock an hour off                   └────── boot-02   untouched
"""

import lab
from provider import DOWN, main, scenario, scenarios


@scenario
def client_not_on_the_list(net):
    """The server says so over TCP, where nobody can make it speak to a third party; over UDP it is silent."""
    server = net.servers["boot-01"]
    server.stop()
    server.start(clients={"somebody-else": net.keygen("somebody-else")})
    check = net.check()
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target}, **DOWN, direction="unknown", cause="not-authorised")
    check.rest_is_healthy()


@scenario
def server_with_another_key(net):
    net.servers["boot-01"].key = net.keygen("what-the-client-believes")
    check = net.check()
    for target in ("boot-01", "bootnode"):
        check.expect({"target": target}, **DOWN, direction="unknown", cause="impostor")
    check.rest_is_healthy()


@scenario
def server_that_may_not_answer_here(net):
    """It is known, and its answer proves the path; only it is the wrong one."""
    targets = [dict(target, server="boot-02") if target["name"] == "bootnode" else target for target in net.targets()]
    check = net.check(targets)
    check.expect({"target": "bootnode"}, state="up", direction="none", cause="impostor", server="boot-01",
                 arrived_on=net.plan.anchor["boot-01"], expected=False)  # fmt: skip
    check.rest_is_healthy()


@scenario
def arrives_elsewhere(net):
    """`arrives_on` names the local address that has to see the probes."""
    anchor = net.plan.anchor
    targets = [dict(target, arrives_on=anchor["boot-02"]) if target["name"] == "bootnode" else target
               for target in net.targets()]  # fmt: skip
    check = net.check(targets)
    check.expect({"target": "bootnode"}, state="up", direction="none", server="boot-01", arrived_on=anchor["boot-01"],
                 expected=False)  # fmt: skip
    check.rest_is_healthy()
    net.repoint("boot-02")
    net.check(targets).rest_is_healthy(holder="boot-02")


@scenario
def clock_off_by_an_hour(net):
    """The answers prove the paths; nothing else is claimed."""
    lab.need("faketime")
    # ASan wants to be the first library; a program under faketime can't have that.
    asan = ("env", "ASAN_OPTIONS=verify_asan_link_order=0")
    check = net.check(under=(*asan, "faketime", "--exclude-monotonic", "-f", "+1h"))
    check.expect({}, state="up", direction="none", cause="clock-skew", expected=False)
    check.expect({"target": "bootnode"}, server="boot-01")
    check.expect({"target": "boot-02"}, server="boot-02")


@scenarios(("forward",), ("return",))
def clock_off_by_an_hour_and_a_cut(net, direction):
    """Each probe of the droplets is refused for its time. That does not make the floating address silent."""
    lab.need("faketime")
    net.cut(direction, net.plan.floating)
    check = net.check(under=("env", "ASAN_OPTIONS=verify_asan_link_order=0", "faketime", "--exclude-monotonic", "-f", "+1h"))
    for row in check.expect({"target": "bootnode"}, **DOWN, direction="unknown", cause="unexplained"):
        check.told(row, "rejects this client's time")
        check.require("set the clock" in row["advice"], "the advice does not help", row)
    check.expect({"role": "droplet"}, state="up", direction="none", cause="clock-skew", expected=False)


if __name__ == "__main__":
    main()
