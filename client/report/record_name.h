/* What identifies a path in a journal, and how it is said. Pure. */
#ifndef FLOATPROBE_RECORD_NAME_H
#define FLOATPROBE_RECORD_NAME_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RECORD_NAME_LEN = 72,
	RECORD_ADDRESS_LEN = 48,
	RECORD_WORD_LEN = 24,
	RECORD_NAME_WORDS_LEN = 320,
};

struct record_name { /* all octets behind a text are 0 */
	char vantage[RECORD_NAME_LEN], target[RECORD_NAME_LEN], role[RECORD_WORD_LEN], address[RECORD_ADDRESS_LEN];
	char protocol[RECORD_WORD_LEN], flow[RECORD_WORD_LEN];
	int64_t port, size, flow_index; /* -1: null, or not there */
	bool pmtu;
};

/* Paths to the same address, from the same vantage. */
bool record_name_same_target(const struct record_name *a, const struct record_name *b);
/* "bootnode 203.0.113.7 udp/512 held". Returns words. */
const char *record_name_words(const struct record_name *name, char words[RECORD_NAME_WORDS_LEN]);
/* Without target and address: "udp/512 held", "tcp". Returns words. */
const char *record_name_kind(const struct record_name *name, char words[RECORD_NAME_WORDS_LEN]);

#endif
