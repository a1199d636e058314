/* udp_dialer.h over the simulated network. */
#include "tests/sim/dialers.h"

#include <errno.h>
#include <stdlib.h>

enum { LEFT_MAX = 256, FIRST_PORT = 20000 };

struct left { /* a send timestamp that has not been read */
	void *owner;
	uint32_t seq;
	int64_t at_ns;
};

struct udp_dialer {
	struct event ready;
	struct client *client;
	struct udp_dialer_hooks hooks;
	struct parcel *staged, **staged_end;
	struct parcel *arrived, **arrived_end;
	struct left left[LEFT_MAX];
	unsigned left_len;
	bool wake;
};

static void append(struct parcel ***end, struct parcel *p)
{
	p->next = NULL;
	**end = p;
	*end = &p->next;
}

static void readable(struct event *event)
{
	struct udp_dialer *d = (struct udp_dialer *)event;

	world_enter(&d->client->clock);
	if (d->wake)
		udp_dialer_drain(d);
}

struct udp_dialer *dialers_new_udp(struct client *client, const struct udp_dialer_hooks *hooks)
{
	struct udp_dialer *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	*d = (struct udp_dialer){ .client = client, .hooks = *hooks, .wake = true };
	d->ready.happens = readable;
	d->staged_end = &d->staged;
	d->arrived_end = &d->arrived;
	client->udp = d;
	return d;
}

void udp_dialer_free(struct udp_dialer *d)
{
	free(d);
}

uint8_t *udp_dialer_stage(struct udp_dialer *d, const struct endpoint *to, int held, uint32_t *last_fresh, size_t len,
			  void *owner, uint32_t seq)
{
	struct client *c = d->client;
	struct parcel *p = parcel_new(c, DATAGRAM);

	(void)last_fresh;
	if (held < 0)
		c->port = (uint16_t)(c->port < 60000 && c->port >= FIRST_PORT ? c->port + 1 : FIRST_PORT);
	p->from = c->address;
	p->from.port = (uint16_t)(held < 0 ? c->port : DIALERS_HELD_PORT + held);
	p->asked = *to;
	p->owner = owner;
	p->seq = seq;
	p->len = len;
	if (owner)
		p->truth = dialers_truth(c, owner, seq);
	append(&d->staged_end, p);
	return p->buf;
}

static int send_error(const struct client *c, const struct parcel *p)
{
	return c->udp_error || !c->mtu || p->len <= c->mtu ? c->udp_error : EMSGSIZE;
}

void udp_dialer_flush(struct udp_dialer *d)
{
	struct parcel *p, *next;

	p = d->staged;
	d->staged = NULL;
	d->staged_end = &d->staged;
	for (; p; p = next) {
		int error = send_error(d->client, p);
		next = p->next;
		if (error) {
			d->hooks.unsent(d->hooks.context, p->owner, p->seq, error);
			parcel_free(p);
			continue;
		}
		if (p->owner && d->left_len < LEFT_MAX)
			d->left[d->left_len++] =
			    (struct left){ .owner = p->owner, .seq = p->seq, .at_ns = clock_real_ns() };
		network_send(p);
	}
}

static void hear(struct udp_dialer *d, struct parcel *p)
{
	struct udp_datagram datagram = {
		.buf = p->buf,
		.len = p->len,
		.peer = p->source,
		.local = p->from,
		.ttl = 60,
		.received_ns = p->arrived_real_ns,
	};

	if (p->kind == ICMP) {
		p->icmp.payload = p->buf;
		p->icmp.payload_len = p->len < 520 ? p->len : 520;
		d->hooks.failed(d->hooks.context, &p->icmp);
	} else {
		d->hooks.received(d->hooks.context, &datagram, clock_mono_ns());
	}
	parcel_free(p);
}

/* Errors and timestamps first, as the real one reads them. */
void udp_dialer_drain(struct udp_dialer *d)
{
	struct parcel *list = d->arrived, *datagrams = NULL, **end = &datagrams, *next;

	d->arrived = NULL;
	d->arrived_end = &d->arrived;
	for (unsigned i = 0; i < d->left_len; i++)
		d->hooks.left(d->hooks.context, d->left[i].owner, d->left[i].seq, d->left[i].at_ns);
	d->left_len = 0;
	for (; list; list = next) {
		next = list->next;
		if (list->kind == ICMP)
			hear(d, list);
		else
			append(&end, list);
	}
	for (; datagrams; datagrams = next) {
		next = datagrams->next;
		hear(d, datagrams);
	}
}

static void wake_soon(struct udp_dialer *d)
{
	if (d->wake && d->arrived && !d->ready.place)
		world_schedule(&d->ready, world_now() + dialers_latency_ns(d->client));
}

void udp_dialer_listen(struct udp_dialer *d, bool wake)
{
	d->wake = wake;
	wake_soon(d);
}

void udp_arrived(struct parcel *p)
{
	struct udp_dialer *d = p->client->udp;

	world_enter(&p->client->clock);
	p->arrived_real_ns = clock_real_ns();
	append(&d->arrived_end, p);
	wake_soon(d);
}

struct udp_drops udp_dialer_drops(struct udp_dialer *d, bool v4)
{
	(void)d, (void)v4;
	return (struct udp_drops){ 0 };
}

void udp_dialer_expect(struct udp_dialer *d, size_t answers)
{
	(void)d;
	(void)answers;
}

void udp_dialer_part(struct udp_dialer *d)
{
	(void)d;
}

void udp_dialer_reap(struct udp_dialer *d, int64_t now_ns, int64_t keep_ns)
{
	(void)d;
	(void)now_ns;
	(void)keep_ns;
}

void udp_dialer_forget(struct udp_dialer *d, const void *owner)
{
	(void)d;
	(void)owner;
}
