#include "tests/sim/story.h"

#include "tests/sim/peers.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t judging_ns = 100 * MS; /* timers, and a process that is slow to wake up */

/* -- telling -- */

static void tell(const struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct story *s, const char *format, ...)
{
	va_list args;

	if (!s->tell)
		return;
	fprintf(stderr, "%9.3f s  ", (double)world_now() / 1e9);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static const char *path_text(const struct vantage *v, size_t i, char text[64])
{
	const struct path *p = v->engine.paths.items[i];

	snprintf(text, 64, "%s %s %s %u", v->name, p->target->name,
		 p->kind == PROBE_TCP ? "tcp"
		 : p->held >= 0       ? "udp held"
				      : "udp fresh",
		 p->size);
	return text;
}

/* -- what is true -- */

bool story_is_floating(const struct path *p)
{
	return p->target->role == CONFIG_FLOATING;
}

const struct vantage *story_vantage_of(const struct story *s, const struct path *p)
{
	const struct vantage *v = s->vantages;

	while (p->index >= v->engine.paths.len || v->engine.paths.items[p->index] != p)
		v++;
	return v;
}

struct machine *story_stranger(struct story *s)
{
	return &s->machines[NETWORK_MACHINES_MAX - 1];
}

enum {
	TRUE_FORWARD = 1 << VANTAGE_LOST_FORWARD,
	TRUE_RETURN = 1 << VANTAGE_LOST_RETURN,
	TRUE_EITHER = 1 << VANTAGE_LOST_EITHER | 1 << VANTAGE_LOST_LATE
};

static bool is_lost(const struct prober_record *r)
{
	switch (r->outcome) {
	case PROBER_NONE:
	case PROBER_WAITING:
	case PROBER_ANSWERED:
	case PROBER_CLOCK_SKEW:
	case PROBER_UNSENT:
	case PROBER_UNSENT_TOO_BIG:
		return false;
	default:
		return true;
	}
}

static bool is_answered(const struct prober_record *r)
{
	return r->outcome == PROBER_ANSWERED || r->outcome == PROBER_CLOCK_SKEW;
}

/* How the losses that a verdict speaks of were really lost: of a path that is down those of the outage. */
static unsigned truly_lost(const struct vantage *v, size_t i, bool outage)
{
	const struct prober *b = &v->engine.paths.items[i]->prober;
	unsigned directions = 0, lost = 0;

	for (uint32_t seq = b->next; seq-- > 1 && b->next - seq <= b->ring_len;) {
		const struct prober_record *r = prober_record(b, seq);
		if (outage && lost >= PROBER_OUTAGE_LOSSES && is_answered(r))
			break;
		lost = is_answered(r) ? 0 : lost + is_lost(r);
		if (r->outcome == PROBER_UNSENT_TOO_BIG)
			directions |= TRUE_FORWARD;
		else if (is_lost(r))
			directions |= 1u << vantage_lost(v, i, seq);
	}
	return directions & TRUE_EITHER ? directions | TRUE_FORWARD | TRUE_RETURN : directions;
}

static unsigned claimed(enum verdict_direction direction)
{
	static const unsigned directions[] = {
		[VERDICT_DIRECTION_FORWARD] = TRUE_FORWARD,
		[VERDICT_DIRECTION_RETURN] = TRUE_RETURN,
		[VERDICT_DIRECTION_BOTH] = TRUE_FORWARD | TRUE_RETURN,
		[VERDICT_DIRECTION_UNKNOWN] = 0,
	};

	return directions[direction];
}

/* -- is it right? -- */

static struct story_said *said_of(struct story *s, const struct vantage *v, size_t i)
{
	size_t at = i;

	for (const struct vantage *before = s->vantages; before != v; before++)
		at += before->engine.paths.len;
	return &s->result->said[at];
}

/* Does the direction say no more than is true, and all that is to be said? */
static bool direction_is_right(const struct story *s, const struct story_said *said, unsigned directions)
{
	const struct expectation *e = &said->expected;
	unsigned claim = claimed(said->direction);

	if (e->unknowable && s->floor == 0)
		return claim == 0;
	if (said->direction == e->direction && !e->as_lost)
		return true;
	if (claim & ~directions)
		return false;
	if (e->as_lost || e->any_state || (e->state == VERDICT_UP && s->floor > 0))
		return true;
	return e->direction == VERDICT_DIRECTION_UNKNOWN || e->or_unknown || (claim && claim == directions);
}

static bool state_is_right(const struct story *s, const struct story_said *said)
{
	if (said->expected.any_state)
		return true;
	if (said->expected.state == VERDICT_UP && said->state == VERDICT_LOSSY)
		return s->floor > 0;
	if (said->expected.as_lost) /* few may be lost of TCP, which repeats */
		return true;
	return said->state == said->expected.state;
}

static bool cause_is_right(const struct story_said *said)
{
	if (said->expected.as_lost && said->state == VERDICT_UP)
		return said->cause == VERDICT_CAUSE_NONE;
	if (said->expected.vaguer && said->cause == said->expected.vaguer)
		return true;
	if (said->expected.as_lost && said->state == VERDICT_DOWN && said->cause == said->expected.meanwhile)
		return true;
	if (said->expected.or_cause != VERDICT_CAUSE_NONE && said->cause == said->expected.or_cause)
		return true;
	return said->cause == said->expected.cause ||
	       (!said->expected.any_state && said->expected.state == VERDICT_UP && said->state == VERDICT_LOSSY &&
		said->cause == VERDICT_CAUSE_UNEXPLAINED);
}

static bool may_be_unnamed(const struct vantage *v, size_t i, const struct story_said *said)
{
	const struct expectation *e = &said->expected;

	return (said->cause == VERDICT_CAUSE_NONE || said->cause == VERDICT_CAUSE_UNEXPLAINED ||
		said->cause == e->or_meanwhile) &&
	       (e->or_unnamed || (e->if_two_answered && !vantage_two_answer(v, i)));
}

static bool is_right(const struct story *s, const struct vantage *v, size_t i, const struct story_said *said)
{
	unsigned directions = truly_lost(v, i, s->mode == MODE_RUN && said->state == VERDICT_DOWN);

	return state_is_right(s, said) && (cause_is_right(said) || may_be_unnamed(v, i, said)) &&
	       (said->state == VERDICT_UP || direction_is_right(s, said, directions));
}

/* Something was lost, and not all is said about its direction or cause. */
static bool is_vague(const struct vantage *v, size_t i, const struct story_said *said)
{
	unsigned directions = truly_lost(v, i, false) & ~TRUE_EITHER;

	if (said->expected.vaguer && said->cause == said->expected.vaguer)
		return true;
	return said->state != VERDICT_UP && said->direction != said->expected.direction &&
	       claimed(said->direction) != directions;
}

static void check_probes(struct story *s, const struct vantage *v, size_t i)
{
	const struct path *p = v->engine.paths.items[i];
	const struct prober *b = &p->prober;
	char name[64];

	for (uint32_t seq = b->next; seq-- > 1 && b->next - seq <= b->ring_len;) {
		const struct prober_record *r = prober_record(b, seq);
		const struct truth *t = &v->truths[i][seq % VANTAGE_TRUTHS];
		if (p->kind == PROBE_UDP && r->outcome == PROBER_LOST_RETURN &&
		    vantage_lost(v, i, seq) == VANTAGE_LOST_LATE)
			s->result->late_returns++;
		if (!vantage_lies(v, i, seq))
			continue;
		s->result->wrong_directions++;
		tell(s, "WRONG: %s: probe %u, sent at %.3f, is called %s; reached a server at %.3f (SYN: %.3f)%s",
		     path_text(v, i, name), seq, (double)(r->sent_ns - v->host.clock.mono_ns) / 1e9,
		     prober_outcome_word(r->outcome), (double)t->reached_ns / 1e9, (double)t->syn_ns / 1e9,
		     t->connected ? ", connected" : "");
	}
}

static void check_direction(struct story *s, const struct vantage *v, size_t i, const struct verdict *verdict)
{
	unsigned directions = truly_lost(v, i, s->mode == MODE_RUN && verdict->state == VERDICT_DOWN);
	char name[64];

	if (verdict->direction == VERDICT_DIRECTION_NONE || verdict->sent == 0 ||
	    !(claimed(verdict->direction) & ~(directions & TRUE_EITHER ? ~0u : directions)))
		return;
	s->result->wrong_directions++;
	tell(s, "WRONG: %s: %s is not how its probes were lost", path_text(v, i, name),
	     verdict_direction_word(verdict->direction));
}

static void check_cause(struct story *s, const struct vantage *v, size_t i, const struct verdict *verdict)
{
	const struct story_said *said = said_of(s, v, i);
	bool may_be_concerned = said->concerned && world_now() >= s->struck_ns;
	char name[64];

	if (verdict->cause == VERDICT_CAUSE_NONE || verdict->cause == VERDICT_CAUSE_UNEXPLAINED ||
	    (may_be_concerned && (cause_is_right(said) || said->cause == said->expected.meanwhile ||
				  said->cause == said->expected.or_meanwhile)))
		return;
	s->result->false_causes++;
	tell(s, "WRONG: %s: there is no %s", path_text(v, i, name), verdict_cause_word(verdict->cause));
}

/* -- what is said -- */

static double intervals_since_strike(const struct story *s)
{
	return (double)(world_now() - s->struck_ns - s->timeout_ns) / (double)s->every_ns;
}

static void time_verdict(const struct story *s, struct story_said *said, bool right)
{
	double after = intervals_since_strike(s);

	if (said->state_after < 0 && said->state == said->expected.state)
		said->state_after = after > 0 ? after : 0;
	if (!right)
		said->after = -1;
	else if (said->after < 0)
		said->after = after > 0 ? after : 0;
}

static void judged(void *context, struct vantage *v, size_t i, const struct verdict *verdict)
{
	struct story *s = context;
	struct story_said *said = said_of(s, v, i);
	char name[64];

	said->state = verdict->state;
	said->direction = verdict->direction;
	said->cause = verdict->cause;
	tell(s, "%s: %s, %s, %s: %u sent, %u answered, %u forward, %u return, %u lost%s%s", path_text(v, i, name),
	     verdict_state_word(verdict->state), verdict_direction_word(verdict->direction),
	     verdict_cause_word(verdict->cause), verdict->sent, verdict->answered, verdict->forward_lost,
	     verdict->return_lost, verdict->lost, verdict->sentences_len ? ": " : "",
	     verdict->sentences_len ? verdict->sentences[0] : "");
	check_probes(s, v, i);
	check_direction(s, v, i, verdict);
	check_cause(s, v, i, verdict);
	said->right = said->concerned && is_right(s, v, i, said);
	said->once |= said->concerned && said->cause == said->expected.once;
	said->changes += world_now() >= s->struck_ns;
	if (world_now() >= s->struck_ns && said->concerned)
		time_verdict(s, said, said->right);
}

/* -- the setting -- */

static bool needs(const struct story *s, unsigned what)
{
	return s->fault->needs & what;
}

static int64_t log_between(int64_t low, int64_t high)
{
	return (int64_t)exp(world_uniform(log((double)low), log((double)high)));
}

static void set_numbers(struct story *s)
{
	static const int64_t usual[] = { 200 * MS, 500 * MS, 1 * S, 2 * S, 5 * S };

	s->servers = (unsigned)world_between(needs(s, STORY_TWO_SERVERS) ? 2 : 1, STORY_SERVERS_MAX);
	if (needs(s, STORY_ONE_SERVER | STORY_DROPLET_ALONE))
		s->servers = 1;
	s->droplets = !needs(s, STORY_FLOATING_ALONE);
	s->floating = !needs(s, STORY_DROPLET_ALONE);
	s->floor = needs(s, STORY_LOSSLESS) ? 0 : needs(s, STORY_LOSSY) || world_chance(0.5) ? 0.01 : 0;
	s->every_ns = world_chance(0.5) ? usual[world_between(0, 4)] : log_between(200 * MS, 5 * S);
	s->vantages_len = needs(s, STORY_FLEET) ? STORY_VANTAGES_MAX : world_chance(0.2) ? 2 : 1;
	s->fleet_raw = needs(s, STORY_FLEET) && world_chance(0.5);
	s->knows_where = needs(s, STORY_DIRECT) && world_chance(0.5);
	if (needs(s, STORY_SLOW) && s->every_ns < 2 * S)
		s->every_ns = 2 * S;
	if (needs(s, STORY_COLD))
		s->every_ns = log_between(10 * S, 60 * S);
	if (s->mode == MODE_CHECK)
		s->every_ns = 200 * MS;
}

static void set_network(struct story *s)
{
	network_start();
	network.duplicate = world_chance(0.2) ? 0.01 : 0;
	network.peers_delay_ns = needs(s, STORY_PEERS) ? log_between(1 * MS, 100 * MS) : 0;
	if (s->floating)
		network.floating = network_address(203, 0, 113, 7, WIRE_PORT);
	network.direct = needs(s, STORY_DIRECT);
	network.holder = &s->machines[0];
	if (needs(s, STORY_MANY)) {
		network.second = &s->machines[1];
		network.sharing = SHARED_BY_FLOW;
		network.sharing_salt = world_random();
		network.direct = world_chance(0.5);
	}
	for (enum direction direction = FORWARD; direction <= RETURN && s->floor > 0; direction++)
		network_rule(&(struct rule){ .direction = direction, .udp = true, .tcp = true, .p = s->floor });
}

static void set_machine(struct story *s, unsigned i)
{
	struct machine *m = &s->machines[i];
	uint8_t seed[SEAL_SEED_LEN] = { (uint8_t)(i + 1) };

	snprintf(s->names[i], sizeof s->names[i], "boot-%02u", i + 1);
	seal_identity_from_seed(&m->identity, seed);
	m->clock = (struct world_clock){ world_between(1, 100 * 86400) * S, world_between(-5 * S, 5 * S) };
	m->number = i;
	m->droplet = network_address(198, 18, 1, 5 + i, WIRE_PORT);
	m->anchor = network_address(198, 18, 18, 26 + i, WIRE_PORT);
	for (unsigned k = 0; k < s->vantages_len; k++) {
		m->clients[k].name = s->vantages[k].name;
		memcpy(m->clients[k].key, s->vantages[k].config.identity.public_key, WIRE_KEY_LEN);
	}
	m->clients_len = s->vantages_len;
	m->has_floating = network.direct && i < s->servers && (i == 0 || needs(s, STORY_MANY));
	link_set(&m->link, m);
	m->link.repairs = needs(s, STORY_REPAIRS);
	m->link.raw = needs(s, STORY_FLEET) ? s->fleet_raw : m->link.repairs || !world_chance(0.25);
	for (unsigned k = 0; k < s->vantages_len && needs(s, STORY_FLAT); k++)
		link_meet(&m->link, &s->vantages[k].host);
	machine_start(m);
	network.machines[network.machines_len++] = m;
}

/* In a fleet half of the clients, some of them behind one. NATs that keep ports change those that are taken. */
static void set_nat(struct story *s, unsigned i)
{
	struct client *c = &s->vantages[i].host, *first = &s->vantages[1].host;

	if (needs(s, STORY_FLEET) ? i % 2 == 0 : !needs(s, STORY_NAT) && (needs(s, STORY_NO_NAT) || !world_chance(0.3)))
		return;
	c->public_address = network_address(203, 0, 113, 200 + i, 0);
	c->nat_keeps_ports = network_hash(i + 2017, (uint64_t)c->clock.mono_ns) % 2;
	if (!needs(s, STORY_FLEET) || c == first || !world_chance(0.4))
		return;
	c->public_address = first->public_address;
	c->nat_keeps_ports = first->nat_keeps_ports;
	c->nat_owner = first;
}

static void set_client(struct story *s, unsigned i)
{
	struct client *c = &s->vantages[i].host;
	int64_t rtt_ns = log_between(1 * MS, 300 * MS);

	c->clock = (struct world_clock){ world_between(1, 100 * 86400) * S, world_between(-5 * S, 5 * S) };
	c->address = network_address(198, 51, 100, 20 + i, 0);
	link_set_client(c, i, needs(s, STORY_FLAT));
	set_nat(s, i);
	c->delay_ns[FORWARD] = (int64_t)(world_uniform(0.3, 0.7) * (double)rtt_ns);
	c->delay_ns[RETURN] = rtt_ns - c->delay_ns[FORWARD];
	c->jitter_ns = (int64_t)(world_uniform(0, 0.1) * (double)rtt_ns);
	c->busy = world_chance(0.3);
	c->old_kernel = network_hash(i + 17, (uint64_t)c->clock.mono_ns) % 10 < 3;
	c->no_timestamps = network_hash(i + 1017, (uint64_t)c->clock.mono_ns) % 10 < 1;
}

/* Long enough for a handshake and an exchange over the slowest way. */
static void set_timeout(struct story *s)
{
	int64_t least_ns = 500 * MS;

	for (unsigned i = 0; i < s->vantages_len; i++) {
		const struct client *c = &s->vantages[i].host;
		int64_t rtt_ns = c->delay_ns[FORWARD] + c->delay_ns[RETURN] + 2 * c->jitter_ns;
		least_ns = 5 * rtt_ns / 2 > least_ns ? 5 * rtt_ns / 2 : least_ns;
	}
	s->timeout_ns = world_chance(0.5) || s->mode == MODE_CHECK ? 1 * S : world_between(least_ns / MS, 3000) * MS;
}

static struct config_target target_of(const struct story *s, char *name, struct endpoint endpoint)
{
	struct config_target t = {
		.name = name,
		.role = CONFIG_DROPLET,
		.numeric = true,
		.endpoint = endpoint,
		.servers_len = 1,
		.udp = true,
		.tcp = true,
		.schedules_len = 1,
		.held = needs(s, STORY_HELD) ? STORY_HELD_FLOWS : 1,
		.fresh = 1,
		.sizes = { 512, 1400 },
		.sizes_len = needs(s, STORY_TWO_SIZES) ? 2 : 1,
		.unpinned = needs(s, STORY_UNPINNED),
		.expect_reachable = true,
	};

	return t;
}

static void set_targets(struct story *s, struct vantage *v)
{
	for (unsigned i = 0; i < s->servers && s->droplets; i++) {
		struct config_target *t = &v->targets[v->config.targets_len++];
		*t = target_of(s, s->names[i], s->machines[i].droplet);
		t->servers[0] = i;
	}
	if (s->floating) {
		struct config_target *t = &v->targets[v->config.targets_len++];
		*t = target_of(s, s->floating_name, network.floating);
		t->role = CONFIG_FLOATING;
		t->servers_len = needs(s, STORY_STRICT) ? 1 : s->servers;
		for (unsigned k = 0; k < t->servers_len; k++)
			t->servers[k] = k;
		t->holders_many = needs(s, STORY_MANY);
		if (needs(s, STORY_DIRECT) && s->knows_where)
			t->arrives_on = endpoint_of(network.floating.address, 0);
	}
}

static void set_vantage(struct story *s, unsigned i)
{
	struct vantage *v = &s->vantages[i];

	for (unsigned k = 0; k < s->servers; k++) {
		v->servers[k].name = s->names[k];
		memcpy(v->servers[k].keys[0], s->machines[k].identity.public_key, WIRE_KEY_LEN);
		v->servers[k].keys_len = 1;
	}
	v->config.servers_len = s->servers;
	v->config_schedule =
	    (struct config_schedule){ .every_ns = s->every_ns, .timeout_ns = s->timeout_ns, .jitter_permille = 100 };
	set_targets(s, v);
	v->judged = judged;
	v->context = s;
	vantage_start(v, s->mode);
}

static void set_scene(struct story *s)
{
	static const char *const vantages[STORY_VANTAGES_MAX] = { "fra", "nyc", "ams", "sgp", "lon",
								  "tor", "blr", "sfo", "syd", "ber" };

	strcpy(s->floating_name, "floating");
	set_numbers(s);
	set_network(s);
	for (unsigned i = 0; i < s->vantages_len; i++) {
		uint8_t seed[SEAL_SEED_LEN] = { (uint8_t)(100 + i) };
		s->vantages[i].name = vantages[i];
		seal_identity_from_seed(&s->vantages[i].config.identity, seed);
		set_client(s, i);
	}
	set_timeout(s);
	for (unsigned i = 0; i < s->servers; i++)
		set_machine(s, i);
	set_machine(s, NETWORK_MACHINES_MAX - 1);
	network.machines_len--; /* the stranger has no address of its own that is probed */
	network.peers = needs(s, STORY_PEERS);
	for (unsigned i = 0; i < network.machines_len; i++)
		peers_start(network.machines[i]);
}

static void tell_scene(const struct story *s)
{
	tell(s, "%s, %s, seed %llu: %u servers, floor %.2f, every %.3f s, timeout %.3f s", s->fault->name,
	     s->mode == MODE_CHECK ? "check" : "run", (unsigned long long)s->seed, s->servers, s->floor,
	     (double)s->every_ns / 1e9, (double)s->timeout_ns / 1e9);
	for (unsigned i = 0; i < s->servers; i++)
		tell(s, "%s: %s", s->names[i], s->machines[i].link.raw ? "sees frames" : "sees no frames");
	for (unsigned i = 0; i < s->vantages_len; i++) {
		const struct client *c = &s->vantages[i].host;
		tell(s, "%s: rtt %.1f ms%s%s%s%s%s", s->vantages[i].name,
		     (double)(c->delay_ns[FORWARD] + c->delay_ns[RETURN]) / 1e6,
		     endpoint_is_unknown(&c->public_address) ? "" : ", NAT",
		     endpoint_is_unknown(&c->public_address) || !c->nat_keeps_ports ? "" : " that keeps ports",
		     c->nat_owner ? " of nyc" : "", c->old_kernel ? ", connections share a clock" : "",
		     c->no_timestamps ? ", no timestamps" : "");
	}
}

/* -- the plot -- */

/* May the servers be unable to tell whose SYNs they see? They know them by their names, or by ports that NATs keep. Of
 * a NAT that keeps ports they cannot while another handshake from its address is going on: in `check` there always may
 * be one. */
static bool is_tcp_unknowable(const struct story *s, const struct client *c)
{
	bool all_raw = true, shares_nat = false;

	for (unsigned i = 0; i < s->servers; i++)
		all_raw = all_raw && s->machines[i].link.raw;
	for (unsigned i = 0; i < s->vantages_len; i++)
		shares_nat = shares_nat || s->vantages[i].host.nat_owner;
	if (endpoint_is_unknown(&c->public_address))
		return false;
	return (!all_raw || c->no_timestamps) && (!c->nat_keeps_ports || shares_nat || s->mode == MODE_CHECK);
}

static void set_expectations(struct story *s)
{
	for (unsigned i = 0; i < s->vantages_len; i++) {
		struct vantage *v = &s->vantages[i];
		for (size_t k = 0; k < v->engine.paths.len; k++) {
			struct story_said *said = said_of(s, v, k);
			said->concerned =
			    s->fault->expects && s->fault->expects(s, v->engine.paths.items[k], &said->expected);
			said->expected.or_unknown |= v->engine.paths.items[k]->kind == PROBE_TCP &&
						     (s->floor > 0 || is_tcp_unknowable(s, &v->host));
		}
	}
}

static void strike(struct event *event)
{
	struct story *s = (struct story *)((char *)event - offsetof(struct story, strike));

	tell(s, "now: %s", s->fault->name);
	if (s->fault->strike)
		s->fault->strike(s);
	set_expectations(s);
}

void story_later(struct story *s, int64_t after_ns, void (*happens)(struct event *event))
{
	s->later.happens = happens;
	world_schedule(&s->later, world_now() + after_ns);
}

static void start_vantages(struct story *s)
{
	size_t n = 0;

	for (unsigned i = 0; i < s->vantages_len; i++)
		set_vantage(s, i);
	for (unsigned i = 0; i < s->vantages_len; i++)
		n += s->vantages[i].engine.paths.len;
	s->result->said = calloc(n, sizeof *s->result->said);
	s->result->said_len = n;
	if (!s->result->said)
		abort();
	for (size_t i = 0; i < n; i++)
		s->result->said[i].after = s->result->said[i].state_after = -1;
}

/* Should the whole verdict stand as soon as the state? Not where a floor of loss may add to it at any time, and not
 * where intervals are hardly longer than the second between two questions to a server. */
static bool is_pressed(const struct story *s)
{
	return s->floor == 0 && s->every_ns >= 2 * S;
}

/* A fault that does not change changes a verdict once, and once more when its cause is known; its end changes it back.
 * A floor of loss may add a direction at any time. */
static bool is_steady(const struct story *s)
{
	return needs(s, STORY_TIMED) && s->floor == 0 && s->mode == MODE_RUN;
}

/* A cause that is right for a while is one more change, as is what servers tell when the end of the fault lets them. */
static unsigned changes_allowed(const struct story *s, const struct story_said *said, bool mended)
{
	if (!said->concerned)
		return needs(s, STORY_FROM_START) ? 1 : 0; /* the verdict before it */
	if (mended)
		return said->untold ? 4 : 3;
	return said->expected.meanwhile ? 3 : 2;
}

static void check_steadiness(struct story *s, struct vantage *v, size_t i, bool mended)
{
	const struct story_said *said = said_of(s, v, i);
	unsigned most = changes_allowed(s, said, mended);
	char name[64];

	if (!is_steady(s))
		return;
	s->result->steady += said->concerned && !mended;
	if (said->changes <= most && (!mended || (said->state == VERDICT_UP && said->cause == VERDICT_CAUSE_NONE)))
		return;
	s->result->unsteady++;
	tell(s, "UNSTEADY: %s: %u changes %s", path_text(v, i, name), said->changes, mended ? "with its end" : "of it");
}

static void finish_path(struct story *s, struct vantage *v, size_t i)
{
	struct story_said *said = said_of(s, v, i);
	struct story_result *r = s->result;
	double limit = 3.2 + (double)judging_ns / (double)s->every_ns;
	char name[64];

	check_probes(s, v, i);
	check_steadiness(s, v, i, false);
	r->probes += v->engine.paths.items[i]->prober.next - 1;
	if (!said->concerned) {
		if (s->floor > 0 || (said->state == VERDICT_UP && said->cause == VERDICT_CAUSE_NONE))
			return;
		r->healthy_wrong++;
		tell(s, "WRONG: %s is healthy", path_text(v, i, name));
		return;
	}
	r->paths++;
	said->right =
	    said->right || is_right(s, v, i, said); /* what was so when it was said may just have left the window */
	said->right = said->right && (said->expected.once == VERDICT_CAUSE_NONE || said->once);
	said->vague = said->right && is_vague(v, i, said);
	r->right += said->right;
	r->vague += said->vague;
	if (!said->right)
		tell(s, "NOT SAID: %s should be %s, %s, %s%s%s", path_text(v, i, name),
		     verdict_state_word(said->expected.state),
		     said->expected.as_lost ? "as lost" : verdict_direction_word(said->expected.direction),
		     verdict_cause_word(said->expected.cause), said->expected.once ? ", and before " : "",
		     said->expected.once ? verdict_cause_word(said->expected.once) : "");
	if (!needs(s, STORY_TIMED) || s->mode == MODE_CHECK)
		return;
	if (said->state_after < 0 && said->state == said->expected.state)
		said->state_after = 0; /* chance had said so before */
	r->state_after = fmax(r->state_after, said->state_after);
	r->after = fmax(r->after, said->after);
	tell(s, "%s: verdict after %.2f intervals (%.2f are in time)", path_text(v, i, name), said->after, limit);
	r->timed += is_pressed(s);
	r->in_time += is_pressed(s) && said->after >= 0 && said->after <= limit;
	if (said->state_after < 0 || said->state_after > limit) {
		r->too_late = true;
		tell(s, "TOO LATE: %s after %.2f intervals", path_text(v, i, name), said->state_after);
	}
}

static void play_round(struct story *s)
{
	bool ended = false;

	start_vantages(s);
	strike(&s->strike);
	while (!ended) {
		world_run(world_now() + 100 * MS);
		ended = true;
		for (unsigned i = 0; i < s->vantages_len; i++)
			ended = ended && s->vantages[i].phase == VANTAGE_ENDED;
	}
}

static void play_run(struct story *s)
{
	int64_t behind = needs(s, STORY_LONG) ? 75 : 15;

	s->struck_ns =
	    needs(s, STORY_FROM_START) ? 0 : world_between(6, 80) * s->every_ns + world_between(0, s->every_ns);
	s->strike.happens = strike;
	start_vantages(s);
	if (needs(s, STORY_FROM_START))
		strike(&s->strike);
	else
		world_schedule(&s->strike, s->struck_ns);
	world_run(s->struck_ns + behind * s->every_ns + 3 * s->timeout_ns + (needs(s, STORY_HEALS) ? 68 : 8) * S);
}

/* What can be mended are rules, a machine that does not run, and a floating address that went elsewhere. */
static bool mend(struct story *s)
{
	bool mends = network.rules_len > 0 || network.holder != &s->machines[0] || s->machines[0].state != MACHINE_UP ||
		     (network.direct && !s->machines[0].has_floating);

	network.rules_len = 0;
	for (unsigned i = 0; i < s->servers && network.direct; i++)
		link_assign(&s->machines[i].link, i == 0 || needs(s, STORY_MANY));
	network.holder = &s->machines[0];
	for (unsigned i = 0; i < s->servers; i++) {
		if (s->machines[i].state != MACHINE_UP)
			machine_start(&s->machines[i]);
	}
	return mends;
}

static void play_mended(struct story *s)
{
	const size_t size = s->result->said_len * sizeof *s->result->said;
	struct story_said *said; /* of the fault */

	if (!is_steady(s) || !mend(s))
		return;
	tell(s, "now: nothing");
	said = malloc(size);
	if (!said)
		abort();
	memcpy(said, s->result->said, size);
	for (size_t n = 0; n < s->result->said_len; n++) {
		s->result->said[n].expected = (struct expectation){ .state = VERDICT_UP };
		s->result->said[n].untold = said[n].direction == VERDICT_DIRECTION_UNKNOWN;
	}
	world_run(world_now() + 70 * s->every_ns + s->timeout_ns + 8 * S);
	for (unsigned i = 0; i < s->vantages_len; i++) {
		for (size_t k = 0; k < s->vantages[i].engine.paths.len; k++)
			check_steadiness(s, &s->vantages[i], k, true);
	}
	memcpy(s->result->said, said, size);
	free(said);
}

void story_play(const struct fault *fault, uint64_t seed, enum mode mode, bool tells, struct story_result *result)
{
	struct story *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	*result = (struct story_result){ .state_after = -1, .after = -1 };
	s->fault = fault;
	s->seed = seed;
	s->mode = mode;
	s->tell = tells;
	s->result = result;
	world_start(seed);
	set_scene(s);
	tell_scene(s);
	if (mode == MODE_CHECK)
		play_round(s);
	else
		play_run(s);
	for (unsigned i = 0; i < s->vantages_len; i++) {
		for (size_t k = 0; k < s->vantages[i].engine.paths.len; k++)
			finish_path(s, &s->vantages[i], k);
	}
	play_mended(s);
	world_end();
	for (unsigned i = 0; i < s->vantages_len; i++)
		vantage_stop(&s->vantages[i]);
	for (unsigned i = 0; i < NETWORK_MACHINES_MAX; i++)
		machine_stop(&s->machines[i], MACHINE_GONE);
	free(s);
}
