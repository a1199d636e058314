#include "common/system/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

enum { SPECS_MAX = 30, LONG_BASE = 256, HELP_COLUMN = 24 };

const struct options_spec options_common[] = {
	{ .name = "help", .letter = 'h', .help = "print this help" },
	{ .name = "version", .letter = 'V', .help = "print the version" },
	{ 0 },
};

const char *options_take_text(void *field, const char *value)
{
	*(const char **)field = value;
	return *value ? NULL : "is empty; write a value";
}

const char *options_take_flag(void *field, const char *value)
{
	(void)value;
	*(bool *)field = true;
	return NULL;
}

/* --- Tables for getopt_long -------------------------------------------------------------------------------------- */

struct parser {
	const struct options_spec *specs[SPECS_MAX];
	size_t specs_len;
	struct option longs[SPECS_MAX + 1];
	char shorts[2 * SPECS_MAX + 2];
	bool given[SPECS_MAX];
	enum options_outcome outcome;
	struct options_result *result;
};

static void add_specs(struct parser *p, const struct options_spec *specs)
{
	for (; specs && specs->name; specs++) {
		assert(p->specs_len < SPECS_MAX);
		p->longs[p->specs_len] = (struct option){ .name = specs->name,
							  .has_arg = specs->argument ? required_argument : no_argument,
							  .val = LONG_BASE + (int)p->specs_len };
		if (specs->letter) {
			char *end = p->shorts + strlen(p->shorts);
			*end++ = specs->letter;
			*end = specs->argument ? ':' : '\0';
		}
		p->specs[p->specs_len++] = specs;
	}
}

/* The index in specs of the option that getopt_long returned or left in optopt, or -1. */
static int find_spec(const struct parser *p, int value)
{
	if (value >= LONG_BASE)
		return value - LONG_BASE;
	for (size_t i = 0; i < p->specs_len; i++) {
		if (value > 0 && p->specs[i]->letter == value)
			return (int)i;
	}
	return -1;
}

/* --- Errors ------------------------------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void wrong(struct parser *p, const char *format, ...)
{
	va_list args;

	if (p->outcome != OPTIONS_RUN)
		return;
	p->outcome = OPTIONS_WRONG;
	va_start(args, format);
	vsnprintf(p->result->error, sizeof p->result->error, format, args);
	va_end(args);
}

/* Report an option that getopt_long refused. optopt is 0 for an unknown long option. */
static void refused(struct parser *p, char **argv)
{
	int i = find_spec(p, optopt);
	const struct options_spec *spec = i >= 0 ? p->specs[i] : NULL;

	if (spec && spec->argument)
		wrong(p, "--%s needs a value: --%s %s", spec->name, spec->name, spec->argument);
	else if (spec)
		wrong(p, "--%s takes no value", spec->name);
	else if (optopt > 0)
		wrong(p, "unknown option -%c", optopt);
	else
		wrong(p, "unknown or ambiguous option %s", argv[optind - 1]);
}

static void take(struct parser *p, const struct options_spec *spec, void *object)
{
	if (!spec->take) {
		if (p->outcome == OPTIONS_RUN)
			p->outcome = spec->letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
		return;
	}
	const char *fault = spec->take((char *)object + spec->offset, optarg);
	if (fault)
		wrong(p, "--%s '%s' %s", spec->name, optarg ? optarg : "", fault);
}

static void check_presence(struct parser *p, const struct options_command *command)
{
	const struct options_result *result = p->result;

	for (size_t i = 0; i < p->specs_len; i++) {
		if (p->specs[i]->required && !p->given[i])
			wrong(p, "--%s %s is missing", p->specs[i]->name, p->specs[i]->argument);
	}
	if (result->operands_len < command->operands_min)
		wrong(p, "%s is missing", command->operands);
	if (result->operands_len > command->operands_max)
		wrong(p, "unexpected argument '%s'", result->operands[command->operands_max]);
}

enum options_outcome options_parse(const struct options_command *command, int argc, char **argv, void *object,
				   struct options_result *result)
{
	struct parser p = { .shorts = ":", .outcome = OPTIONS_RUN, .result = result };
	int value;

	add_specs(&p, command->specs);
	add_specs(&p, command->more);
	add_specs(&p, options_common);
	optind = 0; /* glibc: reset getopt */
	opterr = 0;
	while ((value = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		int i = value == '?' || value == ':' ? -1 : find_spec(&p, value);
		if (i < 0) {
			refused(&p, argv);
			continue;
		}
		p.given[i] = true;
		take(&p, p.specs[i], object);
	}
	result->operands = argv + optind;
	result->operands_len = (unsigned)(argc - optind);
	check_presence(&p, command);
	return p.outcome;
}

/* --- Help -------------------------------------------------------------------------------------------------------- */

static void put_name(const struct options_command *command, FILE *out)
{
	fputs(command->program, out);
	if (command->name)
		fprintf(out, " %s", command->name);
}

static void put_required(const struct options_spec *specs, FILE *out)
{
	for (; specs && specs->name; specs++) {
		if (specs->required)
			fprintf(out, " --%s %s", specs->name, specs->argument);
	}
}

static void put_specs(const struct options_spec *specs, FILE *out)
{
	for (; specs && specs->name; specs++) {
		int width = specs->letter ? fprintf(out, "  -%c, ", specs->letter) : fprintf(out, "      ");
		width += fprintf(out, "--%s %s", specs->name, specs->argument ? specs->argument : "");
		fprintf(out, "%*s%s\n", width < HELP_COLUMN - 1 ? HELP_COLUMN - width : 2, "", specs->help);
	}
}

void options_help(const struct options_command *command, FILE *out)
{
	fputs("Usage: ", out);
	put_name(command, out);
	put_required(command->specs, out);
	put_required(command->more, out);
	fputs(" [OPTION]...", out);
	if (command->operands)
		fprintf(out, " %s", command->operands);
	fprintf(out, "\n\n%s\n\nOptions:\n", command->summary);
	put_specs(command->specs, out);
	put_specs(command->more, out);
	put_specs(options_common, out);
}

void options_hint(const struct options_command *command, FILE *out)
{
	fputs("Try '", out);
	put_name(command, out);
	fputs(" --help'.\n", out);
}
