/* The command line of floatprobed. */
#include "common/config/places.h"
#include "common/config/setup.h"
#include "common/config/units.h"
#include "common/core/seal.h"
#include "common/system/completion.h"
#include "common/system/log.h"
#include "common/system/options.h"
#include "common/system/process.h"
#include "server/config/config.h"
#include "server/daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

struct cmdline {
	const char *config;
	bool check_config, init;
	struct log_settings log;
	struct setup setup;
};

static const char *take_name(void *field, const char *value)
{
	*(const char **)field = value;
	return units_name(value);
}

#define FIELD(member) offsetof(struct cmdline, member)
static const struct options_spec specs[] = {
	{ "config", 'c', false, "FILE", "the configuration, see floatprobed.yaml(5)", options_take_text,
	  FIELD(config) },
	{ "check-config", 0, false, NULL, "check the configuration, print what it means, and end", options_take_flag,
	  FIELD(check_config) },
	{ "init", 0, false, NULL, "write a configuration with a new key, print the line that clients need, and end",
	  options_take_flag, FIELD(init) },
	{ "log-format", 0, false, "text|logfmt|json", "form of the log; default: as configured",
	  log_settings_take_format, FIELD(log.format) },
	{ "log-level", 0, false, "LEVEL", "log from error, warning or info on; default: as configured",
	  log_settings_take_level, FIELD(log.level) },
	{ "output", 'o', false, "DIR",
	  "with --init; default: /etc/floatprobe for root, else $XDG_CONFIG_HOME/floatprobe", options_take_text,
	  FIELD(setup.dir) },
	{ "name", 0, false, "NAME", "with --init: this server's name; default: the host name", take_name,
	  FIELD(setup.name) },
	{ "address", 0, false, "ADDRESS",
	  "with --init: where clients reach it, or ADDRESS:PORT; default: the address\n"
	  "                        from which this host sends to others",
	  options_take_text, FIELD(setup.address) },
	{ 0 },
};
#undef FIELD

static const struct options_command command = {
	.program = "floatprobed",
	.summary = "Answer signed reachability probes from the very address that they arrived on.\n"
		   "SIGHUP reads the lists of clients and peers again and reopens the journal, SIGTERM ends it.\n"
		   "Default FILE: $XDG_CONFIG_HOME/floatprobe/floatprobed.yaml, then /etc/floatprobe/floatprobed.yaml; "
		   "- is stdin.",
	.operands = "[FILE]",
	.operands_max = 1,
	.specs = specs,
};

static int print_config(struct server_config *config)
{
	server_config_print(config, stdout);
	server_config_free(config);
	if (fflush(stdout) == 0)
		return EXIT_DONE;
	log_error("cannot write to standard output");
	return EXIT_REFUSED;
}

static int serve(const char *file, bool check_config)
{
	struct diag_list diags = { 0 };
	struct server_config *config;
	bool no_memory;

	if (!check_config)
		process_hold_reload();
	config = server_config_load(file, NULL, &diags);
	no_memory = diags.no_memory;

	log_configure(&diags.log);
	diag_log(&diags);
	diag_free(&diags);
	if (!config)
		return no_memory ? EXIT_REFUSED : EXIT_USAGE;
	return check_config ? print_config(config) : daemon_run(config);
}

static int complain_nothing_found(void)
{
	char *places = places_text(SETUP_SERVER_FILE);

	log_error(
	    "there is no configuration: looked for %s; `floatprobed --init` makes one, --config FILE names another "
	    "file",
	    places);
	free(places);
	return EXIT_USAGE;
}

static int init(const struct cmdline *cmdline)
{
	if (!setup_server(&cmdline->setup))
		return EXIT_USAGE;
	if (fflush(stdout) == 0)
		return EXIT_DONE;
	log_error("cannot write to standard output");
	return EXIT_REFUSED;
}

static const char *fault(const struct cmdline *cmdline, const struct options_result *line)
{
	const struct setup *setup = &cmdline->setup;

	if (cmdline->config && line->operands_len)
		return "two configurations are given; write one, as FILE or as --config FILE";
	if (cmdline->init && (cmdline->config || line->operands_len || cmdline->check_config))
		return "--init makes a new configuration; leave out the other one";
	if (!cmdline->init && (setup->dir || setup->name || setup->address))
		return "--output, --name and --address need --init";
	return NULL;
}

static int start(const struct cmdline *cmdline, const struct options_result *line)
{
	const char *wrong = fault(cmdline, line);
	char *found = NULL;
	const char *file;
	int status;

	if (wrong) {
		log_error("%s", wrong);
		return EXIT_USAGE;
	}
	if (!seal_start()) {
		log_error("libsodium cannot start");
		return EXIT_REFUSED;
	}
	if (cmdline->init)
		return init(cmdline);
	file = line->operands_len ? line->operands[0] : cmdline->config;
	if (!file)
		file = found = places_find(SETUP_SERVER_FILE);
	status = file ? serve(file, cmdline->check_config) : complain_nothing_found();
	free(found);
	return status;
}

/* completion SHELL: the build makes the files that it installs. */
static int completion(const char *shell)
{
	const struct options_command *const all[] = { &command };

	if (completion_print(shell, command.program, all, 1, stdout))
		return EXIT_DONE;
	log_error("write completion bash or completion zsh");
	return EXIT_USAGE;
}

static int print_help(void)
{
	options_help(&command, stdout);
	return EXIT_DONE;
}

static int print_version(void)
{
	printf("floatprobed %s\n", FLOATPROBE_VERSION);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct cmdline cmdline = { 0 };
	struct options_result line;
	enum options_outcome outcome;

	process_start();
	signal(SIGHUP, SIG_IGN); /* a reload that is asked for before the loop runs does not end the daemon */
	log_start("floatprobed");
	if (argc == 3 && strcmp(argv[1], "completion") == 0)
		return completion(argv[2]);
	if (argc == 2 && strcmp(argv[1], "help") == 0)
		return print_help();
	if (argc == 2 && strcmp(argv[1], "version") == 0)
		return print_version();
	outcome = options_parse(&command, argc, argv, &cmdline, &line);
	log_override(&cmdline.log);
	switch (outcome) {
	case OPTIONS_RUN:
		return start(&cmdline, &line);
	case OPTIONS_HELP:
		return print_help();
	case OPTIONS_VERSION:
		return print_version();
	default:
		log_error("%s", line.error);
		if (log_is_plain())
			options_hint(&command, stderr);
		return EXIT_USAGE;
	}
}
