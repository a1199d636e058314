#include "tests/sim/link.h"

#include "common/core/bytes.h"
#include "common/core/ip.h"
#include "common/system/clock.h"
#include "server/watch/captures.h"
#include "server/watch/claims.h"
#include "server/watch/syn_watch.h"
#include "tests/sim/machine.h"

#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <stdlib.h>

enum {
	TCP_TIMESTAMP_AT = 22, /* behind two octets of padding */
	TCP_LEN = 32,
	FRAMING_LEN = IP4_LEN_MIN + IP_UDP_LEN + CAPTURES_PAYLOAD_LEN,
	NUD_USABLE = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT,
};
static const int64_t delay_ns = 5 * S, probes_ns = 3 * S; /* as the kernel's delay_first_probe_time, ucast_solicit */

const uint8_t link_virtual_mac[RTNL_MAC_LEN] = { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x07 };
static const uint8_t dead_mac[RTNL_MAC_LEN] = { 0x02, 0x00, 0x00, 0x00, 0xde, 0xad };

enum kind_of_host { ROUTER, MACHINE, CLIENT };

static void make_mac(uint8_t mac[RTNL_MAC_LEN], enum kind_of_host kind, unsigned number)
{
	const uint8_t made[RTNL_MAC_LEN] = { 0x02, 0x00, 0x00, 0x00, (uint8_t)kind, (uint8_t)number };

	memcpy(mac, made, sizeof made);
}

static bool is_same_mac(const uint8_t a[RTNL_MAC_LEN], const uint8_t b[RTNL_MAC_LEN])
{
	return memcmp(a, b, RTNL_MAC_LEN) == 0;
}

/* -- the neighbour table, as the kernel keeps it -- */

static void read_changes(struct link *l)
{
	world_cancel(&l->changed);
	for (struct link_neighbour *n = l->neighbours; n < l->neighbours + l->neighbours_len; n++) {
		bool untold = n->untold;
		n->untold = false;
		if (untold && l->neighbour_watch)
			neighbour_watch_note(l->neighbour_watch, &n->entry);
	}
}

static void tell_changes(struct event *event)
{
	struct link *l = (struct link *)((char *)event - offsetof(struct link, changed));

	world_enter(&l->machine->clock);
	read_changes(l);
}

/* A state's time is told by `after`; 0: it has none. */
static void set_state(struct link_neighbour *n, uint16_t state, int64_t after_ns)
{
	n->entry.state = state;
	n->entry.has_mac = state & NUD_USABLE;
	if (after_ns > 0)
		world_schedule(&n->over, world_now() + after_ns);
	else
		world_cancel(&n->over);
	if (state == NUD_DELAY) /* of which nobody is told */
		return;
	n->untold = true;
	world_schedule(&n->link->changed, world_now());
}

static void reach(struct link_neighbour *n)
{
	set_state(n, NUD_REACHABLE, world_between(15 * S, 45 * S));
}

static bool is_right(const struct link_neighbour *n)
{
	return !n->client || is_same_mac(n->entry.mac, n->client->mac) || is_same_mac(n->entry.mac, n->client->arp_mac);
}

static void state_over(struct event *event)
{
	struct link_neighbour *n = (struct link_neighbour *)event;

	if (n->entry.state == NUD_REACHABLE)
		set_state(n, NUD_STALE, 0);
	else if (n->entry.state == NUD_PROBE)
		set_state(n, NUD_FAILED, 0);
	else if (is_right(n))
		reach(n);
	else
		set_state(n, NUD_PROBE, probes_ns);
}

/* Something is to be sent there. */
static void use(struct link_neighbour *n)
{
	if (n->entry.state == NUD_STALE)
		set_state(n, NUD_DELAY, delay_ns);
	if (n->entry.state & NUD_USABLE)
		return;
	memcpy(n->entry.mac, n->client->arp_mac, sizeof n->entry.mac);
	reach(n);
}

struct link_neighbour *link_find(struct link *l, const struct endpoint *address)
{
	for (struct link_neighbour *n = l->neighbours; n < l->neighbours + l->neighbours_len; n++)
		if (endpoint_same_address(&n->entry.address, address))
			return n;
	return NULL;
}

void link_delete(struct link_neighbour *n)
{
	set_state(n, 0, 0);
}

/* -- who is there -- */

void link_set_client(struct client *c, unsigned number, bool on_link)
{
	c->number = number;
	c->on_link = on_link;
	make_mac(c->mac, CLIENT, number);
	make_mac(c->arp_mac, CLIENT, number);
}

static struct link_neighbour *add_neighbour(struct link *l, const struct endpoint *address)
{
	struct link_neighbour *n = &l->neighbours[l->neighbours_len++];

	*n = (struct link_neighbour){ .link = l, .entry = { .address = *address, .link = LINK_INDEX } };
	n->entry.address.port = 0;
	n->over.happens = state_over;
	return n;
}

void link_set(struct link *l, struct machine *machine)
{
	struct link_neighbour *router;

	*l = (struct link){ .machine = machine, .raw = true, .changed.happens = tell_changes };
	make_mac(l->mac, MACHINE, machine->number);
	make_mac(network.router_mac, ROUTER, 0);
	l->netlink.link = l;
	l->loop.data = l;
	router = add_neighbour(l, &network.router);
	router->entry.state = NUD_REACHABLE;
	router->entry.has_mac = true;
	memcpy(router->entry.mac, network.router_mac, sizeof router->entry.mac);
}

void link_meet(struct link *l, const struct client *client)
{
	add_neighbour(l, &client->address)->client = client;
}

bool link_is_straight(struct link *l, const struct endpoint *client, const struct endpoint *local)
{
	const struct link_neighbour *n = link_find(l, client);

	return n && n->client && !endpoint_same_address(local, &l->machine->anchor) &&
	       !endpoint_same_address(local, &network.floating);
}

/* -- what clients see of it: for whoever's clock is looked at, with which they begin -- */

static bool own_mac(const struct endpoint *to, struct endpoint *ifaces, uint8_t mac[EVIDENCE_MAC_LEN])
{
	const struct client *c = (const struct client *)world_entered();

	if (!c->on_link || endpoint_same_address(to, &network.floating))
		return false;
	*ifaces = c->address;
	memcpy(mac, c->mac, sizeof c->mac);
	return true;
}

/* Nobody has a server's own address but that server: strangers are known by their claims alone. */
static bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	const struct client *c = (const struct client *)world_entered();

	for (unsigned i = 0; c->on_link && i < NETWORK_MACHINES_MAX; i++) {
		const struct machine *m = network.machines[i];
		if (m && endpoint_same_address(to, &m->droplet)) {
			memcpy(mac, m->link.mac, EVIDENCE_MAC_LEN);
			return true;
		}
	}
	return false;
}

static bool has_mac(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	const struct client *c = (const struct client *)world_entered();

	return is_same_mac(c->mac, mac) || is_same_mac(c->arp_mac, mac);
}

const struct link_ops link_of_clients = {
	.own_mac = own_mac,
	.neighbour_mac = neighbour_mac,
	.has_mac = has_mac,
};

/* -- floatprobed -- */

void link_open(struct link *l)
{
	static struct findings findings;
	const struct neighbour_watch_settings settings = {
		.port = WIRE_PORT,
		.udp = true,
		.tcp = true,
		.repair = l->repairs,
		.netlink = &l->netlink,
		.ifaces = &l->ifaces,
		.findings = &findings,
	};

	world_enter(&l->machine->clock);
	l->neighbour_watch = neighbour_watch_new(&settings);
	l->address_watch = address_watch_new(&l->ifaces, &findings);
	l->syn_watch = syn_watch_new(WIRE_PORT);
	if (!l->neighbour_watch || !l->address_watch || !l->syn_watch ||
	    ifaces_read(&l->ifaces, &l->netlink, clock_mono_ns()) != 0)
		abort();
	for (unsigned i = 0; i < l->neighbours_len; i++)
		if (l->neighbours[i].entry.state)
			neighbour_watch_know(l->neighbour_watch, &l->neighbours[i].entry);
	if (l->raw != (neighbour_watch_start(l->neighbour_watch, &l->loop) == 0) ||
	    l->raw != (address_watch_start(l->address_watch, &l->loop) == 0) ||
	    l->raw != (syn_watch_start(l->syn_watch, &l->loop) == 0))
		abort();
}

void link_assign(struct link *l, bool has_floating)
{
	l->machine->has_floating = has_floating;
	world_enter(&l->machine->clock);
	if (ifaces_read(&l->ifaces, &l->netlink, clock_mono_ns()) != 0)
		abort();
}

void link_close(struct link *l)
{
	neighbour_watch_stop(l->neighbour_watch);
	address_watch_stop(l->address_watch);
	syn_watch_stop(l->syn_watch);
	neighbour_watch_free(l->neighbour_watch);
	address_watch_free(l->address_watch);
	syn_watch_free(l->syn_watch);
	l->syn_watch = NULL;
	l->neighbour_watch = NULL;
	l->address_watch = NULL;
}

/* As link_watch_event and link_watch_collect: what the kernel has told by now comes first. */
void link_event(struct link *l, const struct reflector_event *event)
{
	read_changes(l);
	neighbour_watch_event(l->neighbour_watch, event);
}

void link_accepted(struct link *l, const struct endpoint *peer)
{
	world_enter(&l->machine->clock);
	if (l->syn_watch)
		syn_watch_accepted(l->syn_watch, peer);
}

void link_find_syns(struct link *l, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft)
{
	syn_watch_collect(l->syn_watch, query, querier, draft);
}

void link_collect(struct link *l, const struct evidence_query *query, const struct endpoint *querier,
		  struct draft *draft)
{
	read_changes(l);
	neighbour_watch_collect(l->neighbour_watch, query, querier, draft);
	for (unsigned i = 0; i < draft->answer.holdings_len; i++) {
		struct evidence_holding *h = &draft->answer.holdings[i];
		int64_t lost_ns = ifaces_lost_ns(&l->ifaces, &h->address);
		h->state = ifaces_address(&l->ifaces, &h->address) ? EVIDENCE_HELD : EVIDENCE_ABSENT;
		h->absent_ms = lost_ns ? (uint32_t)((clock_mono_ns() - lost_ns) / MS) : UINT32_MAX;
	}
	address_watch_collect(l->address_watch, &draft->answer);
}

/* Findings are nobody's here: verdicts are what is looked at. */
void findings_tell(struct findings *findings, enum findings_kind kind, json_t *details, const char *format, ...)
{
	(void)findings;
	(void)kind;
	(void)format;
	json_decref(details);
}

/* -- frames -- */

static bool is_straight(const struct link *l, const struct parcel *p)
{
	return p->client->on_link && endpoint_same_address(&p->asked, &l->machine->droplet);
}

/* A connection request, with the option of a timestamp or without any. */
static void put_tcp(uint8_t *tcp, const struct parcel *p)
{
	static const uint8_t padding = 1, kind = 8, len = 10;

	tcp[IP_TCP_FLAGS] = IP_TCP_SYN;
	tcp[IP_TCP_DATA_OFFSET] = (uint8_t)((p->has_timestamp ? TCP_LEN : TCP_LEN - len - 2) / 4 << 4);
	tcp[TCP_TIMESTAMP_AT - 2] = tcp[TCP_TIMESTAMP_AT - 1] = padding;
	tcp[TCP_TIMESTAMP_AT] = kind;
	tcp[TCP_TIMESTAMP_AT + 1] = len;
	bytes_put32(tcp + TCP_TIMESTAMP_AT + 2, p->timestamp);
}

/* As much of it as taps look at: of TCP they want connection requests only. */
void link_receive(struct link *l, const struct parcel *p, const struct endpoint *local)
{
	uint8_t buf[FRAMING_LEN] = { 0x45, [IP4_PROTOCOL] = p->tcp ? IP_TCP : IP_UDP };
	struct packet_socket_frame frame = {
		.buf = buf, .len = sizeof buf, .protocol = ETH_P_IP, .link = LINK_INDEX, .has_mac = true
	};

	if (!l->taps || (p->tcp && p->kind != SYN))
		return;
	memcpy(buf + IP4_SOURCE, p->seen.address + sizeof endpoint_v4_prefix, 4);
	memcpy(buf + IP4_DESTINATION, local->address + sizeof endpoint_v4_prefix, 4);
	bytes_put16(buf + IP4_LEN_MIN, p->seen.port);
	bytes_put16(buf + IP4_LEN_MIN + 2, WIRE_PORT);
	if (p->tcp)
		put_tcp(buf + IP4_LEN_MIN, p);
	else if (p->len >= CAPTURES_PAYLOAD_LEN)
		memcpy(buf + IP4_LEN_MIN + IP_UDP_LEN, p->buf, CAPTURES_PAYLOAD_LEN);
	memcpy(frame.mac, is_straight(l, p) ? p->client->mac : network.router_mac, sizeof frame.mac);
	world_enter(&l->machine->clock);
	frame.received_ns = clock_mono_ns();
	link_taps_hear(l, &frame);
}

bool link_carries(struct link *l, const struct parcel *p)
{
	struct link_neighbour *n = is_straight(l, p) ? link_find(l, &p->seen) : NULL;

	if (!n)
		return true;
	use(n);
	return is_right(n);
}

/* -- faults -- */

static struct link_neighbour *neighbour_of(struct link *l, const struct client *client)
{
	struct link_neighbour *n = link_find(l, &client->address);

	if (!n)
		abort(); /* a fault of the link, in a story without STORY_FLAT */
	return n;
}

int64_t link_spoil(struct link *l, const struct client *client, uint16_t state)
{
	struct link_neighbour *n = neighbour_of(l, client);

	memcpy(n->entry.mac, dead_mac, sizeof n->entry.mac);
	if (state == NUD_REACHABLE)
		reach(n);
	else
		set_state(n, state, 0);
	if (state == NUD_PERMANENT)
		return INT64_MAX;
	return (n->over.place ? n->over.at_ns - world_now() : 0) + delay_ns + probes_ns;
}

void link_hear(struct link *l, const struct client *client)
{
	struct link_neighbour *n = neighbour_of(l, client);

	memcpy(n->entry.mac, client->arp_mac, sizeof n->entry.mac);
	set_state(n, NUD_STALE, 0);
}

static void hear_claim(struct event *event)
{
	struct link *l = (struct link *)((char *)event - offsetof(struct link, claim));
	uint8_t buf[CLAIMS_ARP_LEN];
	struct packet_socket_frame frame = {
		.buf = buf, .len = sizeof buf, .protocol = ETH_P_ARP, .link = LINK_INDEX, .has_mac = true
	};

	claims_write_arp_probe(buf, l->claimed_by, &l->claimed);
	memcpy(buf + CLAIMS_ARP_SENDER, l->claimed.address + sizeof endpoint_v4_prefix, 4);
	memcpy(frame.mac, l->claimed_by, sizeof frame.mac);
	world_enter(&l->machine->clock);
	frame.received_ns = clock_mono_ns();
	link_taps_hear(l, &frame);
	if (l->claimed_once)
		l->claimed = (struct endpoint){ .port = 0 };
}

void link_ask(struct link *l, const struct endpoint *address)
{
	if (endpoint_same_address(&l->claimed, address))
		world_schedule(&l->claim, world_now() + world_between(200 * US, 2 * MS));
}

void link_claim(struct link *l, const struct endpoint *address, const struct link *other)
{
	l->claimed = *address;
	memcpy(l->claimed_by, other->mac, sizeof l->claimed_by);
	l->claim.happens = hear_claim;
	link_ask(l, address);
}

void link_claim_once(struct link *l, const struct endpoint *address, const struct link *other)
{
	l->claimed_once = true;
	link_claim(l, address, other);
}
