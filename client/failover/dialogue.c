#include "client/failover/dialogue.h"

#include "client/net/egress_table.h"
#include "common/core/packet.h"
#include "common/system/clock.h"
#include "common/system/udp.h"

#include <sodium.h>
#include <string.h>

static void handle_closed(uv_handle_t *handle)
{
	struct dialogue *d = handle->data;

	if (--d->closing == 0)
		d->state = DIALOGUE_IDLE;
}

void dialogue_close(struct dialogue *d)
{
	if (d->state != DIALOGUE_CONNECTING && d->state != DIALOGUE_OPEN)
		return;
	d->state = DIALOGUE_CLOSING;
	d->closing = 2;
	uv_close((uv_handle_t *)&d->tcp, handle_closed);
	uv_close((uv_handle_t *)&d->timer, handle_closed);
}

static void end(struct dialogue *d, bool reset)
{
	if (d->state != DIALOGUE_CONNECTING && d->state != DIALOGUE_OPEN)
		return;
	connection_ended(&d->seen, reset, clock_mono_ns());
	dialogue_close(d);
}

/* -- requests -- */

static void on_written(uv_write_t *write, int status)
{
	if (status < 0 && status != UV_ECANCELED)
		end(write->data, true);
}

static void write_request(struct dialogue *d)
{
	uint8_t *body = d->out + FRAMING_HEADER_LEN;
	const struct keyring_key *slots[WIRE_SLOTS_MAX];
	struct packet_request request = {
		.role = PACKET_PROBE,
		.seq = ++d->seq,
		.sent_ns = clock_real_ns(),
		.flow_id = d->flow_id,
		.destination = d->endpoint,
		.transport = PACKET_TCP,
		.token = keyring_token(d->keyring, d->flow_id, d->seq),
	};

	request.slots = keyring_slots(d->keyring, d->servers, d->servers_len, slots);
	memcpy(request.client_key, d->keyring->identity->public_key, WIRE_KEY_LEN);
	framing_put_header(d->out, WIRE_PROBE_MIN);
	packet_write_request(body, WIRE_PROBE_MIN, &request);
	keyring_seal(d->keyring, PACKET_TCP, body, WIRE_PROBE_MIN, slots, request.slots, &d->ticket);
}

static void ask(uv_timer_t *timer)
{
	struct dialogue *d = timer->data;
	const uv_buf_t buf = uv_buf_init((char *)d->out, sizeof d->out);

	if (d->state != DIALOGUE_OPEN || d->seen.asked_ns)
		return;
	write_request(d);
	connection_asked(&d->seen, clock_mono_ns());
	if (uv_write(&d->writing, (uv_stream_t *)&d->tcp, &buf, 1, on_written) < 0)
		end(d, true);
}

/* -- answers -- */

/* The index of the server whose authentic answer to the newest request this is; -1: it is none. */
static int answerer(const struct dialogue *d, const uint8_t *body, size_t len)
{
	struct packet_reply reply;
	const struct keyring_key *key;

	if (packet_read_reply(body, len, &reply) != PACKET_FAULT_NONE || reply.role != PACKET_REPLY ||
	    reply.flow_id != d->flow_id || reply.seq != d->seq ||
	    reply.token != keyring_token(d->keyring, reply.flow_id, reply.seq))
		return -1;
	key = keyring_find(d->keyring, reply.server_key);
	if (!key || !seal_reply_mac_holds(&key->pair, PACKET_TCP, body, len, reply.slots))
		return -1;
	return (int)key->server;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct dialogue *d = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)d->in + d->in_len, (unsigned)(sizeof d->in - d->in_len));
}

static void hear(struct dialogue *d)
{
	size_t body_len;
	enum framing_status status = framing_parse(d->in, d->in_len, WIRE_PROBE_MIN, &body_len);
	int server;

	if (status == FRAMING_PARTIAL && d->in_len < sizeof d->in)
		return;
	server = status == FRAMING_WHOLE ? answerer(d, d->in + FRAMING_HEADER_LEN, body_len) : -1;
	if (server < 0) {
		end(d, false);
		return;
	}
	connection_answered(&d->seen, server, clock_mono_ns());
	d->in_len = 0; /* nothing follows an answer: one request waits at a time */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct dialogue *d = stream->data;

	(void)buf;
	if (n < 0) {
		end(d, n != UV_EOF);
		return;
	}
	d->in_len += (size_t)n;
	hear(d);
}

/* -- life -- */

static void on_connected(uv_connect_t *connecting, int status)
{
	struct dialogue *d = connecting->data;

	if (status == UV_ECANCELED)
		return;
	if (status < 0) {
		end(d, true);
		return;
	}
	d->state = DIALOGUE_OPEN;
	uv_tcp_nodelay(&d->tcp, 1);
	uv_read_start((uv_stream_t *)&d->tcp, on_alloc, on_read);
	uv_timer_start(&d->timer, ask, 0, DIALOGUE_EVERY_MS);
}

static void start(struct dialogue *d)
{
	int family = endpoint_is_v4(&d->endpoint) ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	uv_os_fd_t fd;

	udp_sockaddr(&d->endpoint, family, 0, &ss);
	randombytes_buf(&d->flow_id, sizeof d->flow_id);
	uv_tcp_init_ex(d->loop, &d->tcp, (unsigned)family);
	uv_timer_init(d->loop, &d->timer);
	d->tcp.data = d->timer.data = d->connecting.data = d->writing.data = d;
	d->state = DIALOGUE_CONNECTING;
	if (uv_fileno((uv_handle_t *)&d->tcp, &fd) < 0 || egress_table_apply(fd, &d->endpoint) < 0 ||
	    uv_tcp_connect(&d->connecting, &d->tcp, (const struct sockaddr *)&ss, on_connected) < 0)
		end(d, true);
}

void dialogue_open(struct dialogue *d, uv_loop_t *loop, const struct keyring *keyring, const struct endpoint *endpoint,
		   const unsigned *servers, unsigned servers_len)
{
	d->loop = loop;
	d->keyring = keyring;
	d->endpoint = *endpoint;
	memcpy(d->servers, servers, servers_len * sizeof servers[0]);
	d->servers_len = servers_len;
	d->seq = 0;
	d->in_len = 0;
	memset(&d->ticket, 0, sizeof d->ticket);
	connection_init(&d->seen);
	start(d);
}
