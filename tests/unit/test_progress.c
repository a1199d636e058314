/* Does the client receive our replies? What is reported of its flows, and how often. */
#include "tests/unit/reflector_scene.h"

/* Probes of flow 5 from `seq` on, each `gap_ns` after the one before; acknowledgements stand still. Returns how many
 * events of this kind came. */
static unsigned probe_on(struct world *w, uint32_t *seq, unsigned count, uint32_t heard, int64_t gap_ns,
			 enum reflector_event_kind kind)
{
	unsigned events = 0;

	for (unsigned i = 0; i < count; i++) {
		pass(w, gap_ns);
		ask(w, (struct request){ .flow = 5, .seq = (*seq)++, .heard = heard });
		events += w->event.kind == kind;
	}
	return events;
}

static void who_does_not_hear_us_is_reported_once(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };
	struct outcome out;
	uint32_t seq = 1;

	assert_int_equal(probe_on(w, &seq, 3, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 1, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 1);
	assert_string_equal(w->event.client, "alice");
	assert_true(w->event.flow->id == 5);
	assert_int_equal(w->event.unheard_replies, 3);
	assert_int_equal(probe_on(w, &seq, 20, 0, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_int_equal(out.answer.flows_len, 2);
	assert_int_equal(w->unheard, 1 << 1);

	assert_int_equal(probe_on(w, &seq, 1, 1, 1 * S, REFLECTOR_EVENT_HEARD), 1);
	assert_int_equal(probe_on(w, &seq, 3, 1, 1 * S, REFLECTOR_EVENT_UNHEARD), 1);
}

static void who_hears_us_is_not_reported(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	/* Every second reply is lost. */
	for (uint32_t heard = 0; heard < 100; heard++)
		assert_int_equal(probe_on(w, &seq, 2, heard, 1 * S, REFLECTOR_EVENT_UNHEARD), 0);
	/* A pause of an hour, and then the acknowledgement of what was answered before it. */
	assert_int_equal(probe_on(w, &seq, 1, 101, 3600 * S, REFLECTOR_EVENT_UNHEARD), 0);
}

/* The last reply of a burst is lost; those of the next burst are on their way while more probes come in. */
static void replies_on_their_way_are_no_reason(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	assert_int_equal(probe_on(w, &seq, 20, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 1, 19, 60 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 9, 19, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 10, 20, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
	/* None of that burst's came back: now it is. */
	assert_int_equal(probe_on(w, &seq, 1, 20, 60 * S, REFLECTOR_EVENT_UNHEARD), 1);
}

/* One reply was lost long ago; the next burst's are on their way. */
static void an_old_loss_is_no_reason(void **state)
{
	struct world *w = *state;
	uint32_t seq = 1;

	probe_on(w, &seq, 1, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	probe_on(w, &seq, 1, 1, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	assert_int_equal(probe_on(w, &seq, 1, 1, 60 * S, REFLECTOR_EVENT_UNHEARD), 0);
	assert_int_equal(probe_on(w, &seq, 9, 1, 20 * MS, REFLECTOR_EVENT_UNHEARD), 0);
}

/* A probe that was overtaken brings old news: of what the client heard, and of where it is. */
static void an_overtaken_probe_is_no_reason(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows = { 5 }, .flows_len = 1 };
	struct endpoint source = sample_endpoint_v4(200, 40000);
	uint32_t seq = 2;
	struct outcome out;

	probe_on(w, &seq, 5, 0, 20 * MS, REFLECTOR_EVENT_UNHEARD);
	pass(w, 5 * S);
	out = ask(w, (struct request){ .flow = 5, .seq = 1, .source = sample_endpoint_v4(201, 1) });
	assert_int_equal(out.outcome, REFLECTOR_REPLIED);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	out = ask(w, (struct request){ .flow = 6, .seq = 1, .query = &query });
	assert_true(endpoint_same_address(&out.answer.flows[0].source, &source));
}

static void duplicates_and_queries_are_no_reason(void **state)
{
	struct world *w = *state;
	struct evidence_query query = { .flows_len = 0 };

	ask(w, (struct request){ .flow = 5, .seq = 1 });
	for (uint32_t seq = 2; seq < 10; seq++) {
		pass(w, 10 * S);
		ask(w, (struct request){ .flow = 5, .seq = 1 });
		assert_int_not_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
		ask(w, (struct request){ .flow = 5, .seq = seq, .query = &query });
		assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	}
}

/* A probe of flow 5 after gap_ns, whose client has heard `heard` replies, the newest of them `newest` (and it alone).
 */
static enum reflector_event_kind probe_hearing(struct world *w, uint32_t seq, uint32_t heard, uint32_t newest,
					       int64_t gap_ns)
{
	pass(w, gap_ns);
	ask(w, (struct request){ .flow = 5, .seq = seq, .heard = heard, .newest_heard = newest, .heard_numbers = 1 });
	return w->event.kind;
}

static void a_flow_is_reported_when_it_is_new_and_when_a_reply_was_heard(void **state)
{
	struct world *w = *state;
	int64_t first_ns, newest_ns;

	/* What the client has heard before it asked us says nothing of us. */
	assert_int_equal(probe_hearing(w, 11, 7, 10, 1 * S), REFLECTOR_EVENT_NEW);
	assert_true(w->event.flow->id == 5);
	first_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 12, 7, 10, 1 * MS), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 13, 8, 11, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
	assert_true(w->event.flow->confirmed_ns == first_ns);

	/* Known at once, told after a while. */
	newest_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 14, 9, 13, 1 * MS), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 15, 10, 14, 1 * S), REFLECTOR_EVENT_NONE);
	newest_ns = w->now_ns;
	assert_int_equal(probe_hearing(w, 16, 11, 15, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
	assert_true(w->event.flow->confirmed_ns == newest_ns);
}

static void who_becomes_unheard_was_heard_until_then(void **state)
{
	struct world *w = *state;
	int64_t newest_ns;

	probe_hearing(w, 1, 0, 0, 1 * MS);
	probe_hearing(w, 2, 1, 1, 1 * MS);
	newest_ns = w->now_ns;
	probe_hearing(w, 3, 2, 2, 1 * MS);
	for (uint32_t seq = 4; seq < 9 && w->event.kind != REFLECTOR_EVENT_UNHEARD; seq++)
		probe_hearing(w, seq, 2, 2, 1 * S);
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_UNHEARD);
	assert_true(w->event.flow->confirmed_ns == newest_ns);
}

/* Numbers that the client heard meanwhile from another server, or at another address, confirm nothing here. */
static void only_our_own_replies_confirm(void **state)
{
	struct world *w = *state;

	probe_hearing(w, 1, 0, 0, 1 * MS);
	probe_hearing(w, 2, 0, 0, 1 * MS);
	assert_int_equal(probe_hearing(w, 40, 30, 39, 1 * S), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 41, 31, 40, 1 * MS), REFLECTOR_EVENT_CONFIRMED);

	ask(w, (struct request){
		   .flow = 5, .seq = 42, .heard = 32, .heard_numbers = 1, .source = sample_endpoint_v4(77, 40000) });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 43, 33, 42, 5 * S), REFLECTOR_EVENT_NONE);
	assert_int_equal(probe_hearing(w, 44, 34, 43, 1 * MS), REFLECTOR_EVENT_CONFIRMED);
}

struct reports {
	unsigned told, held_back, left_out;
};

static void tally_report(const struct reflector_event *event, struct reports *reports)
{
	if (event->kind == REFLECTOR_EVENT_UNHEARD || event->kind == REFLECTOR_EVENT_HEARD) {
		reports->told += !event->held_back;
		reports->held_back += event->held_back;
	}
	if (event->kind == REFLECTOR_EVENT_LEFT_OUT || !event->held_back)
		reports->left_out += (unsigned)event->left_out;
}

/* All flows of a client become unheard, and are heard again, once a second. */
static void a_mad_client_is_reported_within_limits(void **state)
{
	enum { SECONDS = 100, PROBES = 5 };
	struct world *w = *state;
	struct reports reports = { .told = 0 };

	for (uint32_t seq = 1; seq <= SECONDS * PROBES; seq++) {
		for (uint64_t flow = 1; flow <= FLOWS_MAX; flow++) {
			ask(w, (struct request){ .flow = flow, .seq = seq, .heard = seq / PROBES * PROBES });
			tally_report(&w->event, &reports);
		}
		pass(w, seq % PROBES == PROBES - 2 ? 1 * S : 1 * MS);
	}
	assert_in_range(reports.told, 1000, 1000 + SECONDS + 1);
	assert_true(reports.held_back > 200);
	for (uint32_t seq = SECONDS * PROBES + 1; reports.left_out < reports.held_back; seq++) {
		pass(w, 1 * S);
		ask(w, (struct request){ .flow = 1, .seq = seq, .heard = seq });
		tally_report(&w->event, &reports);
		assert_true(seq < SECONDS * PROBES + 10);
	}
	assert_int_equal(reports.left_out, reports.held_back);
	ask(w, (struct request){ .who = BOB, .flow = 5, .seq = 1 });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_NEW);
}

static void who_is_refused_is_told_of(void **state)
{
	struct world *w = *state;

	ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1, .tcp = true });
	assert_int_equal(w->event.kind, REFLECTOR_EVENT_REFUSED);
	assert_int_equal(w->event.outcome, REFLECTOR_TOLD_NOT_AUTHORISED);
	assert_null(w->event.client);
	assert_memory_equal(w->event.key, people[STRANGER].public_key, WIRE_KEY_LEN);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_MACS(1) });
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_BAD_MAC);
	assert_string_equal(w->event.client, "alice");
	assert_null(w->event.key);
	ask(w, (struct request){ .flow = 5, .seq = 1, .spoil = WIRE_FLOW_MAGIC });
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_MALFORMED);
	assert_string_equal(w->event.client, "alice");
	assert_null(w->event.key);
	ask(w, (struct request){ .who = STRANGER, .flow = 5, .seq = 1, .spoil = WIRE_FLOW_MAGIC });
	assert_int_equal(w->event.outcome, REFLECTOR_DROPPED_MALFORMED);
	assert_null(w->event.client);
	assert_null(w->event.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_does_not_hear_us_is_reported_once),
		TEST(who_hears_us_is_not_reported),
		TEST(replies_on_their_way_are_no_reason),
		TEST(an_old_loss_is_no_reason),
		TEST(an_overtaken_probe_is_no_reason),
		TEST(duplicates_and_queries_are_no_reason),
		TEST(a_flow_is_reported_when_it_is_new_and_when_a_reply_was_heard),
		TEST(who_becomes_unheard_was_heard_until_then),
		TEST(only_our_own_replies_confirm),
		TEST(a_mad_client_is_reported_within_limits),
		TEST(who_is_refused_is_told_of),
	};

	return cmocka_run_group_tests_name("progress", tests, set_up_keys, NULL);
}
