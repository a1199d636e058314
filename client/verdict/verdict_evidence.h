/* The evidence on one path, and the verdict on it. */
#ifndef FLOATPROBE_VERDICT_EVIDENCE_H
#define FLOATPROBE_VERDICT_EVIDENCE_H

#include "client/evidence/hint_claim.h"
#include "client/evidence/hint_data.h"
#include "client/evidence/hint_drops.h"
#include "client/evidence/hint_frames.h"
#include "client/evidence/hint_holding.h"
#include "client/evidence/hint_mac.h"
#include "client/evidence/hint_neighbour.h"
#include "client/evidence/hint_return_route.h"
#include "client/evidence/hint_silence.h"
#include "client/evidence/hint_table.h"
#include "client/evidence/own_drops.h"
#include "client/evidence/own_kernel.h"
#include "client/path/holders.h"
#include "client/path/mode.h"
#include "client/path/path.h"
#include "client/path/path_facts.h"
#include "client/path/probe_kind.h"
#include "client/path/prober.h"
#include "client/path/significance.h"
#include "client/path/twin.h"
#include "client/path/verdict_words.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

/* Possible explanations of a path's losses, computed for each verdict from the newest evidence and from other paths. */
struct verdict_hints {
	struct hint_neighbour_explanation neighbour;
	struct hint_claim_explanation claim;
	struct hint_silence_explanation silence;
	struct hint_drops_explanation drops;
	struct hint_table_explanation table;     /* of a server that the probes have to arrive at */
	struct hint_table_explanation own_table; /* of this host */
	struct hint_holding_explanation holding;
	const struct hint_mac *mac; /* where our frames for the address go on this link; NULL: not known */
	struct hint_return_route_explanation return_route;
	struct hint_data_explanation data;
	struct hint_frames_explanation frames;
	const char *receipt_server;   /* the server with the newest receipt; NULL: not known */
	struct endpoint receipt_on;   /* its local address, where that probe arrived; all zero: not known */
	const char *witness;          /* the server that relayed the receipt; NULL: direct */
	const char *silent_witness;   /* a server that reported that the silent one does not answer it; NULL: none */
	uint32_t lost_here;           /* losses whose answers came to this host's interface, and not to its socket */
	uint32_t unasked;             /* losses without a direction that no server was asked about */
	uint32_t own_drops;           /* losses whose answers this host's sockets may have dropped */
	struct udp_drops own_dropped; /* how many datagrams they dropped about then */
	struct own_kernel_explanation own_kernel; /* all zero where this process sees the answers themselves */
	bool last_error_elsewhere;                /* the last error came for a sibling to the same address and port */
	bool closed_meanwhile;      /* the last error is a refusal of the same kind of probes, and came just now */
	enum probe_kind error_kind; /* of that sibling: another flow of this kind, or another kind */
	bool answers_on_link;       /* the probed address answered an ARP or ND question of this host in this outage */
	bool own_address;           /* the probed address is one of this host */
	const char *second_holder;  /* another server that hears other clients' new flows there; NULL: none */
	uint32_t second_holder_ms;  /* age of the newest of those flows */
};

/* The UDP flows of the same target, address and size, each from another source port. A held flow keeps its port. */
struct verdict_flows {
	uint32_t streak;         /* our newest losses in a row, including those of a recheck */
	struct comparison fresh; /* our held flow against the flows of new ports */
	bool first_packet; /* our flow's first packet and those after a pause of 10 s were answered, and no other */
	uint32_t first_packets;   /* number of such packets in the window; 0: the only one left before the window */
	bool elsewhere;           /* our flow always reaches one server, new ports always another */
	const char *fresh_server; /* the server that new ports reach */
	bool ours_new;            /* our path uses new ports, not a held flow */
	unsigned dead;            /* held flows that lost at least their newest SIGNIFICANCE_STREAK_PROBES probes */
	unsigned fine;    /* held flows whose newest SIGNIFICANCE_STREAK_PROBES probes or more were all answered */
	unsigned alive;   /* held flows that are not dead */
	unsigned failing; /* flows counted in `alive` that lost their newest probe */
	struct comparison held; /* the dead held flows against all others */
	uint32_t fresh_sent;    /* probes from new ports while the best held flow lost nothing; if all held flows are
				 * dead, since they are */
	uint32_t fresh_lost;    /* lost probes among fresh_sent */
	uint32_t held_streak;   /* answered probes in a row of the best held flow */
};

/* What other paths show about this path; assess.c fills it. */
struct verdict_context {
	struct comparison protocol; /* all paths of this protocol at the target's address against the other protocol;
				     own_lost 0: some of them are not down */
	unsigned other_kinds;       /* bit k: `protocol` compares with paths of kind k */
	struct comparison smaller;  /* this size against the largest smaller size that works */
	unsigned smaller_size_up;   /* the largest smaller size that works, in octets; 0: none */
	struct verdict_flows flows;
	struct comparison new_flows; /* our path, if it uses new ports, against held flows; own_lost 0: other new ports
					of UDP do not fail, or there are none */
	struct comparison before;    /* our path's newest losses in a row against its probes in the window before */
	struct comparison recheck;   /* our path's own newest losses against its extra probes since then, if these
					pass and the own ones are far apart */
	bool passes_recheck;         /* the newest extra probe of a path of this protocol was answered in this outage */
	bool new_flows_pass;         /* new ports of UDP, beside a path that uses new ports as well */
	bool servers_silent; /* all addresses of every server that may answer were queried over UDP and TCP, nothing but
				timeouts or host-unreachable came, and for each server there are two addresses or a
				living witness that does not reach it either */
	bool all_silent;     /* servers_silent would hold (or there is one address and no witness), but no other server
				is heard either: this host may be cut off; servers_silent is then false */
	unsigned silent;     /* bit k: the k-th server that may answer is silent as in servers_silent */
	bool holder_silent;  /* one of these answered last on this path */
	unsigned dead_holder;  /* bit k: the k-th server that may answer is silent as in servers_silent, another one is
				  alive, and the silent one answered last (or only it can have the address) */
	bool answered_last;    /* that it answered last is known */
	bool other_addresses;  /* each server that may answer can be queried at another address, or through a witness */
	bool not_authorised;   /* a server that may answer here replied not-authorised on another path */
	bool unheard;          /* no server that may answer has answered anything since the start */
	bool changes_hands;    /* on a path to this address, the holder that answers changed within the window */
	bool contested;        /* two holders answer by turns */
	bool refused_over_udp; /* the path is TCP, and over UDP the address itself reports a closed port too */
	bool refused_over_tcp; /* the path is not TCP, and connections to the same address and port are refused */
	bool taken_over_tcp;   /* the path is not TCP: connections to the same address and port are made, a host
				  acknowledges their requests, and nothing answers them */
	bool not_permitted;    /* the path is TCP, and this host is not permitted to send UDP to the same address */
	bool others_pass;      /* probes of another flow or protocol to this address were answered in this outage */
	bool slow_elsewhere;   /* over another protocol, most probes to this address were answered too late */
	int64_t skew_elsewhere_ns; /* clock offset that a server reported with clock-skew on another path; 0: none */
	bool skew_is_told;         /* that server answers each probe of another path so: here it would, too */
};

enum threshold { THRESHOLD_NONE, THRESHOLD_WARN, THRESHOLD_CRITICAL };

struct verdict_evidence {
	struct prober_tally tally;
	uint32_t unfinished; /* CHECK: probes of which nothing is known, as this process did not run */
	struct path_facts facts;
	struct verdict_hints hints;
	struct verdict_context context;
	struct twin_counts twins;
	struct hint_data_large large;
	struct holders holders;
	const char *holder_before; /* name of holders.before; NULL: none */
	enum probe_kind kind;
	unsigned size;
	bool pmtu;        /* PMTU probes: none is configured */
	uint8_t ttl;      /* as the target sets it; 0: it does not */
	bool no_evidence; /* no server is asked: check --quick */
	bool expect_reachable;
	struct endpoint address;              /* the probed address */
	struct endpoint arrives_on;           /* expected local address at the server; all zero: none */
	uint32_t allowed_mask;                /* bit i: server number i may answer; numbers as in tally.servers_mask */
	const char *server_name;              /* name of tally.server; NULL: none */
	bool holders_many;                    /* several servers answer here at once, as configured */
	uint32_t answered_by[WIRE_SLOTS_MAX]; /* holders_many: by slot, answers to the judged probes */
	const char *names[WIRE_SLOTS_MAX];    /* by slot: names of the servers that may answer */
	const char *allowed_names; /* names of the servers that may answer, "boot-01, boot-02"; NULL: not to be shown */
	enum mode mode;            /* CHECK: any loss in the tally is lossy */
	enum verdict_state before; /* run: the state so far */
	bool was_local;            /* run: this host was the cause so far */
	bool had_some_ports;       /* run: the path takes new ports, and so far some of them fail */
	unsigned streak_len;       /* run: probes in a row that change the state (3) */
	unsigned lossy_permille;   /* run: share of loss, without outages, from which the path is lossy */
};

enum { VERDICT_SENTENCES_MAX = 8, VERDICT_SENTENCE_LEN = 200 };

struct verdict {
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	unsigned rank; /* of the rule that names the cause: its position in causes_rules */
	int server;    /* the server that answers: index in the configuration; -1: none */
	bool expected;
	bool slow;                /* answers come after the timeout: no direction is proven */
	enum threshold threshold; /* of the target: which one loss or round trip are beyond */
	bool only_threshold;      /* without it the path would be as expected */
	uint32_t sent, answered, forward_lost, return_lost, lost, unsent; /* numbers to report; unsent is not in sent */
	unsigned sentences_len;
	char sentences[VERDICT_SENTENCES_MAX][VERDICT_SENTENCE_LEN]; /* the evidence, for people */
	const char *advice;                                          /* static text, or NULL */
};

#endif
