"""How long a reload holds up answers: from RELOADING=1 to READY=1 the server does nothing else."""
import base64
import os
import signal
import socket
import time

import nacl.signing

from bench import med, table


def key():
    return "ed25519:" + base64.b64encode(bytes(nacl.signing.SigningKey.generate().verify_key)).decode()


def moment(manager, first):
    while not manager.recv(4096).startswith(first):
        pass
    return time.monotonic()


def processor_ms(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        ticks = stat.read().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")


def row(bench, count, times):
    if not os.path.exists(bench.path("server.key")):
        bench.keygen("server.key")
    lines = "".join(f"  c{i}: {key()}\n" for i in range(count))
    file = bench.path("reload.yaml", "name: r\nkey: server.key\nlisten: { port: 7099, addresses: [ 127.0.0.1 ] }\n"
                      f"clients:\n{lines}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0floatprobe-bench-{os.getpid()}-{count}")
        os.environ["NOTIFY_SOCKET"] = f"@floatprobe-bench-{os.getpid()}-{count}"
        server = bench.start([bench.tool("floatprobed"), "--config", file])
        del os.environ["NOTIFY_SOCKET"]
        moment(manager, b"READY=1")
        before, held_up = processor_ms(server), []
        for _ in range(times):
            server.send_signal(signal.SIGHUP)
            begin = moment(manager, b"RELOADING=1")
            held_up.append(1000 * (moment(manager, b"READY=1") - begin))
        used = (processor_ms(server) - before) / times
        bench.stop(server)
    return [f"{count:,} clients", f"{med(held_up):.1f} ms", f"{max(held_up):.1f} ms", f"{used:.1f} ms"]


def reload(bench):
    counts = (1, 100) if bench.options.smoke else (1, 1000, 5000)
    rows = [row(bench, count, 3 if bench.options.smoke else 11) for count in counts]
    table("reload: how long answers wait", ["", "median", "longest", "CPU"], rows)
