#include "common/config/uri.h"

#include "common/config/alloc.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const struct uri_place *place;
	const char *text;
	struct uri *uri;
};

/* where: the position in the text that the error refers to. Returns false. */
static bool wrong(const struct parser *p, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool wrong(const struct parser *p, const char *where, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag_add(p->place->diags, DIAG_ERROR, p->place->file, p->place->line,
		 p->place->column ? p->place->column + (unsigned)(where - p->text) : 0, "%s", text);
	return false;
}

static int hex(char digit)
{
	const char *digits = "0123456789abcdef", *found = strchr(digits, digit | 0x20);
	return digit && found ? (int)(found - digits) : -1;
}

/* A copy without percent-encoding. A percent sign that encodes nothing stays. The caller frees it. NULL: memory is
 * out. */
static char *decode(const struct parser *p, const char *text, size_t len)
{
	char *decoded = calloc(len + 1, 1), *end = decoded;
	if (!decoded)
		diag_no_memory(p->place->diags);
	for (size_t i = 0; decoded && i < len; i++) {
		bool encoded = text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
		int octet = encoded ? 16 * hex(text[i + 1]) + hex(text[i + 2]) : text[i];
		*end++ = (char)(octet ? octet : '?');
		i += encoded ? 2 : 0;
	}
	return decoded;
}

/* The zone of an address is literal: it may begin as an encoded octet does. RFC 6874 encodes the sign before it. */
static char *decode_host(const struct parser *p, const char *host, size_t len)
{
	const char *zone = host[0] == '[' ? memchr(host, '%', len) : NULL;
	char *text = zone ? strndup(host, len) : decode(p, host, len);
	char *sign = zone && text ? text + (zone - host) : NULL;
	if (zone && !text)
		diag_no_memory(p->place->diags);
	if (sign && strncmp(sign, "%25", 3) == 0)
		memmove(sign + 1, sign + 3, strlen(sign + 3) + 1);
	return text;
}

static bool parse_key(const struct parser *p, const char *key, size_t len)
{
	char error[KEYFILE_ERROR_LEN];
	char *text = decode(p, key, len);
	bool ok =
	    text && (keyfile_public_parse_url(text, strlen(text), p->uri->key, error) || wrong(p, key, "%s", error));
	free(text);
	return ok;
}

static bool parse_host(const struct parser *p, const char *host, size_t len)
{
	struct uri *uri = p->uri;
	uri->address = decode_host(p, host, len);
	if (!uri->address)
		return false;
	uri->numeric = units_looks_numeric(uri->address);
	if (uri->numeric && host[0] != '[' && strchr(uri->address, ':'))
		return wrong(p, host, "write an IPv6 address in brackets: [2001:db8::7]");
	const char *fault = uri->numeric ? units_scoped_address(uri->address, uri->endpoint.address, uri->interface)
					 : units_dns_name(uri->address);
	return !fault || wrong(p, host, "'%s' %s", uri->address, fault);
}

static bool parse_port(const struct parser *p, const char *port, size_t len)
{
	char *text = decode(p, port, len);
	if (!text)
		return false;
	const char *fault = units_port(text, &p->uri->endpoint.port);
	if (fault)
		wrong(p, port, "port '%s' %s", text, fault);
	free(text);
	return !fault;
}

static bool parse_protocol(const struct parser *p, const char *word, size_t len)
{
	struct uri *uri = p->uri;
	bool udp = len == 3 && memcmp(word, "udp", 3) == 0, tcp = len == 3 && memcmp(word, "tcp", 3) == 0;
	if (!udp && !tcp)
		return wrong(p, word, "'%.*s' is not a protocol; write proto=udp, proto=tcp or proto=udp,tcp", (int)len,
			     word);
	if ((udp && uri->udp) || (tcp && uri->tcp))
		return wrong(p, word, "'%.*s' is given twice; remove one", (int)len, word);
	uri->udp |= udp;
	uri->tcp |= tcp;
	return true;
}

static bool parse_protocols(const struct parser *p, const char *words, size_t len)
{
	const char *end = words + len;
	p->uri->udp = p->uri->tcp = false;
	for (const char *word = words;;) {
		const char *comma = memchr(word, ',', (size_t)(end - word));
		if (!parse_protocol(p, word, (size_t)((comma ? comma : end) - word)))
			return false;
		if (!comma)
			return true;
		word = comma + 1;
	}
}

static bool parse_name(const struct parser *p, const char *name, size_t len)
{
	free(p->uri->name);
	p->uri->name = decode(p, name, len);
	if (!p->uri->name)
		return false;
	const char *fault = units_name(p->uri->name);
	return !fault || wrong(p, name, "name '%s' %s", p->uri->name, fault);
}

static bool parse_query(const struct parser *p, const char *query)
{
	static const struct {
		const char *key;
		bool (*parse)(const struct parser *p, const char *value, size_t len);
	} keys[] = { { "name=", parse_name }, { "proto=", parse_protocols } };
	size_t len = strcspn(query, "&");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t key_len = strlen(keys[i].key);
		if (strncmp(query, keys[i].key, key_len) == 0)
			return keys[i].parse(p, query + key_len, len - key_len);
	}
	return wrong(p, query, "unknown query '%.*s'; known here: name=NAME, proto=udp,tcp", (int)len, query);
}

static bool parse_queries(const struct parser *p, const char *queries)
{
	bool ok = true;
	for (; queries; queries = strchr(queries, '&')) {
		queries += *queries == '&';
		ok &= parse_query(p, queries);
	}
	return ok;
}

/* Parse the part after the @: ADDRESS[:PORT][?...]. A slash before the question mark is allowed. Reports all faults. */
static bool parse_place(const struct parser *p, const char *place)
{
	size_t len = strcspn(place, "?");
	const char *queries = place[len] ? place + len + 1 : NULL;
	if (len > 0 && place[len - 1] == '/')
		len--;
	const char *bracket = place[0] == '[' ? memchr(place, ']', len) : NULL;
	const char *after = bracket ? bracket + 1 : place;
	const char *colon = memchr(after, ':', (size_t)(place + len - after));
	/* Two colons without brackets: an IPv6 address. parse_host rejects it. */
	if (colon && !bracket && memchr(colon + 1, ':', (size_t)(place + len - colon - 1)))
		colon = NULL;
	bool ok = parse_host(p, place, colon ? (size_t)(colon - place) : len);
	if (colon)
		ok &= parse_port(p, colon + 1, (size_t)(place + len - colon - 1));
	return parse_queries(p, queries) && ok;
}

bool uri_parse(const char *text, const struct uri_place *place, struct uri *uri)
{
	struct parser p = { .place = place, .text = text, .uri = uri };
	*uri = (struct uri){ .endpoint.port = WIRE_PORT, .udp = true, .tcp = true };
	if (strncmp(text, URI_SCHEME, strlen(URI_SCHEME)) != 0)
		return wrong(&p, text, "does not begin with " URI_SCHEME "; write " URI_SCHEME "KEY@ADDRESS[:PORT]");
	const char *key = text + strlen(URI_SCHEME), *at = strchr(key, '@');
	if (!at)
		return wrong(&p, key, "has no KEY@; write " URI_SCHEME "KEY@ADDRESS[:PORT]");
	bool ok = parse_key(&p, key, (size_t)(at - key));
	return parse_place(&p, at + 1) && ok;
}

void uri_free(struct uri *uri)
{
	free(uri->name);
	free(uri->address);
	*uri = (struct uri){ 0 };
}

char *uri_host(struct diag_list *diags, const struct uri *uri)
{
	char text[UNITS_ADDRESS_LEN];
	const char *host = uri->numeric ? units_address_text(uri->endpoint.address, text) : uri->address;
	unsigned port = uri->endpoint.port;
	if (port == WIRE_PORT)
		return diag_copy(diags, host);
	return diag_format(diags, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

char *uri_text(const uint8_t key[WIRE_KEY_LEN], const char *address, const char *name)
{
	char text[KEYFILE_URL_LEN];
	const char *zone = strchr(address, '%'), *rest = zone ? zone + 1 : "";
	keyfile_public_text_url(key, text);
	return alloc_format(URI_SCHEME "%s@%.*s%s%s?name=%s", text, (int)strcspn(address, "%"), address,
			    zone ? "%25" : "", rest, name);
}
