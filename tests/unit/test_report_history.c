#include "client/report/history.h"
#include "client/report/html.h"
#include "client/report/intake.h"
#include "client/report/order.h"
#include "client/report/outages.h"
#include "client/report/report_html.h"
#include "client/report/words.h"
#include "common/core/ns.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_NS INT64_C(1777593600000000000)
#define AT(s)    (BEGIN_NS + (int64_t)((s)*NS_PER_S))

static struct history *h;

static int setup(void **state)
{
	const struct history_filter all = { .since_ns = MOMENT_NONE, .until_ns = MOMENT_NONE };

	(void)state;
	h = history_new(&all, NS_PER_S);
	return h ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	history_free(h);
	return 0;
}

static struct record named(enum record_type type, int64_t time_ns, const char *flow)
{
	struct record r;

	record_init(&r, type);
	r.time_ns = time_ns;
	snprintf(r.name.vantage, sizeof r.name.vantage, "fra");
	snprintf(r.name.target, sizeof r.name.target, "bootnode");
	snprintf(r.name.address, sizeof r.name.address, "203.0.113.7");
	snprintf(r.name.protocol, sizeof r.name.protocol, "udp");
	snprintf(r.name.flow, sizeof r.name.flow, "%s", flow);
	r.name.size = 512;
	return r;
}

static void add(const struct record *r)
{
	assert_true(intake_add(h, r, "a file"));
}

static void add_path(double from_s, double to_s, int64_t sent, int64_t back, const char *server)
{
	struct record r = named(RECORD_PATH, AT(to_s), "held");

	r.from_ns = AT(from_s);
	r.counts = (struct record_counts){ .sent = sent, .answered = sent - back, .back = back };
	r.rtt = (struct record_rtt){ 1, 2, 3, 4, 2 };
	snprintf(r.status.server, sizeof r.status.server, "%s", server);
	add(&r);
}

static void add_change(double time_s, double since_s, const char *flow, const char *to, const char *cause,
		       const char *before, const char *after)
{
	struct record r = named(RECORD_CHANGE, AT(time_s), flow);

	r.since_ns = AT(since_s);
	snprintf(r.before.state, sizeof r.before.state, "%s", strcmp(to, "up") == 0 ? "down" : "up");
	snprintf(r.after.state, sizeof r.after.state, "%s", to);
	snprintf(r.after.direction, sizeof r.after.direction, "%s", strcmp(to, "up") == 0 ? "none" : "return");
	snprintf(r.after.cause, sizeof r.after.cause, "%s", cause);
	snprintf(r.before.server, sizeof r.before.server, "%s", before);
	snprintf(r.after.server, sizeof r.after.server, "%s", after);
	snprintf(r.evidence, sizeof r.evidence, "%s", strcmp(to, "up") == 0 ? "" : "proof");
	add(&r);
}

static void finish(void)
{
	assert_true(outages_find(h) && order_all(h));
}

static double sum_of(const struct history_track *t, size_t offset)
{
	double sum = 0;

	for (size_t i = 0; i < timeline_len(&h->scale); i++)
		sum += (double)*(const float *)((const char *)&t->timeline.buckets[i] + offset);
	return sum;
}

/* -- accounts -- */

static void every_probe_is_in_one_bucket_at_any_scale(void **state)
{
	(void)state;
	for (int i = 0; i < 5000; i++)
		add_path(i * 60, i * 60 + 60, 60, i % 10 == 0, "boot-01");
	finish();
	const struct history_track *t = &h->tracks[0];
	assert_int_equal(h->tracks_len, 1);
	assert_int_equal(t->sums.sent, 300000);
	assert_int_equal(t->sums.back, 500);
	assert_int_equal(t->covered_ns, 300000 * NS_PER_S);
	assert_true(timeline_len(&h->scale) <= HISTORY_BUCKETS_MAX &&
		    timeline_len(&h->scale) > HISTORY_BUCKETS_MAX / 2 - 1);
	assert_true(fabs(sum_of(t, offsetof(struct timeline_bucket, sent)) - 300000) < 10);
	assert_true(fabs(sum_of(t, offsetof(struct timeline_bucket, back)) - 500) < 1);
	assert_true(fabs(sum_of(t, offsetof(struct timeline_bucket, covered_s)) - 300000) < 10);
}

static void earlier_records_may_come_later(void **state)
{
	(void)state;
	struct record r = named(RECORD_PATH, AT(100000), "fresh");
	r.from_ns = AT(99940);
	r.counts.sent = r.counts.answered = 60;
	add(&r);
	for (int i = 0; i < 100; i++)
		add_path(i * 60, i * 60 + 60, 60, 0, "boot-01");
	finish();
	assert_int_equal(h->tracks[1].sums.sent, 6000);
	assert_true(fabs(sum_of(&h->tracks[1], offsetof(struct timeline_bucket, sent)) - 6000) < 1);
	assert_true(fabs(sum_of(&h->tracks[0], offsetof(struct timeline_bucket, sent)) - 60) < 0.1);
	assert_int_equal(h->scale.from_ns, AT(0));
}

static void a_record_that_comes_again_counts_once(void **state)
{
	(void)state;
	add_path(0, 60, 60, 0, "boot-01");
	add_path(0, 60, 60, 0, "boot-01");
	finish();
	assert_int_equal(h->tracks[0].sums.sent, 60);
	assert_int_equal(h->repeated, 1);
}

static void after_a_clock_step_times_may_come_again(void **state)
{
	(void)state;
	add_path(0, 60, 60, 0, "boot-01");
	struct record r = named(RECORD_CLOCK_STEP, AT(61), "");
	add(&r);
	add_path(10, 70, 60, 0, "boot-01");
	finish();
	assert_int_equal(h->tracks[0].sums.sent, 120);
}

static void records_of_older_versions_are_not_summed(void **state)
{
	struct record r = named(RECORD_PATH, AT(60), "held");
	char text[WORDS_LEN];

	(void)state;
	r.counts.sent = r.counts.answered = 64;
	add(&r);
	r.time_ns = AT(120);
	add(&r);
	r.time_ns = AT(1000);
	add(&r);
	finish();
	assert_true(h->tracks[0].windows);
	assert_int_equal(h->tracks[0].sums.sent, 0);
	assert_int_equal(h->tracks[0].covered_ns, 120 * NS_PER_S); /* nothing is known of the time between */
	assert_non_null(strstr(words_note(h, 0, text), "older version"));
}

static void many_paths_share_the_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct record r = named(RECORD_PATH, AT(i), "held");
		r.from_ns = AT(i - 60);
		r.counts.sent = r.counts.answered = 60;
		r.name.port = i;
		add(&r);
	}
	finish();
	assert_int_equal(h->tracks_len, 3000);
	assert_true(h->scale.max * 3000 <= HISTORY_MEMORY_BUCKETS);
	assert_true(fabs(sum_of(&h->tracks[7], offsetof(struct timeline_bucket, sent)) - 60) < 0.1);
}

/* -- who answered -- */

static void the_server_changes_when_the_change_says(void **state)
{
	(void)state;
	add_path(0, 60, 60, 0, "boot-01");
	add_change(100, 100, "held", "up", "none", "boot-01", "boot-02");
	add_path(60, 120, 60, 0, "boot-02");
	finish();
	const struct timeline_bucket *b = h->tracks[0].timeline.buckets;
	assert_int_equal(b[90].servers, 1);
	assert_int_equal(b[110].servers, 2);
}

/* -- incidents -- */

static void outages_become_incidents_where_there_are_none(void **state)
{
	(void)state;
	add_change(13, 10, "held", "down", "unexplained", "boot-01", "boot-01");
	add_change(14, 11, "fresh", "down", "stale-neighbour", "boot-01", "boot-01");
	add_change(30, 30, "held", "up", "none", "boot-01", "boot-02");
	add_change(31, 31, "fresh", "up", "none", "boot-01", "boot-02");
	add_change(500, 497, "held", "down", "refused", "boot-02", "boot-02");
	add_path(0, 600, 600, 3, "boot-01");
	finish();
	assert_int_equal(h->incidents_len, 2);
	const struct history_incident *x = h->incidents;
	assert_int_equal(x[0].opened_ns, AT(10));
	assert_int_equal(x[0].closed_ns, AT(31));
	assert_string_equal(x[0].status.cause, "stale-neighbour");
	assert_string_equal(x[0].status.direction, "return");
	assert_string_equal(x[0].targets, "bootnode");
	assert_int_equal(x[0].paths_len, 2);
	assert_string_equal(x[0].server_before, "boot-01");
	assert_string_equal(x[0].server_after, "boot-02");
	assert_string_equal(x[0].evidence, "proof");
	assert_true(x[1].open && x[1].closed_ns == AT(600));
	assert_int_equal(h->tracks[0].outages, 2);
	assert_int_equal(h->tracks[0].down_ns, (20 + 103) * NS_PER_S);
}

static struct record incident(double time_s, const char *state_word, double closed_s)
{
	struct record r = named(RECORD_INCIDENT, AT(time_s), "");

	r.id = 9;
	r.opened_ns = AT(10);
	r.closed_ns = closed_s > 0 ? AT(closed_s) : MOMENT_NONE;
	snprintf(r.status.state, sizeof r.status.state, "%s", state_word);
	snprintf(r.status.cause, sizeof r.status.cause, "refused");
	snprintf(r.targets, sizeof r.targets, "bootnode");
	return r;
}

static void incidents_grow_and_close_in_any_order(void **state)
{
	(void)state;
	struct record opened = incident(12, "open", -1), closed = incident(30, "closed", 30);
	add(&closed);
	add(&opened);
	add_change(12, 10, "held", "down", "refused", "boot-01", "boot-01");
	finish();
	assert_int_equal(h->incidents_len, 1); /* and none is derived from the change */
	assert_false(h->incidents[0].open);
	assert_int_equal(h->incidents[0].closed_ns, AT(30));
}

static void overlapping_incidents_count_their_time_once(void **state)
{
	(void)state;
	struct record a = incident(30, "closed", 30), b = incident(25, "closed", 40);
	b.id = 10;
	b.opened_ns = AT(20);
	add(&a);
	add(&b);
	finish();
	assert_int_equal(words_incidents_ns(h), 30 * NS_PER_S);
}

/* -- silence -- */

static void a_journal_without_a_stop_is_a_silence(void **state)
{
	(void)state;
	add_path(0, 60, 60, 0, "boot-01");
	struct record start = named(RECORD_START, AT(100), ""), stop = named(RECORD_STOP, AT(200), "");
	add(&start);
	add(&stop);
	start.time_ns = AT(260);
	add(&start);
	struct record pause = named(RECORD_PAUSE, AT(400), "");
	pause.duration_ms = 50000;
	add(&pause);
	finish();
	assert_int_equal(h->silences_len, 3);
	assert_int_equal(h->silences[0].from_ns, AT(60));
	assert_int_equal(h->silences[0].until_ns, AT(100));
	assert_non_null(strstr(h->silences[0].why, "killed"));
	assert_int_equal(h->silences[1].from_ns, AT(200));
	assert_int_equal(h->silences[2].from_ns, AT(350));
}

static void an_open_incident_ends_with_its_prober(void **state)
{
	(void)state;
	struct record r = incident(12, "open", -1), start = named(RECORD_START, AT(500), "");
	add(&r);
	add_path(0, 60, 60, 0, "boot-01");
	add(&start);
	add_path(500, 560, 60, 0, "boot-01");
	finish();
	assert_true(h->incidents[0].open);
	assert_int_equal(h->incidents[0].closed_ns, AT(60));
}

/* -- clocks -- */

static void events_of_a_server_are_on_the_clock_of_the_vantage(void **state)
{
	(void)state;
	struct record r = named(RECORD_PATH, AT(60), "held");
	r.from_ns = AT(0);
	r.counts.sent = r.counts.answered = 60;
	r.offset_ms = 3600e3;
	r.rtt = (struct record_rtt){ 2, 2, 2, 2, 2 };
	snprintf(r.status.server, sizeof r.status.server, "boot-01");
	add(&r);
	struct record unheard = named(RECORD_UNHEARD, AT(3630), "");
	snprintf(unheard.server, sizeof unheard.server, "boot-01");
	add(&unheard);
	finish();
	assert_int_equal(h->events[0].time_ns, AT(30));
	assert_int_equal(h->scale.to_ns, AT(60));
	assert_true(fabs(h->vantages[0].clocks[0].error_ms - 1) < 1e-6);
}

/* -- limits -- */

static void lists_are_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < HISTORY_LOSSES_MAX + 100; i++) {
		struct record r = named(RECORD_LOSS, AT(i), "held");
		r.until_ns = r.time_ns;
		r.counts.sent = r.counts.unknown = 1 + i % 7;
		add(&r);
		struct record e = incident(i, "closed", i + 20);
		e.id = i;
		e.opened_ns = AT(i);
		add(&e);
	}
	finish();
	assert_true(h->losses_len <= HISTORY_LOSSES_MAX && h->incidents_len == HISTORY_INCIDENTS_MAX);
	assert_true(h->left_out > 0);
}

/* -- text in pages -- */

static char *page_of(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	report_html(out, h, NULL);
	fclose(out);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void text_of_journals_is_never_markup(void **state)
{
	static const char evil[] = "</title></script><script>alert(1)</script>\"'>&amp;<img src=x>";

	(void)state;
	struct record r = incident(20, "closed", 20);
	snprintf(r.targets, sizeof r.targets, "%s", evil);
	snprintf(r.evidence, sizeof r.evidence, "%s\n%s", evil, evil);
	snprintf(r.advice, sizeof r.advice, "%s", evil);
	snprintf(r.paths, sizeof r.paths, "%s", evil);
	r.paths_len = 1;
	snprintf(r.status.cause, sizeof r.status.cause, "<b>\"'");
	snprintf(r.before.server, sizeof r.before.server, "%s", evil);
	add(&r);
	struct record path = named(RECORD_PATH, AT(60), "held");
	path.from_ns = AT(0);
	path.counts.sent = path.counts.answered = 1;
	path.rtt = (struct record_rtt){ 1, 1, 1, 1, 1 };
	snprintf(path.name.target, sizeof path.name.target, "%s", evil);
	snprintf(path.name.flow, sizeof path.name.flow, "\"><i>");
	snprintf(path.status.server, sizeof path.status.server, "%s", evil);
	add(&path);
	struct record event = named(RECORD_CLAIM, AT(30), "");
	snprintf(event.server, sizeof event.server, "%s", evil);
	snprintf(event.sentence, sizeof event.sentence, "%s", evil);
	add(&event);
	finish();
	char *page = page_of();
	assert_int_equal(count(page, "<script"), 2);
	assert_int_equal(count(page, "</script"), 2);
	assert_int_equal(count(page, "</title"), 1);
	assert_int_equal(count(page, "<img") + count(page, "<b>") + count(page, "<i>"), 0);
	free(page);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_probe_is_in_one_bucket_at_any_scale),
		TEST(earlier_records_may_come_later),
		TEST(a_record_that_comes_again_counts_once),
		TEST(after_a_clock_step_times_may_come_again),
		TEST(records_of_older_versions_are_not_summed),
		TEST(many_paths_share_the_memory),
		TEST(the_server_changes_when_the_change_says),
		TEST(outages_become_incidents_where_there_are_none),
		TEST(incidents_grow_and_close_in_any_order),
		TEST(overlapping_incidents_count_their_time_once),
		TEST(a_journal_without_a_stop_is_a_silence),
		TEST(an_open_incident_ends_with_its_prober),
		TEST(events_of_a_server_are_on_the_clock_of_the_vantage),
		TEST(lists_are_bounded),
		TEST(text_of_journals_is_never_markup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
