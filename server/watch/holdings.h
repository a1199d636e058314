/* What this host knows of the addresses that a query names: has it one of them, and on which interface? Of an address
 * that it does not have, but that belongs on one of its links, it asks the link: an empty datagram to the discard port,
 * which never leaves the link, makes the kernel ask by ARP or ND, and the neighbour table has the answer a second
 * later. Needs no capability. */
#ifndef FLOATPROBE_HOLDINGS_H
#define FLOATPROBE_HOLDINGS_H

#include "common/core/evidence.h"
#include "server/watch/ifaces.h"

struct holdings;

/* Returns NULL if memory is out. The caller owns netlink and ifaces, which must outlive this. */
struct holdings *holdings_new(struct netlink *netlink, const struct ifaces *ifaces);
void holdings_free(struct holdings *holdings);

/* Complete the record of holding->address. came_by: index of the link by which frames for it come; 0: none is known. */
void holdings_look(struct holdings *holdings, unsigned came_by, int64_t now_ns, struct evidence_holding *holding);

#endif
