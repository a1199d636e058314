/* What the kernel of this network namespace drops of the packets that it receives, before a socket gets them. */
#ifndef FLOATPROBE_IP_DROPS_H
#define FLOATPROBE_IP_DROPS_H

#include <stdint.h>

enum ip_drops_family { IP_DROPS_V4, IP_DROPS_V6, IP_DROPS_FAMILIES };

struct ip_drops { /* since boot; what the kernel does not count is 0 */
	/* IPv4 packets that came by another interface than the route to their source, where rp_filter is strict. */
	int64_t reverse_path;
	int64_t bad_segments; /* TCP segments with a wrong checksum, of both families */
	/* Packets that were received, but neither handed on nor counted as dropped for any other reason: netfilter and
	 * IPsec policies drop such packets. It is rather too low: multicasts are left out. */
	int64_t stopped[IP_DROPS_FAMILIES];
};

void ip_drops_read(struct ip_drops *drops);

#endif
