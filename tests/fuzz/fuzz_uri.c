/* The URI of a server, as people paste it. Either there is a fault, or every part is valid and the URI that is written
 * from the parts reads to the same ones. */
#include "common/config/diag.h"
#include "common/config/uri.h"
#include "common/core/seal.h"
#include "tests/fuzz/text.h"

static bool parse(const char *text, struct uri *uri, struct diag_list *diags)
{
	const struct uri_place place = { .diags = diags, .file = "URI 1", .column = 1 };

	return uri_parse(text, &place, uri);
}

static void check_parts(const struct uri *uri)
{
	FUZZ_CHECK(uri->address && *uri->address && uri->endpoint.port > 0 && (uri->udp || uri->tcp));
	FUZZ_CHECK(!uri->name || !units_name(uri->name));
	FUZZ_CHECK(uri->numeric || !units_dns_name(uri->address));
	FUZZ_CHECK(uri->numeric != endpoint_is_unknown(&uri->endpoint));
}

/* uri_text wants an address as it stands in a URI. */
static void write_again(const struct uri *uri)
{
	struct diag_list diags = { 0 };
	char *host = uri_host(&diags, uri), address[UNITS_HOST_MAX + UNITS_ADDRESS_LEN];
	bool bare = strchr(host, ':') && host[0] != '[' && uri->endpoint.port == WIRE_PORT;
	struct uri again;

	snprintf(address, sizeof address, bare ? "[%s]" : "%s", host);
	char *text = uri_text(uri->key, address, "a");

	if (!uri->interface[0]) {
		FUZZ_CHECK(parse(text, &again, &diags) && memcmp(again.key, uri->key, sizeof uri->key) == 0);
		FUZZ_CHECK(endpoint_equal(&again.endpoint, &uri->endpoint) && again.numeric == uri->numeric);
		uri_free(&again);
	}
	diag_free(&diags);
	free(text);
	free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = URI_SCHEME "AnAvTX4xFZlxEAdIXFJfxuIoTyF8vPoi06kU1Ux8rdI@";
	struct diag_list diags = { 0 };
	char *rest = text_of(data, size), *text = malloc(sizeof head + size);
	bool whole = strncmp(rest, URI_SCHEME, strlen(URI_SCHEME)) == 0;
	struct uri uri;

	FUZZ_CHECK(seal_start() && text);
	memcpy(text, head, sizeof head);
	strcat(text, rest);
	bool taken = parse(whole ? rest : text, &uri, &diags);

	FUZZ_CHECK(taken == (diags.errors == 0));
	if (taken) {
		check_parts(&uri);
		write_again(&uri);
	}
	uri_free(&uri);
	diag_free(&diags);
	free(text);
	free(rest);
	return 0;
}
