#!/usr/bin/python3 -B
"""ask.py ADDRESS PORT [connected]: send three datagrams, and say from where each was answered.

A connected socket takes answers from the address that it asked only, as most programs do; else all are taken.
"""

import socket
import sys

PATIENCE_SECONDS = 0.5


def main(address, port, *connected):
    where = (address, int(port))
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE_SECONDS)
        if connected:
            asking.connect(where)
        for number in range(1, 4):
            try:
                asking.send(b"%d\n" % number) if connected else asking.sendto(b"%d\n" % number, where)
                _, source = asking.recvfrom(100)
                print(source[0])
            except OSError:  # no answer in time, or an ICMP error
                print("none")


main(*sys.argv[1:])
