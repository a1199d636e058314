/* All paths of a run or round, with indexes by flow, server and endpoint. */
#ifndef FLOATPROBE_PATHS_H
#define FLOATPROBE_PATHS_H

#include "client/path/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct paths {
	struct path **items; /* in the order of the configuration; paths of one target are adjacent */
	size_t len;
	struct path **by_flow;   /* by the flows of the paths and of their twins; open addressing */
	size_t by_flow_len;      /* a power of two */
	struct path **by_server; /* paths that server 0 may answer, then those of server 1, and so on */
	size_t *server_from;     /* server i has by_server[server_from[i]] up to, not including, server_from[i + 1] */
	unsigned servers_len;
	struct path **by_place; /* the first path at each address, port and transport; open addressing */
	size_t by_place_len;    /* a power of two */
};

/* Replace the paths by items, an array from malloc; array and paths are then owned by paths. Old paths that are not in
 * items are freed; leaving(context, path) is called for each of them first. false: no memory; nothing changed, and the
 * caller still owns items. */
bool paths_set(struct paths *paths, struct path **items, size_t len, void (*leaving)(void *context, struct path *path),
	       void *context) __attribute__((warn_unused_result));
void paths_free(struct paths *paths);

/* Start a new flow on a path before its numbers run out, and index it. */
void paths_renew_flow(struct paths *paths, struct path *path);

/* The path with this flow id, its own or its twin's; NULL: none. */
struct path *paths_find_flow(const struct paths *paths, uint64_t flow_id);

/* The path whose recheck has this flow id; NULL: none. */
struct path *paths_find_recheck(const struct paths *paths, uint64_t flow_id);

/* The paths that this server may answer, in the order of items. */
struct path *const *paths_of_server(const struct paths *paths, unsigned server, size_t *len);

/* The paths that a server may answer; those that several may answer count for each of them. */
size_t paths_with_servers(const struct paths *paths);

/* The first path of any target to this endpoint over this transport; follow next_there for the others. */
struct path *paths_at(const struct paths *paths, const struct endpoint *endpoint, enum packet_transport transport);

/* The paths of the same target as items[i]: [*from, *to). */
void paths_of_target(const struct paths *paths, size_t i, size_t *from, size_t *to);

#endif
