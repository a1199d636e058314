/* tcp_dialer.h over the simulated network: a handshake, one request, one reply, and what a kernel repeats of them. */
#include "tests/sim/dialers.h"

#include "client/net/tcp_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXCHANGES_MAX = 512, FIRST_PORT = 30000 };

struct exchange {
	struct event timeout, again, half;
	struct client *client;
	uint64_t number; /* 0: free */
	void *owner;     /* NULL: forgotten */
	uint32_t seq;
	struct endpoint asked;
	struct tcp_outcome outcome;
	struct truth *truth;
	int64_t interval_ns;     /* until SYN or request are sent again */
	enum tcp_result ends_as; /* when the timeout comes */
	int64_t timeout_ns;
	bool overdue;   /* the timeout has been told; a late answer may follow */
	uint64_t name;  /* its number among the dialer's names */
	uint32_t clock; /* of the timestamp option: offset to the host's time in ms */
	size_t len;
	uint8_t body[WIRE_MESSAGE_MAX];
};

struct tcp_dialer {
	struct client *client;
	struct tcp_dialer_hooks hooks;
	uint64_t exchanges;
	uint16_t port;
	struct tcp_names names;
	struct exchange list[EXCHANGES_MAX];
};

struct tcp_dialer *dialers_new_tcp(struct client *client, const struct tcp_dialer_hooks *hooks)
{
	struct tcp_dialer *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->client = client;
	d->hooks = *hooks;
	d->port = (uint16_t)(FIRST_PORT + client->number / 2 * 1500);
	client->tcp = d;
	return d;
}

void tcp_dialer_free(struct tcp_dialer *d)
{
	free(d);
}

void tcp_dialer_forget(struct tcp_dialer *d, const void *owner)
{
	for (struct exchange *x = d->list; x < d->list + EXCHANGES_MAX; x++)
		if (x->number && x->owner == owner)
			x->owner = NULL;
}

static uint32_t timestamp(const struct exchange *x)
{
	world_enter(&x->client->clock);
	return x->clock + (uint32_t)(clock_mono_ns() / MS);
}

static void send_segment(struct exchange *x, enum kind kind)
{
	struct parcel *p = parcel_new(x->client, kind);

	p->tcp = true;
	p->truth = x->truth;
	p->from = x->outcome.local;
	p->asked = x->asked;
	p->exchange = x;
	p->exchange_number = x->number;
	p->has_timestamp = kind == SYN && !x->client->no_timestamps;
	p->timestamp = timestamp(x);
	if (kind == DATA) {
		memcpy(p->buf, x->body, x->len);
		p->len = x->len;
	}
	if (x->client->tcp_error) /* its own firewall eats it, and connect() does not notice */
		parcel_free(p);
	else
		network_send(p);
}

static void tell(struct exchange *x, enum tcp_result result)
{
	const struct tcp_dialer_hooks *hooks = &x->client->tcp->hooks;

	world_enter(&x->client->clock);
	x->outcome.result = result;
	if (result == TCP_PENDING || result == TCP_TIMED_OUT) {
		x->outcome.name.shared = tcp_names_shared(&x->client->tcp->names, x->name);
		x->outcome.name.same_port = tcp_names_same_port(&x->client->tcp->names, x->name);
		x->outcome.name.reused_port = tcp_names_reused_port(&x->client->tcp->names, x->name);
	}
	if (x->owner)
		hooks->done(hooks->context, x->owner, x->seq, &x->outcome);
}

static void end(struct exchange *x, enum tcp_result result)
{
	world_cancel(&x->timeout);
	world_cancel(&x->again);
	world_cancel(&x->half);
	x->number = 0;
	if (!x->overdue || result == TCP_DONE)
		tell(x, result);
}

static void timed_out(struct event *event)
{
	struct exchange *x = (struct exchange *)event;

	if (!x->outcome.connected || x->overdue) {
		if (x->outcome.connected)
			send_segment(x, RESET);
		end(x, x->ends_as);
		return;
	}
	tell(x, TCP_TIMED_OUT);
	x->overdue = true;
	world_schedule(&x->timeout, world_now() + x->timeout_ns);
}

static void half_over(struct event *event)
{
	struct exchange *x = (struct exchange *)((char *)event - offsetof(struct exchange, half));

	if (!x->outcome.connected)
		tell(x, TCP_PENDING);
}

static void again(struct event *event)
{
	struct exchange *x = (struct exchange *)((char *)event - offsetof(struct exchange, again));

	send_segment(x, x->outcome.connected ? DATA : SYN);
	x->interval_ns *= 2;
	world_schedule(&x->again, world_now() + x->interval_ns);
}

static struct exchange *take(struct tcp_dialer *d)
{
	for (struct exchange *x = d->list; x < d->list + EXCHANGES_MAX; x++) {
		if (x->number)
			continue;
		memset(x, 0, offsetof(struct exchange, body));
		x->number = ++d->exchanges;
		return x;
	}
	fputs("sim: too many TCP exchanges\n", stderr);
	abort();
}

/* As uv_timer: a clock of milliseconds, which is behind at first and late in the end. */
static int64_t timer_ns(const struct client *c, int64_t timeout_ns)
{
	int64_t behind_ns = clock_mono_ns() % MS;

	return world_now() - behind_ns + timeout_ns / MS * MS + dialers_latency_ns(c);
}

/* The offset of the timestamp clock: of this connection, or of this pair of hosts. */
static uint32_t clock_offset(const struct client *client, const struct endpoint *to)
{
	uint64_t address;

	memcpy(&address, to->address + sizeof to->address - sizeof address, sizeof address);
	return (uint32_t)(client->old_kernel ? network_hash(client->address.address[15], address) : world_random());
}

void tcp_dialer_start(struct tcp_dialer *d, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	struct exchange *x = take(d);

	x->client = d->client;
	x->owner = owner;
	x->seq = seq;
	x->asked = *to;
	x->outcome = (struct tcp_outcome){
		.local = d->client->address, .started_ns = clock_mono_ns(), .icmp_type = -1, .icmp_code = -1
	};
	x->clock = clock_offset(d->client, to);
	x->outcome.name = (struct tcp_name){ .known = true, .span_ms = 1, .value = timestamp(x) };
	x->outcome.local.port = d->port = (uint16_t)(d->port < 60000 ? d->port + 1 : FIRST_PORT);
	x->name = tcp_names_note(&d->names, &x->outcome.name, d->port, clock_mono_ns());
	memcpy(x->body, body, len);
	x->len = len;
	x->timeout.happens = timed_out;
	x->again.happens = again;
	x->half.happens = half_over;
	x->ends_as = TCP_TIMED_OUT;
	if (d->client->udp_error && d->client->tcp_error) { /* no route: connect() says so */
		x->outcome.error = d->client->tcp_error;
		x->outcome.local = (struct endpoint){ 0 };
		x->ends_as = TCP_LOCAL;
		world_schedule(&x->timeout, world_now());
		return;
	}
	x->truth = dialers_truth(d->client, owner, seq);
	x->timeout_ns = timeout_ns;
	world_schedule(&x->timeout, timer_ns(d->client, timeout_ns));
	world_schedule(
	    &x->half, timer_ns(d->client, timeout_ns / 2 < TCP_PENDING_MS * MS ? timeout_ns / 2 : TCP_PENDING_MS * MS));
	x->interval_ns = 1 * S + world_between(0, 8 * MS);
	world_schedule(&x->again, world_now() + x->interval_ns);
	send_segment(x, SYN);
}

static void connected(struct exchange *x)
{
	int64_t rtt_ns = x->client->delay_ns[FORWARD] + x->client->delay_ns[RETURN];

	if (x->outcome.connected)
		return;
	x->outcome.connected = true;
	x->outcome.sent_real_ns = clock_real_ns();
	if (x->truth)
		x->truth->connected = true;
	x->interval_ns = rtt_ns + 200 * MS;
	world_schedule(&x->again, world_now() + x->interval_ns);
	send_segment(x, DATA);
}

static void replied(struct exchange *x, struct parcel *p)
{
	x->outcome.received_real_ns = clock_real_ns();
	x->outcome.body = p->buf;
	x->outcome.body_len = p->len;
	send_segment(x, RESET); /* acknowledges and closes: what matters is that the server stops */
	end(x, TCP_DONE);
}

static void failed(struct exchange *x, const struct errqueue_entry *icmp)
{
	x->outcome.offender = icmp->offender;
	x->outcome.icmp_type = icmp->type;
	x->outcome.icmp_code = icmp->code;
	if (icmp->meaning == ERRQUEUE_PROHIBITED)
		end(x, TCP_PROHIBITED);
	else if (icmp->meaning == ERRQUEUE_UNREACHABLE)
		end(x, TCP_UNREACHABLE);
	else
		end(x, x->outcome.connected ? TCP_BROKEN : TCP_REFUSED);
}

/* Nobody waits for it any more: the kernel says so. */
static void reset(const struct parcel *p)
{
	struct parcel *back = parcel_back(p, RESET);

	back->truth = NULL;
	network_send(back);
}

static void broken(struct exchange *x)
{
	x->outcome.error = x->outcome.connected ? ECONNRESET : ECONNREFUSED;
	end(x, x->outcome.connected ? TCP_BROKEN : TCP_REFUSED);
}

void tcp_arrived(struct parcel *p)
{
	struct exchange *x = p->exchange;
	bool alive = x->number == p->exchange_number;

	world_enter(&p->client->clock);
	if (!alive && (p->kind == SYN_ACK || p->kind == DATA))
		reset(p);
	else if (alive && p->kind == SYN_ACK)
		connected(x);
	else if (alive && p->kind == DATA)
		replied(x, p);
	else if (alive && p->kind == RESET)
		broken(x);
	else if (alive && p->kind == ICMP)
		failed(x, &p->icmp);
	parcel_free(p);
}
