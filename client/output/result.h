/* Results, independent of the output format. Strings are borrowed for the call. */
#ifndef FLOATPROBE_RESULT_H
#define FLOATPROBE_RESULT_H

#include "client/output/result_account.h"
#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"
#include "common/config/units.h"
#include "common/core/endpoint.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields that identify a path. Every result has them. */
struct result_path_name {
	const char *vantage, *target, *role;
	const char *host; /* the target's DNS name; NULL: the configuration has its address */
	bool expect_unreachable;
	struct endpoint endpoint; /* the probed address; unknown: the name did not resolve */
	enum probe_kind kind;
	unsigned size;    /* octets of UDP payload; JSON shows null for TCP */
	bool pmtu;        /* the path of PMTU probes */
	const char *flow; /* "held" or "fresh" */
	int flow_index;   /* -1: the target has only one such flow; JSON omits the field */
};

struct result_probe {
	int64_t time_ns; /* realtime; when the probe was sent */
	struct result_path_name name;
	uint32_t seq;
	enum prober_outcome outcome;
	double rtt_ms;                      /* negative: JSON shows null */
	const char *server;                 /* NULL: JSON shows null */
	struct endpoint arrived_on, source; /* unknown: JSON shows null */
};

struct result_path {
	int64_t time_ns;  /* realtime; when the path was judged */
	int64_t since_ns; /* realtime; when this state began */
	struct result_path_name name;
	const struct verdict *verdict;
	const struct config_threshold *warn, *critical; /* of the target; NULL: none */
	const char *server;
	struct endpoint arrived_on;
	int dscp,
	    arrived_dscp; /* with which probes left and arrived; arrived_dscp -1: not known, or none is configured */
	bool has_rtt;
	struct prober_rtt rtt;
	const struct result_account *account; /* the counts and times of a journal's record; NULL: those of verdict */
};

struct result_loss {
	struct result_path_name name;
	struct account_stretch stretch;
};

/* The part of a verdict that a change compares. */
struct result_status {
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	const char *server;
};

struct result_change {
	int64_t time_ns, since_ns;
	struct result_path_name name;
	struct result_status from, to;
	const struct verdict *verdict; /* the verdict that `to` is taken from */
};

struct result_path_name result_name(const struct config *config, const struct path *path);
/* Fill result from a path and the verdict on a round, which result borrows. scratch: room for ring_len values. */
void result_make(const struct config *config, const struct path *path, const struct verdict *verdict, int64_t since_ns,
		 uint32_t *scratch, struct result_path *result);
/* The record of a path in a journal: the interval of its account, which then begins anew. ended: why it is the last
 * one; NULL: it is not. result borrows verdict and account. */
void result_record(const struct config *config, struct path *path, const struct verdict *verdict, const char *ended,
		   uint32_t *scratch, struct result_path *result, struct result_account *account);

/* The JSON objects of docs/man/floatprobe.1. The caller owns the new reference. NULL: no memory. */
json_t *result_probe_json(const struct result_probe *probe);
json_t *result_path_json(const struct result_path *path);
json_t *result_loss_json(const struct result_loss *loss);
json_t *result_change_json(const struct result_change *change);

/* "198.18.1.5", "2001:db8::1"; "" for an unknown address. Returns buf. */
const char *result_address(const struct endpoint *e, char buf[UNITS_ADDRESS_LEN]);

#endif
