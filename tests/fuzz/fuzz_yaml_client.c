/* A client's configuration file. What is accepted keeps every promise of client/config/config.h and can be printed. */
#include "client/config/config.h"
#include "tests/fuzz/yaml_file.h"

static void check_target(const struct config *config, const struct config_target *target)
{
	FUZZ_CHECK(target->name && target->address && target->endpoint.port > 0);
	FUZZ_CHECK(target->numeric == !endpoint_is_unknown(&target->endpoint));
	FUZZ_CHECK(target->udp || target->tcp);
	FUZZ_CHECK(target->servers_len >= 1 && target->servers_len <= WIRE_SLOTS_MAX);
	for (unsigned i = 0; i < target->servers_len; i++)
		FUZZ_CHECK(target->servers[i] < config->servers_len);
	FUZZ_CHECK(target->schedules_len >= 1 && target->schedules_len <= CONFIG_SCHEDULES_MAX);
	for (unsigned i = 0; i < target->schedules_len; i++)
		FUZZ_CHECK(target->schedules[i] < config->schedules_len);
	FUZZ_CHECK(target->sizes_len >= 1 && target->sizes_len <= CONFIG_SIZES_MAX);
	for (unsigned i = 0; i < target->sizes_len; i++)
		FUZZ_CHECK(target->sizes[i] >= WIRE_PROBE_MIN && target->sizes[i] <= WIRE_UDP_MAX);
	FUZZ_CHECK(target->held <= CONFIG_HELD_MAX && target->fresh <= 1);
	FUZZ_CHECK(!target->udp || target->held + target->fresh > 0);
}

static void check_config(const struct config *config)
{
	FUZZ_CHECK(config->vantage && config->key_file && config->lossy_permille > 0);
	for (size_t i = 0; i < config->schedules_len; i++) {
		const struct config_schedule *schedule = &config->schedules[i];
		FUZZ_CHECK(schedule->every_ns > 0 && schedule->timeout_ns > 0 && schedule->spacing_ns > 0);
		FUZZ_CHECK(schedule->count > 0 && schedule->jitter_permille <= 1000);
	}
	for (size_t i = 0; i < config->targets_len; i++)
		check_target(config, &config->targets[i]);
	FILE *out = fopen("/dev/null", "w");
	FUZZ_CHECK(out);
	config_print(config, out);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = { 0 };
	struct config *config = config_load(yaml_file(data, size), &diags);
	yaml_check(&diags, config);
	if (config)
		check_config(config);
	config_free(config);
	diag_free(&diags);
	return 0;
}
