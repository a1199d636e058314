#!/usr/bin/python3 -B
"""Replies from another address than the one asked, and clients behind a translating router.

    home ──── client ──────── router ──────── boot-01
              as a NAT:         floating        its UDP replies leave with the droplet address
              other ports       ─DNAT─►         where the anchor was asked (a stateless rewrite)
"""

from provider import DOWN, PORT, main, scenario, scenarios


def answer_from_the_droplet(net):
    """What a server on 0.0.0.0 does that does not pin its source."""
    plan = net.plan
    net.servers["boot-01"].host.nft(f"""
        table {plan.nft} unpinned {{
            chain out {{
                type filter hook output priority -400;
                {plan.nft} saddr {plan.anchor["boot-01"]} udp sport {PORT} {plan.nft} saddr set {plan.droplet["boot-01"]};
            }}
        }}
    """)


FLOATING_UDP = {"target": "bootnode", "protocol": "udp"}


@scenario
def wrong_source(net):
    answer_from_the_droplet(net)
    check = net.check()
    (row, *_) = check.expect(FLOATING_UDP, **DOWN, direction="return", cause="wrong-source",
                             arrived_on=net.plan.anchor["boot-01"])  # fmt: skip
    check.rest_is_healthy()
    if not any(net.plan.droplet["boot-01"] in sentence for sentence in row["evidence"]):
        raise AssertionError(f"the evidence does not name the address that answered: {row['evidence']}")


@scenario
def wrong_source_behind_nat(net):
    """The NAT eats the answers, so their source is not known; the receipts still tell the direction."""
    net.put_client_behind_nat()
    answer_from_the_droplet(net)
    check = net.check()
    check.expect(FLOATING_UDP, **DOWN, direction="return", cause={"unexplained", "protocol-filtered"})
    check.rest_is_healthy()


@scenario
def behind_nat(net):
    net.put_client_behind_nat()
    net.check().rest_is_healthy()


@scenarios(("forward",), ("return",))
def udp_cut_behind_nat(net, direction):
    net.put_client_behind_nat()
    net.cut(direction, net.plan.floating, "udp")
    check = net.check()
    check.expect(FLOATING_UDP, **DOWN, direction=direction, cause="protocol-filtered")
    check.rest_is_healthy()


@scenarios(("forward",), ("return",))
def tcp_cut_behind_nat(net, direction):
    """The server sees another port than the client has: it may not be able to tell, but must not tell the opposite."""
    net.put_client_behind_nat()
    net.cut(direction, net.plan.floating, "tcp")
    check = net.check()
    check.expect({"target": "bootnode", "protocol": "tcp"}, **DOWN, direction={direction, "unknown"})
    check.rest_is_healthy()


if __name__ == "__main__":
    main()
