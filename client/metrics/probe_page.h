/* /probe?target=NAME of `floatprobe run`, in the manner of blackbox_exporter: what the running schedule has found on
 * one target. Nothing is sent for it. module=udp or module=tcp: of that protocol alone. */
#ifndef FLOATPROBE_PROBE_PAGE_H
#define FLOATPROBE_PROBE_PAGE_H

#include "client/metrics/run_metrics.h"

/* For struct web_route. */
void probe_page_answer(const struct run_metrics *metrics, const struct web_request *request, struct web_reply *reply);

#endif
