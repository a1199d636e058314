/* Configurations from URIs: floatprobe://KEY@ADDRESS[:PORT][?proto=udp,tcp] */
#include "client/config/config.h"
#include "client/config/config_defaults.h"
#include "common/config/alloc.h"
#include "common/config/identity.h"
#include "common/config/units.h"
#include "common/system/keyfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URI_SCHEME "floatprobe://"

struct uri {
	struct diag_list *diags;
	char label[32]; /* "URI 2"; diagnostics show it as the file name */
	const char *text;
};

/* where: the position in text that the error refers to. */
static bool uri_error(const struct uri *uri, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool uri_error(const struct uri *uri, const char *where, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag_add(uri->diags, DIAG_ERROR, uri->label, 0, (unsigned)(where - uri->text) + 1, "%s", text);
	return false;
}

static bool parse_uri_host(const struct uri *uri, const char *host, size_t len, struct config_target *target)
{
	target->address = alloc_format("%.*s", (int)len, host);
	target->numeric = units_looks_numeric(target->address);
	if (target->numeric && host[0] != '[' && strchr(target->address, ':'))
		return uri_error(uri, host, "write an IPv6 address in brackets: [2001:db8::7]");
	const char *wrong = target->numeric ? units_host_address(target->address, target->endpoint.address)
					    : units_dns_name(target->address);
	return !wrong || uri_error(uri, host, "'%s' %s", target->address, wrong);
}

static bool parse_uri_port(const struct uri *uri, const char *port, size_t len, struct config_target *target)
{
	char *text = alloc_format("%.*s", (int)len, port);
	const char *wrong = units_port(text, &target->endpoint.port);
	if (wrong)
		uri_error(uri, port, "port '%s' %s", text, wrong);
	free(text);
	return !wrong;
}

static bool parse_uri_protocol(const struct uri *uri, const char *word, size_t len, struct config_target *target)
{
	bool udp = len == 3 && memcmp(word, "udp", 3) == 0, tcp = len == 3 && memcmp(word, "tcp", 3) == 0;
	if (!udp && !tcp)
		return uri_error(uri, word, "'%.*s' is not a protocol; write proto=udp, proto=tcp or proto=udp,tcp",
				 (int)len, word);
	if ((udp && target->udp) || (tcp && target->tcp))
		return uri_error(uri, word, "'%.*s' is given twice; remove one", (int)len, word);
	target->udp |= udp;
	target->tcp |= tcp;
	return true;
}

static bool parse_uri_query(const struct uri *uri, const char *query, struct config_target *target)
{
	static const char proto[] = "proto=";
	if (strncmp(query, proto, strlen(proto)) != 0)
		return uri_error(uri, query, "unknown query '%s'; only ?proto=udp,tcp is known", query);
	target->udp = target->tcp = false;
	const char *word = query + strlen(proto);
	for (;;) {
		size_t len = strcspn(word, ",");
		if (!parse_uri_protocol(uri, word, len, target))
			return false;
		if (word[len] == '\0')
			return true;
		word += len + 1;
	}
}

/* Parse the part after the @: ADDRESS[:PORT][?proto=udp,tcp]. Reports all faults. */
static bool parse_uri_place(const struct uri *uri, const char *place, struct config_target *target)
{
	size_t len = strcspn(place, "?");
	const char *query = place[len] ? place + len + 1 : NULL;
	const char *bracket = place[0] == '[' ? memchr(place, ']', len) : NULL;
	const char *after = bracket ? bracket + 1 : place;
	const char *colon = memchr(after, ':', (size_t)(place + len - after));
	/* Two colons without brackets: an IPv6 address. parse_uri_host rejects it. */
	if (colon && !bracket && memchr(colon + 1, ':', (size_t)(place + len - colon - 1)))
		colon = NULL;
	bool ok = parse_uri_host(uri, place, colon ? (size_t)(colon - place) : len, target);
	if (colon)
		ok &= parse_uri_port(uri, colon + 1, (size_t)(place + len - colon - 1), target);
	if (query)
		ok &= parse_uri_query(uri, query, target);
	return ok;
}

static bool parse_uri(const struct uri *uri, uint8_t key[WIRE_KEY_LEN], struct config_target *target)
{
	char error[KEYFILE_ERROR_LEN];
	if (strncmp(uri->text, URI_SCHEME, strlen(URI_SCHEME)) != 0)
		return uri_error(uri, uri->text,
				 "does not begin with " URI_SCHEME "; write " URI_SCHEME "KEY@ADDRESS[:PORT]");
	const char *key_text = uri->text + strlen(URI_SCHEME), *at = strchr(key_text, '@');
	if (!at)
		return uri_error(uri, key_text, "has no KEY@; write " URI_SCHEME "KEY@ADDRESS[:PORT]");
	bool ok = keyfile_public_parse_url(key_text, (size_t)(at - key_text), key, error) ||
		  uri_error(uri, key_text, "%s", error);
	return parse_uri_place(uri, at + 1, target) && ok;
}

/* host, or host:port if the port is not the default. */
static char *uri_name(const struct config_target *target)
{
	char text[UNITS_ADDRESS_LEN];
	const char *host = target->numeric ? units_address_text(target->endpoint.address, text) : target->address;
	unsigned port = target->endpoint.port;
	if (port == WIRE_PORT)
		return alloc_text(host);
	return strchr(host, ':') ? alloc_format("[%s]:%u", host, port) : alloc_format("%s:%u", host, port);
}

/* Several URIs can share one server. */
static unsigned uri_server(struct config *config, const uint8_t key[WIRE_KEY_LEN], const char *name)
{
	for (unsigned i = 0; i < config->servers_len; i++) {
		if (memcmp(config->servers[i].key, key, WIRE_KEY_LEN) == 0)
			return i;
	}
	struct config_server *server = &config->servers[config->servers_len];
	server->name = alloc_text(name);
	memcpy(server->key, key, WIRE_KEY_LEN);
	return (unsigned)config->servers_len++;
}

static void add_uri(struct config *config, const struct uri *uri)
{
	uint8_t key[WIRE_KEY_LEN];
	struct config_target *target = &config->targets[config->targets_len++];
	*target = config_default_target();
	if (!parse_uri(uri, key, target))
		return;
	target->name = uri_name(target);
	for (size_t i = 0; i + 1 < config->targets_len; i++) {
		if (config->targets[i].name && strcmp(config->targets[i].name, target->name) == 0)
			uri_error(uri, strchr(uri->text, '@') + 1, "%s is in URI %zu already; remove one", target->name,
				  i + 1);
	}
	target->servers[0] = uri_server(config, key, target->name);
	target->servers_len = 1;
	target->schedules_len = 1;
}

static void set_key(struct config *config, const char *key_file, struct diag_list *diags)
{
	char error[KEYFILE_ERROR_LEN];
	config->key_file = key_file ? alloc_text(key_file) : config_default_key_file();
	if (!config->key_file)
		diag_add(diags, DIAG_ERROR, "--key", 0, 0, "is missing, and neither XDG_CONFIG_HOME nor HOME is set");
	else if (!keyfile_read(config->key_file, &config->identity, error))
		diag_add(diags, DIAG_ERROR, "--key", 0, 0, "%s", error);
}

static void set_vantage(struct config *config, const char *vantage, struct diag_list *diags)
{
	const char *wrong = vantage ? units_name(vantage) : NULL;
	if (wrong)
		diag_add(diags, DIAG_ERROR, "--vantage", 0, 0, "'%s' %s", vantage, wrong);
	config->vantage = vantage ? alloc_text(vantage) : identity_machine_name();
}

struct config *config_from_uris(char *const *uris, size_t uris_len, const char *key_file, const char *vantage,
				struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct config *config = config_new(NULL);
	config_add_steady(config);
	set_key(config, key_file, diags);
	set_vantage(config, vantage, diags);
	config->servers = alloc_zero(uris_len, sizeof *config->servers);
	config->targets = alloc_zero(uris_len, sizeof *config->targets);
	for (size_t i = 0; i < uris_len; i++) {
		struct uri uri = { .diags = diags, .text = uris[i] };
		snprintf(uri.label, sizeof uri.label, "URI %zu", i + 1);
		add_uri(config, &uri);
	}
	if (diags->errors == errors)
		return config;
	config_free(config);
	return NULL;
}
