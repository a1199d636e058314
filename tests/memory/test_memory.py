#!/usr/bin/python3 -B
"""The n-th allocation fails, at the start, at a reload and while both programs run: nothing ends but a start, nothing
leaks, and what cannot be loaded leaves the old state in use. By default a sample of n; `--all` tries every n up to 2,000
(`--from N`, `--to N` and `--only CASE` narrow it, `--trace` shows where each allocation failed)."""

import argparse
import ctypes
import json
import mmap
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))
import cli  # noqa: E402

BIN = os.path.abspath(os.environ.get("FLOATPROBE_BIN", "build/bin"))
PRELOAD = os.path.abspath(os.environ.get("FAIL_ALLOC_LIBRARY", "build/tests/memory/libfail_alloc.so"))
N_MAX = 2000
GIVE_UP_S = 30


class Control(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in
                ("countdown", "lasting", "failed", "made", "live_blocks", "live_octets")]  # fmt: skip


def ordinary():
    """As another user than root: what looks up users, the name service switch of glibc 2.36, crashes without memory."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


class Program:
    """A process whose allocations fail at will, with a service manager's socket that tells when it is ready."""

    def __init__(self, directory, arguments, n=0, lasting=1, trace=None):
        self.control_file = os.path.join(directory, "control")
        with open(self.control_file, "wb") as file:
            file.write(bytes(Control(countdown=n, lasting=lasting)))
        with open(self.control_file, "r+b") as file:
            self.control = Control.from_buffer(mmap.mmap(file.fileno(), ctypes.sizeof(Control)))
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(directory, "notify")
        if os.path.exists(path):
            os.unlink(path)
        self.manager.bind(path)
        for shared in (path, self.control_file):
            os.chmod(shared, 0o666)
        self.log_path = os.path.join(directory, "log")
        self.log_seen = 0
        env = {"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8", "LD_PRELOAD": PRELOAD,
               "FAIL_ALLOC": self.control_file, "NOTIFY_SOCKET": path}  # fmt: skip
        if trace:
            env["FAIL_ALLOC_TRACE"] = trace
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(arguments, cwd=directory, env=env, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=log, **ordinary())  # fmt: skip

    def log(self):
        """What it said since the last call."""
        with open(self.log_path, encoding="utf-8") as file:
            file.seek(self.log_seen)
            text = file.read()
            self.log_seen = file.tell()
        return text

    def is_ready(self):
        """Waits until it says so, and returns what it is ready for, or for its end."""
        end = time.monotonic() + GIVE_UP_S
        self.manager.settimeout(0.005)
        while time.monotonic() < end:
            try:
                message = self.manager.recv(4096).decode()
                if message.startswith("READY=1"):
                    return message
            except TimeoutError:
                if self.process.poll() is not None:
                    return None
        raise AssertionError(f"neither ready nor at its end: {self.log()}")

    def is_quiet(self):
        """Waits until nothing is allocated for longer than the second within which probing begins."""
        made, since = self.control.made, time.monotonic()
        while time.monotonic() - since < 1.2:
            time.sleep(0.02)
            if self.control.made != made:
                made, since = self.control.made, time.monotonic()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        ready = self.is_ready()
        if not ready:
            raise AssertionError(f"ended with status {self.process.returncode}: {self.log()}")
        return ready

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(GIVE_UP_S)
        self.manager.close()
        return status


def require(condition, what):
    if not condition:
        raise AssertionError(what)


# -- what the programs are given --


class Place:
    """A directory with keys, and configurations of two sizes for each program, so that a reload changes something."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="floatprobe-memory-")
        self.dir = self.holder.name
        if os.geteuid() == 0:
            os.chmod(self.dir, 0o777)
        self.keys = {name: self.key(name) for name in ("client", "server", "peer", "other")}
        self.port = cli.closed_port()

    def key(self, name):
        return subprocess.run((f"{BIN}/floatprobe", "keygen", "-o", f"{self.dir}/{name}.key"), check=True,
                              capture_output=True, text=True, **ordinary()).stdout.strip()  # fmt: skip

    def write(self, name, text):
        with open(f"{self.dir}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def server(self, large):
        more = f'peers: {{ boot-02: {{ key: "{self.keys["peer"]}", address: 127.0.0.9 }} }}\n' if large else ""
        os.makedirs(f"{self.dir}/clients.d", exist_ok=True)
        self.write("clients.d/one.yaml", f'other: "{self.keys["other"]}"\n' if large else "{}\n")
        self.write(
            "server.yaml",
            f"""
name: boot-01
key: server.key
listen: {{ port: {self.port}, addresses: [ 127.0.0.1 ] }}
clients: {{ here: "{self.keys["client"]}" }}
clients_from: [ clients.d ]
limits: {{ flows: 64 }}
watch: {{ applications: [ {{ name: dns, protocol: udp, port: 53 }} ] }}
journal: server.jsonl
web: "unix:{self.dir}/server.sock"
{more}""",
        )

    def client(self, large, every="1h"):
        os.makedirs(f"{self.dir}/targets.d", exist_ok=True)
        extra = "  - { name: more, role: floating, address: 127.0.0.3, server: boot-01, port: 9 }\n" if large else ""
        self.write("targets.d/one.yaml", f"targets:\n  - {{ name: third, address: 127.0.0.2, server: boot-01, port: 9 }}\n{extra}")
        self.write(
            "client.yaml",
            f"""
vantage: here
key: client.key
servers: {{ boot-01: "{self.keys["server"]}", boot-02: "{self.keys["peer"]}" }}
schedules:
  steady: {{ every: {every}, timeout: 100ms }}
  burst: {{ every: {every}, count: 5, spacing: 1ms, timeout: 100ms }}
defaults: {{ port: {self.port}, warn: {{ loss: 5%, rtt: 20ms }} }}
targets:
  - {{ name: boot-01, role: droplet, address: 127.0.0.1, server: boot-01, schedule: [ steady, burst ], sizes: [ 512, 900 ] }}
  - {{ name: named, role: floating, address: 127.0.0.4, server: [ boot-01, boot-02 ], family: ipv4, unpinned: true }}
targets_from: [ "targets.d/*.yaml" ]
journal: client.jsonl
web: "unix:{self.dir}/client.sock"
""",
        )

    def arguments(self, program):
        if program == "server":
            return (f"{BIN}/floatprobed", "--config", "server.yaml")
        return (f"{BIN}/floatprobe", "run", "--config", "client.yaml")

    def put(self, program, large):
        getattr(self, program)(large)

    def journal(self, program):
        with open(f"{self.dir}/{program}.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def start(self, program, **options):
        return Program(self.dir, self.arguments(program), **options)


MISNAMED = re.compile(r"not valid YAML|unreadable|is wrong|has errors|unknown|did you mean|missing|not UTF-8")


def require_rightly_named(text):
    wrong = MISNAMED.search(text)
    require(not wrong, f"want of memory is called `{wrong and wrong.group()}`: {text}")


# -- the cases --


def start_case(place, program, numbers, options):
    """Either it ends with status 3 and the reason, or it runs and ends as asked to."""
    place.put(program, True)
    daemon = place.start(program)
    require(daemon.is_ready(), daemon.log())
    made = daemon.control.made
    require(daemon.end() == 0, daemon.log())
    flat = daemon.control.live_blocks

    def one(n):
        daemon = place.start(program, n=n, lasting=options.lasting, trace=options.trace)
        ready = daemon.is_ready()
        status = daemon.end()
        log = daemon.log()
        require(status == 0 if ready else status == 3, f"status {status}: {log}")
        require(ready or "memory" in log, f"no reason: {log}")
        require_rightly_named(log)
        if "event loop" not in log:  # which ends the program at once
            require(daemon.control.live_blocks <= flat, f"{daemon.control.live_blocks - flat} blocks leak: {log}")

    yield made
    for n in numbers(made):
        yield from tried(one, n)


def reload_case(place, program, numbers, options):
    """A reload that fails changes nothing, and the next one is whole."""
    daemon, made, flat, states = None, 0, 0, {}

    def started():
        nonlocal daemon, made, flat
        place.put(program, False)
        daemon = place.start(program, trace=options.trace)
        require(daemon.is_ready(), daemon.log())
        for large in (True, False, True, False, True, False):
            place.put(program, large)
            daemon.control.made = 0
            states[large] = daemon.reload()
        require(states[True] != states[False], f"a reload changes nothing: {states}")
        made = daemon.control.made
        daemon.is_quiet()
        flat = daemon.control.live_blocks
        daemon.log()

    def one(n):
        place.put(program, True)
        daemon.control.failed, daemon.control.lasting = 0, options.lasting
        daemon.control.countdown = n
        state = daemon.reload()
        daemon.control.countdown = 0
        log = daemon.log()  # nothing, after the lines of a minute
        require(state in states.values(), state)
        require(state == states[True] or "memory" in log or not log, f"no reason: {log}")
        require_rightly_named(log)
        place.put(program, False)
        require(daemon.reload() == states[False], f"the next one fails, too: {daemon.log()}")
        daemon.log()

    def leaks(n):
        """What runs meanwhile allocates, too: a leak is one each time."""
        nonlocal flat
        for _ in range(4):
            leak = daemon.control.live_blocks - flat
            flat = max(flat, daemon.control.live_blocks)
            if leak <= 0:
                return
            one(n)
        require(leak <= 0, f"{leak} blocks leak")

    started()
    yield made
    for n in numbers(made + made // 8):
        faults = [*tried(one, n)]
        if daemon.process.poll() is not None:
            daemon.end()
            started()
        yield from faults or tried(leaks, n)
    require(daemon.end() == 0, daemon.log())


class Reader(threading.Thread):
    """Reads pages as fast as they come, until it is told to stop."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.over = path, False
        self.start()

    def run(self):
        while not self.over:
            for page in ("/metrics", "/", "/probe?target=boot-01"):
                with socket.socket(socket.AF_UNIX) as web:
                    web.settimeout(1)
                    try:
                        web.connect(self.path)
                        web.sendall(f"GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                        while web.recv(65536):
                            pass
                    except OSError:
                        time.sleep(0.01)


def run_case(place, program, numbers, options):
    """Both run, the other one stands still now and then, and pages are read. Nothing ends, and in the end all is well."""
    place.server(True)
    place.client(True, every="10ms")
    other = "client" if program == "server" else "server"
    beside = subprocess.Popen(place.arguments(other), cwd=place.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, **ordinary())  # fmt: skip
    daemon = place.start(program, trace=options.trace)
    reader = Reader(f"{place.dir}/{program}.sock")

    def one(n):
        if n % 100 == 50:
            beside.send_signal(signal.SIGSTOP)
        if n % 100 == 90:
            beside.send_signal(signal.SIGCONT)
        daemon.control.failed, daemon.control.lasting = 0, options.lasting
        daemon.control.countdown = 1 + n * 7 % 60
        end = time.monotonic() + 0.1
        while not daemon.control.failed and time.monotonic() < end and daemon.process.poll() is None:
            time.sleep(0.001)
        daemon.control.countdown = 0
        require(daemon.process.poll() is None, f"ended with status {daemon.process.returncode}: {daemon.log()}")

    try:
        require(daemon.is_ready(), daemon.log())
        yield daemon.control.made
        for n in numbers(N_MAX):
            yield from tried(one, n)
            if daemon.process.poll() is not None:
                daemon = place.start(program, trace=options.trace)
                daemon.is_ready()
        beside.send_signal(signal.SIGCONT)
        reader.over = True
        reader.join()
        require(daemon.end() == 0, daemon.log())
        place.journal(program)
    finally:
        beside.kill()
        beside.wait()


def tried(one, n):
    """Yields what is wrong with it."""
    try:
        one(n)
    except AssertionError as error:
        yield f"allocation {n}: {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--to", type=int, default=N_MAX)
    parser.add_argument("--only", default="")
    parser.add_argument("--lasting", type=int, default=1)
    parser.add_argument("--trace")
    parser.add_argument("--shown", type=int, default=3, help="how many faults of a case are shown")
    options = parser.parse_args()

    def numbers(made):
        last = min(made, options.to)
        step = 1 if options.all else max(1, (last - options.first) // 20)
        return range(options.first, last + 1, step)

    failed = False
    for name, case in {"start": start_case, "reload": reload_case, "run": run_case}.items():
        for program in ("server", "client"):
            if options.only not in f"{name} {program}":
                continue
            results = case(Place(), program, numbers, options)
            made, faults = next(results), list(results)
            print(f"{name} {program}: {made} allocations, {len(faults)} faults", *faults[: options.shown], sep="\n", flush=True)
            failed |= bool(faults)
    return failed


if __name__ == "__main__":
    sys.exit(main())
