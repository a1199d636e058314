/* What the other paths of a path's target at the same address show of it: its siblings by another protocol, size or
 * source port. */
#ifndef FLOATPROBE_SIBLINGS_H
#define FLOATPROBE_SIBLINGS_H

#include "client/engine/engine.h"
#include "client/verdict/verdict_evidence.h"

#include <stdbool.h>
#include <stddef.h>

/* Does items[i] fail where its siblings of another protocol or a smaller size do not? Fills what concerns them in
 * *context; its `flows` stay as they are. */
void siblings_compare(const struct engine *engine, size_t i, enum mode mode, struct verdict_context *context);
/* The same for UDP flows of the same size: other source ports. */
void siblings_compare_flows(const struct engine *engine, size_t i, enum mode mode, struct verdict_flows *flows);

/* What was said to a sibling and concerns this path, too: an error (they share the limit of those), and that another
 * holder of the address hears other clients. The tally is there already. */
void siblings_tell(const struct engine *engine, size_t i, struct verdict_evidence *evidence);
/* The twin probes of the target stand beside its first UDP path. */
void siblings_twins(const struct engine *engine, size_t i, struct twin_counts *twins);

#endif
