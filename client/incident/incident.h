/* An incident: what failed together, since when, which way and why, and who answered before and after. Pure; it
 * allocates only the names of its paths. */
#ifndef FLOATPROBE_INCIDENT_H
#define FLOATPROBE_INCIDENT_H

#include "client/path/path.h"
#include "client/verdict/verdict_evidence.h"
#include "common/core/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INCIDENT_PATHS_MAX = 256, /* paths that it names; the others are only counted */
	INCIDENT_PLACES_MAX = 32, /* addresses, and servers, by which it knows what belongs to it */
};

enum { INCIDENT_NOBODY = -1, INCIDENT_SEVERAL = -2 }; /* instead of a server's index */

struct incident_path { /* the name of a path; it outlives the path */
	char *target;
	enum config_role role;
	struct endpoint endpoint;
	enum probe_kind kind;
	unsigned size;
	bool pmtu;
	int held;       /* UDP_DIALER_FRESH: a fresh flow */
	int flow_index; /* -1: the target has only one such flow */
};

struct incident_servers { /* indexes in the configuration; INCIDENT_NOBODY; INCIDENT_SEVERAL */
	int before, after;
};

/* What the path says that leads: the one with the strongest cause. */
enum { INCIDENT_LEAD_LEN = 96 };

struct incident_lead {
	bool known;
	const struct path *path;      /* NULL: it is gone */
	char name[INCIDENT_LEAD_LEN]; /* "bootnode udp/512 held" */
	struct endpoint address;
	enum verdict_state state;
	enum verdict_cause cause;
	unsigned rank;
	unsigned sentences_len;
	char sentences[VERDICT_SENTENCES_MAX][VERDICT_SENTENCE_LEN];
	const char *advice;
};

struct incident {
	uint64_t serial; /* 0: this place was never used */
	uint64_t id;     /* its number, once it is announced */
	bool open, announced;
	bool recovered;         /* all was well once */
	int64_t opened_ns;      /* monotonic: time of the first probe that showed it */
	int64_t early_ns;       /* monotonic: the earliest time at which it may have begun */
	int64_t opened_real_ns; /* opened_ns in realtime */
	int64_t closed_ns; /* monotonic: the first probe that showed that the newest path to recover is well; 0: none */
	int64_t closed_real_ns;      /* closed_ns in realtime */
	struct incident_path *paths; /* all that it ever had */
	size_t paths_len;
	size_t paths_total;          /* more than paths_len: the others are not named */
	size_t failing;              /* paths that are not as expected now */
	size_t left;                 /* paths that were taken from the configuration while they failed */
	unsigned flaps;              /* how often all was well, and failed again before it was closed */
	bool forward, back, unknown; /* directions of its losses */
	struct incident_servers answered;
	struct incident_servers moved;  /* from its begin until now; before NOBODY: no path has changed its server */
	struct incident_servers latest; /* the latest move */
	unsigned moves;                 /* of single paths */
	struct incident_lead lead;
	struct endpoint addresses[INCIDENT_PLACES_MAX];
	size_t addresses_len;
	int servers[INCIDENT_PLACES_MAX];
	size_t servers_len;
	bool wide; /* it has more addresses or servers than fit */
	/* For incidents.c; monotonic. */
	int64_t made_ns, announce_ns, report_ns, settled_ns, settle_ns, ended_ns;
	struct { /* what the last event said */
		enum verdict_cause cause;
		enum verdict_direction direction;
		size_t paths_total;
		int64_t grown_ns;
		unsigned moves;
	} reported;
};

enum verdict_direction incident_direction(const struct incident *incident);
/* Who answered before, and who does now: of a path that moved, or else of all paths if they agree. */
struct incident_servers incident_servers(const struct incident *incident);
/* Two that answer by turns are no move. */
bool incident_has_moved(const struct incident *incident);

/* The path belongs to this incident, which stands at this place, from now on. */
void incident_add(struct incident *incident, unsigned place, struct path *path);
/* Take over what the other one has; the paths that belong to it are the caller's affair. */
void incident_absorb(struct incident *incident, struct incident *other);
/* One more server: all agree, or they are INCIDENT_SEVERAL. INCIDENT_NOBODY does not count. */
void incident_agree(int *all, int one);
/* One of its paths is answered by another server than before. */
void incident_move(struct incident *incident, const struct path *path, int after);
/* Take the verdict of one of its paths: its direction, and its words if it leads, or if its cause is stronger. */
void incident_hear(struct incident *incident, const struct path *path, const struct verdict *verdict);
/* As incident_hear, of a path that moved or recovered: a move explains what nothing else does. */
void incident_hear_of_move(struct incident *incident, const struct path *path, const struct verdict *verdict);

/* Is the address of the path, or its server, one of this incident's? */
bool incident_has_place_of(const struct incident *incident, const struct path *path);
bool incident_shares_place(const struct incident *incident, const struct incident *other);
/* The server whose failure this path would show: the one that answered last, or the only one that may. */
int incident_server_of(const struct path *path);

/* A cause that names nothing: unrelated faults may have it at the same time. */
bool incident_is_vague(enum verdict_cause cause);

void incident_clear(struct incident *incident);

#endif
