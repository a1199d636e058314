#include "server/watch/link_watch.h"

#include "common/system/capability.h"
#include "common/system/clock.h"
#include "common/system/log.h"
#include "common/system/rtnl_monitor.h"
#include "server/watch/address_watch.h"
#include "server/watch/application_watch.h"
#include "server/watch/holdings.h"
#include "server/watch/ifaces.h"
#include "server/watch/neighbour_watch.h"
#include "server/watch/syn_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct link_watch {
	const struct server_config *config;
	struct findings *findings;
	struct ifaces ifaces;
	struct netlink *netlink;
	struct rtnl_monitor *monitor;
	struct holdings *holdings;
	uv_poll_t poll;
	bool polling;
	/* NULL: not configured. */
	struct neighbour_watch *neighbour_watch;
	struct address_watch *address_watch;
	struct application_watch *application_watch;
	struct syn_watch *syn_watch;
};

static bool make_parts(struct link_watch *l)
{
	const struct server_config *config = l->config;
	const struct neighbour_watch_settings neighbour_watch = {
		.port = config->port,
		.udp = config->udp,
		.tcp = config->tcp,
		.repair = config->repair_neighbours,
		.netlink = l->netlink,
		.ifaces = &l->ifaces,
		.findings = l->findings,
	};

	l->holdings = holdings_new(l->netlink, &l->ifaces);
	l->neighbour_watch = config->watch_neighbours ? neighbour_watch_new(&neighbour_watch) : NULL;
	l->address_watch = config->watch_addresses ? address_watch_new(&l->ifaces, l->findings) : NULL;
	l->application_watch =
	    config->applications_len > 0 ? application_watch_new(config, &l->ifaces, l->findings) : NULL;
	l->syn_watch = config->tcp && config->half_open ? syn_watch_new(config->port) : NULL;
	return l->holdings && (l->syn_watch || !config->tcp || !config->half_open) &&
	       (l->neighbour_watch || !config->watch_neighbours) && (l->address_watch || !config->watch_addresses) &&
	       (l->application_watch || config->applications_len == 0);
}

struct link_watch *link_watch_new(const struct server_config *config, struct findings *findings)
{
	struct link_watch *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->config = config;
	l->findings = findings;
	l->netlink = netlink_open(NETLINK_ROUTE);
	l->monitor = rtnl_monitor_open();
	if (make_parts(l))
		return l;
	link_watch_free(l);
	return NULL;
}

void link_watch_free(struct link_watch *link_watch)
{
	if (!link_watch)
		return;
	neighbour_watch_free(link_watch->neighbour_watch);
	address_watch_free(link_watch->address_watch);
	application_watch_free(link_watch->application_watch);
	holdings_free(link_watch->holdings);
	syn_watch_free(link_watch->syn_watch);
	rtnl_monitor_close(link_watch->monitor);
	netlink_close(link_watch->netlink);
	ifaces_clear(&link_watch->ifaces);
	free(link_watch);
}

/* ---- changes ---- */

static void on_known(void *context, const struct rtnl_neighbour *neighbour)
{
	const struct link_watch *l = context;

	if (l->neighbour_watch)
		neighbour_watch_know(l->neighbour_watch, neighbour);
}

static void on_changed(void *context, const struct rtnl_neighbour *neighbour)
{
	const struct link_watch *l = context;

	if (l->neighbour_watch)
		neighbour_watch_note(l->neighbour_watch, neighbour);
}

static void on_deleted(void *context, const struct rtnl_neighbour *neighbour)
{
	struct rtnl_neighbour none = { .address = neighbour->address, .link = neighbour->link };

	on_changed(context, &none);
}

/* After an error the next change triggers another attempt. */
static void read_ifaces(struct link_watch *l)
{
	int error = ifaces_read(&l->ifaces, l->netlink, clock_mono_ns());

	if (error < 0 && error != -EINTR)
		log_warning("cannot read this host's links and addresses: %s", strerror(-error));
	else if (error == 0 && l->polling && l->address_watch)
		address_watch_own_changed(l->address_watch);
}

static void read_changes(struct link_watch *l)
{
	bool ifaces = false;
	int error = rtnl_monitor_read(l->monitor, on_changed, on_deleted, l, &ifaces);

	if (ifaces || error == -ENOBUFS)
		read_ifaces(l);
	if (error == -ENOBUFS && rtnl_neighbours(l->netlink, on_changed, l) < 0)
		log_warning("the neighbour table changed too fast: some changes are not in the journal");
}

static void on_monitor_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	read_changes(poll->data);
	if (status < 0) /* libuv takes an overrun for a broken descriptor and stops */
		uv_poll_start(poll, UV_READABLE, on_monitor_ready);
}

static int watch_changes(struct link_watch *l, uv_loop_t *loop)
{
	int error = rtnl_neighbours(l->netlink, on_known, l);

	if (error == 0)
		error = uv_poll_init(loop, &l->poll, rtnl_monitor_fd(l->monitor));
	if (error < 0)
		return error;
	l->polling = true;
	l->poll.data = l;
	return uv_poll_start(&l->poll, UV_READABLE, on_monitor_ready);
}

/* ---- start and stop ---- */

static void log_unseen(int error, const char *unseen)
{
	if (error == -EPERM)
		log_info("no CAP_NET_RAW: %s", unseen);
	else if (error < 0)
		log_warning("%s: %s", strerror(-error), unseen);
}

static void start_neighbour_watch(struct link_watch *l, uv_loop_t *loop)
{
	log_unseen(neighbour_watch_start(l->neighbour_watch, loop),
		   "floatprobed does not see the frames of clients; it finds a wrong neighbour entry only for a client "
		   "on the same link that reports its own MAC");
	if (l->config->repair_neighbours && !capability_have(CAP_NET_ADMIN))
		log_warning("repair.stale_neighbours needs CAP_NET_ADMIN: floatprobed reports wrong neighbour entries "
			    "and does not delete them");
}

void link_watch_start(struct link_watch *link_watch, uv_loop_t *loop)
{
	int error = link_watch->netlink && link_watch->monitor ? 0 : -EPROTONOSUPPORT;

	if (link_watch->syn_watch)
		log_unseen(syn_watch_start(link_watch->syn_watch, loop),
			   "floatprobed does not see SYNs on the link; it finds a TCP attempt by its half-open socket "
			   "only, which works for a client that no NAT translates, or whose NAT keeps its ports");
	if (error == 0) {
		read_ifaces(link_watch);
		error = watch_changes(link_watch, loop);
	}
	if (error < 0) {
		log_warning("cannot watch the neighbour table and this host's addresses: %s", strerror(-error));
		return;
	}
	if (link_watch->neighbour_watch)
		start_neighbour_watch(link_watch, loop);
	if (link_watch->address_watch)
		log_unseen(address_watch_start(link_watch->address_watch, loop),
			   "claims of this host's addresses by other machines are not seen, except those that the "
			   "kernel finds when it adds an IPv6 address");
	if (link_watch->application_watch)
		log_unseen(application_watch_start(link_watch->application_watch, loop),
			   "the applications in watch.applications are not watched");
}

void link_watch_stop(struct link_watch *link_watch)
{
	if (!link_watch)
		return;
	if (link_watch->polling)
		uv_close((uv_handle_t *)&link_watch->poll, NULL);
	neighbour_watch_stop(link_watch->neighbour_watch);
	address_watch_stop(link_watch->address_watch);
	application_watch_stop(link_watch->application_watch);
	syn_watch_stop(link_watch->syn_watch);
}

/* ---- requests ---- */

/* Read the kernel's pending notifications first. */
void link_watch_event(struct link_watch *link_watch, const struct reflector_event *event)
{
	if (!link_watch->polling || !link_watch->neighbour_watch)
		return;
	read_changes(link_watch);
	neighbour_watch_event(link_watch->neighbour_watch, event);
}

void link_watch_accepted(struct link_watch *link_watch, const struct endpoint *peer)
{
	if (link_watch->syn_watch)
		syn_watch_accepted(link_watch->syn_watch, peer);
}

void link_watch_find_syns(struct link_watch *link_watch, const struct evidence_query *query,
			  const struct reflector_querier *querier, struct draft *draft)
{
	if (link_watch->syn_watch)
		syn_watch_collect(link_watch->syn_watch, query, querier, draft);
}

static void look_at_holdings(const struct link_watch *l, struct evidence_answer *answer)
{
	for (unsigned i = 0; i < answer->holdings_len; i++) {
		struct evidence_holding *h = &answer->holdings[i];
		unsigned came_by = l->neighbour_watch ? neighbour_watch_link_of(l->neighbour_watch, &h->address) : 0;
		holdings_look(l->holdings, came_by, clock_mono_ns(), h);
	}
}

void link_watch_collect(struct link_watch *link_watch, const struct evidence_query *query,
			const struct endpoint *querier, struct draft *draft)
{
	if (!link_watch->polling)
		return;
	read_changes(link_watch);
	ifaces_tell(&link_watch->ifaces, query, querier, &draft->answer);
	if (link_watch->neighbour_watch)
		neighbour_watch_collect(link_watch->neighbour_watch, query, querier, draft);
	if (link_watch->address_watch)
		address_watch_collect(link_watch->address_watch, &draft->answer);
	look_at_holdings(link_watch, &draft->answer);
}

const struct vrf_table *link_watch_vrfs(const struct link_watch *link_watch)
{
	return &link_watch->ifaces.vrfs;
}

unsigned link_watch_stale(const struct link_watch *link_watch)
{
	return link_watch->neighbour_watch ? neighbour_watch_wrong(link_watch->neighbour_watch) : 0;
}

unsigned link_watch_claims(const struct link_watch *link_watch)
{
	return link_watch->address_watch ? address_watch_claims(link_watch->address_watch) : 0;
}
