/* What the client has to say, independent of how it is shown. Strings are borrowed for the call. */
#ifndef FLOATPROBE_RESULT_H
#define FLOATPROBE_RESULT_H

#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"
#include "common/config/units.h"
#include "common/core/endpoint.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct result_path_name { /* the naming fields of every result */
	const char *vantage, *target, *role;
	struct endpoint endpoint; /* address probed; unknown where the name did not resolve */
	enum probe_kind kind;
	unsigned size;    /* UDP payload; TCP: shown as null */
	const char *flow; /* "held" or "fresh" */
	int flow_index;   /* -1: only one of them, field left out */
};

struct result_probe {
	int64_t time_ns; /* realtime: when it left */
	struct result_path_name name;
	uint32_t seq;
	enum prober_outcome outcome;
	double rtt_ms;                      /* < 0: null */
	const char *server;                 /* NULL: null */
	struct endpoint arrived_on, source; /* unknown: null */
};

struct result_path {
	int64_t time_ns;  /* realtime: when it was judged */
	int64_t since_ns; /* realtime: when this state began */
	struct result_path_name name;
	const struct verdict *verdict;
	const char *server;
	struct endpoint arrived_on;
	bool has_rtt;
	struct prober_rtt rtt;
};

/* What a change is about. */
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
	const struct verdict *verdict; /* of `to` */
};

struct result_path_name result_name(const struct config *config, const struct path *path);
/* From a path and its verdict, which is borrowed. scratch: room for ring_len values. */
void result_make(const struct config *config, const struct path *path, enum mode mode, const struct verdict *verdict,
		 int64_t since_ns, uint32_t *scratch, struct result_path *result);

/* DESIGN § 4's objects. New references; NULL when there is no memory. */
json_t *result_probe_json(const struct result_probe *probe);
json_t *result_path_json(const struct result_path *path);
json_t *result_change_json(const struct result_change *change);

/* "198.18.1.5", "2001:db8::1"; "" for the unknown. Returns buf. */
const char *result_address(const struct endpoint *e, char buf[UNITS_ADDRESS_LEN]);

#endif
