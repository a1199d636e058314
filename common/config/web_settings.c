#include "common/config/web_settings.h"

#include "common/config/read.h"
#include "common/config/units.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

enum { PATH_MAX_LEN = sizeof((struct sockaddr_un *)NULL)->sun_path - 1 };

static const struct schema_word reload_words[] = {
	{ "loopback", WEB_RELOAD_LOOPBACK },
	{ "anywhere", WEB_RELOAD_ANYWHERE },
	{ "never", WEB_RELOAD_NEVER },
	{ 0 },
};

static bool read_unix(struct schema *s, struct tree_node *node, const char *path, struct web_settings *settings)
{
	if (path[0] == '\0')
		return schema_error(s, node, "has no path; write unix:/run/floatprobe/web.sock");
	free(settings->path);
	settings->path = read_resolve(node->file, path);
	if (!settings->path)
		return diag_no_memory(s->diags);
	if (strlen(settings->path) > PATH_MAX_LEN)
		return schema_error(s, node, "%s is too long for a Unix socket; use at most %d octets", settings->path,
				    PATH_MAX_LEN);
	return true;
}

static bool read_listen(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct web_settings *settings = object;
	const char *text = schema_text(s, node);

	(void)key;
	if (!text)
		return false;
	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
		if (!read_unix(s, node, text + strlen(UNIX_PREFIX), settings))
			return false;
	} else if (!schema_check(s, node, units_listen_address(text, settings->at.address, &settings->at.port))) {
		return false;
	}
	free(settings->listen);
	settings->listen = diag_copy(s->diags, text);
	return settings->listen != NULL;
}

static bool read_reload(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct web_settings *settings = object;
	unsigned value;

	(void)key;
	if (!schema_choice(s, node, reload_words, &value))
		return false;
	settings->reload = (enum web_reload)value;
	return true;
}

static const struct schema_key keys[] = {
	{ "listen", .read = read_listen,
	  .required = "where to serve, like 127.0.0.1:8622 or unix:/run/floatprobe/web.sock" },
	{ "reload", .read = read_reload },
	{ 0 },
};

bool web_settings_read(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct web_settings *settings = schema_field(key, object);

	if (node->kind == TREE_MAPPING)
		return schema_mapping(s, keys, node, settings);
	return read_listen(s, key, node, settings);
}

void web_settings_print(const struct web_settings *settings, FILE *out)
{
	static const char *const reloads[] = {
		[WEB_RELOAD_LOOPBACK] = "from this host",
		[WEB_RELOAD_ANYWHERE] = "from anywhere",
		[WEB_RELOAD_NEVER] = "never",
	};

	if (settings->listen)
		fprintf(out, "web: %s, reloads %s\n", settings->listen, reloads[settings->reload]);
	else
		fputs("web: none\n", out);
}

void web_settings_free(struct web_settings *settings)
{
	free(settings->listen);
	free(settings->path);
	*settings = (struct web_settings){ 0 };
}
