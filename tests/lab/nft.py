"""The rules and the flows of the network that this thread is in, without a program that has to start: labs change them often,
and some measure what comes of it. As a program with an nft script as its argument it does what that says, lets the network
forget its flows, and ends."""

import ctypes
import os
import socket
import struct
import sys

_NETLINK_NETFILTER, _CT_DELETE, _REQUEST_ACK = 12, 0x102, 5  # linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h


class Nft:
    """libnftables, in the network where this was made."""

    def __init__(self):
        self._library = ctypes.CDLL("libnftables.so.1")
        self._library.nft_ctx_new.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.nft_ctx_new(0))
        for kind in "output", "error":
            getattr(self._library, f"nft_ctx_buffer_{kind}")(self._context)
            getattr(self._library, f"nft_ctx_get_{kind}_buffer").restype = ctypes.c_char_p

    def run(self, script):
        """Returns what nft prints."""
        if self._library.nft_run_cmd_from_buffer(self._context, script.encode()):
            raise OSError(f"nft: {self._library.nft_ctx_get_error_buffer(self._context).decode()}\n{script}")
        return self._library.nft_ctx_get_output_buffer(self._context).decode()

    def close(self):
        self._library.nft_ctx_free(self._context)


def forget_flows():
    """As conntrack -F."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        kernel.send(struct.pack("=IHHIIBBH", 20, _CT_DELETE, _REQUEST_ACK, 1, 0, socket.AF_UNSPEC, 0, 0))
        (error,) = struct.unpack_from("=i", kernel.recv(4096), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        Nft().run(file.read())
    forget_flows()
