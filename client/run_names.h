/* What the log and the journal of `run` say of names: that one moved, cannot be resolved, or can be again. */
#ifndef FLOATPROBE_RUN_NAMES_H
#define FLOATPROBE_RUN_NAMES_H

#include "client/engine/driver.h"
#include "client/run_journal.h"

void run_names_tell(struct run_journal *journal, const struct resolver_name *name, enum resolver_event event);

#endif
