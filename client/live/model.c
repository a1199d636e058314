#include "client/live/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_init(struct model *m, const char *command, const char *vantage)
{
	*m = (struct model){ .command = command, .well = true };
	snprintf(m->vantage, sizeof m->vantage, "%s", vantage);
}

void model_free(struct model *m)
{
	free(m->paths);
	free(m->before);
	free(m->rows);
}

bool model_is_well(const struct model_path *p)
{
	return p->known && headline_is_well(&p->is);
}

/* -- events -- */

void model_event(struct model *m, int64_t real_ns, bool good, const char *format, ...)
{
	struct model_event *e = &m->events[m->events_len++ % MODEL_EVENTS];
	va_list args;

	e->real_ns = real_ns;
	e->good = good;
	va_start(args, format);
	vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
}

const struct model_event *model_event_ago(const struct model *m, size_t ago)
{
	if (ago >= m->events_len || ago >= MODEL_EVENTS)
		return NULL;
	return &m->events[(m->events_len - 1 - ago) % MODEL_EVENTS];
}

static bool same_path(const struct model_path *a, const struct model_path *b)
{
	return strcmp(a->target, b->target) == 0 && strcmp(a->label, b->label) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

/* Where it was at the feed before: mostly at the same place. */
static const struct model_path *find_before(const struct model *m, size_t i)
{
	if (i < m->before_len && same_path(&m->before[i], &m->paths[i]))
		return &m->before[i];
	for (size_t k = 0; k < m->before_len; k++) {
		if (same_path(&m->before[k], &m->paths[i]))
			return &m->before[k];
	}
	return NULL;
}

static const char *or_nobody(const char *server)
{
	return *server ? server : "nobody";
}

const char *model_state(const struct model_path *p, char text[MODEL_STATE_LEN])
{
	const struct headline_path *is = &p->is;
	bool lost = is->direction != VERDICT_DIRECTION_NONE, caused = is->cause != VERDICT_CAUSE_NONE;

	if (!p->known)
		snprintf(text, MODEL_STATE_LEN, "-");
	else if (is->state != VERDICT_UP && is->expected)
		snprintf(text, MODEL_STATE_LEN, "%s, expected", verdict_state_word(is->state));
	else if (is->state == VERDICT_UP && !caused && !is->expected)
		snprintf(text, MODEL_STATE_LEN, "up, unexpected");
	else
		snprintf(text, MODEL_STATE_LEN, "%s%s%s%s%s", verdict_state_word(is->state), lost ? " " : "",
			 lost ? verdict_direction_word(is->direction) : "", caused ? " " : "",
			 caused ? verdict_cause_word(is->cause) : "");
	return text;
}

static void note_state(struct model *m, const struct model_path *was, const struct model_path *now)
{
	char text[MODEL_STATE_LEN];

	if (!now->known || (!was->known && model_is_well(now)))
		return;
	if (was->known && was->is.state == now->is.state && was->is.direction == now->is.direction &&
	    was->is.cause == now->is.cause)
		return;
	model_event(m, m->real_ns, model_is_well(now), "%.64s %.47s: %s -> %s", now->target, now->label,
		    was->known ? verdict_state_word(was->is.state) : "new", model_state(now, text));
}

static void note_changes(struct model *m, const struct model_path *was, const struct model_path *now)
{
	note_state(m, was, now);
	if (was->known && now->known && *now->server && strcmp(was->server, now->server) != 0 && *was->server)
		model_event(m, m->real_ns, true, "%.64s %.47s: %.64s answers, before it was %.64s", now->target,
			    now->label, or_nobody(now->server), or_nobody(was->server));
}

/* -- rows -- */

static size_t end_of_group(const struct model *m, size_t from, bool *well)
{
	size_t to = from;

	*well = true;
	for (; to < m->len && strcmp(m->paths[to].target, m->paths[from].target) == 0 &&
	       strcmp(m->paths[to].address, m->paths[from].address) == 0;
	     to++)
		*well = *well && model_is_well(&m->paths[to]);
	return to;
}

static unsigned rank_of(const struct model_path *p)
{
	static const unsigned ranks[] = {
		[VERDICT_DOWN] = 0, [VERDICT_LOSSY] = 1, [VERDICT_UP] = 2, [VERDICT_UNKNOWN] = 3
	};

	return model_is_well(p) ? 4 : ranks[p->is.state];
}

/* For qsort, which has no context in C11. */
static const struct model *sorted;

static int by_rank(const void *a, const void *b)
{
	const struct model_row *x = a, *y = b;
	unsigned p = rank_of(&sorted->paths[x->from]), q = rank_of(&sorted->paths[y->from]);

	return p != q ? (p < q ? -1 : 1) : x->from < y->from ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
	const struct model_row *x = a, *y = b;
	int order = strcmp(sorted->paths[x->from].target, sorted->paths[y->from].target);

	return order ? order : x->from < y->from ? -1 : 1;
}

static void make_rows(struct model *m)
{
	bool well;

	m->rows_len = 0;
	for (size_t from = 0, to; from < m->len; from = to) {
		to = end_of_group(m, from, &well);
		if (well && !m->expanded) {
			m->rows[m->rows_len++] = (struct model_row){ .from = from, .to = to, .folded = true };
			continue;
		}
		for (size_t i = from; i < to; i++)
			m->rows[m->rows_len++] = (struct model_row){ .from = i, .to = i + 1 };
	}
	sorted = m;
	if (m->sort != MODEL_AS_CONFIGURED)
		qsort(m->rows, m->rows_len, sizeof *m->rows, m->sort == MODEL_BY_NAME ? by_name : by_rank);
	if (m->selected >= m->rows_len)
		m->selected = m->rows_len ? m->rows_len - 1 : 0;
}

/* -- feeding -- */

void model_feed_begin(struct model *m, int64_t real_ns)
{
	struct model_path *paths = m->before;

	m->before = m->paths;
	m->before_len = m->len;
	m->paths = paths;
	m->len = 0;
	m->real_ns = real_ns;
	m->sentences_len = 0;
	m->advised = false;
}

static bool grow(struct model *m)
{
	size_t room = m->room ? 2 * m->room : 32;
	struct model_path *paths = realloc(m->paths, room * sizeof *paths);
	struct model_path *before = paths ? realloc(m->before, room * sizeof *before) : NULL;
	struct model_row *rows = before ? realloc(m->rows, room * sizeof *rows) : NULL;

	m->paths = paths ? paths : m->paths;
	m->before = before ? before : m->before;
	m->rows = rows ? rows : m->rows;
	if (!rows)
		return false;
	m->room = room;
	return true;
}

struct model_path *model_feed_path(struct model *m)
{
	if (m->len == m->room && !grow(m))
		return NULL;
	memset(&m->paths[m->len], 0, sizeof *m->paths);
	m->paths[m->len].rtt_ms = -1;
	return &m->paths[m->len++];
}

static bool compose_headline(struct model *m)
{
	struct headline_path *list = calloc(m->len + 1, sizeof *list);
	size_t known = 0;
	bool well = true;

	for (size_t i = 0; list && i < m->len; i++) {
		if (!m->paths[i].known)
			continue;
		list[known++] = m->paths[i].is;
		well = well && headline_is_well(&m->paths[i].is);
	}
	if (known > 0)
		headline(list, known, m->headline);
	else
		snprintf(m->headline, sizeof m->headline, "no path has a state yet");
	free(list);
	return well;
}

void model_feed_end(struct model *m, const char *sentence, bool well)
{
	static const struct model_path new;

	for (size_t i = 0; i < m->len; i++) {
		struct model_path *p = &m->paths[i];
		const struct model_path *was = find_before(m, i);
		p->is.target = p->target;
		p->is.sentence = *p->sentence ? p->sentence : NULL;
		if (!m->silent)
			note_changes(m, was ? was : &new, p);
	}
	m->well = well;
	if (sentence)
		snprintf(m->headline, sizeof m->headline, "%s", sentence);
	else
		m->well = compose_headline(m);
	make_rows(m);
}

int model_wants(const struct model *m)
{
	if (!m->details || m->selected >= m->rows_len)
		return -1;
	return (int)m->rows[m->selected].from;
}

/* -- keys -- */

static void select_row(struct model *m, size_t by, bool down)
{
	if (down)
		m->selected = m->selected + by < m->rows_len ? m->selected + by : m->rows_len ? m->rows_len - 1 : 0;
	else
		m->selected = m->selected > by ? m->selected - by : 0;
}

bool model_key(struct model *m, enum model_key key)
{
	if (m->help && key != MODEL_QUIT) {
		m->help = false;
		return true;
	}
	switch (key) {
	case MODEL_UP:
	case MODEL_DOWN:
		select_row(m, 1, key == MODEL_DOWN);
		break;
	case MODEL_PAGE_UP:
	case MODEL_PAGE_DOWN:
		select_row(m, m->page_rows ? m->page_rows : 1, key == MODEL_PAGE_DOWN);
		break;
	case MODEL_HOME:
	case MODEL_END:
		select_row(m, m->rows_len, key == MODEL_END);
		break;
	case MODEL_SORT:
		m->sort = (m->sort + 1) % MODEL_SORTS;
		make_rows(m);
		break;
	case MODEL_EXPAND:
		m->expanded = !m->expanded;
		make_rows(m);
		break;
	case MODEL_PAUSE:
		m->paused = !m->paused;
		break;
	case MODEL_DETAILS:
		m->details = !m->details;
		break;
	case MODEL_HELP:
		m->help = true;
		break;
	case MODEL_QUIT:
		return false;
	case MODEL_NO_KEY:
		break;
	}
	return true;
}
