/* All paths of a run or round, and how to find one. */
#ifndef FLOATPROBE_PATHS_H
#define FLOATPROBE_PATHS_H

#include "client/path/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct paths_flow {
	uint64_t id;
	struct path *path; /* NULL: free */
};

struct paths {
	struct path **items; /* paths of one target stand together, in the order of the configuration */
	size_t len;
	struct paths_flow *by_flow; /* the paths' flows and their twins'; open addressing; a power of two */
	size_t by_flow_len;
	struct path **by_server; /* whom the first server may answer, whom the second may, .. */
	size_t *server_from;     /* .. where each one's begin, and where the last one's end */
	unsigned servers_len;
	struct path **by_place; /* the first path at an address, port and transport; open addressing; a power of two */
	size_t by_place_len;
};

/* Take over items (an array from malloc, and the paths in it) in place of what was there, which is freed unless it is
 * among the new ones; leaving is called first, with context, for each that goes. false: no memory, and then nothing
 * changed and nothing was taken over. */
bool paths_set(struct paths *paths, struct path **items, size_t len, void (*leaving)(void *context, struct path *path),
	       void *context) __attribute__((warn_unused_result));
void paths_free(struct paths *paths);

/* Give a path a new flow before its numbers run out: another id, no past. */
void paths_renew_flow(struct paths *paths, struct path *path);

/* The path whose flow, or whose twin's flow, this is; NULL: none. */
struct path *paths_find_flow(const struct paths *paths, uint64_t flow_id);

/* The path whose look's flow this is; NULL: none that has one. */
struct path *paths_find_recheck(const struct paths *paths, uint64_t flow_id);

/* The paths that this server may answer, in the order of items. */
struct path *const *paths_of_server(const struct paths *paths, unsigned server, size_t *len);

/* The first of the paths to this endpoint over this protocol, whatever their targets; the next is its next_there. */
struct path *paths_at(const struct paths *paths, const struct endpoint *endpoint, enum packet_transport transport);

/* The paths of the same target as items[i]: [*from, *to). */
void paths_of_target(const struct paths *paths, size_t i, size_t *from, size_t *to);

#endif
