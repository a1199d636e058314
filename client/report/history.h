/* What journals tell, gathered in bounded memory: paths, incidents, losses, events, and the times of which nothing is
 * known. Records come in any order, but those of one vantage mostly in the order of their times. */
#ifndef FLOATPROBE_HISTORY_H
#define FLOATPROBE_HISTORY_H

#include "client/report/record.h"
#include "client/report/spectrum.h"
#include "client/report/timeline.h"
#include "common/core/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HISTORY_TRACKS_MAX = 16384,
	HISTORY_BUCKETS_MAX = 1024, /* of one timeline */
	HISTORY_BUCKETS_MIN = 64,
	HISTORY_MEMORY_BUCKETS = 1 << 20, /* of all timelines */
	HISTORY_SERVERS_MAX = 15,
	HISTORY_VANTAGES_MAX = 64,
	HISTORY_CHANGES_MAX = 32768,
	HISTORY_INCIDENTS_MAX = 4096,
	HISTORY_LOSSES_MAX = 8192,
	HISTORY_EVENTS_MAX = 32768,
	HISTORY_LANES_MAX = 128,
	HISTORY_SILENCES_MAX = 4096,
	HISTORY_MOVES_MAX = 512,
};

struct history_track { /* a path */
	struct record_name name;
	struct timeline timeline;
	struct record_counts sums; /* of what its records account for */
	bool windows;    /* an older version wrote some of its records: they overlap, and are not in the sums */
	bool has_losses; /* records of losses tell them more exactly than those of the path */
	uint64_t records;
	int64_t from_ns, until_ns; /* of its records */
	unsigned epoch;            /* of the vantage's clock, at until_ns */
	int64_t covered_ns;
	struct spectrum rtt;
	struct record_status last;
	uint16_t servers; /* who answered: a bit each */
	int64_t trouble;  /* of all paths of its target, after order_all */
	unsigned vantage;
	int server, server_before; /* who answers since changed_ns, who answered before; -1: nobody yet */
	int64_t changed_ns;
	unsigned outages; /* after outages_find */
	int64_t down_ns;
};

struct history_change {
	uint32_t track;
	int64_t time_ns, since_ns;
	struct record_status before, after;
	char *evidence, *advice; /* NULL: none */
};

struct history_loss { /* a stretch of losses */
	uint32_t track;
	int64_t from_ns, until_ns;
	struct record_counts counts;
	char direction[RECORD_WORD_LEN];
};

struct history_outage { /* between two changes of a path */
	uint32_t track;
	int64_t from_ns, until_ns;
	bool open; /* it had not ended at the end of the journal */
	struct record_status worst;
	char server_before[RECORD_NAME_LEN], server_after[RECORD_NAME_LEN];
	const char *evidence, *advice;
};

struct history_incident {
	char vantage[RECORD_NAME_LEN], targets[RECORD_SENTENCE_LEN];
	int64_t id; /* 0: derived from changes of paths, as the version that wrote the journal knew no incidents */
	bool open;
	int64_t opened_ns, closed_ns, seen_ns; /* seen: the time of its newest record */
	struct record_status status;
	char server_before[RECORD_NAME_LEN], server_after[RECORD_NAME_LEN];
	char *paths, *evidence, *advice; /* lines; NULL: none */
	int64_t paths_len;
};

struct history_event {
	int64_t time_ns;
	unsigned lane;
	char *sentence;
};

struct history_lane { /* events of one type, of one vantage or server */
	char owner[RECORD_NAME_LEN];
	enum record_type type;
	bool of_server;
	struct timeline timeline; /* filled by order_all */
	uint64_t events;
};

struct history_silence { /* the vantage did not probe */
	unsigned vantage;
	int64_t from_ns, until_ns;
	bool stopped; /* and started again; otherwise it was only paused */
	char why[RECORD_NAME_LEN * 2];
};

struct history_move { /* the result of `floatprobe failover` for one protocol */
	struct record record;
};

struct history_clock { /* of a server, against that of a vantage */
	bool known;
	double ahead_ms, error_ms;
};

struct history_vantage {
	char name[RECORD_NAME_LEN];
	int64_t first_ns, last_ns;
	unsigned epoch;     /* changes when its clock is stepped */
	int64_t stopped_ns; /* MOMENT_NONE: it runs */
	char reason[RECORD_WORD_LEN];
	int64_t incidents_ns; /* since when its journal has incidents */
	struct history_clock clocks[HISTORY_SERVERS_MAX + 1];
};

struct history_filter {
	int64_t since_ns, until_ns; /* MOMENT_NONE: no limit */
	const char *const *targets;
	size_t targets_len; /* 0: all */
};

struct history {
	struct history_filter filter;
	bool *target_seen; /* of the filter's */
	struct timeline_scale scale;
	struct history_track *tracks;
	size_t tracks_len;
	uint32_t *order; /* after order_all: the tracks by vantage, trouble of their target, target, address, kind */
	struct table index;
	void *index_memory;
	char servers[HISTORY_SERVERS_MAX + 1][RECORD_NAME_LEN]; /* the last one stands for all others */
	unsigned servers_len;
	struct history_vantage vantages[HISTORY_VANTAGES_MAX];
	unsigned vantages_len;
	struct history_lane lanes[HISTORY_LANES_MAX];
	unsigned lanes_len;
	struct history_change *changes;
	size_t changes_len;
	struct history_loss *losses;
	size_t losses_len;
	struct history_outage *outages; /* after outages_find, in the order of their begin */
	size_t outages_len;
	struct history_incident *incidents; /* after order_all, in the order of their begin */
	size_t incidents_len;
	struct history_event *events; /* a ring; after order_all in order */
	size_t events_len, events_next;
	struct history_silence *silences;
	size_t silences_len;
	struct history_move *moves;
	size_t moves_len;
	uint64_t records, repeated; /* repeated: records of a time that is accounted for already */
	uint64_t left_out;          /* records for which there was no room */
};

/* width_ns: of a bucket, as long as all times fit. NULL: no memory. */
struct history *history_new(const struct history_filter *filter, int64_t width_ns);
void history_free(struct history *history);

/* Find, or make. NULL, -1: there is no room; left_out counts it. */
struct history_track *history_track(struct history *history, const struct record_name *name);
struct history_lane *history_lane(struct history *history, const char *owner, enum record_type type, bool of_server);
int history_vantage(struct history *history, const char *name);
/* No name is no server: -1. */
int history_server_number(struct history *history, const char *name);
/* Make room for this time in all timelines. false: no memory. */
bool history_fit(struct history *history, int64_t from_ns, int64_t until_ns) __attribute__((warn_unused_result));

/* How much happened on this path: losses, outages, a change of server. */
int64_t history_trouble(const struct history_track *track);
/* The first target of the filter that no record has; NULL: none. */
const char *history_unknown_target(const struct history *history);
/* Does the filter want this time, or some of this interval? */
bool history_wants(const struct history *history, int64_t from_ns, int64_t until_ns);

#endif
