#include "server/host/host_evidence.h"

#include "common/core/age.h"
#include "common/core/ns.h"
#include "common/core/packet.h"
#include "common/core/thresholds.h"
#include "common/system/sockdiag.h"
#include "common/system/udp.h"
#include "server/host/halfopen.h"
#include "server/host/kernel_drops.h"
#include "server/host/syn_counters.h"

#include <stdlib.h>
#include <string.h>

enum {
	HALF_OPEN_MAX = 1024, /* more sockets mean a SYN flood; NOT_SEEN is not possible then */
	TWINS_MAX = 64,
};

struct twin { /* a refused twin */
	struct endpoint client;
	struct evidence_twin evidence;
};

struct host_evidence {
	uint16_t tcp_port;
	struct sockdiag *sockdiag;
	struct sockdiag_half_open half_open[HALF_OPEN_MAX];
	struct syn_counters syn_counters;
	struct kernel_drops kernel_drops;
	struct twin twins[TWINS_MAX]; /* newest first; one for each client address and flow */
	unsigned twins_len;
};

struct host_evidence *host_evidence_new(uint16_t tcp_port, int64_t now_ns)
{
	struct host_evidence *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->tcp_port = tcp_port;
	kernel_drops_init(&c->kernel_drops, now_ns);
	syn_counters_sample(&c->syn_counters, now_ns);
	return c;
}

void host_evidence_free(struct host_evidence *host_evidence)
{
	if (!host_evidence)
		return;
	sockdiag_close(host_evidence->sockdiag);
	free(host_evidence);
}

void host_evidence_touch(struct host_evidence *host_evidence, int64_t now_ns)
{
	syn_counters_sample(&host_evidence->syn_counters, now_ns);
}

/* True if the quoted reply is a twin and left from another address than the one that the probe arrived on. A twin that
 * arrived after the client had closed its socket is refused as well, and says nothing about the source address. */
static bool is_unpinned(const struct errqueue_entry *entry, struct packet_reply *reply)
{
	return (entry->meaning == ERRQUEUE_PORT || entry->meaning == ERRQUEUE_PROHIBITED) &&
	       packet_read_reply(entry->payload, entry->payload_len, reply) == PACKET_FAULT_NONE &&
	       reply->flags & PACKET_TWIN && !endpoint_is_unknown(&entry->source) &&
	       !endpoint_same_address(&reply->arrived_on, &entry->source);
}

/* Returns the index of this twin, or the number of twins if it is new. */
static unsigned find_twin(const struct host_evidence *c, const struct twin *twin)
{
	unsigned i = 0;

	while (i < c->twins_len && !(c->twins[i].evidence.flow == twin->evidence.flow &&
				     endpoint_same_address(&c->twins[i].client, &twin->client)))
		i++;
	return i;
}

void host_evidence_note_error(struct host_evidence *host_evidence, const struct errqueue_entry *entry)
{
	struct twin twin = { .client = entry->destination, .evidence = { .source = entry->source } };
	struct packet_reply reply;
	unsigned i;

	if (entry->kind != ERRQUEUE_ICMP || !is_unpinned(entry, &reply))
		return;
	twin.evidence.flow = reply.flow_id;
	twin.evidence.seq = reply.seq;
	i = find_twin(host_evidence, &twin);
	if (i == TWINS_MAX)
		i--; /* evict the oldest */
	else if (i == host_evidence->twins_len)
		host_evidence->twins_len++;
	memmove(&host_evidence->twins[1], host_evidence->twins, i * sizeof *host_evidence->twins);
	host_evidence->twins[0] = twin;
}

static void add_twins(const struct host_evidence *c, const struct endpoint *querier, struct evidence_answer *answer)
{
	for (unsigned i = 0; i < c->twins_len && answer->twins_len < EVIDENCE_TWINS_MAX; i++) {
		if (endpoint_same_address(&c->twins[i].client, querier))
			answer->twins[answer->twins_len++] = c->twins[i].evidence;
	}
}

/* Returns the number of half-open sockets, or -1. */
static int read_half_open(struct host_evidence *c)
{
	int n;

	if (!c->sockdiag)
		c->sockdiag = sockdiag_open();
	n = c->sockdiag ? sockdiag_half_open(c->sockdiag, c->tcp_port, c->half_open, HALF_OPEN_MAX) : -1;
	if (n >= 0)
		return n;
	sockdiag_close(c->sockdiag);
	c->sockdiag = NULL;
	return -1;
}

/* Is it certain that a SYN of this attempt would have left a half-open socket that we see? */
static bool would_be_seen(const struct host_evidence *c, const struct evidence_attempt *attempt,
			  const struct halfopen_list *list, int64_t now_ns)
{
	return list->len < HALF_OPEN_MAX &&
	       syn_counters_stood_still(&c->syn_counters,
					now_ns - (int64_t)attempt->age_ms * NS_PER_MS - EVIDENCE_COUNTERS_BEFORE_NS);
}

static void judge(const struct evidence_query *query, unsigned i, const struct halfopen_list *list, struct draft *draft,
		  struct evidence_attempt_answer *out)
{
	const struct sockdiag_half_open *socket =
	    halfopen_judge(query, &query->attempts[i], &draft->syn_sources[i], list, out);

	if (socket)
		out->origin = evidence_add_origin(
		    &draft->answer, &(struct evidence_origin){ .source = socket->peer, .local = socket->local });
}

static void add_attempts(struct host_evidence *c, const struct evidence_query *query,
			 const struct reflector_querier *querier, int64_t now_ns, struct draft *draft)
{
	struct evidence_answer *answer = &draft->answer;
	int n = c->tcp_port && query->attempts_len > 0 ? read_half_open(c) : -1;
	struct halfopen_list list = { .sockets = c->half_open, .len = n > 0 ? (unsigned)n : 0 };

	halfopen_set_apart(&list, query, querier->flows, querier->client);
	for (unsigned i = 0; i < query->attempts_len; i++) {
		const struct evidence_attempt *asked = &query->attempts[i];
		struct evidence_attempt_answer *out = &answer->attempts[answer->attempts_len++];

		*out = (struct evidence_attempt_answer){ .id = asked->id, .status = EVIDENCE_CANNOT_TELL };
		if (n >= 0)
			judge(query, i, &list, draft, out);
		if (out->status == EVIDENCE_NOT_SEEN && !would_be_seen(c, asked, &list, now_ns))
			out->status = EVIDENCE_CANNOT_TELL;
	}
}

void host_evidence_collect(struct host_evidence *host_evidence, const struct evidence_query *query,
			   const struct reflector_querier *querier, int64_t now_ns, struct draft *draft)
{
	struct evidence_answer *answer = &draft->answer;

	add_attempts(host_evidence, query, querier, now_ns, draft);
	add_twins(host_evidence, &querier->seen, answer);
	kernel_drops_tell(&host_evidence->kernel_drops, now_ns, answer);
}
