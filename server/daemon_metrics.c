#include "server/daemon_metrics.h"

#include "common/core/ns.h"
#include "common/system/clock.h"
#include "common/system/journal.h"
#include "server/descriptors.h"

#include <string.h>

#define DROPPED "DROPPED_"

/* ---- the program ---- */

_Static_assert(offsetof(struct daemon_metrics, program) == 0, "the context of functions of metrics.h");

static double lines_lost(void *context)
{
	const struct journal *journal = ((const struct daemon_metrics *)context)->findings->journal;

	return journal ? (double)journal_lost(journal) : 0;
}

/* ---- requests ---- */

static double received(void *context)
{
	const uint64_t *counts = reflector_counts(((const struct daemon_metrics *)context)->reflector);
	double sum = 0;

	for (size_t i = 0; i < REFLECTOR_OUTCOMES_LEN; i++)
		sum += (double)counts[i];
	return sum;
}

static size_t count_outcomes(void *context)
{
	(void)context;
	return REFLECTOR_OUTCOMES_LEN;
}

static bool is_drop(size_t outcome)
{
	return strncmp(reflector_outcome_name((enum reflector_outcome)outcome), DROPPED, strlen(DROPPED)) == 0;
}

static void write_outcome(const struct daemon_metrics *page, const struct exposition *e,
			  const struct exposition_metric *m, const char *label, size_t i, size_t skip)
{
	char word[METRICS_WORD_LEN];
	const struct exposition_label labels[] = {
		{ label, metrics_word(reflector_outcome_name((enum reflector_outcome)i) + skip, word) }, { NULL, NULL }
	};

	exposition_counter(e, m, NULL, labels, reflector_counts(page->reflector)[i], page->program.started_ns);
}

static void write_replied(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	if (i < REFLECTOR_DROPPED_MALFORMED)
		write_outcome(context, e, m, "outcome", i, 0);
}

static void write_dropped(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	if (is_drop(i))
		write_outcome(context, e, m, "reason", i, strlen(DROPPED));
}

static double relayed(void *context)
{
	return (double)reflector_counts(((const struct daemon_metrics *)context)->reflector)[REFLECTOR_TO_RELAY];
}

static double socket_drops(void *context)
{
	const struct daemon_metrics *page = context;

	return page->udp ? udp_listener_drops(page->udp) : 0;
}

static size_t count_witness_outcomes(void *context)
{
	(void)context;
	return WITNESS_NOTHING; /* that one is every other datagram */
}

static void write_witness(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct daemon_metrics *page = context;
	char word[METRICS_WORD_LEN];
	const struct exposition_label outcome[] = {
		{ "outcome", metrics_word(witness_outcome_name((enum witness_outcome)i), word) }, { NULL, NULL }
	};

	exposition_counter(e, m, NULL, outcome, relays_counts(page->relays)[i], page->program.started_ns);
}

/* ---- TCP ---- */

static double connections(void *context)
{
	return tcp_listener_counts(((const struct daemon_metrics *)context)->tcp).open;
}

static double slots(void *context)
{
	const struct daemon_metrics *page = context;

	return page->tcp ? page->config->tcp_slots : 0;
}

static double accepted(void *context)
{
	return (double)tcp_listener_counts(((const struct daemon_metrics *)context)->tcp).accepted;
}

static double gave_way(void *context)
{
	return (double)tcp_listener_counts(((const struct daemon_metrics *)context)->tcp).gave_way;
}

static double full(void *context)
{
	return (double)tcp_listener_counts(((const struct daemon_metrics *)context)->tcp).full;
}

static double exhausted(void *context)
{
	return (double)((const struct daemon_metrics *)context)->descriptors->exhausted;
}

/* ---- plain STAMP ---- */

static double reflected(void *context)
{
	const struct stamp_listener *stamp = ((const struct daemon_metrics *)context)->stamp;

	return stamp ? (double)stamp_listener_counts(stamp)[STAMP_REFLECTED] : 0;
}

static size_t count_stamp_outcomes(void *context)
{
	return ((const struct daemon_metrics *)context)->stamp ? STAMP_OUTCOMES_LEN : 0;
}

static void write_stamp_dropped(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct daemon_metrics *page = context;
	char word[METRICS_WORD_LEN];

	if (i == STAMP_REFLECTED)
		return;
	metrics_word(stamp_outcome_name((enum stamp_outcome)i) + strlen(DROPPED), word);
	exposition_counter(e, m, NULL, (const struct exposition_label[]){ { "reason", word }, { NULL, NULL } },
			   stamp_listener_counts(page->stamp)[i], page->program.started_ns);
}

/* ---- flows ---- */

static double flows(void *context)
{
	return flows_len(reflector_flows(((const struct daemon_metrics *)context)->reflector));
}

static double flows_evicted(void *context)
{
	return (double)reflector_evictions(((const struct daemon_metrics *)context)->reflector);
}

static double flows_limit(void *context)
{
	return ((const struct daemon_metrics *)context)->config->flows_max;
}

static size_t count_clients(void *context)
{
	return ((const struct daemon_metrics *)context)->config->clients_len;
}

static bool has_name_of_next(const struct daemon_metrics *page, size_t i)
{
	const struct server_config_client *clients = page->config->clients;

	return i + 1 < page->config->clients_len && strcmp(clients[i].name, clients[i + 1].name) == 0;
}

bool daemon_metrics_client(const struct daemon_metrics *page, size_t i, struct flows_sums *sums)
{
	const struct flows *table = reflector_flows(page->reflector);

	if (i > 0 && has_name_of_next(page, i - 1))
		return false;
	*sums = flows_sums_of(table, (unsigned)i);
	for (; has_name_of_next(page, i); i++) {
		const struct flows_sums more = flows_sums_of(table, (unsigned)i + 1);

		sums->flows += more.flows;
		sums->heard_ns = ns_later(sums->heard_ns, more.heard_ns);
	}
	return true;
}

uint32_t daemon_metrics_unheard(const struct daemon_metrics *page, size_t i)
{
	const struct flows *table = reflector_flows(page->reflector);
	int64_t now_ns = clock_mono_ns();
	uint32_t unheard = flows_unheard(table, (unsigned)i, now_ns);

	for (; has_name_of_next(page, i); i++)
		unheard += flows_unheard(table, (unsigned)i + 1, now_ns);
	return unheard;
}

static void write_client(const struct daemon_metrics *page, const struct exposition *e,
			 const struct exposition_metric *m, size_t i, double value)
{
	const struct exposition_label client[] = { { "client", page->config->clients[i].name }, { NULL, NULL } };

	exposition_gauge(e, m, NULL, client, value);
}

static void write_client_flows(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct flows_sums sums;

	if (daemon_metrics_client(context, i, &sums))
		write_client(context, e, m, i, sums.flows);
}

static void write_client_unheard(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct flows_sums sums;

	if (daemon_metrics_client(context, i, &sums))
		write_client(context, e, m, i, daemon_metrics_unheard(context, i));
}

static void write_client_heard(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	struct flows_sums sums;

	if (daemon_metrics_client(context, i, &sums) && sums.heard_ns > 0)
		write_client(context, e, m, i, (double)(clock_real_ns() - (clock_mono_ns() - sums.heard_ns)) / 1e9);
}

/* ---- the link ---- */

static size_t count_findings(void *context)
{
	(void)context;
	return FINDINGS_KINDS_LEN;
}

static void write_findings(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct daemon_metrics *page = context;
	const struct exposition_label type[] = { { "type", findings_kind_text((enum findings_kind)i) },
						 { NULL, NULL } };

	exposition_counter(e, m, NULL, type, page->findings->kinds[i].count, page->program.started_ns);
}

static void write_left_out(void *context, const struct exposition *e, const struct exposition_metric *m, size_t i)
{
	const struct daemon_metrics *page = context;
	const struct exposition_label type[] = { { "type", findings_kind_text((enum findings_kind)i) },
						 { NULL, NULL } };

	exposition_counter(e, m, NULL, type, page->findings->kinds[i].left_out, page->program.started_ns);
}

static double neighbour_changes(void *context)
{
	return (double)((const struct daemon_metrics *)context)->findings->kinds[FINDINGS_NEIGHBOUR].count;
}

static double stale(void *context)
{
	return link_watch_stale(((const struct daemon_metrics *)context)->link_watch);
}

static double claims(void *context)
{
	return link_watch_claims(((const struct daemon_metrics *)context)->link_watch);
}

/* ---- the page ---- */

static const struct metrics_section sections[] = {
	{ { "floatprobed_build", EXPOSITION_INFO, NULL, "The version of floatprobed" }, .write = metrics_write_build },
	{ { "process_start_time_seconds", EXPOSITION_GAUGE, "seconds", "When the process started, since 1970" },
	  .value = metrics_started_seconds },
	{ { "process_cpu_seconds", EXPOSITION_COUNTER, "seconds", "CPU time of the process" },
	  .value = metrics_cpu_seconds },
	{ { "process_resident_memory_bytes", EXPOSITION_GAUGE, "bytes", "Resident memory of the process" },
	  .value = metrics_resident_octets },
	{ { "floatprobed_config_last_reload_successful", EXPOSITION_GAUGE, NULL,
	    "Whether the last reload of the configuration succeeded" },
	  .value = metrics_reload_succeeded },
	{ { "floatprobed_config_last_reload_success_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When the configuration was last read successfully, since 1970" },
	  .value = metrics_reloaded_seconds },
	{ { "floatprobed_journal_lost_lines", EXPOSITION_COUNTER, NULL,
	    "Lines that could not be written to the journal" },
	  .value = lines_lost },
	{ { "floatprobed_received", EXPOSITION_COUNTER, NULL, "Requests that were received, of any kind" },
	  .value = received },
	{ { "floatprobed_replied", EXPOSITION_COUNTER, NULL, "Requests that got a reply, by outcome" },
	  .len = count_outcomes,
	  .write = write_replied },
	{ { "floatprobed_dropped", EXPOSITION_COUNTER, NULL, "Requests that got no reply, by reason" },
	  .len = count_outcomes,
	  .write = write_dropped },
	{ { "floatprobed_relayed", EXPOSITION_COUNTER, NULL, "Queries for other servers" }, .value = relayed },
	{ { "floatprobed_witness", EXPOSITION_COUNTER, NULL,
	    "What became of queries for other servers, and answers that nobody waits for" },
	  .len = count_witness_outcomes,
	  .write = write_witness },
	{ { "floatprobed_socket_drops", EXPOSITION_COUNTER, NULL,
	    "Datagrams that the kernel dropped because a receive buffer was full" },
	  .value = socket_drops },
	{ { "floatprobed_tcp_connections", EXPOSITION_GAUGE, NULL, "Open TCP connections" }, .value = connections },
	{ { "floatprobed_tcp_slots", EXPOSITION_GAUGE, NULL, "The limit of open TCP connections" }, .value = slots },
	{ { "floatprobed_tcp_accepted", EXPOSITION_COUNTER, NULL, "TCP connections that were accepted" },
	  .value = accepted },
	{ { "floatprobed_tcp_gave_way", EXPOSITION_COUNTER, NULL, "TCP connections that were closed for a new one" },
	  .value = gave_way },
	{ { "floatprobed_tcp_slots_exhausted", EXPOSITION_COUNTER, NULL,
	    "Times that a TCP connection had to wait because all slots were in use" },
	  .value = full },
	{ { "floatprobed_descriptors_exhausted", EXPOSITION_COUNTER, NULL,
	    "Times that this process had no descriptor left for a TCP connection" },
	  .value = exhausted },
	{ { "floatprobed_stamp_reflected", EXPOSITION_COUNTER, NULL, "Plain STAMP packets that got a reply" },
	  .value = reflected },
	{ { "floatprobed_stamp_dropped", EXPOSITION_COUNTER, NULL, "Plain STAMP packets that got none, by reason" },
	  .len = count_stamp_outcomes,
	  .write = write_stamp_dropped },
	{ { "floatprobed_flows", EXPOSITION_GAUGE, NULL, "Flows in the table" }, .value = flows },
	{ { "floatprobed_flows_limit", EXPOSITION_GAUGE, NULL, "Flows that the table has room for" },
	  .value = flows_limit },
	{ { "floatprobed_flows_evicted", EXPOSITION_COUNTER, NULL,
	    "Flows that gave way to new ones because the table was full" },
	  .value = flows_evicted },
	{ { "floatprobed_client_flows", EXPOSITION_GAUGE, NULL, "Flows of a client" },
	  .len = count_clients,
	  .write = write_client_flows },
	{ { "floatprobed_client_unheard", EXPOSITION_GAUGE, NULL,
	    "Flows of a client that send and do not receive the replies" },
	  .len = count_clients,
	  .write = write_client_unheard },
	{ { "floatprobed_client_heard_timestamp_seconds", EXPOSITION_GAUGE, "seconds",
	    "When a client's newest request came, since 1970" },
	  .len = count_clients,
	  .write = write_client_heard },
	{ { "floatprobed_findings", EXPOSITION_COUNTER, NULL, "Findings, by the type that the journal gives them" },
	  .len = count_findings,
	  .write = write_findings },
	{ { "floatprobed_findings_left_out", EXPOSITION_COUNTER, NULL,
	    "Findings that have no line in the journal, because there were too many of their type or client" },
	  .len = count_findings,
	  .write = write_left_out },
	{ { "floatprobed_neighbour_changes", EXPOSITION_COUNTER, NULL, "Changes of neighbour entries" },
	  .value = neighbour_changes },
	{ { "floatprobed_stale_neighbours", EXPOSITION_GAUGE, NULL,
	    "Neighbour entries towards clients that are proven wrong" },
	  .value = stale },
	{ { "floatprobed_address_claims", EXPOSITION_GAUGE, NULL,
	    "Claims of other machines on this host's addresses that stand" },
	  .value = claims },
	{ .metric = { .name = NULL } },
};

bool daemon_metrics_write(void *page, struct web_draft *draft)
{
	return metrics_write(sections, page, draft);
}
