#include "client/path/prober.h"

#include "common/core/ns.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How each outcome counts. */
enum fate { FATE_OPEN, FATE_UNSENT, FATE_ANSWERED, FATE_FORWARD, FATE_RETURN, FATE_LOST };

static const uint8_t fates[PROBER_OUTCOMES_LEN] = {
	[PROBER_NONE] = FATE_OPEN,
	[PROBER_WAITING] = FATE_OPEN,
	[PROBER_ANSWERED] = FATE_ANSWERED,
	[PROBER_CLOCK_SKEW] = FATE_ANSWERED,
	[PROBER_LOST] = FATE_LOST,
	[PROBER_LOST_FORWARD] = FATE_FORWARD,
	[PROBER_LOST_RETURN] = FATE_RETURN,
	[PROBER_WRONG_SOURCE] = FATE_RETURN,
	[PROBER_REFUSED] = FATE_FORWARD,
	[PROBER_RESET] = FATE_LOST,
	[PROBER_RESET_FORWARD] = FATE_FORWARD,
	[PROBER_RESET_RETURN] = FATE_RETURN,
	[PROBER_UNREACHABLE] = FATE_FORWARD,
	[PROBER_PROHIBITED] = FATE_FORWARD,
	[PROBER_TOO_BIG] = FATE_FORWARD,
	[PROBER_NOT_AUTHORISED] = FATE_LOST,
	[PROBER_IMPOSTOR] = FATE_LOST,
	[PROBER_UNFINISHED] = FATE_OPEN,
	[PROBER_UNSENT] = FATE_UNSENT,
	[PROBER_UNSENT_TOO_BIG] = FATE_UNSENT,
};

const char *prober_outcome_word(enum prober_outcome outcome)
{
	static const char *const words[] = {
#define X(name, word) word,
		PROBER_OUTCOMES(X)
#undef X
	};

	return words[outcome];
}

/* --- records ---------------------------------------------------------------------------------------------------- */

static struct prober_record *slot(const struct prober *p, uint32_t seq)
{
	return &p->ring[seq & (p->ring_len - 1)];
}

static uint32_t oldest(const struct prober *p)
{
	return p->next > p->ring_len ? p->next - p->ring_len : 1;
}

static struct prober_record *find(const struct prober *p, uint32_t seq)
{
	return seq >= oldest(p) && seq < p->next ? slot(p, seq) : NULL;
}

static bool is_reset(enum prober_outcome outcome)
{
	return outcome == PROBER_RESET || outcome == PROBER_RESET_FORWARD || outcome == PROBER_RESET_RETURN;
}

/* Is it not known yet on which way the probe was lost? */
static bool has_no_direction(enum prober_outcome outcome)
{
	return outcome == PROBER_LOST || outcome == PROBER_RESET;
}

static bool is_open(const struct prober_record *r)
{
	return !r->settled && (has_no_direction(r->outcome) || r->outcome == PROBER_LOST_FORWARD ||
			       r->outcome == PROBER_RESET_FORWARD);
}

/* May receipts still change the outcome? Not after an answer, even a late one, or another proof. An error does not
 * prove that the probe did not arrive: another machine or a router may have sent it as well. */
static bool revisable(const struct prober_record *r)
{
	return !r->settled && (has_no_direction(r->outcome) || fates[r->outcome] == FATE_FORWARD);
}

/* A direction that is proven later does not hide that the connection was reset. */
static enum prober_outcome of_reset(enum prober_outcome outcome)
{
	switch (outcome) {
	case PROBER_LOST_FORWARD:
		return PROBER_RESET_FORWARD;
	case PROBER_LOST_RETURN:
		return PROBER_RESET_RETURN;
	default:
		return outcome;
	}
}

/* The one place where an outcome changes. */
static void turn(struct prober *p, struct prober_record *r, enum prober_outcome outcome, bool settled)
{
	p->revisable -= revisable(r);
	r->outcome = (is_reset(r->outcome) ? of_reset(outcome) : outcome) & 31u;
	r->settled = settled;
	p->revisable += revisable(r);
}

static void advance_waiting(struct prober *p)
{
	if (p->waiting_from < oldest(p))
		p->waiting_from = oldest(p);
	while (p->waiting_from < p->next && slot(p, p->waiting_from)->outcome != PROBER_WAITING)
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
		[FATE_OPEN] = ACCOUNT_UNFINISHED,    [FATE_UNSENT] = ACCOUNT_UNSENT,
		[FATE_ANSWERED] = ACCOUNT_ANSWERED,  [FATE_FORWARD] = ACCOUNT_FORWARD_LOST,
		[FATE_RETURN] = ACCOUNT_RETURN_LOST, [FATE_LOST] = ACCOUNT_LOST,
	};

	return counts[fates[r->outcome]];
}

/* What is accounted as something else is not answered any more. */
static void account_next(struct prober *p)
{
	struct prober_record *r = slot(p, p->accounted++);
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
	return r->outcome == PROBER_WAITING ||
	       (has_no_direction(r->outcome) && !r->settled && now_ns - r->sent_ns < p->timeout_ns + PROBER_ACCOUNT_NS);
}

bool prober_account(struct prober *p, int64_t now_ns)
{
	while (p->account && p->accounted < p->next && !may_change(p, slot(p, p->accounted), now_ns)) {
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
	struct prober_record *r = slot(p, seq);

	account_leaving(p, seq);
	turn(p, r, PROBER_WAITING, false);
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
	struct prober_record *r = find(p, seq);
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
	struct prober_record *r = find(p, seq);

	if (r && (r->outcome == PROBER_WAITING || (r->outcome == PROBER_LOST && is_open(r))) && delay_ns > 0 &&
	    delay_ns <= p->timeout_ns && delay_ns <= UINT32_MAX - r->span_ns)
		r->span_ns += (uint32_t)delay_ns;
}

void prober_note_at_link(struct prober *p, uint32_t seq)
{
	struct prober_record *r = find(p, seq);

	if (r)
		r->at_link = true;
}

void prober_note_unasked(struct prober *p, uint32_t seq)
{
	struct prober_record *r = find(p, seq);

	if (r)
		r->unasked = true;
}

enum prober_outcome prober_settle(struct prober *p, uint32_t seq, enum prober_outcome outcome)
{
	struct prober_record *r = find(p, seq);

	assert(outcome != PROBER_NONE && outcome != PROBER_WAITING && fates[outcome] != FATE_ANSWERED);
	if (!r)
		return PROBER_NONE;
	if (has_no_direction(outcome) && is_paused(p, r, seq))
		outcome = PROBER_UNFINISHED;
	if (r->outcome == PROBER_WAITING || (is_open(r) && outcome != PROBER_LOST))
		turn(p, r, outcome, !has_no_direction(outcome) && fates[outcome] != FATE_FORWARD);
	advance_waiting(p);
	return r->outcome;
}

unsigned prober_expire(struct prober *p, int64_t now_ns)
{
	unsigned lost = 0;

	advance_waiting(p);
	while (p->waiting_from < p->next && slot(p, p->waiting_from)->sent_ns <= now_ns - p->timeout_ns) {
		bool paused = p->waiting_from < p->paused_before;
		turn(p, slot(p, p->waiting_from), paused ? PROBER_UNFINISHED : PROBER_LOST, paused);
		lost += !paused;
		advance_waiting(p);
	}
	return lost;
}

int64_t prober_next_deadline(const struct prober *p)
{
	return p->waiting_from < p->next ? slot(p, p->waiting_from)->sent_ns + p->timeout_ns : INT64_MAX;
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

static void answer(struct prober *p, struct prober_record *r, const struct packet_reply *reply, unsigned server,
		   int64_t received_real_ns, int64_t now_ns)
{
	int64_t total_ns = send_to_arrival_ns(p, r, received_real_ns, now_ns), left_real_ns = prober_sent_real_ns(p, r);

	if (reply->status == PACKET_NOT_AUTHORISED) {
		turn(p, r, PROBER_NOT_AUTHORISED, true);
	} else if (total_ns >= p->timeout_ns && is_paused(p, r, reply->seq)) {
		turn(p, r, PROBER_UNFINISHED, true); /* it may have waited for this process */
	} else if (total_ns >= p->timeout_ns) {
		turn(p, r, PROBER_LOST, true); /* both directions work, but slowly; overrides any outcome */
		r->late = true;
		if (p->account)
			account_add(p->account, ACCOUNT_LATE);
	} else {
		turn(p, r, reply->status == PACKET_CLOCK_SKEW ? PROBER_CLOCK_SKEW : PROBER_ANSWERED, true);
		r->span_ns = rtt_ns(reply, total_ns);
		r->server = server & PROBER_NOBODY;
		account_answer(p, r, reply, left_real_ns, received_real_ns);
	}
}

/* Did an authentic answer come from the probed address? */
static bool is_answered(const struct prober_record *r)
{
	return fates[r->outcome] == FATE_ANSWERED || r->outcome == PROBER_NOT_AUTHORISED || r->late;
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
	if (fates[r->outcome] != FATE_ANSWERED)
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

static bool settle_by_receipt(struct prober *p, struct prober_record *r, bool arrived, bool absent)
{
	if (arrived)
		turn(p, r, PROBER_LOST_RETURN, true);
	else if (absent && has_no_direction(r->outcome))
		turn(p, r, PROBER_LOST_FORWARD, false);
	else
		return false;
	return true;
}

/* The first number of which the window knows anything. */
static uint32_t window_begin(const struct prober *p, const struct receipts *window)
{
	uint32_t begin = window->newest >= RECEIPTS_WINDOW ? window->newest - RECEIPTS_WINDOW + 1 : 1;

	return begin > oldest(p) ? begin : oldest(p);
}

static void read_receipts(struct prober *p, const struct packet_reply *reply, unsigned server, int64_t asked_ns,
			  bool sole)
{
	bool knows = sole && remembers(p, reply, server);

	if (probe_kind_of(p->kind)->is_repeated)
		return; /* retransmissions may have arrived after the deadlines: undated receipts prove nothing */
	for (uint32_t seq = window_begin(p, &reply->receipts); seq < p->next && p->revisable > 0; seq++) {
		struct prober_record *r = slot(p, seq);
		enum receipts_status status;

		if (!revisable(r))
			continue;
		status = receipts_status(&reply->receipts, seq);
		settle_by_receipt(p, r, status == RECEIPTS_ARRIVED,
				  status == RECEIPTS_MISSING && knows && r->sent_ns >= p->holder_since_ns &&
				      r->sent_ns <= asked_ns - p->timeout_ns);
	}
}

enum prober_outcome prober_reply(struct prober *p, const struct packet_reply *reply, unsigned server, bool from_asked,
				 int64_t received_real_ns, int64_t now_ns, bool sole)
{
	struct prober_record *r = find(p, reply->seq);

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
			turn(p, r, PROBER_WRONG_SOURCE, true);
	}
	if (from_asked) {
		note_answerer(p, r, reply, server);
		note_holder(p, reply, server, r->sent_ns, now_ns);
		acknowledge(&p->heard, reply->seq);
	}
	advance_waiting(p);
	read_receipts(p, reply, server, r->sent_ns, sole);
	return r->outcome;
}

enum prober_outcome prober_reflected(struct prober *p, uint32_t seq, int64_t stayed_ns, int64_t received_real_ns,
				     int64_t now_ns)
{
	const struct packet_reply reply = { .seq = seq, .replied_ns = stayed_ns > 0 ? stayed_ns : 0 };
	struct prober_record *r = find(p, seq);

	if (!r)
		return PROBER_NONE;
	note_duplicate(p, r);
	if (!is_answered(r))
		answer(p, r, &reply, PROBER_NOBODY, received_real_ns, now_ns);
	acknowledge(&p->heard, seq);
	advance_waiting(p);
	return r->outcome;
}

/* --- evidence --------------------------------------------------------------------------------------------------- */

/* Does this window prove that the probe had not arrived by its deadline? */
static bool window_lacks(const struct prober *p, const struct prober_window *w, uint32_t seq,
			 const struct prober_record *r)
{
	const struct receipts *have = &w->receipts;

	if (seq <= p->refused_upto || w->asked_ns - p->timeout_ns < r->sent_ns || w->blind_before_ns >= r->sent_ns)
		return false;
	if (!w->known)
		return true;
	if (receipts_status(have, seq) != RECEIPTS_UNKNOWN)
		return receipts_status(have, seq) == RECEIPTS_MISSING;
	/* Older than the first receipt, but within the window: a receipt would be there if it had arrived. */
	return have->newest - seq < RECEIPTS_WINDOW;
}

/* Is this window from another boot of the holder, already running when the holder answered? Two machines have one key.
 */
static bool is_clone(const struct prober *p, const struct prober_window *w, unsigned server)
{
	return server == p->holder && w->boot_id != p->boot_id && w->blind_before_ns < p->holder_sent_ns;
}

static bool all_windows_lack(const struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
			     uint32_t seq, const struct prober_record *r)
{
	for (unsigned i = 0; i < windows_len; i++) {
		if (!windows[i] || is_clone(p, windows[i], i) || !window_lacks(p, windows[i], seq, r))
			return false;
	}
	return windows_len > 0;
}

/* The probe was sent after one answer of the holder, and its deadline passed before the send time of the probe that the
 * holder answered last. No other server held the address when it could have arrived in time. */
static bool between_answers_of_holder(const struct prober *p, const struct prober_record *r)
{
	return r->sent_ns >= p->holder_since_ns && r->sent_ns <= p->holder_sent_ns - p->timeout_ns;
}

/* Does this window prove that the probe had arrived by its deadline? A datagram is sent once, so that any receipt of it
 * counts, whatever its date. */
static bool window_has(const struct prober *p, const struct prober_window *w, uint32_t seq,
		       const struct prober_record *r)
{
	return w->known && receipts_status(&w->receipts, seq) == RECEIPTS_ARRIVED &&
	       (!probe_kind_of(p->kind)->is_repeated || w->newest_ns <= r->sent_ns + p->timeout_ns);
}

static bool any_window_has(const struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
			   uint32_t seq, const struct prober_record *r)
{
	for (unsigned i = 0; i < windows_len; i++) {
		if (windows[i] && window_has(p, windows[i], seq, r))
			return true;
	}
	return false;
}

unsigned prober_settle_by_windows(struct prober *p, const struct prober_window *const *windows, unsigned windows_len,
				  int holder)
{
	const struct prober_window *his = holder >= 0 && (unsigned)holder < windows_len ? windows[holder] : NULL;
	unsigned settled = 0;

	if (his && (holder != p->holder || his->boot_id != p->boot_id))
		his = NULL; /* not the boot that answers here now */
	for (uint32_t seq = oldest(p); seq < p->next && p->revisable > 0; seq++) {
		struct prober_record *r = slot(p, seq);
		bool absent;

		if (!revisable(r))
			continue;
		absent = !probe_kind_of(p->kind)->has_handshake &&
			 (all_windows_lack(p, windows, windows_len, seq, r) ||
			  (his && between_answers_of_holder(p, r) && window_lacks(p, his, seq, r)));
		settled += settle_by_receipt(p, r, any_window_has(p, windows, windows_len, seq, r), absent);
	}
	return settled;
}

/* --- sums ------------------------------------------------------------------------------------------------------- */

/* The newest decided probe before seq; NULL: none. */
static const struct prober_record *decided_before(const struct prober *p, uint32_t *seq)
{
	while (*seq > oldest(p)) {
		const struct prober_record *r = slot(p, --*seq);

		if (fates[r->outcome] != FATE_OPEN)
			return r;
	}
	return NULL;
}

static void note_newest_answer(struct prober_tally *t, const struct prober_record *r)
{
	if (t->answered == 1) { /* counted from the newest on */
		t->server = r->server == PROBER_NOBODY ? -1 : r->server;
		t->answered_ns = r->sent_ns;
		t->skewed = r->outcome == PROBER_CLOCK_SKEW;
	}
	if (r->server != PROBER_NOBODY)
		t->servers_mask |= UINT32_C(1) << (r->server < PROBER_OTHERS ? r->server : PROBER_OTHERS);
}

static void count(struct prober_tally *t, const struct prober_record *r)
{
	enum fate fate = fates[r->outcome];

	t->by_outcome[r->outcome]++;
	t->sent += fate != FATE_UNSENT;
	t->answered += fate == FATE_ANSWERED;
	t->forward_lost += fate == FATE_FORWARD;
	t->return_lost += fate == FATE_RETURN;
	t->lost += fate == FATE_LOST;
	t->late += r->late;
	if (fate != FATE_UNSENT)
		t->oldest_ns = r->sent_ns;
	if (fate == FATE_ANSWERED)
		note_newest_answer(t, r);
}

/* Probes are counted from the newest on: a streak lasts while no other outcome was counted. */
static void count_streaks(struct prober_tally *t)
{
	if (t->answered == t->sent)
		t->answered_streak = t->answered;
	if (t->answered == 0)
		t->lost_streak = t->sent;
	if (t->answered_streak == t->sent || t->lost_streak == t->sent)
		t->streak_ns = t->oldest_ns;
	if (t->by_outcome[PROBER_UNSENT] + t->by_outcome[PROBER_UNSENT_TOO_BIG] == 0)
		t->sent_streak = t->sent;
	if (t->sent > 0)
		return;
	t->unsent_streak = t->by_outcome[PROBER_UNSENT] + t->by_outcome[PROBER_UNSENT_TOO_BIG];
	if (t->by_outcome[PROBER_UNSENT] == 0)
		t->too_big_streak = t->unsent_streak;
}

/* *streak: losses in a row so far. */
static void count_outage(struct prober_tally *t, enum fate fate, uint32_t *streak)
{
	if (fate == FATE_UNSENT)
		return;
	*streak = fate == FATE_ANSWERED ? 0 : *streak + 1;
	t->outages += *streak == PROBER_OUTAGE_LOSSES;
	if (*streak >= PROBER_OUTAGE_LOSSES)
		t->outage_lost += *streak == PROBER_OUTAGE_LOSSES ? PROBER_OUTAGE_LOSSES : 1;
}

void prober_tally_since(const struct prober *p, uint32_t window, int64_t since_ns, struct prober_tally *tally)
{
	const struct prober_record *r;
	uint32_t seq = p->next, streak = 0;

	*tally = (struct prober_tally){ .server = -1 };
	while (window-- > 0 && (r = decided_before(p, &seq)) != NULL && r->sent_ns >= since_ns) {
		count(tally, r);
		count_streaks(tally);
		count_outage(tally, fates[r->outcome], &streak);
	}
	if (streak < PROBER_OUTAGE_LOSSES)
		tally->outage_lost += streak;
}

void prober_tally(const struct prober *p, uint32_t window, struct prober_tally *tally)
{
	prober_tally_since(p, window, INT64_MIN, tally);
}

uint32_t prober_outage(const struct prober *p, uint32_t window)
{
	const struct prober_record *r;
	uint32_t seq = p->next, len = 0, streak = 0;

	for (; len < window && (r = decided_before(p, &seq)) != NULL; len++) {
		if (fates[r->outcome] == FATE_UNSENT)
			continue;
		if (fates[r->outcome] != FATE_ANSWERED)
			streak++;
		else if (streak >= PROBER_OUTAGE_LOSSES)
			break;
		else
			streak = 0;
	}
	return len;
}

bool prober_is_lost(const struct prober_record *r)
{
	return fates[r->outcome] >= FATE_FORWARD;
}

bool prober_is_lost_forward(const struct prober_record *r)
{
	return fates[r->outcome] == FATE_FORWARD;
}

bool prober_is_lost_return(const struct prober_record *r)
{
	return fates[r->outcome] == FATE_RETURN;
}

bool prober_is_doubtful(const struct prober_record *r)
{
	return has_no_direction(r->outcome) && !r->settled;
}

bool prober_is_answered(const struct prober_record *r)
{
	return fates[r->outcome] == FATE_ANSWERED;
}

uint32_t prober_window_from(const struct prober *p, uint32_t window)
{
	uint32_t from = p->waiting_from > window ? p->waiting_from - window : 1;

	return from > oldest(p) ? from : oldest(p);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double ms(uint32_t ns)
{
	return ns / 1e6;
}

/* The nearest rank. */
static uint32_t p99_rank(uint32_t n)
{
	return (uint32_t)(((uint64_t)n * 99 + 99) / 100);
}

/* scratch: n > 0 round trips; they are sorted. */
static void find_quantiles(uint32_t *scratch, uint32_t n, struct prober_rtt *rtt)
{
	qsort(scratch, n, sizeof *scratch, compare);
	rtt->min_ms = ms(scratch[0]);
	rtt->median_ms = (ms(scratch[(n - 1) / 2]) + ms(scratch[n / 2])) / 2;
	rtt->p99_ms = ms(scratch[p99_rank(n) - 1]);
	rtt->max_ms = ms(scratch[n - 1]);
}

bool prober_rtt(const struct prober *p, uint32_t window, uint32_t *scratch, struct prober_rtt *rtt)
{
	const struct prober_record *r;
	uint32_t seq = p->next, n = 0;

	while (window-- > 0 && (r = decided_before(p, &seq)) != NULL) {
		if (fates[r->outcome] == FATE_ANSWERED)
			scratch[n++] = r->span_ns;
	}
	if (n > 0)
		find_quantiles(scratch, n, rtt);
	return n > 0;
}

/* The answers that the ring has and no record of the journal. */
static uint32_t take_unrecorded(struct prober *p, uint32_t *scratch)
{
	uint32_t n = 0;

	for (uint32_t seq = oldest(p); seq < p->next; seq++) {
		struct prober_record *r = slot(p, seq);
		if (fates[r->outcome] != FATE_ANSWERED || r->recorded)
			continue;
		scratch[n++] = r->span_ns;
		r->recorded = true;
	}
	return n;
}

/* The extremes of the account are exact, and its histogram has answers that the ring has no more. */
static void refine(const struct account_times *t, uint32_t answered, bool kept_all, struct prober_rtt *rtt)
{
	if (!kept_all && t->histogram) {
		rtt->median_ms = ms(rtt_histogram_at(t->histogram, (answered + 1) / 2));
		rtt->p99_ms = ms(rtt_histogram_at(t->histogram, p99_rank(answered)));
	}
	rtt->min_ms = ms(t->rtt_min_ns);
	rtt->max_ms = ms(t->rtt_max_ns);
}

bool prober_record_rtt(struct prober *p, uint32_t *scratch, struct prober_rtt *rtt)
{
	uint32_t answered = p->account->interval[ACCOUNT_ANSWERED], n = take_unrecorded(p, scratch);

	if (n == 0 || answered == 0)
		return false;
	find_quantiles(scratch, n, rtt);
	if (p->account->times)
		refine(p->account->times, answered, n == answered, rtt);
	return true;
}
