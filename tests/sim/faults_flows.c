#include "tests/sim/faults.h"

#include "tests/sim/sayings.h"

static struct story *story_of(struct event *later)
{
	return (struct story *)((char *)later - offsetof(struct story, later));
}

/* -- a whole server is cut off from clients, while servers reach each other -- */

/* All of them, or the first only. */
static const struct client *some_clients(const struct story *s)
{
	return s->vantages_len > 1 && world_chance(0.5) ? &s->vantages[0].host : NULL;
}

static void cut_server(struct story *s, enum direction direction)
{
	struct rule rule = { .direction = direction, .udp = true, .tcp = true, .p = 1, .client = some_clients(s) };

	if (direction == RETURN) {
		rule.machine = &s->machines[0];
		network_rule(&rule);
		return;
	}
	rule.asked = network.floating;
	network_rule(&rule);
	rule.asked = s->machines[0].droplet;
	network_rule(&rule);
}

static void cut_server_forward(struct story *s)
{
	cut_server(s, FORWARD);
}

static void cut_server_return(struct story *s)
{
	cut_server(s, RETURN);
}

static void cut_server_somehow(struct story *s)
{
	cut_server(s, world_chance(0.5) ? FORWARD : RETURN);
}

static void cut_server_and_lose(struct story *s)
{
	network.peers_lose = world_uniform(0.01, 0.3);
	cut_server_somehow(s);
}

static void cut_server_no_help(struct story *s)
{
	double u = world_uniform(0, 1);

	cut_server_somehow(s);
	if (u < 0.3)
		network.peers_lose = 1;
	else if (u < 0.6)
		s->machines[0].hesitates_ns = world_between(1100 * MS, 3 * S);
	else
		for (unsigned i = 1; i < s->servers; i++)
			machine_stop(&s->machines[i], MACHINE_GONE);
}

static void cut_server_lied_about(struct story *s)
{
	cut_server_somehow(s);
	for (unsigned i = 1; i < s->servers; i++)
		s->machines[i].lies = world_chance(0.5) ? MACHINE_ALTERS : MACHINE_REPEATS;
}

/* Does the newest rule strike whom this path belongs to? */
static bool is_struck(const struct story *s, const struct path *p)
{
	const struct rule *r = &network.rules[network.rules_len - 1];
	const struct vantage *v = story_vantage_of(s, p);

	return !r->client || r->client == &v->host;
}

static bool is_cut_off(const struct story *s, const struct path *p)
{
	return (is_server_0(p) || story_is_floating(p)) && is_struck(s, p);
}

/* Of TCP all servers have to speak within the first second of an attempt. */
static bool cut_off(const struct story *s, const struct path *p, struct expectation *e,
		    enum verdict_direction direction)
{
	if (!is_cut_off(s, p))
		return false;
	say(e, VERDICT_DOWN, direction, VERDICT_CAUSE_UNEXPLAINED);
	e->or_unknown = p->kind == PROBE_TCP;
	return true;
}

static bool server_cut_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	return cut_off(s, p, e, VERDICT_DIRECTION_FORWARD);
}

static bool server_cut_return(const struct story *s, const struct path *p, struct expectation *e)
{
	return cut_off(s, p, e, VERDICT_DIRECTION_RETURN);
}

static bool server_cut_peers_lose(const struct story *s, const struct path *p, struct expectation *e)
{
	return cut_off(s, p, e, VERDICT_DIRECTION_UNKNOWN);
}

/* Nobody who could be asked reaches it: as far as can be seen it is down. */
static bool server_cut_no_help(const struct story *s, const struct path *p, struct expectation *e)
{
	const struct machine *own = &s->machines[p->target->servers[0]];

	if (!is_cut_off(s, p) && (story_is_floating(p) || own->state == MACHINE_UP))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN,
	    story_is_floating(p) && s->servers > 1 ? VERDICT_CAUSE_HOLDER_DOWN : VERDICT_CAUSE_SERVER_DOWN);
	e->or_cause = VERDICT_CAUSE_UNEXPLAINED;
	return true;
}

static bool server_cut_lied_about(const struct story *s, const struct path *p, struct expectation *e)
{
	return cut_off(s, p, e, VERDICT_DIRECTION_UNKNOWN) && (e->unknowable = true);
}

/* -- all servers are out of reach, for a while -- */

static int64_t a_while_ns(const struct story *s)
{
	return (int64_t)(world_uniform(2, 8) * (double)s->every_ns) + world_between(0, 8 * S);
}

static void comes_back(struct event *event)
{
	(void)event;
	network.rules_len--;
}

static void goes_dark(struct event *event)
{
	struct story *s = story_of(event);

	network_rule(
	    &(struct rule){ .direction = world_chance(0.5) ? FORWARD : RETURN, .udp = true, .tcp = true, .p = 1 });
	if (--s->steps > 0)
		story_later(s, a_while_ns(s), comes_back);
}

static void cut_off_for_a_while(struct story *s)
{
	s->steps = 2;
	story_later(s, 1, goes_dark);
}

/* First this server is out of reach, then every other one, too: it is heard no less than these. */
static void cut_server_then_clients(struct story *s)
{
	cut_server_somehow(s);
	s->steps = 1;
	story_later(s, a_while_ns(s), goes_dark);
}

/* .. and then the others are there again. */
static void cut_server_and_clients(struct story *s)
{
	cut_server_somehow(s);
	s->steps = 2;
	story_later(s, a_while_ns(s), goes_dark);
}

static bool some_dark(const struct story *s, const struct path *p, struct expectation *e)
{
	if (is_cut_off(s, p))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_UNEXPLAINED);
	return say_as_lost(e);
}

static bool all_were_dark(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say_as_lost(e);
}

static bool all_dark(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_UNEXPLAINED);
}

static void lose_server(struct story *s)
{
	machine_stop(&s->machines[0], MACHINE_GONE);
}

static bool server_lost(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (is_server_0(p))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	return story_is_floating(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_HOLDER_DOWN);
}

/* -- two machines hold the floating address -- */

static void share(struct machine *second, enum sharing sharing, const struct story *s)
{
	network.second = second;
	network.sharing = sharing;
	network.sharing_salt = world_random();
	network.turn_ns = (int64_t)(world_uniform(1, s->mode == MODE_CHECK ? 2.5 : 5) * (double)s->every_ns);
}

#define SHARE(name, sharing)                                                                                           \
	static void name(struct story *s)                                                                              \
	{                                                                                                              \
		share(&s->machines[1], sharing, s);                                                                    \
	}

SHARE(share_by_packet, SHARED_BY_PACKET)
SHARE(share_in_turn, SHARED_IN_TURN)
SHARE(share_by_flow, SHARED_BY_FLOW)
SHARE(share_at_once, SHARED_AT_ONCE)

/* The same key on another machine. What comes to that one has come to no server: elsewhere. Boots that share a mark
 * (the prober's, one of 255) can't be told apart. */
static void share_with_copy(struct story *s)
{
	struct machine *copy = story_stranger(s);

	copy->identity = s->machines[0].identity;
	do
		machine_start(copy);
	while (copy->boot_id % UINT8_MAX == s->machines[0].boot_id % UINT8_MAX);
	share(copy, (enum sharing)world_between(SHARED_BY_PACKET, SHARED_AT_ONCE), s);
}

/* A flow that one of the two gets for ever is as good as any. */
static bool two_hold(const struct story *s, const struct path *p, struct expectation *e)
{
	bool stays = network.sharing == SHARED_BY_FLOW && p->kind == PROBE_UDP && p->held >= 0;

	(void)s;
	if (!story_is_floating(p))
		return false;
	if (stays) {
		say_up(e);
		e->or_meanwhile = VERDICT_CAUSE_FAILOVER; /* it may have moved, once */
		return true;
	}
	say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_DUPLICATE_ADDRESS);
	e->any_state = e->if_two_answered = true;
	e->or_meanwhile = VERDICT_CAUSE_FAILOVER; /* at first it looks like a move */
	return true;
}

/* -- moves and restarts that are no fight -- */

static void moves_on(struct event *event)
{
	struct story *s = story_of(event);

	network.holder = &s->machines[network.holder == &s->machines[0]];
	if (--s->steps > 0)
		story_later(s, (int64_t)(world_uniform(12, 16) * (double)s->every_ns), moves_on);
}

static void move_slowly(struct story *s)
{
	s->steps = 4;
	story_later(s, 1, moves_on);
}

static bool moved_slowly(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (!story_is_floating(p))
		return false;
	say_up(e);
	e->or_meanwhile = VERDICT_CAUSE_FAILOVER; /* a connection may break */
	return true;
}

static void restarts(struct event *event)
{
	struct story *s = story_of(event);
	struct machine *m = &s->machines[s->steps % 2 ? 0 : s->restarts];

	if (m->state == MACHINE_UP && world_chance(0.5)) {
		machine_stop(m, world_chance(0.5) ? MACHINE_STOPPED : MACHINE_GONE);
		story_later(s, world_between(1, s->every_ns), restarts);
		return;
	}
	machine_start(m);
	if (--s->steps > 0)
		story_later(s, (int64_t)(world_uniform(0.5, 8) * (double)s->every_ns), restarts);
}

static void restart_often(struct story *s)
{
	s->steps = 5;
	s->restarts = 0;
	story_later(s, 1, restarts);
}

/* The old holder, the new one, both. */
static void restart_and_move(struct story *s)
{
	network.holder = &s->machines[1];
	s->steps = (unsigned)world_between(1, 3);
	s->restarts = 1;
	story_later(s, world_between(1, 2 * s->every_ns), restarts);
}

static bool restarted(const struct story *s, const struct path *p, struct expectation *e)
{
	bool may = story_is_floating(p) || p->target->servers[0] <= s->restarts;

	if (!may)
		return false;
	say_as_lost(e);
	e->meanwhile = e->or_cause = VERDICT_CAUSE_REFUSED;
	if (s->restarts > 0 && story_is_floating(p))
		e->or_meanwhile = VERDICT_CAUSE_FAILOVER;
	return true;
}

/* -- flows -- */

static bool is_not_first(const struct rule *r, const struct parcel *p)
{
	(void)r;
	return network_passed_before(p);
}

static bool is_of_held_flow(const struct rule *r, const struct parcel *p)
{
	(void)r;
	return p->from.port == DIALERS_HELD_PORT;
}

/* One of four ways, or two, are broken; a source port always takes the same. */
static bool port_is_broken(uint64_t salt, uint16_t port)
{
	return network_hash(salt, port) % 4 <= salt % 2;
}

static bool takes_broken_route(const struct rule *r, const struct parcel *p)
{
	return port_is_broken(r->salt, p->from.port);
}

static void strike_flows(enum direction direction, bool tcp, uint64_t salt,
			 bool (*concerns)(const struct rule *rule, const struct parcel *parcel))
{
	network_rule(&(struct rule){ .direction = direction,
				     .udp = true,
				     .tcp = tcp,
				     .asked = network.floating,
				     .p = 1,
				     .concerns = concerns,
				     .salt = salt });
}

#define STRIKE_FLOWS(name, direction, concerns)                                                                        \
	static void name(struct story *s)                                                                              \
	{                                                                                                              \
		(void)s;                                                                                               \
		strike_flows(direction, false, 0, concerns);                                                           \
	}

STRIKE_FLOWS(pass_first_forward, FORWARD, is_not_first)
STRIKE_FLOWS(pass_first_return, RETURN, is_not_first)
STRIKE_FLOWS(cut_flow_forward, FORWARD, is_of_held_flow)
STRIKE_FLOWS(cut_flow_return, RETURN, is_of_held_flow)

static unsigned broken_held(uint64_t salt)
{
	unsigned n = 0;

	for (unsigned i = 0; i < STORY_HELD_FLOWS; i++)
		n += port_is_broken(salt, (uint16_t)(DIALERS_HELD_PORT + i));
	return n;
}

/* Of eight flows at least two fail, and at least three do not, of which one may lose a probe: fewer are no part. */
static void break_routes(enum direction direction)
{
	uint64_t salt;
	unsigned broken;

	do {
		salt = world_random();
		broken = broken_held(salt);
	} while (broken < 2 || broken > STORY_HELD_FLOWS - 3);
	strike_flows(direction, true, salt, takes_broken_route);
}

static void break_routes_forward(struct story *s)
{
	(void)s;
	break_routes(FORWARD);
}

static void break_routes_return(struct story *s)
{
	(void)s;
	break_routes(RETURN);
}

static bool is_held(const struct path *p)
{
	return story_is_floating(p) && p->kind == PROBE_UDP && p->held >= 0;
}

static bool first_only(const struct path *p, struct expectation *e, const struct story *s,
		       enum verdict_direction direction)
{
	if (!is_held(p))
		return false;
	say(e, s->mode == MODE_CHECK ? VERDICT_LOSSY : VERDICT_DOWN, direction, VERDICT_CAUSE_FIRST_PACKET_ONLY);
	if (s->floor > 0) { /* the first packet may have been lost, too */
		e->or_cause = VERDICT_CAUSE_STUCK_FLOW;
		e->any_state = s->mode == MODE_CHECK;
	}
	return true;
}

static bool first_only_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	return first_only(p, e, s, VERDICT_DIRECTION_FORWARD);
}

static bool first_only_return(const struct story *s, const struct path *p, struct expectation *e)
{
	return first_only(p, e, s, VERDICT_DIRECTION_RETURN);
}

static bool stuck_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return is_held(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_STUCK_FLOW);
}

static bool stuck_return(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return is_held(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_RETURN, VERDICT_CAUSE_STUCK_FLOW);
}

/* New ports: of a few probes it can't be said that part of the ports fail. */
static bool some_ports(const struct story *s, const struct path *p, struct expectation *e,
		       enum verdict_direction direction)
{
	const struct rule *r = &network.rules[network.rules_len - 1];

	if (!story_is_floating(p))
		return false;
	if (p->kind == PROBE_TCP)
		return say_as_lost(e);
	if (p->held < 0) {
		say(e, VERDICT_LOSSY, direction, VERDICT_CAUSE_SOME_PORTS);
		e->any_state = true;
		e->or_unnamed = s->mode == MODE_CHECK;
		return true;
	}
	return port_is_broken(r->salt, (uint16_t)(DIALERS_HELD_PORT + p->held)) &&
	       say(e, VERDICT_DOWN, direction, VERDICT_CAUSE_SOME_PORTS);
}

static bool some_ports_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	return some_ports(s, p, e, VERDICT_DIRECTION_FORWARD);
}

static bool some_ports_return(const struct story *s, const struct path *p, struct expectation *e)
{
	return some_ports(s, p, e, VERDICT_DIRECTION_RETURN);
}

/* -- the address moves, and the provider's NAT still knows the old holder, which is gone -- */

static void leaves(struct event *event)
{
	struct story *s = story_of(event);

	network.holder = &s->machines[1];
	machine_stop(&s->machines[0], MACHINE_GONE);
}

static void leave_stuck(struct story *s)
{
	network.pins = true;
	story_later(s, 2 * s->every_ns, leaves); /* what is to be pinned has to be seen before */
}

static bool stuck_dead(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (is_held(p))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_STUCK_FLOW);
	if (story_is_floating(p)) {
		say_up(e);
		e->or_meanwhile = VERDICT_CAUSE_FAILOVER;
		return true;
	}
	return is_server_0(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN) &&
	       (e->vaguer = VERDICT_CAUSE_UNEXPLAINED, true);
}

/* -- unpinned twins -- */

static bool unpinned(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return story_is_floating(p) && p->kind == PROBE_UDP &&
	       say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_UNPINNED_REPLY);
}

static void choose_right_source(struct story *s)
{
	for (unsigned i = 0; i < s->servers; i++)
		s->machines[i].unpinned_fine = true;
}

/* -- a machine without our server holds the address -- */

static void stranger_refuses(struct story *s)
{
	machine_stop(story_stranger(s), MACHINE_STOPPED);
	network.holder = story_stranger(s);
}

static void stranger_refuses_some(struct story *s)
{
	machine_stop(story_stranger(s), MACHINE_STOPPED);
	share(story_stranger(s), (enum sharing)world_between(SHARED_BY_PACKET, SHARED_IN_TURN), s);
}

static bool refused_by_stranger(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!story_is_floating(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_REFUSED);
	e->or_cause = VERDICT_CAUSE_DUPLICATE_ADDRESS;
	e->or_unknown = p->kind == PROBE_UDP; /* errors are rare */
	e->any_state = e->or_unnamed = network.sharing != SHARED_NOT;
	(void)s;
	return true;
}

/* -- the clients' NAT forgets flows between their probes -- */

static void forget_flows(struct story *s)
{
	(void)s;
	network.nat_keeps_ns = world_between(2 * S, 8 * S);
}

/* -- the table -- */

enum {
	TWO = STORY_TWO_SERVERS,
	WITNESSED = STORY_TWO_SERVERS | STORY_PEERS,
	FOUGHT_OVER = STORY_TWO_SERVERS | STORY_LONG,
	HARD = STORY_TIMED,
	LONG = STORY_LONG,
};

const struct fault faults_flows[] = {
	{ "server cut forward, witnessed", HARD | WITNESSED, cut_server_forward, server_cut_forward },
	{ "server cut return, witnessed", HARD | WITNESSED, cut_server_return, server_cut_return },
	{ "server cut, witnesses lose", HARD | WITNESSED, cut_server_and_lose, server_cut_peers_lose },
	{ "server cut, no witness helps", HARD | WITNESSED, cut_server_no_help, server_cut_no_help },
	{ "server cut, witnesses lie", HARD | WITNESSED, cut_server_lied_about, server_cut_lied_about },
	{ "server cut, later its clients", WITNESSED | STORY_RUN_ONLY, cut_server_then_clients, all_dark },
	{ "server cut, its clients for a while", WITNESSED | LONG | STORY_RUN_ONLY, cut_server_and_clients, some_dark },
	{ "client cut off for a while", TWO | LONG | STORY_RUN_ONLY, cut_off_for_a_while, all_were_dark },
	{ "server gone, no witness reaches it", HARD | WITNESSED, lose_server, server_lost },
	{ "two hold it, by packet", FOUGHT_OVER, share_by_packet, two_hold },
	{ "two hold it, in turn", FOUGHT_OVER, share_in_turn, two_hold },
	{ "two hold it, by flow", FOUGHT_OVER, share_by_flow, two_hold },
	{ "two hold it, both answer", FOUGHT_OVER, share_at_once, two_hold },
	{ "a copy holds it too", LONG, share_with_copy, two_hold },
	{ "moves there and back", TWO | LONG | STORY_RUN_ONLY | STORY_LOSSLESS, move_slowly, moved_slowly },
	{ "restarts", LONG | STORY_RUN_ONLY, restart_often, restarted },
	{ "restarts while it moves", TWO | LONG | STORY_RUN_ONLY, restart_and_move, restarted },
	{ "first packet only, forward", LONG | STORY_FROM_START, pass_first_forward, first_only_forward },
	{ "first packet only, return", LONG | STORY_FROM_START, pass_first_return, first_only_return },
	{ "some ports, forward", LONG | STORY_HELD, break_routes_forward, some_ports_forward },
	{ "some ports, return", LONG | STORY_HELD, break_routes_return, some_ports_return },
	{ "flow stuck, forward", LONG | HARD, cut_flow_forward, stuck_forward },
	{ "flow stuck, return", LONG | HARD, cut_flow_return, stuck_return },
	{ "flow stuck on the one that is gone", TWO | LONG | STORY_RUN_ONLY, leave_stuck, stuck_dead },
	{ "unpinned from elsewhere", LONG | STORY_UNPINNED | STORY_NO_NAT | STORY_FROM_START, NULL, unpinned },
	{ "unpinned lost behind NAT", LONG | STORY_UNPINNED | STORY_NAT | STORY_FROM_START, NULL, unpinned },
	{ "unpinned fine", LONG | STORY_UNPINNED | STORY_FROM_START, choose_right_source, all_healthy },
	{ "a stranger holds it", HARD, stranger_refuses, refused_by_stranger },
	{ "a stranger holds it too", LONG, stranger_refuses_some, refused_by_stranger },
	{ "NAT forgets flows", LONG | STORY_NAT | STORY_COLD | STORY_RUN_ONLY, forget_flows, all_healthy },
};

const size_t faults_flows_len = sizeof faults_flows / sizeof *faults_flows;
