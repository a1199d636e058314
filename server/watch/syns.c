#include "server/watch/syns.h"

#include "common/core/lru.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"

#include <stdlib.h>
#include <string.h>

enum {
	ACCEPTED_MAX = 4096,
	CANDIDATES_MAX = 4,
	OTHERS_MAX = 64, /* SYNs of unknown attempts that are looked at: more of them are a flood */
};

struct name_key {
	uint32_t client, value;
	uint8_t address[16];
	uint16_t port, has_name;
};

struct candidate { /* a SYN that may be a repeated one of the attempt, of which no earlier one came */
	struct endpoint source;
	int64_t received_ns;
};

struct name { /* an attempt that was asked about */
	struct name_key key;
	struct syns_attempt attempt;
	int64_t asked_ns;
	struct syns_found found; /* without `accepted`; `ambiguous` by itself */
	bool exact;              /* found.origin has the address and port that the SYN should come from */
	struct candidate candidates[CANDIDATES_MAX];
	unsigned candidates_len; /* above the maximum: there were more */
};

struct accepted {
	struct {
		uint8_t address[16];
		uint32_t port;
	} key;
	int64_t at_ns;
};

struct syns {
	struct lru *names, *accepted;
	int64_t overwritten_ns; /* the newest SYN that the ring has lost */
	unsigned next, len, capacity;
	struct syns_frame ring[];
};

static struct lru *new_lru(unsigned capacity, size_t item_len, size_t key_len, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { capacity, item_len, key_len, hash_key };

	return lru_init(malloc(lru_size(&settings)), &settings);
}

struct syns *syns_new(unsigned frames, unsigned names, const uint8_t hash_key[16])
{
	struct syns *s = calloc(1, sizeof *s + frames * sizeof s->ring[0]);

	if (!s)
		return NULL;
	s->capacity = frames;
	s->overwritten_ns = INT64_MIN;
	s->names = new_lru(names, sizeof(struct name), sizeof(struct name_key), hash_key);
	s->accepted = new_lru(ACCEPTED_MAX, sizeof(struct accepted), sizeof((struct accepted){ 0 }.key), hash_key);
	if (s->names && s->accepted)
		return s;
	syns_free(s);
	return NULL;
}

void syns_free(struct syns *syns)
{
	if (!syns)
		return;
	free(syns->names);
	free(syns->accepted);
	free(syns);
}

/* -- whose SYN is it? -- */

/* The clock may step between the SYN and the client's look at it, in either way: SYNS_NAME_SLACK. */
static bool has_name(const struct syns_attempt *a, const struct syns_frame *f)
{
	return a->has_name && f->has_value &&
	       (uint32_t)(a->value + SYNS_NAME_SLACK - f->value) <= a->span_ms + 2U * SYNS_NAME_SLACK;
}

/* A repeated SYN has another value, but comes from where the first one came from. */
static bool is_repeated(const struct syns_found *found, const struct syns_frame *f)
{
	return found->count > 0 && endpoint_equal(&found->origin.source, &f->source) &&
	       endpoint_same_address(&found->origin.local, &f->local);
}

static bool is_exact(const struct syns_attempt *a, const struct syns_frame *f)
{
	return a->source.port != 0 && endpoint_equal(&a->source, &f->source);
}

/* Has it the attempt's address, where ports are kept, and another port? */
static bool is_beside(const struct syns_attempt *a, const struct syns_frame *f)
{
	return a->source.port != 0 && a->source.port != f->source.port && endpoint_same_address(&a->source, &f->source);
}

static bool is_of_its_time(const struct name *n, const struct syns_frame *f)
{
	return f->received_ns >= n->attempt.since_ns && f->received_ns - n->attempt.since_ns <= SYNS_LIFE_NS;
}

/* Did the attempt's clock have this value when the SYN left? All values are milliseconds. On older kernels the
 * attempts of one host to one address share a clock, so that later ones look like this one's repeated SYNs. */
static bool may_be_repeated(const struct syns_attempt *a, const struct syns_frame *f)
{
	int64_t after_ns = (int64_t)(uint32_t)(f->value - a->value) * NS_PER_MS;
	int64_t late_ns = f->received_ns - a->since_ns - EVIDENCE_COUNTERS_BEFORE_NS - after_ns;

	return a->has_name && f->has_value && late_ns <= SYNS_DELAYS_NS && late_ns >= -SYNS_DELAYS_NS;
}

static void note_candidate(struct name *n, const struct syns_frame *f)
{
	if (n->candidates_len < CANDIDATES_MAX)
		n->candidates[n->candidates_len] = (struct candidate){ f->source, f->received_ns };
	n->candidates_len += n->candidates_len <= CANDIDATES_MAX;
}

static void claim(struct name *n, struct syns_frame *f)
{
	f->claimed = true;
	if (n->found.count++ == 0)
		n->found.origin = *f;
	n->found.newest_ns = f->received_ns;
}

/* It comes from where the attempt's SYN should come from. What had the attempt's name before was another one's. */
static void claim_exact(struct name *n, struct syns_frame *f)
{
	if (!n->exact)
		n->found.count = 0;
	n->exact = true;
	claim(n, f);
}

/* A translation that keeps ports changes one that is taken. */
static void note_named(struct name *n, struct syns_frame *f)
{
	if (n->found.count == 0 && !is_beside(&n->attempt, f))
		claim(n, f);
	else
		n->found.ambiguous = true;
}

/* From the attempt's address and port, with another name: of a network that changes timestamps, or of a connection to
 * another address of this host, which may have the same port. */
static bool is_renamed(const struct syns_attempt *a, const struct syns_frame *f)
{
	return a->has_name && f->has_value && !has_name(a, f) && !may_be_repeated(a, f);
}

static void compare(struct name *n, struct syns_frame *f)
{
	const struct syns_attempt *a = &n->attempt;
	bool ours = is_of_its_time(n, f), own = ours && a->untranslated && is_exact(a, f);

	if (a->untranslated && is_beside(a, f))
		return; /* of another connection of this client's host */
	if (own && is_renamed(a, f))
		n->found.others = true;
	else if (own || (ours && has_name(a, f) && is_exact(a, f)))
		claim_exact(n, f);
	else if (ours && is_repeated(&n->found, f))
		claim(n, f);
	else if (ours && has_name(a, f))
		note_named(n, f);
	else if (may_be_repeated(a, f))
		note_candidate(n, f);
}

void syns_note(struct syns *syns, const struct syns_frame *frame)
{
	struct syns_frame *f = &syns->ring[syns->next];
	struct name *n = NULL;

	if (syns->len == syns->capacity && f->received_ns > syns->overwritten_ns)
		syns->overwritten_ns = f->received_ns;
	syns->len += syns->len < syns->capacity;
	syns->next = (syns->next + 1) % syns->capacity;
	*f = *frame;
	f->claimed = false;
	while ((n = lru_next(syns->names, n)))
		compare(n, f);
}

void syns_accepted(struct syns *syns, const struct endpoint *peer, int64_t now_ns)
{
	struct accepted key = { .key.port = peer->port }, *accepted;
	bool evicted;

	memcpy(key.key.address, peer->address, sizeof key.key.address);
	accepted = lru_use(syns->accepted, &key, &evicted);
	accepted->at_ns = now_ns;
}

static bool was_accepted(const struct syns *s, const struct endpoint *source, int64_t received_ns)
{
	struct accepted key = { .key.port = source->port };
	const struct accepted *accepted;

	memcpy(key.key.address, source->address, sizeof key.key.address);
	accepted = lru_find(s->accepted, &key);
	return accepted && accepted->at_ns >= received_ns;
}

/* Forget the candidates whose connections succeeded. */
static void clear_candidates(const struct syns *s, struct name *n)
{
	unsigned len = n->candidates_len;

	if (len > CANDIDATES_MAX)
		return;
	n->candidates_len = 0;
	for (unsigned i = 0; i < len; i++)
		if (!was_accepted(s, &n->candidates[i].source, n->candidates[i].received_ns))
			n->candidates[n->candidates_len++] = n->candidates[i];
}

/* -- questions -- */

/* The i-th SYN from the oldest on. */
static struct syns_frame *frame_at(struct syns *s, unsigned i)
{
	return &s->ring[(s->next + s->capacity - s->len + i) % s->capacity];
}

/* The first one that came at that time or later; their times are in order but for the length of one batch. */
static unsigned first_since(struct syns *s, int64_t since_ns)
{
	unsigned i = s->len;

	while (i > 0 && frame_at(s, i - 1)->received_ns >= since_ns - SYNS_DISORDER_NS)
		i--;
	return i;
}

static void begin(struct syns *s, struct name *n, const struct syns_attempt *attempt)
{
	n->attempt = *attempt;
	n->found.complete = s->overwritten_ns < attempt->since_ns;
	for (unsigned i = first_since(s, attempt->since_ns); i < s->len; i++)
		compare(n, frame_at(s, i));
}

/* The attempt's entry. since_ns of the first question stays: the age of later ones varies with their travel time. */
static struct name *use_name(struct syns *s, unsigned client, const struct syns_attempt *attempt, int64_t now_ns)
{
	struct name_key key = {
		.client = client, .value = attempt->value, .port = attempt->client.port, .has_name = attempt->has_name
	};
	struct name *n;
	bool evicted;

	memcpy(key.address, attempt->client.address, sizeof key.address);
	n = lru_use(s->names, &key, &evicted);
	if (n->asked_ns == 0 || now_ns - n->asked_ns > SYNS_LIFE_NS) {
		memset(&n->found, 0, sizeof n->found);
		n->exact = false;
		n->candidates_len = 0;
		begin(s, n, attempt);
	}
	n->asked_ns = now_ns;
	return n;
}

/* When the newest SYN came, until until_ns, whose attempt is not known, and that may be this client's; INT64_MIN: none
 * since since_ns. A flood counts as one that may be. */
static int64_t newest_other_ns(struct syns *s, const struct syns_query *query, int64_t since_ns, int64_t until_ns)
{
	unsigned first = first_since(s, since_ns), looked = 0;

	for (unsigned i = s->len; i > first; i--) {
		const struct syns_frame *f = frame_at(s, i - 1);
		if (f->received_ns > until_ns || f->claimed || was_accepted(s, &f->source, f->received_ns))
			continue;
		if (++looked > OTHERS_MAX || !query->is_of_another(query->context, &f->source, &f->local))
			return f->received_ns;
	}
	return INT64_MIN;
}

/* Do the timestamp clocks of two attempts show the same? When each began is known but for the time that the question
 * was under way. */
static bool share_clock(const struct syns_attempt *a, const struct syns_attempt *b)
{
	int64_t apart_ms = (b->since_ns - a->since_ns) / NS_PER_MS;
	int64_t off_ms = (int32_t)(b->value - a->value - (uint32_t)apart_ms);

	return a->has_name && b->has_name && off_ms >= -SYNS_DELAYS_NS / NS_PER_MS &&
	       off_ms <= SYNS_DELAYS_NS / NS_PER_MS;
}

/* Can what was found by the name of one attempt belong to another one that was asked about? It is found by the name of
 * both; or clients with the same clock are behind one address, so that other SYNs of the other one, which it does not
 * ask about, can have this name. */
static bool may_be_confused(const struct name *n, const struct name *other)
{
	const struct syns_frame *mine = &n->found.origin, *its = &other->found.origin;

	if (other == n || other->asked_ns == 0)
		return false;
	if (other->found.count > 0 && !endpoint_same_address(&mine->source, &its->source))
		return false;
	if (other->found.count > 0 && mine->received_ns == its->received_ns &&
	    endpoint_equal(&mine->source, &its->source))
		return true;
	return other->key.client != n->key.client && share_clock(&n->attempt, &other->attempt);
}

static bool is_ambiguous(const struct syns *s, const struct name *n)
{
	bool ambiguous = n->found.ambiguous;
	const struct name *other = NULL;

	while (!n->exact && n->found.count > 0 && !ambiguous && (other = lru_next(s->names, other)))
		ambiguous = may_be_confused(n, other);
	return ambiguous && !n->exact;
}

static void find(struct syns *s, unsigned client, const struct syns_attempt *attempt, int64_t now_ns,
		 struct syns_found *found)
{
	struct name *n = use_name(s, client, attempt, now_ns);

	clear_candidates(s, n);
	*found = n->found;
	found->complete = n->found.complete && n->candidates_len == 0;
	found->accepted = found->count > 0 && was_accepted(s, &found->origin.source, found->origin.received_ns);
	found->ambiguous = is_ambiguous(s, n);
}

/* A client asks over TCP, too: the SYN of such a question comes beside it, and its connection is accepted a moment
 * later. It is not that of an attempt that began long before. */
static bool began_before_its_question(const struct syns_attempt *a, int64_t now_ns)
{
	return now_ns - a->since_ns - EVIDENCE_COUNTERS_BEFORE_NS >= SYNS_ASKED_AGE_NS;
}

void syns_find(struct syns *syns, const struct syns_query *query, int64_t now_ns, struct syns_found *found)
{
	int64_t since_ns = INT64_MAX, other_ns, earlier_ns;

	for (unsigned i = 0; i < query->attempts_len; i++) {
		find(syns, query->client, &query->attempts[i], now_ns, &found[i]);
		if (found[i].count == 0 && query->attempts[i].since_ns < since_ns)
			since_ns = query->attempts[i].since_ns;
	}
	if (since_ns == INT64_MAX)
		return;
	other_ns = newest_other_ns(syns, query, since_ns, INT64_MAX);
	earlier_ns = newest_other_ns(syns, query, since_ns, now_ns - SYNS_QUESTION_NS);
	for (unsigned i = 0; i < query->attempts_len; i++) {
		const struct syns_attempt *a = &query->attempts[i];
		int64_t newest_ns = began_before_its_question(a, now_ns) ? earlier_ns : other_ns;

		found[i].others = found[i].others || newest_ns >= a->since_ns;
	}
}
