#include "client/output/headline.h"

#include "common/core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	CLAUSES_MAX = 16, /* different ones that are told apart */
	SHOWN_MAX = 3,    /* clauses in the sentence */
	NAMES_MAX = 3,    /* targets named in each clause */
};

struct clause {
	char text[HEADLINE_CLAUSE_LEN];
	const char *names[NAMES_MAX]; /* of the first targets */
	const char *newest;
	size_t targets, paths;
	unsigned rank; /* the higher, the worse */
};

struct clauses {
	struct clause list[CLAUSES_MAX];
	size_t len;
	size_t others; /* paths that found no room in the list */
};

/* -- what is wrong with one path -- */

bool headline_is_well(const struct headline_path *path)
{
	return path->expected && path->cause != VERDICT_CAUSE_UNPINNED_REPLY;
}

/* Causes that are more than a direction. They are true of any path that has them. */
static const char *const by_cause[VERDICT_CAUSES_LEN] = {
	[VERDICT_CAUSE_UNPINNED_REPLY] = "%sanswers whose source address the kernel chooses are lost",
	[VERDICT_CAUSE_WRONG_SOURCE] = "%sanswers come from another address than the one that was asked",
	[VERDICT_CAUSE_REFUSED] = "%sprobes are refused",
	[VERDICT_CAUSE_UNREACHABLE] = "%sprobes find the address unreachable",
	[VERDICT_CAUSE_PROHIBITED] = "%sprobes are prohibited by a firewall or router",
	[VERDICT_CAUSE_SERVER_DOWN] = "%sprobes are not answered: the server is down",
	[VERDICT_CAUSE_HOLDER_DOWN] = "%sprobes are not answered: the server that held the address is down",
	[VERDICT_CAUSE_NOT_ASSIGNED] = "%sprobes are not answered: no server has the address",
	[VERDICT_CAUSE_FAILOVER] = "%sprobes were lost while the address moved",
	[VERDICT_CAUSE_NOT_AUTHORISED] = "%sprobes are not answered: the server does not list this client's key",
	[VERDICT_CAUSE_CLOCK_SKEW] = "%sprobes are refused: the clocks of client and server differ too much",
	[VERDICT_CAUSE_LOCAL] = "%sprobes or answers are stopped by this host itself",
};

static const char *const by_direction[] = {
	[VERDICT_DIRECTION_NONE] = "%sprobes are answered, but not as expected",
	[VERDICT_DIRECTION_FORWARD] = "%sprobes are lost on their way to the server",
	[VERDICT_DIRECTION_RETURN] = "%sanswers are lost on their way back",
	[VERDICT_DIRECTION_BOTH] = "%sprobes and answers are lost, both ways",
	[VERDICT_DIRECTION_UNKNOWN] = "%sprobes are not answered",
};

/* Unless the clause says it already, or there is nothing to say. */
static bool is_cause_named(enum verdict_cause cause, const char *clause)
{
	return cause != VERDICT_CAUSE_NONE && cause != VERDICT_CAUSE_UNEXPLAINED &&
	       cause != VERDICT_CAUSE_PROTOCOL_FILTERED && !strstr(clause, verdict_cause_word(cause));
}

static const char *pattern(const struct headline_path *path)
{
	if (path->nameless)
		return "no address is known";
	if (path->state == VERDICT_UP && path->expect_unreachable)
		return "%sprobes are answered, but the target is expected to be unreachable";
	if (path->state == VERDICT_UP && path->cause == VERDICT_CAUSE_IMPOSTOR)
		return "%sprobes are answered by a server that is not allowed to here";
	if (path->state == VERDICT_UNKNOWN && path->without_outcome)
		return "no outcome of %sprobes is known yet";
	return by_cause[path->cause] ? by_cause[path->cause] : by_direction[path->direction];
}

const char *headline_clause(const struct headline_path *path, const char *subject, char text[HEADLINE_CLAUSE_LEN])
{
	size_t len = 0;

	if (headline_is_well(path))
		return NULL;
	if (path->state == VERDICT_UP && path->cause == VERDICT_CAUSE_NONE && path->threshold) {
		snprintf(text, HEADLINE_CLAUSE_LEN, "%sanswers are beyond the threshold `%s`", subject,
			 path->threshold);
		return text;
	}
	if (path->state == VERDICT_UP && path->cause == VERDICT_CAUSE_NONE && !path->expect_unreachable &&
	    path->sentence) {
		snprintf(text, HEADLINE_CLAUSE_LEN, "%s", path->sentence);
		return text;
	}
	if (path->state == VERDICT_LOSSY)
		len = (size_t)snprintf(text, HEADLINE_CLAUSE_LEN, "some ");
		/* The patterns are ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	len += (size_t)snprintf(text + len, HEADLINE_CLAUSE_LEN - len, pattern(path), subject);
#pragma GCC diagnostic pop
	if (is_cause_named(path->cause, text))
		snprintf(text + len, HEADLINE_CLAUSE_LEN - len, " (%s)", verdict_cause_word(path->cause));
	return text;
}

/* -- the clauses of all paths -- */

static bool same_fault(const struct headline_path *a, const struct headline_path *b)
{
	return a->state == b->state && a->direction == b->direction && a->cause == b->cause &&
	       a->expected == b->expected;
}

/* "UDP ", unless other kinds of probes of this target have the same fault. */
static const char *subject_of(const struct headline_path *paths, size_t from, size_t to, size_t i, char text[16])
{
	for (size_t k = from; k < to; k++) {
		if (same_fault(&paths[k], &paths[i]) && paths[k].kind != paths[i].kind)
			return "";
	}
	snprintf(text, 16, "%.8s ", probe_kind_of(paths[i].kind)->name);
	return text;
}

static unsigned rank_of(const struct headline_path *path)
{
	static const unsigned ranks[] = {
		[VERDICT_DOWN] = 4, [VERDICT_LOSSY] = 3, [VERDICT_UP] = 2, [VERDICT_UNKNOWN] = 1
	};

	return path->expected ? 0 : ranks[path->state];
}

static struct clause *find_clause(struct clauses *c, const char *text)
{
	for (size_t i = 0; i < c->len; i++) {
		if (strcmp(c->list[i].text, text) == 0)
			return &c->list[i];
	}
	if (c->len == CLAUSES_MAX)
		return NULL;
	snprintf(c->list[c->len].text, HEADLINE_CLAUSE_LEN, "%s", text);
	return &c->list[c->len++];
}

static void note(struct clauses *c, const struct headline_path *path, const char *text)
{
	struct clause *clause = find_clause(c, text);

	if (!clause) {
		c->others++;
		return;
	}
	clause->paths++;
	if (rank_of(path) > clause->rank)
		clause->rank = rank_of(path);
	if (clause->newest && text_equal(clause->newest, path->target))
		return;
	clause->newest = path->target;
	if (clause->targets < NAMES_MAX)
		clause->names[clause->targets] = path->target;
	clause->targets++;
}

/* The paths from `from` on that have the same target. */
static size_t end_of_target(const struct headline_path *paths, size_t paths_len, size_t from)
{
	size_t to = from + 1;

	while (to < paths_len && text_equal(paths[to].target, paths[from].target))
		to++;
	return to;
}

static size_t gather(struct clauses *c, const struct headline_path *paths, size_t paths_len)
{
	char subject[16], text[HEADLINE_CLAUSE_LEN];
	size_t targets = 0;

	for (size_t from = 0, to; from < paths_len; from = to, targets++) {
		to = end_of_target(paths, paths_len, from);
		for (size_t i = from; i < to; i++) {
			if (headline_clause(&paths[i], subject_of(paths, from, to, i, subject), text))
				note(c, &paths[i], text);
		}
	}
	return targets;
}

/* -- the sentence -- */

struct sentence {
	char *text;
	size_t len;
};

static void add(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct sentence *s, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(s->text + s->len, HEADLINE_LEN - s->len, format, args);
	va_end(args);
	s->len += len > 0 ? (size_t)len : 0;
	if (s->len >= HEADLINE_LEN)
		s->len = HEADLINE_LEN - 1;
}

static struct clause *worst(struct clauses *c)
{
	struct clause *found = NULL;

	for (size_t i = 0; i < c->len; i++) {
		struct clause *x = &c->list[i];
		if (x->paths > 0 &&
		    (!found || x->rank > found->rank || (x->rank == found->rank && x->paths > found->paths)))
			found = x;
	}
	return found;
}

static void add_clause(struct sentence *s, const struct clause *c, size_t paths_len)
{
	size_t shown = c->targets <= NAMES_MAX ? c->targets : NAMES_MAX - 1;

	for (size_t i = 0; i < shown; i++)
		add(s, "%s%s", i == 0 ? "" : i + 1 == c->targets ? " and " : ", ", c->names[i]);
	if (shown < c->targets)
		add(s, " and %zu more targets", c->targets - shown);
	add(s, ": %s, %zu of %zu path%s", c->text, c->paths, paths_len, paths_len == 1 ? "" : "s");
}

static void add_expected(struct sentence *s, size_t paths_len, size_t targets)
{
	add(s, "%s%zu path%s of %zu target%s %s as expected", paths_len == 1 ? "" : "all ", paths_len,
	    paths_len == 1 ? "" : "s", targets, targets == 1 ? "" : "s", paths_len == 1 ? "is" : "are");
}

const char *headline(const struct headline_path *paths, size_t paths_len, char text[HEADLINE_LEN])
{
	struct clauses clauses = { .len = 0 };
	struct sentence s = { .text = text };
	struct clause *clause;
	size_t targets = gather(&clauses, paths, paths_len), left = clauses.others;

	text[0] = '\0';
	clause = worst(&clauses);
	if (!clause || clause->rank == 0)
		add_expected(&s, paths_len, targets);
	for (unsigned shown = 0; (clause = worst(&clauses)); shown++) {
		if (shown < SHOWN_MAX) {
			add(&s, "%s", s.len ? "; " : "");
			add_clause(&s, clause, paths_len);
		} else {
			left += clause->paths;
		}
		clause->paths = 0;
	}
	if (left > 0)
		add(&s, "; %zu more path%s not as expected", left, left == 1 ? " is" : "s are");
	return text;
}
