/* Writes, seals and sends the engine's probes: a function for each kind (client/path/probe_kind.h). */
#ifndef FLOATPROBE_SENDER_H
#define FLOATPROBE_SENDER_H

#include "client/evidence/keyring.h"
#include "client/net/tcp_dialer.h"
#include "client/net/udp_dialer.h"
#include "client/path/paths.h"

#include <stdint.h>

struct sender { /* parts of the engine, borrowed for one call */
	struct udp_dialer *udp;
	struct tcp_dialer *tcp;
	const struct keyring *keyring;
	const struct paths *paths;
};

/* Send probe `seq`, just numbered, of the path's prober or of its recheck's. */
void sender_send(const struct sender *sender, const struct path *path, struct prober *prober, uint16_t flags,
		 uint32_t seq, int64_t real_ns);
/* Send the next probe of the path's twin. */
void sender_send_twin(const struct sender *sender, struct path *path, int64_t now_ns, int64_t real_ns);

#endif
