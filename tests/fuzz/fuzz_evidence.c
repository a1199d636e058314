/* The plain text of evidence, as query and as answer. What was read can be written in the same room, and what was
 * written reads to the same octets again: nothing is lost and nothing is made up on the way. */
#include "common/core/evidence.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { TEXT_MAX = 16384 };

static void query_survives(const uint8_t *data, size_t size)
{
	static struct evidence_query query, again;
	static uint8_t once[TEXT_MAX], twice[TEXT_MAX];
	if (!evidence_read_query(data, size, &query))
		return;
	FUZZ_CHECK(evidence_write_query(once, size, &query));
	FUZZ_CHECK(evidence_read_query(once, size, &again));
#define X(type, name, record, max, whole) FUZZ_CHECK(query.name##_len <= (max) && again.name##_len == query.name##_len);
	EVIDENCE_QUERY_LISTS(X)
#undef X
	FUZZ_CHECK(evidence_write_query(twice, size, &again));
	FUZZ_CHECK(memcmp(once, twice, size) == 0);
}

static void answer_survives(const uint8_t *data, size_t size)
{
	static struct evidence_answer answer, again;
	static uint8_t once[TEXT_MAX], twice[TEXT_MAX];
	if (!evidence_read_answer(data, size, &answer))
		return;
	evidence_write_answer(once, size, &answer);
	FUZZ_CHECK(evidence_read_answer(once, size, &again));
	FUZZ_CHECK(again.truncated == answer.truncated);
#define X(type, name, record, max, whole)                                                                              \
	FUZZ_CHECK(answer.name##_len <= (max) && again.name##_len == answer.name##_len);
	EVIDENCE_ANSWER_LISTS(X)
#undef X
	evidence_write_answer(twice, size, &again);
	FUZZ_CHECK(memcmp(once, twice, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > TEXT_MAX)
		return 0;
	query_survives(data, size);
	answer_survives(data, size);
	return 0;
}
