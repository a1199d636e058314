#include "server/watch/syn_watch.h"

#include "common/core/age.h"
#include "common/core/ip.h"
#include "common/core/ns.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"
#include "server/watch/syns.h"
#include "server/watch/tap.h"

#include <linux/if_ether.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRAMES_MAX = 16384, /* a tap reads ten thousand frames a second: the time from a SYN to a client's question */
	NAMES_MAX = 512,
	TAPS = 2, /* IPv4, IPv6 */
};

struct syn_watch {
	uint16_t port;
	struct syns *syns;
	struct tap *taps[TAPS];
	bool sees; /* the taps are open */
};

static void on_frame(void *context, const struct packet_socket_frame *frame)
{
	struct syn_watch *w = context;
	struct syns_frame syn = { .has_mac = frame->has_mac, .received_ns = frame->received_ns };
	struct ip_packet packet;

	if (!ip_read(frame->buf, frame->len, &packet) || packet.protocol != IP_TCP)
		return;
	syn.source = packet.source;
	syn.local = packet.destination;
	syn.local.port = 0;
	syn.has_value = ip_tcp_timestamp(&packet, &syn.value);
	if (frame->has_mac)
		memcpy(syn.mac, frame->mac, sizeof syn.mac);
	syns_note(w->syns, &syn);
}

struct syn_watch *syn_watch_new(uint16_t port)
{
	struct syn_watch *w = calloc(1, sizeof *w);
	uint8_t hash_key[crypto_shorthash_KEYBYTES];

	if (!w)
		return NULL;
	randombytes_buf(hash_key, sizeof hash_key);
	w->port = port;
	w->syns = syns_new(FRAMES_MAX, NAMES_MAX, hash_key);
	for (unsigned i = 0; i < TAPS; i++)
		w->taps[i] = tap_new(on_frame, w);
	if (w->syns && w->taps[0] && w->taps[1])
		return w;
	syn_watch_free(w);
	return NULL;
}

void syn_watch_free(struct syn_watch *syn_watch)
{
	if (!syn_watch)
		return;
	syns_free(syn_watch->syns);
	for (unsigned i = 0; i < TAPS; i++)
		tap_free(syn_watch->taps[i]);
	free(syn_watch);
}

int syn_watch_start(struct syn_watch *syn_watch, uv_loop_t *loop)
{
	static const uint16_t protocols[TAPS] = { ETH_P_IP, ETH_P_IPV6 };
	struct bpf_program program;
	int error = 0;

	bpf_syns(&program, syn_watch->port);
	for (unsigned i = 0; i < TAPS && error == 0; i++)
		error = tap_start(syn_watch->taps[i], loop, protocols[i], &program);
	syn_watch->sees = error == 0;
	return error;
}

void syn_watch_stop(struct syn_watch *syn_watch)
{
	for (unsigned i = 0; syn_watch && i < TAPS; i++)
		tap_stop(syn_watch->taps[i]);
}

void syn_watch_accepted(struct syn_watch *syn_watch, const struct endpoint *peer)
{
	if (syn_watch->sees)
		syns_accepted(syn_watch->syns, peer, clock_mono_ns());
}

/* ---- questions ---- */

struct asker {
	const struct reflector_querier *querier;
	const struct evidence_query *query;
};

/* SYNs of the client's own address have its own ports, if no NAT is in between. */
static bool is_of_another(void *context, const struct endpoint *source, const struct endpoint *local)
{
	const struct asker *a = context;
	const struct evidence_attempt *like = evidence_attempt_like(a->query, source);
	struct endpoint own = like ? evidence_source_of(a->query, like) : (struct endpoint){ 0 };

	return (like && endpoint_same_address(source, &like->client)) ||
	       flows_of_another(a->querier->flows, a->querier->client, &own, local, source);
}

static bool is_untranslated(const struct evidence_query *query, const struct reflector_querier *querier,
			    const struct endpoint *client)
{
	return (!query->relayed && endpoint_same_address(&querier->seen, client)) ||
	       flows_sends_from(querier->flows, querier->client, client);
}

static void read_attempts(const struct evidence_query *query, const struct reflector_querier *querier, int64_t now_ns,
			  struct syns_attempt list[EVIDENCE_ATTEMPTS_MAX])
{
	for (unsigned i = 0; i < query->attempts_len; i++) {
		const struct evidence_attempt *asked = &query->attempts[i];
		bool untranslated = is_untranslated(query, querier, &asked->client);
		list[i] = (struct syns_attempt){
			.client = asked->client,
			.source = untranslated ? asked->client : evidence_source_of(query, asked),
			.untranslated = untranslated,
			.since_ns = now_ns - (int64_t)asked->age_ms * NS_PER_MS - EVIDENCE_COUNTERS_BEFORE_NS,
		};
	}
	for (unsigned i = 0; i < query->names_len; i++) {
		const struct evidence_name *name = &query->names[i];
		if (name->attempt >= query->attempts_len)
			continue;
		list[name->attempt].has_name = true;
		list[name->attempt].value = name->value;
		list[name->attempt].span_ms = name->span_ms < SYNS_SPAN_MAX_MS ? name->span_ms : SYNS_SPAN_MAX_MS;
	}
}

/* Since the start of this server, which the client knows. */
static bool was_all_seen(const struct syn_watch *w, int64_t since_ns)
{
	return tap_lost_ns(w->taps[0]) < since_ns && tap_lost_ns(w->taps[1]) < since_ns;
}

static enum evidence_syn_state state_of(const struct syn_watch *w, const struct syns_attempt *attempt,
					const struct syns_found *found)
{
	if (found->ambiguous)
		return EVIDENCE_SYN_AMBIGUOUS;
	if (found->count > 0)
		return found->accepted ? EVIDENCE_SYN_ACCEPTED : EVIDENCE_SYN_CAME;
	if (!found->complete || !was_all_seen(w, attempt->since_ns))
		return EVIDENCE_SYN_UNKNOWN;
	return found->others ? EVIDENCE_SYN_UNNAMED : EVIDENCE_SYN_ABSENT;
}

static uint16_t short_age_ms(int64_t then_ns, int64_t now_ns)
{
	uint32_t age = age_ms(then_ns, now_ns);

	return age < UINT16_MAX ? (uint16_t)age : UINT16_MAX;
}

static void tell(struct evidence_answer *answer, const struct syns_found *found, int64_t now_ns,
		 struct evidence_syn *out)
{
	struct evidence_origin origin = { found->origin.source, found->origin.local, found->origin.has_mac, { 0 } };

	out->count = found->count < UINT8_MAX ? (uint8_t)found->count : UINT8_MAX;
	memcpy(origin.mac, found->origin.mac, sizeof origin.mac);
	out->origin = evidence_add_origin(answer, &origin);
	out->port = found->origin.source.port;
	out->first_ms = short_age_ms(found->origin.received_ns, now_ns);
	out->newest_ms = short_age_ms(found->newest_ns, now_ns);
}

void syn_watch_collect(struct syn_watch *syn_watch, const struct evidence_query *query,
		       const struct reflector_querier *querier, struct draft *draft)
{
	int64_t now_ns = clock_mono_ns();
	struct syns_attempt attempts[EVIDENCE_ATTEMPTS_MAX];
	struct syns_found found[EVIDENCE_ATTEMPTS_MAX];
	struct asker asker = { querier, query };
	const struct syns_query asked = { attempts, query->attempts_len, querier->client, is_of_another, &asker };

	if (!syn_watch->sees || query->attempts_len == 0)
		return;
	for (unsigned i = 0; i < TAPS; i++)
		tap_drain(syn_watch->taps[i]);
	read_attempts(query, querier, now_ns, attempts);
	syns_find(syn_watch->syns, &asked, now_ns, found);
	for (unsigned i = 0; i < query->attempts_len; i++) {
		struct evidence_syn *out = &draft->answer.syns[draft->answer.syns_len++];
		*out = (struct evidence_syn){ .attempt = (uint8_t)i,
					      .state = state_of(syn_watch, &attempts[i], &found[i]) };
		if (found[i].count == 0 || found[i].ambiguous)
			continue;
		tell(&draft->answer, &found[i], now_ns, out);
		draft->syn_sources[i] = found[i].origin.source;
	}
}
