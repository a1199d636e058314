#include "common/web/metrics.h"

#include "common/system/proc.h"
#include "common/web/accept.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	PLAIN,
	OPEN,
	ITEMS = 32, /* in one part */
	STATM_LEN = 256,
};

unsigned metrics_variant(const struct web_request *request)
{
	return accept_openmetrics(web_header(request, "Accept")) ? OPEN : PLAIN;
}

const char *metrics_type(unsigned variant)
{
	return variant == OPEN ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			       : "text/plain; version=0.0.4; charset=utf-8";
}

static void write_value(const struct metrics_section *s, void *context, const struct exposition *e)
{
	exposition_head(e, &s->metric);
	if (s->metric.type == EXPOSITION_COUNTER)
		exposition_amount(e, &s->metric, s->value(context));
	else
		exposition_gauge(e, &s->metric, NULL, NULL, s->value(context));
}

/* The list may have become shorter since the last part. */
static bool write_items(const struct metrics_section *s, void *context, const struct exposition *e,
			struct web_draft *draft)
{
	size_t len = s->len ? s->len(context) : 1, until = draft->item + ITEMS;

	if (draft->item == 0 && len > 0)
		exposition_head(e, &s->metric);
	for (; draft->item < len && draft->item < until; draft->item++)
		s->write(context, e, &s->metric, draft->item);
	return draft->item >= len;
}

bool metrics_write(const struct metrics_section *sections, void *context, struct web_draft *draft)
{
	const struct exposition e = { .out = &draft->reply.body, .open = draft->variant == OPEN };
	const struct metrics_section *s = &sections[draft->section];

	if (draft->section == 0)
		draft->reply.type = metrics_type(draft->variant);
	if (!s->metric.name) {
		exposition_end(&e);
		return true;
	}
	if (s->value)
		write_value(s, context, &e);
	if (s->value || write_items(s, context, &e, draft)) {
		draft->section++;
		draft->item = 0;
	}
	return false;
}

void metrics_write_build(void *context, const struct exposition *e, const struct exposition_metric *metric, size_t i)
{
	static const struct exposition_label version[] = { { "version", FLOATPROBE_VERSION }, { NULL, NULL } };

	(void)context;
	(void)i;
	exposition_info(e, metric, NULL, version);
}

double metrics_started_seconds(void *context)
{
	return (double)((const struct metrics_program *)context)->started_ns / 1e9;
}

double metrics_reload_succeeded(void *context)
{
	return !((const struct metrics_program *)context)->reload_failed;
}

double metrics_reloaded_seconds(void *context)
{
	return (double)((const struct metrics_program *)context)->reloaded_ns / 1e9;
}

double metrics_cpu_seconds(void *context)
{
	struct rusage usage;

	(void)context;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double metrics_resident_octets(void *context)
{
	char text[STATM_LEN], *end;

	(void)context;
	if (proc_read("/proc/self/statm", text, sizeof text) == 0)
		return 0;
	(void)strtoul(text, &end, 10); /* all of it; what is resident follows */
	return (double)strtoul(end, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
}

const char *metrics_word(const char *name, char word[METRICS_WORD_LEN])
{
	size_t i = 0;

	for (; name[i] && i + 1 < METRICS_WORD_LEN; i++)
		word[i] = (char)tolower((unsigned char)name[i]);
	word[i] = '\0';
	return word;
}
