"""Networks for tests that break them on purpose.

    your shell ── lab program ──fork── the lab: pid 1 of its own pid namespace
                                        │  own mounts: tmpfs on /run and /dev/shm
                                        ├── host "client"   (network namespace)
                                        ├── host "router"   (network namespace)
                                        └── ...              no way out of any of them

Everything lives in namespaces that only the lab's processes hold: however the lab ends, SIGKILL included, the kernel
takes processes, links, rules and files away with it. Labs share nothing, so any number may run side by side.
Needs no root where the kernel lets users make namespaces.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

from nft import Nft, forget_flows

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
SCENARIO_SECONDS = int(os.environ.get("SCENARIO_SECONDS", "100"))  # a scenario that takes longer hangs: end it, and say so
# A server gives no receipt for what it reads 0.1 s late, and waits longer for a processor than the thread that looks,
# which hardly uses one.
STALL_SECONDS = 0.05
WORK = "/run/lab"
NOT_FOUND = 127  # as shells have it

_INSIDE = "FLOATPROBE_LAB_INSIDE"
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
_PR_SET_PDEATHSIG = 1
_SIOCGIFFLAGS, _IFF_UP, _IFF_RUNNING, _IFA_F_TENTATIVE = 0x8913, 1, 0x40, 0x40  # linux/sockios.h, if.h, if_addr.h
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(AssertionError):
    """The product, or the lab itself, did not do what it should have."""


_TX_CHECKSUMS_OFF = """
import array, fcntl, socket, struct
ETHTOOL, SET_TX_CHECKSUMS, OFF = 0x8946, 0x17, 0
value = array.array("B", struct.pack("II", SET_TX_CHECKSUMS, OFF))
fcntl.ioctl(socket.socket(), ETHTOOL, struct.pack("16sP", b"eth0", value.buffer_info()[0]))
"""


def skip(why):
    """This lab can't run here. Under CI that is a failure: a lab nobody ran proves nothing."""
    if os.environ.get("CI"):
        sys.exit(f"FAILED: {why}, and CI is set, so nothing may be skipped")
    print(f"skipped: {why}", file=sys.stderr)
    sys.exit(SKIPPED)


def need(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        skip(f"not installed: {', '.join(missing)}")


# --- the lab's own namespaces -----------------------------------------------------------------------------------------


def die_with_parent(number=signal.SIGKILL):
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def _unshare():
    flags = _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET
    uid, gid = os.getuid(), os.getgid()
    if uid:
        flags |= _CLONE_NEWUSER
    if _libc.unshare(flags):
        skip(f"can't make namespaces: {os.strerror(ctypes.get_errno())}")
    if uid:
        for name, text in ("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1"):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)


def enter():
    """Go on inside fresh namespaces, as their pid 1. Returns there only; the caller outside waits and exits."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if _INSIDE not in os.environ:
        need("ip", "nft", "nsenter", "mount", "ss")  # nft: its library, too
        die_with_parent()
        _unshare()
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)
        die_with_parent()
        os.environ[_INSIDE] = "1"
        os.execv(sys.executable, sys.orig_argv)
    for argv in (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "proc", "proc", "/proc"],
        ["mount", "-t", "tmpfs", "tmpfs", "/run"],
        ["mount", "-t", "tmpfs", "tmpfs", "/dev/shm"],  # libfaketime keeps files by pid there
    ):
        command(argv)
    os.mkdir(WORK)
    os.chdir(WORK)


# --- hosts and what runs in them --------------------------------------------------------------------------------------


def command(argv, stdin=None, status=0, seconds=60):
    """Run to the end. Any other exit status than `status` is a failure (None: take what comes, but of a program)."""
    done = subprocess.run(
        argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds, check=False
    )
    if done.returncode == NOT_FOUND or (status is not None and done.returncode != status):
        raise Failure(f"{' '.join(argv)}: exit {done.returncode}, not {status}\n{stdin or ''}{done.stdout}{done.stderr}")
    return done


def wait_until(what, predicate, seconds=20):
    """Wait on state, never on time. Returns what predicate returned once it is true."""
    began = time.monotonic()
    while not (value := predicate()):
        waited = time.monotonic() - began
        if waited > seconds:
            raise Failure(f"waited {seconds} s in vain until {what}")
        time.sleep(0.02 if waited < 0.5 else 0.1)  # what takes long is looked at less often: each look costs a process
    return value


def _join(namespace):
    if _libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Host:
    """A network namespace, without duplicate address detection."""

    def __init__(self, name):
        self.name = name
        self.processes = []
        command(["ip", "netns", "add", name])
        self._namespace = os.open(f"/run/netns/{name}", os.O_RDONLY)
        self._nft, self._one_nft = None, threading.Lock()  # the library does not expect threads
        self.sysctl("ipv6.conf.default.accept_dad=0", "ipv6.conf.all.accept_dad=0")
        self.ip("link set lo up")

    @contextlib.contextmanager
    def inside(self):
        """What this thread starts, reads and writes meanwhile, it does in this host. (nsenter would be one more program to
        load for each that runs.)"""
        with open("/proc/thread-self/ns/net", "rb") as home:
            try:
                _join(self._namespace)
                yield
            finally:
                _join(home.fileno())

    def run(self, *argv, **how):
        with self.inside():
            return command(argv, **how)

    def read(self, path):
        """A file of the kernel that each network has; /proc/net is /proc/thread-self/net, as any thread may ask."""
        with self.inside(), open(path.replace("/proc/net/", "/proc/thread-self/net/"), encoding="ascii") as file:
            return file.read()

    def ip(self, *lines):
        command(["ip", "-n", self.name, "-batch", "-"], stdin="\n".join(lines) + "\n")

    def nft(self, script):
        """Returns what it prints."""
        with self._one_nft, self.inside():
            self._nft = self._nft or Nft()
            return self._nft.run(script)

    def forget_flows(self):
        with self.inside():
            forget_flows()

    def sysctl(self, *settings):
        for setting in settings:
            name, _, value = setting.partition("=")
            with self.inside(), open(f"/proc/sys/net/{name.replace('.', '/')}", "w", encoding="ascii") as file:
                file.write(value)

    def start(self, *argv, **how):
        process = Process(self, argv, **how)
        self.processes.append(process)
        return process

    def settled(self):
        """The kernel works off new links and their addresses by itself, in a moment."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for _, name in socket.if_nameindex():
                (flags,) = struct.unpack_from("=16xH", fcntl.ioctl(asking, _SIOCGIFFLAGS, struct.pack("=40s", name.encode())))
                if flags & _IFF_UP and not flags & _IFF_RUNNING:
                    return False
        return not any(int(line.split()[4], 16) & _IFA_F_TENTATIVE for line in self.read("/proc/net/if_inet6").splitlines())

    def mac(self, device="eth0"):
        (shown,) = json.loads(self.run("ip", "-j", "link", "show", device).stdout)
        return shown["address"]

    def make_checksums(self):
        """A link of this kernel alone carries no checksums: they have to be made before somebody can spoil them."""
        self.run("/usr/bin/python3", "-c", _TX_CHECKSUMS_OFF)

    def listens(self, protocol, port):
        sockets = [line.split() for family in ("", "6") for line in self.read(f"/proc/net/{protocol}{family}").splitlines()[1:]]
        return any(at.endswith(f":{port:04X}") and state in ("0A", "07") for _, at, _, state, *_ in sockets)

    def remove(self):
        for process in self.processes:
            process.stop(signal.SIGKILL)
        os.close(self._namespace)  # else the network would stay, with this socket or the next
        if self._nft:
            self._nft.close()
        command(["ip", "netns", "del", self.name])


def link(left, left_name, right, right_name):
    """A cable between two hosts, up at both ends."""
    left.ip(f"link add {left_name} type veth peer name {right_name} netns {right.name}", f"link set {left_name} up")
    right.ip(f"link set {right_name} up")


class Process:
    """A program in a host, from now until it is stopped; what it writes is kept in a file."""

    _started = 0

    def __init__(self, host, argv, stdin=subprocess.DEVNULL):
        Process._started += 1
        self.title = f"{host.name}: {' '.join(argv)}"
        self.log = f"{WORK}/{Process._started:03}-{host.name}.log"
        with open(self.log, "wb") as log, host.inside():  # it ends with the lab, pid 1
            self._popen = subprocess.Popen(argv, stdin=stdin, stdout=log, stderr=log)

    def running(self):
        return self._popen.poll() is None

    def send(self, number):
        self._popen.send_signal(number)

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self, number=signal.SIGTERM):
        """End it and wait for its end; returns its exit status (negative: the signal that ended it)."""
        if self.running():
            self.send(number)
        try:
            return self._popen.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise Failure(f"{self.title}: did not end on signal {number}") from None


# --- running scenarios ------------------------------------------------------------------------------------------------


def _too_long(_number, _frame):
    raise Failure(f"took longer than {SCENARIO_SECONDS} s")


def _report(network):
    for host in network.hosts:
        rules = host.nft("list ruleset")
        if rules:
            print(f"--- rules of {host.name}\n{rules}")
        for process in host.processes:
            print(f"--- {process.title}\n{process.output()[-6000:]}")


class Stall(threading.Thread):
    """Measures for how long a processor lets nobody run, as it runs other tests too. The programs keep time: after such
    a stall they rightly report losses that the scenario did not make, or cannot say where one was."""

    def __init__(self, processor):
        super().__init__(daemon=True)
        self.processor, self.longest = processor, 0.0
        self.start()

    def run(self):
        os.sched_setaffinity(0, {self.processor})  # of this thread
        while True:
            began = time.monotonic()
            time.sleep(0.02)
            self.longest = max(self.longest, time.monotonic() - began - 0.02)


def _require_sound_journals(files):
    import journals  # which needs a package that not all users of this module have

    if wrong := journals.check(files):
        raise Failure("\n".join(["the journals are not sound:", *wrong[:10]]))


def _passes(name, scenario, network):
    signal.alarm(SCENARIO_SECONDS)
    try:
        network.build()
        scenario(network)
        network.finish()
        _require_sound_journals(network.files)
    except Exception:  # whatever it is, it is told, and the next scenario gets its turn
        signal.alarm(0)
        print(f"FAILED {name}\n{traceback.format_exc()}")
        _report(network)
        return False
    finally:
        signal.alarm(0)
        for host in network.hosts:
            host.remove()
    print(f"ok     {name}", flush=True)
    return True


_stalls = []  # one for each processor


def stalled_seconds():
    """The longest stall since this scenario began: what is measured may be wrong by as much."""
    return max([stall.longest for stall in _stalls])


def _passes_unstalled(name, scenario, make_network):
    """A failure counts if the machine did not stall in its time; after three stalls it counts anyway."""
    for again in range(3):
        for stall in _stalls:
            stall.longest = 0.0
        if _passes(name, scenario, make_network()):
            return True
        stall = stalled_seconds()
        if stall < STALL_SECONDS:
            print(f"       the longest stall was {stall:.3f} s")
            return False
        print(f"stalled {name}: this machine let nobody run for {stall:.2f} s (attempt {again + 1})", flush=True)
    return False


def run_scenarios(scenarios, make_network):
    """Each in a network of its own, which has .hosts, .build() and .finish(). Returns the exit status."""
    signal.signal(signal.SIGALRM, _too_long)
    _stalls.extend(Stall(processor) for processor in os.sched_getaffinity(0))
    failed = [name for name, scenario in scenarios.items() if not _passes_unstalled(name, scenario, make_network)]
    print(f"{len(scenarios) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not scenarios else 0
