/* The connections of the web server: what each is doing since when, and which one ends for a new one. */
#ifndef FLOATPROBE_WEB_PEERS_H
#define FLOATPROBE_WEB_PEERS_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEB_PEERS_MAX = 8,
	WEB_PEERS_ENDING_MAX = 8, /* further ones that were told to end and are still there */
	WEB_PEERS_ALL = WEB_PEERS_MAX + WEB_PEERS_ENDING_MAX,
};

enum web_phase {
	WEB_READING,   /* its request is not complete */
	WEB_ANSWERING, /* its reply is not complete */
	WEB_IDLE,      /* it may send another request */
};

struct web_finished; /* web.c */

struct web_peer {
	struct MHD_Connection *connection; /* NULL: this place is free */
	int fd;
	enum web_phase phase;
	int64_t since_ns; /* monotonic; when the phase began */
	bool ending;      /* its socket is shut down */
	bool waits;       /* for the draft of this route and variant; libmicrohttpd has suspended it */
	size_t route;
	unsigned variant;
	struct web_finished *finished; /* what it has waited for */
};

struct web_peers {
	struct web_peer all[WEB_PEERS_ALL];
};

struct web_peer *web_peers_add(struct web_peers *peers, struct MHD_Connection *connection, int64_t now_ns);
void web_peers_turn(struct web_peer *peer, enum web_phase phase, int64_t now_ns);

size_t web_peers_len(const struct web_peers *peers);
/* Is there room for a new connection? Ends another one for it if that one has less to lose. */
bool web_peers_make_room(struct web_peers *peers, int64_t now_ns);
/* End those whose phase takes too long. */
void web_peers_end_late(struct web_peers *peers, int64_t now_ns);

#endif
