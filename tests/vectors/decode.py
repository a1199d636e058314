#!/usr/bin/python3
"""An independent reader of the wire format, written from docs/PROTOCOL.md and not from the C.

decode.py vectors.json: read every packet of the file, and compare what comes out with what the file expects.
Exit status: 0 as expected, 1 not, 77 PyNaCl is not installed (1 if CI is set).
"""
import hashlib
import ipaddress
import json
import os
import struct
import sys

try:
    from nacl import bindings as sodium
    from nacl.exceptions import BadSignatureError, CryptoError
except ImportError:
    print("decode.py: PyNaCl is not installed (Debian: python3-nacl)", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else 77)

PROBE, REPLY, QUERY, ANSWER, RELAY, RELAYED = 1, 2, 3, 4, 5, 6
PROTOCOL_NUMBER = {"udp": 17, "tcp": 6}
MAGIC, VERSION = b"FLPB", 1
LOCATION, FLOW, AUTH = 2, 249, 250
TAIL_TYPE = {PROBE: 1, REPLY: 1, QUERY: 251, ANSWER: 251, RELAY: 251, RELAYED: 251}
HEAD_LEN = 212  # all that stands before the server ids
TERM = 64  # seconds that a request's signature holds for
SIGNED = 4
MIN_LEN = 300


class Fault(Exception):
    """The octets are not a packet; the argument says why, in the words of vectors.json."""


def need(condition, fault):
    if not condition:
        raise Fault(fault)


# --- times, addresses, windows ------------------------------------------------------------------------------------


def ns_from_ntp(octets):
    seconds, fraction = struct.unpack(">II", octets)
    era = 0 if seconds & 0x80000000 else 1
    return (seconds + (era << 32) - 2208988800) * 10**9 + ((fraction * 10**9 + 2**31) >> 32)


def address(octets):
    """The text of a 16-octet address; IPv4 stands there as ::ffff:a.b.c.d."""
    v6 = ipaddress.IPv6Address(octets)
    return str(v6.ipv4_mapped or v6)


def endpoint(octets):
    return {"address": address(octets[:16]), "port": int.from_bytes(octets[16:18], "big")}


def bitmap(octets):
    return [octets[at : at + 8].hex() for at in range(0, 32, 8)]


# --- keys ---------------------------------------------------------------------------------------------------------


class Identity:
    def __init__(self, seed):
        self.public, self.secret = sodium.crypto_sign_seed_keypair(seed)


class Pair:
    def __init__(self, own, peer_public, client_public, server_public):
        own_x = sodium.crypto_sign_ed25519_sk_to_curve25519(own.secret)
        peer_x = sodium.crypto_sign_ed25519_pk_to_curve25519(peer_public)
        shared = sodium.crypto_scalarmult(own_x, peer_x)

        def derive(label, size):
            text = label + client_public + server_public
            keys = hashlib.blake2b(text, key=shared, digest_size=2 * size).digest()
            return keys[:size], keys[size:]

        self.c2s, self.s2c = derive(b"floatprobe1 mac", 16)
        self.query, self.answer = derive(b"floatprobe1 evi", 32)


# --- what is authentic --------------------------------------------------------------------------------------------


def prefix(context, transport, packet):
    return context + bytes([PROTOCOL_NUMBER[transport]]) + struct.pack(">H", len(packet))


def server_id(packet, slot):
    return packet[HEAD_LEN + 8 * slot :][:8]


def signature_at(slots):
    return HEAD_LEN + 8 * slots


def macs_at(slots):
    return signature_at(slots) + 64


def mac_holds(key, text, packet, slots, slot):
    return sodium.crypto_shorthash_siphashx24(text, key) == packet[macs_at(slots) + 16 * slot :][:16]


def request_mac_holds(key, transport, packet, slots, slot):
    text = prefix(b"floatprobe1 rqm", transport, packet) + packet[:16] + packet[92 : macs_at(slots)]
    return mac_holds(key, text, packet, slots, slot)


def reply_mac_holds(key, transport, packet, slots):
    text = prefix(b"floatprobe1 rpm", transport, packet)
    text += packet[: macs_at(slots) if packet[103] & SIGNED else HEAD_LEN]
    return mac_holds(key, text, packet, slots, 0)


def signature_holds(public, text, packet, slots):
    try:
        sodium.crypto_sign_open(packet[signature_at(slots) : macs_at(slots)] + text, public)
        return True
    except BadSignatureError:
        return False


def request_signature_holds(public, transport, packet, slots):
    flow_id, ids = packet[136:144], packet[HEAD_LEN : signature_at(slots)]
    seconds = int.from_bytes(packet[4:8], "big") + flow_id[7] % TERM
    term = (seconds % 2**32 // TERM).to_bytes(4, "big")
    text = b"floatprobe1 rqs" + bytes([PROTOCOL_NUMBER[transport]]) + term + flow_id + ids
    return signature_holds(public, text, packet, slots)


def reply_signature_holds(public, transport, packet, slots):
    text = prefix(b"floatprobe1 rps", transport, packet) + packet[: signature_at(slots)]
    return signature_holds(public, text, packet, slots)


def evidence_value(packet, slots):
    return packet[macs_at(slots) + 16 * slots + 4 :]


def open_evidence(key, packet, slots):
    """The plain text, or None if the seal is broken."""
    value = evidence_value(packet, slots)
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(value[24:], packet[:HEAD_LEN], value[:24], key)
    except CryptoError:
        return None


# --- packets ------------------------------------------------------------------------------------------------------


def tlv(flags, kind, length):
    return struct.pack(">BBH", flags, kind, length)


def check_shape(packet, flags, roles):
    """FLOW, AUTH and the tail stand where they must; returns role and number of slots."""
    need(packet[92:96] == tlv(flags, FLOW, 112), "FLOW")
    need(packet[96:100] == MAGIC, "MAGIC")
    need(packet[100] == VERSION, "VERSION")
    role = packet[101]
    need(role in roles, "ROLE")
    slots = next((n for n in (1, 2, 3, 4) if packet[208:212] == tlv(flags, AUTH, 24 * n + 64)), 0)
    end = HEAD_LEN + 24 * slots + 64
    need(slots > 0 and len(packet) >= end, "AUTH")
    rest = len(packet) - end
    if rest == 0:
        need(role in (PROBE, REPLY), "TAIL")
    else:
        need(rest >= 4 and packet[end : end + 4] == tlv(flags, TAIL_TYPE[role], rest - 4), "TAIL")
    return role, slots


def read_request(packet):
    need(len(packet) >= MIN_LEN, "SHORT")
    need(packet[44:48] == tlv(0x80, LOCATION, 44), "LOCATION")
    need(packet[52:56] == tlv(0x80, 4, 16) and packet[72:76] == tlv(0x80, 7, 16), "LOCATION")
    role, slots = check_shape(packet, 0x80, (PROBE, QUERY, RELAY))
    return {
        "role": role,
        "seq": int.from_bytes(packet[0:4], "big"),
        "sent_ns": ns_from_ntp(packet[4:12]),
        "flags": int.from_bytes(packet[102:104], "big"),
        "flow_id": packet[136:144].hex(),
        "client_key": packet[104:136].hex(),
        "destination": endpoint(packet[144:162]),
        "transport": packet[162],
        "heard": {
            "newest": int.from_bytes(packet[164:168], "big"),
            "count": int.from_bytes(packet[200:204], "big"),
            "bitmap": bitmap(packet[168:200]),
        },
        "token": int.from_bytes(packet[204:208], "big"),
        "slots": slots,
    }


def location_address(octets, kind4, kind6):
    if octets[:4] == tlv(0, kind4, 16):
        return str(ipaddress.IPv4Address(octets[4:8]))
    need(octets[:4] == tlv(0, kind6, 16), "LOCATION")
    return address(octets[4:20])


def read_reply(packet):
    need(len(packet) >= MIN_LEN, "SHORT")
    need(packet[44:48] == tlv(0, LOCATION, 44), "LOCATION")
    dport, sport = struct.unpack(">HH", packet[48:52])
    arrived_on = {"address": location_address(packet[52:72], 5, 6), "port": dport}
    seen_source = {"address": location_address(packet[72:92], 8, 9), "port": sport}
    role, slots = check_shape(packet, 0, (REPLY, ANSWER, RELAYED))
    first, newest = struct.unpack(">II", packet[160:168])
    received, duplicates, late = struct.unpack(">IHH", packet[200:208])
    return {
        "role": role,
        "seq": int.from_bytes(packet[24:28], "big"),
        "sent_ns": ns_from_ntp(packet[28:36]),
        "received_ns": ns_from_ntp(packet[16:24]),
        "replied_ns": ns_from_ntp(packet[4:12]),
        "ttl": packet[40],
        "tos": packet[158],
        "status": packet[102],
        "flags": packet[103],
        "flow_id": packet[136:144].hex(),
        "boot_id": packet[144:152].hex(),
        "token": int.from_bytes(packet[152:156], "big"),
        "server_key": packet[104:136].hex(),
        "arrived_on": arrived_on,
        "seen_source": seen_source,
        "receipts": {
            "first": first,
            "newest": newest,
            "received": received,
            "duplicates": duplicates,
            "late": late,
            "bitmap": bitmap(packet[168:200]),
        },
        "slots": slots,
    }


# --- evidence -----------------------------------------------------------------------------------------------------


class Cursor:
    """Takes fields from the beginning of octets."""

    def __init__(self, octets):
        self.octets = octets

    def take(self, length):
        taken, self.octets = self.octets[:length], self.octets[length:]
        return taken

    def number(self, length):
        return int.from_bytes(self.take(length), "big")

    def flag(self):
        return self.take(1) != b"\0"

    def hex(self, length):
        return self.take(length).hex()

    def address(self):
        return address(self.take(16))

    def endpoint(self):
        return endpoint(self.take(18))


def read_text(text, read_head, lists):
    """None for another version; lists of unknown type, and the ends of longer heads and records, are passed over."""
    if text[0] != 1:
        return None
    rest = Cursor(text[2:])
    seen = read_head(Cursor(rest.take(text[1])))
    seen.update({name: [] for name, _ in lists.values()})
    while rest.octets and rest.octets[0]:
        kind, count, length = rest.take(3)
        records = [Cursor(rest.take(length)) for _ in range(count)]
        if kind in lists:
            name, read = lists[kind]
            seen[name] = [read(record) for record in records]
    return seen


def read_place(c):
    return {"endpoint": c.endpoint(), "transport": c.number(1)}


def read_query_head(c):
    relayed, has_macs = c.flag(), c.flag()
    own_mac, own_address, server_mac = c.hex(6), c.address(), c.hex(6)
    return {
        "relayed": relayed,
        "own_mac": own_mac if has_macs else None,
        "server_mac": server_mac if has_macs else None,
        "own_address": own_address,
    }


def read_query_attempt(c):
    return {"id": c.number(1), "client": c.endpoint(), "age_ms": c.number(4)}


def read_name(c):
    return {"attempt": c.number(1), "value": c.number(4), "span_ms": c.number(2)}


def read_translation(c):
    return {"own": c.address(), "outside": c.address(), "keeps_ports": c.flag()}


QUERY_LISTS = {
    1: ("flows", lambda c: c.hex(8)),
    2: ("attempts", read_query_attempt),
    3: ("places", read_place),
    4: ("addresses", lambda c: c.address()),
    5: ("names", read_name),
    6: ("translations", read_translation),
}


def read_query(text):
    return read_text(text, read_query_head, QUERY_LISTS)


def read_answer_head(c):
    return {
        "truncated": c.flag(),
        "boot_id": c.hex(8),
        "uptime_ms": c.number(8),
        "evicted_ms": c.hex(8),
        "socket_drops": c.number(4),
        "accept_overflows": c.number(4),
        "datagrams_full": c.number(4),
        "datagrams_bad": c.number(4),
        "segments_bad": c.number(4),
        "unread_ms": c.number(4),
        "querier": c.endpoint(),
        "port": c.number(2),
        "listens_udp": c.flag(),
        "listens_tcp": c.flag(),
    }


def read_attempt(c):
    return {
        "id": c.number(1),
        "status": c.number(1),
        "origin": c.number(1),
        "age_ms": c.number(2),
    }


def read_syn(c):
    return {
        "attempt": c.number(1),
        "state": c.number(1),
        "count": c.number(1),
        "origin": c.number(1),
        "port": c.number(2),
        "first_ms": c.number(2),
        "newest_ms": c.number(2),
    }


def read_origin(c):
    source, local, has_mac, mac = c.address(), c.address(), c.flag(), c.hex(6)
    return {"source": source, "local": local, "mac": mac if has_mac else None}


def read_flow(c):
    return {
        "id": c.hex(8),
        "known": c.flag(),
        "receipts": {
            "first": c.number(4),
            "newest": c.number(4),
            "received": c.number(4),
            "bitmap": bitmap(c.take(32)),
        },
        "arrived_on": c.address(),
        "source": c.address(),
        "idle_ms": c.number(4),
    }


def read_arrival(c):
    return {"place": read_place(c), "idle_ms": c.number(4)}


def read_neighbour(c):
    return {
        "client": c.address(),
        "local": c.address(),
        "next_hop": c.address(),
        "entry_mac": c.hex(6),
        "frame_mac": c.hex(6),
        "state": c.number(2),
        "repaired": c.flag(),
        "asked": c.number(1),
        "since_ms": c.number(4),
        "healed_ms": c.number(4),
        "interface": c.take(16).rstrip(b"\0").decode("ascii"),
    }


def read_frames(c):
    return {
        "client": c.address(),
        "local": c.address(),
        "transport": c.number(1),
        "idle_ms": c.number(4),
        "heard_ms": c.number(2),
    }


def read_conflict(c):
    return {"address": c.address(), "mac": c.hex(6), "count": c.number(4), "idle_ms": c.number(4)}


def read_twin(c):
    return {"flow": c.hex(8), "seq": c.number(4), "source": c.address()}


def read_holding(c):
    return {
        "address": c.address(),
        "state": c.number(1),
        "interface": c.take(16).rstrip(b"\0").decode("ascii"),
        "link_answer": c.number(1),
        "mac": c.hex(6),
        "forwards": c.flag(),
        "routes": c.flag(),
        "heard_ms": c.number(4),
        "arrived_on": c.address(),
        "absent_ms": c.number(4),
    }


def read_counter(c):
    return {"kind": c.number(1), "value": c.number(4)}


def read_capture(c):
    return {"flow": c.hex(8), "newest": c.number(4), "bitmap": c.hex(8)}


def read_return_route(c):
    return {
        "client": c.address(),
        "local": c.address(),
        "count": c.number(2),
        "idle_ms": c.number(2),
        "error": c.number(1),
        "reporter": c.address(),
        "no_route": c.number(1),
        "gateway": c.address(),
        "interface": c.take(16).rstrip(b"\0").decode("ascii"),
        "neighbour_state": c.number(1),
    }


ANSWER_LISTS = {
    1: ("attempts", read_attempt),
    2: ("flows", read_flow),
    3: ("arrivals", read_arrival),
    4: ("neighbours", read_neighbour),
    5: ("frames", read_frames),
    6: ("conflicts", read_conflict),
    7: ("addresses", lambda c: c.address()),
    8: ("twins", read_twin),
    9: ("macs", lambda c: c.hex(6)),
    10: ("holdings", read_holding),
    11: ("syns", read_syn),
    12: ("origins", read_origin),
    13: ("return_routes", read_return_route),
    20: ("captures", read_capture),
    21: ("counters", read_counter),
}


def read_answer(text):
    return read_text(text, read_answer_head, ANSWER_LISTS)


# --- the vectors --------------------------------------------------------------------------------------------------


def read_inner(read, packet, slots):
    """What a relay carries, as far as a witness can read it."""
    try:
        return read(evidence_value(packet, slots))
    except Fault:
        return None


def observe_request(packet, transport, client, server):
    """As the server reads it."""
    fields = read_request(packet)
    pair = Pair(server, client.public, client.public, server.public)
    slots = fields["slots"]
    own = next((n for n in range(slots) if server_id(packet, n) == server.public[:8]), None)
    seen = {"fault": "NONE", "fields": fields}
    seen["mac"] = None if own is None else request_mac_holds(pair.c2s, transport, packet, slots, own)
    seen["signature"] = request_signature_holds(client.public, transport, packet, slots)
    if fields["role"] == QUERY:
        text = open_evidence(pair.query, packet, fields["slots"])
        seen["evidence"] = text and read_query(text)
    if fields["role"] == RELAY:
        seen["inner"] = read_inner(read_request, packet, fields["slots"])
    return seen


def observe_reply(packet, transport, client, server):
    """As the client reads it."""
    fields = read_reply(packet)
    pair = Pair(client, server.public, client.public, server.public)
    seen = {"fault": "NONE", "fields": fields}
    slots = fields["slots"]
    seen["mac"] = server_id(packet, 0) == server.public[:8] and reply_mac_holds(pair.s2c, transport, packet, slots)
    public = bytes.fromhex(fields["server_key"])
    seen["signature"] = reply_signature_holds(public, transport, packet, slots)
    if fields["role"] == ANSWER:
        text = open_evidence(pair.answer, packet, fields["slots"])
        seen["evidence"] = text and read_answer(text)
    if fields["role"] == RELAYED:
        seen["inner"] = read_inner(read_reply, packet, fields["slots"])
    return seen


def observe(vector, identities):
    read = observe_request if vector["reads"] == "request" else observe_reply
    packet = bytes.fromhex(vector["hex"])
    try:
        return read(packet, vector["transport"], identities[vector["client"]], identities[vector["server"]])
    except Fault as fault:
        return {"fault": str(fault)}


def differences(name, expected, seen):
    if expected == seen:
        return 0
    print(f"\n{name}\nexpected {json.dumps(expected)}\nseen     {json.dumps(seen)}", file=sys.stderr)
    return 1


def check_pair(vector, identities):
    client, server = identities[vector["client"]], identities[vector["server"]]
    bad = 0
    for own, peer in (client, server), (server, client):
        pair = Pair(own, peer.public, client.public, server.public)
        seen = {name: getattr(pair, name).hex() for name in ("c2s", "s2c", "query", "answer")}
        bad += differences("pair", {name: vector[name] for name in seen}, seen)
    return bad


def main(path):
    with open(path, encoding="ascii") as file:
        vectors = json.load(file)
    identities = {name: Identity(bytes.fromhex(v["seed"])) for name, v in vectors["identities"].items()}
    bad = sum(
        differences(name, v["public_key"], identities[name].public.hex()) for name, v in vectors["identities"].items()
    )
    bad += sum(check_pair(v, identities) for v in vectors["pairs"])
    bad += sum(differences(v["name"], v["expect"], observe(v, identities)) for v in vectors["packets"])
    print(f"{len(vectors['packets'])} packets, {len(vectors['pairs'])} pairs, {bad} not as expected")
    return 1 if bad or not vectors["packets"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
