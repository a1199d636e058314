#include "server/watch/bpf.h"

#include "common/core/bytes.h"
#include "common/core/ip.h"
#include "server/watch/captures.h"
#include "server/watch/claims.h"

#include <assert.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <stdbool.h>

/* Jump targets. Each part of a program sets its own places below. */
enum label {
	NEXT, /* the next instruction */
	DROP,
	ACCEPT,
	OTHER, /* the alternative */
	LOCAL, /* labels from here on are local to one of at most two parts of the program */
	V4 = LOCAL,
	V6,
	PROTOCOL,
	UDP,
	TCP,
	FLAGS,
	UDP_PORT,
	TCP_PORT,
	LOCAL_LEN = TCP_PORT - LOCAL + 1,
	LABELS_LEN = LOCAL + 2 * LOCAL_LEN,
};

struct builder {
	struct bpf_program *program;
	uint8_t yes[BPF_FILTER_LEN_MAX], no[BPF_FILTER_LEN_MAX]; /* labels that jumps go to */
	unsigned places[LABELS_LEN];
	unsigned base; /* offset of the local labels */
};

enum {
	IP6_LAST_WORD = 12, /* in an address */
	ARP_ETHERNET_IP4 = 0x00010800,
	ND_HOP_LIMIT = 255, /* a router would have made it smaller (RFC 4861, 7.1) */
	SYN = IP_TCP_SYN,
	RST = IP_TCP_RST,
	ACK = IP_TCP_ACK,
};

static unsigned label_at(const struct builder *b, unsigned label)
{
	return label >= LOCAL ? label + b->base : label;
}

static void emit(struct builder *b, unsigned code, uint32_t k, unsigned yes, unsigned no)
{
	unsigned i = b->program->len++;

	assert(i < BPF_FILTER_LEN_MAX);
	b->program->code[i] = (struct sock_filter){ .code = (uint16_t)code, .k = k };
	b->yes[i] = (uint8_t)label_at(b, yes);
	b->no[i] = (uint8_t)label_at(b, no);
}

static void mark(struct builder *b, unsigned label)
{
	b->places[label_at(b, label)] = b->program->len;
}

static void load(struct builder *b, unsigned size_and_mode, uint32_t at)
{
	emit(b, BPF_LD | size_and_mode, at, NEXT, NEXT);
}

static void load_ancillary(struct builder *b, int what)
{
	load(b, BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + what));
}

static void jump_if(struct builder *b, unsigned comparison, uint32_t k, unsigned yes, unsigned no)
{
	emit(b, BPF_JMP | comparison | BPF_K, k, yes, no);
}

static void go(struct builder *b, unsigned label)
{
	jump_if(b, BPF_JA, 0, label, NEXT);
}

static void require(struct builder *b, uint32_t k)
{
	jump_if(b, BPF_JEQ, k, NEXT, DROP);
}

/* Jump to `yes` if A is one of these values, else to DROP. */
static void require_one(struct builder *b, const uint16_t *values, unsigned len, unsigned yes)
{
	for (unsigned i = 0; i < len; i++)
		jump_if(b, BPF_JEQ, values[i], yes, NEXT);
	go(b, DROP);
}

static void return_octets(struct builder *b, uint32_t len)
{
	emit(b, BPF_RET | BPF_K, len, NEXT, NEXT);
}

/* Accept the packet up to X + len. X: offset of the transport header. */
static void return_up_to(struct builder *b, uint32_t len)
{
	emit(b, BPF_MISC | BPF_TXA, 0, NEXT, NEXT);
	emit(b, BPF_ALU | BPF_ADD | BPF_K, len, NEXT, NEXT);
	emit(b, BPF_RET | BPF_A, 0, NEXT, NEXT);
}

static void begin(struct builder *b, struct bpf_program *program)
{
	*b = (struct builder){ .program = program };
	program->len = 0;
}

static uint8_t distance(const struct builder *b, unsigned from, unsigned label)
{
	return (uint8_t)(label == NEXT ? 0 : b->places[label] - from - 1);
}

static void finish(struct builder *b)
{
	mark(b, DROP);
	return_octets(b, 0);
	for (unsigned i = 0; i < b->program->len; i++) {
		struct sock_filter *f = &b->program->code[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (BPF_OP(f->code) == BPF_JA) {
			f->k = distance(b, i, b->yes[i]);
		} else {
			f->jt = distance(b, i, b->yes[i]);
			f->jf = distance(b, i, b->no[i]);
		}
	}
}

/* Set X to the offset of the transport header and A to the protocol. */
static void find_transport(struct builder *b)
{
	load(b, BPF_B | BPF_ABS, 0);
	emit(b, BPF_ALU | BPF_RSH | BPF_K, 4, NEXT, NEXT);
	jump_if(b, BPF_JEQ, 4, V4, NEXT);
	jump_if(b, BPF_JEQ, 6, V6, DROP);
	mark(b, V4);
	load(b, BPF_H | BPF_ABS, IP4_FRAGMENT);
	jump_if(b, BPF_JSET, IP4_FRAGMENT_OFFSET_MASK, DROP, NEXT);
	emit(b, BPF_LDX | BPF_B | BPF_MSH, 0, NEXT, NEXT);
	load(b, BPF_B | BPF_ABS, IP4_PROTOCOL);
	go(b, PROTOCOL);
	mark(b, V6);
	emit(b, BPF_LDX | BPF_W | BPF_IMM, IP6_LEN, NEXT, NEXT);
	load(b, BPF_B | BPF_ABS, IP6_NEXT);
	mark(b, PROTOCOL);
}

/* What to accept in one direction. */
struct direction {
	uint32_t port; /* offset of our port in the transport header */
	/* TCP must have one of these combinations of SYN, RST and ACK. */
	const uint16_t *flags;
	unsigned flags_len;
	uint32_t udp_len; /* how much of a UDP datagram, with its header */
};
static const uint16_t request_flags[] = { SYN }, answer_flags[] = { SYN | ACK, RST | ACK, RST };
static const struct direction requests = { 2, request_flags, 1, IP_UDP_LEN + CAPTURES_PAYLOAD_LEN };
static const struct direction to_us = { 2, request_flags, 1, IP_UDP_LEN }, from_us = { 0, answer_flags, 3, IP_UDP_LEN };

static void match(struct builder *b, const struct bpf_ports *ports, const struct direction *direction)
{
	find_transport(b);
	jump_if(b, BPF_JEQ, IP_UDP, UDP, NEXT);
	jump_if(b, BPF_JEQ, IP_TCP, TCP, DROP);
	mark(b, UDP);
	load(b, BPF_H | BPF_IND, direction->port);
	require_one(b, ports->udp, ports->udp_len, UDP_PORT);
	mark(b, TCP);
	load(b, BPF_B | BPF_IND, IP_TCP_FLAGS);
	emit(b, BPF_ALU | BPF_AND | BPF_K, SYN | RST | ACK, NEXT, NEXT);
	require_one(b, direction->flags, direction->flags_len, FLAGS);
	mark(b, FLAGS);
	load(b, BPF_H | BPF_IND, direction->port);
	require_one(b, ports->tcp, ports->tcp_len, TCP_PORT);
	mark(b, UDP_PORT);
	return_up_to(b, direction->udp_len);
	mark(b, TCP_PORT);
	return_up_to(b, IP_TCP_LEN_READ);
}

void bpf_requests(struct bpf_program *program, const struct bpf_ports *ports)
{
	struct builder b;

	begin(&b, program);
	load_ancillary(&b, SKF_AD_PKTTYPE);
	require(&b, PACKET_HOST);
	match(&b, ports, &requests);
	finish(&b);
}

void bpf_syns(struct bpf_program *program, uint16_t port)
{
	struct builder b;

	begin(&b, program);
	load_ancillary(&b, SKF_AD_PKTTYPE);
	require(&b, PACKET_HOST);
	find_transport(&b);
	require(&b, IP_TCP);
	load(&b, BPF_B | BPF_IND, IP_TCP_FLAGS);
	emit(&b, BPF_ALU | BPF_AND | BPF_K, SYN | RST | ACK, NEXT, NEXT);
	require(&b, SYN);
	load(&b, BPF_H | BPF_IND, to_us.port);
	require(&b, port);
	return_up_to(&b, IP_TCP_LEN_MAX);
	finish(&b);
}

void bpf_conversations(struct bpf_program *program, const struct bpf_ports *ports)
{
	struct builder b;

	begin(&b, program);
	load_ancillary(&b, SKF_AD_HATYPE);
	jump_if(&b, BPF_JEQ, ARPHRD_LOOPBACK, DROP, NEXT);
	load_ancillary(&b, SKF_AD_PKTTYPE);
	jump_if(&b, BPF_JEQ, PACKET_OUTGOING, OTHER, NEXT);
	require(&b, PACKET_HOST);
	match(&b, ports, &to_us);
	mark(&b, OTHER);
	b.base = LOCAL_LEN;
	match(&b, ports, &from_us);
	finish(&b);
}

static uint32_t address4(const struct endpoint *e)
{
	return bytes_get32(e->address + sizeof endpoint_v4_prefix);
}

static void require_address4(struct builder *b, const struct endpoint *addresses, unsigned len, unsigned yes)
{
	for (unsigned i = 0; i < len && len <= BPF_FILTER_ADDRESSES_MAX; i++)
		if (endpoint_is_v4(&addresses[i]))
			jump_if(b, BPF_JEQ, address4(&addresses[i]), yes, NEXT);
	go(b, len <= BPF_FILTER_ADDRESSES_MAX ? DROP : yes);
}

void bpf_arp(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len)
{
	struct builder b;

	begin(&b, program);
	load(&b, BPF_W | BPF_ABS, 0);
	require(&b, ARP_ETHERNET_IP4);
	load(&b, BPF_W | BPF_ABS, CLAIMS_ARP_SENDER);
	jump_if(&b, BPF_JEQ, 0, OTHER, NEXT);
	require_address4(&b, addresses, addresses_len, ACCEPT);
	mark(&b, OTHER);
	load(&b, BPF_W | BPF_ABS, CLAIMS_ARP_TARGET);
	require_address4(&b, addresses, addresses_len, ACCEPT);
	mark(&b, ACCEPT);
	return_octets(&b, CLAIMS_ARP_LEN);
	finish(&b);
}

static void accept_address6(struct builder *b, const struct endpoint *addresses, unsigned len)
{
	for (unsigned i = 0; i < len && len <= BPF_FILTER_ADDRESSES_MAX; i++)
		if (!endpoint_is_v4(&addresses[i]))
			jump_if(b, BPF_JEQ, bytes_get32(addresses[i].address + IP6_LAST_WORD), ACCEPT, NEXT);
	if (len > BPF_FILTER_ADDRESSES_MAX)
		go(b, ACCEPT);
}

void bpf_nd(struct bpf_program *program, const struct endpoint *addresses, unsigned addresses_len)
{
	struct builder b;

	begin(&b, program);
	load(&b, BPF_B | BPF_ABS, IP6_NEXT);
	require(&b, IP_ICMP6);
	load(&b, BPF_B | BPF_ABS, IP6_HOP_LIMIT);
	require(&b, ND_HOP_LIMIT);
	load(&b, BPF_B | BPF_ABS, IP6_LEN);
	jump_if(&b, BPF_JEQ, CLAIMS_ND_ADVERTISEMENT, ACCEPT, NEXT);
	require(&b, CLAIMS_ND_SOLICITATION);
	load(&b, BPF_W | BPF_ABS, IP6_SOURCE + IP6_LAST_WORD);
	accept_address6(&b, addresses, addresses_len);
	require(&b, 0);
	for (uint32_t word = 0; word < IP6_LAST_WORD; word += 4) {
		load(&b, BPF_W | BPF_ABS, IP6_SOURCE + word);
		require(&b, 0);
	}
	mark(&b, ACCEPT);
	return_octets(&b, CLAIMS_ND_LEN);
	finish(&b);
}
