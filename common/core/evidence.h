/* The evidence query and its answer, as plain text (seal.h encrypts it): what does the server know?
 *
 * A text has a head and lists of records. A new kind of record is a struct and one row of the tables below, and one
 * list of fields in evidence.c. A reader skips lists of unknown type, and the end of a head or record that is longer
 * than it knows: a later version can add both.
 *
 * An answer is never longer than its query: the querier pads the query with zeros to make room, and the server leaves
 * out what does not fit (and says so: `truncated`). */
#ifndef FLOATPROBE_EVIDENCE_H
#define FLOATPROBE_EVIDENCE_H

#include "common/core/endpoint.h"
#include "common/core/receipts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EVIDENCE_FLOWS_MAX = 64,
	EVIDENCE_ATTEMPTS_MAX = 16,
	EVIDENCE_ADDRESSES_MAX = 32,
	EVIDENCE_TWINS_MAX = 16,
	EVIDENCE_NEIGHBOURS_MAX = 4,
	EVIDENCE_FRAMES_MAX = 8,
	EVIDENCE_CAPTURES_MAX = EVIDENCE_FLOWS_MAX,
	EVIDENCE_CAPTURE_NUMBERS = 64,
	EVIDENCE_CONFLICTS_MAX = 8,
	EVIDENCE_MACS_MAX = 16,
	EVIDENCE_PLACES_MAX = 8,
	EVIDENCE_HOLDINGS_MAX = 4,
	EVIDENCE_COUNTERS_MAX = 8,
	EVIDENCE_ORIGINS_MAX = 4,
	EVIDENCE_RETURN_ROUTES_MAX = 4,
	EVIDENCE_TRANSLATIONS_MAX = 2,
	EVIDENCE_MAC_LEN = 6,
	EVIDENCE_HEARD_MAX = UINT16_MAX,
	EVIDENCE_INTERFACE_LEN = 16,
	EVIDENCE_LEN_MIN = 73, /* the shortest text: an answer without lists */
};

#define EVIDENCE_NOT_COUNTED UINT32_MAX

/* A TCP connection attempt that timed out: was its SYN seen? */
struct evidence_attempt {
	struct endpoint client; /* the attempt's local address and port, as the client knows them */
	uint32_t age_ms;        /* since connect(), when the query left */
	uint8_t id;             /* the querier's, repeated in the answer */
};

/* The name of an attempt's SYN: the value of the timestamp option that it left with. No NAT changes it. */
struct evidence_name {
	uint8_t attempt;  /* its index in `attempts` */
	uint32_t value;   /* the client's timestamp clock, read after connect() returned */
	uint16_t span_ms; /* how long connect() took: the SYN has a value of at most so much less */
};

/* What a translation makes of an address of the querier's, as servers saw it in TCP connections. */
struct evidence_translation {
	struct endpoint own, outside; /* port 0 */
	bool keeps_ports;
};

/* Where probes go. */
struct evidence_place {
	struct endpoint endpoint;
	uint8_t transport; /* 6 or 17 */
};

/* X-macro: type on the wire, list, its record, how many at most, whether it is left out rather than cut.
 * flows: flow ids; none: all of the querier's, the latest heard first.
 * places: have probes of other clients for them come to the server?
 * addresses: what does the server know of them? Port 0.
 * names: at most one of each attempt.
 * translations: of the attempts' addresses. */
#define EVIDENCE_QUERY_LISTS(X)                                                                                        \
	X(1, flows, uint64_t, EVIDENCE_FLOWS_MAX, true)                                                                \
	X(2, attempts, struct evidence_attempt, EVIDENCE_ATTEMPTS_MAX, true)                                           \
	X(3, places, struct evidence_place, EVIDENCE_PLACES_MAX, true)                                                 \
	X(4, addresses, struct endpoint, EVIDENCE_HOLDINGS_MAX, true)                                                  \
	X(5, names, struct evidence_name, EVIDENCE_ATTEMPTS_MAX, true)                                                 \
	X(6, translations, struct evidence_translation, EVIDENCE_TRANSLATIONS_MAX, true)

struct evidence_query {
#define X(type, name, record, max, whole)                                                                              \
	record name[max];                                                                                              \
	unsigned name##_len;
	EVIDENCE_QUERY_LISTS(X)
#undef X
	bool relayed; /* it goes through a witness: the querier's address is not the client's */
	/* For a server on the client's link that cannot see frames: the MAC that the client's frames to it leave with,
	 * from which address (port 0), and the MAC that they go to. It counts only where the server sees the client by
	 * just this address, and if that last MAC is its own: else something in between answers for it (proxy ARP). */
	bool has_macs;
	uint8_t own_mac[EVIDENCE_MAC_LEN], server_mac[EVIDENCE_MAC_LEN];
	struct endpoint own_address;
};

struct evidence_flow {
	uint64_t id;
	bool known; /* false: no packet of this flow since start or since the last eviction; nothing below holds */
	struct receipts receipts;   /* without duplicates and late; nothing is told of what is below first */
	struct endpoint arrived_on; /* of the newest packet; port 0 */
	struct endpoint source;     /* of the newest packet; port 0 */
	uint32_t idle_ms;           /* since the newest packet */
};

enum evidence_attempt_status {
	EVIDENCE_NOT_SEEN = 0,    /* no socket as young as the attempt: no SYN of it has come yet */
	EVIDENCE_HALF_OPEN = 1,   /* a SYN_RECV socket of this very attempt: a SYN of it came, age_ms ago or earlier */
	EVIDENCE_CANNOT_TELL = 2, /* overflows, SYN cookies, several candidates: see docs/PROTOCOL.md */
};

struct evidence_attempt_answer {
	uint8_t id;
	enum evidence_attempt_status status;
	/* HALF_OPEN only */
	uint8_t origin;  /* index in `origins`; EVIDENCE_ORIGINS_MAX and more: not told */
	uint16_t age_ms; /* the socket is at least so old */
};

enum evidence_syn_state {
	EVIDENCE_SYN_UNKNOWN = 0, /* the server does not see SYNs on its link, or may have missed some */
	EVIDENCE_SYN_CAME = 1,    /* SYNs of this attempt came to its link */
	EVIDENCE_SYN_ABSENT = 2,  /* none came, and no other that could be this attempt's */
	/* None came by this name, but others did that could be this attempt's if the network changes timestamps. */
	EVIDENCE_SYN_UNNAMED = 3,
	EVIDENCE_SYN_ACCEPTED = 4, /* they came, and their connection was accepted: of an attempt that succeeded */
	/* SYNs came by this name, and another attempt has it, too: those that came may be its own. */
	EVIDENCE_SYN_AMBIGUOUS = 5,
};

/* What the server's link has brought of an attempt, seen before its own firewall. */
struct evidence_syn {
	uint8_t attempt; /* index in the query's list */
	enum evidence_syn_state state;
	/* CAME and ACCEPTED only */
	uint8_t count;                /* SYNs, repeated ones included; at most UINT8_MAX are counted */
	uint8_t origin;               /* index in `origins`; EVIDENCE_ORIGINS_MAX and more: not told */
	uint16_t port;                /* source port as the server sees it */
	uint16_t first_ms, newest_ms; /* since the first and the newest SYN; at most UINT16_MAX is told */
};

/* Where a SYN or the peer of a half-open socket came from, and the server's address that it came to. */
struct evidence_origin {
	struct endpoint source, local; /* port 0 */
	bool has_mac;
	uint8_t mac[EVIDENCE_MAC_LEN];
};

/* An unpinned twin that left from another address than its pinned reply, and for which an ICMP error came: port
 * unreachable or prohibited. */
struct evidence_twin {
	uint64_t flow;
	uint32_t seq;           /* of the newest such twin in this flow */
	struct endpoint source; /* the address that it had; port 0 */
};

/* Does the machine with the MAC of an entry answer for its address? */
enum evidence_asked {
	EVIDENCE_NOT_ASKED = 0, /* the server cannot ask the link */
	EVIDENCE_NO_ANSWER = 1,
	EVIDENCE_ANSWERS = 2, /* it has the address as well: the entry is not wrong */
};

/* A wrong entry in the server's neighbour table, for what it sends from one of its addresses to the client: the client
 * is on the link, and its frames for this address arrive from another MAC than the entry has. The entry is as it was
 * when a flow began or was first unheard, before anything corrects it. What another address of the server sends may
 * take another route. */
struct evidence_neighbour {
	struct endpoint client;   /* its address as the server sees it; port 0 */
	struct endpoint local;    /* the server's address; port 0 */
	struct endpoint next_hop; /* whose entry this is; port 0 */
	uint8_t entry_mac[EVIDENCE_MAC_LEN];
	uint8_t frame_mac[EVIDENCE_MAC_LEN];
	uint16_t state;                         /* NUD_* of the entry */
	bool repaired;                          /* the server has deleted it */
	uint8_t asked;                          /* enum evidence_asked */
	uint32_t since_ms;                      /* how long the entry had had this MAC, as far as was watched */
	uint32_t healed_ms;                     /* since it was corrected; UINT32_MAX: it was not */
	char interface[EVIDENCE_INTERFACE_LEN]; /* whose entry: a word that a shell leaves alone; "": not known */
};

/* Frames for our port that came from this client, seen before this host's own firewall. */
struct evidence_frames {
	struct endpoint client, local; /* port 0 */
	uint8_t transport;             /* 17; 6: SYNs */
	uint32_t idle_ms;              /* since the newest */
	uint16_t heard_ms; /* since its socket heard the querier there; EVIDENCE_HEARD_MAX: longer, or never */
};

/* Datagrams of a flow in the query that came to an interface of the server, addressed to its MAC, and that its socket
 * did not get. They are known by their number, so a translation on the way does not matter. */
struct evidence_capture {
	uint64_t flow;
	uint32_t newest; /* the newest such number */
	uint64_t bitmap; /* bit b is set if newest - b is such a number */
};

/* Another machine claims an address of the server's. */
struct evidence_conflict {
	struct endpoint address;
	uint8_t mac[EVIDENCE_MAC_LEN]; /* all zero: not known, as the kernel's duplicate address detection found it */
	uint32_t count;
	uint32_t idle_ms;
};

/* A probe of another client than the querier came to this server at a place that the query names, untranslated, and as
 * the first from its source port: no state on the way could lead it where older ones went. */
struct evidence_arrival {
	struct evidence_place place;
	uint32_t idle_ms; /* since the newest */
};

enum evidence_holding_state {
	EVIDENCE_ABSENT = 0,    /* the host does not have the address */
	EVIDENCE_HELD = 1,      /* it has it */
	EVIDENCE_TENTATIVE = 2, /* its kernel still asks the link whether another machine has it */
	EVIDENCE_DUPLICATE = 3, /* its kernel was told that another machine has it, and does not use it */
	EVIDENCE_LINK_DOWN = 4, /* it has it, on an interface that is down */
	EVIDENCE_UNSAID = 5,    /* not known */
};

enum evidence_link_answer {
	EVIDENCE_LINK_UNASKED = 0,
	EVIDENCE_LINK_NOBODY = 1,    /* the server asked its link for the address, and nobody answered */
	EVIDENCE_LINK_ANSWERS = 2,   /* a machine answered just now */
	EVIDENCE_LINK_REMEMBERS = 3, /* a machine answered some time ago */
};

/* What a server knows of an address that the query names. */
struct evidence_holding {
	struct endpoint address; /* port 0 */
	enum evidence_holding_state state;
	char interface[EVIDENCE_INTERFACE_LEN]; /* the one that has it; ABSENT: the one whose network contains it;
						   "": none, or not known */
	/* ABSENT, with an interface: does another machine on this link answer for the address? */
	enum evidence_link_answer link_answer;
	uint8_t mac[EVIDENCE_MAC_LEN]; /* of the machine that answers; all zero: not known */
	bool forwards;                 /* the host forwards packets of this family, so it may translate them */
	bool routes;                   /* packets for this address leave by another interface than they come by */
	/* The querier's newest probe for this address that reached a socket: how long ago (UINT32_MAX: none that is
	 * known), and on which address of the server (port 0). */
	uint32_t heard_ms;
	struct endpoint arrived_on;
	uint32_t absent_ms; /* ABSENT: since it lost the address; UINT32_MAX: it has not had it since it started */
};

/* A counter of the host's connection tracking, or the last one. Other values say nothing to this version. */
enum evidence_counter_kind {
	EVIDENCE_TABLE_ENTRIES = 1,
	EVIDENCE_TABLE_MAX = 2,
	EVIDENCE_TABLE_DROPPED = 3,   /* packets of new flows that were dropped since the server started */
	EVIDENCE_TABLE_EVICTED = 4,   /* entries that were dropped to make room since the server started */
	EVIDENCE_TABLE_CONFLICTS = 5, /* those of TABLE_DROPPED whose flow is in conflict with another one */
	EVIDENCE_ALTERED = 6, /* datagrams in the querier's name that came to the socket, and did not authenticate */
};

/* What a kernel counts that has something to tell. A table that has room, and dropped nothing, has no counters here. */
struct evidence_counter {
	uint8_t kind;
	uint32_t value; /* EVIDENCE_NOT_COUNTED: it cannot be read */
};

/* Why answers of the server may not reach a client, from one of the server's addresses. Errors are numbers of Linux
 * (asm-generic/errno.h); 0: none. */
struct evidence_return_route {
	struct endpoint client;                 /* its address as the server sees it; port 0 */
	struct endpoint local;                  /* the server's address; port 0 */
	uint16_t count;                         /* answers that could not be sent, or that an ICMP error came for */
	uint16_t idle_ms;                       /* since the newest of them */
	uint8_t error;                          /* of the newest of them; EACCES: prohibited, ELOOP: time exceeded */
	struct endpoint reporter;               /* whose ICMP error it was; unknown: the server's own kernel; port 0 */
	uint8_t no_route;                       /* why the server has no route to the client */
	struct endpoint gateway;                /* the route's; unknown: none; port 0 */
	char interface[EVIDENCE_INTERFACE_LEN]; /* the route's; "": not known */
	uint8_t neighbour_state;                /* NUD_* of the next hop's entry; 0: nothing to say */
};

struct evidence_mac {
	uint8_t octets[EVIDENCE_MAC_LEN];
};

/* X-macro: type on the wire, list, its record, how many at most, whether it is left out rather than cut. The lists get
 * room in this order: attempts are short, and asked for one by one.
 * return_routes: there is one only where an answer does not leave.
 * addresses: the server's own; port 0.
 * macs: all of the server's own, for a client that says its own as the server sees it, so may be on its link. */
#define EVIDENCE_ANSWER_LISTS(X)                                                                                       \
	X(1, attempts, struct evidence_attempt_answer, EVIDENCE_ATTEMPTS_MAX, false)                                   \
	X(11, syns, struct evidence_syn, EVIDENCE_ATTEMPTS_MAX, false)                                                 \
	X(12, origins, struct evidence_origin, EVIDENCE_ORIGINS_MAX, false)                                            \
	X(21, counters, struct evidence_counter, EVIDENCE_COUNTERS_MAX, true)                                          \
	X(2, flows, struct evidence_flow, EVIDENCE_FLOWS_MAX, false)                                                   \
	X(13, return_routes, struct evidence_return_route, EVIDENCE_RETURN_ROUTES_MAX, false)                          \
	X(20, captures, struct evidence_capture, EVIDENCE_CAPTURES_MAX, false)                                         \
	X(10, holdings, struct evidence_holding, EVIDENCE_HOLDINGS_MAX, false)                                         \
	X(3, arrivals, struct evidence_arrival, EVIDENCE_PLACES_MAX, false)                                            \
	X(4, neighbours, struct evidence_neighbour, EVIDENCE_NEIGHBOURS_MAX, false)                                    \
	X(5, frames, struct evidence_frames, EVIDENCE_FRAMES_MAX, false)                                               \
	X(6, conflicts, struct evidence_conflict, EVIDENCE_CONFLICTS_MAX, false)                                       \
	X(7, addresses, struct endpoint, EVIDENCE_ADDRESSES_MAX, false)                                                \
	X(8, twins, struct evidence_twin, EVIDENCE_TWINS_MAX, false)                                                   \
	X(9, macs, struct evidence_mac, EVIDENCE_MACS_MAX, true)

struct evidence_answer {
#define X(type, name, record, max, whole)                                                                              \
	record name[max];                                                                                              \
	unsigned name##_len;
	EVIDENCE_ANSWER_LISTS(X)
#undef X
	bool truncated;
	uint64_t boot_id;
	uint64_t uptime_ms;
	uint64_t evicted_ms;   /* since a flow of this client was last evicted; UINT64_MAX: never */
	uint32_t socket_drops; /* datagrams that the kernel dropped at the UDP socket since it was opened */
	/* What the kernel counted on the whole host since the server started; EVIDENCE_NOT_COUNTED: it cannot be read.
	 */
	uint32_t accept_overflows; /* connections dropped for a full accept queue */
	uint32_t datagrams_full;   /* datagrams dropped for a full receive buffer */
	uint32_t datagrams_bad;    /* datagrams dropped for their checksum */
	uint32_t segments_bad;     /* TCP segments dropped for their checksum */
	uint32_t
	    unread_ms; /* datagrams that came later than so long ago may wait at a UDP socket: receipts lack them */
	struct endpoint querier;       /* as the server sees the one who asked: source of the query */
	uint16_t port;                 /* where it listens at all its addresses; 0: at single ones, or not at all */
	bool listens_udp, listens_tcp; /* over which protocols it listens at this port */
};

/* The translation of an address; NULL: the query states none. */
const struct evidence_translation *evidence_translation_of(const struct evidence_query *query,
							   const struct endpoint *own);
/* Address and port that the attempt should come from, through its translation if there is one. Port 0: any. */
struct endpoint evidence_source_of(const struct evidence_query *query, const struct evidence_attempt *attempt);
/* The first attempt from an address of the same family as this one; NULL: the query has none. */
const struct evidence_attempt *evidence_attempt_like(const struct evidence_query *query,
						     const struct endpoint *address);

/* Returns the index of this origin in the answer, with its ports set to 0; EVIDENCE_ORIGINS_MAX: there is no room. */
uint8_t evidence_add_origin(struct evidence_answer *answer, const struct evidence_origin *origin);
/* NULL: not told. */
const struct evidence_origin *evidence_origin(const struct evidence_answer *answer, uint8_t index);

/* evidence_query_room: how many flows may be asked so that their answers fit in len octets beside those of `attempts`
 * attempts and a few other records. */
unsigned evidence_query_room(size_t len, unsigned attempts);

/* Write exactly len octets, padded with zeros. false: the query does not fit, or is too short for an answer; buf holds
 * a part of it. */
bool evidence_write_query(uint8_t *buf, size_t len, const struct evidence_query *query)
    __attribute__((warn_unused_result));
bool evidence_read_query(const uint8_t *buf, size_t len, struct evidence_query *query)
    __attribute__((warn_unused_result));

/* Cuts the lists to fit and says truncated. len >= EVIDENCE_LEN_MIN: evidence_read_query has seen to that. */
void evidence_write_answer(uint8_t *buf, size_t len, const struct evidence_answer *answer);
bool evidence_read_answer(const uint8_t *buf, size_t len, struct evidence_answer *answer)
    __attribute__((warn_unused_result));

#endif
