/* The two text formats of metrics, and which of them a client asks for. */
#include "common/web/accept.h"
#include "common/web/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct exposition_metric lost = { "f_lost", EXPOSITION_COUNTER, NULL, "What was lost" };
static const struct exposition_metric rtt = { "f_rtt_seconds", EXPOSITION_HISTOGRAM, "seconds", "Round trips" };
static const struct exposition_metric build = { "f_build", EXPOSITION_INFO, NULL, "The version" };
static const struct exposition_metric up = { "f_up", EXPOSITION_GAUGE, NULL, "Whether" };

static void write_all(const struct exposition *e)
{
	static const char *const bounds[] = { "0.1", "1.0" };
	const uint64_t counts[] = { 2, 0, 1 };
	const struct exposition_histogram histogram = { bounds, 2, counts, 3.25 };
	const struct exposition_label list[] = { { "target", "a\"b\\c\nd" } };
	const struct exposition_label direction[] = { { "direction", "forward" }, { NULL, NULL } };
	struct exposition_labels labels;

	exposition_labels(&labels, list, 1);
	exposition_head(e, &lost);
	exposition_counter(e, &lost, &labels, direction, UINT64_MAX, 1500000000123456789);
	exposition_head(e, &rtt);
	exposition_histogram(e, &rtt, &labels, &histogram, 1500000000123456789);
	exposition_head(e, &build);
	exposition_info(e, &build, NULL, direction);
	exposition_head(e, &up);
	exposition_gauge(e, &up, NULL, NULL, 0.125);
	exposition_end(e);
}

static void is_written(bool open, const char *expected)
{
	struct document out = { 0 };
	const struct exposition e = { &out, open };

	write_all(&e);
	assert_false(out.failed);
	document_add(&out, "", 1);
	assert_string_equal(out.text, expected);
	document_free(&out);
}

static void plain(void **state)
{
	(void)state;
	is_written(false, "# HELP f_lost_total What was lost\n"
			  "# TYPE f_lost_total counter\n"
			  "f_lost_total{target=\"a\\\"b\\\\c\\nd\",direction=\"forward\"} 18446744073709551615\n"
			  "# HELP f_rtt_seconds Round trips\n"
			  "# TYPE f_rtt_seconds histogram\n"
			  "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"0.1\"} 2\n"
			  "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"1.0\"} 2\n"
			  "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
			  "f_rtt_seconds_sum{target=\"a\\\"b\\\\c\\nd\"} 3.25\n"
			  "f_rtt_seconds_count{target=\"a\\\"b\\\\c\\nd\"} 3\n"
			  "# HELP f_build_info The version\n"
			  "# TYPE f_build_info gauge\n"
			  "f_build_info{direction=\"forward\"} 1\n"
			  "# HELP f_up Whether\n"
			  "# TYPE f_up gauge\n"
			  "f_up 0.125\n");
}

static void open_metrics(void **state)
{
	(void)state;
	is_written(true, "# HELP f_lost What was lost\n"
			 "# TYPE f_lost counter\n"
			 "f_lost_total{target=\"a\\\"b\\\\c\\nd\",direction=\"forward\"} 18446744073709551615\n"
			 "f_lost_created{target=\"a\\\"b\\\\c\\nd\",direction=\"forward\"} 1500000000.123\n"
			 "# HELP f_rtt_seconds Round trips\n"
			 "# TYPE f_rtt_seconds histogram\n"
			 "# UNIT f_rtt_seconds seconds\n"
			 "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"0.1\"} 2\n"
			 "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"1.0\"} 2\n"
			 "f_rtt_seconds_bucket{target=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
			 "f_rtt_seconds_sum{target=\"a\\\"b\\\\c\\nd\"} 3.25\n"
			 "f_rtt_seconds_count{target=\"a\\\"b\\\\c\\nd\"} 3\n"
			 "f_rtt_seconds_created{target=\"a\\\"b\\\\c\\nd\"} 1500000000.123\n"
			 "# HELP f_build The version\n"
			 "# TYPE f_build info\n"
			 "f_build_info{direction=\"forward\"} 1\n"
			 "# HELP f_up Whether\n"
			 "# TYPE f_up gauge\n"
			 "f_up 0.125\n"
			 "# EOF\n");
}

static void negotiated(void **state)
{
	(void)state;
	assert_false(accept_openmetrics(NULL));
	assert_false(accept_openmetrics(""));
	assert_false(accept_openmetrics("*/*"));
	assert_false(accept_openmetrics("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"));
	assert_false(accept_openmetrics("text/plain"));
	assert_false(accept_openmetrics("application/openmetrics-textual"));
	assert_false(accept_openmetrics("application/openmetrics-text;version=0.0.1"));
	assert_false(accept_openmetrics("application/openmetrics-text;q=0"));
	assert_false(accept_openmetrics("application/openmetrics-text;q=0.4, text/plain;q=0.5"));
	assert_true(accept_openmetrics("application/openmetrics-text"));
	assert_true(accept_openmetrics("Application/OpenMetrics-Text ; version=1.0.0 ; q=0.5"));
	/* Prometheus 2.42 */
	assert_true(accept_openmetrics("application/openmetrics-text;version=1.0.0,"
				       "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;"
				       "q=0.5,*/*;q=0.1"));
	assert_false(accept_openmetrics(";;;,,;=;q=,,\t,"));
}

static void escaped_for_html(void **state)
{
	struct document d = { 0 };

	(void)state;
	document_put_html(&d, "<a href='x'>\"&</a>");
	document_add(&d, "", 1);
	assert_string_equal(d.text, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&lt;/a&gt;");
	document_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(open_metrics),
		cmocka_unit_test(negotiated),
		cmocka_unit_test(escaped_for_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
