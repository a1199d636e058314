#!/usr/bin/python3 -B
"""udp_proxy.py ADDRESS BACKEND PORT [POLICY]: pass datagrams on, each client by a socket of its own, as docker's userland
proxy does. POLICY for answers: double (each one comes twice), late (after 0.4 s), some-late (each third one), swap (two
change places), altered-NAME (an octet of each one is another: of its data, version or key). altered-requests-NAME: an
octet of each request is another."""

import select
import socket
import sys
import time


OCTETS = {"data": 300, "version": 100, "key": 130}  # places in the datagram, all authenticated


def altered(data, policy, what):
    if not policy.startswith(what) or policy[len(what):] not in OCTETS:
        return data
    at = OCTETS[policy[len(what):]]
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def open_socket(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


class Answers:
    """What came back from the backend, and when it is passed on."""

    def __init__(self, front, policy):
        self.front, self.policy = front, policy
        self.queue = []  # (time, data, client)
        self.count = 0

    def add(self, data, client):
        data = altered(data, self.policy, "altered-")
        copies = 2 if self.policy == "double" else 1
        self.count += 1
        late = self.policy == "late" or (self.policy == "some-late" and self.count % 3 == 0)
        self.queue += [(time.monotonic() + (0.4 if late else 0), data, client)] * copies
        self.queue.sort(key=lambda answer: answer[0])

    def pass_on(self):
        """Returns for how long nothing is due; None: nothing waits."""
        if self.policy == "swap":
            if len(self.queue) < 2:
                return None
            self.queue.reverse()
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, data, client = self.queue.pop(0)
            self.front.sendto(data, client)
        return max(0, self.queue[0][0] - time.monotonic()) if self.queue else None


def main(address, backend, port, policy=""):
    front = open_socket(address)
    front.bind((address, int(port)))
    by_client, by_socket = {}, {}
    answers = Answers(front, policy)
    while True:
        for ready in select.select([front, *by_socket], [], [], answers.pass_on())[0]:
            try:
                if ready is not front:
                    answers.add(ready.recv(2000), by_socket[ready])
                    continue
                data, client = front.recvfrom(2000)
                if client not in by_client:
                    by_client[client] = open_socket(backend)
                    by_client[client].connect((backend, int(port)))
                    by_socket[by_client[client]] = client
                by_client[client].send(altered(data, policy, "altered-requests-"))
            except OSError:  # the backend refuses: the client is not told
                pass


main(*sys.argv[1:])
