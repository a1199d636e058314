#include "server/watch/repair.h"

#include "common/core/lru.h"
#include "common/core/thresholds.h"
#include "common/system/rtnl.h"

#include <errno.h>
#include <stdlib.h>

enum { REMEMBERED = 256 };

struct attempt {
	struct {
		uint8_t address[16];
		uint32_t link;
	} key;
	int64_t at_ns; /* 0: never */
};

struct repair {
	struct netlink *nl;
	struct lru *attempts;
};

struct repair *repair_new(struct netlink *nl, const uint8_t hash_key[16])
{
	const struct lru_settings settings = { REMEMBERED, sizeof(struct attempt), sizeof((struct attempt *)0)->key,
					       hash_key };
	struct repair *r = calloc(1, sizeof *r);

	if (r && (r->attempts = lru_init(malloc(lru_size(&settings)), &settings))) {
		r->nl = nl;
		return r;
	}
	free(r);
	return NULL;
}

void repair_free(struct repair *repair)
{
	if (repair)
		free(repair->attempts);
	free(repair);
}

int repair_neighbour(struct repair *repair, const struct endpoint *address, unsigned link, int64_t now_ns)
{
	struct attempt wanted = { .key = { .link = link } }, *attempt;
	bool evicted;

	memcpy(wanted.key.address, address->address, sizeof wanted.key.address);
	attempt = lru_use(repair->attempts, &wanted.key, &evicted);
	if (attempt->at_ns && now_ns - attempt->at_ns < REPAIR_AGAIN_NS)
		return -EAGAIN;
	attempt->at_ns = now_ns;
	return rtnl_delete_neighbour(repair->nl, address, link);
}
