#include "client/net/own_tap.h"

#include "common/core/bytes.h"
#include "common/core/ip.h"
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
	CAPTURE_LEN = 256,
	SYN_ACK = IP_TCP_SYN | IP_TCP_ACK,
	REPLY_LEN = IP_UDP_LEN + WIRE_FLOW_ID + 8, /* what is read of a datagram */
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
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IP4_FRAGMENT_OFFSET_MASK, 14, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP4_PROTOCOL),
	BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
	BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, IP6_LEN),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_NEXT),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP_UDP, 0, 2),
	BPF_STMT(BPF_LD | BPF_W | BPF_IND, IP_UDP_LEN + WIRE_FLOW_MAGIC),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WIRE_MAGIC, 4, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP_TCP, 0, 5),
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, IP_TCP_FLAGS),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, IP_TCP_FIN | IP_TCP_RST | SYN_ACK),
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

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct own_tap *tap = context;
	struct ip_packet p;
	const uint8_t *reply;

	if (!ip_read(frame->buf, frame->len, &p))
		return;
	reply = p.transport + IP_UDP_LEN;
	if (p.protocol == IP_TCP)
		tap->handshakes[tap->next++ % HANDSHAKES] =
		    (struct handshake){ p.source, p.destination, frame->received_ns };
	else if (p.transport_len >= REPLY_LEN)
		tap->on_reply(tap->context, &p.source, reply + WIRE_REPLY_SERVER_KEY, bytes_get64(reply + WIRE_FLOW_ID),
			      bytes_get32(reply + WIRE_SENDER_SEQ));
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
