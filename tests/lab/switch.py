"""Changes rules of a host without delay, and says when: the truth that a measurement is compared with."""

import time


def switch(host, script, forget=False):
    """Returns the times (ns, CLOCK_REALTIME) between which it happened. forget: the host forgets the flows that it knows,
    right after that."""
    before = time.clock_gettime_ns(time.CLOCK_REALTIME)
    host.nft(script)
    if forget:
        host.forget_flows()
    return before, time.clock_gettime_ns(time.CLOCK_REALTIME)


def cut(net, direction, address=None):
    """The script that cuts one direction, of one address or of all."""
    interface, end = {"forward": ("iifname", "d"), "return": ("oifname", "s")}[direction]
    where = f"{net.plan.nft} {end}addr {address}" if address else ""
    return f'add rule inet fault cut_{direction} {interface} "outside" {where} meta l4proto {{ tcp, udp }} counter drop'


def heal():
    return "flush chain inet fault cut_forward; flush chain inet fault cut_return"


def point(net, server):
    holder = f"{net.plan.nft} provider holder"
    return f"flush map {holder}; add element {holder} {{ {net.plan.floating} : {net.plan.anchor[server]} }}"


def gap_bounds_ms(cut_at, healed_at):
    """The shortest and the longest that a gap between these two changes may have been."""
    return (healed_at[0] - cut_at[1]) / 1e6, (healed_at[1] - cut_at[0]) / 1e6
