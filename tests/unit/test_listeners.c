/* udp_listener, tcp_listener: over loopback, in one loop with their clients. Nothing waits for a time: the loop turns
 * until what must happen has happened (or, on failure, until ctest ends it). */
#include "common/core/framing.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "common/system/udp.h"
#include "server/host/host_evidence.h"
#include "server/listen/tcp_listener.h"
#include "server/listen/udp_listener.h"
#include "tests/unit/sample_packet.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PROBE_LEN = 512,
	FRAMING_LEN = FRAMING_HEADER_LEN + PROBE_LEN,
	SLOTS = 4,
	PORTS_TRIED = 100,
	JUNK_LEN = 40,
	FULL_TURNS = 50
};
enum { BIG_LEN = 1024, QUERY_AT = WIRE_PACKET_MIN + WIRE_TLV_HEADER_LEN, QUERY_LEN = BIG_LEN - QUERY_AT };

static struct seal_identity server, client, stranger, peer, others[3];

static const struct vrf_table no_vrfs;

struct world {
	uv_loop_t loop;
	struct service service;
	struct udp_listener *udp;
	struct tcp_listener *tcp;
	struct endpoint address;
	uint32_t seq; /* each probe is of a flow of its own */
};

static void collect(void *context, const struct evidence_query *query, const struct reflector_querier *querier,
		    struct draft *draft, uint8_t nonce[SEAL_NONCE_LEN])
{
	(void)context, (void)query, (void)querier, (void)draft, (void)nonce;
}

static void on_event(void *context, const struct reflector_event *event)
{
	(void)context, (void)event;
}

static void make_service(struct world *w)
{
	struct reflector_client listed[] = { { .name = "client" }, { .name = "a" }, { .name = "b" }, { .name = "c" } };
	const struct reflector_settings settings = {
		.identity = &server,
		.started_ns = clock_mono_ns(),
		.clock_skew_ns = INT64_MAX / 4,
		.flows_max = 1000,
		.clients = listed,
		.clients_len = sizeof listed / sizeof listed[0],
		.collect = collect,
	};

	memcpy(listed[0].key, client.public_key, sizeof listed[0].key);
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		memcpy(listed[i + 1].key, others[i].public_key, sizeof listed[0].key);
	w->service = (struct service){ .vrfs = &no_vrfs,
				       .reflector = reflector_new(&settings),
				       .host_evidence = host_evidence_new(0, clock_mono_ns()),
				       .return_routes = return_routes_new(),
				       .on_event = on_event };
	assert_non_null(w->service.reflector);
	assert_non_null(w->service.return_routes);
	assert_non_null(w->service.host_evidence);
}

static struct endpoint loopback(uint16_t port)
{
	return (struct endpoint){ .address = { [10] = 0xff, 0xff, 127, 0, 0, 1 }, .port = port };
}

static uint16_t free_port(void)
{
	struct udp_options options = { .family = AF_INET, .bind = loopback(0) };
	int fd = udp_open(&options), port = udp_port(fd);

	assert_in_range(port, 1, 65535);
	close(fd);
	return (uint16_t)port;
}

static void stop(struct world *w)
{
	udp_listener_stop(w->udp);
	tcp_listener_stop(w->tcp);
	relays_stop(w->service.relays);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	udp_listener_free(w->udp);
	tcp_listener_free(w->tcp);
	relays_free(w->service.relays);
}

static void ask_peer(void *udp, const struct endpoint *to, uint8_t *buf, size_t len)
{
	udp_listener_send(udp, to, buf, len);
}

/* Somebody else may take the port between our asking and our binding: then another one. */
static void start(struct world *w)
{
	struct endpoint failed;

	for (unsigned i = 0; i < PORTS_TRIED; i++) {
		w->address = loopback(free_port());
		const struct listen_addresses all = { .port = w->address.port }, one = { &w->address, 1, all.port };

		w->udp = udp_listener_new(&w->service);
		w->tcp = tcp_listener_new(&w->service, SLOTS);
		assert_non_null(w->udp);
		assert_non_null(w->tcp);
		w->service.relays = relays_new(ask_peer, w->udp);
		assert_non_null(w->service.relays);
		relays_start(w->service.relays, &w->loop, w->service.reflector);
		if (udp_listener_start(w->udp, &w->loop, &all, &failed) == 0 &&
		    tcp_listener_start(w->tcp, &w->loop, &one, &failed) == 0)
			return;
		stop(w);
	}
	fail_msg("no port to be had");
}

static int set_up(void **state)
{
	static struct world world;
	const uint8_t seeds[7][SEAL_SEED_LEN] = { { 1 }, { 2 }, { 3 }, { 4 }, { 5 }, { 6 }, { 7 } };

	assert_true(seal_start());
	seal_identity_from_seed(&server, seeds[0]);
	seal_identity_from_seed(&client, seeds[1]);
	seal_identity_from_seed(&stranger, seeds[2]);
	seal_identity_from_seed(&peer, seeds[3]);
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		seal_identity_from_seed(&others[i], seeds[4 + i]);
	world = (struct world){ .seq = 0 };
	assert_int_equal(uv_loop_init(&world.loop), 0);
	make_service(&world);
	start(&world);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	stop(w);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	reflector_free(w->service.reflector);
	host_evidence_free(w->service.host_evidence);
	return_routes_free(w->service.return_routes);
	return 0;
}

static void write_request(struct world *w, const struct seal_identity *who, enum packet_transport transport,
			  enum packet_role role, uint16_t flags, uint8_t *buf, size_t len)
{
	struct packet_request request = {
		.role = role,
		.seq = 1,
		.sent_ns = clock_real_ns(),
		.flags = flags,
		.flow_id = ++w->seq,
		.transport = transport,
		.slots = 1,
	};
	struct seal_pair pair;

	assert_true(seal_pair_for_client(&pair, who, server.public_key));
	memcpy(request.client_key, who->public_key, sizeof request.client_key);
	packet_write_request(buf, len, &request);
	seal_request_name(&pair, buf, 0);
	seal_request_sign(who, transport, buf, 1, NULL);
	seal_request_mac(&pair, transport, buf, len, 1, 0);
}

static void write_probe(struct world *w, const struct seal_identity *who, enum packet_transport transport, uint8_t *buf)
{
	write_request(w, who, transport, PACKET_PROBE, 0, buf, PROBE_LEN);
}

/* ---- TCP ---- */

static int connect_to(const struct world *w)
{
	struct sockaddr_storage ss;
	socklen_t len = udp_sockaddr(&w->address, AF_INET, 0, &ss);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(connect(fd, (struct sockaddr *)&ss, len), errno);
	return fd;
}

static void send_frames(struct world *w, int fd, const struct seal_identity *who, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t frame[FRAMING_LEN];

		framing_put_header(frame, PROBE_LEN);
		write_probe(w, who, PACKET_TCP, frame + FRAMING_HEADER_LEN);
		assert_int_equal(write(fd, frame, sizeof frame), sizeof frame);
	}
}

/* Turn the loop until `len` octets have come, or the end (then fewer are returned). */
static size_t receive(struct world *w, int fd, uint8_t *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, buf + got, len - got, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			break;
		if (n > 0)
			got += (size_t)n;
		else
			uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	return got;
}

static void expect_replies(struct world *w, int fd, unsigned count, enum packet_status status)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t frame[FRAMING_LEN];
		struct packet_reply reply;

		assert_int_equal(receive(w, fd, frame, sizeof frame), sizeof frame);
		assert_int_equal(packet_read_reply(frame + FRAMING_HEADER_LEN, PROBE_LEN, &reply), PACKET_FAULT_NONE);
		assert_int_equal(reply.status, status);
		assert_true(endpoint_equal(&reply.arrived_on, &w->address));
	}
}

/* Sooner than by the deadline that every connection has. */
static void expect_end(struct world *w, int fd)
{
	int64_t from_ns = clock_mono_ns();
	uint8_t octet;

	assert_int_equal(receive(w, fd, &octet, 1), 0);
	assert_true(clock_mono_ns() - from_ns < (TCP_LISTENER_DEADLINE_MS - 1000) * NS_PER_MS);
	close(fd);
}

static void several_exchanges_share_a_connection(void **state)
{
	struct world *w = *state;
	int fd = connect_to(w);

	send_frames(w, fd, &client, 3); /* at once: more than one in a read */
	expect_replies(w, fd, 3, PACKET_OK);
	for (unsigned i = 0; i < 20; i++) {
		send_frames(w, fd, &client, 2);
		expect_replies(w, fd, 2, PACKET_OK);
	}
	close(fd);
}

/* A connection that stays open does not lock out others. */
static void who_had_many_exchanges_makes_room(void **state)
{
	struct world *w = *state;
	int clients[SLOTS], late;

	for (unsigned i = 0; i < SLOTS; i++) {
		clients[i] = connect_to(w);
		send_frames(w, clients[i], &client, 1);
		expect_replies(w, clients[i], 1, PACKET_OK);
	}
	for (unsigned i = 0; i < 16; i++) {
		send_frames(w, clients[1], &client, 1);
		expect_replies(w, clients[1], 1, PACKET_OK);
	}
	late = connect_to(w);
	send_frames(w, late, &client, 1);
	expect_replies(w, late, 1, PACKET_OK);
	expect_end(w, clients[1]);
	for (unsigned i = 0; i < SLOTS; i++)
		close(clients[i]);
	close(late);
}

static void a_frame_may_come_in_pieces(void **state)
{
	struct world *w = *state;
	uint8_t frame[FRAMING_LEN];
	int fd = connect_to(w);

	framing_put_header(frame, PROBE_LEN);
	write_probe(w, &client, PACKET_TCP, frame + FRAMING_HEADER_LEN);
	for (size_t i = 0; i < sizeof frame; i++) {
		assert_int_equal(send(fd, frame + i, 1, 0), 1);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	expect_replies(w, fd, 1, PACKET_OK);
	close(fd);
}

static void what_is_no_frame_ends_the_connection(void **state)
{
	struct world *w = *state;
	uint8_t junk[FRAMING_LEN] = { 0 };
	int fd = connect_to(w);

	assert_int_equal(write(fd, junk, FRAMING_HEADER_LEN), FRAMING_HEADER_LEN); /* of no length */
	expect_end(w, fd);
	fd = connect_to(w);
	framing_put_header(junk, PROBE_LEN);
	assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
	expect_end(w, fd);
}

/* Send probes and read nothing, until nothing more is taken. Returns the number of octets that were. */
static size_t send_without_reading(struct world *w, int fd)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MS };
	uint8_t frame[FRAMING_LEN];
	size_t sent = 0;

	framing_put_header(frame, PROBE_LEN);
	for (unsigned full = 0; full < FULL_TURNS;) {
		size_t at = sent % sizeof frame;
		ssize_t n;

		if (at == 0)
			write_probe(w, &client, PACKET_TCP, frame + FRAMING_HEADER_LEN);
		n = send(fd, frame + at, sizeof frame - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		full = n > 0 ? 0 : full + 1;
		sent += n > 0 ? (size_t)n : 0;
		uv_run(&w->loop, UV_RUN_NOWAIT);
		if (n < 0)
			nanosleep(&pause, NULL);
	}
	return sent;
}

static void who_does_not_read_costs_little(void **state)
{
	const int small = 4096;
	struct world *w = *state;
	int fd = connect_to(w);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_in_range(send_without_reading(w, fd), 1, 300000);
	assert_int_equal(tcp_listener_counts(w->tcp).open, 1);
	close(fd);
}

/* Octets, one by one, win no time. */
static void a_slow_frame_ends_at_the_deadline(void **state)
{
	const struct timespec pause = { .tv_nsec = 50 * NS_PER_MS };
	const uint8_t head[FRAMING_HEADER_LEN] = { PROBE_LEN >> 8, PROBE_LEN & 0xff };
	struct world *w = *state;
	int64_t from_ns = clock_mono_ns();
	int fd = connect_to(w);
	uint8_t octet;

	assert_int_equal(send(fd, head, sizeof head, 0), sizeof head);
	while (recv(fd, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) {
		assert_true(clock_mono_ns() - from_ns < (2 * TCP_LISTENER_DEADLINE_MS - 1000) * NS_PER_MS);
		send(fd, "", 1, MSG_NOSIGNAL);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		nanosleep(&pause, NULL);
	}
	assert_true(clock_mono_ns() - from_ns >= (TCP_LISTENER_DEADLINE_MS - 1000) * NS_PER_MS);
	close(fd);
}

static void a_stranger_is_told(void **state)
{
	struct world *w = *state;
	int fd = connect_to(w);

	send_frames(w, fd, &stranger, 1);
	expect_replies(w, fd, 1, PACKET_NOT_AUTHORISED);
	close(fd);
}

/* The oldest makes room; those who came later may stay. */
static void strangers_make_room(void **state)
{
	struct world *w = *state;
	int strangers[SLOTS], fd;

	for (unsigned i = 0; i < SLOTS; i++)
		strangers[i] = connect_to(w);
	fd = connect_to(w);
	send_frames(w, fd, &client, 1);
	expect_replies(w, fd, 1, PACKET_OK);
	expect_end(w, strangers[0]);
	send_frames(w, strangers[1], &client, 1);
	expect_replies(w, strangers[1], 1, PACKET_OK);
	for (unsigned i = 0; i < SLOTS; i++)
		close(strangers[i]);
	close(fd);
}

/* Of clients that hold no more than their share nobody goes: the new one waits. */
static void clients_do_not_make_room(void **state)
{
	struct world *w = *state;
	const struct seal_identity *const who[SLOTS] = { &client, &client, &others[0], &others[1] };
	int clients[SLOTS], late;

	for (unsigned i = 0; i < SLOTS; i++) {
		clients[i] = connect_to(w);
		send_frames(w, clients[i], who[i], 1);
		expect_replies(w, clients[i], 1, PACKET_OK);
	}
	late = connect_to(w);
	send_frames(w, late, &others[2], 1);
	for (unsigned i = 0; i < SLOTS; i++) {
		send_frames(w, clients[i], who[i], 1);
		expect_replies(w, clients[i], 1, PACKET_OK);
	}
	close(clients[0]);
	expect_replies(w, late, 1, PACKET_OK);
	for (unsigned i = 1; i < SLOTS; i++)
		close(clients[i]);
	close(late);
}

/* A client that keeps all connections warm shuts nobody out: its longest idle one goes. */
static void a_greedy_client_makes_room(void **state)
{
	struct world *w = *state;
	int greedy[SLOTS], late;

	for (unsigned i = 0; i < SLOTS; i++) {
		greedy[i] = connect_to(w);
		send_frames(w, greedy[i], &client, 1);
		expect_replies(w, greedy[i], 1, PACKET_OK);
	}
	send_frames(w, greedy[0], &client, 1);
	expect_replies(w, greedy[0], 1, PACKET_OK);
	late = connect_to(w);
	send_frames(w, late, &others[0], 1);
	expect_replies(w, late, 1, PACKET_OK);
	expect_end(w, greedy[1]);
	send_frames(w, greedy[0], &client, 1);
	expect_replies(w, greedy[0], 1, PACKET_OK);
	for (unsigned i = 0; i < SLOTS; i++)
		close(greedy[i]);
	close(late);
}

/* ---- UDP ---- */

/* Junk between the probes: the replies are those of the probes, each to its own. */
static void only_probes_are_answered(void **state)
{
	enum { SENT = UDP_BATCH, PROBES = SENT / 4 };
	struct world *w = *state;
	struct udp_options options = { .family = AF_INET };
	struct udp_batch *batch = udp_batch_new(PROBE_LEN);
	uint32_t before = w->seq;
	int fd = udp_open(&options);
	bool answered[PROBES] = { false };

	assert_non_null(batch);
	for (unsigned i = 0; i < SENT; i++) {
		struct udp_datagram *d = udp_batch_at(batch, i);

		memset(d->buf, 0, PROBE_LEN);
		d->peer = w->address;
		d->len = i % 4 == 3 ? PROBE_LEN : JUNK_LEN;
		if (i % 4 == 3)
			write_probe(w, &client, PACKET_UDP, d->buf);
	}
	assert_int_equal(udp_send(fd, batch, 0, SENT), SENT);
	for (unsigned left = PROBES; left > 0;) {
		int n = udp_receive(fd, batch);

		uv_run(&w->loop, UV_RUN_NOWAIT);
		for (int i = 0; i < n; i++, left--) {
			struct udp_datagram *d = udp_batch_at(batch, (unsigned)i);
			struct packet_reply reply;

			assert_true(endpoint_equal(&d->peer, &w->address));
			assert_int_equal(d->len, PROBE_LEN);
			assert_int_equal(packet_read_reply(d->buf, d->len, &reply), PACKET_FAULT_NONE);
			assert_in_range(reply.flow_id, before + 1, before + PROBES);
			assert_false(answered[reply.flow_id - before - 1]);
			answered[reply.flow_id - before - 1] = true;
		}
	}
	close(fd);
	udp_batch_free(batch);
}

/* Until one has come: it stands in the batch's first place. */
static void await(struct world *w, int fd, struct udp_batch *batch)
{
	while (udp_receive(fd, batch) != 1)
		uv_run(&w->loop, UV_RUN_NOWAIT);
}

static struct endpoint another_loopback(const struct world *w)
{
	struct endpoint e = w->address;

	e.address[15] = 2;
	return e;
}

static void expect_twin(const struct udp_datagram *d, const struct endpoint *from, bool is_twin)
{
	struct packet_reply reply;

	assert_int_equal(d->len, packet_twin_len(BIG_LEN));
	assert_int_equal(packet_read_reply(d->buf, d->len, &reply), PACKET_FAULT_NONE);
	assert_int_equal(!!(reply.flags & PACKET_TWIN), is_twin);
	assert_true(endpoint_equal(&d->peer, from));
}

/* To an address that the kernel would not choose: the reply comes from there, the twin does not. */
static void a_twin_leaves_from_the_kernel_s_choice(void **state)
{
	struct world *w = *state;
	struct udp_options options = { .family = AF_INET };
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	struct udp_datagram *d = udp_batch_at(batch, 0);
	const struct endpoint asked = another_loopback(w);
	int fd = udp_open(&options);

	write_request(w, &client, PACKET_UDP, PACKET_PROBE, PACKET_WANT_TWIN, d->buf, BIG_LEN);
	d->peer = asked;
	d->len = BIG_LEN;
	assert_int_equal(udp_send(fd, batch, 0, 1), 1);
	for (unsigned came = 0; came < 2;) {
		int n = udp_receive(fd, batch);

		uv_run(&w->loop, UV_RUN_NOWAIT);
		for (int i = 0; i < n; i++, came++)
			expect_twin(udp_batch_at(batch, (unsigned)i), came ? &w->address : &asked, came > 0);
	}
	close(fd);
	udp_batch_free(batch);
}

/* The client's port is closed when the reply comes: the kernel's error must cost nobody else a reply. */
static void an_error_costs_nobody_else_a_reply(void **state)
{
	struct world *w = *state;
	struct udp_options options = { .family = AF_INET };
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	struct udp_datagram *d = udp_batch_at(batch, 0);
	struct draft draft = { .answer.twins_len = 0 };
	const struct evidence_query nothing = { .flows_len = 0 };
	const struct reflector_querier querier = { .seen = w->address };
	const struct endpoint pinned = another_loopback(w);

	for (unsigned i = 0; i < 20; i++) {
		int gone = udp_open(&options), here = udp_open(&options);

		write_request(w, &client, PACKET_UDP, PACKET_PROBE, PACKET_WANT_TWIN, d->buf, BIG_LEN);
		d->peer = pinned;
		d->local = (struct endpoint){ .port = 0 };
		d->len = BIG_LEN;
		assert_int_equal(udp_send(gone, batch, 0, 1), 1);
		close(gone);
		write_probe(w, &client, PACKET_UDP, d->buf);
		d->len = PROBE_LEN;
		assert_int_equal(udp_send(here, batch, 0, 1), 1);
		while (udp_receive(here, batch) != 1)
			uv_run(&w->loop, UV_RUN_NOWAIT);
		close(here);
	}
	host_evidence_collect(w->service.host_evidence, &nothing, &querier, clock_mono_ns(), &draft);
	assert_int_equal(draft.answer.twins_len, EVIDENCE_TWINS_MAX); /* errors there were */
	udp_batch_free(batch);
}

/* The client's port is closed: pinned reply and twin both get an error, in this order, and only the twin is told. */
static void a_refused_twin_is_told(void **state)
{
	struct world *w = *state;
	struct udp_options options = { .family = AF_INET };
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	struct udp_datagram *d = udp_batch_at(batch, 0);
	const struct evidence_query nothing = { .flows_len = 0 };
	const struct reflector_querier querier = { .seen = w->address };
	struct draft draft = { .answer.twins_len = 0 };
	int fd = udp_open(&options);

	write_request(w, &client, PACKET_UDP, PACKET_PROBE, PACKET_WANT_TWIN, d->buf, BIG_LEN);
	d->peer = another_loopback(w);
	d->len = BIG_LEN;
	assert_int_equal(udp_send(fd, batch, 0, 1), 1);
	close(fd);
	while (draft.answer.twins_len == 0) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		draft = (struct draft){ .answer.twins_len = 0 };
		host_evidence_collect(w->service.host_evidence, &nothing, &querier, clock_mono_ns(), &draft);
	}
	assert_int_equal(draft.answer.twins_len, 1);
	assert_true(endpoint_same_address(&draft.answer.twins[0].source, &w->address));
	assert_int_equal(draft.answer.twins[0].flow, w->seq);
	assert_int_equal(draft.answer.twins[0].seq, 1);
	udp_batch_free(batch);
}

static void refuse_twin(struct host_evidence *host_evidence, uint64_t flow_id, uint32_t seq, const struct endpoint *to)
{
	struct packet_request request = {
		.role = PACKET_PROBE, .seq = seq, .flow_id = flow_id, .transport = PACKET_UDP, .slots = 1
	};
	struct packet_reply reply = {
		.role = PACKET_REPLY,
		.seq = seq,
		.flags = PACKET_TWIN,
		.flow_id = flow_id,
		.arrived_on = sample_endpoint_v4(26, 8620),
		.slots = 1,
	};
	uint8_t buf[PROBE_LEN];

	packet_write_request(buf, sizeof buf, &request);
	packet_write_reply(buf, sizeof buf, &reply);
	host_evidence_note_error(host_evidence, &(struct errqueue_entry){ .kind = ERRQUEUE_ICMP,
									  .meaning = ERRQUEUE_PORT,
									  .destination = *to,
									  .source = sample_endpoint_v4(5, 0),
									  .payload = buf,
									  .payload_len = sizeof buf });
}

/* One for each flow, the newest first, to whom they were sent. */
static void the_newest_refused_twins_are_kept(void **state)
{
	const struct reflector_querier here = { .seen = sample_endpoint_v4(9, 1) };
	const struct reflector_querier there = { .seen = sample_endpoint_v4(8, 1) };
	const struct evidence_query nothing = { .flows_len = 0 };
	struct host_evidence *host_evidence = host_evidence_new(0, clock_mono_ns());
	struct draft draft = { .answer.twins_len = 0 };

	(void)state;
	refuse_twin(host_evidence, 1, 1, &there.seen);
	for (uint64_t flow = 1; flow <= 63; flow++)
		refuse_twin(host_evidence, flow, 1, &here.seen);
	refuse_twin(host_evidence, 50, 2, &here.seen);
	host_evidence_collect(host_evidence, &nothing, &here, clock_mono_ns(), &draft);
	assert_int_equal(draft.answer.twins_len, EVIDENCE_TWINS_MAX);
	assert_int_equal(draft.answer.twins[0].flow, 50);
	assert_int_equal(draft.answer.twins[0].seq, 2);
	for (unsigned i = 1; i < EVIDENCE_TWINS_MAX; i++)
		assert_int_equal(draft.answer.twins[i].flow, i <= 13 ? 64 - i : 63 - i);

	draft = (struct draft){ .answer.twins_len = 0 };
	host_evidence_collect(host_evidence, &nothing, &there, clock_mono_ns(), &draft);
	assert_int_equal(draft.answer.twins_len, 1);
	refuse_twin(host_evidence, 64, 1, &here.seen); /* one more than there is room for */
	draft = (struct draft){ .answer.twins_len = 0 };
	host_evidence_collect(host_evidence, &nothing, &there, clock_mono_ns(), &draft);
	assert_int_equal(draft.answer.twins_len, 0);
	host_evidence_free(host_evidence);
}

/* ---- relays ---- */

/* The server that we witness for is a socket of the test's. */
static int open_peer(struct world *w)
{
	struct udp_options options = { .family = AF_INET, .bind = loopback(0) };
	static struct witness_peer listed;
	int fd = udp_open(&options);

	listed.address = loopback(0);
	listed.address.port = (uint16_t)udp_port(fd);
	memcpy(listed.key, peer.public_key, sizeof listed.key);
	relays_set_peers(w->service.relays, &listed, 1);
	return fd;
}

static void write_relay(struct world *w, enum packet_transport transport, uint8_t *buf)
{
	struct packet_request query = {
		.role = PACKET_QUERY, .seq = 1, .flow_id = ++w->seq, .transport = PACKET_UDP, .slots = 1
	};

	memcpy(query.client_key, client.public_key, sizeof query.client_key);
	write_request(w, &client, transport, PACKET_RELAY, 0, buf, BIG_LEN);
	packet_write_request(buf + QUERY_AT, QUERY_LEN, &query);
	memcpy(buf + QUERY_AT + WIRE_SLOTS, peer.public_key, WIRE_SERVER_ID_LEN);
}

/* Get the query, and answer it. */
static void answer_as_peer(struct world *w, int fd, struct udp_batch *batch, const uint8_t *expected)
{
	struct udp_datagram *d = udp_batch_at(batch, 0);
	struct packet_reply answer = { .role = PACKET_ANSWER, .arrived_on = loopback(1), .slots = 1 };

	await(w, fd, batch);
	assert_int_equal(d->len, QUERY_LEN);
	assert_memory_equal(d->buf, expected, QUERY_LEN);
	assert_true(endpoint_equal(&d->peer, &w->address));
	memcpy(answer.server_key, peer.public_key, sizeof answer.server_key);
	packet_write_reply(d->buf, QUERY_LEN, &answer);
	d->local = (struct endpoint){ .port = 0 };
	assert_int_equal(udp_send(fd, batch, 0, 1), 1);
}

static void assert_relayed(const uint8_t *buf, enum packet_status status)
{
	struct packet_reply reply, inner;

	assert_int_equal(packet_read_reply(buf, BIG_LEN, &reply), PACKET_FAULT_NONE);
	assert_int_equal(reply.role, PACKET_RELAYED);
	assert_int_equal(reply.status, status);
	if (status != PACKET_OK)
		return;
	assert_int_equal(packet_read_reply(buf + QUERY_AT, QUERY_LEN, &inner), PACKET_FAULT_NONE);
	assert_int_equal(inner.role, PACKET_ANSWER);
	assert_memory_equal(inner.server_key, peer.public_key, WIRE_KEY_LEN);
}

static void a_relay_by_udp_is_answered_from_where_it_arrived(void **state)
{
	struct world *w = *state;
	struct udp_options options = { .family = AF_INET };
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	struct udp_datagram *d = udp_batch_at(batch, 0);
	const struct endpoint asked = another_loopback(w);
	int there = open_peer(w), fd = udp_open(&options);
	uint8_t relay[BIG_LEN];

	write_relay(w, PACKET_UDP, relay);
	memcpy(d->buf, relay, BIG_LEN);
	d->peer = asked;
	d->len = BIG_LEN;
	assert_int_equal(udp_send(fd, batch, 0, 1), 1);
	answer_as_peer(w, there, batch, relay + QUERY_AT);
	await(w, fd, batch);
	assert_int_equal(d->len, BIG_LEN);
	assert_true(endpoint_equal(&d->peer, &asked));
	assert_relayed(d->buf, PACKET_OK);
	close(there);
	close(fd);
	udp_batch_free(batch);
}

static void send_relay(struct world *w, int fd, uint8_t frame[FRAMING_HEADER_LEN + BIG_LEN])
{
	framing_put_header(frame, BIG_LEN);
	write_relay(w, PACKET_TCP, frame + FRAMING_HEADER_LEN);
	assert_int_equal(write(fd, frame, FRAMING_HEADER_LEN + BIG_LEN), FRAMING_HEADER_LEN + BIG_LEN);
}

static void a_relay_by_tcp_holds_its_connection(void **state)
{
	struct world *w = *state;
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	int there = open_peer(w), fd = connect_to(w);
	uint8_t frame[FRAMING_HEADER_LEN + BIG_LEN];

	send_relay(w, fd, frame);
	send_frames(w, fd, &client, 1); /* what comes behind it waits */
	answer_as_peer(w, there, batch, frame + FRAMING_HEADER_LEN + QUERY_AT);
	assert_int_equal(receive(w, fd, frame, sizeof frame), sizeof frame);
	assert_relayed(frame + FRAMING_HEADER_LEN, PACKET_OK);
	expect_replies(w, fd, 1, PACKET_OK);
	close(there);
	close(fd);
	udp_batch_free(batch);
}

/* The answer comes when the connection is gone: its slot is free again then, before any deadline. */
static void a_connection_may_go_while_its_relay_waits(void **state)
{
	struct world *w = *state;
	struct udp_batch *batch = udp_batch_new(BIG_LEN);
	int there = open_peer(w), gone = connect_to(w), clients[SLOTS];
	uint8_t frame[FRAMING_HEADER_LEN + BIG_LEN], octet;
	const struct linger reset = { .l_onoff = 1 };

	send_relay(w, gone, frame);
	while (recv(there, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_return_code(setsockopt(gone, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), errno);
	close(gone);
	answer_as_peer(w, there, batch, frame + FRAMING_HEADER_LEN + QUERY_AT);
	for (unsigned i = 0; i < SLOTS; i++) {
		clients[i] = connect_to(w);
		send_frames(w, clients[i], &client, 1);
		expect_replies(w, clients[i], 1, PACKET_OK);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		close(clients[i]);
	udp_batch_free(batch);
	close(there);
}

static void a_silent_peer_is_told(void **state)
{
	struct world *w = *state;
	int there = open_peer(w), fd = connect_to(w);
	uint8_t frame[FRAMING_HEADER_LEN + BIG_LEN];

	send_relay(w, fd, frame);
	while (recv(fd, frame, sizeof frame, MSG_PEEK | MSG_DONTWAIT) < 0)
		uv_run(&w->loop, UV_RUN_ONCE); /* sleeps: the timer has to wake it */
	assert_int_equal(receive(w, fd, frame, sizeof frame), sizeof frame);
	assert_relayed(frame + FRAMING_HEADER_LEN, PACKET_PEER_SILENT);
	close(there);
	close(fd);
}

static void a_server_that_is_no_peer_is_told_at_once(void **state)
{
	struct world *w = *state;
	int fd = connect_to(w);
	uint8_t frame[FRAMING_HEADER_LEN + BIG_LEN];

	send_relay(w, fd, frame);
	assert_int_equal(receive(w, fd, frame, sizeof frame), sizeof frame);
	assert_relayed(frame + FRAMING_HEADER_LEN, PACKET_NO_PEER);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_exchanges_share_a_connection),
		TEST(who_had_many_exchanges_makes_room),
		TEST(a_frame_may_come_in_pieces),
		TEST(what_is_no_frame_ends_the_connection),
		TEST(who_does_not_read_costs_little),
		TEST(a_slow_frame_ends_at_the_deadline),
		TEST(a_stranger_is_told),
		TEST(strangers_make_room),
		TEST(clients_do_not_make_room),
		TEST(a_greedy_client_makes_room),
		TEST(only_probes_are_answered),
		TEST(an_error_costs_nobody_else_a_reply),
		TEST(a_twin_leaves_from_the_kernel_s_choice),
		TEST(a_refused_twin_is_told),
		TEST(the_newest_refused_twins_are_kept),
		TEST(a_relay_by_udp_is_answered_from_where_it_arrived),
		TEST(a_relay_by_tcp_holds_its_connection),
		TEST(a_connection_may_go_while_its_relay_waits),
		TEST(a_silent_peer_is_told),
		TEST(a_server_that_is_no_peer_is_told_at_once),
	};

	return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
