/* Monitoring Plugins Development Guidelines: one line, and long output if several paths fail; status first, then '|'
 * and 'label'=value[unit];warn;crit;min;max. */
#include "client/output/output.h"
#include "client/output/output_formats.h"
#include "client/verdict/threshold.h"

#include "common/core/printable.h"
#include "common/core/text.h"
#include "common/system/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_LEN = 256,
	ERROR_LEN = 1024,
	BODY_LEN = 7000,     /* performance data and long output: with the first sentence they are below 8 KiB */
	PROBLEMS_LEN = 6000, /* the long output, which comes first if there is not room for both */
	NAMES_MAX = 12,      /* paths that a line of it names: a target may have a thousand */
};

enum plugin_code { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };
static const char *const code_words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
/* Severity order: CRITICAL ranks above UNKNOWN. */
static const unsigned code_ranks[] = { 0, 1, 3, 2 };

static enum plugin_code code_of_state(const struct verdict *verdict)
{
	if (verdict->expected || verdict->only_threshold) /* unpinned: answers of an application that does not pin its
							     source are lost */
		return verdict->cause == VERDICT_CAUSE_UNPINNED_REPLY ? PLUGIN_WARNING : PLUGIN_OK;
	if (verdict->state == VERDICT_UNKNOWN || verdict->cause == VERDICT_CAUSE_LOCAL)
		return PLUGIN_UNKNOWN;
	return verdict->state == VERDICT_LOSSY ? PLUGIN_WARNING : PLUGIN_CRITICAL;
}

static enum plugin_code path_code(const struct verdict *verdict)
{
	static const enum plugin_code of_threshold[] = {
		[THRESHOLD_NONE] = PLUGIN_OK, [THRESHOLD_WARN] = PLUGIN_WARNING, [THRESHOLD_CRITICAL] = PLUGIN_CRITICAL
	};
	enum plugin_code state = code_of_state(verdict), threshold = of_threshold[verdict->threshold];

	return code_ranks[threshold] > code_ranks[state] ? threshold : state;
}

/* '|' starts the perfdata; a quote or '=' ends a label. */
static void put_safe(FILE *out, const char *text, const char *forbidden)
{
	char clean[TEXT_LEN];

	printable(clean, sizeof clean, text, false);
	for (char *p = clean; (p = strpbrk(p, forbidden));)
		*p = '_';
	fputs(clean, out);
}

static void put_text(FILE *out, const char *text)
{
	put_safe(out, text, "|");
}

/* The first path with the highest rank. */
static const struct result_path *worst_path(struct result_path *const *paths, size_t paths_len)
{
	const struct result_path *worst = paths[0];
	for (size_t i = 1; i < paths_len; i++) {
		if (code_ranks[path_code(paths[i]->verdict)] > code_ranks[path_code(worst->verdict)])
			worst = paths[i];
	}
	return worst;
}

static void put_worst(FILE *out, const struct result_path *path)
{
	const struct verdict *v = path->verdict;
	char words[OUTPUT_PATH_LEN], address[UNITS_ADDRESS_LEN];

	output_path_words(&path->name, words);
	put_text(out, path->name.target);
	fprintf(out, " %s %s: %s", result_address(&path->name.endpoint, address), words, verdict_state_word(v->state));
	if (v->direction != VERDICT_DIRECTION_NONE)
		fprintf(out, ", direction %s", verdict_direction_word(v->direction));
	if (v->cause != VERDICT_CAUSE_NONE)
		fprintf(out, ", %s", verdict_cause_word(v->cause));
	if (v->sentences_len > 0) {
		fputs(", ", out);
		put_text(out, v->sentences[0]);
	}
	fputs("; ", out);
}

/* A label must not depend on the resolved address. It has the family, because a name can have one path per family. */
static void put_label(FILE *out, const struct result_path_name *name, const char *what)
{
	char words[OUTPUT_PATH_LEN];

	output_path_words(name, words);
	fputs(" '", out);
	put_safe(out, name->target, "|'=");
	if (!endpoint_is_unknown(&name->endpoint))
		fputs(endpoint_is_v4(&name->endpoint) ? " ipv4" : " ipv6", out);
	fprintf(out, " %s %s'=", words, what);
}

static void put_loss_limit(FILE *out, const struct config_threshold *threshold)
{
	fputc(';', out);
	if (threshold && threshold->has_loss)
		fprintf(out, "%g", threshold->loss_permille / 10.0);
}

static void put_rtt_limit(FILE *out, const struct config_threshold *threshold)
{
	fputc(';', out);
	if (threshold && threshold->rtt_ns > 0)
		fprintf(out, "%g", (double)threshold->rtt_ns / 1e6);
}

static void put_perfdata(FILE *out, const struct result_path *path)
{
	const struct verdict *v = path->verdict;

	put_label(out, &path->name, "loss");
	if (v->sent > 0)
		fprintf(out, "%.4g%%", 100.0 * (v->sent - v->answered) / v->sent);
	else
		fputc('U', out);
	put_loss_limit(out, path->warn);
	put_loss_limit(out, path->critical);
	fputs(";0;100", out);
	put_label(out, &path->name, "rtt");
	if (path->has_rtt)
		fprintf(out, "%.3fms", path->rtt.median_ms);
	else
		fputc('U', out);
	put_rtt_limit(out, path->warn);
	put_rtt_limit(out, path->critical);
	fputs(";0;", out);
}

/* Text that is written only as far as whole pieces of it have room: Nagios reads 8 KiB of a plugin. */
struct piece {
	FILE *memory;
	char *text;
	size_t len;
};

static FILE *piece_start(struct piece *piece)
{
	*piece = (struct piece){ 0 };
	piece->memory = open_memstream(&piece->text, &piece->len);
	return piece->memory;
}

/* False: it does not fit. */
static bool piece_end(struct piece *piece, FILE *out, size_t *room)
{
	bool fits = fclose(piece->memory) == 0 && piece->len <= *room;

	if (fits) {
		fwrite(piece->text, 1, piece->len, out);
		*room -= piece->len;
	}
	free(piece->text);
	return fits;
}

/* Is b another path of the same target, with the same fault? */
static bool is_alike(const struct result_path *a, const struct result_path *b)
{
	const struct verdict *v = a->verdict, *w = b->verdict;

	return strcmp(a->name.target, b->name.target) == 0 &&
	       endpoint_same_address(&a->name.endpoint, &b->name.endpoint) && path_code(v) == path_code(w) &&
	       v->state == w->state && v->direction == w->direction && v->cause == w->cause &&
	       v->threshold == w->threshold;
}

/* One line for paths that follow each other and are alike. */
static void put_problem(FILE *out, struct result_path *const *paths, size_t paths_len)
{
	const struct verdict *v = paths[0]->verdict;
	char words[OUTPUT_PATH_LEN], address[UNITS_ADDRESS_LEN];

	fputc('\n', out);
	put_text(out, paths[0]->name.target);
	if (!endpoint_is_unknown(&paths[0]->name.endpoint))
		fprintf(out, " %s", result_address(&paths[0]->name.endpoint, address));
	for (size_t i = 0; i < paths_len && i < NAMES_MAX; i++) {
		output_path_words(&paths[i]->name, words);
		fprintf(out, "%s %s", i ? "," : "", words);
	}
	if (paths_len > NAMES_MAX)
		fprintf(out, " and %zu more paths", paths_len - NAMES_MAX);
	fprintf(out, ": %s", verdict_state_word(v->state));
	if (v->direction != VERDICT_DIRECTION_NONE)
		fprintf(out, " %s", verdict_direction_word(v->direction));
	if (v->cause != VERDICT_CAUSE_NONE)
		fprintf(out, " %s", verdict_cause_word(v->cause));
	if (v->threshold)
		fprintf(out, " beyond %s", threshold_word(v->threshold));
}

/* Those of one code. Returns how many paths had no room. */
static size_t put_problems_of(FILE *out, struct result_path *const *paths, size_t paths_len, enum plugin_code code,
			      size_t *room)
{
	size_t left = 0;

	for (size_t i = 0, n; i < paths_len; i += n) {
		struct piece piece;

		for (n = 1; i + n < paths_len && is_alike(paths[i], paths[i + n]);)
			n++;
		if (path_code(paths[i]->verdict) != code)
			continue;
		if (!piece_start(&piece)) {
			left += n;
			continue;
		}
		put_problem(piece.memory, paths + i, n);
		left += piece_end(&piece, out, room) ? 0 : n;
	}
	return left;
}

/* The long output: every path that is not as expected, the worst first. */
static void put_problems(FILE *out, struct result_path *const *paths, size_t paths_len, size_t *room)
{
	static const enum plugin_code worst_first[] = { PLUGIN_CRITICAL, PLUGIN_UNKNOWN, PLUGIN_WARNING };
	size_t left = 0;

	for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++)
		left += put_problems_of(out, paths, paths_len, worst_first[i], room);
	if (left > 0)
		fprintf(out, "\nand %zu more path%s", left, text_plural(left));
}

static size_t count_problems(struct result_path *const *paths, size_t paths_len)
{
	size_t problems = 0;

	for (size_t i = 0; i < paths_len; i++)
		problems += path_code(paths[i]->verdict) != PLUGIN_OK;
	return problems;
}

/* As many paths' as there is room for. */
static void put_all_perfdata(FILE *out, struct result_path *const *paths, size_t paths_len, size_t *room)
{
	bool fits = true;

	fputs(" |", out);
	for (size_t i = 0; i < paths_len && fits; i++) {
		struct piece piece;
		FILE *memory = piece_start(&piece);

		if (!memory)
			return;
		put_perfdata(memory, paths[i]);
		fits = piece_end(&piece, out, room);
	}
}

int output_nagios(FILE *out, struct result_path *const *paths, size_t paths_len)
{
	const struct result_path *worst = worst_path(paths, paths_len);
	enum plugin_code code = path_code(worst->verdict);
	size_t expected = 0, room = PROBLEMS_LEN, whole = SIZE_MAX;
	struct piece problems;
	FILE *memory = count_problems(paths, paths_len) > 1 ? piece_start(&problems) : NULL;

	for (size_t i = 0; i < paths_len; i++)
		expected += paths[i]->verdict->expected;
	fprintf(out, "FLOATPROBE %s - ", code_words[code]);
	if (code != PLUGIN_OK)
		put_worst(out, worst);
	fprintf(out, "%zu of %zu paths as expected", expected, paths_len);
	if (memory)
		put_problems(memory, paths, paths_len, &room);
	room = BODY_LEN - (PROBLEMS_LEN - room);
	put_all_perfdata(out, paths, paths_len, &room);
	if (memory)
		piece_end(&problems, out, &whole);
	fputc('\n', out);
	return code;
}

int output_nagios_unknown(const char *text)
{
	char shown[ERROR_LEN];

	snprintf(shown, sizeof shown, "%s", text);
	redact(shown);
	printf("FLOATPROBE %s - ", code_words[PLUGIN_UNKNOWN]);
	put_text(stdout, shown);
	putchar('\n');
	return PLUGIN_UNKNOWN;
}
