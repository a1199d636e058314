/* One story: a random network, a fault that strikes it, and what the vantages have to say. */
#ifndef FLOATPROBE_SIM_STORY_H
#define FLOATPROBE_SIM_STORY_H

#include "tests/sim/machine.h"
#include "tests/sim/vantage.h"

enum { STORY_SERVERS_MAX = 3, STORY_VANTAGES_MAX = MACHINE_CLIENTS_MAX, STORY_NAME_LEN = 8, STORY_HELD_FLOWS = 8 };

enum {                                /* what a fault needs of its network, or is judged by */
       STORY_FLOATING_ALONE = 1 << 0, /* no droplet is probed: nobody else can be asked */
       STORY_DROPLET_ALONE = 1 << 1,  /* one server, one address */
       STORY_ONE_SERVER = 1 << 2,
       STORY_TWO_SERVERS = 1 << 3, /* at least */
       STORY_NAT = 1 << 4,         /* in front of the clients */
       STORY_NO_NAT = 1 << 5,
       STORY_TWO_SIZES = 1 << 6,
       STORY_LOSSLESS = 1 << 7,
       STORY_LOSSY = 1 << 8, /* 1 % floor */
       STORY_FROM_START = 1 << 9,
       STORY_RUN_ONLY = 1 << 10,
       STORY_LONG = 1 << 11,    /* judged when the whole window is behind the fault */
       STORY_TIMED = 1 << 12,   /* every probe is lost: there is a latest time for the verdict */
       STORY_SLOW = 1 << 14,    /* within the limits that servers have for signatures of strangers */
       STORY_FLAT = 1 << 20,    /* clients are on the link of the servers' droplet addresses */
       STORY_HEALS = 1 << 21,   /* so long that every wrong entry has healed */
       STORY_REPAIRS = 1 << 22, /* servers may, and do, delete wrong entries */
       STORY_STRICT = 1 << 13,  /* the floating address may be answered by one server only, though there are more */
       STORY_PEERS = 1 << 23,   /* servers are each other's witnesses */
       STORY_HELD = 1 << 24,    /* STORY_HELD_FLOWS of them */
       STORY_UNPINNED = 1 << 25,
       STORY_COLD = 1 << 26,   /* probes are rare */
       STORY_DIRECT = 1 << 15, /* the floating address is not translated: the first server has it */
       STORY_MANY = 1 << 16,   /* two servers have it on purpose, by flow */
       STORY_FLEET = 1 << 27,  /* ten vantages, half of them behind NATs; all servers see frames, or none does */
};

struct expectation {
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	enum verdict_cause meanwhile, or_meanwhile; /* allowed too, but not in the end; NONE: nothing else */
	enum verdict_cause or_cause;                /* as right; NONE: no other is */
	enum verdict_cause vaguer;                  /* allowed in the end too, for want of evidence; NONE: nothing is */
	enum verdict_cause once;                    /* has to be said on the way there; NONE: nothing has */
	bool as_lost;                               /* state and direction as the probes were really lost */
	bool any_state;                             /* as as_lost, and the cause has to be named nevertheless */
	bool or_unnamed;                            /* with any_state: the cause may be missing, for want of evidence */
	bool unknowable;                            /* without a floor of loss no direction may be named at all */
	bool if_two_answered; /* with any_state: the cause may be missing, unless two holders really have answered so
				 that it shows */
	bool or_unknown; /* TCP: a server may not be able to tell (NAT, sockets that have been reset); UDP errors: they
			    are rare */
};

struct story;

struct fault {
	const char *name;
	unsigned needs;
	void (*strike)(struct story *story);
	/* What is to be said of this path; false: it is not concerned, and is as healthy as before. */
	bool (*expects)(const struct story *story, const struct path *path, struct expectation *expected);
};

struct story_said { /* of one path */
	struct expectation expected;
	bool concerned;
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	bool once;         /* expected.once was said */
	unsigned changes;  /* of the verdict, since the fault or its end */
	bool untold;       /* when the fault ended no server had told the direction: they tell before it is up */
	bool right, vague; /* vague: right, but direction or cause are not (wholly) known */
	double after;      /* state and cause stood, in intervals behind the timeout; < 0: never */
	double state_after;
};

struct story_result {
	unsigned paths, right;     /* of those concerned */
	unsigned vague;            /* of those right */
	unsigned wrong_directions; /* verdicts and probes */
	unsigned late_returns;     /* probes called so that came too late, while nothing of their answers was lost */
	unsigned false_causes;     /* at any time, on any path */
	unsigned healthy_wrong;    /* paths not concerned that are not said to be healthy in the end */
	bool too_late;
	unsigned steady, unsteady; /* paths in a fault that does not change, and those whose verdict does */
	unsigned timed, in_time;   /* paths whose verdict should stand with the state; of these, those whose does */
	double state_after, after; /* the slowest path, in intervals */
	uint64_t probes;
	struct story_said *said; /* all paths of all vantages */
	size_t said_len;
};

struct story {
	const struct fault *fault;
	uint64_t seed;
	bool tell;
	enum mode mode;
	unsigned servers;
	bool droplets, floating;
	bool knows_where; /* STORY_DIRECT: `arrives_on` is configured */
	bool fleet_raw;   /* STORY_FLEET: servers have CAP_NET_RAW */
	double floor;
	int64_t every_ns, timeout_ns, struck_ns;
	char names[NETWORK_MACHINES_MAX][STORY_NAME_LEN];
	char floating_name[STORY_NAME_LEN + 4];
	struct machine machines[NETWORK_MACHINES_MAX]; /* the last is a stranger */
	struct vantage vantages[STORY_VANTAGES_MAX];
	unsigned vantages_len;
	struct event strike, later;
	unsigned steps;    /* of a plot that goes on */
	unsigned restarts; /* servers up to this one do */
	struct story_result *result;
};

/* Play it; said is freed by the caller. tell: every change goes to stderr. */
void story_play(const struct fault *fault, uint64_t seed, enum mode mode, bool tell, struct story_result *result);

/* For faults. */
struct machine *story_stranger(struct story *story);
bool story_is_floating(const struct path *path);
/* Whose path it is. */
const struct vantage *story_vantage_of(const struct story *story, const struct path *path);
void story_later(struct story *story, int64_t after_ns, void (*happens)(struct event *event));

#endif
