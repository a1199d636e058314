"""Changes rules of a host without delay, and says when: the truth that a measurement is compared with.

Run as a program it is the helper inside the host: orders in (one a line, in JSON), the times before and after each out
(CLOCK_REALTIME, ns). With an nft script as its argument it does what that says, lets the host forget its flows, and ends.
"""

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time

from lab import Failure, die_with_parent


class Switch:
    def __init__(self, host):
        self._helper = subprocess.Popen(
            host.inside([sys.executable, "-B", __file__]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        self.nft("list tables")  # what has to be loaded is loaded now

    def nft(self, script, forget=False):
        """Returns the times (ns) between which it happened. forget: the host forgets the flows that it knows, right after
        that; conntrack -F would start when the machine has time for it."""
        self._helper.stdin.write(json.dumps({"script": script, "forget": forget}) + "\n")
        self._helper.stdin.flush()
        done = json.loads(self._helper.stdout.readline())
        if done["status"]:
            raise Failure(f"nft: {done}\n{script}")
        return done["before"], done["after"]

    def stop(self):
        self._helper.stdin.close()
        self._helper.wait()


def cut(net, direction, address=None):
    """The script that cuts one direction, of one address or of all."""
    interface, end = {"forward": ("iifname", "d"), "return": ("oifname", "s")}[direction]
    where = f"{net.plan.nft} {end}addr {address}" if address else ""
    return f'add rule inet fault cut_{direction} {interface} "outside" {where} meta l4proto {{ tcp, udp }} counter drop'


def heal():
    return "flush chain inet fault cut_forward; flush chain inet fault cut_return"


def point(net, server):
    holder = f"{net.plan.nft} provider holder"
    return f"flush map {holder}; add element {holder} {{ {net.plan.floating} : {net.plan.anchor[server]} }}"


def gap_bounds_ms(cut_at, healed_at):
    """The shortest and the longest that a gap between these two changes may have been."""
    return (healed_at[0] - cut_at[1]) / 1e6, (healed_at[1] - cut_at[0]) / 1e6


_NETLINK_NETFILTER, _CT_DELETE, _REQUEST_ACK = 12, 0x102, 5  # linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h


def _forget():
    """As conntrack -F."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        kernel.send(struct.pack("=IHHIIBBH", 20, _CT_DELETE, _REQUEST_ACK, 1, 0, socket.AF_UNSPEC, 0, 0))
        (error,) = struct.unpack_from("=i", kernel.recv(4096), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


class _Nft:
    """The library, so that no program has to start."""

    def __init__(self):
        self._library = ctypes.CDLL("libnftables.so.1")
        self._library.nft_ctx_new.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.nft_ctx_new(0))
        self._library.nft_ctx_buffer_output(self._context)
        self._library.nft_ctx_buffer_error(self._context)
        self._library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p

    def run(self, script):
        """Returns the status."""
        return self._library.nft_run_cmd_from_buffer(self._context, script.encode())

    def error(self):
        return (self._library.nft_ctx_get_error_buffer(self._context) or b"").decode()


def _help():
    nft = _Nft()
    for line in sys.stdin:
        order = json.loads(line)
        before = time.clock_gettime_ns(time.CLOCK_REALTIME)
        status = nft.run(order["script"])
        if order["forget"] and not status:
            _forget()
        after = time.clock_gettime_ns(time.CLOCK_REALTIME)
        error = nft.error() if status else ""
        print(json.dumps({"status": status, "before": before, "after": after, "error": error}), flush=True)


def _once(path):
    nft = _Nft()
    with open(path, encoding="utf-8") as file:
        script = file.read()
    if nft.run(script):
        sys.exit(nft.error())
    _forget()


if __name__ == "__main__":
    _once(*sys.argv[1:]) if sys.argv[1:] else _help()
