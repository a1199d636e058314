#include "server/watch/address_watch.h"

#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "server/watch/claims.h"
#include "server/watch/conflicts.h"
#include "server/watch/tap.h"

#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CONFLICTS_MAX = 64, PROBED_AT_ONCE_MAX = 128 };

struct address_watch {
	const struct ifaces *ifaces;
	struct findings *findings;
	struct conflicts *conflicts;
	struct tap *arp, *nd;
	uv_loop_t *loop; /* NULL: not started */
	uv_timer_t again;
};

/* ---- claims ---- */

static void probe_for_claims(struct address_watch *w, int64_t now_ns);

/* A claim may have been the last one of its machine, and no client may ask about it: it would stand for ever. */
static void look_at_claims(uv_timer_t *timer)
{
	struct address_watch *w = timer->data;

	tap_drain(w->arp);
	tap_drain(w->nd);
	probe_for_claims(w, clock_mono_ns());
	if (!conflicts_next(w->conflicts, NULL))
		uv_timer_stop(timer);
}

static void look_again(struct address_watch *w)
{
	const uint64_t ms = CONFLICTS_QUESTION_INTERVAL_NS / NS_PER_MS;

	if (w->loop && !uv_is_active((uv_handle_t *)&w->again) && conflicts_next(w->conflicts, NULL))
		uv_timer_start(&w->again, look_at_claims, ms, ms);
}

static void tell(struct address_watch *w, const struct conflict *c, const char *interface)
{
	static const char *const sentences[] = {
		[CONFLICTS_CLAIM] = "also claims it",
		[CONFLICTS_PROBE] =
		    "asked whether anybody has it (as before taking an address; some switches ask often)",
		[CONFLICTS_DADFAILED] = "already has it, so the kernel does not use it",
	};
	bool known = c->key.kind != CONFLICTS_DADFAILED;
	char address[UNITS_ADDRESS_LEN], mac[UNITS_MAC_LEN];

	units_address_text(c->key.address, address);
	units_mac_text(c->key.mac, mac);
	findings_tell(w->findings, FINDINGS_CLAIM,
		      json_pack("{ss ss so ss sI}", "address", address, "interface", interface, "mac",
				known ? json_string(mac) : json_null(), "kind",
				conflicts_kind_text((enum conflicts_kind)c->key.kind), "count", (json_int_t)c->count),
		      "%sthis host has %s on %s, but %s%s %s (seen %u times)",
		      c->key.kind == CONFLICTS_PROBE ? "" : "address conflict: ", address, interface,
		      known ? "the machine with MAC " : "another machine", known ? mac : "", sentences[c->key.kind],
		      (unsigned)c->count);
}

/* Ignore a claim that is seen on another link than the one that has the address: the address may be held without ARP,
 * behind the machine that answers for it. */
static void on_claim(struct address_watch *w, const struct packet_socket_frame *frame, const struct claim *claim)
{
	const struct rtnl_address *ours = ifaces_address(w->ifaces, &claim->address);
	const struct rtnl_link *link = ifaces_link(w->ifaces, frame->link);
	const struct conflict *conflict;

	if (!ours || !link || ours->link != frame->link || !w->ifaces->complete || !frame->has_mac ||
	    ifaces_has_mac(w->ifaces, frame->mac))
		return;
	conflict = conflicts_note(w->conflicts, claim->probe ? CONFLICTS_PROBE : CONFLICTS_CLAIM, &claim->address,
				  frame->mac, frame->received_ns);
	if (conflict)
		tell(w, conflict, link->name);
	look_again(w);
}

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct claim claim;

	if (claims_read(frame->buf, frame->len, &claim))
		on_claim(context, frame, &claim);
}

static void note_failed_detection(struct address_watch *w)
{
	static const uint8_t not_known[EVIDENCE_MAC_LEN];

	for (unsigned i = 0; i < w->ifaces->addresses_len; i++) {
		const struct rtnl_address *a = &w->ifaces->addresses[i];
		const struct rtnl_link *link;
		const struct conflict *conflict;

		if (!(a->flags & IFA_F_DADFAILED))
			continue;
		link = ifaces_link(w->ifaces, a->link);
		conflict = conflicts_note(w->conflicts, CONFLICTS_DADFAILED, &a->address, not_known, clock_mono_ns());
		if (conflict)
			tell(w, conflict, link ? link->name : "?");
	}
	look_again(w);
}

/* Forget claims on addresses that moved away: during the move two machines may have the address. */
static void forget_lost_addresses(struct address_watch *w)
{
	for (const struct conflict *c = conflicts_next(w->conflicts, NULL); c; c = conflicts_next(w->conflicts, c)) {
		struct endpoint claimed = endpoint_of(c->key.address, 0);

		if (!ifaces_address(w->ifaces, &claimed))
			conflicts_forget(w->conflicts, &claimed);
	}
}

/* ---- start and stop ---- */

struct address_watch *address_watch_new(const struct ifaces *ifaces, struct findings *findings)
{
	struct address_watch *w = calloc(1, sizeof *w);
	uint8_t hash_key[crypto_shorthash_KEYBYTES];

	if (!w)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	w->ifaces = ifaces;
	w->findings = findings;
	w->conflicts = conflicts_new(CONFLICTS_MAX, hash_key);
	w->arp = tap_new(on_frame, w);
	w->nd = tap_new(on_frame, w);
	if (w->conflicts && w->arp && w->nd)
		return w;
	address_watch_free(w);
	return NULL;
}

void address_watch_free(struct address_watch *watch)
{
	if (!watch)
		return;
	conflicts_free(watch->conflicts);
	tap_free(watch->arp);
	tap_free(watch->nd);
	free(watch);
}

static void make_filters(const struct address_watch *w, struct bpf_program *arp, struct bpf_program *nd)
{
	struct endpoint addresses[BPF_FILTER_ADDRESSES_MAX]; /* with more, the filters accept any */

	for (unsigned i = 0; i < w->ifaces->addresses_len && i < BPF_FILTER_ADDRESSES_MAX; i++)
		addresses[i] = w->ifaces->addresses[i].address;
	bpf_arp(arp, addresses, w->ifaces->addresses_len);
	bpf_nd(nd, addresses, w->ifaces->addresses_len);
}

int address_watch_start(struct address_watch *watch, uv_loop_t *loop)
{
	struct bpf_program arp, nd;
	int error;

	uv_timer_init(loop, &watch->again);
	watch->again.data = watch;
	watch->loop = loop;
	note_failed_detection(watch);
	make_filters(watch, &arp, &nd);
	error = tap_start(watch->arp, loop, ETH_P_ARP, &arp);
	return error < 0 ? error : tap_start(watch->nd, loop, ETH_P_IPV6, &nd);
}

void address_watch_stop(struct address_watch *watch)
{
	if (!watch)
		return;
	if (watch->loop)
		uv_close((uv_handle_t *)&watch->again, NULL);
	tap_stop(watch->arp);
	tap_stop(watch->nd);
}

void address_watch_own_changed(struct address_watch *watch)
{
	struct bpf_program arp, nd;
	int error = 0;

	forget_lost_addresses(watch);
	note_failed_detection(watch);
	make_filters(watch, &arp, &nd);
	if (tap_is_open(watch->arp))
		error = tap_set_filter(watch->arp, &arp);
	if (error == 0 && tap_is_open(watch->nd))
		error = tap_set_filter(watch->nd, &nd);
	if (error < 0)
		log_warning("cannot watch for claims of the current addresses of this host: %s", strerror(-error));
}

/* ---- evidence ---- */

static int probe_by_arp(struct address_watch *w, const struct rtnl_link *link, const struct endpoint *address)
{
	static const uint8_t broadcast[CLAIMS_MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t probe[CLAIMS_ARP_LEN];

	claims_write_arp_probe(probe, link->mac, address);
	return tap_send(w->arp, ETH_P_ARP, link->index, broadcast, probe, sizeof probe);
}

static int probe_by_nd(struct address_watch *w, const struct rtnl_link *link, const struct endpoint *address)
{
	uint8_t solicitation[CLAIMS_SOLICITATION_LEN], to[CLAIMS_MAC_LEN];

	claims_write_solicitation(solicitation, to, link->mac, address);
	return tap_send(w->nd, ETH_P_IPV6, link->index, to, solicitation, sizeof solicitation);
}

/* Probe the link for an address of ours. Skip an address that our kernel does not use: the other machine may have it
 * rightly. */
static void probe_for(struct address_watch *w, const struct rtnl_address *address, int64_t now_ns)
{
	const struct rtnl_link *link = ifaces_link(w->ifaces, address->link);
	int error;

	if (address->flags & (IFA_F_DADFAILED | IFA_F_TENTATIVE) || !link || !link->has_mac ||
	    !(link->flags & IFF_UP) || link->flags & IFF_NOARP ||
	    !conflicts_ask(w->conflicts, &address->address, now_ns))
		return;
	error = endpoint_is_v4(&address->address) ? probe_by_arp(w, link, &address->address)
						  : probe_by_nd(w, link, &address->address);
	if (error < 0)
		log_info("cannot ask on %s which other machine has an address of this host: %s", link->name,
			 strerror(-error));
}

static bool probe_for_flows(struct address_watch *w, const struct evidence_answer *answer, int64_t now_ns)
{
	bool any = false;

	for (unsigned i = 0; i < answer->flows_len; i++) {
		const struct rtnl_address *address = ifaces_address(w->ifaces, &answer->flows[i].arrived_on);

		if (!answer->flows[i].known || !address)
			continue;
		probe_for(w, address, now_ns);
		any = true;
	}
	return any;
}

/* Probe for each claimed address. The machine claims it again, or its claim stands no longer. */
static void probe_for_claims(struct address_watch *w, int64_t now_ns)
{
	for (const struct conflict *c = conflicts_next(w->conflicts, NULL); c; c = conflicts_next(w->conflicts, c)) {
		struct endpoint claimed = endpoint_of(c->key.address, 0);
		const struct rtnl_address *address = ifaces_address(w->ifaces, &claimed);

		if (address)
			probe_for(w, address, now_ns);
	}
}

static void probe_link(struct address_watch *w, const struct evidence_answer *answer, int64_t now_ns)
{
	probe_for_claims(w, now_ns);
	if (!probe_for_flows(w, answer, now_ns) && w->ifaces->addresses_len <= PROBED_AT_ONCE_MAX)
		for (unsigned i = 0; i < w->ifaces->addresses_len; i++)
			probe_for(w, &w->ifaces->addresses[i], now_ns);
}

/* Read the waiting frames first: they may repeat a claim that would otherwise be withdrawn. */
void address_watch_collect(struct address_watch *watch, struct evidence_answer *answer)
{
	int64_t now_ns = clock_mono_ns();

	tap_drain(watch->arp);
	tap_drain(watch->nd);
	if (tap_is_open(watch->arp) && tap_is_open(watch->nd))
		probe_link(watch, answer, now_ns);
	tap_drain(watch->arp);
	tap_drain(watch->nd);
	conflicts_tell(watch->conflicts, now_ns, answer);
}

unsigned address_watch_claims(const struct address_watch *watch)
{
	unsigned claims = 0;

	for (const struct conflict *c = conflicts_next(watch->conflicts, NULL); c;
	     c = conflicts_next(watch->conflicts, c))
		claims++;
	return claims;
}
