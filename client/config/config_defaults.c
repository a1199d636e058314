#include "client/config/config_defaults.h"

#include "common/config/units.h"
#include "common/core/ns.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct config *config_new(struct diag_list *diags, const char *file)
{
	struct config *config = sodium_malloc(sizeof *config);
	if (!config) {
		diag_no_memory(diags);
		return NULL;
	}
	memset(config, 0, sizeof *config);
	config->file = file ? diag_copy(diags, file) : NULL;
	config->lossy_permille = 50;
	config->resolve_every_ns = 60 * NS_PER_S;
	return config;
}

struct config_schedule config_default_schedule(struct diag_list *diags, const char *name)
{
	return (struct config_schedule){
		.name = diag_copy(diags, name),
		.every_ns = NS_PER_S,
		.timeout_ns = NS_PER_S,
		.spacing_ns = 20 * NS_PER_MS,
		.count = 1,
		.jitter_permille = 100,
	};
}

struct config_target config_default_target(void)
{
	return (struct config_target){
		.role = CONFIG_DROPLET,
		.endpoint.port = WIRE_PORT,
		.udp = true,
		.tcp = true,
		.held = 1,
		.fresh = 1,
		.sizes = { CONFIG_SIZE_DEFAULT },
		.sizes_len = 1,
		.pmtu = true,
		.expect_reachable = true,
	};
}

bool config_add_steady(struct diag_list *diags, struct config *config)
{
	config->schedules = calloc(1, sizeof *config->schedules);
	if (!config->schedules)
		return diag_no_memory(diags);
	config->schedules[config->schedules_len++] = config_default_schedule(diags, CONFIG_DEFAULT_SCHEDULE);
	return true;
}
