/* The client's core as `run` drives it, on a network that is the input: engine, querier, hints and verdicts, with the
 * dialers, the clock and libsodium's random numbers played here. The harness holds the keys of the servers, so that
 * replies and evidence get beyond the seals. What must always hold: a probe counts as answered only if a server sealed
 * its reply; the counts of a path add up; only a path that is up, or not known, has no cause; no sentence has a
 * character that a terminal would obey; and what the second server says, whatever it is, proves no direction on a path
 * where only the first one may answer, and alone does.
 *
 * An input is a list of steps (client_step.h). */
#include "client/engine/receive.h"
#include "client/verdict/assess.h"
#include "common/core/bytes.h"
#include "common/core/ns.h"
#include "tests/fuzz/client_step.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/virtual_clock.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { SERVERS = 2, STRANGER = SERVERS, PARTIES, PATHS_MAX = 12, SENT = 128, RING = 16, TICKS_MAX = 64 };

struct sent {
	struct endpoint to;
	void *owner;
	uint32_t seq;
	bool tcp, pending; /* TCP: the exchange has not ended */
	size_t len;
	uint8_t buf[WIRE_MESSAGE_MAX];
};

static struct seal_identity parties[PARTIES];
static struct seal_pair pairs[PARTIES];
static char name[] = "t";
static struct config_server servers[SERVERS] = { { .name = name }, { .name = name } };
static struct config_schedule config_schedule = { .every_ns = NS_PER_S, .timeout_ns = NS_PER_S };
static struct config_target targets[] = {
	{ .name = name,
	  .servers = { 0, 1 },
	  .servers_len = 2,
	  .udp = true,
	  .tcp = true,
	  .schedules_len = 1,
	  .held = 1,
	  .fresh = 1,
	  .sizes = { 512 },
	  .sizes_len = 1,
	  .unpinned = true,
	  .expect_reachable = true },
	{ .name = name,
	  .servers = { 0 },
	  .servers_len = 1,
	  .udp = true,
	  .tcp = true,
	  .schedules_len = 1,
	  .held = 1,
	  .sizes = { 512, 1400 },
	  .sizes_len = 2,
	  .expect_reachable = true },
};
static const struct endpoint addresses[] = { { .address = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .port = WIRE_PORT },
					     { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = WIRE_PORT } };
enum { TARGETS = sizeof targets / sizeof *targets };
static struct config config = { .servers = servers,
				.servers_len = SERVERS,
				.schedules = &config_schedule,
				.schedules_len = 1,
				.targets = targets,
				.targets_len = TARGETS,
				.lossy_permille = 50 };
static const struct schedule schedule = { .every_ns = NS_PER_S, .count = 1 };

static struct {
	int64_t wake_ns;
	uint32_t random;
	unsigned next; /* in `sent` */
	bool others;   /* not only the second server has spoken: the first one, the network, or this host */
	struct engine engine;
} play;

static struct sent sent[SENT]; /* more than a second's rechecks, so that a query can still be answered */
static struct udp_dialer_hooks udp_hooks;
static struct tcp_dialer_hooks tcp_hooks;

/* ---- what the core calls ---- */

/* In libsodium's place: an input does the same every time. */
void randombytes_buf(void *const buf, const size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = (uint8_t)((play.random = play.random * 1664525 + 1013904223) >> 24);
}

static struct sent *stage(const struct endpoint *to, void *owner, uint32_t seq, size_t len, bool tcp)
{
	struct sent *s = &sent[play.next++ % SENT];

	FUZZ_CHECK(len <= sizeof s->buf);
	memset(s, 0, offsetof(struct sent, buf));
	s->to = *to;
	s->owner = owner;
	s->seq = seq;
	s->len = len;
	s->tcp = s->pending = tcp;
	return s;
}

uint8_t *udp_dialer_stage(struct udp_dialer *dialer, const struct endpoint *to, int held, uint32_t *last_fresh,
			  size_t len, void *owner, uint32_t seq)
{
	(void)dialer, (void)held, (void)last_fresh;
	return stage(to, owner, seq, len, false)->buf;
}

static void forget(const void *owner)
{
	for (struct sent *s = sent; s < sent + SENT; s++)
		s->owner = s->owner == owner ? NULL : s->owner;
}

void udp_dialer_forget(struct udp_dialer *dialer, const void *owner)
{
	(void)dialer;
	forget(owner);
}

void tcp_dialer_forget(struct tcp_dialer *dialer, const void *owner)
{
	(void)dialer;
	forget(owner);
}

void tcp_dialer_start(struct tcp_dialer *dialer, const struct endpoint *to, const uint8_t *body, size_t len,
		      int64_t timeout_ns, void *owner, uint32_t seq)
{
	(void)dialer, (void)timeout_ns;
	memcpy(stage(to, owner, seq, len, true)->buf, body, len);
}

/* ---- life ---- */

static void make_keys(void)
{
	static const uint8_t seed[SEAL_SEED_LEN] = { 1 };

	FUZZ_CHECK(seal_start());
	seal_identity_from_seed(&config.identity, seed);
	for (unsigned i = 0; i < PARTIES; i++) {
		uint8_t own_seed[SEAL_SEED_LEN] = { 10, (uint8_t)i };
		seal_identity_from_seed(&parties[i], own_seed);
		FUZZ_CHECK(seal_pair_for_client(&pairs[i], &config.identity, parties[i].public_key));
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		memcpy(servers[i].keys[0], parties[i].public_key, WIRE_KEY_LEN);
		servers[i].keys_len = 1;
	}
}

static void begin(void)
{
	const struct path_plan plan = { .config = &config, .ring_len = RING };
	struct path **items = calloc(PATHS_MAX, sizeof(struct path *));
	size_t len = 0;

	memset(&play, 0, sizeof play);
	for (unsigned i = 0; i < SENT; i++)
		memset(&sent[i], 0, offsetof(struct sent, buf));
	virtual_clock_ns = 1000 * NS_PER_S;
	play.engine.rechecks.of_all_paths = true;
	FUZZ_CHECK(items && engine_start(&play.engine, &config, NULL, NULL));
	for (unsigned i = 0; i < TARGETS; i++) {
		FUZZ_CHECK(engine_may_ask(&play.engine, &targets[i], &addresses[i]));
		FUZZ_CHECK(len + path_count(&targets[i]) <= PATHS_MAX);
		FUZZ_CHECK(path_make_all(&plan, &targets[i], &addresses[i], items + len));
		len += path_count(&targets[i]);
	}
	for (size_t i = 0; i < len; i++) {
		FUZZ_CHECK(path_set_timers(items[i], 1));
		schedule_start(&items[i]->timers[0], &schedule, items[i], virtual_clock_ns + (int64_t)i * NS_PER_MS);
	}
	FUZZ_CHECK(engine_set_paths(&play.engine, items, len));
	udp_hooks = receive_udp_hooks(&play.engine);
	tcp_hooks = receive_tcp_hooks(&play.engine);
	play.wake_ns = virtual_clock_ns;
}

/* ---- steps ---- */

static void pass(const uint8_t *step)
{
	int64_t until_ns = virtual_clock_ns + (INT64_C(1) << step[STEP_WHICH] % 35);

	for (unsigned i = 0; i < TICKS_MAX && play.wake_ns <= until_ns; i++) {
		virtual_clock_ns = play.wake_ns > virtual_clock_ns ? play.wake_ns : virtual_clock_ns;
		play.wake_ns = engine_tick(&play.engine);
	}
	virtual_clock_ns = until_ns;
	play.wake_ns = engine_tick(&play.engine);
}

static struct sent *newest(unsigned which)
{
	return &sent[(play.next - 1 - which) % SENT];
}

static bool is_meant(const struct sent *s, const uint8_t *step)
{
	uint8_t role = s->len > WIRE_FLOW_ROLE ? s->buf[WIRE_FLOW_ROLE] : 0;

	return step[STEP_WHO] & STEP_OF_QUERIES ? role == PACKET_QUERY || role == PACKET_RELAY : s->tcp && s->pending;
}

static struct sent *request_of(const uint8_t *step)
{
	unsigned which = step[STEP_WHICH];

	for (unsigned i = 0; step[STEP_WHO] & (STEP_OF_QUERIES | STEP_OF_CONNECTIONS) && i < SENT; i++) {
		if (is_meant(newest(i), step) && which-- == 0)
			return newest(i);
	}
	return newest(step[STEP_WHICH]);
}

static void flip(uint8_t *buf, size_t len, const uint8_t *step)
{
	buf[bytes_get16(step + STEP_PATCH) % len] ^= step[STEP_XOR];
}

static uint64_t flow_of(uint64_t number)
{
	return play.engine.paths.items[number % play.engine.paths.len]->prober.flow_id;
}

/* No input can guess the 64 random bits of a flow: it names paths, and this their flows. */
static void name_flows(uint8_t *text, size_t len)
{
	static struct evidence_answer answer;

	if (!evidence_read_answer(text, len, &answer))
		return;
	for (unsigned i = 0; i < answer.flows_len; i++)
		answer.flows[i].id = flow_of(answer.flows[i].id);
	for (unsigned i = 0; i < answer.captures_len; i++)
		answer.captures[i].flow = flow_of(answer.captures[i].flow);
	for (unsigned i = 0; i < answer.twins_len; i++)
		answer.twins[i].flow = flow_of(answer.twins[i].flow);
	evidence_write_answer(text, len, &answer);
}

static void seal_text(const uint8_t *step, unsigned who, uint8_t *buf, size_t len, unsigned slots, const uint8_t *own,
		      size_t own_len)
{
	static const uint8_t nonce[SEAL_NONCE_LEN] = { 9 };
	uint8_t text[WIRE_MESSAGE_MAX] = { 0 };
	size_t value_len;
	uint8_t *value = packet_evidence(buf, len, slots, &value_len);

	if (value_len < SEAL_NONCE_LEN + SEAL_TAG_LEN)
		return;
	size_t text_len = value_len - SEAL_NONCE_LEN - SEAL_TAG_LEN;

	memcpy(text, own, own_len < text_len ? own_len : text_len);
	if (step[STEP_WHO] & STEP_NUMBERED)
		name_flows(text, text_len);
	seal_evidence(pairs[who].answer, nonce, buf, value, text, text_len);
}

static void write_reply(const uint8_t *step, unsigned who, uint8_t *buf, size_t len, const uint8_t *own, size_t own_len)
{
	struct packet_request request;

	if (packet_read_request(buf, len, &request) != PACKET_FAULT_NONE)
		return;
	struct packet_reply reply = {
		.role = request.role + 1, /* each request's reply is next to it */
		.received_ns = clock_real_ns(),
		.replied_ns = clock_real_ns(),
		.status = step[STEP_STATUS] % 5,
		.flags = step[STEP_FLAGS],
		.boot_id = 1 + (step[STEP_STATUS] >> 6),
		.arrived_on = request.destination,
		.seen_source = addresses[1],
		.receipts = { .first = 1 + step[STEP_FIRST],
			      .newest = request.seq + (int8_t)step[STEP_NEWEST],
			      .received = 1,
			      .bitmap = { bytes_get32(step + STEP_RECEIVED) } },
		.slots = request.slots,
	};
	bool queries = request.role == PACKET_QUERY;

	memcpy(reply.server_key, parties[who].public_key, WIRE_KEY_LEN);
	packet_write_reply(buf, len, &reply);
	if (queries)
		seal_text(step, who, buf, len, request.slots, own, own_len);
}

/* The witness hands on the answer of the other server, or one of its own. */
static void put_inner(const uint8_t *step, unsigned who, uint8_t *buf, size_t len, const uint8_t *own, size_t own_len)
{
	struct packet_request request;
	size_t value_len;

	if (packet_read_request(buf, len, &request) != PACKET_FAULT_NONE || request.role != PACKET_RELAY)
		return;
	uint8_t *value = packet_evidence(buf, len, request.slots, &value_len);
	unsigned other = step[STEP_WHO] & STEP_OWN_ANSWER ? who : who == 0;

	play.others |= other != 1;
	if (packet_read_request(value, value_len, &request) != PACKET_FAULT_NONE)
		return;
	write_reply(step, other, value, value_len, own, own_len);
	seal_reply_mac(&pairs[other], PACKET_UDP, value, value_len, request.slots);
}

static void deliver(struct sent *s, const uint8_t *step, uint8_t *buf, size_t len)
{
	struct udp_datagram d = { .buf = buf, .len = len, .peer = s->to, .received_ns = clock_real_ns() };
	struct tcp_outcome o = { .result = TCP_DONE,
				 .connected = true,
				 .local = addresses[0],
				 .icmp_type = -1,
				 .icmp_code = -1,
				 .started_ns = virtual_clock_ns,
				 .sent_real_ns = clock_real_ns(),
				 .received_real_ns = clock_real_ns(),
				 .body = buf,
				 .body_len = len };

	if (step[STEP_WHO] & STEP_ELSEWHERE)
		d.peer = addresses[endpoint_equal(&s->to, &addresses[0])];
	if (!s->tcp)
		udp_hooks.received(udp_hooks.context, &d, virtual_clock_ns);
	else if (s->pending && s->owner)
		tcp_hooks.done(tcp_hooks.context, s->owner, s->seq, &o);
	s->pending = false;
}

/* In memory of its own, so that AddressSanitizer sees a read beyond its end. */
static uint8_t *copy_of(const uint8_t *buf, size_t len)
{
	uint8_t *copy = malloc(len + 1);

	FUZZ_CHECK(copy);
	memcpy(copy, buf, len);
	return copy;
}

/* Is it a probe of a path where only the first server may answer? Who answers it has its address, or sees what is sent
 * there: his receipts are true. */
static bool is_for_the_first_alone(const struct packet_request *request)
{
	const struct path *p = paths_find_flow(&play.engine.paths, request->flow_id);

	if (!p)
		p = paths_find_recheck(&play.engine.paths, request->flow_id);
	return request->role == PACKET_PROBE && p && p->target->servers_len == 1;
}

static void reply(const uint8_t *step, const uint8_t *own, size_t own_len)
{
	struct sent *s = request_of(step);
	unsigned who = (step[STEP_WHO] & 3) % PARTIES;
	enum packet_transport transport = s->tcp ? PACKET_TCP : PACKET_UDP;
	uint8_t *buf = copy_of(s->buf, s->len);
	struct packet_request request;

	if (s->len >= WIRE_PACKET_MIN && packet_read_request(buf, s->len, &request) == PACKET_FAULT_NONE) {
		play.others |= is_for_the_first_alone(&request);
		put_inner(step, who, buf, s->len, own, own_len);
		write_reply(step, who, buf, s->len, own, own_len);
		if (!(step[STEP_WHO] & STEP_PATCHED_LATE))
			flip(buf, s->len, step);
		if (buf[WIRE_REPLY_FLAGS] & PACKET_SIGNED)
			seal_reply_sign(&parties[who], transport, buf, s->len, request.slots);
		seal_reply_mac(&pairs[who], transport, buf, s->len, request.slots);
		if (step[STEP_WHO] & STEP_PATCHED_LATE)
			flip(buf, s->len, step);
		deliver(s, step, buf, s->len);
	}
	free(buf);
}

static void raw(const uint8_t *step, const uint8_t *own, size_t own_len)
{
	uint8_t *buf = copy_of(own, own_len);

	deliver(request_of(step), step, buf, own_len);
	free(buf);
}

static void error(const uint8_t *step)
{
	const struct sent *s = request_of(step);
	size_t len = step[STEP_NEWEST] ? (size_t)step[STEP_NEWEST] * 8 : s->len;

	len = len < s->len ? len : s->len;
	uint8_t *quote = copy_of(s->buf, len);
	const struct errqueue_entry entry = {
		.kind = ERRQUEUE_ICMP,
		.meaning = step[STEP_STATUS] % (ERRQUEUE_OTHER + 1),
		.type = step[STEP_FLAGS],
		.code = step[STEP_FIRST],
		.mtu = bytes_get32(step + STEP_RECEIVED),
		.destination = s->to,
		.offender = addresses[step[STEP_WHO] & 1],
		.payload = quote,
		.payload_len = len,
	};

	if (len > 0)
		flip(quote, len, step);
	if (!s->tcp)
		udp_hooks.failed(udp_hooks.context, &entry);
	free(quote);
}

static enum tcp_result result_of(const uint8_t *step)
{
	static const enum tcp_result results[] = { TCP_PENDING,     TCP_TIMED_OUT,  TCP_REFUSED, TCP_BROKEN,
						   TCP_UNREACHABLE, TCP_PROHIBITED, TCP_LOCAL };

	return results[step[STEP_FLAGS] % (sizeof results / sizeof *results)];
}

static void end(const uint8_t *step)
{
	struct sent *s = request_of(step);
	const struct tcp_outcome o = { .result = result_of(step),
				       .connected = step[STEP_WHO] & STEP_ELSEWHERE,
				       .delivered = step[STEP_WHO] & STEP_PATCHED_LATE,
				       .error = step[STEP_STATUS],
				       .name = { .known = true, .span_ms = 1, .value = step[STEP_FIRST] },
				       .local = addresses[0],
				       .icmp_type = -1,
				       .icmp_code = -1,
				       .started_ns = virtual_clock_ns };

	if (!s->tcp || !s->pending || !s->owner)
		return;
	s->pending = o.result == TCP_PENDING || (o.result == TCP_TIMED_OUT && o.connected);
	tcp_hooks.done(tcp_hooks.context, s->owner, s->seq, &o);
}

static void unsent(const uint8_t *step)
{
	const struct sent *s = request_of(step);

	if (!s->tcp)
		udp_hooks.unsent(udp_hooks.context, s->owner, s->seq, step[STEP_FLAGS] ? step[STEP_FLAGS] : EMSGSIZE);
}

static void echo(const uint8_t *step)
{
	struct sent *s = request_of(step);
	uint8_t *buf = copy_of(s->buf, s->len);

	if (s->len > 0)
		flip(buf, s->len, step);
	deliver(s, step, buf, s->len);
	free(buf);
}

static void left(const uint8_t *step)
{
	const struct sent *s = request_of(step);

	if (!s->tcp)
		udp_hooks.left(udp_hooks.context, s->owner, s->seq, clock_real_ns());
}

/* ---- what must hold ---- */

static void check_verdict(const struct verdict *v)
{
	for (unsigned i = 0; i < v->sentences_len; i++) {
		FUZZ_CHECK(v->sentences[i][0]);
		for (const char *c = v->sentences[i]; *c; c++)
			FUZZ_CHECK(*c >= ' ' && *c < 0x7f);
	}
	FUZZ_CHECK(v->state <= VERDICT_DOWN && v->direction <= VERDICT_DIRECTION_UNKNOWN);
	FUZZ_CHECK(v->cause < VERDICT_CAUSES_LEN);
	FUZZ_CHECK(v->cause != VERDICT_CAUSE_NONE || v->state == VERDICT_UP || v->state == VERDICT_UNKNOWN);
}

/* Returns how many probes count as answered. */
static uint32_t count_answered(void)
{
	uint32_t answered = 0;

	for (size_t i = 0; i < play.engine.paths.len; i++) {
		struct prober_tally tally;

		prober_tally(&play.engine.paths.items[i]->prober, RING, &tally);
		FUZZ_CHECK(tally.sent == tally.answered + tally.forward_lost + tally.return_lost + tally.lost);
		answered += tally.answered;
	}
	return answered;
}

static void check_verdicts(enum mode mode)
{
	struct verdict verdict;

	for (size_t i = 0; i < play.engine.paths.len; i++) {
		assess_path(&play.engine, i, mode, &verdict);
		check_verdict(&verdict);
		if (!play.others && play.engine.paths.items[i]->target->servers_len == 1)
			FUZZ_CHECK(verdict.forward_lost == 0 && verdict.return_lost == 0 &&
				   (verdict.direction == VERDICT_DIRECTION_NONE ||
				    verdict.direction == VERDICT_DIRECTION_UNKNOWN));
	}
}

/* Can this step answer a probe? */
static bool can_answer(const uint8_t *step)
{
	return step[STEP_ACTION] % ACTIONS == REPLY && (step[STEP_WHO] & 3) % PARTIES != STRANGER;
}

/* Does an attempt get no answer? That proves nothing. */
static bool is_silence(const uint8_t *step)
{
	enum tcp_result result = result_of(step);

	return (result == TCP_PENDING || result == TCP_TIMED_OUT) && !(step[STEP_WHO] & STEP_ELSEWHERE);
}

/* Does this step bring nothing but time, or what the second server says? */
static bool is_of_the_second(const uint8_t *step)
{
	unsigned action = step[STEP_ACTION] % ACTIONS;

	return action == PASS || (action == REPLY && (step[STEP_WHO] & 3) % PARTIES == 1) ||
	       (action == END && is_silence(step));
}

static void take_step(const uint8_t *step, const uint8_t *own, size_t own_len)
{
	uint32_t before = count_answered();

	play.others |= !is_of_the_second(step);
	switch (step[STEP_ACTION] % ACTIONS) {
	case PASS:
		pass(step);
		check_verdicts(MODE_RUN);
		return;
	case REPLY:
		reply(step, own, own_len);
		break;
	case RAW:
		raw(step, own, own_len);
		break;
	case ERROR:
		error(step);
		break;
	case END:
		end(step);
		break;
	case UNSENT:
		unsent(step);
		break;
	case RETURN:
		echo(step);
		break;
	case LEFT:
		left(step);
		break;
	}
	FUZZ_CHECK(count_answered() <= before + can_answer(step));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	size_t at = 0;

	if (!started)
		make_keys();
	started = true;
	begin();
	while (size - at >= STEP_SIZE) {
		const uint8_t *step = data + at;
		size_t own_len = bytes_get16(step + STEP_LEN);

		at += STEP_SIZE;
		own_len = own_len < size - at ? own_len : size - at;
		take_step(step, data + at, own_len);
		at += own_len;
	}
	check_verdicts(MODE_CHECK);
	engine_stop(&play.engine);
	return 0;
}
