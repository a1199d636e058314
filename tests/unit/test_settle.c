#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "client/evidence/hint_drops.h"
#include "client/evidence/hint_table.h"
#include "client/evidence/path_loss.h"
#include "client/evidence/settle.h"

#include <stdlib.h>
#include <string.h>

#define MS      INT64_C(1000000)
#define SECOND  (1000 * MS)
#define HOUR_MS UINT64_C(3600000)

/* One path, its ten probes of seconds 101 to 110 all past their deadline, and two servers that may answer. */
struct scene {
	struct config_target target;
	struct paths paths;
	struct path *path;
	int64_t asked_ns, answered_after_ns;
	uint16_t half_open_ms;        /* age of a half-open socket */
	bool is_untranslated;         /* a server that saw a SYN sees the client's own address */
	bool has_address;             /* a server that saw a SYN has the address it came to */
	uint16_t port;                /* a server saw the SYN come from it */
	uint32_t overflows;           /* of the accept queue of a server that saw a SYN */
	struct drop_history drops[8]; /* by server */
	bool knows;                   /* a server that tells of an attempt has receipts for all ten, none of them old */
};

static const struct endpoint client = { .address = { [10] = 0xff, 0xff, 198, 51, 100, 9 }, .port = 40000 };
static const struct endpoint anchor = { .address = { [10] = 0xff, 0xff, 198, 18, 18, 26 } };

static void leaving(void *context, struct path *path)
{
	(void)context, (void)path;
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	struct path **items = calloc(1, sizeof(struct path *));
	struct path *p = calloc(1, sizeof *p);

	s->target = (struct config_target){ .name = "bootnode", .servers = { 3, 7 }, .servers_len = 2 };
	p->target = &s->target;
	prober_init(&p->prober, 42, SECOND, calloc(64, sizeof(struct prober_record)), 64);
	for (int64_t i = 101; i <= 110; i++)
		prober_send(&p->prober, i * SECOND, i * SECOND);
	prober_expire(&p->prober, 112 * SECOND);
	assert_non_null(path_loss(p));
	items[0] = s->path = p;
	assert_true(paths_set(&s->paths, items, 1, leaving, NULL));
	s->asked_ns = 112 * SECOND;
	s->answered_after_ns = 20 * MS;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	paths_free(&s->paths);
	free(s);
	return 0;
}

static struct evidence_answer answer_of(uint64_t boot_id, bool known, uint32_t first, uint32_t newest, uint64_t bitmap)
{
	return (struct evidence_answer){
		.boot_id = boot_id,
		.uptime_ms = HOUR_MS,
		.evicted_ms = UINT64_MAX,
		.flows_len = 1,
		.flows = { {
		    .id = 42,
		    .known = known,
		    .receipts = { .first = first, .newest = newest, .received = known, .bitmap = { bitmap } },
		    .arrived_on = anchor,
		    .source = client,
		} },
	};
}

static void hear(struct scene *s, unsigned server, int witness, const struct evidence_answer *answer,
		 const struct query_attempts *query)
{
	static const struct query_attempts nothing;

	drop_history_note(&s->drops[server], answer, s->asked_ns, s->asked_ns + s->answered_after_ns);
	settle_hear(&s->paths, &(struct query_result){
				   .server = server,
				   .drops = &s->drops[server],
				   .witness = witness,
				   .query = query ? query : &nothing,
				   .answer = answer,
				   .asked_ns = s->asked_ns,
				   .now_ns = s->asked_ns + s->answered_after_ns,
			       });
}

static struct prober_tally tally(const struct scene *s)
{
	struct prober_tally t;

	prober_tally(&s->path->prober, 64, &t);
	return t;
}

static void a_receipt_of_any_server_proves_return(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 10);
	assert_int_equal(s->path->loss->receipt_server, 7);
	assert_int_equal(s->path->loss->witness[1], -1);
	assert_true(endpoint_same_address(&s->path->facts.arrived_on, &anchor));
	assert_true(endpoint_equal(&s->path->facts.receipt_source, &client));
}

static void forward_needs_the_word_of_every_server(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0);

	hear(s, 3, -1, &none, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_false(settle_wanted(s->path, 0)); /* it has said what it knows */
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, 3, &none, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(s->path->loss->witness[0], -1);
	assert_int_equal(s->path->loss->witness[1], 3);
	assert_false(settle_wanted(s->path, 1));
}

/* Server 3 knows nothing, server 7 neither, but it has lost its memory 5 s before it answers. */
/* A datagram that waits at another socket of the server may be the probe that its receipts lack. */
static void what_is_not_read_yet_may_have_arrived(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0);

	hear(s, 3, -1, &none, NULL);
	none.unread_ms = (uint32_t)((s->asked_ns - 100 * SECOND) / 1000000); /* since before the first probe */
	hear(s, 7, -1, &none, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_true(settle_wanted(s->path, 1));
	none.unread_ms = 1;
	hear(s, 7, -1, &none, NULL);
	assert_in_range(tally(s).forward_lost, 9, 10);
}

static void expect_blindness(struct scene *s, uint64_t uptime_ms, uint64_t evicted_ms)
{
	struct evidence_answer none = answer_of(1, false, 0, 0, 0), blind = none;

	blind.uptime_ms = uptime_ms;
	blind.evicted_ms = evicted_ms;
	hear(s, 3, -1, &none, NULL);
	hear(s, 7, -1, &blind, NULL);
	/* the probes of seconds 108 to 110 left after that, the others before */
	assert_int_equal(tally(s).forward_lost, 3);
	assert_int_equal(tally(s).lost, 7);
}

static void a_server_that_started_since_proves_no_absence(void **state)
{
	expect_blindness(*state, 5000, UINT64_MAX);
}

static void a_server_that_forgot_a_flow_since_proves_no_absence(void **state)
{
	expect_blindness(*state, HOUR_MS, 5000);
}

/* An answer that says nothing of this path's flow is not the server's word on it; one that does not know the flow is,
 * but tells nothing of who had its probes, and where. */
static void an_empty_word_is_no_word(void **state)
{
	struct scene *s = *state;
	struct evidence_answer none = answer_of(1, false, 0, 0, 0), empty = none, another = none;

	empty.flows_len = 0;
	another.flows[0].id = 77;
	hear(s, 3, -1, &none, NULL);
	hear(s, 7, -1, &empty, NULL);
	hear(s, 7, -1, &another, NULL);
	assert_int_equal(tally(s).lost, 10);
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, -1, &none, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(s->path->loss->receipt_server, -1);
	assert_true(endpoint_is_unknown(&s->path->facts.arrived_on));
}

static void who_may_not_answer_here_has_nothing_to_say(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	hear(s, 5, -1, &a, NULL);
	assert_int_equal(tally(s).lost, 10);
}

/* -- TCP -- */

static void make_tcp(struct scene *s, uint32_t seq, bool connected)
{
	s->path->kind = PROBE_TCP;
	s->path->prober.kind = PROBE_TCP;
	s->path->loss->attempts.items[0] = (struct attempt){ .seq = seq,
							     .connected = connected,
							     .early = 3,
							     .local = client,
							     .started_ns = (100 + (int64_t)seq) * SECOND };
}

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

/* -- TCP: behind a NAT that keeps ports -- */

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

/* -- TCP: what the link of a server has seen, behind a NAT -- */

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
		{ "the flow began with number 9", true, true, 9, 10, 3, HOUR_MS, 1 },
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* Numbers 6 to 10 came to the link of server 3, and not to its socket. */
static struct evidence_answer captured(void)
{
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.captures[0] = (struct evidence_capture){ .flow = 42, .newest = 10, .bitmap = 0x1f };
	a.captures_len = 1;
	return a;
}

static uint32_t captured_since(const struct scene *s, int64_t since_ns)
{
	static struct config_server servers[8] = { [3].name = "boot-01" };
	static const struct config config = { .servers = servers, .servers_len = 8 };
	struct hint_frames_explanation explanation;

	hint_frames_explain(&s->path->loss->frames, s->path, &s->path->loss->attempts, &config, since_ns, &explanation);
	assert_true(explanation.captured <= explanation.forward);
	if (explanation.captured > 0)
		assert_string_equal(explanation.server, "boot-01");
	return explanation.captured;
}

static void what_came_to_the_link_was_lost_on_the_way_there(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured(), nothing = answer_of(2, false, 0, 0, 0);

	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 5); /* server 7 has not said a word */
	assert_int_equal(captured_since(s, 0), 5);
	assert_int_equal(captured_since(s, 109 * SECOND), 2);
	hear(s, 7, -1, &nothing, NULL);
	assert_int_equal(tally(s).forward_lost, 10);
	assert_int_equal(captured_since(s, 0), 5);
	a.captures_len = 0;
	a.truncated = true; /* there was no room for it */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 5);
	a.truncated = false;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 0);
}

static void what_came_to_the_link_may_yet_be_read(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	s->asked_ns = 110 * SECOND; /* before the deadline of 10, and at that of 9 */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 4);
	assert_int_equal(captured_since(s, 0), 4);
}

static void a_server_that_forgot_does_not_know_what_its_socket_got(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured(), other = a;

	a.uptime_ms = 3500; /* up since second 108.52 */
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 2);
	s->path->prober.holder = 0;
	s->path->prober.boot_id = 1;
	other.boot_id = 2; /* two machines share its key */
	hear(s, 3, -1, &other, NULL);
	assert_int_equal(tally(s).forward_lost, 2);
}

static void numbers_of_other_flows_and_strange_ones_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	a.captures[0].flow = 43;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	a = captured();
	a.captures[0].newest = 11; /* never sent */
	a.captures[0].bitmap = 1;
	hear(s, 3, -1, &a, NULL);
	a.captures[0].newest = 0;
	a.captures[0].bitmap = UINT64_MAX;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 0);
	assert_int_equal(captured_since(s, 0), 0);
}

/* Drops were counted before: a frame that came by then may be one of them. */
static void frames_before_the_first_count_of_drops_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	a.socket_drops = 100;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(tally(s).forward_lost, 5);
	assert_int_equal(captured_since(s, 0), 0);
}

/* What came before a drop may be that drop, however many answers ago the drops were counted. */
static void frames_before_the_latest_drop_prove_nothing(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = captured();

	hear(s, 3, -1, &a, NULL);
	assert_int_not_equal(captured_since(s, 0), 0);
	a.socket_drops = 1;
	hear(s, 3, -1, &a, NULL);
	assert_int_equal(captured_since(s, 0), 0);
}

static void a_syn_that_came_to_the_link_was_lost_on_the_way_there(void **state)
{
	struct scene *s = *state;

	make_tcp(s, 8, false);
	s->path->loss->attempts.items[0].at_link = 1;
	assert_int_equal(captured_since(s, 0), 0); /* perhaps it came to the socket after all */
	prober_settle(&s->path->prober, 8, PROBER_LOST_FORWARD);
	assert_int_equal(captured_since(s, 0), 1);
	assert_int_equal(captured_since(s, 108 * SECOND + 1), 0);
	s->path->loss->attempts.items[0].at_link = 0;
	assert_int_equal(captured_since(s, 0), 0);
}

/* TCP that never worked: through a witness the server knows none of our flows, but speaks of our address alone. */
static void a_witness_tells_of_a_client_without_flows(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	s->path->endpoint = anchor;
	a.flows[0].source = a.flows[0].arrived_on = (struct endpoint){ 0 };
	a.neighbours_len = 2;
	a.neighbours[0] = (struct evidence_neighbour){ .client = client, .local = client };
	a.neighbours[1] = (struct evidence_neighbour){ .client = client, .local = anchor };
	hear(s, 3, 7, &a, NULL);
	assert_true(s->path->loss->neighbour.known);
	s->path->loss->neighbour.known = false;
	a.neighbours[0] = a.neighbours[1];
	a.neighbours[1].client = anchor; /* two addresses: which is ours here? */
	hear(s, 3, 7, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
	a.neighbours_len = 1;
	a.querier = anchor; /* asked directly: it sees us as another one */
	hear(s, 3, -1, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
}

/* From another address of its own, the server has another route. */
static void a_neighbour_concerns_the_address_that_answers(void **state)
{
	static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 } };
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff), another = answer_of(2, false, 0, 0, 0);
	const struct path_loss *d = s->path->loss;

	s->path->facts.arrived_on = droplet; /* an answer said so, long ago */
	a.neighbours_len = 1;
	a.neighbours[0] = (struct evidence_neighbour){ .client = client, .local = droplet };
	hear(s, 3, -1, &a, NULL);
	assert_false(d->neighbour.known);
	a.neighbours[0].local = anchor;
	a.neighbours[0].healed_ms = UINT32_MAX;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.known && d->neighbour.server == 3);
	assert_true(d->neighbour.asked_ns == 112 * SECOND && d->neighbour.right_ns == INT64_MAX);
	a.neighbours[0].healed_ms = 500;
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.right_ns == 112 * SECOND - 500 * MS);
	hear(s, 7, -1, &another, NULL); /* of its own entries */
	assert_true(d->neighbour.known);
	a.neighbours_len = 0;
	a.truncated = true; /* there was no room for it */
	hear(s, 3, -1, &a, NULL);
	assert_true(d->neighbour.known);
	a.truncated = false;
	hear(s, 3, -1, &a, NULL);
	assert_false(s->path->loss->neighbour.known);
}

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
	assert_reasons(reasons(s, 0, 9, 9), 0, 0, 0); /* none of ours */
}

static void a_server_that_cannot_read_its_counters_gives_no_reason(void **state)
{
	struct scene *s = *state;
	struct hint_drops_explanation e = reasons(s, 7, EVIDENCE_NOT_COUNTED, 7);

	assert_int_equal(e.datagrams, 7);
	assert_int_equal(e.full + e.bad + e.filtered, 0);
	assert_true(e.unread);
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

/* -- answers that come to an interface of this host -- */

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
}

/* -- refusals -- */

/* What is said is about a second ago: at the first four, then when there are twice as many, four times as many .. */
static void refusals_are_asked_about_ever_more_seldom(void **state)
{
	struct scene *s = *state;
	struct prober *b = &s->path->prober;
	unsigned asked = 0;

	for (uint32_t seq = 1; seq <= 10; seq++)
		prober_settle(b, seq, PROBER_IMPOSTOR);
	assert_false(settle_wanted(s->path, 0));
	for (int64_t i = 0; i < 64; i++) {
		prober_settle(b, prober_send(b, (200 + i) * SECOND, (200 + i) * SECOND), PROBER_REFUSED);
		assert_true(settle_wanted(s->path, 1)); /* this server never says anything */
		if (!settle_wanted(s->path, 0))
			continue;
		s->path->loss->has_window[0] = true;
		s->path->loss->windows[0].asked_ns = (200 + i) * SECOND;
		asked++;
	}
	assert_int_equal(asked, 8);
	assert_false(settle_wanted(s->path, 0));
}

/* -- strangers -- */

static const struct endpoint shared = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 50 }, .port = 8620 };
static const struct endpoint own = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = 8620 };
static uint8_t mac_of_shared = 9, mac_of_own = 5;

static bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	memset(mac, 0, EVIDENCE_MAC_LEN);
	mac[5] = endpoint_same_address(to, &shared) ? mac_of_shared : mac_of_own;
	return mac[5] != 0;
}

static const struct link_ops link = { .neighbour_mac = neighbour_mac };

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

	settle_hear(&s->paths, &(struct query_result){
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

/* -- twins -- */

static const struct endpoint droplet = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 } };

/* A twin's probe of second 101, whose pinned reply came. Server 7, in slot 1, answers on this path. */
static struct twin *add_twin(struct scene *s)
{
	struct twin *t = s->path->twin = calloc(1, sizeof *t);
	const struct packet_reply pinned = { .role = PACKET_REPLY, .seq = 1, .flow_id = 43, .boot_id = 1 };
	struct path **items = calloc(1, sizeof(struct path *));

	twin_init(t, 43, SECOND);
	items[0] = s->path;
	assert_true(paths_set(&s->paths, items, 1, leaving, NULL));
	for (int64_t i = 101; i <= 110; i++)
		prober_settle(&s->path->prober, (uint32_t)(i - 100), PROBER_IMPOSTOR); /* they want no evidence */
	s->path->prober.holder = 1;
	twin_send(t, 101 * SECOND, 101 * SECOND);
	twin_reply(t, &pinned, &client, &client, 101 * SECOND, 101 * SECOND);
	assert_true(twin_expire(t, 102 * SECOND));
	return t;
}

static void the_holder_is_asked_about_a_missing_twin(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	add_twin(s);
	assert_false(settle_wanted(s->path, 0));
	assert_true(settle_wanted(s->path, 1));
	hear(s, 3, -1, &a, NULL);
	assert_true(settle_wanted(s->path, 1));
	hear(s, 7, -1, &a, NULL);
	assert_false(settle_wanted(s->path, 1));
}

/* Receipts for the twin's numbers say nothing of the path's own probes. */
static void the_flow_of_a_twin_is_not_the_paths(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);

	add_twin(s);
	prober_send(&s->path->prober, 111 * SECOND, 111 * SECOND);
	prober_expire(&s->path->prober, 112 * SECOND);
	a.flows[0].id = 43;
	a.flows[0].receipts.newest = 11;
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 0);
	a.flows[0].id = 42;
	hear(s, 7, -1, &a, NULL);
	assert_int_equal(tally(s).return_lost, 1);
}

static void a_refused_twin_is_told(void **state)
{
	struct scene *s = *state;
	struct evidence_answer a = answer_of(1, true, 1, 10, 0x3ff);
	struct twin *t = add_twin(s);
	struct twin_counts n;

	a.twins_len = 2;
	a.twins[0] = (struct evidence_twin){ .flow = 44, .seq = 1, .source = droplet }; /* of nobody's flow */
	a.twins[1] =
	    (struct evidence_twin){ .flow = 42, .seq = 1, .source = droplet }; /* a path's own: it has no twins */
	hear(s, 7, -1, &a, NULL);
	a.twins[0].flow = 43;
	hear(s, 5, -1, &a, NULL); /* may not answer here */
	twin_count(t, 112 * SECOND, &n);
	assert_int_equal(n.refused, 0);
	hear(s, 7, -1, &a, NULL);
	twin_count(t, 112 * SECOND, &n);
	assert_int_equal(n.refused, 1);
	assert_true(endpoint_same_address(&n.refused_source, &droplet));
}

static struct evidence_answer heard_others(const struct path *p)
{
	return (struct evidence_answer){
		.arrivals = { { { p->endpoint, PACKET_UDP }, 500 } },
		.arrivals_len = 1,
	};
}

static void who_does_not_answer_here_is_asked_for_others(void **state)
{
	struct scene *s = *state;
	struct path *p = s->path;
	struct evidence_query query = { .places_len = 0 };
	size_t from = 0;

	p->endpoint = anchor;
	p->held = -1;
	s->target.expect_reachable = true;
	settle_ask_places(&s->paths, 3, &from, &query);
	assert_int_equal(query.places_len, 0); /* nobody answers */
	p->prober.holder = 0;
	settle_ask_places(&s->paths, 3, &from, &query);
	assert_int_equal(query.places_len, 0); /* it does itself */
	p->held = 0;
	settle_ask_places(&s->paths, 7, &from, &query);
	assert_int_equal(query.places_len, 0); /* this flow may be led by old state */
	p->held = -1;
	settle_ask_places(&s->paths, 7, &from, &query);
	assert_int_equal(query.places_len, 1);
	assert_true(endpoint_equal(&query.places[0].endpoint, &anchor));
	assert_int_equal(query.places[0].transport, PACKET_UDP);
}

static void others_heard_elsewhere_make_a_second_holder(void **state)
{
	struct scene *s = *state;
	struct path *p = s->path;
	struct evidence_answer a;

	p->endpoint = anchor;
	p->held = -1;
	s->target.expect_reachable = true;
	p->prober.holder = 0;
	assert_true(paths_set(&s->paths, memcpy(malloc(sizeof p), &p, sizeof p), 1, leaving, NULL)); /* it has moved */
	a = heard_others(p);
	hear(s, 3, -1, &a, NULL);
	assert_null(p->second_holder); /* the holder itself */
	a.arrivals[0].place.transport = PACKET_TCP;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* another protocol */
	a = heard_others(p);
	hear(s, 5, -1, &a, NULL);
	assert_null(p->second_holder); /* who may not answer here */
	s->target.expect_reachable = false;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* nobody is to answer */
	s->target.expect_reachable = true;
	p->held = 0;
	hear(s, 7, -1, &a, NULL);
	assert_null(p->second_holder); /* old state may lead this flow */
	p->held = -1;
	hear(s, 7, -1, &a, NULL);
	assert_non_null(p->second_holder);
	assert_int_equal(p->second_holder->server, 7);
	assert_true(p->second_holder->from_ns == 112 * SECOND - 501 * MS);
	assert_true(p->second_holder->to_ns == 112 * SECOND + s->answered_after_ns - 500 * MS);
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
		TEST(what_came_to_the_link_was_lost_on_the_way_there),
		TEST(what_came_to_the_link_may_yet_be_read),
		TEST(a_server_that_forgot_does_not_know_what_its_socket_got),
		TEST(numbers_of_other_flows_and_strange_ones_prove_nothing),
		TEST(frames_before_the_first_count_of_drops_prove_nothing),
		TEST(frames_before_the_latest_drop_prove_nothing),
		TEST(a_syn_that_came_to_the_link_was_lost_on_the_way_there),
		TEST(a_witness_tells_of_a_client_without_flows),
		TEST(a_neighbour_concerns_the_address_that_answers),
		cmocka_unit_test_setup_teardown(drops_count_between_two_evidences, set_up, tear_down),
		TEST(only_the_latest_answers_are_kept),
		TEST(an_answer_at_the_link_that_the_socket_did_not_get_was_lost_here),
		TEST(connections_are_dropped_on_the_whole_host),
		TEST(a_servers_table_is_compared),
		TEST(a_drop_has_the_reason_that_is_left),
		TEST(a_server_that_cannot_read_its_counters_gives_no_reason),
		TEST(drops_are_compared_with_the_losses_of_their_time),
		TEST(another_boot_counts_anew),
		TEST(a_receipt_of_any_server_proves_return),
		TEST(who_does_not_answer_here_is_asked_for_others),
		TEST(others_heard_elsewhere_make_a_second_holder),
		TEST(forward_needs_the_word_of_every_server),
		TEST(what_is_not_read_yet_may_have_arrived),
		TEST(a_server_that_started_since_proves_no_absence),
		TEST(a_server_that_forgot_a_flow_since_proves_no_absence),
		TEST(an_empty_word_is_no_word),
		TEST(who_may_not_answer_here_has_nothing_to_say),
		TEST(a_query_over_the_other_family_leaves_a_half_open_socket_its_proof),
		TEST(what_was_translated_before_is_not_at_its_own_address),
		TEST(a_half_open_socket_proves_return),
		TEST(a_half_open_socket_has_to_be_of_before_the_deadline),
		TEST(a_translation_at_other_servers_proves_no_absence_here),
		TEST(a_socket_at_a_port_that_is_kept_proves_return),
		TEST(a_syn_seen_by_its_name_with_its_socket_proves_return),
		TEST(a_socket_of_a_repeated_syn_is_as_old_as_it_says),
		TEST(a_socket_without_its_syn_belongs_to_another_attempt),
		TEST(a_syn_of_a_shared_name_may_be_another_connections),
		TEST(an_ambiguous_name_proves_nothing),
		TEST(a_syn_without_a_way_back_proves_return),
		TEST(a_syn_that_its_socket_did_not_get_in_time_is_lost_forward),
		TEST(a_syn_at_the_port_of_an_earlier_connection_is_not_lost_forward),
		TEST(the_newest_attempt_tells_whether_syns_are_stopped),
		TEST(no_syn_at_all_proves_forward_whenever_that_is_asked),
		TEST(a_name_that_is_missing_proves_forward_where_names_survive),
		TEST(a_success_is_asked_about_by_its_name),
		TEST(behind_a_nat_a_half_open_socket_could_be_any_attempts),
		TEST(a_syn_that_nobody_saw_proves_forward),
		TEST(a_request_that_was_delivered_was_not_lost_forward),
		TEST(others_have_nothing_to_say_of_a_syn),
		TEST(a_syn_has_to_be_missing_in_its_first_second_too),
		TEST(without_a_half_open_socket_the_end_of_its_time_proves_nothing),
		TEST(an_early_half_open_socket_counts_when_its_time_is_over),
		TEST(an_early_half_open_socket_is_nothing_to_who_connected_after_all),
		TEST(behind_a_nat_a_slow_query_cannot_tell_what_was_not_seen),
		TEST(a_syn_is_missing_only_some_time_after_the_deadline),
		TEST(a_question_under_way_for_long_is_not_early),
		TEST(a_question_under_way_for_more_than_a_second_tells_nothing_of_absence),
		TEST(a_syn_is_not_missing_of_who_connected_since),
		TEST(doubt_about_a_syn_stays_doubt),
		TEST(a_server_that_restarted_since_cannot_miss_a_syn),
		TEST(a_request_that_is_missing_after_the_handshake_was_lost_forward),
		TEST(a_request_has_its_own_time_to_arrive),
		TEST(a_request_came_in_time_if_nothing_came_since),
		TEST(only_unanswered_attempts_are_asked_about),
		TEST(refusals_are_asked_about_ever_more_seldom),
		TEST(a_server_that_holds_the_address_and_hears_nothing_is_silent),
		TEST(a_stranger_is_where_our_frames_go),
		TEST(the_holder_is_asked_about_a_missing_twin),
		TEST(a_refused_twin_is_told),
		TEST(the_flow_of_a_twin_is_not_the_paths),
		TEST(a_claim_counts_while_the_server_that_tells_of_it_has_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
