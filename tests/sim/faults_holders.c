#include "tests/sim/faults.h"

#include "tests/sim/sayings.h"

static struct story *story_of(struct event *later)
{
	return (struct story *)((char *)later - offsetof(struct story, later));
}

static void cut_floating(enum direction direction)
{
	network_rule(
	    &(struct rule){ .direction = direction, .udp = true, .tcp = true, .asked = network.floating, .p = 1 });
}

/* The servers' interfaces; where the network sends what is for the address is another thing. */
static void move_address(struct story *s)
{
	link_assign(&s->machines[0].link, false);
	link_assign(&s->machines[1].link, true);
}

static bool cut_forward(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return story_is_floating(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_UNEXPLAINED);
}

/* -- no server has the address -- */

/* The gateway still has an entry, or asks in vain. */
static void take_address(struct story *s)
{
	link_assign(&s->machines[0].link, false);
	if (world_chance(0.5))
		network.holder = NULL;
}

/* In `check` nobody knows whether the address is translated, unless that is configured. */
static bool not_assigned(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!story_is_floating(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_NOT_ASSIGNED);
	e->vaguer = s->mode == MODE_CHECK && !s->knows_where ? VERDICT_CAUSE_UNEXPLAINED : VERDICT_CAUSE_NONE;
	if (network.holder)
		e->or_meanwhile = VERDICT_CAUSE_MISDELIVERED; /* until all have spoken */
	return true;
}

/* The other one may have it, as far as can be known: it does not speak. */
static void take_address_and_one_is_gone(struct story *s)
{
	take_address(s);
	machine_stop(&s->machines[1], MACHINE_GONE);
}

static bool is_of(const struct path *p, unsigned server)
{
	return p->target->role == CONFIG_DROPLET && p->target->servers[0] == server;
}

/* Who has not been answered yet takes the silent one for the holder: the others say that it is not they. */
static bool perhaps_not_assigned(const struct story *s, const struct path *p, struct expectation *e)
{
	if (is_of(p, 1))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	if (!story_is_floating(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_UNEXPLAINED);
	if (network.holder && s->machines[0].link.raw)
		e->or_cause = VERDICT_CAUSE_MISDELIVERED;
	else if (s->mode == MODE_CHECK)
		e->or_cause = VERDICT_CAUSE_HOLDER_DOWN;
	return true;
}

/* At any time one of them has it, and each one says once that it does not. */
static void moves_now(struct event *event)
{
	struct story *s = story_of(event);

	move_address(s);
	network.holder = &s->machines[1];
}

static void cut_and_move(struct story *s)
{
	cut_floating(FORWARD);
	story_later(s, world_between(1, 2 * s->every_ns + 3 * S), moves_now);
}

/* -- the network does not know where it is -- */

static void move_unnoticed(struct story *s)
{
	move_address(s);
}

/* A server that sees no frames does not see these. */
static bool misdelivered(const struct story *s, const struct path *p, struct expectation *e)
{
	if (!story_is_floating(p))
		return false;
	say(e, VERDICT_DOWN, VERDICT_DIRECTION_FORWARD, VERDICT_CAUSE_MISDELIVERED);
	e->vaguer = s->machines[0].link.raw ? VERDICT_CAUSE_NONE : VERDICT_CAUSE_UNEXPLAINED;
	return true;
}

static void cut_forward_later(struct event *event)
{
	(void)event;
	cut_floating(FORWARD);
}

static void move_and_cut(struct story *s)
{
	move_address(s);
	network.holder = &s->machines[1];
	story_later(s, world_between(1, s->every_ns), cut_forward_later);
}

static bool moved_and_cut(const struct story *s, const struct path *p, struct expectation *e)
{
	return cut_forward(s, p, e) && (e->or_meanwhile = VERDICT_CAUSE_FAILOVER, true);
}

/* -- a server is down -- */

/* It did not have the address. */
static void lose_spare_and_cut(struct story *s)
{
	machine_stop(&s->machines[1], MACHINE_GONE);
	cut_floating(FORWARD);
}

static bool spare_lost(const struct story *s, const struct path *p, struct expectation *e)
{
	if (is_of(p, 1))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	return cut_forward(s, p, e) && (e->or_unknown = true); /* it was not asked what came to it */
}

/* All its addresses, either way: the others say that they do not have this one. */
static void silence_holder(struct story *s)
{
	enum direction direction = world_chance(0.5) ? FORWARD : RETURN;

	cut_floating(direction);
	network_rule(&(struct rule){
	    .direction = direction, .udp = true, .tcp = true, .asked = s->machines[0].droplet, .p = 1 });
}

static bool holder_silent(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (is_server_0(p))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	return story_is_floating(p) && say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_HOLDER_DOWN);
}

/* -- two servers have it on purpose -- */

static void lose_one_of_many(struct story *s)
{
	machine_stop(&s->machines[1], MACHINE_GONE);
}

/* A held flow leads to one of the two. Of a few new ones it can't be said that a part fails. */
static bool one_of_many_lost(const struct story *s, const struct path *p, struct expectation *e)
{
	struct endpoint held = story_vantage_of(s, p)->host.address;

	if (is_of(p, 1))
		return say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	if (!story_is_floating(p))
		return false;
	held.port = (uint16_t)(DIALERS_HELD_PORT + p->held);
	if (p->kind == PROBE_UDP && p->held >= 0)
		return network_is_of_second(&held, false) &&
		       say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SOME_PORTS);
	say(e, VERDICT_LOSSY, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SOME_PORTS);
	e->any_state = true;
	e->or_unnamed = s->mode == MODE_CHECK;
	return true;
}

static void cut_many(struct story *s)
{
	(void)s;
	cut_floating(world_chance(0.5) ? FORWARD : RETURN);
}

static bool many_cut(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	return story_is_floating(p) &&
	       say(e, VERDICT_DOWN,
		   network.rules[network.rules_len - 1].direction == FORWARD ? VERDICT_DIRECTION_FORWARD
									     : VERDICT_DIRECTION_RETURN,
		   VERDICT_CAUSE_UNEXPLAINED);
}

/* Nothing was sent to the one that is dead. */
static void lose_one_not_of_many(struct story *s)
{
	if (s->servers > 2)
		machine_stop(&s->machines[2], MACHINE_GONE);
	network_rule(&(struct rule){ .direction = world_chance(0.5) ? FORWARD : RETURN,
				     .udp = true,
				     .tcp = true,
				     .asked = network.floating,
				     .p = world_uniform(0.15, 0.6) });
}

static bool many_lose_some(const struct story *s, const struct path *p, struct expectation *e)
{
	(void)s;
	if (is_of(p, 2))
		return s->machines[2].state == MACHINE_GONE &&
		       say(e, VERDICT_DOWN, VERDICT_DIRECTION_UNKNOWN, VERDICT_CAUSE_SERVER_DOWN);
	return story_is_floating(p) && say_as_lost(e);
}

/* -- the table -- */

enum {
	HARD = STORY_TIMED,
	LONG = STORY_LONG,
	DIRECT = STORY_DIRECT,
	TWO = STORY_DIRECT | STORY_TWO_SERVERS,
	MANY = STORY_MANY | STORY_TWO_SERVERS,
};

const struct fault faults_holders[] = {
	{ "nobody has it", HARD | DIRECT, take_address, not_assigned },
	{ "nobody has it, one is silent", HARD | TWO, take_address_and_one_is_gone, perhaps_not_assigned },
	{ "cut forward, and it moves", LONG | TWO | STORY_RUN_ONLY, cut_and_move, cut_forward },
	{ "moves unnoticed", HARD | TWO, move_unnoticed, misdelivered },
	{ "moves, then cut forward", LONG | TWO | STORY_RUN_ONLY, move_and_cut, moved_and_cut },
	{ "spare gone, and cut forward", HARD | TWO, lose_spare_and_cut, spare_lost },
	{ "holder silent", HARD | TWO, silence_holder, holder_silent },
	{ "many hold it", LONG | MANY, NULL, all_healthy },
	{ "many hold it, one is gone", LONG | MANY | STORY_NO_NAT, lose_one_of_many, one_of_many_lost },
	{ "many hold it, cut", HARD | MANY, cut_many, many_cut },
	{ "many hold it, another is gone", LONG | MANY, lose_one_not_of_many, many_lose_some },
};

const size_t faults_holders_len = sizeof faults_holders / sizeof *faults_holders;
