#!/usr/bin/python3 -B
"""Plain STAMP senders, whose packets scapy builds and reads and Wireshark decodes, before a real floatprobed."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

import cli
from test_run import Processes, wait_until

try:
    from scapy.contrib.stamp import STAMPSessionReflectorTestUnauthenticated as Reply
    from scapy.contrib.stamp import STAMPSessionSenderTestUnauthenticated as Request
    from scapy.contrib.stamp import STAMPTestTLV as Tlv
    from scapy.layers.inet import UDP
except ImportError:
    if os.environ.get("CI"):
        raise
    Request = None

LOOPBACKS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
NTP_EPOCH = 2208988800
U, M, I = 0x80, 0x40, 0x20


def tlv(kind, value, flags=U, length=None):
    return struct.pack(">BBH", flags, kind, len(value) if length is None else length) + value


@unittest.skipUnless(Request, "scapy is not installed")
class Stamp(Processes):
    def setUp(self):
        super().setUp()
        self.config()
        self.port = cli.closed_port()

    def reflector(self, networks="[ 127.0.0.0/8, '::1' ]", wait=True):
        file = self.write(
            "server.yaml",
            f"name: boot-01\nkey: server.key\nlisten: {{ port: {cli.closed_port()} }}\nlog: json\n"
            f'clients: {{ here: "{self.client}" }}\nstamp: {{ networks: {networks}, port: {self.port} }}\n',
        )
        process = self.start(cli.FLOATPROBED, file)
        if wait:
            wait_until("it listens", lambda: "listening on all addresses" in self.log())
        return process

    def ask(self, request, address="127.0.0.1", source=0, seconds=10):
        """The reply's octets, and the time to live that it arrived with; None: there is none."""
        with socket.socket(LOOPBACKS[address], socket.SOCK_DGRAM) as sender:
            sender.bind((address, source))
            sender.connect((address, self.port))  # so that a reply from elsewhere is none
            sender.settimeout(seconds)
            sender.send(bytes(request))
            try:
                return sender.recv(65536)
            except TimeoutError:
                return None

    def is_silent(self, request, **how):
        """No answer, though the next packet gets one: replies do not pass each other on a loopback."""
        self.assertIsNone(self.ask(request, seconds=0.2, **how))
        self.assertIsNotNone(self.ask(Request(seq=1)))

    def test_the_fields_of_a_reply(self):
        self.reflector()
        for address in LOOPBACKS:
            sent = Request(seq=4711, ts=time.time() + NTP_EPOCH, ssid=77)
            sent.err_estimate.S, sent.err_estimate.Z, sent.err_estimate.scale, sent.err_estimate.multiplier = 1, 1, 9, 200
            octets = self.ask(sent, address)
            self.assertEqual(len(octets), len(bytes(sent)))
            seen = Reply(octets)
            self.assertEqual((seen.seq, seen.seq_sender, seen.ssid, seen.ttl_sender), (4711, 4711, 77, seen.ttl_sender))
            self.assertIn(seen.ttl_sender, (64, 255))
            self.assertEqual(bytes(seen.err_estimate_sender), bytes(sent.err_estimate))
            self.assertEqual((seen.err_estimate.S, seen.err_estimate.Z), (0, 0))
            self.assertGreater(seen.err_estimate.multiplier, 0)
            self.assertEqual(octets[28:36], bytes(sent)[4:12])  # T1 as it was, in whatever format
            self.assertLessEqual(seen.ts_rx, seen.ts)
            self.assertLess(abs(float(seen.ts) - NTP_EPOCH - time.time()), 5)
            self.assertEqual((seen.mbz1, seen.mbz2), (0, 0))

    def test_any_length_comes_back_as_long(self):
        self.reflector()
        for length in (41, 42, 43, 44, 45, 47, 48, 512, 1400, 9000):
            octets = self.ask((bytes(Request(seq=1)) + bytes(length))[:length])
            self.assertEqual(len(octets), length)
            self.assertEqual((octets[24:28], octets[40] in (64, 255)), (b"\0\0\0\1", True))  # what TWAMP Light has, too
        for length in (0, 1, 14, 40):
            self.is_silent(bytes(length))

    def test_tlvs(self):
        """Understood, unknown, too long, and octets that are none: type by type as RFC 8972 has it."""
        self.reflector()
        base = bytes(Request(seq=1))
        for sent, expected in (
            (tlv(1, b"padding"), tlv(1, b"padding", 0)),
            (tlv(4, b"\1\2\3\4"), tlv(4, b"\1\2\3\4")),
            (tlv(240, b"xyz", 0) + tlv(1, b""), tlv(240, b"xyz") + tlv(1, b"", 0)),
            (tlv(10, bytes(20), 0x9F), tlv(10, bytes(20))),  # the return path of RFC 9503
            # A sender sets neither M nor I; where one stands, processing stops, and the rest is copied.
            *((tlv(1, b"a") + tlv(1, b"b", flag) + tlv(1, b""), tlv(1, b"a", 0) + tlv(1, b"b", flag) + tlv(1, b"")) for flag in (M, I)),
            (tlv(1, b"abc", U, 4), tlv(1, b"abc", M, 4)),
            (tlv(99, b"", 0, 65535), tlv(99, b"", U | M, 65535)),
            (tlv(99, b"", 0, 9) + tlv(1, b""), tlv(99, b"", U | M, 9) + tlv(1, b"")),
            (tlv(1, b"") + b"\1\2\3", tlv(1, b"", 0) + b"\xc0\2\3"),  # less than the head of one
        ):
            self.assertEqual(self.ask(base + sent)[44:], expected)
        octets = self.ask(Request(seq=1, tlv_objects=[Tlv(type=240, len=2, value=b"ab"), Tlv(type=1, len=3, value=b"abc")]))
        seen = Reply(octets, _parent=UDP(len=8 + len(octets)))  # scapy takes the length of the TLVs from there
        self.assertEqual([(int(t.flags), t.type, t.len) for t in seen.tlv_objects], [(U, 240, 2), (0, 1, 3)])

    def test_who_gets_an_answer(self):
        process = self.reflector("[ 127.0.0.0/30 ]")
        self.is_silent(Request(seq=1), address="::1")
        if os.geteuid() == 0:
            self.is_silent(Request(seq=1), source=862)  # another reflector: they would never stop
        self.server_answers("[ '::1/128' ]", process, {"127.0.0.1": False, "::1": True})
        self.end(process)

    def test_answers_are_not_answered(self):
        """Ours, echoed, and another reflector's to ours: at whatever port it is, it would never stop."""
        self.reflector()
        reply = self.ask(Request(seq=1, ts=time.time() + NTP_EPOCH))
        self.is_silent(reply)
        self.is_silent(reply[:4] + bytes(20) + reply[:4] + reply[4:12] + bytes(8))

    def server_answers(self, networks, process, answers):
        self.write("server.yaml", self.read("server.yaml").replace("[ 127.0.0.0/30 ]", networks))
        process.send_signal(signal.SIGHUP)
        wait_until("it has reloaded", lambda: "reloaded" in self.log())
        for address, answered in answers.items():
            self.assertEqual(self.ask(Request(seq=1), address, seconds=10 if answered else 0.2) is not None, answered)

    def test_a_flood_is_limited(self):
        """Beyond a thousand at once, and a thousand a second, there is silence; other networks are answered."""
        self.reflector()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", self.port))
            sender.setblocking(False)
            began, received = time.monotonic(), 0
            for _ in range(20000):
                sender.send(bytes(44))
                try:
                    while sender.recv(100):
                        received += 1
                except BlockingIOError:
                    pass
            self.assertLessEqual(received, 1000 + 1000 * (time.monotonic() - began) + 1)
        # The flood may still fill the socket's buffer.
        wait_until("other networks are answered", lambda: self.ask(Request(seq=2), "::1", seconds=1))

    def test_it_is_off(self):
        self.end(self.reflector())
        self.write("server.yaml", self.read("server.yaml").partition("stamp:")[0] + f"web: 127.0.0.1:{cli.closed_port()}\n")
        os.unlink(self.path("run.log"))
        self.start(cli.FLOATPROBED, self.path("server.yaml"))
        wait_until("it listens", lambda: "listening on all addresses" in self.log())
        with self.assertRaises(ConnectionRefusedError):
            self.ask(Request(seq=1))

    def test_wrong_networks(self):
        for networks, said in (
            ("[ 127.0.0.1/8 ]", "first address of the network"),
            ("[ 127.0.0.0/33 ]", "prefix length"),
            ("[ '2001:db8::/129' ]", "prefix length"),
            ("[ host.example ]", "is not a network"),
            ("[ 0.0.0.0/x ]", "prefix length"),
            ("[ ]", "networks"),
        ):
            process = self.reflector(networks, wait=False)
            self.assertEqual(process.wait(30), 2)
            self.assertIn(said, self.log())
            os.unlink(self.path("run.log"))

    def test_wireshark_decodes_it(self):
        if not shutil.which("tshark"):
            self.skipTest("tshark is not installed")
        self.reflector()
        reply = self.ask(Request(seq=77, ts=time.time() + NTP_EPOCH))
        udp = struct.pack(">HHHH", 862, 40000, 8 + len(reply), 0) + reply
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, *2 * [socket.inet_aton("127.0.0.1")]) + udp
        with open(self.path("x.pcap"), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
        names = ("seq_number", "sender_seq_number", "sender_ttl", "error_estimate.s", "error_estimate.z")
        command = ["tshark", "-n", "-r", self.path("x.pcap"), "-d", "udp.port==862,twamp.test", "-T", "fields"]
        for name in names:
            command += ["-e", f"twamp.test.{name}"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        seen = dict(zip(names, done.stdout.strip("\n").split("\t")))
        self.assertEqual((seen["seq_number"], seen["sender_seq_number"]), ("77", "77"), seen)
        self.assertIn(seen["sender_ttl"], ("64", "255"))


if __name__ == "__main__":
    cli.main()
