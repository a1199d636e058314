/* The live view without a terminal: what is fed, which keys are pressed, and the page that comes of it. */
#include "client/live/model.h"
#include "client/live/strip.h"
#include "client/live/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_LEN = 64 * 1024 };

struct fed {
	const char *target, *label, *server, *strip;
	enum verdict_state state;
	enum verdict_direction direction;
	enum verdict_cause cause;
	bool unexpected;
};

static struct fed well(const char *target, const char *label)
{
	return (
	    struct fed){ .target = target, .label = label, .server = "boot-01", .strip = "....", .state = VERDICT_UP };
}

static struct fed down(const char *target, const char *label)
{
	return (struct fed){ .target = target,
			     .label = label,
			     .strip = "..<<<_",
			     .state = VERDICT_DOWN,
			     .direction = VERDICT_DIRECTION_RETURN,
			     .cause = VERDICT_CAUSE_PROTOCOL_FILTERED,
			     .unexpected = true };
}

static void feed(struct model *m, const struct fed *list, size_t len)
{
	int wanted = model_wants(m);

	model_feed_begin(m, 1700000000 * (int64_t)1000000000);
	for (size_t i = 0; i < len; i++) {
		struct model_path *p = model_feed_path(m);
		snprintf(p->target, sizeof p->target, "%s", list[i].target);
		snprintf(p->label, sizeof p->label, "%s", list[i].label);
		snprintf(p->address, sizeof p->address, "203.0.113.7");
		snprintf(p->server, sizeof p->server, "%s", list[i].server ? list[i].server : "");
		p->is.kind = strstr(list[i].label, "tcp") ? PROBE_TCP : PROBE_UDP;
		p->is.state = list[i].state;
		p->is.direction = list[i].direction;
		p->is.cause = list[i].cause;
		p->is.expected = !list[i].unexpected;
		p->known = true;
		p->rtt_ms = list[i].server ? 0.25 : -1;
		p->sent = 10;
		for (const char *c = list[i].strip; *c; c++)
			p->strip.marks[p->strip.len++] = (struct strip_mark){ *c, *c == '.' ? 0 : STRIP_NOBODY };
		if ((int)i == wanted) {
			m->explained = i;
			m->advised = true;
			m->sentences_len = 2;
			snprintf(m->sentences[0], MODEL_SENTENCE_LEN, "TCP works on the same address");
			snprintf(m->sentences[1], MODEL_SENTENCE_LEN, "look for a firewall");
		}
	}
	model_feed_end(m, NULL, true);
}

/* The page as text, without blanks at the ends of its lines. */
static const char *page_of(struct model *m, unsigned rows, unsigned columns, bool utf8)
{
	static char text[PAGE_LEN];
	struct grid grid = { .rows = 0 };
	size_t len = 0;

	assert_true(grid_clear(&grid, rows, columns));
	view_draw(m, &grid, utf8);
	for (unsigned row = 0; row < rows; row++) {
		size_t from = len;
		for (unsigned column = 0; column < columns; column++)
			len += (size_t)snprintf(text + len, PAGE_LEN - len, "%s", grid_at(&grid, row, column)->text);
		while (len > from && text[len - 1] == ' ')
			len--;
		text[len++] = '\n';
		text[len] = '\0';
	}
	grid_free(&grid);
	return text;
}

static void assert_shown(struct model *m, const char *wanted)
{
	const char *page = page_of(m, 24, 80, false);

	if (!strstr(page, wanted))
		fail_msg("'%s' is not on the page:\n%s", wanted, page);
}

static void assert_hidden(struct model *m, const char *unwanted)
{
	assert_null(strstr(page_of(m, 24, 80, false), unwanted));
}

/* --- The page ---------------------------------------------------------------------------------------------------- */

static void a_well_target_is_one_line_and_a_failing_one_a_line_a_path(void **state)
{
	(void)state;
	struct model m;
	const struct fed paths[] = { well("boot-01", "udp/512 held"), well("boot-01", "tcp"),
				     down("bootnode", "udp/512 held"), well("bootnode", "tcp") };

	model_init(&m, "floatprobe run", "fra-home");
	feed(&m, paths, 4);
	assert_string_equal(page_of(&m, 16, 80, false),
			    "floatprobe run  fra-home                                    2023-11-14T22:13:20Z\n"
			    "bootnode: UDP answers are lost on their way back, 1 of 4 paths\n"
			    "  PATH                  STATE                         ANSWERS PROBES\n"
			    "  boot-01               up                            boot-01               ....\n"
			    "! bootnode udp/512 held down return protocol-filtered                     ..<<<_\n"
			    "  bootnode tcp          up                            boot-01               ....\n"
			    "\n\n\n\n"
			    "EVENTS\n"
			    "\n\n\n"
			    "22:13:20 bootnode udp/512 held: new -> down return protocol-filtered\n"
			    "q quit  ? help  p pause  e expand  s sort: as configured  Enter why\n");
	assert_non_null(strstr(page_of(&m, 24, 120, true), "boot-01 0.250 ms"));
	assert_non_null(strstr(page_of(&m, 24, 120, true), "\u2717 bootnode udp/512 held 203.0.113.7 down return"));
	model_free(&m);
}

static void any_size_is_drawn(void **state)
{
	(void)state;
	struct model m;
	static char name[UNITS_NAME_MAX + 1];
	struct fed paths[40];

	memset(name, 'n', UNITS_NAME_MAX);
	for (unsigned i = 0; i < 40; i++)
		paths[i] = i % 3 ? down(name, "udp/65507 fresh 63") : well(i % 2 ? "a" : "b", "tcp");
	model_init(&m, "floatprobe run", name);
	for (unsigned rows = 1; rows < 70; rows += 3) {
		for (unsigned columns = 1; columns < 220; columns += 7) {
			feed(&m, paths, rows % 2 ? 40 : 0);
			model_key(&m, rows % 4 ? MODEL_END : MODEL_PAGE_DOWN);
			model_key(&m, columns % 2 ? MODEL_DETAILS : MODEL_SORT);
			page_of(&m, rows, columns, columns % 2);
		}
	}
	model_free(&m);
}

static void what_is_hostile_does_not_reach_the_terminal(void **state)
{
	(void)state;
	struct model m;
	const struct fed path = well("a\x1b[2J\xff", "\x9b\n");

	model_init(&m, "floatprobe run", "fra\x07home");
	feed(&m, &path, 1);
	model_event(&m, 0, true, "\x1b]0;owned\x07");
	for (const char *page = page_of(&m, 24, 80, false); *page; page++)
		assert_true(*page == '\n' || (*page >= 0x20 && *page != 0x7f));
	assert_shown(&m, "a?[2J?");
	assert_shown(&m, "?]0;owned?");
	model_free(&m);
}

/* --- Keys -------------------------------------------------------------------------------------------------------- */

static void keys_sort_expand_and_select(void **state)
{
	(void)state;
	struct model m;
	const struct fed paths[] = { well("b", "udp/512 held"), well("b", "tcp"), well("a", "tcp"), down("c", "tcp") };

	model_init(&m, "floatprobe run", "here");
	feed(&m, paths, 4);
	assert_int_equal(m.rows_len, 3);
	model_key(&m, MODEL_EXPAND);
	assert_int_equal(m.rows_len, 4);
	assert_shown(&m, "  b udp/512 held");
	model_key(&m, MODEL_EXPAND);

	assert_int_equal(m.rows[0].from, 0);
	model_key(&m, MODEL_SORT); /* worst first */
	assert_int_equal(m.rows[0].from, 3);
	model_key(&m, MODEL_SORT); /* by name */
	assert_int_equal(m.rows[0].from, 2);
	model_key(&m, MODEL_SORT);

	model_key(&m, MODEL_UP);
	assert_int_equal(m.selected, 0);
	model_key(&m, MODEL_END);
	assert_int_equal(m.selected, 2);
	model_key(&m, MODEL_DOWN);
	assert_int_equal(m.selected, 2);
	model_key(&m, MODEL_HOME);
	assert_int_equal(m.selected, 0);
	assert_false(model_key(&m, MODEL_QUIT));
	model_free(&m);
}

static void details_follow_the_selected_path(void **state)
{
	(void)state;
	struct model m;
	const struct fed paths[] = { well("boot-01", "tcp"), down("bootnode", "udp/512 held") };

	model_init(&m, "floatprobe run", "here");
	feed(&m, paths, 2);
	assert_int_equal(model_wants(&m), -1);
	model_key(&m, MODEL_DOWN);
	model_key(&m, MODEL_DETAILS);
	assert_int_equal(model_wants(&m), 1);
	feed(&m, paths, 2);
	assert_shown(&m, "    * TCP works on the same address");
	assert_shown(&m, "   -> look for a firewall");
	model_key(&m, MODEL_UP); /* the sentences are of the other one */
	assert_hidden(&m, "TCP works");
	model_free(&m);
}

static void help_pause_and_long_lists(void **state)
{
	(void)state;
	struct model m;
	static char names[100][8];
	struct fed paths[100];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(names[i], sizeof names[i], "t%02u", i);
		paths[i] = well(names[i], "tcp");
	}
	model_init(&m, "floatprobe run", "here");
	feed(&m, paths, 100);
	assert_shown(&m, "all 100 paths of 100 targets are as expected");
	assert_hidden(&m, " t50 ");
	for (unsigned i = 0; i < 50; i++)
		model_key(&m, MODEL_DOWN);
	assert_shown(&m, " t50 ");
	model_key(&m, MODEL_HELP);
	assert_shown(&m, "an answer was lost on its way back");
	model_key(&m, MODEL_SORT); /* any key ends the help, and does nothing else */
	assert_shown(&m, "sort: as configured");
	model_key(&m, MODEL_PAUSE);
	assert_shown(&m, "PAUSED");
	feed(&m, paths, 3); /* after a reload there are fewer */
	assert_shown(&m, " t02 ");
	feed(&m, paths, 0);
	assert_shown(&m, "no path has a state yet");
	model_free(&m);
}

/* --- Events ------------------------------------------------------------------------------------------------------ */

static void changes_are_events(void **state)
{
	(void)state;
	struct model m;
	struct fed path = well("bootnode", "tcp");

	model_init(&m, "floatprobe run", "here");
	feed(&m, &path, 1);
	assert_null(model_event_ago(&m, 0)); /* all is well from the start */
	path.server = "boot-02";
	feed(&m, &path, 1);
	feed(&m, &path, 1);
	assert_string_equal(model_event_ago(&m, 0)->text, "bootnode tcp: boot-02 answers, before it was boot-01");
	path = down("bootnode", "tcp");
	feed(&m, &path, 1);
	assert_string_equal(model_event_ago(&m, 0)->text, "bootnode tcp: up -> down return protocol-filtered");
	path.cause = VERDICT_CAUSE_UNEXPLAINED;
	feed(&m, &path, 1);
	assert_string_equal(model_event_ago(&m, 0)->text, "bootnode tcp: down -> down return unexplained");
	path = well("bootnode", "tcp");
	feed(&m, &path, 1);
	assert_string_equal(model_event_ago(&m, 0)->text, "bootnode tcp: down -> up");
	assert_int_equal(m.events_len, 4);
	for (unsigned i = 0; i < 2 * MODEL_EVENTS; i++)
		model_event(&m, 1000 + (int64_t)i, true, "%u", i);
	assert_int_equal(model_event_ago(&m, 0)->real_ns, 1000 + 2 * MODEL_EVENTS - 1);
	assert_true(m.real_ns != 1000 + 2 * MODEL_EVENTS - 1); /* the picture keeps the time of its paths */
	assert_null(model_event_ago(&m, MODEL_EVENTS));
	assert_string_equal(model_event_ago(&m, MODEL_EVENTS - 1)->text, "128");
	model_free(&m);
}

/* --- The strip --------------------------------------------------------------------------------------------------- */

static void each_outcome_has_its_character(void **state)
{
	(void)state;
	static const struct {
		enum prober_outcome outcome;
		unsigned holder;
		char symbol;
	} cases[] = {
		{ PROBER_WAITING, 0, '_' },      { PROBER_ANSWERED, 0, '.' },    { PROBER_ANSWERED, 1, ':' },
		{ PROBER_ANSWERED, 2, ';' },     { PROBER_ANSWERED, 9, ',' },    { PROBER_LOST, 0, '?' },
		{ PROBER_LOST_FORWARD, 0, '>' }, { PROBER_LOST_RETURN, 0, '<' }, { PROBER_WRONG_SOURCE, 0, '<' },
		{ PROBER_REFUSED, 0, '>' },      { PROBER_UNSENT, 0, 'x' },      { PROBER_UNSENT_TOO_BIG, 0, 'x' },
		{ PROBER_IMPOSTOR, 0, '?' },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(strip_mark(cases[i].outcome, cases[i].holder).symbol, cases[i].symbol);
	assert_int_equal(strip_mark(PROBER_ANSWERED, 2).holder, 2);
	assert_int_equal(strip_mark(PROBER_LOST, 2).holder, STRIP_NOBODY);
}

static void a_strip_has_the_newest_probes(void **state)
{
	(void)state;
	struct prober_record ring[16];
	struct prober prober;
	struct strip strip, other = { .len = 2 };

	prober_init(&prober, 1, 1000, ring, 16);
	strip_read(&prober, 1, &strip);
	assert_int_equal(strip.len, 0);
	for (unsigned i = 0; i < 20; i++)
		prober_send(&prober, i, i);
	prober_settle(&prober, 19, PROBER_REFUSED);
	strip_read(&prober, 1, &strip);
	assert_int_equal(strip.len, 16);
	assert_int_equal(strip.marks[14].symbol, '>');
	assert_int_equal(strip.marks[15].symbol, '_');

	other.marks[0].symbol = '.';
	other.marks[1].symbol = '.';
	strip_merge(&strip, &other);
	assert_int_equal(strip.marks[14].symbol, '>');
	assert_int_equal(strip.marks[15].symbol, '.');
	other.marks[0].symbol = 'x';
	strip_merge(&strip, &other);
	assert_int_equal(strip.marks[14].symbol, 'x');
}

static void probes_that_share_a_mark_show_the_worst_of_them(void **state)
{
	(void)state;
	struct prober_record ring[64];
	struct prober prober;
	struct strip strip;

	prober_init(&prober, 1, 1000, ring, 64);
	for (unsigned i = 0; i < 20; i++)
		prober_send(&prober, i, i);
	prober_settle(&prober, 7, PROBER_REFUSED);
	strip_read(&prober, 5, &strip); /* 1 to 4 are no whole group */
	assert_int_equal(strip.len, 4);
	assert_int_equal(strip.marks[0].symbol, '>');
	assert_int_equal(strip.marks[1].symbol, '_');
	prober_send(&prober, 20, 20);
	strip_read(&prober, 5, &strip);
	assert_int_equal(strip.len, 4);
	assert_int_equal(strip.marks[0].symbol, '>');
	for (unsigned each = 1; each < 200; each++)
		strip_read(&prober, each, &strip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_well_target_is_one_line_and_a_failing_one_a_line_a_path),
		cmocka_unit_test(any_size_is_drawn),
		cmocka_unit_test(what_is_hostile_does_not_reach_the_terminal),
		cmocka_unit_test(keys_sort_expand_and_select),
		cmocka_unit_test(details_follow_the_selected_path),
		cmocka_unit_test(help_pause_and_long_lists),
		cmocka_unit_test(changes_are_events),
		cmocka_unit_test(each_outcome_has_its_character),
		cmocka_unit_test(a_strip_has_the_newest_probes),
		cmocka_unit_test(probes_that_share_a_mark_show_the_worst_of_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
