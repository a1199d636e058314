/* What a verdict is made of: the evidence on one path, and what is said of it. */
#ifndef FLOATPROBE_VERDICT_EVIDENCE_H
#define FLOATPROBE_VERDICT_EVIDENCE_H

#include "client/evidence/hint_claim.h"
#include "client/evidence/hint_drops.h"
#include "client/evidence/hint_neighbour.h"
#include "client/evidence/hint_silence.h"
#include "client/path/holders.h"
#include "client/path/mode.h"
#include "client/path/path_facts.h"
#include "client/path/probe_kind.h"
#include "client/path/prober.h"
#include "client/path/significance.h"
#include "client/path/twin.h"
#include "client/path/verdict_words.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

/* What may explain the losses of a path: computed for each verdict from the newest evidence and from other paths. */
struct verdict_hints {
	struct hint_neighbour_explanation neighbour;
	struct hint_claim_explanation claim;
	struct hint_silence_explanation silence;
	struct hint_drops_explanation drops;
	bool unheard_frames;        /* the server's link saw frames of ours while its socket saw none of the lost */
	uint32_t handshakes;        /* TCP: of the newest lost probes so many got that far at least */
	const char *receipt_server; /* whose newest receipt it was; NULL: not known */
	const char *witness;        /* through whom that came; NULL: directly */
	const char *silent_witness; /* a server that was asked to reach the silent one, and could not; NULL */
	bool last_error_elsewhere;  /* the error that is told came for another flow to the same address and port */
	const char *second_holder;  /* another server that hears other clients' new flows there meanwhile; NULL */
	uint32_t second_holder_ms;  /* since the newest of those flows */
};

/* The flows of the same target, address and size: UDP, each by another source port. */
struct verdict_flows {
	uint32_t streak;         /* the newest losses in a row of ours, those of a recheck among them */
	struct comparison fresh; /* ours, a held one, against those of new ports */
	bool first_packet; /* of ours every packet after a pause (of the flow's life, or 10 s) was answered, no other */
	uint32_t first_packets;   /* .. so many in the window; 0: its only one is before it */
	bool elsewhere;           /* ours reaches one server, new ports another, all the time */
	const char *fresh_server; /* .. namely this */
	bool ours_new;            /* ours is no held flow */
	unsigned dead,
	    fine;       /* held flows whose newest SIGNIFICANCE_STREAK_PROBES and more were all lost, all answered .. */
	unsigned alive; /* others than the dead, whatever they lose .. */
	unsigned failing;                /* .. and of these such as have lost their newest */
	struct comparison held;          /* .. and the dead ones against all others */
	uint32_t fresh_sent, fresh_lost; /* of the new ports while the best held flow lost nothing .. */
	uint32_t held_streak;            /* .. of so many probes */
};

/* What the path's neighbours say: the caller (assess.c) fills it from the other paths. */
struct verdict_context {
	struct comparison protocol; /* all paths of this protocol at the target's address against the other protocol;
				     own_lost 0: some are not down */
	unsigned other_kinds;       /* bit k: `protocol` compares with paths of kind k */
	struct comparison smaller;  /* this size against the largest smaller one that works .. */
	unsigned smaller_size_up;   /* .. which has so many octets; 0: there is none */
	struct verdict_flows flows;
	bool servers_silent;   /* for each server that may answer: at least two addresses of it are configured, all were
				  asked over UDP and TCP, and nothing but silence or host-unreachable came from any */
	bool all_silent;       /* .. nor from any other server: it may be us who are cut off. servers_silent is false
				  then */
	bool other_addresses;  /* each server that may answer can be asked at another address, or through a witness */
	bool not_authorised;   /* a server that may answer here said not-authorised on another path */
	bool changes_hands;    /* on this path, or another one to the address, another holder has answered since .. */
	bool fought_over;      /* .. and two do by turns */
	bool refused_over_udp; /* ours is TCP; over UDP the address itself says that the port is closed, too */
	bool protocol_down;    /* every path of this target, address and protocol is down */
	int64_t skew_elsewhere_ns; /* .. or clock-skew: its offset; 0: none */
};

struct verdict_evidence {
	struct prober_tally tally;
	struct path_facts facts;
	struct verdict_hints hints;
	struct verdict_context context;
	struct twin_counts twins;
	struct holders holders;
	const char *holder_before; /* name of holders.before; NULL */
	enum probe_kind kind;
	unsigned size;
	bool expect_reachable;
	struct endpoint address;    /* probed */
	struct endpoint arrives_on; /* asked for; all zero: not */
	uint32_t allowed_mask;      /* bit i: the server of number i may answer; as tally.servers_mask */
	const char *server_name;    /* of tally.server; NULL: nobody */
	const char *allowed_names;  /* of those that may answer, "boot-01, boot-02"; NULL: not to be named */
	/* hysteresis: `check` judges its round; `run` keeps the state until `run` probes in a row say otherwise */
	enum mode mode;            /* CHECK judges the whole tally: any loss is lossy */
	enum verdict_state before; /* run: the state so far */
	unsigned streak_len;       /* run: 3 */
	unsigned lossy_permille;   /* run: share of loss from which it is lossy, outages aside */
};

enum { VERDICT_SENTENCES_MAX = 8, VERDICT_SENTENCE_LEN = 200 };

struct verdict {
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	bool expected;
	uint32_t sent, answered, forward_lost, return_lost, lost; /* as they are to be reported */
	unsigned sentences_len;
	char sentences[VERDICT_SENTENCES_MAX][VERDICT_SENTENCE_LEN]; /* the evidence, for people */
	const char *advice;                                          /* static text, or NULL */
};

#endif
