#include "client/report/record_name.h"

#include <stdio.h>
#include <string.h>

bool record_name_same_target(const struct record_name *a, const struct record_name *b)
{
	return strcmp(a->vantage, b->vantage) == 0 && strcmp(a->target, b->target) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

const char *record_name_kind(const struct record_name *name, char words[RECORD_NAME_WORDS_LEN])
{
	char much[RECORD_WORD_LEN] = "", which[RECORD_WORD_LEN] = "";

	if (name->size < 0) {
		snprintf(words, RECORD_NAME_WORDS_LEN, "%s", name->protocol);
		return words;
	}
	snprintf(much, sizeof much, "/%lld", (long long)name->size);
	if (name->flow_index >= 0)
		snprintf(which, sizeof which, " %lld", (long long)name->flow_index);
	snprintf(words, RECORD_NAME_WORDS_LEN, "%s%s %s%s%s", name->protocol, much, name->flow, which,
		 name->pmtu ? " pmtu" : "");
	return words;
}

const char *record_name_words(const struct record_name *name, char words[RECORD_NAME_WORDS_LEN])
{
	char kind[RECORD_NAME_WORDS_LEN];

	record_name_kind(name, kind);
	snprintf(words, RECORD_NAME_WORDS_LEN, "%.72s %.48s %.160s", name->target, *name->address ? name->address : "-",
		 kind);
	return words;
}
