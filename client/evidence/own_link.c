#include "client/evidence/own_link.h"

#include "client/evidence/path_loss.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <errno.h>
#include <netinet/icmp6.h>

enum { QUESTIONS_BURST = 500, QUESTIONS_INTERVAL_MS = 2 };

static bool may_ask(struct own_link *own, int64_t now_ns)
{
	return own->ops && bucket_take(&own->questions, now_ns, QUESTIONS_INTERVAL_MS * NS_PER_MS, QUESTIONS_BURST);
}

/* Notes the next hop that does not answer. */
static bool is_unresolved(struct own_link *own, struct path *p)
{
	struct path_facts *f = &p->facts;

	bool unresolved;

	f->next_hop = (struct link_next_hop){ .answered_ms = UINT32_MAX };
	unresolved = own->ops->unresolved && own->ops->unresolved(&p->endpoint, &f->next_hop);
	if (f->next_hop.answered_ms != UINT32_MAX)
		f->link_answer_ns = clock_mono_ns() - (int64_t)f->next_hop.answered_ms * NS_PER_MS;
	return unresolved;
}

static bool is_ours(struct own_link *own, const struct path *p, int64_t now_ns)
{
	const struct endpoint *offender = &p->facts.offender;

	return !endpoint_is_unknown(offender) && !endpoint_same_address(offender, &p->endpoint) &&
	       may_ask(own, now_ns) && own->ops->is_own && own->ops->is_own(offender);
}

/* "Beyond scope of source address" (RFC 4443): the probe had a link-local source. */
static bool has_bad_source(const struct path *p)
{
	return !endpoint_is_v4(&p->endpoint) && p->facts.icmp_type == ICMP6_DST_UNREACH &&
	       p->facts.icmp_code == ICMP6_DST_UNREACH_BEYONDSCOPE;
}

enum prober_outcome own_link_outcome(struct own_link *own, struct path *p, enum prober_outcome outcome)
{
	int64_t now_ns = clock_mono_ns();

	if (outcome != PROBER_UNREACHABLE && outcome != PROBER_REFUSED && outcome != PROBER_PROHIBITED)
		return outcome;
	p->facts.next_hop = (struct link_next_hop){ 0 };
	if (has_bad_source(p)) {
		p->facts.send_errno = EADDRNOTAVAIL;
		return PROBER_UNSENT;
	}
	if (outcome == PROBER_UNREACHABLE && may_ask(own, now_ns) && is_unresolved(own, p))
		return outcome;
	if (!is_ours(own, p, now_ns))
		return outcome;
	p->facts.send_errno = EPERM;
	return PROBER_UNSENT;
}

/* Of an attempt whose handshake completed, the SYN did leave. */
static bool may_not_have_left(const struct path *p, uint32_t seq)
{
	const struct attempt *attempt = probe_kind_of(p->kind)->has_handshake ? path_loss_attempt(p, seq) : NULL;

	return prober_record(&p->prober, seq)->outcome == PROBER_LOST && !(attempt && attempt->connected);
}

/* A held socket goes on to send from an IPv6 address that this host lost. */
static enum prober_outcome why_none_left(struct own_link *own, struct path *p)
{
	if (own->ops->no_source && own->ops->no_source(&p->endpoint)) {
		p->facts.send_errno = EADDRNOTAVAIL;
		return PROBER_UNSENT;
	}
	if (!is_unresolved(own, p))
		return PROBER_NONE;
	p->facts.offender = (struct endpoint){ 0 };
	p->facts.icmp_type = p->facts.icmp_code = -1;
	return PROBER_UNREACHABLE;
}

enum prober_outcome own_link_expired(struct own_link *own, struct path *p, int64_t now_ns)
{
	return may_ask(own, now_ns) ? why_none_left(own, p) : PROBER_NONE;
}

void own_link_settle(struct path *p, uint32_t seq, enum prober_outcome outcome)
{
	if (outcome != PROBER_NONE && may_not_have_left(p, seq))
		prober_settle(&p->prober, seq, outcome);
}

void own_link_too_big(struct own_link *own, struct path *p)
{
	p->facts.mtu = 0;
	if (!may_ask(own, clock_mono_ns()) || !own->ops->interface || !own->ops->path_mtu)
		return;
	if (own->ops->interface(&p->endpoint, &p->facts.interface))
		p->facts.mtu = own->ops->path_mtu(&p->endpoint);
}
