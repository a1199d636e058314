/* One line of a journal, of this version or another: every field is checked for its type and range. Pure.
 *
 * A field that is missing has its default: an empty text, zero, MOMENT_NONE, NAN. */
#ifndef FLOATPROBE_RECORD_H
#define FLOATPROBE_RECORD_H

#include "client/report/moment.h"
#include "client/report/record_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECORD_SENTENCE_LEN = 640,
	RECORD_TEXTS_LEN = 4096,
	RECORD_ERROR_LEN = 160,
};

/* X-macro: name, type in the journal. What is below EVENT is told by the sentence of record_events. */
#define RECORD_TYPES(X)                                                                                                \
	X(PATH, "path")                                                                                                \
	X(LOSS, "loss")                                                                                                \
	X(CHANGE, "change")                                                                                            \
	X(INCIDENT, "incident")                                                                                        \
	X(FAILOVER, "failover")                                                                                        \
	X(START, "start")                                                                                              \
	X(STOP, "stop")                                                                                                \
	X(PAUSE, "pause")                                                                                              \
	X(CLOCK_STEP, "clock_step")                                                                                    \
	X(COMMAND, "command") /* that made a move; not in journals */                                                  \
	X(RELOAD, "reload")                                                                                            \
	X(NAME, "name")                                                                                                \
	X(UNHEARD, "unheard")                                                                                          \
	X(HEARD, "heard")                                                                                              \
	X(NEIGHBOUR, "neighbour")                                                                                      \
	X(STALE, "stale-neighbour")                                                                                    \
	X(SHARED, "shared-address")                                                                                    \
	X(HEALED, "healed")                                                                                            \
	X(REPAIR, "repair")                                                                                            \
	X(CLAIM, "claim")                                                                                              \
	X(APPLICATION, "application")
enum record_type {
#define X(name, text) RECORD_##name,
	RECORD_TYPES(X)
#undef X
	    RECORD_TYPES_LEN
};
const char *record_type_text(enum record_type type);

struct record_status {
	char state[RECORD_WORD_LEN], direction[RECORD_WORD_LEN], cause[RECORD_WORD_LEN], server[RECORD_NAME_LEN];
};

struct record_counts {
	int64_t sent, answered, forward, back, unknown; /* unknown: lost in a direction that is not known */
	int64_t unsent, unfinished, late, duplicates, reordered;
};

struct record_rtt {
	double min, median, p99, max, mean;
};

struct record {
	enum record_type type;
	int64_t time_ns;
	struct record_name name;
	struct record_status status; /* path, loss (direction), incident */
	struct record_status before,
	    after; /* change; of incident and failover only the servers, of incident before.state that of its paths */
	struct record_counts counts; /* path, loss, failover */
	struct record_rtt rtt;       /* path; NAN: no answer, or not there */
	double offset_ms;            /* path: the server's clock minus the vantage's, give or take half of rtt.min */
	bool expected;
	int64_t from_ns, until_ns, since_ns; /* path; loss; change */
	int64_t id;                          /* incident */
	int64_t opened_ns, closed_ns;
	double duration_ms;
	double gap_ms, forward_gap_ms, return_gap_ms, overlap_ms; /* failover */
	int64_t last_ns, first_ns, flaps;
	char result[RECORD_WORD_LEN];
	char targets[RECORD_SENTENCE_LEN];  /* incident: joined by ", " */
	char paths[RECORD_TEXTS_LEN];       /* incident: a line each */
	int64_t paths_len, paths_total;     /* incident; paths_total: those that the list has no room for, too */
	char evidence[RECORD_TEXTS_LEN];    /* change, incident; reasons of a failover: a line each */
	char advice[RECORD_SENTENCE_LEN];   /* change, incident; notes of a failover: a line each */
	char server[RECORD_NAME_LEN];       /* the server whose journal it is */
	char sentence[RECORD_SENTENCE_LEN]; /* of an event */
};

enum record_result {
	RECORD_READ,
	RECORD_OTHER, /* of a type that this version does not know */
	RECORD_WRONG, /* error says what is wrong */
};

enum record_result record_read(const char *line, size_t len, struct record *record, char error[RECORD_ERROR_LEN]);
/* Of a server's journal. */
bool record_is_of_server(const struct record *record);
/* A record of this type in which every field has its default. */
void record_init(struct record *record, enum record_type type);

#endif
