/* A page of metrics: a table of sections, each of which is one metric with the samples of a list. */
#ifndef FLOATPROBE_METRICS_H
#define FLOATPROBE_METRICS_H

#include "common/web/exposition.h"
#include "common/web/web.h"

struct metrics_section {
	struct exposition_metric metric; /* name NULL: the end of the table */
	/* The value of the only sample, of a gauge or a counter. NULL: */
	double (*value)(void *context);
	/* How many items have samples. NULL: one. */
	size_t (*len)(void *context);
	/* Write the samples of item i: none, one or several. */
	void (*write)(void *context, const struct exposition *e, const struct exposition_metric *metric, size_t i);
};

/* For struct web_route: the variant that a request asks for, and a part of the page. */
unsigned metrics_variant(const struct web_request *request);
const char *metrics_type(unsigned variant); /* its media type */
bool metrics_write(const struct metrics_section *sections, void *context, struct web_draft *draft);

/* What both programs tell of themselves: the first member of the context of these functions, for struct
 * metrics_section. */
struct metrics_program {
	int64_t started_ns;  /* realtime */
	int64_t reloaded_ns; /* realtime of the newest reload that did not fail; the start counts */
	bool reload_failed;  /* the newest one */
};
void metrics_write_build(void *context, const struct exposition *e, const struct exposition_metric *metric, size_t i);
double metrics_started_seconds(void *context);
double metrics_cpu_seconds(void *context);
double metrics_resident_octets(void *context);
double metrics_reload_succeeded(void *context);
double metrics_reloaded_seconds(void *context);

enum { METRICS_WORD_LEN = 48 };
/* The value of a label from the name of an enumerator: "BAD_MAC" to "bad_mac". Returns word. */
const char *metrics_word(const char *name, char word[METRICS_WORD_LEN]);

#endif
