/* Puts a history in the order in which it is told, events on the clock of the first vantage. */
#ifndef FLOATPROBE_ORDER_H
#define FLOATPROBE_ORDER_H

#include "client/report/history.h"

/* After outages_find. false: no memory. */
bool order_all(struct history *history) __attribute__((warn_unused_result));

#endif
