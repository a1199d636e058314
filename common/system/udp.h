/* UDP sockets with batches (recvmmsg(2), sendmmsg(2)), pinned source addresses and kernel timestamps.
 * libuv's uv_udp_t supports neither of the last two, so libuv only polls the descriptor. */
#ifndef FLOATPROBE_UDP_H
#define FLOATPROBE_UDP_H

#include "common/core/endpoint.h"
#include "common/system/egress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { UDP_BATCH = 32 }; /* datagrams per call; bounded so that other work is not delayed */

struct udp_options {
	int family; /* AF_INET; AF_INET6: IPv6 only; AF_UNSPEC: dual-stack, or AF_INET on a host without IPv6 */
	struct endpoint bind;        /* unknown address: any; port 0: ephemeral */
	bool packet_info;            /* fill in udp_datagram.local on receipt (IP_PKTINFO) */
	bool receive_timestamps;     /* SO_TIMESTAMPNS */
	bool send_timestamps;        /* software timestamps of sent datagrams, on the error queue (errqueue.h) */
	bool errors;                 /* ICMP errors on the error queue (IP_RECVERR, IPV6_RECVERR) */
	bool dont_fragment;          /* set DF and ignore the cached path MTU (IP_PMTUDISC_PROBE) */
	const struct egress *egress; /* NULL: as the kernel chooses. The address of bind comes before its source */
	int buffer_len;              /* 0: the system's default; else as by udp_set_buffers */
};

/* Open a socket: non-blocking, close-on-exec, TTL or hop limit 255. A kernel may refuse timestamps and the buffer size;
 * that is not an error. Returns the descriptor or -errno. */
int udp_open(const struct udp_options *options);
/* Of both directions. SO_RCVBUFFORCE, or SO_RCVBUF if that is refused: then the system's limit holds; SO_SNDBUF alike.
 * The kernel keeps some 200 KiB for a neighbour that does not answer ARP, for up to three seconds, and they count as
 * the socket's: with the default send buffer two dead neighbours stop what it sends to all others. */
void udp_set_buffers(int fd, int len);
/* The kernel numbers the next datagram 0 in its send timestamp. Those that are still to come may be lost. */
void udp_restart_send_timestamps(int fd);
/* The local port of a socket (host byte order), or -errno. */
int udp_port(int fd);

struct udp_datagram {
	uint8_t *buf;
	size_t len;
	struct endpoint peer;  /* source of a received datagram, destination of a datagram to send */
	struct endpoint local; /* received: destination address, port 0; to send: source address, unknown: not pinned */
	uint32_t scope;        /* interface index of an IPv6 link-local peer, else 0 */
	unsigned link;         /* received: interface index; to send from `local`: that of a VRF, 0: none */
	uint8_t ttl;           /* received: TTL or hop limit; 0: not known */
	uint8_t tos;           /* received: TOS or traffic class */
	int64_t received_ns;   /* realtime; 0: no kernel timestamp */
};

struct udp_batch;

/* Allocate UDP_BATCH datagrams with buffers of buf_len octets; NULL without memory. With buf_len 0 the batch is for
 * sending only, and the caller sets each `buf`. */
struct udp_batch *udp_batch_new(size_t buf_len);
void udp_batch_free(struct udp_batch *batch);
/* The i-th datagram, i < UDP_BATCH. The caller may overwrite it, for instance with a reply, and may swap two datagrams,
 * so that those to send are adjacent. */
struct udp_datagram *udp_batch_at(struct udp_batch *batch, unsigned i);

/* Receive up to UDP_BATCH datagrams without blocking. Returns their number or -errno (-EAGAIN: none). A datagram longer
 * than buf_len has len 0. A pending ICMP error is returned as -errno too: read the error queue, then try again. */
int udp_receive(int fd, struct udp_batch *batch);
/* When the datagram came that waits longest at the socket, in realtime ns; 0: none waits, or its time is not known. */
int64_t udp_waiting_since_ns(int fd);

/* Send the datagrams from, from + 1, ..., from + count - 1; the route decides the interface. Stops at the first error.
 * Returns the number sent (>= 1), or -errno if the first one was not sent; the caller may continue after it. */
int udp_send(int fd, struct udp_batch *batch, unsigned from, unsigned count);
/* Can this error (positive) of udp_send result from an ICMP message about an earlier datagram? Then the same datagram
 * may leave at once: the error is over. Where messages come without end, one in a few tries meets the next one. */
bool udp_may_be_of_earlier(int error);
enum { UDP_SEND_TRIES = 8 };

/* Conversion between endpoint and sockaddr. With AF_INET6, an IPv4 address becomes an IPv4-mapped one. */
socklen_t udp_sockaddr(const struct endpoint *e, int family, uint32_t scope, struct sockaddr_storage *ss);
struct endpoint udp_endpoint(const struct sockaddr *sa);

#endif
