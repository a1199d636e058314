/* UDP sockets as both sides need them: batched, pinned to the arrival address, with kernel timestamps.
 * libuv's uv_udp_t has neither pktinfo nor timestamps, so the descriptor is ours and libuv only polls it. */
#ifndef FLOATPROBE_UDP_H
#define FLOATPROBE_UDP_H

#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { UDP_BATCH = 32 }; /* datagrams a call: so that nothing else starves */

struct udp_options {
	int family; /* AF_INET; AF_INET6 (IPv6 only); AF_UNSPEC: AF_INET6 dual-stack, or AF_INET where there is no IPv6
		     */
	struct endpoint bind;    /* unknown address: any; port 0: ephemeral */
	bool packet_info;        /* receive: fill local; needed to pin replies */
	bool receive_timestamps; /* SO_TIMESTAMPNS-class RX software timestamps */
	bool send_timestamps; /* TX software timestamps with OPT_ID | OPT_TSONLY on the error queue (see errqueue.h) */
	bool errors;          /* IP_RECVERR / IPV6_RECVERR */
	bool dont_fragment;   /* DF set, and the route's cached PMTU ignored: IP_PMTUDISC_PROBE */
	int receive_buffer_len; /* 0: the system's; tried with SO_RCVBUFFORCE first */
};

/* Non-blocking, close-on-exec, TTL/hop limit 255. Returns the descriptor or -errno. */
int udp_open(const struct udp_options *options);
/* The port (host order) a socket is bound to, or -errno. */
int udp_port(int fd);

struct udp_datagram {
	uint8_t *buf;
	size_t len;
	struct endpoint peer;  /* received: from; to send: to */
	struct endpoint local; /* received: arrived on (port unset); to send: pin to it, unless unknown */
	uint32_t scope;        /* interface index, only where peer is IPv6 link-local */
	uint8_t ttl, tos;      /* received; ttl 0: not known */
	int64_t received_ns;   /* realtime; 0: no kernel timestamp */
};

struct udp_batch;

/* Memory for UDP_BATCH datagrams of up to buf_len octets; NULL if there is none. 0: for sending only, each `buf` is the
 * caller's. */
struct udp_batch *udp_batch_new(size_t buf_len);
void udp_batch_free(struct udp_batch *batch);
/* The i-th datagram, 0 <= i < UDP_BATCH. Its buf is the batch's, of buf_len octets, and may be written and sent;
 * two datagrams may be swapped, so that those to be sent stand together. */
struct udp_datagram *udp_batch_at(struct udp_batch *batch, unsigned i);

/* Receive up to UDP_BATCH without blocking. Returns how many, or -errno (-EAGAIN: nothing there). A datagram that
 * was longer than buf_len has len 0. Pending socket errors (ICMP) are returned as -errno: drain the error queue, try
 * again. */
int udp_receive(int fd, struct udp_batch *batch);

/* Send datagrams from .. from+count-1 (ifindex 0 in the pin, so that the route decides). Returns how many left, >= 1,
 * or -errno of the first one, which was not sent. Skips none: the caller goes on behind the failed one. */
int udp_send(int fd, struct udp_batch *batch, unsigned from, unsigned count);

/* endpoint <-> sockaddr; family AF_INET6 makes a mapped address of IPv4. */
socklen_t udp_sockaddr(const struct endpoint *e, int family, uint32_t scope, struct sockaddr_storage *ss);
struct endpoint udp_endpoint(const struct sockaddr *sa);

#endif
