/* Packets as the links of this network namespace carry them: AF_PACKET, SOCK_DGRAM, see packet(7). Opening needs
 * CAP_NET_RAW; the descriptor stays valid when the capability is dropped. */
#ifndef FLOATPROBE_PACKET_SOCKET_H
#define FLOATPROBE_PACKET_SOCKET_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_SOCKET_BATCH = 32, PACKET_SOCKET_MAC_LEN = 6 };

struct packet_socket_frame {
	const uint8_t *buf; /* starts with the network header; the filter limits the length */
	size_t len;
	uint16_t protocol;                  /* ETH_P_IP, ... */
	unsigned link;                      /* interface index */
	bool outgoing;                      /* this host sends it */
	bool has_mac;                       /* it arrived over Ethernet */
	uint8_t mac[PACKET_SOCKET_MAC_LEN]; /* of the sender, if has_mac */
	int64_t received_ns;                /* monotonic */
};

typedef void packet_socket_on_frame(void *context, const struct packet_socket_frame *frame);

/* Open a non-blocking socket for the incoming frames of this protocol that pass the filter. ETH_P_ALL includes outgoing
 * frames. Incoming frames are seen before the rules of iptables and nftables. Returns the descriptor or -errno (-EPERM:
 * no CAP_NET_RAW). */
int packet_socket_open(uint16_t protocol, const struct sock_fprog *filter, int receive_buffer_len);
/* Replace the filter. Returns 0 or -errno. */
int packet_socket_filter(int fd, const struct sock_fprog *filter);
/* Read up to PACKET_SOCKET_BATCH frames without blocking; each is valid during on_frame. Returns their number or -errno
 * (-EAGAIN: none). */
int packet_socket_read(int fd, packet_socket_on_frame *on_frame, void *context);
/* Number of frames that the kernel dropped for a full buffer since the last call. */
unsigned packet_socket_dropped(int fd);
/* Send to a MAC address on a link. buf starts with the network header. Returns 0 or -errno. */
int packet_socket_send(int fd, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
		       const uint8_t *buf, size_t len);

#endif
