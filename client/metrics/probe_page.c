#include "client/metrics/probe_page.h"

#include "client/verdict/assess.h"
#include "common/core/ns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	STATUS_BAD_REQUEST = 400,
	STATUS_NOT_FOUND = 404,
	STATUS_NOT_KNOWN_YET = 503,
	ADDRESS_MAX = UNITS_HOST_MAX + sizeof ":65535",
};

struct sums { /* of the target's paths that are known */
	const struct path *first, *worst;
	unsigned paths, up, expected;
	uint32_t sent, answered; /* in their windows */
	int64_t slowest_ns;      /* the longest of their newest round trips; 0: none was answered */
};

/* ---- the target ---- */

/* "198.51.100.7", "198.51.100.7:8620", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:8620", however it is written. */
static bool is_address_of(const struct config_target *t, const char *text)
{
	struct endpoint e = t->endpoint;

	return t->numeric && (!units_address(text, e.address) || !units_listen_address(text, e.address, &e.port)) &&
	       endpoint_equal(&e, &t->endpoint);
}

/* As blackbox_exporter has it: a host name or an address, with a port or without. */
static bool is_called(const struct config_target *t, const char *text)
{
	char address[ADDRESS_MAX];

	snprintf(address, sizeof address, "%s:%u", t->address, (unsigned)t->endpoint.port);
	return strcasecmp(t->address, text) == 0 || strcasecmp(address, text) == 0 || is_address_of(t, text);
}

static const struct config_target *find_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->targets_len; i++) {
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	}
	for (size_t i = 0; i < config->targets_len; i++) {
		if (is_called(&config->targets[i], name))
			return &config->targets[i];
	}
	return NULL;
}

/* The first path of this target or of a later one: paths are in the order of the targets. */
static size_t first_path(const struct paths *paths, const struct config_target *target)
{
	size_t from = 0, to = paths->len;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (paths->items[middle]->target < target)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* ---- the module ---- */

/* "tcp", and "tcp_connect", "tcp_v4" as jobs for blackbox_exporter call their modules. */
static bool begins_with(const char *module, const char *word)
{
	size_t len = strlen(word);

	return strncmp(module, word, len) == 0 && (module[len] == '\0' || module[len] == '_');
}

/* Whoever asked for echo replies wants to know whether the target answers at all. */
static bool is_any(const char *module)
{
	return !*module || begins_with(module, "icmp");
}

static bool looks_at(const char *module, enum probe_kind kind)
{
	return is_any(module) || begins_with(module, probe_kind_of(kind)->word);
}

static bool is_module(const char *module)
{
	bool known = is_any(module);

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++)
		known |= looks_at(module, kind);
	return known;
}

static bool has_protocol(const struct config_target *target, const char *module)
{
	bool has = is_any(module);

	for (enum probe_kind kind = 0; kind < PROBE_KINDS; kind++)
		has |= probe_kind_wanted(kind, target) && looks_at(module, kind);
	return has;
}

/* ---- its paths ---- */

/* 0: none was answered. */
static int64_t newest_rtt_ns(const struct path *p)
{
	for (uint32_t seq = p->prober.next - 1; seq > 0 && p->prober.next - seq <= p->prober.ring_len; seq--) {
		if (prober_is_answered(prober_record(&p->prober, seq)))
			return prober_rtt_ns(prober_record(&p->prober, seq));
	}
	return 0;
}

static void add(struct sums *s, const struct path *p)
{
	struct prober_tally tally;

	s->first = s->first ? s->first : p;
	if (!s->worst || run_metrics_badness(p) > run_metrics_badness(s->worst))
		s->worst = p;
	s->paths++;
	s->up += p->status.state == VERDICT_UP || p->status.state == VERDICT_LOSSY;
	s->expected += p->status.expected;
	prober_tally(&p->prober, assess_window(p, MODE_RUN), &tally);
	s->sent += tally.sent;
	s->answered += tally.answered;
	s->slowest_ns = ns_later(s->slowest_ns, newest_rtt_ns(p));
}

static struct sums sum(const struct run_metrics *m, const struct config_target *target, const char *module)
{
	const struct paths *paths = &m->driver->engine.paths;
	struct sums s = { 0 };

	for (size_t i = first_path(paths, target); i < paths->len && paths->items[i]->target == target; i++) {
		const struct path *p = paths->items[i];

		if (p->status.known && looks_at(module, p->kind))
			add(&s, p);
	}
	return s;
}

/* Is it known that the name has no address? */
static bool is_unresolved(const struct run_metrics *m, const struct config_target *t)
{
	const struct resolver_name *name = t->numeric ? NULL : resolver_find(m->driver->resolver, t->address);

	return name && name->done && name->addresses_len == 0;
}

/* ---- the page ---- */

static void gauge(const struct exposition *e, const char *name, const char *unit, const char *help, double value)
{
	const struct exposition_metric metric = { name, EXPOSITION_GAUGE, unit, help };

	exposition_head(e, &metric);
	exposition_gauge(e, &metric, NULL, NULL, value);
}

static void write_state(const struct exposition *e, const struct path_status *status)
{
	static const struct exposition_metric metric = {
		"probe_state", EXPOSITION_INFO, NULL, "The state, the direction of loss and the cause of the worst path"
	};
	const struct exposition_label labels[] = {
		{ "state", verdict_state_word(status->state) },
		{ "direction", verdict_direction_word(status->direction) },
		{ "cause", verdict_cause_word(status->cause) },
		{ NULL, NULL },
	};

	exposition_head(e, &metric);
	exposition_info(e, &metric, NULL, labels);
}

static void write_page(const struct exposition *e, const struct sums *s, bool resolved)
{
	gauge(e, "probe_success", NULL, "Whether each path of the target is as the configuration expects it",
	      s->paths > 0 && s->expected == s->paths);
	gauge(e, "probe_duration_seconds", "seconds", "The longest of the newest round trips of the target's paths",
	      (double)s->slowest_ns / 1e9);
	gauge(e, "probe_dns_resolved", NULL, "Whether the target has an address", resolved);
	gauge(e, "probe_paths", NULL, "Paths of the target", s->paths);
	gauge(e, "probe_paths_up", NULL, "Paths of the target that are up or lossy", s->up);
	gauge(e, "probe_paths_expected", NULL, "Paths of the target that are as expected", s->expected);
	if (s->sent > 0)
		gauge(e, "probe_loss_ratio", "ratio", "The share of the newest probes that was lost",
		      1 - (double)s->answered / s->sent);
	if (!s->first)
		return;
	gauge(e, "probe_ip_protocol", NULL, "The IP version of the target's first path",
	      endpoint_is_v4(&s->first->endpoint) ? 4 : 6);
	write_state(e, &s->worst->status);
}

static void refuse(struct web_reply *reply, unsigned status, const char *why)
{
	reply->status = status;
	document_put(&reply->body, why);
}

void probe_page_answer(const struct run_metrics *m, const struct web_request *request, struct web_reply *reply)
{
	const char *name = web_argument(request, "target"), *module = web_argument(request, "module");
	const struct config_target *target = name ? find_target(m->driver->engine.config, name) : NULL;
	struct exposition e = { &reply->body, metrics_variant(request) };
	struct sums s;

	module = module ? module : "";
	if (!name || !*name) {
		refuse(reply, STATUS_BAD_REQUEST, "Give the name of a target: /probe?target=NAME\n");
	} else if (!is_module(module)) {
		refuse(
		    reply, STATUS_BAD_REQUEST,
		    "module is udp, tcp or stamp, also with an ending as in tcp_connect; icmp or none: all protocols "
		    "count.\n");
	} else if (!target) {
		refuse(reply, STATUS_NOT_FOUND, "There is no such target in the configuration.\n");
	} else if (!has_protocol(target, module)) {
		refuse(reply, STATUS_BAD_REQUEST, "The configuration does not probe this target over this protocol.\n");
	} else if ((s = sum(m, target, module)).paths == 0 && !is_unresolved(m, target)) {
		refuse(reply, STATUS_NOT_KNOWN_YET, "Nothing is known of this target yet.\n");
	} else {
		reply->type = metrics_type(e.open);
		write_page(&e, &s, !is_unresolved(m, target));
		exposition_end(&e);
	}
}
