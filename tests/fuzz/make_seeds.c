/* make_seeds DIRECTORY: write the seed corpora that come from our own encoders into DIRECTORY/packet, frame, evidence,
 * reflector and client. Fixed keys and times: the same files every time. */
#include "common/core/bytes.h"
#include "common/core/evidence.h"
#include "common/core/framing.h"
#include "common/core/packet.h"
#include "common/core/seal.h"
#include "tests/fuzz/client_step.h"
#include "tests/fuzz/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PACKET_LEN_MAX = 2048 };

static const char *directory;
static struct seal_identity client, server;
static struct seal_pair pair;

static void save(const char *target, const char *name, const uint8_t *buf, size_t len)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", directory, target);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/%s/%s", directory, target, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(buf, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void start(void)
{
	static const uint8_t server_seed[SEAL_SEED_LEN] = { 1 }, client_seed[SEAL_SEED_LEN] = { 2 };
	if (!seal_start())
		exit(1);
	seal_identity_from_seed(&server, server_seed);
	seal_identity_from_seed(&client, client_seed);
	if (!seal_pair_for_client(&pair, &client, server.public_key))
		exit(1);
}

static struct endpoint v4(uint8_t last, uint16_t port)
{
	struct endpoint e = { .address = { [10] = 0xff, 0xff, 198, 18, 1, last }, .port = port };
	return e;
}

static struct endpoint v6(uint8_t last, uint16_t port)
{
	struct endpoint e = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = last }, .port = port };
	return e;
}

/* --- packets ---------------------------------------------------------------------------------------------------- */

static void make_request(uint8_t *buf, size_t len, enum packet_role role, unsigned slots, uint32_t seq)
{
	struct packet_request request = {
		.role = role,
		.seq = seq,
		.sent_ns = 1700000000000000000,
		.flags = seq == 1 ? PACKET_SIGN_REPLY : 0,
		.flow_id = 0x0123456789abcdef,
		.destination = slots % 2 ? v4(5, WIRE_PORT) : v6(5, WIRE_PORT),
		.transport = PACKET_UDP,
		.heard = { .newest = seq - 1, .count = seq - 1, .bitmap = { seq > 1 ? 1 : 0 } },
		.slots = slots,
	};
	memcpy(request.client_key, client.public_key, sizeof request.client_key);
	packet_write_request(buf, len, &request);
	for (unsigned slot = 0; slot < slots; slot++)
		seal_request_name(&pair, buf, slot);
	seal_request_sign(&client, PACKET_UDP, buf, slots, NULL);
	for (unsigned slot = 0; slot < slots; slot++)
		seal_request_mac(&pair, PACKET_UDP, buf, len, slots, slot);
}

static void make_reply(uint8_t *buf, size_t len, unsigned slots, enum packet_status status)
{
	struct packet_request request;
	if (packet_read_request(buf, len, &request) != PACKET_FAULT_NONE)
		exit(1);
	struct packet_reply reply = {
		.role = request.role + 1, /* each request's reply is next to it */
		.seq = request.seq,
		.sent_ns = request.sent_ns,
		.received_ns = request.sent_ns + 50000,
		.replied_ns = request.sent_ns + 60000,
		.ttl = 64,
		.status = status,
		.flags = PACKET_SIGNED | PACKET_NEW_FLOW,
		.flow_id = request.flow_id,
		.boot_id = 42,
		.arrived_on = request.destination,
		.seen_source = slots % 2 ? v4(9, 40000) : v6(9, 40000),
		.receipts = { .first = 1, .newest = request.seq, .received = 1, .bitmap = { 1 } },
		.slots = slots,
	};
	memcpy(reply.server_key, server.public_key, sizeof reply.server_key);
	packet_write_reply(buf, len, &reply);
	seal_reply_sign(&server, PACKET_UDP, buf, len, slots);
	seal_reply_mac(&pair, PACKET_UDP, buf, len, slots);
}

static void sound_packets(void)
{
	static const size_t sizes[] = { WIRE_PROBE_MIN, 512, 700, WIRE_EVIDENCE_UDP_LEN };
	static const enum packet_role roles[] = { PACKET_PROBE, PACKET_PROBE, PACKET_RELAY, PACKET_QUERY };
	uint8_t buf[PACKET_LEN_MAX];
	char name[64];
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (unsigned slots = 1; slots <= WIRE_SLOTS_MAX; slots++) {
			make_request(buf, sizes[i], roles[i], slots, slots);
			snprintf(name, sizeof name, "request-%zu-%u", sizes[i], slots);
			save("packet", name, buf, sizes[i]);
			make_reply(buf, sizes[i], slots, (enum packet_status)(slots % 3));
			snprintf(name, sizeof name, "reply-%zu-%u", sizes[i], slots);
			save("packet", name, buf, sizes[i]);
		}
	}
	make_request(buf, WIRE_PROBE_MIN, PACKET_PROBE, 1, 1);
	save("packet", "request-smallest", buf, WIRE_PACKET_MIN);
}

/* One for each fault that packet_read_request knows: the octet at `offset` is turned over. */
static void broken_packets(void)
{
	static const struct {
		const char *name;
		size_t len, offset;
	} faults[] = {
		{ "short", WIRE_PACKET_MIN - 1, 0 },
		{ "location", WIRE_PROBE_MIN, WIRE_LOCATION + 1 },
		{ "location-address", WIRE_PROBE_MIN, WIRE_LOCATION_DST + 1 },
		{ "flow", WIRE_PROBE_MIN, WIRE_FLOW + 1 },
		{ "magic", WIRE_PROBE_MIN, WIRE_FLOW_MAGIC },
		{ "version", WIRE_PROBE_MIN, WIRE_FLOW_VERSION },
		{ "role", WIRE_PROBE_MIN, WIRE_FLOW_ROLE },
		{ "transport", WIRE_PROBE_MIN, WIRE_PROBE_PROTOCOL },
		{ "auth", WIRE_PROBE_MIN, WIRE_AUTH + 1 },
		{ "auth-length", WIRE_PROBE_MIN, WIRE_AUTH + 3 },
		{ "tail", WIRE_PROBE_MIN - 1, 0 },
		{ "tail-type", WIRE_PROBE_MIN, WIRE_TAIL(1) + 1 },
	};
	uint8_t buf[PACKET_LEN_MAX];
	char name[64];
	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
		make_request(buf, WIRE_PROBE_MIN, PACKET_PROBE, 1, 1);
		buf[faults[i].offset] ^= 0xff;
		snprintf(name, sizeof name, "fault-%s", faults[i].name);
		save("packet", name, buf, faults[i].len);
	}
}

/* --- frames: see fuzz_frame.c for the first octet --------------------------------------------------------------- */

static void frame(const char *name, uint8_t limit, size_t announced, size_t following)
{
	uint8_t buf[1 + FRAMING_HEADER_LEN + PACKET_LEN_MAX] = { limit };
	framing_put_header(buf + 1, announced);
	make_request(buf + 1 + FRAMING_HEADER_LEN, WIRE_PROBE_MIN, PACKET_PROBE, 1, 1);
	save("frame", name, buf, 1 + FRAMING_HEADER_LEN + following);
}

static void frames(void)
{
	const uint8_t octet = 8;
	save("frame", "empty", &octet, 1);
	frame("header-only", 8, WIRE_PROBE_MIN, 0);
	frame("partial", 8, WIRE_PROBE_MIN, 100);
	frame("whole", 8, WIRE_PROBE_MIN, WIRE_PROBE_MIN);
	frame("smallest", 0, WIRE_PACKET_MIN, WIRE_PACKET_MIN);
	frame("one-too-small", 8, WIRE_PACKET_MIN - 1, WIRE_PACKET_MIN);
	frame("one-too-long", 0, WIRE_PACKET_MIN + 1, WIRE_PACKET_MIN + 1);
	frame("with-more-behind", 8, WIRE_PROBE_MIN, WIRE_PROBE_MIN + 40);
	frame("zero", 255, 0, 40);
	frame("huge", 255, 65535, 400);
}

/* --- frames of a link: see fuzz_frames.c for the two octets before each ------------------------------------------ */

enum { OUTGOING = 4, APPLICATION_PORT = 30303 };

struct link_frames {
	uint8_t octets[PACKET_LEN_MAX];
	size_t len;
};

static uint8_t *link_frame(struct link_frames *f, uint8_t about, uint8_t len)
{
	uint8_t *p = f->octets + f->len;
	p[0] = about;
	p[1] = len;
	f->len += 2u + len;
	return p + 2;
}

static void ports(uint8_t *p, bool outgoing)
{
	bytes_put16(p, outgoing ? APPLICATION_PORT : 40000);
	bytes_put16(p + 2, outgoing ? 40000 : APPLICATION_PORT);
}

static void ip4(struct link_frames *f, uint8_t own, uint8_t protocol, uint8_t flags, bool outgoing)
{
	uint8_t *p = link_frame(f, outgoing ? OUTGOING : 0, 20 + 14);
	const uint8_t ours[] = { 198, 18, 1, own }, peer[] = { 198, 51, 100, 2 };
	p[0] = 0x45;
	p[9] = protocol;
	memcpy(p + 12, outgoing ? ours : peer, 4);
	memcpy(p + 16, outgoing ? peer : ours, 4);
	ports(p + 20, outgoing);
	p[20 + 13] = flags;
}

static void ip6(struct link_frames *f, uint8_t protocol, uint8_t type, bool from_nobody)
{
	uint8_t *p = link_frame(f, 1, 64);
	p[0] = 0x60;
	p[6] = protocol;
	p[7] = 255;
	memcpy(p + 8, from_nobody ? (uint8_t[16]){ 0 } : v6(9, 0).address, 16);
	memcpy(p + 24, v6(5, 0).address, 16);
	if (protocol == 58) {
		p[40] = type;
		p[44] = 0x20; /* an advertisement's override flag */
	} else {
		ports(p + 40, false);
	}
	memcpy(p + 48, v6(5, 0).address, 16);
}

static void probe(struct link_frames *f, uint32_t seq)
{
	uint8_t whole[WIRE_PROBE_MIN], *p;
	make_request(whole, sizeof whole, PACKET_PROBE, 1, seq);
	p = link_frame(f, 1, 20 + 8 + WIRE_FLOW_ID + 8);
	p[0] = 0x45;
	p[9] = 17;
	ports(p + 20, false);
	memcpy(p + 28, whole, WIRE_FLOW_ID + 8);
}

/* With the timestamp option, by whose value a server knows it. */
static void syn(struct link_frames *f, uint8_t from, uint16_t port, uint32_t value)
{
	uint8_t *p = link_frame(f, from, 20 + 32);
	p[0] = 0x45;
	p[9] = 6;
	memcpy(p + 12, (uint8_t[]){ 198, 51, 100, from }, 4);
	memcpy(p + 16, (uint8_t[]){ 198, 18, 1, 5 }, 4);
	bytes_put16(p + 20, port);
	bytes_put16(p + 22, WIRE_PORT);
	p[20 + 12] = 8 << 4;
	p[20 + 13] = 2;
	memcpy(p + 40, (uint8_t[]){ 1, 1, 8, 10 }, 4);
	bytes_put32(p + 44, value);
}

static void arp(struct link_frames *f, uint8_t sender)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *p = link_frame(f, sender, 28);
	memcpy(p, head, sizeof head);
	if (sender)
		memcpy(p + 14, (uint8_t[]){ 198, 18, 1, sender }, 4);
	memcpy(p + 24, (uint8_t[]){ 198, 18, 1, 5 }, 4);
}

static void save_frames(struct link_frames *f, const char *name)
{
	save("frames", name, f->octets, f->len);
	memset(f, 0, sizeof *f);
}

static void links(void)
{
	static struct link_frames f;
	arp(&f, 9);
	arp(&f, 0);
	save_frames(&f, "arp");
	ip6(&f, 58, 136, false);
	ip6(&f, 58, 135, true);
	ip6(&f, 58, 135, false);
	ip6(&f, 17, 0, false);
	save_frames(&f, "ip6");
	ip4(&f, 26, 17, 0, false);
	ip4(&f, 5, 17, 0, true);
	for (unsigned i = 0; i < 6; i++)
		ip4(&f, 7, 17, 0, false);
	save_frames(&f, "answers-from-another-address");
	for (unsigned i = 0; i < 10; i++)
		ip4(&f, 5, 6, 0x02, false);
	ip4(&f, 5, 6, 0x12, true);
	save_frames(&f, "tcp-without-an-answer");
	ip4(&f, 5, 17, 0, false);
	f.octets[2] = 0x4f;
	ip4(&f, 5, 17, 0, false);
	f.octets[f.len - 34 + 7] = 1;
	save_frames(&f, "cut-and-fragment");
	probe(&f, 1);
	probe(&f, 3);
	probe(&f, 2);
	save_frames(&f, "probes");
	for (unsigned i = 0; i < 12; i++) /* repeated, of one name from two places, and more than are kept */
		syn(&f, (uint8_t)(1 + i % 3), (uint16_t)(40000 + i / 3), 1000000 * (i / 4));
	save_frames(&f, "syns");
}

/* --- evidence --------------------------------------------------------------------------------------------------- */

static void query(unsigned flows, unsigned attempts)
{
	static struct evidence_query q;
	uint8_t buf[PACKET_LEN_MAX];
	char name[64];
	q.flows_len = flows;
	q.attempts_len = attempts;
	q.places_len = attempts % (EVIDENCE_PLACES_MAX + 1);
	for (unsigned i = 0; i < q.places_len; i++)
		q.places[i] = (struct evidence_place){ v4((uint8_t)i, WIRE_PORT), i % 2 ? PACKET_UDP : PACKET_TCP };
	for (unsigned i = 0; i < flows; i++)
		q.flows[i] = 0x1000 + i;
	for (unsigned i = 0; i < attempts; i++)
		q.attempts[i] = (struct evidence_attempt){ v4(9, (uint16_t)(40000 + i)), 1000 * i, (uint8_t)i };
	q.names_len = attempts;
	for (unsigned i = 0; i < attempts; i++)
		q.names[i] = (struct evidence_name){ (uint8_t)i, 0x10000 * i, (uint16_t)i };
	q.translations_len = attempts ? 1 : 0;
	q.translations[0] = (struct evidence_translation){ v4(9, 0), v4(113, 0), attempts % 2 };
	if (!evidence_write_query(buf, sizeof buf, &q))
		exit(1);
	snprintf(name, sizeof name, "query-%u-%u", flows, attempts);
	save("evidence", name, buf, sizeof buf);
}

static void put_neighbourhood(struct evidence_answer *a)
{
	a->neighbours_len = a->frames_len = a->conflicts_len = a->arrivals_len = a->captures_len = 2;
	a->origins_len = a->return_routes_len = 2;
	for (uint8_t i = 0; i < 2; i++) {
		a->neighbours[i].client = v4(9, 0);
		a->neighbours[i].repaired = i;
		a->neighbours[i].healed_ms = UINT32_MAX;
		memcpy(a->neighbours[i].interface, i ? "eth0" : "br-lan.7", i ? 5 : 9);
		a->frames[i].client = i ? v4(9, 0) : v6(9, 0);
		a->frames[i].transport = i ? PACKET_UDP : PACKET_TCP;
		a->conflicts[i].address = v4(i, 0);
		a->conflicts[i].count = i;
		a->captures[i] = (struct evidence_capture){ i, i, UINT64_MAX };
		a->return_routes[i] =
		    (struct evidence_return_route){ .client = v4(9, 0), .count = i, .error = 101, .interface = "eth0" };
		a->arrivals[i].place = (struct evidence_place){ v4(i, WIRE_PORT), i ? PACKET_UDP : PACKET_TCP };
	}
}

static void answer(unsigned flows, unsigned others, size_t len)
{
	static struct evidence_answer a;
	uint8_t buf[PACKET_LEN_MAX];
	char name[64];
	a = (struct evidence_answer){
		.boot_id = 42, .uptime_ms = 100000, .evicted_ms = UINT64_MAX, .querier = v4(9, 1)
	};
	a.flows_len = flows;
	a.attempts_len = a.syns_len = a.addresses_len = a.twins_len = a.macs_len = others;
	a.listens_udp = a.listens_tcp = others % 2;
	a.port = others ? WIRE_PORT : 0;
	for (unsigned i = 0; i < flows; i++) {
		struct receipts r = { .first = 1, .newest = 64, .received = 64 - i, .bitmap = { ~0ull << i } };
		a.flows[i] = (struct evidence_flow){ 0x1000 + i, i % 3 != 2, r, v4(5, 0), v6(9, 0), 10 };
	}
	for (unsigned i = 0; i < others; i++) {
		a.attempts[i] = (struct evidence_attempt_answer){ (uint8_t)i, (enum evidence_attempt_status)(i % 3),
								  (uint8_t)(i % 2), (uint16_t)(500 * i) };
		a.syns[i] = (struct evidence_syn){ .attempt = (uint8_t)i, .state = (enum evidence_syn_state)(i % 4) };
		a.addresses[i] = i % 2 ? v6((uint8_t)i, 0) : v4((uint8_t)i, 0);
		a.macs[i].octets[5] = (uint8_t)i;
		a.twins[i] = (struct evidence_twin){ i, i, v4(5, 0) };
	}
	if (others > 0)
		put_neighbourhood(&a);
	evidence_write_answer(buf, len, &a);
	snprintf(name, sizeof name, "answer-%u-%u-%zu", flows, others, len);
	save("evidence", name, buf, len);
}

/* Of a later version: its head is longer, and it begins with a list that nobody knows. */
static void later_query(void)
{
	static const uint8_t list[] = { 200, 2, 3, 1, 2, 3, 4, 5, 6 };
	static const struct evidence_query q = { .flows = { 42 }, .flows_len = 1 };
	uint8_t buf[256] = { 0 }, later[256] = { 0 };
	size_t head_len;
	if (!evidence_write_query(buf, sizeof buf / 2, &q))
		exit(1);
	head_len = buf[1];
	memcpy(later, buf, 2 + head_len);
	later[1] += 5;
	memcpy(later + 2 + head_len + 5, list, sizeof list);
	memcpy(later + 2 + head_len + 5 + sizeof list, buf + 2 + head_len, sizeof buf / 2);
	save("evidence", "query-of-a-later-version", later, sizeof later);
}

static void evidence(void)
{
	static const unsigned flows[] = { 0, 1, 7, EVIDENCE_FLOWS_MAX };
	for (unsigned i = 0; i < 4; i++) {
		query(flows[i], 0);
		query(flows[i], i * 5);
		answer(flows[i], i * 5, 1024);
		answer(flows[i], i * 5, 256);
		answer(flows[i], 2, PACKET_LEN_MAX);
	}
	later_query();
}

/* --- scripts for the reflector ---------------------------------------------------------------------------------- */

struct script {
	uint8_t octets[16384];
	size_t len;
};

enum { SEALED = SCRIPT_MAC | SCRIPT_SIGN, TENTH_OF_A_SECOND = 27, MINUTES = 38 };

/* A step with the usual rest: a short packet, right time, no patch. Its fields may still be changed. */
static uint8_t *step(struct script *s, unsigned mode, unsigned party, unsigned flow, uint32_t seq)
{
	uint8_t *p = s->octets + s->len;
	memset(p, 0, SCRIPT_STEP_LEN);
	p[SCRIPT_MODE] = (uint8_t)mode;
	p[SCRIPT_WHO] = (uint8_t)(party | flow << 6);
	p[SCRIPT_ADVANCE] = TENTH_OF_A_SECOND;
	p[SCRIPT_SOURCE] = (uint8_t)(1 + party);
	bytes_put32(p + SCRIPT_SEQ, seq);
	s->len += SCRIPT_STEP_LEN;
	return p;
}

static void ask(struct script *s, unsigned mode, unsigned party, uint32_t seq, unsigned flows, unsigned attempts)
{
	static struct evidence_query q;
	const size_t text_len = 160;
	uint8_t *p = step(s, mode | SCRIPT_QUERY, party, 0, seq);
	q = (struct evidence_query){ .flows_len = flows, .attempts_len = attempts };
	for (unsigned i = 0; i < flows; i++)
		q.flows[i] = i;
	for (unsigned i = 0; i < attempts; i++)
		q.attempts[i] = (struct evidence_attempt){ v4(9, (uint16_t)(40000 + i)), 1000, (uint8_t)i };
	bytes_put16(p + SCRIPT_LEN, (uint16_t)text_len);
	if (!evidence_write_query(s->octets + s->len, text_len, &q))
		exit(1);
	s->len += text_len;
}

static void save_script(struct script *s, const char *name)
{
	save("reflector", name, s->octets, s->len);
	s->len = 0;
}

static void seals(struct script *s)
{
	static const unsigned seals[] = { 0, SCRIPT_MAC, SCRIPT_SIGN, SEALED, SEALED | SCRIPT_SIGN_REPLY };
	static const unsigned channels[] = { 0, SCRIPT_TCP };
	char name[64];
	for (unsigned channel = 0; channel < 2; channel++) {
		for (unsigned i = 0; i < 5; i++) {
			for (unsigned party = 0; party <= SCRIPT_CLIENTS; party++)
				step(s, channels[channel] | seals[i], party, party, 1);
			step(s, channels[channel] | SCRIPT_MAC, 0, 0, 2);
			snprintf(name, sizeof name, "seal-%02x-%s", seals[i], channel ? "tcp" : "udp");
			save_script(s, name);
		}
	}
}

static void numbers(struct script *s)
{
	static const uint32_t order[] = { 1, 2, 4, 3, 3, 3, 300, 1, 45, 44, UINT32_MAX, 0 };
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		step(s, i ? SCRIPT_MAC : SEALED, 0, 0, order[i]);
	save_script(s, "numbers");
	for (uint32_t seq = 1; seq <= 3; seq++)
		bytes_put16(step(s, SEALED | SCRIPT_OTHER, 0, 0, seq) + SCRIPT_LEN,
			    (uint16_t)(seq * WIRE_PROBE_MIN / 2));
	step(s, SEALED | SCRIPT_OTHER, 0, 0, 3);
	save_script(s, "twins");
	for (uint32_t seq = 1; seq <= 24; seq++)
		step(s, SEALED, 0, 0, seq)[SCRIPT_HEARD] = (uint8_t)(seq > 20 ? seq : 0);
	save_script(s, "unheard");
}

static void tables(struct script *s)
{
	for (uint32_t seq = 1; seq <= 2; seq++)
		for (unsigned flow = 0; flow < SCRIPT_FLOWS; flow++)
			for (unsigned party = 0; party < SCRIPT_CLIENTS; party++)
				step(s, SEALED, party, flow, seq);
	ask(s, SCRIPT_MAC, 0, 10, 0, 0);
	save_script(s, "eviction");
	step(s, SEALED, 1, 1, 1);
	step(s, SCRIPT_RAW | SCRIPT_OTHER, 0, 0, 0);
	step(s, SEALED, 1, 1, 2);
	step(s, SEALED, 0, 1, 1);
	step(s, SCRIPT_RAW | SCRIPT_OTHER, 0, 0, 0);
	step(s, SCRIPT_MAC, 1, 1, 3);
	step(s, SEALED, 1, 1, 4);
	save_script(s, "reload");
}

static void queries(struct script *s)
{
	step(s, SEALED, 0, 1, 1);
	ask(s, SEALED, 0, 1, 0, 0);
	ask(s, SEALED, 0, 2, 4, 0);
	ask(s, SEALED | SCRIPT_TCP, 0, 3, 1, 2);
	save_script(s, "queries");
	for (uint32_t seq = 1; seq <= 20; seq++)
		ask(s, SEALED, 1, seq, 1, 1);
	save_script(s, "queries-over-the-limit");
	ask(s, SEALED, SCRIPT_CLIENTS, 1, 0, 0);
	ask(s, SEALED | SCRIPT_TCP, SCRIPT_CLIENTS, 1, 0, 0);
	save_script(s, "queries-of-a-stranger");
	step(s, SEALED, 0, 0, 1);
	for (uint32_t seq = 2; seq <= 12; seq++)
		ask(s, SEALED | SCRIPT_OTHER | (seq % 2 ? SCRIPT_TCP : 0), 0, seq, 1, 1);
	ask(s, SEALED | SCRIPT_OTHER, 0, 12, 1, 1);
	save_script(s, "relays");
}

static void oddities(struct script *s)
{
	static const uint16_t offsets[] = { WIRE_SEQ,       WIRE_T1,
					    WIRE_FLOW_ROLE, WIRE_PROBE_CLIENT_KEY,
					    WIRE_SLOTS,     WIRE_SIGNATURE(1) + 1 };
	for (unsigned early = 0; early <= SCRIPT_EARLY; early += SCRIPT_EARLY) {
		for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
			uint8_t *p = step(s, early | SEALED, 0, 0, i + 1);
			bytes_put16(p + SCRIPT_PATCH, offsets[i]);
			p[SCRIPT_XOR] = 1;
		}
		save_script(s, early ? "patched-early" : "patched-late");
	}
	for (unsigned i = 0; i < 6; i++)
		bytes_put16(step(s, SEALED | (i & 1 ? SCRIPT_TCP : 0), 0, 0, i) + SCRIPT_SKEW, i < 3 ? 3600 : 0xf000);
	save_script(s, "clock-skew");
	step(s, SEALED, 0, 0, 1)[SCRIPT_SOURCE] = 0x85;
	step(s, SEALED, 0, 0, 2)[SCRIPT_ADVANCE] = MINUTES;
	step(s, SEALED, 0, 0, 3)[SCRIPT_WHO] |= 3 << 2 | 2 << 4;
	bytes_put16(step(s, SEALED, 0, 0, 4) + SCRIPT_LEN, 1000);
	save_script(s, "ipv6-pause-slots-long");
	bytes_put16(step(s, SCRIPT_RAW, 0, 0, 0) + SCRIPT_LEN, WIRE_PROBE_MIN);
	make_request(s->octets + s->len, WIRE_PROBE_MIN, PACKET_PROBE, 2, 1);
	s->len += WIRE_PROBE_MIN;
	save_script(s, "raw");
	for (uint32_t seq = 1; seq <= 40; seq++)
		step(s, SCRIPT_SIGN, seq % 2, 0, seq)[SCRIPT_ADVANCE] = 0;
	save_script(s, "signatures-over-the-limit");
}

static void scripts(void)
{
	static struct script s;
	seals(&s);
	numbers(&s);
	tables(&s);
	queries(&s);
	oddities(&s);
}

/* --- stories for the client: TCP attempts that are lost, and what both servers say of them
 * ----------------------------- */

enum { SECOND = 30, HALF = 29, MOMENT = 20, TEXT_LEN = 640, NEVER_NAMED = 99 };

static uint8_t *client_step(struct script *s, enum action action, unsigned which, unsigned who)
{
	uint8_t *p = s->octets + s->len;

	memset(p, 0, STEP_SIZE);
	p[STEP_ACTION] = (uint8_t)action;
	p[STEP_WHICH] = (uint8_t)which;
	p[STEP_WHO] = (uint8_t)who;
	s->len += STEP_SIZE;
	return p;
}

static void end_attempts(struct script *s, bool pending, unsigned flags)
{
	for (unsigned i = 0; i < 4; i++)
		client_step(s, END, pending ? i : 0, STEP_OF_CONNECTIONS | flags)[STEP_FLAGS] = !pending;
}

/* Both servers, or one of them, say the same of the newest queries. Zeros at its end need not be written. */
enum speakers { BOTH, FIRST, SECOND_ONE };
static void tell(struct script *s, const struct evidence_answer *a, unsigned queries, enum speakers speakers)
{
	uint8_t text[TEXT_LEN];
	size_t len = sizeof text;

	evidence_write_answer(text, len, a);
	while (len > 0 && !text[len - 1])
		len--;
	for (unsigned i = 0; i < queries * 2; i++) {
		uint8_t *p =
		    client_step(s, REPLY, i / 2,
				STEP_OF_QUERIES | STEP_NUMBERED | (speakers == BOTH ? i % 2 : speakers == SECOND_ONE));
		bytes_put16(p + STEP_LEN, (uint16_t)len);
		memcpy(s->octets + s->len, text, len);
		s->len += len;
	}
}

static void put_attempts(struct evidence_answer *a, enum evidence_attempt_status status, unsigned syn)
{
	const struct endpoint own = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 } };

	*a = (struct evidence_answer){ .boot_id = 1,
				       .uptime_ms = 1000000,
				       .evicted_ms = UINT64_MAX,
				       .port = WIRE_PORT,
				       .listens_udp = true,
				       .listens_tcp = true,
				       .querier = own };
	a->attempts_len = 4;
	a->syns_len = syn == NEVER_NAMED ? 0 : 4;
	a->origins_len = 1;
	a->origins[0] = (struct evidence_origin){ .source = own, .local = v4(5, 0) };
	for (uint8_t i = 0; i < 4; i++) {
		a->attempts[i] = (struct evidence_attempt_answer){ i, status, 0, (uint16_t)(400 * i) };
		a->syns[i] =
		    (struct evidence_syn){ i, (enum evidence_syn_state)syn, 1, 0, WIRE_PORT, (uint16_t)(300 * i), 0 };
	}
}

static void put_flows(struct evidence_answer *a, unsigned known)
{
	a->flows_len = a->captures_len = 6;
	for (uint8_t i = 0; i < 6; i++) {
		struct receipts r = {
			.first = 1, .newest = known > 1 ? 2 : 1, .received = 1, .bitmap = { known > 1 ? 3 : 1 }
		};
		a->flows[i] = (struct evidence_flow){ i, known > 0, r, v4(5, 0), v4(5, 0), 10 };
		a->captures[i] = (struct evidence_capture){ i, 2, known ? 0 : 3 };
	}
}

static void save_story(const char *name, const struct evidence_answer *a, enum speakers speakers, unsigned end_flags)
{
	static struct script s;
	unsigned queries = a->neighbours_len ? 1 : 3; /* a seed of more than 4 KB is cut */

	s.len = 0;
	client_step(&s, PASS, HALF, 0);
	end_attempts(&s, true, 0);
	client_step(&s, PASS, MOMENT, 0);
	tell(&s, a, queries, speakers);
	client_step(&s, PASS, HALF, 0);
	end_attempts(&s, false, end_flags);
	client_step(&s, PASS, HALF, 0);
	tell(&s, a, queries, speakers);
	client_step(&s, PASS, SECOND, 0);
	tell(&s, a, 1, speakers || a->neighbours_len ? speakers : FIRST);
	client_step(&s, PASS, HALF, 0);
	save("client", name, s.octets, s.len);
}

static void stories(void)
{
	static const unsigned syns[] = { NEVER_NAMED,          EVIDENCE_SYN_CAME,     EVIDENCE_SYN_ABSENT,
					 EVIDENCE_SYN_UNNAMED, EVIDENCE_SYN_ACCEPTED, EVIDENCE_SYN_AMBIGUOUS };
	static struct evidence_answer a;
	char name[64];

	for (unsigned status = 0; status < 3; status++) {
		for (unsigned i = 0; i < sizeof syns / sizeof *syns; i++) {
			put_attempts(&a, (enum evidence_attempt_status)status, syns[i]);
			snprintf(name, sizeof name, "attempts-%u-%u", status, syns[i]);
			save_story(name, &a, BOTH, 0);
			snprintf(name, sizeof name, "second-%u-%u", status, syns[i]);
			save_story(name, &a, SECOND_ONE, 0);
		}
		put_attempts(&a, EVIDENCE_CANNOT_TELL, NEVER_NAMED);
		put_flows(&a, status);
		snprintf(name, sizeof name, "flows-%u", status);
		save_story(name, &a, BOTH, status == 1 ? STEP_ELSEWHERE : 0);
		put_neighbourhood(&a);
		a.origins_len = 1;
		a.holdings_len = 2;
		for (unsigned i = 0; i < 2; i++) {
			a.neighbours[i].client = a.neighbours[i].next_hop = a.frames[i].client = a.querier;
			a.return_routes[i].client = a.querier;
			a.neighbours[i].local = a.frames[i].local = a.return_routes[i].local = v4(5, 0);
			a.neighbours[i].frame_mac[5] = 1;
			a.conflicts[i].address = v4(5, 0);
			a.holdings[i] = (struct evidence_holding){ .address = i ? v4(5, 0) : a.querier,
								   .state = (enum evidence_holding_state)status,
								   .interface = "eth0",
								   .link_answer = (enum evidence_link_answer)status,
								   .heard_ms = UINT32_MAX,
								   .absent_ms = 5000 };
		}
		snprintf(name, sizeof name, "neighbourhood-%u", status);
		save_story(name, &a, BOTH, STEP_ELSEWHERE | STEP_PATCHED_LATE);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	start();
	sound_packets();
	broken_packets();
	frames();
	links();
	evidence();
	scripts();
	stories();
	return 0;
}
