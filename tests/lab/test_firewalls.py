#!/usr/bin/python3 -B
"""What comes to the server's interface and not to its socket, and what only seems to.

    client ─── bridge, router, NAT ───► boot-01   its own firewall, its rp_filter: frames come in, datagrams do not
                                        boot-02   the witness
"""

from flat import DEAD
from provider import DOWN, main, scenario


@scenario
def frames_for_another_machine(net):
    """A bridge floods what it knows no port for: boot-01's interface hears frames that are not for it. It says what it
    has heard over the floating address, whose answers come straight from the anchor and are no answers."""
    net.put_client_on_lan()
    net.client.ip(
        f"neigh replace {net.plan.droplet['boot-01']} lladdr {DEAD} dev eth0 nud permanent",
        f"route add {net.plan.floating} via {net.plan.droplets}1",
    )
    check = net.check(options=())
    check.expect({"target": "boot-01"}, **DOWN, direction="forward", cause="unexplained")
    check.expect({"target": "bootnode", "protocol": "udp"}, **DOWN, direction="return", cause="wrong-source")
    check.healthy({"target": "boot-02"}, "boot-02", net.plan.droplet["boot-02"])


if __name__ == "__main__":
    main()
