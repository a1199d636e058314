#include "server/daemon_page.h"

#include "common/system/clock.h"
#include "common/web/page.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	CLIENTS_MAX = 500, /* clients that are shown */
	PART = 32,         /* rows in one part */
	TEXT_LEN = 128,
};

static const char *const columns[] = { "Client", "Flows", "Flows that do not hear us", "Heard", NULL };
static const char *const finding_columns[] = { "Finding", "Since the start", NULL };

static void row(struct document *d, const char *name, uint64_t value)
{
	char text[TEXT_LEN];

	document_put(d, "<tr>");
	page_cell(d, "Finding", name);
	snprintf(text, sizeof text, "%" PRIu64, value);
	page_cell(d, "Since the start", text);
	document_put(d, "</tr>\n");
}

static void write_findings(const struct daemon_metrics *m, struct document *d)
{
	char text[TEXT_LEN];

	page_heading(d, "What it found");
	snprintf(text, sizeof text, "Wrong neighbour entries now: %u; claims on our addresses that stand: %u",
		 link_watch_stale(m->link_watch), link_watch_claims(m->link_watch));
	page_table(d, text, finding_columns);
	for (size_t i = 0; i < FINDINGS_KINDS_LEN; i++)
		row(d, findings_kind_text((enum findings_kind)i), m->findings->kinds[i].count);
	page_table_end(d);
}

static void write_client(const struct daemon_metrics *m, struct document *d, size_t i)
{
	struct flows_sums sums;
	char text[TEXT_LEN], time[PAGE_TIME_LEN];

	if (!daemon_metrics_client(m, i, &sums))
		return;
	document_put(d, "<tr>");
	page_cell(d, "Client", m->config->clients[i].name);
	snprintf(text, sizeof text, "%u", sums.flows);
	page_cell(d, "Flows", text);
	snprintf(text, sizeof text, "%u", sums.unheard);
	page_cell(d, "Flows that do not hear us", text);
	page_cell(d, "Heard",
		  page_time(sums.heard_ns > 0 ? clock_real_ns() - (clock_mono_ns() - sums.heard_ns) : 0, time));
	document_put(d, "</tr>\n");
}

static void begin(const void *context, struct document *d)
{
	const struct daemon_metrics *m = context;
	char caption[TEXT_LEN];

	page_begin(d, "floatprobed", m->config->name);
	write_findings(m, d);
	page_heading(d, "Clients");
	snprintf(caption, sizeof caption, "%zu keys of clients%s", m->config->clients_len,
		 m->config->clients_len > CLIENTS_MAX ? "; not all are shown" : "");
	page_table(d, caption, columns);
}

static bool write_clients(const void *context, struct web_draft *draft)
{
	const struct daemon_metrics *m = context;
	size_t shown = m->config->clients_len < CLIENTS_MAX ? m->config->clients_len : CLIENTS_MAX;

	for (unsigned rows = 0; draft->item < shown && rows < PART; rows++)
		write_client(m, &draft->reply.body, draft->item++);
	return draft->item >= shown;
}

static const struct page page = { .begin = begin, .rows = write_clients, .lists = 1 };

bool daemon_page_write(const struct daemon_metrics *m, struct web_draft *draft)
{
	return page_write(&page, m, draft);
}
