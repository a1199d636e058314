/* The network between clients and machines: delay, loss by rule, NATs on both sides, ICMP. What it does to each probe
 * it notes as the truth about that probe. */
#ifndef FLOATPROBE_SIM_NETWORK_H
#define FLOATPROBE_SIM_NETWORK_H

#include "common/core/bucket.h"
#include "common/core/endpoint.h"
#include "common/core/wire.h"
#include "common/system/errqueue.h"
#include "tests/sim/world.h"

enum { NETWORK_RULES_MAX = 16, NETWORK_MACHINES_MAX = 6, NETWORK_FLOWS_MAX = 512 };

struct udp_dialer;
struct tcp_dialer;
struct exchange;
struct machine;

enum direction { FORWARD, RETURN };

/* What really became of one probe; world times, INT64_MAX: never. */
struct truth {
	unsigned allowed;   /* bit i: machine i may answer; what comes to others has not come to a server */
	int64_t syn_ns;     /* TCP: its SYN came to a server's socket */
	bool connected;     /* TCP: the handshake was done at the client's end */
	int64_t reached_ns; /* the probe itself came to a server's socket */
	bool answer_lost;   /* something that a server sent for it was lost */
	bool told;          /* an error was sent for (a repetition of) it */
	bool elsewhere;     /* it came to a machine that may not answer: lost either way, as one looks at it */
	unsigned holders;   /* bit i: machine i has answered it */
};

struct network_flow { /* what a NAT remembers of a 5-tuple */
	struct endpoint from, asked;
	bool tcp;
	int64_t used_ns;
	uint16_t port;           /* client's NAT: its public port */
	struct machine *machine; /* provider's NAT: where it leads */
};

struct network_nat {
	struct network_flow flows[NETWORK_FLOWS_MAX];
};

struct client { /* a host that probes */
	struct world_clock clock;
	unsigned number;
	struct endpoint address;
	struct endpoint public_address; /* of the NAT before it; unknown: there is none */
	bool on_link;                   /* of the servers' droplet addresses */
	uint8_t mac[6], arp_mac[6];     /* its frames leave with, and what it says when asked: two interfaces, VRRP */
	struct network_nat nat;         /* used if nat_owner is NULL */
	struct client *nat_owner;       /* the client whose NAT it is behind; NULL: its own */
	bool nat_keeps_ports;           /* those that are free */
	uint16_t nat_port, port;        /* the last ones given away */
	int64_t delay_ns[2];            /* by direction */
	int64_t jitter_ns;              /* on top, now and then */
	bool busy;                      /* the process is slow to wake up, now and then */
	int udp_error, tcp_error;       /* positive errno of everything that is to be sent; 0: none */
	unsigned mtu;                   /* of its own interface, as UDP payload; 0: no limit */
	struct bucket icmp;             /* errors that hosts and routers have for it */
	bool no_timestamps;             /* its SYNs have no timestamp option */
	bool old_kernel;                /* the timestamp clocks of all connections to one address are the same */
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
};

enum kind { DATAGRAM, SYN, SYN_ACK, DATA, RESET, ICMP };

struct parcel { /* on its way */
	struct event event;
	struct parcel *next;
	enum kind kind;
	enum direction direction;
	struct client *client;
	struct truth *truth; /* NULL: not a probe */
	/* the client's end as it is and as servers see it, the address probed, and whom an answer comes from */
	struct endpoint from, seen, asked, source;
	bool tcp;
	struct exchange *exchange; /* TCP: the client's end .. */
	uint64_t exchange_number;  /* .. if it is still this one */
	bool has_timestamp;        /* SYN: its timestamp option .. */
	uint32_t timestamp;        /* .. has this value */
	void *owner;               /* UDP: as staged */
	uint32_t seq;
	int64_t arrived_real_ns; /* at the client */
	struct errqueue_entry icmp;
	size_t len;
	uint8_t buf[WIRE_MESSAGE_MAX];
};

enum effect { LOSE, PROHIBIT, TOO_BIG };

struct rule { /* something in the way */
	enum direction direction;
	bool udp, tcp;
	struct endpoint asked;         /* only what was sent to this address, and its answers; unknown: any */
	const struct machine *machine; /* only what this machine sends (direction RETURN); NULL: any */
	const struct client *client;   /* only what this one sends or is sent; NULL: any */
	/* Only what this is true of; NULL: all. salt is its own. */
	bool (*concerns)(const struct rule *rule, const struct parcel *parcel);
	uint64_t salt;
	enum effect effect;
	double p;             /* of each packet .. */
	double enter, leave;  /* .. or, if enter > 0, of bad times: how they begin and end, packet by packet */
	unsigned longer_than; /* only UDP payloads of more octets; 0: any */
	bool tells;           /* TOO_BIG: by ICMP */
	bool bad_times;
	struct bucket icmp;
};

enum sharing { /* the floating address among two machines */
	       SHARED_NOT,
	       SHARED_BY_PACKET, /* at random */
	       SHARED_IN_TURN,   /* each for so long */
	       SHARED_BY_FLOW,   /* for as long as a 5-tuple lives */
	       SHARED_AT_ONCE,   /* datagrams come to both, and both answer; TCP stays with who was faster */
};

struct network {
	struct machine *machines[NETWORK_MACHINES_MAX];
	unsigned machines_len;
	struct endpoint floating; /* unknown: there is none */
	bool direct;              /* it is not translated: a machine has to have it */
	struct machine *holder;   /* of the floating address; NULL: nobody */
	struct endpoint squatted; /* .. and of another address, whoever it belongs to; unknown: of none */
	struct machine *squatter;
	struct machine *second; /* who holds it too, if it is shared */
	enum sharing sharing;
	uint64_t sharing_salt; /* which flows are whose */
	int64_t turn_ns;
	bool pins; /* the provider's NAT keeps known 5-tuples where they are */
	struct network_nat nat;
	struct rule rules[NETWORK_RULES_MAX];
	unsigned rules_len;
	double duplicate; /* share of datagrams that arrive twice */
	bool peers;       /* machines are each other's witnesses .. */
	int64_t peers_delay_ns;
	double peers_lose; /* .. and lose such a share of what they send each other */
	int64_t nat_keeps_ns;
	struct endpoint router;
	uint8_t router_mac[6];     /* that its frames leave with */
	struct network_nat passed; /* flows that have had their first packet, where nothing else passes */
};

extern struct network network;

void network_start(void); /* anew: no machine, no rule, nothing under way */
void network_rule(const struct rule *rule);

/* Which of several ways, say: always the same number of the same value. */
uint64_t network_hash(uint64_t salt, uint64_t value);
/* Has a packet of this 5-tuple come here before? Now one has. */
bool network_passed_before(const struct parcel *parcel);

/* Does this 5-tuple lead to the second one of those who share the floating address by flow? */
bool network_is_of_second(const struct endpoint *seen, bool tcp);

struct endpoint network_address(unsigned a, unsigned b, unsigned c, unsigned d, uint16_t port);

/* NULL never: memory that runs out ends the program. */
struct parcel *parcel_new(struct client *client, enum kind kind);
/* A parcel about the same client, probe and addresses, the other way. */
struct parcel *parcel_back(const struct parcel *parcel, enum kind kind);
void parcel_free(struct parcel *parcel);

/* All three take the parcel over. */
void network_send(struct parcel *parcel);
void network_return(struct parcel *parcel, struct machine *by);
/* An error about it, to the client, by whoever is at `offender`, after so long. */
void network_icmp(struct parcel *parcel, enum errqueue_meaning meaning, const struct endpoint *offender,
		  int64_t after_ns);

/* The dialers' end: take the parcel over. */
void udp_arrived(struct parcel *parcel);
void tcp_arrived(struct parcel *parcel);

#endif
