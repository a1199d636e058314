#!/usr/bin/python3 -B
"""What comes to the server's interface and not to its socket, and what only seems to.

    client ─── bridge, router, NAT ───► boot-01   its own firewall, its rp_filter: frames come in, datagrams do not
                  wrong checksums                 its kernel drops them
                                        boot-02   the witness
"""

from flat import DEAD
from provider import DOWN, PORT, TWICE, main, scenario, scenarios

DOWN_IN_RUN = {"state": "down", "direction": "forward"}
TX_CHECKSUMS_OFF = """
import array, fcntl, socket, struct
ETHTOOL, SET_TX_CHECKSUMS, OFF = 0x8946, 0x17, 0
value = array.array("B", struct.pack("II", SET_TX_CHECKSUMS, OFF))
fcntl.ioctl(socket.socket(), ETHTOOL, struct.pack("16sP", b"eth0", value.buffer_info()[0]))
"""


def spoil_checksums(net, address, protocol):
    """A link of this kernel alone carries no checksums: the client has to make them before somebody can spoil them."""
    net.client.run("/usr/bin/python3", "-c", TX_CHECKSUMS_OFF)
    net.router.nft(f"""
        add rule inet fault cut_forward iifname outside {net.plan.nft} daddr {address} \
            {protocol} dport {PORT} {protocol} checksum set 0x0bad
    """)


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


@scenarios(*[(protocol, *privilege) for protocol in ("udp", "tcp") for privilege in TWICE])
def checksums_that_do_not_hold(net, protocol, privilege):
    """Its own kernel counts them, for whoever asks: neither is its buffer full, nor has it a firewall."""
    net.deprive(privilege)
    spoil_checksums(net, net.plan.droplet["boot-01"], protocol)
    check = net.check(options=())
    rows = check.expect(
        {"target": "boot-01", "protocol": protocol}, **DOWN, direction="forward", cause="bad-checksum"
    )
    for row in rows:
        check.told(row, "checksum was wrong")
        check.require(not any("full" in sentence for sentence in row["evidence"]), "no buffer was full", row)
    check.rest_is_healthy()


@scenario
def checksums_that_do_not_hold_in_run(net):
    spoil_checksums(net, net.plan.droplet["boot-01"], "udp")
    daemon = net.run_daemon()
    where = {"target": "boot-01", "protocol": "udp"}
    daemon.wait_for(where, **DOWN_IN_RUN, cause="bad-checksum")


if __name__ == "__main__":
    main()
