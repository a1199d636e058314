/* Which clients' frames for our port have come, to which of our addresses, and from which MAC: seen before this host's
 * own firewall. Bounded. Pure. */
#ifndef FLOATPROBE_FRAMES_H
#define FLOATPROBE_FRAMES_H

#include "server/reflect/draft.h"
#include "server/watch/headers.h"

struct frames_key {
	uint8_t client[16], local[16];
	uint32_t transport; /* HEADERS_UDP; HEADERS_TCP: connection requests */
};

struct frames_seen {
	struct frames_key key;
	uint32_t count;
	unsigned link; /* of the newest .. */
	bool has_mac;
	uint8_t mac[HEADERS_MAC_LEN];
	int64_t newest_ns,
	    since_ns;       /* monotonic: the newest; the first of those that came from this MAC without break */
	int64_t read_ns[2]; /* some that are older, at least as much as a socket needs to be read; 0: none */
	int64_t changed_ns; /* the first that came from another MAC than the one before it; 0: none did */
};

struct frames;
struct frames *frames_new(unsigned capacity, const uint8_t hash_key[16]); /* NULL: no memory */
void frames_free(struct frames *frames);

/* mac NULL: it came over something that has none. */
void frames_note(struct frames *frames, const struct headers_ip *headers, unsigned link, const uint8_t *mac,
		 int64_t received_ns);
/* The newest of this client's for this address of ours that came from a MAC; NULL: none is known. For another address
 * it may come another way, through a router, with that one's MAC. */
const struct frames_seen *frames_newest(const struct frames *frames, const struct endpoint *client,
					const struct endpoint *local);
/* Of this client's the one before `seen`, the newest first: NULL first; NULL after the last. */
const struct frames_seen *frames_next_of(const struct frames *frames, const struct endpoint *client,
					 const struct frames_seen *seen);
/* Since when that MAC is known as the client's, on that link: by whatever of it has come from there, since the client
 * was last seen to change its MAC. */
int64_t frames_since_ns(const struct frames *frames, const struct frames_seen *newest);
/* Add what is known about this client. */
void frames_tell(const struct frames *frames, const struct endpoint *client, int64_t now_ns, struct draft *draft);

#endif
