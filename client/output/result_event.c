#include "client/output/result_event.h"

#include "client/output/result_json.h"
#include "common/core/ns.h"
#include "common/system/clock.h"

#include <unistd.h>

static json_t *event_json(const struct config *config, const char *type)
{
	return json_pack("{s:s, s:o, s:o}", "type", type, "time", result_json_time(clock_real_ns()), "vantage",
			 result_json_text(config->vantage));
}

static json_t *with_program(json_t *json, const struct config *config, size_t paths)
{
	json_object_set_new(json, "version", json_string(FLOATPROBE_VERSION));
	json_object_set_new(json, "pid", json_integer(getpid()));
	json_object_set_new(json, "targets", json_integer((json_int_t)config->targets_len));
	json_object_set_new(json, "paths", json_integer((json_int_t)paths));
	return json;
}

json_t *result_start_json(const struct config *config, size_t paths)
{
	return with_program(event_json(config, "start"), config, paths);
}

json_t *result_stop_json(const struct config *config, const char *reason)
{
	json_t *json = event_json(config, "stop");

	json_object_set_new(json, "reason", json_string(reason));
	return json;
}

json_t *result_reload_json(const struct config *config, size_t paths, const char *error)
{
	json_t *json = event_json(config, "reload");

	json_object_set_new(json, "result", json_string(error ? "rejected" : "applied"));
	json_object_set_new(json, "error", result_json_text(error));
	return with_program(json, config, paths);
}

static json_t *with_ms(json_t *json, const char *name, int64_t ns)
{
	json_object_set_new(json, name, result_json_ms((double)ns / (double)NS_PER_MS));
	return json;
}

json_t *result_clock_step_json(const struct config *config, int64_t step_ns)
{
	return with_ms(event_json(config, "clock_step"), "step_ms", step_ns);
}

json_t *result_pause_json(const struct config *config, int64_t duration_ns)
{
	return with_ms(event_json(config, "pause"), "duration_ms", duration_ns);
}

json_t *result_name_json(const struct config *config, const struct result_name_event *e)
{
	json_t *json = event_json(config, "name"), *addresses = json_array();

	for (size_t i = 0; i < e->addresses_len; i++)
		json_array_append_new(addresses, result_json_address(&e->addresses[i]));
	json_object_set_new(json, "target", result_json_text(e->target));
	json_object_set_new(json, "name", result_json_text(e->name));
	json_object_set_new(json, "event", json_string(e->event));
	json_object_set_new(json, "addresses", addresses);
	json_object_set_new(json, "error", result_json_text(e->error));
	return json;
}
