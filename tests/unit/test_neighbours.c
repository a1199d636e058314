/* neighbours, snapshots: which transitions of the neighbour table are news, and when an entry is proven wrong. */
#include "common/core/thresholds.h"
#include "server/watch/neighbours.h"
#include "server/watch/snapshots.h"
#include "tests/unit/sample_packet.h"

#include <linux/neighbour.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S 1000000000LL

enum { LINK = 2, CAPACITY = 8 };

static const uint8_t hash_key[16] = { 7 };
static const uint8_t right[6] = { 2, 0, 0x5e, 0, 0x53, 1 }, dead[6] = { 2, 0, 0x5e, 0, 0xde, 0xad };
static const uint8_t vrrp[6] = { 0, 0, 0x5e, 0, 1, 7 }, vrrp6[6] = { 0, 0, 0x5e, 0, 2, 7 };

static struct rtnl_neighbour entry(uint8_t host, uint16_t state, const uint8_t *mac)
{
	struct rtnl_neighbour n = { .address = sample_endpoint_v4(host, 0), .link = LINK, .state = state };

	n.has_mac = mac != NULL;
	if (mac)
		memcpy(n.mac, mac, sizeof n.mac);
	return n;
}

/* ---- neighbours ---- */

static void only_another_mac_or_class_is_news(void **state)
{
	static const struct {
		uint16_t state;
		const uint8_t *mac;
		bool news;
		const char *text;
	} steps[] = {
		{ NUD_INCOMPLETE, NULL, true, "incomplete" },
		{ NUD_REACHABLE, right, true, "reachable" },
		{ NUD_STALE, right, false, "stale" },
		{ NUD_DELAY, right, false, "delay" },
		{ NUD_PROBE, right, false, "probe" },
		{ NUD_REACHABLE, dead, true, "reachable" },
		{ NUD_FAILED, NULL, true, "failed" },
		{ NUD_FAILED, NULL, false, "failed" },
		{ NUD_REACHABLE, dead, true, "reachable" },
		{ NUD_PERMANENT, dead, true, "permanent" },
		{ 0, NULL, true, "none" },
		{ 0, NULL, false, "none" },
	};
	struct neighbours *n = neighbours_new(CAPACITY, hash_key);
	struct neighbour before;

	(void)state;
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct rtnl_neighbour now = entry(9, steps[i].state, steps[i].mac);

		assert_int_equal(neighbours_note(n, &now, 1, &before) != NULL, steps[i].news);
		assert_string_equal(neighbours_state_text(now.state), steps[i].text);
	}
	neighbours_free(n);
}

static void an_entry_remembers_what_it_was_and_since_when(void **state)
{
	struct neighbours *n = neighbours_new(CAPACITY, hash_key);
	struct rtnl_neighbour now = entry(9, NUD_STALE, dead);
	const struct neighbour *found;
	struct neighbour before;

	(void)state;
	assert_non_null(neighbours_note(n, &now, 1 * S, &before));
	assert_false(before.has_mac);
	now.state = NUD_REACHABLE;
	assert_null(neighbours_note(n, &now, 2 * S, &before));
	found = neighbours_find(n, &now.address, LINK);
	assert_true(found->since_ns == 1 * S);

	/* It asks in vain, then finds the right one: the old one is still known. */
	now = entry(9, NUD_FAILED, NULL);
	found = neighbours_note(n, &now, 3 * S, &before);
	assert_false(neighbours_is_in_use(found));
	now = entry(9, NUD_REACHABLE, right);
	found = neighbours_note(n, &now, 4 * S, &before);
	assert_true(neighbours_is_in_use(found));
	assert_memory_equal(before.mac, dead, sizeof dead);
	assert_memory_equal(found->mac, right, sizeof right);
	assert_true(found->since_ns == 4 * S);

	/* The same one after it was gone counts from its return. */
	now = entry(9, 0, NULL);
	neighbours_note(n, &now, 5 * S, &before);
	now = entry(9, NUD_REACHABLE, right);
	found = neighbours_note(n, &now, 6 * S, &before);
	assert_true(found->since_ns == 6 * S);

	/* Another MAC counts from when the entry got it; one of an entry that is not in use does not. */
	now = entry(9, NUD_REACHABLE, dead);
	found = neighbours_note(n, &now, 7 * S, &before);
	assert_true(found->since_ns == 7 * S);
	now = entry(9, NUD_FAILED, right);
	found = neighbours_note(n, &now, 8 * S, &before);
	assert_memory_equal(found->mac, dead, sizeof dead);

	assert_null(neighbours_find(n, &now.address, LINK + 1));
	neighbours_free(n);
}

static void what_is_no_neighbour_is_passed_over(void **state)
{
	struct neighbours *n = neighbours_new(CAPACITY, hash_key);
	struct rtnl_neighbour noarp = entry(9, NUD_NOARP, right), multicast = entry(9, NUD_PERMANENT, right);
	struct rtnl_neighbour multicast6 = { .address = { .address = { 0xff, 2, [15] = 1 }, .port = 0 },
					     .link = LINK,
					     .state = NUD_STALE };
	struct neighbour before;

	(void)state;
	multicast.address.address[12] = 239;
	assert_null(neighbours_note(n, &noarp, 1, &before));
	assert_null(neighbours_note(n, &multicast, 1, &before));
	assert_null(neighbours_note(n, &multicast6, 1, &before));
	neighbours_free(n);
}

static void other_entries_than_there_is_room_for(void **state)
{
	struct neighbours *n = neighbours_new(CAPACITY, hash_key);
	struct neighbour before;

	(void)state;
	for (uint8_t host = 1; host <= 100; host++) {
		struct rtnl_neighbour now = entry(host, NUD_STALE, right);

		assert_non_null(neighbours_note(n, &now, host, &before));
		assert_non_null(neighbours_find(n, &now.address, LINK));
	}
	neighbours_free(n);
}

/* ---- snapshots ---- */

static const int64_t now_ns = 100 * S;

/* A wrong entry, 50 s old, and a frame of now: each test changes one thing. */
struct situation {
	struct snapshots *snapshots;
	struct neighbour entry;
	struct snapshots_view view;
};

static int set_up(void **state)
{
	struct situation *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->snapshots = snapshots_new(CAPACITY, hash_key);
	s->entry = (struct neighbour){ .state = NUD_STALE, .has_mac = true, .since_ns = 50 * S };
	memcpy(s->entry.mac, dead, sizeof dead);
	s->view = (struct snapshots_view){
		.client = sample_endpoint_v4(9, 0),
		.local = sample_endpoint_v4(5, 0),
		.next_hop = sample_endpoint_v4(9, 0),
		.link = LINK,
		.interface = "eth0",
		.entry = &s->entry,
		.has_frame = true,
		.frame_link = LINK,
		.frame_ns = now_ns,
		.frame_since_ns = 60 * S,
	};
	memcpy(s->entry.key.address, s->view.client.address, sizeof s->entry.key.address);
	s->entry.key.link = LINK;
	memcpy(s->view.frame_mac, right, sizeof right);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct situation *s = *state;

	snapshots_free(s->snapshots);
	free(s);
	return 0;
}

static bool is_wrong(const struct situation *s)
{
	return snapshots_is_proven(snapshots_take(s->snapshots, &s->view, now_ns));
}

/* Two routers may have two MACs. The caller asks both. */
static void that_of_a_gateway_is_wrong_if_it_is_silent(void **state)
{
	struct situation *s = *state;
	struct evidence_answer answer = { .neighbours_len = 0 };
	struct snapshot *taken;

	s->view.next_hop = sample_endpoint_v4(1, 0);
	taken = snapshots_take(s->snapshots, &s->view, now_ns);
	assert_true(taken->wrong && snapshots_is_of_gateway(taken));
	taken->seen.asked = EVIDENCE_ANSWERS;
	assert_false(snapshots_is_proven(taken));
	snapshots_tell(s->snapshots, &s->view.client, &s->view.local, now_ns, &answer);
	assert_int_equal(answer.neighbours_len, 0);
	assert_true(snapshots_wants(s->snapshots, &s->view.client, &s->view.local, now_ns + SNAPSHOTS_AGAIN_NS));
	taken->seen.asked = EVIDENCE_NO_ANSWER;
	assert_true(snapshots_is_proven(taken));
	snapshots_tell(s->snapshots, &s->view.client, &s->view.local, now_ns, &answer);
	assert_int_equal(answer.neighbours_len, 1);
	assert_true(endpoint_equal(&answer.neighbours[0].next_hop, &s->view.next_hop));
	assert_false(snapshots_wants(s->snapshots, &s->view.client, &s->view.local, now_ns + SNAPSHOTS_AGAIN_NS));
}

static void another_mac_on_the_link_is_wrong(void **state)
{
	static const uint16_t states[] = { NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT };
	struct situation *s = *state;

	for (unsigned i = 0; i < sizeof states / sizeof *states; i++) {
		s->entry.state = states[i];
		assert_true(is_wrong(s));
	}
}

static void everything_that_forbids_it(void **state)
{
	struct situation *s = *state, good = *s;

#define FORBIDS(change)                                                                                                \
	change;                                                                                                        \
	assert_false(is_wrong(s));                                                                                     \
	*s = good;                                                                                                     \
	s->view.entry = &s->entry;                                                                                     \
	assert_true(is_wrong(s))
	FORBIDS(memcpy(s->entry.mac, right, sizeof right));
	FORBIDS(s->view.next_hop = sample_endpoint_v4(1, 0)); /* a gateway, which nobody has asked */
	FORBIDS(s->view.entry = NULL);
	FORBIDS(s->entry.state = NUD_FAILED);
	FORBIDS(s->entry.state = NUD_INCOMPLETE);
	FORBIDS(s->entry.has_mac = false);
	FORBIDS(s->view.has_frame = false);
	FORBIDS(s->view.frame_link = LINK + 1);            /* it has another way to us */
	FORBIDS(s->view.frame_ns = 95 * S - 1);            /* too long ago */
	FORBIDS(s->entry.since_ns = s->view.frame_ns + 1); /* the frame came before the entry was what it is */
	FORBIDS(memcpy(s->entry.mac, vrrp, sizeof vrrp));
	FORBIDS(memcpy(s->view.frame_mac, vrrp, sizeof vrrp));
	FORBIDS(memcpy(s->entry.mac, vrrp6, sizeof vrrp6));
	FORBIDS(memcpy(s->view.frame_mac, vrrp6, sizeof vrrp6));
#undef FORBIDS
}

static void who_hears_us_under_these_macs_is_not_suspected(void **state)
{
	struct situation *s = *state;

	assert_true(is_wrong(s));
	/* What was sent before the entry, or the client's MAC, was what it is proves nothing. */
	for (s->view.heard_ns = 49 * S; s->view.heard_ns < 60 * S; s->view.heard_ns += 6 * S)
		snapshots_confirm(s->snapshots, &s->view);
	assert_true(snapshots_find(s->snapshots, &s->view.client, &s->view.local)->wrong);
	s->view.heard_ns = 60 * S;
	snapshots_confirm(s->snapshots, &s->view);
	assert_false(snapshots_find(s->snapshots, &s->view.client, &s->view.local)->wrong);
	s->view.heard_ns = 0;
	assert_false(is_wrong(s)); /* it has been heard */
	s->entry.mac[5]++;         /* but this one is another */
	assert_true(is_wrong(s));
}

static void what_was_heard_before_the_first_look_counts(void **state)
{
	struct situation *s = *state;

	s->view.heard_ns = 49 * S;
	assert_true(is_wrong(s));
	s->view.heard_ns = 59 * S;
	assert_true(is_wrong(s));
	s->view.heard_ns = 60 * S;
	assert_false(is_wrong(s));
	s->view.heard_ns = 0;
	assert_false(is_wrong(s)); /* that is remembered */
	s->view.heard_ns = 60 * S;
	s->entry.since_ns = 61 * S;
	s->entry.mac[5]++;
	assert_true(is_wrong(s));
}

/* At any address of ours, by any client, if it is the same link and next hop. */
static void what_was_heard_at_another_address_counts(void **state)
{
	struct situation *s = *state;
	const struct {
		uint8_t local, next_hop, client;
		unsigned link;
		int64_t heard_ns;
	} others[] = {
		{ 6, 9, 9, LINK, 70 * S },  { 7, 9, 9, LINK, 60 * S },   { 8, 9, 9, LINK + 1, 80 * S },
		{ 10, 1, 9, LINK, 80 * S }, { 11, 9, 10, LINK, 75 * S },
	};

	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		struct snapshots_view other = s->view;

		other.local = sample_endpoint_v4(others[i].local, 0);
		other.next_hop = sample_endpoint_v4(others[i].next_hop, 0);
		other.client = sample_endpoint_v4(others[i].client, 0);
		other.link = others[i].link;
		snapshots_take(s->snapshots, &other, now_ns)->heard_ns = others[i].heard_ns;
	}
	assert_true(snapshots_heard_ns(s->snapshots, &s->view) == 75 * S);
}

static void healing_is_seen_and_told(void **state)
{
	struct situation *s = *state;
	struct evidence_answer answer = { .neighbours_len = 0 };
	struct neighbour other = s->entry;

	assert_true(is_wrong(s));
	assert_false(snapshots_wants(s->snapshots, &s->view.client, &s->view.local, now_ns + 90 * S));
	other.mac[5]++;
	assert_null(snapshots_heal(s->snapshots, &other, now_ns + 1 * S));
	memcpy(s->entry.mac, right, sizeof right);
	s->entry.state = NUD_FAILED;
	assert_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 2 * S));
	s->entry.state = NUD_REACHABLE;
	assert_non_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 3 * S));
	assert_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 4 * S));
	assert_true(snapshots_wants(s->snapshots, &s->view.client, &s->view.local, now_ns + 5 * S));

	snapshots_tell(s->snapshots, &s->view.client, &s->view.local, now_ns + 10 * S, &answer);
	assert_int_equal(answer.neighbours_len, 1);
	const struct evidence_neighbour *n = &answer.neighbours[0];
	assert_memory_equal(n->entry_mac, dead, sizeof dead);
	assert_memory_equal(n->frame_mac, right, sizeof right);
	assert_int_equal(n->since_ms, 50000);
	assert_int_equal(n->healed_ms, 7000);
	assert_string_equal(n->interface, "eth0");
}

static void what_was_wrong_is_kept_for_those_who_ask_later(void **state)
{
	struct situation *s = *state;
	const struct snapshot *kept;

	assert_true(is_wrong(s));
	memcpy(s->entry.mac, right, sizeof right);
	assert_non_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 3 * S));
	kept = snapshots_take(s->snapshots, &s->view, now_ns + 300 * S);
	assert_true(kept->wrong && kept->taken_ns == now_ns && kept->healed_ns == now_ns + 3 * S);
	assert_false(snapshots_wants(s->snapshots, &s->view.client, &s->view.local,
				     now_ns + 300 * S)); /* it has just been looked at */
	assert_false(snapshots_take(s->snapshots, &s->view, now_ns + 700 * S)->wrong);
}

static void it_may_be_wrong_once_more(void **state)
{
	struct situation *s = *state;

	assert_true(is_wrong(s));
	memcpy(s->entry.mac, right, sizeof right);
	assert_non_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 1));
	memcpy(s->entry.mac, dead, sizeof dead);
	assert_true(is_wrong(s));
	assert_true(snapshots_find(s->snapshots, &s->view.client, &s->view.local)->healed_ns == 0);
}

static void not_more_than_the_answer_holds(void **state)
{
	struct situation *s = *state;
	struct evidence_answer answer = { .neighbours_len = 0 };

	for (unsigned host = 1; host <= EVIDENCE_NEIGHBOURS_MAX + 1; host++) {
		s->view.client = s->view.next_hop = sample_endpoint_v4((uint8_t)host, 0);
		snapshots_take(s->snapshots, &s->view, now_ns);
		snapshots_tell(s->snapshots, &s->view.client, &s->view.local, now_ns, &answer);
	}
	assert_int_equal(answer.neighbours_len, EVIDENCE_NEIGHBOURS_MAX);
	assert_true(answer.neighbours[0].healed_ms == UINT32_MAX);
}

/* What is sent to one of our addresses comes from the client itself, to the other one through a router, which gets the
 * answers from there, too. */
static void each_address_of_ours_has_a_way_back_of_its_own(void **state)
{
	struct situation *s = *state;
	struct endpoint local = s->view.local;
	struct snapshots_view routed = s->view;
	struct evidence_answer answer = { .neighbours_len = 0 };

	routed.local = sample_endpoint_v4(6, 0);
	routed.next_hop = sample_endpoint_v4(1, 0);
	assert_true(is_wrong(s));
	assert_true(snapshots_wants(s->snapshots, &routed.client, &routed.local, now_ns));
	assert_false(snapshots_is_proven(snapshots_take(s->snapshots, &routed, now_ns)));
	assert_true(snapshots_find(s->snapshots, &s->view.client, &local)->wrong);
	snapshots_tell(s->snapshots, &s->view.client, &routed.local, now_ns, &answer);
	snapshots_tell(s->snapshots, &s->view.client, &local, now_ns, &answer);
	assert_int_equal(answer.neighbours_len, 1);
	assert_true(endpoint_equal(&answer.neighbours[0].local, &local));
}

static void one_entry_heals_all_that_it_leads_to(void **state)
{
	struct situation *s = *state;

	assert_true(is_wrong(s));
	s->view.local = sample_endpoint_v4(6, 0);
	assert_true(is_wrong(s));
	memcpy(s->entry.mac, right, sizeof right);
	assert_non_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 1));
	assert_non_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 1));
	assert_null(snapshots_heal(s->snapshots, &s->entry, now_ns + 1));
}

#define SITUATION(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_another_mac_or_class_is_news),
		cmocka_unit_test(an_entry_remembers_what_it_was_and_since_when),
		cmocka_unit_test(what_is_no_neighbour_is_passed_over),
		cmocka_unit_test(other_entries_than_there_is_room_for),
		SITUATION(another_mac_on_the_link_is_wrong),
		SITUATION(that_of_a_gateway_is_wrong_if_it_is_silent),
		SITUATION(everything_that_forbids_it),
		SITUATION(who_hears_us_under_these_macs_is_not_suspected),
		SITUATION(what_was_heard_before_the_first_look_counts),
		SITUATION(what_was_heard_at_another_address_counts),
		SITUATION(healing_is_seen_and_told),
		SITUATION(what_was_wrong_is_kept_for_those_who_ask_later),
		SITUATION(it_may_be_wrong_once_more),
		SITUATION(not_more_than_the_answer_holds),
		SITUATION(each_address_of_ours_has_a_way_back_of_its_own),
		SITUATION(one_entry_heals_all_that_it_leads_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
