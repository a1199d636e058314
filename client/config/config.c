#include "client/config/config.h"

#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/system/capability.h"
#include "common/system/keyfile.h"

#include <sodium.h>
#include <stdlib.h>

const char *config_role_name(enum config_role role)
{
	static const char *const names[] = { "droplet", "floating", "anchor" };
	return names[role];
}

const char *config_server_name(const struct config *config, int server)
{
	return server < 0 ? NULL : config->servers[server].name;
}

/* ---- printing ---- */

static void print_schedule(const struct config_schedule *schedule, FILE *out)
{
	char every[UNITS_DURATION_LEN], spacing[UNITS_DURATION_LEN], timeout[UNITS_DURATION_LEN];
	fprintf(out, "  %s: ", schedule->name);
	if (schedule->count > 1)
		fprintf(out, "%u probes, %s apart, ", schedule->count,
			units_duration_text(schedule->spacing_ns, spacing));
	fprintf(out, "every %s, give or take %g%%, timeout %s\n", units_duration_text(schedule->every_ns, every),
		schedule->jitter_permille / 10.0, units_duration_text(schedule->timeout_ns, timeout));
}

static unsigned target_paths(const struct config_target *target)
{
	return (target->udp || target->stamp ? target->sizes_len * (target->held + target->fresh) : 0) + target->tcp;
}

static double target_rate(const struct config *config, const struct config_target *target)
{
	double rate = 0;
	for (unsigned i = 0; i < target->schedules_len; i++) {
		const struct config_schedule *schedule = &config->schedules[target->schedules[i]];
		rate += schedule->count * (double)NS_PER_S / (double)schedule->every_ns;
	}
	return rate * target_paths(target);
}

static void print_udp(const struct config_target *target, FILE *out)
{
	fputs(target->stamp ? "    stamp:" : "    udp:", out);
	for (unsigned i = 0; i < target->sizes_len; i++)
		fprintf(out, "%s %u", i ? "," : "", target->sizes[i]);
	fprintf(out, " octets, from %u held source port%s%s%s\n", target->held, target->held == 1 ? "" : "s",
		target->fresh ? " and from fresh ones" : "",
		target->pmtu && target->udp ? "; a few as large as the MTU of the path" : "");
}

static void print_egress(const struct config_target *target, FILE *out)
{
	static const char *const families[] = { "", "IPv4 addresses only", "IPv6 addresses only" };
	const struct egress *e = &target->egress;
	char text[UNITS_ADDRESS_LEN];
	if (target->family != CONFIG_BOTH_FAMILIES && !target->numeric)
		fprintf(out, "    %s\n", families[target->family]);
	for (unsigned i = 0; i < 2; i++) {
		if (!endpoint_is_unknown(&e->sources[i]))
			fprintf(out, "    from %s\n", units_address_text(e->sources[i].address, text));
	}
	if (e->interface[0])
		fprintf(out, "    by interface %s\n", e->interface);
	if (e->fwmark)
		fprintf(out, "    with firewall mark 0x%x\n", e->fwmark);
	if (e->dscp)
		fprintf(out, "    with DSCP %u\n", (unsigned)e->dscp);
	if (e->ttl)
		fprintf(out, "    with TTL %u\n", (unsigned)e->ttl);
}

void config_threshold_set(struct config_threshold *threshold, const struct config_threshold *given)
{
	if (given->has_loss) {
		threshold->has_loss = true;
		threshold->loss_permille = given->loss_permille;
	}
	if (given->rtt_ns > 0)
		threshold->rtt_ns = given->rtt_ns;
}

const char *config_threshold_fault(const struct config_threshold *warn, const struct config_threshold *critical)
{
	static const char *const words[2][2] = { { NULL, "rtt" }, { "loss", "loss and rtt" } };
	bool loss = warn->has_loss && critical->has_loss && critical->loss_permille < warn->loss_permille;
	bool rtt = warn->rtt_ns && critical->rtt_ns && critical->rtt_ns < warn->rtt_ns;
	return words[loss][rtt];
}

static void print_threshold(const char *name, const struct config_threshold *threshold, FILE *out)
{
	char rtt[UNITS_DURATION_LEN];
	if (!threshold->has_loss && !threshold->rtt_ns)
		return;
	fprintf(out, "    %s: beyond", name);
	if (threshold->has_loss)
		fprintf(out, " %g%% loss", threshold->loss_permille / 10.0);
	if (threshold->rtt_ns)
		fprintf(out, "%s a round trip of %s", threshold->has_loss ? " or" : "",
			units_duration_text(threshold->rtt_ns, rtt));
	fputc('\n', out);
}

static void print_target(const struct config *config, const struct config_target *target, FILE *out)
{
	char text[UNITS_ADDRESS_LEN];
	fprintf(out, "  %s: %s %s port %u, expected to be %s\n", target->name, config_role_name(target->role),
		target->address, (unsigned)target->endpoint.port,
		target->expect_reachable ? "reachable" : "unreachable");
	fputs(target->stamp ? "    answered by: a plain STAMP reflector, which does not prove who it is"
			    : "    answered by:",
	      out);
	for (unsigned i = 0; i < target->servers_len; i++)
		fprintf(out, "%s %s",
			i == 0                 ? ""
			: target->holders_many ? " and"
					       : " or",
			config->servers[target->servers[i]].name);
	if (!endpoint_is_unknown(&target->arrives_on))
		fprintf(out, ", arriving there on %s", units_address_text(target->arrives_on.address, text));
	fputc('\n', out);
	if (target->udp || target->stamp)
		print_udp(target, out);
	if (target->tcp)
		fputs("    tcp: one connection a probe\n", out);
	print_egress(target, out);
	print_threshold("warn", &target->warn, out);
	print_threshold("critical", &target->critical, out);
	fputs("    schedule:", out);
	for (unsigned i = 0; i < target->schedules_len; i++)
		fprintf(out, "%s %s", i ? "," : "", config->schedules[target->schedules[i]].name);
	fputc('\n', out);
}

bool config_has_mark(const struct config *config)
{
	bool found = false;
	for (size_t i = 0; i < config->targets_len && !found; i++)
		found = config->targets[i].egress.fwmark != 0;
	return found;
}

const struct config_target *config_forbidden(const struct config *config)
{
	bool allowed = capability_have(CAP_NET_ADMIN);
	for (size_t i = 0; !allowed && i < config->targets_len; i++) {
		if (config->targets[i].egress.fwmark && !config->targets[i].unprobed)
			return &config->targets[i];
	}
	return NULL;
}

static struct config_target *find_target(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	}
	return NULL;
}

const char *config_select(struct config *config, const char *const *names, size_t names_len)
{
	const char *unknown = NULL;
	for (size_t i = 0; i < config->targets_len; i++)
		config->targets[i].unprobed = names_len > 0;
	for (size_t i = 0; i < names_len; i++) {
		struct config_target *target = find_target(config, names[i]);
		if (target)
			target->unprobed = false;
		else if (!unknown)
			unknown = names[i];
	}
	return unknown;
}

void config_print(const struct config *config, FILE *out)
{
	char key[KEYFILE_PUBLIC_LEN];
	unsigned paths = 0;
	double rate = 0;
	keyfile_public_text(config->identity.public_key, key);
	fprintf(out, "vantage: %s\nkey: %s (%s)\n", config->vantage, config->key_file, key);
	fprintf(out, "lossy: from %g%% loss\njournal: %s\n", config->lossy_permille / 10.0,
		config->journal ? config->journal : "none (run writes it to standard output)");
	log_settings_print(&config->log, out);
	web_settings_print(&config->web, out);
	fputs("servers:\n", out);
	for (size_t i = 0; i < config->servers_len; i++) {
		fprintf(out, "  %s:", config->servers[i].name);
		for (unsigned k = 0; k < config->servers[i].keys_len; k++) {
			keyfile_public_text(config->servers[i].keys[k], key);
			fprintf(out, "%s %s", k ? "," : "", key);
		}
		fputc('\n', out);
	}
	fputs("schedules:\n", out);
	for (size_t i = 0; i < config->schedules_len; i++)
		print_schedule(&config->schedules[i], out);
	fputs("targets:\n", out);
	for (size_t i = 0; i < config->targets_len; i++) {
		print_target(config, &config->targets[i], out);
		paths += target_paths(&config->targets[i]);
		rate += target_rate(config, &config->targets[i]);
	}
	fprintf(out, "paths: %u, more where a DNS name has several addresses; about %.2f probes a second\n", paths,
		rate);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->servers_len; i++)
		free(config->servers[i].name);
	for (size_t i = 0; i < config->schedules_len; i++)
		free(config->schedules[i].name);
	for (size_t i = 0; i < config->targets_len; i++) {
		free(config->targets[i].name);
		free(config->targets[i].address);
	}
	free(config->servers);
	free(config->schedules);
	free(config->targets);
	free(config->file);
	free(config->vantage);
	free(config->key_file);
	free(config->journal);
	web_settings_free(&config->web);
	free(config->user);
	sodium_free(config);
}
