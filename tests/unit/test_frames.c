/* claims, filters, frames, captures: what is read of frames, what the kernel lets through, what is remembered. Filters
 * run in the kernel, on datagrams of a socket pair: a packet socket sees the same octets, from the network header on.
 */
#include "server/watch/bpf.h"
#include "server/watch/captures.h"
#include "server/watch/claims.h"
#include "server/watch/frames.h"
#include "tests/unit/sample_ip.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define S 1000000000LL

enum { PORT = 8620, SYN = IP_TCP_SYN, RST = IP_TCP_RST, ACK = IP_TCP_ACK, ECE = 0x40 };

static struct sample_ip arp(uint8_t sender, uint8_t target)
{
	struct sample_ip p = { .buf = { 0, 1, 8, 0, 6, 4, 0, 1 },
			       .len = CLAIMS_ARP_LEN,
			       .headers_len = CLAIMS_ARP_LEN };

	memcpy(p.buf + 14, (uint8_t[]){ 198, 18, 1, sender }, 4);
	memcpy(p.buf + 24, (uint8_t[]){ 198, 18, 1, target }, 4);
	if (sender == 0)
		memset(p.buf + 14, 0, 4);
	return p;
}

static struct sample_ip nd(uint8_t type, bool from_nobody)
{
	struct sample_ip p = { .len = 64, .headers_len = 64 };
	struct endpoint source = sample_endpoint_v6(9, 0), target = sample_endpoint_v6(5, 0);

	p.buf[0] = 0x60;
	p.buf[6] = 58;
	p.buf[7] = 255;
	if (!from_nobody)
		memcpy(p.buf + 8, source.address, 16);
	p.buf[40] = type;
	p.buf[44] = 0x20; /* of an advertisement: override */
	memcpy(p.buf + 48, target.address, 16);
	return p;
}

/* ---- claims ---- */

static void claims_that_are_cut_are_not_read(void **state)
{
	struct sample_ip a = arp(9, 5), n = nd(136, false);
	struct claim claim;

	(void)state;
	assert_false(claims_read_arp(a.buf, a.len - 1, &claim));
	assert_false(claims_read_nd(n.buf, n.len - 1, &claim));
}

static void claims_and_probes_are_told_apart(void **state)
{
	struct endpoint five = sample_endpoint_v4(5, 0), five6 = sample_endpoint_v6(5, 0);
	struct endpoint nine6 = sample_endpoint_v6(9, 0);
	struct sample_ip claim4 = arp(5, 9), probe4 = arp(0, 5), claim6 = nd(136, false), probe6 = nd(135, true);
	struct sample_ip question6 = nd(135, false), routed6 = nd(136, false), redirect6 = nd(137, false);
	struct sample_ip proxy6 = nd(136, false);
	struct claim c;

	(void)state;
	assert_true(claims_read_arp(claim4.buf, claim4.len, &c));
	assert_true(!c.probe && endpoint_equal(&c.address, &five));
	assert_true(claims_read_arp(probe4.buf, probe4.len, &c));
	assert_true(c.probe && endpoint_equal(&c.address, &five));
	assert_true(claims_read_nd(claim6.buf, claim6.len, &c));
	assert_true(!c.probe && endpoint_equal(&c.address, &five6));
	assert_true(claims_read_nd(probe6.buf, probe6.len, &c));
	assert_true(c.probe && endpoint_equal(&c.address, &five6));

	assert_true(
	    claims_read_nd(question6.buf, question6.len, &c)); /* who asks for a MAC has the address he asks from */
	assert_true(!c.probe && endpoint_equal(&c.address, &nine6));
	assert_false(claims_read_nd(redirect6.buf, redirect6.len, &c));
	routed6.buf[7] = 254;
	assert_false(claims_read_nd(routed6.buf, routed6.len, &c));
	proxy6.buf[44] = 0x40; /* solicited, but no override: it does not insist */
	assert_false(claims_read_nd(proxy6.buf, proxy6.len, &c));
	claim4.buf[1] = 6; /* not Ethernet */
	assert_false(claims_read_arp(claim4.buf, claim4.len, &c));
}

static void our_own_probe_is_one(void **state)
{
	static const uint8_t mac[CLAIMS_MAC_LEN] = { 2, 0, 0x5e, 0, 0x53, 1 };
	struct endpoint five = sample_endpoint_v4(5, 0);
	uint8_t buf[CLAIMS_ARP_LEN];
	struct claim c;

	(void)state;
	claims_write_arp_probe(buf, mac, &five);
	assert_true(claims_read_arp(buf, sizeof buf, &c));
	assert_true(c.probe && endpoint_equal(&c.address, &five));
	assert_int_equal(buf[7], 1); /* a request */
	assert_memory_equal(buf + 8, mac, sizeof mac);
}

static void our_own_solicitation_claims_nothing_of_anybody(void **state)
{
	static const uint8_t mac[CLAIMS_MAC_LEN] = { 2, 0, 0x5e, 0, 0x53, 1 };
	static const uint8_t group[CLAIMS_MAC_LEN] = { 0x33, 0x33, 0xff, 0, 0, 5 };
	static const uint8_t ours[16] = { 0xfe, 0x80, [8] = 0, 0, 0x5e, 0xff, 0xfe, 0, 0x53, 1 };
	struct endpoint five = sample_endpoint_v6(5, 0);
	uint8_t buf[CLAIMS_SOLICITATION_LEN], to[CLAIMS_MAC_LEN];
	struct claim c;
	uint32_t sum = 32 + 58; /* of the pseudo-header: length and protocol */

	(void)state;
	claims_write_solicitation(buf, to, mac, &five);
	assert_memory_equal(to, group, sizeof to);
	assert_true(claims_read_nd(buf, sizeof buf, &c));
	assert_false(c.probe); /* or it would be answered to everybody */
	assert_memory_equal(c.address.address, ours, sizeof ours);
	assert_memory_equal(buf + 48, five.address, sizeof five.address);
	assert_memory_equal(buf + 66, mac, sizeof mac);
	for (size_t i = 8; i < sizeof buf; i += 2)
		sum += (uint32_t)(buf[i] << 8 | buf[i + 1]);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void flow_and_number_are_read_of_our_packets(void **state)
{
	struct packet_request request = sample_request(1);
	struct sample_ip p = sample_ip4(IP_UDP, 40000, PORT, 0, 0);
	uint8_t whole[WIRE_PROBE_MIN];
	struct captures_probe probe;
	struct ip_packet packet;

	(void)state;
	packet_write_request(whole, sizeof whole, &request);
	memcpy(p.buf + p.headers_len, whole, CAPTURES_PAYLOAD_LEN);
	assert_true(ip_read(p.buf, p.headers_len + CAPTURES_PAYLOAD_LEN, &packet));
	assert_true(captures_read(&packet, &probe));
	assert_true(probe.client == packet_client_token(request.client_key) && probe.flow == request.flow_id &&
		    probe.seq == request.seq);
	for (unsigned i = 0; i < WIRE_KEY_LEN; i++) { /* an octet of the key was altered on the way: another client */
		struct captures_probe other;
		p.buf[p.headers_len + WIRE_PROBE_CLIENT_KEY + i] ^= 0x20;
		assert_true(captures_read(&packet, &other) && other.client != probe.client);
		p.buf[p.headers_len + WIRE_PROBE_CLIENT_KEY + i] ^= 0x20;
	}
	assert_true(ip_read(p.buf, p.headers_len + CAPTURES_PAYLOAD_LEN - 1, &packet));
	assert_false(captures_read(&packet, &probe));
	p.buf[p.headers_len + WIRE_FLOW_MAGIC]++;
	assert_true(ip_read(p.buf, p.headers_len + CAPTURES_PAYLOAD_LEN, &packet));
	assert_false(captures_read(&packet, &probe));
	p = sample_ip4(IP_TCP, 40000, PORT, SYN, 0);
	memcpy(p.buf + p.headers_len, whole, CAPTURES_PAYLOAD_LEN);
	assert_true(ip_read(p.buf, p.headers_len + CAPTURES_PAYLOAD_LEN, &packet));
	assert_false(captures_read(&packet, &probe));
}

/* ---- filters ---- */

/* How many octets of the packet pass. */
static size_t passes(const struct bpf_program *program, const struct sample_ip *p)
{
	struct sock_filter code[BPF_FILTER_LEN_MAX];
	struct sock_fprog fprog = { .len = program->len, .filter = code };
	uint8_t buf[SAMPLE_IP_LEN_MAX];
	int pair[2];
	ssize_t n;

	memcpy(code, program->code, program->len * sizeof *code);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &fprog, sizeof fprog), 0);
	send(pair[0], p->buf, p->len, MSG_DONTWAIT);
	n = recv(pair[1], buf, sizeof buf, MSG_DONTWAIT);
	close(pair[0]);
	close(pair[1]);
	return n < 0 ? 0 : (size_t)n;
}

static void assert_passes(const struct bpf_program *program, struct sample_ip p, bool wanted)
{
	assert_int_equal(passes(program, &p), wanted ? p.headers_len : 0);
}

/* Of a datagram, a program may read a packet of ours up to its flow. */
static void assert_passes_flow(const struct bpf_program *program, struct sample_ip p)
{
	p.len = sizeof p.buf;
	assert_int_equal(passes(program, &p), p.headers_len + CAPTURES_PAYLOAD_LEN);
}

static void only_requests_to_the_port_pass_without_payload(void **state)
{
	const struct bpf_ports ports = { .udp = { PORT }, .tcp = { PORT, 443 }, .udp_len = 1, .tcp_len = 2 };
	struct bpf_program f;
	struct sample_ip fragment = sample_ip4(IP_UDP, 1, PORT, 0, 0);

	(void)state;
	bpf_requests(&f, &ports);
	assert_passes_flow(&f, sample_ip4(IP_UDP, 40000, PORT, 0, 0));
	assert_passes_flow(&f, sample_ip4(IP_UDP, 40000, PORT, 0, 40));
	assert_passes_flow(&f, sample_ip6(IP_UDP, 40000, PORT, 0));
	assert_passes(&f, sample_ip4(IP_TCP, 40000, PORT, SYN, 0), true);
	assert_passes(&f, sample_ip4(IP_TCP, 40000, 443, SYN | ECE, 12), true);
	assert_passes(&f, sample_ip6(IP_TCP, 40000, 443, SYN), true);

	assert_passes(&f, sample_ip4(IP_UDP, 40000, 443, 0, 0), false);
	assert_passes(&f, sample_ip4(IP_UDP, PORT, 40000, 0, 0), false);
	assert_passes(&f, sample_ip6(IP_UDP, PORT, PORT + 1, 0), false);
	assert_passes(&f, sample_ip4(IP_TCP, 40000, PORT, ACK, 0), false);
	assert_passes(&f, sample_ip4(IP_TCP, 40000, PORT, SYN | ACK, 0), false);
	assert_passes(&f, sample_ip6(IP_TCP, 40000, PORT, RST), false);
	assert_passes(&f, sample_ip4(1, 40000, PORT, 0, 0), false);
	assert_passes(&f, sample_ip6(58, 40000, PORT, 0), false);
	assert_passes(&f, arp(9, 5), false);
	fragment.buf[7] = 1;
	assert_passes(&f, fragment, false);
}

static void syns_pass_with_their_options(void **state)
{
	static const uint8_t options[40] = { 8, 10, 1, 2, 3, 4 };
	struct bpf_program f;

	(void)state;
	bpf_syns(&f, PORT);
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct sample_ip p = sample_ip_syn(options, sizeof options, v6);
		struct ip_packet packet;
		uint32_t value;

		assert_int_equal(passes(&f, &p), p.len);
		assert_true(ip_read(p.buf, p.len, &packet) && ip_tcp_timestamp(&packet, &value));
	}
	assert_passes(&f, sample_ip4(IP_UDP, 40000, PORT, 0, 0), false);
	assert_passes(&f, sample_ip4(IP_TCP, 40000, PORT + 1, SYN, 0), false);
	assert_passes(&f, sample_ip6(IP_TCP, 40000, PORT, SYN | ACK), false);
	assert_passes(&f, sample_ip6(IP_TCP, 40000, PORT, ACK), false);
}

static void no_port_at_all_lets_nothing_pass(void **state)
{
	const struct bpf_ports ports = { .udp = { PORT }, .udp_len = 1 };
	struct bpf_program f;

	(void)state;
	bpf_requests(&f, &ports);
	assert_passes_flow(&f, sample_ip4(IP_UDP, 1, PORT, 0, 0));
	assert_passes(&f, sample_ip4(IP_TCP, 1, PORT, SYN, 0), false);
	assert_passes(&f, sample_ip4(IP_TCP, 1, 0, SYN, 0), false);
}

/* A socket pair's datagrams are "to this host", but come over no interface, of whose type the first two instructions
 * are. The other direction is tried in the lab. */
static void the_longest_filters_fit_and_work(void **state)
{
	struct bpf_ports ports = { .udp_len = BPF_FILTER_PORTS_MAX, .tcp_len = BPF_FILTER_PORTS_MAX };
	struct endpoint addresses[BPF_FILTER_ADDRESSES_MAX + 1] = { { .port = 0 } };
	struct bpf_program f;

	(void)state;
	for (unsigned i = 0; i < BPF_FILTER_PORTS_MAX; i++) {
		ports.udp[i] = (uint16_t)(1000 + i);
		ports.tcp[i] = (uint16_t)(2000 + i);
	}
	bpf_conversations(&f, &ports);
	f.len = (unsigned short)(f.len - 2);
	memmove(f.code, f.code + 2, f.len * sizeof *f.code);
	for (unsigned i = 0; i < BPF_FILTER_PORTS_MAX; i++) {
		assert_passes(&f, sample_ip4(IP_UDP, 1, ports.udp[i], 0, 0), true);
		assert_passes(&f, sample_ip6(IP_TCP, 1, ports.tcp[i], SYN), true);
		assert_passes(&f, sample_ip4(IP_UDP, ports.udp[i], 1, 0, 0), false);
		assert_passes(&f, sample_ip6(IP_TCP, 1, ports.udp[i], SYN), false);
	}
	for (unsigned i = 0; i < BPF_FILTER_ADDRESSES_MAX; i++)
		addresses[i] = i % 2 ? sample_endpoint_v4((uint8_t)(100 + i), 0) : sample_endpoint_v6((uint8_t)i, 0);
	bpf_arp(&f, addresses, BPF_FILTER_ADDRESSES_MAX);
	for (unsigned i = 1; i < BPF_FILTER_ADDRESSES_MAX; i += 2) {
		assert_passes(&f, arp((uint8_t)(100 + i), 9), true);
		assert_passes(&f, arp(0, (uint8_t)(100 + i)), true);
		assert_passes(&f, arp(9, (uint8_t)(100 + i)), false); /* it asks for our MAC */
		assert_passes(&f, arp(0, (uint8_t)(99 + i)), false);
	}
	bpf_arp(&f, addresses, BPF_FILTER_ADDRESSES_MAX + 1);
	assert_passes(&f, arp(9, 5), true);
	assert_passes(&f, arp(0, 5), true);
	bpf_arp(&f, addresses, 0);
	assert_passes(&f, arp(9, 5), false);
	assert_passes(&f, arp(0, 5), false);
}

static void only_claims_in_nd_pass(void **state)
{
	struct endpoint addresses[BPF_FILTER_ADDRESSES_MAX + 1] = { sample_endpoint_v6(5, 0),
								    sample_endpoint_v4(9, 0) };
	struct sample_ip routed = nd(136, false), nearly = nd(135, true);
	struct bpf_program f;

	(void)state;
	nearly.buf[8] = 0x20; /* not :: */
	bpf_nd(&f, addresses, 2);
	assert_passes(&f, nd(136, false), true);
	assert_passes(&f, nd(135, true), true);
	assert_passes(&f, nd(135, false), false); /* from 9, which is not ours */
	assert_passes(&f, nearly, false);
	assert_passes(&f, nd(134, false), false);
	assert_passes(&f, sample_ip6(IP_UDP, 1, PORT, 0), false);
	routed.buf[7] = 64;
	assert_passes(&f, routed, false);

	for (unsigned i = 0; i < BPF_FILTER_ADDRESSES_MAX; i++)
		addresses[i] = sample_endpoint_v6((uint8_t)(100 + i), 0);
	bpf_nd(&f, addresses, BPF_FILTER_ADDRESSES_MAX);
	assert_passes(&f, nd(135, false), false);
	assert_passes(&f, nd(135, true), true);
	addresses[BPF_FILTER_ADDRESSES_MAX - 1] = sample_endpoint_v6(9, 0);
	bpf_nd(&f, addresses, BPF_FILTER_ADDRESSES_MAX);
	assert_passes(&f, nd(135, false), true);
	bpf_nd(&f, addresses, BPF_FILTER_ADDRESSES_MAX + 1);
	assert_passes(&f, nd(135, false), true);
	assert_passes(&f, nd(134, false), false);
}

/* ---- frames ---- */

static struct ip_packet packet_of(uint8_t client, uint8_t local, uint8_t protocol)
{
	return (struct ip_packet){ .source = sample_endpoint_v4(client, 40000),
				   .destination = sample_endpoint_v4(local, PORT),
				   .protocol = protocol };
}

static void the_newest_mac_counts_for_each_address_of_ours(void **state)
{
	static const uint8_t hash_key[16] = { 1 }, one[6] = { 2, 1 }, two[6] = { 2, 2 };
	struct frames *f = frames_new(4, hash_key);
	struct ip_packet udp = packet_of(9, 5, IP_UDP), tcp = packet_of(9, 6, IP_TCP);
	struct endpoint client = sample_endpoint_v4(9, 1), other = sample_endpoint_v4(8, 1);
	struct endpoint five = sample_endpoint_v4(5, 1), six = sample_endpoint_v4(6, 1);
	struct evidence_answer answer = { .frames_len = 0 };

	(void)state;
	assert_null(frames_newest(f, &client, &five));
	frames_note(f, &udp, 2, one, 1 * S);
	frames_note(f, &udp, 2, one, 2 * S);
	frames_note(f, &udp, 2, one, 3 * S);
	frames_note(f, &tcp, 3, two, 4 * S); /* newer, but by another way */
	const struct frames_seen *newest = frames_newest(f, &client, &five);
	assert_non_null(newest);
	assert_memory_equal(newest->mac, one, sizeof one);
	assert_true(newest->newest_ns == 3 * S && newest->since_ns == 1 * S);
	assert_memory_equal(frames_newest(f, &client, &six)->mac, two, sizeof two);
	frames_note(f, &udp, 2, two, 5 * S);
	assert_true(frames_newest(f, &client, &five)->since_ns == 5 * S);
	assert_null(frames_newest(f, &other, &five));

	frames_tell(f, &client, 10 * S, &answer);
	assert_int_equal(answer.frames_len, 2);
	assert_int_equal(answer.frames[0].transport, IP_UDP);
	assert_int_equal(answer.frames[0].idle_ms, 5000);
	assert_int_equal(answer.frames[1].transport, IP_TCP);
	assert_int_equal(answer.frames[1].idle_ms, 6000);
	assert_true(endpoint_same_address(&answer.frames[1].local, &tcp.destination));

	frames_note(f, &udp, 4, NULL, 6 * S); /* over something without MACs */
	assert_null(frames_newest(f, &client, &five));
	frames_free(f);
}

/* What comes for another port of ours, or for another address, is another row: its sender is known all the same. */
static void a_mac_is_known_by_all_that_came_from_it(void **state)
{
	static const uint8_t hash_key[16] = { 1 }, one[6] = { 2, 1 }, two[6] = { 2, 2 };
	struct frames *f = frames_new(8, hash_key);
	struct ip_packet udp = packet_of(9, 5, IP_UDP), tcp = packet_of(9, 5, IP_TCP);
	struct ip_packet elsewhere = packet_of(9, 6, IP_UDP), other = packet_of(8, 5, IP_UDP);
	struct endpoint client = sample_endpoint_v4(9, 1), five = udp.destination;

	(void)state;
	frames_note(f, &other, 2, one, 1 * S);
	frames_note(f, &udp, 2, one, 2 * S);
	frames_note(f, &tcp, 2, one, 3 * S);
	assert_true(frames_since_ns(f, frames_newest(f, &client, &five)) == 2 * S);
	frames_note(f, &tcp, 3, one, 4 * S); /* by another link */
	assert_true(frames_since_ns(f, frames_newest(f, &client, &five)) == 3 * S);

	/* It has changed its MAC, and changes back: what came from the first before that is of no use. */
	frames_note(f, &udp, 2, two, 5 * S);
	frames_note(f, &udp, 2, one, 6 * S);
	frames_note(f, &elsewhere, 2, one, 7 * S);
	assert_true(frames_since_ns(f, frames_newest(f, &client, &five)) == 6 * S);

	/* Another row tells that it has changed in between. */
	frames_note(f, &elsewhere, 2, two, 8 * S);
	assert_true(frames_since_ns(f, frames_newest(f, &client, &five)) == 8 * S);
	frames_free(f);
}

static void what_came_from_another_mac_is_older_by_nothing(void **state)
{
	static const uint8_t hash_key[16] = { 1 }, one[6] = { 2, 1 }, two[6] = { 2, 2 };
	struct frames *f = frames_new(8, hash_key);
	struct ip_packet udp = packet_of(9, 5, IP_UDP), tcp = packet_of(9, 5, IP_TCP);
	struct endpoint client = sample_endpoint_v4(9, 1), five = udp.destination;

	(void)state;
	frames_note(f, &tcp, 2, one, 1 * S);
	frames_note(f, &udp, 2, two, 2 * S);
	assert_true(frames_since_ns(f, frames_newest(f, &client, &five)) == 2 * S);
	frames_free(f);
}

static void the_table_and_the_answer_are_bounded(void **state)
{
	static const uint8_t hash_key[16] = { 1 }, mac[6] = { 2, 1 };
	struct frames *f = frames_new(EVIDENCE_FRAMES_MAX + 1, hash_key);
	struct endpoint client = sample_endpoint_v4(9, 1);
	struct evidence_answer answer = { .frames_len = 0 };

	(void)state;
	for (unsigned local = 1; local <= EVIDENCE_FRAMES_MAX + 1; local++) {
		struct ip_packet h = packet_of(9, (uint8_t)local, IP_UDP);

		frames_note(f, &h, 2, mac, local * S);
	}
	frames_tell(f, &client, 100 * S, &answer);
	assert_int_equal(answer.frames_len, EVIDENCE_FRAMES_MAX);
	struct ip_packet one_more = packet_of(9, 100, IP_UDP), oldest = packet_of(9, 1, IP_UDP);
	assert_non_null(frames_newest(f, &client, &oldest.destination));
	frames_note(f, &one_more, 2, mac, 50 * S);
	assert_null(frames_newest(f, &client, &oldest.destination));
	assert_non_null(frames_newest(f, &client, &one_more.destination));
	frames_free(f);
}

/* ---- captures ---- */

static void capture(struct captures *c, uint64_t flow, uint32_t seq)
{
	const struct captures_probe probe = { .client = 2, .flow = flow, .seq = seq };

	captures_note(c, &probe);
}

static const struct evidence_capture *told(const struct captures *c, struct draft *draft)
{
	draft->answer.captures_len = 0;
	captures_tell(c, draft);
	return draft->answer.captures_len ? &draft->answer.captures[0] : NULL;
}

static void what_a_socket_did_not_get_is_told_by_number(void **state)
{
	static const uint8_t hash_key[16] = { 1 };
	struct captures *c = captures_new(4, hash_key);
	static struct draft draft;
	struct evidence_flow *flow = &draft.answer.flows[0];

	(void)state;
	draft.client = 2;
	draft.answer.flows_len = 1;
	*flow = (struct evidence_flow){ .id = 7 };
	assert_null(told(c, &draft)); /* none came */
	capture(c, 7, 1);
	capture(c, 7, 4);
	capture(c, 7, 3); /* overtaken */
	capture(c, 8, 90);
	assert_int_equal(told(c, &draft)->flow, 7);
	assert_int_equal(told(c, &draft)->newest, 4);
	assert_int_equal(told(c, &draft)->bitmap, 1 | 1 << 1 | 1 << 3);
	draft.client = 3; /* it asks about a flow of another client */
	assert_null(told(c, &draft));
	draft.client = 2;
	flow->known = true;
	receipts_note(&flow->receipts, 1);
	receipts_note(&flow->receipts, 3);
	assert_int_equal(told(c, &draft)->bitmap, 1);
	receipts_note(&flow->receipts, 4);
	assert_null(told(c, &draft)); /* all of them were read */
	capture(c, 7, 1000);
	assert_int_equal(told(c, &draft)->bitmap, 1);
	capture(c, 7, 1000 - EVIDENCE_CAPTURE_NUMBERS + 1);
	capture(c, 7, 1000 - EVIDENCE_CAPTURE_NUMBERS); /* too long ago */
	assert_int_equal(told(c, &draft)->bitmap, UINT64_C(1) << 63 | 1);
	receipts_note(&flow->receipts, 1000);
	receipts_forget(&flow->receipts, 1000); /* read late: nobody knows what was read before */
	assert_null(told(c, &draft));
	captures_free(c);
}

static void flows_beyond_the_table_are_forgotten(void **state)
{
	static const uint8_t hash_key[16] = { 1 };
	struct captures *c = captures_new(2, hash_key);
	static struct draft draft;

	(void)state;
	for (uint64_t flow = 1; flow <= 3; flow++) {
		capture(c, flow, 1);
		draft.answer.flows[flow - 1].id = flow;
	}
	draft.client = 2;
	draft.answer.flows_len = 3;
	assert_int_equal(told(c, &draft)->flow, 2);
	assert_int_equal(draft.answer.captures_len, 2);
	captures_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_that_are_cut_are_not_read),
		cmocka_unit_test(flow_and_number_are_read_of_our_packets),
		cmocka_unit_test(syns_pass_with_their_options),
		cmocka_unit_test(claims_and_probes_are_told_apart),
		cmocka_unit_test(our_own_probe_is_one),
		cmocka_unit_test(only_requests_to_the_port_pass_without_payload),
		cmocka_unit_test(no_port_at_all_lets_nothing_pass),
		cmocka_unit_test(the_longest_filters_fit_and_work),
		cmocka_unit_test(only_claims_in_nd_pass),
		cmocka_unit_test(our_own_solicitation_claims_nothing_of_anybody),
		cmocka_unit_test(the_newest_mac_counts_for_each_address_of_ours),
		cmocka_unit_test(what_a_socket_did_not_get_is_told_by_number),
		cmocka_unit_test(flows_beyond_the_table_are_forgotten),
		cmocka_unit_test(a_mac_is_known_by_all_that_came_from_it),
		cmocka_unit_test(what_came_from_another_mac_is_older_by_nothing),
		cmocka_unit_test(the_table_and_the_answer_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
