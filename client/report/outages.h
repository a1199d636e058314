/* From the changes of paths to outages, and, where a journal has no incidents, from these to incidents. */
#ifndef FLOATPROBE_OUTAGES_H
#define FLOATPROBE_OUTAGES_H

#include "client/report/history.h"

/* After the last record: find outages, add the incidents that no record tells, leave out those that the filter does not
 * want. false: no memory. */
bool outages_find(struct history *history) __attribute__((warn_unused_result));

#endif
