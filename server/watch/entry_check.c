#include "server/watch/entry_check.h"

#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "server/watch/claims.h"
#include "server/watch/tap.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUESTIONS_MAX = 16, /* the oldest one gives way */
	REPEATS = 2,        /* one lost frame is no silence */
};

struct question {
	struct endpoint address; /* unknown: none */
	uint8_t mac[EVIDENCE_MAC_LEN];
	int64_t asked_ns;
	bool answered;
};

struct entry_check {
	struct tap *arp, *nd;
	struct question questions[QUESTIONS_MAX];
	unsigned next;
};

static struct question *find(struct entry_check *c, const struct endpoint *address, const uint8_t mac[EVIDENCE_MAC_LEN])
{
	for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
		struct question *q = &c->questions[i];
		if (q->asked_ns && endpoint_same_address(&q->address, address) &&
		    memcmp(q->mac, mac, EVIDENCE_MAC_LEN) == 0)
			return q;
	}
	return NULL;
}

static void on_claim(struct entry_check *c, const struct packet_socket_frame *frame, const struct claim *claim)
{
	struct question *q = frame->has_mac && !claim->probe ? find(c, &claim->address, frame->mac) : NULL;

	if (q && frame->received_ns >= q->asked_ns)
		q->answered = true;
}

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct claim claim;

	if (claims_read(frame->buf, frame->len, &claim))
		on_claim(context, frame, &claim);
}

/* ---- start and stop ---- */

struct entry_check *entry_check_new(void)
{
	struct entry_check *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->arp = tap_new(on_frame, c);
	c->nd = tap_new(on_frame, c);
	if (c->arp && c->nd)
		return c;
	entry_check_free(c);
	return NULL;
}

void entry_check_free(struct entry_check *check)
{
	if (!check)
		return;
	tap_free(check->arp);
	tap_free(check->nd);
	free(check);
}

/* Without a question nothing passes the filters. */
static void make_filters(const struct entry_check *c, struct bpf_program *arp, struct bpf_program *nd)
{
	struct endpoint addresses[QUESTIONS_MAX];
	unsigned len = 0;

	for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
		if (c->questions[i].asked_ns)
			addresses[len++] = c->questions[i].address;
	}
	bpf_arp(arp, addresses, len);
	bpf_nd(nd, addresses, len);
}

int entry_check_start(struct entry_check *check, uv_loop_t *loop)
{
	struct bpf_program arp, nd;
	int error;

	make_filters(check, &arp, &nd);
	error = tap_start(check->arp, loop, ETH_P_ARP, &arp);
	return error < 0 ? error : tap_start(check->nd, loop, ETH_P_IPV6, &nd);
}

void entry_check_stop(struct entry_check *check)
{
	if (!check)
		return;
	tap_stop(check->arp);
	tap_stop(check->nd);
}

/* ---- questions ---- */

static bool set_filters(struct entry_check *c)
{
	struct bpf_program arp, nd;

	make_filters(c, &arp, &nd);
	return tap_set_filter(c->arp, &arp) == 0 && tap_set_filter(c->nd, &nd) == 0;
}

static int send_question(struct entry_check *c, const struct rtnl_link *link, const struct question *q)
{
	uint8_t buf[CLAIMS_SOLICITATION_LEN], to_all[CLAIMS_MAC_LEN];

	if (endpoint_is_v4(&q->address)) {
		claims_write_arp_probe(buf, link->mac, &q->address);
		return tap_send(c->arp, ETH_P_ARP, link->index, q->mac, buf, CLAIMS_ARP_LEN);
	}
	claims_write_solicitation(buf, to_all, link->mac, &q->address);
	return tap_send(c->nd, ETH_P_IPV6, link->index, q->mac, buf, CLAIMS_SOLICITATION_LEN);
}

void entry_check_ask(struct entry_check *check, const struct rtnl_link *link, const struct endpoint *address,
		     const uint8_t mac[EVIDENCE_MAC_LEN], int64_t now_ns)
{
	struct question *q = find(check, address, mac);

	if (!link || !link->has_mac || !tap_is_open(check->arp) || !tap_is_open(check->nd) ||
	    (q && now_ns - q->asked_ns < ENTRY_CHECK_AGAIN_NS))
		return;
	if (!q)
		q = &check->questions[check->next++ % QUESTIONS_MAX];
	*q = (struct question){ .address = *address, .asked_ns = now_ns };
	memcpy(q->mac, mac, sizeof q->mac);
	for (unsigned i = 0; i < REPEATS; i++) {
		if (set_filters(check) && send_question(check, link, q) == 0)
			continue;
		*q = (struct question){ .asked_ns = 0 };
		return;
	}
}

enum evidence_asked entry_check_result(struct entry_check *check, const struct endpoint *address,
				       const uint8_t mac[EVIDENCE_MAC_LEN], int64_t now_ns, bool *waits)
{
	const struct question *q;

	tap_drain(check->arp);
	tap_drain(check->nd);
	q = find(check, address, mac);
	*waits = q && !q->answered && now_ns - q->asked_ns < ENTRY_CHECK_REPLY_NS;
	if (!q || *waits)
		return EVIDENCE_NOT_ASKED;
	return q->answered ? EVIDENCE_ANSWERS : EVIDENCE_NO_ANSWER;
}
