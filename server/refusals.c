#include "server/refusals.h"

#include "common/config/units.h"
#include "common/system/keyfile.h"
#include "common/system/log.h"
#include "server/reflect/witness.h"

#include <inttypes.h>
#include <stdio.h>

enum { MINUTE_MS = 60000, WHO_LEN = 128 };

static const char *text_of(unsigned reason)
{
	switch (reason) {
	case REFUSALS_TCP_GAVE_WAY:
		return "all TCP connections are in use; one gave way to a new one";
	case REFUSALS_TCP_FULL:
		return "all TCP connections are in use by clients within their share; a new one waits";
	case REFUSALS_FLOW_GAVE_WAY:
		return "the flow table is full; the client with the most flows loses one for a new one";
	case REFUSALS_WITNESS_BUSY:
		return witness_outcome_text(WITNESS_BUSY);
	default:
		return reason < REFUSALS_STAMP ? reflector_outcome_text((enum reflector_outcome)reason)
					       : stamp_outcome_text((enum stamp_outcome)(reason - REFUSALS_STAMP));
	}
}

/* Anybody on the internet can cause the others. */
static bool is_of_a_client(unsigned reason)
{
	return reason != REFLECTOR_DROPPED_MALFORMED && reason != REFLECTOR_DROPPED_STRANGER &&
	       reason != REFLECTOR_DROPPED_BAD_MAC && reason != REFLECTOR_DROPPED_BAD_SIGNATURE &&
	       reason != REFLECTOR_DROPPED_REPLAY &&
	       (reason < REFUSALS_STAMP || reason == REFUSALS_STAMP + STAMP_DROPPED_LIMIT);
}

static struct log_line line_of(unsigned reason)
{
	return (struct log_line){
		.level = is_of_a_client(reason) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		.reason = text_of(reason),
	};
}

static void say_held(struct refusals *r, unsigned reason)
{
	const struct log_line line = line_of(reason);
	const struct endpoint *last = &r->reasons[reason].last;
	bool known = !endpoint_is_unknown(last);
	char address[UNITS_ADDRESS_LEN];

	log_event(&line, "refused: %s: %" PRIu64 " more%s%s", text_of(reason), r->reasons[reason].held,
		  known ? ", the last one from " : "", known ? units_address_text(last->address, address) : "");
	r->reasons[reason].held = 0;
}

static void minute_over(uv_timer_t *timer)
{
	struct refusals *r = timer->data;
	bool any = false;

	for (unsigned i = 0; i < REFUSALS_LEN; i++) {
		r->reasons[i].said = r->reasons[i].held > 0;
		if (r->reasons[i].held > 0)
			say_held(r, i);
		any = any || r->reasons[i].said;
	}
	if (any)
		uv_timer_start(timer, minute_over, MINUTE_MS, 0);
}

void refusals_start(struct refusals *refusals, uv_loop_t *loop)
{
	uv_timer_init(loop, &refusals->timer);
	refusals->timer.data = refusals;
}

void refusals_stop(struct refusals *refusals)
{
	for (unsigned i = 0; i < REFUSALS_LEN; i++) {
		if (refusals->reasons[i].held > 0)
			say_held(refusals, i);
	}
	uv_close((uv_handle_t *)&refusals->timer, NULL);
}

/* Returns whether it is to be said now. */
static bool count(struct refusals *r, unsigned reason, const struct endpoint *source)
{
	if (r->reasons[reason].said) {
		r->reasons[reason].held++;
		r->reasons[reason].last = *source;
		return false;
	}
	r->reasons[reason].said = true;
	if (!uv_is_active((uv_handle_t *)&r->timer))
		uv_timer_start(&r->timer, minute_over, MINUTE_MS, 0);
	return true;
}

/* The client by its name; a stranger by its key, which is what the operator has to add. */
static const char *who(const struct reflector_event *event, char text[WHO_LEN])
{
	char key[KEYFILE_PUBLIC_LEN];

	text[0] = '\0';
	if (event->client) {
		snprintf(text, WHO_LEN, " in the name of %s", event->client);
	} else if (event->key) {
		keyfile_public_text(event->key, key);
		snprintf(text, WHO_LEN, " in the name of %s", key);
	}
	return text;
}

/* whose: " in the name of" somebody, or "". */
static void note(struct refusals *r, unsigned reason, const char *whose, const struct endpoint *source)
{
	const struct log_line line = line_of(reason);
	char address[UNITS_ADDRESS_LEN];

	if (count(r, reason, source))
		log_event(&line, "refused: %s: a request%s from %s port %u", text_of(reason), whose,
			  units_address_text(source->address, address), (unsigned)source->port);
}

void refusals_note(struct refusals *refusals, const struct reflector_event *event)
{
	char text[WHO_LEN];

	if (event->kind == REFLECTOR_EVENT_NEW)
		note(refusals, REFUSALS_FLOW_GAVE_WAY, who(event, text), &event->flow->source);
	else
		note(refusals, event->outcome, who(event, text), &event->source);
}

void refusals_note_packet(struct refusals *refusals, unsigned reason, const struct endpoint *source)
{
	note(refusals, reason, "", source);
}

void refusals_note_full(struct refusals *refusals, const struct endpoint *gave_way)
{
	static const struct endpoint nobody = { .port = 0 };
	unsigned reason = gave_way ? REFUSALS_TCP_GAVE_WAY : REFUSALS_TCP_FULL;
	const struct log_line line = line_of(reason);
	char address[UNITS_ADDRESS_LEN];

	if (!count(refusals, reason, gave_way ? gave_way : &nobody))
		return;
	if (gave_way)
		log_event(&line, "refused: %s: that of %s port %u", text_of(reason),
			  units_address_text(gave_way->address, address), (unsigned)gave_way->port);
	else
		log_event(&line, "refused: %s", text_of(reason));
}
