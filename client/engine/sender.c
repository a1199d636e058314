#include "client/engine/sender.h"

#include "common/core/bytes.h"
#include "common/core/stamp.h"

#include <string.h>

/* Which servers get a slot: all of the configuration if there is room; else those that may answer and one that answers
 * without being allowed to. A server without a slot keeps no receipts, and has to check signatures, which it
 * rate-limits: its silence would look like loss. */
static unsigned slots_of(const struct sender *s, const struct path *p, const struct keyring_key *slots[WIRE_SLOTS_MAX])
{
	unsigned servers[WIRE_SLOTS_MAX], len = p->target->servers_len;

	if (s->keyring->servers_len <= WIRE_SLOTS_MAX) {
		len = (unsigned)s->keyring->servers_len;
		for (unsigned i = 0; i < len; i++)
			servers[i] = i;
	} else {
		memcpy(servers, p->target->servers, len * sizeof servers[0]);
		if (p->prober.holder != PROBER_NOBODY && p->prober.holder >= WIRE_SLOTS_MAX && len < WIRE_SLOTS_MAX)
			servers[len++] = (unsigned)path_server_of_number(p, p->prober.holder);
	}
	return keyring_slots(s->keyring, servers, len, slots);
}

/* Write and seal a probe of the path's prober or of its twin's. */
static void write_probe(const struct sender *s, const struct path *p, struct prober *prober, uint16_t flags,
			uint32_t seq, int64_t real_ns, uint8_t *buf, size_t len)
{
	const struct keyring_key *slots[WIRE_SLOTS_MAX];
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = seq,
		.sent_ns = real_ns,
		.flags = flags,
		.flow_id = prober->flow_id,
		.destination = p->endpoint,
		.transport = probe_kind_of(p->kind)->transport,
		.heard = prober->heard,
		.token = keyring_token(s->keyring, prober->flow_id, seq),
		.slots = slots_of(s, p, slots),
	};

	memcpy(request.client_key, s->keyring->identity->public_key, WIRE_KEY_LEN);
	packet_write_request(buf, len, &request);
	keyring_seal(s->keyring, request.transport, buf, len, slots, request.slots, &prober->ticket);
}

void sender_send_twin(const struct sender *s, struct path *p, int64_t now_ns, int64_t real_ns)
{
	uint32_t seq = twin_send(p->twin, now_ns, real_ns);
	uint8_t *buf = udp_dialer_stage(s->udp, &p->endpoint, UDP_DIALER_ALONE, NULL, TWIN_PROBE_LEN, NULL, seq);

	if (buf)
		write_probe(s, p, &p->twin->prober, PACKET_WANT_TWIN, seq, real_ns, buf, TWIN_PROBE_LEN);
}

static void send_udp(const struct sender *s, const struct path *p, struct prober *prober, uint16_t flags, uint32_t seq,
		     int64_t real_ns)
{
	uint32_t *last = p->held < 0 ? &paths_at(s->paths, &p->endpoint, PACKET_UDP)->last_fresh : NULL;
	uint8_t *buf = udp_dialer_stage(s->udp, &p->endpoint, p->held, last, p->size, prober, seq);

	if (buf)
		write_probe(s, p, prober, flags, seq, real_ns, buf, p->size);
}

/* The flow id is in the padding, so that an ICMP error that quotes it is known, and most reflectors return it. */
static void send_stamp(const struct sender *s, const struct path *p, struct prober *prober, uint16_t flags,
		       uint32_t seq, int64_t real_ns)
{
	uint32_t *last = p->held < 0 ? &paths_at(s->paths, &p->endpoint, PACKET_UDP)->last_fresh : NULL;
	uint8_t *buf = udp_dialer_stage(s->udp, &p->endpoint, p->held, last, p->size, prober, seq);

	(void)flags;
	if (!buf)
		return;
	p->stamped_ns[seq & (prober->ring_len - 1)] = real_ns;
	stamp_write_request(buf, p->size,
			    &(struct stamp_request){ .seq = seq, .sent_ns = real_ns, .ssid = path_ssid(p) });
	if (p->size >= WIRE_FLOW_ID + sizeof prober->flow_id)
		bytes_put64(buf + WIRE_FLOW_ID, prober->flow_id);
}

static void send_tcp(const struct sender *s, const struct path *p, struct prober *prober, uint16_t flags, uint32_t seq,
		     int64_t real_ns)
{
	uint8_t buf[PATH_LARGE_LEN];
	size_t len = prober == &p->prober && path_is_large(p, seq) ? PATH_LARGE_LEN : WIRE_PROBE_MIN;

	write_probe(s, p, prober, flags, seq, real_ns, buf, len);
	tcp_dialer_start(s->tcp, &p->endpoint, buf, len, prober->timeout_ns, prober, seq);
}

void sender_send(const struct sender *s, const struct path *p, struct prober *prober, uint16_t flags, uint32_t seq,
		 int64_t real_ns)
{
	static void (*const senders[PROBE_KINDS])(const struct sender *, const struct path *, struct prober *, uint16_t,
						  uint32_t, int64_t) = {
		[PROBE_UDP] = send_udp,
		[PROBE_TCP] = send_tcp,
		[PROBE_STAMP] = send_stamp,
	};

	senders[p->kind](s, p, prober, flags, seq, real_ns);
}
