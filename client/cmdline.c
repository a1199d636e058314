#include "client/cmdline.h"

#include "common/config/units.h"
#include "common/core/ns.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT_MAX = 100000 };

const struct cmdline cmdline_defaults = {
	.round = { .count = 10, .spacing_ns = 200 * NS_PER_MS, .timeout_ns = NS_PER_S },
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

static const char *take_json(void *field, const char *value)
{
	(void)value;
	return take_format(field, "json");
}

static const char *take_target(void *object, const char *value)
{
	struct cmdline *cmdline = object;
	const char **targets = realloc(cmdline->targets, (cmdline->round.targets_len + 1) * sizeof *targets);
	if (!targets)
		return "cannot be taken: out of memory";
	targets[cmdline->round.targets_len++] = value;
	cmdline->targets = targets;
	cmdline->round.targets = targets;
	return NULL;
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

#define FIELD(member) offsetof(struct cmdline, member)

const struct options_spec cmdline_round[] = {
	{ "count", 'c', false, "N", "probes a path, 1 to 100000; default 10", take_count, FIELD(round.count) },
	{ "spacing", 0, false, "TIME", "time between the probes of a path, +-10 %; default 200ms", take_duration,
	  FIELD(round.spacing_ns) },
	{ "timeout", 0, false, "TIME", "how long to wait for an answer; default 1s", take_duration,
	  FIELD(round.timeout_ns) },
	{ "format", 0, false, "FORMAT", "text, json (one object a line) or nagios", take_format, FIELD(format) },
	{ "json", 0, false, NULL, "the same as --format json", take_json, FIELD(format) },
	{ "ipv4", '4', false, NULL, "only paths over IPv4", options_take_flag, FIELD(round.only_ipv4) },
	{ "ipv6", '6', false, NULL, "only paths over IPv6", options_take_flag, FIELD(round.only_ipv6) },
	{ "quiet", 'q', false, NULL, "print no progress; text shows only paths that are not as expected",
	  options_take_flag, FIELD(quiet) },
	{ 0 },
};

const struct options_spec cmdline_keygen[] = {
	{ "output", 'o', false, "FILE", "the secret key's file; default $XDG_CONFIG_HOME/floatprobe/key",
	  options_take_text, FIELD(output) },
	{ 0 },
};

const struct options_spec cmdline_check[] = {
	{ "config", 0, true, "FILE", "the configuration", options_take_text, FIELD(config) },
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
	{ "config", 0, true, "FILE", "the configuration", options_take_text, FIELD(config) },
	{ 0 },
};

const struct options_spec cmdline_doctor[] = {
	{ "config", 0, false, "FILE", "a client or server configuration: doctor then also checks its addresses",
	  options_take_text, FIELD(config) },
	{ "format", 0, false, "FORMAT", "text or json (one object a line)", take_plain_format, FIELD(format) },
	{ "json", 0, false, NULL, "the same as --format json", take_json, FIELD(format) },
	{ 0 },
};
