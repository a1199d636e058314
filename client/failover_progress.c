#include "client/failover_progress.h"

#include "common/core/ns.h"

#include <stdio.h>

static double seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

static int say_who_answers(const struct failover_progress *s, char *text, size_t len)
{
	if (!s->holder)
		return snprintf(text, len, "nobody has answered yet");
	if (s->flows > 0 && s->silent == s->flows)
		return snprintf(text, len, "no answers for %.1f s, the last one was of %.64s", seconds(s->silent_ns),
				s->holder);
	if (s->silent > 0)
		return snprintf(text, len, "%.64s answers, but %u of %u flows get no answers", s->holder, s->silent,
				s->flows);
	if (s->moved && s->sole)
		return snprintf(text, len, "%.64s is back, for %.1f s; it has to be steady for %.1f s", s->holder,
				seconds(s->steady_ns), seconds(s->settle_ns));
	if (s->moved)
		return snprintf(text, len, "%.64s answers now, for %.1f s; it has to be steady for %.1f s", s->holder,
				seconds(s->steady_ns), seconds(s->settle_ns));
	return snprintf(text, len, "%.64s still answers", s->holder);
}

static void say_moving(const struct failover_progress *s, char *text, size_t len)
{
	int n = 0;

	if (!s->moved)
		n = snprintf(text, len, "%s: ",
			     s->command_runs  ? "the command runs"
			     : s->has_command ? "the command has ended"
			     : s->sole        ? "interrupt it now"
					      : "make the move now");
	n += say_who_answers(s, text + n, len - (size_t)n);
	if (!s->moved)
		snprintf(text + n, len - (size_t)n, " (%.0f of at most %.0f s)", seconds(s->waited_ns),
			 seconds(s->for_ns));
}

const char *failover_progress_text(const struct failover_progress *progress, char text[FAILOVER_PROGRESS_LEN])
{
	int n = progress->rounds > 1
		    ? snprintf(text, FAILOVER_PROGRESS_LEN, "move %u of %u: ", progress->round, progress->rounds)
		    : 0;
	char *rest = text + n;
	size_t len = FAILOVER_PROGRESS_LEN - (size_t)n;

	switch (progress->phase) {
	case FAILOVER_RESOLVING:
		snprintf(rest, len, "resolving %.253s", progress->name);
		break;
	case FAILOVER_BASELINE:
		n = snprintf(rest, len, "before the move: ");
		say_who_answers(progress, rest + n, len - (size_t)n);
		break;
	case FAILOVER_MOVING:
		say_moving(progress, rest, len);
		break;
	case FAILOVER_DRAINING:
		snprintf(rest, len, "waiting for the last answers");
		break;
	default:
		if (progress->asked)
			snprintf(rest, len, "asking about the losses: %.256s", progress->asked);
		else
			snprintf(rest, len, "asking the servers which of them has the address");
	}
	return text;
}
