#include "common/system/redact.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
#define PUBLIC   "ed25519:"
#define SECRET   "floatprobe-secret"

enum { KEY_DIGITS = 43 }; /* of 32 octets in base64, without the padding */

static bool follows(const char *text, const char *at, const char *prefix)
{
	size_t len = strlen(prefix);
	return (size_t)(at - text) >= len && strncasecmp(at - len, prefix, len) == 0;
}

/* The colon may be percent-encoded. */
static void redact_after_prefix(char *text)
{
	for (char *p = strcasestr(text, SECRET); p; p = strcasestr(p, SECRET)) {
		p += strlen(SECRET);
		p += *p == ':' ? 1 : strncasecmp(p, "%3A", 3) == 0 ? 3 : 0;
		memset(p, '*', strspn(p, ALPHABET "=%"));
	}
}

void redact(char *text)
{
	redact_after_prefix(text);
	for (char *p = text; *p;) {
		size_t digits = strspn(p, ALPHABET);
		if (digits >= KEY_DIGITS && p[digits] == '=' && !follows(text, p, PUBLIC))
			memset(p, '*', digits);
		p += digits ? digits : 1;
	}
}
