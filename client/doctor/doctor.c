#include "client/doctor/doctor.h"

#include "client/doctor/doctor_judge.h"
#include "client/output/exit_status.h"
#include "client/output/output_formats.h"
#include "common/config/alloc.h"
#include "common/core/printable.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 5 };

/* --- As JSON ----------------------------------------------------------------------------------------------------- */

/* Program names can have any octets. NULL becomes null. */
static json_t *json_text(const char *text)
{
	char *clean;
	json_t *json;

	if (!text)
		return json_null();
	clean = alloc_text(text);
	printable(clean, strlen(clean) + 1, clean, false);
	json = json_string(clean);
	free(clean);
	return json;
}

static bool put_json(FILE *out, const struct doctor_finding *finding, const char *time)
{
	return output_json(out,
			   json_pack("{ss ss ss ss so ss so so}", "type", "finding", "time", time, "id",
				     doctor_finding_id(finding), "severity", doctor_severity_word(finding->severity),
				     "seen", json_text(finding->seen), "why", doctor_finding_why(finding), "command",
				     json_text(finding->command), "permanent", json_text(finding->permanent)));
}

static bool put_all_json(FILE *out, const struct doctor_findings *findings)
{
	char time[CLOCK_TEXT_LEN];
	bool ok = true;

	clock_text(clock_real_ns(), time);
	for (size_t i = 0; i < findings->len && ok; i++)
		ok = put_json(out, &findings->items[i], time);
	return ok;
}

/* --- As text ----------------------------------------------------------------------------------------------------- */

/* The command has its own line without wrapping, so that it can be copied. */
static void put_finding(FILE *out, const struct output_style *style, const struct doctor_finding *finding)
{
	static const char *const colours[] = {
		[DOCTOR_ERROR] = TERMINAL_RED,
		[DOCTOR_WARNING] = TERMINAL_YELLOW,
		[DOCTOR_NOTE] = TERMINAL_BOLD,
	};

	terminal_coloured(out, style, colours[finding->severity], doctor_severity_word(finding->severity));
	fprintf(out, "  %s\n", doctor_finding_id(finding));
	terminal_sentence(out, style, terminal_dot(style), finding->seen);
	terminal_sentence(out, style, terminal_dot(style), doctor_finding_why(finding));
	if (finding->command)
		fprintf(out, "      $ %s\n", finding->command);
	if (finding->permanent)
		terminal_sentence(out, style, terminal_arrow(style), finding->permanent);
}

static void put_counts(FILE *out, const struct doctor_findings *findings)
{
	bool wrong = findings->count[DOCTOR_ERROR] + findings->count[DOCTOR_WARNING] > 0;
	const char *separator = wrong ? "" : ", ";

	fputs(wrong ? "" : "nothing wrong", out);
	for (int severity = 0; severity < DOCTOR_SEVERITIES; severity++) {
		size_t count = findings->count[severity];

		if (count == 0)
			continue;
		fprintf(out, "%s%zu %s%s", separator, count, doctor_severity_word((enum doctor_severity)severity),
			count == 1 ? "" : "s");
		separator = ", ";
	}
}

static void put_summary(FILE *out, const struct doctor_facts *facts, const struct doctor_findings *findings)
{
	size_t routes = 0;

	for (size_t i = 0; i < facts->addresses_len; i++)
		routes += facts->addresses[i].back.asked;
	put_counts(out, findings);
	fprintf(out,
		"; checked interfaces (%zu), addresses (%zu), routes back from them (%zu), listening sockets (%zu), "
		"neighbour tables, connection tracking, kernel settings, counters, clock\n",
		facts->links_len, facts->addresses_len, routes, facts->sockets_len);
}

static void put_text(FILE *out, const struct doctor_facts *facts, const struct doctor_findings *findings)
{
	struct output_style style = terminal_style();

	for (size_t i = 0; i < findings->len; i++)
		put_finding(out, &style, &findings->items[i]);
	put_summary(out, facts, findings);
}

/* --- The command ------------------------------------------------------------------------------------------------- */

/* A limited number of attempts, for a host that changes during the read. */
static int gather(const struct doctor_config *config, struct doctor_facts *facts)
{
	int error = -EINTR;

	for (unsigned i = 0; i < ATTEMPTS && error == -EINTR; i++) {
		error = doctor_facts_gather(config, facts);
		if (error < 0)
			doctor_facts_free(facts);
	}
	return error;
}

static int examine(const struct doctor_config *config, enum output_format format)
{
	struct doctor_facts facts;
	struct doctor_findings findings;
	int error = gather(config, &facts), status = EXIT_STATUS_EXPECTED;

	if (error < 0) {
		log_error("cannot read the state of this host from the kernel: %s", strerror(-error));
		return EXIT_STATUS_REFUSED;
	}
	doctor_judge(&facts, &findings);
	if (findings.count[DOCTOR_ERROR] + findings.count[DOCTOR_WARNING] > 0)
		status = EXIT_STATUS_NOT_EXPECTED;
	if (format == OUTPUT_TEXT) {
		put_text(stdout, &facts, &findings);
	} else if (!put_all_json(stdout, &findings)) {
		log_error("out of memory: findings are missing");
		status = EXIT_STATUS_REFUSED;
	}
	doctor_findings_free(&findings);
	doctor_facts_free(&facts);
	return status;
}

int doctor_main(const char *config_file, enum output_format format)
{
	struct doctor_config config = doctor_config_none;
	struct diag_list diags = { 0 };
	bool ok = !config_file || doctor_config_load(config_file, &config, &diags);
	int status = EXIT_STATUS_USAGE;

	diag_log(&diags);
	diag_free(&diags);
	if (ok)
		status = examine(&config, format);
	doctor_config_free(&config);
	return status;
}
