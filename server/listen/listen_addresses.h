/* Where a listener listens: on all addresses of this host, or on each address of a list. */
#ifndef FLOATPROBE_LISTEN_ADDRESSES_H
#define FLOATPROBE_LISTEN_ADDRESSES_H

#include "common/core/endpoint.h"

#include <stddef.h>

struct listen_addresses {
	const struct endpoint *list; /* their ports are not read */
	size_t len;                  /* 0: all addresses, by one dual-stack socket */
	uint16_t port;
};

/* The number of sockets that are needed; at least one. */
size_t listen_addresses_sockets(const struct listen_addresses *addresses);

/* Opens one socket. at: address and port; unknown address: all addresses. Returns 0 or -errno. */
typedef int listen_addresses_open(void *listener, const struct endpoint *at);

/* Call `open` for each socket, up to the first error. Returns 0 or -errno; then *failed is where it could not be
 * opened.
 */
int listen_addresses_each(const struct listen_addresses *addresses, listen_addresses_open *open, void *listener,
			  struct endpoint *failed) __attribute__((warn_unused_result));

#endif
