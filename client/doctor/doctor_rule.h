/* Helpers for the rules of doctor_rules.h. Texts are copied into the finding. */
#ifndef FLOATPROBE_DOCTOR_RULE_H
#define FLOATPROBE_DOCTOR_RULE_H

#include "client/doctor/doctor_facts.h"
#include "client/doctor/doctor_rules.h"
#include "common/config/alloc.h"
#include "common/config/units.h"

#include <inttypes.h>
#include <stddef.h>

typedef void doctor_rule(const struct doctor_facts *facts, struct doctor_findings *findings);
#define DOCTOR_DECLARE(name, ...) doctor_rule doctor_##name;
DOCTOR_RULES(DOCTOR_DECLARE)
#undef DOCTOR_DECLARE

/* Add a finding of the rule. The result is valid until the next doctor_found: add commands to it before. */
struct doctor_finding *doctor_found(struct doctor_findings *findings, enum doctor_rule_id rule,
				    enum doctor_severity severity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The command that fixes the finding at once. */
void doctor_fix(struct doctor_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How to make the fix permanent. */
void doctor_fix_for_good(struct doctor_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The fix is a sysctl, for example "net.ipv4.conf", "eth0" (NULL: no interface), "rp_filter". */
void doctor_fix_sysctl(struct doctor_finding *finding, const char *prefix, const char *interface, const char *key,
		       int64_t value);

/* NULL, and the name "?", for an interface that the facts do not have. */
const struct doctor_link *doctor_link(const struct doctor_facts *facts, unsigned index);
const char *doctor_link_name(const struct doctor_facts *facts, unsigned index);

#endif
