/* What the command line of `floatprobe failover` says. */
#ifndef FLOATPROBE_FAILOVER_OPTIONS_H
#define FLOATPROBE_FAILOVER_OPTIONS_H

#include "client/output/output.h"

#include <stdbool.h>
#include <stdint.h>

struct failover_options {
	const char *target;  /* the configuration has it */
	int expect;          /* index of the server that has to hold the address afterwards; -1: any other that may */
	int64_t interval_ns; /* default 20 ms */
	int64_t for_ns;      /* default 60 s */
	int64_t settle_ns;   /* default 5 s */
	int64_t max_gap_ns;  /* default 5 s */
	int64_t max_overlap_ns;
	const char *exec, *exec_back; /* NULL: none */
	const char *report;           /* the file of the page; NULL: none */
	unsigned times;               /* default 1 */
	bool only_ipv4, only_ipv6;
	bool quiet;
	bool live; /* show the live view, if standard output can */
	enum output_format format;
};

enum { FAILOVER_PROBES_MAX = 200000 }; /* for_ns / interval_ns */

#endif
