/* What the other paths of a path's target at the same address show of it: its fellows by another protocol, size or
 * source port. */
#ifndef FLOATPROBE_FELLOWS_H
#define FLOATPROBE_FELLOWS_H

#include "client/engine/engine.h"
#include "client/verdict/verdict_evidence.h"

#include <stdbool.h>
#include <stddef.h>

/* Does items[i] fail where its fellows of another protocol or a smaller size do not? Fills what concerns them in
 * *context; its `flows` stay as they are. */
void fellows_compare(const struct engine *engine, size_t i, bool round, struct verdict_context *context);
/* The same for UDP flows of the same size: other source ports. */
void fellows_compare_flows(const struct engine *engine, size_t i, bool round, struct verdict_flows *flows);

/* What was said to a fellow and concerns this path, too: an error (they share the limit of those), and that another
 * holder of the address hears other clients. The tally is there already. */
void fellows_tell(const struct engine *engine, size_t i, struct verdict_evidence *evidence);
/* The twin probes of the target stand beside its first UDP path. */
void fellows_twins(const struct engine *engine, size_t i, struct twin_counts *twins);

#endif
