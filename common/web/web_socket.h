/* Listening sockets of the web server. */
#ifndef FLOATPROBE_WEB_SOCKET_H
#define FLOATPROBE_WEB_SOCKET_H

#include "common/config/web_settings.h"

#include <stdbool.h>
#include <sys/types.h>

struct web_socket {
	int fd;     /* -1: none */
	char *path; /* of a Unix socket, which is removed at the end; NULL: TCP */
	dev_t device;
	ino_t inode;
};

/* Returns 0 or -errno. The file of a Unix socket where nobody listens any more is replaced. */
int web_socket_open(struct web_socket *s, const struct web_settings *settings) __attribute__((warn_unused_result));
void web_socket_close(struct web_socket *s);

#endif
