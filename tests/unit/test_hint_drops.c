/* drop_history, hint_drops, hint_table: what the kernel of a server dropped. */
#include "client/evidence/hint_drops.h"
#include "client/evidence/hint_table.h"
#include "tests/unit/settle_scene.h"

static struct hint_drops_explanation dropped(const struct scene *s, int64_t since_ns)
{
	struct hint_drops_explanation explanation = { .datagrams = 0 };

	hint_drops_explain(&s->drops[3], s->path, since_ns, &explanation);
	return explanation;
}

/* The server is asked a second later. */
static void hear_later(struct scene *s, const struct evidence_answer *answer)
{
	s->asked_ns += SECOND;
	hear(s, 3, -1, answer, NULL);
}

/* What was dropped before it was first heard was dropped nobody knows when. */
static void drops_count_between_two_evidences(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.socket_drops = a.accept_overflows = 100;
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, 0);
	assert_true(s->drops[3].datagrams_from_ns > s->asked_ns);
	a.socket_drops = 107;
	a.datagrams_full = 7;
	a.accept_overflows = 102;
	hear_later(s, &a);
	a.socket_drops = 108;
	a.datagrams_full = 8;
	hear_later(s, &a);
	assert_int_equal(dropped(s, 113 * SECOND).datagrams, 8);
	assert_int_equal(dropped(s, 113 * SECOND + 1).datagrams, 1);
	assert_int_equal(dropped(s, 113 * SECOND + 1).at_most.dropped, 8);
	assert_int_equal(dropped(s, 115 * SECOND + 1).at_most.dropped, 0);
	assert_int_equal(dropped(s, 114 * SECOND + 1).datagrams, 0); /* there is one answer */
	assert_int_equal(dropped(s, 0).connections, 0);              /* of the other transport */
	a.socket_drops = a.accept_overflows = 50;                    /* of fewer sockets than before */
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, 0);
}

static void only_the_latest_answers_are_kept(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	for (a.socket_drops = 0; a.socket_drops <= 20; a.socket_drops++)
		hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, DROP_HISTORY_SAMPLES - 1);
	assert_true(s->drops[3].datagrams_from_ns == s->asked_ns + s->answered_after_ns); /* the latest drop */
}

static void connections_are_dropped_on_the_whole_host(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	s->path->kind = PROBE_TCP;
	a.accept_overflows = 100;
	hear_later(s, &a);
	a.socket_drops = 5;
	a.accept_overflows = 102;
	a.segments_bad = 9;
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, 0);
	assert_int_equal(dropped(s, 0).connections, 2);
	assert_int_equal(dropped(s, 0).segments, 9);
	assert_int_equal(dropped(s, s->asked_ns).at_most.dropped, 2);
	a.accept_overflows = a.segments_bad = EVIDENCE_NOT_COUNTED; /* /proc is gone */
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).connections, 0);
	assert_int_equal(dropped(s, 0).segments, 0);
}

/* What a server tells of its connection tracking. */
static void count_table(struct evidence_answer *a, uint32_t entries, uint32_t max, uint32_t dropped, uint32_t evicted,
			uint32_t conflicts)
{
	const uint32_t values[] = { entries, max, dropped, evicted, conflicts };

	for (unsigned i = 0; i < 5; i++)
		a->counters[i] = (struct evidence_counter){ (uint8_t)(EVIDENCE_TABLE_ENTRIES + i), values[i] };
	a->counters[5] = (struct evidence_counter){ UINT8_MAX, 7 }; /* of a later version */
	a->counters_len = 6;
}

static void a_servers_table_is_compared(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);
	struct hint_table_explanation x = { .max = 0 };

	hear_later(s, &a); /* nothing to tell */
	count_table(&a, 100, 100, 8, 2, 1);
	hear_later(s, &a);
	hint_table_explain(&s->drops[3], s->path, 0, &x);
	assert_true(hint_table_is_full(&x));
	assert_int_equal(x.dropped, 7);
	assert_int_equal(x.conflicts, 1);
	assert_int_equal(x.evicted, 2);
	assert_int_equal(x.entries, 100);
	assert_true(x.was_full);
	x = (struct hint_table_explanation){ .max = 0 }; /* of an outage that began after the newest answer, */
	hint_table_explain(&s->drops[3], s->path, s->asked_ns + SECOND, &x);
	assert_true(hint_table_is_full(&x)); /* as a new flow passed when an old one ended */
	count_table(&a, 10, 100, 8, 2, 1);
	hear_later(s, &a);
	x = (struct hint_table_explanation){ .max = 0 };
	hint_table_explain(&s->drops[3], s->path, s->asked_ns + SECOND, &x);
	assert_false(hint_table_is_full(&x)); /* it has room again */
	count_table(&a, EVIDENCE_NOT_COUNTED, EVIDENCE_NOT_COUNTED, EVIDENCE_NOT_COUNTED, EVIDENCE_NOT_COUNTED,
		    EVIDENCE_NOT_COUNTED);
	hear_later(s, &a);
	x = (struct hint_table_explanation){ .max = 0 };
	hint_table_explain(&s->drops[3], s->path, 0, &x);
	assert_true(x.unread);
	assert_false(x.was_full);
	assert_false(hint_table_is_full(&x));
}

/* Of d datagrams dropped at the socket, while the host counted so many for a full buffer and for their checksum. */
static struct hint_drops_explanation reasons(struct scene *s, uint32_t d, uint32_t full, uint32_t bad)
{
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	hear_later(s, &a);
	a.socket_drops = d;
	a.datagrams_full = full;
	a.datagrams_bad = bad;
	hear_later(s, &a);
	return dropped(s, s->asked_ns - SECOND);
}

static void assert_reasons(struct hint_drops_explanation e, uint32_t full, uint32_t bad, uint32_t filtered)
{
	assert_int_equal(e.full, full);
	assert_int_equal(e.bad, bad);
	assert_int_equal(e.filtered, filtered);
	assert_false(e.unread);
}

static void a_drop_has_the_reason_that_is_left(void **state)
{
	struct scene *s = *state;

	assert_reasons(reasons(s, 7, 7, 0), 7, 0, 0);
	assert_reasons(reasons(s, 7, 90, 0), 7, 0, 0); /* others, too */
	assert_reasons(reasons(s, 7, 0, 7), 0, 7, 0);
	assert_reasons(reasons(s, 7, 7, 7), 0, 0, 0); /* one of them counts another socket */
	assert_reasons(reasons(s, 7, 5, 3), 4, 2, 0);
	assert_reasons(reasons(s, 7, 0, 0), 0, 0, 7);
	assert_reasons(reasons(s, 7, 1, 2), 1, 2, 4);
	assert_reasons(reasons(s, 60, 0, 58), 0, 58, 0); /* two fell between the readings */
	assert_reasons(reasons(s, 0, 9, 9), 0, 0, 0);    /* none of ours */
}

static void a_server_that_cannot_read_its_counters_gives_no_reason(void **state)
{
	struct scene *s = *state;
	struct hint_drops_explanation e = reasons(s, 7, EVIDENCE_NOT_COUNTED, 7);

	assert_int_equal(e.datagrams, 7);
	assert_int_equal(e.full + e.bad + e.filtered, 0);
	assert_true(e.unread);
}

/* Another query came before the server could read them again. */
static void the_newest_reasons_count(void **state)
{
	struct scene *s = *state;
	struct hint_drops_explanation e = reasons(s, 7, 0, 7);
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.socket_drops = 1000;
	a.datagrams_full = a.datagrams_bad = EVIDENCE_NOT_COUNTED;
	hear_later(s, &a);
	hear_later(s, &a);
	e = dropped(s, 0);
	assert_reasons(e, 0, 7, 0);
	a.datagrams_full = 0;
	a.datagrams_bad = 1007;
	a.socket_drops = 1007;
	hear_later(s, &a);
	assert_reasons(dropped(s, s->asked_ns - 3 * SECOND), 0, 1000, 0);
	assert_true(dropped(s, s->asked_ns - 2 * SECOND).unread); /* the first two of those answers have none */
	assert_int_equal(dropped(s, s->asked_ns - 2 * SECOND).at_most.dropped, 1000);
}

static void drops_are_compared_with_the_losses_of_their_time(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	s->asked_ns = 108 * SECOND;
	hear(s, 3, -1, &a, NULL);
	a.socket_drops = a.datagrams_bad = 2;
	s->asked_ns = 112 * SECOND;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 5);
	assert_int_equal(dropped(s, 0).forward, 2); /* of seconds 109 and 110 */
	assert_int_equal(dropped(s, 0).bad, 2);
	assert_int_equal(dropped(s, 109 * SECOND).at_most.dropped, 2);
	assert_int_equal(dropped(s, 109 * SECOND).at_most.forward, 2);
}

/* It counts from 0 again: what it tells at first was dropped nobody knows when, and is no growth. */
static void another_boot_counts_anew(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.socket_drops = 10;
	hear_later(s, &a);
	a.boot_id = 2;
	a.socket_drops = a.accept_overflows = 40;
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, 0);
	assert_true(s->drops[3].datagrams_from_ns >= s->asked_ns);
	a.socket_drops = 41;
	hear_later(s, &a);
	assert_int_equal(dropped(s, 0).datagrams, 1);
}

static void an_answer_at_the_link_that_the_socket_did_not_get_was_lost_here(void **state)
{
	struct scene *s = *state;
	struct path *p = s->path;
	uint32_t last = 0;

	path_note_at_link(p, 10); /* its deadline has passed: the socket may get it yet */
	assert_false(path_lost_here(p, 10));
	for (uint32_t i = 0; i < 4; i++)
		last = prober_send(&p->prober, 120 * SECOND, 120 * SECOND);
	path_note_at_link(p, last);
	path_note_at_link(p, last - 2);        /* overtaken */
	path_note_at_link(p, last + 1);        /* never sent */
	assert_false(path_lost_here(p, last)); /* not yet */
	prober_expire(&p->prober, 121 * SECOND);
	assert_true(path_lost_here(p, last));
	assert_false(path_lost_here(p, last - 1));
	assert_true(path_lost_here(p, last - 2));
	assert_false(path_lost_here(p, 10));
	prober_settle(&p->prober, last, PROBER_LOST_RETURN);
	assert_true(path_lost_here(p, last));
	prober_settle(&p->prober, last - 2, PROBER_WRONG_SOURCE); /* the socket got it */
	assert_false(path_lost_here(p, last - 2));
	p->facts.altered_ns = 110 * SECOND;
	assert_true(path_lost_here(p, last));
	p->facts.altered_ns = 110 * SECOND + 1; /* it gets answers that do not authenticate, and maybe this one */
	assert_false(path_lost_here(p, last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(drops_count_between_two_evidences),
		TEST(only_the_latest_answers_are_kept),
		TEST(connections_are_dropped_on_the_whole_host),
		TEST(a_servers_table_is_compared),
		TEST(a_drop_has_the_reason_that_is_left),
		TEST(a_server_that_cannot_read_its_counters_gives_no_reason),
		TEST(the_newest_reasons_count),
		TEST(drops_are_compared_with_the_losses_of_their_time),
		TEST(another_boot_counts_anew),
		TEST(an_answer_at_the_link_that_the_socket_did_not_get_was_lost_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
