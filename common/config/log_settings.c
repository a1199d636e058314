#include "common/config/log_settings.h"

#include <string.h>

static const struct schema_word formats[] = {
	{ "text", LOG_FORMAT_TEXT }, { "logfmt", LOG_FORMAT_LOGFMT }, { "json", LOG_FORMAT_JSON }, { 0 }
};
static const struct schema_word levels[] = {
	{ "error", LOG_LEVEL_ERROR }, { "warning", LOG_LEVEL_WARNING }, { "info", LOG_LEVEL_INFO }, { 0 }
};

static const char *word_of(const struct schema_word *words, unsigned value, const char *otherwise)
{
	for (; words->word; words++) {
		if (words->value == value)
			return words->word;
	}
	return otherwise;
}

static bool find(const struct schema_word *words, const char *text, unsigned *value)
{
	for (; words->word; words++) {
		if (strcmp(words->word, text) == 0) {
			*value = words->value;
			return true;
		}
	}
	return false;
}

/* ---- in a file ---- */

static bool read_format(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct log_settings *settings = object;
	unsigned value;

	(void)key;
	if (!schema_choice(s, node, formats, &value))
		return false;
	settings->format = (enum log_format)value;
	return true;
}

static bool read_level(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct log_settings *settings = object;
	unsigned value;

	(void)key;
	if (!schema_choice(s, node, levels, &value))
		return false;
	settings->level = (enum log_level)value;
	return true;
}

static const struct schema_key keys[] = {
	{ "format", .read = read_format },
	{ "level", .read = read_level },
	{ 0 },
};

bool log_settings_read(struct schema *s, const struct schema_key *key, struct tree_node *node, void *object)
{
	struct log_settings *settings = schema_field(key, object);

	if (node->kind == TREE_MAPPING)
		return schema_mapping(s, keys, node, settings);
	return read_format(s, key, node, settings);
}

void log_settings_print(const struct log_settings *settings, FILE *out)
{
	fprintf(out, "log: %s, from level %s\n", word_of(formats, settings->format, "text"),
		word_of(levels, settings->level, "info"));
}

/* ---- on the command line ---- */

const char *log_settings_take_format(void *field, const char *value)
{
	unsigned format;

	if (!find(formats, value, &format))
		return "is not a format of the log; use text, logfmt or json";
	*(enum log_format *)field = (enum log_format)format;
	return NULL;
}

const char *log_settings_take_level(void *field, const char *value)
{
	unsigned level;

	if (!find(levels, value, &level))
		return "is not a level of the log; use error, warning or info";
	*(enum log_level *)field = (enum log_level)level;
	return NULL;
}
