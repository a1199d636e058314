"""Changes rules of a host without delay, and says when: the truth that a measurement is compared with.

Run as a program it is the helper inside the host: nft scripts in (one a line, in JSON), the times before and after each
out (CLOCK_REALTIME, ns).
"""

import ctypes
import json
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

    def nft(self, script):
        """Returns the times (ns) between which it happened."""
        self._helper.stdin.write(json.dumps(script) + "\n")
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


def _help():
    nft = ctypes.CDLL("libnftables.so.1")
    nft.nft_ctx_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(nft.nft_ctx_new(0))
    nft.nft_ctx_buffer_output(context)
    nft.nft_ctx_buffer_error(context)
    nft.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
    for line in sys.stdin:
        script = json.loads(line).encode()
        before = time.clock_gettime_ns(time.CLOCK_REALTIME)
        status = nft.nft_run_cmd_from_buffer(context, script)
        after = time.clock_gettime_ns(time.CLOCK_REALTIME)
        error = (nft.nft_ctx_get_error_buffer(context) or b"").decode() if status else ""
        print(json.dumps({"status": status, "before": before, "after": after, "error": error}), flush=True)


if __name__ == "__main__":
    _help()
