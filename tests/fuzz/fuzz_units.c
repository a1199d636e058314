/* Values as people write them: every parser of units.h gets the input. What is accepted keeps the promise of units.h,
 * and reads to the same value when it is written again. */
#include "common/config/units.h"
#include "common/core/endpoint.h"
#include "tests/fuzz/text.h"

#include <ctype.h>
#include <stdbool.h>

static void numbers(const char *text)
{
	unsigned permille;
	uint64_t value;
	uint32_t mark;
	uint16_t port;
	uint8_t dscp;
	bool yes;

	if (!units_percent(text, &permille))
		FUZZ_CHECK(permille <= 1000);
	if (!units_unsigned(text, &value))
		FUZZ_CHECK(strtoull(text, NULL, 10) == value && isdigit((unsigned char)text[0]));
	if (!units_port(text, &port))
		FUZZ_CHECK(port > 0);
	if (!units_dscp(text, &dscp))
		FUZZ_CHECK(dscp < 64);
	if (!units_mark(text, &mark))
		FUZZ_CHECK(isdigit((unsigned char)text[0]));
	if (!units_boolean(text, &yes))
		FUZZ_CHECK(strcmp(text, yes ? "true" : "false") == 0);
}

static void durations(const char *text)
{
	char again[UNITS_DURATION_LEN];
	int64_t ns, same;

	if (units_duration(text, &ns))
		return;
	FUZZ_CHECK(ns >= 0);
	FUZZ_CHECK(!units_duration(units_duration_text(ns, again), &same) && same == ns);
}

static bool is_plain(const char *text)
{
	while (isalnum((unsigned char)*text) || (*text && strchr("._-", *text)))
		text++;
	return *text == '\0';
}

static void names(const char *text)
{
	if (!units_name(text))
		FUZZ_CHECK(*text && strlen(text) <= UNITS_NAME_MAX && is_plain(text));
	if (!units_dns_name(text))
		FUZZ_CHECK(*text && strlen(text) <= UNITS_HOST_MAX + 1 && is_plain(text));
	if (!units_interface(text))
		FUZZ_CHECK(*text && strlen(text) < UNITS_INTERFACE_LEN && !strpbrk(text, "/ \t\n"));
}

static void addresses(const char *text)
{
	char again[UNITS_ADDRESS_LEN], interface[UNITS_INTERFACE_LEN];
	uint8_t address[16], same[16];
	uint16_t port;

	if (!units_address(text, address)) {
		FUZZ_CHECK(units_looks_numeric(text));
		FUZZ_CHECK(!units_address(units_address_text(address, again), same));
		FUZZ_CHECK(memcmp(address, same, sizeof same) == 0);
	}
	if (!units_host_address(text, address))
		FUZZ_CHECK(!units_address(text, same) && memcmp(address, same, sizeof same) == 0);
	if (!units_scoped_address(text, address, interface))
		FUZZ_CHECK(!interface[0] || !units_interface(interface));
	if (!units_listen_address(text, address, &port))
		FUZZ_CHECK(port > 0 && strrchr(text, ':'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	numbers(text);
	durations(text);
	names(text);
	addresses(text);
	free(text);
	return 0;
}
