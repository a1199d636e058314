#include "client/cmdline.h"

#include "client/config/config.h"
#include "client/report/moment.h"
#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 100000, TIMES_MAX = 1000 };

const struct cmdline cmdline_defaults = {
	.round = { .count = 10, .spacing_ns = 200 * NS_PER_MS, .timeout_ns = NS_PER_S },
	.move = { .expect = -1,
		  .interval_ns = 20 * NS_PER_MS,
		  .for_ns = 60 * NS_PER_S,
		  .settle_ns = 5 * NS_PER_S,
		  .max_gap_ns = 5 * NS_PER_S,
		  .times = 1 },
	.story = { .since_ns = MOMENT_NONE, .until_ns = MOMENT_NONE },
	.format = OUTPUT_TEXT,
};

/* --- Readers of values ------------------------------------------------------------------------------------------- */

static const char *take_count(void *field, const char *value)
{
	uint64_t count;
	if (units_unsigned(value, &count) || count < 1 || count > COUNT_MAX)
		return "is not a number from 1 to 100000";
	*(unsigned *)field = (unsigned)count;
	return NULL;
}

#define THRESHOLD "write a round trip and a loss: 80ms,2%"

/* One part of 80ms,2%. */
static const char *take_limit_part(struct config_threshold *threshold, const char *part)
{
	bool is_loss = strchr(part, '%') != NULL;
	const char *fault;
	if (is_loss ? threshold->has_loss : threshold->rtt_ns > 0)
		return "has two of one kind; " THRESHOLD;
	fault = is_loss ? units_percent(part, &threshold->loss_permille) : units_duration(part, &threshold->rtt_ns);
	threshold->has_loss |= is_loss && !fault;
	return fault || is_loss || threshold->rtt_ns > 0 ? fault : "is no threshold; " THRESHOLD;
}

static const char *take_threshold(void *field, const char *value)
{
	struct config_threshold given = { 0 };
	char text[64], *rest = text;
	const char *fault = NULL;
	if ((size_t)snprintf(text, sizeof text, "%s", value) >= sizeof text)
		return "is no threshold; " THRESHOLD;
	for (char *part = strsep(&rest, ","); part && !fault; part = strsep(&rest, ","))
		fault = *part ? take_limit_part(&given, part) : "is no threshold; " THRESHOLD;
	if (!fault)
		config_threshold_set(field, &given);
	return fault;
}

/* -c is a count of probes, as in ping, or the critical threshold, as in the plugins of Nagios: that one has a unit. */
static const char *take_probes(void *object, const char *value)
{
	struct cmdline *cmdline = object;
	const char *fault = take_count(&cmdline->round.count, value);
	if (fault && !take_threshold(&cmdline->critical, value))
		return NULL;
	cmdline->counted = !fault;
	return fault && strpbrk(value, ",%") ? "is neither a number nor a threshold such as 200ms,10%" : fault;
}

static const char *take_duration(void *field, const char *value)
{
	int64_t ns;
	const char *fault = units_duration(value, &ns);
	if (fault)
		return fault;
	if (ns < NS_PER_MS || ns > 3600 * NS_PER_S)
		return "is out of range; use 1ms to 1h";
	*(int64_t *)field = ns;
	return NULL;
}

/* May be 0. */
static const char *take_limit(void *field, const char *value)
{
	int64_t ns;
	const char *fault = units_duration(value, &ns);
	if (fault)
		return fault;
	if (ns < 0 || ns > 3600 * NS_PER_S)
		return "is out of range; use 0s to 1h";
	*(int64_t *)field = ns;
	return NULL;
}

static const char *take_times(void *field, const char *value)
{
	uint64_t times;
	if (units_unsigned(value, &times) || times < 1 || times > TIMES_MAX)
		return "is not a number from 1 to 1000";
	*(unsigned *)field = (unsigned)times;
	return NULL;
}

static const char *take_format(void *field, const char *value)
{
	static const char *const names[] = {
		[OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", [OUTPUT_NAGIOS] = "nagios"
	};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(value, names[i]) == 0) {
			*(enum output_format *)field = (enum output_format)i;
			return NULL;
		}
	}
	return "is not a format; use text, json or nagios";
}

/* For commands that do not support nagios. */
static const char *take_plain_format(void *field, const char *value)
{
	enum output_format format;
	if (take_format(&format, value) || format == OUTPUT_NAGIOS)
		return "is not a format; use text or json";
	*(enum output_format *)field = format;
	return NULL;
}

static const char *take_story_format(void *object, const char *value)
{
	struct cmdline *cmdline = object;

	cmdline->story.printed = true;
	return take_plain_format(&cmdline->format, value ? value : "json");
}

/* A time, or how long ago. */
static const char *take_moment(void *field, const char *value)
{
	int64_t ns;

	if (moment_parse(value, strlen(value), field))
		return NULL;
	if (units_duration(value, &ns))
		return "is not a time; write 2026-05-01T12:00:00Z, 2026-05-01, or 2h for two hours ago";
	*(int64_t *)field = clock_real_ns() - ns;
	return NULL;
}

static const char *take_json(void *field, const char *value)
{
	(void)value;
	return take_format(field, "json");
}

static const char *take_target(void *object, const char *value)
{
	struct cmdline *cmdline = object;
	const char **targets = realloc(cmdline->targets, (cmdline->targets_len + 1) * sizeof *targets);
	if (!targets)
		return "cannot be taken: out of memory";
	targets[cmdline->targets_len++] = value;
	cmdline->targets = targets;
	return NULL;
}

static const char *take_name(void *field, const char *value)
{
	*(const char **)field = value;
	return units_name(value);
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

#define FIELD(member) offsetof(struct cmdline, member)

const struct options_spec cmdline_round[] = {
	{ "count", 'c', false, "N", "probes a path; default 10, with --quick 1; -c RTT,LOSS is --critical", take_probes,
	  0 },
	{ "spacing", 0, false, "TIME", "time between the probes of a path, +-10 %; default 200ms", take_duration,
	  FIELD(round.spacing_ns) },
	{ "timeout", 0, false, "TIME", "how long to wait for an answer; default 1s", take_duration,
	  FIELD(round.timeout_ns) },
	{ "deadline", 't', false, "TIME", "end after this time, with what is known then", take_duration,
	  FIELD(round.deadline_ns) },
	{ "quick", 0, false, NULL, "one probe a path, no evidence, and an end with the last answer", options_take_flag,
	  FIELD(round.quick) },
	{ "warning", 'w', false, "RTT,LOSS", "not as expected beyond these, as 80ms,2%; for every target",
	  take_threshold, FIELD(warn) },
	{ "critical", 0, false, "RTT,LOSS", "the same, CRITICAL for nagios", take_threshold, FIELD(critical) },
	{ "format", 0, false, "text|json|nagios", "for people, one object a line, or one status line", take_format,
	  FIELD(format) },
	{ "json", 0, false, NULL, "the same as --format json", take_json, FIELD(format) },
	{ "ipv4", '4', false, NULL, "only paths over IPv4", options_take_flag, FIELD(round.only_ipv4) },
	{ "ipv6", '6', false, NULL, "only paths over IPv6", options_take_flag, FIELD(round.only_ipv6) },
	{ "quiet", 'q', false, NULL, "print no progress; text shows only paths that are not as expected",
	  options_take_flag, FIELD(quiet) },
	{ "live", 0, false, NULL, "show the paths on the terminal while they are probed", options_take_flag,
	  FIELD(round.live) },
	{ "verbose", 'v', false, NULL, "text shows each path also where all paths of a target are well",
	  options_take_flag, FIELD(verbose) },
	{ 0 },
};

const struct options_spec cmdline_keygen[] = {
	{ "output", 'o', false, "FILE", "the secret key's file; default $XDG_CONFIG_HOME/floatprobe/key",
	  options_take_text, FIELD(output) },
	{ 0 },
};

const struct options_spec cmdline_pubkey[] = {
	{ "uri", 0, false, "ADDRESS", "print the URI of the server at this address, or ADDRESS:PORT", options_take_text,
	  FIELD(address) },
	{ "name", 0, false, "NAME", "the server's name in the URI; default: that of floatprobed.yaml beside the key",
	  take_name, FIELD(name) },
	{ 0 },
};

const struct options_spec cmdline_init[] = {
	{ "server", 0, false, NULL, "for floatprobed on this host", options_take_flag, FIELD(server) },
	{ "output", 'o', false, "DIR", "default: /etc/floatprobe for root, else $XDG_CONFIG_HOME/floatprobe",
	  options_take_text, FIELD(output) },
	{ "name", 0, false, "NAME", "this client's or server's name; default: the host name", take_name, FIELD(name) },
	{ "address", 0, false, "ADDRESS",
	  "with --server: where clients reach it, or ADDRESS:PORT; default: the\n"
	  "                        address from which this host sends to others",
	  options_take_text, FIELD(address) },
	{ 0 },
};

const struct options_spec cmdline_config[] = {
	{ "config", 0, false, "FILE", "the configuration", options_take_text, FIELD(config) },
	{ 0 },
};

const struct options_spec cmdline_check[] = {
	{ "config", 0, false, "FILE", "the configuration", options_take_text, FIELD(config) },
	{ "target", 0, false, "NAME", "probe only this target; can be repeated", take_target, 0 },
	{ 0 },
};

const struct options_spec cmdline_ping[] = {
	{ "key", 0, false, "FILE", "this client's secret key; default $XDG_CONFIG_HOME/floatprobe/key",
	  options_take_text, FIELD(key) },
	{ "vantage", 0, false, "NAME", "this client's name in the results; default: the host name", options_take_text,
	  FIELD(vantage) },
	{ 0 },
};

const struct options_spec cmdline_run[] = {
	{ "config", 0, false, "FILE", "the configuration", options_take_text, FIELD(config) },
	{ "target", 0, false, "NAME", "probe only this target; can be repeated", take_target, 0 },
	{ "live", 0, false, NULL, "show the paths on the terminal; without `journal:` there is no journal then",
	  options_take_flag, FIELD(round.live) },
	{ "log-format", 0, false, "text|logfmt|json", "form of the log; default: as configured",
	  log_settings_take_format, FIELD(log.format) },
	{ "log-level", 0, false, "LEVEL", "log from error, warning or info on; default: as configured",
	  log_settings_take_level, FIELD(log.level) },
	{ 0 },
};

const struct options_spec cmdline_doctor[] = {
	{ "config", 0, false, "FILE", "a client or server configuration: doctor then also checks its addresses",
	  options_take_text, FIELD(config) },
	{ "format", 0, false, "text|json", "for people, or one object a line", take_plain_format, FIELD(format) },
	{ "json", 0, false, NULL, "the same as --format json", take_json, FIELD(format) },
	{ 0 },
};

const struct options_spec cmdline_failover[] = {
	{ "config", 0, false, "FILE", "the configuration", options_take_text, FIELD(config) },
	{ "target", 0, true, "NAME", "the target whose address moves", options_take_text, FIELD(move.target) },
	{ "expect", 0, false, "SERVER", "who has to answer afterwards; default: any other server of the target",
	  options_take_text, FIELD(expect) },
	{ "interval", 0, false, "TIME", "time between the probes of a flow, from 1ms; default 20ms", take_duration,
	  FIELD(move.interval_ns) },
	{ "for", 0, false, "TIME", "wait so long for the move and its end; default 60s", take_duration,
	  FIELD(move.for_ns) },
	{ "settle", 0, false, "TIME", "the move ends when the new holder has answered for so long; default 5s",
	  take_limit, FIELD(move.settle_ns) },
	{ "max-gap", 0, false, "TIME", "the longest time without answers that passes; default 5s", take_limit,
	  FIELD(move.max_gap_ns) },
	{ "max-overlap", 0, false, "TIME", "the longest time with answers of both servers that passes; default 0s",
	  take_limit, FIELD(move.max_overlap_ns) },
	{ "exec", 0, false, "COMMAND", "make the move with this command of /bin/sh", options_take_text,
	  FIELD(move.exec) },
	{ "exec-back", 0, false, "COMMAND", "then move back with this one, and measure that too", options_take_text,
	  FIELD(move.exec_back) },
	{ "times", 0, false, "N", "do both so often, and print the distribution of the gaps", take_times,
	  FIELD(move.times) },
	{ "format", 0, false, "text|json", "for people, or one object a line", take_plain_format, FIELD(format) },
	{ "json", 0, false, NULL, "the same as --format json", take_json, FIELD(format) },
	{ "report", 0, false, "FILE", "write an HTML page with every probe; - is standard output", options_take_text,
	  FIELD(move.report) },
	{ "ipv4", '4', false, NULL, "measure an IPv4 address", options_take_flag, FIELD(round.only_ipv4) },
	{ "ipv6", '6', false, NULL, "measure an IPv6 address", options_take_flag, FIELD(round.only_ipv6) },
	{ "live", 0, false, NULL, "show the flows on the terminal while they are probed", options_take_flag,
	  FIELD(round.live) },
	{ "quiet", 'q', false, NULL, "print no progress", options_take_flag, FIELD(quiet) },
	{ 0 },
};

const struct options_spec cmdline_report[] = {
	{ "output", 'o', false, "FILE", "write an HTML page; - is standard output", options_take_text,
	  FIELD(story.page) },
	{ "format", 0, false, "FORMAT", "print text or json (one object a line); default text, beside a page nothing",
	  take_story_format, 0 },
	{ "json", 0, false, NULL, "the same as --format json", take_story_format, 0 },
	{ "since", 0, false, "TIME", "leave out what was before: 2026-05-01T12:00:00Z, or 2h for two hours ago",
	  take_moment, FIELD(story.since_ns) },
	{ "until", 0, false, "TIME", "leave out what was later", take_moment, FIELD(story.until_ns) },
	{ "target", 0, false, "NAME", "only this target; can be repeated", take_target, 0 },
	{ 0 },
};
