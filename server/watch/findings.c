#include "server/watch/findings.h"

#include "common/config/units.h"
#include "common/core/ns.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { JOURNAL_LINES_AT_ONCE = 200, SENTENCE_LEN = 512, ID_TEXT_LEN = 17 };
static const int64_t journal_interval_ns = NS_PER_S;

const char *findings_kind_text(enum findings_kind kind)
{
	static const char *const texts[] = {
#define X(name, text) text,
		FINDINGS_KINDS(X)
#undef X
	};
	return texts[kind];
}

static bool is_of_a_flow(enum findings_kind kind)
{
	return kind == FINDINGS_UNHEARD || kind == FINDINGS_HEARD;
}

static json_t *new_line(const struct findings *f, const char *type, json_t *details)
{
	char time[CLOCK_TEXT_LEN];
	json_t *line =
	    json_pack("{ss ss ss}", "type", type, "time", clock_text(clock_real_ns(), time), "server", f->server);

	json_object_update_new(line, details);
	return line;
}

void findings_note(struct findings *f, const char *type, json_t *details)
{
	journal_write(f->journal, new_line(f, type, details));
}

/* The reflector has limited those of flows, for each client. */
static bool may_write(struct findings *f, enum findings_kind kind)
{
	return is_of_a_flow(kind) ||
	       bucket_take(&f->kinds[kind].journal, clock_mono_ns(), journal_interval_ns, JOURNAL_LINES_AT_ONCE);
}

static void write_journal(struct findings *f, enum findings_kind kind, json_t *line)
{
	uint64_t *unwritten = &f->kinds[kind].unwritten;

	if (!may_write(f, kind)) {
		++*unwritten;
		f->kinds[kind].left_out++;
		json_decref(line);
		return;
	}
	if (!is_of_a_flow(kind) && *unwritten > 0) {
		json_object_set_new(line, "left_out", json_integer((json_int_t)*unwritten));
		*unwritten = 0;
	}
	journal_write(f->journal, line);
}

static void note_left_out(struct findings *f, enum findings_kind kind, const char *client, uint64_t left_out)
{
	findings_note(f, "left-out",
		      json_pack("{ss ss? sI}", "of", findings_kind_text(kind), "client", client, "left_out",
				(json_int_t)left_out));
}

void findings_end(struct findings *f)
{
	for (unsigned i = 0; i < FINDINGS_KINDS_LEN; i++) {
		if (f->kinds[i].unwritten > 0)
			note_left_out(f, (enum findings_kind)i, NULL, f->kinds[i].unwritten);
		f->kinds[i].unwritten = 0;
	}
}

static enum log_level level_of(enum findings_kind kind)
{
	bool good = kind == FINDINGS_HEARD || kind == FINDINGS_NEIGHBOUR || kind == FINDINGS_HEALED;

	return good ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;
}

void findings_tell(struct findings *findings, enum findings_kind kind, json_t *details, const char *format, ...)
{
	json_t *line = new_line(findings, findings_kind_text(kind), details);
	char sentence[SENTENCE_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	findings->kinds[kind].count++;
	log_event(&(struct log_line){ .level = level_of(kind), .reason = findings_kind_text(kind), .fields = line },
		  "%s", sentence);
	write_journal(findings, kind, line);
}

/* A flow as text, for journal and log. */
struct flow_words {
	const char *protocol;
	char id[ID_TEXT_LEN], source[UNITS_ADDRESS_LEN], arrived_on[UNITS_ADDRESS_LEN];
};

static struct flow_words words_of(const struct flow *flow)
{
	struct flow_words w = { .protocol = flow->transport == PACKET_TCP ? "tcp" : "udp" };

	snprintf(w.id, sizeof w.id, "%016" PRIx64, flow->id);
	units_address_text(flow->source.address, w.source);
	units_address_text(flow->arrived_on.address, w.arrived_on);
	return w;
}

/* Events of flows are held back without being put into words. UNHEARD stands for both kinds: their number is said for
 * both together. */
static void hold_back(struct findings *f, enum findings_kind kind)
{
	f->kinds[kind].count++;
	f->kinds[kind].left_out++;
	f->kinds[FINDINGS_UNHEARD].unwritten++;
}

static void said(struct findings *f, uint64_t left_out)
{
	uint64_t *unwritten = &f->kinds[FINDINGS_UNHEARD].unwritten;

	*unwritten -= left_out < *unwritten ? left_out : *unwritten;
}

static void tell_left_out(struct findings *f, const struct reflector_event *event)
{
	note_left_out(f, FINDINGS_UNHEARD, event->client, event->left_out);
	said(f, event->left_out);
}

void findings_tell_event(struct findings *findings, const struct reflector_event *event)
{
	enum findings_kind kind = event->kind == REFLECTOR_EVENT_HEARD ? FINDINGS_HEARD : FINDINGS_UNHEARD;
	const struct flow *flow = event->flow;
	struct flow_words w;
	json_t *details;

	if (event->kind == REFLECTOR_EVENT_LEFT_OUT)
		tell_left_out(findings, event);
	if (event->kind != REFLECTOR_EVENT_UNHEARD && event->kind != REFLECTOR_EVENT_HEARD)
		return;
	if (event->held_back) {
		hold_back(findings, kind);
		return;
	}
	w = words_of(flow);
	details = json_pack("{ss ss ss si ss ss sI sI sI}", "client", event->client, "flow", w.id, "source", w.source,
			    "port", (int)flow->source.port, "arrived_on", w.arrived_on, "protocol", w.protocol,
			    "received", (json_int_t)flow->receipts.received, "acknowledged",
			    (json_int_t)flow->acknowledged, "unheard_replies", (json_int_t)event->unheard_replies);
	if (event->left_out > 0)
		json_object_set_new(details, "left_out", json_integer((json_int_t)event->left_out));
	said(findings, event->left_out);
	if (event->kind == REFLECTOR_EVENT_UNHEARD)
		findings_tell(findings, FINDINGS_UNHEARD, details,
			      "unheard: %s does not receive the replies from %s: %s flow %s from %s port %u, %u probes "
			      "received, the last %u replies not acknowledged",
			      event->client, w.arrived_on, w.protocol, w.id, w.source, (unsigned)flow->source.port,
			      flow->receipts.received, event->unheard_replies);
	else
		findings_tell(
		    findings, FINDINGS_HEARD, details,
		    "heard: %s receives the replies from %s again: %s flow %s from %s port %u, after %u replies",
		    event->client, w.arrived_on, w.protocol, w.id, w.source, (unsigned)flow->source.port,
		    event->unheard_replies);
}
