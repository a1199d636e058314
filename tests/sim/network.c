#include "tests/sim/network.h"

#include "tests/sim/machine.h"

#include <stdio.h>
#include <stdlib.h>

enum { ICMP_BURST = 6 };
static const int64_t icmp_interval_ns = 1 * S;

struct network network;

static struct parcel *free_parcels, **all_parcels;
static size_t all_len, all_capacity;

/* -- parcels -- */

static struct parcel *parcel_make(void)
{
	struct parcel *p = malloc(sizeof *p);

	if (all_len == all_capacity) {
		all_capacity = all_capacity ? 2 * all_capacity : 256;
		all_parcels = realloc(all_parcels, all_capacity * sizeof(struct parcel *));
	}
	if (!p || !all_parcels) {
		perror("sim");
		abort();
	}
	all_parcels[all_len++] = p;
	return p;
}

struct parcel *parcel_new(struct client *client, enum kind kind)
{
	struct parcel *p = free_parcels;

	if (p)
		free_parcels = p->next;
	else
		p = parcel_make();
	memset(p, 0, offsetof(struct parcel, buf));
	p->client = client;
	p->kind = kind;
	return p;
}

void parcel_free(struct parcel *p)
{
	world_cancel(&p->event);
	p->next = free_parcels;
	free_parcels = p;
}

struct parcel *parcel_back(const struct parcel *p, enum kind kind)
{
	struct parcel *back = parcel_new(p->client, kind);

	back->truth = p->truth;
	back->from = p->from;
	back->seen = p->seen;
	back->asked = back->source = p->asked;
	back->tcp = p->tcp;
	back->exchange = p->exchange;
	back->exchange_number = p->exchange_number;
	return back;
}

void network_start(void)
{
	free_parcels = NULL;
	for (size_t i = 0; i < all_len; i++) {
		all_parcels[i]->next = free_parcels;
		free_parcels = all_parcels[i];
	}
	memset(&network, 0, sizeof network);
	network.router = network_address(198, 51, 100, 1, 0);
	network.nat_keeps_ns = 30 * S;
}

void network_rule(const struct rule *rule)
{
	network.rules[network.rules_len++] = *rule;
}

struct endpoint network_address(unsigned a, unsigned b, unsigned c, unsigned d, uint16_t port)
{
	struct endpoint e = { .port = port };

	memcpy(e.address, endpoint_v4_prefix, sizeof endpoint_v4_prefix);
	e.address[12] = (uint8_t)a;
	e.address[13] = (uint8_t)b;
	e.address[14] = (uint8_t)c;
	e.address[15] = (uint8_t)d;
	return e;
}

/* -- NATs -- */

/* The entry of this 5-tuple, a new one (used_ns 0) in the place of the oldest if there is none that is young enough. */
static struct network_flow *nat_flow(struct network_nat *nat, const struct endpoint *from, const struct parcel *p)
{
	struct network_flow *oldest = &nat->flows[0];

	for (struct network_flow *f = nat->flows; f < nat->flows + NETWORK_FLOWS_MAX; f++) {
		if (f->used_ns && world_now() - f->used_ns < network.nat_keeps_ns && f->tcp == p->tcp &&
		    endpoint_equal(&f->from, from) && endpoint_equal(&f->asked, &p->asked))
			return f;
		if (f->used_ns < oldest->used_ns)
			oldest = f;
	}
	*oldest = (struct network_flow){ .from = *from, .asked = p->asked, .tcp = p->tcp };
	return oldest;
}

static bool is_taken(const struct network_nat *nat, uint16_t port, const struct parcel *p)
{
	for (const struct network_flow *f = nat->flows; f < nat->flows + NETWORK_FLOWS_MAX; f++)
		if (f->used_ns && world_now() - f->used_ns < network.nat_keeps_ns && f->tcp == p->tcp &&
		    f->port == port && endpoint_equal(&f->asked, &p->asked))
			return true;
	return false;
}

static uint16_t choose_port(struct client *owner, const struct parcel *p)
{
	if (owner->nat_keeps_ports && !is_taken(&owner->nat, p->from.port, p))
		return p->from.port;
	do
		owner->nat_port = (uint16_t)(owner->nat_port < 60000 ? owner->nat_port + 1 : 1024);
	while (owner->nat_keeps_ports && is_taken(&owner->nat, owner->nat_port, p));
	return owner->nat_port;
}

static void leave_client(struct parcel *p)
{
	struct client *c = p->client, *owner = c->nat_owner ? c->nat_owner : c;
	struct network_flow *flow;

	p->seen = p->from;
	if (endpoint_is_unknown(&c->public_address))
		return;
	flow = nat_flow(&owner->nat, &p->from, p);
	if (!flow->used_ns)
		flow->port = choose_port(owner, p);
	flow->used_ns = world_now() + 1;
	p->seen = c->public_address;
	p->seen.port = flow->port;
}

/* Only from where the client has sent something. */
static bool passes_nat(const struct parcel *p)
{
	return endpoint_is_unknown(&p->client->public_address) || endpoint_equal(&p->source, &p->asked);
}

uint64_t network_hash(uint64_t salt, uint64_t value)
{
	uint64_t z = (salt ^ value * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);

	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The address asked is the same one for all who share it. */
bool network_is_of_second(const struct endpoint *seen, bool tcp)
{
	uint64_t client = (uint64_t)seen->address[15] << 32 | (uint64_t)tcp << 16 | seen->port;

	return network_hash(network.sharing_salt, client) % 2;
}

static bool is_of_second(const struct parcel *p)
{
	return network_is_of_second(&p->seen, p->tcp);
}

bool network_passed_before(const struct parcel *p)
{
	struct network_flow *flow = nat_flow(&network.passed, &p->seen, p);
	bool before = flow->used_ns != 0;

	flow->used_ns = world_now() + 1;
	return before;
}

static struct machine *one_of_two(const struct parcel *p)
{
	switch (network.sharing) {
	case SHARED_BY_PACKET:
		return world_chance(0.5) ? network.second : network.holder;
	case SHARED_IN_TURN:
		return world_now() / network.turn_ns % 2 ? network.second : network.holder;
	case SHARED_BY_FLOW:
		return is_of_second(p) ? network.second : network.holder;
	case SHARED_AT_ONCE:
		return p->tcp && is_of_second(p) ? network.second : network.holder;
	default:
		return network.holder;
	}
}

static struct machine *floating_leads_to(const struct parcel *p)
{
	struct network_flow *flow;

	if (!network.pins)
		return one_of_two(p);
	flow = nat_flow(&network.nat, &p->seen, p);
	if (!flow->used_ns || !flow->machine)
		flow->machine = network.holder;
	flow->used_ns = world_now() + 1;
	return flow->machine;
}

static struct machine *route(const struct parcel *p)
{
	if (endpoint_same_address(&p->asked, &network.floating))
		return floating_leads_to(p);
	if (endpoint_same_address(&p->asked, &network.squatted))
		return network.squatter;
	for (unsigned i = 0; i < network.machines_len; i++)
		if (endpoint_same_address(&p->asked, &network.machines[i]->droplet))
			return network.machines[i];
	return NULL;
}

/* -- on the way -- */

static struct parcel *copy_of(const struct parcel *p)
{
	struct parcel *copy = parcel_new(p->client, p->kind);

	memcpy(copy, p, offsetof(struct parcel, buf) + p->len);
	copy->event = (struct event){ 0 };
	return copy;
}

static void arrive(struct event *event)
{
	struct parcel *p = (struct parcel *)event;
	struct machine *machine;

	if (p->direction == RETURN) {
		if (!passes_nat(p))
			parcel_free(p);
		else if (p->tcp)
			tcp_arrived(p);
		else
			udp_arrived(p);
		return;
	}
	machine = route(p);
	if (network.sharing == SHARED_AT_ONCE && !p->tcp && endpoint_same_address(&p->asked, &network.floating))
		machine_receive(network.second, copy_of(p));
	if (machine)
		machine_receive(machine, p);
	else
		parcel_free(p);
}

static void travel(struct parcel *p, int64_t after_ns)
{
	double u = world_uniform(0, 1);

	after_ns += p->client->delay_ns[p->direction] + (int64_t)(u * u * u * (double)p->client->jitter_ns);
	p->event.happens = arrive;
	world_schedule(&p->event, world_now() + after_ns);
}

static bool strikes(struct rule *r)
{
	if (r->enter <= 0)
		return world_chance(r->p);
	r->bad_times = r->bad_times ? !world_chance(r->leave) : world_chance(r->enter);
	return r->bad_times;
}

static struct rule *struck(const struct parcel *p, const struct machine *by)
{
	for (unsigned i = 0; i < network.rules_len; i++) {
		struct rule *r = &network.rules[i];
		if (r->direction != p->direction || !(p->tcp ? r->tcp : r->udp) || (r->machine && r->machine != by) ||
		    (r->client && r->client != p->client) || (r->longer_than && (p->tcp || p->len <= r->longer_than)) ||
		    (!endpoint_is_unknown(&r->asked) && !endpoint_same_address(&r->asked, &p->asked)))
			continue;
		if ((!r->concerns || r->concerns(r, p)) && strikes(r))
			return r;
	}
	return NULL;
}

static bool may_tell(struct rule *r)
{
	return bucket_take(&r->icmp, world_now() + 1, icmp_interval_ns, ICMP_BURST);
}

static void duplicate(const struct parcel *p)
{
	if (!p->tcp && world_chance(network.duplicate))
		travel(copy_of(p), 0);
}

void network_send(struct parcel *p)
{
	struct rule *r;

	p->direction = FORWARD;
	leave_client(p);
	r = struck(p, NULL);
	if (!r) {
		duplicate(p);
		travel(p, 0);
	} else if (r->effect == PROHIBIT && may_tell(r)) {
		network_icmp(p, ERRQUEUE_PROHIBITED, &network.router, p->client->delay_ns[FORWARD] / 2);
	} else if (r->effect == TOO_BIG && r->tells && may_tell(r)) {
		p->icmp.mtu = r->longer_than + 28;
		network_icmp(p, ERRQUEUE_TOO_BIG, &network.router, p->client->delay_ns[FORWARD] / 2);
	} else {
		parcel_free(p);
	}
}

void network_return(struct parcel *p, struct machine *by)
{
	p->direction = RETURN;
	if (link_carries(&by->link, p) && !struck(p, by) && passes_nat(p)) {
		duplicate(p);
		travel(p, 0);
		return;
	}
	if (p->truth)
		p->truth->answer_lost = true;
	parcel_free(p);
}

void network_icmp(struct parcel *p, enum errqueue_meaning meaning, const struct endpoint *offender, int64_t after_ns)
{
	static const uint8_t codes[] = {
		[ERRQUEUE_PORT] = 3, [ERRQUEUE_UNREACHABLE] = 1, [ERRQUEUE_PROHIBITED] = 13, [ERRQUEUE_TOO_BIG] = 4
	};

	if (p->truth)
		p->truth->told = true;
	p->kind = ICMP;
	p->direction = RETURN;
	p->source = p->asked; /* as a NAT would let it through */
	p->icmp.kind = ERRQUEUE_ICMP;
	p->icmp.meaning = meaning;
	p->icmp.type = 3;
	p->icmp.code = codes[meaning];
	p->icmp.offender = *offender;
	p->icmp.destination = p->asked;
	travel(p, after_ns);
}
