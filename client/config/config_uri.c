/* Configurations from URIs. */
#include "client/config/config.h"
#include "client/config/config_defaults.h"
#include "client/config/config_servers.h"
#include "common/config/alloc.h"
#include "common/config/identity.h"
#include "common/config/places.h"
#include "common/config/units.h"
#include "common/config/uri.h"
#include "common/system/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_LEN = 512 };

struct source {
	struct diag_list *diags;
	char label[32]; /* "URI 2"; diagnostics show it as the file name */
	const char *text;
};

/* The error is about the address. */
static void report(const struct source *source, const char *text)
{
	unsigned column = (unsigned)(strchr(source->text, '@') + 1 - source->text) + 1;
	diag_add(source->diags, DIAG_ERROR, source->label, 0, column, "%s", text);
}

/* Several URIs can share one server. */
/* Returns -1 if memory is out. */
static int server_of(struct config *config, const struct source *source, const struct uri *uri)
{
	int known = config_server_with(config, uri->key);
	char *host = uri_host(source->diags, uri);
	const char *name = uri->name ? uri->name : host;
	if (known < 0 && uri->name && config_server_named(config, name) >= 0)
		report(source, "its name belongs to another key already; each server must have its own name");
	if (known < 0 && name)
		known = config_add_server(source->diags, config, name, uri->key);
	free(host);
	return known;
}

bool config_same_place(const struct config_target *target, const struct uri *uri)
{
	return target->address && target->endpoint.port == uri->endpoint.port &&
	       strcmp(target->egress.interface, uri->interface) == 0 && target->numeric == uri->numeric &&
	       (target->numeric
		    ? memcmp(target->endpoint.address, uri->endpoint.address, sizeof target->endpoint.address) == 0
		    : strcasecmp(target->address, uri->address) == 0);
}

static void add_uri(struct config *config, const struct source *source, const struct uri *uri)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (!config_same_place(&config->targets[i], uri))
			continue;
		char *host = uri_host(source->diags, uri), text[REPORT_LEN];
		snprintf(text, sizeof text, "%s is in URI %zu already; remove one", host ? host : "it", i + 1);
		report(source, text);
		free(host);
	}
	struct config_target target = config_default_target(), defaults = target;
	int server = server_of(config, source, uri);
	if (server >= 0)
		config_target_of_uri(source->diags, config, &defaults, uri, (unsigned)server, &target);
	target.schedules_len = 1;
	config->targets[config->targets_len++] = target;
}

static void read_uri(struct config *config, const struct source *source)
{
	const struct uri_place place = { .diags = source->diags, .file = source->label, .column = 1 };
	struct uri uri;
	if (uri_parse(source->text, &place, &uri))
		add_uri(config, source, &uri);
	else /* so that messages count on */
		config->targets[config->targets_len++] = config_default_target();
	uri_free(&uri);
}

/* The first key that exists; else the place where `floatprobe keygen` makes one. NULL: there is no such place. */
static char *default_key_file(void)
{
	char *found = places_find(CONFIG_KEY_NAME), *dir = found ? NULL : places_user();
	char *path = dir ? alloc_format("%s/" CONFIG_KEY_NAME, dir) : found;
	free(dir);
	return path;
}

static void set_key(struct config *config, const char *key_file, struct diag_list *diags)
{
	char error[KEYFILE_ERROR_LEN];
	config->key_file = key_file ? alloc_text(key_file) : default_key_file();
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
	char machine[IDENTITY_NAME_LEN];
	config->vantage = alloc_text(vantage ? vantage : identity_machine_name(machine));
}

struct config *config_from_uris(char *const *uris, size_t uris_len, const char *key_file, const char *vantage,
				struct diag_list *diags)
{
	size_t errors = diags->errors;
	struct config *config = config_new(diags, NULL);
	if (!config || !config_add_steady(diags, config)) {
		config_free(config);
		return NULL;
	}
	set_key(config, key_file, diags);
	set_vantage(config, vantage, diags);
	config->targets = alloc_zero(uris_len, sizeof *config->targets);
	for (size_t i = 0; i < uris_len; i++) {
		struct source source = { .diags = diags, .text = uris[i] };
		snprintf(source.label, sizeof source.label, "URI %zu", i + 1);
		read_uri(config, &source);
	}
	if (diags->errors == errors)
		return config;
	config_free(config);
	return NULL;
}
