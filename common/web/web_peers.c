#include "common/web/web_peers.h"

#include "common/core/ns.h"
#include "common/system/log.h"

#include <sys/socket.h>

/* How long a phase may take. A scraper of very many paths waits for 50 s (docs/OPERATIONS.md), and keeps its connection
 * for its next scrape, which comes within a minute or two. */
static const int64_t deadline_ns[] = {
	[WEB_READING] = 5 * NS_PER_S,
	[WEB_ANSWERING] = 60 * NS_PER_S,
	[WEB_IDLE] = 150 * NS_PER_S,
};

/* How long a phase is safe from being ended for a new connection. A client that means well sends its request at once.
 */
static const int64_t grace_ns[] = {
	[WEB_READING] = 1 * NS_PER_S,
	[WEB_ANSWERING] = 3 * NS_PER_S,
	[WEB_IDLE] = 0,
};

struct web_peer *web_peers_add(struct web_peers *peers, struct MHD_Connection *connection, int64_t now_ns)
{
	for (size_t i = 0; i < WEB_PEERS_ALL; i++) {
		struct web_peer *peer = &peers->all[i];

		if (peer->connection)
			continue;
		*peer = (struct web_peer){ .connection = connection, .since_ns = now_ns };
		peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		return peer;
	}
	return NULL; /* libmicrohttpd has the same limit */
}

void web_peers_turn(struct web_peer *peer, enum web_phase phase, int64_t now_ns)
{
	peer->phase = phase;
	peer->since_ns = now_ns;
}

size_t web_peers_len(const struct web_peers *peers)
{
	size_t len = 0;

	for (size_t i = 0; i < WEB_PEERS_ALL; i++)
		len += peers->all[i].connection != NULL;
	return len;
}

static size_t lasting(const struct web_peers *peers)
{
	size_t len = 0;

	for (size_t i = 0; i < WEB_PEERS_ALL; i++)
		len += peers->all[i].connection && !peers->all[i].ending;
	return len;
}

/* libmicrohttpd then sees its end, and frees it. A suspended one is resumed within a second. One that still sends its
 * request gets a reset: else, with a full window, it would hear of the end only after a minute. */
static void end(struct web_peer *peer)
{
	const struct linger reset = { .l_onoff = 1 };

	peer->ending = true;
	if (peer->phase == WEB_READING)
		setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	shutdown(peer->fd, SHUT_RDWR);
}

/* How long it has been past its grace; negative: it is safe. */
static int64_t overdue_ns(const struct web_peer *peer, int64_t now_ns)
{
	return peer->connection && !peer->ending ? now_ns - peer->since_ns - grace_ns[peer->phase] : -1;
}

bool web_peers_make_room(struct web_peers *peers, int64_t now_ns)
{
	struct web_peer *worst = &peers->all[0];

	if (lasting(peers) < WEB_PEERS_MAX)
		return web_peers_len(peers) < WEB_PEERS_ALL;
	for (size_t i = 1; i < WEB_PEERS_ALL; i++) {
		if (overdue_ns(&peers->all[i], now_ns) > overdue_ns(worst, now_ns))
			worst = &peers->all[i];
	}
	if (overdue_ns(worst, now_ns) < 0 || web_peers_len(peers) >= WEB_PEERS_ALL)
		return false;
	end(worst);
	return true;
}

void web_peers_end_late(struct web_peers *peers, int64_t now_ns)
{
	for (size_t i = 0; i < WEB_PEERS_ALL; i++) {
		struct web_peer *peer = &peers->all[i];

		if (!peer->connection || peer->ending || now_ns - peer->since_ns <= deadline_ns[peer->phase])
			continue;
		if (peer->phase == WEB_ANSWERING)
			log_warning("web: an answer was not read to its end within %d s, and is cut off",
				    (int)(deadline_ns[WEB_ANSWERING] / NS_PER_S));
		end(peer);
	}
}
