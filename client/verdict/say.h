/* Adds sentences to a verdict, and the words that they share. Pure, but formats text. */
#ifndef FLOATPROBE_SAY_H
#define FLOATPROBE_SAY_H

#include "client/verdict/verdict_evidence.h"

#include <stdint.h>

/* Add a sentence; if the verdict has VERDICT_SENTENCES_MAX already, nothing. */
void say(struct verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { SAY_TEXT_LEN = 128 };
struct say_text { /* by value, to be used within one call of say */
	char text[SAY_TEXT_LEN];
};
struct say_text say_address(const struct endpoint *endpoint);
/* "unknown" for all zeros. */
struct say_text say_mac(const uint8_t mac[EVIDENCE_MAC_LEN]);
/* The servers in these slots, as bits: "boot-01, boot-02 and boot-03". */
struct say_text say_servers(const struct verdict_evidence *e, unsigned slots);
/* "is" or "are", of the servers in these slots. */
const char *say_are(unsigned slots);
/* The name, or the other text if it is NULL. */
const char *say_or(const char *name, const char *otherwise);

/* The sentence about a clock that differs by this much from the server's. */
void say_skew(struct verdict *v, int64_t skew_ns);

#endif
