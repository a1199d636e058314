/* Entry point of floatprobe: dispatches to the commands. */
#include "client/cmdline.h"
#include "client/config/config.h"
#include "client/doctor/doctor.h"
#include "client/interrupt.h"
#include "client/keygen.h"
#include "client/output/exit_status.h"
#include "client/run.h"
#include "common/core/seal.h"
#include "common/system/log.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int command_main(struct cmdline *cmdline, const struct options_result *line);
static command_main keygen_main, pubkey_main, check_command, ping_main, run_command, doctor_command, config_main,
    failover_command;

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
	  { "floatprobe", "pubkey", "Print the public key of a secret key file.", "FILE", 1, 1, NULL, NULL } },
	{ check_command,
	  { "floatprobe", "check",
	    "Probe every path of a configuration for one round.\n"
	    "Print for each path whether it works, which direction fails, and why.",
	    NULL, 0, 0, cmdline_check, cmdline_round } },
	{ ping_main,
	  { "floatprobe", "ping",
	    "Probe servers for one round without a configuration file.\n"
	    "URI is floatprobe://KEY@ADDRESS[:PORT][?proto=udp,tcp]; KEY is the server's public key in unpadded\n"
	    "base64url. Write an IPv6 address in brackets.",
	    "URI...", 1, UINT_MAX, cmdline_ping, cmdline_round } },
	{ run_command,
	  { "floatprobe", "run",
	    "Probe on the schedules of a configuration, as a daemon.\n"
	    "Changes go to the log, all results to the journal. SIGHUP reads the configuration again,\n"
	    "SIGTERM stops the daemon.",
	    NULL, 0, 0, cmdline_run, NULL } },
	{ failover_command,
	  { "floatprobe", "failover",
	    "Measure the move of an address from one server to another.\n"
	    "Probe it at a short interval, wait for the move or make it with --exec, and print who answered until\n"
	    "when, the gap in each direction, and what stayed behind. The exit status is 1 if the move failed.",
	    NULL, 0, 0, cmdline_failover, NULL } },
	{ doctor_command,
	  { "floatprobe", "doctor",
	    "Find what on this host would break floating IPs, and print the fix.\n"
	    "It reads addresses, routes, listening programs, neighbour tables and kernel settings. It changes and\n"
	    "sends nothing. As root it also knows which programs pin the source address of their answers.",
	    NULL, 0, 0, cmdline_doctor, NULL } },
	{ config_main,
	  { "floatprobe", "config", "Check a configuration file and print what it means.", "FILE", 1, 1, NULL, NULL } },
};
enum { COMMANDS_LEN = sizeof commands / sizeof *commands, ERROR_LEN = 1024 };

/* --- Errors of the command line and the configuration ------------------------------------------------------------ */

static int complain(const struct cmdline *cmdline, const char *text)
{
	if (cmdline->format == OUTPUT_NAGIOS)
		return output_nagios_unknown(text);
	log_error("%s", text);
	return EXIT_STATUS_USAGE;
}

static int complain_usage(const struct cmdline *cmdline, const struct options_command *command, const char *text)
{
	int status = complain(cmdline, text);
	if (cmdline->format != OUTPUT_NAGIOS)
		options_hint(command, stderr);
	return status;
}

/* stderr already has all errors. The nagios line shows the first one. */
static int complain_config(const struct cmdline *cmdline, const struct diag_list *diags)
{
	char text[ERROR_LEN] = "the configuration is wrong";

	if (cmdline->format != OUTPUT_NAGIOS)
		return EXIT_STATUS_USAGE;
	for (size_t i = 0; i < diags->len; i++) {
		const struct diag *diag = &diags->items[i];
		if (diag->level != DIAG_ERROR)
			continue;
		if (diag->line)
			snprintf(text, sizeof text, "%s:%u:%u: %s", diag->file, diag->line, diag->column, diag->text);
		else
			snprintf(text, sizeof text, "%s: %s", diag->file, diag->text);
		break;
	}
	return output_nagios_unknown(text);
}

/* Print the errors and warnings of the configuration. NULL: *status is set. */
static struct config *accept(struct config *config, struct diag_list *diags, const struct cmdline *cmdline, int *status)
{
	diag_print(diags, stderr);
	if (!config)
		*status = complain_config(cmdline, diags);
	diag_free(diags);
	return config;
}

static struct config *load(const char *file, const struct cmdline *cmdline, int *status)
{
	struct diag_list diags = { 0 };
	struct config *config = config_load(file, &diags);
	return accept(config, &diags, cmdline, status);
}

static bool is_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (strcmp(config->targets[i].name, name) == 0)
			return true;
	}
	return false;
}

/* The first name that is not a target of the configuration; NULL: all names are targets. */
static const char *unknown_target(const struct config *config, const struct check_options *round)
{
	for (size_t i = 0; i < round->targets_len; i++) {
		if (!is_target(config, round->targets[i]))
			return round->targets[i];
	}
	return NULL;
}

static int complain_target(const struct cmdline *cmdline, const struct config *config, const char *name)
{
	char text[ERROR_LEN];
	size_t len = (size_t)snprintf(text, sizeof text, "there is no target '%.64s' in %s; the targets are", name,
				      cmdline->config);

	for (size_t i = 0; i < config->targets_len && len < sizeof text; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s %s", i ? "," : "", config->targets[i].name);
	return complain(cmdline, text);
}

/* --- The commands ------------------------------------------------------------------------------------------------ */

static int keygen_main(struct cmdline *cmdline, const struct options_result *line)
{
	(void)line;
	return keygen_generate(cmdline->output);
}

static int pubkey_main(struct cmdline *cmdline, const struct options_result *line)
{
	(void)cmdline;
	return keygen_print_public(line->operands[0]);
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
	(void)line;
	int status = EXIT_STATUS_USAGE;
	struct config *config = load(cmdline->config, cmdline, &status);
	if (!config)
		return status;

	const char *unknown = unknown_target(config, &cmdline->round);
	status = unknown ? complain_target(cmdline, config, unknown) : probe_round(cmdline, config);
	config_free(config);
	return status;
}

static int ping_main(struct cmdline *cmdline, const struct options_result *line)
{
	int status = EXIT_STATUS_USAGE;
	struct diag_list diags = { 0 };
	struct config *config =
	    config_from_uris(line->operands, line->operands_len, cmdline->key, cmdline->vantage, &diags);

	if (!accept(config, &diags, cmdline, &status))
		return status;
	status = probe_round(cmdline, config);
	config_free(config);
	return status;
}

static int run_command(struct cmdline *cmdline, const struct options_result *line)
{
	(void)line;
	int status = EXIT_STATUS_USAGE;
	struct config *config = load(cmdline->config, cmdline, &status);
	return config ? run_main(config, cmdline->config) : status;
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
static const char *failover_fault(const struct cmdline *cmdline, char text[ERROR_LEN])
{
	const struct failover_options *o = &cmdline->move;

	if (o->exec_back && !o->exec)
		return "--exec-back needs --exec";
	if (o->times > 1 && !o->exec_back)
		return "--times needs --exec and --exec-back";
	if (o->for_ns / o->interval_ns > FAILOVER_PROBES_MAX) {
		snprintf(text, ERROR_LEN, "--for is too long for this --interval: use at most %d intervals",
			 FAILOVER_PROBES_MAX);
		return text;
	}
	if (cmdline->expect && o->expect < 0) {
		snprintf(text, ERROR_LEN, "--expect: there is no server '%.64s' in %s", cmdline->expect,
			 cmdline->config);
		return text;
	}
	return NULL;
}

static int measure_move(struct cmdline *cmdline, const struct config *config)
{
	struct failover_options *o = &cmdline->move;
	char text[ERROR_LEN];
	const char *fault;

	if (!is_target(config, o->target))
		return complain_target(cmdline, config, o->target);
	if (cmdline->expect)
		o->expect = server_index(config, cmdline->expect);
	fault = failover_fault(cmdline, text);
	if (fault)
		return complain(cmdline, fault);
	if (cmdline->report)
		log_warning("--report: this version writes no report; %s is not written", cmdline->report);
	o->only_ipv4 = cmdline->round.only_ipv4;
	o->only_ipv6 = cmdline->round.only_ipv6;
	o->format = cmdline->format;
	o->quiet = cmdline->quiet;
	return failover_main(config, o);
}

static int failover_command(struct cmdline *cmdline, const struct options_result *line)
{
	(void)line;
	int status = EXIT_STATUS_USAGE;
	struct config *config = load(cmdline->config, cmdline, &status);
	if (!config)
		return status;
	status = measure_move(cmdline, config);
	config_free(config);
	return status;
}

static int doctor_command(struct cmdline *cmdline, const struct options_result *line)
{
	(void)line;
	return doctor_main(cmdline->config, cmdline->format);
}

static int config_main(struct cmdline *cmdline, const struct options_result *line)
{
	int status = EXIT_STATUS_USAGE;
	struct config *config = load(line->operands[0], cmdline, &status);
	if (!config)
		return status;
	config_print(config, stdout);
	config_free(config);
	return EXIT_STATUS_EXPECTED;
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

	switch (options_parse(&command->options, argc, argv, cmdline, &line)) {
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

static int dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return print_help();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		return print_version();
	const struct command *command = find_command(name);
	if (!command) {
		if (*name)
			log_error("unknown command '%s'", name);
		else
			log_error("a command is missing");
		list_commands(stderr);
		return EXIT_STATUS_USAGE;
	}
	struct cmdline cmdline = cmdline_defaults;
	int status = run_line(command, argc - 1, argv + 1, &cmdline);
	free(cmdline.targets);
	return status;
}

/* --- The process ------------------------------------------------------------------------------------------------- */

/* If stdin, stdout or stderr is closed, a socket or the journal could get its descriptor and receive results or errors.
 * A placeholder opened for reading still makes writes to stdout fail. */
static void occupy_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			abort();
	}
}

int main(int argc, char **argv)
{
	occupy_standard_files();
	/* The failing write reports a closed pipe or a file size limit. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
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
