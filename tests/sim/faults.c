#include "tests/sim/faults.h"

#include "tests/sim/link_faults.h"
#include "tests/sim/sayings.h"

#include <errno.h>

/* -- nothing -- */

static bool all_up(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say_up(e);
}

/* -- the floating address is cut -- */

static void cut(enum direction direction, bool udp, bool tcp, double p)
{
	network_rule(
	    &(struct rule){ .direction = direction, .udp = udp, .tcp = tcp, .asked = network.floating, .p = p });
}

#define CUT(name, direction, udp, tcp)                                                                                 \
	static void name(struct story *s)                                                                              \
	{                                                                                                              \
		(void)s;                                                                                               \
		cut(direction, udp, tcp, 1);                                                                           \
	}

CUT(cut_forward_udp, FORWARD, true, false)
CUT(cut_forward_tcp, FORWARD, false, true)
CUT(cut_forward, FORWARD, true, true)
CUT(cut_return_udp, RETURN, true, false)
CUT(cut_return_tcp, RETURN, false, true)
CUT(cut_return, RETURN, true, true)

/* What comes after the handshake. */
static bool is_data(const struct rule *r, const struct parcel *p)
{
	(void)r;
	return p->kind == DATA;
}

static void cut_data(enum direction direction)
{
	network_rule(&(struct rule){
	    .direction = direction, .tcp = true, .asked = network.floating, .concerns = is_data, .p = 1 });
}

static void cut_data_forward(struct story *s)
{
	(void)s;
	cut_data(FORWARD);
}

static void cut_data_return(struct story *s)
{
	(void)s;
	cut_data(RETURN);
}

/* Every packet of the clients, one way: no server is to blame. */
static void cut_off(struct story *s)
{
	(void)s;
	network_rule(
	    &(struct rule){ .direction = world_chance(0.5) ? FORWARD : RETURN, .udp = true, .tcp = true, .p = 1 });
}

#define FLOATING_IS(name, which, state, direction, cause)                                                              \
	static bool name(const struct story *s, const struct path *p, struct expectation *e)                           \
	{                                                                                                              \
		(void)s;                                                                                               \
		return story_is_floating(p) && (which) &&                                                              \
		       say(e, VERDICT_##state, VERDICT_DIRECTION_##direction, VERDICT_CAUSE_##cause);                  \
	}

FLOATING_IS(udp_filtered_forward, p->kind == PROBE_UDP, DOWN, FORWARD, PROTOCOL_FILTERED)
FLOATING_IS(tcp_filtered_forward, p->kind == PROBE_TCP, DOWN, FORWARD, PROTOCOL_FILTERED)
FLOATING_IS(udp_filtered_return, p->kind == PROBE_UDP, DOWN, RETURN, PROTOCOL_FILTERED)
FLOATING_IS(tcp_filtered_return, p->kind == PROBE_TCP, DOWN, RETURN, PROTOCOL_FILTERED)
FLOATING_IS(data_filtered_forward, p->kind == PROBE_TCP, DOWN, FORWARD, DATA_FILTERED)
FLOATING_IS(data_filtered_return, p->kind == PROBE_TCP, DOWN, RETURN, DATA_FILTERED)
FLOATING_IS(unexplained_forward, true, DOWN, FORWARD, UNEXPLAINED)
FLOATING_IS(unexplained_return, true, DOWN, RETURN, UNEXPLAINED)
FLOATING_IS(unexplained_unknown, true, DOWN, UNKNOWN, UNEXPLAINED)

/* -- it loses some -- */

static void lose(enum direction direction)
{
	bool udp = world_chance(0.7), tcp = !udp || world_chance(0.5);

	cut(direction, udp, tcp, world_uniform(0.15, 0.6));
}

static void lose_forward(struct story *s)
{
	(void)s;
	lose(FORWARD);
}

static void lose_return(struct story *s)
{
	(void)s;
	lose(RETURN);
}

static void lose_both(struct story *s)
{
	(void)s;
	cut(FORWARD, true, true, world_uniform(0.1, 0.4));
	cut(RETURN, true, true, world_uniform(0.1, 0.4));
}

static void bursts(enum direction direction)
{
	network_rule(&(struct rule){ .direction = direction,
				     .udp = true,
				     .tcp = true,
				     .asked = network.floating,
				     .enter = world_uniform(0.05, 0.2),
				     .leave = world_uniform(0.2, 0.5) });
}

static void bursts_forward(struct story *s)
{
	(void)s;
	bursts(FORWARD);
}

static void bursts_return(struct story *s)
{
	(void)s;
	bursts(RETURN);
}

/* Both protocols of the address are looked at, whichever it was that a rule struck. */
static bool floating_as_lost(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	for (unsigned i = 0; i < network.rules_len; i++) {
		const struct rule *r = &network.rules[i];
		if (!endpoint_is_unknown(&r->asked) && (p->kind == PROBE_TCP ? r->tcp : r->udp))
			return story_is_floating(p) && say_as_lost(e);
	}
	return false;
}

/* -- machines -- */

static void stop(struct story *s)
{
	machine_stop(&s->machines[0], MACHINE_STOPPED);
}

static bool refused(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return (is_server_0(p) || story_is_floating(p)) &&
	       say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_REFUSED) &&
	       (e->or_unknown = p->kind == PROBE_UDP, true);
}

static void vanish(struct story *s)
{
	machine_stop(&s->machines[0], MACHINE_GONE);
}

static bool server_down(const struct story *s, const struct path *p, struct expectation *e)
{
	if (is_server_0(p) || (s->servers == 1 && story_is_floating(p)))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	return story_is_floating(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_HOLDER_DOWN);
}

static bool server_down_told(const struct story *s, const struct path *p, struct expectation *e)
{
	return server_down(s, p, e) && meanwhile(e, VERDICT_CAUSE_UNREACHABLE);
}

static bool silent_alone(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_UNEXPLAINED);
}

static void vanish_noticed(struct story *s)
{
	machine_stop(&s->machines[0], MACHINE_UNREACHABLE);
}

static void restart_now(struct event *event)
{
	struct story *s = (struct story *)((char *)event - offsetof(struct story, later));

	machine_start(&s->machines[0]);
}

static void restart(struct story *s)
{
	machine_stop(&s->machines[0], world_chance(0.5) ? MACHINE_STOPPED : MACHINE_GONE);
	story_later(s, world_chance(0.3) ? 1 : world_between(0, 2 * S), restart_now);
}

static bool up_again(const struct story *s, const struct path *p, struct expectation *e)
{
	return (is_server_0(p) || story_is_floating(p)) && all_up(s, p, e) && meanwhile(e, VERDICT_CAUSE_REFUSED);
}

/* -- errors on the way -- */

static void prohibit(struct story *s)
{
	bool udp = world_chance(0.7), tcp = !udp || world_chance(0.5);

	(void)s;
	network_rule(&(struct rule){
	    .direction = FORWARD, .udp = udp, .tcp = tcp, .asked = network.floating, .effect = PROHIBIT, .p = 1 });
}

static bool prohibited(const struct story *s, const struct path *p, struct expectation *e)
{
	const struct rule *r = &network.rules[network.rules_len - 1];

	(void)s;
	return story_is_floating(p) && (p->kind == PROBE_TCP ? r->tcp : r->udp) &&
	       say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_PROHIBITED);
}

static void limit_size(enum direction direction, bool tells)
{
	network_rule(&(struct rule){ .direction = direction,
				     .udp = true,
				     .asked = network.floating,
				     .effect = TOO_BIG,
				     .p = 1,
				     .longer_than = 1000,
				     .tells = tells });
}

static void limit_size_told(struct story *s)
{
	(void)s;
	limit_size(FORWARD, true);
}

static void limit_size_forward(struct story *s)
{
	(void)s;
	limit_size(FORWARD, false);
}

static void limit_size_return(struct story *s)
{
	(void)s;
	limit_size(RETURN, false);
}

FLOATING_IS(too_long_forward, p->kind == PROBE_UDP && p->size > 1000, DOWN, FORWARD, SIZE_LIMIT)
FLOATING_IS(too_long_return, p->kind == PROBE_UDP && p->size > 1000, DOWN, RETURN, SIZE_LIMIT)

static void limit_own_size(struct story *s)
{
	for (unsigned i = 0; i < s->vantages_len; i++)
		s->vantages[i].host.mtu = 1300;
}

static bool too_long_here(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return p->kind == PROBE_UDP && p->size > 1300 &&
	       say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_SIZE_LIMIT);
}

/* -- strange answers -- */

static void answer_from_elsewhere(struct story *s)
{
	for (unsigned i = 0; i < s->servers; i++)
		s->machines[i].wrong_source = true;
}

FLOATING_IS(wrong_source, p->kind == PROBE_UDP, DOWN, RETURN, WRONG_SOURCE)

static bool wrong_source_behind_nat(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return story_is_floating(p) && p->kind == PROBE_UDP &&
	       say(e, VERDICT_DOWN, VERDICT_DIRECTION_RETURN, VERDICT_CAUSE_PROTOCOL_FILTERED);
}

static void stranger_takes_over(struct story *s)
{
	network.holder = story_stranger(s);
}

FLOATING_IS(impostor, true, DOWN, UNKNOWN, IMPOSTOR)

static void echo_takes_over(struct story *s)
{
	machine_stop(story_stranger(s), MACHINE_ECHO);
	network.holder = story_stranger(s);
}

static bool echo(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return story_is_floating(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN,
					   p->kind == PROBE_TCP ? VERDICT_CAUSE_UNEXPLAINED : VERDICT_CAUSE_IMPOSTOR);
}

static void another_takes_over(struct story *s)
{
	network.holder = &s->machines[1];
}

FLOATING_IS(another_answers, true, UP, NONE, IMPOSTOR)

/* -- clocks and keys -- */

static void set_wrong_clock(struct story *s)
{
	int64_t skew_ns = world_between(70, 86400 * 30) * S * (world_chance(0.5) ? 1 : -1);

	for (unsigned i = 0; i < s->vantages_len; i++)
		s->vantages[i].host.clock.real_ns += skew_ns;
}

static bool skewed(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_CLOCK_SKEW);
}

static void step_clocks(struct story *s)
{
	int64_t step_ns = world_between(-3600 * S, 3600 * S);

	if (world_chance(0.5))
		s->vantages[0].host.clock.real_ns += step_ns;
	else
		s->machines[0].clock.real_ns += step_ns;
}

static void unlist(struct story *s)
{
	for (unsigned i = 0; i < s->servers; i++)
		machine_list_clients(&s->machines[i], 0);
}

static bool not_authorised(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_NOT_AUTHORISED);
}

/* -- this host -- */

static void forbid_udp(struct story *s)
{
	for (unsigned i = 0; i < s->vantages_len; i++)
		s->vantages[i].host.udp_error = EPERM;
}

static bool udp_forbidden(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return p->kind == PROBE_UDP && say(e, VERDICT_UNKNOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_LOCAL);
}

static void lose_route(struct story *s)
{
	for (unsigned i = 0; i < s->vantages_len; i++)
		s->vantages[i].host.udp_error = s->vantages[i].host.tcp_error = ENETUNREACH;
}

static bool no_route(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	(void)p;
	return say(e, VERDICT_UNKNOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_LOCAL);
}

/* -- moves -- */

static void takes_over(struct event *event)
{
	struct story *s = (struct story *)((char *)event - offsetof(struct story, later));

	network.holder = &s->machines[1];
}

static void fail_over(struct story *s)
{
	double u = world_uniform(0, 1);

	if (u < 0.3)
		network.pins = true; /* and the old holder lives */
	else if (u < 0.5)
		machine_stop(&s->machines[0], MACHINE_GONE);
	else if (u < 0.7)
		machine_stop(&s->machines[0], MACHINE_STOPPED);
	if (world_chance(0.5) && !network.pins)
		network.holder = NULL;
	/* What is to be pinned has to be seen before. */
	story_later(s, network.pins ? 2 * s->every_ns : world_chance(0.3) ? 1 : world_between(1, 5 * S), takes_over);
}

static bool moved(const struct story *s, const struct path *p, struct expectation *e)
{
	enum machine_state state = s->machines[0].state;

	if (story_is_floating(p) && network.pins && p->kind == PROBE_UDP && p->held >= 0)
		return say(e, VERDICT_UP, VERDICT_DIRECTION_NONE, VERDICT_CAUSE_STUCK_FLOW) &&
		       meanwhile(e, VERDICT_CAUSE_FAILOVER);
	if (story_is_floating(p)) {
		all_up(s, p, e);
		e->or_meanwhile = VERDICT_CAUSE_FAILOVER;
		return (state != MACHINE_STOPPED || meanwhile(e, VERDICT_CAUSE_REFUSED)) &&
		       (state != MACHINE_GONE || meanwhile(e, VERDICT_CAUSE_HOLDER_DOWN));
	}
	if (state == MACHINE_STOPPED)
		return refused(s, p, e);
	return state == MACHINE_GONE && is_server_0(p) &&
	       say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN) &&
	       (e->vaguer = VERDICT_CAUSE_UNEXPLAINED, true);
}

/* -- the table -- */

enum {
	ANY = 0,
	HARD = STORY_TIMED,
	LONG = STORY_LONG,
	FLAT = STORY_FLAT | STORY_NO_NAT,
};

static const struct fault faults[] = {
	{ "healthy", STORY_LOSSLESS, NULL, all_healthy },
	{ "healthy, 1 % lost", STORY_LOSSY, NULL, all_healthy },
	{ "UDP cut forward", HARD, cut_forward_udp, udp_filtered_forward },
	{ "UDP cut return", HARD, cut_return_udp, udp_filtered_return },
	{ "TCP cut forward", HARD, cut_forward_tcp, tcp_filtered_forward },
	{ "TCP cut return", HARD, cut_return_tcp, tcp_filtered_return },
	{ "TCP data cut forward", HARD, cut_data_forward, data_filtered_forward },
	{ "TCP data cut return", HARD, cut_data_return, data_filtered_return },
	{ "cut forward", HARD, cut_forward, unexplained_forward },
	{ "cut return", HARD, cut_return, unexplained_return },
	{ "client cut off", HARD | STORY_TWO_SERVERS, cut_off, silent_alone },
	{ "cut forward, nobody to ask", HARD | STORY_FLOATING_ALONE, cut_forward, unexplained_unknown },
	{ "cut return, nobody to ask", HARD | STORY_FLOATING_ALONE, cut_return, unexplained_unknown },
	{ "some lost forward", LONG, lose_forward, floating_as_lost },
	{ "some lost return", LONG, lose_return, floating_as_lost },
	{ "some lost both ways", LONG, lose_both, floating_as_lost },
	{ "bursts lost forward", LONG, bursts_forward, floating_as_lost },
	{ "bursts lost return", LONG, bursts_return, floating_as_lost },
	{ "port closed", HARD, stop, refused },
	{ "server gone", HARD, vanish, server_down },
	{ "server gone, one address", HARD | STORY_DROPLET_ALONE, vanish, silent_alone },
	{ "server gone, router says so", HARD | STORY_ONE_SERVER, vanish_noticed, server_down_told },
	{ "prohibited", HARD, prohibit, prohibited },
	{ "wrong source", HARD | STORY_NO_NAT, answer_from_elsewhere, wrong_source },
	{ "wrong source behind NAT", HARD | STORY_NAT, answer_from_elsewhere, wrong_source_behind_nat },
	{ "stranger holds the address", HARD, stranger_takes_over, impostor },
	{ "echo holds the address", HARD, echo_takes_over, echo },
	{ "another server holds it", STORY_TWO_SERVERS | STORY_STRICT | STORY_SLOW, another_takes_over,
	  another_answers },
	{ "clock wrong", STORY_FROM_START, set_wrong_clock, skewed },
	{ "clock stepped", STORY_RUN_ONLY | STORY_LOSSLESS, step_clocks, all_healthy },
	{ "key not listed", HARD, unlist, not_authorised },
	{ "too long forward, told", HARD | STORY_TWO_SIZES, limit_size_told, too_long_forward },
	{ "too long forward", HARD | STORY_TWO_SIZES, limit_size_forward, too_long_forward },
	{ "too long return", HARD | STORY_TWO_SIZES, limit_size_return, too_long_return },
	{ "too long for this host", STORY_TWO_SIZES, limit_own_size, too_long_here },
	{ "UDP forbidden here", ANY, forbid_udp, udp_forbidden },
	{ "no route here", ANY, lose_route, no_route },
	{ "server restarted", STORY_RUN_ONLY | STORY_LONG | STORY_LOSSLESS, restart, up_again },
	{ "stale neighbour", HARD | FLAT, link_faults_spoil, link_faults_stale },
	{ "stale neighbour from the start", HARD | FLAT | STORY_FROM_START, link_faults_spoil, link_faults_stale },
	{ "stale neighbour that heals", LONG | FLAT | STORY_HEALS | STORY_RUN_ONLY, link_faults_spoil_healing,
	  link_faults_healed },
	{ "stale neighbour until ARP", LONG | FLAT | STORY_HEALS | STORY_RUN_ONLY, link_faults_spoil_until_arp,
	  link_faults_healed },
	{ "stale neighbour, repaired", LONG | FLAT | STORY_REPAIRS | STORY_RUN_ONLY, link_faults_spoil,
	  link_faults_repaired },
	{ "stale neighbour, other loss", LONG | FLAT, link_faults_spoil_and_lose, link_faults_stale_and_lossy },
	{ "cut return on the link", HARD | FLAT, link_faults_cut_return, link_faults_cut_is_return },
	{ "cut return from the start", HARD | FLAT | STORY_FROM_START, link_faults_cut_return,
	  link_faults_cut_is_return },
	{ "some lost return on the link", LONG | FLAT, link_faults_lose_return, link_faults_as_lost },
	{ "two interfaces", LONG | FLAT | STORY_RUN_ONLY | STORY_FROM_START, link_faults_two_interfaces,
	  link_faults_as_lost },
	{ "virtual router", LONG | FLAT | STORY_FROM_START, link_faults_virtual_router, link_faults_as_lost },
	{ "server's firewall", HARD, link_faults_firewall, link_faults_firewalled },
	{ "server's firewall from the start", HARD | STORY_FROM_START, link_faults_firewall, link_faults_firewalled },
	{ "sockets full", LONG, link_faults_fill_sockets, link_faults_sockets_full },
	{ "stranger refuses", HARD, link_faults_squat, link_faults_squatted },
	{ "stranger refuses on the link", HARD | FLAT, link_faults_squat, link_faults_squatted },
	{ "claimed, then cut forward", LONG | FLAT | STORY_RUN_ONLY | STORY_LOSSLESS, link_faults_claim_and_cut,
	  link_faults_cut_is_forward },
	{ "failover", STORY_RUN_ONLY | STORY_LONG | STORY_TWO_SERVERS | STORY_LOSSLESS, fail_over, moved },
};

const struct fault *faults_at(size_t i)
{
	const struct {
		const struct fault *list;
		size_t len;
	} tables[] = {
		{ faults, sizeof faults / sizeof *faults },
		{ faults_flows, faults_flows_len },
		{ faults_holders, faults_holders_len },
		{ faults_fleet, faults_fleet_len },
	};

	for (size_t k = 0; k < sizeof tables / sizeof *tables; i -= tables[k++].len)
		if (i < tables[k].len)
			return &tables[k].list[i];
	return NULL;
}
