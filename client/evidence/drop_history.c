#include "client/evidence/drop_history.h"

#include <string.h>

static struct drop_table table_of(const struct evidence_answer *a)
{
	struct drop_table t = { .max = 0 };

	for (unsigned i = 0; i < a->counters_len; i++) {
		const struct evidence_counter *c = &a->counters[i];
		uint32_t *const fields[] = {
			[EVIDENCE_TABLE_ENTRIES] = &t.entries,     [EVIDENCE_TABLE_MAX] = &t.max,
			[EVIDENCE_TABLE_DROPPED] = &t.dropped,     [EVIDENCE_TABLE_EVICTED] = &t.evicted,
			[EVIDENCE_TABLE_CONFLICTS] = &t.conflicts,
		};
		if (c->kind < sizeof fields / sizeof *fields && fields[c->kind])
			*fields[c->kind] = c->value;
	}
	return t;
}

static uint32_t altered_of(const struct evidence_answer *a)
{
	for (unsigned i = 0; i < a->counters_len; i++) {
		if (a->counters[i].kind == EVIDENCE_ALTERED)
			return a->counters[i].value;
	}
	return 0;
}

static struct drop_counts counts_of(const struct evidence_answer *a)
{
	return (struct drop_counts){
		.datagrams = a->socket_drops,
		.connections = a->accept_overflows,
		.full = a->datagrams_full,
		.bad = a->datagrams_bad,
		.segments = a->segments_bad,
		.altered = altered_of(a),
		.table = table_of(a),
	};
}

static void begin(struct drop_history *h, const struct evidence_answer *a, int64_t now_ns)
{
	memset(h, 0, sizeof *h);
	h->boot_id = a->boot_id;
	h->datagrams_from_ns = a->socket_drops > 0 ? now_ns : 0;
	h->connections_from_ns = a->accept_overflows > 0 ? now_ns : 0;
}

static void note_growth(struct drop_history *h, const struct evidence_answer *a, int64_t now_ns)
{
	const struct drop_counts *newest = &h->samples[(h->len - 1) % DROP_HISTORY_SAMPLES].counts;

	if (a->socket_drops > newest->datagrams)
		h->datagrams_from_ns = now_ns;
	if (a->accept_overflows != EVIDENCE_NOT_COUNTED && a->accept_overflows > newest->connections)
		h->connections_from_ns = now_ns;
}

void drop_history_note(struct drop_history *history, const struct evidence_answer *answer, int64_t asked_ns,
		       int64_t now_ns)
{
	if (history->len == 0 || history->boot_id != answer->boot_id)
		begin(history, answer, now_ns);
	else
		note_growth(history, answer, now_ns);
	history->samples[history->len++ % DROP_HISTORY_SAMPLES] = (struct drop_sample){ asked_ns, counts_of(answer) };
}

/* A sum over sockets falls when one of them closes: that is no growth. */
static uint32_t grown(uint32_t before, uint32_t now)
{
	if (before == EVIDENCE_NOT_COUNTED || now == EVIDENCE_NOT_COUNTED)
		return EVIDENCE_NOT_COUNTED;
	return now > before ? now - before : 0;
}

static struct drop_table grown_table(const struct drop_table *before, const struct drop_table *now)
{
	return (struct drop_table){ grown(before->dropped, now->dropped), grown(before->evicted, now->evicted),
				    grown(before->conflicts, now->conflicts), now->entries, now->max };
}

static unsigned oldest(const struct drop_history *h)
{
	return h->len > DROP_HISTORY_SAMPLES ? h->len - DROP_HISTORY_SAMPLES : 0;
}

/* The first kept answer at since_ns or later; the number of all answers: none. */
static unsigned first_since(const struct drop_history *h, int64_t since_ns)
{
	unsigned i = oldest(h);

	while (i < h->len && h->samples[i % DROP_HISTORY_SAMPLES].asked_ns < since_ns)
		i++;
	return i;
}

/* Does the answer tell why datagrams were dropped? A busy server leaves it out now and then. */
static bool has_reasons(const struct drop_history *h, unsigned i)
{
	const struct drop_counts *counts = &h->samples[i % DROP_HISTORY_SAMPLES].counts;

	return counts->full != EVIDENCE_NOT_COUNTED && counts->bad != EVIDENCE_NOT_COUNTED;
}

/* The first answer from i to `last`, in either direction, that has reasons; i: none has. */
static unsigned with_reasons(const struct drop_history *h, unsigned i, unsigned last)
{
	unsigned k = i;

	while (k != last && !has_reasons(h, k))
		k += k < last ? 1 : -1U;
	return has_reasons(h, k) ? k : i;
}

static bool compare(const struct drop_history *h, unsigned from, struct drop_growth *growth)
{
	const struct drop_sample *a = &h->samples[from % DROP_HISTORY_SAMPLES], *b;

	if (from + 1 >= h->len)
		return false;
	b = &h->samples[with_reasons(h, h->len - 1, from + 1) % DROP_HISTORY_SAMPLES];
	*growth = (struct drop_growth){
		.from_ns = a->asked_ns,
		.to_ns = b->asked_ns,
		.counts = { grown(a->counts.datagrams, b->counts.datagrams),
			    grown(a->counts.connections, b->counts.connections), grown(a->counts.full, b->counts.full),
			    grown(a->counts.bad, b->counts.bad), grown(a->counts.segments, b->counts.segments),
			    grown(a->counts.altered, b->counts.altered),
			    grown_table(&a->counts.table, &b->counts.table) },
	};
	return true;
}

bool drop_history_since(const struct drop_history *history, int64_t since_ns, struct drop_growth *growth)
{
	unsigned first = first_since(history, since_ns);

	return compare(history, first + 1 < history->len ? with_reasons(history, first, history->len - 2) : first,
		       growth);
}

bool drop_history_from_before(const struct drop_history *history, int64_t since_ns, struct drop_growth *growth)
{
	unsigned first = first_since(history, since_ns);

	if (first > oldest(history))
		first = with_reasons(history, first - 1, oldest(history));
	return compare(history, first, growth);
}

bool drop_history_kept(const struct drop_history *history, struct drop_growth *growth)
{
	return compare(history, oldest(history), growth);
}
