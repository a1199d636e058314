#include "client/failover_drill.h"

#include "client/output/output_failover.h"
#include "client/output/output_formats.h"

#include <stdlib.h>

bool failover_drill_init(struct failover_drill *d, unsigned moves)
{
	for (unsigned kind = 0; kind < PROBE_KINDS; kind++) {
		d->gaps_ms[kind] = calloc(moves, sizeof d->gaps_ms[kind][0]);
		if (!d->gaps_ms[kind])
			return false;
	}
	return true;
}

void failover_drill_free(struct failover_drill *d)
{
	for (unsigned kind = 0; kind < PROBE_KINDS; kind++)
		free(d->gaps_ms[kind]);
}

bool failover_drill_add(struct failover_drill *d, const struct failover_report *report)
{
	bool good = true;

	d->moves++;
	for (unsigned i = 0; i < report->len; i++) {
		const struct result_failover *r = &report->results[i];
		d->failed[r->kind] += r->reasons->len > 0;
		good = good && r->reasons->len == 0;
		if (r->move->has_gap)
			d->gaps_ms[r->kind][d->gaps_len[r->kind]++] = (double)r->move->gap.total_ns / 1e6;
	}
	return good;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void failover_drill_print(struct failover_drill *d, const struct config *config, const struct config_target *target,
			  enum output_format format)
{
	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++) {
		const struct result_drill drill = {
			.vantage = config->vantage,
			.target = target->name,
			.protocol = probe_kind_of(kind)->word,
			.moves = d->moves,
			.failed = d->failed[kind],
			.gaps_ms = d->gaps_ms[kind],
			.gaps_len = d->gaps_len[kind],
		};
		if (!probe_kind_wanted(kind, target))
			continue;
		qsort(d->gaps_ms[kind], d->gaps_len[kind], sizeof d->gaps_ms[kind][0], ascending);
		if (format == OUTPUT_JSON)
			output_json(stdout, result_drill_json(&drill));
		else
			output_failover_drill(stdout, &drill);
	}
}
