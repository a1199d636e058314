/* Compares a path with its siblings: the paths of the same target and address with another protocol, size or source
 * port. */
#ifndef FLOATPROBE_SIBLINGS_H
#define FLOATPROBE_SIBLINGS_H

#include "client/engine/engine.h"
#include "client/verdict/verdict_evidence.h"

#include <stdbool.h>
#include <stddef.h>

/* Compare items[i] with its siblings of another protocol or a smaller size. Fills those fields of *context, but not
 * `flows`. */
void siblings_compare(const struct engine *engine, size_t i, enum mode mode, struct verdict_context *context);
/* Compare items[i] with the UDP flows of the same size from other source ports. */
void siblings_compare_flows(const struct engine *engine, size_t i, enum mode mode, struct verdict_flows *flows);

/* Compare the connections of items[i], each of which has its own port, with the held flows to its endpoint. */
void siblings_compare_connections(const struct engine *engine, size_t i, struct verdict_flows *flows);

/* Compare items[i], if it uses new ports, with the held flows to its endpoint. Fills context->new_flows
 * and new_flows_pass. */
void siblings_compare_new_flows(const struct engine *engine, size_t i, enum mode mode, struct verdict_context *context);

/* Add evidence of siblings that applies to this path: the last ICMP error, as they share its rate limit or its reason,
 * and a second holder of the address that hears other clients. The tally and the hints of the path itself are already
 * filled.
 */
void siblings_tell(const struct engine *engine, size_t i, enum mode mode, struct verdict_evidence *evidence);
/* The twin probes of the target; only its first UDP path has them. */
void siblings_twins(const struct engine *engine, size_t i, struct twin_counts *twins);

#endif
