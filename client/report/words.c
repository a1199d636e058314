#include "client/report/words.h"

#include "client/report/record_name.h"
#include "common/core/ns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MILLI = 3 };

const char *words_direction(const char *direction)
{
	static const char *const words[][2] = {
		{ "forward", "probes were lost on their way to the server" },
		{ "return", "answers were lost on their way back" },
		{ "both", "probes were lost on their way to the server, and answers on their way back" },
		{ "unknown", "probes or their answers were lost; which direction is not known" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i][0], direction) == 0)
			return words[i][1];
	}
	return "";
}

const char *words_when(int64_t from_ns, int64_t until_ns, bool open, char text[WORDS_LEN])
{
	char from[MOMENT_TEXT_LEN], span[MOMENT_SPAN_LEN];

	moment_text(from_ns, MILLI, from);
	moment_span(until_ns - from_ns, span);
	if (open)
		snprintf(text, WORDS_LEN, "since %s, for %s; it had not ended", from, span);
	else
		snprintf(text, WORDS_LEN, "%s, for %s", from, span);
	return text;
}

const char *words_incident(const struct history_incident *incident, char text[WORDS_LEN])
{
	const char *direction = words_direction(incident->status.direction), *cause = incident->status.cause;
	const char *state = strcmp(incident->status.state, "up") == 0 ? "" : incident->status.state;
	bool has_cause = *cause && strcmp(cause, "none") != 0;

	if (strcmp(cause, "unexplained") == 0)
		cause = "no cause was proven";
	snprintf(text, WORDS_LEN, "%s: %s%s%s", *incident->targets ? incident->targets : "?", state,
		 *state && *direction ? "; " : "", direction);
	if (has_cause || (!*direction && !*state)) {
		size_t len = strlen(text);
		snprintf(text + len, WORDS_LEN - len, "%s%s", *direction || *state ? ": " : "",
			 has_cause ? cause : "not as expected");
	}
	return text;
}

const char *words_servers(const struct history_incident *incident, char text[WORDS_LEN])
{
	const char *before = incident->server_before, *after = incident->server_after;

	*text = '\0';
	if (*before && strcmp(before, after) == 0)
		snprintf(text, WORDS_LEN, "%s answered before and after", before);
	else if (*before && *after)
		snprintf(text, WORDS_LEN, "%s answered before, %s after", before, after);
	else if (*before)
		snprintf(text, WORDS_LEN, "%s answered before", before);
	else if (*after)
		snprintf(text, WORDS_LEN, "%s answered after", after);
	return text;
}

static void part(double ms, const char *name, char *text, size_t len)
{
	char span[MOMENT_SPAN_LEN];

	if (isnan(ms))
		snprintf(text, len, "%s not known", name);
	else
		snprintf(text, len, "%s %s", name, moment_span((int64_t)(ms * NS_PER_MS), span));
}

const char *words_move(const struct record *move, char text[WORDS_LEN])
{
	const char *from = *move->before.server ? move->before.server : "nobody";
	const char *to = *move->after.server ? move->after.server : "nobody";
	char gap[RECORD_WORD_LEN * 2], forward[RECORD_WORD_LEN * 2], back[RECORD_WORD_LEN * 2];

	part(move->gap_ms, "gap", gap, sizeof gap);
	part(move->forward_gap_ms, "forward", forward, sizeof forward);
	part(move->return_gap_ms, "return", back, sizeof back);
	if (!*move->after.server)
		snprintf(text, WORDS_LEN, "%s %s: no move; %s answered: %s", move->name.target, move->name.protocol,
			 from, move->result);
	else if (strcmp(from, to) == 0)
		snprintf(text, WORDS_LEN, "%s %s: %s was away and came back, %s (%s, %s): %s", move->name.target,
			 move->name.protocol, from, gap, forward, back, move->result);
	else
		snprintf(text, WORDS_LEN, "%s %s: moved from %s to %s, %s (%s, %s): %s", move->name.target,
			 move->name.protocol, from, to, gap, forward, back, move->result);
	return text;
}

/* Incidents are in the order of their begin. */
int64_t words_incidents_ns(const struct history *history)
{
	int64_t sum = 0, covered_ns = INT64_MIN;

	for (size_t i = 0; i < history->incidents_len; i++) {
		const struct history_incident *incident = &history->incidents[i];
		int64_t from_ns = ns_later(incident->opened_ns, covered_ns);
		sum += ns_later(incident->closed_ns - from_ns, 0);
		covered_ns = ns_later(covered_ns, incident->closed_ns);
	}
	return sum;
}

const char *words_sum(const struct history *history, char text[WORDS_LEN])
{
	const struct history *h = history;
	char sum[MOMENT_SPAN_LEN], longest_text[MOMENT_SPAN_LEN];
	int64_t longest = 0;

	for (size_t i = 0; i < h->incidents_len; i++)
		longest = ns_later(longest, h->incidents[i].closed_ns - h->incidents[i].opened_ns);
	if (h->incidents_len == 0)
		snprintf(text, WORDS_LEN, "no incident");
	else if (h->incidents_len == 1)
		snprintf(text, WORDS_LEN, "1 incident, %s", moment_span(longest, longest_text));
	else
		snprintf(text, WORDS_LEN, "%zu incidents, %s in all, the longest %s", h->incidents_len,
			 moment_span(words_incidents_ns(h), sum), moment_span(longest, longest_text));
	return text;
}

/* -- notes -- */

static bool note_clock(const struct history *h, size_t number, char text[WORDS_LEN])
{
	for (unsigned v = 0; v < h->vantages_len; v++) {
		for (unsigned s = 0; s < h->servers_len; s++) {
			const struct history_clock *c = &h->vantages[v].clocks[s];
			if (!c->known || fabs(c->ahead_ms) <= c->error_ms || number-- > 0)
				continue;
			snprintf(text, WORDS_LEN, "the clock of %s is %.1f ms %s that of %s, give or take %.1f ms%s",
				 h->servers[s], fabs(c->ahead_ms), c->ahead_ms > 0 ? "ahead of" : "behind",
				 h->vantages[v].name, c->error_ms,
				 v == 0 ? "; the times of its journal are corrected by that" : "");
			return true;
		}
	}
	return false;
}

static bool has_windows(const struct history *h)
{
	for (size_t i = 0; i < h->tracks_len; i++) {
		if (h->tracks[i].windows)
			return true;
	}
	return false;
}

static bool has_unknown_clock(const struct history *h)
{
	for (unsigned i = 0; i < h->lanes_len; i++) {
		bool known = false;
		for (unsigned s = 0; s < h->servers_len && h->vantages_len > 0; s++)
			known =
			    known || (strcmp(h->servers[s], h->lanes[i].owner) == 0 && h->vantages[0].clocks[s].known);
		if (h->lanes[i].of_server && !known)
			return true;
	}
	return false;
}

static bool says(bool is, size_t *number)
{
	return is && (*number)-- == 0;
}

const char *words_note(const struct history *history, size_t number, char text[WORDS_LEN])
{
	const struct history *h = history;

	if (says(has_windows(h), &number))
		snprintf(text, WORDS_LEN,
			 "an older version wrote a part of this journal: its records overlap, so their probes are not "
			 "in the sums, and its incidents are derived from the changes of paths");
	else if (says(h->left_out > 0, &number))
		snprintf(text, WORDS_LEN,
			 "%" PRIu64 " records are not in the lists, for which there are limits; sums and pictures of "
			 "paths have them",
			 h->left_out);
	else if (says(h->repeated > 0, &number))
		snprintf(text, WORDS_LEN,
			 "%" PRIu64 " records are of a time that others account for already; they are left out",
			 h->repeated);
	else if (says(h->vantages_len > 1, &number))
		snprintf(text, WORDS_LEN, "each vantage's times are those of its own clock");
	else if (says(has_unknown_clock(h), &number))
		snprintf(
		    text, WORDS_LEN,
		    "the journals do not say how the clocks of vantage and servers differ; the servers' events are "
		    "shown at the times of the servers' clocks");
	else if (!note_clock(h, number, text))
		return NULL;
	return text;
}

const char *words_line(const char *lines, char line[WORDS_LEN])
{
	size_t len;

	if (!lines || !*lines)
		return NULL;
	len = strcspn(lines, "\n");
	snprintf(line, WORDS_LEN, "%.*s", (int)len, lines);
	return lines + len + (lines[len] == '\n');
}
