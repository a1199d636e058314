/* Applies the rules of doctor_rules.h to the facts of a host. Pure: no system calls. */
#ifndef FLOATPROBE_DOCTOR_JUDGE_H
#define FLOATPROBE_DOCTOR_JUDGE_H

#include "client/doctor/doctor_facts.h"
#include "client/doctor/doctor_rules.h"

void doctor_judge(const struct doctor_facts *facts, struct doctor_findings *findings);

#endif
