#include "client/evidence/hint_holding.h"

#include "common/core/ns.h"

/* Frames and words of an outage are younger than a day. */
#define ABSENT_MAX_MS UINT64_C(86400000)

struct endpoint hint_holding_where(const struct path *p)
{
	const struct endpoint *where = &p->endpoint;

	if (!endpoint_is_unknown(&p->target->arrives_on))
		where = &p->target->arrives_on;
	else if (!endpoint_is_unknown(&p->facts.arrived_on))
		where = &p->facts.arrived_on;
	return endpoint_of(where->address, 0);
}

static int64_t ago(const struct query_result *result, uint32_t ms)
{
	return result->asked_ns - (int64_t)ms * NS_PER_MS;
}

/* The newest frame of this path for the address, whether the server has the address or not, and when a socket last
 * heard this client there. */
static void note_frames(const struct path *p, const struct query_result *result, struct hint_holding_word *word)
{
	for (unsigned i = 0; i < result->answer->frames_len; i++) {
		const struct evidence_frames *f = &result->answer->frames[i];
		if (f->transport != probe_kind_of(p->kind)->transport ||
		    !endpoint_same_address(&f->local, &word->said.address) || endpoint_is_unknown(&word->client) ||
		    !endpoint_same_address(&f->client, &word->client))
			continue;
		word->frames_ns = ns_later(word->frames_ns, ago(result, f->idle_ms));
		if (f->heard_ms < EVIDENCE_HEARD_MAX)
			word->socket_ns = ns_later(word->socket_ns, ago(result, f->heard_ms));
	}
}

/* When had the server lost the address at the latest? It does not know of an address that no interface has, so that it
 * may have said something else before. */
static int64_t absent_ns(const struct hint_holding_word *before, const struct evidence_holding *said,
			 const struct query_result *result)
{
	uint64_t ms = said->absent_ms == UINT32_MAX ? result->answer->uptime_ms : said->absent_ms;
	int64_t lost_ns = result->now_ns - (int64_t)(ms < ABSENT_MAX_MS ? ms : ABSENT_MAX_MS) * NS_PER_MS;

	if (before->known && before->said.state != EVIDENCE_ABSENT && before->asked_ns > lost_ns &&
	    endpoint_same_address(&before->said.address, &said->address))
		return result->now_ns;
	return lost_ns;
}

static int64_t heard_ns(const struct query_result *result, const struct evidence_holding *said)
{
	return said->heard_ms != UINT32_MAX && endpoint_same_address(&said->arrived_on, &said->address)
		   ? ago(result, said->heard_ms)
		   : 0;
}

void hint_holding_note(struct hint_holding *h, const struct path *p, const struct query_result *result, int slot,
		       const struct evidence_flow *flow)
{
	const struct endpoint where = hint_holding_where(p);

	for (unsigned i = 0; i < result->answer->holdings_len; i++) {
		const struct evidence_holding *said = &result->answer->holdings[i];
		if (!endpoint_same_address(&said->address, &where) || said->state == EVIDENCE_UNSAID)
			continue;
		h->words[slot] = (struct hint_holding_word){
			.known = true,
			.asked_ns = result->asked_ns,
			.absent_ns = absent_ns(&h->words[slot], said, result),
			.said = *said,
			.heard_ns = heard_ns(result, said),
		};
		h->words[slot].client = *query_result_client(result, p, flow);
		note_frames(p, result, &h->words[slot]);
	}
}

static void add_word(struct hint_holding_explanation *e, unsigned slot, const struct hint_holding_word *word,
		     int64_t since_ns)
{
	const struct evidence_holding *said = &word->said;
	unsigned bit = 1u << slot;

	e->said[slot] = said;
	e->spoke |= bit;
	e->absent |= said->state == EVIDENCE_ABSENT ? bit : 0;
	e->held |= said->state == EVIDENCE_HELD ? bit : 0;
	e->duplicate |= said->state == EVIDENCE_DUPLICATE ? bit : 0;
	e->heard |= said->heard_ms != UINT32_MAX ? bit : 0;
	if (said->state == EVIDENCE_HELD && ns_later(word->heard_ns, word->socket_ns) >= since_ns)
		e->passed |= bit;
	if (said->state != EVIDENCE_ABSENT)
		return;
	e->answered |= said->link_answer == EVIDENCE_LINK_ANSWERS ? bit : 0;
	e->remembered |= said->link_answer == EVIDENCE_LINK_REMEMBERS ? bit : 0;
	e->strayed |= word->frames_ns >= since_ns && !said->routes ? bit : 0;
	e->misdelivered |= word->frames_ns >= word->absent_ns ? e->strayed & bit : 0;
}

/* Do the servers know on which address of theirs probes of this client for the probed address arrived? If on another
 * one, they were translated. */
static bool arrived_untranslated(const struct hint_holding_explanation *e, const struct path *p, bool *elsewhere)
{
	bool untranslated = endpoint_same_address(&p->facts.arrived_on, &p->endpoint);

	for (unsigned k = 0; k < p->target->servers_len; k++) {
		if (!(e->heard >> k & 1))
			continue;
		untranslated = untranslated || endpoint_same_address(&e->said[k]->arrived_on, &p->endpoint);
		*elsewhere = *elsewhere || !endpoint_same_address(&e->said[k]->arrived_on, &p->endpoint);
	}
	return untranslated && !*elsewhere;
}

/* Without a history: the address belongs on the link of a server, which asked there, and nobody answers for it. A load
 * balancer that translates on the servers themselves answers for its address, but not to itself. */
static bool is_missing_on_link(const struct hint_holding_explanation *e, const struct path *p)
{
	bool missing = false;

	for (unsigned k = 0; k < p->target->servers_len && (e->answered | e->remembered) == 0; k++)
		missing = missing || (e->absent >> k & 1 && e->said[k]->link_answer == EVIDENCE_LINK_NOBODY &&
				      (p->target->servers_len > 1 || !e->said[k]->forwards));
	return missing;
}

/* A frame that still has the probed address was not translated before it came here; a host that forwards may do so. */
static bool came_untranslated(const struct hint_holding_explanation *e, const struct path *p)
{
	bool untranslated = e->strayed != 0 && e->held != 0;

	for (unsigned k = 0; k < p->target->servers_len; k++)
		untranslated = untranslated || (e->strayed >> k & 1 && !e->said[k]->forwards);
	return untranslated;
}

static bool is_certain(const struct hint_holding_explanation *e, const struct path *p)
{
	bool elsewhere = false;

	if (!endpoint_is_unknown(&p->target->arrives_on))
		return true;
	if (e->translated) /* with several servers, each may have an address of its own for it */
		return p->target->servers_len == 1;
	return arrived_untranslated(e, p, &elsewhere) ||
	       (!elsewhere && (is_missing_on_link(e, p) || came_untranslated(e, p)));
}

/* The servers are asked at different times, and the address may move in between. So there has to be a moment when all
 * lacked it, and not in the instant of a move alone: a further probe was lost. */
static bool is_absent_at_once(const struct hint_holding *h, const struct hint_holding_explanation *e,
			      const struct path *p, int64_t second_ns)
{
	int64_t from_ns = INT64_MIN, to_ns = INT64_MAX;

	for (unsigned k = 0; k < p->target->servers_len; k++) {
		if (!(e->absent >> k & 1))
			continue;
		from_ns = ns_later(from_ns, h->words[k].absent_ns);
		to_ns = ns_earlier(to_ns, h->words[k].asked_ns);
	}
	return to_ns >= second_ns && (p->target->servers_len == 1 || from_ns <= to_ns);
}

void hint_holding_explain(const struct hint_holding *h, const struct path *p, int64_t since_ns, int64_t second_ns,
			  struct hint_holding_explanation *e)
{
	*e = (struct hint_holding_explanation){ .where = hint_holding_where(p) };
	e->translated = !endpoint_same_address(&e->where, &p->endpoint);
	for (unsigned k = 0; k < p->target->servers_len; k++) {
		const struct hint_holding_word *word = &h->words[k];
		if (word->known && word->asked_ns >= since_ns && endpoint_same_address(&word->said.address, &e->where))
			add_word(e, k, word, since_ns);
	}
	e->certain = is_certain(e, p);
	e->absent_at_once = is_absent_at_once(h, e, p, second_ns);
}

void hint_holding_find_reached(const struct hint_holding *h, int64_t outage_ns,
			       bool (*is_own)(const struct endpoint *address), struct hint_holding_explanation *e)
{
	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		const struct hint_holding_word *word = &h->words[k];
		if ((e->held & ~e->passed) >> k & 1 && word->frames_ns >= outage_ns && is_own(&word->client))
			e->reached |= 1u << k;
	}
}
