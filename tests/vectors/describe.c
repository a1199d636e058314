#include "tests/vectors/describe.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

json_t *describe_hex(const uint8_t *octets, size_t len)
{
	char text[2 * 4096 + 1] = "";

	assert(len <= sizeof text / 2);
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	return json_string(text);
}

static json_t *describe_u64(uint64_t v)
{
	return json_sprintf("%016" PRIx64, v);
}

static json_t *describe_address(const struct endpoint *endpoint)
{
	bool v4 = endpoint_is_v4(endpoint);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, endpoint->address + (v4 ? sizeof endpoint_v4_prefix : 0), text, sizeof text);
	return json_string(text);
}

static json_t *describe_endpoint(const struct endpoint *endpoint)
{
	return json_pack("{s:o, s:i}", "address", describe_address(endpoint), "port", endpoint->port);
}

static json_t *describe_bitmap(const uint64_t bitmap[4])
{
	json_t *list = json_array();

	for (unsigned i = 0; i < 4; i++)
		json_array_append_new(list, describe_u64(bitmap[i]));
	return list;
}

static json_t *describe_receipts(const struct receipts *r)
{
	return json_pack("{s:I, s:I, s:I, s:i, s:i, s:o}", "first", (json_int_t)r->first, "newest",
			 (json_int_t)r->newest, "received", (json_int_t)r->received, "duplicates", r->duplicates,
			 "late", r->late, "bitmap", describe_bitmap(r->bitmap));
}

json_t *describe_fault(enum packet_fault fault)
{
	static const char *const names[] = {
#define X(name, text) #name,
		PACKET_FAULTS(X)
#undef X
	};
	return json_string(names[fault]);
}

json_t *describe_request(const struct packet_request *request)
{
	json_t *heard = json_pack("{s:I, s:I, s:o}", "newest", (json_int_t)request->heard.newest, "count",
				  (json_int_t)request->heard.count, "bitmap", describe_bitmap(request->heard.bitmap));

	return json_pack("{s:i, s:I, s:I, s:i, s:o, s:o, s:o, s:i, s:o, s:I, s:i}", "role", request->role, "seq",
			 (json_int_t)request->seq, "sent_ns", (json_int_t)request->sent_ns, "flags", request->flags,
			 "flow_id", describe_u64(request->flow_id), "client_key",
			 describe_hex(request->client_key, WIRE_KEY_LEN), "destination",
			 describe_endpoint(&request->destination), "transport", request->transport, "heard", heard,
			 "token", (json_int_t)request->token, "slots", request->slots);
}

json_t *describe_reply(const struct packet_reply *reply)
{
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:i}",
			 "role", reply->role, "seq", (json_int_t)reply->seq, "sent_ns", (json_int_t)reply->sent_ns,
			 "received_ns", (json_int_t)reply->received_ns, "replied_ns", (json_int_t)reply->replied_ns,
			 "ttl", reply->ttl, "tos", reply->tos, "status", reply->status, "flags", reply->flags,
			 "flow_id", describe_u64(reply->flow_id), "boot_id", describe_u64(reply->boot_id), "token",
			 (json_int_t)reply->token, "server_key", describe_hex(reply->server_key, WIRE_KEY_LEN),
			 "arrived_on", describe_endpoint(&reply->arrived_on), "seen_source",
			 describe_endpoint(&reply->seen_source), "receipts", describe_receipts(&reply->receipts),
			 "slots", reply->slots);
}

static json_t *describe_place(const struct evidence_place *place)
{
	return json_pack("{s:o, s:i}", "endpoint", describe_endpoint(&place->endpoint), "transport", place->transport);
}

static json_t *describe_arrival(const struct evidence_arrival *a)
{
	return json_pack("{s:o, s:I}", "place", describe_place(&a->place), "idle_ms", (json_int_t)a->idle_ms);
}

static json_t *describe_name(const struct evidence_name *n)
{
	return json_pack("{s:i, s:I, s:i}", "attempt", n->attempt, "value", (json_int_t)n->value, "span_ms",
			 n->span_ms);
}

static json_t *describe_translation(const struct evidence_translation *t)
{
	return json_pack("{s:o, s:o, s:b}", "own", describe_address(&t->own), "outside", describe_address(&t->outside),
			 "keeps_ports", t->keeps_ports);
}

json_t *describe_query(const struct evidence_query *query)
{
	json_t *flows = json_array(), *attempts = json_array(), *places = json_array(), *addresses = json_array();
	json_t *names = json_array(), *translations = json_array();

	for (unsigned i = 0; i < query->flows_len; i++)
		json_array_append_new(flows, describe_u64(query->flows[i]));
	for (unsigned i = 0; i < query->attempts_len; i++) {
		const struct evidence_attempt *attempt = &query->attempts[i];

		json_array_append_new(attempts,
				      json_pack("{s:o, s:I, s:I}", "client", describe_endpoint(&attempt->client),
						"age_ms", (json_int_t)attempt->age_ms, "id", (json_int_t)attempt->id));
	}
	for (unsigned i = 0; i < query->places_len; i++)
		json_array_append_new(places, describe_place(&query->places[i]));
	for (unsigned i = 0; i < query->addresses_len; i++)
		json_array_append_new(addresses, describe_address(&query->addresses[i]));
	for (unsigned i = 0; i < query->names_len; i++)
		json_array_append_new(names, describe_name(&query->names[i]));
	for (unsigned i = 0; i < query->translations_len; i++)
		json_array_append_new(translations, describe_translation(&query->translations[i]));
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "relayed", query->relayed, "own_mac",
			 query->has_macs ? describe_hex(query->own_mac, sizeof query->own_mac) : json_null(),
			 "server_mac",
			 query->has_macs ? describe_hex(query->server_mac, sizeof query->server_mac) : json_null(),
			 "own_address", describe_address(&query->own_address), "flows", flows, "attempts", attempts,
			 "places", places, "addresses", addresses, "names", names, "translations", translations);
}

/* As far as evidence has them. */
static json_t *describe_window(const struct receipts *r)
{
	return json_pack("{s:I, s:I, s:I, s:o}", "first", (json_int_t)r->first, "newest", (json_int_t)r->newest,
			 "received", (json_int_t)r->received, "bitmap", describe_bitmap(r->bitmap));
}

static json_t *describe_flow(const struct evidence_flow *flow)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:I}", "id", describe_u64(flow->id), "known", flow->known,
			 "receipts", describe_window(&flow->receipts), "arrived_on",
			 describe_address(&flow->arrived_on), "source", describe_address(&flow->source), "idle_ms",
			 (json_int_t)flow->idle_ms);
}

static json_t *describe_attempt(const struct evidence_attempt_answer *attempt)
{
	return json_pack("{s:i, s:i, s:i, s:i}", "id", attempt->id, "status", attempt->status, "origin",
			 attempt->origin, "age_ms", attempt->age_ms);
}

static json_t *describe_syn(const struct evidence_syn *s)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "attempt", s->attempt, "state", s->state, "count",
			 s->count, "origin", s->origin, "port", s->port, "first_ms", s->first_ms, "newest_ms",
			 s->newest_ms);
}

static json_t *describe_origin(const struct evidence_origin *o)
{
	return json_pack("{s:o, s:o, s:o}", "source", describe_address(&o->source), "local",
			 describe_address(&o->local), "mac",
			 o->has_mac ? describe_hex(o->mac, sizeof o->mac) : json_null());
}

static json_t *describe_neighbour(const struct evidence_neighbour *n)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:b, s:i, s:I, s:I, s:s}", "client",
			 describe_address(&n->client), "local", describe_address(&n->local), "next_hop",
			 describe_address(&n->next_hop), "entry_mac", describe_hex(n->entry_mac, sizeof n->entry_mac),
			 "frame_mac", describe_hex(n->frame_mac, sizeof n->frame_mac), "state", n->state, "repaired",
			 n->repaired, "asked", n->asked, "since_ms", (json_int_t)n->since_ms, "healed_ms",
			 (json_int_t)n->healed_ms, "interface", n->interface);
}

static json_t *describe_frames(const struct evidence_frames *f)
{
	return json_pack("{s:o, s:o, s:i, s:I, s:I}", "client", describe_address(&f->client), "local",
			 describe_address(&f->local), "transport", f->transport, "idle_ms", (json_int_t)f->idle_ms,
			 "heard_ms", (json_int_t)f->heard_ms);
}

static json_t *describe_conflict(const struct evidence_conflict *c)
{
	return json_pack("{s:o, s:o, s:I, s:I}", "address", describe_address(&c->address), "mac",
			 describe_hex(c->mac, sizeof c->mac), "count", (json_int_t)c->count, "idle_ms",
			 (json_int_t)c->idle_ms);
}

static json_t *describe_twin(const struct evidence_twin *twin)
{
	return json_pack("{s:o, s:I, s:o}", "flow", describe_u64(twin->flow), "seq", (json_int_t)twin->seq, "source",
			 describe_address(&twin->source));
}

static json_t *describe_mac(const struct evidence_mac *mac)
{
	return describe_hex(mac->octets, sizeof mac->octets);
}

static json_t *describe_holding(const struct evidence_holding *h)
{
	return json_pack("{s:o, s:i, s:s, s:i, s:o, s:b, s:b, s:I, s:o, s:I}", "address", describe_address(&h->address),
			 "state", h->state, "interface", h->interface, "link_answer", h->link_answer, "mac",
			 describe_hex(h->mac, sizeof h->mac), "forwards", h->forwards, "routes", h->routes, "heard_ms",
			 (json_int_t)h->heard_ms, "arrived_on", describe_address(&h->arrived_on), "absent_ms",
			 (json_int_t)h->absent_ms);
}

static json_t *describe_counter(const struct evidence_counter *c)
{
	return json_pack("{s:i, s:I}", "kind", (int)c->kind, "value", (json_int_t)c->value);
}

static json_t *describe_capture(const struct evidence_capture *c)
{
	return json_pack("{s:o, s:I, s:o}", "flow", describe_u64(c->flow), "newest", (json_int_t)c->newest, "bitmap",
			 describe_u64(c->bitmap));
}

static json_t *describe_return_route(const struct evidence_return_route *w)
{
	return json_pack("{s:o, s:o, s:i, s:i, s:i, s:o, s:i, s:o, s:s, s:i}", "client", describe_address(&w->client),
			 "local", describe_address(&w->local), "count", w->count, "idle_ms", w->idle_ms, "error",
			 w->error, "reporter", describe_address(&w->reporter), "no_route", w->no_route, "gateway",
			 describe_address(&w->gateway), "interface", w->interface, "neighbour_state",
			 w->neighbour_state);
}

static void describe_lists(const struct evidence_answer *answer, json_t *object)
{
#define LIST(name, describe)                                                                                           \
	do {                                                                                                           \
		json_t *list = json_array();                                                                           \
		for (unsigned i = 0; i < answer->name##_len; i++)                                                      \
			json_array_append_new(list, describe(&answer->name[i]));                                       \
		json_object_set_new(object, #name, list);                                                              \
	} while (0)
	LIST(flows, describe_flow);
	LIST(attempts, describe_attempt);
	LIST(syns, describe_syn);
	LIST(origins, describe_origin);
	LIST(holdings, describe_holding);
	LIST(neighbours, describe_neighbour);
	LIST(frames, describe_frames);
	LIST(conflicts, describe_conflict);
	LIST(addresses, describe_address);
	LIST(twins, describe_twin);
	LIST(arrivals, describe_arrival);
	LIST(macs, describe_mac);
	LIST(captures, describe_capture);
	LIST(counters, describe_counter);
	LIST(return_routes, describe_return_route);
#undef LIST
}

json_t *describe_answer(const struct evidence_answer *answer)
{
	json_t *object = json_pack(
	    "{s:b, s:b, s:b, s:i, s:o, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "truncated", answer->truncated,
	    "listens_udp", answer->listens_udp, "listens_tcp", answer->listens_tcp, "port", (int)answer->port,
	    "boot_id", describe_u64(answer->boot_id), "uptime_ms", (json_int_t)answer->uptime_ms, "evicted_ms",
	    describe_u64(answer->evicted_ms), "socket_drops", (json_int_t)answer->socket_drops, "accept_overflows",
	    (json_int_t)answer->accept_overflows, "datagrams_full", (json_int_t)answer->datagrams_full, "datagrams_bad",
	    (json_int_t)answer->datagrams_bad, "segments_bad", (json_int_t)answer->segments_bad, "unread_ms",
	    (json_int_t)answer->unread_ms, "querier", describe_endpoint(&answer->querier));

	describe_lists(answer, object);
	return object;
}
