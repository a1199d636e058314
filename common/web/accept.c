#include "common/web/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { WEIGHT_MAX = 1000 };

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* Does text, of len octets, begin with this word and then end, but for spaces? */
static bool is_word(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	return len >= word_len && strncasecmp(text, word, word_len) == 0 &&
	       word_len + strspn(text + word_len, " \t") >= len;
}

/* "0.75" to 750. */
static unsigned weight(const char *text)
{
	unsigned value = 0, digit = WEIGHT_MAX / 10;

	if (*text == '1')
		return WEIGHT_MAX;
	if (text[0] != '0' || text[1] != '.')
		return 0;
	for (text += 2; *text >= '0' && *text <= '9' && digit > 0; text++, digit /= 10)
		value += digit * (unsigned)(*text - '0');
	return value;
}

struct range { /* one entry of the list */
	const char *type;
	size_t type_len;
	bool other_version; /* another one than 1.0.0 */
	unsigned weight;
};

static void read_parameter(struct range *range, const char *text, size_t len)
{
	if (len > 2 && strncasecmp(text, "q=", 2) == 0)
		range->weight = weight(text + 2);
	else if (strncasecmp(text, "version=", strlen("version=")) == 0)
		range->other_version = !is_word(text, len, "version=1.0.0");
}

/* Read the entry at text. Returns what follows it. */
static const char *read_range(const char *text, struct range *range)
{
	text = skip_spaces(text);
	*range = (struct range){ .type = text, .type_len = strcspn(text, ";,"), .weight = WEIGHT_MAX };
	text += range->type_len;
	while (*text == ';') {
		size_t len;

		text = skip_spaces(text + 1);
		len = strcspn(text, ";,");
		read_parameter(range, text, len);
		text += len;
	}
	return *text == ',' ? text + 1 : text;
}

bool accept_openmetrics(const char *accept)
{
	unsigned open = 0, plain = 0;
	struct range range;

	while (accept && *accept) {
		accept = read_range(accept, &range);
		if (is_word(range.type, range.type_len, "application/openmetrics-text") && !range.other_version &&
		    range.weight > open)
			open = range.weight;
		if (is_word(range.type, range.type_len, "text/plain") && range.weight > plain)
			plain = range.weight;
	}
	return open > 0 && open >= plain;
}
