"""Other programs that probe many targets, for the table of targets: blackbox_exporter and irtt."""
import re
import shutil
import socket
import threading
import time

from bench import LOAD_CORE, wait_for_port

BLACKBOX_PORT, CONNECTIONS = 7015, 16
MODULES = """modules:
  icmp: { prober: icmp, timeout: 1s, icmp: { preferred_ip_protocol: ip4 } }
  tcp: { prober: tcp, timeout: 1s, tcp: { preferred_ip_protocol: ip4 } }
"""


class Scraper(threading.Thread):
    """Asks the exporter about each of its targets once a second over one connection, as Prometheus does."""

    def __init__(self, module, targets):
        super().__init__(daemon=True)
        self.module, self.targets, self.ended, self.scrapes = module, targets, False, 0

    def ask(self, sock, target):
        sock.sendall(f"GET /probe?module={self.module}&target={target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += sock.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        while len(body) < length:
            body += sock.recv(65536)
        self.scrapes += b"probe_success 1" in body

    def run(self):
        start, asked = time.monotonic(), 0
        with socket.create_connection(("127.0.0.1", BLACKBOX_PORT)) as sock:
            while not self.ended:
                self.ask(sock, self.targets[asked % len(self.targets)])
                asked += 1
                time.sleep(max(0.0, start + asked / len(self.targets) - time.monotonic()))


class Blackbox:
    """The exporter, and what scrapes it."""

    def __init__(self, bench, module, targets):
        config = bench.path("blackbox.yml", MODULES)
        self.process = bench.start(["prometheus-blackbox-exporter", f"--config.file={config}",
                                    f"--web.listen-address=127.0.0.1:{BLACKBOX_PORT}"], core=LOAD_CORE)
        for _ in range(500):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", BLACKBOX_PORT)) == 0:
                    break
            time.sleep(0.01)
        self.scrapers = [Scraper(module, targets[i::CONNECTIONS]) for i in range(CONNECTIONS)]
        for scraper in self.scrapers:
            scraper.start()
        self.processes = [self.process]

    def probes(self):
        return sum(scraper.scrapes for scraper in self.scrapers)

    def stop(self, bench):
        for scraper in self.scrapers:
            scraper.ended = True
        for scraper in self.scrapers:
            scraper.join()
        bench.stop(self.process)


def blackbox_targets(module, addresses):
    return [address if module == "icmp" else f"{address}:7002" for address in addresses]


def has_blackbox():
    return shutil.which("prometheus-blackbox-exporter") is not None


class Irtt:
    """A process for each target."""

    def __init__(self, bench, addresses):
        self.server = bench.start(["irtt", "server", "-i", "0", "--hmac=secret", "-b", ":7004", "--set-src-ip"])
        wait_for_port(7004)
        self.processes = [bench.start(["irtt", "client", "-i", "1s", "-d", "1h", "-l", "512", "--hmac=secret", "-Q",
                                       f"{address}:7004"], core=LOAD_CORE) for address in addresses]

    def stop(self, bench):
        for process in [*self.processes, self.server]:
            bench.stop(process)
