#include "common/core/evidence.h"

#include "common/core/bytes.h"
#include "common/core/wire.h"

#include <assert.h>

/* Sizes of the records; docs/PROTOCOL.md draws them. */
enum {
	VERSION = 1,
	QUERY_HEAD_LEN = 40,
	QUERY_FLAGS = 3,
	QUERY_PLACES = 4,
	QUERY_OWN_MAC = 8,
	QUERY_OWN_ADDRESS = 16,
	QUERY_SERVER_MAC = 32,
	QUERY_FLOW_LEN = 8,
	QUERY_ATTEMPT_LEN = 28,
	PLACE_LEN = 20,
	ANSWER_HEAD_LEN = EVIDENCE_LEN_MIN,
	FLOW_LEN = 104,
	ATTEMPT_LEN = 24,
	ADDRESS_LEN = 16,
	ERROR_LEN = 76,
	NEIGHBOUR_LEN = 92,
	FRAMES_LEN = 44,
	CONFLICT_LEN = 32,
	MAC_RECORD_LEN = 8,
	ARRIVAL_LEN = 24,

	/* What evidence_query_room leaves for the lists that nobody asks for one by one. */
	REST_LEN = NEIGHBOUR_LEN + 2 * FRAMES_LEN + CONFLICT_LEN + ADDRESS_LEN + ERROR_LEN,
};

enum { QUERY_RELAYED = 0x01, QUERY_HAS_MACS = 0x02 };
enum {
	ANSWER_TRUNCATED = 0x01,
	ANSWER_SEES_FRAMES = 0x02,
	ANSWER_LISTENS_UDP = 0x04,
	ANSWER_LISTENS_TCP = 0x08,
};
enum { NEIGHBOUR_HAS_ENTRY = 0x01, NEIGHBOUR_HAS_FRAME = 0x02, NEIGHBOUR_WRONG = 0x04, NEIGHBOUR_REPAIRED = 0x08 };
enum { FLOW_KNOWN = 0x01, FLOW_UNHEARD = 0x02 };

static void put_endpoint(uint8_t *p, const struct endpoint *endpoint)
{
	memcpy(p, endpoint->address, sizeof endpoint->address);
	bytes_put16(p + 16, endpoint->port);
}

static void get_endpoint(struct endpoint *endpoint, const uint8_t *p)
{
	memcpy(endpoint->address, p, sizeof endpoint->address);
	endpoint->port = bytes_get16(p + 16);
}

static unsigned at_most(size_t n, unsigned limit)
{
	return n < limit ? (unsigned)n : limit;
}

static void put_place(uint8_t *p, const struct evidence_place *place)
{
	put_endpoint(p, &place->endpoint);
	p[18] = place->transport;
}

static void get_place(struct evidence_place *place, const uint8_t *p)
{
	get_endpoint(&place->endpoint, p);
	place->transport = p[18];
}

static size_t query_len(unsigned flows, unsigned attempts, unsigned places)
{
	return QUERY_HEAD_LEN + flows * (size_t)QUERY_FLOW_LEN + attempts * (size_t)QUERY_ATTEMPT_LEN +
	       places * (size_t)PLACE_LEN;
}

unsigned evidence_query_room(size_t len, unsigned attempts)
{
	size_t query = query_len(0, attempts, 0);
	size_t answer = ANSWER_HEAD_LEN + attempts * (size_t)ATTEMPT_LEN + REST_LEN;
	unsigned asked, answered;

	if (len < query || len < answer || attempts > EVIDENCE_ATTEMPTS_MAX)
		return 0;
	asked = at_most((len - query) / QUERY_FLOW_LEN, EVIDENCE_FLOWS_MAX);
	answered = at_most((len - answer) / FLOW_LEN, EVIDENCE_FLOWS_MAX);
	return asked < answered ? asked : answered;
}

/* Do the lists keep to their maxima, and do they fit in len octets? */
static bool query_fits(size_t len, unsigned flows, unsigned attempts, unsigned places)
{
	return flows <= EVIDENCE_FLOWS_MAX && attempts <= EVIDENCE_ATTEMPTS_MAX && places <= EVIDENCE_PLACES_MAX &&
	       len >= EVIDENCE_LEN_MIN && len >= query_len(flows, attempts, places);
}

static void put_query_attempt(uint8_t *p, const struct evidence_attempt *attempt)
{
	put_endpoint(p, &attempt->client);
	bytes_put16(p + 18, attempt->server_port);
	bytes_put32(p + 20, attempt->age_ms);
	bytes_put32(p + 24, attempt->id);
}

static void get_query_attempt(struct evidence_attempt *attempt, const uint8_t *p)
{
	get_endpoint(&attempt->client, p);
	attempt->server_port = bytes_get16(p + 18);
	attempt->age_ms = bytes_get32(p + 20);
	attempt->id = bytes_get32(p + 24);
}

bool evidence_write_query(uint8_t *buf, size_t len, const struct evidence_query *query)
{
	uint8_t *p;

	if (!query_fits(len, query->flows_len, query->attempts_len, query->places_len))
		return false;
	p = buf + QUERY_HEAD_LEN;
	memset(buf, 0, len);
	buf[0] = VERSION;
	buf[1] = (uint8_t)query->flows_len;
	buf[2] = (uint8_t)query->attempts_len;
	buf[QUERY_FLAGS] = (uint8_t)((query->relayed ? QUERY_RELAYED : 0) | (query->has_macs ? QUERY_HAS_MACS : 0));
	buf[QUERY_PLACES] = (uint8_t)query->places_len;
	memcpy(buf + QUERY_OWN_MAC, query->own_mac, sizeof query->own_mac);
	memcpy(buf + QUERY_OWN_ADDRESS, query->own_address.address, sizeof query->own_address.address);
	memcpy(buf + QUERY_SERVER_MAC, query->server_mac, sizeof query->server_mac);
	for (unsigned i = 0; i < query->flows_len; i++, p += QUERY_FLOW_LEN)
		bytes_put64(p, query->flows[i]);
	for (unsigned i = 0; i < query->attempts_len; i++, p += QUERY_ATTEMPT_LEN)
		put_query_attempt(p, &query->attempts[i]);
	for (unsigned i = 0; i < query->places_len; i++, p += PLACE_LEN)
		put_place(p, &query->places[i]);
	return true;
}

bool evidence_read_query(const uint8_t *buf, size_t len, struct evidence_query *query)
{
	const uint8_t *p;

	if (len < QUERY_HEAD_LEN || buf[0] != VERSION || !query_fits(len, buf[1], buf[2], buf[QUERY_PLACES]))
		return false;
	p = buf + QUERY_HEAD_LEN;
	query->flows_len = buf[1];
	query->attempts_len = buf[2];
	query->places_len = buf[QUERY_PLACES];
	query->relayed = buf[QUERY_FLAGS] & QUERY_RELAYED;
	query->has_macs = buf[QUERY_FLAGS] & QUERY_HAS_MACS;
	memcpy(query->own_mac, buf + QUERY_OWN_MAC, sizeof query->own_mac);
	memcpy(query->own_address.address, buf + QUERY_OWN_ADDRESS, sizeof query->own_address.address);
	memcpy(query->server_mac, buf + QUERY_SERVER_MAC, sizeof query->server_mac);
	query->own_address.port = 0;
	for (unsigned i = 0; i < query->flows_len; i++, p += QUERY_FLOW_LEN)
		query->flows[i] = bytes_get64(p);
	for (unsigned i = 0; i < query->attempts_len; i++, p += QUERY_ATTEMPT_LEN)
		get_query_attempt(&query->attempts[i], p);
	for (unsigned i = 0; i < query->places_len; i++, p += PLACE_LEN)
		get_place(&query->places[i], p);
	return true;
}

static void put_flow(uint8_t *p, const struct evidence_flow *flow)
{
	const struct receipts *r = &flow->receipts;

	bytes_put64(p, flow->id);
	p[8] = (uint8_t)((flow->known ? FLOW_KNOWN : 0) | (flow->unheard ? FLOW_UNHEARD : 0));
	bytes_put32(p + 12, r->first);
	bytes_put32(p + 16, r->newest);
	bytes_put32(p + 20, r->received);
	bytes_put16(p + 24, r->duplicates);
	bytes_put16(p + 26, r->late);
	bytes_put_bitmap(p + 28, r->bitmap, sizeof r->bitmap / sizeof *r->bitmap);
	put_endpoint(p + 60, &flow->arrived_on);
	put_endpoint(p + 78, &flow->source);
	bytes_put32(p + 96, flow->idle_ms);
	bytes_put32(p + 100, flow->age_ms);
}

static void get_flow(struct evidence_flow *flow, const uint8_t *p)
{
	struct receipts *r = &flow->receipts;

	flow->id = bytes_get64(p);
	flow->known = p[8] & FLOW_KNOWN;
	flow->unheard = p[8] & FLOW_UNHEARD;
	r->first = bytes_get32(p + 12);
	r->newest = bytes_get32(p + 16);
	r->received = bytes_get32(p + 20);
	r->duplicates = bytes_get16(p + 24);
	r->late = bytes_get16(p + 26);
	bytes_get_bitmap(p + 28, r->bitmap, sizeof r->bitmap / sizeof *r->bitmap);
	get_endpoint(&flow->arrived_on, p + 60);
	get_endpoint(&flow->source, p + 78);
	flow->idle_ms = bytes_get32(p + 96);
	flow->age_ms = bytes_get32(p + 100);
}

static void put_attempt(uint8_t *p, const struct evidence_attempt_answer *attempt)
{
	bytes_put32(p, attempt->id);
	p[4] = (uint8_t)attempt->status;
	p[5] = attempt->retransmits;
	bytes_put16(p + 6, attempt->age_ms);
	memcpy(p + 8, attempt->arrived_on.address, sizeof attempt->arrived_on.address);
}

static bool get_attempt(struct evidence_attempt_answer *attempt, const uint8_t *p)
{
	attempt->id = bytes_get32(p);
	attempt->status = p[4];
	attempt->retransmits = p[5];
	attempt->age_ms = bytes_get16(p + 6);
	memcpy(attempt->arrived_on.address, p + 8, sizeof attempt->arrived_on.address);
	attempt->arrived_on.port = 0;
	return p[4] <= EVIDENCE_CANNOT_TELL;
}

static void put_error(uint8_t *p, const struct evidence_error *error)
{
	put_endpoint(p, &error->client);
	put_endpoint(p + 18, &error->offender);
	p[36] = error->type;
	p[37] = error->code;
	bytes_put32(p + 40, error->count);
	bytes_put32(p + 44, error->idle_ms);
	memcpy(p + 48, error->source.address, sizeof error->source.address);
	bytes_put64(p + 64, error->twin_flow);
	bytes_put32(p + 72, error->twin_seq);
}

static void get_error(struct evidence_error *error, const uint8_t *p)
{
	get_endpoint(&error->client, p);
	get_endpoint(&error->offender, p + 18);
	error->type = p[36];
	error->code = p[37];
	error->count = bytes_get32(p + 40);
	error->idle_ms = bytes_get32(p + 44);
	memcpy(error->source.address, p + 48, sizeof error->source.address);
	error->source.port = 0;
	error->twin_flow = bytes_get64(p + 64);
	error->twin_seq = bytes_get32(p + 72);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == ':' || c == '-';
}

/* It becomes part of a command that somebody will copy. A name that is no plain word, or does not end, is not known. */
static void get_interface(char name[EVIDENCE_INTERFACE_LEN], const uint8_t *p)
{
	size_t len = 0;

	memset(name, 0, EVIDENCE_INTERFACE_LEN);
	while (len < EVIDENCE_INTERFACE_LEN && is_plain((char)p[len]))
		len++;
	if (len < EVIDENCE_INTERFACE_LEN && p[len] == '\0' && p[0] != '-')
		memcpy(name, p, len);
}

static void put_neighbour(uint8_t *p, const struct evidence_neighbour *n)
{
	memcpy(p, n->client.address, sizeof n->client.address);
	memcpy(p + 16, n->next_hop.address, sizeof n->next_hop.address);
	memcpy(p + 32, n->entry_mac, sizeof n->entry_mac);
	memcpy(p + 38, n->frame_mac, sizeof n->frame_mac);
	bytes_put16(p + 44, n->state);
	p[46] = (uint8_t)((n->has_entry ? NEIGHBOUR_HAS_ENTRY : 0) | (n->has_frame ? NEIGHBOUR_HAS_FRAME : 0) |
			  (n->wrong ? NEIGHBOUR_WRONG : 0) | (n->repaired ? NEIGHBOUR_REPAIRED : 0));
	bytes_put32(p + 48, n->taken_ms);
	bytes_put32(p + 52, n->since_ms);
	bytes_put32(p + 56, n->healed_ms);
	memcpy(p + 60, n->local.address, sizeof n->local.address);
	memcpy(p + 76, n->interface, sizeof n->interface);
}

static void get_neighbour(struct evidence_neighbour *n, const uint8_t *p)
{
	memcpy(n->client.address, p, sizeof n->client.address);
	memcpy(n->next_hop.address, p + 16, sizeof n->next_hop.address);
	memcpy(n->entry_mac, p + 32, sizeof n->entry_mac);
	memcpy(n->frame_mac, p + 38, sizeof n->frame_mac);
	n->client.port = n->next_hop.port = 0;
	n->state = bytes_get16(p + 44);
	n->has_entry = p[46] & NEIGHBOUR_HAS_ENTRY;
	n->has_frame = p[46] & NEIGHBOUR_HAS_FRAME;
	n->wrong = p[46] & NEIGHBOUR_WRONG;
	n->repaired = p[46] & NEIGHBOUR_REPAIRED;
	n->taken_ms = bytes_get32(p + 48);
	n->since_ms = bytes_get32(p + 52);
	n->healed_ms = bytes_get32(p + 56);
	memcpy(n->local.address, p + 60, sizeof n->local.address);
	n->local.port = 0;
	get_interface(n->interface, p + 76);
}

static void put_frames(uint8_t *p, const struct evidence_frames *f)
{
	memcpy(p, f->client.address, sizeof f->client.address);
	memcpy(p + 16, f->local.address, sizeof f->local.address);
	p[32] = f->transport;
	bytes_put16(p + 34, (uint16_t)f->heard_ms);
	bytes_put32(p + 36, f->count);
	bytes_put32(p + 40, f->idle_ms);
}

static void get_frames(struct evidence_frames *f, const uint8_t *p)
{
	memcpy(f->client.address, p, sizeof f->client.address);
	memcpy(f->local.address, p + 16, sizeof f->local.address);
	f->client.port = f->local.port = 0;
	f->transport = p[32];
	f->heard_ms = bytes_get16(p + 34);
	f->count = bytes_get32(p + 36);
	f->idle_ms = bytes_get32(p + 40);
}

static void put_conflict(uint8_t *p, const struct evidence_conflict *c)
{
	memcpy(p, c->address.address, sizeof c->address.address);
	memcpy(p + 16, c->mac, sizeof c->mac);
	bytes_put32(p + 24, c->count);
	bytes_put32(p + 28, c->idle_ms);
}

static void get_conflict(struct evidence_conflict *c, const uint8_t *p)
{
	memcpy(c->address.address, p, sizeof c->address.address);
	memcpy(c->mac, p + 16, sizeof c->mac);
	c->address.port = 0;
	c->count = bytes_get32(p + 24);
	c->idle_ms = bytes_get32(p + 28);
}

static void put_arrival(uint8_t *p, const struct evidence_arrival *a)
{
	put_place(p, &a->place);
	bytes_put32(p + PLACE_LEN, a->idle_ms);
}

static void get_arrival(struct evidence_arrival *a, const uint8_t *p)
{
	get_place(&a->place, p);
	a->idle_ms = bytes_get32(p + PLACE_LEN);
}

struct lengths {
	unsigned flows, attempts, addresses, errors, neighbours, frames, conflicts, arrivals, macs;
};

/* How many records of item_len fit in what is left of *room. */
static unsigned cut(size_t *room, unsigned wanted, size_t item_len)
{
	unsigned n = at_most(*room / item_len, wanted);

	*room -= n * item_len;
	return n;
}

static struct lengths cut_to_fit(size_t room, const struct evidence_answer *answer)
{
	struct lengths n;

	n.attempts = cut(&room, answer->attempts_len, ATTEMPT_LEN);
	n.flows = cut(&room, answer->flows_len, FLOW_LEN);
	n.arrivals = cut(&room, answer->arrivals_len, ARRIVAL_LEN);
	n.neighbours = cut(&room, answer->neighbours_len, NEIGHBOUR_LEN);
	n.frames = cut(&room, answer->frames_len, FRAMES_LEN);
	n.conflicts = cut(&room, answer->conflicts_len, CONFLICT_LEN);
	n.addresses = cut(&room, answer->addresses_len, ADDRESS_LEN);
	n.errors = cut(&room, answer->errors_len, ERROR_LEN);
	n.macs = cut(&room, answer->macs_len, MAC_RECORD_LEN);
	if (n.macs < answer->macs_len)
		n.macs = 0; /* what is not among some of them means nothing */
	return n;
}

static void put_answer_head(uint8_t *buf, const struct evidence_answer *answer, const struct lengths *n)
{
	bool truncated = answer->truncated || n->flows < answer->flows_len || n->attempts < answer->attempts_len ||
			 n->addresses < answer->addresses_len || n->errors < answer->errors_len ||
			 n->neighbours < answer->neighbours_len || n->frames < answer->frames_len ||
			 n->conflicts < answer->conflicts_len || n->arrivals < answer->arrivals_len ||
			 n->macs < answer->macs_len;

	buf[0] = VERSION;
	buf[1] =
	    (uint8_t)((truncated ? ANSWER_TRUNCATED : 0) | (answer->sees_frames ? ANSWER_SEES_FRAMES : 0) |
		      (answer->listens_udp ? ANSWER_LISTENS_UDP : 0) | (answer->listens_tcp ? ANSWER_LISTENS_TCP : 0));
	buf[2] = (uint8_t)n->flows;
	buf[3] = (uint8_t)n->attempts;
	buf[4] = (uint8_t)n->addresses;
	buf[5] = (uint8_t)n->errors;
	buf[6] = (uint8_t)n->neighbours;
	buf[7] = (uint8_t)n->frames;
	buf[54] = (uint8_t)n->conflicts;
	buf[55] = (uint8_t)n->arrivals;
	bytes_put64(buf + 8, answer->boot_id);
	bytes_put64(buf + 16, answer->uptime_ms);
	bytes_put64(buf + 24, answer->evicted_ms);
	bytes_put32(buf + 32, answer->socket_drops);
	put_endpoint(buf + 36, &answer->asker);
	bytes_put32(buf + 56, answer->accept_overflows);
	bytes_put16(buf + 60, answer->port);
	buf[62] = (uint8_t)n->macs;
}

void evidence_write_answer(uint8_t *buf, size_t len, const struct evidence_answer *answer)
{
	uint8_t *p = buf + ANSWER_HEAD_LEN;
	struct lengths n;

	assert(len >= EVIDENCE_LEN_MIN);
	n = cut_to_fit(len - ANSWER_HEAD_LEN, answer);
	memset(buf, 0, len);
	put_answer_head(buf, answer, &n);
	for (unsigned i = 0; i < n.flows; i++, p += FLOW_LEN)
		put_flow(p, &answer->flows[i]);
	for (unsigned i = 0; i < n.attempts; i++, p += ATTEMPT_LEN)
		put_attempt(p, &answer->attempts[i]);
	for (unsigned i = 0; i < n.neighbours; i++, p += NEIGHBOUR_LEN)
		put_neighbour(p, &answer->neighbours[i]);
	for (unsigned i = 0; i < n.frames; i++, p += FRAMES_LEN)
		put_frames(p, &answer->frames[i]);
	for (unsigned i = 0; i < n.conflicts; i++, p += CONFLICT_LEN)
		put_conflict(p, &answer->conflicts[i]);
	for (unsigned i = 0; i < n.addresses; i++, p += ADDRESS_LEN)
		memcpy(p, answer->addresses[i].address, ADDRESS_LEN);
	for (unsigned i = 0; i < n.errors; i++, p += ERROR_LEN)
		put_error(p, &answer->errors[i]);
	for (unsigned i = 0; i < n.arrivals; i++, p += ARRIVAL_LEN)
		put_arrival(p, &answer->arrivals[i]);
	for (unsigned i = 0; i < n.macs; i++, p += MAC_RECORD_LEN)
		memcpy(p, answer->macs[i], EVIDENCE_MAC_LEN);
}

static bool get_answer_head(struct evidence_answer *answer, const uint8_t *buf, size_t len)
{
	if (len < ANSWER_HEAD_LEN || buf[0] != VERSION)
		return false;
	answer->truncated = buf[1] & ANSWER_TRUNCATED;
	answer->sees_frames = buf[1] & ANSWER_SEES_FRAMES;
	answer->listens_udp = buf[1] & ANSWER_LISTENS_UDP;
	answer->listens_tcp = buf[1] & ANSWER_LISTENS_TCP;
	answer->flows_len = buf[2];
	answer->attempts_len = buf[3];
	answer->addresses_len = buf[4];
	answer->errors_len = buf[5];
	answer->neighbours_len = buf[6];
	answer->frames_len = buf[7];
	answer->conflicts_len = buf[54];
	answer->arrivals_len = buf[55];
	answer->boot_id = bytes_get64(buf + 8);
	answer->uptime_ms = bytes_get64(buf + 16);
	answer->evicted_ms = bytes_get64(buf + 24);
	answer->socket_drops = bytes_get32(buf + 32);
	get_endpoint(&answer->asker, buf + 36);
	answer->accept_overflows = bytes_get32(buf + 56);
	answer->port = bytes_get16(buf + 60);
	answer->macs_len = buf[62];
	return true;
}

static bool answer_fits(size_t len, const struct evidence_answer *answer)
{
	size_t lists = answer->flows_len * (size_t)FLOW_LEN + answer->attempts_len * (size_t)ATTEMPT_LEN +
		       answer->addresses_len * (size_t)ADDRESS_LEN + answer->errors_len * (size_t)ERROR_LEN +
		       answer->neighbours_len * (size_t)NEIGHBOUR_LEN + answer->frames_len * (size_t)FRAMES_LEN +
		       answer->conflicts_len * (size_t)CONFLICT_LEN + answer->arrivals_len * (size_t)ARRIVAL_LEN +
		       answer->macs_len * (size_t)MAC_RECORD_LEN;

	return answer->flows_len <= EVIDENCE_FLOWS_MAX && answer->attempts_len <= EVIDENCE_ATTEMPTS_MAX &&
	       answer->addresses_len <= EVIDENCE_ADDRESSES_MAX && answer->errors_len <= EVIDENCE_ERRORS_MAX &&
	       answer->neighbours_len <= EVIDENCE_NEIGHBOURS_MAX && answer->frames_len <= EVIDENCE_FRAMES_MAX &&
	       answer->conflicts_len <= EVIDENCE_CONFLICTS_MAX && answer->arrivals_len <= EVIDENCE_PLACES_MAX &&
	       answer->macs_len <= EVIDENCE_MACS_MAX && len - ANSWER_HEAD_LEN >= lists;
}

bool evidence_read_answer(const uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	const uint8_t *p;

	if (!get_answer_head(answer, buf, len) || !answer_fits(len, answer))
		return false;
	p = buf + ANSWER_HEAD_LEN;
	for (unsigned i = 0; i < answer->flows_len; i++, p += FLOW_LEN)
		get_flow(&answer->flows[i], p);
	for (unsigned i = 0; i < answer->attempts_len; i++, p += ATTEMPT_LEN)
		if (!get_attempt(&answer->attempts[i], p))
			return false;
	for (unsigned i = 0; i < answer->neighbours_len; i++, p += NEIGHBOUR_LEN)
		get_neighbour(&answer->neighbours[i], p);
	for (unsigned i = 0; i < answer->frames_len; i++, p += FRAMES_LEN)
		get_frames(&answer->frames[i], p);
	for (unsigned i = 0; i < answer->conflicts_len; i++, p += CONFLICT_LEN)
		get_conflict(&answer->conflicts[i], p);
	for (unsigned i = 0; i < answer->addresses_len; i++, p += ADDRESS_LEN) {
		memcpy(answer->addresses[i].address, p, ADDRESS_LEN);
		answer->addresses[i].port = 0;
	}
	for (unsigned i = 0; i < answer->errors_len; i++, p += ERROR_LEN)
		get_error(&answer->errors[i], p);
	for (unsigned i = 0; i < answer->arrivals_len; i++, p += ARRIVAL_LEN)
		get_arrival(&answer->arrivals[i], p);
	for (unsigned i = 0; i < answer->macs_len; i++, p += MAC_RECORD_LEN)
		memcpy(answer->macs[i], p, EVIDENCE_MAC_LEN);
	return true;
}
