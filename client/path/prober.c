#include "client/path/prober.h"

#include "client/path/ring.h"

#include <assert.h>
#include <string.h>

static void advance_waiting(struct prober *p)
{
	if (p->waiting_from < ring_oldest(p))
		p->waiting_from = ring_oldest(p);
	while (p->waiting_from < p->next && ring_slot(p, p->waiting_from)->outcome != PROBER_WAITING)
		p->waiting_from++;
}

void prober_init(struct prober *p, uint64_t flow_id, int64_t timeout_ns, struct prober_record *ring, uint32_t ring_len)
{
	assert(ring_len > 0 && (ring_len & (ring_len - 1)) == 0);
	memset(ring, 0, ring_len * sizeof *ring);
	*p = (struct prober){
		.flow_id = flow_id,
		.timeout_ns = timeout_ns,
		.ring = ring,
		.ring_len = ring_len,
		.next = 1,
		.waiting_from = 1,
		.accounted = 1,
		.holder = PROBER_NOBODY,
	};
}

/* From the monotonic time now_ns to the realtime now_real_ns. Clocks that say something else than before are compared
 * anew. */
static uint32_t since_turn(struct prober *p, int64_t now_ns, int64_t now_real_ns)
{
	int64_t since_ns = now_real_ns - now_ns - p->clock_ns;

	if (since_ns >= 0 && since_ns <= UINT32_MAX)
		return (uint32_t)since_ns;
	p->clock_ns = now_real_ns - now_ns;
	return 0;
}

int64_t prober_sent_real_ns(const struct prober *p, const struct prober_record *r)
{
	return r->sent_ns + p->clock_ns + (prober_is_answered(r) ? 0 : r->span_ns);
}

uint32_t prober_rtt_ns(const struct prober_record *r)
{
	return prober_is_answered(r) ? r->span_ns : 0;
}

/* Was a newer probe answered before this one? */
static bool is_overtaken(const struct prober *p, uint32_t seq)
{
	return p->heard.count > 0 && seq <= p->heard.newest;
}

/* --- the account ------------------------------------------------------------------------------------------------ */

static enum account_count count_of(const struct prober_record *r)
{
	static const enum account_count counts[] = {
		[PROBER_FATE_OPEN] = ACCOUNT_UNFINISHED,    [PROBER_FATE_UNSENT] = ACCOUNT_UNSENT,
		[PROBER_FATE_ANSWERED] = ACCOUNT_ANSWERED,  [PROBER_FATE_FORWARD] = ACCOUNT_FORWARD_LOST,
		[PROBER_FATE_RETURN] = ACCOUNT_RETURN_LOST, [PROBER_FATE_LOST] = ACCOUNT_LOST,
	};

	return counts[prober_fate(r->outcome)];
}

/* What is accounted as something else is not answered any more. */
static void account_next(struct prober *p)
{
	struct prober_record *r = ring_slot(p, p->accounted++);
	enum account_count count = count_of(r);

	r->recorded = r->recorded || count != ACCOUNT_ANSWERED;
	account_pass(p->account, count, prober_sent_real_ns(p, r));
}

/* Probe seq takes the place of an older one. */
static void account_leaving(struct prober *p, uint32_t seq)
{
	while (p->account && seq > p->ring_len && p->accounted <= seq - p->ring_len)
		account_next(p);
}

static bool may_change(const struct prober *p, const struct prober_record *r, int64_t now_ns)
{
	return r->outcome == PROBER_WAITING || (prober_has_no_direction(r->outcome) && !r->settled &&
						now_ns - r->sent_ns < p->timeout_ns + PROBER_ACCOUNT_NS);
}

bool prober_account(struct prober *p, int64_t now_ns)
{
	while (p->account && p->accounted < p->next && !may_change(p, ring_slot(p, p->accounted), now_ns)) {
		account_next(p);
		if (account_has_stretch(p->account))
			return true;
	}
	return false;
}

bool prober_account_all(struct prober *p)
{
	while (p->account && p->accounted < p->next) {
		account_next(p);
		if (account_has_stretch(p->account))
			return true;
	}
	return false;
}

static void account_answer(struct prober *p, const struct prober_record *r, const struct packet_reply *reply,
			   int64_t left_real_ns, int64_t received_real_ns)
{
	if (!p->account || reply->seq < p->accounted)
		return;
	account_answered(p->account, &(const struct account_answer){
					 .rtt_ns = r->span_ns,
					 .forward_ns = reply->received_ns - left_real_ns,
					 .return_ns = received_real_ns - reply->replied_ns,
					 .server = r->server,
					 .plain = probe_kind_of(p->kind)->is_plain,
				     });
	if (is_overtaken(p, reply->seq) && !probe_kind_of(p->kind)->has_handshake)
		account_add(p->account, ACCOUNT_REORDERED);
}

uint32_t prober_send(struct prober *p, int64_t now_ns, int64_t now_real_ns)
{
	uint32_t seq = p->next++;
	struct prober_record *r = ring_slot(p, seq);

	account_leaving(p, seq);
	ring_turn(p, r, PROBER_WAITING, false);
	r->sent_ns = now_ns;
	r->span_ns = since_turn(p, now_ns, now_real_ns);
	r->server = PROBER_NOBODY;
	r->recorded = r->at_link = r->unasked = false;
	r->late = false;
	r->doubly = false;
	r->boot = 0;
	advance_waiting(p);
	return seq;
}

void prober_left(struct prober *p, uint32_t seq, int64_t left_real_ns)
{
	struct prober_record *r = ring_find(p, seq);
	int64_t after_ns = r ? left_real_ns - prober_sent_real_ns(p, r) : 0;

	if (r && r->outcome == PROBER_WAITING && after_ns >= 0 && after_ns <= p->timeout_ns &&
	    after_ns <= UINT32_MAX - r->span_ns)
		r->span_ns += (uint32_t)after_ns;
}

/* May this process have missed what came for the probe? */
static bool is_paused(const struct prober *p, const struct prober_record *r, uint32_t seq)
{
	return seq < p->paused_before && (r->outcome == PROBER_WAITING || r->outcome == PROBER_UNFINISHED);
}

void prober_pause(struct prober *p)
{
	p->paused_before = p->next;
}

void prober_delayed(struct prober *p, uint32_t seq, int64_t delay_ns)
{
	struct prober_record *r = ring_find(p, seq);

	if (r && (r->outcome == PROBER_WAITING || (r->outcome == PROBER_LOST && ring_is_open(r))) && delay_ns > 0 &&
	    delay_ns <= p->timeout_ns && delay_ns <= UINT32_MAX - r->span_ns)
		r->span_ns += (uint32_t)delay_ns;
}

void prober_note_at_link(struct prober *p, uint32_t seq)
{
	struct prober_record *r = ring_find(p, seq);

	if (r)
		r->at_link = true;
}

void prober_note_unasked(struct prober *p, uint32_t seq)
{
	struct prober_record *r = ring_find(p, seq);

	if (r)
		r->unasked = true;
}

enum prober_outcome prober_settle(struct prober *p, uint32_t seq, enum prober_outcome outcome)
{
	struct prober_record *r = ring_find(p, seq);

	assert(outcome != PROBER_NONE && outcome != PROBER_WAITING && prober_fate(outcome) != PROBER_FATE_ANSWERED);
	if (!r)
		return PROBER_NONE;
	if (prober_has_no_direction(outcome) && is_paused(p, r, seq))
		outcome = PROBER_UNFINISHED;
	if (r->outcome == PROBER_WAITING || (ring_is_open(r) && outcome != PROBER_LOST))
		ring_turn(p, r, outcome,
			  !prober_has_no_direction(outcome) && prober_fate(outcome) != PROBER_FATE_FORWARD);
	advance_waiting(p);
	return r->outcome;
}

unsigned prober_expire(struct prober *p, int64_t now_ns)
{
	unsigned lost = 0;

	advance_waiting(p);
	while (p->waiting_from < p->next && ring_slot(p, p->waiting_from)->sent_ns <= now_ns - p->timeout_ns) {
		bool paused = p->waiting_from < p->paused_before;
		ring_turn(p, ring_slot(p, p->waiting_from), paused ? PROBER_UNFINISHED : PROBER_LOST, paused);
		lost += !paused;
		advance_waiting(p);
	}
	return lost;
}

int64_t prober_next_deadline(const struct prober *p)
{
	return p->waiting_from < p->next ? ring_slot(p, p->waiting_from)->sent_ns + p->timeout_ns : INT64_MAX;
}

/* --- replies ---------------------------------------------------------------------------------------------------- */

/* By the kernel's timestamps, which a busy process or a TCP handshake does not delay. If they contradict the monotonic
 * clock, by the monotonic clock. */
static int64_t send_to_arrival_ns(const struct prober *p, const struct prober_record *r, int64_t received_real_ns,
				  int64_t now_ns)
{
	int64_t mono_ns = now_ns - r->sent_ns, wall_ns = received_real_ns - prober_sent_real_ns(p, r);

	if (wall_ns >= 0 && wall_ns <= mono_ns + PROBER_WALL_AHEAD_MAX_NS && wall_ns >= mono_ns - p->timeout_ns)
		return wall_ns;
	return mono_ns > 0 ? mono_ns : 0;
}

/* The server's own processing time is subtracted, unless it is impossible. */
static uint32_t rtt_ns(const struct packet_reply *reply, int64_t total_ns)
{
	int64_t server_ns = reply->replied_ns - reply->received_ns;

	if (server_ns >= 0 && server_ns <= total_ns)
		total_ns -= server_ns;
	return total_ns < UINT32_MAX ? (uint32_t)total_ns : UINT32_MAX;
}

static void note_late_answer(struct prober *p, int64_t after_ns)
{
	int64_t most_ns = PROBER_SLOW_TIMEOUTS * p->timeout_ns;

	if (after_ns > most_ns)
		after_ns = most_ns;
	if (after_ns > p->slowest_ns)
		p->slowest_ns = after_ns;
}

static void note_timely_answer(struct prober *p)
{
	p->slowest_ns -= p->slowest_ns / PROBER_SLOW_ANSWERS;
	if (p->slowest_ns < p->timeout_ns / 2)
		p->slowest_ns = 0;
}

static void answer(struct prober *p, struct prober_record *r, const struct packet_reply *reply, unsigned server,
		   int64_t received_real_ns, int64_t now_ns)
{
	int64_t total_ns = send_to_arrival_ns(p, r, received_real_ns, now_ns), left_real_ns = prober_sent_real_ns(p, r);

	if (reply->status == PACKET_NOT_AUTHORISED) {
		ring_turn(p, r, PROBER_NOT_AUTHORISED, true);
	} else if (total_ns >= p->timeout_ns && is_paused(p, r, reply->seq)) {
		ring_turn(p, r, PROBER_UNFINISHED, true); /* it may have waited for this process */
	} else if (total_ns >= p->timeout_ns) {
		ring_turn(p, r, PROBER_LOST, true); /* both directions work, but slowly; overrides any outcome */
		r->late = true;
		note_late_answer(p, total_ns);
		if (p->account)
			account_add(p->account, ACCOUNT_LATE);
	} else {
		ring_turn(p, r, reply->status == PACKET_CLOCK_SKEW ? PROBER_CLOCK_SKEW : PROBER_ANSWERED, true);
		r->span_ns = rtt_ns(reply, total_ns);
		r->server = server & PROBER_NOBODY;
		account_answer(p, r, reply, left_real_ns, received_real_ns);
		note_timely_answer(p);
	}
}

/* Did an authentic answer come from the probed address? */
static bool is_answered(const struct prober_record *r)
{
	return prober_fate(r->outcome) == PROBER_FATE_ANSWERED || r->outcome == PROBER_NOT_AUTHORISED || r->late;
}

static void note_duplicate(struct prober *p, const struct prober_record *r)
{
	if (!is_answered(r) && r->outcome != PROBER_WRONG_SOURCE)
		return;
	p->duplicates++;
	if (p->account)
		account_add(p->account, ACCOUNT_DUPLICATE);
}

/* Is this server the holder, with the same record of the flow as before? */
static bool remembers(const struct prober *p, const struct packet_reply *reply, unsigned server)
{
	return server == p->holder && reply->boot_id == p->boot_id && reply->receipts.first == p->holder_first;
}

/* A short hash of the boot id; never 0. */
static uint8_t boot_mark(uint64_t boot_id)
{
	return (uint8_t)(1 + boot_id % UINT8_MAX);
}

/* Record the boot that answered this number, or that a second holder answered it. */
static void note_answerer(const struct prober *p, struct prober_record *r, const struct packet_reply *reply,
			  unsigned server)
{
	if (prober_fate(r->outcome) != PROBER_FATE_ANSWERED)
		return;
	if (r->boot == 0 && r->server == server && !is_overtaken(p, reply->seq))
		r->boot = boot_mark(reply->boot_id);
	else if (r->server != server || (r->boot != 0 && r->boot != boot_mark(reply->boot_id)))
		r->doubly = true;
}

static void note_holder(struct prober *p, const struct packet_reply *reply, unsigned server, int64_t sent_ns,
			int64_t now_ns)
{
	if (is_overtaken(p, reply->seq))
		return; /* the server that answered a newer number is the holder */
	if (!remembers(p, reply, server))
		p->holder_since_ns = now_ns;
	if (p->holder != PROBER_NOBODY && (p->holder != server || p->boot_id != reply->boot_id))
		p->holder_changes++;
	p->holder = (uint16_t)server;
	p->boot_id = reply->boot_id;
	p->holder_first = reply->receipts.first;
	p->holder_sent_ns = sent_ns;
}

/* Acknowledgements are a receipt window. */
static void acknowledge(struct packet_heard *heard, uint32_t seq)
{
	struct receipts window = { .first = 1, .newest = heard->newest, .received = heard->count };

	memcpy(window.bitmap, heard->bitmap, sizeof window.bitmap);
	if (receipts_note(&window, seq) != RECEIPTS_NEW)
		return;
	heard->newest = window.newest;
	heard->count = window.received;
	memcpy(heard->bitmap, window.bitmap, sizeof heard->bitmap);
}

/* A server keeps no receipts of a flow that it refuses for clock skew, and it does not answer every refused probe. */
static void note_refusal(struct prober *p, const struct packet_reply *reply)
{
	if (reply->status == PACKET_CLOCK_SKEW)
		p->refused_upto = UINT32_MAX;
	else if (p->refused_upto == UINT32_MAX)
		p->refused_upto = p->next - 1;
}

/* The first number of which the window knows anything. */
static uint32_t window_begin(const struct prober *p, const struct receipts *window)
{
	uint32_t begin = window->newest >= RECEIPTS_WINDOW ? window->newest - RECEIPTS_WINDOW + 1 : 1;

	return begin > ring_oldest(p) ? begin : ring_oldest(p);
}

static void read_receipts(struct prober *p, const struct packet_reply *reply, unsigned server, int64_t asked_ns,
			  int64_t now_ns, bool sole)
{
	bool knows = sole && remembers(p, reply, server);

	if (probe_kind_of(p->kind)->is_repeated)
		return; /* retransmissions may have arrived after the deadlines: undated receipts prove nothing */
	for (uint32_t seq = window_begin(p, &reply->receipts); seq < p->next && p->revisable > 0; seq++) {
		struct prober_record *r = ring_slot(p, seq);
		enum receipts_status status;

		if (!ring_is_revisable(r) || (p->slowest_ns > 0 && now_ns < prober_proof_from_ns(p, r)))
			continue;
		status = receipts_status(&reply->receipts, seq);
		ring_settle_by_receipt(p, r, status == RECEIPTS_ARRIVED,
				       status == RECEIPTS_MISSING && knows && r->sent_ns >= p->holder_since_ns &&
					   prober_proof_from_ns(p, r) <= asked_ns);
	}
}

enum prober_outcome prober_reply(struct prober *p, const struct packet_reply *reply, unsigned server, bool from_asked,
				 int64_t received_real_ns, int64_t now_ns, bool sole)
{
	struct prober_record *r = ring_find(p, reply->seq);

	if (reply->flow_id != p->flow_id || reply->seq >= p->next)
		return PROBER_NONE;
	note_refusal(p, reply);
	if (!r)
		return PROBER_NONE;
	note_duplicate(p, r);
	if (!is_answered(r)) {
		if (from_asked)
			answer(p, r, reply, server, received_real_ns, now_ns);
		else
			ring_turn(p, r, PROBER_WRONG_SOURCE, true);
	}
	if (from_asked) {
		note_answerer(p, r, reply, server);
		note_holder(p, reply, server, r->sent_ns, now_ns);
		acknowledge(&p->heard, reply->seq);
	}
	advance_waiting(p);
	read_receipts(p, reply, server, r->sent_ns, now_ns, sole);
	return r->outcome;
}

enum prober_outcome prober_reflected(struct prober *p, uint32_t seq, int64_t stayed_ns, int64_t received_real_ns,
				     int64_t now_ns)
{
	const struct packet_reply reply = { .seq = seq, .replied_ns = stayed_ns > 0 ? stayed_ns : 0 };
	struct prober_record *r = ring_find(p, seq);

	if (!r)
		return PROBER_NONE;
	note_duplicate(p, r);
	if (!is_answered(r))
		answer(p, r, &reply, PROBER_NOBODY, received_real_ns, now_ns);
	acknowledge(&p->heard, seq);
	advance_waiting(p);
	return r->outcome;
}

uint32_t prober_window_from(const struct prober *p, uint32_t window)
{
	uint32_t from = p->waiting_from > window ? p->waiting_from - window : 1;

	return from > ring_oldest(p) ? from : ring_oldest(p);
}
