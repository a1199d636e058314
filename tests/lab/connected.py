#!/usr/bin/python3 -B
"""connected.py ADDRESS PORT PROGRAM ARGUMENT...: become PROGRAM, with a connected UDP socket's number before its arguments."""

import os
import socket
import sys


def main(address, port, program, *arguments):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((address, int(port)))
    sock.set_inheritable(True)
    os.execv(program, [program, str(sock.fileno()), *arguments])


main(*sys.argv[1:])
