#!/usr/bin/python3 -B
"""pinned_echo.py 4|6 PORT: a UDP server on all addresses that answers from the address that it was asked on."""

import socket
import struct
import sys

IP_PKTINFO = 8


def main(version, port):
    v6 = version == "6"
    level, kind = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) if v6 else (socket.IPPROTO_IP, IP_PKTINFO)
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(level, socket.IPV6_RECVPKTINFO if v6 else IP_PKTINFO, 1)
        server.bind(("::" if v6 else "0.0.0.0", int(port)))
        while True:
            data, ancillary, _, client = server.recvmsg(2048, 256)
            (info,) = (value for of, what, value in ancillary if (of, what) == (level, kind))
            # The interface is left to the route; of IPv4's the address to answer from is the middle one.
            pin = info[:16] + struct.pack("i", 0) if v6 else struct.pack("i4s4s", 0, info[4:8], bytes(4))
            server.sendmsg([data], [(level, kind, pin)], 0, client)


main(*sys.argv[1:])
