#include "client/incident/incident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- places -- */

static bool has_address(const struct incident *in, const struct endpoint *address)
{
	for (size_t i = 0; i < in->addresses_len; i++) {
		if (endpoint_same_address(&in->addresses[i], address))
			return true;
	}
	return false;
}

static bool has_server(const struct incident *in, int server)
{
	for (size_t i = 0; i < in->servers_len; i++) {
		if (in->servers[i] == server)
			return true;
	}
	return false;
}

int incident_server_of(const struct path *p)
{
	if (p->incident.answerer > 0)
		return (int)p->incident.answerer - 1;
	return p->target->servers_len == 1 ? (int)p->target->servers[0] : INCIDENT_NOBODY;
}

bool incident_has_place_of(const struct incident *in, const struct path *p)
{
	return has_address(in, &p->endpoint) || has_server(in, incident_server_of(p));
}

bool incident_shares_place(const struct incident *in, const struct incident *other)
{
	for (size_t i = 0; i < other->addresses_len; i++) {
		if (has_address(in, &other->addresses[i]))
			return true;
	}
	for (size_t i = 0; i < other->servers_len; i++) {
		if (has_server(in, other->servers[i]))
			return true;
	}
	return false;
}

static void add_address(struct incident *in, const struct endpoint *address)
{
	if (endpoint_is_unknown(address) || has_address(in, address))
		return;
	if (in->addresses_len < INCIDENT_PLACES_MAX)
		in->addresses[in->addresses_len++] = *address;
	else
		in->wide = true;
}

static void add_server(struct incident *in, int server)
{
	if (server == INCIDENT_NOBODY || has_server(in, server))
		return;
	if (in->servers_len < INCIDENT_PLACES_MAX)
		in->servers[in->servers_len++] = server;
	else
		in->wide = true;
}

/* -- paths -- */

static char *copy_text(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = malloc(len);

	return copy ? memcpy(copy, text, len) : NULL;
}

/* Takes over its text. Without memory the path is only counted. */
static void add_name(struct incident *in, struct incident_path name)
{
	if (!in->paths)
		in->paths = calloc(INCIDENT_PATHS_MAX, sizeof *in->paths);
	if (in->paths && name.target && in->paths_len < INCIDENT_PATHS_MAX)
		in->paths[in->paths_len++] = name;
	else
		free(name.target);
}

static struct incident_path name_of(const struct path *p)
{
	return (struct incident_path){
		.target = copy_text(p->target->name),
		.role = p->target->role,
		.endpoint = p->endpoint,
		.kind = p->kind,
		.size = p->size,
		.pmtu = p->pmtu,
		.held = p->held,
		.flow_index = p->held >= 0 && p->target->held > 1 ? p->held : -1,
	};
}

void incident_agree(int *all, int one)
{
	if (*all == INCIDENT_NOBODY)
		*all = one;
	else if (one != INCIDENT_NOBODY && one != *all)
		*all = INCIDENT_SEVERAL;
}

void incident_add(struct incident *in, unsigned place, struct path *p)
{
	if (p->incident.serial == in->serial)
		return;
	p->incident.place = place;
	p->incident.serial = in->serial;
	p->incident.before = p->incident.answerer;
	in->paths_total++;
	add_name(in, name_of(p));
	add_address(in, &p->endpoint);
	add_server(in, incident_server_of(p));
	incident_agree(&in->answered.before, (int)p->incident.answerer - 1);
}

void incident_clear(struct incident *in)
{
	for (size_t i = 0; i < in->paths_len; i++)
		free(in->paths[i].target);
	free(in->paths);
	*in = (struct incident){ 0 };
}

/* -- direction and servers -- */

/* A proven direction counts beside losses of unknown direction, as it does within one path. */
enum verdict_direction incident_direction(const struct incident *in)
{
	if (in->forward && in->back)
		return VERDICT_DIRECTION_BOTH;
	if (in->forward)
		return VERDICT_DIRECTION_FORWARD;
	if (in->back)
		return VERDICT_DIRECTION_RETURN;
	return in->unknown ? VERDICT_DIRECTION_UNKNOWN : VERDICT_DIRECTION_NONE;
}

static void add_direction(struct incident *in, enum verdict_direction direction)
{
	bool both = direction == VERDICT_DIRECTION_BOTH;

	in->forward |= both || direction == VERDICT_DIRECTION_FORWARD;
	in->back |= both || direction == VERDICT_DIRECTION_RETURN;
	in->unknown |= direction == VERDICT_DIRECTION_UNKNOWN;
}

bool incident_has_moved(const struct incident *in)
{
	return in->moves > 0 && in->lead.cause != VERDICT_CAUSE_DUPLICATE_ADDRESS;
}

/* Paths that move at the same time, but not from and to the same servers, have no pair of servers in common. */
void incident_move(struct incident *in, const struct path *p, int after)
{
	const struct incident_servers one = { (int)p->incident.answerer - 1, after };
	struct incident_servers *l = &in->latest;

	if (in->moves == in->reported.moves)
		*l = one;
	else if (l->before != one.before || l->after != one.after)
		*l = (struct incident_servers){ INCIDENT_SEVERAL, INCIDENT_SEVERAL };
	in->moves++;
	incident_agree(&in->moved.before, (int)p->incident.before - 1);
	in->moved.after = in->moved.before == INCIDENT_SEVERAL ? INCIDENT_SEVERAL : l->after;
}

struct incident_servers incident_servers(const struct incident *in)
{
	struct incident_servers s = incident_has_moved(in) ? in->moved : in->answered;

	if (!incident_has_moved(in) && in->failing > 0)
		s.after = INCIDENT_NOBODY;
	return s;
}

/* -- the leading path -- */

bool incident_is_vague(enum verdict_cause cause)
{
	return cause == VERDICT_CAUSE_NONE || cause == VERDICT_CAUSE_UNEXPLAINED;
}

/* A move shows by itself that nobody has the address, or that the network sends it to the wrong host, for a while. */
static bool may_be_a_move(const struct incident_lead *lead, const struct path *p)
{
	switch (lead->cause) {
	case VERDICT_CAUSE_NOT_ASSIGNED:
	case VERDICT_CAUSE_MISDELIVERED:
	case VERDICT_CAUSE_UNREACHABLE:
		return endpoint_same_address(&lead->address, &p->endpoint);
	default:
		return incident_is_vague(lead->cause);
	}
}

/* Any other named cause is about what still fails after a move. */
static bool is_stronger(enum verdict_cause cause, unsigned rank, const struct incident_lead *lead)
{
	bool vague = incident_is_vague(cause);

	if (vague != incident_is_vague(lead->cause))
		return !vague;
	if (lead->cause == VERDICT_CAUSE_FAILOVER && cause != lead->cause)
		return true;
	return rank < lead->rank;
}

static void write_name(const struct path *p, char name[INCIDENT_LEAD_LEN])
{
	const struct probe_traits *kind = probe_kind_of(p->kind);
	int len = snprintf(name, INCIDENT_LEAD_LEN, "%.64s %s", p->target->name, kind->word);

	if (kind->has_flows)
		len += snprintf(name + len, INCIDENT_LEAD_LEN - (size_t)len, "/%u %s", p->size,
				p->held < 0 ? "fresh" : "held");
	if (p->held >= 0 && p->target->held > 1)
		snprintf(name + len, INCIDENT_LEAD_LEN - (size_t)len, " %d", p->held);
}

static void lead(struct incident *in, const struct path *p, const struct verdict *v, enum verdict_cause cause)
{
	struct incident_lead *l = &in->lead;

	*l = (struct incident_lead){
		.known = true,
		.path = p,
		.address = p->endpoint,
		.state = v->state,
		.cause = cause,
		.rank = v->rank,
		.sentences_len = v->sentences_len,
		.advice = v->advice,
	};
	write_name(p, l->name);
	memcpy(l->sentences, v->sentences, v->sentences_len * sizeof l->sentences[0]);
}

void incident_hear(struct incident *in, const struct path *p, const struct verdict *v)
{
	if (v->cause == VERDICT_CAUSE_FAILOVER && in->lead.known) {
		incident_hear_of_move(in, p, v);
		return;
	}
	add_direction(in, v->direction);
	if (!in->lead.known || in->lead.path == p || is_stronger(v->cause, v->rank, &in->lead))
		lead(in, p, v, v->cause);
}

void incident_hear_of_move(struct incident *in, const struct path *p, const struct verdict *v)
{
	add_direction(in, v->direction);
	if (in->lead.cause == VERDICT_CAUSE_FAILOVER ? v->sentences_len > in->lead.sentences_len
						     : may_be_a_move(&in->lead, p))
		lead(in, p, v, VERDICT_CAUSE_FAILOVER);
}

/* -- two that are one -- */

static int64_t newer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void absorb_times(struct incident *in, const struct incident *other)
{
	if (other->opened_ns < in->opened_ns) {
		in->opened_ns = other->opened_ns;
		in->opened_real_ns = other->opened_real_ns;
	}
	if (other->closed_ns > in->closed_ns) {
		in->closed_ns = other->closed_ns;
		in->closed_real_ns = other->closed_real_ns;
	}
	in->settled_ns = newer(in->settled_ns, other->settled_ns);
	in->settle_ns = newer(in->settle_ns, other->settle_ns);
}

void incident_absorb(struct incident *in, struct incident *other)
{
	absorb_times(in, other);
	for (size_t i = 0; i < other->paths_len; i++)
		add_name(in, other->paths[i]);
	other->paths_len = 0;
	for (size_t i = 0; i < other->addresses_len; i++)
		add_address(in, &other->addresses[i]);
	for (size_t i = 0; i < other->servers_len; i++)
		add_server(in, other->servers[i]);
	in->paths_total += other->paths_total;
	in->failing += other->failing;
	in->left += other->left;
	in->flaps += other->flaps;
	in->wide |= other->wide;
	in->forward |= other->forward;
	in->back |= other->back;
	in->unknown |= other->unknown;
	incident_agree(&in->answered.before, other->answered.before);
	incident_agree(&in->answered.after, other->answered.after);
	if (other->moves > 0) {
		incident_agree(&in->moved.before, other->moved.before);
		incident_agree(&in->moved.after, other->moved.after);
		in->latest = in->moves > in->reported.moves ? in->moved : other->latest;
		in->moves += other->moves;
	}
	if (is_stronger(other->lead.cause, other->lead.rank, &in->lead))
		in->lead = other->lead;
}
