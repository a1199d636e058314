/* The command line of floatprobed. */
#include "common/core/seal.h"
#include "common/system/log.h"
#include "common/system/options.h"
#include "server/config/config.h"
#include "server/daemon.h"

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

struct cmdline {
	const char *config;
	bool check_config;
};

static const struct options_spec specs[] = {
	{ "config", 'c', true, "FILE", "the configuration, see floatprobed(8)", options_take_text,
	  offsetof(struct cmdline, config) },
	{ "check-config", 0, false, NULL, "check the configuration, print what it means, and end", options_take_flag,
	  offsetof(struct cmdline, check_config) },
	{ 0 },
};

static const struct options_command command = {
	.program = "floatprobed",
	.summary = "Answer signed reachability probes from the very address that they arrived on.\n"
		   "SIGHUP reads the lists of clients and peers again and reopens the journal, SIGTERM ends it.",
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

static int start(const struct cmdline *settings)
{
	struct diag_list diags = { 0 };
	struct server_config *config;

	if (!seal_start()) {
		log_error("libsodium cannot start");
		return EXIT_REFUSED;
	}
	config = server_config_load(settings->config, &diags);
	diag_print(&diags, stderr);
	diag_free(&diags);
	if (!config)
		return EXIT_USAGE;
	return settings->check_config ? print_config(config) : daemon_run(config);
}

int main(int argc, char **argv)
{
	struct cmdline settings = { 0 };
	struct options_result result;

	log_start("floatprobed");
	switch (options_parse(&command, argc, argv, &settings, &result)) {
	case OPTIONS_RUN:
		return start(&settings);
	case OPTIONS_HELP:
		options_help(&command, stdout);
		return EXIT_DONE;
	case OPTIONS_VERSION:
		printf("floatprobed %s\n", FLOATPROBE_VERSION);
		return EXIT_DONE;
	default:
		log_error("%s", result.error);
		options_hint(&command, stderr);
		return EXIT_USAGE;
	}
}
