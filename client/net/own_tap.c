#include "client/net/own_tap.h"

#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "common/core/wire.h"
#include "common/system/packet_socket.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	RECEIVE_BUFFER_LEN = 1 << 20,
	BATCHES_MAX = 64, /* of one drain: a flood must not block the loop */
	HANDSHAKES = 1024,
	IP4_LEN = 20,
	IP4_FRAGMENT = 6,
	IP4_PROTOCOL = 9,
	IP4_SOURCE = 12,
	IP4_DESTINATION = 16,
	IP6_LEN = 40,
	IP6_NEXT = 6,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
	UDP = 17,
	UDP_LEN = 8,
	TCP = 6,
	TCP_LEN = 14, /* up to its flags */
	TCP_FLAGS = 13,
	FIN_SYN_RST_ACK = 0x17,
	SYN_ACK = 0x12,
	CAPTURE_LEN = 256,
};
static const int64_t open_ns = 60 * NS_PER_S, again_ns = 600 * NS_PER_S;

struct handshake {
	struct endpoint peer, local;
	int64_t seen_ns;
};

struct own_tap {
	own_tap_on_reply *on_reply;
	void *context;
	int fds[2]; /* IPv4, IPv6; -1: not open */
	int64_t until_ns;
	int64_t refused_ns; /* monotonic: the kernel refused to open it; 0: never */
	struct handshake handshakes[HANDSHAKES];
	unsigned next;
};

struct own_tap *own_tap_new(own_tap_on_reply *on_reply, void *context)
{
	struct own_tap *tap = calloc(1, sizeof *tap);

	if (!tap)
		return NULL;
	tap->on_reply = on_reply;
	tap->context = context;
	tap->fds[0] = tap->fds[1] = -1;
	return tap;
}

static void shut(struct own_tap *tap)
{
	for (unsigned i = 0; i < 2; i++) {
		if (tap->fds[i] >= 0)
			close(tap->fds[i]);
		tap->fds[i] = -1;
	}
}

void own_tap_free(struct own_tap *tap)
{
	if (tap)
		shut(tap);
	free(tap);
}

/* Datagrams to this host that have the magic number of our packets, and SYN-ACKs to it. */
static const struct sock_filter answers[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 20),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 6, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 16),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IP4_FRAGMENT),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 14, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP4_PROTOCOL),
	BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
	BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, IP6_LEN),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_NEXT),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UDP, 0, 2),
	BPF_STMT(BPF_LD | BPF_W | BPF_IND, UDP_LEN + WIRE_FLOW_MAGIC),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WIRE_MAGIC, 4, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP, 0, 5),
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, TCP_FLAGS),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FIN_SYN_RST_ACK),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN_ACK, 0, 2),
	BPF_STMT(BPF_RET | BPF_K, CAPTURE_LEN),
	BPF_STMT(BPF_RET | BPF_K, CAPTURE_LEN),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

void own_tap_want(struct own_tap *tap, int64_t now_ns)
{
	static const uint16_t protocols[2] = { ETH_P_IP, ETH_P_IPV6 };
	struct sock_filter code[sizeof answers / sizeof *answers];
	const struct sock_fprog fprog = { .len = sizeof answers / sizeof *answers, .filter = code };

	if (!tap || (tap->refused_ns && now_ns - tap->refused_ns < again_ns))
		return;
	tap->until_ns = now_ns + open_ns;
	memcpy(code, answers, sizeof answers);
	for (unsigned i = 0; i < 2; i++) {
		if (tap->fds[i] < 0 && (tap->fds[i] = packet_socket_open(protocols[i], &fprog, RECEIVE_BUFFER_LEN)) < 0)
			tap->refused_ns = now_ns;
	}
}

bool own_tap_sees(const struct own_tap *tap, bool v4)
{
	return tap && tap->fds[v4 ? 0 : 1] >= 0;
}

struct answer { /* of a frame */
	struct endpoint from, to;
	uint8_t protocol;
	const uint8_t *transport;
	size_t len; /* from the transport header on */
};

/* The filter has looked at these headers, but frames may be cut. */
static bool read_frame(const uint8_t *buf, size_t len, struct answer *a)
{
	bool v4 = len >= IP4_LEN && buf[0] >> 4 == 4;
	size_t head_len = v4 ? (size_t)(buf[0] & 0x0f) * 4 : IP6_LEN;

	if (head_len < IP4_LEN || len < head_len + TCP_LEN)
		return false;
	a->protocol = buf[v4 ? IP4_PROTOCOL : IP6_NEXT];
	a->transport = buf + head_len;
	a->len = len - head_len;
	if (v4) {
		a->from = endpoint_v4(buf + IP4_SOURCE, bytes_get16(a->transport));
		a->to = endpoint_v4(buf + IP4_DESTINATION, bytes_get16(a->transport + 2));
	} else {
		a->from = endpoint_of(buf + IP6_SOURCE, bytes_get16(a->transport));
		a->to = endpoint_of(buf + IP6_DESTINATION, bytes_get16(a->transport + 2));
	}
	return true;
}

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct own_tap *tap = context;
	struct answer a;

	if (!read_frame(frame->buf, frame->len, &a))
		return;
	if (a.protocol == TCP)
		tap->handshakes[tap->next++ % HANDSHAKES] = (struct handshake){ a.from, a.to, frame->received_ns };
	else if (a.len >= UDP_LEN + WIRE_FLOW_ID + 8)
		tap->on_reply(tap->context, &a.from, a.transport + UDP_LEN + WIRE_REPLY_SERVER_KEY,
			      bytes_get64(a.transport + UDP_LEN + WIRE_FLOW_ID),
			      bytes_get32(a.transport + UDP_LEN + WIRE_SENDER_SEQ));
}

void own_tap_drain(struct own_tap *tap, int64_t now_ns)
{
	for (unsigned i = 0; tap && i < 2; i++) {
		int n = PACKET_SOCKET_BATCH;
		for (unsigned k = 0; tap->fds[i] >= 0 && k < BATCHES_MAX && n == PACKET_SOCKET_BATCH; k++)
			n = packet_socket_read(tap->fds[i], on_frame, tap);
	}
	if (tap && now_ns > tap->until_ns)
		shut(tap);
}

bool own_tap_saw_handshake(const struct own_tap *tap, const struct endpoint *peer, const struct endpoint *local,
			   int64_t since_ns)
{
	for (unsigned i = 0; tap && i < HANDSHAKES; i++) {
		const struct handshake *h = &tap->handshakes[i];
		if (h->seen_ns >= since_ns && h->seen_ns != 0 && endpoint_equal(&h->peer, peer) &&
		    endpoint_equal(&h->local, local))
			return true;
	}
	return false;
}
