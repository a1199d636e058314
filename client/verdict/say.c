#include "client/verdict/say.h"

#include "common/config/units.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void say(struct verdict *v, const char *format, ...)
{
	va_list args;

	if (v->sentences_len == VERDICT_SENTENCES_MAX)
		return;
	va_start(args, format);
	vsnprintf(v->sentences[v->sentences_len++], VERDICT_SENTENCE_LEN, format, args);
	va_end(args);
}

struct say_text say_address(const struct endpoint *endpoint)
{
	struct say_text t;

	units_address_text(endpoint->address, t.text);
	return t;
}

struct say_text say_mac(const uint8_t mac[EVIDENCE_MAC_LEN])
{
	static const uint8_t unknown[EVIDENCE_MAC_LEN];
	struct say_text t = { "unknown" };

	if (memcmp(mac, unknown, sizeof unknown) == 0)
		return t;
	units_mac_text(mac, t.text);
	return t;
}

const char *say_or(const char *name, const char *otherwise)
{
	return name ? name : otherwise;
}

struct say_text say_servers(const struct verdict_evidence *e, unsigned slots)
{
	struct say_text t = { "" };
	size_t len = 0;

	for (unsigned k = 0; k < WIRE_SLOTS_MAX; k++) {
		if (!(slots >> k & 1))
			continue;
		slots &= ~(1u << k);
		len += (size_t)snprintf(t.text + len, sizeof t.text - len, "%s%.24s",
					len == 0     ? ""
					: slots == 0 ? " and "
						     : ", ",
					say_or(e->names[k], "a server"));
	}
	return t;
}

const char *say_are(unsigned slots)
{
	return slots & (slots - 1) ? "are" : "is";
}

void say_skew(struct verdict *v, int64_t skew_ns)
{
	int64_t ahead_ms = skew_ns / 1000000;

	if (ahead_ms == 0)
		say(v, "the server rejects this client's time");
	else
		say(v, "the server rejects this client's time: the server's clock is %.3f s %s this client's clock",
		    (double)(ahead_ms > 0 ? ahead_ms : -ahead_ms) / 1e3, ahead_ms > 0 ? "ahead of" : "behind");
}
