#include "server/watch/applications.h"

#include "common/core/lru.h"
#include "common/core/thresholds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { APPLICATIONS_MAX = 16 };

/* A peer, and an address of ours that it asked or that the application sent from. */
struct conversation {
	struct {
		uint8_t peer[16], own[16];
		uint16_t application, protocol;
	} key;
	/* The open question, from one port of the peer; asked_ns 0: none. */
	uint16_t port, spoken_port;
	bool elsewhere; /* that port got an answer from another address */
	uint8_t answered_from[16];
	uint32_t questions;
	int64_t asked_ns;

	uint32_t unanswered; /* questions since this peer last got an answer from this address */
	int64_t unanswered_since_ns;
	int64_t last_asked_ns; /* from any port; 0: never */
	int64_t spoken_ns;     /* the application's newest datagram to the peer's spoken_port; 0: none */
};

struct application {
	struct applications_watched watched;
	uint64_t answered;
	struct {
		int64_t reported_ns; /* 0: never */
		uint32_t unreported;
	} kinds[APPLICATIONS_KINDS_LEN];
};

struct applications {
	struct lru *conversations;
	bool waits; /* some conversation may have an open question */
	unsigned list_len;
	struct application list[APPLICATIONS_MAX];
};

const char *applications_kind_text(enum applications_kind kind)
{
	static const char *const texts[] = {
#define X(name, text) text,
		APPLICATIONS_FINDINGS(X)
#undef X
	};
	return texts[kind];
}

struct applications *applications_new(const struct applications_watched *list, unsigned len, unsigned capacity,
				      const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, sizeof(struct conversation),
					       sizeof((struct conversation *)0)->key, hash_key };
	struct applications *a = calloc(1, sizeof *a);

	assert(len <= APPLICATIONS_MAX);
	if (!a)
		return NULL;
	a->list_len = len;
	for (unsigned i = 0; i < len; i++)
		a->list[i].watched = list[i];
	a->conversations = lru_init(malloc(lru_size(&settings)), &settings);
	if (a->conversations)
		return a;
	free(a);
	return NULL;
}

void applications_free(struct applications *applications)
{
	if (applications)
		free(applications->conversations);
	free(applications);
}

static bool is_watched(const struct applications_watched *w, uint8_t protocol, uint16_t port)
{
	return w->port == port && (protocol == IP_UDP ? w->udp : w->tcp);
}

/* Returns -1 if none matches. */
static int application_at(const struct applications *a, uint8_t protocol, uint16_t port)
{
	for (unsigned i = 0; i < a->list_len; i++)
		if (is_watched(&a->list[i].watched, protocol, port))
			return (int)i;
	return -1;
}

static struct conversation *conversation_with(struct applications *a, int application, uint8_t protocol,
					      const struct endpoint *peer, const struct endpoint *own)
{
	struct conversation wanted = { .key = { .application = (uint16_t)application, .protocol = protocol } };
	bool evicted;

	memcpy(wanted.key.peer, peer->address, sizeof wanted.key.peer);
	memcpy(wanted.key.own, own->address, sizeof wanted.key.own);
	return lru_use(a->conversations, &wanted.key, &evicted);
}

static void stop_waiting(struct conversation *c)
{
	c->asked_ns = 0;
	c->questions = 0;
	c->elsewhere = false;
}

/* Note a question. While one is open, questions from other ports of the peer are ignored: a sample is enough. */
static void note_question(struct applications *a, struct conversation *c, uint16_t port, int64_t now_ns)
{
	c->last_asked_ns = now_ns;
	if (c->spoken_ns && c->spoken_port == port && now_ns - c->spoken_ns < APPLICATIONS_CONVERSATION_NS)
		return;
	if (!c->asked_ns) {
		a->waits = true;
		c->asked_ns = now_ns;
		c->port = port;
	}
	c->questions += c->port == port;
}

/* The peer did not ask the address that this packet left from. Mark the peer's open questions to other addresses. If
 * the peer recently asked both, the two cases look alike, so nothing is marked. */
static void note_elsewhere(struct applications *a, const struct conversation *speaking, uint16_t port, int64_t now_ns)
{
	if (!a->waits || (speaking->last_asked_ns && now_ns - speaking->last_asked_ns < 2 * APPLICATIONS_PATIENCE_NS))
		return;
	for (struct conversation *c = lru_next(a->conversations, NULL); c; c = lru_next(a->conversations, c)) {
		if (c == speaking || !c->asked_ns || c->port != port ||
		    memcmp(c->key.peer, speaking->key.peer, sizeof c->key.peer) != 0 ||
		    c->key.application != speaking->key.application || c->key.protocol != speaking->key.protocol)
			continue;
		c->elsewhere = true;
		memcpy(c->answered_from, speaking->key.own, sizeof c->answered_from);
	}
}

static void note_answer(struct applications *a, struct conversation *c, uint16_t port, int64_t now_ns)
{
	c->spoken_ns = now_ns;
	c->spoken_port = port;
	if (!c->asked_ns || c->port != port) {
		note_elsewhere(a, c, port, now_ns);
		return;
	}
	a->list[c->key.application].answered += c->questions;
	c->unanswered = 0;
	stop_waiting(c);
}

void applications_note(struct applications *applications, const struct ip_packet *packet, bool outgoing, int64_t now_ns)
{
	const struct endpoint *peer = outgoing ? &packet->destination : &packet->source;
	const struct endpoint *own = outgoing ? &packet->source : &packet->destination;
	int application = application_at(applications, packet->protocol, own->port);
	struct conversation *c;

	if (application < 0)
		return;
	c = conversation_with(applications, application, packet->protocol, peer, own);
	if (outgoing)
		note_answer(applications, c, peer->port, now_ns);
	else
		note_question(applications, c, peer->port, now_ns);
}

bool applications_waits(const struct applications *applications)
{
	return applications->waits;
}

/* The time for an answer is over. Returns true if that makes a finding. */
static bool judge(struct conversation *c, struct applications_finding *finding)
{
	finding->kind = c->elsewhere ? APPLICATIONS_OTHER_ADDRESS : APPLICATIONS_NO_ANSWER;
	finding->since_ns = c->asked_ns;
	finding->count = c->questions;
	if (c->elsewhere) {
		c->unanswered = 0;
		return true;
	}
	if (c->unanswered == 0)
		c->unanswered_since_ns = c->asked_ns;
	c->unanswered += c->questions;
	finding->since_ns = c->unanswered_since_ns;
	return c->unanswered >= APPLICATIONS_UNANSWERED_MIN;
}

static void describe(const struct applications *a, const struct conversation *c, struct applications_finding *finding)
{
	uint16_t port = a->list[c->key.application].watched.port;

	finding->application = c->key.application;
	finding->protocol = (uint8_t)c->key.protocol;
	finding->peer = endpoint_of(c->key.peer, c->port);
	finding->asked = endpoint_of(c->key.own, port);
	finding->answered_from = (struct endpoint){ .port = 0 };
	if (c->elsewhere)
		finding->answered_from = endpoint_of(c->answered_from, port);
	finding->answered = a->list[c->key.application].answered;
}

/* Returns false if the last report is too recent. */
static bool is_due(struct applications *a, struct applications_finding *finding, int64_t now_ns)
{
	struct application *application = &a->list[finding->application];
	uint32_t *unreported = &application->kinds[finding->kind].unreported;
	int64_t *reported_ns = &application->kinds[finding->kind].reported_ns;

	*unreported += finding->count;
	if (*reported_ns && now_ns - *reported_ns < APPLICATIONS_AGAIN_NS)
		return false;
	finding->count = *unreported;
	*unreported = 0;
	*reported_ns = now_ns;
	return true;
}

bool applications_find(struct applications *applications, int64_t now_ns, struct applications_finding *finding)
{
	struct lru *conversations = applications->conversations;
	bool waits = false;

	for (struct conversation *c = lru_next(conversations, NULL); c; c = lru_next(conversations, c)) {
		bool found;

		if (!c->asked_ns || now_ns - c->asked_ns < APPLICATIONS_PATIENCE_NS) {
			waits |= c->asked_ns != 0;
			continue;
		}
		found = judge(c, finding);
		describe(applications, c, finding);
		stop_waiting(c);
		if (found && is_due(applications, finding, now_ns))
			return true;
	}
	applications->waits = waits;
	return false;
}

void applications_forget(struct applications *applications)
{
	struct lru *conversations = applications->conversations;

	for (struct conversation *c = lru_next(conversations, NULL); c; c = lru_next(conversations, c)) {
		stop_waiting(c);
		c->unanswered = 0;
	}
}
