"""Writes journals as `floatprobe run` does, with a story that is known."""

import json
from datetime import datetime, timedelta, timezone

BEGIN = datetime(2026, 5, 1, tzinfo=timezone.utc)
PATHS = [
    {"target": target, "role": role, "address": address, "port": 8620, "protocol": protocol, "size": size, "flow": flow}
    for target, role, address in (
        ("boot-01", "droplet", "198.18.1.5"),
        ("bootnode", "floating", "203.0.113.7"),
    )
    for protocol, size, flow in (("udp", 512, "held"), ("udp", 512, "fresh"), ("tcp", None, "fresh"))
]


def at(seconds):
    return (BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def path(of, begin, end, lost=0, direction="return", server="boot-01", rtt=20.0, vantage="fra-home"):
    sent = round(end - begin)
    return {
        "type": "path", "time": at(end), "from": at(begin), "vantage": vantage, **of, "state": "up", "direction": "none",
        "cause": "none", "sent": sent, "answered": sent - lost, "forward_lost": lost if direction == "forward" else 0,
        "return_lost": lost if direction == "return" else 0, "lost": lost if direction == "unknown" else 0, "unsent": 0,
        "late": 0, "duplicates": 0, "reordered": 0, "server": server if sent > lost else None, "arrived_on": None,
        "rtt_ms": {"min": rtt, "median": rtt * 1.1, "p99": rtt * 1.5, "max": rtt * 2, "mean": rtt * 1.2} if sent > lost
        else None, "jitter_ms": None, "one_way_ms": None, "expected": True, "since": at(0), "evidence": [], "advice": None,
    }  # fmt: skip


def loss(of, begin, until, lost, direction, vantage="fra-home"):
    return {
        "type": "loss", "time": at(begin), "until": at(until), "vantage": vantage, **of, "sent": lost, "answered": 0,
        "forward_lost": lost if direction == "forward" else 0, "return_lost": lost if direction == "return" else 0,
        "lost": lost if direction == "unknown" else 0, "direction": direction,
    }  # fmt: skip


def change(of, found, since, state, cause="none", direction="none", servers=("boot-01", "boot-01"), evidence=()):
    before = "down" if state == "up" else "up"
    return {
        "type": "change", "time": at(found), "vantage": "fra-home", **of,
        "from": {"state": before, "direction": "none", "cause": "none", "server": servers[0]},
        "to": {"state": state, "direction": direction, "cause": cause, "server": servers[1]},
        "since": at(since), "expected": state == "up", "evidence": list(evidence), "advice": None,
    }  # fmt: skip


def incident(number, opened, closed, paths, direction, cause, servers, evidence=(), advice=None):
    whole = {
        "type": "incident", "vantage": "fra-home", "id": number, "opened": at(opened), "direction": direction,
        "targets": sorted({of["target"] for of in paths}), "paths": paths, "cause": cause, "server_before": servers[0],
        "evidence": list(evidence), "advice": advice, "path_state": "down", "paths_total": len(paths),
    }  # fmt: skip
    yield whole | {"time": at(opened + 3), "event": "opened", "state": "open", "closed": None, "duration_ms": 3000.0,
                   "server_after": None, "cause": "unexplained"}  # fmt: skip
    if closed is not None:
        yield whole | {"time": at(closed), "event": "closed", "state": "closed", "closed": at(closed),
                       "duration_ms": (closed - opened) * 1000.0, "server_after": servers[1]}  # fmt: skip


def event(kind, seconds, **fields):
    return {"type": kind, "time": at(seconds), **fields}


def story(minutes=120):
    """Two hours: UDP answers of bootnode are lost for 12.5 s from minute 20, the address moves at minute 50, nothing is
    probed from minute 80 to 85. Returns the records of the client and those of boot-01."""
    bad, move, stop, start = 1200, 3000, 4800, 5100
    udp = [of for of in PATHS if of["target"] == "bootnode" and of["protocol"] == "udp"]
    evidence = ["boot-01's entry for 198.51.100.2 has MAC 02:00:5e:00:53:01, the frames come from 02:00:5e:00:53:99"]
    client = [event("start", 0, vantage="fra-home", version="0.1.0", pid=7, targets=2, paths=len(PATHS))]
    for minute in range(minutes):
        begin = minute * 60
        if stop <= begin < start:
            continue
        for of in PATHS:
            lost = 12 if begin == bad and of in udp else 0
            floating = of["target"] == "bootnode"
            server = "boot-02" if floating and begin >= move else "boot-01"
            client.append(path(of, begin, begin + 60, lost, server=server, rtt=18 + len(of["protocol"]) + minute % 7))
    for of in udp:
        client.append(loss(of, bad + 5, bad + 17, 12, "return"))
        client.append(change(of, bad + 8, bad + 5, "down", "stale-neighbour", "return", evidence=evidence))
        client.append(change(of, bad + 17.5, bad + 17.5, "up"))
    client += incident(41, bad + 5, bad + 17.5, udp, "return", "stale-neighbour", ("boot-01", "boot-01"), evidence,
                       "delete the entry on boot-01: ip neigh del 198.51.100.2 dev eth0")  # fmt: skip
    client.append(event("stop", stop, vantage="fra-home", reason="SIGTERM"))
    client.append(event("start", start, vantage="fra-home", version="0.1.0", pid=8, targets=2, paths=len(PATHS)))
    client.sort(key=lambda record: record["time"])
    entry = {"address": "198.51.100.2", "interface": "eth0"}
    server = [
        event("unheard", bad + 7, client="fra-home", flow="00112233aabbccdd", source="198.51.100.2", port=40000,
              arrived_on="198.18.18.26", protocol="udp", received=90, acknowledged=86, unheard_replies=4),
        event("stale-neighbour", bad + 7.1, client="fra-home", entry_mac="02:00:5e:00:53:01", state="stale",
              frame_mac="02:00:5e:00:53:99", since_ms=400, cure="ip neigh del 198.51.100.2 dev eth0", **entry),
        event("repair", bad + 17, mac="02:00:5e:00:53:01", **entry),
    ]  # fmt: skip
    return client, server


def text_of(records):
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
