#include "common/system/sockets.h"

#include "common/system/sockdiag.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- The kernel's list ------------------------------------------------------------------------------------------- */

struct receiver {
	sockets_on *on_listener;
	void *context;
	bool udp;
};

static int find_v6_only(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY && mnl_attr_get_payload_len(attr) >= 1)
		*(bool *)data = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static int each_socket(const struct nlmsghdr *message, void *data)
{
	const struct receiver *receiver = data;
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(message);
	struct listener listener = { .udp = receiver->udp };
	bool v6_only = false;

	if (mnl_nlmsg_get_payload_len(message) < sizeof *m)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof *m, find_v6_only, &v6_only);
	listener.local = sockdiag_endpoint(m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	if (m->idiag_family == AF_INET && m->id.idiag_src[0] == 0)
		memset(listener.local.address, 0, sizeof listener.local.address);
	listener.v6 = m->idiag_family == AF_INET6 && !endpoint_is_v4(&listener.local);
	listener.v4 = !listener.v6 || (endpoint_is_unknown(&listener.local) && !v6_only);
	listener.queue = m->idiag_rqueue;
	listener.backlog = m->idiag_wqueue;
	listener.uid = m->idiag_uid;
	listener.inode = m->idiag_inode;
	receiver->on_listener(receiver->context, &listener);
	return MNL_CB_OK;
}

int sockets_each(struct netlink *nl, sockets_on *on_listener, void *context)
{
	static const struct sockdiag_filter filters[] = {
		{ .family = AF_INET, .protocol = IPPROTO_UDP, .state = TCP_CLOSE },
		{ .family = AF_INET6, .protocol = IPPROTO_UDP, .state = TCP_CLOSE },
		{ .family = AF_INET, .protocol = IPPROTO_TCP, .state = TCP_LISTEN },
		{ .family = AF_INET6, .protocol = IPPROTO_TCP, .state = TCP_LISTEN },
	};
	struct receiver receiver = { .on_listener = on_listener, .context = context };
	int error = 0;

	for (size_t i = 0; i < sizeof filters / sizeof *filters && error == 0; i++) {
		receiver.udp = filters[i].protocol == IPPROTO_UDP;
		error = sockdiag_dump(nl, &filters[i], each_socket, &receiver);
	}
	return error;
}

/* --- Owners ------------------------------------------------------------------------------------------------------ */

static bool is_number(const char *text)
{
	return isdigit((unsigned char)text[0]);
}

/* The descriptor of a process that refers to this socket; -1: none, or no permission. */
static int find_fd(const char *pid, uint64_t inode)
{
	char wanted[48], path[64], target[48];
	struct dirent *entry;
	DIR *dir;
	int found = -1;

	snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
	while (found < 0 && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (strcmp(target, wanted) == 0)
			found = (int)strtol(entry->d_name, NULL, 10);
	}
	closedir(dir);
	return found;
}

static void read_comm(const char *pid, char comm[LISTENERS_COMM_LEN])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(comm, LISTENERS_COMM_LEN, file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
}

static bool option_is_set(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, name, &value, &len) == 0 && value;
}

/* Read the options through a duplicate of the descriptor, see pidfd_getfd(2). */
static bool asks_address(pid_t pid, int their_fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, their_fd, 0);
	bool asks = fd >= 0 &&
		    (option_is_set(fd, IPPROTO_IP, IP_PKTINFO) || option_is_set(fd, IPPROTO_IP, IP_RECVORIGDSTADDR) ||
		     option_is_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO));

	if (fd >= 0)
		close(fd);
	if (process >= 0)
		close(process);
	return asks;
}

struct listener_owner sockets_owner(uint64_t inode)
{
	struct listener_owner owner = { .pid = 0 };
	DIR *dir = inode ? opendir("/proc") : NULL;
	struct dirent *entry;

	while (dir && owner.pid == 0 && (entry = readdir(dir))) {
		int fd = is_number(entry->d_name) ? find_fd(entry->d_name, inode) : -1;

		if (fd < 0)
			continue;
		owner.pid = (pid_t)strtol(entry->d_name, NULL, 10);
		read_comm(entry->d_name, owner.comm);
		owner.asks_address = asks_address(owner.pid, fd);
	}
	if (dir)
		closedir(dir);
	return owner;
}
