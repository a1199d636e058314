/* What became of each probe of one flow, as the analysis of a move needs it. Times are monotonic nanoseconds. */
#ifndef FLOATPROBE_SAMPLE_H
#define FLOATPROBE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAMPLE_NOBODY = -1 };

enum sample_fate {
	SAMPLE_ANSWERED,
	SAMPLE_FORWARD, /* lost on its way to the server */
	SAMPLE_RETURN,  /* a server received it, and no answer came back */
	SAMPLE_LOST,    /* direction not known */
};

struct sample {
	int64_t sent_ns;
	int64_t rtt_ns; /* 0: not answered */
	int server;     /* index in the configuration; SAMPLE_NOBODY: not answered */
	enum sample_fate fate;
	enum sample_fate
	    concurrent; /* where the probes of other flows that left at the same time were lost (concurrent.h) */
	bool waited;    /* answered much later than usual, among losses: flow_move_mark_waits */
	bool doubly;    /* two holders answered it */
	uint8_t boot;   /* different marks are different boots of the server; 0: not known */
	bool excused;   /* the servers' own addresses lost probes at the same time (baseline.h) */
};

struct samples { /* in the order of sending; probes that could not be sent are not in it */
	struct sample *items;
	size_t len;
	uint32_t unsent;
	bool sole; /* only one server may answer: an interruption of its answers, or its restart, counts as a move */
};

#endif
