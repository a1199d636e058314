#include "client/evidence/channel.h"

#include <sodium.h>
#include <stdlib.h>

/* -- channels with outstanding queries -- */

static void wait_for(struct channels *channels, struct channel *channel)
{
	if (channel->waiting_at)
		return;
	channel->next_waiting = channels->waiting;
	channel->waiting_at = &channels->waiting;
	if (channel->next_waiting)
		channel->next_waiting->waiting_at = &channel->next_waiting;
	channels->waiting = channel;
}

static void wait_no_more(struct channel *channel)
{
	if (!channel->waiting_at)
		return;
	*channel->waiting_at = channel->next_waiting;
	if (channel->next_waiting)
		channel->next_waiting->waiting_at = channel->waiting_at;
	channel->waiting_at = NULL;
}

/* -- hash table by flow id: it grows, and its entries are allocated one by one, which table.h does not support -- */

static struct channel **bucket_of(const struct channels *channels, uint64_t flow_id)
{
	return &channels->by_flow[flow_id & (channels->by_flow_len - 1)]; /* flow ids are our own random numbers */
}

static void enter_flow(struct channels *channels, struct channel *channel)
{
	struct channel **bucket = bucket_of(channels, channel->prober.flow_id);

	channel->next_of_flow = *bucket;
	*bucket = channel;
}

static void leave_flow(struct channels *channels, struct channel *channel)
{
	struct channel **at = bucket_of(channels, channel->prober.flow_id);

	while (*at != channel)
		at = &(*at)->next_of_flow;
	*at = channel->next_of_flow;
	channels->by_flow_count--;
}

static void enter_flows(struct channels *channels, struct channel *list)
{
	for (; list; list = list->next) {
		if (list->memory)
			enter_flow(channels, list);
	}
}

static bool make_room(struct channels *channels)
{
	size_t len = channels->by_flow_len ? 2 * channels->by_flow_len : 16;
	struct channel **buckets;

	if (channels->by_flow_count < channels->by_flow_len)
		return true;
	buckets = calloc(len, sizeof(struct channel *));
	if (!buckets)
		return false;
	free(channels->by_flow);
	channels->by_flow = buckets;
	channels->by_flow_len = len;
	for (size_t server = 0; server < channels->servers_len; server++) {
		enter_flows(channels, channels->servers[server].direct);
		enter_flows(channels, channels->servers[server].relays);
	}
	return true;
}

struct channel *channels_find_flow(const struct channels *channels, uint64_t flow_id)
{
	struct channel *channel = channels->by_flow_len ? *bucket_of(channels, flow_id) : NULL;

	while (channel && channel->prober.flow_id != flow_id)
		channel = channel->next_of_flow;
	return channel;
}

static bool remember(struct channels *channels, struct channel *channel, int64_t timeout_ns)
{
	uint64_t flow_id;

	if (channel->memory)
		return true;
	if (!make_room(channels) || !(channel->memory = calloc(1, sizeof *channel->memory)))
		return false;
	randombytes_buf(&flow_id, sizeof flow_id);
	randombytes_buf(&channel->inner_flow_id, sizeof channel->inner_flow_id);
	prober_init(&channel->prober, flow_id, timeout_ns, channel->memory->ring, CHANNEL_RING_LEN);
	enter_flow(channels, channel);
	channels->by_flow_count++;
	return true;
}

/* -- adding and removing -- */

bool channels_init(struct channels *channels, size_t servers_len,
		   void (*leaving)(void *context, struct channel *channel), void *context)
{
	*channels = (struct channels){
		.servers_len = servers_len, .leaving = leaving, .context = context, .expire_ns = INT64_MAX
	};
	channels->servers = calloc(servers_len + 1, sizeof *channels->servers);
	return channels->servers != NULL;
}

static void free_channel(struct channels *channels, struct channel *channel)
{
	channels->leaving(channels->context, channel);
	wait_no_more(channel);
	if (channel->memory)
		leave_flow(channels, channel);
	free(channel->memory);
	free(channel);
}

/* Free the channels whose address is no longer current; all: free every channel. */
static void sweep(struct channels *channels, struct channel **list, bool all)
{
	while (*list) {
		struct channel *channel = *list;
		if (channel->current && !all) {
			list = &channel->next;
			continue;
		}
		*list = channel->next;
		free_channel(channels, channel);
	}
}

void channels_free(struct channels *channels)
{
	for (size_t server = 0; channels->servers && server < channels->servers_len; server++) {
		sweep(channels, &channels->servers[server].direct, true);
		sweep(channels, &channels->servers[server].relays, true);
	}
	free(channels->servers);
	free(channels->by_flow);
	*channels = (struct channels){ 0 };
}

static struct channel **find(struct channel **list, int witness, const struct endpoint *endpoint,
			     enum packet_transport transport)
{
	while (*list && ((*list)->witness != witness || (*list)->transport != transport ||
			 !endpoint_same_egress(&(*list)->endpoint, endpoint)))
		list = &(*list)->next;
	return list;
}

/* The channel in this list, made if missing; NULL: no memory. */
static struct channel *enter(struct channel **list, unsigned server, int witness, const struct endpoint *endpoint,
			     enum packet_transport transport)
{
	struct channel **at = find(list, witness, endpoint, transport);

	if (!*at && (*at = calloc(1, sizeof **at))) {
		(*at)->server = server;
		(*at)->witness = witness;
		(*at)->endpoint = *endpoint;
		(*at)->transport = transport;
	}
	if (*at)
		(*at)->current = true;
	return *at;
}

bool channels_add(struct channels *channels, unsigned server, const struct endpoint *endpoint)
{
	struct channel_server *s = &channels->servers[server];
	const struct channel *known = *find(&s->direct, CHANNEL_DIRECT, endpoint, PACKET_TCP);

	if (!known || !known->current) {
		if (s->addresses >= CHANNEL_ADDRESSES_MAX)
			return true;
		s->addresses++;
	}
	return enter(&s->direct, server, CHANNEL_DIRECT, endpoint, PACKET_UDP) &&
	       enter(&s->direct, server, CHANNEL_DIRECT, endpoint, PACKET_TCP);
}

struct channel *channels_relay(struct channels *channels, unsigned server, const struct channel *through)
{
	return enter(&channels->servers[server].relays, server, (int)through->server, &through->endpoint,
		     through->transport);
}

void channels_drop(struct channels *channels, struct channel *channel)
{
	struct channel_server *s = &channels->servers[channel->server];
	struct channel **at = find(channel->witness == CHANNEL_DIRECT ? &s->direct : &s->relays, channel->witness,
				   &channel->endpoint, channel->transport);

	*at = channel->next;
	free_channel(channels, channel);
}

void channels_begin(struct channels *channels)
{
	for (size_t server = 0; server < channels->servers_len; server++) {
		channels->servers[server].addresses = 0;
		for (struct channel *channel = channels->servers[server].direct; channel; channel = channel->next)
			channel->current = false;
	}
}

void channels_settle(struct channels *channels)
{
	for (size_t server = 0; server < channels->servers_len; server++)
		sweep(channels, &channels->servers[server].direct, false);
	for (size_t server = 0; server < channels->servers_len; server++) {
		for (struct channel *channel = channels->servers[server].relays; channel; channel = channel->next)
			channel->current = *find(&channels->servers[channel->witness].direct, CHANNEL_DIRECT,
						 &channel->endpoint, channel->transport);
		sweep(channels, &channels->servers[server].relays, false);
	}
}

/* -- outcomes of queries -- */

bool channels_ask(struct channels *channels, struct channel *channel, int64_t timeout_ns, int64_t now_ns)
{
	if (!remember(channels, channel, timeout_ns))
		return false;
	wait_for(channels, channel);
	if (now_ns + timeout_ns < channels->expire_ns)
		channels->expire_ns = now_ns + timeout_ns;
	liveness_asked(&channel->liveness, channel->witness != CHANNEL_DIRECT, now_ns);
	return true;
}

static int64_t witness_heard_ns(const struct channels *channels, const struct channel *channel)
{
	return channel->witness == CHANNEL_DIRECT ? 0 : channels->servers[channel->witness].heard_ns;
}

int64_t channels_expire(struct channels *channels, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (now_ns < channels->expire_ns)
		return channels->expire_ns;
	for (struct channel *channel = channels->waiting, *next; channel; channel = next) {
		uint32_t from = channel->prober.waiting_from;
		bool lapsed = prober_expire(&channel->prober, now_ns) > 0;
		int64_t deadline_ns = prober_next_deadline(&channel->prober);
		next = channel->next_waiting;
		channels->servers[channel->server].lapsed = channels->servers[channel->server].lapsed || lapsed;
		channels->lapsed = channels->lapsed || lapsed;
		for (uint32_t seq = from; seq < channel->prober.waiting_from; seq++) {
			const struct prober_record *r = prober_record(&channel->prober, seq);
			if (r->outcome == PROBER_LOST)
				liveness_timed_out(&channel->liveness, witness_heard_ns(channels, channel), r->sent_ns);
		}
		if (deadline_ns == INT64_MAX)
			wait_no_more(channel);
		next_ns = deadline_ns < next_ns ? deadline_ns : next_ns;
	}
	channels->expire_ns = next_ns;
	return next_ns;
}

void channel_failed(struct channel *channel, uint32_t seq, bool refused)
{
	if (!channel->memory || prober_settle(&channel->prober, seq, PROBER_REFUSED) != PROBER_REFUSED)
		return;                                          /* unknown or already answered */
	refused = refused && channel->witness == CHANNEL_DIRECT; /* a witness's refusal says nothing about the server */
	liveness_failed(&channel->liveness, refused, prober_record(&channel->prober, seq)->sent_ns);
}

void channel_unsent(struct channel *channel, uint32_t seq)
{
	if (channel->memory && prober_settle(&channel->prober, seq, PROBER_UNSENT) == PROBER_UNSENT)
		liveness_unsent(&channel->liveness, prober_record(&channel->prober, seq)->sent_ns);
}

/* -- liveness -- */

bool channel_is_alive(const struct channel *channel, const struct paths *paths)
{
	if (channel->liveness.answered)
		return true;
	for (const struct path *p = paths_at(paths, &channel->endpoint, channel->transport); p; p = p->next_there) {
		struct prober_tally tally;
		prober_tally(&p->prober, 1, &tally);
		if (p->endpoint.egress == channel->endpoint.egress && tally.answered &&
		    tally.answered_ns > channel->liveness.asked_ns &&
		    path_server_of_number(p, tally.server) == (int)channel->server)
			return true;
	}
	return false;
}

struct channel *channels_first_alive(const struct channels *channels, unsigned server, const struct paths *paths)
{
	struct channel *channel = channels->servers[server].direct;

	while (channel && !channel_is_alive(channel, paths))
		channel = channel->next;
	return channel;
}

/* Could nothing be sent to this channel's address, over any protocol? It then says nothing of the server. */
static bool is_out_of_reach(const struct channel_server *s, const struct channel *channel)
{
	for (const struct channel *other = s->direct; other; other = other->next) {
		if (endpoint_same_address(&other->endpoint, &channel->endpoint) && !other->liveness.unsent)
			return false;
	}
	return true;
}

enum liveness channels_liveness(const struct channels *channels, unsigned server, int64_t since_ns,
				unsigned witness_rounds)
{
	const struct channel_server *s = &channels->servers[server];
	enum liveness liveness = LIVENESS_SILENT;
	bool agreed = false;

	for (const struct channel *channel = s->direct; channel; channel = channel->next) {
		if (is_out_of_reach(s, channel))
			continue;
		liveness = liveness_of_both(liveness, liveness_of_channel(&channel->liveness, since_ns));
		agreed = true;
	}
	for (const struct channel *channel = s->relays; channel && agreed; channel = channel->next)
		agreed = liveness_witness_agrees(&channel->liveness, since_ns, witness_rounds);
	return liveness == LIVENESS_SILENT && !agreed ? LIVENESS_UNKNOWN : liveness;
}

bool channels_silence_is_proof(const struct channels *channels, unsigned server, bool answers_may_be_dropped,
			       int64_t since_ns)
{
	const struct channel_server *s = &channels->servers[server];
	const struct channel *one = NULL;
	bool proof = false;

	for (const struct channel *channel = s->direct; channel && !proof && !answers_may_be_dropped;
	     channel = channel->next) {
		if (is_out_of_reach(s, channel))
			continue;
		proof = one && !endpoint_same_address(&channel->endpoint, &one->endpoint);
		one = channel;
	}
	for (const struct channel *channel = s->relays; channel && !proof; channel = channel->next)
		proof = channel->liveness.asked_ns >= since_ns;
	return proof;
}

const struct channel *channels_reported_silent(const struct channels *channels, unsigned server, int64_t since_ns)
{
	const struct channel *channel = channels->servers[server].relays;

	while (channel && !(channel->liveness.reported_silent &&
			    liveness_of_channel(&channel->liveness, since_ns) == LIVENESS_SILENT))
		channel = channel->next;
	return channel;
}
