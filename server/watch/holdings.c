#include "server/watch/holdings.h"

#include "common/core/age.h"
#include "common/core/lru.h"
#include "common/core/thresholds.h"
#include "common/system/proc.h"
#include "common/system/udp.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUESTIONS_MAX = 64, DISCARD_PORT = 9, ANSWERED = NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_STALE };

struct question { /* the link was asked for this address */
	uint8_t address[16];
	int64_t first_ns, newest_ns; /* monotonic: of questions in a row; 0: never */
};

struct holdings {
	struct netlink *netlink;
	const struct ifaces *ifaces;
	struct lru *questions;
	int sockets[2]; /* IPv4, IPv6; -1: not open */
};

struct holdings *holdings_new(struct netlink *netlink, const struct ifaces *ifaces)
{
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	const struct lru_settings settings = { QUESTIONS_MAX, sizeof(struct question),
					       sizeof((struct question *)0)->address, hash_key };
	struct holdings *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	h->netlink = netlink;
	h->ifaces = ifaces;
	h->sockets[0] = h->sockets[1] = -1;
	h->questions = lru_init(malloc(lru_size(&settings)), &settings);
	if (h->questions)
		return h;
	holdings_free(h);
	return NULL;
}

void holdings_free(struct holdings *holdings)
{
	if (!holdings)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (holdings->sockets[i] >= 0)
			close(holdings->sockets[i]);
	free(holdings->questions);
	free(holdings);
}

/* ---- an address of ours ---- */

static void name_interface(const struct ifaces *ifaces, unsigned index, struct evidence_holding *holding)
{
	const struct rtnl_link *link = ifaces_link(ifaces, index);

	memset(holding->interface, 0, sizeof holding->interface);
	if (link)
		memcpy(holding->interface, link->name, strnlen(link->name, sizeof holding->interface - 1));
}

static enum evidence_holding_state state_of(const struct ifaces *ifaces, const struct rtnl_address *address)
{
	const struct rtnl_link *link = ifaces_link(ifaces, address->link);

	if (address->flags & IFA_F_DADFAILED)
		return EVIDENCE_DUPLICATE;
	if (address->flags & IFA_F_TENTATIVE && !(address->flags & IFA_F_OPTIMISTIC))
		return EVIDENCE_TENTATIVE;
	return link && !(link->flags & IFF_UP) ? EVIDENCE_LINK_DOWN : EVIDENCE_HELD;
}

/* Several interfaces may have it: one that can use it counts. */
static void look_at_interfaces(const struct ifaces *ifaces, struct evidence_holding *holding)
{
	const struct rtnl_address *a = ifaces_address(ifaces, &holding->address);

	holding->state = EVIDENCE_ABSENT;
	for (; a && holding->state != EVIDENCE_HELD; a = ifaces_same_address(ifaces, a)) {
		holding->state = state_of(ifaces, a);
		name_interface(ifaces, a->link, holding);
	}
}

/* ---- an address of somebody else ---- */

static bool is_in_network(const struct endpoint *address, const struct rtnl_address *own)
{
	bool v4 = endpoint_is_v4(address);
	unsigned bits = own->prefix_len + (v4 ? 96 : 0), octets = bits / 8;

	if (v4 != endpoint_is_v4(&own->address) || bits >= 128)
		return false;
	return memcmp(address->address, own->address.address, octets) == 0 &&
	       (address->address[octets] ^ own->address.address[octets]) >> (8 - bits % 8) == 0;
}

/* The link whose network contains the address; NULL: none. */
static const struct rtnl_link *find_network(const struct ifaces *ifaces, const struct endpoint *address)
{
	for (unsigned i = 0; i < ifaces->addresses_len; i++) {
		const struct rtnl_address *own = &ifaces->addresses[i];
		const struct rtnl_link *link = is_in_network(address, own) ? ifaces_link(ifaces, own->link) : NULL;
		if (link && link->flags & IFF_UP)
			return link;
	}
	return NULL;
}

static void ask_link(struct holdings *h, const struct endpoint *address)
{
	bool v4 = endpoint_is_v4(address);
	const struct udp_options options = { .family = v4 ? AF_INET : AF_INET6 };
	struct endpoint to = endpoint_of(address->address, DISCARD_PORT);
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(&to, options.family, 0, &ss);
	int *fd = &h->sockets[v4 ? 0 : 1];

	if (*fd < 0)
		*fd = udp_open(&options);
	if (*fd >= 0) /* an error leaves no entry, and so no answer */
		sendto(*fd, "", 0, MSG_DONTROUTE | MSG_DONTWAIT, (struct sockaddr *)&ss, len);
}

/* The kernel does not ask again for a valid entry: that of a machine that is gone stays valid for a while. */
static enum evidence_link_answer answer_of(const struct rtnl_neighbour *entry, const struct question *question,
					   int64_t now_ns)
{
	int64_t age_ns = (int64_t)entry->confirmed_ms * NS_PER_MS;
	bool asked = question->newest_ns && now_ns - age_ns >= question->first_ns - HOLDINGS_TICK_NS &&
		     age_ns <= HOLDINGS_AGAIN_NS;

	return entry->confirmed_ms != UINT32_MAX && (age_ns <= HOLDINGS_CONFIRMED_NS || asked)
		   ? EVIDENCE_LINK_ANSWERS
		   : EVIDENCE_LINK_REMEMBERS;
}

/* The entry is that of the questions before this one. */
static void read_answer(struct holdings *h, const struct rtnl_link *link, const struct question *question,
			int64_t now_ns, struct evidence_holding *holding)
{
	struct rtnl_neighbour entry;
	bool waited = question->newest_ns && now_ns - question->first_ns >= HOLDINGS_ANSWER_NS;

	if (rtnl_neighbour_at(h->netlink, &holding->address, link->index, &entry) < 0)
		return;
	if (entry.state & ANSWERED && entry.has_mac) {
		holding->link_answer = answer_of(&entry, question, now_ns);
		memcpy(holding->mac, entry.mac, sizeof holding->mac);
	} else if (entry.state & NUD_FAILED || (entry.state & NUD_INCOMPLETE && waited)) {
		holding->link_answer = EVIDENCE_LINK_NOBODY;
	}
}

static void look_at_link(struct holdings *h, int64_t now_ns, struct evidence_holding *holding)
{
	const struct rtnl_link *link = find_network(h->ifaces, &holding->address);
	struct question *question;
	bool evicted;

	if (!link)
		return;
	name_interface(h->ifaces, link->index, holding);
	if (link->flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT))
		return;
	question = lru_use(h->questions, holding->address.address, &evicted);
	if (now_ns - question->newest_ns > HOLDINGS_SERIES_NS)
		question->first_ns = now_ns;
	read_answer(h, link, question, now_ns, holding);
	question->newest_ns = now_ns;
	ask_link(h, &holding->address);
}

static void look_at_routes(struct holdings *h, unsigned came_by, struct evidence_holding *holding)
{
	const struct endpoint any = { .port = 0 };
	unsigned vrf = vrf_of_link(&h->ifaces->vrfs, came_by);
	struct rtnl_route way;
	bool routed = rtnl_route_by(h->netlink, &holding->address, &any, vrf, 0, &way) == 0;

	if (routed && way.type == RTN_LOCAL) { /* of a kind that the list of addresses does not have */
		holding->state = EVIDENCE_HELD;
		name_interface(h->ifaces, way.link, holding);
		return;
	}
	holding->forwards =
	    proc_sysctl(endpoint_is_v4(&holding->address) ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding",
			1) != 0;
	holding->routes = holding->forwards && routed && came_by && way.link != came_by;
}

void holdings_look(struct holdings *holdings, unsigned came_by, int64_t now_ns, struct evidence_holding *holding)
{
	int64_t lost_ns = ifaces_lost_ns(holdings->ifaces, &holding->address);

	look_at_interfaces(holdings->ifaces, holding);
	if (holding->state == EVIDENCE_ABSENT)
		look_at_routes(holdings, came_by, holding);
	if (holding->state != EVIDENCE_ABSENT)
		return;
	holding->absent_ms = lost_ns ? age_ms(lost_ns, now_ns) : UINT32_MAX;
	look_at_link(holdings, now_ns, holding);
}
