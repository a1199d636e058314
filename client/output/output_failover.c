#include "client/output/output_failover.h"

#include "client/output/result.h"
#include "client/output/shorten.h"
#include "common/core/ns.h"
#include "common/core/printable.h"
#include "common/system/clock.h"

#include <string.h>

enum {
	NAMES = 2 * MOVE_FLOWS_MAX * PROBE_KINDS,
	CELL = 80,
	SENTENCE = 512,
	WIDTH = 80,
	OTHER_COLUMNS = 4 + 12 + 2 + 3 * (2 + 7) + 2, /* all but FROM, TO and LOST */
};

struct page {
	FILE *out;
	const struct output_style *style;
	struct shortening names; /* in the columns FROM and TO */
};

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

static const char *name_of(const struct result_failover *r, int server)
{
	const char *name = config_server_name(r->config, server);

	return name ? name : "-";
}

/* "12:00:03.123456", of the day that the reader knows. */
static void time_words(const struct result_failover *r, int64_t mono_ns, char text[CLOCK_TEXT_LEN])
{
	char whole[CLOCK_TEXT_LEN];
	const char *time;

	clock_text(mono_ns + r->real_ns, whole);
	time = strchr(whole, 'T');
	snprintf(text, CLOCK_TEXT_LEN, "%s", time ? time + 1 : whole);
}

/* -- heading -- */

static void put_mark(const struct page *p, bool good)
{
	const char *text = p->style->utf8 ? (good ? "\u2713" : "\u2717") : (good ? "ok" : "!!");

	fputs("  ", p->out);
	terminal_coloured(p->out, p->style, good ? TERMINAL_GREEN : TERMINAL_RED, text);
	fputc(' ', p->out);
}

static void put_heading(const struct page *p, const struct result_failover *r)
{
	struct terminal_text t = { .out = p->out, .style = p->style, .indent = 4 };
	char text[CELL], address[UNITS_ADDRESS_LEN];

	terminal_part(&t, 0, TERMINAL_BOLD, r->target->name);
	snprintf(text, sizeof text, "%s %s port %u", config_role_name(r->target->role),
		 result_address(&r->endpoint, address), r->endpoint.port);
	terminal_part(&t, 2, NULL, text);
	if (!r->target->numeric)
		terminal_part(&t, 2, NULL, r->target->address);
	snprintf(text, sizeof text, "move %u", r->round);
	if (r->round)
		terminal_part(&t, 2, NULL, text);
	terminal_end(&t);
}

/* A line of its own for each line of the command. */
static void put_output(const struct page *p, const char *output)
{
	while (*output) {
		int len = (int)strcspn(output, "\n");
		char line[SENTENCE];
		snprintf(line, sizeof line, "%.*s", len, output);
		if (len > 0)
			terminal_sentence(p->out, p->style, " ", line);
		output += len + (output[len] == '\n');
	}
}

static void put_command(const struct page *p, const struct result_failover *r)
{
	const struct command *c = r->command;
	char text[SENTENCE], how[CELL] = "still runs";

	if (!c)
		return;
	if (c->ended_ns && c->status < 0)
		snprintf(how, sizeof how, "did not start");
	else if (c->ended_ns && c->signal)
		snprintf(how, sizeof how, "signal %d", c->signal);
	else if (c->ended_ns)
		snprintf(how, sizeof how, "exit status %d", c->status);
	snprintf(text, sizeof text, "%.400s: %s", c->text, how);
	terminal_sentence(p->out, p->style, "$", text);
	if (c->output_len > 0 && (c->status != 0 || c->signal))
		put_output(p, c->output);
}

/* -- rows -- */

/* At most seven characters. */
static void second_words(int64_t ns, char text[CELL])
{
	snprintf(text, CELL, "%.*f", ns < 1000 * NS_PER_S - NS_PER_S / 1000 ? 3 : 1, seconds(ns));
}

static void gap_words(const struct flow_move *m, char text[CELL])
{
	if (m->changes == 0)
		snprintf(text, CELL, "-");
	else
		second_words(m->gap.total_ns, text);
}

static void part_words(const struct flow_move *m, int64_t part_ns, char text[CELL])
{
	if (m->changes == 0)
		snprintf(text, CELL, "-");
	else if (part_ns == 0 && m->gap.unknown_ns > m->gap.resolution_ns)
		snprintf(text, CELL, "?");
	else
		second_words(part_ns, text);
}

static int lost_words(const struct flow_move *m, char text[CELL])
{
	return snprintf(text, CELL, "%u of %u", m->forward_lost + m->return_lost + m->lost, m->sent);
}

static void put_titles(const struct page *p)
{
	int width = (int)p->names.width;

	fprintf(p->out, "    %-12s%-*s  %-*s  %7s  %7s  %7s  %s\n", "FLOW", width, "FROM", width, "TO", "GAP s",
		"FORWARD", "RETURN", "LOST");
}

/* Others of the protocol may be the reason why it failed. */
static bool is_well(const struct result_failover *r, const struct move_flow *f)
{
	bool stuck = false;

	for (unsigned i = 0; i < r->move->stuck_len; i++)
		stuck = stuck || r->move->stuck[i].held == f->held;
	return r->move->stuck_len == r->reasons->len && !stuck;
}

static void put_row(const struct page *p, const struct result_failover *r, const struct move_flow *f)
{
	const struct flow_move *m = &f->seen;
	char gap[CELL], forward[CELL], back[CELL], lost[CELL], flow[CELL], from[CELL], to[CELL];
	int width = (int)p->names.width;

	if (f->held == MOVE_FRESH)
		snprintf(flow, sizeof flow, "%s fresh", probe_kind_of(r->kind)->word);
	else if (result_failover_held(r) > 1)
		snprintf(flow, sizeof flow, "%s held %d", probe_kind_of(r->kind)->word, f->held);
	else
		snprintf(flow, sizeof flow, "%s held", probe_kind_of(r->kind)->word);
	gap_words(m, gap);
	part_words(m, m->gap.forward_ns, forward);
	part_words(m, m->gap.return_ns, back);
	put_mark(p, r->reasons->len == 0 || is_well(r, f));
	shorten(from, sizeof from, name_of(r, m->from), p->names, false);
	shorten(to, sizeof to, m->changes ? name_of(r, m->to) : "-", p->names, false);
	lost_words(m, lost);
	fprintf(p->out, "%-12s%-*s  %-*s  %7s  %7s  %7s  %s\n", flow, width, from, width, to, gap, forward, back, lost);
}

/* FROM and TO have what the widest LOST leaves them. */
static size_t room_for_names(const struct result_failover *results, unsigned len)
{
	int widest = 0;

	for (unsigned i = 0; i < len; i++) {
		for (unsigned k = 0; k < results[i].flows_len; k++) {
			char text[CELL];
			int width = lost_words(&results[i].flows[k].seen, text);
			widest = width > widest ? width : widest;
		}
	}
	return (size_t)(WIDTH - OTHER_COLUMNS - widest) / 2;
}

static struct shortening plan_names(const struct result_failover *results, unsigned len)
{
	const char *names[NAMES + 1] = { "FROM" };
	size_t names_len = 1, room = room_for_names(results, len);
	struct shortening how;

	for (unsigned i = 0; i < len; i++) {
		for (unsigned k = 0; k < results[i].flows_len && names_len + 2 <= NAMES; k++) {
			names[names_len++] = name_of(&results[i], results[i].flows[k].seen.from);
			names[names_len++] = name_of(&results[i], results[i].flows[k].seen.to);
		}
	}
	how = shorten_plan(names, names_len, room);
	return how.width <= room ? how
				 : (struct shortening){ .width = room, .head = room / 2 }; /* some may look alike */
}

/* -- sentences -- */

static void put_who(const struct page *p, const struct result_failover *r)
{
	const struct move *m = r->move;
	char last[CLOCK_TEXT_LEN], first[CLOCK_TEXT_LEN], text[SENTENCE];

	if (m->to == SAMPLE_NOBODY || !m->last_ns || !m->first_ns)
		return;
	time_words(r, m->last_ns, last);
	time_words(r, m->first_ns, first);
	if (m->to == m->from)
		snprintf(text, sizeof text, "%s: %.100s answered until %s, and again since %s",
			 probe_kind_of(r->kind)->name, name_of(r, m->from), last, first);
	else
		snprintf(text, sizeof text, "%s: %.100s answered until %s, %.100s since %s",
			 probe_kind_of(r->kind)->name, name_of(r, m->from), last, name_of(r, m->to), first);
	terminal_sentence(p->out, p->style, terminal_dot(p->style), text);
}

static void put_neighbours(const struct page *p, const struct result_failover *r)
{
	char from[UNITS_MAC_LEN], to[UNITS_MAC_LEN], time[CLOCK_TEXT_LEN], text[SENTENCE];

	for (unsigned i = 0; i < r->neighbours->len; i++) {
		const struct neighbour_change *x = &r->neighbours->changes[i];
		time_words(r, x->at_ns, time);
		snprintf(text, sizeof text, "this host's neighbour entry changed from %s to %s at %s",
			 units_mac_text(x->from, from), units_mac_text(x->to, to), time);
		terminal_sentence(p->out, p->style, terminal_dot(p->style), text);
	}
}

/* What follows "UDP: ", or all of it. */
static const char *without_protocol(const struct result_failover *r, const char *text)
{
	const char *name = probe_kind_of(r->kind)->name;
	size_t len = strlen(name);

	return strncmp(text, name, len) == 0 && strncmp(text + len, ": ", 2) == 0 ? text + len + 2 : text;
}

static bool says(const struct result_failover *r, const struct reasons *list, const char *what)
{
	for (unsigned i = 0; i < list->len; i++) {
		if (strcmp(without_protocol(r, list->texts[i]), what) == 0)
			return true;
	}
	return false;
}

typedef const struct reasons *which_list(const struct result_failover *r);

static const struct reasons *its_notes(const struct result_failover *r)
{
	return r->notes;
}

static const struct reasons *its_reasons(const struct result_failover *r)
{
	return r->reasons;
}

/* "UDP and TCP" */
static void add_protocol(char text[CELL], const struct result_failover *r)
{
	size_t len = strlen(text);

	snprintf(text + len, CELL - len, "%s%s", len ? " and " : "", probe_kind_of(r->kind)->name);
}

/* The i-th result says so. What others say too is said once, for all of them. */
static void put_sentence(const struct page *p, const struct result_failover *results, unsigned len, unsigned i,
			 which_list *of, const char *bullet, const char *text)
{
	const char *what = without_protocol(&results[i], text);
	char names[CELL] = "", whole[SENTENCE];

	for (unsigned k = 0; k < i; k++) {
		if (says(&results[k], of(&results[k]), what))
			return;
	}
	for (unsigned k = i; k < len; k++) {
		if (says(&results[k], of(&results[k]), what))
			add_protocol(names, &results[k]);
	}
	snprintf(whole, sizeof whole, "%s: %s", names, what);
	terminal_sentence(p->out, p->style, bullet, what == text ? text : whole);
}

static void put_list(const struct page *p, const struct result_failover *results, unsigned len, which_list *of,
		     const char *bullet)
{
	for (unsigned i = 0; i < len; i++) {
		for (unsigned k = 0; k < of(&results[i])->len; k++)
			put_sentence(p, results, len, i, of, bullet, of(&results[i])->texts[k]);
	}
}

static void put_sentences(const struct page *p, const struct result_failover *results, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		put_who(p, &results[i]);
	put_neighbours(p, &results[0]);
	put_list(p, results, len, its_notes, terminal_dot(p->style));
	put_list(p, results, len, its_reasons, terminal_arrow(p->style));
}

static void put_result(const struct page *p, const struct result_failover *results, unsigned len)
{
	char failed[CELL] = "", passed[CELL] = "";
	bool sole = results[0].target->servers_len == 1;

	for (unsigned i = 0; i < len; i++)
		add_protocol(results[i].reasons->len ? failed : passed, &results[i]);
	terminal_coloured(p->out, p->style, *failed ? TERMINAL_RED : TERMINAL_GREEN, *failed ? "fail" : "pass");
	fprintf(p->out, ": %s%s%s%s\n", failed, *failed && *passed ? "; " : "", passed,
		!*passed ? ""
		: sole   ? " came back as expected"
			 : " moved as expected");
}

void output_failover(FILE *out, const struct output_style *style, const struct result_failover *results, unsigned len)
{
	const struct page page = { .out = out, .style = style, .names = plan_names(results, len) };

	put_heading(&page, &results[0]);
	put_command(&page, &results[0]);
	put_titles(&page);
	for (unsigned i = 0; i < len; i++) {
		for (unsigned k = 0; k < results[i].flows_len; k++)
			put_row(&page, &results[i], &results[i].flows[k]);
	}
	put_sentences(&page, results, len);
	put_result(&page, results, len);
}

void output_failover_drill(FILE *out, const struct result_drill *d)
{
	fprintf(out, "%s: %u moves, %u failed", d->protocol, d->moves, d->failed);
	if (d->gaps_len > 0)
		fprintf(out, "\n  gap s: min %.3f, median %.3f, p90 %.3f, max %.3f", d->gaps_ms[0] / 1000,
			result_drill_percentile(d, 50) / 1000, result_drill_percentile(d, 90) / 1000,
			d->gaps_ms[d->gaps_len - 1] / 1000);
	fputc('\n', out);
}
