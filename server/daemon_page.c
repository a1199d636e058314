#include "server/daemon_page.h"

#include "common/core/text.h"
#include "common/system/clock.h"
#include "common/web/page.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	CLIENTS_MAX = 500, /* clients that are shown */
	PART = 32,         /* rows in one part */
	TEXT_LEN = 128,
};

static const char *const columns[] = { "Client", "Flows", "Flows that do not hear us", "Heard, ago", NULL };
static const char *const finding_columns[] = { "Finding", "Since the start", NULL };

static void row(struct document *d, const char *name, uint64_t value)
{
	char text[TEXT_LEN];

	document_put(d, "<tr>");
	page_row_head(d, name);
	snprintf(text, sizeof text, "%" PRIu64, value);
	page_cell(d, "Since the start", text);
	document_put(d, "</tr>\n");
}

static void write_findings(const struct daemon_metrics *m, struct document *d)
{
	page_heading(d, "What it found");
	page_table(d, "By the type that the journal gives it", finding_columns);
	for (size_t i = 0; i < FINDINGS_KINDS_LEN; i++)
		row(d, findings_kind_text((enum findings_kind)i), m->findings->kinds[i].count);
	page_table_end(d);
}

static void write_client(const struct daemon_metrics *m, struct document *d, size_t i)
{
	struct flows_sums sums;
	char text[TEXT_LEN];

	if (!daemon_metrics_client(m, i, &sums))
		return;
	document_put(d, "<tr>");
	page_row_head(d, m->config->clients[i].name);
	snprintf(text, sizeof text, "%u", sums.flows);
	page_cell(d, "Flows", text);
	snprintf(text, sizeof text, "%u", daemon_metrics_unheard(m, i));
	page_cell(d, "Flows that do not hear us", text);
	document_put(d, "<td data-label=\"Heard, ago\">");
	page_age(d, sums.heard_ns > 0 ? clock_real_ns() - (clock_mono_ns() - sums.heard_ns) : 0);
	document_put(d, "</td></tr>\n");
}

/* count: clients that were heard since the start; found: clients that do not hear us. */
static bool count(const void *context, struct web_draft *draft)
{
	const struct daemon_metrics *m = context;
	struct flows_sums sums;

	for (unsigned i = 0; draft->item < m->config->clients_len && i < PART; i++, draft->item++) {
		if (!daemon_metrics_client(m, draft->item, &sums))
			continue;
		draft->count += sums.heard_ns > 0;
		draft->found += daemon_metrics_unheard(m, draft->item) > 0;
	}
	return draft->item >= m->config->clients_len;
}

static void write_summary(const struct daemon_metrics *m, struct document *d, const struct web_draft *draft)
{
	unsigned stale = link_watch_stale(m->link_watch), claims = link_watch_claims(m->link_watch);

	if (draft->found + stale + claims > 0)
		document_format(
		    d,
		    "<p class=\"summary down\">Clients that do not hear us: %zu; wrong neighbour entries: %u; "
		    "claims on our addresses: %u</p>\n",
		    draft->found, stale, claims);
	else if (draft->count > 0)
		document_format(d, "<p class=\"summary up\">All is well. Clients that were heard: %zu</p>\n",
				draft->count);
	else
		document_put(d, "<p class=\"summary unknown\">No client was heard yet.</p>\n");
}

static void begin(const void *context, struct web_draft *draft)
{
	const struct daemon_metrics *m = context;
	struct document *d = &draft->reply.body;
	char caption[TEXT_LEN];

	page_begin(d, "floatprobed", m->config->name,
		   draft->found + link_watch_stale(m->link_watch) + link_watch_claims(m->link_watch));
	write_summary(m, d, draft);
	write_findings(m, d);
	page_heading(d, "Clients");
	snprintf(caption, sizeof caption, "%zu key%s of clients%s", m->config->clients_len,
		 text_plural(m->config->clients_len),
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

static const struct page page = { .count = count, .begin = begin, .rows = write_clients, .lists = 1 };

bool daemon_page_write(const struct daemon_metrics *m, struct web_draft *draft)
{
	return page_write(&page, m, draft);
}
