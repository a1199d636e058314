/* A server's configuration file. What is accepted keeps every promise of server/config/config.h and can be printed. */
#include "server/config/config.h"
#include "tests/fuzz/yaml_file.h"

static void check_config(const struct server_config *config)
{
	FUZZ_CHECK(config->name && config->key_file && config->port > 0 && (config->udp || config->tcp));
	FUZZ_CHECK(config->flows_max > 0 && config->tcp_slots > 0); /* clients may be dropped into a directory later */
	FUZZ_CHECK(config->clock_skew_ns > 0);
	for (size_t i = 0; i < config->addresses_len; i++) {
		FUZZ_CHECK(!endpoint_is_unknown(&config->addresses[i]));
		FUZZ_CHECK(config->addresses[i].port == config->port);
	}
	FILE *out = fopen("/dev/null", "w");
	FUZZ_CHECK(out);
	server_config_print(config, out);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = { 0 };
	struct server_config *config = server_config_load(yaml_file(data, size), NULL, &diags);
	yaml_check(&diags, config);
	if (config)
		check_config(config);
	server_config_free(config);
	diag_free(&diags);
	return 0;
}
