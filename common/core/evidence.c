#include "common/core/evidence.h"

#include "common/core/bytes.h"

#include <assert.h>

/* A text: version, length of the head, head, lists, zeros to the end. A list: type, how many records, length of one,
 * the records. docs/PROTOCOL.md draws them. */
enum {
	VERSION = 1,
	END = 0, /* in place of a list's type */
	TEXT_HEADER_LEN = 2,
	LIST_HEADER_LEN = 3,
};

/* -- fields -- */

enum {
	flag_len = 1,
	attempt_status_len = 1,
	holding_state_len = 1,
	link_answer_len = 1,
	syn_state_len = 1,
	u8_len = 1,
	u16_len = 2,
	u32_len = 4,
	u64_len = 8,
	bitmap_len = 32,
	mac_len = EVIDENCE_MAC_LEN,
	address_len = 16,
	endpoint_len = address_len + u16_len,
	interface_len = EVIDENCE_INTERFACE_LEN,
};

static uint8_t *put_u8(uint8_t *p, const uint8_t *v)
{
	*p = *v;
	return p + u8_len;
}

static const uint8_t *get_u8(const uint8_t *p, uint8_t *v)
{
	*v = *p;
	return p + u8_len;
}

#define NUMBER(bits)                                                                                                   \
	static uint8_t *put_u##bits(uint8_t *p, const uint##bits##_t *v)                                               \
	{                                                                                                              \
		bytes_put##bits(p, *v);                                                                                \
		return p + u##bits##_len;                                                                              \
	}                                                                                                              \
	static const uint8_t *get_u##bits(const uint8_t *p, uint##bits##_t *v)                                         \
	{                                                                                                              \
		*v = bytes_get##bits(p);                                                                               \
		return p + u##bits##_len;                                                                              \
	}
NUMBER(16)
NUMBER(32)
NUMBER(64)

static uint8_t *put_flag(uint8_t *p, const bool *v)
{
	*p = *v;
	return p + flag_len;
}

static const uint8_t *get_flag(const uint8_t *p, bool *v)
{
	*v = *p != 0;
	return p + flag_len;
}

/* An enum in one octet. A value after the last one, of a later version, is read as `other`. */
#define ENUM(name, last, other)                                                                                        \
	static uint8_t *put_##name(uint8_t *p, const enum evidence_##name *v)                                          \
	{                                                                                                              \
		*p = (uint8_t)*v;                                                                                      \
		return p + name##_len;                                                                                 \
	}                                                                                                              \
	static const uint8_t *get_##name(const uint8_t *p, enum evidence_##name *v)                                    \
	{                                                                                                              \
		*v = *p <= (last) ? *p : (other);                                                                      \
		return p + name##_len;                                                                                 \
	}

ENUM(attempt_status, EVIDENCE_CANNOT_TELL, EVIDENCE_CANNOT_TELL)
ENUM(holding_state, EVIDENCE_UNSAID, EVIDENCE_UNSAID)
ENUM(link_answer, EVIDENCE_LINK_REMEMBERS, EVIDENCE_LINK_UNASKED)
ENUM(syn_state, EVIDENCE_SYN_AMBIGUOUS, EVIDENCE_SYN_UNKNOWN)

static uint8_t *put_bitmap(uint8_t *p, const uint64_t (*v)[4])
{
	bytes_put_bitmap(p, *v, sizeof *v / sizeof **v);
	return p + bitmap_len;
}

static const uint8_t *get_bitmap(const uint8_t *p, uint64_t (*v)[4])
{
	bytes_get_bitmap(p, *v, sizeof *v / sizeof **v);
	return p + bitmap_len;
}

static uint8_t *put_mac(uint8_t *p, const uint8_t (*v)[EVIDENCE_MAC_LEN])
{
	memcpy(p, *v, mac_len);
	return p + mac_len;
}

static const uint8_t *get_mac(const uint8_t *p, uint8_t (*v)[EVIDENCE_MAC_LEN])
{
	memcpy(*v, p, mac_len);
	return p + mac_len;
}

static uint8_t *put_address(uint8_t *p, const struct endpoint *v)
{
	memcpy(p, v->address, address_len);
	return p + address_len;
}

static const uint8_t *get_address(const uint8_t *p, struct endpoint *v)
{
	memcpy(v->address, p, address_len);
	v->port = 0;
	return p + address_len;
}

static uint8_t *put_endpoint(uint8_t *p, const struct endpoint *v)
{
	return put_u16(put_address(p, v), &v->port);
}

static const uint8_t *get_endpoint(const uint8_t *p, struct endpoint *v)
{
	return get_u16(get_address(p, v), &v->port);
}

static uint8_t *put_interface(uint8_t *p, const char (*v)[EVIDENCE_INTERFACE_LEN])
{
	memcpy(p, *v, interface_len);
	return p + interface_len;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == ':' || c == '-';
}

/* It becomes part of a command that somebody will copy. A name that is no plain word, or does not end, is not known. */
static const uint8_t *get_interface(const uint8_t *p, char (*v)[EVIDENCE_INTERFACE_LEN])
{
	size_t len = 0;

	memset(*v, 0, sizeof *v);
	while (len < sizeof *v && is_plain((char)p[len]))
		len++;
	if (len < sizeof *v && p[len] == '\0' && p[0] != '-')
		memcpy(*v, p, len);
	return p + interface_len;
}

/* -- heads and records: the kind of each field and the field itself, in the order of the wire -- */

#define QUERY_HEAD(X)                                                                                                  \
	X(flag, r->relayed)                                                                                            \
	X(flag, r->has_macs)                                                                                           \
	X(mac, r->own_mac)                                                                                             \
	X(address, r->own_address)                                                                                     \
	X(mac, r->server_mac)

#define QUERY_flows(X) X(u64, *r)

#define QUERY_attempts(X)                                                                                              \
	X(u8, r->id)                                                                                                   \
	X(endpoint, r->client)                                                                                         \
	X(u32, r->age_ms)

#define QUERY_places(X)                                                                                                \
	X(endpoint, r->endpoint)                                                                                       \
	X(u8, r->transport)

#define QUERY_addresses(X) X(address, *r)

#define QUERY_names(X)                                                                                                 \
	X(u8, r->attempt)                                                                                              \
	X(u32, r->value)                                                                                               \
	X(u16, r->span_ms)

#define QUERY_translations(X)                                                                                          \
	X(address, r->own)                                                                                             \
	X(address, r->outside)                                                                                         \
	X(flag, r->keeps_ports)

#define ANSWER_HEAD(X)                                                                                                 \
	X(flag, r->truncated)                                                                                          \
	X(u64, r->boot_id)                                                                                             \
	X(u64, r->uptime_ms)                                                                                           \
	X(u64, r->evicted_ms)                                                                                          \
	X(u32, r->socket_drops)                                                                                        \
	X(u32, r->accept_overflows)                                                                                    \
	X(u32, r->datagrams_full)                                                                                      \
	X(u32, r->datagrams_bad)                                                                                       \
	X(u32, r->segments_bad)                                                                                        \
	X(u32, r->unread_ms)                                                                                           \
	X(endpoint, r->querier)                                                                                        \
	X(u16, r->port)                                                                                                \
	X(flag, r->listens_udp)                                                                                        \
	X(flag, r->listens_tcp)

#define ANSWER_attempts(X)                                                                                             \
	X(u8, r->id)                                                                                                   \
	X(attempt_status, r->status)                                                                                   \
	X(u8, r->origin)                                                                                               \
	X(u16, r->age_ms)

#define ANSWER_syns(X)                                                                                                 \
	X(u8, r->attempt)                                                                                              \
	X(syn_state, r->state)                                                                                         \
	X(u8, r->count)                                                                                                \
	X(u8, r->origin)                                                                                               \
	X(u16, r->port)                                                                                                \
	X(u16, r->first_ms)                                                                                            \
	X(u16, r->newest_ms)

#define ANSWER_origins(X)                                                                                              \
	X(address, r->source)                                                                                          \
	X(address, r->local)                                                                                           \
	X(flag, r->has_mac)                                                                                            \
	X(mac, r->mac)

#define ANSWER_flows(X)                                                                                                \
	X(u64, r->id)                                                                                                  \
	X(flag, r->known)                                                                                              \
	X(u32, r->receipts.first)                                                                                      \
	X(u32, r->receipts.newest)                                                                                     \
	X(u32, r->receipts.received)                                                                                   \
	X(bitmap, r->receipts.bitmap)                                                                                  \
	X(address, r->arrived_on)                                                                                      \
	X(address, r->source)                                                                                          \
	X(u32, r->idle_ms)

#define ANSWER_holdings(X)                                                                                             \
	X(address, r->address)                                                                                         \
	X(holding_state, r->state)                                                                                     \
	X(interface, r->interface)                                                                                     \
	X(link_answer, r->link_answer)                                                                                 \
	X(mac, r->mac)                                                                                                 \
	X(flag, r->forwards)                                                                                           \
	X(flag, r->routes)                                                                                             \
	X(u32, r->heard_ms)                                                                                            \
	X(address, r->arrived_on)                                                                                      \
	X(u32, r->absent_ms)

#define ANSWER_counters(X)                                                                                             \
	X(u8, r->kind)                                                                                                 \
	X(u32, r->value)

#define ANSWER_arrivals(X)                                                                                             \
	X(endpoint, r->place.endpoint)                                                                                 \
	X(u8, r->place.transport)                                                                                      \
	X(u32, r->idle_ms)

#define ANSWER_neighbours(X)                                                                                           \
	X(address, r->client)                                                                                          \
	X(address, r->local)                                                                                           \
	X(address, r->next_hop)                                                                                        \
	X(mac, r->entry_mac)                                                                                           \
	X(mac, r->frame_mac)                                                                                           \
	X(u16, r->state)                                                                                               \
	X(flag, r->repaired)                                                                                           \
	X(u8, r->asked)                                                                                                \
	X(u32, r->since_ms)                                                                                            \
	X(u32, r->healed_ms)                                                                                           \
	X(interface, r->interface)

#define ANSWER_frames(X)                                                                                               \
	X(address, r->client)                                                                                          \
	X(address, r->local)                                                                                           \
	X(u8, r->transport)                                                                                            \
	X(u32, r->idle_ms)                                                                                             \
	X(u16, r->heard_ms)

#define ANSWER_conflicts(X)                                                                                            \
	X(address, r->address)                                                                                         \
	X(mac, r->mac)                                                                                                 \
	X(u32, r->count)                                                                                               \
	X(u32, r->idle_ms)

#define ANSWER_return_routes(X)                                                                                        \
	X(address, r->client)                                                                                          \
	X(address, r->local)                                                                                           \
	X(u16, r->count)                                                                                               \
	X(u16, r->idle_ms)                                                                                             \
	X(u8, r->error)                                                                                                \
	X(address, r->reporter)                                                                                        \
	X(u8, r->no_route)                                                                                             \
	X(address, r->gateway)                                                                                         \
	X(interface, r->interface)                                                                                     \
	X(u8, r->neighbour_state)

#define ANSWER_addresses(X) X(address, *r)

#define ANSWER_twins(X)                                                                                                \
	X(u64, r->flow)                                                                                                \
	X(u32, r->seq)                                                                                                 \
	X(address, r->source)

#define ANSWER_macs(X) X(mac, r->octets)

#define ANSWER_captures(X)                                                                                             \
	X(u64, r->flow)                                                                                                \
	X(u32, r->newest)                                                                                              \
	X(u64, r->bitmap)

/* -- the same as functions and lengths: put_NAME, get_NAME, NAME_len -- */

#define LEN(kind, field) +kind##_len
#define PUT(kind, field) p = put_##kind(p, &(field));
#define GET(kind, field) p = get_##kind(p, &(field));
#define CODEC(name, structure, FIELDS)                                                                                 \
	enum { name##_len = 0 FIELDS(LEN) };                                                                           \
	static_assert(name##_len <= UINT8_MAX, "lengths are octets");                                                  \
	static uint8_t *put_##name(uint8_t *p, const void *object)                                                     \
	{                                                                                                              \
		const structure *r = object;                                                                           \
		FIELDS(PUT)                                                                                            \
		return p;                                                                                              \
	}                                                                                                              \
	static const uint8_t *get_##name(const uint8_t *p, void *object)                                               \
	{                                                                                                              \
		structure *r = object;                                                                                 \
		FIELDS(GET)                                                                                            \
		return p;                                                                                              \
	}

CODEC(query_head, struct evidence_query, QUERY_HEAD)
#define X(type, name, record, max, whole) CODEC(query_##name, record, QUERY_##name)
EVIDENCE_QUERY_LISTS(X)
#undef X
CODEC(answer_head, struct evidence_answer, ANSWER_HEAD)
#define X(type, name, record, max, whole) CODEC(answer_##name, record, ANSWER_##name)
EVIDENCE_ANSWER_LISTS(X)
#undef X

static_assert(EVIDENCE_LEN_MIN == TEXT_HEADER_LEN + answer_head_len, "an answer without lists");

/* -- the tables -- */

typedef uint8_t *put_function(uint8_t *p, const void *object);
typedef const uint8_t *get_function(const uint8_t *p, void *object);

struct list {
	uint8_t type, len; /* len: of a record, on the wire */
	bool whole;        /* it is left out rather than cut */
	unsigned max;
	size_t size;         /* of a record, in memory */
	size_t at, count_at; /* where the list and its number of records stand in the object */
	put_function *put;
	get_function *get;
};

struct text {
	size_t size; /* of the object, in memory */
	uint8_t head_len;
	put_function *put_head;
	get_function *get_head;
	const struct list *lists;
	unsigned lists_len;
};

#define LIST(owner, type, name, record, max, whole)                                                                    \
	{ type,                                                                                                        \
	  owner##_##name##_len,                                                                                        \
	  whole,                                                                                                       \
	  max,                                                                                                         \
	  sizeof(record),                                                                                              \
	  offsetof(struct evidence_##owner, name),                                                                     \
	  offsetof(struct evidence_##owner, name##_len),                                                               \
	  put_##owner##_##name,                                                                                        \
	  get_##owner##_##name },
#define TEXT(owner)                                                                                                    \
	{                                                                                                              \
		sizeof(struct evidence_##owner), owner##_head_len, put_##owner##_head, get_##owner##_head,             \
		    owner##_lists, sizeof owner##_lists / sizeof *owner##_lists                                        \
	}

#define X(type, name, record, max, whole) LIST(query, type, name, record, max, whole)
static const struct list query_lists[] = { EVIDENCE_QUERY_LISTS(X) };
#undef X
#define X(type, name, record, max, whole) LIST(answer, type, name, record, max, whole)
static const struct list answer_lists[] = { EVIDENCE_ANSWER_LISTS(X) };
#undef X
static const struct text query_text = TEXT(query), answer_text = TEXT(answer);

/* -- translations -- */

const struct evidence_translation *evidence_translation_of(const struct evidence_query *query,
							   const struct endpoint *own)
{
	for (unsigned i = 0; i < query->translations_len; i++) {
		if (endpoint_same_address(&query->translations[i].own, own))
			return &query->translations[i];
	}
	return NULL;
}

struct endpoint evidence_source_of(const struct evidence_query *query, const struct evidence_attempt *attempt)
{
	const struct evidence_translation *t = evidence_translation_of(query, &attempt->client);
	struct endpoint source = t ? t->outside : attempt->client;

	source.port = !t || t->keeps_ports ? attempt->client.port : 0;
	return source;
}

const struct evidence_attempt *evidence_attempt_like(const struct evidence_query *query, const struct endpoint *address)
{
	for (unsigned i = 0; i < query->attempts_len; i++) {
		if (endpoint_same_family(&query->attempts[i].client, address))
			return &query->attempts[i];
	}
	return NULL;
}

/* -- origins -- */

uint8_t evidence_add_origin(struct evidence_answer *answer, const struct evidence_origin *origin)
{
	unsigned i = 0;

	while (i < answer->origins_len && !(endpoint_same_address(&answer->origins[i].source, &origin->source) &&
					    endpoint_same_address(&answer->origins[i].local, &origin->local) &&
					    answer->origins[i].has_mac == origin->has_mac &&
					    memcmp(answer->origins[i].mac, origin->mac, mac_len) == 0))
		i++;
	if (i == answer->origins_len && i < EVIDENCE_ORIGINS_MAX) {
		answer->origins[i] = *origin;
		answer->origins[i].source.port = answer->origins[i].local.port = 0;
		answer->origins_len++;
	}
	return (uint8_t)i;
}

const struct evidence_origin *evidence_origin(const struct evidence_answer *answer, uint8_t index)
{
	return index < answer->origins_len ? &answer->origins[index] : NULL;
}

/* -- writing -- */

/* How many records fit. */
static unsigned cut(const struct list *list, unsigned count, size_t room)
{
	size_t fit = room < LIST_HEADER_LEN ? 0 : (room - LIST_HEADER_LEN) / list->len;

	fit = fit < list->max ? fit : list->max;
	if (count <= fit)
		return count;
	return list->whole ? 0 : (unsigned)fit;
}

/* false: some do not fit. */
static bool write_list(uint8_t **p, const uint8_t *end, const struct list *list, const void *object)
{
	const uint8_t *o = object;
	unsigned count, n;

	memcpy(&count, o + list->count_at, sizeof count);
	n = cut(list, count, (size_t)(end - *p));
	if (n > 0) {
		const uint8_t header[LIST_HEADER_LEN] = { list->type, (uint8_t)n, list->len };
		memcpy(*p, header, sizeof header);
		*p += sizeof header;
	}
	for (unsigned i = 0; i < n; i++)
		*p = list->put(*p, o + list->at + i * list->size);
	return n == count;
}

/* false: some records do not fit. */
static bool write_text(uint8_t *buf, size_t len, const struct text *text, const void *object)
{
	uint8_t *p;
	bool fits = true;

	memset(buf, 0, len);
	buf[0] = VERSION;
	buf[1] = text->head_len;
	p = text->put_head(buf + TEXT_HEADER_LEN, object);
	for (unsigned i = 0; i < text->lists_len; i++)
		fits = write_list(&p, buf + len, &text->lists[i], object) && fits;
	return fits;
}

bool evidence_write_query(uint8_t *buf, size_t len, const struct evidence_query *query)
{
	return len >= EVIDENCE_LEN_MIN && write_text(buf, len, &query_text, query);
}

void evidence_write_answer(uint8_t *buf, size_t len, const struct evidence_answer *answer)
{
	const bool truncated = true;

	assert(len >= EVIDENCE_LEN_MIN);
	if (!write_text(buf, len, &answer_text, answer))
		put_flag(buf + TEXT_HEADER_LEN, &truncated); /* the head's first field */
}

#define LIST_LEN(name, n) (LIST_HEADER_LEN + (n) * (size_t)name##_len)

static unsigned at_most(size_t n, unsigned limit)
{
	return n < limit ? (unsigned)n : limit;
}

unsigned evidence_query_room(size_t len, unsigned attempts)
{
	size_t of_attempts = LIST_LEN(query_attempts, attempts) + LIST_LEN(query_names, attempts) +
			     LIST_LEN(query_translations, EVIDENCE_TRANSLATIONS_MAX);
	size_t on_attempts =
	    LIST_LEN(answer_attempts, attempts) + LIST_LEN(answer_syns, attempts) + LIST_LEN(answer_origins, 1);
	size_t query = TEXT_HEADER_LEN + query_head_len + (attempts > 0 ? of_attempts : 0) + LIST_LEN(query_flows, 0) +
		       LIST_LEN(query_addresses, EVIDENCE_HOLDINGS_MAX);
	/* A wrong neighbour entry leaves as much room to a return route: only one of them is wrong. */
	size_t rest = LIST_LEN(answer_neighbours, 1) + LIST_LEN(answer_frames, 1) + LIST_LEN(answer_conflicts, 1) +
		      LIST_LEN(answer_addresses, 1) + LIST_LEN(answer_twins, 1) + /* nobody asks for these one by one */
		      LIST_LEN(answer_holdings, 1) + LIST_LEN(answer_captures, 0);
	size_t answer = EVIDENCE_LEN_MIN + (attempts > 0 ? on_attempts : 0) + LIST_LEN(answer_flows, 0) + rest;
	unsigned asked, answered;

	if (len < query || len < answer || attempts > EVIDENCE_ATTEMPTS_MAX)
		return 0;
	asked = at_most((len - query) / query_flows_len, EVIDENCE_FLOWS_MAX);
	answered = at_most((len - answer) / (answer_flows_len + answer_captures_len), EVIDENCE_FLOWS_MAX);
	return asked < answered ? asked : answered;
}

/* -- reading -- */

/* NULL: a later version's. */
static const struct list *find_list(const struct text *text, uint8_t type)
{
	for (unsigned i = 0; i < text->lists_len; i++) {
		if (text->lists[i].type == type)
			return &text->lists[i];
	}
	return NULL;
}

/* n records of len octets each. false: they are malformed, or the list stood there before. */
static bool read_list(const uint8_t *p, unsigned n, size_t len, const struct list *list, void *object)
{
	uint8_t *o = object;
	unsigned before;

	memcpy(&before, o + list->count_at, sizeof before);
	if (before > 0 || n > list->max || len < list->len)
		return false;
	for (unsigned i = 0; i < n; i++)
		list->get(p + i * len, o + list->at + i * list->size);
	memcpy(o + list->count_at, &n, sizeof n);
	return true;
}

static bool read_lists(const uint8_t *p, const uint8_t *end, const struct text *text, void *object)
{
	while (p < end && *p != END) {
		const struct list *list = find_list(text, *p);
		unsigned n;
		size_t len;
		if (end - p < LIST_HEADER_LEN)
			return false;
		n = p[1];
		len = p[2];
		p += LIST_HEADER_LEN;
		if (n == 0 || len == 0 || (size_t)(end - p) < n * len || (list && !read_list(p, n, len, list, object)))
			return false;
		p += n * len;
	}
	return true;
}

static bool read_text(const uint8_t *buf, size_t len, const struct text *text, void *object)
{
	size_t head_len;

	if (len < TEXT_HEADER_LEN || buf[0] != VERSION)
		return false;
	head_len = buf[1];
	if (head_len < text->head_len || len - TEXT_HEADER_LEN < head_len)
		return false;
	memset(object, 0, text->size);
	text->get_head(buf + TEXT_HEADER_LEN, object);
	return read_lists(buf + TEXT_HEADER_LEN + head_len, buf + len, text, object);
}

bool evidence_read_query(const uint8_t *buf, size_t len, struct evidence_query *query)
{
	return len >= EVIDENCE_LEN_MIN && read_text(buf, len, &query_text, query);
}

bool evidence_read_answer(const uint8_t *buf, size_t len, struct evidence_answer *answer)
{
	return read_text(buf, len, &answer_text, answer);
}
