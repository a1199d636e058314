#include "server/notices.h"

#include "common/config/units.h"
#include "common/system/clock.h"
#include "common/system/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { ID_TEXT_LEN = 17, LINES_AT_ONCE = 10, NOTE_LEN = 64 };
static const int64_t line_interval_ns = 10000000000;

/* An event as text, for both outlets. */
struct words {
	const char *type, *protocol;
	char id[ID_TEXT_LEN], source[UNITS_ADDRESS_LEN], arrived_on[UNITS_ADDRESS_LEN];
};

static struct words words_of(const struct reflector_event *event)
{
	const struct flow *flow = event->flow;
	struct words w = {
		.type = event->kind == REFLECTOR_EVENT_UNHEARD ? "unheard" : "heard",
		.protocol = flow->transport == PACKET_TCP ? "tcp" : "udp",
	};

	snprintf(w.id, sizeof w.id, "%016" PRIx64, flow->id);
	units_address_text(flow->source.address, w.source);
	units_address_text(flow->arrived_on.address, w.arrived_on);
	return w;
}

static json_t *object_of(const struct reflector_event *event, const struct words *w, int64_t real_ns)
{
	const struct flow *flow = event->flow;
	char time[CLOCK_TEXT_LEN];

	return json_pack("{ss ss ss ss ss si ss ss sI sI sI}", "type", w->type, "time", clock_text(real_ns, time),
			 "client", event->client, "flow", w->id, "source", w->source, "port", (int)flow->source.port,
			 "arrived_on", w->arrived_on, "protocol", w->protocol, "received",
			 (json_int_t)flow->receipts.received, "acknowledged", (json_int_t)flow->acknowledged,
			 "unheard_replies", (json_int_t)event->unheard_replies);
}

static void log_words(const struct reflector_event *event, const struct words *w, const char *note)
{
	const struct flow *flow = event->flow;

	if (event->kind == REFLECTOR_EVENT_UNHEARD)
		log_warning("unheard: %s does not hear us on %s: %s flow %s from %s port %u, %u probes received, the "
			    "last %u replies not acknowledged%s",
			    event->client, w->arrived_on, w->protocol, w->id, w->source, (unsigned)flow->source.port,
			    flow->receipts.received, event->unheard_replies, note);
	else
		log_info("heard: %s hears us again on %s: %s flow %s from %s port %u, after %u replies%s",
			 event->client, w->arrived_on, w->protocol, w->id, w->source, (unsigned)flow->source.port,
			 event->unheard_replies, note);
}

void notices_tell(struct notices *notices, const struct reflector_event *event, int64_t real_ns, int64_t mono_ns)
{
	struct words w;
	char note[NOTE_LEN] = "";

	if (event->kind != REFLECTOR_EVENT_UNHEARD && event->kind != REFLECTOR_EVENT_HEARD)
		return;
	w = words_of(event);
	journal_write(notices->journal, object_of(event, &w, real_ns));
	if (!bucket_take(&notices->log, mono_ns, line_interval_ns, LINES_AT_ONCE)) {
		notices->unsaid++;
		return;
	}
	if (notices->unsaid > 0)
		snprintf(note, sizeof note, " (%u such lines left out before)", notices->unsaid);
	notices->unsaid = 0;
	log_words(event, &w, note);
}
