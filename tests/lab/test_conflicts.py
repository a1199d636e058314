#!/usr/bin/python3 -B
"""Two machines, one address: what the server that holds it sees by itself.

    client ──── router ──────┬────── boot-01   198.18.1.5
                        lan  │
                             └────── boot-02   198.18.1.6, and 198.18.1.5, too
"""

import json

from lab import Failure, link, wait_until
from provider import NO_CAPABILITY, main, scenario


def mac_of(host, device="eth0"):
    (shown,) = json.loads(host.run("ip", "-j", "link", "show", device).stdout)
    return shown["address"]


def claims(server, **fields):
    return [line for line in server.journal() if {"type": "claim", **fields}.items() <= line.items()]


def wait_for_claim(server, **fields):
    return wait_until(f"{server.name} knows of a claim with {fields}", lambda: claims(server, **fields))[0]


def announce(host, mac):
    """With another MAC the kernel tells everybody about its addresses."""
    host.sysctl("ipv4.conf.eth0.arp_notify=1", "ipv6.conf.eth0.ndisc_notify=1")
    host.ip(f"link set eth0 address {mac}")


def share_first_address(net):
    """boot-02 takes boot-01's address, and says nothing of it."""
    address = net.plan.droplet["boot-01"]
    net.servers["boot-02"].host.ip(net.plan.add(address, "eth0"))
    return address


@scenario
def another_machine_announces_our_address(net):
    one, two = net.servers.values()
    address = share_first_address(net)
    announce(two.host, "02:00:5e:00:53:02")
    claim = wait_for_claim(one, address=address, kind="claim")
    if claim["mac"] != "02:00:5e:00:53:02" or claim["interface"] != "eth0":
        raise Failure(f"not what boot-02 did: {claim}")
    if others := [line for line in claims(one) if line["address"] != address]:
        raise Failure(f"claims of addresses that boot-02 does not have: {others}")


MANY = {4: "198.19.{}.{}", 6: "2001:db8:77:{}::{}"}
MANY_LEN = 2000


def take_many(net, host):
    """The host has this many addresses more, on an interface of their own. Returns them."""
    form = MANY[6 if net.plan.nft == "ip6" else 4]
    addresses = [form.format(128 + i // 250, 1 + i % 250) for i in range(MANY_LEN)]
    bits = 128 if net.plan.nft == "ip6" else 32
    host.ip("link add many up type veth peer name many-peer", *(
        f"addr add {address}/{bits} dev many{' nodad' if bits == 128 else ''}" for address in addresses))  # fmt: skip
    return addresses


@scenario
def one_of_thousands_of_addresses(net):
    """A host with that many answers at each of them, and sees a claim of any."""
    one, two = net.servers.values()
    addresses = take_many(net, one.host)
    net.router.ip(f"route add {addresses[0].rpartition(':' if ':' in addresses[0] else '.')[0]}"
                  f"{':/64' if ':' in addresses[0] else '.0/24'} via {net.plan.droplet['boot-01']}")  # fmt: skip
    sample = addresses[:249:8]
    check = net.check([{"name": f"many-{i}", "role": "droplet", "address": address, "server": "boot-01"}
                       for i, address in enumerate(sample)])  # fmt: skip
    for i, address in enumerate(sample):
        check.healthy({"target": f"many-{i}"}, "boot-01", address)
    check = net.check([{"name": "boot-02", "role": "droplet", "address": net.plan.droplet["boot-02"], "server": "boot-02"}],
                      host=one.host)  # fmt: skip
    check.rest_is_healthy()
    check.require(("IPv6 addresses" in check.done.stderr) == (net.plan.nft == "ip6"), "what they cost is not said")
    address = share_first_address(net)
    announce(two.host, "02:00:5e:00:53:02")
    wait_for_claim(one, address=address, kind="claim")


@scenario
def another_machine_asks_from_our_address(net):
    """It never answers for the address, but looks for a neighbour of its own from there."""
    one, two = net.servers.values()
    two.host.nft("""
        table inet mute { chain out {
            type filter hook output priority 0; icmpv6 type nd-neighbor-advert drop;
        }; }
    """)
    address = share_first_address(net)
    two.host.run("ping", "-c1", "-W1", "-I", address, net.plan.anchor["boot-01"], status=None)
    claim = wait_for_claim(one, address=address, kind="claim")
    if claim["mac"] != mac_of(two.host) or claim["interface"] != "eth0":
        raise Failure(f"not what boot-02 did: {claim}")
    two.host.run("ping", "-c1", "-W1", "-I", net.plan.droplet["boot-02"], f"{net.plan.droplets}77", status=None)
    if others := [line for line in claims(one) if line["address"] != address]:
        raise Failure(f"claims of addresses that boot-02 does not have: {others}")


@scenario
def a_silent_duplicate_is_asked_for(net):
    """A loss on another address makes the client ask; the server then asks the link."""
    one, two = net.servers.values()
    anchor = net.plan.anchor["boot-01"]
    net.repoint("boot-01")
    two.host.ip(net.plan.add(anchor, "eth0"))
    net.router.ip(f"neigh replace {anchor} lladdr {mac_of(one.host)} dev lan nud permanent")
    net.cut("return", net.plan.floating, "udp")
    daemon = net.run_daemon()
    claim = wait_for_claim(one, address=anchor, kind="claim")
    if claim["mac"] != mac_of(two.host):
        raise Failure(f"not what boot-02 did: {claim}")
    daemon.process.stop()


@scenario
def two_interfaces_of_one_host_are_no_duplicate(net):
    """Each of them answers for all of the host's addresses (ARP flux)."""
    one = net.servers["boot-01"]
    link(one.host, "eth1", net.router, "second")
    net.router.ip("link set second master lan")
    wait_until("the second interface is up", one.host.settled)
    announce(one.host, "02:00:5e:00:53:01")
    net.cut("return", net.plan.floating, "udp")
    net.check()
    one.host.run("ping", "-c1", "-W1", f"{net.plan.droplets}99", status=None)
    if seen := claims(one):
        raise Failure(f"the host's own other interface is taken for another machine: {seen}")


@scenario
def duplicate_address_detection_failed(net):
    """IPv6: the one that has the address sees the other one ask; the other one's kernel knows that it failed."""
    if net.plan.nft != "ip6":
        return
    one, two = net.servers.values()
    address = net.plan.droplet["boot-01"]
    two.host.sysctl("ipv6.conf.eth0.accept_dad=1")
    two.host.ip(f"addr add {address}/{net.plan.bits} dev eth0")
    wait_for_claim(two, address=address, kind="dadfailed", mac=None)
    asked = wait_for_claim(one, address=address, kind="probe")
    if asked["mac"] != mac_of(two.host) or claims(one, kind="claim"):
        raise Failure(f"boot-02 asked, and no more: {one.journal()}")


@scenario
def without_capabilities_it_says_so_and_sees_none(net):
    one, two = net.servers.values()
    one.stop()
    one.start(NO_CAPABILITY)
    wait_until("it says so", lambda: "no CAP_NET_RAW: claims" in one.process.output())
    share_first_address(net)
    announce(two.host, "02:00:5e:00:53:02")
    net.check()
    if seen := claims(one):
        raise Failure(f"boot-01 sees {seen}")


@scenario
def a_healthy_network_has_no_conflict(net):
    for number, server in enumerate(net.servers.values(), 1):
        announce(server.host, f"02:00:5e:00:53:0{number}")
    net.check()
    for server in net.servers.values():
        if seen := claims(server):
            raise Failure(f"{server.name} sees {seen}")


if __name__ == "__main__":
    main()
