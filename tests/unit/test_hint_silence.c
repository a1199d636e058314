/* hint_silence, hint_mac, hint_claim: who else has the address. */
#include "tests/unit/settle_scene.h"

/* All ten were refused. Server 3 has the address, listens, and has two interfaces. */
static struct evidence_answer refused(struct scene *s)
{
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	for (uint32_t seq = 1; seq <= 10; seq++)
		prober_settle(&s->path->prober, seq, PROBER_REFUSED);
	s->path->facts.last_error = PROBER_REFUSED;
	s->path->endpoint = shared;
	*s->path->loss = (struct path_loss){ .silence.server = -1 };
	a.port = 8620;
	a.listens_udp = a.listens_tcp = true;
	a.addresses_len = a.macs_len = 2;
	a.addresses[0] = own;
	a.addresses[1] = shared;
	a.macs[0].octets[5] = 5;
	a.macs[1].octets[5] = 6;
	mac_of_shared = 9;
	mac_of_own = 5;
	return a;
}

static void hear_at(struct scene *s, const struct evidence_answer *answer, const struct endpoint *asked_at)
{
	static const struct query_attempts nothing;

	settle_apply(&s->paths, &(struct query_result){
				    .server = 3,
				    .drops = &s->drops[3],
				    .witness = -1,
				    .query = &nothing,
				    .answer = answer,
				    .asked_at = asked_at,
				    .link = &link,
				    .asked_ns = 112 * SECOND,
				    .now_ns = 112 * SECOND + 20 * MS,
				});
}

#define REFUSED(...)                                                                                                   \
	do {                                                                                                           \
		a = refused(s);                                                                                        \
		__VA_ARGS__;                                                                                           \
		hear_at(s, &a, &own);                                                                                  \
	} while (0)

static void a_server_that_holds_the_address_and_hears_nothing_is_silent(void **state)
{
	struct scene *s = *state;
	const struct path_loss *d;
	struct evidence_answer a;

	REFUSED();
	d = s->path->loss;
	assert_int_equal(d->silence.server, 3);
	assert_true(d->silence.to_ns == 111 * SECOND); /* its list of addresses may be a second old */
	assert_true(d->silence.from_ns < 101 * SECOND);
	REFUSED(a.flows[0].known = true, a.flows[0].idle_ms = 6000, a.flows[0].receipts.bitmap[0] = 0);
	assert_true(d->silence.from_ns == 106 * SECOND + 20 * MS); /* it may have heard some of it until then */
	REFUSED(a.uptime_ms = 5020);
	assert_true(d->silence.from_ns == 107 * SECOND); /* before that it was blind */
	REFUSED(a.frames_len = 1,
		a.frames[0] = (struct evidence_frames){ .local = shared, .transport = PACKET_UDP, .idle_ms = 4000 });
	assert_true(d->silence.from_ns == 108 * SECOND + 20 * MS); /* frames come: its own firewall may refuse */
	REFUSED(a.frames_len = 1,
		a.frames[0] = (struct evidence_frames){ .local = shared, .transport = PACKET_TCP, .idle_ms = 4000 });
	assert_true(d->silence.from_ns < 101 * SECOND);
	REFUSED(a.uptime_ms = 5020, a.flows[0].known = true, a.flows[0].idle_ms = 6000,
		a.flows[0].receipts.bitmap[0] = 0);
	assert_true(d->silence.from_ns == 107 * SECOND); /* the later of both */
	REFUSED(a.port = 0);                             /* at single addresses only */
	assert_int_equal(d->silence.server, -1);
	REFUSED(a.listens_udp = false);
	assert_int_equal(d->silence.server, -1);
	REFUSED(a.listens_tcp = false, s->path->kind = PROBE_TCP);
	assert_int_equal(d->silence.server, -1);
	REFUSED(a.frames_len = 1,
		a.frames[0] = (struct evidence_frames){ .local = shared, .transport = PACKET_TCP, .idle_ms = 4000 });
	assert_true(d->silence.from_ns == 108 * SECOND + 20 * MS);
	s->path->kind = PROBE_UDP;
	REFUSED(a.addresses_len = 1); /* the address is translated, or another's */
	assert_int_equal(d->silence.server, -1);
	a = refused(s);
	hear_at(s, &a, &own);
	a.addresses_len = 1; /* it has given the address up */
	hear_at(s, &a, &own);
	assert_int_equal(d->silence.server, -1);
}

static void a_stranger_is_where_our_frames_go(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a;

	REFUSED();
	assert_true(s->path->loss->silence.has_other_mac);
	assert_int_equal(s->path->loss->silence.mac[5], 9);
	assert_true(s->path->loss->silence.other_mac_ns == 112 * SECOND);
	REFUSED(mac_of_shared = 5);
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(mac_of_shared = 6); /* its other interface */
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(mac_of_own = 9); /* a router answers for all of them */
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(mac_of_own = 0); /* not on our link */
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(mac_of_shared = 0);
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(a.macs_len = 0); /* it does not say */
	assert_false(s->path->loss->silence.has_other_mac);
	REFUSED(s->path->facts.last_error = PROBER_NONE); /* nobody refuses */
	assert_false(s->path->loss->silence.has_other_mac);
	a = refused(s);
	hear_at(s, &a, &shared); /* it was asked at that very address */
	assert_false(s->path->loss->silence.has_other_mac);
	hear_at(s, &a, NULL); /* through a witness */
	assert_false(s->path->loss->silence.has_other_mac);
}

/* Server 3 has seen another machine claim the address, and holds it. */
static struct evidence_answer claimed(void)
{
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.addresses_len = 2;
	a.addresses[0] = own;
	a.addresses[1] = shared;
	a.conflicts_len = 1;
	a.conflicts[0] = (struct evidence_conflict){ .address = shared, .mac = { 2, 9 }, .count = 1, .idle_ms = 3000 };
	return a;
}

static void a_claim_counts_while_the_server_that_tells_of_it_has_the_address(void **state)
{
	struct scene *s = *state;
	struct path_loss *d = s->path->loss;
	struct evidence_answer a = claimed(), another = answer_of(2, false, 0, 0, 0);

	s->path->endpoint = shared;
	a.addresses_len = 1; /* it has given it up, or it was never its own */
	hear(s, 3, -1, &a, NULL);
	assert_false(d->claim.known);
	a.truncated = true; /* or there was no room for it */
	a.conflicts[0].address = own;
	hear(s, 3, -1, &a, NULL);
	assert_false(d->claim.known); /* a claim to another address */
	a.conflicts[0].address = shared;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->claim.known);
	assert_int_equal(d->claim.claim.mac[1], 9);
	assert_true(d->claim.from_ns == 109 * SECOND && d->claim.newest_ns == 109 * SECOND);
	a.conflicts[0].idle_ms = 1000;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->claim.from_ns == 109 * SECOND && d->claim.newest_ns == 111 * SECOND);
	assert_false(d->claim.repeated); /* when it was asked the first time, it asked the link */
	s->asked_ns += 1 * SECOND;
	a.conflicts[0].idle_ms = 900;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->claim.repeated);
	hear(s, 7, -1, &another, NULL); /* who has never seen it */
	assert_true(d->claim.known);
	a.conflicts_len = 0;
	hear(s, 3, -1, &a, NULL); /* no room for that, either */
	assert_true(d->claim.known);
	a.truncated = false;
	hear(s, 3, -1, &a, NULL);
	assert_false(d->claim.known);
	a = claimed();
	hear(s, 3, -1, &a, NULL);
	assert_true(d->claim.known);
	a.addresses_len = 1;
	hear(s, 3, -1, &a, NULL);
	assert_false(d->claim.known);
	s->path->facts.arrived_on = own; /* translated to there, and that is claimed */
	a.conflicts[0].address = own;
	a.conflicts[0].mac[0] = a.conflicts[0].mac[1] = 0; /* its kernel has found it out: that needs no second claim */
	hear(s, 3, -1, &a, NULL);
	assert_true(d->claim.known && d->claim.repeated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_holds_the_address_and_hears_nothing_is_silent),
		TEST(a_stranger_is_where_our_frames_go),
		TEST(a_claim_counts_while_the_server_that_tells_of_it_has_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
