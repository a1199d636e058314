"""keepalived on two servers, which agree on who has the shared address."""

import lab
from lab import wait_until

PRIORITIES = {"boot-01": 200, "boot-02": 100}

KEEPALIVED = """
global_defs {{ vrrp_garp_master_repeat 1; }}
vrrp_instance lab {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    version 3
    priority {priority}
    advert_int 0.1
    virtual_ipaddress {{
        {addresses}
    }}
}}
"""


class Keepalived:
    """One of two that agree on who has the shared address."""

    def __init__(self, lan, server):
        self.server, self.files = server, f"{lan.net.files}/{server.name}-keepalived"
        address = f"{lan.shared}/{lan.net.plan.bits}"
        file = lan.net.write(
            f"{server.name}-keepalived.conf",
            KEEPALIVED.format(
                priority=PRIORITIES[server.name], addresses=f"fe80::50/64\n{address}" if ":" in address else address
            ),
        )
        self.process = server.host.start(
            "keepalived", "--dont-fork", "--vrrp", "--log-console", "--use-file", file,
            "--pid", f"{self.files}.pid", "--vrrp_pid", f"{self.files}-vrrp.pid",
        )  # fmt: skip

    def dies(self):
        """Parent and child. The child hears of its parent's death, but stands still by then: nobody is left to take the
        address away."""
        parent, child = (open(f"{self.files}{which}.pid", encoding="ascii").read().strip() for which in ("", "-vrrp"))
        self.server.host.run("kill", "-STOP", child)
        self.server.host.run("kill", "-KILL", parent, child)


def keepalived_on(lan, server):
    """keepalived runs on this server alone, and has put the shared address there."""
    lab.need("keepalived")
    lan.give_up(lan.one)
    daemon = Keepalived(lan, server)
    wait_until(f"{server.name} has the address", lambda: lan.has(server))
    return daemon
