#include "client/failover/connection.h"

#include "common/core/thresholds.h"

const char *connection_fate_word(enum connection_fate fate)
{
	static const char *const words[] = {
		[CONNECTION_NONE] = "none",     [CONNECTION_KEPT] = "kept", [CONNECTION_RESET] = "reset",
		[CONNECTION_CLOSED] = "closed", [CONNECTION_HUNG] = "hung",
	};

	return words[fate];
}

void connection_init(struct connection *c)
{
	*c = (struct connection){ .server = -1 };
}

void connection_asked(struct connection *c, int64_t now_ns)
{
	c->asked_ns = now_ns;
}

static void note_wait(struct connection *c, int64_t now_ns)
{
	if (c->asked_ns && now_ns - c->asked_ns > c->stalled_ns) {
		c->stalled_ns = now_ns - c->asked_ns;
		c->stall_from_ns = c->asked_ns;
	}
	c->asked_ns = 0;
}

void connection_answered(struct connection *c, int server, int64_t now_ns)
{
	note_wait(c, now_ns);
	c->server = server;
	c->answers++;
}

void connection_ended(struct connection *c, bool reset, int64_t now_ns)
{
	note_wait(c, now_ns);
	c->ended_ns = now_ns;
	c->reset = reset;
}

enum connection_fate connection_fate(const struct connection *c, int64_t now_ns)
{
	if (c->answers == 0)
		return CONNECTION_NONE;
	if (c->ended_ns)
		return c->reset ? CONNECTION_RESET : CONNECTION_CLOSED;
	return c->asked_ns && now_ns - c->asked_ns > CONNECTION_HUNG_NS ? CONNECTION_HUNG : CONNECTION_KEPT;
}

int64_t connection_stalled_ns(const struct connection *c, int64_t now_ns)
{
	int64_t waiting_ns = c->asked_ns ? now_ns - c->asked_ns : 0;

	return waiting_ns > c->stalled_ns ? waiting_ns : c->stalled_ns;
}
