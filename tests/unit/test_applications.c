/* applications: which traffic proves that an application answers from another address, or not at all, and which does
 * not. */
#include "server/watch/applications.h"
#include "tests/unit/sample_packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define S  1000000000LL
#define MS 1000000LL

enum { GETH, WEB, UDP_PORT = 30303, TCP_PORT = 443, PEER_PORT = 40000, ANCHOR = 26, DROPLET = 5, PEER = 9 };

static struct applications *a;
static int64_t now_ns;
static struct applications_finding finding;

static int set_up(void **state)
{
	static const struct applications_watched list[] = { { UDP_PORT, true, false }, { TCP_PORT, false, true } };
	static const uint8_t hash_key[16] = { 5 };

	(void)state;
	a = applications_new(list, 2, 64, hash_key);
	now_ns = 1000 * S;
	return a ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	applications_free(a);
	return 0;
}

static void frame(bool outgoing, uint8_t protocol, uint8_t own, uint8_t peer, uint16_t peer_port)
{
	uint16_t port = protocol == IP_UDP ? UDP_PORT : TCP_PORT;
	struct ip_packet h = { .protocol = protocol };

	h.source = outgoing ? sample_endpoint_v4(own, port) : sample_endpoint_v4(peer, peer_port);
	h.destination = outgoing ? sample_endpoint_v4(peer, peer_port) : sample_endpoint_v4(own, port);
	now_ns += 1 * MS;
	applications_note(a, &h, outgoing, now_ns);
}

static void asks(uint8_t own, uint8_t peer, uint16_t port)
{
	frame(false, IP_UDP, own, peer, port);
}

static void speaks(uint8_t own, uint8_t peer, uint16_t port)
{
	frame(true, IP_UDP, own, peer, port);
}

static bool finds_after(int64_t ns)
{
	now_ns += ns;
	return applications_find(a, now_ns, &finding);
}

static void whoever_answers_from_the_address_that_was_asked_is_fine(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 100; i++) {
		asks(i % 2 ? ANCHOR : DROPLET, PEER, (uint16_t)(PEER_PORT + i));
		speaks(i % 2 ? ANCHOR : DROPLET, PEER, (uint16_t)(PEER_PORT + i));
	}
	assert_false(finds_after(10 * S));
	assert_false(applications_waits(a));
}

static void another_address_is_proven_when_the_time_is_over(void **state)
{
	struct endpoint anchor = sample_endpoint_v4(ANCHOR, UDP_PORT), droplet = sample_endpoint_v4(DROPLET, UDP_PORT);
	struct endpoint peer = sample_endpoint_v4(PEER, PEER_PORT);

	(void)state;
	asks(ANCHOR, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT);
	assert_false(finds_after(4 * S));
	assert_true(applications_waits(a));
	assert_true(finds_after(1 * S));
	assert_int_equal(finding.kind, APPLICATIONS_OTHER_ADDRESS);
	assert_int_equal(finding.application, GETH);
	assert_int_equal(finding.protocol, IP_UDP);
	assert_true(endpoint_equal(&finding.asked, &anchor));
	assert_true(endpoint_equal(&finding.answered_from, &droplet));
	assert_true(endpoint_equal(&finding.peer, &peer));
	assert_int_equal(finding.count, 1);
	assert_true(finding.since_ns == 1000 * S + 1 * MS);
	assert_false(finds_after(0));
	assert_false(applications_waits(a));
}

static void an_answer_from_both_is_an_answer(void **state)
{
	(void)state;
	asks(ANCHOR, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT);
	speaks(ANCHOR, PEER, PEER_PORT);
	assert_false(finds_after(10 * S));
}

/* Each of them could be the answer to either. */
static void who_asks_both_addresses_proves_nothing(void **state)
{
	(void)state;
	asks(DROPLET, PEER, PEER_PORT);
	asks(ANCHOR, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT);
	assert_false(finds_after(10 * S));
}

static void another_port_or_peer_is_not_answered(void **state)
{
	(void)state;
	asks(ANCHOR, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT + 1);
	speaks(DROPLET, PEER + 1, PEER_PORT);
	frame(true, IP_TCP, DROPLET, PEER, PEER_PORT);
	assert_false(finds_after(10 * S));
}

static void three_in_a_row_without_an_answer_are_one_finding(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 2; i++) {
		asks(ANCHOR, PEER, (uint16_t)(PEER_PORT + i));
		assert_false(finds_after(6 * S));
	}
	asks(ANCHOR, PEER, PEER_PORT);
	assert_true(finds_after(6 * S));
	assert_int_equal(finding.kind, APPLICATIONS_NO_ANSWER);
	assert_true(endpoint_is_unknown(&finding.answered_from));
	assert_true(finding.since_ns == 1000 * S + 1 * MS);
	assert_int_equal(finding.answered, 0);
}

static void an_answer_in_between_begins_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		asks(ANCHOR, PEER, PEER_PORT);
		asks(ANCHOR, PEER, PEER_PORT);
		assert_false(finds_after(6 * S));
		asks(ANCHOR, PEER, PEER_PORT + 1);
		speaks(ANCHOR, PEER, PEER_PORT + 1);
		assert_false(finds_after(60 * S));
	}
}

static void different_peers_are_not_in_a_row(void **state)
{
	(void)state;
	for (uint8_t peer = 10; peer < 30; peer++)
		asks(ANCHOR, peer, PEER_PORT);
	assert_false(finds_after(10 * S));
}

/* The application asks; what the peer sends back is no question. */
static void answers_to_the_application_are_no_questions(void **state)
{
	(void)state;
	speaks(DROPLET, PEER, PEER_PORT);
	for (unsigned i = 0; i < 10; i++)
		asks(DROPLET, PEER, PEER_PORT);
	assert_false(finds_after(10 * S));
}

static void tcp_is_answered_or_not(void **state)
{
	(void)state;
	frame(false, IP_TCP, ANCHOR, PEER, PEER_PORT);
	frame(true, IP_TCP, ANCHOR, PEER, PEER_PORT);
	assert_false(finds_after(10 * S));
	for (unsigned i = 0; i < 3; i++)
		frame(false, IP_TCP, ANCHOR, PEER, PEER_PORT + 1);
	assert_true(finds_after(10 * S));
	assert_int_equal(finding.kind, APPLICATIONS_NO_ANSWER);
	assert_int_equal(finding.application, WEB);
	assert_int_equal(finding.count, 3);
	assert_int_equal(finding.answered, 1);
}

static void one_finding_a_minute_and_none_is_uncounted(void **state)
{
	unsigned told = 0, counted = 0;

	(void)state;
	for (unsigned second = 0; second < 200; second++) {
		asks(ANCHOR, PEER, PEER_PORT);
		speaks(DROPLET, PEER, PEER_PORT);
		if (!finds_after(1 * S))
			continue;
		told++;
		counted += finding.count;
	}
	assert_int_equal(told, 4);
	assert_true(counted > 150);
}

static void what_was_missed_may_have_been_the_answer(void **state)
{
	(void)state;
	asks(ANCHOR, PEER, PEER_PORT);
	speaks(DROPLET, PEER, PEER_PORT);
	for (unsigned i = 0; i < 3; i++)
		asks(ANCHOR, PEER + 1, PEER_PORT);
	applications_forget(a);
	assert_false(finds_after(10 * S));
}

static void ports_that_are_not_watched_are_nothing(void **state)
{
	struct ip_packet h = { .source = sample_endpoint_v4(PEER, UDP_PORT),
			       .destination = sample_endpoint_v4(ANCHOR, UDP_PORT),
			       .protocol = IP_TCP };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		applications_note(a, &h, false, now_ns);
	assert_false(applications_waits(a));
}

static void a_flood_leaves_the_table_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		asks(ANCHOR, (uint8_t)(i % 251), (uint16_t)(i * 7));
	while (finds_after(0))
		assert_int_equal(finding.kind, APPLICATIONS_NO_ANSWER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_answers_from_the_address_that_was_asked_is_fine),
		TEST(another_address_is_proven_when_the_time_is_over),
		TEST(an_answer_from_both_is_an_answer),
		TEST(who_asks_both_addresses_proves_nothing),
		TEST(another_port_or_peer_is_not_answered),
		TEST(three_in_a_row_without_an_answer_are_one_finding),
		TEST(an_answer_in_between_begins_anew),
		TEST(different_peers_are_not_in_a_row),
		TEST(answers_to_the_application_are_no_questions),
		TEST(tcp_is_answered_or_not),
		TEST(one_finding_a_minute_and_none_is_uncounted),
		TEST(what_was_missed_may_have_been_the_answer),
		TEST(ports_that_are_not_watched_are_nothing),
		TEST(a_flood_leaves_the_table_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
