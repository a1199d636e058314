/* TCP attempts behind a NAT: what the link of a server has seen of them. */
#include "tests/unit/settle_scene.h"

static void hear_translated(struct scene *s, bool placed, enum evidence_attempt_status status)
{
	const struct query_attempts query = { .attempts = { { .flow_id = 42, .seq = 8, .placed = placed } },
					      .attempts_len = 1 };
	struct evidence_answer a = answer_of(1, s->knows, 1, 10, 0x3ff);

	a.uptime_ms = HOUR_MS;
	a.querier = (struct endpoint){ .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 }, .port = 40000 };
	a.attempts_len = 1;
	a.attempts[0] = (struct evidence_attempt_answer){ .id = 0, .status = status, .age_ms = 4000 };
	hear(s, 3, -1, &a, &query);
}

/* Other servers saw this client's connections come from `outside`; the two that may answer here were asked about the
 * attempt there, and found no socket. They see the client at its own address. */
static void hear_asked_at(struct scene *s, const struct endpoint *outside, bool placed)
{
	static const unsigned servers[] = { 3, 7 };
	const struct query_attempts query = {
		.attempts = { { .flow_id = 42, .seq = 8, .placed = placed, .outside = *outside } }, .attempts_len = 1
	};

	for (unsigned i = 0; i < sizeof servers / sizeof *servers; i++) {
		struct evidence_answer a = answer_of(1, s->knows, 1, 10, 0x3ff);

		a.uptime_ms = HOUR_MS;
		a.querier = client;
		a.attempts_len = 1;
		a.attempts[0] = (struct evidence_attempt_answer){ .id = 0, .status = EVIDENCE_NOT_SEEN };
		hear(s, servers[i], -1, &a, &query);
	}
}

static void a_translation_at_other_servers_proves_no_absence_here(void **state)
{
	static const struct endpoint outside = { .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 } };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_asked_at(s, &outside, false);
	hear_asked_at(s, &outside, true);
	assert_int_equal(tally(s).lost, 10);
	hear_asked_at(s, &client, true);
	assert_int_equal(tally(s).forward_lost, 1);
}

static void a_socket_at_a_port_that_is_kept_proves_return(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_translated(s, false, EVIDENCE_HALF_OPEN);
	assert_int_equal(tally(s).lost, 10); /* it may be another attempt's */
	/* and another connection of ours has the port, to another address that the server has behind the NAT */
	s->path->loss->attempts.items[0].name.same_port = true;
	hear_translated(s, true, EVIDENCE_HALF_OPEN);
	assert_int_equal(tally(s).lost, 10);
	s->path->loss->attempts.items[0].name.same_port = false;
	hear_translated(s, true, EVIDENCE_HALF_OPEN);
	assert_int_equal(tally(s).return_lost, 1);
}

struct sight {
	unsigned server;
	enum evidence_attempt_status status;
	enum evidence_syn_state state;
	uint16_t first_ms;
};

/* no_route: why the server has no route to the client. */
static void hear_sight_from(struct scene *s, struct sight sight, uint32_t seq, uint8_t no_route)
{
	const struct query_attempts query = { .attempts = { { .flow_id = 42, .seq = seq, .started_ns = 107 * SECOND } },
					      .attempts_len = 1 };
	struct evidence_answer a = answer_of(1, s->knows, 1, 10, 0x3ff);

	a.uptime_ms = HOUR_MS;
	a.querier = s->is_untranslated
			? client
			: (struct endpoint){ .address = { [10] = 0xff, 0xff, 203, 0, 113, 9 }, .port = 40000 };
	a.attempts_len = a.syns_len = a.origins_len = 1;
	a.attempts[0] = (struct evidence_attempt_answer){ .id = 0, .status = sight.status, .age_ms = s->half_open_ms };
	a.accept_overflows = s->overflows;
	a.syns[0] =
	    (struct evidence_syn){ .attempt = 0, .state = sight.state, .first_ms = sight.first_ms, .port = s->port };
	a.origins[0] = (struct evidence_origin){ .source = a.querier, .local = anchor };
	a.addresses_len = s->has_address;
	a.addresses[0] = anchor;
	a.return_routes_len = 1;
	a.return_routes[0] =
	    (struct evidence_return_route){ .client = a.querier, .local = anchor, .no_route = no_route };
	hear(s, sight.server, -1, &a, &query);
}

static void hear_sight(struct scene *s, struct sight sight, uint32_t seq)
{
	hear_sight_from(s, sight, seq, 0);
}

static void a_syn_seen_by_its_name_with_its_socket_proves_return(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 2000 }, 8);
	assert_int_equal(tally(s).lost, 10); /* it came after the deadline */
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).return_lost, 1);
	assert_true(endpoint_equal(&s->path->facts.arrived_on, &anchor));
}

/* An evidence query began in the same millisecond, on a kernel whose connections share a clock. Its SYN came; that of
 * the attempt may have been lost. Without a NAT the port tells them apart. */
static void a_syn_of_a_shared_name_may_be_another_connections(void **state)
{
	const struct sight came = { 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 4000 };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].name = (struct tcp_name){ .known = true, .shared = true };
	hear_sight(s, came, 8);
	assert_int_equal(tally(s).lost, 10);
	s->port = client.port + 1;
	s->is_untranslated = true;
	hear_sight(s, came, 8);
	assert_int_equal(tally(s).lost, 10);
	s->port = client.port;
	hear_sight(s, came, 8);
	assert_int_equal(tally(s).return_lost, 1);
}

/* At first only one SYN had this name. */
static void an_ambiguous_name_proves_nothing(void **state)
{
	const struct sight came = { 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 4000 };
	struct scene *s = *state;
	struct attempt *attempt;

	make_tcp(s, 8, false);
	attempt = &s->path->loss->attempts.items[0];
	attempt->pending = true;
	hear_sight(s, came, 8);
	assert_true(attempt->arrived);
	hear_sight(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_AMBIGUOUS, 0 }, 8);
	assert_false(attempt->arrived);
	hear_sight(s, came, 8);
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_ACCEPTED, 4000 }, 8);
	assert_false(attempt->arrived);
	assert_int_equal(tally(s).lost, 10);
}

static void a_syn_without_a_way_back_proves_return(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_sight_from(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 2000 }, 8, 113);
	assert_int_equal(tally(s).lost, 10); /* it came after the deadline */
	hear_sight_from(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 4000 }, 8, 113);
	assert_int_equal(tally(s).lost, 10); /* from an address that it does not have, no route leads anywhere */
	s->has_address = true;
	hear_sight_from(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 4000 }, 8, 113);
	assert_int_equal(tally(s).return_lost, 1);
	assert_true(endpoint_equal(&s->path->facts.arrived_on, &anchor));
}

/* No SYN of this name came to the link: the half-open socket at the same port is that of another attempt, to another of
 * the server's addresses. */
static void a_socket_without_its_syn_belongs_to_another_attempt(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->is_untranslated = true;
	s->half_open_ms = 4000;
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_ABSENT, 0 }, 8);
	assert_int_equal(tally(s).return_lost, 0);
}

/* The first SYN found the accept queue full, and a later one made the socket: it did not come in time. */
static void a_socket_of_a_repeated_syn_is_as_old_as_it_says(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->overflows = 1;
	s->half_open_ms = 2000;
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).lost, 10);
	s->half_open_ms = 4000;
	hear_sight(s, (struct sight){ 3, EVIDENCE_HALF_OPEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).return_lost, 1);
}

/* The own firewall of the server may stop it. It may also stop the SYN-ACK, and then the socket is soon forgotten. */
static void a_syn_that_its_socket_did_not_get_in_time_is_lost_forward(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	hear_sight(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 4000 }, 8);
	hear_sight(s, (struct sight){ 3, EVIDENCE_NOT_SEEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	assert_int_equal(tally(s).lost, 10);
	s->path->loss->attempts.items[0].at_link = 1; /* as it was said when the SYN was young */
	hear_sight(s, (struct sight){ 3, EVIDENCE_NOT_SEEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* An earlier connection had its port, to another address that the provider sends to the same one of the server: there
 * both are one connection, whose socket takes the SYN. */
static void a_syn_at_the_port_of_an_earlier_connection_is_not_lost_forward(void **state)
{
	const struct sight stopped = { 3, EVIDENCE_NOT_SEEN, EVIDENCE_SYN_CAME, 4000 };
	struct scene *s = *state;
	struct attempt *attempt;

	make_tcp(s, 8, false);
	attempt = &s->path->loss->attempts.items[0];
	attempt->at_link = 1;
	attempt->name.reused_port = true;
	s->port = client.port;
	s->path->facts.arrived_on = anchor;
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	hear_sight(s, stopped, 8);
	hear_sight(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8); /* dropped on the way */
	assert_int_equal(tally(s).lost, 10);
	s->path->facts.arrived_on = s->path->endpoint; /* not translated: no two addresses are one */
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	hear_sight(s, stopped, 8);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* As long as the newest SYN that is known about was stopped, those that left no socket were, too. */
static void the_newest_attempt_tells_whether_syns_are_stopped(void **state)
{
	struct scene *s = *state;
	struct attempt *attempts;

	make_tcp(s, 8, false);
	attempts = s->path->loss->attempts.items;
	attempts[1] = (struct attempt){ .seq = 6, .at_link = 1, .started_ns = 105 * SECOND };
	attempts[2] = (struct attempt){ .seq = 7, .arrived = true, .started_ns = 106 * SECOND };
	prober_settle(&s->path->prober, 6, PROBER_LOST_FORWARD);
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	hear_sight(s, (struct sight){ 3, EVIDENCE_NOT_SEEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).forward_lost, 1); /* the newer one had a socket */
	attempts[2].arrived = false;
	hear_sight(s, (struct sight){ 3, EVIDENCE_NOT_SEEN, EVIDENCE_SYN_CAME, 4000 }, 8);
	assert_int_equal(tally(s).forward_lost, 2);
}

static void no_syn_at_all_proves_forward_whenever_that_is_asked(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].early = 0;
	hear_sight(s, (struct sight){ 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_UNKNOWN, 0 }, 8);
	assert_int_equal(tally(s).forward_lost, 0);
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_ABSENT, 0 }, 8);
	assert_int_equal(tally(s).forward_lost, 1);
}

static void a_name_that_is_missing_proves_forward_where_names_survive(void **state)
{
	static const struct sight unnamed[] = { { 3, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_UNNAMED, 0 },
						{ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_UNNAMED, 0 } };
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].early = 0;
	s->path->loss->attempts.items[0].name.known = true;
	for (unsigned i = 0; i < 2; i++)
		hear_sight(s, unnamed[i], 8);
	assert_int_equal(tally(s).forward_lost, 0);
	for (unsigned i = 0; i < 2; i++)
		hear_sight(s, (struct sight){ unnamed[i].server, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 60000 }, 0);
	hear_sight(s, unnamed[1], 0); /* of another success: now they are changed */
	for (unsigned i = 0; i < 2; i++)
		hear_sight(s, unnamed[i], 8);
	assert_int_equal(tally(s).forward_lost, 0);
	hear_sight(s, (struct sight){ 7, EVIDENCE_CANNOT_TELL, EVIDENCE_SYN_CAME, 60000 }, 0);
	for (unsigned i = 0; i < 2; i++)
		hear_sight(s, unnamed[i], 8);
	assert_int_equal(tally(s).forward_lost, 1);
}

/* Of the path's newest success, once a minute: the server that answered it has to say. */
static void a_success_is_asked_about_by_its_name(void **state)
{
	struct scene *s = *state;
	struct evidence_query q = { .flows_len = 0 };
	struct query_attempts memory = { .attempts_len = 0 };

	make_tcp(s, 8, false);
	s->path->success = (struct path_success){ .started_ns = 105 * SECOND,
						  .local = client,
						  .name = { .known = true, .span_ms = 1, .value = 0x1234 },
						  .server = 7 };
	assert_true(settle_ask(s->path, 0, 112 * SECOND, EVIDENCE_ATTEMPTS_MAX, &q, &memory));
	assert_int_equal(q.attempts_len, 1); /* only the loss, which has no name */
	assert_int_equal(q.names_len, 0);
	q.attempts_len = memory.attempts_len = 0;
	assert_true(settle_ask(s->path, 1, 112 * SECOND, EVIDENCE_ATTEMPTS_MAX, &q, &memory));
	assert_int_equal(q.attempts_len, 2);
	assert_int_equal(memory.attempts[0].seq, 0);
	assert_int_equal(memory.attempts[1].seq, 8);
	assert_int_equal(q.names_len, 1);
	assert_int_equal(q.names[0].attempt, 0);
	assert_int_equal(q.names[0].value, 0x1234);
	s->path->loss->named_ns[1] = 50 * SECOND;
	q.attempts_len = q.names_len = 0;
	assert_true(settle_ask(s->path, 1, 112 * SECOND, EVIDENCE_ATTEMPTS_MAX, &q, &memory));
	assert_int_equal(q.names_len, 0);
	q.attempts_len = EVIDENCE_ATTEMPTS_MAX;
	assert_false(settle_ask(s->path, 1, 112 * SECOND, EVIDENCE_ATTEMPTS_MAX, &q, &memory));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_at_a_port_that_is_kept_proves_return),
		TEST(a_syn_seen_by_its_name_with_its_socket_proves_return),
		TEST(a_syn_of_a_shared_name_may_be_another_connections),
		TEST(an_ambiguous_name_proves_nothing),
		TEST(a_syn_without_a_way_back_proves_return),
		TEST(a_socket_without_its_syn_belongs_to_another_attempt),
		TEST(a_socket_of_a_repeated_syn_is_as_old_as_it_says),
		TEST(a_syn_that_its_socket_did_not_get_in_time_is_lost_forward),
		TEST(a_syn_at_the_port_of_an_earlier_connection_is_not_lost_forward),
		TEST(the_newest_attempt_tells_whether_syns_are_stopped),
		TEST(no_syn_at_all_proves_forward_whenever_that_is_asked),
		TEST(a_name_that_is_missing_proves_forward_where_names_survive),
		TEST(a_success_is_asked_about_by_its_name),
		TEST(a_translation_at_other_servers_proves_no_absence_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
