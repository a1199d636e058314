"""What every table needs: processes on their cores, loads, sockets, figures, and the printing of tables."""
import os
import socket
import statistics
import subprocess
import sys
import time

SIZE, FLIGHT, FLOWS = 512, 64, 1024
SERVER_CORE, LOAD_CORE = 0, 1
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35  # which Python does not name


def on_core(core):
    return lambda: os.sched_setaffinity(0, {core} & os.sched_getaffinity(0) or os.sched_getaffinity(0))


def table(title, heads, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    print(f"\n{title}")
    for first, *others in [heads, *rows]:
        print("  " + "  ".join([first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(others, widths[1:]))]))
    sys.stdout.flush()


def med(values):
    return statistics.median(values)


class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.bin = os.path.join(options.build, "bin")
        self.running, self.server_key = [], None

    def tool(self, name):
        return os.path.join(self.bin, name)

    def path(self, name, text=None):
        path = os.path.join(self.directory, name)
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        return path

    def start(self, argv, core=SERVER_CORE, setup=None):
        with open(self.path("log"), "a") as log:
            process = subprocess.Popen(argv, preexec_fn=setup or on_core(core), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log)
        self.running.append(process)
        return process

    def stop(self, process):
        if process.poll() is not None:
            sys.exit(f"run: {process.args[0]} has ended by itself: {process.returncode}")
        process.terminate()
        process.wait()
        self.running.remove(process)

    def stop_all(self):
        for process in self.running:
            process.kill()
            process.wait()
        self.running.clear()

    def keygen(self, name):
        """Make a key; its public text."""
        public = subprocess.run([self.tool("floatprobe"), "keygen", "-o", self.path(name)], check=True,
                                capture_output=True, text=True)
        return public.stdout.strip()

    def floatprobed(self, port):
        if not self.server_key:
            self.server_key, self.client_key = self.keygen("server.key"), self.keygen("client.key")
            self.other_key = self.keygen("other.key")
        config = self.path("server.yaml", f"name: bench\nkey: server.key\nlisten: {{ port: {port} }}\n"
                           f"clients: {{ load: '{self.client_key}', other: '{self.other_key}' }}\n")
        return self.start([self.tool("floatprobed"), "--config", config])

    def load(self, sock, source, packets="/dev/null", pid=0, seconds=None, flight=FLIGHT, rate=0):
        """Start a load over a connected socket; the process, whose stdout is its one line of figures."""
        numbers = [sock.fileno(), pid, seconds or self.options.seconds, flight, rate]
        with open(packets, "rb") as stdin:
            return subprocess.Popen([self.tool("bench_load"), *map(str, numbers), *source], stdin=stdin, text=True,
                                    stdout=subprocess.PIPE, preexec_fn=on_core(LOAD_CORE), pass_fds=[sock.fileno()])

    def probes(self, flows=FLOWS):
        return ["probes", str(SIZE), str(flows), self.path("client.key"), self.server_key]


def figures(process):
    names = "sent answered cpu_ns wall_ns drops answered_ever received_ever".split()
    out, _ = process.communicate()
    if process.returncode != 0:
        sys.exit("run: the load failed")
    return dict(zip(names, map(int, out.split())))


def enlarge(sock, size):
    """Give a socket a receive buffer, or as much of it as an ordinary user may have."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def connected(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    enlarge(sock, 4 << 20)
    sock.connect(("127.0.0.1", port))
    return sock


def wait_for_port(port):
    for _ in range(500):
        if socket_drops(port) is not None:
            return
        time.sleep(0.01)
    sys.exit(f"run: nothing came up on port {port}")


def socket_drops(port):
    """Datagrams that the kernel dropped at the UDP socket bound to this port; None: there is none."""
    for name in ("/proc/net/udp", "/proc/net/udp6"):
        for line in open(name).readlines()[1:]:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == port:
                return int(fields[12])
    return None
