#include "server/listen/listen_addresses.h"

size_t listen_addresses_sockets(const struct listen_addresses *addresses)
{
	return addresses->len > 0 ? addresses->len : 1;
}

int listen_addresses_each(const struct listen_addresses *addresses, listen_addresses_open *open, void *listener,
			  struct endpoint *failed)
{
	const struct endpoint all = { .port = 0 };
	int error = 0;

	for (size_t i = 0; i < listen_addresses_sockets(addresses) && error == 0; i++) {
		const struct endpoint *e = addresses->len > 0 ? &addresses->list[i] : &all;

		*failed = endpoint_of(e->address, addresses->port);
		error = open(listener, failed);
	}
	return error;
}
