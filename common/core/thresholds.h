/* The thresholds of client and server: the ages, counts and shares that decide what is claimed and what is not.
 * A name begins with the module that decides by it. Sizes of buffers and tables, intervals at which a program polls,
 * and rate limits are no thresholds: they stand in their modules. */
#ifndef FLOATPROBE_THRESHOLDS_H
#define FLOATPROBE_THRESHOLDS_H

#include "common/core/ns.h"

/* -- what client and server have to agree on -- */

/* A busy host tells the server of a change of its addresses within a second: what it says of them may be that old. */
#define EVIDENCE_ADDRESSES_AGE_NS (1000 * NS_PER_MS)
/* The server compares its SYN counters from a second before the attempt on: a slower query may miss what they count. */
#define EVIDENCE_COUNTERS_BEFORE_NS (1000 * NS_PER_MS)
/* A witness waits for its peer as long as a client waits for an answer that comes directly. */
#define WITNESS_WAIT_NS (1000 * NS_PER_MS)
/* Half a second more than the witness waits: its own "no answer" still has to travel to the client. */
#define QUERIER_RELAY_TIMEOUT_NS (1500 * NS_PER_MS)

/* -- client: is it an outage, or random loss? -- */

enum {
	/* One or two losses in a row are common where loss is random. */
	PROBER_OUTAGE_LOSSES = 3,
	/* Each timely answer after a late one takes such a part off the time that a loss waits for its direction. */
	PROBER_SLOW_ANSWERS = 32,
	/* A server that was stopped answers all that waited for it. The way is not as slow as that. */
	PROBER_SLOW_TIMEOUTS = 3,
	/* `run` changes a state only after this many outcomes in a row, so that single losses do not make it flap. */
	ASSESS_STREAK_PROBES = 3,
	/* Two outages in a window are two faults. With a third, the path loses probes all the time. */
	VERDICT_OUTAGES = 3,
	/* A host that cannot send each tenth probe does not know what became of them. */
	VERDICT_UNSENT_ONE_IN = 10,
	/* This ends well below that: with three unsent probes of a window it goes on, with two it ends. */
	VERDICT_UNSENT_END_ONE_IN = 30,
	/* Where four in ten cannot be sent, eight in a row are no chance: unsent one time in 1,500, sent one in 60. */
	VERDICT_UNSENT_ROW = 8,
	/* Where half of the probes cannot be sent, sixteen in a row are no chance, and three are. */
	VERDICT_UNSENT_STREAK = 16,
	/* Of an up path, every 16th answer is assessed although nothing changed: its siblings may have news. */
	PATH_STATUS_AGAIN_PROBES = 16,
	/* Of random loss, one distance in 50 between losses is longer than four times the usual one. */
	PATH_STATUS_APART = 4,
	/* Where the newest losses follow each other closely by chance, the usual distance is not known: of a loss of 30
	 * %, one distance in 17 is longer than eight probes. */
	PATH_STATUS_NEAR_PROBES = 8,
};

/* A server is asked once a second, and has a second and a half to answer through a witness: direction and cause of an
 * outage are reported together if both are known by then. */
#define PATH_STATUS_HALF_NS (3 * NS_PER_S)
/* Evidence that ten rounds of questions do not bring back is gone: only then a cause gives way to a weaker one. */
#define PATH_STATUS_MISSING_NS (10 * NS_PER_S)

/* A counter of losses cannot take back what it counted: a loss waits as long for its direction as a cause waits for
 * evidence before it gives way. */
#define METRICS_SETTLE_NS (10 * NS_PER_S)

/* -- client: which failures are one incident? -- */

/* The paths of one fault fail within two seconds of each other on a usual schedule: the first line names them all. */
#define INCIDENTS_GATHER_NS (2 * NS_PER_S)
/* A direction or a cause alone waits PATH_STATUS_HALF_NS for the other one: until then no cause is common to strangers.
 */
#define INCIDENTS_VAGUE_NS (PATH_STATUS_HALF_NS + 500 * NS_PER_MS)
/* Faults with the same cause on unrelated servers are one only if they began together: probes are a second apart, and
 * timers of machines that fail by each other take some seconds. */
#define INCIDENTS_SAME_TIME_NS (5 * NS_PER_S)
/* What fails at the same server or address within ten minutes is one story. Later it is another fault: an incident that
 * lasts for months does not take in what has nothing to do with it. */
#define INCIDENTS_SAME_PLACE_NS (600 * NS_PER_S)
/* All paths of an incident are well for five seconds: three probes in a row may have got through by chance. */
#define INCIDENTS_SETTLE_NS (5 * NS_PER_S)
/* What fails again within ten seconds after that flaps: then it has to be well for ten seconds, and not longer, as
 * faults that somebody makes one after the other are several. */
#define INCIDENTS_FLAP_NS        (10 * NS_PER_S)
#define INCIDENTS_SETTLE_FLAP_NS (10 * NS_PER_S)
/* Random loss around the threshold of `lossy` is over when a whole window of probes shows none, and two minutes are
 * enough for slow schedules. */
#define INCIDENTS_SETTLE_LOSSY_MAX_NS (120 * NS_PER_S)
/* An incident that grows all the time says so each ten seconds. */
#define INCIDENTS_GROWS_NS (10 * NS_PER_S)

/* -- client: when is a probe accounted, and how? -- */

/* A loss whose direction is not known yet may get one as long as a verdict waits for it; then it is accounted without.
 */
#define PROBER_ACCOUNT_NS PATH_STATUS_HALF_NS
/* Losses less than a second apart are one stretch in the journal: a path that loses all the time has a line a second.
 */
#define ACCOUNT_APART_NS (1 * NS_PER_S)
/* A path has a record in the journal each minute, whatever it does: a gap of more is no silence. */
#define ACCOUNT_RECORD_NS (60 * NS_PER_S)

/* chrony slews a clock by at most 83 ms a second: more than that between two looks, a second apart, is a step. */
#define RUN_CLOCK_STEP_NS (100 * NS_PER_MS)

/* -- client: do these probes fail where their siblings do not? -- */

enum {
	/* With 64 probes, a loss of a few percent shows, and old outages are soon forgotten. */
	SIGNIFICANCE_WINDOW_PROBES = 64,
	ASSESS_WINDOW_PROBES = SIGNIFICANCE_WINDOW_PROBES,
	/* Fewer losses in a row than five are never beyond chance. */
	SIGNIFICANCE_STREAK_PROBES = 5,
	/* Up to three losses among the siblings may be chance. */
	SIGNIFICANCE_FEW_LOSSES = 3,
	/* More than these are chance only if they are at most one in six: else all share one fate, such as a limiter's.
	 */
	SIGNIFICANCE_FEW_ONE_IN = 6,
	/* Beyond a quarter of losses the siblings are no proof that the address can be reached. */
	SIGNIFICANCE_LOST_ONE_IN = 4,
	/* In `run` each probe makes another window: luck has a thousand occasions to look like a pattern. */
	SIGNIFICANCE_SLIDING_OCCASIONS = 1000,
};
/* `check` looks once: a pattern that luck makes once in a thousand rounds is beyond chance. */
#define SIGNIFICANCE_ODDS_CHECK 1e3
/* `run` looks all day: it needs a hundred times the odds. */
#define SIGNIFICANCE_ODDS_RUN 1e5

/* -- client: which of the siblings fail, and how -- */

/* One ICMP error explains an outage for a minute: errors are rate-limited, so no second one may come. */
#define SIBLINGS_LAST_ERROR_MAX_NS (60 * NS_PER_S)
/* An address that moves to the client's own host is noticed as soon as this; reading them all costs some 20 us, and 10
 * ms where there are 10,000. */
#define LINK_OWN_ADDRESSES_AGE_NS (10 * NS_PER_S)
/* So many IPv6 addresses cost a datagram half a millisecond, if the kernel has to choose its source. */
#define OWN_ADDRESSES6_MANY 1000
/* A look at the neighbour table takes some 100 us: a path that stays lossy looks again after this time only. */
#define HINT_MAC_AGAIN_NS (5 * NS_PER_S)
/* After ten idle seconds, connection tracking on the way may take a flow for a new one. */
#define SIBLINGS_PAUSE_NS (10 * NS_PER_S)
/* Probes so far apart may each come after a pause in which something on the way forgot their flow. */
#define SIBLINGS_SPACED_NS NS_PER_S
/* That extra probes pass by chance, and three own ones do not: enough for a sentence that says "perhaps". */
#define CAUSES_PAUSE_ODDS 1e2
/* Losses of a path and answers of its siblings within a second are of the same time. */
#define SIBLINGS_BESIDE_NS NS_PER_S

enum {
	/* This share of the losses is answered late where the way is slow. Random loss makes late answers, too, as a
	 * kernel repeats what is lost, but fewer. */
	VERDICT_SLOW_PERMILLE = 750,
	/* One or two late answers may be repetitions of what was lost, or a pause of the server. */
	SIBLINGS_LATE_ANSWERS = 3,
	/* A flow leads to the server that sent its newest ten answers: 2^10 is SIGNIFICANCE_ODDS_CHECK. */
	SIBLINGS_SAME_SERVER_CHECK_ANSWERS = 10,
	/* In `run` it takes seventeen: 2^17 is SIGNIFICANCE_ODDS_RUN. */
	SIBLINGS_SAME_SERVER_RUN_ANSWERS = 17,
	/* If each second port failed, ten new ports in a row would fail once in SIGNIFICANCE_ODDS_CHECK rounds. */
	CAUSES_NEW_FLOWS_CHECK = SIBLINGS_SAME_SERVER_CHECK_ANSWERS,
	/* Seventeen in a row would fail once in SIGNIFICANCE_ODDS_RUN: until then `run` leaves a path lossy whose new
	 * ports are known to fail in part. */
	CAUSES_NEW_FLOWS_RUN = SIBLINGS_SAME_SERVER_RUN_ANSWERS,
	/* A table that is full drops old entries: it is seen a little below its limit. */
	CAUSES_TABLE_FULL_PERCENT = 98,
	/* One or two missing twins may be chance. */
	CAUSES_TWINS_MISSING = 3,
	/* A single port that fails, or that does not, is a stuck flow: only two or more are a pattern of ports. */
	CAUSES_PORTS = 2,
	/* A part of the ports can fail in about ten times as many ways as all or none of them. */
	CAUSES_PARTIAL_OCCASIONS = 10,
	/* Where a quarter of the new ports fails, a held port that always fails is one of them. Where fewer fail, a
	 * stuck flow in a network that loses some looks the same. */
	CAUSES_PORTS_ONE_IN = 4,
	/* A network that has no other fault loses less than one in twenty. */
	CAUSES_LOST_ONE_IN = 20,
	/* Two holders of an address that get the packets by turns break one connection in two: eight in a row are no
	 * chance. */
	CAUSES_RESET_CONNECTIONS = 8,
	/* The kernel counts bad segments of the whole host: two may be somebody else's. */
	CAUSES_BAD_SEGMENTS = 3,
	/* Anybody can send a datagram or two in a client's name. */
	CAUSES_ALTERED = 3,
	/* The kernel repeats a request three times in a second: two that are lost although no shorter one is are no
	 * chance. */
	CAUSES_LARGE_LOST = 2,
	/* Bursts of random loss may take all data of three connections in a row, but not of five. */
	CAUSES_LOST_HANDSHAKES = 5,
	/* One or two losses near a claim by another machine may be random loss. */
	CAUSES_CLAIMED_LOSSES = 3,
};

/* -- client: how fast a failing path and its siblings are probed again -- */

enum {
	/* Eight probes hold SIGNIFICANCE_STREAK_PROBES even if the first three still get through. */
	RECHECK_PROBES = 8,
	/* A probe is missing after four times the last round trip: queues seldom delay one for longer. */
	RECHECK_SLOW_RTTS = 4,
	/* A path is rechecked three times at once, then once each RECHECK_INTERVAL_NS. */
	RECHECK_BURST = 3,
	/* All paths together are rechecked thirty times at once: servers have connections for others, too. */
	RECHECKS_BURST = 30,
};
/* With 50 ms between them, a hiccup of the network does not take all probes of a recheck. */
#define RECHECK_SPACING_NS (50 * NS_PER_MS)
/* On very short round trips, the scheduling of both hosts may take these 50 ms. */
#define RECHECK_PATIENCE_NS (50 * NS_PER_MS)
/* A path that flaps does not get more than one recheck in 20 s. */
#define RECHECK_INTERVAL_NS (20000 * NS_PER_MS)
/* The recheck of one sibling stands for the path's next ones for 2 s. */
#define RECHECK_PAUSE_NS (2000 * NS_PER_MS)
/* The rechecks of one target's paths begin 1 ms apart, so that they do not make a burst. */
#define RECHECK_STEP_NS (1 * NS_PER_MS)
/* All paths together begin at most one recheck in 50 ms. */
#define RECHECKS_INTERVAL_NS (50 * NS_PER_MS)
/* A path probed more often than each 200 ms learns by its own probes as soon as by a recheck. */
#define RECHECK_EVERY_MIN_NS (200 * NS_PER_MS)

/* -- client: who holds the address? -- */

enum {
	/* Two changes of holder may be a failover and its way back; three are no moves. */
	HOLDERS_FLIP_CHANGES = 3,
	/* The changes count together if they are within twenty probes: real failovers are rarer. */
	HOLDERS_FLIP_PROBES = 20,
	/* One probe that two machines answered may be a copy that met a move. */
	HOLDERS_DOUBLY_PROBES = 2,
};
/* While a move is on its way to all routers, two machines may answer: the holder has to be settled for 10 s. */
#define SECOND_HOLDER_SETTLED_NS (10 * NS_PER_S)
/* Two answers of a second holder less than 10 s apart may belong to one move. */
#define SECOND_HOLDER_APART_NS (10 * NS_PER_S)
/* With more than 5 s between two answers of the holder, it may not have been the holder all the time. */
#define SECOND_HOLDER_GAP_NS (5 * NS_PER_S)
/* A second holder that has not been heard for a minute is gone. */
#define SECOND_HOLDER_OVER_NS (60 * NS_PER_S)
/* A server asked each second reports a claim that it saw since the query before: the claim may be 2 s off the loss. */
#define HINT_CLAIM_AGE_NS (2 * NS_PER_S)

/* -- client: is a server alive? -- */

enum {
	/* In `run`, three rounds without an answer: one or two may be lost at random. */
	ASSESS_SILENT_RUN_ROUNDS = 3,
	/* `check` assesses once, when its third round has left: only two can have been without an answer by then. */
	ASSESS_SILENT_CHECK_ROUNDS = 2,
	/* Three rounds through a witness without an answer: one or two may be lost at random. */
	LIVENESS_CONFIRM_ROUNDS = 3,
};
/* The silence of a channel that was last asked 5 s ago proves nothing about now. */
#define LIVENESS_FRESH_NS (5 * NS_PER_S)
/* An answer that comes directly takes a second at most, or it is lost. */
#define QUERIER_ASK_TIMEOUT_NS (1000 * NS_PER_MS)
/* A server is asked about losses at most once a second: an answer covers the losses of the whole second. */
#define QUERIER_REST_NS (1 * NS_PER_S)
/* A server is asked each 12 s on average although nothing was lost, so that it is known whether it lives. */
#define QUERIER_POLL_NS (12 * NS_PER_S)
/* A refused query is not repeated for 10 s: ICMP errors are rate-limited, and those of probes are worth more. */
#define QUERIER_REFUSED_NS (10 * NS_PER_S)
/* The MACs of a server on our link are read again once a round: they change with a move. */
#define QUERIER_MACS_AGE_NS (500 * NS_PER_MS)
/* Where a server was not on our link it seldom will be: the kernel is asked again after 10 s. */
#define QUERIER_MACS_AGAIN_NS (10 * NS_PER_S)

/* -- client: on which way was it lost? -- */

/* Servers remember the SYNs of two minutes. What is older than a minute has no part in what is reported. */
#define SETTLE_ATTEMPT_AGE_MAX_NS (60000 * NS_PER_MS)
/* A half-open socket lives for 7 s (TCP_LISTENER_SYN_ACK_REPEATS): after 6 s, one that is missing may have expired. */
#define SETTLE_HALF_OPEN_LIFE_NS (6 * NS_PER_S)
/* Sixteen attempts, 150 ms apart, last 2.4 s: in that time a server is asked twice, as `forward` needs. */
#define ATTEMPTS_APART_NS (150 * NS_PER_MS)
/* A host that cannot send its SYN-ACK forgets the socket after a second: it has to be looked for before that. */
#define SETTLE_FORGOTTEN_NS (950 * NS_PER_MS)
/* With a query under way for less than 450 ms nothing of it was repeated: its middle is when the server looked. */
#define SETTLE_QUERY_QUICK_NS (450 * NS_PER_MS)
/* Whether names of SYNs survive on a path is checked once a minute: its route changes seldom. */
#define SETTLE_NAMES_AGAIN_NS (60 * NS_PER_S)
/* A translation that chooses ports at random keeps three in turn once in 10^14; one that keeps free ports does so
 * nearly always, and changes one now and then where several hosts share the address. */
enum { TRANSLATIONS_PROVEN = 3 };
/* A SYN that comes 250 ms after its deadline is slow and not lost. */
#define SETTLE_SYN_GRACE_MAX_NS (250 * NS_PER_MS)
/* A request may leave as late as the deadline: it has a second, as any probe by default. */
#define SETTLE_REQUEST_GRACE_MAX_NS (1000 * NS_PER_MS)

/* -- client: what an answer or an error is worth -- */

/* The kernel's time and the monotonic time are not read at once: beyond 50 ms, the wall clock was set in between. */
#define PROBER_WALL_AHEAD_MAX_NS (50 * NS_PER_MS)
/* A datagram that seems to have waited 10 s in the socket shows that the clock was set. */
#define RECEIVE_WAITED_MAX_NS (10000 * NS_PER_MS)
/* A busy host lets a process wait for some 10 ms, and a quarter of a second is the least that may cost an answer where
 * timeouts are short. */
#define ENGINE_PAUSE_NS (250 * NS_PER_MS)
/* Our own ARP gives up after 3.07 s and says so on the socket: until then a socket is kept. */
#define ENGINE_ARP_FAILS_NS (3200 * NS_PER_MS)
/* A socket is kept for 500 ms beyond the timeout, to hear answers that are late. */
#define ENGINE_FRESH_KEEP_NS (500 * NS_PER_MS)

/* A server reads its kernel's counters a millisecond after those of its sockets, once a second: what only one of the
 * two has is far less than an eighth of all. */
enum { HINT_DROPS_BETWEEN_ONE_IN = 8 };

/* The sockets are looked at once a second: drops that are found five seconds apart have causes of their own. */
#define OWN_DROPS_APART_NS (5 * NS_PER_S)

/* -- client: when is a probe left out that could not be sent in time? -- */

/* A pause of this process (ENGINE_PAUSE_NS) makes all probes late; what keeps it busy for less makes a few late, and
 * those leave as soon as they can. */
#define SCHEDULE_LATE_NS ENGINE_PAUSE_NS
/* Whoever waits for a path's state waits a second longer at most. */
#define SCHEDULE_SOON_NS (1 * NS_PER_S)

/* -- client: how did an address move? (`failover`) -- */

enum {
	/* One or two losses in a row away from the move may be random loss. */
	FLOW_MOVE_OUTAGE = 3,
	/* A flow that follows the others within three probes is not stuck: the probes of a round leave one by one. */
	FLOW_MOVE_LAG_PROBES = 3,
};
/* A move and its way back are at least a second apart: servers that change faster answer both at once. */
#define FLOW_MOVE_TURNS_NS (1 * NS_PER_S)
/* The state before the move needs half a second and some probes of each flow. */
#define FAILOVER_BASELINE_NS (500 * NS_PER_MS)
/* Who has not answered within three seconds does not answer before the move. */
#define FAILOVER_BASELINE_MAX_NS (3 * NS_PER_S)
/* Receipts go back 256 probes: at an interval of 1 ms, a server asked each 200 ms tells what became of all of them. */
#define FAILOVER_QUERY_REST_NS (200 * NS_PER_MS)
/* TCP repeats what is lost after 0.2 s, 0.6 s and 1.4 s: who waits longer has lost it several times. */
#define CONNECTION_HUNG_NS (2 * NS_PER_S)
/* A wait of 150 ms is more than queues and a busy server make. */
#define CONNECTION_STALL_MIN_NS (150 * NS_PER_MS)
/* A connection that ends while all is well is opened again after two seconds: it had nothing to do with a move. */
#define FAILOVER_REOPEN_NS (2 * NS_PER_S)
/* After the move, the old holder has a second to say whether it still has the address. */
#define FAILOVER_OWNERS_NS (1 * NS_PER_S)
/* Probes that were under way, and a network that learns of the move at once, are over by then. */
#define FAILOVER_STRAYED_NS (300 * NS_PER_MS)
/* An answer takes a quarter of a second at most, or the path is not steady. */
#define FAILOVER_ANSWERING_NS (250 * NS_PER_MS)
/* A busy host delays answers by some 10 ms. TCP repeats after 200 ms at least, and frames wait for a neighbour entry
 * for about a second. */
#define FLOW_MOVE_WAIT_MIN_NS (100 * NS_PER_MS)
/* Receipts go back 256 probes: a loss has to be known, and the servers asked, before they forget. A busy host asks
 * late, so that three quarters of them are left for that. A path that answers at all does so within 0.3 s. */
#define FAILOVER_TIMEOUT_PROBES 64
#define FAILOVER_TIMEOUT_MIN_NS (300 * NS_PER_MS)
/* A kernel repeats a SYN after a second less a tick. What that one reaches says nothing of the time of the first. */
#define FAILOVER_TCP_TIMEOUT_NS (950 * NS_PER_MS)

/* -- client: how long `check` waits -- */

enum {
	/* Names that have no address after 1.5 s are reported as such: half of the promised 3 s remains. */
	CHECK_RESOLVE_MS = 1500,
	/* Evidence is waited for until 2.6 s after the last deadline, less what resolving took: `check` promises 3 s.
	 */
	CHECK_EVIDENCE_MS = 2600,
	/* Servers that did not answer two rounds are not waited for. */
	CHECK_EVIDENCE_ROUNDS = 2,
};

/* -- client: which settings of a host does `doctor` report? -- */

enum {
	/* The defaults heal a neighbour entry within 53 s: more than two minutes is somebody's setting. */
	DOCTOR_HEAL_MAX_MS = 120000,
	/* The kernel's default of base_reachable_time_ms. */
	DOCTOR_BASE_REACHABLE_MS = 30000,
	/* From 90 percent on, a burst of new flows can fill the table. */
	DOCTOR_CONNTRACK_NEARLY_FULL_PERCENT = 90,
	/* The kernel's default of nf_conntrack_udp_timeout. */
	DOCTOR_CONNTRACK_UDP_S = 30,
	/* The kernel's default of nf_conntrack_udp_timeout_stream. */
	DOCTOR_CONNTRACK_UDP_STREAM_S = 120,
	/* Five times the default: a flow that is stuck to a wrong entry stays so for ten minutes. */
	DOCTOR_CONNTRACK_UDP_LONG_S = 600,
	/* With fewer than two retries, two random losses end a handshake. */
	DOCTOR_SYNACK_RETRIES_MIN = 2,
	/* The kernel's default of tcp_synack_retries. */
	DOCTOR_SYNACK_RETRIES = 5,
};

/* -- server: does a client hear its replies? -- */

enum {
	/* One or two replies may be lost at random. */
	REFLECTOR_UNHEARD_REPLIES = 3,
};
/* An acknowledgement comes with the next probe, by default a second later. */
#define REFLECTOR_UNHEARD_NS (1 * NS_PER_S)
/* A flow that does not hear us is counted until four of its own intervals and half a minute have passed without a
 * packet: then its client has ended, or is not heard itself. */
#define FLOWS_SENDS_NS (30 * NS_PER_S)
enum { FLOWS_SENDS_INTERVALS = 4 };
/* For 10 s after an answer that does not authenticate, the socket may have got the others that an interface got. */
#define PATH_ALTERED_NS (10 * NS_PER_S)
/* Clients seldom wait as short as 100 ms for a reply, and hosts seldom take as long. */
#define REFLECTOR_LATE_NS (100 * NS_PER_MS)
/* For 10 s after the server dropped a request of a client, requests without a receipt may have reached its socket. */
#define REFLECTOR_DROPPED_NS (10 * NS_PER_S)
/* A flow confirms a neighbour entry at most once a second: each confirmation costs a message to the kernel. */
#define REFLECTOR_CONFIRMED_INTERVAL_NS (1 * NS_PER_S)
/* A TCP client has 5 s for each request: one that takes longer occupies a slot that others need. */
#define TCP_LISTENER_DEADLINE_MS 5000

/* -- server: for how long is a SYN-ACK repeated? -- */

enum {
	/* After 1 s and 3 s; after 7 s the half-open socket is gone. A SYN in a stranger's name thus brings three
	 * SYN-ACKs and not six. With one repeat it is gone after 3 s: where timeouts are longer than that, no client
	 * could tell a SYN that was lost from one whose socket has expired. Longer ones than two are not kept by a
	 * kernel whose queue is half full. */
	TCP_LISTENER_SYN_ACK_REPEATS = 2,
};

/* -- server: is a plain STAMP packet an answer to one of its own? -- */

/* An answer comes within ten seconds. Where senders pad with random octets, one request in 10^8 has a time as new. */
#define STAMP_ANSWERED_NS (10 * NS_PER_S)

/* -- server: did the SYN of an attempt come, and when? -- */

enum {
	/* The kernel repeats a SYN-ACK after a second for the first time (RFC 6298). */
	HALFOPEN_FIRST_TIMEOUT_MS = 1000,
	/* The kernel's longest time between two SYN-ACKs (TCP_RTO_MAX). */
	HALFOPEN_TIMEOUT_MAX_MS = 120000,
	/* A client repeats its SYN after a second at the earliest. */
	HALFOPEN_SYN_INTERVAL_MS = 1000,
	/* The SYN and the query take different times to come, and the kernel's timers are coarse. */
	HALFOPEN_SLACK_MS = 500,
	/* The coarsest clock that a kernel counts its timers by has 10 ms (HZ is 100). */
	HALFOPEN_TICK_MS = 10,
};

enum {
	/* A client reads its timestamp clock right after connect(): the clock has ticked at most once since the SYN. */
	SYNS_NAME_SLACK = 1,
	/* A busy host may take some time for connect(). Beyond 100 ms, so many values would fit by chance in a flood.
	 */
	SYNS_SPAN_MAX_MS = 100,
};
/* Two SYNs can have values that a server takes for the same one only if they leave within four ticks of one clock. */
#define TCP_NAMES_NEAR_NS (5 * NS_PER_MS)
/* A half-open socket that is older than the attempt by 500 ms is none of it; timers and queries make that uncertain. */
#define TCP_NAMES_PORT_NS (2 * NS_PER_S)
/* Connection tracking keeps a SYN that was not answered for 60 s or more, and other kernels a half-open socket for 63
 * s. */
#define TCP_NAMES_STATE_NS (64 * NS_PER_S)
/* A client repeats a SYN for at most 127 s (tcp_syn_retries is 6), and asks within a minute of the attempt. */
#define SYNS_LIFE_NS (130 * NS_PER_S)
/* A SYN, or the question about it, may be under way for so long: a relayed question waits longest. */
#define SYNS_DELAYS_NS QUERIER_RELAY_TIMEOUT_NS
/* The kernel's time stamps of two frames on different CPUs or queues may be out of order by less than this. */
#define SYNS_DISORDER_NS (100 * NS_PER_MS)
/* What a client sends over UDP and TCP at once comes within this time. An attempt that was not answered is asked about
 * half its timeout after its deadline: its SYN, if it came in time, came earlier than this where it is so old. */
#define SYNS_QUESTION_NS  (20 * NS_PER_MS)
#define SYNS_ASKED_AGE_NS (200 * NS_PER_MS)

/* -- server: is a neighbour entry wrong? -- */

/* One snapshot of a client's neighbour entry a second: it is as often as a client may ask. */
#define SNAPSHOTS_AGAIN_NS (1 * NS_PER_S)
/* A client on a slow schedule may take ten minutes to learn that nobody hears it. */
#define SNAPSHOTS_KEPT_NS (600 * NS_PER_S)
/* The MAC in a frame older than 5 s says nothing of now. */
#define SNAPSHOTS_FRAME_AGE_MAX_NS (5 * NS_PER_S)
/* From its first SYN to its first request, a connection takes 3 s at most if all is well. */
#define NEIGHBOUR_WATCH_CONNECTION_AGE_MAX_NS (3 * NS_PER_S)
/* A machine on the link answers within milliseconds; 300 ms are soon enough for the first question of a client. */
#define ENTRY_CHECK_REPLY_NS (300 * NS_PER_MS)
/* Whether a machine answers for an address is asked again after 10 s: it may have left. */
#define ENTRY_CHECK_AGAIN_NS (10 * NS_PER_S)
/* One repair of an entry a minute: if the first did not help, a second one will not. */
#define REPAIR_AGAIN_NS (60 * NS_PER_S)

/* -- server: does another machine claim our address? -- */

/* A machine on the link answers an ARP or ND question within a second. */
#define CONFLICTS_REPLY_NS (1 * NS_PER_S)
/* Without a doubt, the link is asked about an address each 10 s at most: each question is a broadcast. */
#define CONFLICTS_QUESTION_INTERVAL_NS (10 * NS_PER_S)
/* A claim that goes on is reported once a minute. */
#define CONFLICTS_AGAIN_NS (60 * NS_PER_S)

/* -- server: which flows of a client does an answer look at? -- */

enum {
	/* The newest ones, beside those that the query names. A client with 65,536 flows costs little more than another
	 * one, and none that probes a host with hundreds of addresses has more than this. */
	FLOWS_LOOKED_AT = 1024,
};

/* -- server: why do its answers not reach a client? -- */

/* Clients on a usual schedule probe a dead path each minute at least: older failures may be mended. */
#define RETURN_ROUTES_SERIES_NS (60 * NS_PER_S)
/* As HOLDINGS_ANSWER_NS: a machine on the link answers within a second. */
#define RETURN_ROUTES_ANSWER_NS (900 * NS_PER_MS)
/* A kernel asks for three seconds before it gives up, then again for the next packet. */
#define RETURN_ROUTES_UNRESOLVED_NS (5 * NS_PER_S)

/* -- server: does a machine on the link answer for an address? -- */

/* A machine on the link answers within a second: a host that has asked for longer got no answer. */
#define HOLDINGS_ANSWER_NS (900 * NS_PER_MS)
/* A machine that answered in the last 2 s is up now, or was when the outage began. */
#define HOLDINGS_CONFIRMED_NS (2 * NS_PER_S)
/* While a server is asked each second, its kernel asks a neighbour again once a minute at least. */
#define HOLDINGS_AGAIN_NS (60 * NS_PER_S)
/* The kernel tells an age in ticks of 10 ms, from a clock of as much: an answer may look as old as before its question.
 */
#define HOLDINGS_TICK_NS (20 * NS_PER_MS)
/* The same of this host's neighbour entries, told at once. */
#define ASSESS_TICK_NS (10 * NS_PER_MS)
/* The kernel gives up after 3 s: questions with a longer pause between them are not one series. */
#define HOLDINGS_SERIES_NS (2500 * NS_PER_MS)

/* -- server: does an application answer from another address than it was asked at? -- */

enum {
	/* One or two unanswered questions may have been lost. */
	APPLICATIONS_UNANSWERED_MIN = 3,
};
/* Applications and resolvers repeat a question within 5 s: after that it is unanswered. */
#define APPLICATIONS_PATIENCE_NS (5 * NS_PER_S)
/* An address that the application used towards a peer within the last minute belongs to a conversation under way. */
#define APPLICATIONS_CONVERSATION_NS (60 * NS_PER_S)
/* A finding that goes on is reported once a minute. */
#define APPLICATIONS_AGAIN_NS (60 * NS_PER_S)

_Static_assert(WITNESS_WAIT_NS < QUERIER_RELAY_TIMEOUT_NS, "the client waits for what a witness says");
_Static_assert((int)RECHECK_PROBES >= (int)SIGNIFICANCE_STREAK_PROBES, "a recheck can show a significant streak");

#endif
