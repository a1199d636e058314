/* Deletes one wrong neighbour entry (needs CAP_NET_ADMIN), the same one at most once a minute. The kernel then resolves
 * the address again. */
#ifndef FLOATPROBE_REPAIR_H
#define FLOATPROBE_REPAIR_H

#include "common/core/endpoint.h"
#include "common/system/netlink.h"

#include <stdint.h>

struct repair;
struct repair *repair_new(struct netlink *nl, const uint8_t hash_key[16]); /* NULL if memory is out */
void repair_free(struct repair *repair);

/* Returns 0: deleted; -EAGAIN: tried less than a minute ago; another -errno (-EPERM: no CAP_NET_ADMIN). */
int repair_neighbour(struct repair *repair, const struct endpoint *address, unsigned link, int64_t now_ns)
    __attribute__((warn_unused_result));

#endif
