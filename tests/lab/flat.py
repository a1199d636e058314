"""Client and servers on one link, where each has the others in its neighbour table."""

import json

from lab import wait_until

DEAD = "02:00:5e:00:de:ad"


def droplets(net):
    return [
        {"name": name, "role": "droplet", "address": address, "server": name}
        for name, address in net.plan.droplet.items()
    ]


class Flat:
    """The client's new place, on the link of the servers, and what boot-01 holds of it."""

    def __init__(self, net):
        self.net, self.address = net, net.put_client_on_lan()
        self.server = net.servers["boot-01"]
        self.mac = net.client.mac()
        self.know_servers()

    def know_servers(self):
        """A question of the client's would tell the servers its MAC, and heal everything at once."""
        for name, address in self.net.plan.droplet.items():
            mac = self.net.servers[name].host.mac()
            self.net.client.ip(f"neigh replace {address} lladdr {mac} dev eth0 nud permanent")

    def change_mac(self, mac):
        """What its kernel knew of others is gone with that."""
        self.net.client.ip(f"link set eth0 address {mac}")
        self.know_servers()

    def targets(self):
        return droplets(self.net)

    def heal_soon(self, delay="3"):
        """What the kernel does by itself within a minute or so, it does within seconds."""
        family = "ipv6" if self.net.plan.nft == "ip6" else "ipv4"
        self.server.host.sysctl(
            f"{family}.neigh.eth0.base_reachable_time_ms=1000",
            f"{family}.neigh.eth0.ucast_solicit=1",
            f"{family}.neigh.eth0.retrans_time_ms=100",
            f"{family}.neigh.eth0.delay_first_probe_time={delay}",
        )

    def break_entry(self, state, mac=DEAD):
        self.server.host.ip(f"neigh replace {self.address} lladdr {mac} dev eth0 nud {state}")

    def entry(self):
        """What the server's kernel has for the client: (state, MAC)."""
        found = json.loads(self.server.host.run("ip", "-j", "neigh", "show", self.address).stdout)
        return (found[0]["state"][0], found[0].get("lladdr")) if found else (None, None)

    def lines(self, where):
        return [line for line in self.server.journal() if where.items() <= line.items()]

    def wait_for(self, where):
        """The first line of the server's journal that has these fields."""
        return wait_until(f"the journal has {where}", lambda: self.lines(where))[0]
