#!/usr/bin/python3 -B
"""Story A: a UDP server that does not pin its source, behind a floating address that is translated to an anchor.

    client ──asks 203.0.113.7──► router ──DNAT──► boot-01, anchor 198.18.18.26
           ◄──from 198.18.1.5─── router ◄──────── answers from its default source: the droplet address 198.18.1.5

    On boot-01, side by side: ncat, socat, floatprobed. All three listen on all addresses.
"""

import os

import lab
from lab import wait_until
from provider import main, scenario

ASK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ask.py")
SERVERS = {  # each echoes; {0} is the IP version
    9001: "ncat -{0} -u -l -k -e /bin/cat 9001",
    9002: "socat UDP{0}-LISTEN:9002,fork EXEC:cat",
}


def version(net):
    return "6" if net.plan.nft == "ip6" else "4"


def start_servers(net):
    lab.need("ncat", "socat")
    host = net.servers["boot-01"].host
    for port, command in SERVERS.items():
        host.start(*command.format(version(net)).split())
        wait_until(f"{command} listens", lambda port=port: host.listens("udp", port))


def answers(net, address, port, *connected):
    """Where three datagrams were answered from."""
    return net.client.run("/usr/bin/python3", ASK, address, str(port), *connected).stdout.split()


def transcript(net):
    """Who answers from where, as a table for people; the rows are (server, asked, plain, connected)."""
    for port, command in SERVERS.items():
        for asked in (net.plan.droplet["boot-01"], net.plan.floating):
            yield command.format(version(net)), asked, answers(net, asked, port), answers(net, asked, port, "connected")


def summary(answers):
    heard = [answer for answer in answers if answer != "none"]
    return f"{len(heard)} of {len(answers)} from {', '.join(sorted(set(heard)))}" if heard else "none"


def show(rows):
    layout = "{:37} {:16} {:26} {}".format
    print(layout("server", "asked", "answers", "to a connected client"))
    for command, asked, plain, connected in rows:
        print(layout(command, asked, summary(plain), summary(connected)))


@scenario
def servers_that_do_not_pin(net):
    start_servers(net)
    droplet, floating = net.plan.droplet["boot-01"], net.plan.floating
    rows = list(transcript(net))
    show(rows)
    for command, asked, plain, connected in rows:
        heard = set(plain + connected)
        if asked == droplet and droplet not in heard:
            raise lab.Failure(f"{command}: works not even on the droplet address, so this shows nothing: {heard}")
        if asked == floating and (floating in heard or droplet not in plain or set(connected) != {"none"}):
            raise lab.Failure(f"{command}: {plain} and {connected}, though its source is not pinned")


@scenario
def floatprobed_beside_them(net):
    start_servers(net)
    net.check().rest_is_healthy()


if __name__ == "__main__":
    main()
