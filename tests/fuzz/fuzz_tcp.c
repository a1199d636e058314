/* The TCP listener with reflector and witness behind it, and libuv's functions played here: connections come, send
 * whatever octets in whatever pieces, wait, and go. What must always hold: a listener with N places holds N
 * connections; each has a deadline; nothing is written that was not asked for, to nobody more than it sent; and a
 * connection that closes closes once.
 *
 * An input is a list of steps. The first octet of each has what happens (bits 0 to 2) and to which connection (3 to 5).
 */
#include "common/core/bytes.h"
#include "common/core/framing.h"
#include "common/core/thresholds.h"
#include "server/listen/tcp_listener.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"
#include "tests/unit/virtual_clock.h"

#include <string.h>

enum { PLACES = 3, STREAMS = 2 * PLACES, PIECE_LEN = 2, HANDLES = 64 };

enum action { CONNECT, SEND, REQUEST, WRITTEN, LEAVE, EXPIRE, ANSWER, PASS };

/* ---- libuv and the clock ---- */

struct stream {
	uv_stream_t *handle; /* NULL: free */
	uv_alloc_cb alloc;
	uv_read_cb read; /* NULL: it does not read */
	uv_write_t *write;
	uv_write_cb written; /* NULL: nothing is being written */
	size_t in, out;      /* octets */
};

static struct play {
	uv_stream_t *listening;
	uv_connection_cb on_connection;
	unsigned waiting; /* connections that are not accepted yet */
	struct stream streams[STREAMS];
	struct {
		uv_timer_t *timer;
		uv_timer_cb due; /* NULL: stopped */
	} timers[HANDLES];
	struct {
		uv_handle_t *handle;
		uv_close_cb closed;
	} closing[HANDLES];
	unsigned timers_len, closing_len;
	uint8_t query[SCRIPT_PACKET_MAX]; /* the newest that the peer was asked */
	size_t query_len;
} play;

static struct stream *stream_of(const void *handle)
{
	for (struct stream *s = play.streams; s < play.streams + STREAMS; s++)
		if (s->handle == handle)
			return s;
	abort();
}

int uv_tcp_init(uv_loop_t *loop, uv_tcp_t *handle)
{
	(void)loop, (void)handle;
	return 0;
}

int uv_tcp_bind(uv_tcp_t *handle, const struct sockaddr *addr, unsigned flags)
{
	(void)handle, (void)addr, (void)flags;
	return 0;
}

int uv_listen(uv_stream_t *stream, int backlog, uv_connection_cb cb)
{
	(void)backlog;
	play.listening = stream;
	play.on_connection = cb;
	return 0;
}

int uv_accept(uv_stream_t *server, uv_stream_t *client)
{
	struct stream *s = stream_of(NULL);

	FUZZ_CHECK(server == play.listening && play.waiting > 0);
	play.waiting--;
	*s = (struct stream){ .handle = client };
	return 0;
}

static int put_address(struct sockaddr *name, int *len, uint8_t last)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = 1, .sin_addr = { 1 } };

	sin.sin_addr.s_addr += last;
	memcpy(name, &sin, sizeof sin);
	*len = sizeof sin;
	return 0;
}

int uv_tcp_getpeername(const uv_tcp_t *handle, struct sockaddr *name, int *len)
{
	return put_address(name, len, (uint8_t)(stream_of(handle) - play.streams));
}

int uv_tcp_getsockname(const uv_tcp_t *handle, struct sockaddr *name, int *len)
{
	(void)handle;
	return put_address(name, len, STREAMS);
}

int uv_read_start(uv_stream_t *stream, uv_alloc_cb alloc, uv_read_cb read)
{
	struct stream *s = stream_of(stream);

	FUZZ_CHECK(!s->written && !s->read);
	s->alloc = alloc;
	s->read = read;
	return 0;
}

int uv_read_stop(uv_stream_t *stream)
{
	stream_of(stream)->read = NULL;
	return 0;
}

int uv_write(uv_write_t *write, uv_stream_t *stream, const uv_buf_t bufs[], unsigned len, uv_write_cb cb)
{
	struct stream *s = stream_of(stream);

	FUZZ_CHECK(len == 1 && !s->written && !s->read);
	s->write = write;
	s->written = cb;
	s->out += bufs[0].len;
	FUZZ_CHECK(s->out <= s->in);
	return 0;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	(void)loop;
	FUZZ_CHECK(play.timers_len < HANDLES);
	play.timers[play.timers_len++].timer = timer;
	return 0;
}

static unsigned timer_at(const uv_timer_t *timer)
{
	unsigned i = 0;

	while (i < play.timers_len && play.timers[i].timer != timer)
		i++;
	FUZZ_CHECK(i < play.timers_len);
	return i;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout_ms, uint64_t repeat_ms)
{
	(void)timeout_ms;
	FUZZ_CHECK(repeat_ms == 0);
	play.timers[timer_at(timer)].due = cb;
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	play.timers[timer_at(timer)].due = NULL;
	return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb cb)
{
	for (unsigned i = 0; i < play.closing_len; i++)
		FUZZ_CHECK(play.closing[i].handle != handle);
	FUZZ_CHECK(play.closing_len < HANDLES);
	play.closing[play.closing_len].handle = handle;
	play.closing[play.closing_len++].closed = cb;
}

/* What was being written ends first, as in libuv. */
static void close_all(void)
{
	while (play.closing_len > 0) {
		uv_handle_t *handle = play.closing[0].handle;
		uv_close_cb closed = play.closing[0].closed;

		memmove(play.closing, play.closing + 1, --play.closing_len * sizeof play.closing[0]);
		for (struct stream *s = play.streams; s < play.streams + STREAMS; s++) {
			if (s->handle != (uv_stream_t *)handle)
				continue;
			if (s->written)
				s->written(s->write, UV_ECANCELED);
			*s = (struct stream){ .handle = NULL };
		}
		if (closed)
			closed(handle);
	}
}

/* ---- the server ---- */

void host_evidence_touch(struct host_evidence *host_evidence, int64_t now_ns)
{
	(void)host_evidence, (void)now_ns;
}

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	(void)context, (void)query, (void)querier, (void)draft;
	memset(nonce, 7, SEAL_NONCE_LEN);
}

static void on_event(void *context, const struct reflector_event *event)
{
	(void)context;
	FUZZ_CHECK(event->kind == REFLECTOR_EVENT_REFUSED || (event->client && event->flow));
}

static void ask_peer(void *context, const struct endpoint *to, uint8_t *buf, size_t len)
{
	(void)context;
	FUZZ_CHECK(to->port == WIRE_PORT && len <= WITNESS_QUERY_MAX);
	memcpy(play.query, buf, len);
	play.query_len = len;
}

static struct relays *make_relays(struct reflector *reflector)
{
	static struct witness_peer peer;
	struct relays *relays = relays_new(ask_peer, NULL);

	peer.address = script_address(9, WIRE_PORT);
	memcpy(peer.key, script_peer.public_key, sizeof peer.key);
	FUZZ_CHECK(relays);
	relays_set_peers(relays, &peer, 1);
	relays_start(relays, NULL, reflector);
	return relays;
}

/* ---- steps ---- */

struct input {
	const uint8_t *data;
	size_t size;
};

static const uint8_t *take(struct input *in, size_t len)
{
	const uint8_t *data = in->data;

	FUZZ_CHECK(len <= in->size);
	in->data += len;
	in->size -= len;
	return data;
}

static bool is_closing(const struct stream *s)
{
	for (unsigned i = 0; i < play.closing_len; i++)
		if (play.closing[i].handle == (uv_handle_t *)s->handle)
			return true;
	return false;
}

/* As much as there is room for at a time, and as long as it reads. */
static void deliver(struct stream *s, const uint8_t *data, size_t len)
{
	while (len > 0 && s->handle && s->read && !is_closing(s)) {
		uv_buf_t buf = { .len = 0 };

		s->alloc((uv_handle_t *)s->handle, len, &buf);
		FUZZ_CHECK(buf.len > 0);
		size_t n = len < buf.len ? len : buf.len;

		memcpy(buf.base, data, n);
		s->in += n;
		s->read(s->handle, (ssize_t)n, &buf);
		data += n;
		len -= n;
	}
}

static void send_octets(struct stream *s, struct input *in)
{
	if (in->size < PIECE_LEN)
		return;
	size_t len = bytes_get16(take(in, PIECE_LEN));

	len = len < in->size ? len : in->size;
	deliver(s, take(in, len), len);
}

static void send_request(struct stream *s, struct input *in)
{
	uint8_t buf[FRAMING_HEADER_LEN + SCRIPT_PACKET_MAX], step[SCRIPT_STEP_LEN];

	if (in->size < sizeof step)
		return;
	memcpy(step, take(in, sizeof step), sizeof step);
	step[SCRIPT_MODE] |= SCRIPT_TCP;
	size_t len = WIRE_PROBE_MIN + bytes_get16(step + SCRIPT_LEN) % (SCRIPT_PACKET_MAX - WIRE_PROBE_MIN + 1);
	size_t own_len = step[SCRIPT_MODE] & SCRIPT_QUERY ? step[SCRIPT_ADVANCE] : 0;

	own_len = own_len < in->size ? own_len : in->size;
	framing_put_header(buf, len);
	script_write(step, clock_real_ns(), buf + FRAMING_HEADER_LEN, len, take(in, own_len), own_len);
	deliver(s, buf, FRAMING_HEADER_LEN + len);
}

/* The peer answers what it was asked last, with one octet changed; or another one does. */
static void answer(struct relays *relays, struct input *in)
{
	enum { FROM, OFFSET, XOR = OFFSET + 2, LEN };
	struct packet_reply reply = { .role = PACKET_ANSWER, .slots = 1 };
	uint8_t buf[SCRIPT_PACKET_MAX];

	if (in->size < LEN || play.query_len == 0)
		return;
	const uint8_t *change = take(in, LEN);
	struct endpoint from = script_address((uint8_t)(9 + change[FROM]), WIRE_PORT);

	memcpy(buf, play.query, play.query_len);
	memcpy(reply.server_key, script_peer.public_key, sizeof reply.server_key);
	packet_write_reply(buf, play.query_len, &reply);
	buf[bytes_get16(change + OFFSET) % play.query_len] ^= change[XOR];
	relays_hear(relays, &from, buf, play.query_len);
}

static void expire(uint8_t which)
{
	unsigned i = which % play.timers_len;
	uv_timer_cb due = play.timers[i].due;

	play.timers[i].due = NULL;
	if (due)
		due(play.timers[i].timer);
}

static void written(struct stream *s, int status)
{
	uv_write_cb cb = s->written;

	s->written = NULL;
	if (cb)
		cb(s->write, status);
}

static void connect_one(void)
{
	if (play.waiting > 0) /* libuv holds back a second one */
		return;
	play.waiting++;
	play.on_connection(play.listening, 0);
}

static void take_step(struct relays *relays, struct input *in)
{
	uint8_t head = *take(in, 1);
	struct stream *s = &play.streams[(head >> 3 & 7) % STREAMS];

	if ((head & 7) == CONNECT)
		connect_one();
	else if ((head & 7) == EXPIRE)
		expire(head >> 3);
	else if ((head & 7) == ANSWER)
		answer(relays, in);
	else if ((head & 7) == PASS)
		virtual_clock_ns += INT64_C(1) << (head >> 3) % 32;
	else if (s->handle && !is_closing(s) && (head & 7) == SEND)
		send_octets(s, in);
	else if (s->handle && !is_closing(s) && (head & 7) == REQUEST)
		send_request(s, in);
	else if (s->handle && (head & 7) == WRITTEN)
		written(s, head & 0x80 ? UV_EPIPE : 0);
	else if (s->read && !is_closing(s))
		s->read(s->handle, UV_EOF, NULL);
}

static void check(const struct tcp_listener *listener)
{
	unsigned open = 0;

	for (const struct stream *s = play.streams; s < play.streams + STREAMS; s++) {
		open += s->handle != NULL;
		FUZZ_CHECK(!s->handle || is_closing(s) || s->read || s->written || play.query_len > 0);
	}
	FUZZ_CHECK(open <= PLACES && tcp_listener_counts(listener).open == open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	const struct listen_addresses all = { .port = WIRE_PORT };
	struct endpoint failed;
	struct input in = { data, size };

	if (!started)
		script_start();
	started = true;
	play = (struct play){ 0 };
	virtual_clock_ns = 1000000000;
	struct reflector_settings settings = script_reflector;
	settings.collect = collect;
	struct service service = { .reflector = reflector_new(&settings), .on_event = on_event };

	FUZZ_CHECK(service.reflector);
	service.relays = make_relays(service.reflector);
	struct tcp_listener *listener = tcp_listener_new(&service, PLACES);

	FUZZ_CHECK(listener && tcp_listener_start(listener, NULL, &all, &failed) == 0);
	while (in.size > 0) {
		bool turn = in.data[0] & 0x40;

		take_step(service.relays, &in);
		if (turn)
			close_all();
		check(listener);
	}
	tcp_listener_stop(listener);
	relays_stop(service.relays);
	close_all();
	tcp_listener_free(listener);
	relays_free(service.relays);
	reflector_free(service.reflector);
	return 0;
}
