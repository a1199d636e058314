"""The client beside the servers on one link, and an address there that either server may hold, or both."""

import contextlib
import itertools
import threading

from lab import Failure

SHARED = {"target": "shared"}
SHARED_UDP = {"target": "shared", "protocol": "udp", "flow": "held"}
TURN_SECONDS = 0.2


def announcer(host):
    """What makes the kernel tell everybody about its addresses: a MAC that is set. It is one command, so that hosts that
    speak up by turns do so often, on a busy machine too."""
    host.sysctl("ipv4.conf.eth0.arp_notify=1", "ipv6.conf.eth0.ndisc_notify=1")
    line = f"link set eth0 address {host.mac()}"
    return lambda: host.ip(line)


def announce(host):
    announcer(host)()


@contextlib.contextmanager
def by_turns(*actions):
    """Do one after the other, over and over, while something else goes on."""
    ended = threading.Event()

    def go():
        for action in itertools.cycle(actions):
            action()
            if ended.wait(TURN_SECONDS):
                return

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Lan:
    """The client beside the servers, or else behind the router, and an address that boot-01 holds besides its own."""

    def __init__(self, net, beside=True):
        self.net, self.shared = net, f"{net.plan.droplets}50"
        if beside:
            net.put_client_on_lan()
        self.one, self.two = net.servers.values()
        self.take(self.one)

    def take(self, server):
        server.host.ip(f"{self.net.plan.add(self.shared, 'eth0')} preferred_lft 0")  # no source of its own accord

    def heal_soon(self, host, device):
        """An old neighbour entry of the host's is replaced within seconds, and not within half a minute."""
        family = "ipv6" if self.net.plan.nft == "ip6" else "ipv4"
        settings = ("base_reachable_time_ms=2000", "ucast_solicit=2", "retrans_time_ms=200", "delay_first_probe_time=1")
        host.sysctl(*(f"{family}.neigh.{device}.{setting}" for setting in settings))

    def give_up(self, server):
        server.host.ip(f"addr del {self.shared}/{self.net.plan.bits} dev eth0")

    def move(self, old, new):
        self.give_up(old)
        self.take(new)
        announce(new.host)

    def has(self, server):
        return self.shared in server.host.run("ip", "addr", "show", "eth0").stdout

    def fight(self):
        self.take(self.two)
        return self.speaking_up()

    def speaking_up(self):
        return by_turns(*(announcer(server.host) for server in (self.one, self.two)))

    @contextlib.contextmanager
    def stranger(self):
        """boot-02 has the address, and says so, but no floatprobed."""
        self.two.stop()
        self.take(self.two)
        announce(self.two.host)
        with by_turns(announcer(self.two.host)):
            yield

    def of_boot_01(self):
        return [target for target in self.targets(server="boot-01") if target["name"] != "boot-02"]

    def targets(self, **more):
        droplets = [target for target in self.net.targets() if target["role"] == "droplet"]
        shared = {"name": "shared", "role": "floating", "address": self.shared, "server": ["boot-01", "boot-02"], **more}
        return [*droplets, shared]

    def never(self, daemon, *causes):
        if told := [to for to in daemon.changes(SHARED) if to["cause"] in causes]:
            raise Failure(f"nobody else has the address, but: {told}")
