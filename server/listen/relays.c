#include "server/listen/relays.h"

#include "common/core/ns.h"
#include "common/system/clock.h"

#include <stdlib.h>

struct relays {
	relays_send *send;
	void *context;
	struct reflector *reflector;
	struct witness *witness;
	uv_timer_t timer;
	bool started;
};

struct relays *relays_new(relays_send *send, void *context)
{
	struct relays *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->send = send;
	r->context = context;
	r->witness = witness_new();
	if (r->witness)
		return r;
	free(r);
	return NULL;
}

void relays_set_peers(struct relays *relays, const struct witness_peer *peers, size_t peers_len)
{
	witness_set_peers(relays->witness, peers, relays->send ? peers_len : 0);
}

void relays_start(struct relays *relays, uv_loop_t *loop, struct reflector *reflector)
{
	uv_timer_init(loop, &relays->timer);
	relays->timer.data = relays;
	relays->reflector = reflector;
	relays->started = true;
}

void relays_stop(struct relays *relays)
{
	if (relays && relays->started)
		uv_close((uv_handle_t *)&relays->timer, NULL);
}

void relays_free(struct relays *relays)
{
	if (!relays)
		return;
	witness_free(relays->witness);
	free(relays);
}

static void reply(struct relays *r, struct witness_done *done)
{
	done->request.replied_ns = clock_real_ns();
	done->request.now_ns = clock_mono_ns();
	if (reflector_reply_to_relay(r->reflector, &done->request, done->status))
		done->origin.reply(done->origin.by, done->origin.id, &done->request);
}

static void set_timer(struct relays *r);

static void on_timer(uv_timer_t *timer)
{
	struct relays *r = timer->data;
	struct witness_done done;

	while (witness_expire(r->witness, clock_mono_ns(), &done) == WITNESS_SILENT)
		reply(r, &done);
	set_timer(r);
}

static void set_timer(struct relays *r)
{
	int64_t deadline_ns = witness_deadline_ns(r->witness), in_ns = deadline_ns - clock_mono_ns();

	if (deadline_ns == 0)
		uv_timer_stop(&r->timer);
	else
		uv_timer_start(&r->timer, on_timer, in_ns > 0 ? (uint64_t)(in_ns / NS_PER_MS + 1) : 0, 0);
}

enum relays_result relays_take(struct relays *relays, const struct reflector_request *request,
			       const struct witness_origin *origin)
{
	struct witness_query query;

	switch (witness_take(relays->witness, request, origin, &query)) {
	case WITNESS_FORWARDED:
		relays->send(relays->context, &query.to, query.buf, query.len);
		set_timer(relays);
		return RELAYS_WAITING;
	case WITNESS_NO_PEER:
		return reflector_reply_to_relay(relays->reflector, request, PACKET_NO_PEER) ? RELAYS_REPLIED
											    : RELAYS_DROPPED;
	case WITNESS_BUSY:
		return RELAYS_BUSY;
	default:
		return RELAYS_DROPPED;
	}
}

const uint64_t *relays_counts(const struct relays *relays)
{
	return witness_counts(relays->witness);
}

bool relays_hear(struct relays *relays, const struct endpoint *from, const uint8_t *buf, size_t len)
{
	struct witness_done done;

	switch (witness_hear(relays->witness, from, buf, len, &done)) {
	case WITNESS_NOTHING:
		return false;
	case WITNESS_ANSWERED:
		reply(relays, &done);
		set_timer(relays);
		return true;
	default:
		return true;
	}
}
