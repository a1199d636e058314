#include "common/web/web_socket.h"

#include "common/core/endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 64,
	SOCKET_MODE = 0660,
	/* A SYN in the name of a silent host brings two SYN-ACKs and not six; a client that is there repeats its SYN.
	 */
	SYN_ACK_REPEATS = 1,
};

static int stream_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int bind_and_listen(int fd, const void *address, socklen_t len)
{
	return bind(fd, address, len) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
}

/* ---- TCP ---- */

static int listen_v4(int fd, const struct endpoint *at)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(at->port) };

	memcpy(&to.sin_addr, at->address + sizeof endpoint_v4_prefix, sizeof to.sin_addr);
	return bind_and_listen(fd, &to, sizeof to);
}

/* [::] means IPv4, too. */
static int listen_v6(int fd, const struct endpoint *at)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(at->port) };
	int only_v6 = !endpoint_is_unknown(at);

	memcpy(&to.sin6_addr, at->address, sizeof to.sin6_addr);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
	return bind_and_listen(fd, &to, sizeof to);
}

static int open_tcp(struct web_socket *s, const struct endpoint *at)
{
	bool v4 = endpoint_is_v4(at);
	int fd = stream_socket(v4 ? AF_INET : AF_INET6), on = 1, repeats = SYN_ACK_REPEATS, error;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* not two listeners: only beside old connections */
	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &repeats, sizeof repeats);
	error = v4 ? listen_v4(fd, at) : listen_v6(fd, at);
	if (error < 0)
		close(fd);
	else
		s->fd = fd;
	return error;
}

/* ---- Unix sockets ---- */

/* Remove a socket where nobody listens. One with a listener makes bind() fail. Returns 0, or -ENOTSOCK if something
 * else is there. */
static int remove_dead(const struct sockaddr_un *to)
{
	struct stat st = { 0 };
	int fd;

	if (lstat(to->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = stream_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno == ECONNREFUSED)
		unlink(to->sun_path);
	close(fd);
	return 0;
}

static int open_unix(struct web_socket *s, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st = { 0 };
	int fd, error;

	if (strlen(path) >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path));
	fd = stream_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	s->path = strdup(path);
	error = s->path ? remove_dead(&to) : -ENOMEM;
	if (error == 0)
		error = bind_and_listen(fd, &to, sizeof to);
	if (error == 0 && (chmod(path, SOCKET_MODE) < 0 || stat(path, &st) < 0))
		error = -errno;
	if (error < 0) {
		close(fd);
		free(s->path);
		s->path = NULL;
		return error;
	}
	s->fd = fd;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return 0;
}

int web_socket_open(struct web_socket *s, const struct web_settings *settings)
{
	*s = (struct web_socket){ .fd = -1 };
	return settings->path ? open_unix(s, settings->path) : open_tcp(s, &settings->at);
}

/* Another process may have put its own socket there. */
static bool is_ours(const struct web_socket *s)
{
	struct stat st = { 0 };

	return lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode;
}

void web_socket_close(struct web_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->path && is_ours(s))
		unlink(s->path);
	free(s->path);
	*s = (struct web_socket){ .fd = -1 };
}
