/* Which clients' frames for our port arrived, at which of our addresses and from which MAC. Frames are seen before this
 * host's own firewall. Bounded. Pure. */
#ifndef FLOATPROBE_FRAMES_H
#define FLOATPROBE_FRAMES_H

#include "common/core/evidence.h"
#include "common/core/ip.h"

struct frames_key {
	uint8_t client[16], local[16];
	uint32_t transport; /* IP_UDP, or IP_TCP: connection requests */
};

struct frames_seen {
	struct frames_key key;
	uint32_t count;
	unsigned link; /* link of the newest frame */
	bool has_mac;
	uint8_t mac[EVIDENCE_MAC_LEN];
	int64_t newest_ns;  /* the newest frame (monotonic) */
	int64_t since_ns;   /* the first frame of the unbroken series from this MAC (monotonic) */
	int64_t changed_ns; /* when the MAC last changed (monotonic); 0: never */
};

struct frames;
struct frames *frames_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL if memory is out */
void frames_free(struct frames *frames);

/* mac NULL: the link has no MACs. */
void frames_note(struct frames *frames, const struct ip_packet *packet, unsigned link, const uint8_t *mac,
		 int64_t received_ns);
/* The client's newest frame with a MAC for this address of ours; NULL: not known. Frames for another address may take
 * another way, through a router, and have the router's MAC. */
const struct frames_seen *frames_newest(const struct frames *frames, const struct endpoint *client,
					const struct endpoint *local);
/* The link by which the newest frame for this address came, of whatever client; 0: none came. */
unsigned frames_link_of(const struct frames *frames, const struct endpoint *local);
/* Iterate over the client's entries, the newest first. Pass NULL first. Returns NULL at the end. */
const struct frames_seen *frames_next_of(const struct frames *frames, const struct endpoint *client,
					 const struct frames_seen *seen);
/* Since when the client has the MAC of `newest` on that link, from all its frames since it last changed its MAC. */
int64_t frames_since_ns(const struct frames *frames, const struct frames_seen *newest);
/* Add the client's frames to the answer. */
void frames_tell(const struct frames *frames, const struct endpoint *client, int64_t now_ns,
		 struct evidence_answer *answer);

#endif
