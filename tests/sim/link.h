/* A machine on its link: the kernel's table of neighbours, the frames that come in, who else claims its addresses, and
 * floatprobed's own eyes on all that (neighbour_watch, address_watch). What was sent to the floating address comes,
 * and is answered, through the router; what was sent to the droplet's own address straight, where the client is on the
 * link.
 */
#ifndef FLOATPROBE_SIM_LINK_H
#define FLOATPROBE_SIM_LINK_H

#include "client/net/link.h"
#include "server/watch/address_watch.h"
#include "server/watch/neighbour_watch.h"
#include "server/watch/tap.h"
#include "tests/sim/network.h"

enum { LINK_INDEX = 2, LINK_NEIGHBOURS_MAX = 4 };

struct link_neighbour {
	struct event over; /* what it is now: its time */
	struct link *link;
	const struct client *client; /* whose entry it is; NULL: the router's */
	struct rtnl_neighbour entry; /* state 0: there is none */
	bool untold;                 /* it has changed, and floatprobed has not heard of it */
};

struct netlink { /* whose kernel is asked */
	struct link *link;
};

struct link {
	struct event changed; /* neighbours are: the kernel tells */
	struct event claim;   /* whoever has an address of ours says so */
	struct machine *machine;
	uint8_t mac[RTNL_MAC_LEN];
	bool raw;     /* floatprobed has CAP_NET_RAW, */
	bool repairs; /* and is told to repair, with CAP_NET_ADMIN */
	struct link_neighbour neighbours[LINK_NEIGHBOURS_MAX];
	unsigned neighbours_len;
	struct endpoint claimed; /* unknown: nobody claims any */
	uint8_t claimed_by[RTNL_MAC_LEN];
	bool claimed_once; /* it is claimed once, and no more when the other machine is asked */
	/* floatprobed's */
	struct netlink netlink;
	struct ifaces ifaces;
	struct neighbour_watch *neighbour_watch; /* NULL: it does not run */
	struct address_watch *address_watch;
	struct syn_watch *syn_watch;
	uv_loop_t loop; /* only to lead taps here: it never runs */
	struct tap *taps;
};

extern const struct link_ops link_of_clients;

void link_set_client(struct client *client, unsigned number, bool on_link);
/* Before floatprobed runs there: the machine, its number and its addresses are set. */
void link_set(struct link *link, struct machine *machine);
void link_meet(struct link *link, const struct client *client); /* it is on the link */

/* It gets the floating address, or loses it. */
void link_assign(struct link *link, bool has_floating);

/* floatprobed runs, and runs no more. */
void link_open(struct link *link);
void link_close(struct link *link);
void link_event(struct link *link, const struct reflector_event *event);
void link_accepted(struct link *link, const struct endpoint *peer);
void link_find_syns(struct link *link, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft);
void link_collect(struct link *link, const struct evidence_query *query, const struct endpoint *querier,
		  struct draft *draft);

/* A request comes in, for this address of ours. */
void link_receive(struct link *link, const struct parcel *parcel, const struct endpoint *local);
/* Does this answer get to the client, or to the router? */
bool link_carries(struct link *link, const struct parcel *parcel);

/* For faults: the client's entry has the MAC of a dead machine, in this state (NUD_*). Returns how long it will at
 * least. */
int64_t link_spoil(struct link *link, const struct client *client, uint16_t state);
/* For faults: the client asks who has our address, and is heard. */
void link_hear(struct link *link, const struct client *client);
/* For faults: another machine has this address of ours, too, and says so, now and when it is asked (claim), or only now
 * (claim_once). */
void link_claim(struct link *link, const struct endpoint *address, const struct link *other);
void link_claim_once(struct link *link, const struct endpoint *address, const struct link *other);
extern const uint8_t link_virtual_mac[RTNL_MAC_LEN]; /* of a virtual router (VRRP) */

/* NULL: nobody on the link, as far as is known. */
struct link_neighbour *link_find(struct link *link, const struct endpoint *address);
void link_delete(struct link_neighbour *neighbour);
/* Do answers to this client, from this address of ours (unknown: any), go straight? */
bool link_is_straight(struct link *link, const struct endpoint *client, const struct endpoint *local);
/* By tap.c: somebody asks who else has this address of ours. */
void link_ask(struct link *link, const struct endpoint *address);
void link_taps_hear(const struct link *link, const struct packet_socket_frame *frame);

#endif
