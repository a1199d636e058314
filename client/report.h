/* `floatprobe report`: what journals tell, as text, JSON or a page. */
#ifndef FLOATPROBE_REPORT_H
#define FLOATPROBE_REPORT_H

#include "client/output/output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report_options {
	int64_t since_ns, until_ns; /* realtime; MOMENT_NONE: no limit */
	const char *const *targets;
	size_t targets_len; /* 0: all */
	const char *page;   /* the file of the page; NULL: none */
	bool printed;       /* --format was given: print beside the page, too */
	enum output_format format;
};

/* Returns the exit status. */
int report_main(char *const *journals, unsigned journals_len, const struct report_options *options);

#endif
