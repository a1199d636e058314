#!/usr/bin/python3
"""Do other people's STAMP decoders see in our packets what we put there?

stamp.py tshark vectors.json: the base fields, as Wireshark's TWAMP-Test dissector decodes them from a capture.
stamp.py scapy vectors.json:  base fields and TLVs, as Scapy's contrib.stamp decodes them.
Exit status: 0 they do, 1 they do not, 77 the decoder is not installed (1 if CI is set).
"""
import ipaddress
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

PROBE, REPLY = "probe with one slot", "reply"


def skip(why):
    print(f"stamp.py: {why}", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else 77)


def expect(what, expected, seen):
    if expected != seen:
        sys.exit(f"stamp.py: {what}: expected {expected!r}, seen {seen!r}")


# --- tshark -------------------------------------------------------------------------------------------------------


def ipv4_udp(source, destination, payload):
    """The datagram as it is on the wire, (address, port) each; no UDP checksum, which IPv4 allows."""
    udp = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    header = [0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0]
    addresses = ipaddress.IPv4Address(source[0]).packed + ipaddress.IPv4Address(destination[0]).packed
    words = struct.unpack(">10H", struct.pack(">BBHHHBBH", *header) + addresses)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    header[7] = ~(total + (total >> 16)) & 0xFFFF
    return struct.pack(">BBHHHBBH", *header) + addresses + udp


def write_capture(path, datagrams):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # raw IP
        for datagram in datagrams:
            file.write(struct.pack("<IIII", 0, 0, len(datagram), len(datagram)) + datagram)


def tshark_fields(capture, *names):
    command = ["tshark", "-n", "-t", "u", "-r", capture, "-d", "udp.port==8620,twamp.test", "-T", "fields"]
    for name in names:
        command += ["-e", "twamp.test." + name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def nanoseconds(text):
    """tshark writes an NTP time as "Sep 21, 2026 14:13:20.123456789 UTC"."""
    moment, fraction = text.removesuffix(" UTC").split(".")
    seconds = datetime.strptime(moment, "%b %d, %Y %H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 10**9 + int(fraction)


def expect_time(what, expected_ns, text):
    if not 0 <= expected_ns - nanoseconds(text) <= 1:  # tshark cuts the fraction where we round it
        expect(what, expected_ns, nanoseconds(text))


def check_tshark(probe, reply):
    if not shutil.which("tshark"):
        skip("tshark is not installed")
    client, server = ("198.18.200.9", 40123), ("198.18.0.7", 8620)
    with tempfile.TemporaryDirectory() as directory:
        capture = directory + "/x.pcap"
        write_capture(
            capture,
            [ipv4_udp(client, server, probe["octets"]), ipv4_udp(server, client, reply["octets"])],
        )
        numbers = tshark_fields(capture, "seq_number", "sender_seq_number", "sender_ttl")
        times = tshark_fields(capture, "timestamp", "receive_timestamp", "sender_timestamp")
        estimates = tshark_fields(capture, "error_estimate", "sender_error_estimate")
    sent, replied = probe["fields"], reply["fields"]
    expect("number of the probe", str(sent["seq"]), numbers[0][0])
    expect("numbers of the reply", [str(replied["seq"]), str(replied["seq"]), str(replied["ttl"])], numbers[1])
    expect_time("T1 of the probe", sent["sent_ns"], times[0][0])
    for what, at in ("replied_ns", 0), ("received_ns", 1), ("sent_ns", 2):
        expect_time(what + " of the reply", replied[what], times[1][at])
    expect("error estimates of the reply", ["8193", "8193"], estimates[1])


# --- scapy --------------------------------------------------------------------------------------------------------


def check_scapy(probe, reply):
    try:
        from scapy.contrib import stamp
        from scapy.layers.inet import UDP
    except ImportError:
        skip("Scapy with contrib.stamp is not installed (Debian: python3-scapy)")

    def tlvs(packet):
        return [(int(t.flags), t.type, t.len) for t in packet.tlv_objects]

    under = UDP(len=8 + len(probe["octets"]))  # Scapy 2.5 takes the length of the TLVs from here
    sent = stamp.STAMPSessionSenderTestUnauthenticated(probe["octets"], _parent=under)
    replied = stamp.STAMPSessionReflectorTestUnauthenticated(reply["octets"], _parent=under)
    padding = len(probe["octets"]) - 304
    expect("TLVs of the probe", [(0x80, 2, 44), (0x80, 249, 112), (0x80, 250, 88), (0x80, 1, padding)], tlvs(sent))
    expect("TLVs of the reply", [(0, 2, 44), (0, 249, 112), (0, 250, 88), (0, 1, padding)], tlvs(replied))
    expect("number of the probe", probe["fields"]["seq"], sent.seq)
    expect("a session id", True, sent.ssid != 0)
    expect("MBZ of the probe", 0, sent.mbz)
    for estimate in sent.err_estimate, replied.err_estimate, replied.err_estimate_sender:
        expect("error estimate: S, Z, scale, multiplier", (0, 0, 32, 1), (
            estimate.S, estimate.Z, estimate.scale, estimate.multiplier,
        ))
    expect("session id of the reply", sent.ssid, replied.ssid)
    expect("number of the reply", reply["fields"]["seq"], replied.seq_sender)
    expect("TTL in the reply", reply["fields"]["ttl"], replied.ttl_sender)
    expect("MBZ of the reply", (0, 0), (replied.mbz1, replied.mbz2))


def main(decoder, path):
    with open(path, encoding="ascii") as file:
        packets = {p["name"]: p for p in json.load(file)["packets"]}
    pick = [
        {"octets": bytes.fromhex(packets[name]["hex"]), "fields": packets[name]["expect"]["fields"]}
        for name in (PROBE, REPLY)
    ]
    {"tshark": check_tshark, "scapy": check_scapy}[decoder](*pick)


if __name__ == "__main__":
    main(*sys.argv[1:])
