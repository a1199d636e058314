#!/usr/bin/python3 -B
"""udp_proxy.py ADDRESS BACKEND PORT: pass datagrams on, each client by a socket of its own, as docker's userland proxy does."""

import select
import socket
import sys


def open_socket(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def main(address, backend, port):
    front = open_socket(address)
    front.bind((address, int(port)))
    by_client, by_socket = {}, {}
    while True:
        for ready in select.select([front, *by_socket], [], [])[0]:
            try:
                if ready is not front:
                    front.sendto(ready.recv(2000), by_socket[ready])
                    continue
                data, client = front.recvfrom(2000)
                if client not in by_client:
                    by_client[client] = open_socket(backend)
                    by_client[client].connect((backend, int(port)))
                    by_socket[by_client[client]] = client
                by_client[client].send(data)
            except OSError:  # the backend refuses: the client is not told
                pass


main(*sys.argv[1:])
