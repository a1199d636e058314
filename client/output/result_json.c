#include "client/output/result_json.h"

#include "common/config/units.h"
#include "common/core/printable.h"
#include "common/system/clock.h"

#include <math.h>

enum { CLEAN_MAX = 8192 };

json_t *result_json_text(const char *text)
{
	char clean[CLEAN_MAX];

	if (!text)
		return json_null();
	json_t *json = json_string(text);
	if (json)
		return json;
	printable(clean, sizeof clean, text, false);
	return json_string(clean);
}

json_t *result_json_address(const struct endpoint *e)
{
	char buf[UNITS_ADDRESS_LEN];

	return endpoint_is_unknown(e) ? json_null() : json_string(units_address_text(e->address, buf));
}

json_t *result_json_time(int64_t realtime_ns)
{
	char buf[CLOCK_TEXT_LEN];

	return json_string(clock_text(realtime_ns, buf));
}

json_t *result_json_ms(double ms)
{
	return json_real(round(ms * 1000) / 1000);
}
