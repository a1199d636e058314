#include "client/evidence/turns.h"

#include "common/core/ns.h"

#include <stdlib.h>

static const int64_t turn_ns = 500 * NS_PER_US; /* from one turn to the next, after a burst */

enum { TURN_PACKETS = 8 };

bool turns_init(struct turns *turns, size_t servers_len, int64_t rest_ns)
{
	*turns = (struct turns){ .servers_len = servers_len, .rest_ns = rest_ns };
	turns->servers = calloc(servers_len + 1, sizeof *turns->servers);
	turns->ready.list = calloc(servers_len + 1, sizeof *turns->ready.list);
	turns->resting.list = calloc(servers_len + 1, sizeof *turns->resting.list);
	return turns->servers && turns->ready.list && turns->resting.list;
}

void turns_free(struct turns *turns)
{
	free(turns->servers);
	free(turns->ready.list);
	free(turns->resting.list);
}

bool turns_is_idle(const struct turns *turns, unsigned server)
{
	return turns->servers[server].place == TURNS_IDLE;
}

static void put(const struct turns *turns, struct turns_queue *queue, unsigned server)
{
	turns->servers[server].place = queue == &turns->ready ? TURNS_READY : TURNS_RESTING;
	queue->list[(queue->from + queue->len++) % turns->servers_len] = server;
}

static unsigned take(const struct turns *turns, struct turns_queue *queue)
{
	unsigned server = queue->list[queue->from];

	queue->from = (queue->from + 1) % turns->servers_len;
	queue->len--;
	turns->servers[server].place = TURNS_IDLE;
	return server;
}

void turns_wait(struct turns *turns, unsigned server)
{
	if (turns_is_idle(turns, server))
		put(turns, &turns->ready, server);
}

void turns_ask(struct turns *turns, unsigned server, int64_t now_ns)
{
	turns->servers[server].asked_ns = now_ns;
	put(turns, &turns->resting, server);
}

int64_t turns_rested_ns(const struct turns *turns)
{
	const struct turns_queue *resting = &turns->resting;

	return resting->len ? turns->servers[resting->list[resting->from]].asked_ns + turns->rest_ns : INT64_MAX;
}

int turns_next(struct turns *turns, int64_t now_ns, bool (*is_wanted)(const void *context, unsigned server),
	       const void *context, int64_t *due_ns)
{
	while (turns_rested_ns(turns) <= now_ns)
		put(turns, &turns->ready, take(turns, &turns->resting));
	while (turns->ready.len) {
		unsigned server = turns->ready.list[turns->ready.from];
		bool wanted = is_wanted(context, server);
		*due_ns = now_ns + turn_ns;
		if (wanted && !bucket_take(&turns->bucket, now_ns, turn_ns, TURNS_BURST))
			return -1;
		take(turns, &turns->ready);
		if (!wanted)
			continue;
		turns_ask(turns, server, now_ns);
		return (int)server;
	}
	*due_ns = turns_rested_ns(turns);
	return -1;
}

void turns_sent(struct turns *turns, unsigned packets)
{
	turns->bucket.empty_until_ns += packets / TURN_PACKETS * turn_ns;
}
