#include "client/config/config_defaults.h"

#include "common/config/alloc.h"
#include "common/config/units.h"
#include "common/core/ns.h"

struct config *config_new(const char *file)
{
	struct config *config = alloc_secret(sizeof *config);
	config->file = file ? alloc_text(file) : NULL;
	config->lossy_permille = 50;
	config->resolve_every_ns = 60 * NS_PER_S;
	return config;
}

struct config_schedule config_default_schedule(const char *name)
{
	return (struct config_schedule){
		.name = alloc_text(name),
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

void config_add_steady(struct config *config)
{
	config->schedules = alloc_zero(1, sizeof *config->schedules);
	config->schedules[config->schedules_len++] = config_default_schedule(CONFIG_DEFAULT_SCHEDULE);
}
