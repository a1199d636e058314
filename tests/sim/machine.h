/* A server: addresses, a clock, and floatprobed's reflector behind a listener's and a kernel's manners. */
#ifndef FLOATPROBE_SIM_MACHINE_H
#define FLOATPROBE_SIM_MACHINE_H

#include "common/core/seal.h"
#include "server/reflect/reflector.h"
#include "server/reflect/witness.h"
#include "tests/sim/link.h"

enum {
	MACHINE_CLIENTS_MAX = 10,
	MACHINE_HALF_OPEN_MAX = 4096,
	MACHINE_CONNECTIONS_MAX = 256,
};

enum machine_state {
	MACHINE_UP,
	MACHINE_STOPPED,     /* no floatprobed: port unreachable, RST */
	MACHINE_GONE,        /* nothing any more */
	MACHINE_UNREACHABLE, /* the same, and the router says so when it has asked for 3 s */
	MACHINE_ECHO,        /* something else is there that sends back what it gets */
};

enum machine_lies { /* about what another server has answered; which is sealed */
		    MACHINE_HONEST,
		    MACHINE_ALTERS,
		    MACHINE_REPEATS, /* what that one has said before: authentic, but to another question */
};

struct half_open {
	struct event again; /* the next SYN-ACK */
	struct machine *machine;
	struct parcel *syn; /* NULL: free */
	int64_t interval_ns;
	unsigned retransmits, timeouts;
};

struct connection {
	struct event again; /* the reply, until it is acknowledged */
	struct machine *machine;
	struct parcel *reply; /* NULL: free; the request, while another server is being asked */
	uint64_t number;      /* no other connection has it */
	int64_t interval_ns;
	unsigned tries;
};

struct machine {
	struct world_clock clock;
	unsigned number;
	struct endpoint droplet, anchor;
	struct seal_identity identity;
	uint64_t boot_id;
	enum machine_state state;
	bool has_floating; /* where that is not translated: it is an address of its own */
	bool wrong_source; /* UDP answers leave from the droplet address, whatever was asked */
	struct {
		bool udp, tcp;
		struct endpoint asked; /* only what was sent to this address; unknown: to any */
	} firewall;                    /* the machine's own: drops what its link has brought */
	double udp_full, tcp_full;     /* share of requests for which its sockets have no room */
	uint32_t socket_drops, accept_overflows;
	struct link link;
	bool unpinned_fine; /* what leaves from the address that the kernel chooses is from the one that was asked */
	struct reflector *reflector;
	struct witness *witness;
	struct witness_peer peers[NETWORK_MACHINES_MAX];
	struct event relays_over;
	struct parcel *relayed[WITNESS_RELAYS_MAX]; /* UDP requests that wait for another server; NULL: free */
	int64_t hesitates_ns;                       /* before it answers another server */
	enum machine_lies lies;
	uint8_t told[WITNESS_QUERY_MAX]; /* the first answer that it was to hand on */
	size_t told_len;
	uint64_t connected; /* so many connections began */
	struct reflector_client clients[MACHINE_CLIENTS_MAX];
	unsigned clients_len;
	int64_t given_up_ns; /* world time of the newest SYN that left no half-open socket behind; 0: none */
	struct half_open half_open[MACHINE_HALF_OPEN_MAX];
	unsigned half_open_len; /* the rest have never been used */
	struct connection connections[MACHINE_CONNECTIONS_MAX];
};

void machine_start(struct machine *machine); /* floatprobed, anew if it runs */
void machine_stop(struct machine *machine, enum machine_state state);
void machine_list_clients(struct machine *machine, unsigned len); /* only the first so many may probe from now on */
void machine_receive(struct machine *machine, struct parcel *parcel);

enum machine_reflected {
	MACHINE_MUTE,
	MACHINE_REPLIED,       /* the reply stands in the parcel */
	MACHINE_REPLIED_TWICE, /* the reply stands in the parcel, and the unpinned one behind it */
	MACHINE_WAITING,       /* another server is being asked */
};
/* A request at floatprobed's socket. origin: who takes the reply of another server; NULL: nobody would. */
enum machine_reflected machine_reflect(struct machine *machine, struct parcel *parcel,
				       const struct witness_origin *origin);

#endif
