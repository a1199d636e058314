#include "client/live/feed.h"

#include "client/output/output_formats.h"
#include "client/verdict/assess.h"
#include "client/verdict/path_status.h"
#include "client/verdict/threshold.h"
#include "common/core/thresholds.h"
#include "common/system/clock.h"

#include <stdio.h>
#include <string.h>

enum { RTT_WINDOW = 64 };

static void copy(char *to, size_t len, const char *text)
{
	snprintf(to, len, "%s", text ? text : "");
}

static void feed_rtt(struct model_path *to, const struct path *p)
{
	uint32_t scratch[RTT_WINDOW], window = p->prober.ring_len < RTT_WINDOW ? p->prober.ring_len : RTT_WINDOW;
	struct prober_rtt rtt;

	to->rtt_ms = prober_rtt(&p->prober, window, scratch, &rtt) ? rtt.median_ms : -1;
}

/* Names, answers and the strip of one path. */
static void feed_path(struct model_path *to, const struct engine *engine, const struct path *p)
{
	const struct result_path_name name = result_name(engine->config, p);
	char address[UNITS_ADDRESS_LEN];

	copy(to->target, sizeof to->target, name.target);
	copy(to->host, sizeof to->host, name.host);
	output_path_words(&name, to->label);
	result_address(&p->endpoint, address);
	copy(to->address, sizeof to->address, *address ? address : "(no address)");
	to->is.kind = p->kind;
	to->is.nameless = endpoint_is_unknown(&p->endpoint);
	to->is.expect_unreachable = name.expect_unreachable;
	feed_rtt(to, p);
	strip_read(&p->prober, 1, &to->strip);
}

static void feed_verdict(struct model_path *to, const struct engine *engine, const struct verdict *v)
{
	to->known = v->sent > 0 || v->unsent > 0 || to->is.nameless;
	to->sent = v->sent;
	to->lost = v->sent - v->answered;
	to->is.state = v->state;
	to->is.direction = v->direction;
	to->is.cause = v->cause;
	to->is.expected = v->expected;
	to->is.threshold = v->only_threshold ? threshold_word(v->threshold) : NULL;
	to->is.without_outcome = v->sent + v->unsent == 0;
	copy(to->sentence, sizeof to->sentence, v->sentences_len ? v->sentences[0] : NULL);
	copy(to->server, sizeof to->server, config_server_name(engine->config, v->server));
}

/* What was reported waits for direction and cause to become known together. */
static void feed_status(struct model_path *to, const struct engine *engine, const struct path *p,
			const struct verdict *v)
{
	const struct path_status *s = &p->status;

	to->known = s->known;
	to->is.state = s->state;
	to->is.direction = s->direction;
	to->is.cause = s->cause;
	to->is.expected = v->expected && v->state == s->state;
	copy(to->server, sizeof to->server, config_server_name(engine->config, s->server));
}

static void explain(struct model *m, size_t position, const struct verdict *v)
{
	m->explained = position;
	for (unsigned i = 0; i < v->sentences_len; i++)
		copy(m->sentences[m->sentences_len++], MODEL_SENTENCE_LEN, v->sentences[i]);
	m->advised = v->advice != NULL;
	if (v->advice)
		copy(m->sentences[m->sentences_len++], MODEL_SENTENCE_LEN, v->advice);
}

/* -- flows -- */

static enum verdict_direction direction_of(bool forward, bool back)
{
	if (forward)
		return back ? VERDICT_DIRECTION_BOTH : VERDICT_DIRECTION_FORWARD;
	return back ? VERDICT_DIRECTION_RETURN : VERDICT_DIRECTION_UNKNOWN;
}

static void feed_streak(struct model_path *to)
{
	bool forward = false, back = false;
	unsigned lost = 0;

	for (unsigned i = to->strip.len; i > 0 && to->strip.marks[i - 1].holder == STRIP_NOBODY; i--) {
		char symbol = to->strip.marks[i - 1].symbol;
		lost += symbol == STRIP_FORWARD || symbol == STRIP_RETURN || symbol == STRIP_LOST;
		forward = forward || symbol == STRIP_FORWARD;
		back = back || symbol == STRIP_RETURN;
	}
	to->is.expected = lost < FLOW_MOVE_OUTAGE;
	to->is.state = to->is.expected ? VERDICT_UP : VERDICT_DOWN;
	to->is.cause = to->is.expected ? VERDICT_CAUSE_NONE : VERDICT_CAUSE_UNEXPLAINED;
	to->is.direction = to->is.expected ? VERDICT_DIRECTION_NONE : direction_of(forward, back);
}

void feed_flow(struct model_path *to, const struct engine *engine, const struct path *p, unsigned each)
{
	const struct prober *prober = &p->prober;

	feed_path(to, engine, p);
	feed_streak(to);
	for (unsigned i = 0; i < to->strip.len; i++) {
		char symbol = to->strip.marks[i].symbol;
		to->sent += symbol != STRIP_WAITING && symbol != STRIP_UNSENT;
		to->lost += symbol == STRIP_FORWARD || symbol == STRIP_RETURN || symbol == STRIP_LOST;
	}
	to->known = to->sent > 0 && (to->lost < to->sent || to->is.state == VERDICT_DOWN);
	for (uint32_t ago = 1; ago <= to->strip.len && !*to->server; ago++) {
		const struct prober_record *r = prober_record(prober, prober->next - ago);
		if (prober_is_answered(r))
			copy(to->server, sizeof to->server,
			     config_server_name(engine->config, path_server_of_number(p, r->server)));
	}
	strip_read(prober, each, &to->strip);
}

/* -- all paths -- */

void feed_round(struct model *m, const struct engine *engine, enum mode mode)
{
	int wanted = model_wants(m);
	struct verdict v;

	model_feed_begin(m, clock_real_ns());
	for (size_t i = 0; i < engine->paths.len; i++) {
		const struct path *p = engine->paths.items[i];
		struct model_path *to;

		assess_path(engine, i, mode, &v);
		if (!path_status_is_reported(p, &v))
			continue;
		to = model_feed_path(m);
		if (!to)
			break;
		feed_path(to, engine, p);
		feed_verdict(to, engine, &v);
		if (mode == MODE_RUN)
			feed_status(to, engine, p, &v);
		if ((int)m->len - 1 == wanted)
			explain(m, m->len - 1, &v);
	}
	model_feed_end(m, NULL, true);
}
