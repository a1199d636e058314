#include "client/report.h"

#include "client/output/exit_status.h"
#include "client/report/history.h"
#include "client/report/journals.h"
#include "client/report/order.h"
#include "client/report/outages.h"
#include "client/report/report_html.h"
#include "client/report/report_json.h"
#include "client/report/report_text.h"
#include "common/core/ns.h"
#include "common/system/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int out_of_memory(void)
{
	log_error("out of memory for the report");
	return EXIT_STATUS_REFUSED;
}

/* A page must not take the place of a journal that it is made from. */
static bool is_one_of(const char *page, char *const *journals, unsigned len)
{
	struct stat a, b;

	for (unsigned i = 0; i < len; i++) {
		if (stat(page, &a) == 0 && stat(journals[i], &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return true;
	}
	return false;
}

static int print(const struct history *h, const struct journals *j, const struct report_options *o)
{
	const struct output_style style = terminal_style();

	if (o->page && report_html_file(o->page, h, NULL) < 0)
		return EXIT_STATUS_REFUSED;
	if (o->page && !o->printed)
		return EXIT_STATUS_EXPECTED;
	if (o->format == OUTPUT_JSON)
		return report_json(stdout, h) ? EXIT_STATUS_EXPECTED : out_of_memory();
	report_text(stdout, &style, h);
	if (j->torn > 0)
		printf("%llu journal%s end%s in a line that was not written completely\n", (unsigned long long)j->torn,
		       j->torn == 1 ? "" : "s", j->torn == 1 ? "s" : "");
	return EXIT_STATUS_EXPECTED;
}

static int read_and_print(struct history *h, char *const *journals, unsigned len, const struct report_options *o)
{
	struct journals j;
	const char *unknown;
	int error = journals_read(&j, h, journals, len);

	if (error)
		return error == -ENOMEM ? out_of_memory() : EXIT_STATUS_USAGE;
	if (h->records == 0 && j.wrong > 0) {
		log_error("nothing that was read is a journal");
		return EXIT_STATUS_USAGE;
	}
	unknown = history_unknown_target(h);
	if (unknown) {
		log_error("--target: no journal that was read has a target '%s'", unknown);
		return EXIT_STATUS_USAGE;
	}
	if (j.other > 0)
		log_warning("%llu records are of types that this version does not know; they are left out",
			    (unsigned long long)j.other);
	if (!outages_find(h) || !order_all(h))
		return out_of_memory();
	return print(h, &j, o);
}

int report_main(char *const *journals, unsigned journals_len, const struct report_options *options)
{
	const struct report_options *o = options;
	const struct history_filter filter = { o->since_ns, o->until_ns, o->targets, o->targets_len };
	struct history *h;
	int status;

	if (o->since_ns != MOMENT_NONE && o->until_ns != MOMENT_NONE && o->until_ns < o->since_ns) {
		log_error("--until is before --since; exchange them");
		return EXIT_STATUS_USAGE;
	}
	if (o->page && is_one_of(o->page, journals, journals_len)) {
		log_error("-o: %s is one of the journals", o->page);
		return EXIT_STATUS_USAGE;
	}
	h = history_new(&filter, NS_PER_S / 4);
	if (!h)
		return out_of_memory();
	status = read_and_print(h, journals, journals_len, o);
	history_free(h);
	return status;
}
