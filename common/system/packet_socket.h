/* Frames of this network namespace's links, headers first (AF_PACKET, SOCK_DGRAM). Opening one needs CAP_NET_RAW; the
 * descriptor stays good when that is dropped. */
#ifndef FLOATPROBE_PACKET_SOCKET_H
#define FLOATPROBE_PACKET_SOCKET_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_SOCKET_BATCH = 32, PACKET_SOCKET_MAC_LEN = 6 };

struct packet_socket_frame {
	const uint8_t *buf; /* from the network header on, as far as the filter lets it */
	size_t len;
	uint16_t protocol; /* ETH_P_IP .. */
	unsigned link;
	bool outgoing, has_mac; /* the sender's MAC, of a frame that came over Ethernet */
	uint8_t mac[PACKET_SOCKET_MAC_LEN];
	int64_t received_ns; /* monotonic */
};

typedef void packet_socket_on_frame(void *context, const struct packet_socket_frame *frame);

/* Every frame of this protocol that arrives (ETH_P_ALL: that leaves, too) and that passes the filter; before this
 * host's own rules of iptables or nft see it. Non-blocking. Returns the descriptor or -errno (-EPERM: no CAP_NET_RAW).
 */
int packet_socket_open(uint16_t protocol, const struct sock_fprog *filter, int receive_buffer_len);
/* Another filter from now on. Returns 0 or -errno. */
int packet_socket_filter(int fd, const struct sock_fprog *filter);
/* Read up to PACKET_SOCKET_BATCH without waiting. Returns how many or -errno (-EAGAIN: there is none). */
int packet_socket_read(int fd, packet_socket_on_frame *on_frame, void *context);
/* How many the kernel has dropped since this was last asked, as the buffer was full. */
unsigned packet_socket_dropped(int fd);
/* To whom this MAC is of, on this link. Returns 0 or -errno. */
int packet_socket_send(int fd, uint16_t protocol, unsigned link, const uint8_t to[PACKET_SOCKET_MAC_LEN],
		       const uint8_t *buf, size_t len);

#endif
