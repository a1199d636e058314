/* Asks a link whether the machine with the MAC of a neighbour entry still answers for the entry's address: by an ARP
 * probe or a neighbour solicitation that goes to this MAC alone. No neighbour table changes. Needs CAP_NET_RAW. */
#ifndef FLOATPROBE_ENTRY_CHECK_H
#define FLOATPROBE_ENTRY_CHECK_H

#include "common/core/evidence.h"
#include "common/system/rtnl.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct entry_check;
struct entry_check *entry_check_new(void); /* NULL if memory is out */
/* Returns 0 or -errno (-EPERM: no CAP_NET_RAW); after an error nothing is asked. */
int entry_check_start(struct entry_check *check, uv_loop_t *loop) __attribute__((warn_unused_result));
/* Free it after the loop has closed its handles. Both accept NULL. */
void entry_check_stop(struct entry_check *check);
void entry_check_free(struct entry_check *check);

/* Ask on this link, at most once in ENTRY_CHECK_AGAIN_NS about the same entry. */
void entry_check_ask(struct entry_check *check, const struct rtnl_link *link, const struct endpoint *address,
		     const uint8_t mac[EVIDENCE_MAC_LEN], int64_t now_ns);

/* What the link said, in the words of the evidence. *waits: it may still answer. */
enum evidence_asked entry_check_result(struct entry_check *check, const struct endpoint *address,
				       const uint8_t mac[EVIDENCE_MAC_LEN], int64_t now_ns, bool *waits);

#endif
