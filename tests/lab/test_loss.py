#!/usr/bin/python3 -B
"""Random loss in one direction, and in both.

    client ──► forward ──30 %──► router ──► floating ─DNAT─► boot-01
           ◄── return  ◄─30 %───        ──► boot-01, boot-02   untouched
"""

from provider import main, scenario, scenarios

# With 60 probes 30 % loss spares all, or none, once in 10^9 runs. The timeout is longer than a busy machine delays a process,
# and ends before the kernel repeats a SYN, after 1 s: a repetition hides the loss.
MANY = ("--count", "60", "--spacing", "20ms", "--timeout", "900ms")
LOSS = "numgen random mod 100 < 30"
DIRECTIONS = ("forward", "return")


@scenarios(*[(protocol, direction) for protocol in ("udp", "tcp") for direction in DIRECTIONS])
def random_loss(net, protocol, direction):
    net.cut(direction, net.plan.floating, protocol, also=LOSS)
    check = net.check(options=MANY)
    check.expect({"target": "bootnode", "protocol": protocol}, state="lossy", direction=direction, cause="unexplained",
                 server="boot-01", arrived_on=net.plan.anchor["boot-01"], expected=False)  # fmt: skip
    check.rest_is_healthy()


@scenario
def random_loss_both_ways(net):
    for direction in DIRECTIONS:
        net.cut(direction, net.plan.floating, "udp", also=LOSS)
    check = net.check(options=MANY)
    check.expect({"target": "bootnode", "protocol": "udp"}, state="lossy", direction="both", cause="unexplained",
                 server="boot-01", expected=False)  # fmt: skip
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
