#include "client/failover_page.h"

#include "client/failover/samples.h"
#include "client/output/result.h"
#include "client/report/intake.h"
#include "client/report/order.h"
#include "client/report/outages.h"
#include "client/report/report_html.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "common/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct feed {
	struct history *history;
	const struct config *config;
	int64_t real_ns; /* what to add to monotonic times */
	struct record record;
	bool good;
};

/* -- records -- */

static void add(struct feed *f)
{
	f->good = f->good && intake_add(f->history, &f->record, f->config->vantage);
}

static void name_path(struct feed *f, enum record_type type, const struct path *p)
{
	const struct result_path_name n = result_name(f->config, p);
	struct record_name *name = &f->record.name;

	record_init(&f->record, type);
	snprintf(name->vantage, sizeof name->vantage, "%s", n.vantage);
	snprintf(name->target, sizeof name->target, "%s", n.target);
	snprintf(name->role, sizeof name->role, "%s", n.role);
	result_address(&n.endpoint, name->address);
	snprintf(name->protocol, sizeof name->protocol, "%s", probe_kind_of(n.kind)->word);
	snprintf(name->flow, sizeof name->flow, "%s", n.flow);
	name->port = n.endpoint.port;
	name->size = probe_kind_of(n.kind)->has_flows ? (int64_t)n.size : -1;
	name->flow_index = n.flow_index;
}

static void count(struct record_counts *c, const struct sample *s)
{
	c->sent++;
	c->answered += s->fate == SAMPLE_ANSWERED;
	c->forward += s->fate == SAMPLE_FORWARD;
	c->back += s->fate == SAMPLE_RETURN;
	c->unknown += s->fate == SAMPLE_LOST;
}

static const char *server_word(const struct feed *f, int server)
{
	const char *name = config_server_name(f->config, server);

	return name ? name : "";
}

/* A probe accounts for the time until the next one. */
static void add_probe(struct feed *f, const struct path *p, const struct sample *s, int64_t until_ns)
{
	double ms = (double)s->rtt_ns / NS_PER_MS;

	name_path(f, RECORD_PATH, p);
	f->record.from_ns = s->sent_ns + f->real_ns;
	f->record.time_ns = ns_later(until_ns, s->sent_ns + 1) + f->real_ns;
	count(&f->record.counts, s);
	if (s->fate == SAMPLE_ANSWERED)
		f->record.rtt = (struct record_rtt){ ms, ms, ms, ms, ms };
	snprintf(f->record.status.server, sizeof f->record.status.server, "%s", server_word(f, s->server));
	add(f);
}

static const char *direction_of(const struct record_counts *c)
{
	if (c->forward > 0 && c->back > 0)
		return "both";
	return c->forward > 0 ? "forward" : c->back > 0 ? "return" : "unknown";
}

static void add_change(struct feed *f, const struct path *p, const char *state, const char *direction, int64_t at_ns)
{
	name_path(f, RECORD_CHANGE, p);
	f->record.time_ns = f->record.since_ns = at_ns + f->real_ns;
	snprintf(f->record.after.state, sizeof f->record.after.state, "%s", state);
	snprintf(f->record.after.direction, sizeof f->record.after.direction, "%s", direction);
	add(f);
}

/* Losses in a row, items[from] to items[to - 1]. From three on they are an outage: from the middle between the first
 * one and the probe before to the middle between the last one and the probe after, as a gap is measured. */
static void add_losses(struct feed *f, const struct path *p, const struct samples *s, size_t from, size_t to)
{
	const struct sample *first = &s->items[from], *last = &s->items[to - 1];
	int64_t begin_ns = from > 0 ? first->sent_ns - (first->sent_ns - first[-1].sent_ns) / 2 : first->sent_ns;
	int64_t end_ns = to < s->len ? last->sent_ns + (last[1].sent_ns - last->sent_ns) / 2 : last->sent_ns;
	struct record_counts counts = { 0 };

	for (size_t i = from; i < to; i++)
		count(&counts, &s->items[i]);
	name_path(f, RECORD_LOSS, p);
	f->record.time_ns = first->sent_ns + f->real_ns;
	f->record.until_ns = last->sent_ns + f->real_ns;
	f->record.counts = counts;
	snprintf(f->record.status.direction, sizeof f->record.status.direction, "%s", direction_of(&counts));
	add(f);
	if (to - from < FLOW_MOVE_OUTAGE)
		return;
	add_change(f, p, "down", direction_of(&counts), begin_ns);
	if (to < s->len)
		add_change(f, p, "up", "none", end_ns);
}

static void add_path(struct feed *f, const struct path *p, int64_t interval_ns)
{
	struct samples s;
	size_t lost = 0; /* in a row, before this one */

	f->good = f->good && samples_read(p, &s);
	if (!f->good)
		return;
	for (size_t i = 0; i <= s.len; i++) {
		bool is_lost = i < s.len && s.items[i].fate != SAMPLE_ANSWERED;
		if (i < s.len)
			add_probe(f, p, &s.items[i],
				  i + 1 < s.len ? s.items[i + 1].sent_ns : s.items[i].sent_ns + interval_ns);
		if (!is_lost && lost > 0)
			add_losses(f, p, &s, i - lost, i);
		lost = is_lost ? lost + 1 : 0;
	}
	samples_free(&s);
}

/* -- results and events -- */

/* The result as its JSON has it. */
static void add_result(struct feed *f, const struct result_failover *result)
{
	json_t *json = result_failover_json(result);
	char *line = json ? json_dumps(json, JOURNAL_JSON_FLAGS) : NULL, error[RECORD_ERROR_LEN];

	f->good = f->good && line;
	if (line && record_read(line, strlen(line), &f->record, error) == RECORD_READ)
		add(f);
	free(line);
	json_decref(json);
}

static void add_event(struct feed *f, enum record_type type, int64_t at_ns, const char *sentence)
{
	record_init(&f->record, type);
	f->record.time_ns = at_ns + f->real_ns;
	snprintf(f->record.name.vantage, sizeof f->record.name.vantage, "%s", f->config->vantage);
	snprintf(f->record.sentence, sizeof f->record.sentence, "%s", sentence);
	add(f);
}

static void add_command(struct feed *f, const struct command *c)
{
	char text[RECORD_SENTENCE_LEN];

	if (!c->text)
		return;
	snprintf(text, sizeof text, "started: %.600s", c->text);
	add_event(f, RECORD_COMMAND, c->started_ns, text);
	if (!c->ended_ns)
		return;
	snprintf(text, sizeof text, c->signal ? "ended by signal %d" : "ended with exit status %d",
		 c->signal ? c->signal : c->status);
	add_event(f, RECORD_COMMAND, c->ended_ns, text);
}

static void add_neighbours(struct feed *f, const struct neighbour_log *log)
{
	for (unsigned i = 0; i < log->len; i++) {
		char from[UNITS_MAC_LEN], to[UNITS_MAC_LEN], text[RECORD_SENTENCE_LEN];
		snprintf(text, sizeof text, "this host's entry changed from %s to %s",
			 units_mac_text(log->changes[i].from, from), units_mac_text(log->changes[i].to, to));
		add_event(f, RECORD_NEIGHBOUR, log->changes[i].at_ns, text);
	}
}

/* -- the page -- */

bool failover_page_open(struct failover_page *page, const char *path)
{
	const struct history_filter all = { .since_ns = MOMENT_NONE, .until_ns = MOMENT_NONE };
	int fd = !path || strcmp(path, "-") == 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	*page = (struct failover_page){ .path = path };
	if (!path)
		return true;
	if (fd < 0 && strcmp(path, "-") != 0) {
		log_error("cannot write the report %s: %s", path, strerror(errno));
		return false;
	}
	if (fd >= 0)
		close(fd);
	page->history = history_new(&all, NS_PER_MS);
	if (!page->history)
		log_error("out of memory for the report");
	return page->history != NULL;
}

bool failover_page_add(struct failover_page *page, const struct failover_report *report)
{
	const struct failover_measured *m = report->measured;
	struct feed *f = page->path ? calloc(1, sizeof *f) : NULL;
	bool good;
	int vantage;

	if (!page->path)
		return true;
	if (!f)
		return false;
	f->history = page->history;
	f->config = &m->plan->config;
	f->real_ns = clock_real_ns() - clock_mono_ns();
	f->good = true;
	vantage = history_vantage(f->history, f->config->vantage);
	if (vantage >= 0)
		f->history->vantages[vantage].incidents_ns = 0; /* the result tells what was lost */
	for (size_t i = 0; i < m->paths->len; i++)
		add_path(f, m->paths->items[i], failover_paths_interval_ns(m->plan, m->paths->items[i]));
	for (unsigned i = 0; i < report->len; i++)
		add_result(f, &report->results[i]);
	add_command(f, m->command);
	add_neighbours(f, m->neighbours);
	good = f->good;
	free(f);
	return good;
}

bool failover_page_close(struct failover_page *page, const char *target)
{
	struct history *h = page->history;
	char title[RECORD_SENTENCE_LEN];
	bool good = !page->path || (h && outages_find(h) && order_all(h));

	snprintf(title, sizeof title, "Failover of %s", target);
	if (!good)
		log_error("out of memory for the report");
	else if (h)
		good = report_html_file(page->path, h, title) == 0;
	if (h)
		history_free(h);
	*page = (struct failover_page){ 0 };
	return good;
}
