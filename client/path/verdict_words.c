#include "client/path/verdict_words.h"

#define WORDS(list)   static const char *const words[] = { list(X) }
#define X(name, word) word,

const char *verdict_state_word(enum verdict_state state)
{
	WORDS(VERDICT_STATES);

	return words[state];
}

const char *verdict_direction_word(enum verdict_direction direction)
{
	WORDS(VERDICT_DIRECTIONS);

	return words[direction];
}

const char *verdict_cause_word(enum verdict_cause cause)
{
	WORDS(VERDICT_CAUSES);

	return words[cause];
}

#undef X
