#include "client/net/fresh_ports.h"

#include "common/system/proc.h"

#include <errno.h>
#include <sodium.h>

enum { TRIES = 16 }; /* to find a free port */

void fresh_ports_init(struct fresh_ports *p)
{
	int64_t high;

	*p = (struct fresh_ports){ 0 };
	if (proc_sysctl("net/ipv4/ip_local_reserved_ports", -1) >= 0) /* this sequence would not skip them */
		return;
	if (!proc_sysctl_range("net/ipv4/ip_local_port_range", &p->low, &high) || high > UINT16_MAX)
		return;
	p->len = high - p->low + 1;
	p->next = randombytes_uniform((uint32_t)p->len);
}

int fresh_ports_open(struct fresh_ports *p, struct udp_options *options)
{
	for (unsigned i = 0; i < TRIES && p->len > 0; i++) {
		int fd;
		options->bind.port = (uint16_t)(p->low + p->next);
		p->next = (p->next + 1) % p->len;
		fd = udp_open(options);
		if (fd != -EADDRINUSE && fd != -EACCES)
			return fd;
	}
	options->bind.port = 0;
	return udp_open(options);
}
