/* A path with losses, and the answers of servers to queries about them: for the tests of settle.h and of the hints. */
#ifndef FLOATPROBE_SETTLE_SCENE_H
#define FLOATPROBE_SETTLE_SCENE_H

#include "client/evidence/path_loss.h"
#include "client/evidence/settle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static inline void leaving(void *context, struct path *path)
{
	(void)context, (void)path;
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	struct scene *s = *state;

	paths_free(&s->paths);
	free(s);
	return 0;
}

static inline struct evidence_answer answer_of(uint64_t boot_id, bool known, uint32_t first, uint32_t newest,
					       uint64_t bitmap)
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

static inline void hear(struct scene *s, unsigned server, int witness, const struct evidence_answer *answer,
			const struct query_attempts *query)
{
	static const struct query_attempts nothing;

	drop_history_note(&s->drops[server], answer, s->asked_ns, s->asked_ns + s->answered_after_ns);
	settle_apply(&s->paths, &(struct query_result){
				    .server = server,
				    .drops = &s->drops[server],
				    .witness = witness,
				    .query = query ? query : &nothing,
				    .answer = answer,
				    .asked_ns = s->asked_ns,
				    .now_ns = s->asked_ns + s->answered_after_ns,
				});
}

static inline struct prober_tally tally(const struct scene *s)
{
	struct prober_tally t;

	prober_tally(&s->path->prober, 64, &t);
	return t;
}

static inline void make_tcp(struct scene *s, uint32_t seq, bool connected)
{
	s->path->kind = PROBE_TCP;
	s->path->prober.kind = PROBE_TCP;
	s->path->loss->attempts.items[0] = (struct attempt){ .seq = seq,
							     .connected = connected,
							     .early = 3,
							     .local = client,
							     .started_ns = (100 + (int64_t)seq) * SECOND };
}

/* Numbers 6 to 10 came to the link of server 3, and not to its socket. */
static inline struct evidence_answer captured(void)
{
	struct evidence_answer a = answer_of(1, false, 0, 0, 0);

	a.captures[0] = (struct evidence_capture){ .flow = 42, .newest = 10, .bitmap = 0x1f };
	a.captures_len = 1;
	return a;
}

static const struct endpoint shared = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 50 }, .port = 8620 };
static const struct endpoint own = { .address = { [10] = 0xff, 0xff, 198, 18, 1, 5 }, .port = 8620 };
static uint8_t mac_of_shared = 9, mac_of_own = 5;

static inline bool neighbour_mac(const struct endpoint *to, uint8_t mac[EVIDENCE_MAC_LEN])
{
	memset(mac, 0, EVIDENCE_MAC_LEN);
	mac[5] = endpoint_same_address(to, &shared) ? mac_of_shared : mac_of_own;
	return mac[5] != 0;
}

static const struct link_ops link = { .neighbour_mac = neighbour_mac };

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
