/* TCP attempts: half-open sockets, SYNs and requests that a server has or lacks. */
#include "common/core/thresholds.h"
#include "tests/unit/settle_scene.h"

static void hear_attempt_as(struct scene *s, unsigned server, enum evidence_attempt_status status, uint64_t uptime_ms,
			    const struct endpoint *seen_as)
{
	const struct query_attempts query = { .attempts = { { .flow_id = 42, .seq = 8 }, { .flow_id = 42, .seq = 9 } },
					      .attempts_len = 1 };
	struct evidence_answer a = answer_of(1, s->knows, 1, 10, 0x3ff);

	a.uptime_ms = uptime_ms;
	a.querier = *seen_as;
	a.attempts_len = 2;
	a.attempts[0] = (struct evidence_attempt_answer){ .id = 0, .status = status, .age_ms = s->half_open_ms };
	a.attempts[1] = a.attempts[0]; /* of what was asked another time */
	a.attempts[1].id = 1;
	hear(s, server, -1, &a, &query);
}

static void hear_attempt(struct scene *s, unsigned server, enum evidence_attempt_status status, uint64_t uptime_ms)
{
	hear_attempt_as(s, server, status, uptime_ms, &client);
}

static void behind_a_nat_a_half_open_socket_could_be_any_attempts(void **state)
{
	static const struct endpoint nat = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 }, .port = 40000 };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 4000;
	hear_attempt_as(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS, &nat);
	assert_int_equal(tally(s).lost, 10);
}

/* The querier's address tells nothing of the other family. */
static void a_query_over_the_other_family_leaves_a_half_open_socket_its_proof(void **state)
{
	const struct endpoint other_family = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 }, .port = 40000 };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 4000;
	hear_attempt_as(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS, &other_family);
	assert_int_equal(tally(s).return_lost, 1);
}

static void what_was_translated_before_is_not_at_its_own_address(void **state)
{
	const struct endpoint other_family = { .address = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 }, .port = 40000 };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 4000;
	s->knows = false;
	s->path->facts.receipt_source = (struct endpoint){ .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 } };
	hear_attempt_as(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS, &other_family);
	assert_int_equal(tally(s).lost, 10);
}

static void a_half_open_socket_proves_return(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 4000;
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(tally(s).return_lost, 1);
	assert_int_equal(tally(s).lost, 9); /* those that nobody asked about stay unknown */
	assert_int_equal(s->path->loss->receipt_server, 3);
}

/* Its deadline was at 109 s. A slow SYN, or a repeated one, made the socket after that. */
static void a_half_open_socket_has_to_be_of_before_the_deadline(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 3019;
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
	assert_false(s->path->loss->attempts.items[0].arrived);
	s->half_open_ms = 3020; /* the server looked 20 ms after the question at the latest */
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(tally(s).return_lost, 1);
}

static void a_syn_that_nobody_saw_proves_forward(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).forward_lost, 0);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* Of server 5, of a machine with the key of the one that answers here, of an attempt that was not asked about (the id
 * is left over from an earlier question), or of one that is forgotten. */
static void others_have_nothing_to_say_of_a_syn(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->half_open_ms = 4000;
	hear_attempt(s, 5, EVIDENCE_HALF_OPEN, HOUR_MS);
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 5, EVIDENCE_NOT_SEEN, HOUR_MS);
	s->path->prober.holder = 1;
	s->path->prober.boot_id = 2;
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	s->path->loss->attempts.items[0].seq = 9;
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
	s->path->loss->attempts.items[0].seq = 8;
	s->path->prober.boot_id = 1;
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* The question of the first second was not asked, or had no answer: the socket may have been there and be forgotten. */
static void a_syn_has_to_be_missing_in_its_first_second_too(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].early = 1;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
}

static void an_early_half_open_socket_counts_when_its_time_is_over(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].pending = true;
	s->half_open_ms = 4000;
	settle_expired(s->path, 9); /* nothing is known of it */
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(tally(s).return_lost, 0);
	s->path->loss->attempts.items[0].pending = false;
	settle_expired(s->path, 8);
	assert_int_equal(tally(s).return_lost, 1);
}

static void without_a_half_open_socket_the_end_of_its_time_proves_nothing(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	settle_expired(s->path, 8);
	assert_int_equal(tally(s).lost, 10);
}

static void an_early_half_open_socket_is_nothing_to_who_connected_after_all(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, true);
	s->path->loss->attempts.items[0].arrived = true;
	settle_expired(s->path, 8);
	assert_int_equal(tally(s).lost, 10);
}

static void behind_a_nat_a_slow_query_cannot_tell_what_was_not_seen(void **state)
{
	static const struct endpoint nat = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 }, .port = 40000 };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->answered_after_ns = 460 * MS;
	hear_attempt_as(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS, &nat);
	hear_attempt_as(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS, &nat);
	s->answered_after_ns = 20 * MS;
	assert_int_equal(tally(s).lost, 10);
	hear_attempt_as(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS, &nat);
	hear_attempt_as(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS, &nat);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* A SYN that is a little late, or slower than the question, is not lost. */
static void a_syn_is_missing_only_some_time_after_the_deadline(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->asked_ns = 109 * SECOND + 249 * MS;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
	s->asked_ns += MS;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* A kernel forgets a half-open socket after seven seconds, so that a late look finds none. */
static void what_may_have_expired_is_not_missing(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->asked_ns = 108 * SECOND + SETTLE_HALF_OPEN_LIFE_NS;
	s->answered_after_ns = 1;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
	s->asked_ns--;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* The server looked later than it was asked; if the question had to be repeated, nobody knows when. */
static void a_question_under_way_for_long_is_not_early(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].early = 0;
	s->asked_ns = 108 * SECOND + 500 * MS;
	s->answered_after_ns = 450 * MS + 1;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	s->asked_ns = 108 * SECOND + 750 * MS;
	s->answered_after_ns = 400 * MS;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(s->path->loss->attempts.items[0].early, 0);
	s->asked_ns--;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(s->path->loss->attempts.items[0].early, 1);
}

/* What reset the half-open socket may then lie before the counters that were compared. */
static void a_question_under_way_for_more_than_a_second_tells_nothing_of_absence(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->answered_after_ns = SECOND + 1;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
}

/* Its socket is no longer half-open: established. And its request came, nobody knows when. */
static void a_syn_is_not_missing_of_who_connected_since(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, true);
	s->knows = true;
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
}

/* Server 3 has seen no SYN: the word of server 7 decides. */
static void doubt_about_a_syn_stays_doubt(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_CANNOT_TELL, HOUR_MS);
	assert_int_equal(tally(s).lost, 10);
}

/* The attempt is 4020 ms old when the answer comes. A listener that is not older may have lost the half-open socket. */
static void a_server_that_restarted_since_cannot_miss_a_syn(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_attempt(s, 3, EVIDENCE_NOT_SEEN, HOUR_MS);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, 4020);
	assert_int_equal(tally(s).lost, 10);
	hear_attempt(s, 7, EVIDENCE_NOT_SEEN, 4021);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* The handshake of number 8 was done; what becomes of its request by what server 7 says. Server 3 knows nothing of it.
 */
static void a_request_that_is_missing_after_the_handshake_was_lost_forward(void **state)
{
	static const struct {
		const char *what;
		bool known, forward;
		uint32_t first, newest;
		uint64_t bitmap, uptime_ms, holder_boot_id; /* bitmap: bit b: newest - b */
	} words[] = {
		{ "the flow is unknown", false, true, 0, 0, 0, HOUR_MS, 1 },
		{ "all but number 8", true, true, 1, 10, 0x3fb, HOUR_MS, 1 },
		{ "the flow began with number 9", true, true, 1, 10, 3, HOUR_MS, 1 },
		{ "nothing is told of number 8", true, false, 9, 10, 3, HOUR_MS, 1 },
		{ "number 8 is too long ago", true, false, 1, 8 + RECEIPTS_WINDOW, 1, HOUR_MS, 1 },
		{ "it came, some time", true, false, 8, 8, 1, HOUR_MS, 1 },
		{ "the server started when it had left", false, false, 0, 0, 0, 4019, 1 },
		{ "the server had started by then", false, true, 0, 0, 0, 4020, 1 },
		{ "another machine has the holder's key", false, false, 0, 0, 0, HOUR_MS, 2 },
	};

	tear_down(state);
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		struct evidence_answer none = answer_of(9, false, 0, 0, 0);
		struct evidence_answer a =
		    answer_of(1, words[i].known, words[i].first, words[i].newest, words[i].bitmap);
		struct scene *s;

		set_up(state);
		s = *state;
		make_tcp(s, 8, true);
		s->path->prober.holder = 1;
		s->path->prober.boot_id = words[i].holder_boot_id;
		a.uptime_ms = words[i].uptime_ms;
		hear(s, 3, -1, &none, NULL);
		hear(s, 7, -1, &a, NULL);
		if ((s->path->prober.ring[8].outcome == PROBER_LOST_FORWARD) != words[i].forward)
			fail_msg("%s", words[i].what);
		tear_down(state);
	}
	set_up(state);
}

/* It was acknowledged by a kernel there: the program has not read it. */
static void a_request_that_was_delivered_was_not_lost_forward(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3fb); /* all but number 8 */

	make_tcp(s, 8, true);
	s->path->loss->attempts.items[0].delivered = true;
	a.flows[0].idle_ms = 20000;
	hear(s, 3, -1, &a, NULL);
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	assert_int_equal(tally(s).lost, 1);
}

/* A proxy completed the handshake. Its own connection to the server may fail either way. */
static void a_request_that_a_proxy_holds_back_tells_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3fb); /* all but number 8 */

	make_tcp(s, 8, true);
	s->path->loss->attempts.items[0].held_back = true;
	a.flows[0].idle_ms = 20000;
	hear(s, 3, -1, &a, NULL);
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(prober_record(&s->path->prober, 8)->outcome, PROBER_LOST);
	s->half_open_ms = 4000;
	hear_attempt(s, 3, EVIDENCE_HALF_OPEN, HOUR_MS);
	assert_int_equal(prober_record(&s->path->prober, 8)->outcome, PROBER_LOST_RETURN);
}

/* It may have left as late as the deadline, of second 109. */
static void a_request_has_its_own_time_to_arrive(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 7, 0x7f);

	make_tcp(s, 8, true);
	prober_settle(&s->path->prober, 9, PROBER_IMPOSTOR);
	prober_settle(&s->path->prober, 10, PROBER_IMPOSTOR);
	s->asked_ns = 110 * SECOND - 1;
	hear(s, 3, -1, &a, NULL);
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	assert_true(settle_wanted(s->path, 0));
	s->asked_ns++;
	hear(s, 3, -1, &a, NULL);
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 1);
	assert_false(settle_wanted(s->path, 0));
}

/* The newest came between the deadlines of numbers 8 and 9: repeated or not, those of 9 and 10 came in time. */
static void a_request_came_in_time_if_nothing_came_since(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	make_tcp(s, 8, true);
	a.flows[0].idle_ms = 2100;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 2);
	assert_int_equal(tally(s).lost, 8);
}

static void only_unanswered_attempts_are_asked_about(void **state)
{
	struct scene *s = *state;
	struct evidence_query query = { 0 };
	struct query_attempts memory = { 0 };

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[1] = (struct attempt){ .seq = 9, .connected = true, .started_ns = 109 * SECOND };
	s->path->loss->attempts.items[2] = (struct attempt){ .seq = 10, .started_ns = 20 * SECOND }; /* too old */
	s->path->loss->attempts.items[3] = (struct attempt){ .seq = 7, .started_ns = 107 * SECOND, .not_seen = 1 };
	settle_ask(s->path, 0, 112 * SECOND, EVIDENCE_ATTEMPTS_MAX, &query, &memory);
	assert_int_equal(query.attempts_len, 1);
	assert_int_equal(query.attempts[0].age_ms, 4000);
	assert_int_equal(query.attempts[0].client.port, client.port);
	assert_int_equal(memory.attempts_len, 1);
	assert_int_equal(memory.attempts[0].seq, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(behind_a_nat_a_half_open_socket_could_be_any_attempts),
		TEST(a_query_over_the_other_family_leaves_a_half_open_socket_its_proof),
		TEST(what_was_translated_before_is_not_at_its_own_address),
		TEST(a_half_open_socket_proves_return),
		TEST(a_half_open_socket_has_to_be_of_before_the_deadline),
		TEST(a_syn_that_nobody_saw_proves_forward),
		TEST(others_have_nothing_to_say_of_a_syn),
		TEST(a_syn_has_to_be_missing_in_its_first_second_too),
		TEST(an_early_half_open_socket_counts_when_its_time_is_over),
		TEST(without_a_half_open_socket_the_end_of_its_time_proves_nothing),
		TEST(an_early_half_open_socket_is_nothing_to_who_connected_after_all),
		TEST(behind_a_nat_a_slow_query_cannot_tell_what_was_not_seen),
		TEST(a_syn_is_missing_only_some_time_after_the_deadline),
		TEST(what_may_have_expired_is_not_missing),
		TEST(a_question_under_way_for_long_is_not_early),
		TEST(a_question_under_way_for_more_than_a_second_tells_nothing_of_absence),
		TEST(a_syn_is_not_missing_of_who_connected_since),
		TEST(doubt_about_a_syn_stays_doubt),
		TEST(a_server_that_restarted_since_cannot_miss_a_syn),
		TEST(a_request_that_is_missing_after_the_handshake_was_lost_forward),
		TEST(a_request_that_was_delivered_was_not_lost_forward),
		TEST(a_request_that_a_proxy_holds_back_tells_nothing),
		TEST(a_request_has_its_own_time_to_arrive),
		TEST(a_request_came_in_time_if_nothing_came_since),
		TEST(only_unanswered_attempts_are_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
