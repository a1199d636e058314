/* What has been counted on the paths of `run` since its start. A series is a target, an address family, a kind of
 * probe, a size and a flow: names come from the configuration alone, so that no answer of a name service and nothing
 * else off the network makes a new one. It outlives its paths: an address that changes, or a reload, resets no counter.
 *
 * Counters never decrease. A loss is counted when its direction is known, or will hardly become known any more. */
#ifndef FLOATPROBE_SERIES_H
#define FLOATPROBE_SERIES_H

#include "client/path/paths.h"
#include "common/config/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Upper bounds of the buckets of round trips. X-macro: text in seconds, ns. */
#define SERIES_BOUNDS(X)                                                                                               \
	X("0.0001", 100000)                                                                                            \
	X("0.00025", 250000)                                                                                           \
	X("0.0005", 500000)                                                                                            \
	X("0.001", 1000000)                                                                                            \
	X("0.0025", 2500000)                                                                                           \
	X("0.005", 5000000)                                                                                            \
	X("0.01", 10000000)                                                                                            \
	X("0.025", 25000000)                                                                                           \
	X("0.05", 50000000)                                                                                            \
	X("0.1", 100000000)                                                                                            \
	X("0.25", 250000000)                                                                                           \
	X("0.5", 500000000)                                                                                            \
	X("1.0", 1000000000)                                                                                           \
	X("2.5", 2500000000)
enum {
#define X(text, ns) +1
	SERIES_BOUNDS_LEN = 0 SERIES_BOUNDS(X)
#undef X
};

struct series_counts {
	uint64_t answered, forward_lost, return_lost, lost, unsent;
	uint64_t late, wrong_source, duplicates, holder_changes;
	uint64_t rtt[SERIES_BOUNDS_LEN + 1]; /* not cumulated */
	double rtt_sum;                      /* seconds */
};

struct series_key { /* padding is zero */
	char target[UNITS_NAME_MAX + 1];
	bool v4, pmtu;
	enum probe_kind kind;
	unsigned size; /* octets of UDP payload; 0: it has no size, or that of the path's MTU */
	int held;      /* index of the held flow; UDP_DIALER_FRESH */
};

struct series {
	struct series_key key;
	enum config_role role;
	int held_index;     /* that of the key, where the target has several held flows; -1 */
	int64_t created_ns; /* realtime */
	struct series_counts counts;
	int64_t gap_ns; /* without answers, when another holder began to answer last; negative: none did */
	size_t first;   /* its first path; SERIES_NONE: it has none now, and is not shown */
};

#define SERIES_NONE SIZE_MAX

struct series_path { /* what is noted of a path; parallel to struct paths */
	const struct path *path;
	size_t series;
	size_t next;                         /* the next path of the same series; SERIES_NONE */
	uint32_t uncounted;                  /* no probe before this number is left to be counted as lost */
	uint32_t duplicates, holder_changes; /* of its prober, as far as they are counted */
	int64_t answered_ns;                 /* monotonic: when the newest answered probe was sent; 0: none yet */
};

struct series_table {
	struct series *items;
	size_t len;
	struct series_path *paths;
	size_t paths_len;
};

/* The paths have changed. false: no memory; nothing is counted then until the next call that returns true. */
bool series_renew(struct series_table *table, const struct paths *paths, int64_t real_ns)
    __attribute__((warn_unused_result));
void series_free(struct series_table *table);

/* The outcome of this path's probe has become known. */
void series_decided(struct series_table *table, const struct path *path, uint32_t seq, int64_t now_ns);
/* Count what is due on all paths of items[i]. */
void series_catch_up(struct series_table *table, size_t i, int64_t now_ns);

#endif
