#include "client/evidence/path_loss.h"

#include <stdlib.h>

struct path_loss *path_loss(struct path *p)
{
	if (!p->loss && (p->loss = calloc(1, sizeof *p->loss))) {
		p->loss->receipt_server = p->loss->neighbour.server = p->loss->silence.server = -1;
		for (unsigned slot = 0; slot < WIRE_SLOTS_MAX; slot++)
			p->loss->witness[slot] = -1;
	}
	return p->loss;
}

struct attempt *path_loss_attempt(const struct path *p, uint32_t seq)
{
	return p->loss ? attempts_find(&p->loss->attempts, seq) : NULL;
}

/* An address that moves during an outage leaves receipts on several servers: the newest one counts. */
void path_loss_note_receipt(struct path *p, unsigned server, uint32_t seq, const struct endpoint *on)
{
	if (seq <= p->loss->receipt_seq && p->loss->receipt_server >= 0)
		return;
	p->loss->receipt_server = (int)server;
	p->loss->receipt_seq = seq;
	p->loss->receipt_on = on ? *on : (struct endpoint){ .port = 0 };
}

/* The newest lost probe of which the server has a receipt; 0: none. */
static uint32_t newest_received_loss(const struct prober *prober, const struct receipts *receipts)
{
	uint32_t from = prober_window_from(prober, prober->ring_len);

	for (uint32_t seq = prober->waiting_from; seq-- > from;) {
		if (prober_is_lost(prober_record(prober, seq)) && receipts_status(receipts, seq) == RECEIPTS_ARRIVED)
			return seq;
	}
	return 0;
}

void path_loss_note_receipts(struct path *p, unsigned server, const struct receipts *receipts,
			     const struct endpoint *on)
{
	path_loss_note_receipt(p, server, newest_received_loss(&p->prober, receipts), on);
}

bool path_loss_is_another_boot(const struct path *p, int slot, uint64_t boot_id)
{
	return p->prober.holder == slot && p->prober.boot_id != boot_id;
}

int64_t path_loss_deadline_ns(const struct path *p, uint32_t seq)
{
	return prober_record(&p->prober, seq)->sent_ns + p->prober.timeout_ns;
}
