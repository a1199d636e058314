/* Entry point of floatprobe: dispatches to the commands. */
#include "client/cmdline.h"
#include "client/config/config.h"
#include "client/doctor/doctor.h"
#include "client/interrupt.h"
#include "client/keygen.h"
#include "client/load.h"
#include "client/output/exit_status.h"
#include "client/run.h"
#include "common/config/setup.h"
#include "common/core/seal.h"
#include "common/system/completion.h"
#include "common/system/log.h"
#include "common/system/process.h"

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef int command_main(struct cmdline *cmdline, const struct options_result *line);
static command_main keygen_main, pubkey_main, init_main, check_command, ping_main, run_command, doctor_command,
    config_main, failover_command, report_command;

#define DEFAULT_FILE                                                                                                   \
	"Default FILE: $XDG_CONFIG_HOME/floatprobe/floatprobe.yaml, then /etc/floatprobe/floatprobe.yaml; - is stdin."

static const struct command {
	command_main *main;
	struct options_command options;
} commands[] = {
	{ keygen_main,
	  { "floatprobe", "keygen",
	    "Make an Ed25519 identity: write a secret key file and print the public key.\n"
	    "Only its owner can read the file. An existing file is never overwritten.",
	    NULL, 0, 0, cmdline_keygen, NULL } },
	{ pubkey_main,
	  { "floatprobe", "pubkey",
	    "Print the public key of a secret key file, or the URI of a server.\n"
	    "Default FILE: key, with --uri floatprobed.key, in $XDG_CONFIG_HOME/floatprobe or /etc/floatprobe.",
	    "[FILE]", 0, 1, cmdline_pubkey, NULL } },
	{ init_main,
	  { "floatprobe", "init",
	    "Write a configuration with a new key, and print the line that the other side needs.\n"
	    "A client's line goes into clients.d of each server, a server's line into servers.d of each client.\n"
	    "Nothing is ever overwritten.",
	    NULL, 0, 0, cmdline_init, NULL } },
	{ check_command,
	  { "floatprobe", "check",
	    "Probe every path of a configuration for one round.\n"
	    "Print for each path whether it works, which direction fails, and why.\n" DEFAULT_FILE,
	    "[FILE]", 0, 1, cmdline_check, cmdline_round } },
	{ ping_main,
	  { "floatprobe", "ping",
	    "Probe servers for one round without a configuration file.\n"
	    "URI is floatprobe://KEY@ADDRESS[:PORT][?name=NAME&proto=udp,tcp]; KEY is the server's public key in\n"
	    "base64url or standard base64. Write an IPv6 address in brackets. The server prints its URI:\n"
	    "floatprobe pubkey --uri ADDRESS. Quote it: shells read ? and & in it.",
	    "URI...", 1, UINT_MAX, cmdline_ping, cmdline_round } },
	{ run_command,
	  { "floatprobe", "run",
	    "Probe on the schedules of a configuration, as a daemon.\n"
	    "Changes go to the log, all results to the journal. SIGHUP reads the configuration again,\n"
	    "SIGTERM stops the daemon.\n" DEFAULT_FILE,
	    "[FILE]", 0, 1, cmdline_run, NULL } },
	{ failover_command,
	  { "floatprobe", "failover",
	    "Measure the move of an address from one server to another.\n"
	    "Probe it at a short interval, wait for the move or make it with --exec, and print who answered until\n"
	    "when, the gap in each direction, and what stayed behind. The exit status is 1 if the move failed.",
	    "[FILE]", 0, 1, cmdline_failover, NULL } },
	{ report_command,
	  { "floatprobe", "report",
	    "Say from journals when something was down, for how long, which way, and why.\n"
	    "Print it, or write a page of it. The journals of run and of servers, and what failover printed as JSON,\n"
	    "are read in any order; - is standard input.",
	    "JOURNAL...", 1, UINT_MAX, cmdline_report, NULL } },
	{ doctor_command,
	  { "floatprobe", "doctor",
	    "Find what on this host would break floating IPs, and print the fix.\n"
	    "It reads addresses, routes, listening programs, neighbour tables and kernel settings. It changes and\n"
	    "sends nothing. As root it also knows which programs pin the source address of their answers.",
	    "[FILE]", 0, 1, cmdline_doctor, NULL } },
	{ config_main,
	  { "floatprobe", "config", "Check a configuration file and print what it means.\n" DEFAULT_FILE, "[FILE]", 0,
	    1, cmdline_config, NULL } },
};
enum { COMMANDS_LEN = sizeof commands / sizeof *commands };

static int complain_usage(const struct cmdline *cmdline, const struct options_command *command, const char *text)
{
	int status = load_complain(cmdline, text);
	if (cmdline->format != OUTPUT_NAGIOS && log_is_plain())
		options_hint(command, stderr);
	return status;
}

/* --- The commands ------------------------------------------------------------------------------------------------ */

static int keygen_main(struct cmdline *cmdline, const struct options_result *line)
{
	(void)line;
	return keygen_generate(cmdline->output);
}

static int pubkey_main(struct cmdline *cmdline, const struct options_result *line)
{
	const char *file = line->operands_len ? line->operands[0] : NULL;
	if (cmdline->name && !cmdline->address)
		return load_complain(cmdline, "--name is a part of the URI; it needs --uri ADDRESS");
	if (!cmdline->address)
		return keygen_print_public(file);
	return setup_print_uri(file, cmdline->address, cmdline->name) ? EXIT_STATUS_EXPECTED : EXIT_STATUS_USAGE;
}

/* What the command line says comes before the targets' own. */
static void set_thresholds(const struct cmdline *cmdline, struct config *config)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		config_threshold_set(&config->targets[i].warn, &cmdline->warn);
		config_threshold_set(&config->targets[i].critical, &cmdline->critical);
	}
}

static int probe_round(const struct cmdline *cmdline, const struct config *config)
{
	struct output *output = output_new(&(struct output_settings){
	    .format = cmdline->format, .quiet = cmdline->quiet, .verbose = cmdline->verbose });
	if (!output) {
		log_error("out of memory");
		return EXIT_STATUS_REFUSED;
	}
	int status = check_main(config, &cmdline->round, output);
	if (cmdline->format == OUTPUT_NAGIOS && !output_is_finished(output))
		status = output_nagios_unknown("nothing was probed; standard error says why");
	output_free(output);
	return status;
}

static int check_command(struct cmdline *cmdline, const struct options_result *line)
{
	int status;
	struct config *config = load_to_probe(cmdline, line, &status);
	if (!config)
		return status;
	set_thresholds(cmdline, config);
	status = config->targets_len ? probe_round(cmdline, config)
				     : load_complain(cmdline, "nothing to probe: the configuration has no target yet");
	config_free(config);
	return status;
}

static int ping_main(struct cmdline *cmdline, const struct options_result *line)
{
	int status = EXIT_STATUS_USAGE;
	struct diag_list diags = { 0 };
	struct config *config =
	    config_from_uris(line->operands, line->operands_len, cmdline->key, cmdline->vantage, &diags);

	if (!load_accept(config, &diags, cmdline, &status))
		return status;
	set_thresholds(cmdline, config);
	status = config->targets_len ? probe_round(cmdline, config)
				     : load_complain(cmdline, "nothing to probe: the configuration has no target yet");
	config_free(config);
	return status;
}

static int run_command(struct cmdline *cmdline, const struct options_result *line)
{
	int status;
	signal(SIGHUP, SIG_IGN); /* a reload that is asked for before the loop runs does not end the daemon */
	cmdline->logs = true;
	process_hold_reload();
	struct config *config = load_to_probe(cmdline, line, &status);
	const struct run_options options = { .file = cmdline->config,
					     .targets = cmdline->targets,
					     .targets_len = cmdline->targets_len,
					     .live = cmdline->round.live };
	return config ? run_main(config, &options) : status;
}

static const struct config_target *find_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	}
	return NULL;
}

static bool may_answer(const struct config_target *t, int server)
{
	for (unsigned k = 0; k < t->servers_len; k++) {
		if ((int)t->servers[k] == server)
			return true;
	}
	return false;
}

static int server_index(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->servers_len; i++) {
		if (strcmp(config->servers[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* What the command line says that cannot be measured; NULL: nothing. */
static const char *failover_fault(const struct cmdline *cmdline, const struct config *config, char text[LOAD_ERROR_LEN])
{
	const struct failover_options *o = &cmdline->move;
	const struct config_target *target = find_target(config, o->target);

	if (o->exec_back && !o->exec)
		return "--exec-back needs --exec";
	if (o->times > 1 && !o->exec_back)
		return "--times needs --exec and --exec-back";
	if (o->for_ns / o->interval_ns > FAILOVER_PROBES_MAX) {
		snprintf(text, LOAD_ERROR_LEN, "--for is too long for this --interval: use at most %d intervals",
			 FAILOVER_PROBES_MAX);
		return text;
	}
	if (target->stamp)
		return "a plain STAMP reflector does not prove who answers: a move cannot be measured there";
	if (cmdline->expect && o->expect < 0) {
		snprintf(text, LOAD_ERROR_LEN, "--expect: there is no server '%.64s' in %s", cmdline->expect,
			 cmdline->config);
		return text;
	}
	if (cmdline->expect && !may_answer(target, o->expect)) {
		snprintf(text, LOAD_ERROR_LEN,
			 "--expect: '%.64s' may not answer at '%.64s'; name it under 'server' there", cmdline->expect,
			 target->name);
		return text;
	}
	return NULL;
}

static int measure_move(struct cmdline *cmdline, const struct config *config)
{
	struct failover_options *o = &cmdline->move;
	char text[LOAD_ERROR_LEN];
	const char *fault;

	if (!find_target(config, o->target))
		return load_complain_target(cmdline, config, o->target);
	if (cmdline->expect)
		o->expect = server_index(config, cmdline->expect);
	fault = failover_fault(cmdline, config, text);
	if (fault)
		return load_complain(cmdline, fault);
	o->only_ipv4 = cmdline->round.only_ipv4;
	o->only_ipv6 = cmdline->round.only_ipv6;
	o->format = cmdline->format;
	o->quiet = cmdline->quiet;
	o->live = cmdline->round.live;
	return failover_main(config, o);
}

static int failover_command(struct cmdline *cmdline, const struct options_result *line)
{
	int status;
	struct config *config = load_to_probe(cmdline, line, &status);
	if (!config)
		return status;
	status = measure_move(cmdline, config);
	config_free(config);
	return status;
}

static int report_command(struct cmdline *cmdline, const struct options_result *line)
{
	struct report_options *o = &cmdline->story;

	o->targets = cmdline->targets;
	o->targets_len = cmdline->targets_len;
	o->format = cmdline->format;
	return report_main(line->operands, line->operands_len, o);
}

static int doctor_command(struct cmdline *cmdline, const struct options_result *line)
{
	if (line->operands_len && cmdline->config)
		return load_complain(cmdline, "two configurations are given; write one, as FILE or as --config FILE");
	return doctor_main(line->operands_len ? line->operands[0] : cmdline->config, cmdline->format);
}

static int config_main(struct cmdline *cmdline, const struct options_result *line)
{
	int status;
	struct config *config = load_config(cmdline, line, &status);
	if (!config)
		return status;
	config_print(config, stdout);
	config_free(config);
	return EXIT_STATUS_EXPECTED;
}

static int init_main(struct cmdline *cmdline, const struct options_result *line)
{
	const struct setup setup = { .dir = cmdline->output, .name = cmdline->name, .address = cmdline->address };
	(void)line;
	if (cmdline->address && !cmdline->server)
		return load_complain(cmdline, "--address is where clients reach a server; it needs --server");
	bool ok = cmdline->server ? setup_server(&setup) : setup_client(&setup);
	return ok ? EXIT_STATUS_EXPECTED : EXIT_STATUS_USAGE;
}

/* --- From argv to a command -------------------------------------------------------------------------------------- */

static void list_commands(FILE *out)
{
	fputs("Commands:\n", out);
	for (size_t i = 0; i < COMMANDS_LEN; i++) {
		const struct options_command *options = &commands[i].options;
		fprintf(out, "  %-8s %.*s\n", options->name, (int)strcspn(options->summary, "\n"), options->summary);
	}
}

static int print_help(void)
{
	puts("Usage: floatprobe COMMAND [OPTION]...\n\n"
	     "Probes floating IP addresses over UDP and TCP, and reports which direction fails, and why.\n");
	list_commands(stdout);
	puts("\nFor more, see 'floatprobe COMMAND --help' and floatprobe(1).");
	return EXIT_STATUS_EXPECTED;
}

static int print_version(void)
{
	puts("floatprobe " FLOATPROBE_VERSION);
	return EXIT_STATUS_EXPECTED;
}

static int run_line(const struct command *command, int argc, char **argv, struct cmdline *cmdline)
{
	struct options_result line;
	enum options_outcome outcome = options_parse(&command->options, argc, argv, cmdline, &line);

	log_override(&cmdline->log);
	switch (outcome) {
	case OPTIONS_HELP:
		options_help(&command->options, stdout);
		return EXIT_STATUS_EXPECTED;
	case OPTIONS_VERSION:
		return print_version();
	case OPTIONS_WRONG:
		return complain_usage(cmdline, &command->options, line.error);
	case OPTIONS_RUN:
		break;
	}
	if (cmdline->round.only_ipv4 && cmdline->round.only_ipv6)
		return complain_usage(cmdline, &command->options, "--ipv4 and --ipv6 exclude each other");
	if (cmdline->round.live && cmdline->format != OUTPUT_TEXT)
		return complain_usage(cmdline, &command->options, "--live needs --format text");
	if (config_threshold_fault(&cmdline->warn, &cmdline->critical))
		return complain_usage(cmdline, &command->options,
				      "--critical is below --warning; it must be the higher one");
	if (cmdline->round.quick && !cmdline->counted)
		cmdline->round.count = 1;
	return command->main(cmdline, &line);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS_LEN; i++) {
		if (strcmp(commands[i].options.name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int complain_command(const char *name)
{
	if (name)
		log_error("unknown command '%s'", name);
	else
		log_error("a command is missing");
	if (log_is_plain())
		list_commands(stderr);
	return EXIT_STATUS_USAGE;
}

/* help [COMMAND] */
static int help_main(int argc, char **argv)
{
	const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;
	if (argc <= 2 || strcmp(argv[2], "help") == 0 || strcmp(argv[2], "version") == 0)
		return print_help();
	if (!command)
		return complain_command(argv[2]);
	options_help(&command->options, stdout);
	return EXIT_STATUS_EXPECTED;
}

/* completion SHELL: the build makes the files that it installs. */
static int completion_main(int argc, char **argv)
{
	const struct options_command *all[COMMANDS_LEN];
	for (size_t i = 0; i < COMMANDS_LEN; i++)
		all[i] = &commands[i].options;
	if (argc == 3 && completion_print(argv[2], "floatprobe", all, COMMANDS_LEN, stdout))
		return EXIT_STATUS_EXPECTED;
	log_error("write completion bash or completion zsh");
	return EXIT_STATUS_USAGE;
}

static bool is_word(const char *text, const char *word, const char *option, const char *letter)
{
	return strcmp(text, word) == 0 || strcmp(text, option) == 0 || strcmp(text, letter) == 0;
}

static int dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (is_word(name, "help", "--help", "-h"))
		return help_main(argc, argv);
	if (is_word(name, "version", "--version", "-V"))
		return print_version();
	if (strcmp(name, "completion") == 0)
		return completion_main(argc, argv);
	const struct command *command = find_command(name);
	if (!command)
		return complain_command(*name ? name : NULL);
	struct cmdline cmdline = cmdline_defaults;
	int status = run_line(command, argc - 1, argv + 1, &cmdline);
	free(cmdline.targets);
	free(cmdline.found);
	return status;
}

/* --- The process ------------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	process_start();
	setlocale(LC_CTYPE, "");
	log_start("floatprobe");
	interrupt_as_pid1();
	if (!seal_start()) {
		log_error("libsodium cannot start");
		return EXIT_STATUS_REFUSED;
	}

	int status = dispatch(argc, argv);
	if (status != EXIT_STATUS_REFUSED && (fflush(stdout) != 0 || ferror(stdout))) {
		log_error("cannot write to standard output");
		return EXIT_STATUS_REFUSED;
	}
	return status;
}
