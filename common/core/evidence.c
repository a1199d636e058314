#include "common/core/evidence.h"

#include "common/core/bytes.h"
#include "common/core/wire.h"

#include <assert.h>

/* Sizes of the records; docs/PROTOCOL.md draws them. */
enum {
	VERSION = 1,
	QUERY_HEAD_LEN = 40,
	QUERY_SUBJECT = 8,
	QUERY_FLOW_LEN = 8,
	QUERY_ATTEMPT_LEN = 28,
	ANSWER_HEAD_LEN = EVIDENCE_LEN_MIN,
	FLOW_LEN = 104,
	ATTEMPT_LEN = 8,
	ADDRESS_LEN = 16,
	ERROR_LEN = 48,

	/* What evidence_query_room leaves for the lists that nobody asks for one by one: 6 addresses, 2 errors. */
	REST_LEN = 6 * ADDRESS_LEN + 2 * ERROR_LEN,
};

enum { ANSWER_TRUNCATED = 0x01 };
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

static size_t query_len(unsigned flows, unsigned attempts)
{
	return QUERY_HEAD_LEN + flows * (size_t)QUERY_FLOW_LEN + attempts * (size_t)QUERY_ATTEMPT_LEN;
}

unsigned evidence_query_room(size_t len, unsigned attempts)
{
	size_t query = query_len(0, attempts);
	size_t answer = ANSWER_HEAD_LEN + attempts * (size_t)ATTEMPT_LEN + REST_LEN;
	unsigned asked, answered;

	if (len < query || len < answer || attempts > EVIDENCE_ATTEMPTS_MAX)
		return 0;
	asked = at_most((len - query) / QUERY_FLOW_LEN, EVIDENCE_FLOWS_MAX);
	answered = at_most((len - answer) / FLOW_LEN, EVIDENCE_FLOWS_MAX);
	return asked < answered ? asked : answered;
}

/* Do the lists keep to their maxima, and do they fit in len octets? */
static bool query_fits(size_t len, unsigned flows, unsigned attempts)
{
	return flows <= EVIDENCE_FLOWS_MAX && attempts <= EVIDENCE_ATTEMPTS_MAX && len >= EVIDENCE_LEN_MIN &&
	       len >= query_len(flows, attempts);
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

	if (!query_fits(len, query->flows_len, query->attempts_len))
		return false;
	p = buf + QUERY_HEAD_LEN;
	memset(buf, 0, len);
	buf[0] = VERSION;
	buf[1] = (uint8_t)query->flows_len;
	buf[2] = (uint8_t)query->attempts_len;
	for (unsigned i = 0; i < query->flows_len; i++, p += QUERY_FLOW_LEN)
		bytes_put64(p, query->flows[i]);
	for (unsigned i = 0; i < query->attempts_len; i++, p += QUERY_ATTEMPT_LEN)
		put_query_attempt(p, &query->attempts[i]);
	return true;
}

bool evidence_read_query(const uint8_t *buf, size_t len, struct evidence_query *query)
{
	static const uint8_t asker_itself[WIRE_KEY_LEN];
	const uint8_t *p;

	if (len < QUERY_HEAD_LEN || buf[0] != VERSION || !query_fits(len, buf[1], buf[2]))
		return false;
	if (memcmp(buf + QUERY_SUBJECT, asker_itself, sizeof asker_itself) != 0)
		return false;
	p = buf + QUERY_HEAD_LEN;
	query->flows_len = buf[1];
	query->attempts_len = buf[2];
	for (unsigned i = 0; i < query->flows_len; i++, p += QUERY_FLOW_LEN)
		query->flows[i] = bytes_get64(p);
	for (unsigned i = 0; i < query->attempts_len; i++, p += QUERY_ATTEMPT_LEN)
		get_query_attempt(&query->attempts[i], p);
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
}

static bool get_attempt(struct evidence_attempt_answer *attempt, const uint8_t *p)
{
	attempt->id = bytes_get32(p);
	attempt->status = p[4];
	attempt->retransmits = p[5];
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
}

static void get_error(struct evidence_error *error, const uint8_t *p)
{
	get_endpoint(&error->client, p);
	get_endpoint(&error->offender, p + 18);
	error->type = p[36];
	error->code = p[37];
	error->count = bytes_get32(p + 40);
	error->idle_ms = bytes_get32(p + 44);
}

struct lengths {
	unsigned flows, attempts, addresses, errors;
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
	n.addresses = cut(&room, answer->addresses_len, ADDRESS_LEN);
	n.errors = cut(&room, answer->errors_len, ERROR_LEN);
	return n;
}

static void put_answer_head(uint8_t *buf, const struct evidence_answer *answer, const struct lengths *n)
{
	bool truncated = answer->truncated || n->flows < answer->flows_len || n->attempts < answer->attempts_len ||
			 n->addresses < answer->addresses_len || n->errors < answer->errors_len;

	buf[0] = VERSION;
	buf[1] = truncated ? ANSWER_TRUNCATED : 0;
	buf[2] = (uint8_t)n->flows;
	buf[3] = (uint8_t)n->attempts;
	buf[4] = (uint8_t)n->addresses;
	buf[5] = (uint8_t)n->errors;
	bytes_put64(buf + 8, answer->boot_id);
	bytes_put64(buf + 16, answer->uptime_ms);
	bytes_put64(buf + 24, answer->evicted_ms);
	bytes_put32(buf + 32, answer->socket_drops);
	put_endpoint(buf + 36, &answer->asker);
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
	for (unsigned i = 0; i < n.addresses; i++, p += ADDRESS_LEN)
		memcpy(p, answer->addresses[i].address, ADDRESS_LEN);
	for (unsigned i = 0; i < n.errors; i++, p += ERROR_LEN)
		put_error(p, &answer->errors[i]);
}

static bool get_answer_head(struct evidence_answer *answer, const uint8_t *buf, size_t len)
{
	if (len < ANSWER_HEAD_LEN || buf[0] != VERSION)
		return false;
	answer->truncated = buf[1] & ANSWER_TRUNCATED;
	answer->flows_len = buf[2];
	answer->attempts_len = buf[3];
	answer->addresses_len = buf[4];
	answer->errors_len = buf[5];
	answer->boot_id = bytes_get64(buf + 8);
	answer->uptime_ms = bytes_get64(buf + 16);
	answer->evicted_ms = bytes_get64(buf + 24);
	answer->socket_drops = bytes_get32(buf + 32);
	get_endpoint(&answer->asker, buf + 36);
	return true;
}

static bool answer_fits(size_t len, const struct evidence_answer *answer)
{
	size_t lists = answer->flows_len * (size_t)FLOW_LEN + answer->attempts_len * (size_t)ATTEMPT_LEN +
		       answer->addresses_len * (size_t)ADDRESS_LEN + answer->errors_len * (size_t)ERROR_LEN;

	return answer->flows_len <= EVIDENCE_FLOWS_MAX && answer->attempts_len <= EVIDENCE_ATTEMPTS_MAX &&
	       answer->addresses_len <= EVIDENCE_ADDRESSES_MAX && answer->errors_len <= EVIDENCE_ERRORS_MAX &&
	       len - ANSWER_HEAD_LEN >= lists;
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
	for (unsigned i = 0; i < answer->addresses_len; i++, p += ADDRESS_LEN) {
		memcpy(answer->addresses[i].address, p, ADDRESS_LEN);
		answer->addresses[i].port = 0;
	}
	for (unsigned i = 0; i < answer->errors_len; i++, p += ERROR_LEN)
		get_error(&answer->errors[i], p);
	return true;
}
