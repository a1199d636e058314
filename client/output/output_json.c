#include "client/output/output_formats.h"

#include "common/system/journal.h"

bool output_json(FILE *out, json_t *object)
{
	if (!object)
		return false;
	/* ferror(out) reports both failures. */
	json_dumpf(object, out, JOURNAL_JSON_FLAGS);
	fputc('\n', out);
	json_decref(object);
	return true;
}
