#include "client/path/prober_window.h"

#include "client/path/ring.h"

/* Does this window prove that the probe had not arrived by its deadline? */
static bool window_lacks(const struct prober *p, const struct prober_window *w, uint32_t seq,
			 const struct prober_record *r)
{
	if (seq <= p->refused_upto || w->asked_ns < prober_proof_from_ns(p, r) || w->blind_before_ns >= r->sent_ns)
		return false;
	return !w->known || receipts_status(&w->receipts, seq) == RECEIPTS_MISSING;
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
	return r->sent_ns >= p->holder_since_ns && prober_proof_from_ns(p, r) <= p->holder_sent_ns;
}

/* Does this window prove that the probe had arrived by its deadline? A datagram is sent once, so that any receipt of it
 * counts, whatever its date. */
static bool window_has(const struct prober *p, const struct prober_window *w, uint32_t seq,
		       const struct prober_record *r)
{
	return w->known && receipts_status(&w->receipts, seq) == RECEIPTS_ARRIVED &&
	       (p->slowest_ns == 0 || w->asked_ns >= prober_proof_from_ns(p, r)) &&
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
	for (uint32_t seq = ring_oldest(p); seq < p->next && p->revisable > 0; seq++) {
		struct prober_record *r = ring_slot(p, seq);
		bool absent;

		if (!ring_is_revisable(r))
			continue;
		absent = !probe_kind_of(p->kind)->has_handshake &&
			 (all_windows_lack(p, windows, windows_len, seq, r) ||
			  (his && between_answers_of_holder(p, r) && window_lacks(p, his, seq, r)));
		settled += ring_settle_by_receipt(p, r, any_window_has(p, windows, windows_len, seq, r), absent);
	}
	return settled;
}
