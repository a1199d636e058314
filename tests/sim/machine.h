/* A server: addresses, a clock, and floatprobed's reflector behind a listener's and a kernel's manners. */
#ifndef FLOATPROBE_SIM_MACHINE_H
#define FLOATPROBE_SIM_MACHINE_H

#include "common/core/seal.h"
#include "server/reflector.h"
#include "tests/sim/link.h"

enum {
	MACHINE_CLIENTS_MAX = 2,
	MACHINE_HALF_OPEN_MAX = 1024,
	MACHINE_CONNECTIONS_MAX = 256,
};

enum machine_state {
	MACHINE_UP,
	MACHINE_STOPPED,     /* no floatprobed: port unreachable, RST */
	MACHINE_GONE,        /* nothing any more */
	MACHINE_UNREACHABLE, /* the same, and the router says so when it has asked for 3 s */
	MACHINE_ECHO,        /* something else is there that sends back what it gets */
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
	struct parcel *reply; /* NULL: free */
	int64_t interval_ns;
	unsigned tries;
};

struct machine {
	struct world_clock clock;
	unsigned number;
	struct endpoint droplet, anchor;
	struct seal_identity identity;
	enum machine_state state;
	bool wrong_source; /* UDP answers leave from the droplet address, whatever was asked */
	struct {
		bool udp, tcp;
		struct endpoint asked; /* only what was sent to this address; unknown: to any */
	} firewall;                    /* the machine's own: drops what its link has brought */
	double udp_full, tcp_full;     /* share of requests for which its sockets have no room */
	uint32_t socket_drops, accept_overflows;
	struct link link;
	struct reflector *reflector;
	struct reflector_client clients[MACHINE_CLIENTS_MAX];
	unsigned clients_len;
	int64_t given_up_ns; /* world time of the newest SYN that left no half-open socket behind; 0: none */
	struct half_open half_open[MACHINE_HALF_OPEN_MAX];
	struct connection connections[MACHINE_CONNECTIONS_MAX];
};

void machine_start(struct machine *machine); /* floatprobed, anew if it runs */
void machine_stop(struct machine *machine, enum machine_state state);
void machine_list_clients(struct machine *machine, unsigned len); /* only the first so many may probe from now on */
void machine_receive(struct machine *machine, struct parcel *parcel);

#endif
