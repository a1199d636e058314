#include "client/net/tcp_names.h"

#include "common/core/ns.h"
#include "common/core/thresholds.h"

uint64_t tcp_names_note(struct tcp_names *names, const struct tcp_name *name, uint16_t port, int64_t read_ns)
{
	names->ring[names->len % TCP_NAMES_MAX] = (struct tcp_names_entry){ read_ns, port, *name };
	return names->len++;
}

static const struct tcp_names_entry *entry(const struct tcp_names *names, uint64_t number)
{
	return &names->ring[number % TCP_NAMES_MAX];
}

/* Can both have left within a tick of their clock, if it is the same? Of two that follow each other. */
static bool are_near(const struct tcp_names_entry *before, const struct tcp_names_entry *after)
{
	return after->read_ns - after->name.span_ms * NS_PER_MS - before->read_ns <= TCP_NAMES_NEAR_NS;
}

/* A server takes a SYN whose value is at most SYNS_NAME_SLACK beside that of the attempt. The connection's own value is
 * uncertain by as much. */
static bool may_be_same(const struct tcp_name *a, const struct tcp_name *b)
{
	uint32_t distance = a->value + 2U * SYNS_NAME_SLACK - (b->value - b->span_ms);

	return !a->known || !b->known || distance <= a->span_ms + b->span_ms + 4U * SYNS_NAME_SLACK;
}

bool tcp_names_shared(const struct tcp_names *names, uint64_t number)
{
	const struct tcp_names_entry *own = entry(names, number);
	uint64_t oldest = names->len > TCP_NAMES_MAX ? names->len - TCP_NAMES_MAX : 0, i = number;

	if (number < oldest)
		return true;
	while (i > oldest && are_near(entry(names, i - 1), own)) {
		if (may_be_same(&entry(names, --i)->name, &own->name))
			return true;
	}
	if (i == oldest && oldest > 0)
		return true; /* what was overwritten may be near, too */
	for (i = number + 1; i < names->len && are_near(own, entry(names, i)); i++) {
		if (may_be_same(&entry(names, i)->name, &own->name))
			return true;
	}
	return false;
}

/* Had one of those before this number the port, in the time before now_ns in which state of it can be left? */
static bool had_port(const struct tcp_names *names, uint64_t number, uint16_t port, int64_t now_ns)
{
	uint64_t oldest = names->len > TCP_NAMES_MAX ? names->len - TCP_NAMES_MAX : 0;

	for (uint64_t i = number; i > oldest && now_ns - entry(names, i - 1)->read_ns <= TCP_NAMES_STATE_NS; i--) {
		if (entry(names, i - 1)->port == port)
			return true;
	}
	return false;
}

bool tcp_names_reused_port(const struct tcp_names *names, uint64_t number)
{
	const struct tcp_names_entry *own = entry(names, number);

	return own->port && had_port(names, number, own->port, own->read_ns);
}

bool tcp_names_is_fresh(const struct tcp_names *names, uint16_t port, int64_t now_ns)
{
	return !had_port(names, names->len, port, now_ns);
}

bool tcp_names_are_few(const struct tcp_names *names, int64_t now_ns)
{
	return names->len < TCP_NAMES_MAX || now_ns - entry(names, names->len)->read_ns > TCP_NAMES_STATE_NS;
}

bool tcp_names_same_port(const struct tcp_names *names, uint64_t number)
{
	const struct tcp_names_entry *own = entry(names, number);
	uint64_t oldest = names->len > TCP_NAMES_MAX ? names->len - TCP_NAMES_MAX : 0, i = number;

	if (number < oldest || own->port == 0)
		return true;
	while (i > oldest && own->read_ns - entry(names, i - 1)->read_ns <= TCP_NAMES_PORT_NS)
		if (entry(names, --i)->port == own->port)
			return true;
	if (i == oldest && oldest > 0)
		return true; /* what was overwritten may have had it, too */
	for (i = number + 1; i < names->len; i++)
		if (entry(names, i)->port == own->port)
			return true;
	return false;
}
