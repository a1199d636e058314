#include "server/watch/neighbour_watch.h"

#include "common/config/units.h"
#include "common/core/age.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "server/watch/captures.h"
#include "server/watch/entry_check.h"
#include "server/watch/frames.h"
#include "server/watch/neighbour_findings.h"
#include "server/watch/neighbour_sources.h"
#include "server/watch/repair.h"
#include "server/watch/snapshots.h"
#include "server/watch/tap.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NEIGHBOURS_MAX = 4096,
	FRAMES_MAX = 1024,
	CAPTURES_MAX = 4096,
	SNAPSHOTS_MAX = 1024,
	LOOKS_AT_ONCE = 100,
	PENDING_MAX = 16,
	WHO_LEN = 64,
};
static const int64_t look_interval_ns = 20 * NS_PER_MS; /* each needs several requests to the kernel */

struct pending { /* a wrong entry, to be reported when it is known whether its MAC answers */
	struct endpoint client, local;
	char who[WHO_LEN];
};

struct neighbour_watch {
	struct neighbour_watch_settings settings;
	struct neighbour_findings found;
	struct neighbours *neighbours;
	struct frames *frames;
	struct captures *captures;
	struct snapshots *snapshots;
	struct repair *repair;
	struct entry_check *check;
	struct pending pending[PENDING_MAX];
	unsigned pending_len;
	struct tap *taps[2]; /* IPv4, IPv6 */
	struct bucket looks;
	bool logged_no_capability;
};

static void settle_pending(struct neighbour_watch *w);

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct neighbour_watch *w = context;
	struct captures_probe probe;
	struct ip_packet packet;

	if (!ip_read(frame->buf, frame->len, &packet))
		return;
	frames_note(w->frames, &packet, frame->link, frame->has_mac ? frame->mac : NULL, frame->received_ns);
	if (captures_read(&packet, &probe))
		captures_note(w->captures, &probe);
	settle_pending(w);
}

struct neighbour_watch *neighbour_watch_new(const struct neighbour_watch_settings *settings)
{
	struct neighbour_watch *w = calloc(1, sizeof *w);
	uint8_t hash_key[crypto_shorthash_KEYBYTES];

	if (!w)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	w->settings = *settings;
	w->found = (struct neighbour_findings){ settings->findings, settings->ifaces };
	w->neighbours = neighbours_new(NEIGHBOURS_MAX, hash_key);
	w->frames = frames_new(FRAMES_MAX, hash_key);
	w->captures = captures_new(CAPTURES_MAX, hash_key);
	w->snapshots = snapshots_new(SNAPSHOTS_MAX, hash_key);
	w->repair = repair_new(settings->netlink, hash_key);
	w->check = entry_check_new();
	for (unsigned i = 0; i < 2; i++)
		w->taps[i] = tap_new(on_frame, w);
	if (w->neighbours && w->frames && w->captures && w->snapshots && w->repair && w->check && w->taps[0] &&
	    w->taps[1])
		return w;
	neighbour_watch_free(w);
	return NULL;
}

void neighbour_watch_free(struct neighbour_watch *neighbour_watch)
{
	if (!neighbour_watch)
		return;
	neighbours_free(neighbour_watch->neighbours);
	frames_free(neighbour_watch->frames);
	captures_free(neighbour_watch->captures);
	snapshots_free(neighbour_watch->snapshots);
	repair_free(neighbour_watch->repair);
	entry_check_free(neighbour_watch->check);
	for (unsigned i = 0; i < 2; i++)
		tap_free(neighbour_watch->taps[i]);
	free(neighbour_watch);
}

/* One packet socket for each protocol. So the kernel passes each incoming packet once, whatever devices lie below
 * (VLAN, bridge, bond), and no outgoing packets. */
int neighbour_watch_start(struct neighbour_watch *neighbour_watch, uv_loop_t *loop)
{
	static const uint16_t protocols[] = { ETH_P_IP, ETH_P_IPV6 };
	const struct neighbour_watch_settings *s = &neighbour_watch->settings;
	const struct bpf_ports ports = { .udp = { s->port }, .tcp = { s->port }, .udp_len = s->udp, .tcp_len = s->tcp };
	struct bpf_program program;
	int error = 0;

	bpf_requests(&program, &ports);
	for (unsigned i = 0; i < 2 && error == 0; i++)
		error = tap_start(neighbour_watch->taps[i], loop, protocols[i], &program);
	return error ? error : entry_check_start(neighbour_watch->check, loop);
}

void neighbour_watch_stop(struct neighbour_watch *neighbour_watch)
{
	for (unsigned i = 0; neighbour_watch && i < 2; i++)
		tap_stop(neighbour_watch->taps[i]);
	entry_check_stop(neighbour_watch ? neighbour_watch->check : NULL);
}

/* ---- entries ---- */

void neighbour_watch_know(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour)
{
	struct neighbour before;

	neighbours_note(neighbour_watch->neighbours, neighbour, clock_mono_ns(), &before);
}

void neighbour_watch_note(struct neighbour_watch *neighbour_watch, const struct rtnl_neighbour *neighbour)
{
	int64_t now_ns = clock_mono_ns();
	struct neighbour before;
	const struct neighbour *now = neighbours_note(neighbour_watch->neighbours, neighbour, now_ns, &before);
	const struct snapshot *healed;

	if (!now)
		return;
	neighbour_findings_change(&neighbour_watch->found, &before, now);
	while ((healed = snapshots_heal(neighbour_watch->snapshots, now, now_ns)))
		if (healed->reported)
			neighbour_findings_healed(&neighbour_watch->found, healed);
}

/* Read the entry from the kernel: notifications may be pending or lost. */
static const struct neighbour *entry_of(struct neighbour_watch *w, const struct endpoint *address, unsigned link)
{
	struct rtnl_neighbour now;
	int error = rtnl_neighbour_at(w->settings.netlink, address, link, &now);

	if (error == -ENOENT)
		now = (struct rtnl_neighbour){ .address = *address, .link = link };
	if (error == 0 || error == -ENOENT)
		neighbour_watch_note(w, &now);
	return neighbours_find(w->neighbours, address, link);
}

/* ---- snapshots ---- */

static void drain(struct neighbour_watch *w)
{
	for (unsigned i = 0; i < 2; i++)
		tap_drain(w->taps[i]);
}

static void add_frame(const struct neighbour_watch *w, struct snapshots_view *view)
{
	const struct frames_seen *newest = frames_newest(w->frames, &view->client, &view->local);

	if (!newest)
		return;
	view->has_frame = true;
	view->frame_link = newest->link;
	memcpy(view->frame_mac, newest->mac, sizeof view->frame_mac);
	view->frame_ns = newest->newest_ns;
	view->frame_since_ns = frames_since_ns(w->frames, newest);
}

/* Get the view of a client now. local: the source address of our replies to it. Returns false if the limit is reached
 * or there is no unicast route. */
static bool read_view(struct neighbour_watch *w, const struct endpoint *client, const struct endpoint *local,
		      struct snapshots_view *view)
{
	unsigned vrf = vrf_of_address(&w->settings.ifaces->vrfs, local);
	struct rtnl_route route;

	if (!bucket_take(&w->looks, clock_mono_ns(), look_interval_ns, LOOKS_AT_ONCE) ||
	    rtnl_route_by(w->settings.netlink, client, local, vrf, 0, &route) != 0 || route.type != RTN_UNICAST)
		return false;
	*view = (struct snapshots_view){
		.client = *client,
		.local = *local,
		.next_hop = endpoint_is_unknown(&route.gateway) ? *client : route.gateway,
		.link = route.link,
		.interface = ifaces_link_name(w->settings.ifaces, route.link),
	};
	view->client.port = view->local.port = view->next_hop.port = 0;
	view->entry = entry_of(w, &view->next_hop, view->link);
	drain(w);
	add_frame(w, view);
	view->heard_ns = snapshots_heard_ns(w->snapshots, view);
	return true;
}

/* Does the machine with this MAC answer for the next hop's address? */
static enum evidence_asked ask_machine(struct neighbour_watch *w, const struct snapshot *s,
				       const uint8_t mac[RTNL_MAC_LEN], bool *waits)
{
	const struct endpoint *address = &s->seen.next_hop;
	int64_t now_ns = clock_mono_ns();

	entry_check_ask(w->check, ifaces_link(w->settings.ifaces, s->link), address, mac, now_ns);
	return entry_check_result(w->check, address, mac, now_ns, waits);
}

/* Has the machine whose MAC is in the entry the address as well? Returns false while that is not known yet. Of a
 * gateway that answers no questions nothing is known: the machine that forwards the client's frames has to answer for
 * the gateway's address. */
static bool ask_entry(struct neighbour_watch *w, struct snapshot *s)
{
	enum evidence_asked asked;
	bool waits = false;

	s->waits = false;
	if (!s->wrong || s->healed_ns != 0 || s->seen.repaired)
		return true;
	asked = ask_machine(w, s, s->seen.entry_mac, &s->waits);
	if (snapshots_is_of_gateway(s) && ask_machine(w, s, s->seen.frame_mac, &waits) != EVIDENCE_ANSWERS)
		asked = EVIDENCE_NOT_ASKED;
	s->waits = s->waits || waits;
	s->seen.asked = (uint8_t)asked;
	return !s->waits;
}

static struct snapshot *take(struct neighbour_watch *w, const struct endpoint *client, const struct endpoint *local)
{
	int64_t now_ns = clock_mono_ns();
	struct snapshots_view view;
	struct snapshot *s;

	if (!snapshots_wants(w->snapshots, client, local, now_ns) || !read_view(w, client, local, &view))
		return snapshots_find(w->snapshots, client, local);
	s = snapshots_take(w->snapshots, &view, now_ns);
	ask_entry(w, s);
	return s;
}

/* Only an entry whose MAC does not answer is deleted. */
static void repair(struct neighbour_watch *w, struct snapshot *s)
{
	int error = s->seen.asked == EVIDENCE_NO_ANSWER
			? repair_neighbour(w->repair, &s->seen.next_hop, s->link, clock_mono_ns())
			: -EPERM;

	if (error == 0) {
		s->seen.repaired = true;
		neighbour_findings_repair(&w->found, s);
	} else if (error == -EPERM && !w->logged_no_capability) {
		w->logged_no_capability = true;
		log_warning(
		    "cannot repair neighbour entries: this needs CAP_NET_ADMIN to delete one, and CAP_NET_RAW to "
		    "ask before whether its machine answers");
	}
}

static void postpone(struct neighbour_watch *w, const struct snapshot *s, const char *who)
{
	struct pending *p = &w->pending[w->pending_len];

	for (unsigned i = 0; i < w->pending_len; i++) {
		if (endpoint_same_address(&w->pending[i].client, &s->seen.client) &&
		    endpoint_same_address(&w->pending[i].local, &s->seen.local))
			return;
	}
	if (w->pending_len == PENDING_MAX)
		return;
	*p = (struct pending){ .client = s->seen.client, .local = s->seen.local };
	snprintf(p->who, sizeof p->who, "%s", who);
	w->pending_len++;
}

/* Report, and repair if configured, a wrong entry of a client that does not receive our replies. */
static void report_wrong(struct neighbour_watch *w, struct snapshot *s, const char *who)
{
	if (!s || !s->wrong || s->reported)
		return;
	if (!ask_entry(w, s)) {
		postpone(w, s, who);
		return;
	}
	if (!snapshots_is_proven(s))
		return;
	s->reported = true;
	if (s->seen.asked == EVIDENCE_ANSWERS) {
		neighbour_findings_shared(&w->found, s, who);
		return;
	}
	neighbour_findings_stale(&w->found, s, who);
	if (s->healed_ns != 0)
		neighbour_findings_healed(&w->found, s);
	else if (w->settings.repair)
		repair(w, s);
}

/* The client sends on while the link is asked: each of its frames is an occasion. */
static void settle_pending(struct neighbour_watch *w)
{
	struct pending pending[PENDING_MAX];
	unsigned len = w->pending_len;

	memcpy(pending, w->pending, len * sizeof pending[0]);
	w->pending_len = 0;
	for (unsigned i = 0; i < len; i++)
		report_wrong(w, snapshots_find(w->snapshots, &pending[i].client, &pending[i].local), pending[i].who);
}

/* The client received what this flow sent at sent_ns (0: not known). Returns false if the entry still seems wrong and
 * the limit forbids a look now. */
static bool confirm(struct neighbour_watch *w, const struct flow *flow, int64_t sent_ns)
{
	struct snapshot *s = snapshots_find(w->snapshots, &flow->source, &flow->arrived_on);
	struct snapshots_view view;

	if (!s)
		return true;
	if (sent_ns > s->heard_ns)
		s->heard_ns = sent_ns;
	if (!s->wrong || s->healed_ns != 0 || s->heard_ns == 0)
		return true;
	if (!read_view(w, &flow->source, &flow->arrived_on, &view))
		return false;
	snapshots_confirm(w->snapshots, &view);
	return true;
}

/* Check a flow that became unheard. What the client received before may show that the entry is right. */
static void check_unheard(struct neighbour_watch *w, const struct flow *flow, const char *who)
{
	struct snapshot *s = take(w, &flow->source, &flow->arrived_on);

	if (confirm(w, flow, flow->confirmed_ns))
		report_wrong(w, s, who);
}

void neighbour_watch_event(struct neighbour_watch *neighbour_watch, const struct reflector_event *event)
{
	const struct flow *flow = event->flow;

	switch (event->kind) {
	case REFLECTOR_EVENT_NEW:
		take(neighbour_watch, &flow->source, &flow->arrived_on);
		if (flow->transport == PACKET_TCP) /* a TCP connection proves that the client receives our packets */
			confirm(neighbour_watch, flow, clock_mono_ns() - NEIGHBOUR_WATCH_CONNECTION_AGE_MAX_NS);
		break;
	case REFLECTOR_EVENT_CONFIRMED:
	case REFLECTOR_EVENT_HEARD:
		confirm(neighbour_watch, flow, flow->confirmed_ns);
		break;
	case REFLECTOR_EVENT_UNHEARD:
		check_unheard(neighbour_watch, flow, event->client);
		break;
	case REFLECTOR_EVENT_NONE:
	case REFLECTOR_EVENT_LEFT_OUT:
	case REFLECTOR_EVENT_REFUSED:
		break;
	}
}

/* ---- evidence ---- */

/* Without a frame, use the MAC that the client states: it has only one address here and is on the link. It is taken to
 * have this MAC since its oldest flow began; before, another machine may have had this address. */
static void use_stated_mac(struct neighbour_watch *w, const struct neighbour_source *source,
			   const uint8_t mac[RTNL_MAC_LEN])
{
	int64_t now_ns = clock_mono_ns();
	const struct snapshot *s = snapshots_find(w->snapshots, &source->client, &source->local);
	struct snapshots_view view;

	if (!s || s->has_frame || !read_view(w, &source->client, &source->local, &view) || view.has_frame ||
	    !endpoint_same_address(&view.next_hop, &view.client))
		return;
	view.has_frame = true;
	view.frame_link = view.link;
	memcpy(view.frame_mac, mac, sizeof view.frame_mac);
	view.frame_ns = now_ns;
	view.frame_since_ns = now_ns - (int64_t)source->age_ms * NS_PER_MS;
	snapshots_take(w->snapshots, &view, now_ns);
}

unsigned neighbour_watch_link_of(const struct neighbour_watch *neighbour_watch, const struct endpoint *local)
{
	return frames_link_of(neighbour_watch->frames, local);
}

void neighbour_watch_collect(struct neighbour_watch *neighbour_watch, const struct evidence_query *query,
			     const struct endpoint *querier, struct draft *draft)
{
	struct neighbour_sources_clients clients = neighbour_sources_clients_of(query, querier, draft);
	struct neighbour_sources sources;
	int64_t now_ns;

	drain(neighbour_watch);
	sources = neighbour_sources_of(neighbour_watch->frames, &clients, draft, clock_mono_ns());
	for (unsigned i = 0; i < sources.len; i++) {
		const struct neighbour_source *source = &sources.list[i];
		struct snapshot *s = take(neighbour_watch, &source->client, &source->local);

		if (query->has_macs && clients.len == 1 &&
		    ifaces_has_mac(neighbour_watch->settings.ifaces, query->server_mac) &&
		    endpoint_same_address(&query->own_address, &source->client))
			use_stated_mac(neighbour_watch, source, query->own_mac);
		if (s)
			ask_entry(neighbour_watch, s);
		if (source->unheard)
			report_wrong(neighbour_watch, s, "a client");
	}
	now_ns = clock_mono_ns();
	for (unsigned i = 0; i < sources.len; i++)
		snapshots_tell(neighbour_watch->snapshots, &sources.list[i].client, &sources.list[i].local, now_ns,
			       &draft->answer);
	for (unsigned i = 0; i < clients.len; i++)
		frames_tell(neighbour_watch->frames, &clients.list[i], now_ns, &draft->answer);
	captures_tell(neighbour_watch->captures, draft);
}

unsigned neighbour_watch_wrong(const struct neighbour_watch *neighbour_watch)
{
	return snapshots_wrong(neighbour_watch->snapshots);
}
