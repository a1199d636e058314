/* Judges a move: each reason why it failed is a sentence that also says what to do. Pure. */
#ifndef FLOATPROBE_REASONS_H
#define FLOATPROBE_REASONS_H

#include "client/failover/move.h"
#include "common/core/wire.h"

enum { REASONS_MAX = 16, REASON_LEN = 480 };

struct reasons {
	char texts[REASONS_MAX][REASON_LEN];
	unsigned len;
};

struct reasons_context {
	const char *protocol; /* "UDP" */
	const char *target, *address;
	const char *(*server_name)(const void *context, int server);
	const void *context;
	const unsigned *servers; /* who may answer; indexes in the configuration */
	unsigned servers_len;
	struct reasons_server {
		bool has_droplet;    /* its own address is configured */
		bool refuses_key;    /* it answers, but does not know this client */
		int64_t evidence_ns; /* when it last said what it had received (monotonic; 0: never) */
	} asked[WIRE_SLOTS_MAX];     /* of each that may answer */
	int expect;                  /* who has to hold the address afterwards; -1: anyone else that may */
	int64_t max_gap_ns, max_overlap_ns, settle_ns;
	int64_t measured_ns; /* since the command was started, or since the measurement began */
	int receiver;        /* the server that received the probes at the end, and was not heard; -1: none */
	const char *cause;   /* "CAUSE: evidence; advice" where nobody answers at the end; NULL: not known */
	uint32_t impostors;  /* answers by unknown identities */
	bool interrupted;    /* the user ended the measurement */
	bool settled;        /* the new holder answered steadily for settle_ns */
};

void reasons_add(struct reasons *reasons, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add the reasons why this protocol's move failed; none: it passed. */
void reasons_of_move(const struct reasons_context *context, const struct move *move, const struct move_flow *flows,
		     unsigned flows_len, struct reasons *reasons);

/* "held flow", "held flow 2", "fresh flow". */
enum { REASONS_FLOW_LEN = 24 };
const char *reasons_flow(int held, unsigned held_flows, char text[REASONS_FLOW_LEN]);

#endif
