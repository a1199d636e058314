/* Takes the records of journals into a history. */
#ifndef FLOATPROBE_INTAKE_H
#define FLOATPROBE_INTAKE_H

#include "client/report/history.h"

/* owner: whose journal it is, for records of servers that do not say it. false: no memory. */
bool intake_add(struct history *history, const struct record *record, const char *owner)
    __attribute__((warn_unused_result));

#endif
