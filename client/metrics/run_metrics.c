#include "client/metrics/run_metrics.h"

#include "client/evidence/drop.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <stdio.h>

enum { NUMBER_LEN = 16 };

static const struct config *config_of(const struct run_metrics *page)
{
	return page->driver->engine.config;
}

/* ---- the program ---- */

_Static_assert(offsetof(struct run_metrics, program) == 0, "the context of functions of metrics.h");

static double lines_lost(void *context)
{
	const struct run_metrics *page = context;

	return *page->journal ? (double)journal_lost(*page->journal) : 0;
}

static double paths(void *context)
{
	return (double)((const struct run_metrics *)context)->driver->engine.paths.len;
}

static size_t count_drops(void *context)
{
	(void)context;
	return DROPS_LEN - 1;
}

static void write_drops(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;
	char word[METRICS_WORD_LEN];
	const enum drop drop = (enum drop)(DROP_NONE + 1 + i);
	const struct exposition_label reason[] = { { "reason", metrics_word(drop_name(drop), word) }, { NULL, NULL } };

	exposition_counter(e, m, NULL, reason, page->driver->engine.drops[drop], page->program.started_ns);
}

static void write_socket_drops(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;
	const struct udp_drops v4 = udp_dialer_drops(page->driver->engine.udp, true),
			       v6 = udp_dialer_drops(page->driver->engine.udp, false);
	const struct exposition_label full[] = { { "reason", "full" }, { NULL, NULL } };
	const struct exposition_label bad[] = { { "reason", "checksum" }, { NULL, NULL } };

	(void)i;
	exposition_counter(e, m, NULL, full, v4.full + v6.full, page->program.started_ns);
	exposition_counter(e, m, NULL, bad, v4.bad + v6.bad, page->program.started_ns);
}

/* ---- targets ---- */

static size_t count_targets(void *context)
{
	return config_of(context)->targets_len;
}

static void target_labels(const struct config_target *t, struct exposition_labels *labels)
{
	const struct exposition_label list[] = { { "target", t->name }, { "role", config_role_name(t->role) } };

	exposition_labels(labels, list, 2);
}

static void write_addresses(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;
	struct endpoint addresses[RESOLVER_ADDRESSES_MAX];
	struct exposition_labels labels;
	const char *error;

	target_labels(&config_of(page)->targets[i], &labels);
	exposition_gauge(e, m, &labels, NULL,
			 (double)driver_addresses(page->driver, &config_of(page)->targets[i], addresses, &error));
}

static void write_name_failed(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;
	const struct config_target *t = &config_of(page)->targets[i];
	const struct resolver_name *name = t->numeric ? NULL : resolver_find(page->driver->resolver, t->address);
	struct exposition_labels labels;

	if (!name || !name->done)
		return;
	target_labels(t, &labels);
	exposition_gauge(e, m, &labels, NULL, name->error != NULL);
}

/* ---- servers ---- */

static size_t count_servers(void *context)
{
	return config_of(context)->servers_len;
}

static void write_time(const struct exposition *e, const struct exposition_metric *m, const char *server,
		       int64_t mono_ns)
{
	const struct exposition_label label[] = { { "server", server }, { NULL, NULL } };

	if (mono_ns > 0)
		exposition_gauge(e, m, NULL, label, (double)(clock_real_ns() - (clock_mono_ns() - mono_ns)) / 1e9);
}

static void write_heard(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_time(e, m, config_of(page)->servers[i].name, querier_heard_ns(page->driver->engine.querier, (unsigned)i));
}

static void write_evidence(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_time(e, m, config_of(page)->servers[i].name,
		   querier_evidence_ns(page->driver->engine.querier, (unsigned)i));
}

static void write_server_gauge(const struct run_metrics *page, const struct exposition *e,
			       const struct exposition_metric *m, size_t i, double value)
{
	const struct exposition_label label[] = { { "server", config_of(page)->servers[i].name }, { NULL, NULL } };

	exposition_gauge(e, m, NULL, label, value);
}

static void write_skew(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_server_gauge(page, e, m, i, (double)page->driver->engine.servers[i].skew_ns / 1e9);
}

static void write_not_authorised(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_server_gauge(page, e, m, i, querier_refuses_key(page->driver->engine.querier, (unsigned)i));
}

/* ---- incidents ---- */

static size_t count_causes(void *context)
{
	(void)context;
	return VERDICT_CAUSES_LEN;
}

static void write_of_cause(const struct run_metrics *page, const struct exposition *e,
			   const struct exposition_metric *m, size_t cause, const uint64_t *counts)
{
	const struct exposition_label label[] = { { "cause", verdict_cause_word((enum verdict_cause)cause) },
						  { NULL, NULL } };

	exposition_counter(e, m, NULL, label, counts[cause], page->program.started_ns);
}

static void write_opened(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_of_cause(page, e, m, i, page->incidents->opened);
}

static void write_closed(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;

	write_of_cause(page, e, m, i, page->incidents->closed);
}

/* Open incidents with this cause; each cause has a sample, so that an end is a 0. */
static void write_open(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct run_metrics *page = context;
	const struct exposition_label label[] = { { "cause", verdict_cause_word((enum verdict_cause)i) },
						  { NULL, NULL } };
	unsigned open = 0;

	for (const struct incident *n = incidents_next(page->incidents, NULL); n;
	     n = incidents_next(page->incidents, n))
		open += n->lead.cause == i;
	exposition_gauge(e, m, NULL, label, open);
}

/* ---- series ---- */

static size_t count_series(void *context)
{
	return ((const struct run_metrics *)context)->series.len;
}

/* Returns false if it is not shown: it has no path now, or its path is of PMTU probes that show no limit. */
static bool is_shown(const struct series_table *t, const struct series *s)
{
	return s->first != SERIES_NONE && s->first < t->paths_len &&
	       (!s->key.pmtu || t->paths[s->first].path->status.known);
}

static void series_labels(const struct series *s, struct exposition_labels *labels)
{
	char size[NUMBER_LEN], index[NUMBER_LEN];
	struct exposition_label list[7] = {
		{ "target", s->key.target },
		{ "role", config_role_name(s->role) },
		{ "protocol", probe_kind_of(s->key.kind)->word },
		{ "family", s->key.v4 ? "ipv4" : "ipv6" },
		{ "flow", s->key.held >= 0 ? "held" : "fresh" },
	};
	size_t len = 5;

	snprintf(size, sizeof size, "%u", s->key.size);
	snprintf(index, sizeof index, "%d", s->held_index);
	if (s->key.pmtu || s->key.size > 0)
		list[len++] = (struct exposition_label){ "size", s->key.pmtu ? "pmtu" : size };
	if (s->held_index >= 0)
		list[len++] = (struct exposition_label){ "flow_index", index };
	exposition_labels(labels, list, len);
}

/* The series items[i] and its labels; NULL: it is not shown. */
static const struct series *show(struct run_metrics *page, size_t i, struct exposition_labels *labels)
{
	const struct series *s = &page->series.items[i];

	if (!is_shown(&page->series, s))
		return NULL;
	series_labels(s, labels);
	return s;
}

static uint64_t sum_lost(const struct series_counts *c)
{
	return c->forward_lost + c->return_lost + c->lost;
}

static void write_sent(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct run_metrics *page = context;
	struct exposition_labels labels;
	const struct series *s;

	series_catch_up(&page->series, i, clock_mono_ns());
	s = show(page, i, &labels);
	if (s)
		exposition_counter(e, m, &labels, NULL, s->counts.answered + sum_lost(&s->counts), s->created_ns);
}

static void write_lost(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct exposition_labels labels;
	const struct series *s = show(context, i, &labels);
	const struct {
		enum verdict_direction direction;
		uint64_t count;
	} lost[] = {
		{ VERDICT_DIRECTION_FORWARD, s ? s->counts.forward_lost : 0 },
		{ VERDICT_DIRECTION_RETURN, s ? s->counts.return_lost : 0 },
		{ VERDICT_DIRECTION_UNKNOWN, s ? s->counts.lost : 0 },
	};

	for (size_t k = 0; s && k < sizeof lost / sizeof lost[0]; k++) {
		const struct exposition_label label[] = { { "direction", verdict_direction_word(lost[k].direction) },
							  { NULL, NULL } };

		exposition_counter(e, m, &labels, label, lost[k].count, s->created_ns);
	}
}

/* The counters that have one sample a series. */
#define COUNTER(name, field)                                                                                           \
	static void name(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)       \
	{                                                                                                              \
		struct exposition_labels labels;                                                                       \
		const struct series *s = show(context, i, &labels);                                                    \
                                                                                                                       \
		if (s)                                                                                                 \
			exposition_counter(e, m, &labels, NULL, s->counts.field, s->created_ns);                       \
	}
COUNTER(write_replies, answered)
COUNTER(write_unsent, unsent)
COUNTER(write_late, late)
COUNTER(write_wrong_source, wrong_source)
COUNTER(write_duplicates, duplicates)
COUNTER(write_holder_changes, holder_changes)
#undef COUNTER

static void write_rtt(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	static const char *const bounds[] = {
#define X(text, ns) text,
		SERIES_BOUNDS(X)
#undef X
	};
	struct exposition_labels labels;
	const struct series *s = show(context, i, &labels);
	struct exposition_histogram histogram = { .bounds = bounds, .bounds_len = SERIES_BOUNDS_LEN };

	if (!s)
		return;
	histogram.counts = s->counts.rtt;
	histogram.sum = s->counts.rtt_sum;
	exposition_histogram(e, m, &labels, &histogram, s->created_ns);
}

/* ---- the state of a series: that of its worst path ---- */

unsigned run_metrics_badness(const struct path *path)
{
	static const unsigned ranks[] = {
		[VERDICT_UP] = 0, [VERDICT_UNKNOWN] = 1, [VERDICT_LOSSY] = 2, [VERDICT_DOWN] = 3
	};

	return ranks[path->status.state];
}

/* NULL: nothing is known of any of them yet. */
static const struct path *worst_path(const struct series_table *t, const struct series *s)
{
	const struct path *worst = NULL;

	for (size_t k = s->first; k != SERIES_NONE && k < t->paths_len; k = t->paths[k].next) {
		const struct path *p = t->paths[k].path;

		if (p->status.known && (!worst || run_metrics_badness(p) > run_metrics_badness(worst)))
			worst = p;
	}
	return worst;
}

static const struct path *show_worst(struct run_metrics *page, size_t i, struct exposition_labels *labels)
{
	const struct series *s = show(page, i, labels);

	return s ? worst_path(&page->series, s) : NULL;
}

static void write_up(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct exposition_labels labels;
	const struct path *p = show_worst(context, i, &labels);

	if (p && p->status.state != VERDICT_UNKNOWN)
		exposition_gauge(e, m, &labels, NULL, p->status.state != VERDICT_DOWN);
}

static void write_expected(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct run_metrics *page = context;
	const struct series_table *t = &page->series;
	struct exposition_labels labels;
	bool expected = true;

	if (!show_worst(page, i, &labels))
		return;
	for (size_t k = t->items[i].first; k != SERIES_NONE && k < t->paths_len; k = t->paths[k].next)
		expected &= !t->paths[k].path->status.known || t->paths[k].path->status.expected;
	exposition_gauge(e, m, &labels, NULL, expected);
}

static void write_state(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct exposition_labels labels;
	const struct path *p = show_worst(context, i, &labels);
	const struct exposition_label state[] = {
		{ "state", p ? verdict_state_word(p->status.state) : "" },
		{ "direction", p ? verdict_direction_word(p->status.direction) : "" },
		{ "cause", p ? verdict_cause_word(p->status.cause) : "" },
		{ NULL, NULL },
	};

	if (p)
		exposition_gauge(e, m, &labels, state, 1);
}

static void write_since(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct exposition_labels labels;
	const struct path *p = show_worst(context, i, &labels);

	if (p)
		exposition_gauge(e, m, &labels, NULL, (double)p->status.since_ns / 1e9);
}

/* Who answered the newest answered probe. */
static void write_answerer(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct run_metrics *page = context;
	struct exposition_labels labels;
	const struct series *s = show(page, i, &labels);
	const struct prober *prober = s ? &page->series.paths[s->first].path->prober : NULL;
	const char *server =
	    prober && prober->holder != PROBER_NOBODY
		? config_server_name(config_of(page),
				     path_server_of_number(page->series.paths[s->first].path, prober->holder))
		: NULL;
	const struct exposition_label label[] = { { "server", server ? server : "" }, { NULL, NULL } };

	if (server)
		exposition_info(e, m, &labels, label);
}

static void write_gap(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct exposition_labels labels;
	const struct series *s = show(context, i, &labels);

	if (s && s->gap_ns >= 0)
		exposition_gauge(e, m, &labels, NULL, (double)s->gap_ns / 1e9);
}

/* ---- the page ---- */

static const struct metrics_section sections[] = {
	{ { "floatprobe_build", EXPOSITION_INFO, NULL, "The version of floatprobe" }, .write = metrics_write_build },
	{ { "process_start_time_seconds", EXPOSITION_GAUGE, "seconds", "When the process started, since 1970" },
	  .value = metrics_started_seconds },
	{ { "process_cpu_seconds", EXPOSITION_COUNTER, "seconds", "CPU time of the process" },
	  .value = metrics_cpu_seconds },
	{ { "process_resident_memory_bytes", EXPOSITION_GAUGE, "bytes", "Resident memory of the process" },
	  .value = metrics_resident_octets },
	{ { "floatprobe_config_last_reload_successful", EXPOSITION_GAUGE, NULL,
	    "Whether the last reload of the configuration succeeded" },
	  .value = metrics_reload_succeeded },
	{ { "floatprobe_config_last_reload_success_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When the configuration was last read successfully, since 1970" },
	  .value = metrics_reloaded_seconds },
	{ { "floatprobe_journal_lost_lines", EXPOSITION_COUNTER, NULL,
	    "Lines that could not be written to the journal" },
	  .value = lines_lost },
	{ { "floatprobe_paths", EXPOSITION_GAUGE, NULL, "Paths that are probed" }, .value = paths },
	{ { "floatprobe_dropped", EXPOSITION_COUNTER, NULL, "Received packets that were dropped, by reason" },
	  .len = count_drops,
	  .write = write_drops },
	{ { "floatprobe_socket_drops", EXPOSITION_COUNTER, NULL,
	    "Datagrams that the kernel dropped at this program's sockets: their buffer was full, or their checksum "
	    "bad" },
	  .write = write_socket_drops },
	{ { "floatprobe_target_addresses", EXPOSITION_GAUGE, NULL, "Addresses of a target" },
	  .len = count_targets,
	  .write = write_addresses },
	{ { "floatprobe_name_resolution_failed", EXPOSITION_GAUGE, NULL,
	    "Whether the last resolution of a target's name failed" },
	  .len = count_targets,
	  .write = write_name_failed },
	{ { "floatprobe_server_heard_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When a server last answered anything, since 1970" },
	  .len = count_servers,
	  .write = write_heard },
	{ { "floatprobe_server_evidence_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When a server last answered a query for evidence, since 1970" },
	  .len = count_servers,
	  .write = write_evidence },
	{ { "floatprobe_server_clock_skew_seconds", EXPOSITION_GAUGE, "seconds",
	    "A server's clock minus ours, if the server refused probes for it; else 0" },
	  .len = count_servers,
	  .write = write_skew },
	{ { "floatprobe_server_not_authorised", EXPOSITION_GAUGE, NULL,
	    "Whether a server says that it does not know our key" },
	  .len = count_servers,
	  .write = write_not_authorised },
	{ { "floatprobe_incidents_open", EXPOSITION_GAUGE, NULL, "Open incidents, by their present cause" },
	  .len = count_causes,
	  .write = write_open },
	{ { "floatprobe_incidents_opened", EXPOSITION_COUNTER, NULL,
	    "Incidents that were reported, by the cause that was known then" },
	  .len = count_causes,
	  .write = write_opened },
	{ { "floatprobe_incidents_closed", EXPOSITION_COUNTER, NULL,
	    "Incidents that ended, by the cause that was known then" },
	  .len = count_causes,
	  .write = write_closed },
	{ { "floatprobe_probes_sent", EXPOSITION_COUNTER, NULL,
	    "Probes that were sent and answered or counted as lost" },
	  .len = count_series,
	  .write = write_sent },
	{ { "floatprobe_replies", EXPOSITION_COUNTER, NULL, "Probes that were answered in time" },
	  .len = count_series,
	  .write = write_replies },
	{ { "floatprobe_lost", EXPOSITION_COUNTER, NULL,
	    "Probes that were lost, by proven direction; counted when it is known, at the latest 10 s after the "
	    "timeout" },
	  .len = count_series,
	  .write = write_lost },
	{ { "floatprobe_unsent", EXPOSITION_COUNTER, NULL, "Probes that this host could not send" },
	  .len = count_series,
	  .write = write_unsent },
	{ { "floatprobe_late_replies", EXPOSITION_COUNTER, NULL, "Lost probes whose answer came after the timeout" },
	  .len = count_series,
	  .write = write_late },
	{ { "floatprobe_wrong_source_replies", EXPOSITION_COUNTER, NULL,
	    "Authentic answers that came from another address" },
	  .len = count_series,
	  .write = write_wrong_source },
	{ { "floatprobe_duplicates", EXPOSITION_COUNTER, NULL, "Further answers to probes already answered" },
	  .len = count_series,
	  .write = write_duplicates },
	{ { "floatprobe_answerer_changes", EXPOSITION_COUNTER, NULL,
	    "Times that another server, or another boot of it, began to answer; none where holders are many" },
	  .len = count_series,
	  .write = write_holder_changes },
	{ { "floatprobe_rtt_seconds", EXPOSITION_HISTOGRAM, "seconds", "Round-trip time of answered probes" },
	  .len = count_series,
	  .write = write_rtt },
	{ { "floatprobe_path_up", EXPOSITION_GAUGE, NULL, "1: up or lossy, 0: down; no sample while it is not known" },
	  .len = count_series,
	  .write = write_up },
	{ { "floatprobe_path_expected", EXPOSITION_GAUGE, NULL, "Whether the path is as the configuration expects it" },
	  .len = count_series,
	  .write = write_expected },
	{ { "floatprobe_path_state", EXPOSITION_GAUGE, NULL, "1 for the present state, direction of loss and cause" },
	  .len = count_series,
	  .write = write_state },
	{ { "floatprobe_path_state_since_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When the present state began, since 1970" },
	  .len = count_series,
	  .write = write_since },
	{ { "floatprobe_answerer", EXPOSITION_INFO, NULL, "The server that answered last" },
	  .len = count_series,
	  .write = write_answerer },
	{ { "floatprobe_failover_gap_seconds", EXPOSITION_GAUGE, "seconds",
	    "The time without answers when another holder began to answer last" },
	  .len = count_series,
	  .write = write_gap },
	{ .metric = { .name = NULL } },
};

bool run_metrics_write(void *page, struct web_draft *draft)
{
	return metrics_write(sections, page, draft);
}
