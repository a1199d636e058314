#!/usr/bin/python3 -B
"""forger.py PORT: sends what somebody off the path can make up, to the sender of each packet on the router's links.

He knows addresses and ports (all of them can be tried), and nothing of what a packet holds: neither flow ids nor the numbers of
TCP. He sends ICMP errors of all kinds that quote such a packet, path MTUs that quote an echo reply, and resets.
"""

import os
import select
import socket
import struct
import sys

ETH_P_ALL, TCP, UDP, RST, RST_ACK = 3, 6, 17, 0x04, 0x14
LINKS = ("outside", "lan")
QUOTED = 200  # octets: more than what a reader needs to find a flow id
# Type, code, and the last four octets of the header: the MTU, a gateway, or a pointer.
ERRORS_V4 = [(3, code, 0) for code in (0, 1, 2, 3, 9, 10, 13)] + [(3, 4, mtu) for mtu in (0, 68, 576, 1400)]
ERRORS_V4 += [(4, 0, 0), (5, 1, 0xC6336401), (11, 0, 0), (11, 1, 0), (12, 0, 0x14000000)]
ERRORS_V6 = [(1, code, 0) for code in (0, 1, 3, 4, 5, 6)] + [(2, 0, mtu) for mtu in (0, 68, 1280)]
ERRORS_V6 += [(3, 0, 0), (3, 1, 0), (4, 0, 6), (4, 1, 40)]


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Packet:
    def __init__(self, octets):
        self.v4 = octets[0] >> 4 == 4
        at = (octets[0] & 15) * 4 if self.v4 else 40
        self.protocol = octets[9 if self.v4 else 6]
        self.source, self.destination = (octets[12:16], octets[16:20]) if self.v4 else (octets[8:24], octets[24:40])
        self.ports = octets[at : at + 4]
        self.family = socket.AF_INET if self.v4 else socket.AF_INET6

    def header(self, protocol, length):
        if self.v4:
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 7, 0x4000, 60, protocol, 0) + self.source + self.destination
            return head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        return struct.pack(">IHBB", 6 << 28, length, protocol, 60) + self.source + self.destination

    def quote(self):
        return self.header(self.protocol, QUOTED + 8) + self.ports + struct.pack(">HH", QUOTED + 8, 0) + os.urandom(QUOTED)

    def quote_of_an_echo(self):
        """A kernel takes the path's MTU from it, and has no socket to ask."""
        return self.header(1 if self.v4 else 58, 500) + bytes((0 if self.v4 else 129, 0)) + os.urandom(QUOTED)

    def errors(self):
        for kind, code, rest in ERRORS_V4 if self.v4 else ERRORS_V6:
            quotes = [self.quote()]
            if (kind, code) in ((3, 4), (2, 0)):
                quotes.append(self.quote_of_an_echo())
            for quote in quotes:
                error = struct.pack(">BBHI", kind, code, 0, rest) + quote
                yield error[:2] + struct.pack(">H", checksum(error) if self.v4 else 0) + error[4:]

    def resets(self):
        """In the name of the destination, to the source."""
        pseudo = self.destination + self.source + struct.pack(">II", 20, TCP)
        for flags in (RST, RST_ACK):
            segment = self.ports[2:] + self.ports[:2] + os.urandom(8) + struct.pack(">BBHHH", 0x50, flags, 0, 0, 0)
            yield segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]


class Forger:
    def __init__(self):
        self.icmp = {
            socket.AF_INET: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
            socket.AF_INET6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
        }
        self.sent = 0

    def send(self, sock, octets, to, family):
        try:
            sock.sendto(octets, (socket.inet_ntop(family, to), 0))
            self.sent += 1
        except OSError:  # a full buffer
            pass

    def forge(self, packet):
        for error in packet.errors():
            self.send(self.icmp[packet.family], error, packet.source, packet.family)
        if packet.protocol == TCP:
            # IPV6_TRANSPARENT, IP_TRANSPARENT
            with socket.socket(packet.family, socket.SOCK_RAW, TCP) as name:
                name.setsockopt(*((socket.SOL_IP, 19) if packet.v4 else (socket.IPPROTO_IPV6, 75)), 1)
                name.bind((socket.inet_ntop(packet.family, packet.destination), 0))
                for reset in packet.resets():
                    self.send(name, reset, packet.source, packet.family)


def main(port):
    forger, port = Forger(), struct.pack(">H", int(port))
    links = [socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) for _ in LINKS]
    for link, name in zip(links, LINKS):
        link.bind((name, ETH_P_ALL))
    print("ready", flush=True)
    while True:
        for link in select.select(links, [], [])[0]:
            octets = link.recv(65536)
            packet = Packet(octets) if octets[0] >> 4 in (4, 6) else None
            if packet and packet.protocol in (TCP, UDP) and port in (packet.ports[:2], packet.ports[2:]):
                forger.forge(packet)
                print(forger.sent, flush=True)


main(*sys.argv[1:])
