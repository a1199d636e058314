/* A journal. What the scanner makes of a line is what jansson makes of it; no line leads to a text, an object or a page
 * that is not well-formed. */
#include "client/report/history.h"
#include "client/report/intake.h"
#include "client/report/order.h"
#include "client/report/outages.h"
#include "client/report/report_html.h"
#include "client/report/report_json.h"
#include "client/report/report_text.h"
#include "client/report/scan.h"
#include "common/core/ns.h"
#include "common/core/printable.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { DEPTH_ALIKE = 30, TEXT_MAX = 256 };

static const int kinds[] = {
	[JSON_OBJECT] = SCAN_OBJECT,  [JSON_ARRAY] = SCAN_ARRAY, [JSON_STRING] = SCAN_STRING,
	[JSON_INTEGER] = SCAN_NUMBER, [JSON_REAL] = SCAN_NUMBER, [JSON_TRUE] = SCAN_TRUE,
	[JSON_FALSE] = SCAN_FALSE,    [JSON_NULL] = SCAN_NULL,
};

static void check_value(const struct scan_value *value, const json_t *json)
{
	char ours[TEXT_MAX], theirs[TEXT_MAX];
	int64_t integer;
	double real;

	FUZZ_CHECK(value->kind == (enum scan_kind)kinds[json_typeof(json)]);
	if (json_is_string(json)) {
		scan_string(value, ours, sizeof ours);
		printable(theirs, sizeof theirs, json_string_value(json), false);
		FUZZ_CHECK(strlen(json_string_value(json)) >= sizeof theirs - 1 || strcmp(ours, theirs) == 0);
	} else if (json_is_integer(json) && scan_integer(value, INT64_MIN, INT64_MAX, &integer)) {
		FUZZ_CHECK(integer == json_integer_value(json));
	} else if (json_is_real(json) && scan_real(value, -1e300, 1e300, &real)) {
		FUZZ_CHECK(fabs(real - json_real_value(json)) <= 1e-9 * fabs(real));
	}
}

static unsigned nesting(const char *line, size_t len)
{
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++)
		depth += line[i] == '{' || line[i] == '[';
	return depth;
}

/* What jansson accepts has the same members here; a key that comes twice has its last value there. */
static void compare(const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	struct scan_value object, key, value;
	size_t members = 0;

	if (json_is_object(json) && nesting(line, len) < DEPTH_ALIKE) {
		FUZZ_CHECK(scan_open(line, len, &object));
		struct scan scan = scan_inside(&object);
		while (scan_member(&scan, &key, &value)) {
			char name[TEXT_MAX];
			members++;
			if (memchr(key.text, '\\', key.len) || key.len >= sizeof name)
				continue;
			memcpy(name, key.text, key.len);
			name[key.len] = '\0';
			FUZZ_CHECK(json_object_get(json, name));
			check_value(&value, json_object_get(json, name));
		}
		FUZZ_CHECK(!scan.bad && members == json_object_size(json));
	}
	json_decref(json);
}

static void add(struct history *h, const char *line, size_t len, struct record *record)
{
	char error[RECORD_ERROR_LEN] = "";

	compare(line, len);
	switch (record_read(line, len, record, error)) {
	case RECORD_READ:
		FUZZ_CHECK(record->time_ns > 0 && record->counts.sent >= 0);
		FUZZ_CHECK(intake_add(h, record, "a file"));
		break;
	case RECORD_WRONG:
		FUZZ_CHECK(*error);
		break;
	case RECORD_OTHER:
		break;
	}
}

/* What the page's script reads. */
static void check_columns(const char *page)
{
	const char *begin = strstr(page, "id=\"columns\">"), *end = begin ? strstr(begin, "</script>") : NULL;
	json_t *json;

	FUZZ_CHECK(begin && end);
	begin = strchr(begin, '>') + 1;
	json = json_loadb(begin, (size_t)(end - begin), 0, NULL);
	FUZZ_CHECK(json);
	json_decref(json);
}

static void check_page(const struct history *h)
{
	char *text = NULL, *at;
	size_t len;
	unsigned scripts = 0;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(out);
	report_html(out, h, NULL);
	fclose(out);
	FUZZ_CHECK(strlen(text) == len);
	for (at = text; (at = strstr(at, "<script")); at++)
		scripts++;
	FUZZ_CHECK(scripts == 2);
	check_columns(text);
	free(text);
}

static void check_objects(const struct history *h)
{
	char *text = NULL, *rest, *line;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(out && report_json(out, h));
	fclose(out);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *json = json_loads(line, 0, NULL);
		FUZZ_CHECK(json);
		json_decref(json);
	}
	free(text);
}

static void check_text(const struct history *h)
{
	const struct output_style style = { .utf8 = true, .width = 80 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	FUZZ_CHECK(out);
	report_text(out, &style, h);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK((unsigned char)text[i] >= ' ' || text[i] == '\n');
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record record;
	const struct history_filter all = { .since_ns = MOMENT_NONE, .until_ns = MOMENT_NONE };
	struct history *h = history_new(&all, NS_PER_S / 4);
	const char *at = (const char *)data, *end = at + size;

	FUZZ_CHECK(h);
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((feed ? feed : end) - at);
		add(h, at, len, &record);
		at += len + 1;
	}
	FUZZ_CHECK(outages_find(h) && order_all(h));
	check_text(h);
	check_objects(h);
	check_page(h);
	history_free(h);
	return 0;
}
