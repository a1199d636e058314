#include "tests/sim/peers.h"

#include "common/system/clock.h"

#include <stdlib.h>

/* -- a witness that lies -- */

/* An octet of the head, which has a MAC, or of the evidence, which has a tag; nobody looks at the rest. */
static void spoil(uint8_t *answer, size_t len)
{
	size_t evidence_len;
	uint8_t *evidence = packet_evidence(answer, len, 1, &evidence_len);
	bool head = world_chance(0.5);

	*((head ? answer : evidence) + world_between(0, (int64_t)(head ? WIRE_SLOTS : evidence_len) - 1)) ^=
	    (uint8_t)world_between(1, 255);
}

/* Its own reply will be authentic: what it alters is only what it hands on. */
static void alter(struct machine *m, const struct reflector_request *relay)
{
	struct packet_request outer;
	uint8_t honest[WITNESS_QUERY_MAX], *answer;
	size_t len;

	if (packet_read_request(relay->buf, relay->len, &outer) != PACKET_FAULT_NONE)
		return;
	answer = packet_evidence(relay->buf, relay->len, outer.slots, &len);
	memcpy(honest, answer, len);
	if (m->lies == MACHINE_REPEATS && m->told_len == len)
		memcpy(answer, m->told, len);
	else
		spoil(answer, len);
	if (!m->told_len)
		memcpy(m->told, honest, m->told_len = len);
}

/* -- relays that are over -- */

static void reply(struct machine *m, struct witness_done *done)
{
	if (m->lies && done->status == PACKET_OK)
		alter(m, &done->request);
	done->request.replied_ns = clock_real_ns();
	done->request.now_ns = clock_mono_ns();
	if (reflector_reply_to_relay(m->reflector, &done->request, done->status))
		done->origin.reply(done->origin.by, done->origin.id, &done->request);
}

static void set_timer(struct machine *m)
{
	int64_t deadline_ns = witness_deadline_ns(m->witness);

	world_cancel(&m->relays_over);
	if (deadline_ns)
		world_schedule(&m->relays_over, deadline_ns - m->clock.mono_ns);
}

static void relays_over(struct event *event)
{
	struct machine *m = (struct machine *)((char *)event - offsetof(struct machine, relays_over));
	struct witness_done done;

	world_enter(&m->clock);
	while (witness_expire(m->witness, clock_mono_ns(), &done) == WITNESS_SILENT)
		reply(m, &done);
	set_timer(m);
}

/* -- between servers -- */

static struct machine *find(const struct endpoint *droplet)
{
	for (unsigned i = 0; i < network.machines_len; i++)
		if (endpoint_equal(&network.machines[i]->droplet, droplet))
			return network.machines[i];
	return NULL;
}

static void hand_over(const struct machine *m, const struct endpoint *to, const uint8_t *buf, size_t len);

static void hear(struct machine *m, struct parcel *p)
{
	struct witness_done done;

	world_enter(&m->clock);
	switch (witness_hear(m->witness, &p->seen, p->buf, p->len, &done)) {
	case WITNESS_NOTHING:
		if (machine_reflect(m, p, NULL) == MACHINE_REPLIED)
			hand_over(m, &p->seen, p->buf, p->len);
		break;
	case WITNESS_ANSWERED:
		reply(m, &done);
		set_timer(m);
		break;
	default:
		break;
	}
}

static void arrive(struct event *event)
{
	struct parcel *p = (struct parcel *)event;
	struct machine *m = find(&p->asked);

	if (m && m->state == MACHINE_UP)
		hear(m, p);
	parcel_free(p);
}

static void hand_over(const struct machine *m, const struct endpoint *to, const uint8_t *buf, size_t len)
{
	struct parcel *p;

	if (world_chance(network.peers_lose))
		return;
	p = parcel_new(NULL, DATAGRAM);
	p->from = p->seen = m->droplet;
	p->asked = *to;
	p->len = len;
	memcpy(p->buf, buf, len);
	p->event.happens = arrive;
	world_schedule(&p->event, world_now() + network.peers_delay_ns + m->hesitates_ns + world_between(0, 1 * MS));
}

/* -- what the machine needs -- */

enum peers_result peers_take(struct machine *m, const struct reflector_request *request,
			     const struct witness_origin *origin)
{
	struct witness_query query;

	switch (witness_take(m->witness, request, origin, &query)) {
	case WITNESS_FORWARDED:
		hand_over(m, &query.to, query.buf, query.len);
		set_timer(m);
		return PEERS_WAITING;
	case WITNESS_NO_PEER:
		return reflector_reply_to_relay(m->reflector, request, PACKET_NO_PEER) ? PEERS_REPLIED : PEERS_DROPPED;
	default:
		return PEERS_DROPPED;
	}
}

void peers_start(struct machine *m)
{
	struct witness_peer *peers = m->peers;
	size_t len = 0;

	for (unsigned i = 0; network.peers && i < network.machines_len; i++) {
		const struct machine *other = network.machines[i];
		if (other == m)
			continue;
		memcpy(peers[len].key, other->identity.public_key, WIRE_KEY_LEN);
		peers[len++].address = other->droplet;
	}
	peers_stop(m);
	m->relays_over.happens = relays_over;
	m->witness = witness_new();
	if (!m->witness)
		abort();
	witness_set_peers(m->witness, peers, len);
}

void peers_stop(struct machine *m)
{
	world_cancel(&m->relays_over);
	witness_free(m->witness);
	m->witness = NULL;
}
