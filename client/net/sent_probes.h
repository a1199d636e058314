/* The newest probes that left one UDP socket, so that a send timestamp in its error queue finds its probe. The kernel
 * numbers the datagrams of a socket, and the timestamp has that number. Pure. */
#ifndef FLOATPROBE_SENT_PROBES_H
#define FLOATPROBE_SENT_PROBES_H

#include <stdint.h>

enum { SENT_PROBES_MAX = 1024 }; /* that can wait for their timestamps */

struct sent_probe {
	void *owner; /* NULL: none, or it was forgotten */
	uint32_t seq, id;
};

struct sent_probes {
	uint32_t next_id; /* the kernel's number for the next datagram */
	struct sent_probe ring[SENT_PROBES_MAX];
};

void sent_probes_add(struct sent_probes *sent, void *owner, uint32_t seq);
/* The probe with this number of the kernel. NULL: it has no owner any more, or its place was taken. */
const struct sent_probe *sent_probes_find(const struct sent_probes *sent, uint32_t id);
/* The kernel counts from 0 again: udp_restart_send_timestamps. */
void sent_probes_restart(struct sent_probes *sent);
void sent_probes_forget(struct sent_probes *sent, const void *owner);

#endif
