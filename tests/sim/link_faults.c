#include "tests/sim/link_faults.h"

#include <linux/neighbour.h>

/* -- what is to be said -- */

static bool say(struct expectation *e, enum verdict_state state, enum verdict_direction direction,
		enum verdict_cause cause)
{
	*e = (struct expectation){ .state = state, .direction = direction, .cause = cause };
	return true;
}

static bool say_as_lost(struct expectation *e)
{
	*e = (struct expectation){ .state = VERDICT_LOSSY,
				   .cause = VERDICT_CAUSE_UNEXPLAINED,
				   .meanwhile = VERDICT_CAUSE_PROTOCOL_FILTERED,
				   .as_lost = true };
	return true;
}

static bool is_droplet_0(const struct path *p)
{
	return p->target->role == CONFIG_DROPLET && p->target->servers[0] == 0;
}

static bool is_first_vantage(const struct story *s, const struct path *p)
{
	return story_vantage_of(s, p) == &s->vantages[0];
}

/* -- stale neighbour -- */

static int64_t spoil(struct story *s, uint16_t state)
{
	return link_spoil(&s->machines[0].link, &s->vantages[0].host, state);
}

void link_faults_spoil(struct story *s)
{
	spoil(s, NUD_PERMANENT);
}

/* Who sees no frames knows why only if the client has told it its MAC, in a question that it could not answer. */
bool link_faults_stale(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!is_droplet_0(p) || !is_first_vantage(s, p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_RETURN, VERDICT_CAUSE_STALE_NEIGHBOUR);
	e->vaguer = s->machines[0].link.raw ? VERDICT_CAUSE_NONE : VERDICT_CAUSE_UNEXPLAINED;
	return true;
}

/* It has to be named if it lasts so long that there are losses enough, and an answer to who asks about them. */
static void say_healed(const struct story *s, int64_t lasts_ns, struct expectation *e)
{
	say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_NONE);
	e->meanwhile = VERDICT_CAUSE_STALE_NEIGHBOUR;
	if (s->machines[0].link.raw && lasts_ns > 5 * s->every_ns + 2 * s->timeout_ns + 3 * S)
		e->once = VERDICT_CAUSE_STALE_NEIGHBOUR;
}

static void client_asks(struct event *event)
{
	struct story *s = (struct story *)((char *)event - offsetof(struct story, later));

	link_hear(&s->machines[0].link, &s->vantages[0].host);
}

void link_faults_spoil_until_arp(struct story *s)
{
	spoil(s, NUD_REACHABLE);
	story_later(s, world_between(2 * S, 14 * S), client_asks);
}

/* By itself: a while after the state's own time. */
static void nothing(struct event *event)
{
	(void)event;
}

void link_faults_spoil_healing(struct story *s)
{
	story_later(s, spoil(s, world_chance(0.5) ? NUD_REACHABLE : NUD_STALE), nothing);
}

bool link_faults_healed(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!is_droplet_0(p) || !is_first_vantage(s, p))
		return false;
	say_healed(s, s->later.at_ns - world_now(), e);
	return true;
}

bool link_faults_repaired(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!is_droplet_0(p) || !is_first_vantage(s, p))
		return false;
	say_healed(s, 0, e);
	return true;
}

void link_faults_spoil_and_lose(struct story *s)
{
	spoil(s, NUD_PERMANENT);
	network_rule(&(struct rule){
	    .direction = RETURN, .udp = true, .tcp = true, .asked = network.floating, .p = world_uniform(0.15, 0.5) });
}

bool link_faults_stale_and_lossy(const struct story *s, const struct path *p, struct expectation *e)
{
	if (story_is_floating(p))
		return say_as_lost(e);
	if (!link_faults_stale(s, p, e))
		return false;
	e->vaguer = VERDICT_CAUSE_UNEXPLAINED; /* the only way to ask loses questions */
	e->or_unknown = true;
	return true;
}

/* -- an entry that is right -- */

static void lose_return(struct story *s, double share)
{
	network_rule(&(struct rule){
	    .direction = RETURN, .udp = true, .tcp = true, .asked = s->machines[0].droplet, .p = share });
}

void link_faults_cut_return(struct story *s)
{
	lose_return(s, 1);
}

bool link_faults_cut_is_return(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return is_droplet_0(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_RETURN, VERDICT_CAUSE_UNEXPLAINED);
}

void link_faults_lose_return(struct story *s)
{
	lose_return(s, world_uniform(0.15, 0.6));
}

bool link_faults_as_lost(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return is_droplet_0(p) && say_as_lost(e);
}

static void lose_later(struct event *event)
{
	struct story *s = (struct story *)((char *)event - offsetof(struct story, later));

	lose_return(s, world_chance(0.5) ? 1 : world_uniform(0.15, 0.6));
}

/* Its address is on one of them, its frames leave by the other. */
static void arp_from_elsewhere(struct story *s, const uint8_t mac[RTNL_MAC_LEN])
{
	for (unsigned i = 0; i < s->vantages_len; i++)
		memcpy(s->vantages[i].host.arp_mac, mac, RTNL_MAC_LEN);
}

void link_faults_two_interfaces(struct story *s)
{
	static const uint8_t other_interface[RTNL_MAC_LEN] = { 0x02, 0x00, 0x00, 0x00, 0x0e, 0x01 };

	arp_from_elsewhere(s, other_interface);
	story_later(s, 4 * s->every_ns + 3 * S, lose_later);
}

/* From the start: both its own MAC and that of the router before the others are virtual ones, or neither is. */
void link_faults_virtual_router(struct story *s)
{
	arp_from_elsewhere(s, link_virtual_mac);
	memcpy(network.router_mac, link_virtual_mac, sizeof network.router_mac);
	lose_return(s, world_chance(0.5) ? 1 : world_uniform(0.15, 0.6));
}

/* -- the server's own kernel -- */

/* Both protocols at one address, or one of them at one or at all: so that there is a way left to ask. */
void link_faults_firewall(struct story *s)
{
	struct machine *m = &s->machines[0];
	bool both = world_chance(0.3);

	m->firewall.udp = both || world_chance(0.5);
	m->firewall.tcp = both || !m->firewall.udp;
	if (both || world_chance(0.5))
		m->firewall.asked = world_chance(0.5) ? m->droplet : network.floating;
}

/* Behind a NAT it may not be known which address of the server's it is that the probes come in by; and of few SYNs it
 * is proven that they did not come. */
bool link_faults_firewalled(const struct story *s, const struct path *p, struct expectation *e)
{
	const struct machine *m = &s->machines[0];
	bool known = is_droplet_0(p) || !endpoint_is_unknown(&p->facts.arrived_on);
	enum verdict_cause less =
	    m->firewall.udp && m->firewall.tcp ? VERDICT_CAUSE_UNEXPLAINED : VERDICT_CAUSE_PROTOCOL_FILTERED;

	if ((!is_droplet_0(p) && !story_is_floating(p)) ||
	    !(p->kind == PROBE_TCP ? m->firewall.tcp : m->firewall.udp) ||
	    (!endpoint_is_unknown(&m->firewall.asked) && !endpoint_same_address(&m->firewall.asked, &p->endpoint)))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, m->link.raw ? VERDICT_CAUSE_SERVER_FIREWALL : less);
	if (!known || p->kind == PROBE_TCP)
		e->vaguer = less;
	e->meanwhile = less;
	e->or_unknown = p->kind == PROBE_TCP;
	return true;
}

void link_faults_fill_sockets(struct story *s)
{
	bool udp = world_chance(0.7), tcp = !udp || world_chance(0.5);

	s->machines[0].udp_full = udp ? world_uniform(0.15, 0.7) : 0;
	s->machines[0].tcp_full = tcp ? world_uniform(0.15, 0.7) : 0;
}

bool link_faults_sockets_full(const struct story *s, const struct path *p, struct expectation *e)
{
	const struct machine *m = &s->machines[0];

	return (is_droplet_0(p) || story_is_floating(p)) && (p->kind == PROBE_TCP ? m->tcp_full : m->udp_full) > 0 &&
	       say_as_lost(e);
}

/* -- a stranger has the address, too -- */

void link_faults_squat(struct story *s)
{
	struct machine *stranger = story_stranger(s), *m = &s->machines[0];

	machine_stop(stranger, MACHINE_STOPPED);
	network.squatter = stranger;
	network.squatted = m->droplet;
	link_claim(&m->link, &m->droplet, &stranger->link);
}

/* Who is refused knows why, and asks the server only where something was lost besides. */
bool link_faults_squatted(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!is_droplet_0(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD,
	    s->machines[0].link.raw ? VERDICT_CAUSE_DUPLICATE_ADDRESS : VERDICT_CAUSE_REFUSED);
	e->or_unknown = p->kind == PROBE_UDP;
	e->vaguer = VERDICT_CAUSE_REFUSED;
	return true;
}

static void cut_forward_later(struct event *event)
{
	const struct story *s = (struct story *)((char *)event - offsetof(struct story, later));

	network_rule(
	    &(struct rule){ .direction = FORWARD, .udp = true, .tcp = true, .asked = s->machines[0].droplet, .p = 1 });
}

void link_faults_claim_and_cut(struct story *s)
{
	struct link *l = &s->machines[0].link;

	link_claim_once(l, &s->machines[0].droplet, &story_stranger(s)->link);
	story_later(s, world_between(1, 4 * s->every_ns + 3 * S), cut_forward_later);
}

bool link_faults_cut_is_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (!is_droplet_0(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_UNEXPLAINED);
	e->or_unknown = p->kind == PROBE_TCP;
	return true;
}
