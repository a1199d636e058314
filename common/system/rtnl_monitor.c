#include "common/system/rtnl_monitor.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

enum {
	BUF_LEN = 8192, /* one notification */
	READS_MAX = 64,
	RECEIVE_BUFFER_LEN = 1 << 20,
};

struct rtnl_monitor {
	struct mnl_socket *socket;
	char buf[BUF_LEN];
};

/* Arguments of rtnl_monitor_read, for take. */
struct reading {
	rtnl_on_neighbour *on_changed, *on_deleted;
	void *context;
	bool *own;
};

static bool join(const struct mnl_socket *socket)
{
	static const int groups[] = { RTNLGRP_NEIGH, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };
	int len = RECEIVE_BUFFER_LEN;

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0)
			return false;
	}
	setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUF, &len, sizeof len);
	return true;
}

struct rtnl_monitor *rtnl_monitor_open(void)
{
	struct rtnl_monitor *monitor = calloc(1, sizeof *monitor);

	if (!monitor)
		return NULL;
	monitor->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!monitor->socket || mnl_socket_bind(monitor->socket, 0, MNL_SOCKET_AUTOPID) < 0 || !join(monitor->socket)) {
		int error = errno;

		rtnl_monitor_close(monitor);
		errno = error;
		return NULL;
	}
	return monitor;
}

void rtnl_monitor_close(struct rtnl_monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->socket)
		mnl_socket_close(monitor->socket);
	free(monitor);
}

int rtnl_monitor_fd(const struct rtnl_monitor *monitor)
{
	return mnl_socket_get_fd(monitor->socket);
}

static int take(const struct nlmsghdr *message, void *data)
{
	const struct reading *reading = data;
	struct rtnl_neighbour neighbour;

	switch (message->nlmsg_type) {
	case RTM_NEWNEIGH:
		if (rtnl_read_neighbour(message, &neighbour))
			reading->on_changed(reading->context, &neighbour);
		break;
	case RTM_DELNEIGH:
		if (rtnl_read_neighbour(message, &neighbour))
			reading->on_deleted(reading->context, &neighbour);
		break;
	default:
		*reading->own = true;
	}
	return MNL_CB_OK;
}

int rtnl_monitor_read(struct rtnl_monitor *monitor, rtnl_on_neighbour *on_changed, rtnl_on_neighbour *on_deleted,
		      void *context, bool *own)
{
	struct reading reading = { .on_changed = on_changed, .on_deleted = on_deleted, .context = context, .own = own };

	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t n = mnl_socket_recvfrom(monitor->socket, monitor->buf, sizeof monitor->buf);

		if (n < 0 && errno == ENOSPC) /* longer than BUF_LEN: only a link can be */
			*own = true;
		else if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		else
			mnl_cb_run(monitor->buf, (size_t)n, 0, 0, take, &reading);
	}
	return 1;
}
