#include "client/load.h"

#include "client/net/link.h"
#include "client/output/exit_status.h"
#include "common/config/alloc.h"
#include "common/config/places.h"
#include "common/core/thresholds.h"
#include "common/system/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int load_complain(const struct cmdline *cmdline, const char *text)
{
	if (cmdline->format == OUTPUT_NAGIOS)
		return output_nagios_unknown(text);
	log_error("%s", text);
	return EXIT_STATUS_USAGE;
}

int load_complain_target(const struct cmdline *cmdline, const struct config *config, const char *name)
{
	char text[LOAD_ERROR_LEN];
	size_t len = (size_t)snprintf(text, sizeof text, "there is no target '%.64s' in %s; %s", name, cmdline->config,
				      config->targets_len ? "the targets are" : "it has none yet");

	for (size_t i = 0; i < config->targets_len && len < sizeof text; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s %s", i ? "," : "", config->targets[i].name);
	return load_complain(cmdline, text);
}

/* stderr already has all errors. The nagios line shows the first one. */
static int complain_config(const struct cmdline *cmdline, const struct diag_list *diags)
{
	char text[LOAD_ERROR_LEN] = "the configuration is wrong";

	if (cmdline->format != OUTPUT_NAGIOS)
		return diags->no_memory ? EXIT_STATUS_REFUSED : EXIT_STATUS_USAGE;
	if (diags->no_memory)
		return output_nagios_unknown("out of memory");
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

struct config *load_accept(struct config *config, struct diag_list *diags, const struct cmdline *cmdline, int *status)
{
	if (cmdline->logs)
		log_configure(&diags->log);
	diag_log(diags);
	if (!config)
		*status = complain_config(cmdline, diags);
	diag_free(diags);
	return config;
}

static int complain_nothing_found(const struct cmdline *cmdline)
{
	char *places = places_text(CONFIG_FILE_NAME);
	char *text =
	    alloc_format("there is no configuration: looked for %s; `floatprobe init` makes one, --config FILE "
			 "names another file",
			 places);
	int status = load_complain(cmdline, text);

	free(places);
	free(text);
	return status;
}

/* False: *status is set. */
static bool choose_file(struct cmdline *cmdline, const struct options_result *line, int *status)
{
	const char *operand = line->operands_len ? line->operands[0] : NULL;

	if (cmdline->config && operand) {
		*status =
		    load_complain(cmdline, "two configurations are given; write one, as FILE or as --config FILE");
		return false;
	}
	if (operand && !*operand) {
		*status = load_complain(cmdline, "FILE is empty; write the path of a configuration");
		return false;
	}
	if (!cmdline->config)
		cmdline->config = operand ? operand : (cmdline->found = places_find(CONFIG_FILE_NAME));
	if (!cmdline->config)
		*status = complain_nothing_found(cmdline);
	return cmdline->config != NULL;
}

struct config *load_config(struct cmdline *cmdline, const struct options_result *line, int *status)
{
	struct diag_list diags = { 0 };
	struct config *config;
	const char *unknown;

	*status = EXIT_STATUS_USAGE;
	if (!choose_file(cmdline, line, status))
		return NULL;
	config = config_load(cmdline->config, &diags);
	if (!load_accept(config, &diags, cmdline, status))
		return NULL;
	unknown = config_select(config, cmdline->targets, cmdline->targets_len);
	if (!unknown)
		return config;
	*status = load_complain_target(cmdline, config, unknown);
	config_free(config);
	return NULL;
}

static int complain_forbidden(const struct cmdline *cmdline, const struct config_target *target)
{
	char *text =
	    alloc_format("target %s: fwmark needs CAP_NET_ADMIN, which this process does not have", target->name);
	int status = load_complain(cmdline, text);

	free(text);
	return cmdline->format == OUTPUT_NAGIOS ? status : EXIT_STATUS_REFUSED;
}

static bool asks_for_source6(const struct config *config)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		const struct config_target *t = &config->targets[i];
		bool v4 = t->numeric ? endpoint_is_v4(&t->endpoint) : t->family == CONFIG_IPV4;

		if (!v4 && endpoint_is_unknown(egress_source(&t->egress, AF_INET6)))
			return true;
	}
	return false;
}

/* It costs 0.4 us for each address and datagram: with 10,000 of them, 200 probes fill a second. */
static void warn_of_own_addresses(const struct config *config)
{
	size_t own = asks_for_source6(config) ? link_own_addresses6() : 0;

	if (own >= OWN_ADDRESSES6_MANY)
		log_warning(
		    "this host has %zu IPv6 addresses, and its kernel goes through all of them for each datagram "
		    "that has no source; `source:` in the targets or in the defaults saves that time",
		    own);
}

struct config *load_to_probe(struct cmdline *cmdline, const struct options_result *line, int *status)
{
	struct config *config = load_config(cmdline, line, status);
	const struct config_target *forbidden = config ? config_forbidden(config) : NULL;

	if (config && !forbidden)
		warn_of_own_addresses(config);
	if (!forbidden)
		return config;
	*status = complain_forbidden(cmdline, forbidden);
	config_free(config);
	return NULL;
}
