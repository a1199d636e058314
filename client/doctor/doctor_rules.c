#include "client/doctor/doctor_rules.h"

#include <stdlib.h>

static const struct {
	const char *id, *why;
} rules[] = {
#define RULE(name, id, why) { id, why },
	DOCTOR_RULES(RULE)
#undef RULE
};

const char *doctor_severity_word(enum doctor_severity severity)
{
	static const char *const words[] = {
		[DOCTOR_ERROR] = "error",
		[DOCTOR_WARNING] = "warning",
		[DOCTOR_NOTE] = "note",
	};
	return words[severity];
}

const char *doctor_finding_id(const struct doctor_finding *finding)
{
	return rules[finding->rule].id;
}

const char *doctor_finding_why(const struct doctor_finding *finding)
{
	return rules[finding->rule].why;
}

void doctor_findings_free(struct doctor_findings *findings)
{
	for (size_t i = 0; i < findings->len; i++) {
		free(findings->items[i].seen);
		free(findings->items[i].command);
		free(findings->items[i].permanent);
	}
	free(findings->items);
}
