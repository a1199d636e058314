#include "client/doctor/doctor_judge.h"

#include "client/doctor/doctor_rule.h"

#include <string.h>

static doctor_rule *const rules[] = {
#define RULE(name, ...) doctor_##name,
	DOCTOR_RULES(RULE)
#undef RULE
};

void doctor_judge(const struct doctor_facts *facts, struct doctor_findings *findings)
{
	memset(findings, 0, sizeof *findings);
	for (size_t i = 0; i < DOCTOR_RULES_LEN; i++)
		rules[i](facts, findings);
}
