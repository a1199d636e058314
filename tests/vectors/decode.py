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
HEAD_LEN = 212  # all that is under the MAC
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


def slot(packet, n):
    at = HEAD_LEN + 24 * n
    return packet[at : at + 8], packet[at + 8 : at + 24]


def mac_holds(key, context, transport, packet, n):
    text = prefix(context, transport, packet) + packet[:HEAD_LEN]
    return sodium.crypto_shorthash_siphashx24(text, key) == slot(packet, n)[1]


def signature_holds(public, context, transport, packet, slots):
    end = HEAD_LEN + 24 * slots
    text = prefix(context, transport, packet) + packet[:end]
    try:
        sodium.crypto_sign_open(packet[end : end + 64] + text, public)
        return True
    except BadSignatureError:
        return False


def evidence_value(packet, slots):
    return packet[HEAD_LEN + 24 * slots + 64 + 4 :]


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


def records(text, at, count, length):
    return [text[at + i * length : at + (i + 1) * length] for i in range(count)]


def read_place(p):
    return {"endpoint": endpoint(p[:18]), "transport": p[18]}


def read_query(text):
    version, flows, attempts, flags = text[:4]
    if version != 1:
        return None
    at = 40 + 8 * flows
    return {
        "relayed": bool(flags & 1),
        "own_mac": text[8:14].hex() if flags & 2 else None,
        "server_mac": text[32:38].hex() if flags & 2 else None,
        "own_address": address(text[16:32]),
        "flows": [flow.hex() for flow in records(text, 40, flows, 8)],
        "attempts": [
            {
                "client": endpoint(a),
                "server_port": int.from_bytes(a[18:20], "big"),
                "age_ms": int.from_bytes(a[20:24], "big"),
                "id": int.from_bytes(a[24:28], "big"),
            }
            for a in records(text, at, attempts, 28)
        ],
        "places": [read_place(p) for p in records(text, at + 28 * attempts, text[4], 20)],
    }


def read_flow(f):
    first, newest, received, duplicates, late = struct.unpack(">IIIHH", f[12:28])
    idle_ms, age_ms = struct.unpack(">II", f[96:104])
    return {
        "id": f[:8].hex(),
        "known": bool(f[8] & 1),
        "unheard": bool(f[8] & 2),
        "receipts": {
            "first": first,
            "newest": newest,
            "received": received,
            "duplicates": duplicates,
            "late": late,
            "bitmap": bitmap(f[28:60]),
        },
        "arrived_on": endpoint(f[60:78]),
        "source": endpoint(f[78:96]),
        "idle_ms": idle_ms,
        "age_ms": age_ms,
    }


def read_error(e):
    count, idle_ms = struct.unpack(">II", e[40:48])
    return {
        "client": endpoint(e[:18]),
        "offender": endpoint(e[18:36]),
        "source": address(e[48:64]),
        "type": e[36],
        "code": e[37],
        "count": count,
        "idle_ms": idle_ms,
        "twin_flow": e[64:72].hex(),
        "twin_seq": int.from_bytes(e[72:76], "big"),
    }


def read_attempt(a):
    return {
        "id": int.from_bytes(a[:4], "big"),
        "status": a[4],
        "retransmits": a[5],
        "age_ms": int.from_bytes(a[6:8], "big"),
        "arrived_on": address(a[8:24]),
    }


def read_neighbour(n):
    flags = n[46]
    taken_ms, since_ms, healed_ms = struct.unpack(">III", n[48:60])
    return {
        "client": address(n[:16]),
        "local": address(n[60:76]),
        "next_hop": address(n[16:32]),
        "entry_mac": n[32:38].hex() if flags & 1 else None,
        "frame_mac": n[38:44].hex() if flags & 2 else None,
        "state": int.from_bytes(n[44:46], "big"),
        "wrong": bool(flags & 4),
        "repaired": bool(flags & 8),
        "taken_ms": taken_ms,
        "since_ms": since_ms,
        "healed_ms": healed_ms,
        "interface": n[76:92].rstrip(b"\0").decode("ascii"),
    }


def read_frames(f):
    count, idle_ms = struct.unpack(">II", f[36:44])
    return {
        "client": address(f[:16]),
        "local": address(f[16:32]),
        "transport": f[32],
        "count": count,
        "idle_ms": idle_ms,
        "heard_ms": int.from_bytes(f[34:36], "big"),
    }


def read_conflict(c):
    count, idle_ms = struct.unpack(">II", c[24:32])
    return {"address": address(c[:16]), "mac": c[16:22].hex(), "count": count, "idle_ms": idle_ms}


def read_arrival(a):
    return {"place": read_place(a[:20]), "idle_ms": int.from_bytes(a[20:24], "big")}


# Name, where the number of records stands, length of a record, its reader; in the order of the lists.
LISTS = (
    ("flows", 2, 104, read_flow),
    ("attempts", 3, 24, read_attempt),
    ("neighbours", 6, 92, read_neighbour),
    ("frames", 7, 44, read_frames),
    ("conflicts", 54, 32, read_conflict),
    ("addresses", 4, 16, address),
    ("errors", 5, 76, read_error),
    ("arrivals", 55, 24, read_arrival),
    ("macs", 62, 8, lambda m: m[:6].hex()),
)


def read_answer(text):
    if text[0] != 1:
        return None
    answer = {
        "truncated": bool(text[1] & 1),
        "sees_frames": bool(text[1] & 2),
        "listens_udp": bool(text[1] & 4),
        "listens_tcp": bool(text[1] & 8),
        "port": int.from_bytes(text[60:62], "big"),
        "boot_id": text[8:16].hex(),
        "uptime_ms": int.from_bytes(text[16:24], "big"),
        "evicted_ms": text[24:32].hex(),
        "socket_drops": int.from_bytes(text[32:36], "big"),
        "accept_overflows": int.from_bytes(text[56:60], "big"),
        "asker": endpoint(text[36:54]),
    }
    at = 64
    for name, count_at, length, read in LISTS:
        answer[name] = [read(r) for r in records(text, at, text[count_at], length)]
        at += text[count_at] * length
    return answer


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
    own = next((n for n in range(fields["slots"]) if slot(packet, n)[0] == server.public[:8]), None)
    seen = {"fault": "NONE", "fields": fields}
    seen["mac"] = None if own is None else mac_holds(pair.c2s, b"floatprobe1 rqm", transport, packet, own)
    seen["signature"] = signature_holds(client.public, b"floatprobe1 rqs", transport, packet, fields["slots"])
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
    seen["mac"] = slot(packet, 0)[0] == server.public[:8] and mac_holds(
        pair.s2c, b"floatprobe1 rpm", transport, packet, 0
    )
    public = bytes.fromhex(fields["server_key"])
    seen["signature"] = signature_holds(public, b"floatprobe1 rps", transport, packet, fields["slots"])
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
